//! Handoffs (`O11`): what one shift tells the next. A plain machine of who is told what and when;
//! what is summed up comes as [`Draft`], put together by whoever reads the record. Nobody's paging
//! depends on it: whoever is on call is asked, whether or not they accepted anything.

use jiff::{SignedDuration, Timestamp};

use crate::id::{HandoffId, ScheduleId, UserId};
use crate::oncall::schedule::{self, Schedule, on_call_at, shifts};

/// How long before the change of people the draft is made, so that whoever leaves can add to it.
pub const AHEAD: SignedDuration = SignedDuration::from_mins(30);
/// How long after the change whoever came is reminded, and how long after that their lead is told.
pub const REMIND_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// How far back the shift that ends is looked for.
const BACK_MAX: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How far ahead changes are listed where nobody else comes on call sooner.
pub const CHANGES_AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The most entries of one section of a draft.
pub const SECTION_MAX: usize = 50;
/// The longest notes, in characters.
pub const NOTES_CHARS_MAX: usize = 10_000;

/// A change of the people on call that brings somebody new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// When those who leave began, as far back as is looked.
    pub since: Timestamp,
    /// Who leaves; where nobody does, who was there before.
    pub outgoing: Vec<UserId>,
    /// Who comes.
    pub incoming: Vec<UserId>,
}

/// The latest change up to and at `now`, if whoever is on call began with one.
pub fn last_change(schedule: &Schedule, now: Timestamp) -> Option<Change> {
    let at = on_call_at(schedule, now).iter().map(|shift| shift.from).max()?;
    change_at(schedule, at)
}

/// The next change after `now`, if the schedule moves on to somebody new.
pub fn next_change(schedule: &Schedule, now: Timestamp) -> Option<Change> {
    change_at(schedule, schedule::next_change(schedule, now)?)
}

/// When a schedule whose handoffs are drafted next needs attention: ahead of a change, or at it.
pub fn attention_at(schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
    let change = schedule::next_change(schedule, now)?;
    let ahead = change.saturating_sub(AHEAD).unwrap_or(Timestamp::MIN);
    Some(if ahead > now { ahead } else { change })
}

/// What changes at an instant; nothing where nobody new comes.
fn change_at(schedule: &Schedule, at: Timestamp) -> Option<Change> {
    let present: Vec<_> = on_call_at(schedule, at).into_iter().map(|shift| shift.user).collect();
    let begin = at.saturating_sub(BACK_MAX).unwrap_or(Timestamp::MIN);
    let earlier = shifts(schedule, begin, at);
    let end = earlier.iter().map(|shift| shift.to.min(at)).max();
    let of_end = earlier.iter().filter(|shift| Some(shift.to.min(at)) == end);
    let before = unique(of_end.map(|shift| shift.user).collect());
    let incoming = unique(present.iter().copied().filter(|u| !before.contains(u)).collect());
    if incoming.is_empty() {
        return None;
    }
    let turn = earlier.iter().rev().take_while(|shift| before.contains(&shift.user));
    let since = turn.map(|shift| shift.from).min().unwrap_or(at).max(begin);
    let left: Vec<_> = before.iter().copied().filter(|user| !present.contains(user)).collect();
    Some(Change { at, since, outgoing: if left.is_empty() { before } else { left }, incoming })
}

fn unique(mut people: Vec<UserId>) -> Vec<UserId> {
    people.sort_unstable();
    people.dedup();
    people
}

/// Where a handoff stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Drafted ahead of the change.
    Upcoming,
    /// The change has come and nobody accepted.
    Open,
    /// Somebody who came has accepted.
    Accepted,
    /// A later change came first.
    Passed,
}

names!(State {
    Upcoming = "upcoming",
    Open = "open",
    Accepted = "accepted",
    Passed = "passed",
});

/// A handoff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// Stays the same.
    pub id: HandoffId,
    /// Where.
    pub schedule: ScheduleId,
    /// Between whom and when.
    pub change: Change,
    /// Where it stands.
    pub state: State,
    /// What the record says.
    pub draft: Draft,
    /// What people added.
    pub notes: String,
    /// Who changed the notes last, and when.
    pub edited: Option<(Timestamp, String)>,
    /// Who accepted, and when.
    pub accepted: Option<(Timestamp, UserId)>,
    /// Reminders sent.
    pub reminders: u32,
    /// Grows with every change of the notes.
    pub version: i64,
}

/// What happens to a handoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The change of people has come.
    Begin,
    /// Somebody who came has read it.
    Accept {
        /// Who.
        by: UserId,
    },
    /// A later change of people has come.
    Follow,
    /// Its time has come.
    TimerFired,
}

/// What somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Your shift ends soon: add what the next should know.
    Coming,
    /// Your shift has begun: read and accept.
    Begun,
    /// Nobody has accepted yet.
    Reminder,
    /// Nobody has accepted for long.
    Unaccepted,
}

/// What follows from an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Tell a person.
    Tell(UserId, News),
    /// Tell whoever leads the team.
    TellLead(News),
}

/// A wrong move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongMove {
    /// The shift has not begun.
    #[error("the shift has not begun; the handoff can be accepted once it has")]
    TooEarly,
    /// A later handoff has followed.
    #[error("this handoff is over: a later one has followed")]
    Over,
    /// Only those who came accept.
    #[error("only whoever comes on call accepts the handoff")]
    NotIncoming,
}

/// What drafting ahead leads to.
pub fn drafted(handoff: &Handoff) -> Vec<Effect> {
    let outgoing = handoff.change.outgoing.iter();
    outgoing.map(|user| Effect::Tell(*user, News::Coming)).collect()
}

/// Decides what an event does to a handoff.
///
/// # Errors
/// [`WrongMove`] where it does not fit; nothing follows then.
pub fn decide(
    mut handoff: Handoff,
    event: Event,
    now: Timestamp,
) -> Result<(Handoff, Vec<Effect>), WrongMove> {
    let tell = |handoff: &Handoff, news| -> Vec<Effect> {
        handoff.change.incoming.iter().map(|user| Effect::Tell(*user, news)).collect()
    };
    let effects = match (handoff.state, event) {
        (State::Upcoming, Event::Begin) => {
            handoff.state = State::Open;
            tell(&handoff, News::Begun)
        }
        (State::Open, Event::Accept { by }) => {
            is_incoming(&handoff, by)?;
            handoff.state = State::Accepted;
            handoff.accepted = Some((now, by));
            Vec::new()
        }
        // Accepting twice says the same once.
        (State::Accepted, Event::Accept { by }) => {
            is_incoming(&handoff, by)?;
            Vec::new()
        }
        (State::Upcoming, Event::Accept { .. }) => return Err(WrongMove::TooEarly),
        (State::Passed, Event::Accept { .. }) => return Err(WrongMove::Over),
        (State::Upcoming | State::Open, Event::Follow) => {
            handoff.state = State::Passed;
            Vec::new()
        }
        (State::Open, Event::TimerFired) if next_at(&handoff).is_some_and(|at| at <= now) => {
            handoff.reminders += 1;
            match handoff.reminders {
                1 => tell(&handoff, News::Reminder),
                _ => vec![Effect::TellLead(News::Unaccepted)],
            }
        }
        // A timer that outlived its handoff, or a change that is known.
        (_, Event::TimerFired | Event::Begin | Event::Follow) => Vec::new(),
    };
    Ok((handoff, effects))
}

fn is_incoming(handoff: &Handoff, user: UserId) -> Result<(), WrongMove> {
    let is = handoff.change.incoming.contains(&user);
    if is { Ok(()) } else { Err(WrongMove::NotIncoming) }
}

/// When a handoff next needs attention: the reminder, then the news to the lead. The change itself
/// is the schedule's to notice.
pub fn next_at(handoff: &Handoff) -> Option<Timestamp> {
    let times = match (handoff.state, handoff.reminders) {
        (State::Open, 0) => 1,
        (State::Open, 1) => 2,
        _ => return None,
    };
    Some(handoff.change.at.saturating_add(REMIND_AFTER * times).unwrap_or(Timestamp::MAX))
}

/// What the record says of a shift. Names are as they were then; lists have at most
/// [`SECTION_MAX`] entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// When it was put together.
    pub at: Timestamp,
    /// Incidents that are open, the most severe first.
    pub incidents: Vec<OpenIncident>,
    /// Pages of the shift.
    pub pages: u32,
    /// Of them, at night by the clocks of whoever was paged.
    pub night_pages: u32,
    /// Incidents that they were about.
    pub call_outs: u32,
    /// Alerts that paged and needed nobody, the loudest first.
    pub noisy: Vec<Noisy>,
    /// Heartbeats that are missing.
    pub heartbeats: Vec<Missing>,
    /// Maintenance that runs or lies ahead.
    pub maintenance: Vec<Window>,
    /// Alerts that fire and are held.
    pub held: Vec<HeldAlert>,
    /// Changes that are under way or lie in the shift that comes.
    pub changes: Vec<ChangeAhead>,
}

/// An open incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIncident {
    /// For people to say.
    pub number: i64,
    /// One line.
    pub title: String,
    /// The service's name.
    pub service: String,
    /// The level.
    pub severity: u8,
    /// Where it stands, by name.
    pub status: String,
    /// The names of those who have it or answered a page for it.
    pub responders: Vec<String>,
}

/// An alert that paged and came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noisy {
    /// The service's name.
    pub service: String,
    /// What it said last.
    pub summary: String,
    /// How many pages it led to.
    pub pages: u32,
    /// How often it began.
    pub firings: u32,
    /// How many of its incidents were over before anybody acknowledged.
    pub unattended: u32,
}

/// A heartbeat that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The monitor's name.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
}

/// A maintenance window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Why.
    pub reason: String,
    /// The names of the services.
    pub services: Vec<String>,
    /// The beginning.
    pub from: Timestamp,
    /// The end.
    pub to: Timestamp,
}

/// A change to a service of the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeAhead {
    /// For people to say.
    pub number: i64,
    /// One line.
    pub title: String,
    /// The names of the schedule's services that it touches.
    pub services: Vec<String>,
    /// The beginning.
    pub from: Timestamp,
    /// The end.
    pub to: Timestamp,
}

/// An alert that fires and pages nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAlert {
    /// The service's name.
    pub service: String,
    /// What it says.
    pub summary: String,
    /// Why nobody was paged.
    pub why: String,
}

/// What is known of one alert of a shift that paged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loud {
    /// The alert as it would be listed.
    pub alert: Noisy,
    /// How often it began again soon after it was over.
    pub flaps: u32,
}

/// The alerts that paged and needed nobody: over before anybody acknowledged, or flapping. The
/// loudest first.
pub fn noisy(seen: Vec<Loud>) -> Vec<Noisy> {
    let is_noisy = |loud: &Loud| loud.alert.unattended > 0 || loud.flaps > 0;
    let mut noisy: Vec<_> = seen.into_iter().filter(is_noisy).map(|loud| loud.alert).collect();
    noisy.sort_by(|a, b| b.pages.cmp(&a.pages).then_with(|| a.summary.cmp(&b.summary)));
    noisy.truncate(SECTION_MAX);
    noisy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oncall::schedule::{Layer, Override, Overrides, Rotation, TurnLength};
    use jiff::tz::TimeZone;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));
    const BO: UserId = UserId(Uuid::from_u128(2));
    const CY: UserId = UserId(Uuid::from_u128(3));

    fn t(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Ana and bo have a day each from midnight, UTC; ana begins on 1 November.
    fn daily(people: &[UserId]) -> Schedule {
        let mut schedule = Schedule::new(ScheduleId(Uuid::nil()), "daily", TimeZone::UTC);
        let rotation = Rotation {
            every: vec![TurnLength::Days(1)],
            start: jiff::civil::date(2026, 11, 1),
            participants: people.iter().map(|user| vec![*user]).collect(),
            ..Rotation::default()
        };
        schedule.layers.push(Layer::new("days", rotation));
        schedule
    }

    fn handoff() -> Handoff {
        let schedule = daily(&[ANA, BO]);
        let change = next_change(&schedule, t("2026-11-01T12:00:00Z")).unwrap();
        Handoff {
            id: HandoffId(Uuid::nil()),
            schedule: schedule.id,
            change,
            state: State::Upcoming,
            draft: Draft::default(),
            notes: String::new(),
            edited: None,
            accepted: None,
            reminders: 0,
            version: 1,
        }
    }

    #[test]
    fn a_change_names_who_leaves_who_comes_and_since_when() {
        let change = handoff().change;
        assert_eq!(
            (change.at, change.since),
            (t("2026-11-02T00:00:00Z"), t("2026-11-01T00:00:00Z"))
        );
        assert_eq!((change.outgoing, change.incoming), (vec![ANA], vec![BO]));
        let schedule = daily(&[ANA, BO]);
        let last = last_change(&schedule, t("2026-11-02T08:00:00Z")).unwrap();
        assert_eq!(last.at, t("2026-11-02T00:00:00Z"));
        let attention = attention_at(&schedule, t("2026-11-01T12:00:00Z"));
        assert_eq!(attention, Some(t("2026-11-01T23:30:00Z")));
        assert_eq!(attention_at(&schedule, t("2026-11-01T23:30:00Z")), Some(change.at));
    }

    #[test]
    fn a_turn_that_goes_on_with_the_same_person_is_no_handoff() {
        assert_eq!(next_change(&daily(&[ANA]), t("2026-11-05T12:00:00Z")), None);
        let two = daily(&[ANA, ANA, BO]);
        let change = next_change(&two, t("2026-11-02T12:00:00Z")).unwrap();
        assert_eq!(change.since, t("2026-11-01T00:00:00Z"), "both of her turns");
    }

    #[test]
    fn an_override_hands_over_when_it_begins_and_when_it_ends() {
        let mut schedule = daily(&[ANA, BO]);
        let (from, to) = (t("2026-11-01T10:00:00Z"), t("2026-11-01T14:00:00Z"));
        let cover = Override { user: CY, from, to, instead_of: None };
        schedule.overrides = Overrides::new(vec![cover]);
        let there = next_change(&schedule, t("2026-11-01T08:00:00Z")).unwrap();
        assert_eq!((there.at, there.outgoing, there.incoming), (from, vec![ANA], vec![CY]));
        let back = next_change(&schedule, t("2026-11-01T12:00:00Z")).unwrap();
        assert_eq!((back.at, back.since), (to, from));
        assert_eq!((back.outgoing, back.incoming), (vec![CY], vec![ANA]));
    }

    #[test]
    fn it_reminds_once_then_tells_the_lead_and_then_rests() {
        let (open, effects) = decide(handoff(), Event::Begin, t("2026-11-02T00:00:00Z")).unwrap();
        assert_eq!(effects, [Effect::Tell(BO, News::Begun)]);
        let at = next_at(&open).unwrap();
        assert_eq!(at, t("2026-11-02T01:00:00Z"));
        let (reminded, effects) = decide(open, Event::TimerFired, at).unwrap();
        assert_eq!(effects, [Effect::Tell(BO, News::Reminder)]);
        let at = next_at(&reminded).unwrap();
        let (told, effects) = decide(reminded, Event::TimerFired, at).unwrap();
        assert_eq!(effects, [Effect::TellLead(News::Unaccepted)]);
        assert_eq!((next_at(&told), told.state), (None, State::Open));
    }

    #[test]
    fn accepting_twice_says_the_same_once() {
        let now = t("2026-11-02T00:10:00Z");
        let early = decide(handoff(), Event::Accept { by: BO }, now);
        assert_eq!(early.unwrap_err(), WrongMove::TooEarly);
        let (open, _) = decide(handoff(), Event::Begin, now).unwrap();
        let foreign = decide(open.clone(), Event::Accept { by: ANA }, now);
        assert_eq!(foreign.unwrap_err(), WrongMove::NotIncoming);
        let (accepted, _) = decide(open.clone(), Event::Accept { by: BO }, now).unwrap();
        assert_eq!(accepted.accepted, Some((now, BO)));
        assert_eq!(next_at(&accepted), None);
        let later = t("2026-11-02T05:00:00Z");
        let again = decide(accepted.clone(), Event::Accept { by: BO }, later).unwrap();
        assert_eq!(again, (accepted, vec![]));
        let (passed, _) = decide(open, Event::Follow, later).unwrap();
        assert_eq!(decide(passed, Event::Accept { by: BO }, later), Err(WrongMove::Over));
    }

    #[test]
    fn only_what_needed_nobody_is_noisy_and_the_loudest_comes_first() {
        let loud = |summary: &str, pages, unattended, flaps| Loud {
            alert: Noisy {
                service: "checkout".into(),
                summary: summary.into(),
                pages,
                firings: 1,
                unattended,
            },
            flaps,
        };
        let seen = vec![loud("real", 9, 0, 0), loud("flap", 1, 0, 2), loud("self-healed", 4, 3, 0)];
        let listed: Vec<_> = noisy(seen).into_iter().map(|alert| alert.summary).collect();
        assert_eq!(listed, ["self-healed", "flap"]);
    }
}
