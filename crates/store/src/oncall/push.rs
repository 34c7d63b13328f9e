//! The browsers that people want to be notified by, each with the address and the keys that it was
//! given. An address belongs to whoever registered it last: a browser that changes hands takes its
//! notifications along.

use jiff::Timestamp;
use muster_core::id::{PushDeviceId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// A browser that wants to be notified.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct DeviceRow {
    /// See [`PushDeviceId`].
    pub id: Uuid,
    /// See [`UserId`].
    pub user_id: Uuid,
    /// What the person calls it.
    pub name: String,
    /// Where its push service takes messages.
    pub endpoint: String,
    /// Its public key, an uncompressed point of P-256; sealed where `sealed` says so.
    pub p256dh: Vec<u8>,
    /// Its secret for authentication; sealed where `sealed` says so.
    pub auth: Vec<u8>,
    /// Whether its keys are sealed. Those that an earlier version stored are sealed when a later one
    /// starts.
    pub sealed: bool,
    /// Microseconds UTC.
    pub created_at: i64,
    /// When its push service last took a message, microseconds UTC.
    pub accepted_at: Option<i64>,
}

macro_rules! select {
    ($rest:literal) => {
        Sql::same(concat!(
            "SELECT id, user_id, name, endpoint, p256dh, auth, sealed, created_at, accepted_at
             FROM push_device ",
            $rest
        ))
    };
}

/// Stores a browser, in place of one with the same address.
pub async fn put(tx: &mut Tx, row: &DeviceRow) -> Result<()> {
    const FORGET: Sql = Sql::same("DELETE FROM push_device WHERE endpoint = ?");
    const INSERT: Sql = Sql::same(
        "INSERT INTO push_device
             (id, user_id, name, endpoint, p256dh, auth, sealed, created_at, accepted_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    tx.execute(&FORGET, args![row.endpoint.as_str()]).await?;
    tx.execute(
        &INSERT,
        args![
            row.id,
            row.user_id,
            row.name.as_str(),
            row.endpoint.as_str(),
            row.p256dh.as_slice(),
            row.auth.as_slice(),
            row.sealed,
            row.created_at,
            row.accepted_at
        ],
    )
    .await?;
    Ok(())
}

/// A person's browsers, the oldest first; at most `limit`.
pub async fn of_user(db: &Db, user: UserId, limit: i64) -> Result<Vec<DeviceRow>> {
    const SELECT: Sql = select!("WHERE user_id = ? ORDER BY id LIMIT ?");
    db.fetch_all(&SELECT, args![user, limit]).await
}

/// Browsers whose keys are not sealed yet; at most `limit`.
pub async fn unsealed(tx: &mut Tx, limit: i64) -> Result<Vec<DeviceRow>> {
    const SELECT: Sql = select!("WHERE NOT sealed ORDER BY id LIMIT ?");
    tx.fetch_all(&SELECT, args![limit]).await
}

/// Puts the sealed keys of a browser in place of those that were not.
pub async fn seal(tx: &mut Tx, id: PushDeviceId, p256dh: &[u8], auth: &[u8]) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE push_device SET p256dh = ?, auth = ?, sealed = ? WHERE id = ? AND NOT sealed",
    );
    tx.execute(&UPDATE, args![p256dh, auth, true, id]).await?;
    Ok(())
}

/// Removes a browser of a person; says whether it was there.
pub async fn remove(tx: &mut Tx, user: UserId, id: PushDeviceId) -> Result<bool> {
    const REMOVE: Sql = Sql::same("DELETE FROM push_device WHERE id = ? AND user_id = ?");
    Ok(tx.execute(&REMOVE, args![id, user]).await? > 0)
}

/// Remembers that a browser's push service took a message.
pub async fn accepted(tx: &mut Tx, id: PushDeviceId, now: Timestamp) -> Result<()> {
    const UPDATE: Sql = Sql::same("UPDATE push_device SET accepted_at = ? WHERE id = ?");
    tx.execute(&UPDATE, args![now, id]).await?;
    Ok(())
}
