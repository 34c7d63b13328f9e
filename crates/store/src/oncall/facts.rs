//! What an escalation asks about an incident: its first alert, and when its alerts came.

use jiff::Timestamp;
use muster_core::alerting::signal::Signal;
use muster_core::id::{IncidentId, IntegrationId};
use serde_json::{Map, Value as Json};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx};

const FIRST: Sql = Sql::same(
    "SELECT integration_id, dedup_key, summary, source, component, grp, class, labels, details
     FROM alert WHERE incident_id = ? ORDER BY id LIMIT 1",
);
const TIMES: Sql =
    Sql::same("SELECT first_at FROM alert WHERE incident_id = ? ORDER BY id DESC LIMIT ?");

#[derive(FromRow)]
struct FirstRow {
    integration_id: Uuid,
    dedup_key: String,
    summary: String,
    source: String,
    component: String,
    grp: String,
    class: String,
    labels: String,
    details: String,
}

impl FirstRow {
    fn signal(self) -> Result<(IntegrationId, Signal)> {
        let corrupt = |error: serde_json::Error| StoreError::Corrupt(error.to_string());
        let labels: Vec<(String, String)> = serde_json::from_str(&self.labels).map_err(corrupt)?;
        let details: Map<String, Json> = serde_json::from_str(&self.details).map_err(corrupt)?;
        let signal = Signal {
            source: self.source,
            component: self.component,
            group: self.grp,
            class: self.class,
            labels,
            details,
            ..Signal::trigger(self.dedup_key, self.summary)
        };
        Ok((IntegrationId(self.integration_id), signal))
    }
}

fn instants(rows: Vec<(i64,)>) -> Vec<Timestamp> {
    rows.into_iter().filter_map(|(at,)| Timestamp::from_microsecond(at).ok()).collect()
}

/// The signal that opened an incident, as it is kept, and where it came in.
pub async fn first(tx: &mut Tx, id: IncidentId) -> Result<Option<(IntegrationId, Signal)>> {
    let row: Option<FirstRow> = tx.fetch_optional(&FIRST, args![id]).await?;
    row.map(FirstRow::signal).transpose()
}

/// As [`first`], to look at.
pub async fn read_first(db: &Db, id: IncidentId) -> Result<Option<(IntegrationId, Signal)>> {
    let row: Option<FirstRow> = db.fetch_optional(&FIRST, args![id]).await?;
    row.map(FirstRow::signal).transpose()
}

/// When the newest alerts of an incident first came, at most `limit` of them.
pub async fn times(tx: &mut Tx, id: IncidentId, limit: u32) -> Result<Vec<Timestamp>> {
    Ok(instants(tx.fetch_all(&TIMES, args![id, limit]).await?))
}

/// As [`times`], to look at.
pub async fn read_times(db: &Db, id: IncidentId, limit: u32) -> Result<Vec<Timestamp>> {
    Ok(instants(db.fetch_all(&TIMES, args![id, limit]).await?))
}
