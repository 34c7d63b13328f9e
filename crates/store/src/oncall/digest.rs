//! Digests as they are stored: several pages of one person that went out in one message, with the
//! one link that answers them all.

use jiff::Timestamp;
use muster_core::id::{DigestId, PageId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Result, Sql, Tx};

/// A digest as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct DigestRow {
    /// See [`DigestId`].
    pub id: Uuid,
    /// Whose pages they are.
    pub user_id: Uuid,
    /// Microseconds UTC.
    pub created_at: i64,
}

/// Stores a digest of these pages, with the digest of the token in its link.
pub async fn insert(
    tx: &mut Tx,
    id: DigestId,
    user: UserId,
    pages: &[PageId],
    token_hash: [u8; 32],
    now: Timestamp,
) -> Result<()> {
    const INSERT: Sql =
        Sql::same("INSERT INTO digest (id, user_id, created_at, token_hash) VALUES (?, ?, ?, ?)");
    const COLUMNS: [Column; 2] = [("digest_id", Kind::Uuid), ("page_id", Kind::Uuid)];
    tx.execute(&INSERT, args![id, user, now, token_hash]).await?;
    let pages = pages.iter().map(|page| args![id, *page]).collect();
    rows::insert(tx, "digest_page", &COLUMNS, pages, "").await
}

/// The digest whose link holds the token of that digest.
pub async fn by_token(db: &Db, token_hash: &[u8; 32]) -> Result<Option<DigestRow>> {
    const SELECT: Sql =
        Sql::same("SELECT id, user_id, created_at FROM digest WHERE token_hash = ?");
    db.fetch_optional(&SELECT, args![token_hash]).await
}

/// One digest.
pub async fn get(db: &Db, id: DigestId) -> Result<Option<DigestRow>> {
    const SELECT: Sql = Sql::same("SELECT id, user_id, created_at FROM digest WHERE id = ?");
    db.fetch_optional(&SELECT, args![id]).await
}

/// The pages of a digest, in order.
pub async fn pages(db: &Db, id: DigestId) -> Result<Vec<PageId>> {
    const SELECT: Sql =
        Sql::same("SELECT page_id FROM digest_page WHERE digest_id = ? ORDER BY page_id");
    let rows: Vec<(Uuid,)> = db.fetch_all(&SELECT, args![id]).await?;
    Ok(rows.into_iter().map(|(page,)| PageId(page)).collect())
}
