//! Alerts that fire and have no incident: what is known of their firings, what becomes of them, and
//! when they are looked at again.

use jiff::Timestamp;
use muster_core::alerting::hold::Hold;
use muster_core::id::{AlertId, IncidentId};
use uuid::Uuid;

use super::alert::{clean, firings_text, status_of};
use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Result, Sql, Tx, Value};

/// What an alert that fires has become.
#[derive(Debug, Clone)]
pub struct Amended {
    /// The alert.
    pub id: AlertId,
    /// The level; informational alerts have none.
    pub severity: Option<u8>,
    /// The incident it opened or joined.
    pub incident: Option<IncidentId>,
    /// What still keeps it from having one.
    pub hold: Option<Hold>,
    /// The firings that its guard counts.
    pub firings: Vec<Timestamp>,
    /// Why nobody was paged, in words.
    pub not_paged: Option<String>,
    /// Why it was rated and grouped as it was.
    pub decision: String,
}

/// Writes down what became of alerts that go on.
pub async fn amend(tx: &mut Tx, alerts: &[Amended]) -> Result<()> {
    const COLUMNS: [Column; 10] = [
        ("id", Kind::Uuid),
        ("severity", Kind::Int),
        ("status", Kind::Text),
        ("incident_id", Kind::Uuid),
        ("held", Kind::Text),
        ("held_until", Kind::Int),
        ("held_by", Kind::Uuid),
        ("firings", Kind::Text),
        ("not_paged", Kind::Text),
        ("decision", Kind::Text),
    ];
    let row = |alert: &Amended| {
        let hold = alert.hold.as_ref();
        args![
            alert.id,
            alert.severity,
            status_of(hold).name(),
            alert.incident,
            hold.map(|hold| hold.held.name()),
            hold.and_then(|hold| hold.until),
            hold.and_then(|hold| hold.by),
            firings_text(&alert.firings),
            alert.not_paged.as_deref().map(clean),
            clean(&alert.decision)
        ]
    };
    rows::update(tx, "alert", &["id"], &COLUMNS, alerts.iter().map(row).collect()).await?;
    Ok(())
}

/// What an alert has done so far.
#[derive(Debug, Clone)]
pub struct Record {
    /// When it began to fire.
    pub first_at: Timestamp,
    /// The firings that its guard counts.
    pub firings: Vec<Timestamp>,
    /// Why it was routed and rated as it was.
    pub decision: String,
}

/// What these alerts have done so far.
pub async fn records(tx: &mut Tx, ids: &[AlertId]) -> Result<Vec<(AlertId, Record)>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, first_at, firings, decision FROM alert
         WHERE id IN (SELECT unhex(value) FROM json_each(?))",
        "SELECT id, first_at, firings, decision FROM alert WHERE id = ANY(?)",
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = Value::UuidList(ids.iter().map(|id| Some(id.0)).collect());
    let rows: Vec<(Uuid, i64, Option<String>, String)> = tx.fetch_all(&SELECT, vec![ids]).await?;
    let record = |(id, first_at, firings, decision): (_, _, Option<String>, _)| {
        let first_at = Timestamp::from_microsecond(first_at).unwrap_or_default();
        (AlertId(id), Record { first_at, firings: read_firings(firings.as_deref()), decision })
    };
    Ok(rows.into_iter().map(record).collect())
}

/// Firings from their stored form.
pub fn read_firings(text: Option<&str>) -> Vec<Timestamp> {
    let micros: Vec<i64> =
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    micros.into_iter().filter_map(|micros| Timestamp::from_microsecond(micros).ok()).collect()
}

/// Lets the alerts that any of these hold back (a window, a cause) be looked at again at `due_at`.
pub async fn wake_held_by(
    tx: &mut Tx,
    holders: &[Uuid],
    due_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    const UPSERT: Sql = Sql::differs(
        "INSERT INTO timer (kind, id, due_at, fence, generation)
         SELECT 'alert', id, ?2, ?3, 1 FROM alert
         WHERE held_by IN (SELECT unhex(value) FROM json_each(?1)) AND status = 'suppressed'
         ON CONFLICT (kind, id) DO UPDATE SET due_at = excluded.due_at, lease_until = NULL,
             fence = timer.fence + 1, generation = timer.generation + 1",
        "INSERT INTO timer (kind, id, due_at, fence, generation)
         SELECT 'alert', id, ?2, ?3, 1 FROM alert
         WHERE held_by = ANY(?1) AND status = 'suppressed'
         ON CONFLICT (kind, id) DO UPDATE SET due_at = excluded.due_at, lease_until = NULL,
             fence = timer.fence + 1, generation = timer.generation + 1",
    );
    if holders.is_empty() {
        return Ok(());
    }
    let holders = Value::UuidList(holders.iter().map(|id| Some(*id)).collect());
    tx.execute(&UPSERT, vec![holders, due_at.into(), now.into()]).await?;
    Ok(())
}

/// Says of the alerts that a window holds back until when and why.
pub async fn describe_held_by(
    tx: &mut Tx,
    holder: Uuid,
    until: Timestamp,
    not_paged: &str,
) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE alert SET held_until = ?, not_paged = ?
         WHERE held_by = ? AND status = 'suppressed'",
    );
    tx.execute(&UPDATE, args![until, clean(not_paged), holder]).await?;
    Ok(())
}

/// How many alerts each of these windows holds back now; those that hold none are left out.
pub async fn count_held_by(db: &Db, holders: &[Uuid]) -> Result<Vec<(Uuid, i64)>> {
    const SELECT: Sql = Sql::differs(
        "SELECT held_by, count(*) FROM alert
         WHERE held_by IN (SELECT unhex(value) FROM json_each(?)) AND status = 'suppressed'
         GROUP BY held_by",
        "SELECT held_by, count(*) FROM alert
         WHERE held_by = ANY(?) AND status = 'suppressed' GROUP BY held_by",
    );
    if holders.is_empty() {
        return Ok(Vec::new());
    }
    let holders = Value::UuidList(holders.iter().map(|id| Some(*id)).collect());
    db.fetch_all(&SELECT, vec![holders]).await
}
