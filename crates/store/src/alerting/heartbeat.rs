//! Heartbeat monitors: how each stands, and its last pings.

use jiff::{SignedDuration, Timestamp};
use muster_core::alerting::heartbeat::{PINGS_KEPT_MAX, Ping, Standing, State};
use muster_core::id::HeartbeatId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx};

/// How a monitor stands, as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct HeartbeatRow {
    /// See [`HeartbeatId`].
    pub id: Uuid,
    /// A [`State`] by name.
    pub state: String,
    /// Microseconds UTC.
    pub since: i64,
    /// Microseconds UTC.
    pub last_at: Option<i64>,
    /// Microseconds UTC.
    pub started_at: Option<i64>,
    /// What the run is called that is not over.
    pub run_id: Option<String>,
    /// Microseconds.
    pub duration: Option<i64>,
}

impl HeartbeatRow {
    /// As the rules read it.
    ///
    /// # Errors
    /// When the state is not known.
    pub fn standing(&self) -> Result<Standing> {
        let instant = |micros| Timestamp::from_microsecond(micros).unwrap_or_default();
        Ok(Standing {
            state: State::from_name(&self.state)
                .ok_or_else(|| StoreError::Corrupt(format!("heartbeat state {}", self.state)))?,
            since: instant(self.since),
            last_at: self.last_at.map(instant),
            started_at: self.started_at.map(instant),
            run: self.run_id.clone(),
            duration: self.duration.map(SignedDuration::from_micros),
        })
    }
}

macro_rules! columns {
    () => {
        "id, state, since, last_at, started_at, run_id, duration"
    };
}

/// How a monitor stands; nobody else changes that until the transaction ends.
pub async fn lock(tx: &mut Tx, id: HeartbeatId) -> Result<Option<HeartbeatRow>> {
    const SELECT: Sql = Sql::differs(
        concat!("SELECT ", columns!(), " FROM heartbeat WHERE id = ?"),
        concat!("SELECT ", columns!(), " FROM heartbeat WHERE id = ? FOR UPDATE"),
    );
    tx.fetch_optional(&SELECT, args![id]).await
}

/// Writes down how a monitor stands.
pub async fn put(tx: &mut Tx, id: HeartbeatId, standing: &Standing) -> Result<()> {
    const UPSERT: Sql = Sql::same(
        "INSERT INTO heartbeat (id, state, since, last_at, started_at, run_id, duration)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, since = excluded.since,
             last_at = excluded.last_at, started_at = excluded.started_at,
             run_id = excluded.run_id, duration = excluded.duration",
    );
    let micros = |length: SignedDuration| i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    let values = args![
        id,
        standing.state.name(),
        standing.since,
        standing.last_at,
        standing.started_at,
        standing.run.as_deref(),
        standing.duration.map(micros)
    ];
    tx.execute(&UPSERT, values).await?;
    Ok(())
}

/// How every monitor stands that was ever heard of.
pub async fn all(db: &Db) -> Result<Vec<HeartbeatRow>> {
    const SELECT: Sql = Sql::same(concat!("SELECT ", columns!(), " FROM heartbeat ORDER BY id"));
    db.fetch_all(&SELECT, args![]).await
}

/// A ping.
#[derive(Debug, Clone, FromRow)]
pub struct PingRow {
    /// Grows with time.
    pub id: Uuid,
    /// Microseconds UTC.
    pub at: i64,
    /// A [`Ping`] by name.
    pub kind: String,
    /// What the run is called.
    pub run_id: Option<String>,
    /// What the program ended with.
    pub exit_code: Option<i64>,
    /// How long the run took, in microseconds.
    pub duration: Option<i64>,
    /// What came with it.
    pub note: Option<String>,
}

/// A ping to keep.
#[derive(Debug, Clone)]
pub struct NewPing<'a> {
    /// Grows with time.
    pub id: Uuid,
    /// When it came.
    pub at: Timestamp,
    /// What it says.
    pub ping: Ping,
    /// What the run is called.
    pub run: Option<&'a str>,
    /// What the program ended with.
    pub exit_code: Option<i64>,
    /// How long the run took.
    pub duration: Option<SignedDuration>,
    /// What came with it.
    pub note: Option<&'a str>,
}

/// Keeps a ping, and removes those of its monitor that are too many.
pub async fn keep(tx: &mut Tx, of: HeartbeatId, ping: &NewPing<'_>) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO heartbeat_ping (id, heartbeat_id, at, kind, run_id, exit_code, duration, note)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    const TRIM: Sql = Sql::same(
        "DELETE FROM heartbeat_ping WHERE heartbeat_id = ?1 AND id < (
             SELECT id FROM heartbeat_ping WHERE heartbeat_id = ?1
             ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    );
    let micros = |length: SignedDuration| i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    let values = args![
        ping.id,
        of,
        ping.at,
        ping.ping.name(),
        ping.run,
        ping.exit_code,
        ping.duration.map(micros),
        ping.note
    ];
    tx.execute(&INSERT, values).await?;
    tx.execute(&TRIM, args![of, PINGS_KEPT_MAX - 1]).await?;
    Ok(())
}

/// The last pings of a monitor, the newest first.
pub async fn pings(db: &Db, of: HeartbeatId) -> Result<Vec<PingRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, at, kind, run_id, exit_code, duration, note FROM heartbeat_ping
         WHERE heartbeat_id = ? ORDER BY id DESC LIMIT ?",
    );
    db.fetch_all(&SELECT, args![of, PINGS_KEPT_MAX]).await
}
