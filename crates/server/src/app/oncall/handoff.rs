//! Handoffs (`O11`): drafted from the record ahead of a change of people, told to whoever comes when
//! it is there, accepted by them. What is told and when, the core decides; nobody's paging waits for
//! any of it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use muster_core::alerting::signal::cut;
use muster_core::id::{HandoffId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::handoff::{
    self, AHEAD, Change, Draft, Effect, Event, Handoff, NOTES_CHARS_MAX, News, State,
};
use muster_core::oncall::schedule::Schedule;
use muster_core::org::directory::Directory;
use muster_store::event::{self, NewEvent};
use muster_store::oncall::handoff as store_handoff;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx, audit};
use serde_json::json;

use super::NotPlanned;
use crate::app::App;
use crate::app::link::{derive, digest, encode};
use crate::ids;

mod draft;

/// How much of the notes stands in a message, in characters.
const NOTES_TOLD_CHARS_MAX: usize = 600;

impl App {
    /// Where the link of somebody who is told of a handoff leads.
    pub fn handoff_url(&self, handoff: HandoffId, user: UserId) -> String {
        format!("{}/p/handoff/{}", self.settings.public_url, self.handoff_token(handoff, user))
    }

    fn handoff_token(&self, handoff: HandoffId, user: UserId) -> String {
        let object = [*handoff.0.as_bytes(), *user.0.as_bytes()].concat();
        encode(derive(self.instance_key(), b"handoff link", &object))
    }

    /// Follows a schedule to `now`: a change of people since `since` begins its handoff, one that is
    /// near is drafted ahead, and what was drafted for a change that will not come is dropped.
    ///
    /// # Errors
    /// When the store refuses.
    pub(crate) async fn hand_over(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        schedule: &Schedule,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let last = handoff::last_change(schedule, now);
        let begun = last.filter(|change| since <= change.at && change.at <= now);
        let next = handoff::next_change(schedule, now);
        if let Some(change) = begun {
            let next_at = next.as_ref().map(|next| next.at);
            self.begin_handoff(tx, directory, schedule, (change, next_at), now).await?;
        }
        let mut is_drafted = false;
        for live in store_handoff::live(tx, schedule.id).await? {
            if live.state != State::Upcoming {
                continue;
            }
            if next.as_ref().is_some_and(|next| next.at == live.change.at) {
                is_drafted = true;
            } else {
                store_handoff::remove(tx, live.id).await?;
            }
        }
        let near = |change: &Change| change.at.duration_since(now) <= AHEAD;
        if let Some(change) = next.filter(near).filter(|_| !is_drafted) {
            let handoff = self.new_handoff(directory, schedule, change, now).await?;
            if store_handoff::insert(tx, &handoff).await? {
                let effects = handoff::drafted(&handoff);
                self.after_handoff(tx, directory, &handoff, &effects, "handoff.draft").await?;
            }
        }
        Ok(())
    }

    async fn begin_handoff(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        schedule: &Schedule,
        (change, next_at): (Change, Option<Timestamp>),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known = store_handoff::at(tx, schedule.id, change.at).await?;
        if known.as_ref().is_some_and(|known| known.state != State::Upcoming) {
            return Ok(());
        }
        let mut handoff = self.new_handoff(directory, schedule, change, now).await?;
        match &known {
            Some(known) => {
                handoff.id = known.id;
                handoff.notes.clone_from(&known.notes);
                handoff.edited.clone_from(&known.edited);
                handoff.version = known.version;
            }
            None => {
                store_handoff::insert(tx, &handoff).await?;
            }
        }
        for earlier in store_handoff::live(tx, schedule.id).await? {
            let is_next = earlier.state == State::Upcoming && Some(earlier.change.at) == next_at;
            if earlier.id == handoff.id || is_next {
                continue;
            }
            // What was written for a change that came otherwise is for whoever comes now.
            if earlier.state == State::Upcoming && handoff.notes.is_empty() {
                handoff.notes.clone_from(&earlier.notes);
                handoff.edited.clone_from(&earlier.edited);
            }
            if earlier.state == State::Upcoming {
                store_handoff::remove(tx, earlier.id).await?;
                continue;
            }
            let (passed, _) = moved(earlier, Event::Follow, now)?;
            store_handoff::update(tx, &passed).await?;
            timer::clear(tx, Kind::Handoff, &[passed.id.0]).await?;
        }
        let (handoff, effects) = moved(handoff, Event::Begin, now)?;
        store_handoff::update(tx, &handoff).await?;
        self.after_handoff(tx, directory, &handoff, &effects, "handoff.begin").await?;
        self.ask_load(tx, directory, schedule, &handoff.change).await
    }

    async fn new_handoff(
        &self,
        directory: &Directory,
        schedule: &Schedule,
        change: Change,
        now: Timestamp,
    ) -> Result<Handoff, StoreError> {
        let draft =
            draft::of(&self.db, directory, schedule, (change.since, change.at), now).await?;
        Ok(Handoff {
            id: HandoffId(self.ids.next(now)),
            schedule: schedule.id,
            change,
            state: State::Upcoming,
            draft,
            notes: String::new(),
            edited: None,
            accepted: None,
            reminders: 0,
            version: 1,
        })
    }

    /// Somebody who came accepts a handoff. Accepting again changes nothing.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nothing has changed then.
    pub async fn accept_handoff(
        &self,
        id: HandoffId,
        by: UserId,
        actor: &Actor,
    ) -> Result<Handoff, NotPlanned> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let known =
            store_handoff::lock(&mut tx, id).await?.ok_or(NotPlanned::Missing("handoff"))?;
        let was = known.state;
        let (handoff, effects) = handoff::decide(known, Event::Accept { by }, self.now())?;
        if was == handoff.state {
            return Ok(handoff);
        }
        store_handoff::update(&mut tx, &handoff).await?;
        let snapshot = self.snapshot();
        self.after_handoff(&mut tx, &snapshot.directory, &handoff, &effects, "").await?;
        self.note_handoff(&mut tx, actor, "handoff.accept", &handoff).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(handoff)
    }

    /// Somebody adds to a handoff what the record does not know. `version` is that of the notes they
    /// changed.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nothing has changed then.
    pub async fn write_handoff_notes(
        &self,
        id: HandoffId,
        (notes, version): (String, Option<i64>),
        actor: &Actor,
    ) -> Result<Handoff, NotPlanned> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let known = store_handoff::lock(&mut tx, id).await?;
        let mut handoff = known.ok_or(NotPlanned::Missing("handoff"))?;
        if handoff.state == State::Passed {
            return Err(handoff::WrongMove::Over.into());
        }
        if version.is_some_and(|version| version != handoff.version) {
            let by = handoff.edited.as_ref().map_or("somebody", |(_, by)| by.as_str());
            return Err(NotPlanned::Changed(format!(
                "{by} has changed the notes meanwhile; they say now: {}",
                handoff.notes
            )));
        }
        handoff.notes = notes;
        cut(&mut handoff.notes, NOTES_CHARS_MAX);
        handoff.version += 1;
        handoff.edited = Some((now, actor.name().to_owned()));
        store_handoff::update(&mut tx, &handoff).await?;
        self.note_handoff(&mut tx, actor, "handoff.notes", &handoff).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(handoff)
    }

    /// The timer of a handoff has come.
    ///
    /// # Errors
    /// When the store refuses.
    pub(crate) async fn handoff_due(
        &self,
        timer: &Claimed,
        directory: &Directory,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let known = store_handoff::lock(&mut tx, HandoffId(timer.id)).await?;
        if !timer::still_held(&mut tx, Kind::Handoff, timer).await? {
            return Ok(());
        }
        let Some(known) = known else {
            timer::clear(&mut tx, Kind::Handoff, &[timer.id]).await?;
            return tx.commit().await;
        };
        let (handoff, effects) = moved(known, Event::TimerFired, self.now())?;
        store_handoff::update(&mut tx, &handoff).await?;
        let action = "handoff.remind";
        self.after_handoff(&mut tx, directory, &handoff, &effects, action).await?;
        tx.commit().await
    }

    /// What follows from every move: people hear of it, the timer is set, the record is kept.
    async fn after_handoff(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        handoff: &Handoff,
        effects: &[Effect],
        action: &str,
    ) -> Result<(), StoreError> {
        let now = self.now();
        for effect in effects {
            let (user, news) = match effect {
                Effect::Tell(user, news) => (Some(*user), *news),
                Effect::TellLead(news) => (lead(directory, handoff), *news),
            };
            if let Some(user) = user {
                self.tell_of_handoff(tx, directory, handoff, (user, news)).await?;
            }
        }
        match handoff::next_at(handoff) {
            Some(at) => timer::set(tx, Kind::Handoff, handoff.id.0, at, now).await?,
            None => timer::clear(tx, Kind::Handoff, &[handoff.id.0]).await?,
        }
        if !action.is_empty() {
            self.note_handoff(tx, &Actor::System, action, handoff).await?;
        }
        Ok(())
    }

    async fn tell_of_handoff(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        handoff: &Handoff,
        (user, news): (UserId, News),
    ) -> Result<(), StoreError> {
        let zone = directory.zone_of(user);
        let (subject, text) = words(directory, handoff, news, zone);
        let mut content = json!({ "subject": subject, "text": text });
        if news == News::Unaccepted {
            content["url"] = format!("{}/app/readiness", self.settings.public_url).into();
        } else {
            let hash = digest(&self.handoff_token(handoff.id, user));
            store_handoff::add_link(tx, handoff.id, user, hash).await?;
            // The link is made when the message is sent, so that no token stands in the store.
            content["handoff"] = handoff.id.to_string().into();
        }
        self.tell_person(tx, directory, user, &content).await
    }

    async fn note_handoff(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        action: &str,
        handoff: &Handoff,
    ) -> Result<(), StoreError> {
        let data = json!({
            "schedule": handoff.schedule.to_string(),
            "state": handoff.state.name(),
            "reminders": handoff.reminders,
        });
        let object = ("handoff", handoff.id.to_string());
        let entry = self.audit_entry(actor, action, object, data);
        audit::append(tx, &entry, ids::random()).await?;
        let subject = handoff.id.to_string();
        let news = NewEvent { kind: "schedule.handoff".to_owned(), incident_number: None, subject };
        event::tell(tx, self.now(), &[news]).await
    }
}

/// A move that the machine allows in every state.
fn moved(
    handoff: Handoff,
    event: Event,
    now: Timestamp,
) -> Result<(Handoff, Vec<Effect>), StoreError> {
    handoff::decide(handoff, event, now).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// Whoever manages the schedule's team, unless it is they who should accept.
fn lead(directory: &Directory, handoff: &Handoff) -> Option<UserId> {
    let team = directory.schedules.get(handoff.schedule)?.team?;
    let lead = directory.teams.get(team)?.manager?;
    (!handoff.change.incoming.contains(&lead)).then_some(lead)
}

/// The names of people, for people.
pub(crate) fn names(directory: &Directory, people: &[UserId]) -> String {
    let name = |user: &UserId| {
        let user = directory.users.get(*user);
        user.map_or_else(|| "a former colleague".to_owned(), |user| user.full_name.clone())
    };
    let names: Vec<_> = people.iter().map(name).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(" and ") }
}

/// A subject and a text, by the clocks of whoever reads it.
fn words(
    directory: &Directory,
    handoff: &Handoff,
    news: News,
    zone: &TimeZone,
) -> (String, String) {
    let schedule = directory.schedules.get(handoff.schedule);
    let schedule = schedule.map_or("a schedule", |schedule| schedule.name.as_str());
    let Change { at, outgoing, incoming, .. } = &handoff.change;
    let (outgoing, incoming) = (names(directory, outgoing), names(directory, incoming));
    let at = at.to_zoned(zone.clone()).strftime("%-d %b %H:%M %Z");
    let subject = match news {
        News::Coming => {
            format!("Your shift of {schedule} ends {at}: anything {incoming} should know?")
        }
        News::Begun => format!("Handoff of {schedule} from {outgoing}"),
        News::Reminder => format!("Not accepted yet: handoff of {schedule} from {outgoing}"),
        News::Unaccepted => format!("{incoming} has not accepted the handoff of {schedule}"),
    };
    let mut text = summary(&handoff.draft);
    if !handoff.notes.is_empty() && news != News::Coming {
        let mut notes = handoff.notes.clone();
        cut(&mut notes, NOTES_TOLD_CHARS_MAX);
        text += &format!("\n\n{notes}");
    }
    text += match news {
        News::Coming => "\n\nAdd a note for whoever comes:",
        News::Begun | News::Reminder => "\n\nRead it all and accept it:",
        News::Unaccepted => "\n\nPages reach them all the same; see who is ready:",
    };
    (subject, text)
}

/// A draft in one line.
pub(crate) fn summary(draft: &Draft) -> String {
    let some = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let pages = match (draft.pages, draft.night_pages) {
        (0, _) => "no pages".to_owned(),
        (1, 0) => "1 page".to_owned(),
        (1, _) => "1 page, at night".to_owned(),
        (pages, 0) => format!("{pages} pages"),
        (pages, night) => format!("{pages} pages, {night} of them at night"),
    };
    let incidents = some(draft.incidents.len(), "open incident", "open incidents");
    let parts = [
        Some(incidents.unwrap_or_else(|| "no open incidents".to_owned())),
        Some(pages),
        some(draft.noisy.len(), "noisy alert", "noisy alerts"),
        some(draft.heartbeats.len(), "heartbeat missing", "heartbeats missing"),
        some(draft.maintenance.len(), "maintenance window", "maintenance windows"),
        some(draft.held.len(), "alert held", "alerts held"),
        some(draft.changes.len(), "change ahead", "changes ahead"),
    ];
    let mut line = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    if let Some(first) = line.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    line + "."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_shift_says_so_and_a_loud_one_counts() {
        assert_eq!(summary(&Draft::default()), "No open incidents; no pages.");
        let loud = Draft { pages: 3, night_pages: 2, ..Draft::default() };
        assert_eq!(summary(&loud), "No open incidents; 3 pages, 2 of them at night.");
    }
}
