//! The installation itself: how it stands, and releasing it after a restore.

use muster_core::incident::timeline::Actor;
use muster_store::{Engine, Lane, StoreError, audit, inbox, setting, timer};
use serde_json::json;

use crate::app::App;
use crate::ids;

/// How an installation stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Which database it stands on.
    pub engine: Engine,
    /// Whether nothing is sent until an operator releases it.
    pub held: bool,
    /// Messages that wait for triage, and since when (microseconds UTC).
    pub waiting: (i64, Option<i64>),
    /// Messages that are set aside.
    pub failed: i64,
    /// Incidents whose timers are due, and since when (microseconds UTC).
    pub incidents_due: (i64, Option<i64>),
    /// Deliveries that are due, and since when (microseconds UTC).
    pub deliveries_due: (i64, Option<i64>),
}

impl App {
    /// How the installation stands.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        let now = self.now();
        Ok(Standing {
            engine: self.db.engine(),
            held: setting::is_held(&self.db).await?,
            waiting: inbox::backlog(&self.db).await?,
            failed: inbox::failed_count(&self.db).await?,
            incidents_due: timer::overdue(&self.db, timer::Kind::Incident, now).await?,
            deliveries_due: timer::overdue(&self.db, timer::Kind::Delivery, now).await?,
        })
    }

    /// Lets a restored installation send again.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn release(&self, actor: &Actor) -> Result<(), StoreError> {
        let mut tx = self.db.begin(Lane::Command).await?;
        if setting::remove(&mut tx, setting::HELD).await? {
            let object = ("installation", String::new());
            let entry = self.audit_entry(actor, "installation.release", object, json!({}));
            audit::append(&mut tx, &entry, ids::random()).await?;
        }
        tx.commit().await?;
        self.wake.all();
        Ok(())
    }

    /// Writes down that somebody took a backup, which holds everything.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn note_backup(&self, actor: &Actor, sha256: &str) -> Result<(), StoreError> {
        let object = ("installation", String::new());
        let data = json!({ "sha256": sha256 });
        let entry = self.audit_entry(actor, "installation.backup", object, data);
        let mut tx = self.db.begin(Lane::Command).await?;
        audit::append(&mut tx, &entry, ids::random()).await?;
        tx.commit().await
    }
}
