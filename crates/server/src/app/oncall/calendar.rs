//! Calendars that people's own programs read (`O13`): a link per person or schedule, which works
//! without signing in until it is revoked.

use jiff::{SignedDuration, Timestamp};
use muster_core::id::{CalendarLinkId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::schedule::{Schedule, Shift, shifts};
use muster_core::org::directory::Directory;
use muster_integrations::calendar::{self, Event};
use muster_store::oncall::calendar::{self as store_calendar, CalendarLink, Subject};
use muster_store::{Lane, StoreError, audit};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::app::link::{derive, digest, encode};
use crate::ids;

/// How far back a calendar reaches.
const BACK: SignedDuration = SignedDuration::from_hours(28 * 24);
/// How far ahead a calendar reaches.
const AHEAD: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The most events of one calendar.
const EVENTS_MAX: usize = 5_000;

impl App {
    /// Where a calendar is read: `https://.../calendar/{token}.ics`.
    pub fn calendar_url(&self, link: CalendarLinkId) -> String {
        format!("{}/calendar/{}.ics", self.settings.public_url, self.calendar_token(link))
    }

    fn calendar_token(&self, link: CalendarLinkId) -> String {
        encode(derive(self.instance_key(), b"calendar link", link.0.as_bytes()))
    }

    /// Makes a link.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn make_calendar_link(
        &self,
        subject: Subject,
        owner: Option<UserId>,
        actor: &Actor,
    ) -> Result<CalendarLink, StoreError> {
        let now = self.now();
        let id = CalendarLinkId(self.ids.next(now));
        let link = CalendarLink { id, subject, owner, created_at: now };
        let mut tx = self.db.begin(Lane::Command).await?;
        let hash = digest(&self.calendar_token(id));
        store_calendar::insert(&mut tx, &link, hash, actor.name()).await?;
        let object = ("calendar_link", id.to_string());
        let entry = self.audit_entry(actor, "calendar_link.add", object, json!({}));
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await?;
        Ok(link)
    }

    /// Revokes a link: it opens nothing any more.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn revoke_calendar_link(
        &self,
        id: CalendarLinkId,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        store_calendar::revoke(&mut tx, id, self.now()).await?;
        let object = ("calendar_link", id.to_string());
        let entry = self.audit_entry(actor, "calendar_link.revoke", object, json!({}));
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await
    }

    /// The calendar that a token opens.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn calendar(&self, token: &str) -> Result<Option<String>, StoreError> {
        let link = store_calendar::by_token(&self.db, &digest(token)).await?;
        let snapshot = self.snapshot();
        // A link ends with the person who made it.
        let users = &snapshot.directory.users;
        let link = link.filter(|link| link.owner.is_none_or(|owner| users.get(owner).is_some()));
        match link.map(|link| link.subject) {
            Some(Subject::Changes(service)) => self.change_feed(service).await.map(Some),
            subject => Ok(subject.and_then(|of| written(&snapshot.directory, of, self.now()))),
        }
    }
}

/// The calendar of a subject; none for one that is gone.
fn written(directory: &Directory, subject: Subject, now: Timestamp) -> Option<String> {
    let from = now.saturating_sub(BACK).unwrap_or(Timestamp::MIN);
    let to = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let mut events = Vec::new();
    let name = match subject {
        Subject::Schedule(id) => {
            let schedule = directory.schedules.get(id)?;
            let all = shifts(schedule, from, to).into_iter();
            events.extend(all.map(|shift| event(directory, schedule, &shift, true, now)));
            format!("On call: {}", schedule.name)
        }
        Subject::User(id) => {
            let user = directory.users.get(id)?;
            for schedule in directory.schedules.iter() {
                let own = shifts(schedule, from, to).into_iter().filter(|shift| shift.user == id);
                events.extend(own.map(|shift| event(directory, schedule, &shift, false, now)));
            }
            events.sort_by_key(|event| event.from);
            format!("On call: {}", user.full_name)
        }
        Subject::Changes(_) => return None,
    };
    events.truncate(EVENTS_MAX);
    Some(calendar::write(&name, &events))
}

fn event(
    directory: &Directory,
    schedule: &Schedule,
    shift: &Shift,
    with_name: bool,
    now: Timestamp,
) -> Event {
    let user = directory.users.get(shift.user);
    let who = user.map_or("a former colleague", |user| user.full_name.as_str());
    // A shift is known by where and when it begins and for whom, so that one that is cut short or
    // given away is changed in calendars and not doubled.
    let mut id = Sha256::new();
    id.update(schedule.id.0.as_bytes());
    id.update(shift.user.0.as_bytes());
    id.update(shift.from.as_microsecond().to_be_bytes());
    let id: [u8; 32] = id.finalize().into();
    // A shift without an end is shown as far as the calendar reaches.
    let end = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let begin = now.saturating_sub(BACK).unwrap_or(Timestamp::MIN);
    Event {
        uid: format!("{}@muster", encode(id)),
        sequence: directory.revision,
        stamp: now,
        from: shift.from.max(begin),
        to: shift.to.min(end),
        summary: if with_name {
            format!("{who} on call: {}", schedule.name)
        } else {
            format!("On call: {}", schedule.name)
        },
        description: format!("{who} is on call for {} ({}).", schedule.name, shift.layer),
    }
}
