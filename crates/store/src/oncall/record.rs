//! Who was on call, as it was written down while time passed: the shifts of each schedule up to an
//! instant. A later change of a rotation does not rewrite them.

use std::collections::HashMap;

use jiff::Timestamp;
use muster_core::id::{ScheduleId, UserId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx, instant};

/// Time that somebody had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Where.
    pub schedule: ScheduleId,
    /// Who.
    pub user: UserId,
    /// The layer, or `override`.
    pub layer: String,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
}

#[derive(FromRow)]
struct RecordRow {
    schedule_id: Uuid,
    user_id: Uuid,
    layer: String,
    from_at: i64,
    to_at: i64,
}

/// How far a schedule is written down, held until the transaction ends; from `now` on for one of
/// which nothing is yet.
pub async fn begin(tx: &mut Tx, schedule: ScheduleId, now: Timestamp) -> Result<Timestamp> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO shift_record_until (schedule_id, until_at) VALUES (?, ?)
         ON CONFLICT (schedule_id) DO NOTHING",
    );
    const SELECT: Sql = Sql::differs(
        "SELECT until_at FROM shift_record_until WHERE schedule_id = ?",
        "SELECT until_at FROM shift_record_until WHERE schedule_id = ? FOR UPDATE",
    );
    tx.execute(&INSERT, args![schedule, now]).await?;
    let (until,): (i64,) = tx.fetch_one(&SELECT, args![schedule]).await?;
    instant(until)
}

/// Writes down a piece of a shift. One that goes on where the last piece of the same shift ended
/// makes that longer.
pub async fn add(tx: &mut Tx, piece: &Recorded, goes_on: bool) -> Result<()> {
    const LONGER: Sql = Sql::same(
        "UPDATE shift_record SET to_at = ?
         WHERE schedule_id = ? AND user_id = ? AND layer = ? AND to_at = ?",
    );
    const INSERT: Sql = Sql::same(
        "INSERT INTO shift_record (schedule_id, user_id, layer, from_at, to_at)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (schedule_id, from_at, user_id) DO NOTHING",
    );
    let Recorded { schedule, user, layer, from, to } = piece;
    if goes_on && tx.execute(&LONGER, args![*to, *schedule, *user, layer, *from]).await? > 0 {
        return Ok(());
    }
    tx.execute(&INSERT, args![*schedule, *user, layer, *from, *to]).await?;
    Ok(())
}

/// A schedule is written down up to `until` now.
pub async fn end(tx: &mut Tx, schedule: ScheduleId, until: Timestamp) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE shift_record_until SET until_at = ? WHERE schedule_id = ?");
    tx.execute(&UPDATE, args![until, schedule]).await?;
    Ok(())
}

/// What is written down of a period, by schedule and instant; at most `limit` rows.
pub async fn between(db: &Db, from: Timestamp, to: Timestamp, limit: i64) -> Result<Vec<Recorded>> {
    const SELECT: Sql = Sql::same(
        "SELECT schedule_id, user_id, layer, from_at, to_at FROM shift_record
         WHERE from_at < ? AND to_at > ? ORDER BY schedule_id, from_at, user_id LIMIT ?",
    );
    let rows: Vec<RecordRow> = db.fetch_all(&SELECT, args![to, from, limit]).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Recorded {
                schedule: ScheduleId(row.schedule_id),
                user: UserId(row.user_id),
                layer: row.layer,
                from: instant(row.from_at)?,
                to: instant(row.to_at)?,
            })
        })
        .collect()
}

/// How far each schedule is written down.
pub async fn until(db: &Db) -> Result<HashMap<ScheduleId, Timestamp>> {
    const SELECT: Sql = Sql::same("SELECT schedule_id, until_at FROM shift_record_until");
    let rows: Vec<(Uuid, i64)> = db.fetch_all(&SELECT, args![]).await?;
    rows.into_iter().map(|(id, until)| Ok((ScheduleId(id), instant(until)?))).collect()
}
