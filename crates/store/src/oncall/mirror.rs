//! How chats stand that follow schedules, as it is stored: one text each. Its form has a version,
//! because rows outlive releases.

use std::collections::HashMap;

use jiff::Timestamp;
use muster_core::id::ScheduleId;
use muster_core::oncall::mirror::{Mirror, Side, Step, Trouble};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, instant};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default)]
    group: StoredSide,
    #[serde(default)]
    channel: StoredSide,
}

#[derive(Serialize, Deserialize, Default)]
struct StoredSide {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    done: Option<StoredStep>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trouble: Option<StoredTrouble>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredStep {
    Fill { group: String, people: Vec<String> },
    Name { channel: String, topic: String },
}

#[derive(Serialize, Deserialize)]
struct StoredTrouble {
    why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<StoredStep>,
    failures: u32,
    /// Microseconds UTC.
    retry_at: i64,
}

impl From<Step> for StoredStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Fill { group, people } => Self::Fill { group, people },
            Step::Name { channel, topic } => Self::Name { channel, topic },
        }
    }
}

impl From<StoredStep> for Step {
    fn from(step: StoredStep) -> Self {
        match step {
            StoredStep::Fill { group, people } => Self::Fill { group, people },
            StoredStep::Name { channel, topic } => Self::Name { channel, topic },
        }
    }
}

impl From<Side> for StoredSide {
    fn from(side: Side) -> Self {
        let trouble = side.trouble.map(|trouble| StoredTrouble {
            why: trouble.why,
            refused: trouble.refused.map(StoredStep::from),
            failures: trouble.failures,
            retry_at: trouble.retry_at.as_microsecond(),
        });
        Self { done: side.done.map(StoredStep::from), trouble }
    }
}

impl TryFrom<StoredSide> for Side {
    type Error = StoreError;

    fn try_from(side: StoredSide) -> Result<Self> {
        let trouble = match side.trouble {
            Some(trouble) => Some(Trouble {
                why: trouble.why,
                refused: trouble.refused.map(Step::from),
                failures: trouble.failures,
                retry_at: instant(trouble.retry_at)?,
            }),
            None => None,
        };
        Ok(Self { done: side.done.map(Step::from), trouble })
    }
}

fn write(mirror: Mirror) -> String {
    let (group, channel) = (mirror.group.into(), mirror.channel.into());
    serde_json::to_string(&Stored { version: VERSION, group, channel }).unwrap_or_default()
}

fn read(text: &str) -> Result<Mirror> {
    let stored: Stored = serde_json::from_str(text)
        .map_err(|error| StoreError::Corrupt(format!("unreadable mirror: {error}")))?;
    Ok(Mirror { group: stored.group.try_into()?, channel: stored.channel.try_into()? })
}

/// How the chat stands that follows a schedule; nothing yet where it never did.
///
/// # Errors
/// When the store does not answer.
pub async fn get(db: &Db, schedule: ScheduleId) -> Result<Mirror> {
    const SELECT: Sql = Sql::same("SELECT state FROM on_call_mirror WHERE schedule_id = ?");
    let row: Option<(String,)> = db.fetch_optional(&SELECT, args![schedule]).await?;
    row.map_or_else(|| Ok(Mirror::default()), |(text,)| read(&text))
}

/// How the chat stands that follows a schedule, held until the transaction ends.
///
/// # Errors
/// When the store does not answer.
pub async fn lock(tx: &mut Tx, schedule: ScheduleId) -> Result<Option<Mirror>> {
    const SELECT: Sql = Sql::differs(
        "SELECT state FROM on_call_mirror WHERE schedule_id = ?",
        "SELECT state FROM on_call_mirror WHERE schedule_id = ? FOR UPDATE",
    );
    let row: Option<(String,)> = tx.fetch_optional(&SELECT, args![schedule]).await?;
    row.map(|(text,)| read(&text)).transpose()
}

/// How every chat stands that follows a schedule.
///
/// # Errors
/// When the store does not answer.
pub async fn all(db: &Db) -> Result<HashMap<ScheduleId, Mirror>> {
    const SELECT: Sql =
        Sql::same("SELECT schedule_id, state FROM on_call_mirror ORDER BY schedule_id");
    let rows: Vec<(Uuid, String)> = db.fetch_all(&SELECT, args![]).await?;
    rows.into_iter().map(|(id, text)| Ok((ScheduleId(id), read(&text)?))).collect()
}

/// Stores how a chat stands.
///
/// # Errors
/// When the store does not answer.
pub async fn put(tx: &mut Tx, schedule: ScheduleId, mirror: Mirror, now: Timestamp) -> Result<()> {
    const UPSERT: Sql = Sql::same(
        "INSERT INTO on_call_mirror (schedule_id, state, updated_at) VALUES (?, ?, ?)
         ON CONFLICT (schedule_id) DO UPDATE SET state = excluded.state,
             updated_at = excluded.updated_at",
    );
    tx.execute(&UPSERT, args![schedule, write(mirror), now]).await?;
    Ok(())
}

/// Forgets how a chat stood, where nothing follows the schedule any more.
///
/// # Errors
/// When the store does not answer.
pub async fn remove(tx: &mut Tx, schedule: ScheduleId) -> Result<()> {
    const DELETE: Sql = Sql::same("DELETE FROM on_call_mirror WHERE schedule_id = ?");
    tx.execute(&DELETE, args![schedule]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let text = r#"{"version":1,"group":{"done":{"fill":{"group":"S1","people":["U1"]}},"trouble":{"why":"missing_scope","refused":{"fill":{"group":"S1","people":["U2"]}},"failures":2,"retry_at":1700000000000000}},"channel":{"done":{"name":{"channel":"C1","topic":"On call: Ana"}}}}"#;
        assert_eq!(write(read(text).unwrap()), text);
        assert!(matches!(read("{"), Err(StoreError::Corrupt(_))));
    }
}
