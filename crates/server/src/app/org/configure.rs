//! Configuring a running installation: the same check, plan and apply as on a database alone, with
//! the change told to the live stream and the record, and taken into service at once.

use muster_core::incident::timeline::Actor;
use muster_store::event::{self, NewEvent};
use muster_store::org::config::RECORD_CONFLICT;
use muster_store::{Lane, StoreError, audit};
use serde_json::json;

use super::config::{self, Applied, Change, ConfigError, Plan, Surroundings, Wanted};
use crate::app::App;
use crate::app::snapshot::environment;
use crate::ids;

/// How often a change that another one overtook looks again.
const ATTEMPTS_MAX: u32 = 5;

impl App {
    /// What applying a configuration would change.
    ///
    /// # Errors
    /// Every problem of the configuration, or that the store does not answer.
    pub async fn plan_configuration(&self, text: &str) -> Result<Plan, ConfigError> {
        let wanted = config::check(text, None)?;
        config::plan(&self.db, &wanted, &self.surroundings()).await
    }

    /// Applies a configuration; from then on it is in force here, and soon on other nodes.
    ///
    /// # Errors
    /// Every problem of the configuration, or that the store does not answer; nothing has changed
    /// then.
    pub async fn apply_configuration(
        &self,
        text: &str,
        actor: &Actor,
    ) -> Result<Applied, ConfigError> {
        let wanted = config::check(text, None)?;
        let mut attempt = 1;
        let applied = loop {
            match self.try_apply(&wanted, actor).await {
                Err(ConfigError::Store(error))
                    if error.is_conflict_on(RECORD_CONFLICT) && attempt < ATTEMPTS_MAX =>
                {
                    attempt += 1;
                }
                outcome => break outcome?,
            }
        };
        if applied.is_change()
            && let Err(error) = self.reload().await
        {
            // It is stored and will be read at the next chance; until then the old one is in force.
            tracing::error!("the new configuration could not be taken into service: {error:#}");
        }
        Ok(applied)
    }

    async fn try_apply(&self, wanted: &Wanted, actor: &Actor) -> Result<Applied, ConfigError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        let name = actor.name();
        let applied = config::apply_in(&mut tx, wanted, name, &self.surroundings()).await?;
        if applied.is_change() {
            let subject = format!("revision {}", applied.revision);
            let changes: Vec<_> = applied.plan.changes.iter().map(in_words).collect();
            let object = ("configuration", applied.revision.to_string());
            let entry =
                self.audit_entry(actor, "config.apply", object, json!({ "changes": changes }));
            audit::append(&mut tx, &entry, ids::random()).await?;
            let news =
                NewEvent { kind: "config.applied".to_owned(), incident_number: None, subject };
            event::tell(&mut tx, self.now(), &[news]).await?;
        }
        tx.commit().await?;
        Ok(applied)
    }

    /// The configuration as a file.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn export_configuration(&self) -> Result<String, StoreError> {
        config::export(&self.db).await
    }

    pub(crate) fn surroundings(&self) -> Surroundings<'static> {
        Surroundings { now: self.now(), environment: &environment }
    }
}

fn in_words(change: &Change) -> String {
    format!("{} {} {}", change.action.name(), change.kind.name(), change.name)
}
