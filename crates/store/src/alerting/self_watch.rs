//! What the installation does to watch itself, and how it went the last time.

use jiff::Timestamp;
use muster_core::id::DeliveryId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// How it went the last time.
#[derive(Debug, Clone, FromRow)]
pub struct WatchRow {
    /// The monitor of a canary, or the sign of life.
    pub id: Uuid,
    /// Microseconds UTC.
    pub last_at: i64,
    /// Microseconds UTC.
    pub last_ok_at: Option<i64>,
    /// What was wrong the last time.
    pub trouble: Option<String>,
    /// The message of a canary that is on its way.
    pub delivery_id: Option<Uuid>,
}

/// Writes down how it went.
pub async fn put(
    tx: &mut Tx,
    id: Uuid,
    at: Timestamp,
    ok_at: Option<Timestamp>,
    trouble: Option<&str>,
    delivery: Option<DeliveryId>,
) -> Result<()> {
    const UPSERT: Sql = Sql::same(
        "INSERT INTO self_watch (id, last_at, last_ok_at, trouble, delivery_id)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at,
             last_ok_at = coalesce(excluded.last_ok_at, self_watch.last_ok_at),
             trouble = excluded.trouble, delivery_id = excluded.delivery_id",
    );
    tx.execute(&UPSERT, args![id, at, ok_at, trouble, delivery]).await?;
    Ok(())
}

/// How everything went the last time.
pub async fn all(db: &Db) -> Result<Vec<WatchRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, last_at, last_ok_at, trouble, delivery_id FROM self_watch ORDER BY id",
    );
    db.fetch_all(&SELECT, args![]).await
}
