//! Changes of the clocks that fall into shifts (`O4`): people are warned of them ahead, because the
//! shift of that day is an hour shorter or longer than its local times say.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::{OVERRIDE_LAYER, Schedule, Shift, on_call_at};

/// The most changes of one zone that are told of at once.
const CHANGES_MAX: usize = 100;

/// A change of the offset of a zone.
#[derive(Debug, Clone, PartialEq)]
pub struct ClockChange {
    /// When.
    pub at: Timestamp,
    /// Where.
    pub timezone: TimeZone,
    /// The offset just before it.
    pub before: Offset,
    /// The offset from then on.
    pub after: Offset,
    /// The shifts that it falls into, of layers in that zone.
    pub shifts: Vec<Shift>,
}

impl ClockChange {
    /// How far the clocks go forward; negative when they go back.
    pub fn forward(&self) -> SignedDuration {
        let seconds = i64::from(self.after.seconds()) - i64::from(self.before.seconds());
        SignedDuration::from_secs(seconds)
    }
}

/// The changes of the clocks after `from` and up to `to` in the zones of a schedule, in order. A
/// change at the very handoff falls into no shift.
pub fn clock_changes(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<ClockChange> {
    let mut changes = Vec::new();
    for timezone in zones(schedule) {
        let ahead = timezone.following(from).take_while(|change| change.timestamp() <= to);
        for change in ahead.take(CHANGES_MAX) {
            let at = change.timestamp();
            let Ok(just_before) = at.checked_sub(SignedDuration::from_nanos(1)) else { continue };
            let (before, after) = (timezone.to_offset(just_before), timezone.to_offset(at));
            if before != after {
                let shifts = on_call_at(schedule, at);
                let met = shifts
                    .into_iter()
                    .filter(|shift| shift.from < at && zone_of(schedule, shift) == timezone);
                let (shifts, timezone) = (met.collect(), timezone.clone());
                changes.push(ClockChange { at, timezone, before, after, shifts });
            }
        }
    }
    changes.sort_by_key(|change| change.at);
    changes
}

/// How much longer a shift is than its local times say: an hour less in spring, an hour more in
/// autumn, nothing on other days.
pub fn longer_by(schedule: &Schedule, shift: &Shift) -> SignedDuration {
    if shift.from == Timestamp::MIN || shift.to == Timestamp::MAX {
        return SignedDuration::ZERO;
    }
    let timezone = zone_of(schedule, shift);
    let offset = |at: Timestamp| i64::from(timezone.to_offset(at).seconds());
    SignedDuration::from_secs(offset(shift.from) - offset(shift.to))
}

/// The zone that a shift's local times are in.
pub fn zone_of<'a>(schedule: &'a Schedule, shift: &Shift) -> &'a TimeZone {
    let own = schedule.layers.iter().find(|layer| layer.name == shift.layer);
    own.filter(|_| shift.layer != OVERRIDE_LAYER)
        .and_then(|layer| layer.timezone.as_ref())
        .unwrap_or(&schedule.timezone)
}

fn zones(schedule: &Schedule) -> Vec<&TimeZone> {
    let mut zones = vec![&schedule.timezone];
    for timezone in schedule.layers.iter().filter_map(|layer| layer.timezone.as_ref()) {
        if !zones.contains(&timezone) {
            zones.push(timezone);
        }
    }
    zones
}
