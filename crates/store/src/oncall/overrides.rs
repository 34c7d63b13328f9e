//! Overrides that people made, as they are stored. Those that are over stay: they say who was on
//! call. What was taken back before it began keeps its row, for the record, and counts no more.

use jiff::Timestamp;
use muster_core::id::{OverrideId, RequestId, ScheduleId, UserId};
use muster_core::oncall::overrides::Displaced;
use muster_core::oncall::schedule::Override;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, instant};

/// An override as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Stays the same while it is cut shorter.
    pub id: OverrideId,
    /// The schedule.
    pub schedule: ScheduleId,
    /// Who and when.
    pub span: Override,
    /// Why, in the words of whoever made it; may be empty.
    pub reason: String,
    /// What it displaced, to put back where it is taken back.
    pub displaced: Vec<Displaced>,
    /// The request that it came of.
    pub request: Option<RequestId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom, as they were called.
    pub created_by: String,
}

/// A displaced piece in the column `displaced`: microseconds UTC. Pieces of older versions know no
/// more than who and when.
#[derive(Serialize, Deserialize)]
struct Piece {
    user: String,
    from: i64,
    to: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instead_of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    displaced: Vec<Piece>,
}

#[derive(FromRow)]
struct OverrideRow {
    id: Uuid,
    schedule_id: Uuid,
    user_id: Uuid,
    from_at: i64,
    to_at: i64,
    reason: String,
    displaced: String,
    instead_of: Option<Uuid>,
    request_id: Option<Uuid>,
    created_at: i64,
    created_by: String,
}

const INSERT: Sql = Sql::same(
    "INSERT INTO schedule_override
         (id, schedule_id, user_id, from_at, to_at, reason, displaced, instead_of, request_id,
          created_at, created_by)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
);
const SHORTEN: Sql =
    Sql::same("UPDATE schedule_override SET to_at = ? WHERE id = ? AND removed_at IS NULL");
const REMOVE: Sql = Sql::same(
    "UPDATE schedule_override SET removed_at = ?, removed_by = ?
     WHERE id = ? AND removed_at IS NULL",
);

macro_rules! select {
    ($rest:literal) => {
        Sql::same(concat!(
            "SELECT id, schedule_id, user_id, from_at, to_at, reason, displaced, instead_of,
                 request_id, created_at, created_by
             FROM schedule_override WHERE removed_at IS NULL ",
            $rest
        ))
    };
}

/// Stores an override.
pub async fn insert(tx: &mut Tx, stored: &Stored) -> Result<()> {
    let displaced = written(&stored.displaced)?;
    let span = &stored.span;
    let values = args![
        stored.id,
        stored.schedule,
        span.user,
        span.from,
        span.to,
        &stored.reason,
        displaced,
        span.instead_of,
        stored.request,
        stored.created_at,
        &stored.created_by,
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// Changes what stands again where an override is taken back.
pub async fn set_displaced(tx: &mut Tx, id: OverrideId, displaced: &[Displaced]) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE schedule_override SET displaced = ? WHERE id = ? AND removed_at IS NULL");
    tx.execute(&UPDATE, args![written(displaced)?, id]).await?;
    Ok(())
}

/// Lets an override end at `to`.
pub async fn shorten(tx: &mut Tx, id: OverrideId, to: Timestamp) -> Result<()> {
    tx.execute(&SHORTEN, args![to, id]).await?;
    Ok(())
}

/// Takes an override out of force as if it had never been.
pub async fn remove(tx: &mut Tx, id: OverrideId, by: &str, now: Timestamp) -> Result<()> {
    tx.execute(&REMOVE, args![now, by, id]).await?;
    Ok(())
}

/// Every override in force, of every schedule, also those that are over, by their beginning.
pub async fn all(tx: &mut Tx) -> Result<Vec<Stored>> {
    const SELECT: Sql = select!("ORDER BY from_at, id");
    let rows: Vec<OverrideRow> = tx.fetch_all(&SELECT, args![]).await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// The overrides in force of a schedule that end after `since`, by their beginning.
pub async fn of_schedule(
    tx: &mut Tx,
    schedule: ScheduleId,
    since: Timestamp,
) -> Result<Vec<Stored>> {
    const SELECT: Sql = select!("AND schedule_id = ? AND to_at > ? ORDER BY from_at, id");
    let rows: Vec<OverrideRow> = tx.fetch_all(&SELECT, args![schedule, since]).await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// The overrides that came of a request and are in force.
pub async fn of_request(tx: &mut Tx, request: RequestId) -> Result<Vec<Stored>> {
    const SELECT: Sql = select!("AND request_id = ? ORDER BY from_at, id");
    let rows: Vec<OverrideRow> = tx.fetch_all(&SELECT, args![request]).await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// One override in force.
pub async fn read(tx: &mut Tx, id: OverrideId) -> Result<Option<Stored>> {
    const SELECT: Sql = select!("AND id = ?");
    let row: Option<OverrideRow> = tx.fetch_optional(&SELECT, args![id]).await?;
    row.map(Stored::try_from).transpose()
}

/// As [`of_schedule`], for readers.
pub async fn list(db: &Db, schedule: ScheduleId, since: Timestamp) -> Result<Vec<Stored>> {
    of_schedule(&mut db.snapshot().await?, schedule, since).await
}

impl TryFrom<OverrideRow> for Stored {
    type Error = StoreError;

    fn try_from(row: OverrideRow) -> Result<Self> {
        let pieces: Vec<Piece> = serde_json::from_str(&row.displaced)
            .map_err(|error| StoreError::Corrupt(format!("override {}: {error}", row.id)))?;
        Ok(Self {
            id: OverrideId(row.id),
            schedule: ScheduleId(row.schedule_id),
            span: Override {
                instead_of: row.instead_of.map(UserId),
                ..span(row.user_id, row.from_at, row.to_at)?
            },
            reason: row.reason,
            displaced: pieces.into_iter().map(Displaced::try_from).collect::<Result<_>>()?,
            request: row.request_id.map(RequestId),
            created_at: instant(row.created_at)?,
            created_by: row.created_by,
        })
    }
}

impl From<&Displaced> for Piece {
    fn from(piece: &Displaced) -> Self {
        Self {
            user: piece.span.user.0.as_simple().to_string(),
            from: piece.span.from.as_microsecond(),
            to: piece.span.to.as_microsecond(),
            instead_of: piece.span.instead_of.map(|user| user.0.as_simple().to_string()),
            request: piece.request.map(|request| request.0.as_simple().to_string()),
            displaced: piece.displaced.iter().map(Self::from).collect(),
        }
    }
}

impl TryFrom<Piece> for Displaced {
    type Error = StoreError;

    fn try_from(piece: Piece) -> Result<Self> {
        let parse = |text: &str| {
            let id = Uuid::try_parse(text);
            id.map_err(|error| StoreError::Corrupt(format!("a displaced override: {error}")))
        };
        let instead_of = piece.instead_of.as_deref().map(parse).transpose()?;
        let request = piece.request.as_deref().map(parse).transpose()?;
        Ok(Self {
            span: Override {
                instead_of: instead_of.map(UserId),
                ..span(parse(&piece.user)?, piece.from, piece.to)?
            },
            request: request.map(RequestId),
            displaced: piece.displaced.into_iter().map(Self::try_from).collect::<Result<_>>()?,
        })
    }
}

fn written(displaced: &[Displaced]) -> Result<String> {
    let pieces: Vec<_> = displaced.iter().map(Piece::from).collect();
    serde_json::to_string(&pieces).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn span(user: Uuid, from: i64, to: i64) -> Result<Override> {
    Ok(Override { user: UserId(user), from: instant(from)?, to: instant(to)?, instead_of: None })
}
