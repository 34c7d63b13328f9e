//! Writing down who was on call (`O16`), as time passes: whatever changes afterwards, what people
//! are paid by stays. What lies ahead is computed from the plan.

use jiff::Timestamp;
use muster_core::oncall::load::Held;
use muster_core::oncall::schedule::{Schedule, shifts};
use muster_core::org::directory::Directory;
use muster_store::oncall::record::{self, Recorded};
use muster_store::{Db, StoreError, Tx};

/// The most pieces of shifts that one report reads.
const PIECES_MAX: i64 = 200_000;

/// Writes down who had a schedule since it was last written down, up to `now`, and says since when
/// that is.
///
/// # Errors
/// When the store refuses.
pub async fn write(
    tx: &mut Tx,
    schedule: &Schedule,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let since = record::begin(tx, schedule.id, now).await?;
    if since >= now {
        return Ok(since);
    }
    for shift in shifts(schedule, since, now) {
        let goes_on = shift.from < since;
        let piece = Recorded {
            schedule: schedule.id,
            user: shift.user,
            layer: shift.layer,
            from: shift.from.max(since),
            to: shift.to.min(now),
        };
        record::add(tx, &piece, goes_on).await?;
    }
    record::end(tx, schedule.id, now).await?;
    Ok(since)
}

/// Who has, had and will have the schedules that `is_wanted` picks in a period: as written down
/// for the past, as planned from there on.
///
/// # Errors
/// When the store cannot be read.
pub async fn held(
    db: &Db,
    directory: &Directory,
    (from, to): (Timestamp, Timestamp),
    is_wanted: impl Fn(&Schedule) -> bool,
) -> Result<Vec<Held>, StoreError> {
    let until = record::until(db).await?;
    let recorded = record::between(db, from, to, PIECES_MAX).await?;
    let is_wanted_id =
        |recorded: &Recorded| directory.schedules.get(recorded.schedule).is_none_or(&is_wanted);
    let past = recorded.into_iter().filter(is_wanted_id).map(|piece| Held {
        user: piece.user,
        schedule: piece.schedule,
        from: piece.from,
        to: piece.to,
    });
    let mut held: Vec<_> = past.collect();
    for schedule in directory.schedules.iter().filter(|schedule| is_wanted(schedule)) {
        // What passed before anything was written down is as the plan says, as far as it knows.
        let since = until.get(&schedule.id).copied();
        let first = held.iter().filter(|held| held.schedule == schedule.id).map(|held| held.from);
        let before = first.min().or(since).unwrap_or(Timestamp::MAX);
        for shift in shifts(schedule, from, to) {
            let after = since.unwrap_or(Timestamp::MAX);
            for (begin, end) in [(from, before.min(to)), (after.max(from), to)] {
                let (begin, end) = (shift.from.max(begin), shift.to.min(end));
                if begin < end {
                    let more =
                        Held { user: shift.user, schedule: schedule.id, from: begin, to: end };
                    join(&mut held, more, shift.from < begin);
                }
            }
        }
    }
    Ok(held)
}

/// Adds time. What was cut off at its beginning makes the same person's time before it longer.
fn join(held: &mut Vec<Held>, more: Held, is_cut: bool) {
    let goes_on = |held: &&mut Held| {
        is_cut && held.to == more.from && held.user == more.user && held.schedule == more.schedule
    };
    match held.iter_mut().find(goes_on) {
        Some(held) => held.to = more.to,
        None => held.push(more),
    }
}
