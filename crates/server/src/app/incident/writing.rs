//! Writing something into an incident's timeline, from wherever somebody writes.

use jiff::Timestamp;
use muster_core::change::suspect::{Mark, Source};
use muster_core::id::{ChangeEventId, ChangeId, EntryId, IncidentId};
use muster_core::incident::lifecycle::{self, Incident, Surroundings};
use muster_core::incident::timeline::Actor;
use muster_core::incident::writing::{Ask, Book};
use muster_store::change::mark;
use muster_store::event::{self, NewEvent};
use muster_store::incident::incident as store_incident;
use muster_store::incident::timeline::{self, EntryRow};
use muster_store::{Lane, StoreError, Tx};

use super::command::{Refused, TRIES_MAX};
use super::record::{self, Before};
use super::{facts, family};
use crate::app::App;
use crate::app::change::suspect::NewMark;

/// What became of a request to write something down.
#[derive(Debug, Clone)]
pub struct Written {
    /// The incident as it is now.
    pub incident: Incident,
    /// The new entry; none where what was asked for is so already.
    pub entry: Option<EntryId>,
}

impl App {
    /// Writes something into an incident's timeline. Where a commit was not confirmed, it is looked
    /// up whether the entry is there, so that nothing is written twice.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn write_down(
        &self,
        id: IncidentId,
        ask: &Ask,
        actor: &Actor,
    ) -> Result<Written, Refused> {
        self.write_down_with(id, ask, None, actor).await
    }

    /// The same, with what somebody found out about a change, which is committed with the entry that
    /// tells of it.
    ///
    /// # Errors
    /// See [`Refused`].
    pub(crate) async fn write_down_with(
        &self,
        id: IncidentId,
        ask: &Ask,
        mark: Option<&NewMark>,
        actor: &Actor,
    ) -> Result<Written, Refused> {
        let mut unconfirmed = None;
        let mut tries = 0;
        loop {
            match self.try_to_write(id, (ask, mark), actor, &mut unconfirmed).await {
                Err(refused) if refused.may_pass() && tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn try_to_write(
        &self,
        id: IncidentId,
        (ask, mark): (&Ask, Option<&NewMark>),
        actor: &Actor,
        unconfirmed: &mut Option<EntryId>,
    ) -> Result<Written, Refused> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let family = match ask {
            Ask::Act { .. } | Ask::Proceed { .. } => family::lock_open(&mut tx, id).await?,
            _ => Vec::new(),
        };
        let incident = store_incident::lock(&mut tx, id).await?.ok_or(Refused::NoSuchIncident)?;
        if let Some(entry) = *unconfirmed
            && timeline::exists(&mut tx, entry).await?
        {
            return Ok(Written { incident, entry: Some(entry) });
        }
        let mut book = book(&mut tx, id, ask).await?;
        for member in family.iter().filter(|member| incident.may_read_of(member)) {
            let theirs = read(&timeline::bound_in(&mut tx, member.id, None).await?)?;
            book = book.besides(member.number, &theirs);
        }
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let facts = facts::load(&mut tx, directory, &incident).await?;
        let around = Surroundings::new(directory, &incident, incident.severity, &facts, now)
            .ok_or(Refused::NotConfigured)?;
        let mut decision = lifecycle::write(&incident, ask, &book, actor, &around, now)?;
        let Some(first) = decision.entries.first_mut() else {
            return Ok(Written { incident, entry: None });
        };
        let entry = EntryId(self.ids.next(now));
        first.id = Some(entry);
        let before = Before::Version(incident.version);
        record::record(self, &mut tx, directory, before, &decision, actor, now).await?;
        if let Some(first) = decision.entries.first() {
            let is_major = is_major(ask, &book);
            family::tell_of_action(self, &mut tx, directory, &incident, &family, (first, is_major))
                .await?;
        }
        if let Some(mark) = mark {
            put_mark(&mut tx, &incident, mark, actor, now).await?;
            if let (Some(Mark::Cause), Source::Planned) = (mark.mark, mark.target.source) {
                let change = ChangeId(mark.target.id);
                self.revoke_exception(&mut tx, directory, change, &incident, actor).await?;
            }
        }
        *unconfirmed = Some(entry);
        tx.commit().await?;
        Ok(Written { incident: decision.incident, entry: Some(entry) })
    }
}

async fn put_mark(
    tx: &mut Tx,
    incident: &Incident,
    new: &NewMark,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    match new.mark {
        Some(mark) => {
            let words = (new.reason.as_str(), actor.name());
            mark::put(tx, incident.id, new.target, mark, words, now).await?;
        }
        None => mark::remove(tx, incident.id, new.target).await.map(drop)?,
    }
    // With the incident's number, so that only whoever sees the incident hears of it.
    let of = Some(incident.number);
    match new.number {
        Some(number) => {
            let change = (ChangeId(new.target.id), number);
            event::tell_of_change(tx, now, &["change.marked".to_owned()], change, of).await
        }
        None => {
            let subject = ChangeEventId(new.target.id).to_string();
            let kind = "change_event.marked".to_owned();
            event::tell(tx, now, &[NewEvent { kind, incident_number: of, subject }]).await
        }
    }
}

/// Whether what is asked is about a change of which only one should be under way.
fn is_major(ask: &Ask, book: &Book) -> bool {
    match ask {
        Ask::Act { intent, .. } => intent.major,
        Ask::Proceed { action, .. } => book.action(*action).is_some_and(|one| one.intent.major),
        _ => false,
    }
}

/// What the ask must know of what was written before.
async fn book(tx: &mut Tx, id: IncidentId, ask: &Ask) -> Result<Book, StoreError> {
    let besides = match ask {
        // What stands by itself needs to know nothing.
        Ask::Write { .. } | Ask::Suppose { .. } => return Ok(Book::default()),
        Ask::Correct { entry, .. } | Ask::Pin { entry } | Ask::Unpin { entry } => Some(*entry),
        Ask::Pursue { .. } | Ask::Act { .. } | Ask::Proceed { .. } => None,
    };
    read(&timeline::bound_in(tx, id, besides).await?)
}

/// What stored entries say about each other.
///
/// # Errors
/// When one of them cannot be understood.
pub fn read(rows: &[EntryRow]) -> Result<Book, StoreError> {
    Ok(Book::of(rows.iter().map(EntryRow::read).collect::<Result<Vec<_>, _>>()?))
}
