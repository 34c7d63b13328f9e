//! How long before its beginning a change must be announced, and what became of that: lengths of time
//! and business days on the organisation's own clocks, and whether a change is emergent (`X8`).

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// How long before the beginning the last approval must be there, or the change is emergent (`X8`).
pub const EMERGENT_AFTER: SignedDuration = SignedDuration::from_hours(48);

/// How long before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// None.
    Free,
    /// A length of time.
    Within(SignedDuration),
    /// That many business days: neither weekends nor holidays, at the same time of day.
    BusinessDays(u32),
}

/// The days that count.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    /// The zone in which days begin.
    pub zone: &'a TimeZone,
    /// Days that are no business days although they are no weekend.
    pub holidays: &'a [Date],
}

impl Calendar<'_> {
    fn is_business(self, day: Date) -> bool {
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        !is_weekend && !self.holidays.contains(&day)
    }
}

impl Notice {
    /// The last instant at which a change that begins at `start` can be announced in time. Business
    /// days are counted back by the wall clock, so that five of them across a change to summer time
    /// end at the same time of day.
    pub fn deadline(self, start: Timestamp, calendar: Calendar<'_>) -> Timestamp {
        match self {
            Self::Free => start,
            Self::Within(time) => start.checked_sub(time).unwrap_or(Timestamp::MIN),
            Self::BusinessDays(days) => {
                let local = start.to_zoned(calendar.zone.clone());
                let mut day = local.date();
                let mut left = days;
                while left > 0 {
                    let Ok(before) = day.yesterday() else { return Timestamp::MIN };
                    day = before;
                    if calendar.is_business(day) {
                        left -= 1;
                    }
                }
                let there = day.to_datetime(local.time()).to_zoned(calendar.zone.clone());
                there.map_or(Timestamp::MIN, |there| there.timestamp())
            }
        }
    }

    /// In words, such as `5 business days`.
    pub fn in_words(self) -> String {
        match self {
            Self::Free => "no notice".to_owned(),
            Self::Within(time) if time.as_secs() % 3_600 == 0 => {
                format!("{} hours", time.as_secs() / 3_600)
            }
            Self::Within(time) => crate::time::format_duration(time),
            Self::BusinessDays(1) => "1 business day".to_owned(),
            Self::BusinessDays(days) => format!("{days} business days"),
        }
    }

    /// The most that may be asked for, in days.
    pub const DAYS_MAX: u32 = 90;

    /// As configuration writes it: `none`, a duration, or `5bd`.
    pub fn text(self) -> String {
        match self {
            Self::Free => "none".to_owned(),
            Self::Within(time) => crate::time::format_duration(time),
            Self::BusinessDays(days) => format!("{days}bd"),
        }
    }

    /// What configuration writes; none where it is no such thing.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "none" {
            return Some(Self::Free);
        }
        if let Some(days) = text.strip_suffix("bd") {
            let days = days.parse().ok().filter(|days| (1..=Self::DAYS_MAX).contains(days))?;
            return Some(Self::BusinessDays(days));
        }
        let most = SignedDuration::from_hours(24 * i64::from(Self::DAYS_MAX));
        let time = crate::time::parse_duration(text).ok().filter(|time| *time <= most)?;
        Some(if time.is_zero() { Self::Free } else { Self::Within(time) })
    }
}

/// Whether a change is emergent: not wholly approved 48 hours before its beginning. Exactly 48 hours
/// before is in time.
pub fn is_emergent(start: Timestamp, approved_at: Option<Timestamp>, now: Timestamp) -> bool {
    let last = start.checked_sub(EMERGENT_AFTER).unwrap_or(Timestamp::MIN);
    approved_at.unwrap_or(now) > last
}

/// The end of the business day `days` after an instant, for what must follow: the same time of day.
pub fn business_days_after(from: Timestamp, days: u32, calendar: Calendar<'_>) -> Timestamp {
    let local = from.to_zoned(calendar.zone.clone());
    let mut day = local.date();
    let mut left = days;
    while left > 0 {
        let Ok(next) = day.checked_add(1.day()) else { return Timestamp::MAX };
        day = next;
        if calendar.is_business(day) {
            left -= 1;
        }
    }
    let there = day.to_datetime(local.time()).to_zoned(calendar.zone.clone());
    there.map_or(Timestamp::MAX, |there| there.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn deadline(days: u32, start: &str, holidays: &[Date]) -> Timestamp {
        let zone = berlin();
        let calendar = Calendar { zone: &zone, holidays };
        Notice::BusinessDays(days).deadline(at(start), calendar)
    }

    #[test]
    fn emergent_begins_right_after_48_hours_before_the_start() {
        let start = at("2026-03-10T12:00:00Z");
        let edge = at("2026-03-08T12:00:00Z");
        let second = SignedDuration::from_secs(1);
        let now = at("2026-03-01T00:00:00Z");
        assert!(!is_emergent(start, Some(edge), now));
        assert!(is_emergent(start, Some(edge + second), now));
        assert!(!is_emergent(start, None, edge));
        assert!(is_emergent(start, None, edge + second));
        assert!(
            !is_emergent(start, Some(edge - second), start),
            "what was approved in time stays so"
        );
    }

    #[test]
    fn business_days_skip_weekends_and_keep_the_time_of_day_over_a_change_of_clocks() {
        // The clocks of Berlin go forward on Sunday, 29 March 2026: Wednesday 10:00 there is
        // 08:00Z, five business days earlier it is 09:00Z.
        assert_eq!(deadline(5, "2026-04-01T08:00:00Z", &[]), at("2026-03-25T09:00:00Z"));
        // And back on 25 October.
        assert_eq!(deadline(5, "2026-10-28T09:00:00Z", &[]), at("2026-10-21T08:00:00Z"));
    }

    #[test]
    fn holidays_and_weekends_do_not_count() {
        let friday: Date = "2026-04-03".parse().unwrap();
        let monday: Date = "2026-04-06".parse().unwrap();
        // From Wednesday the 8th: Tuesday, then over Easter to Thursday the 2nd.
        let found = deadline(2, "2026-04-08T10:00:00Z", &[friday, monday]);
        assert_eq!(found, at("2026-04-02T10:00:00Z"));
        // A start on a Sunday counts back from Friday.
        assert_eq!(deadline(1, "2026-05-10T10:00:00Z", &[]), at("2026-05-08T10:00:00Z"));
    }

    #[test]
    fn what_follows_is_counted_the_same_way() {
        let zone = berlin();
        let calendar = Calendar { zone: &zone, holidays: &[] };
        let found = business_days_after(at("2026-03-27T09:00:00Z"), 2, calendar);
        assert_eq!(found, at("2026-03-31T08:00:00Z"));
    }

    #[test]
    fn notice_is_read_as_it_is_written() {
        for text in ["none", "2d", "90m", "5bd", "1bd"] {
            assert_eq!(Notice::read(text).map(Notice::text).as_deref(), Some(text));
        }
        for wrong in ["", "5", "bd", "0bd", "-1bd", "91bd", "200d", "five"] {
            assert_eq!(Notice::read(wrong), None, "{wrong}");
        }
        assert_eq!(Notice::read("48h").unwrap().in_words(), "48 hours");
    }
}
