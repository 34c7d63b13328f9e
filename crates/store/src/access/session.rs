//! Sessions of people who signed in. The cookie's secret is known only by its digest.

use jiff::Timestamp;
use muster_core::id::{SessionId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx, instant};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Identifies the session without opening it.
    pub id: SessionId,
    /// Who signed in.
    pub user: UserId,
    /// The digest of the cookie's secret.
    pub token_hash: Vec<u8>,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// From when on the session opens nothing.
    pub expires_at: Timestamp,
    /// When it was last used, as far as that was written down.
    pub last_used_at: Timestamp,
    /// The network address that signed in.
    pub address: String,
    /// What the browser said it was.
    pub agent: String,
}

#[derive(FromRow)]
struct SessionRow {
    id: Uuid,
    user_id: Uuid,
    token_hash: Vec<u8>,
    created_at: i64,
    expires_at: i64,
    last_used_at: i64,
    address: String,
    agent: String,
}

const ADD: Sql = Sql::same(
    "INSERT INTO session
         (id, user_id, token_hash, created_at, expires_at, last_used_at, address, agent)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
);
const FIND: Sql = Sql::same(
    "SELECT id, user_id, token_hash, created_at, expires_at, last_used_at, address, agent
     FROM session WHERE token_hash = ? AND expires_at > ?",
);
const OF_USER: Sql = Sql::same(
    "SELECT id, user_id, token_hash, created_at, expires_at, last_used_at, address, agent
     FROM session WHERE user_id = ? AND expires_at > ? ORDER BY id DESC LIMIT 500",
);
const TOUCH: Sql = Sql::same(
    "UPDATE session SET last_used_at = ?1, expires_at = ?2 WHERE id = ?3 AND last_used_at < ?1",
);
const REMOVE: Sql = Sql::same("DELETE FROM session WHERE id = ?");
const REMOVE_OF_USER: Sql = Sql::same("DELETE FROM session WHERE user_id = ?");
const REMOVE_EXPIRED: Sql = Sql::same(
    "DELETE FROM session WHERE id IN
         (SELECT id FROM session WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
);

/// Writes down a new session.
pub async fn add(tx: &mut Tx, session: &Session) -> Result<()> {
    let values = args![
        session.id,
        session.user,
        &session.token_hash,
        session.created_at,
        session.expires_at,
        session.last_used_at,
        &session.address,
        &session.agent,
    ];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// The session that a secret with this digest opens at `now`.
pub async fn find(db: &Db, token_hash: &[u8], now: Timestamp) -> Result<Option<Session>> {
    let row: Option<SessionRow> = db.fetch_optional(&FIND, args![token_hash, now]).await?;
    row.map(SessionRow::into_session).transpose()
}

/// A person's open sessions, the newest first.
pub async fn of_user(db: &Db, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
    let rows: Vec<SessionRow> = db.fetch_all(&OF_USER, args![user, now]).await?;
    rows.into_iter().map(SessionRow::into_session).collect()
}

/// Notes that a session was used at `now` and stays open until `expires_at`.
pub async fn touch(
    tx: &mut Tx,
    id: SessionId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    tx.execute(&TOUCH, args![now, expires_at, id]).await?;
    Ok(())
}

/// Ends a session; says whether it was there.
pub async fn remove(tx: &mut Tx, id: SessionId) -> Result<bool> {
    Ok(tx.execute(&REMOVE, args![id]).await? > 0)
}

/// Ends all sessions of a person, as after a change of password.
pub async fn remove_of_user(tx: &mut Tx, user: UserId) -> Result<u64> {
    tx.execute(&REMOVE_OF_USER, args![user]).await
}

/// Clears away up to `limit` sessions that expired by `now`.
pub async fn remove_expired(tx: &mut Tx, now: Timestamp, limit: u32) -> Result<u64> {
    tx.execute(&REMOVE_EXPIRED, args![now, limit]).await
}

impl SessionRow {
    fn into_session(self) -> Result<Session> {
        Ok(Session {
            id: SessionId(self.id),
            user: UserId(self.user_id),
            token_hash: self.token_hash,
            created_at: instant(self.created_at)?,
            expires_at: instant(self.expires_at)?,
            last_used_at: instant(self.last_used_at)?,
            address: self.address,
            agent: self.agent,
        })
    }
}
