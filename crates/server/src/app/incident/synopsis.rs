//! The synopsis of an incident (`L4`) and the sentence that its lead writes: a shared text, merged on
//! the server, where what two people wrote differently is kept whole and shown to both.

use muster_core::id::IncidentId;
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::timeline::Actor;
use muster_core::incident::writing::Book;
use muster_core::text::{self, Conflict};
use muster_store::event::NewEvent;
use muster_store::incident::shared_text::{self, TextRow};
use muster_store::incident::{incident as store_incident, timeline};
use muster_store::{Lane, StoreError, audit, event};
use serde_json::json;

use super::writing;
use crate::app::App;
use crate::ids;

/// The section that holds the lead's sentence.
const LEAD: &str = "synopsis";
/// How many entries are read at once.
const ENTRIES_AT_ONCE: i64 = 5_000;

/// Why a shared text was not saved.
#[derive(Debug, thiserror::Error)]
pub enum NotSaved {
    /// There is no such incident.
    #[error("there is no such incident")]
    NoSuchIncident,
    /// Nobody ever saved that revision.
    #[error("there is no revision {0}; read the text again")]
    NoSuchRevision(i64),
    /// It is too long.
    #[error("must be at most {} characters", text::TEXT_CHARS_MAX)]
    TooLong,
    /// Both changed the same lines.
    #[error("somebody else changed the same lines")]
    Conflict {
        /// All three texts.
        texts: Conflict,
        /// The revision that is saved.
        revision: i64,
    },
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
}

impl App {
    /// Every entry of an incident, and what they say about each other.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn whole_book(&self, incident: IncidentId) -> Result<Book, StoreError> {
        let mut rows = Vec::new();
        loop {
            let after =
                rows.last().map(|row: &timeline::EntryRow| muster_core::id::EntryId(row.id));
            let part = timeline::list(&self.db, incident, after, ENTRIES_AT_ONCE).await?;
            let is_last = (part.len() as i64) < ENTRIES_AT_ONCE;
            rows.extend(part);
            if is_last {
                return writing::read(&rows);
            }
        }
    }

    /// The sentence that the lead wrote.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn lead_sentence(&self, incident: &Incident) -> Result<Option<TextRow>, StoreError> {
        shared_text::newest(&self.db, &incident.id.to_string(), LEAD).await
    }

    /// Saves the lead's sentence as somebody wrote it who began with the revision `base`; 0 where
    /// there was none yet.
    ///
    /// # Errors
    /// See [`NotSaved`].
    pub async fn save_lead_sentence(
        &self,
        id: IncidentId,
        base: i64,
        yours: &str,
        author: &Actor,
    ) -> Result<(), NotSaved> {
        if yours.chars().count() > text::TEXT_CHARS_MAX {
            return Err(NotSaved::TooLong);
        }
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        // The incident's lock keeps revisions in one row.
        let incident = store_incident::lock(&mut tx, id).await?.ok_or(NotSaved::NoSuchIncident)?;
        let subject = id.to_string();
        let newest = shared_text::newest_in(&mut tx, &subject, LEAD).await?;
        let revision = newest.as_ref().map_or(0, |row| row.revision);
        let theirs = newest.map(|row| row.text).unwrap_or_default();
        let began_with = match base {
            0 => String::new(),
            base if base == revision => theirs.clone(),
            base => {
                let row = shared_text::get(&mut tx, &subject, LEAD, base).await?;
                row.ok_or(NotSaved::NoSuchRevision(base))?.text
            }
        };
        let merged = text::merge(&began_with, &theirs, yours.trim())
            .map_err(|texts| NotSaved::Conflict { texts, revision })?;
        if merged == theirs {
            return Ok(());
        }
        let next = revision + 1;
        shared_text::append(&mut tx, &subject, LEAD, next, &merged, author, now).await?;
        let news = NewEvent {
            kind: "incident.synopsis_written".to_owned(),
            incident_number: Some(incident.number),
            subject: subject.clone(),
        };
        event::tell(&mut tx, now, &[news]).await?;
        let entry = audit::Entry {
            id: self.ids.next(now),
            at: now,
            actor_kind: author.kind().to_owned(),
            actor_id: author.user().map(|user| user.0),
            action: "incident.synopsis_written".to_owned(),
            object_kind: "incident".to_owned(),
            object_id: subject,
            data: json!({ "revision": next }),
        };
        audit::append_all(&mut tx, &[(entry, ids::random())]).await?;
        tx.commit().await?;
        self.wake.all();
        Ok(())
    }
}
