//! Asking others to cover or swap a shift (`O3`), and what their answers do. Accepting writes the
//! overrides in the same transaction; undoing takes them back.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use muster_core::alerting::signal::cut;
use muster_core::id::{AbsenceId, OverrideId, RequestId, ScheduleId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::cover::{self, Asked, Effect, Event, News, Request, Span, State};
use muster_core::oncall::overrides;
use muster_core::oncall::schedule::{Override, Schedule, on_call_at, shifts};
use muster_core::org::directory::Directory;
use muster_store::event::{self, NewEvent};
use muster_store::oncall::overrides as store_override;
use muster_store::oncall::request as store_request;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::json;

use super::overrides::{Wanted, standing};
use super::{NotPlanned, TRIES_MAX, takes_part};
use crate::app::App;
use crate::app::link::{derive, digest, encode};
use crate::ids;

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;
/// The most people of one request.
pub const ASKED_MAX: usize = 100;

/// A wish to have somebody else take a shift.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where.
    pub schedule: ScheduleId,
    /// Whose shift it is.
    pub requester: UserId,
    /// The shift.
    pub shift: Span,
    /// The shift to take in return.
    pub in_return: Option<Span>,
    /// Whom to ask; everybody who takes part unless given.
    pub asked: Vec<UserId>,
    /// Why; may be empty.
    pub reason: String,
    /// The leave that opens it.
    pub absence: Option<AbsenceId>,
}

impl App {
    /// Where the link of somebody who was asked leads.
    pub fn request_url(&self, request: RequestId, user: UserId) -> String {
        format!("{}/p/request/{}", self.settings.public_url, self.request_token(request, user))
    }

    fn request_token(&self, request: RequestId, user: UserId) -> String {
        let object = [*request.0.as_bytes(), *user.0.as_bytes()].concat();
        encode(derive(self.instance_key(), b"request link", &object))
    }

    /// Asks others to take a shift.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nobody was asked then.
    pub async fn ask_cover(&self, ask: Ask, actor: &Actor) -> Result<Request, NotPlanned> {
        let snapshot = self.snapshot();
        let mut tx = self.db.begin(Lane::Command).await?;
        let request = self.open_request(&mut tx, &snapshot.directory, ask, actor).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(request)
    }

    /// As [`App::ask_cover`], in the caller's transaction.
    pub(super) async fn open_request(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        mut ask: Ask,
        actor: &Actor,
    ) -> Result<Request, NotPlanned> {
        let now = self.now();
        let schedule = directory.schedules.get(ask.schedule);
        let schedule = schedule.ok_or(NotPlanned::Missing("schedule"))?;
        let zone = &schedule.timezone;
        let invalid = |field, message: String| NotPlanned::Invalid { field, message };
        if ask.shift.to <= ask.shift.from || ask.shift.to <= now {
            return Err(invalid("to", "the end must be after the beginning, and ahead".into()));
        }
        if ask.absence.is_none() && !has_all_of(schedule, ask.requester, ask.shift) {
            let who = name(directory, ask.requester);
            let span = in_words(ask.shift, zone);
            return Err(invalid("from", format!("{who} is not on call for all of {span}")));
        }
        if let Some(wanted) = ask.in_return {
            let holder = holder(schedule, wanted, ask.requester, &ask.asked);
            let holder = holder.ok_or_else(|| {
                let span = in_words(wanted, zone);
                invalid("in_return", format!("nobody else has all of {span}"))
            })?;
            if ask.shift.meets(wanted) {
                let (one, given) = (name(directory, ask.requester), in_words(ask.shift, zone));
                let (other, taken) = (name(directory, holder), in_words(wanted, zone));
                let message = format!(
                    "{one} from {given} and {other} from {taken} are on call at the same time; only \
                     times that do not overlap can be swapped"
                );
                return Err(invalid("in_return", message));
            }
            if wanted.from < now {
                return Err(invalid(
                    "in_return",
                    "a shift that has begun cannot be swapped".into(),
                ));
            }
            ask.asked = vec![holder];
        }
        let is_shared = on_call_at(schedule, ask.shift.from).len() > 1;
        if is_shared && ask.absence.is_some() {
            let message = "several have that shift; give it to somebody by hand".to_owned();
            return Err(invalid("from", message));
        }
        if ask.asked.is_empty() {
            ask.asked = takes_part(schedule).into_iter().collect();
        }
        ask.asked.retain(|user| *user != ask.requester && directory.users.get(*user).is_some());
        ask.asked.retain(|user| !schedule.absences.is_away(*user, ask.shift.from));
        ask.asked.sort_unstable();
        ask.asked.dedup();
        if ask.asked.is_empty() || ask.asked.len() > ASKED_MAX {
            let message = format!("there must be 1 to {ASKED_MAX} others to ask, who are not away");
            return Err(invalid("ask", message));
        }
        if !store_request::open_of(tx, schedule.id, ask.requester, ask.shift).await?.is_empty() {
            return Err(invalid("from", "others have been asked for this time already".into()));
        }
        cut(&mut ask.reason, REASON_CHARS_MAX);
        let request = self.new_request(ask);
        let links: Vec<_> = request
            .asked
            .iter()
            .map(|asked| (asked.user, digest(&self.request_token(request.id, asked.user))))
            .collect();
        store_request::insert(tx, &request, &links).await?;
        self.after(tx, directory, &request, &cover::opened(&request), actor, "request.open")
            .await?;
        Ok(request)
    }

    fn new_request(&self, ask: Ask) -> Request {
        let created_at = self.now();
        let asked = ask.asked.into_iter().map(|user| Asked { user, declined_at: None });
        Request {
            id: RequestId(self.ids.next(created_at)),
            schedule: ask.schedule,
            requester: ask.requester,
            shift: ask.shift,
            in_return: ask.in_return,
            reason: ask.reason,
            asked: asked.collect(),
            state: State::Requested,
            accepted_by: None,
            absence: ask.absence,
            reminders: 0,
            created_at,
            decided_at: None,
        }
    }

    /// Somebody answers a request, takes it back or undoes what came of it.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nothing has changed then.
    pub async fn move_request(
        &self,
        id: RequestId,
        event: Event,
        actor: &Actor,
    ) -> Result<Request, NotPlanned> {
        let mut tries = 0;
        let moved = loop {
            match self.try_move(id, event, actor).await {
                Err(error) if error.is_overtaken() && tries < TRIES_MAX => tries += 1,
                outcome => break outcome?,
            }
        };
        if matches!(event, Event::Accept { .. } | Event::Undo) {
            self.after_planning().await;
        }
        self.wake.all();
        Ok(moved)
    }

    async fn try_move(
        &self,
        id: RequestId,
        event: Event,
        actor: &Actor,
    ) -> Result<Request, NotPlanned> {
        let snapshot = self.snapshot();
        let mut tx = self.db.begin(Lane::Command).await?;
        let moved = match event {
            Event::Accept { .. } | Event::Undo => {
                let known = store_request::get(&self.db, id).await?;
                let known = known.ok_or(NotPlanned::Missing("request"))?;
                let schedule = snapshot.directory.schedules.get(known.schedule);
                let name = schedule.ok_or(NotPlanned::Missing("schedule"))?.name.clone();
                let loaded =
                    self.begin_planning(&mut tx, actor, ("schedule", "overrides"), &name).await?;
                self.step_request(&mut tx, &loaded.directory, id, event, actor).await?
            }
            _ => self.step_request(&mut tx, &snapshot.directory, id, event, actor).await?,
        };
        tx.commit().await?;
        Ok(moved)
    }

    /// Moves a request in the caller's transaction.
    pub(super) async fn step_request(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        id: RequestId,
        event: Event,
        actor: &Actor,
    ) -> Result<Request, NotPlanned> {
        let request = store_request::lock(tx, id).await?.ok_or(NotPlanned::Missing("request"))?;
        let (request, effects) = cover::decide(request, event, self.now())?;
        if matches!(event, Event::Reconsider { .. }) {
            let (schedule, requester) = (request.schedule, request.requester);
            let open = store_request::open_of(tx, schedule, requester, request.shift).await?;
            if open.iter().any(|other| *other != request.id) {
                let asked = "others have been asked for this time since".to_owned();
                return Err(NotPlanned::Changed(asked));
            }
        }
        for effect in &effects {
            match effect {
                Effect::Assign => self.assign(tx, directory, &request, actor).await?,
                Effect::Release => self.put_back(tx, &request, actor).await?,
                Effect::Tell(..) | Effect::TellLead(_) => {}
            }
        }
        store_request::update(tx, &request).await?;
        let action = format!("request.{}", request.state.name());
        self.after(tx, directory, &request, &effects, actor, &action).await?;
        Ok(request)
    }

    /// The timer of a request has come.
    ///
    /// # Errors
    /// When the store refuses.
    pub(crate) async fn request_due(
        &self,
        timer: &Claimed,
        directory: &Directory,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let id = RequestId(timer.id);
        let request = store_request::lock(&mut tx, id).await?;
        if !timer::still_held(&mut tx, Kind::Request, timer).await? {
            return Ok(());
        }
        if request.is_none() {
            timer::clear(&mut tx, Kind::Request, &[timer.id]).await?;
            return tx.commit().await;
        }
        let moved =
            self.step_request(&mut tx, directory, id, Event::TimerFired, &Actor::System).await;
        match moved {
            Ok(_) => tx.commit().await,
            Err(NotPlanned::Store(error)) => Err(error),
            Err(error) => Err(StoreError::Corrupt(error.to_string())),
        }
    }

    /// Writes the overrides of an accepted request. The shift must still be the requester's: the
    /// plan may have changed since they asked.
    async fn assign(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        request: &Request,
        actor: &Actor,
    ) -> Result<(), NotPlanned> {
        let schedule = directory.schedules.get(request.schedule);
        let schedule = schedule.ok_or(NotPlanned::Missing("schedule"))?;
        let by = request.accepted_by.ok_or(NotPlanned::Missing("person"))?;
        let now = self.now();
        let mut turns = vec![(request.requester, by, request.shift)];
        turns.extend(request.in_return.map(|span| (by, request.requester, span)));
        for (holder, taker, span) in turns {
            let span = Span { from: span.from.max(now), to: span.to };
            let others = standing(tx, directory, request.schedule, now).await?;
            let is_taken = others.iter().any(|other| {
                let replaces_other = other.span.instead_of.is_some_and(|user| user != holder);
                !replaces_other
                    && other.span.user != holder
                    && other.span.from < span.to
                    && span.from < other.span.to
            });
            let is_leave = request.absence.is_some() && holder == request.requester;
            if is_taken || !(is_leave || has_all_of(schedule, holder, span)) {
                let who = name(directory, holder);
                let span = in_words(span, &schedule.timezone);
                return Err(NotPlanned::Changed(format!(
                    "the plan has changed since: {who} does not have all of {span} any more"
                )));
            }
            let instead_of = cover::instead_of(schedule, holder, taker, span.from);
            let wanted = Wanted {
                schedule: request.schedule,
                span: Override { user: taker, from: span.from, to: span.to, instead_of },
                reason: request.reason.clone(),
                split: true,
                everybody: false,
            };
            self.put_override(tx, directory, &wanted, Some(request.id), actor).await?;
        }
        Ok(())
    }

    /// Takes back what came of a request. Where it was displaced itself, it does not come back with
    /// whatever is taken back later.
    async fn put_back(
        &self,
        tx: &mut Tx,
        request: &Request,
        actor: &Actor,
    ) -> Result<(), NotPlanned> {
        let now = self.now();
        for stored in store_override::of_schedule(tx, request.schedule, now).await? {
            let left = overrides::without(&stored.displaced, request.id);
            if left != stored.displaced {
                store_override::set_displaced(tx, stored.id, &left).await?;
            }
        }
        let made = store_override::of_request(tx, request.id).await?;
        let standing = made.iter().filter(|stored| stored.span.to > now);
        let ids: Vec<OverrideId> = standing.map(|stored| stored.id).collect();
        for id in ids {
            self.withdraw_override(tx, id, actor).await?;
        }
        Ok(())
    }

    /// What follows from every move: people hear of it, the timer is set, the record is kept.
    async fn after(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        request: &Request,
        effects: &[Effect],
        actor: &Actor,
        action: &str,
    ) -> Result<(), StoreError> {
        let now = self.now();
        for effect in effects {
            match effect {
                Effect::Tell(user, news) => {
                    self.tell_of(tx, directory, request, *user, *news).await?;
                }
                Effect::TellLead(news) => {
                    let team = directory.schedules.get(request.schedule).and_then(|s| s.team);
                    let lead = team.and_then(|id| directory.teams.get(id)).and_then(|t| t.manager);
                    if let Some(lead) = lead.filter(|lead| *lead != request.requester) {
                        self.tell_of(tx, directory, request, lead, *news).await?;
                    }
                }
                Effect::Assign | Effect::Release => {}
            }
        }
        match cover::next_at(request) {
            Some(at) => timer::set(tx, Kind::Request, request.id.0, at, now).await?,
            None => timer::clear(tx, Kind::Request, &[request.id.0]).await?,
        }
        let object = ("request", request.id.to_string());
        let data = json!({ "state": request.state.name(), "reminders": request.reminders });
        let entry = self.audit_entry(actor, action, object, data);
        audit::append(tx, &entry, ids::random()).await?;
        let subject = request.id.to_string();
        let news = NewEvent { kind: "schedule.request".to_owned(), incident_number: None, subject };
        event::tell(tx, now, &[news]).await
    }

    async fn tell_of(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        request: &Request,
        user: UserId,
        news: News,
    ) -> Result<(), StoreError> {
        let zone = directory.zone_of(user);
        let (subject, text) = words(directory, request, news, zone);
        let mut content = json!({ "subject": subject, "text": text });
        if matches!(news, News::Asked | News::Reminder) {
            // The link is made when the message is sent, so that no token stands in the store.
            content["request"] = request.id.to_string().into();
        } else {
            content["url"] = format!("{}/app/my-on-call", self.settings.public_url).into();
        }
        self.tell_person(tx, directory, user, &content).await
    }
}

/// A subject and a text, by the clocks of whoever reads it.
fn words(
    directory: &Directory,
    request: &Request,
    news: News,
    zone: &TimeZone,
) -> (String, String) {
    let schedule = directory.schedules.get(request.schedule);
    let schedule = schedule.map_or("a schedule", |schedule| schedule.name.as_str());
    let who = name(directory, request.requester);
    let by = request.accepted_by.map_or_else(|| "nobody".to_owned(), |by| name(directory, by));
    let span = in_words(request.shift, zone);
    let shift = format!("{schedule}, {span}");
    let subject = match news {
        News::Asked => format!("{who} asks you to take {shift}"),
        News::Reminder => format!("Still open: {who} asks you to take {shift}"),
        News::Taken => format!("{by} takes {shift}"),
        News::AllDeclined => format!("Nobody can take {shift} for {who}"),
        News::Reopened => format!("Somebody may take {shift} for {who} after all"),
        News::Withdrawn => format!("{who} no longer asks for {shift}"),
        News::Undone => format!("{who} has {shift} again"),
        News::Expired => format!("Nobody took {shift} for {who}"),
    };
    let mut text = subject.clone() + ".";
    if let Some(span) = request.in_return {
        text += &format!(" In return {who} takes {}.", in_words(span, zone));
    }
    if !request.reason.is_empty() && matches!(news, News::Asked | News::Reminder) {
        text += &format!(" Reason: {}", request.reason);
    }
    (subject, text)
}

/// `24 Dec 09:00 to 26 Dec 09:00 CET`.
pub(crate) fn in_words(span: Span, zone: &TimeZone) -> String {
    let local =
        |at: Timestamp, format: &str| at.to_zoned(zone.clone()).strftime(format).to_string();
    format!("{} to {}", local(span.from, "%-d %b %H:%M"), local(span.to, "%-d %b %H:%M %Z"))
}

pub(super) fn name(directory: &Directory, user: UserId) -> String {
    let user = directory.users.get(user);
    user.map_or_else(|| "a former colleague".to_owned(), |user| user.full_name.clone())
}

/// Whether somebody has a schedule for all of a time.
pub(super) fn has_all_of(schedule: &Schedule, user: UserId, span: Span) -> bool {
    let mut covered = span.from;
    for shift in shifts(schedule, span.from, span.to).iter().filter(|shift| shift.user == user) {
        if shift.from <= covered {
            covered = covered.max(shift.to);
        }
    }
    covered >= span.to
}

/// Whoever else has a schedule for all of a time; of several, somebody who was to be asked.
fn holder(schedule: &Schedule, span: Span, not: UserId, asked: &[UserId]) -> Option<UserId> {
    let shifts = shifts(schedule, span.from, span.to);
    let others = shifts.iter().map(|shift| shift.user).filter(|user| *user != not);
    let mut holders: Vec<_> = others.filter(|user| has_all_of(schedule, *user, span)).collect();
    holders.sort_by_key(|user| !asked.contains(user));
    holders.first().copied()
}
