//! Turns: which participant of a rotation has it at an instant. The turn is computed from the
//! distance to the first handoff and then corrected by at most a few turns for changes of offset.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Rotation, TurnLength};

/// One participant's turn.
pub(super) struct Turn {
    /// The place in the list of participants; 0 if the list is empty.
    pub participant: usize,
    /// The handoff that begins it.
    pub from: Timestamp,
    /// The handoff that ends it; the end of time where the calendar does not reach.
    pub to: Timestamp,
}

/// The first handoff on or after the rotation's start; none where the calendar does not reach.
pub(super) fn first_handoff(rotation: &Rotation, timezone: &TimeZone) -> Option<Timestamp> {
    handoff_on(rotation, timezone, first_date(rotation)?)
}

/// The turn at an instant; none before the `first` handoff.
pub(super) fn turn_at(
    rotation: &Rotation,
    timezone: &TimeZone,
    first: Timestamp,
    at: Timestamp,
) -> Option<Turn> {
    if at < first {
        return None;
    }
    let (number, from, to) = match rotation.every {
        TurnLength::Hours(hours) => turn_of_hours(first, hours.max(1), at),
        TurnLength::Days(days) => turn_of_days(rotation, timezone, days.max(1), at)?,
        TurnLength::Weeks(weeks) => {
            turn_of_days(rotation, timezone, weeks.max(1).saturating_mul(7), at)?
        }
    };
    let count = i64::try_from(rotation.participants.len().max(1)).ok()?;
    let participant = usize::try_from(number.rem_euclid(count)).ok()?;
    Some(Turn { participant, from, to: to.unwrap_or(Timestamp::MAX) })
}

/// Number, beginning and end of the turn of so many elapsed hours.
fn turn_of_hours(
    first: Timestamp,
    hours: u32,
    at: Timestamp,
) -> (i64, Timestamp, Option<Timestamp>) {
    let length_seconds = i64::from(hours) * 3_600;
    let number = at.duration_since(first).as_secs().div_euclid(length_seconds);
    let handoff = |number: i64| {
        let elapsed = SignedDuration::from_secs(number.checked_mul(length_seconds)?);
        first.checked_add(elapsed).ok()
    };
    (number, handoff(number).unwrap_or(first), handoff(number + 1))
}

/// Number, beginning and end of the turn of so many calendar days. Handoffs a day or more apart keep
/// their order whatever the zone does, so the last one not after `at` begins the turn; a turn that
/// falls into a skipped day has no length and is nobody's.
fn turn_of_days(
    rotation: &Rotation,
    timezone: &TimeZone,
    days: u32,
    at: Timestamp,
) -> Option<(i64, Timestamp, Option<Timestamp>)> {
    let first = first_date(rotation)?;
    let handoff = |number: i64| {
        let hours = number.checked_mul(i64::from(days))?.checked_mul(24)?;
        let date = first.checked_add(SignedDuration::from_secs(hours.checked_mul(3_600)?)).ok()?;
        handoff_on(rotation, timezone, date)
    };
    let days_passed = first.duration_until(timezone.to_datetime(at).date()).as_hours() / 24;
    let mut number = (days_passed / i64::from(days)).max(0);
    let mut from = handoff(number);
    while number > 0 && from.is_none_or(|from| from > at) {
        number -= 1;
        from = handoff(number);
    }
    let mut to = handoff(number + 1);
    while let Some(next) = to.filter(|next| *next <= at) {
        number += 1;
        from = Some(next);
        to = handoff(number + 1);
    }
    Some((number, from?, to))
}

fn first_date(rotation: &Rotation) -> Option<Date> {
    let weekday = match (rotation.every, rotation.handoff_weekday) {
        (TurnLength::Weeks(_), Some(weekday)) => weekday,
        _ => return Some(rotation.start),
    };
    let days = i64::from(rotation.start.weekday().until(weekday));
    rotation.start.checked_add(SignedDuration::from_hours(days * 24)).ok()
}

fn handoff_on(rotation: &Rotation, timezone: &TimeZone, date: Date) -> Option<Timestamp> {
    timezone.to_timestamp(DateTime::from_parts(date, rotation.handoff_time)).ok()
}
