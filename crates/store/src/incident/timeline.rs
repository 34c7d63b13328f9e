//! The timeline as it is stored: only ever added to, and never a reason for an incident's version
//! to change.

use jiff::Timestamp;
use muster_core::id::{EntryId, IncidentId};
use muster_core::incident::timeline::Entry;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column, Kind};
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

/// Adds entries of incidents, each under the id made for it.
pub async fn append(
    tx: &mut Tx,
    entries: &[(EntryId, IncidentId, Entry)],
    recorded_at: Timestamp,
) -> Result<()> {
    const COLUMNS: [Column; 10] = [
        ("id", Kind::Uuid),
        ("incident_id", Kind::Uuid),
        ("at", Kind::Int),
        ("recorded_at", Kind::Int),
        ("kind", Kind::Text),
        ("actor_kind", Kind::Text),
        ("actor_id", Kind::Uuid),
        ("actor_name", Kind::Text),
        ("text", Kind::Text),
        ("data", Kind::Text),
    ];
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    let entries: Vec<_> = entries
        .iter()
        .map(|(id, incident, entry)| {
            args![
                *id,
                *incident,
                entry.at,
                recorded_at,
                entry.kind.name(),
                entry.actor.kind(),
                entry.actor.user(),
                clean(entry.actor.name()),
                clean(&entry.text),
                serde_json::Value::Object(entry.data.clone()).to_string()
            ]
        })
        .collect();
    rows::insert(tx, "timeline_entry", &COLUMNS, entries, "").await
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
