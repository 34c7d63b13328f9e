//! Applying a configuration: look, decide, write, in one transaction. Either all of it holds
//! afterwards or nothing changed, and a configuration that holds already changes nothing.

use jiff::Timestamp;
use muster_store::org::config::{self, Change as Recorded, RECORD_CONFLICT};
use muster_store::org::document::Item;
use muster_store::org::history::{self, Version};
use muster_store::{Db, Lane, StoreError, Tx};
use serde_json::Value;

use super::plan::{Action, Plan, Surroundings, decide};
use super::{ConfigError, Wanted};

/// How often a change that another one overtook looks again.
const ATTEMPTS_MAX: u32 = 5;

/// What was applied.
#[derive(Debug, Clone)]
pub struct Applied {
    /// What was changed.
    pub plan: Plan,
    /// The revision that holds now.
    pub revision: i64,
}

impl Applied {
    /// Whether anything was changed.
    pub fn is_change(&self) -> bool {
        !self.plan.is_empty()
    }
}

/// What applying would change.
pub async fn plan(
    db: &Db,
    wanted: &Wanted,
    surroundings: &Surroundings<'_>,
) -> Result<Plan, ConfigError> {
    let mut tx = db.snapshot().await?;
    decide(&config::stored(&mut tx).await?, wanted, surroundings)
}

/// Applies a configuration on behalf of `actor`.
pub async fn apply(
    db: &Db,
    wanted: &Wanted,
    actor: &str,
    surroundings: &Surroundings<'_>,
) -> Result<Applied, ConfigError> {
    let mut attempt = 1;
    loop {
        match attempt_apply(db, wanted, actor, surroundings).await {
            Err(ConfigError::Store(error))
                if error.is_conflict_on(RECORD_CONFLICT) && attempt < ATTEMPTS_MAX =>
            {
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn attempt_apply(
    db: &Db,
    wanted: &Wanted,
    actor: &str,
    surroundings: &Surroundings<'_>,
) -> Result<Applied, ConfigError> {
    let mut tx = db.begin(Lane::Command).await?;
    let applied = apply_in(&mut tx, wanted, actor, surroundings).await?;
    tx.commit().await?;
    Ok(applied)
}

/// Applies a configuration inside a transaction that the caller commits. A conflict on
/// [`RECORD_CONFLICT`] means that another change was faster: roll back and try again.
pub async fn apply_in(
    tx: &mut Tx,
    wanted: &Wanted,
    actor: &str,
    surroundings: &Surroundings<'_>,
) -> Result<Applied, ConfigError> {
    let plan = decide(&config::stored(tx).await?, wanted, surroundings)?;
    let revision = if plan.is_empty() { plan.base } else { plan.base + 1 };
    if !plan.is_empty() {
        write(tx, &plan, revision, (actor, wanted.way), surroundings.now).await?;
    }
    Ok(Applied { plan, revision })
}

async fn write(
    tx: &mut Tx,
    plan: &Plan,
    revision: i64,
    (actor, way): (&str, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    // The record comes first: of two changes on the same revision one fails here, before it has
    // written anything that the other did not see.
    let summary = plan.summary();
    config::record(tx, &Recorded { revision, at: now, actor: actor.to_owned(), summary }).await?;
    let version = |value: Option<&Value>| Version {
        revision,
        at: now,
        actor: actor.to_owned(),
        way: way.to_owned(),
        value: value.cloned(),
    };
    for object in &plan.objects {
        config::put(tx, object, now).await?;
        let Item { kind, name, value } = &object.item;
        history::keep(tx, *kind, name, &version(Some(value))).await?;
    }
    for change in plan.changes.iter().filter(|change| change.action == Action::Delete) {
        config::remove(tx, change.kind, &change.name, revision, now).await?;
        history::keep(tx, change.kind, &change.name, &version(None)).await?;
    }
    Ok(())
}
