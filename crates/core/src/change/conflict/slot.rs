//! The next time at which nothing is in a change's way. Where something is, the search goes on where
//! that is over, so that a calendar full for weeks is walked through in as many steps as it has
//! obstacles.

use jiff::{SignedDuration, Timestamp};

use super::{Around, Check, Conflict, Subject};
use crate::change::notice::Calendar;
use crate::oncall::cover::Span;

/// What beginnings are multiples of: every zone's quarter hours are these.
pub const GRAIN: SignedDuration = SignedDuration::from_mins(15);
/// How far ahead is searched at most.
pub const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(60 * 24);

/// A time at which nothing blocks a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// When it would be done.
    pub span: Span,
    /// What is worth knowing of it all the same.
    pub warnings: Vec<Conflict>,
}

/// The earliest quarter of an hour from `from` on, and before `until`, at which nothing blocks the
/// change and there is time for the notice that it needs. Never earlier than now, and never further
/// than [`AHEAD_MAX`] from there.
pub fn next_free_slot(
    subject: &Subject,
    around: Around<'_>,
    from: Timestamp,
    until: Timestamp,
) -> Option<Slot> {
    let directory = around.directory;
    let calendar = Calendar { zone: &directory.timezone, holidays: &directory.holidays };
    let mut start = on_grain(from.max(around.now))?;
    let until = until.min(start.saturating_add(AHEAD_MAX).ok()?);
    let within = Span { from: start, to: until.saturating_add(subject.at_most()).ok()? };
    let check = Check::new(subject, around, within);
    while start < until {
        let next = start.checked_add(GRAIN).ok()?;
        if subject.notice.deadline(start, calendar) < around.now {
            start = next;
            continue;
        }
        let found = check.at(start);
        let clear = found.iter().filter(|one| one.is_blocking).map(|one| one.clear_from).max();
        let Some(clear) = clear else {
            let span = Span { from: start, to: start.checked_add(subject.takes).ok()? };
            return Some(Slot { span, warnings: found });
        };
        start = on_grain(clear)?.max(next);
    }
    None
}

/// The first multiple of [`GRAIN`] that is not before an instant.
fn on_grain(at: Timestamp) -> Option<Timestamp> {
    let grain = GRAIN.as_secs();
    let seconds = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    let rest = seconds.rem_euclid(grain);
    let more = if rest == 0 { 0 } else { grain - rest };
    Timestamp::from_second(seconds.checked_add(more)?).ok()
}
