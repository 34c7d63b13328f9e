//! Guards against false positives (`D5`) and the pause for transient alerts (`D15`): whether an alert
//! that fires has done so often or long enough to page somebody. It counts and compares instants
//! only; who remembers the firings and wakes it up is somebody else's business.

use jiff::{SignedDuration, Timestamp};

use crate::time::format_duration;

/// The most firings that a guard may ask for.
pub const FIRINGS_MAX: u32 = 100;
/// The longest span that a guard or a pause may look over.
pub const SPAN_MAX: SignedDuration = SignedDuration::from_hours(24);

/// What an alert must do before it pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// It must fire so often, its first time included, with no longer than `within` between the
    /// first and the last of them. Recoveries in between do not matter.
    AtLeast {
        /// From 2 to [`FIRINGS_MAX`].
        count: u32,
        /// At most [`SPAN_MAX`].
        within: SignedDuration,
    },
    /// It must fire for so long without recovering; at most [`SPAN_MAX`].
    FiringFor(SignedDuration),
}

/// Why an alert does not page yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    /// When the answer changes by itself; `None` where only more firings can change it.
    pub until: Option<Timestamp>,
    /// In words: `guard: 2 of 3 firings within 10m`.
    pub because: String,
}

/// What an alert has done so far.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// When it began to fire.
    pub first_at: Timestamp,
    /// When its firings were received, as [`remember`] keeps them.
    pub firings: &'a [Timestamp],
}

/// Whether an alert must wait for its guard.
pub fn guarded(guard: Option<Guard>, record: Record<'_>, now: Timestamp) -> Option<Waits> {
    match guard? {
        Guard::AtLeast { count, within } => {
            let newest = record.firings.iter().max().copied().unwrap_or(record.first_at);
            let counts = |at: &&Timestamp| newest.duration_since(**at) <= within;
            let seen = record.firings.iter().filter(counts).count().max(1);
            let because =
                || format!("guard: {seen} of {count} firings within {}", format_duration(within));
            (seen < count as usize).then(|| Waits { until: None, because: because() })
        }
        Guard::FiringFor(length) => {
            let until = record.first_at.saturating_add(length).unwrap_or(Timestamp::MAX);
            let because = || format!("guard: it must fire for {}", format_duration(length));
            (now < until).then(|| Waits { until: Some(until), because: because() })
        }
    }
}

/// Whether an alert must wait because it may clear by itself.
pub fn paused(pause: Option<SignedDuration>, record: Record<'_>, now: Timestamp) -> Option<Waits> {
    let length = pause?;
    let until = record.first_at.saturating_add(length).unwrap_or(Timestamp::MAX);
    let because = || format!("waiting {}, in case it clears by itself", format_duration(length));
    (now < until).then(|| Waits { until: Some(until), because: because() })
}

/// The firings that a guard looks at, with one more: as many as it asks for and none that is too
/// long ago to count. Without a guard that counts nothing is remembered.
pub fn remember(
    guard: Option<Guard>,
    mut firings: Vec<Timestamp>,
    at: Timestamp,
) -> Vec<Timestamp> {
    let Some(Guard::AtLeast { count, within }) = guard else { return Vec::new() };
    firings.push(at);
    firings.sort_unstable();
    let newest = firings.last().copied().unwrap_or(at);
    firings.retain(|firing| newest.duration_since(*firing) <= within);
    let surplus = firings.len().saturating_sub(count as usize);
    firings.drain(..surplus);
    firings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-21T{text}Z").parse().unwrap()
    }

    const THREE: Option<Guard> =
        Some(Guard::AtLeast { count: 3, within: SignedDuration::from_mins(10) });

    fn after(times: &[&str]) -> Option<Waits> {
        let firings = times.iter().fold(Vec::new(), |known, time| remember(THREE, known, at(time)));
        let now = *firings.last().unwrap();
        guarded(THREE, Record { first_at: now, firings: &firings }, now)
    }

    #[test]
    fn the_third_firing_within_the_span_passes_and_the_second_does_not() {
        let waits = after(&["03:00:00", "03:04:00"]).unwrap();
        assert_eq!(waits.because, "guard: 2 of 3 firings within 10m");
        assert_eq!(waits.until, None);
        assert_eq!(after(&["03:00:00", "03:04:00", "03:10:00"]), None);
    }

    #[test]
    fn what_was_too_long_ago_does_not_count() {
        let waits = after(&["03:00:00", "03:04:00", "03:10:01"]).unwrap();
        assert_eq!(waits.because, "guard: 2 of 3 firings within 10m");
    }

    #[test]
    fn no_more_is_remembered_than_the_guard_asks_for() {
        let many = (0..50).fold(Vec::new(), |known, _| remember(THREE, known, at("03:00:00")));
        assert_eq!(many.len(), 3);
        assert!(remember(None, many, at("03:00:00")).is_empty());
    }

    #[test]
    fn firing_for_a_while_passes_when_the_while_is_over() {
        let five = SignedDuration::from_mins(5);
        let record = Record { first_at: at("03:00:00"), firings: &[] };
        let waits = guarded(Some(Guard::FiringFor(five)), record, at("03:04:59")).unwrap();
        assert_eq!(waits.until, Some(at("03:05:00")));
        assert_eq!(guarded(Some(Guard::FiringFor(five)), record, at("03:05:00")), None);
        assert!(paused(Some(five), record, at("03:04:59")).is_some());
        assert_eq!(paused(Some(five), record, at("03:05:00")), None);
        assert_eq!(paused(None, record, at("03:00:00")), None);
    }
}
