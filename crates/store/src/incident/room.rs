//! Rooms of incidents in chats as they are stored: one text each. Its form has a version, because rows
//! outlive releases.

use jiff::Timestamp;
use muster_core::id::{EntryId, IncidentId};
use muster_core::incident::room::Room;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    provider: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    taken: u32,
    #[serde(default)]
    topic: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    invited: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kept: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    posted: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    private: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lost: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    archived: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    given_up: bool,
    #[serde(default)]
    failures: u32,
    /// Microseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_at: Option<i64>,
}

fn write(room: &Room) -> String {
    let stored = Stored {
        version: VERSION,
        provider: room.provider.clone(),
        team: room.team.clone(),
        id: room.id.clone(),
        name: room.name.clone(),
        taken: room.taken,
        topic: room.topic.clone(),
        invited: room.invited.clone(),
        kept: room.kept.clone(),
        posted: room.posted.map(|id| id.to_string()),
        private: room.is_private,
        lost: room.is_lost,
        archived: room.is_archived,
        trouble: room.trouble.clone(),
        given_up: room.is_given_up,
        failures: room.failures,
        retry_at: room.retry_at.map(Timestamp::as_microsecond),
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

fn read(text: &str) -> Result<Room> {
    let corrupt = |why: String| StoreError::Corrupt(format!("unreadable room: {why}"));
    let stored: Stored = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    let posted = stored.posted.map(|id| id.parse::<EntryId>()).transpose();
    let retry_at = stored.retry_at.map(Timestamp::from_microsecond).transpose();
    Ok(Room {
        provider: stored.provider,
        team: stored.team,
        id: stored.id,
        name: stored.name,
        taken: stored.taken,
        topic: stored.topic,
        invited: stored.invited,
        kept: stored.kept,
        posted: posted.map_err(|error| corrupt(error.to_string()))?,
        is_private: stored.private,
        is_lost: stored.lost,
        is_archived: stored.archived,
        trouble: stored.trouble,
        is_given_up: stored.given_up,
        failures: stored.failures,
        retry_at: retry_at.map_err(|error| corrupt(error.to_string()))?,
    })
}

/// The room of an incident, if it has or was to have one.
pub async fn get(db: &Db, incident: IncidentId) -> Result<Option<Room>> {
    const SELECT: Sql = Sql::same("SELECT state FROM room WHERE incident_id = ?");
    let row: Option<(String,)> = db.fetch_optional(&SELECT, args![incident]).await?;
    row.map(|(text,)| read(&text)).transpose()
}

/// As [`get`], and keeps others from changing it until the transaction ends.
pub async fn lock(tx: &mut Tx, incident: IncidentId) -> Result<Option<Room>> {
    const SELECT: Sql = Sql::differs(
        "SELECT state FROM room WHERE incident_id = ?",
        "SELECT state FROM room WHERE incident_id = ? FOR UPDATE",
    );
    let row: Option<(String,)> = tx.fetch_optional(&SELECT, args![incident]).await?;
    row.map(|(text,)| read(&text)).transpose()
}

/// Those of these incidents that have, or were to have, a room.
pub async fn among(tx: &mut Tx, incidents: &[IncidentId]) -> Result<Vec<IncidentId>> {
    const SELECT: Sql = Sql::differs(
        "SELECT incident_id FROM room
         WHERE incident_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY incident_id",
        "SELECT incident_id FROM room WHERE incident_id = ANY(?1) ORDER BY incident_id",
    );
    if incidents.is_empty() {
        return Ok(Vec::new());
    }
    let ids = incidents.iter().map(|id| Some(id.0)).collect();
    let rows: Vec<(Uuid,)> = tx.fetch_all(&SELECT, vec![Value::UuidList(ids)]).await?;
    Ok(rows.into_iter().map(|(id,)| IncidentId(id)).collect())
}

/// Stores how a room stands.
pub async fn put(tx: &mut Tx, incident: IncidentId, room: &Room, now: Timestamp) -> Result<()> {
    const UPSERT: Sql = Sql::same(
        "INSERT INTO room (incident_id, state, updated_at) VALUES (?, ?, ?)
         ON CONFLICT (incident_id) DO UPDATE SET state = excluded.state,
             updated_at = excluded.updated_at",
    );
    tx.execute(&UPSERT, args![incident, write(room), now]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let text = r#"{"version":1,"provider":"chat","team":"ops","id":"C1","name":"inc-1","taken":0,"topic":"SEV1","invited":["U1"],"private":true,"archived":true,"failures":2,"retry_at":1700000000000000}"#;
        let room = read(text).unwrap();
        assert!(room.is_archived && room.id.as_deref() == Some("C1"));
        assert_eq!(write(&room), text);
        assert!(matches!(read("{"), Err(StoreError::Corrupt(_))));
    }
}
