//! The timeline as it is stored: only ever added to, and never a reason for an incident's version
//! to change.

use jiff::Timestamp;
use muster_core::id::{EntryId, IncidentId};
use muster_core::incident::timeline::Entry;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// An entry as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct EntryRow {
    /// See [`EntryId`]; later entries sort after earlier ones.
    pub id: Uuid,
    /// See [`IncidentId`].
    pub incident_id: Uuid,
    /// When it happened, microseconds UTC.
    pub at: i64,
    /// When it was written down, microseconds UTC.
    pub recorded_at: i64,
    /// The name of a [`muster_core::incident::timeline::Kind`].
    pub kind: String,
    /// `user`, `integration`, `token` or `system`.
    pub actor_kind: String,
    /// The person, if it was one.
    pub actor_id: Option<Uuid>,
    /// What they were called then.
    pub actor_name: String,
    /// A sentence for people.
    pub text: String,
    /// A JSON object.
    pub data: String,
}

/// Adds entries, each under the id made for it.
pub async fn append(
    tx: &mut Tx,
    incident: IncidentId,
    entries: &[(EntryId, Entry)],
    recorded_at: Timestamp,
) -> Result<()> {
    const INSERT: Sql = Sql::differs(
        "INSERT INTO timeline_entry (id, incident_id, at, recorded_at, kind, actor_kind, actor_id,
             actor_name, text, data)
         SELECT unhex(value ->> 'id'), ?2, value ->> 'at', ?3, value ->> 'kind',
             value ->> 'actor_kind', unhex(value ->> 'actor_id'), value ->> 'actor_name',
             value ->> 'text', value ->> 'data'
         FROM json_each(?1)",
        "INSERT INTO timeline_entry (id, incident_id, at, recorded_at, kind, actor_kind, actor_id,
             actor_name, text, data)
         SELECT id::uuid, ?2, at, ?3, kind, actor_kind, actor_id::uuid, actor_name, text, data
         FROM json_to_recordset(CAST(?1 AS json)) AS batch (id text, at bigint, kind text,
             actor_kind text, actor_id text, actor_name text, text text, data text)",
    );
    if entries.is_empty() {
        return Ok(());
    }
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    let rows: Vec<_> = entries
        .iter()
        .map(|(id, entry)| {
            serde_json::json!({
                "id": id.0.as_simple().to_string(),
                "at": entry.at.as_microsecond(),
                "kind": entry.kind.name(),
                "actor_kind": entry.actor.kind(),
                "actor_id": entry.actor.user().map(|user| user.0.as_simple().to_string()),
                "actor_name": clean(entry.actor.name()),
                "text": clean(&entry.text),
                "data": serde_json::Value::Object(entry.data.clone()).to_string(),
            })
        })
        .collect();
    let rows = serde_json::Value::Array(rows).to_string();
    tx.execute(&INSERT, args![rows, incident, recorded_at]).await?;
    Ok(())
}

/// An incident's entries in order, after `after`.
pub async fn list(
    db: &Db,
    incident: IncidentId,
    after: Option<EntryId>,
    limit: i64,
) -> Result<Vec<EntryRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data
         FROM timeline_entry WHERE incident_id = ? AND id > ? ORDER BY id LIMIT ?",
    );
    let after = after.map_or(Uuid::nil(), |id| id.0);
    db.fetch_all(&SELECT, args![incident, after, limit]).await
}

/// An incident's newest entries, the newest first.
pub async fn newest(db: &Db, incident: IncidentId, limit: i64) -> Result<Vec<EntryRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, incident_id, at, recorded_at, kind, actor_kind, actor_id, actor_name, text, data
         FROM timeline_entry WHERE incident_id = ? ORDER BY id DESC LIMIT ?",
    );
    db.fetch_all(&SELECT, args![incident, limit]).await
}

/// The place of an entry among its incident's, counted from 1.
pub async fn place(db: &Db, incident: IncidentId, entry: EntryId) -> Result<i64> {
    const SELECT: Sql =
        Sql::same("SELECT count(*) FROM timeline_entry WHERE incident_id = ? AND id <= ?");
    let (place,): (i64,) = db.fetch_one(&SELECT, args![incident, entry]).await?;
    Ok(place)
}
