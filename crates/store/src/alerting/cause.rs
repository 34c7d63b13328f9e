//! Which alerts are causes that mute others (`D11`). Cause and symptom find each other by a digest of
//! what they have in common, whatever its length.

use muster_core::alerting::hold::Cause;
use muster_core::id::AlertId;
use sha2::{Digest as _, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Result, Sql, Tx, Value};

/// The digest of what a cause and its symptoms have in common.
pub fn tie(text: &str) -> Uuid {
    let digest = Sha256::digest(text.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(bytes)
}

/// Remembers new causes.
pub async fn insert(tx: &mut Tx, causes: &[(Uuid, AlertId)]) -> Result<()> {
    const COLUMNS: [Column; 2] = [("tie", Kind::Uuid), ("alert_id", Kind::Uuid)];
    let rows = causes.iter().map(|(tie, alert)| args![*tie, *alert]).collect();
    rows::insert(tx, "alert_cause", &COLUMNS, rows, "ON CONFLICT (tie, alert_id) DO NOTHING").await
}

/// The oldest cause that still fires, of each of these ties that has one.
pub async fn oldest(tx: &mut Tx, ties: &[Uuid]) -> Result<Vec<(Uuid, Cause)>> {
    const SELECT: Sql = Sql::differs(
        "SELECT k.tie, a.id, a.summary
         FROM (SELECT unhex(value) AS tie FROM json_each(?)) AS k JOIN alert AS a ON a.id = (
             SELECT c.alert_id FROM alert_cause AS c JOIN alert AS f ON f.id = c.alert_id
             WHERE c.tie = k.tie AND f.status <> 'resolved' ORDER BY c.alert_id LIMIT 1)",
        "SELECT k.tie, a.id, a.summary
         FROM unnest(CAST(? AS uuid[])) AS k (tie) JOIN alert AS a ON a.id = (
             SELECT c.alert_id FROM alert_cause AS c JOIN alert AS f ON f.id = c.alert_id
             WHERE c.tie = k.tie AND f.status <> 'resolved' ORDER BY c.alert_id LIMIT 1)",
    );
    #[derive(FromRow)]
    struct CauseRow {
        tie: Uuid,
        id: Uuid,
        summary: String,
    }
    if ties.is_empty() {
        return Ok(Vec::new());
    }
    let ties = Value::UuidList(ties.iter().map(|tie| Some(*tie)).collect());
    let rows: Vec<CauseRow> = tx.fetch_all(&SELECT, vec![ties]).await?;
    let cause = |row: CauseRow| (row.tie, Cause { id: AlertId(row.id), summary: row.summary });
    Ok(rows.into_iter().map(cause).collect())
}

/// Forgets causes that are over, at most `limit` of them; says how many.
pub async fn forget_resolved(tx: &mut Tx, limit: i64) -> Result<u64> {
    const DELETE: Sql = Sql::same(
        "DELETE FROM alert_cause WHERE (tie, alert_id) IN (
             SELECT c.tie, c.alert_id FROM alert_cause AS c JOIN alert AS a ON a.id = c.alert_id
             WHERE a.status = 'resolved' LIMIT ?)",
    );
    tx.execute(&DELETE, args![limit]).await
}
