//! Calendars that people's leave is read from. Addresses are secrets: they come and go sealed, and
//! nothing here can read one.

use jiff::Timestamp;
use muster_core::id::{FeedId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, instant};

/// A calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Stays the same.
    pub id: FeedId,
    /// Whose leave it tells.
    pub user: UserId,
    /// What people call it.
    pub name: String,
    /// Where it is, sealed.
    pub sealed_url: Vec<u8>,
    /// Words, one of which the summary or a category of an event must contain; empty means every
    /// event of whole days.
    pub matches: Vec<String>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was last asked with success.
    pub read_at: Option<Timestamp>,
    /// When it was last read whole.
    pub whole_at: Option<Timestamp>,
    /// Why it cannot be read since, if it cannot.
    pub error: Option<String>,
    /// How often in a row it could not be read.
    pub failures: u32,
    /// What its server calls the state that was read.
    pub etag: Option<String>,
    /// What was left out, in words.
    pub skipped: Vec<String>,
}

#[derive(FromRow)]
struct FeedRow {
    id: Uuid,
    user_id: Uuid,
    name: String,
    sealed_url: Option<Vec<u8>>,
    matches: Option<String>,
    created_at: i64,
    read_at: Option<i64>,
    tried_at: Option<i64>,
    error: Option<String>,
    failures: i64,
    etag: Option<String>,
    skipped: String,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, user_id, name, sealed_url, matches, created_at, read_at, tried_at, error,
                 failures, etag, skipped
             FROM leave_feed WHERE removed_at IS NULL AND ",
            $rest
        )
    };
}

fn lines(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

impl TryFrom<FeedRow> for Feed {
    type Error = StoreError;

    fn try_from(row: FeedRow) -> Result<Self> {
        Ok(Self {
            id: FeedId(row.id),
            user: UserId(row.user_id),
            name: row.name,
            sealed_url: row.sealed_url.unwrap_or_default(),
            matches: lines(row.matches.as_deref().unwrap_or_default()),
            created_at: instant(row.created_at)?,
            read_at: row.read_at.map(instant).transpose()?,
            whole_at: row.tried_at.map(instant).transpose()?,
            error: row.error,
            failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
            etag: row.etag,
            skipped: lines(&row.skipped),
        })
    }
}

/// Stores a calendar.
pub async fn insert(tx: &mut Tx, feed: &Feed, by: &str) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO leave_feed
             (id, user_id, name, sealed_url, matches, created_at, created_by, skipped, failures)
         VALUES (?, ?, ?, ?, ?, ?, ?, '', 0)",
    );
    let matches = feed.matches.join("\n");
    let sealed = feed.sealed_url.as_slice();
    let values = args![feed.id, feed.user, &feed.name, sealed, matches, feed.created_at, by];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Stores how reading a calendar went.
pub async fn update(tx: &mut Tx, feed: &Feed) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE leave_feed SET read_at = ?, tried_at = ?, error = ?, failures = ?, etag = ?,
             skipped = ?
         WHERE id = ?",
    );
    let values = args![
        feed.read_at,
        feed.whole_at,
        feed.error.as_deref(),
        feed.failures,
        feed.etag.as_deref(),
        feed.skipped.join("\n"),
        feed.id
    ];
    tx.execute(&UPDATE, values).await?;
    Ok(())
}

/// Takes a calendar out, with its address; its row stays for the record.
pub async fn remove(tx: &mut Tx, id: FeedId, now: Timestamp) -> Result<()> {
    const UPDATE: Sql = Sql::same(
        "UPDATE leave_feed SET removed_at = ?, sealed_url = NULL WHERE id = ? AND removed_at IS NULL",
    );
    tx.execute(&UPDATE, args![now, id]).await?;
    Ok(())
}

/// One calendar.
pub async fn get(db: &Db, id: FeedId) -> Result<Option<Feed>> {
    const SELECT: Sql = Sql::same(select!("id = ?"));
    let row: Option<FeedRow> = db.fetch_optional(&SELECT, args![id]).await?;
    row.map(Feed::try_from).transpose()
}

/// One calendar, held until the transaction ends.
pub async fn lock(tx: &mut Tx, id: FeedId) -> Result<Option<Feed>> {
    const SELECT: Sql = Sql::differs(select!("id = ?"), select!("id = ? FOR UPDATE"));
    let row: Option<FeedRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    row.map(Feed::try_from).transpose()
}

/// A person's calendars, in the order in which they were entered.
pub async fn of_user(db: &Db, user: UserId) -> Result<Vec<Feed>> {
    const SELECT: Sql = Sql::same(select!("user_id = ? ORDER BY id"));
    let rows: Vec<FeedRow> = db.fetch_all(&SELECT, args![user]).await?;
    rows.into_iter().map(Feed::try_from).collect()
}
