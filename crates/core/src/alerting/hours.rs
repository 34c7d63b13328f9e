//! Hours of the week in a named zone (`D6`): a rule that is bound to them applies only then. Local
//! times that do not exist or exist twice need no care here: the question is what the clock on the
//! wall shows at an instant, which has one answer.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

/// A window of the week on the wall clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The weekdays on which it begins; empty means every day.
    pub days: Vec<Weekday>,
    /// When it begins.
    pub from: Time,
    /// When it ends; not later than `from` means on the next day.
    pub to: Time,
}

/// When a rule applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// Within any of these.
    pub windows: Vec<Window>,
    /// Whose clock it is.
    pub timezone: TimeZone,
}

impl Hours {
    /// Whether an instant lies within the hours.
    pub fn contain(&self, at: Timestamp) -> bool {
        let local = self.timezone.to_datetime(at);
        let (today, time) = (local.weekday(), local.time());
        let yesterday = today.previous();
        self.windows.iter().any(|window| {
            let begins_on = |day| window.days.is_empty() || window.days.contains(&day);
            let over_night = window.to <= window.from;
            let since_today =
                begins_on(today) && time >= window.from && (over_night || time < window.to);
            since_today || (over_night && begins_on(yesterday) && time < window.to)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(days: Vec<Weekday>, from: i8, to: i8) -> Hours {
        let time = |hour| Time::constant(hour, 0, 0, 0);
        let timezone = TimeZone::get("Europe/Berlin").unwrap();
        Hours { windows: vec![Window { days, from: time(from), to: time(to) }], timezone }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_clock_on_the_wall_decides_in_summer_and_in_winter() {
        let office = berlin(vec![Weekday::Monday], 9, 17);
        assert!(office.contain(at("2026-07-06T07:00:00Z")));
        assert!(!office.contain(at("2026-07-06T15:00:00Z")));
        assert!(!office.contain(at("2026-01-05T07:00:00Z")));
        assert!(office.contain(at("2026-01-05T08:00:00Z")));
        assert!(!office.contain(at("2026-01-06T08:00:00Z")));
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = berlin(vec![Weekday::Friday], 22, 6);
        assert!(night.contain(at("2026-01-09T21:00:00Z")));
        assert!(night.contain(at("2026-01-10T04:59:59Z")));
        assert!(!night.contain(at("2026-01-10T05:00:00Z")));
        assert!(!night.contain(at("2026-01-09T04:00:00Z")));
    }

    #[test]
    fn the_same_time_twice_is_a_whole_day() {
        let day = berlin(vec![], 0, 0);
        assert!(day.contain(at("2026-01-09T21:00:00Z")) && day.contain(at("2026-01-09T12:00:00Z")));
    }
}
