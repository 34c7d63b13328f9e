//! API tokens. The secret is shown once when it is made and known afterwards only by its digest.
//! A revoked token keeps its row, for the record, but frees its name.

use jiff::Timestamp;
use muster_core::id::{TokenId, UserId};
use muster_core::org::user::Role;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, instant};

/// An API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Identifies the token without opening anything.
    pub id: TokenId,
    /// Unique among the tokens that are not revoked.
    pub name: String,
    /// What it may do in general.
    pub role: Role,
    /// The person it belongs to, if to anybody.
    pub user: Option<UserId>,
    /// The digest of the secret.
    pub token_hash: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, as far as that was written down.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct TokenRow {
    id: Uuid,
    name: String,
    role: String,
    user_id: Option<Uuid>,
    token_hash: Vec<u8>,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

const ADD: Sql = Sql::same(
    "INSERT INTO token
         (id, name, role, user_id, token_hash, created_at, expires_at, last_used_at, revoked_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
);
const FIND: Sql = Sql::same(
    "SELECT id, name, role, user_id, token_hash, created_at, expires_at, last_used_at, revoked_at
     FROM token
     WHERE token_hash = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)",
);
const LIST: Sql = Sql::same(
    "SELECT id, name, role, user_id, token_hash, created_at, expires_at, last_used_at, revoked_at
     FROM token WHERE revoked_at IS NULL AND name > ? ORDER BY name LIMIT ?",
);
const BY_NAME: Sql = Sql::same(
    "SELECT id, name, role, user_id, token_hash, created_at, expires_at, last_used_at, revoked_at
     FROM token WHERE name = ? AND revoked_at IS NULL",
);
const TOUCH: Sql = Sql::same(
    "UPDATE token SET last_used_at = ?1
     WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)",
);
const REVOKE: Sql =
    Sql::same("UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL");
const REVOKE_OF_USER: Sql =
    Sql::same("UPDATE token SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL");

/// Writes down a new token. A name that is in use is a conflict on `token_name_key`.
pub async fn add(tx: &mut Tx, token: &Token) -> Result<()> {
    let values = args![
        token.id,
        &token.name,
        token.role.name(),
        token.user,
        &token.token_hash,
        token.created_at,
        token.expires_at,
        token.last_used_at,
        token.revoked_at,
    ];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// The token that a secret with this digest opens at `now`.
pub async fn find(db: &Db, token_hash: &[u8], now: Timestamp) -> Result<Option<Token>> {
    let row: Option<TokenRow> = db.fetch_optional(&FIND, args![token_hash, now]).await?;
    row.map(TokenRow::into_token).transpose()
}

/// The token of that name that is not revoked.
pub async fn by_name(db: &Db, name: &str) -> Result<Option<Token>> {
    let row: Option<TokenRow> = db.fetch_optional(&BY_NAME, args![name]).await?;
    row.map(TokenRow::into_token).transpose()
}

/// Up to `limit` tokens that are not revoked, by name, after the name `after`.
pub async fn list(db: &Db, after: &str, limit: u32) -> Result<Vec<Token>> {
    let rows: Vec<TokenRow> = db.fetch_all(&LIST, args![after, limit]).await?;
    rows.into_iter().map(TokenRow::into_token).collect()
}

/// Notes that a token was used at `now`.
pub async fn touch(tx: &mut Tx, id: TokenId, now: Timestamp) -> Result<()> {
    tx.execute(&TOUCH, args![now, id]).await?;
    Ok(())
}

/// Revokes a token; says whether it was there and in force.
pub async fn revoke(tx: &mut Tx, id: TokenId, now: Timestamp) -> Result<bool> {
    Ok(tx.execute(&REVOKE, args![now, id]).await? > 0)
}

/// Revokes every token of a person and says how many there were.
pub async fn revoke_of_user(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<u64> {
    tx.execute(&REVOKE_OF_USER, args![now, user]).await
}

impl TokenRow {
    fn into_token(self) -> Result<Token> {
        let role = Role::from_name(&self.role)
            .ok_or_else(|| StoreError::Corrupt(format!("no role is called `{}`", self.role)))?;
        Ok(Token {
            id: TokenId(self.id),
            name: self.name,
            role,
            user: self.user_id.map(UserId),
            token_hash: self.token_hash,
            created_at: instant(self.created_at)?,
            expires_at: self.expires_at.map(instant).transpose()?,
            last_used_at: self.last_used_at.map(instant).transpose()?,
            revoked_at: self.revoked_at.map(instant).transpose()?,
        })
    }
}
