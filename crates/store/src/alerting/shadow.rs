//! Shadow mode (`D8`): the incidents that would have been opened, with the pages that would have
//! gone out.

use jiff::Timestamp;
use muster_core::alerting::triage::Candidate;
use muster_core::id::{AlertId, IncidentId, ServiceId};
use muster_core::incident::lifecycle::Status;
use muster_core::incident::severity::Level;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};

/// An incident that would have been opened. It has the id of its first alert.
#[derive(Debug, Clone)]
pub struct NewShadow {
    /// Its first alert.
    pub id: AlertId,
    /// What it would have been about.
    pub service: ServiceId,
    /// How bad it would have been.
    pub severity: Level,
    /// When its first alert was received.
    pub first_alert_at: Timestamp,
    /// What its first alert's grouping labels were.
    pub grouping_value: String,
    /// The client's own grouping key of its first alert.
    pub group_key: Option<String>,
    /// How many alerts it would have had.
    pub alert_count: i64,
    /// A JSON array: who would have been paged, when and by what.
    pub pages: String,
}

/// An incident that would have been opened, as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct ShadowRow {
    /// Its first alert.
    pub id: Uuid,
    /// See [`ServiceId`].
    pub service_id: Uuid,
    /// How bad it would have been.
    pub severity: i64,
    /// Microseconds UTC.
    pub first_alert_at: i64,
    /// What its first alert's grouping labels were.
    pub grouping_value: String,
    /// The client's own grouping key of its first alert.
    pub group_key: Option<String>,
    /// How many alerts it would have had.
    pub alert_count: i64,
    /// A JSON array: who would have been paged, when and by what.
    pub pages: String,
}

macro_rules! columns {
    () => {
        "id, service_id, severity, first_alert_at, grouping_value, group_key, alert_count, pages"
    };
}

/// What further alerts of these services would join, the newest first.
pub async fn candidates(
    tx: &mut Tx,
    services: &[ServiceId],
    limit: i64,
) -> Result<Vec<(ServiceId, Candidate)>> {
    const SELECT: Sql = Sql::differs(
        concat!(
            "SELECT ",
            columns!(),
            " FROM shadow_incident WHERE service_id IN (SELECT unhex(value) FROM json_each(?))
             ORDER BY first_alert_at DESC LIMIT ?"
        ),
        concat!(
            "SELECT ",
            columns!(),
            " FROM shadow_incident WHERE service_id = ANY(?)
             ORDER BY first_alert_at DESC LIMIT ?"
        ),
    );
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let services = Value::UuidList(services.iter().map(|id| Some(id.0)).collect());
    let rows: Vec<ShadowRow> = tx.fetch_all(&SELECT, vec![services, limit.into()]).await?;
    rows.into_iter()
        .map(|row| {
            let level = u8::try_from(row.severity).ok().and_then(Level::new);
            let severity =
                level.ok_or_else(|| StoreError::Corrupt("shadow severity".to_owned()))?;
            let candidate = Candidate {
                is_restricted: false,
                id: IncidentId(row.id),
                severity,
                status: Status::Triggered,
                first_alert_at: Timestamp::from_microsecond(row.first_alert_at).ok(),
                grouping_value: row.grouping_value,
                group_key: row.group_key,
            };
            Ok((ServiceId(row.service_id), candidate))
        })
        .collect()
}

/// Records incidents that would have been opened.
pub async fn insert(tx: &mut Tx, shadows: &[NewShadow]) -> Result<()> {
    const COLUMNS: [Column; 8] = [
        ("id", Kind::Uuid),
        ("service_id", Kind::Uuid),
        ("severity", Kind::Int),
        ("first_alert_at", Kind::Int),
        ("grouping_value", Kind::Text),
        ("group_key", Kind::Text),
        ("alert_count", Kind::Int),
        ("pages", Kind::Text),
    ];
    let row = |shadow: &NewShadow| {
        args![
            shadow.id,
            shadow.service,
            shadow.severity.number(),
            shadow.first_alert_at,
            super::alert::clean(&shadow.grouping_value),
            shadow.group_key.as_deref().map(super::alert::clean),
            shadow.alert_count,
            &shadow.pages
        ]
    };
    let rows = shadows.iter().map(row).collect();
    rows::insert(tx, "shadow_incident", &COLUMNS, rows, "").await
}

/// Counts further alerts.
pub async fn count(tx: &mut Tx, more: &[(IncidentId, i64)]) -> Result<()> {
    const COLUMNS: [Column; 2] = [("id", Kind::Uuid), ("more", Kind::Int)];
    let rows = more.iter().map(|(id, more)| args![*id, *more]).collect();
    rows::execute(tx, &COLUMNS, rows, |batch| {
        format!(
            "UPDATE shadow_incident SET alert_count = alert_count + batch.more FROM {batch}
             WHERE shadow_incident.id = batch.id"
        )
    })
    .await?;
    Ok(())
}

/// Incidents of a service that would have been opened from `from` on and before `to`, the newest
/// first.
pub async fn list(
    db: &Db,
    service: ServiceId,
    from: Timestamp,
    to: Timestamp,
    limit: i64,
) -> Result<Vec<ShadowRow>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM shadow_incident WHERE service_id = ? AND first_alert_at >= ? AND first_alert_at < ?
         ORDER BY first_alert_at DESC, id DESC LIMIT ?"
    ));
    db.fetch_all(&SELECT, args![service, from, to, limit]).await
}

/// Forgets what would have been opened before `cutoff`, at most `limit` of it; says how many.
pub async fn forget(tx: &mut Tx, cutoff: Timestamp, limit: i64) -> Result<u64> {
    const DELETE: Sql = Sql::same(
        "DELETE FROM shadow_incident WHERE id IN (
             SELECT id FROM shadow_incident WHERE first_alert_at < ?
             ORDER BY first_alert_at LIMIT ?)",
    );
    tx.execute(&DELETE, args![cutoff, limit]).await
}
