//! Drafts of documents: begun, saved as often as one likes, published or thrown away. A draft may be
//! unfinished; what is wrong with it is said, and counts when it is published.

use jiff::Timestamp;
use muster_store::Lane;
use muster_store::org::config as store;
use muster_store::org::document::Kind;
use muster_store::org::draft::{self, Draft};
use serde_json::Value;

use super::super::config::{ConfigError, Problem, decide, object};
use super::{Current, Edit, EditError, Edited, Way, current};
use crate::app::App;
use crate::app::access::Caller;

/// A draft and what is wrong with it.
#[derive(Debug, Clone)]
pub struct DraftOf {
    /// The draft.
    pub draft: Draft,
    /// What keeps it from being published.
    pub problems: Vec<Problem>,
    /// Whether the document has changed since the draft was begun.
    pub is_behind: bool,
}

/// What there is of a document besides what is in force.
#[derive(Debug, Clone, Default)]
pub struct Drafts {
    /// The caller's own.
    pub own: Option<DraftOf>,
    /// Who else has one, and since when it is as it is.
    pub others: Vec<(String, Timestamp)>,
}

impl App {
    /// The drafts of a document.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn drafts(
        &self,
        caller: &Caller,
        (kind, name): (Kind, &str),
    ) -> Result<Drafts, EditError> {
        let mut tx = self.db.snapshot().await?;
        let all = draft::list(&mut tx, kind, name).await?;
        let stored = store::stored(&mut tx).await?;
        drop(tx);
        let mut drafts = Drafts::default();
        for draft in all {
            if draft.actor == caller.actor.name() {
                let now = current(&stored, kind, name).map_or(0, |current| current.revision);
                let problems = self.problems(&stored, (kind, name), &draft.value)?;
                let is_behind = draft.base != now;
                drafts.own = Some(DraftOf { draft, problems, is_behind });
            } else {
                drafts.others.push((draft.actor, draft.updated_at));
            }
        }
        Ok(drafts)
    }

    /// Saves the caller's draft. The first one is begun on the document as it stands unless it says
    /// otherwise; a later one keeps what the first was begun on.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn save_draft(
        &self,
        caller: &Caller,
        (kind, name): (Kind, &str),
        value: Value,
        base: Option<i64>,
    ) -> Result<(), EditError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let actor = caller.actor.name();
        let earlier = draft::list(&mut tx, kind, name).await?;
        let earlier = earlier.into_iter().find(|draft| draft.actor == actor);
        let base = match (base, earlier) {
            (Some(base), _) => base,
            (None, Some(earlier)) => earlier.base,
            (None, None) => {
                let stored = store::stored(&mut tx).await?;
                current(&stored, kind, name).map_or(0, |current| current.revision)
            }
        };
        let draft = Draft { actor: actor.to_owned(), base, updated_at: self.now(), value };
        draft::put(&mut tx, kind, name, &draft).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Publishes the caller's draft, which is gone then.
    ///
    /// # Errors
    /// When there is none, or it is not saved; the draft stays then.
    pub async fn publish_draft(
        &self,
        caller: &Caller,
        (kind, name): (Kind, &str),
        consent: bool,
    ) -> Result<Edited, EditError> {
        let mut tx = self.db.snapshot().await?;
        let drafts = draft::list(&mut tx, kind, name).await?;
        drop(tx);
        let draft = drafts.into_iter().find(|draft| draft.actor == caller.actor.name());
        let draft = draft.ok_or(EditError::Nothing("you have no draft of it"))?;
        let base = Some(draft.base).filter(|base| *base > 0);
        let edit = Edit { value: Some(draft.value), base, way: Way::Publish, consent };
        self.edit(caller, (kind, name), edit).await
    }

    /// Throws the caller's draft away.
    ///
    /// # Errors
    /// When there is none, or the store does not answer.
    pub async fn drop_draft(
        &self,
        caller: &Caller,
        (kind, name): (Kind, &str),
    ) -> Result<(), EditError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let was_there = draft::remove(&mut tx, kind, name, caller.actor.name()).await?;
        tx.commit().await?;
        if was_there { Ok(()) } else { Err(EditError::Nothing("you have no draft of it")) }
    }

    /// What keeps a document from being saved as it is.
    fn problems(
        &self,
        stored: &store::Stored,
        (kind, name): (Kind, &str),
        value: &Value,
    ) -> Result<Vec<Problem>, EditError> {
        let planned = object::edited(stored, (kind, name), Some(value), Way::Publish.name())
            .and_then(|(wanted, place)| {
                let planned = decide(stored, &wanted, &self.surroundings());
                planned.map_err(|error| match error {
                    ConfigError::Invalid(problems) => place.relative(problems).into(),
                    error => error,
                })
            });
        match planned {
            Ok(_) => Ok(Vec::new()),
            Err(ConfigError::Invalid(problems)) => Ok(problems),
            Err(ConfigError::Store(error)) => Err(error.into()),
        }
    }
}

impl Current {
    /// The revision that an edit names.
    pub fn tag(&self) -> String {
        format!("\"{}\"", self.revision)
    }
}
