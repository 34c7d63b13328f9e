//! When a step of an escalation counts (`O6`): for which severities, at which hours, for alerts
//! with which labels, and only while more than so many alerts came in. Whatever is not said holds.
//! A step whose condition does not hold is left at once, and says why.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::alerting::rule::{Rule, Subject};
use crate::incident::severity::Level;
use crate::oncall::facts::Facts;
use crate::time::format_duration;

/// The most alerts that a condition may ask for.
pub const ALERTS_MAX: u32 = 1_000;

/// When a step counts; everything given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// One of these levels; empty means any.
    pub severities: Vec<Level>,
    /// At these hours.
    pub hours: Option<Hours>,
    /// The incident's first alert matches.
    pub rule: Option<Rule>,
    /// More than so many alerts.
    pub flood: Option<Flood>,
}

/// Hours of the week in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// The zone that they are read in.
    pub timezone: TimeZone,
    /// The weekdays on which the window begins; empty means every day.
    pub days: Vec<Weekday>,
    /// When the window begins.
    pub from: Time,
    /// When it ends; not later than `from` means on the next day.
    pub to: Time,
}

impl Hours {
    /// Whether the wall clock of the zone is inside the window.
    pub fn contain(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.timezone.clone()).datetime();
        let begins_on = |day: Weekday| self.days.is_empty() || self.days.contains(&day);
        let yesterday = local.date().yesterday().map_or(local.date().weekday(), |d| d.weekday());
        let (today, time) = (local.date().weekday(), local.time());
        if self.from < self.to {
            return begins_on(today) && self.from <= time && time < self.to;
        }
        (begins_on(today) && self.from <= time) || (begins_on(yesterday) && time < self.to)
    }

    /// An instant after `at` before which [`Self::contain`] gives the same answer as at `at`: the
    /// next edge of a window, or the next change of the clocks.
    pub fn same_until(&self, at: Timestamp) -> Timestamp {
        let zone = &self.timezone;
        let today = zone.to_datetime(at).date();
        let days =
            [Some(today), today.tomorrow().ok(), today.tomorrow().and_then(Date::tomorrow).ok()];
        let edges = days
            .into_iter()
            .flatten()
            .flat_map(|day| [self.from, self.to].map(|time| DateTime::from_parts(day, time)));
        // An edge in a repeated hour is met twice; one in a skipped hour is met by the change itself.
        let instants = edges.flat_map(|edge| {
            let read = zone.to_ambiguous_timestamp(edge);
            [read.earlier().ok(), read.later().ok()]
        });
        let change = zone.following(at).next().map(|change| change.timestamp());
        let later = instants.flatten().chain(change).filter(|instant| *instant > at);
        later.min().unwrap_or(Timestamp::MAX)
    }

    /// In words: `09:00 to 17:00 on mon, tue in Europe/Berlin`.
    pub fn words(&self) -> String {
        let zone = self.timezone.iana_name().unwrap_or("UTC");
        let clock =
            |time: Time| DateTime::from_parts(Date::ZERO, time).strftime("%H:%M").to_string();
        let days: Vec<&str> = self.days.iter().map(|day| short_name(*day)).collect();
        let on = if days.is_empty() { String::new() } else { format!(" on {}", days.join(", ")) };
        format!("{} to {}{on} in {zone}", clock(self.from), clock(self.to))
    }
}

/// A weekday as configuration writes it.
fn short_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

/// More than so many alerts within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flood {
    /// At most [`ALERTS_MAX`].
    pub more_than: u32,
    /// Counted back from the step.
    pub within: SignedDuration,
}

/// Why a step does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmet {
    /// It is for other severities.
    Severity,
    /// It is for other hours.
    Hours(String),
    /// The incident's first alert does not match.
    Rule(String),
    /// Too few alerts came in.
    TooFew(Flood),
}

impl Unmet {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Severity => "it is for other severities".to_owned(),
            Self::Hours(hours) => format!("it counts from {hours}"),
            Self::Rule(rule) => format!("`{rule}` does not hold"),
            Self::TooFew(Flood { more_than, within }) => {
                format!("it needs more than {more_than} alerts in {}", format_duration(*within))
            }
        }
    }
}

impl Condition {
    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Why the condition does not hold at `at`; `None` where it does.
    pub fn unmet(
        &self,
        level: Level,
        service: &str,
        facts: &Facts,
        at: Timestamp,
    ) -> Option<Unmet> {
        if !self.severities.is_empty() && !self.severities.contains(&level) {
            return Some(Unmet::Severity);
        }
        if let Some(hours) = self.hours.as_ref().filter(|hours| !hours.contain(at)) {
            return Some(Unmet::Hours(hours.words()));
        }
        if let Some(rule) = &self.rule {
            let first = facts.first.as_ref();
            let holds = first.is_some_and(|first| {
                let integration = first.integration.as_str();
                rule.matches(&Subject { signal: &first.signal, integration, service })
            });
            if !holds {
                return Some(Unmet::Rule(rule.text().to_owned()));
            }
        }
        let flood = self.flood?;
        let since = at.checked_sub(flood.within).unwrap_or(Timestamp::MIN);
        let count = facts.alert_times.iter().filter(|time| since < **time && **time <= at).count();
        (count <= flood.more_than as usize).then_some(Unmet::TooFew(flood))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::signal::Signal;
    use crate::oncall::facts::First;
    use jiff::civil::time;

    fn t(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn unmet(condition: &Condition, facts: &Facts, at: &str) -> Option<Unmet> {
        condition.unmet(Level::WORST, "checkout", facts, t(at))
    }

    #[test]
    fn hours_are_those_of_the_zone_also_over_midnight() {
        let hours = |days: &[Weekday], from, to| Condition {
            hours: Some(Hours {
                timezone: TimeZone::get("Europe/Berlin").unwrap(),
                days: days.to_vec(),
                from: Time::constant(from, 0, 0, 0),
                to: Time::constant(to, 0, 0, 0),
            }),
            ..Condition::default()
        };
        let facts = Facts::default();
        let work = hours(&[Weekday::Friday], 9, 17);
        // Friday 09:30 in Berlin, in winter and in summer.
        assert_eq!(unmet(&work, &facts, "2026-11-20T08:30:00Z"), None);
        assert_eq!(unmet(&work, &facts, "2026-07-10T07:30:00Z"), None);
        assert!(unmet(&work, &facts, "2026-11-20T07:30:00Z").is_some());
        assert!(unmet(&work, &facts, "2026-11-21T08:30:00Z").is_some());
        let night = hours(&[Weekday::Friday], 22, 6);
        assert_eq!(unmet(&night, &facts, "2026-11-21T04:30:00Z"), None);
        assert!(unmet(&night, &facts, "2026-11-20T04:30:00Z").is_some());
    }

    #[test]
    fn a_rule_is_about_the_first_alert_and_does_not_hold_without_one() {
        let condition = Condition {
            rule: Some(Rule::parse(r#"labels.team == "payments""#).unwrap()),
            ..Condition::default()
        };
        let mut signal = Signal::trigger("a", "it is down");
        signal.labels = vec![("team".into(), "payments".into())];
        let first = First { signal, integration: "events".into() };
        let facts = Facts { first: Some(first), ..Facts::default() };
        assert_eq!(unmet(&condition, &facts, "2026-11-20T08:30:00Z"), None);
        let none = unmet(&condition, &Facts::default(), "2026-11-20T08:30:00Z").unwrap();
        assert_eq!(none.words(), r#"`labels.team == "payments"` does not hold"#);
    }

    #[test]
    fn a_flood_is_counted_back_from_the_step() {
        let flood = Flood { more_than: 2, within: SignedDuration::from_mins(5) };
        let condition = Condition { flood: Some(flood), ..Condition::default() };
        let alert_times = ["08:26", "08:28", "08:29"];
        let alert_times = alert_times.map(|time| t(&format!("2026-11-20T{time}:00Z"))).to_vec();
        let facts = Facts { alert_times, ..Facts::default() };
        assert_eq!(unmet(&condition, &facts, "2026-11-20T08:30:00Z"), None);
        let late = unmet(&condition, &facts, "2026-11-20T08:31:00Z").unwrap();
        assert_eq!(late.words(), "it needs more than 2 alerts in 5m");
    }

    #[test]
    fn a_severity_that_is_not_listed_leaves_the_step_out() {
        let second = Condition { severities: vec![Level::UNMAPPED], ..Condition::default() };
        let at = "2026-11-20T08:30:00Z";
        assert_eq!(unmet(&second, &Facts::default(), at), Some(Unmet::Severity));
        assert_eq!(unmet(&Condition::default(), &Facts::default(), at), None);
    }

    #[test]
    fn between_one_edge_and_the_next_nothing_changes() {
        let weekend = vec![Weekday::Saturday, Weekday::Sunday];
        for (zone, from) in [
            ("Europe/Berlin", "2026-03-27T12:00:00Z"),
            ("Europe/Berlin", "2026-10-23T12:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-03T12:00:00Z"),
        ] {
            for (from_time, to_time, days) in [
                (time(9, 0, 0, 0), time(17, 0, 0, 0), vec![]),
                (time(1, 45, 0, 0), time(2, 30, 0, 0), vec![]),
                (time(22, 0, 0, 0), time(2, 15, 0, 0), weekend.clone()),
                (time(0, 0, 0, 0), time(0, 0, 0, 0), weekend.clone()),
            ] {
                let timezone = TimeZone::get(zone).unwrap();
                let hours = Hours { timezone, days, from: from_time, to: to_time };
                let (mut at, end) = (t(from), t(from) + SignedDuration::from_hours(96));
                while at < end {
                    let until = hours.same_until(at);
                    assert!(until > at);
                    let mut between = at;
                    while between < until {
                        assert_eq!(hours.contain(between), hours.contain(at), "{zone} {between}");
                        between += SignedDuration::from_mins(5);
                    }
                    at = until;
                }
            }
        }
    }
}
