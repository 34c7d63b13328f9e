//! When people are away, as it is stored: what they entered, and what came from their calendars.

use jiff::Timestamp;
use muster_core::id::{AbsenceId, FeedId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, instant};

/// A time in which somebody is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// Stays the same.
    pub id: AbsenceId,
    /// Who.
    pub user: UserId,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
    /// Why; for the person and those who lead them.
    pub reason: String,
    /// The calendar it came from.
    pub feed: Option<FeedId>,
    /// What that calendar calls it.
    pub uid: Option<String>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// By whom, as they were called.
    pub created_by: String,
}

#[derive(FromRow)]
struct AbsenceRow {
    id: Uuid,
    user_id: Uuid,
    from_at: i64,
    to_at: i64,
    reason: String,
    feed_id: Option<Uuid>,
    uid: Option<String>,
    created_at: i64,
    created_by: String,
}

macro_rules! select {
    ($rest:literal) => {
        Sql::same(concat!(
            "SELECT id, user_id, from_at, to_at, reason, feed_id, uid, created_at, created_by
             FROM absence WHERE removed_at IS NULL ",
            $rest
        ))
    };
}

/// Stores an absence.
pub async fn insert(tx: &mut Tx, absence: &Absence) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO absence
             (id, user_id, from_at, to_at, reason, feed_id, uid, created_at, created_by)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    let values = args![
        absence.id,
        absence.user,
        absence.from,
        absence.to,
        &absence.reason,
        absence.feed,
        absence.uid.as_deref(),
        absence.created_at,
        &absence.created_by,
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Takes an absence out; its row stays for the record.
pub async fn remove(tx: &mut Tx, id: AbsenceId, now: Timestamp) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE absence SET removed_at = ? WHERE id = ? AND removed_at IS NULL");
    tx.execute(&UPDATE, args![now, id]).await?;
    Ok(())
}

/// Lets an absence end at `to`.
pub async fn shorten(tx: &mut Tx, id: AbsenceId, to: Timestamp) -> Result<()> {
    const UPDATE: Sql = Sql::same("UPDATE absence SET to_at = ? WHERE id = ?");
    tx.execute(&UPDATE, args![to, id]).await?;
    Ok(())
}

/// Every absence of everybody, also those that are over, by their beginning.
pub async fn all(tx: &mut Tx) -> Result<Vec<Absence>> {
    const SELECT: Sql = select!("ORDER BY from_at, id");
    let rows: Vec<AbsenceRow> = tx.fetch_all(&SELECT, args![]).await?;
    rows.into_iter().map(Absence::try_from).collect()
}

/// One absence.
pub async fn read(tx: &mut Tx, id: AbsenceId) -> Result<Option<Absence>> {
    const SELECT: Sql = select!("AND id = ?");
    let row: Option<AbsenceRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    row.map(Absence::try_from).transpose()
}

/// A person's absences that end after `since`, by their beginning.
pub async fn of_user(db: &Db, user: UserId, since: Timestamp) -> Result<Vec<Absence>> {
    const SELECT: Sql = select!("AND user_id = ? AND to_at > ? ORDER BY from_at, id");
    let rows: Vec<AbsenceRow> = db.fetch_all(&SELECT, args![user, since]).await?;
    rows.into_iter().map(Absence::try_from).collect()
}

/// What a calendar has brought.
pub async fn of_feed(tx: &mut Tx, feed: FeedId) -> Result<Vec<Absence>> {
    const SELECT: Sql = select!("AND feed_id = ? ORDER BY from_at, id");
    let rows: Vec<AbsenceRow> = tx.fetch_all(&SELECT, args![feed]).await?;
    rows.into_iter().map(Absence::try_from).collect()
}

impl TryFrom<AbsenceRow> for Absence {
    type Error = StoreError;

    fn try_from(row: AbsenceRow) -> Result<Self> {
        Ok(Self {
            id: AbsenceId(row.id),
            user: UserId(row.user_id),
            from: instant(row.from_at)?,
            to: instant(row.to_at)?,
            reason: row.reason,
            feed: row.feed_id.map(FeedId),
            uid: row.uid,
            created_at: instant(row.created_at)?,
            created_by: row.created_by,
        })
    }
}
