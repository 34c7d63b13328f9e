//! Maintenance windows (`D12`): planned, in force and over.

use jiff::Timestamp;
use muster_core::alerting::maintenance::{Maintenance, WINDOWS_MAX};
use muster_core::alerting::rule::Rule;
use muster_core::id::{MaintenanceId, ServiceId};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// A window as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct MaintenanceRow {
    /// See [`MaintenanceId`].
    pub id: Uuid,
    /// Why, in words.
    pub reason: String,
    /// A JSON array of ids of services.
    pub services: String,
    /// A CEL rule.
    pub matcher: Option<String>,
    /// Microseconds UTC.
    pub starts_at: i64,
    /// Microseconds UTC.
    pub ends_at: i64,
    /// What status pages call it (`U5`); one without is not shown there.
    pub public_title: Option<String>,
    /// Who planned it.
    pub created_by: String,
    /// Microseconds UTC.
    pub created_at: i64,
    /// Who ended it before its time.
    pub ended_by: Option<String>,
    /// Grows with every change.
    pub version: i64,
}

macro_rules! columns {
    () => {
        "id, reason, services, matcher, starts_at, ends_at, public_title, created_by, created_at, ended_by, version"
    };
}

impl MaintenanceRow {
    /// The services it is about.
    pub fn service_ids(&self) -> Vec<ServiceId> {
        service_ids(&self.services)
    }

    /// The window as the rules read it. One whose rule is no longer understood covers nothing:
    /// paging too much is better than paging nobody.
    pub fn window(&self) -> Option<Maintenance> {
        let when = match self.matcher.as_deref().map(Rule::parse) {
            Some(Err(invalid)) => {
                tracing::error!(window = %MaintenanceId(self.id), "its rule is refused: {invalid}");
                return None;
            }
            Some(Ok(rule)) => Some(rule),
            None => None,
        };
        Some(Maintenance {
            id: MaintenanceId(self.id),
            reason: self.reason.clone(),
            services: self.service_ids(),
            when,
            from: Timestamp::from_microsecond(self.starts_at).ok()?,
            to: Timestamp::from_microsecond(self.ends_at).ok()?,
        })
    }
}

/// The windows that are in force at any instant from `from` to `to`. They do not change until the
/// transaction ends.
pub async fn in_force(tx: &mut Tx, from: Timestamp, to: Timestamp) -> Result<Vec<Maintenance>> {
    const SELECT: Sql = Sql::differs(
        concat!(
            "SELECT ",
            columns!(),
            " FROM maintenance WHERE ends_at > ? AND starts_at <= ? ORDER BY ends_at, id LIMIT ?"
        ),
        concat!(
            "SELECT ",
            columns!(),
            " FROM maintenance WHERE ends_at > ? AND starts_at <= ? ORDER BY ends_at, id LIMIT ?
             FOR SHARE"
        ),
    );
    let rows: Vec<MaintenanceRow> = tx.fetch_all(&SELECT, args![from, to, WINDOWS_MAX]).await?;
    Ok(rows.iter().filter_map(MaintenanceRow::window).collect())
}

/// The windows that are in force at an instant, for looking only.
pub async fn seen_in_force(tx: &mut Tx, at: Timestamp) -> Result<Vec<Maintenance>> {
    const SELECT: Sql = Sql::same(concat!(
        "SELECT ",
        columns!(),
        " FROM maintenance WHERE ends_at > ? AND starts_at <= ? ORDER BY ends_at, id LIMIT ?"
    ));
    let rows: Vec<MaintenanceRow> = tx.fetch_all(&SELECT, args![at, at, WINDOWS_MAX]).await?;
    Ok(rows.iter().filter_map(MaintenanceRow::window).collect())
}

/// Plans a window.
pub async fn insert(tx: &mut Tx, row: &MaintenanceRow) -> Result<()> {
    const INSERT: Sql = Sql::same(concat!(
        "INSERT INTO maintenance (",
        columns!(),
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ));
    let values = args![
        row.id,
        &row.reason,
        &row.services,
        row.matcher.as_deref(),
        row.starts_at,
        row.ends_at,
        row.public_title.as_deref(),
        &row.created_by,
        row.created_at,
        row.ended_by.as_deref(),
        row.version
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Services out of how they are stored.
pub(crate) fn service_ids(text: &str) -> Vec<ServiceId> {
    let texts: Vec<String> = serde_json::from_str(text).unwrap_or_default();
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Services as they are stored.
pub fn services_text(services: &[ServiceId]) -> String {
    let texts: Vec<_> = services.iter().map(ToString::to_string).collect();
    json!(texts).to_string()
}

/// One window, which nobody else changes until the transaction ends.
pub async fn lock(tx: &mut Tx, id: MaintenanceId) -> Result<Option<MaintenanceRow>> {
    const SELECT: Sql = Sql::differs(
        concat!("SELECT ", columns!(), " FROM maintenance WHERE id = ?"),
        concat!("SELECT ", columns!(), " FROM maintenance WHERE id = ? FOR UPDATE"),
    );
    tx.fetch_optional(&SELECT, args![id]).await
}

/// Moves the end of a window.
pub async fn set_end(
    tx: &mut Tx,
    id: MaintenanceId,
    ends_at: Timestamp,
    ended_by: Option<&str>,
) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE maintenance SET ends_at = ?, ended_by = ?, version = version + 1 WHERE id = ?",
    );
    tx.execute(&UPDATE, args![ends_at, ended_by, id]).await?;
    Ok(())
}

/// How many windows are planned or in force.
pub async fn count(tx: &mut Tx, now: Timestamp) -> Result<i64> {
    const SELECT: Sql = Sql::same("SELECT count(*) FROM maintenance WHERE ends_at > ?");
    let (count,): (i64,) = tx.fetch_one(&SELECT, args![now]).await?;
    Ok(count)
}

/// One window.
pub async fn get(db: &Db, id: MaintenanceId) -> Result<Option<MaintenanceRow>> {
    const SELECT: Sql = Sql::same(concat!("SELECT ", columns!(), " FROM maintenance WHERE id = ?"));
    db.fetch_optional(&SELECT, args![id]).await
}

/// Windows by id from the newest on, older than `before`; with `over` also those that are over.
pub async fn list(
    db: &Db,
    over: bool,
    now: Timestamp,
    before: Option<MaintenanceId>,
    limit: i64,
) -> Result<Vec<MaintenanceRow>> {
    let mut text = concat!("SELECT ", columns!(), " FROM maintenance WHERE true").to_owned();
    let mut values = vec![];
    if !over {
        text.push_str(" AND ends_at > ?");
        values.extend(args![now]);
    }
    if let Some(before) = before {
        text.push_str(" AND id < ?");
        values.extend(args![before]);
    }
    text.push_str(" ORDER BY id DESC LIMIT ?");
    values.extend(args![limit]);
    db.fetch_all(&Sql::built(text), values).await
}
