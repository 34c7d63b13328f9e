//! Events for the live stream: small notices that something changed, told in the transaction that
//! changed it. They carry no truth; a reader who missed some reads the objects themselves.

use jiff::Timestamp;
use muster_core::id::ChangeId;
use sqlx::FromRow;

use crate::args;
use crate::db::{Db, Engine, Result, Sql, Tx};

/// Something that changed.
#[derive(Debug, Clone, FromRow)]
pub struct EventRow {
    /// Grows; the `id` of the stream.
    pub seq: i64,
    /// Microseconds UTC.
    pub at: i64,
    /// Such as `incident.acknowledged`.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// The incident people would say, if it is about one.
    pub incident_number: Option<i64>,
    /// The change people would say, if it is about one.
    pub change_number: Option<i64>,
    /// The wire id of what changed.
    pub subject: String,
    /// Whether that incident is restricted now: only who sees it may be told.
    pub restricted: bool,
}

/// Something about to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Such as `incident.acknowledged`.
    pub kind: String,
    /// The incident people would say, if it is about one.
    pub incident_number: Option<i64>,
    /// The wire id of what changed.
    pub subject: String,
}

/// Tells what changed, in order.
pub async fn tell(tx: &mut Tx, at: Timestamp, events: &[NewEvent]) -> Result<()> {
    const INSERT: Sql = Sql::differs(
        "INSERT INTO event (at, type, incident_number, subject)
         SELECT ?2, value ->> 'kind', value ->> 'number', value ->> 'subject' FROM json_each(?1)",
        "INSERT INTO event (at, type, incident_number, subject)
         SELECT ?2, kind, number, subject
         FROM json_to_recordset(CAST(?1 AS json)) AS batch (kind text, number bigint, subject text)",
    );
    if events.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = events
        .iter()
        .map(|event| {
            serde_json::json!({
                "kind": event.kind,
                "number": event.incident_number,
                "subject": event.subject,
            })
        })
        .collect();
    tx.execute(&INSERT, args![serde_json::Value::Array(rows).to_string(), at]).await?;
    Ok(())
}

/// Tells what happened to a change, in order; with the number of an incident, only to whoever sees that
/// one.
pub async fn tell_of_change(
    tx: &mut Tx,
    at: Timestamp,
    kinds: &[String],
    (change, number): (ChangeId, i64),
    incident_number: Option<i64>,
) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO event (at, type, incident_number, change_number, subject)
         VALUES (?, ?, ?, ?, ?)",
    );
    for kind in kinds {
        let subject = change.to_string();
        tx.execute(&INSERT, args![at, kind, incident_number, number, subject]).await?;
    }
    Ok(())
}

/// Events after the one at `seq`, in the order of their transactions. On PostgreSQL the order of
/// places is not the order of commits, so only events below the oldest running transaction are told,
/// and what a slow transaction told follows later although its place may be lower; a place that is
/// more than a thousand behind is not waited for.
pub async fn after(db: &Db, seq: i64, limit: i64) -> Result<Vec<EventRow>> {
    const SELECT: Sql = Sql::differs(
        "SELECT seq, at, type, incident_number, change_number, subject,
             coalesce((SELECT restricted FROM incident WHERE number = incident_number), 0)
                 AS restricted
         FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        "SELECT seq, at, type, incident_number, change_number, subject,
             coalesce((SELECT restricted FROM incident WHERE number = incident_number), false)
                 AS restricted
         FROM event
         WHERE seq > ?1 - 1000
             AND (xid, seq) > (coalesce((SELECT xid FROM event WHERE seq = ?1), 0), ?1)
             AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         ORDER BY xid, seq LIMIT ?2",
    );
    db.fetch_all(&SELECT, args![seq, limit]).await
}

/// The place of the event after which everything is still to be told; 0 when there is none.
pub async fn newest(db: &Db) -> Result<i64> {
    const SELECT: Sql = Sql::differs(
        "SELECT coalesce(max(seq), 0) FROM event",
        "SELECT coalesce((SELECT seq FROM event
                          WHERE seq > (SELECT max(seq) FROM event) - 1000
                              AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                          ORDER BY xid DESC, seq DESC LIMIT 1), 0)",
    );
    let (seq,): (i64,) = db.fetch_one(&SELECT, vec![]).await?;
    Ok(seq)
}

/// Whether a running transaction holds events back that others have told already.
pub async fn is_held_back(db: &Db) -> Result<bool> {
    const SELECT: Sql = Sql::same(
        "SELECT EXISTS (SELECT 1 FROM event WHERE seq > (SELECT max(seq) FROM event) - 1000
             AND xid >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint)",
    );
    if db.engine() == Engine::Sqlite {
        return Ok(false);
    }
    let (held_back,): (bool,) = db.fetch_one(&SELECT, vec![]).await?;
    Ok(held_back)
}

/// Forgets events older than `cutoff`.
pub async fn forget(tx: &mut Tx, cutoff: Timestamp) -> Result<u64> {
    const DELETE: Sql = Sql::same("DELETE FROM event WHERE at < ?");
    tx.execute(&DELETE, args![cutoff]).await
}
