//! Requests to cover a shift, or to swap it for another one (`O3`): who was asked, who said what,
//! and what follows. A plain machine: it touches no clock and no plan; whoever performs its effects
//! does so in the transaction that stores its state.

use jiff::{SignedDuration, Timestamp};

use crate::id::{AbsenceId, RequestId, ScheduleId, UserId};
use crate::oncall::schedule::{Schedule, on_call_at};

/// The longest time between two reminders.
const REMIND_EVERY_MAX: SignedDuration = SignedDuration::from_hours(24);
/// The shortest time between two reminders.
const REMIND_EVERY_MIN: SignedDuration = SignedDuration::from_hours(1);
/// How many reminders fit between the request and the shift, where the limits allow it.
const REMINDERS_USUAL: i32 = 4;
/// The most reminders of one request.
pub const REMINDERS_MAX: u32 = 30;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has said yes.
    Requested,
    /// Somebody takes the shift.
    Accepted,
    /// Everybody who was asked said no.
    Declined,
    /// Whoever asked needs it no more.
    Withdrawn,
    /// It was accepted, and then put back.
    Undone,
    /// Its time came and nobody had said yes. See [`closes_at`].
    Expired,
}

names!(State {
    Requested = "requested",
    Accepted = "accepted",
    Declined = "declined",
    Withdrawn = "withdrawn",
    Undone = "undone",
    Expired = "expired",
});

/// Time from an instant up to, but not at, another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The beginning.
    pub from: Timestamp,
    /// The end.
    pub to: Timestamp,
}

impl Span {
    /// Whether two times share an instant.
    pub fn meets(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

/// Somebody who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub user: UserId,
    /// When they said no, if they did.
    pub declined_at: Option<Timestamp>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Stays the same.
    pub id: RequestId,
    /// Where.
    pub schedule: ScheduleId,
    /// Whose shift it is.
    pub requester: UserId,
    /// The shift to take.
    pub shift: Span,
    /// The shift that whoever asks takes in return, in a swap.
    pub in_return: Option<Span>,
    /// Why, in words; may be empty.
    pub reason: String,
    /// Who was asked.
    pub asked: Vec<Asked>,
    /// Where it stands.
    pub state: State,
    /// Who takes the shift.
    pub accepted_by: Option<UserId>,
    /// The leave that opened it.
    pub absence: Option<AbsenceId>,
    /// Reminders sent.
    pub reminders: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it came to where it stands.
    pub decided_at: Option<Timestamp>,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody who was asked says yes.
    Accept {
        /// Who.
        by: UserId,
    },
    /// Somebody who was asked says no.
    Decline {
        /// Who.
        by: UserId,
    },
    /// Somebody takes their no back: where it was the last one, the request is open again.
    Reconsider {
        /// Who.
        by: UserId,
    },
    /// Whoever asked needs it no more.
    Withdraw,
    /// What was accepted is put back.
    Undo,
    /// Its time has come.
    TimerFired,
}

/// What somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Please take the shift.
    Asked,
    /// Nobody has taken it yet.
    Reminder,
    /// It is taken.
    Taken,
    /// Everybody said no.
    AllDeclined,
    /// Somebody took their no back, and may take the shift after all.
    Reopened,
    /// It is needed no more.
    Withdrawn,
    /// What was accepted is put back.
    Undone,
    /// The shift began and nobody had taken it.
    Expired,
}

/// What follows from an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Tell a person.
    Tell(UserId, News),
    /// Tell whoever leads the team.
    TellLead(News),
    /// Write the overrides: `accepted_by` has the shift, and in a swap the requester theirs.
    Assign,
    /// Take those overrides back.
    Release,
}

/// A wrong move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongMove {
    /// It is settled already.
    #[error("this request is {} already", .0.name())]
    Settled(State),
    /// That person was not asked.
    #[error("only somebody who was asked can answer this request")]
    NotAsked,
    /// Somebody has not said no.
    #[error("there is no answer of theirs to take back")]
    NotDeclined,
    /// Only what was accepted can be undone.
    #[error("this request is {}, so there is nothing to undo", .0.name())]
    NotAccepted(State),
    /// The shift is over.
    #[error("the shift is over; what has been stays as it was")]
    Over,
}

/// What making a request leads to.
pub fn opened(request: &Request) -> Vec<Effect> {
    request.asked.iter().map(|asked| Effect::Tell(asked.user, News::Asked)).collect()
}

/// Decides what an event does to a request.
///
/// # Errors
/// [`WrongMove`] where it does not fit; nothing follows then.
pub fn decide(
    mut request: Request,
    event: Event,
    now: Timestamp,
) -> Result<(Request, Vec<Effect>), WrongMove> {
    let effects = match (request.state, event) {
        (State::Requested, Event::Accept { by }) => accept(&mut request, by, now)?,
        (State::Requested, Event::Decline { by }) => decline(&mut request, by, now)?,
        (State::Requested | State::Declined, Event::Reconsider { by }) => {
            reconsider(&mut request, by, now)?
        }
        (State::Requested, Event::Withdraw) => {
            settle(&mut request, State::Withdrawn, now);
            waiting(&request).map(|user| Effect::Tell(user, News::Withdrawn)).collect()
        }
        (State::Accepted, Event::Undo) => undo(&mut request, now)?,
        (State::Requested, Event::TimerFired) if now >= closes_at(&request) => {
            settle(&mut request, State::Expired, now);
            unanswered(&request, News::Expired)
        }
        (State::Requested, Event::TimerFired) => {
            request.reminders += 1;
            waiting(&request).map(|user| Effect::Tell(user, News::Reminder)).collect()
        }
        // A timer that outlived its request.
        (_, Event::TimerFired) => Vec::new(),
        (state, Event::Undo) => return Err(WrongMove::NotAccepted(state)),
        (state, _) => return Err(WrongMove::Settled(state)),
    };
    Ok((request, effects))
}

/// When an open request ends: its shift begins. One that was made while the shift ran is about the
/// rest of it, and stays open as long as there is any.
pub fn closes_at(request: &Request) -> Timestamp {
    let has_begun = request.created_at >= request.shift.from;
    if has_begun { request.shift.to } else { request.shift.from }
}

/// Whose place the taker of a shift has: everybody's, unless several have it, or the taker is whom the
/// holder follows as a trainee, who would otherwise have it again.
pub fn instead_of(
    schedule: &Schedule,
    holder: UserId,
    taker: UserId,
    from: Timestamp,
) -> Option<UserId> {
    let is_shared = on_call_at(schedule, from).len() > 1;
    let is_mentor = schedule
        .shadows
        .iter()
        .any(|shadow| shadow.reverse && (shadow.user, shadow.follows) == (holder, taker));
    (is_shared || is_mentor).then_some(holder)
}

/// When a request next needs attention: a reminder, or its end.
pub fn next_at(request: &Request) -> Option<Timestamp> {
    if request.state != State::Requested {
        return None;
    }
    let closes = closes_at(request);
    if request.reminders >= REMINDERS_MAX {
        return Some(closes);
    }
    let room = closes.duration_since(request.created_at) / REMINDERS_USUAL;
    let every = room.clamp(REMIND_EVERY_MIN, REMIND_EVERY_MAX);
    let count = i32::try_from(request.reminders).unwrap_or(i32::MAX).saturating_add(1);
    let reminder = request.created_at.saturating_add(every.saturating_mul(count));
    Some(reminder.unwrap_or(Timestamp::MAX).min(closes))
}

fn accept(request: &mut Request, by: UserId, now: Timestamp) -> Result<Vec<Effect>, WrongMove> {
    was_asked(request, by)?;
    let is_over = request.shift.to <= now || request.in_return.is_some_and(|span| span.to <= now);
    if is_over {
        return Err(WrongMove::Over);
    }
    request.accepted_by = Some(by);
    settle(request, State::Accepted, now);
    let others = waiting(request).filter(|user| *user != by);
    let told = others.chain([request.requester]).map(|user| Effect::Tell(user, News::Taken));
    Ok([Effect::Assign].into_iter().chain(told).collect())
}

fn decline(request: &mut Request, by: UserId, now: Timestamp) -> Result<Vec<Effect>, WrongMove> {
    was_asked(request, by)?;
    for asked in request.asked.iter_mut().filter(|asked| asked.user == by) {
        asked.declined_at = asked.declined_at.or(Some(now));
    }
    if waiting(request).next().is_some() {
        return Ok(Vec::new());
    }
    settle(request, State::Declined, now);
    Ok(unanswered(request, News::AllDeclined))
}

fn reconsider(request: &mut Request, by: UserId, now: Timestamp) -> Result<Vec<Effect>, WrongMove> {
    was_asked(request, by)?;
    if now >= closes_at(request) {
        return Err(WrongMove::Over);
    }
    let no = request.asked.iter_mut().find(|asked| asked.user == by && asked.declined_at.is_some());
    no.ok_or(WrongMove::NotDeclined)?.declined_at = None;
    if request.state == State::Requested {
        return Ok(Vec::new());
    }
    request.state = State::Requested;
    request.decided_at = None;
    Ok(unanswered(request, News::Reopened))
}

fn undo(request: &mut Request, now: Timestamp) -> Result<Vec<Effect>, WrongMove> {
    if request.shift.to <= now && request.in_return.is_none_or(|span| span.to <= now) {
        return Err(WrongMove::Over);
    }
    settle(request, State::Undone, now);
    let both = request.accepted_by.into_iter().chain([request.requester]);
    let told = both.map(|user| Effect::Tell(user, News::Undone));
    let lead = request.absence.map(|_| Effect::TellLead(News::Undone));
    Ok([Effect::Release].into_iter().chain(told).chain(lead).collect())
}

/// Nobody took it: whoever asked hears of it, and where they are away, so does the team's lead.
fn unanswered(request: &Request, news: News) -> Vec<Effect> {
    let lead = request.absence.map(|_| Effect::TellLead(news));
    [Effect::Tell(request.requester, news)].into_iter().chain(lead).collect()
}

fn was_asked(request: &Request, user: UserId) -> Result<(), WrongMove> {
    let was = request.asked.iter().any(|asked| asked.user == user);
    if was { Ok(()) } else { Err(WrongMove::NotAsked) }
}

/// Those who were asked and have not said no.
fn waiting(request: &Request) -> impl Iterator<Item = UserId> {
    request.asked.iter().filter(|asked| asked.declined_at.is_none()).map(|asked| asked.user)
}

fn settle(request: &mut Request, state: State, now: Timestamp) {
    request.state = state;
    request.decided_at = Some(now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));
    const BO: UserId = UserId(Uuid::from_u128(2));
    const CY: UserId = UserId(Uuid::from_u128(3));

    fn t(hour: i64) -> Timestamp {
        let start: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        start + SignedDuration::from_hours(hour)
    }

    /// Ana asks bo and cy, three days ahead, for a day.
    fn request() -> Request {
        let asked = [BO, CY].map(|user| Asked { user, declined_at: None });
        Request {
            id: RequestId(Uuid::nil()),
            schedule: ScheduleId(Uuid::nil()),
            requester: ANA,
            shift: Span { from: t(72), to: t(96) },
            in_return: None,
            reason: String::new(),
            asked: asked.to_vec(),
            state: State::Requested,
            accepted_by: None,
            absence: None,
            reminders: 0,
            created_at: t(0),
            decided_at: None,
        }
    }

    fn after(request: Request, event: Event, hour: i64) -> (Request, Vec<Effect>) {
        decide(request, event, t(hour)).unwrap()
    }

    #[test]
    fn the_first_yes_takes_the_shift_and_everybody_hears_of_it() {
        let (taken, effects) = after(request(), Event::Accept { by: BO }, 1);
        assert_eq!((taken.state, taken.accepted_by), (State::Accepted, Some(BO)));
        let told = |user| Effect::Tell(user, News::Taken);
        assert_eq!(effects, [Effect::Assign, told(CY), told(ANA)]);
        let late = decide(taken, Event::Accept { by: CY }, t(2));
        assert_eq!(late, Err(WrongMove::Settled(State::Accepted)));
    }

    #[test]
    fn only_the_last_no_settles_it_and_a_no_can_become_a_yes() {
        let (one, effects) = after(request(), Event::Decline { by: BO }, 1);
        assert_eq!((one.state, effects), (State::Requested, vec![]));
        let (yes, _) = after(one.clone(), Event::Accept { by: BO }, 2);
        assert_eq!(yes.state, State::Accepted);
        let (all, effects) = after(one, Event::Decline { by: CY }, 2);
        assert_eq!(all.state, State::Declined);
        assert_eq!(effects, [Effect::Tell(ANA, News::AllDeclined)]);
    }

    #[test]
    fn a_no_is_taken_back_until_the_shift_begins() {
        let (one, _) = after(request(), Event::Decline { by: BO }, 1);
        let (open, effects) = after(one.clone(), Event::Reconsider { by: BO }, 2);
        assert_eq!((open, effects), (request(), vec![]));
        let (all, _) = after(one, Event::Decline { by: CY }, 2);
        let (open, effects) = after(all.clone(), Event::Reconsider { by: CY }, 3);
        assert_eq!((open.state, open.decided_at), (State::Requested, None));
        assert_eq!(effects, [Effect::Tell(ANA, News::Reopened)]);
        assert_eq!(waiting(&open).collect::<Vec<_>>(), [CY]);
        let again = decide(open, Event::Reconsider { by: CY }, t(4));
        assert_eq!(again, Err(WrongMove::NotDeclined));
        assert_eq!(decide(all.clone(), Event::Reconsider { by: CY }, t(72)), Err(WrongMove::Over));
        assert_eq!(decide(all, Event::Reconsider { by: ANA }, t(4)), Err(WrongMove::NotAsked));
    }

    #[test]
    fn nobody_answers_who_was_not_asked() {
        let stranger = decide(request(), Event::Accept { by: ANA }, t(1));
        assert_eq!(stranger, Err(WrongMove::NotAsked));
        assert_eq!(
            decide(request(), Event::Undo, t(1)),
            Err(WrongMove::NotAccepted(State::Requested))
        );
    }

    #[test]
    fn what_was_accepted_can_be_put_back_until_it_is_over() {
        let (taken, _) = after(request(), Event::Accept { by: BO }, 1);
        let (undone, effects) = after(taken.clone(), Event::Undo, 90);
        assert_eq!(undone.state, State::Undone);
        assert_eq!(effects[0], Effect::Release);
        assert_eq!(decide(taken, Event::Undo, t(96)), Err(WrongMove::Over));
        assert_eq!(decide(undone, Event::Undo, t(90)), Err(WrongMove::NotAccepted(State::Undone)));
    }

    #[test]
    fn it_reminds_those_who_have_not_answered_until_the_shift_begins() {
        let (mut asked, _) = after(request(), Event::Decline { by: BO }, 1);
        let mut instants = Vec::new();
        while let Some(at) = next_at(&asked) {
            instants.push(at);
            let (next, effects) = decide(asked, Event::TimerFired, at).unwrap();
            if next.state == State::Requested {
                assert_eq!(effects, [Effect::Tell(CY, News::Reminder)]);
            } else {
                assert_eq!(effects, [Effect::Tell(ANA, News::Expired)]);
            }
            asked = next;
        }
        assert_eq!(instants, [t(18), t(36), t(54), t(72)]);
        assert_eq!(asked.state, State::Expired);
    }

    #[test]
    fn one_for_a_shift_that_runs_stays_open_as_long_as_there_is_any_of_it() {
        let mut asked = Request { created_at: t(80), ..request() };
        let mut instants = Vec::new();
        while let Some(at) = next_at(&asked) {
            instants.push(at);
            asked = decide(asked, Event::TimerFired, at).unwrap().0;
        }
        assert_eq!(instants, [t(84), t(88), t(92), t(96)]);
        assert_eq!(asked.state, State::Expired);
        // One that is made at the very beginning is about a shift that runs.
        let at_once = Request { created_at: t(72), ..request() };
        assert_eq!(closes_at(&at_once), t(96));
    }

    #[test]
    fn the_lead_hears_when_leave_is_not_covered() {
        let mut leave = request();
        leave.absence = Some(AbsenceId(Uuid::nil()));
        let (_, effects) = after(leave, Event::TimerFired, 72);
        assert_eq!(effects.last(), Some(&Effect::TellLead(News::Expired)));
    }

    #[test]
    fn a_timer_that_outlived_its_request_does_nothing() {
        let (gone, effects) = after(request(), Event::Withdraw, 1);
        assert_eq!(effects.len(), 2);
        assert_eq!(next_at(&gone), None);
        assert_eq!(after(gone.clone(), Event::TimerFired, 80), (gone, vec![]));
    }
}
