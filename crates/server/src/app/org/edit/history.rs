//! The history of a document: who changed what, when and in which way; undoing the last change and
//! bringing an earlier version back, each of which is a change of its own.

use muster_store::org::document::Kind;
use muster_store::org::history::{self, KEPT, Version};
use serde_json::Value;

use super::super::config::object;
use super::merge::{Difference, differences};
use super::{Edit, EditError, Edited, Way, missing};
use crate::app::App;
use crate::app::access::Caller;

/// A version and how it differs from the one before it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The version.
    pub version: Version,
    /// What changed; nothing where it was made or removed, or where the one before it is not known.
    pub differences: Vec<Difference>,
    /// Whether it is the first that is known.
    pub is_first: bool,
}

impl App {
    /// The versions of a document before a revision, the newest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn history(
        &self,
        (kind, name): (Kind, &str),
        before: i64,
        limit: i64,
    ) -> Result<Vec<Entry>, EditError> {
        let mut tx = self.db.snapshot().await?;
        let mut versions = history::list(&mut tx, kind, name, before, limit + 1).await?;
        for version in &mut versions {
            version.value = version.value.take().map(|value| object::shown(kind, value));
        }
        let shown = usize::try_from(limit).unwrap_or(usize::MAX);
        let entry = |(at, version): (usize, &Version)| {
            let earlier = versions.get(at + 1);
            let before = earlier.and_then(|earlier| earlier.value.as_ref());
            let differences = match (before, &version.value) {
                (Some(before), Some(after)) => differences(before, after),
                _ => Vec::new(),
            };
            Entry { version: version.clone(), differences, is_first: earlier.is_none() }
        };
        Ok(versions.iter().enumerate().take(shown).map(entry).collect())
    }

    /// One version of a document.
    ///
    /// # Errors
    /// When there is none, or the store does not answer.
    pub async fn version(
        &self,
        (kind, name): (Kind, &str),
        revision: i64,
    ) -> Result<Version, EditError> {
        let mut tx = self.db.snapshot().await?;
        let version = history::version(&mut tx, kind, name, revision).await?;
        let mut version = version.ok_or(EditError::Nothing("there is no such version of it"))?;
        version.value = version.value.map(|value| object::shown(kind, value));
        Ok(version)
    }

    /// Brings back what was before the last change; a second undo brings the change back. Where
    /// `revision` names the last change, a later one is not undone by mistake.
    ///
    /// # Errors
    /// When there is nothing to undo, or it is not saved.
    pub async fn undo(
        &self,
        caller: &Caller,
        (kind, name): (Kind, &str),
        revision: Option<i64>,
        consent: bool,
    ) -> Result<Edited, EditError> {
        let mut tx = self.db.snapshot().await?;
        let versions = history::list(&mut tx, kind, name, i64::MAX, 2).await?;
        drop(tx);
        let mut versions = versions.into_iter();
        let last = versions.next().ok_or_else(|| missing(kind, name))?;
        if revision.is_some_and(|revision| revision != last.revision) {
            return Err(EditError::Conflict { conflicts: Vec::new(), revision: last.revision });
        }
        if last.way == KEPT {
            return Err(EditError::Nothing("what was before is not known"));
        }
        let before = versions.next().and_then(|version| version.value);
        let before = before.map(|value| object::shown(kind, value));
        self.bring_back(caller, (kind, name), &last, before, (Way::Undo, consent)).await
    }

    /// Brings an earlier version back.
    ///
    /// # Errors
    /// When there is no such version, or it is not saved.
    pub async fn restore(
        &self,
        caller: &Caller,
        (kind, name): (Kind, &str),
        revision: i64,
        consent: bool,
    ) -> Result<Edited, EditError> {
        let earlier = self.version((kind, name), revision).await?;
        if earlier.value.is_none() {
            return Err(EditError::Nothing("that version is the removal; delete it instead"));
        }
        let mut tx = self.db.snapshot().await?;
        let last = history::list(&mut tx, kind, name, i64::MAX, 1).await?.into_iter().next();
        drop(tx);
        let last = last.ok_or_else(|| missing(kind, name))?;
        self.bring_back(caller, (kind, name), &last, earlier.value, (Way::Restore, consent)).await
    }

    async fn bring_back(
        &self,
        caller: &Caller,
        of: (Kind, &str),
        last: &Version,
        value: Option<Value>,
        (way, consent): (Way, bool),
    ) -> Result<Edited, EditError> {
        self.edit(caller, of, Edit { value, base: Some(last.revision), way, consent }).await
    }
}
