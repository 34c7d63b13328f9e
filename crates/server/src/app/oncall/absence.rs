//! Leave (`O3`, `O13`): people say when they are away, rotations pass over them, and every shift of
//! theirs that the leave meets is offered to the others, so that whoever has it instead has agreed.

use jiff::{SignedDuration, Timestamp};
use muster_core::alerting::signal::cut;
use muster_core::id::{AbsenceId, FeedId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::cover::{Event, Request, Span};
use muster_core::oncall::schedule::shifts;
use muster_core::org::directory::Directory;
use muster_store::oncall::absence::{self as store_absence, Absence};
use muster_store::oncall::request as store_request;
use muster_store::{Lane, Tx};
use serde_json::json;

use super::request::Ask;
use super::{NotPlanned, TRIES_MAX};
use crate::app::App;

/// The longest leave.
pub(super) const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 200;
/// The most requests that one leave opens; a leave that meets more shifts is planned by hand.
const REQUESTS_MAX: usize = 50;
/// Why others are asked, without saying why somebody is away.
const AWAY: &str = "away then";

/// When somebody is away.
#[derive(Debug, Clone)]
pub struct Leave {
    /// Who.
    pub user: UserId,
    /// When.
    pub span: Span,
    /// Why; for the person and those who lead them.
    pub reason: String,
    /// The calendar it came from, and what that calls it.
    pub source: Option<(FeedId, String)>,
}

/// What entering a leave led to.
#[derive(Debug, Clone)]
pub struct Entered {
    /// The leave.
    pub absence: Absence,
    /// What others were asked to take.
    pub requests: Vec<Request>,
    /// Shifts that nobody could be asked to take, in words.
    pub uncovered: Vec<String>,
}

impl App {
    /// Enters a leave.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nothing has changed then.
    pub async fn enter_leave(&self, leave: Leave, actor: &Actor) -> Result<Entered, NotPlanned> {
        let mut tries = 0;
        let entered = loop {
            match self.try_enter(&leave, actor).await {
                Err(error) if error.is_overtaken() && tries < TRIES_MAX => tries += 1,
                outcome => break outcome?,
            }
        };
        self.after_planning().await;
        Ok(entered)
    }

    async fn try_enter(&self, leave: &Leave, actor: &Actor) -> Result<Entered, NotPlanned> {
        let snapshot = self.snapshot();
        let person = snapshot.directory.users.get(leave.user);
        let name = person.ok_or(NotPlanned::Missing("person"))?.name.clone();
        let mut tx = self.db.begin(Lane::Command).await?;
        let loaded = self.begin_planning(&mut tx, actor, ("user", "absences"), &name).await?;
        let entered = self.put_leave(&mut tx, &loaded.directory, leave, actor).await?;
        tx.commit().await?;
        Ok(entered)
    }

    /// Enters a leave in a transaction that has begun planning. `directory` is the plan without it.
    pub(super) async fn put_leave(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        leave: &Leave,
        actor: &Actor,
    ) -> Result<Entered, NotPlanned> {
        let now = self.now();
        let Span { from, to } = leave.span;
        let invalid = |message: &str| NotPlanned::Invalid { field: "to", message: message.into() };
        if to <= from || to <= now {
            return Err(invalid("the end must be after the beginning, and ahead"));
        }
        if to.duration_since(from) > LENGTH_MAX {
            return Err(invalid("a leave lasts at most 366 days"));
        }
        let mut reason = leave.reason.clone();
        cut(&mut reason, REASON_CHARS_MAX);
        let absence = Absence {
            id: AbsenceId(self.ids.next(now)),
            user: leave.user,
            from,
            to,
            reason,
            feed: leave.source.as_ref().map(|(feed, _)| *feed),
            uid: leave.source.as_ref().map(|(_, uid)| uid.clone()),
            created_at: now,
            created_by: actor.name().to_owned(),
        };
        store_absence::insert(tx, &absence).await?;
        let mut entered = Entered { absence, requests: Vec::new(), uncovered: Vec::new() };
        for ask in met(directory, &entered.absence, now) {
            let zone = &directory.timezone;
            let schedule = directory.schedules.get(ask.schedule).map_or("", |s| s.name.as_str());
            let words = format!("{schedule}, {}", super::request::in_words(ask.shift, zone));
            if entered.requests.len() >= REQUESTS_MAX {
                entered.uncovered.push(words);
                continue;
            }
            match self.open_request(tx, directory, ask, actor).await {
                Ok(request) => entered.requests.push(request),
                Err(NotPlanned::Store(error)) => return Err(error.into()),
                Err(why) => entered.uncovered.push(format!("{words}: {why}")),
            }
        }
        let data = json!({
            "absence": entered.absence.id.to_string(),
            "from": from.to_string(),
            "to": to.to_string(),
            "requests": entered.requests.len(),
        });
        self.note_absence(tx, actor, "absence.add", leave.user, data).await?;
        Ok(entered)
    }

    /// Takes a leave back: one that has begun ends now. Requests that wait for an answer are
    /// withdrawn; what somebody took stays theirs.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nothing has changed then.
    pub async fn remove_leave(&self, absence: &Absence, actor: &Actor) -> Result<(), NotPlanned> {
        let mut tries = 0;
        loop {
            match self.try_remove_leave(absence, actor).await {
                Err(error) if error.is_overtaken() && tries < TRIES_MAX => tries += 1,
                outcome => break outcome?,
            }
        }
        self.after_planning().await;
        Ok(())
    }

    async fn try_remove_leave(&self, absence: &Absence, actor: &Actor) -> Result<(), NotPlanned> {
        let snapshot = self.snapshot();
        let person = snapshot.directory.users.get(absence.user);
        let name = person.ok_or(NotPlanned::Missing("person"))?.name.clone();
        let mut tx = self.db.begin(Lane::Command).await?;
        let loaded = self.begin_planning(&mut tx, actor, ("user", "absences"), &name).await?;
        self.withdraw_leave(&mut tx, &loaded.directory, absence, actor).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a leave back in a transaction that has begun planning.
    pub(super) async fn withdraw_leave(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        absence: &Absence,
        actor: &Actor,
    ) -> Result<(), NotPlanned> {
        let now = self.now();
        if absence.to <= now {
            return Err(NotPlanned::Over);
        }
        for request in store_request::open_of_absence(tx, absence.id).await? {
            self.step_request(tx, directory, request, Event::Withdraw, actor).await?;
        }
        if absence.from >= now {
            store_absence::remove(tx, absence.id, now).await?;
        } else {
            store_absence::shorten(tx, absence.id, now).await?;
        }
        let data = json!({ "absence": absence.id.to_string() });
        self.note_absence(tx, actor, "absence.remove", absence.user, data).await?;
        Ok(())
    }
}

/// The shifts that a leave meets, as far as they lie ahead.
fn met(directory: &Directory, absence: &Absence, now: Timestamp) -> Vec<Ask> {
    let (from, to) = (absence.from.max(now), absence.to);
    let mut asks = Vec::new();
    for schedule in directory.schedules.iter() {
        let own = shifts(schedule, from, to).into_iter().filter(|shift| shift.user == absence.user);
        asks.extend(own.map(|shift| Ask {
            schedule: schedule.id,
            requester: absence.user,
            shift: Span { from: shift.from.max(from), to: shift.to.min(to) },
            in_return: None,
            asked: Vec::new(),
            reason: AWAY.to_owned(),
            absence: Some(absence.id),
        }));
    }
    asks
}
