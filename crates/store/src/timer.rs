//! Timers: for every aggregate at most one row, the single instant at which it next needs
//! attention. Work is claimed by lease and fence; the decisions are those of
//! [`muster_core::engine::lease`], and this module only makes them durable.

use jiff::Timestamp;
use muster_core::engine::lease::{self, Claim};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx, Value};

/// What a timer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An incident's escalation.
    Incident,
    /// A delivery's next attempt.
    Delivery,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Delivery => "delivery",
        }
    }
}

/// A timer that this node has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// The aggregate.
    pub id: Uuid,
    /// When it was due.
    pub due_at: Timestamp,
    /// To finish with.
    pub fence: i64,
    /// Whether an earlier claim was never finished: what became of it is unknown.
    pub interrupted: bool,
}

#[derive(FromRow)]
struct TimerRow {
    id: Uuid,
    due_at: i64,
    lease_until: Option<i64>,
    fence: i64,
}

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// Sets the instant at which an aggregate next needs attention. Whoever holds a claim on the old
/// instant has lost it: the fence grows. A new row's fence begins at `now`, so that it is above
/// that of any row that stood here before.
pub async fn set(
    tx: &mut Tx,
    kind: Kind,
    id: Uuid,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    const UPSERT: Sql = Sql::same(
        "INSERT INTO timer (kind, id, due_at, lease_until, fence, generation)
         VALUES (?, ?, ?, NULL, ?, 1)
         ON CONFLICT (kind, id) DO UPDATE SET due_at = excluded.due_at, lease_until = NULL,
             fence = timer.fence + 1, generation = timer.generation + 1",
    );
    tx.execute(&UPSERT, args![kind.name(), id, due_at, now]).await?;
    Ok(())
}

/// Removes the timers of aggregates that need no attention any more.
pub async fn clear(tx: &mut Tx, kind: Kind, ids: &[Uuid]) -> Result<()> {
    const DELETE: Sql = Sql::differs(
        "DELETE FROM timer WHERE kind = ? AND id IN (SELECT unhex(value) FROM json_each(?))",
        "DELETE FROM timer WHERE kind = ? AND id = ANY(?)",
    );
    if ids.is_empty() {
        return Ok(());
    }
    let ids = Value::UuidList(ids.iter().map(|id| Some(*id)).collect());
    tx.execute(&DELETE, vec![kind.name().into(), ids]).await?;
    Ok(())
}

/// Claims up to `limit` due timers for this node.
pub async fn claim(tx: &mut Tx, kind: Kind, now: Timestamp, limit: i64) -> Result<Vec<Claimed>> {
    const SELECT: Sql = Sql::differs(
        "SELECT id, due_at, lease_until, fence FROM timer
         WHERE kind = ?1 AND due_at <= ?2 AND (lease_until IS NULL OR lease_until <= ?2)
         ORDER BY due_at LIMIT ?3",
        "SELECT id, due_at, lease_until, fence FROM timer
         WHERE kind = ?1 AND due_at <= ?2 AND (lease_until IS NULL OR lease_until <= ?2)
         ORDER BY due_at LIMIT ?3 FOR UPDATE SKIP LOCKED",
    );
    const UPDATE: Sql = Sql::differs(
        "UPDATE timer SET lease_until = ?, fence = fence + 1
         WHERE kind = ? AND id IN (SELECT unhex(value) FROM json_each(?))",
        "UPDATE timer SET lease_until = ?, fence = fence + 1 WHERE kind = ? AND id = ANY(?)",
    );
    let rows: Vec<TimerRow> = tx.fetch_all(&SELECT, args![kind.name(), now, limit]).await?;
    let mut until = None;
    let claimed: Vec<_> = rows
        .into_iter()
        .filter_map(|row| {
            let current = Claim { fence: row.fence, until: row.lease_until.map(instant) };
            let due_at = instant(row.due_at);
            let taken = lease::claim(due_at, current, now)?;
            until = taken.until;
            let interrupted = lease::is_interrupted(current, now);
            Some(Claimed { id: row.id, due_at, fence: taken.fence, interrupted })
        })
        .collect();
    if claimed.is_empty() {
        return Ok(claimed);
    }
    let ids = Value::UuidList(claimed.iter().map(|timer| Some(timer.id)).collect());
    tx.execute(&UPDATE, vec![until.into(), kind.name().into(), ids]).await?;
    Ok(claimed)
}

/// Takes one timer that this transaction has just set, as if it had been claimed.
pub async fn take(
    tx: &mut Tx,
    kind: Kind,
    id: Uuid,
    now: Timestamp,
    until: Timestamp,
) -> Result<Claimed> {
    const UPDATE: Sql = Sql::same(
        "UPDATE timer SET lease_until = ?, fence = fence + 1 WHERE kind = ? AND id = ?
         RETURNING fence",
    );
    let (fence,): (i64,) = tx.fetch_one(&UPDATE, args![until, kind.name(), id]).await?;
    Ok(Claimed { id, due_at: now, fence, interrupted: false })
}

/// Ends a claim: the timer is set to `next` or removed. `false` means that the claim was lost to
/// somebody else or to a newer instant, and the caller's transaction must change nothing.
pub async fn finish(
    tx: &mut Tx,
    kind: Kind,
    claimed: &Claimed,
    next: Option<Timestamp>,
) -> Result<bool> {
    const UPDATE: Sql = Sql::same(
        "UPDATE timer SET due_at = ?, lease_until = NULL, generation = generation + 1
         WHERE kind = ? AND id = ? AND fence = ? AND lease_until IS NOT NULL",
    );
    const DELETE: Sql = Sql::same(
        "DELETE FROM timer WHERE kind = ? AND id = ? AND fence = ? AND lease_until IS NOT NULL",
    );
    let touched = match next {
        Some(next) => {
            tx.execute(&UPDATE, args![next, kind.name(), claimed.id, claimed.fence]).await?
        }
        None => tx.execute(&DELETE, args![kind.name(), claimed.id, claimed.fence]).await?,
    };
    Ok(touched == 1)
}

/// Whether a claim still stands; within a transaction on PostgreSQL it stands until the end.
pub async fn still_held(tx: &mut Tx, kind: Kind, claimed: &Claimed) -> Result<bool> {
    const SELECT: Sql = Sql::differs(
        "SELECT fence FROM timer WHERE kind = ? AND id = ? AND fence = ? AND lease_until IS NOT NULL",
        "SELECT fence FROM timer WHERE kind = ? AND id = ? AND fence = ? AND lease_until IS NOT NULL
         FOR UPDATE",
    );
    let row: Option<(i64,)> =
        tx.fetch_optional(&SELECT, args![kind.name(), claimed.id, claimed.fence]).await?;
    Ok(row.is_some())
}

/// The earliest instant at which a timer of this kind may be claimed.
pub async fn earliest(db: &Db, kind: Kind) -> Result<Option<Timestamp>> {
    const FREE: Sql =
        Sql::same("SELECT min(due_at) FROM timer WHERE kind = ? AND lease_until IS NULL");
    const HELD: Sql =
        Sql::same("SELECT min(lease_until) FROM timer WHERE kind = ? AND lease_until IS NOT NULL");
    let (free,): (Option<i64>,) = db.fetch_one(&FREE, args![kind.name()]).await?;
    let (held,): (Option<i64>,) = db.fetch_one(&HELD, args![kind.name()]).await?;
    Ok(free.into_iter().chain(held).min().map(instant))
}

/// How many timers of a kind are due and unclaimed, and the oldest of them (microseconds UTC).
pub async fn overdue(db: &Db, kind: Kind, now: Timestamp) -> Result<(i64, Option<i64>)> {
    const SELECT: Sql =
        Sql::same("SELECT count(*), min(due_at) FROM timer WHERE kind = ? AND due_at <= ?");
    db.fetch_one(&SELECT, args![kind.name(), now]).await
}
