//! Quiet hours: the time of day in which pages that can wait do wait (`O8`). Urgent pages know no
//! quiet hours.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// A time of day in which a person is not bothered with what can wait. Where it ends before it
/// begins it runs over midnight; where both are the same it is the whole day, which nobody may
/// write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// From this local time on.
    pub from: Time,
    /// Until this local time.
    pub to: Time,
}

impl QuietHours {
    /// When a message of `at` that can wait goes out: at once, or when the quiet hours end in the
    /// person's zone. A local time that a change of clocks skips is the instant after the gap
    /// (RFC 5545), and a message is never put off by a day or more.
    pub fn defer(&self, zone: &TimeZone, at: Timestamp) -> Timestamp {
        let local = at.to_zoned(zone.clone());
        let time = local.time();
        let is_quiet = if self.from < self.to {
            self.from <= time && time < self.to
        } else {
            time >= self.from || time < self.to
        };
        if !is_quiet {
            return at;
        }
        let today = local.date();
        let ends_today = time < self.to;
        let day = if ends_today { Ok(today) } else { today.checked_add(1.day()) };
        let end = day.ok().and_then(|day| day.to_datetime(self.to).to_zoned(zone.clone()).ok());
        end.map_or(at, |end| end.timestamp().max(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn deferred(quiet: QuietHours, at: &str) -> String {
        quiet.defer(&berlin(), at.parse().unwrap()).to_string()
    }

    #[test]
    fn the_night_waits_for_the_morning() {
        let night = QuietHours { from: time(22, 0, 0, 0), to: time(7, 0, 0, 0) };
        for (at, then) in [
            ("2026-11-20T20:59:59Z", "2026-11-20T20:59:59Z"),
            ("2026-11-20T21:00:00Z", "2026-11-21T06:00:00Z"),
            ("2026-11-21T02:00:00Z", "2026-11-21T06:00:00Z"),
            ("2026-11-21T06:00:00Z", "2026-11-21T06:00:00Z"),
        ] {
            assert_eq!(deferred(night, at), then, "{at}");
        }
    }

    #[test]
    fn quiet_hours_within_a_day_end_on_that_day() {
        let nap = QuietHours { from: time(13, 0, 0, 0), to: time(15, 30, 0, 0) };
        assert_eq!(deferred(nap, "2026-11-20T13:00:00Z"), "2026-11-20T14:30:00Z");
        assert_eq!(deferred(nap, "2026-11-20T11:59:00Z"), "2026-11-20T11:59:00Z");
    }

    #[test]
    fn an_end_that_the_clocks_skip_is_the_instant_after() {
        // On 2026-03-29 Berlin goes from 02:00 to 03:00.
        let night = QuietHours { from: time(22, 0, 0, 0), to: time(2, 30, 0, 0) };
        assert_eq!(deferred(night, "2026-03-29T00:30:00Z"), "2026-03-29T01:30:00Z");
        // On 2026-10-25 it passes 02:30 twice; the first ends the night, and what comes in the
        // second time waits for nothing that has been.
        assert_eq!(deferred(night, "2026-10-25T00:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(deferred(night, "2026-10-25T01:10:00Z"), "2026-10-25T01:10:00Z");
    }
}
