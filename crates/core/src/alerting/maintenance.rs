//! Maintenance windows (`D12`): planned work during which alerts are recorded and page nobody. This
//! file knows which alerts a window covers; that they come back at its end is
//! [`crate::alerting::hold`]'s doing.

use jiff::{SignedDuration, Timestamp};

use crate::alerting::rule::{Rule, Subject};
use crate::id::{MaintenanceId, ServiceId};

/// The longest window: whoever needs more extends it, so that none is forgotten for good.
pub const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);
/// The most windows that may be planned or in force at once.
pub const WINDOWS_MAX: i64 = 500;
/// The longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// Planned work.
#[derive(Debug, Clone)]
pub struct Maintenance {
    /// For programs.
    pub id: MaintenanceId,
    /// Why, in words.
    pub reason: String,
    /// Alerts of these services; empty means of any.
    pub services: Vec<ServiceId>,
    /// Only those that match.
    pub when: Option<Rule>,
    /// From then on.
    pub from: Timestamp,
    /// Up to, but not at, then.
    pub to: Timestamp,
}

impl Maintenance {
    /// Whether it is in force at an instant.
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Whether it is about an alert, whenever it is in force.
    pub fn is_about(&self, service: ServiceId, subject: &Subject<'_>) -> bool {
        (self.services.is_empty() || self.services.contains(&service))
            && self.when.as_ref().is_none_or(|rule| rule.matches(subject))
    }
}

/// What an alert says that a window mutes.
pub fn words(reason: &str, until: Timestamp) -> String {
    format!("suppressed by maintenance \"{reason}\" until {until}")
}

/// The window that mutes an alert at an instant: of several, the one that ends last.
pub fn muting<'a>(
    windows: &'a [Maintenance],
    service: ServiceId,
    subject: &Subject<'_>,
    at: Timestamp,
) -> Option<&'a Maintenance> {
    windows
        .iter()
        .filter(|window| window.is_in_force(at) && window.is_about(service, subject))
        .max_by_key(|window| (window.to, window.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerting::signal::Signal;

    fn at(hour: i64) -> Timestamp {
        let day: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        day + SignedDuration::from_hours(hour)
    }

    fn window(services: Vec<ServiceId>, when: Option<&str>, from: i64, to: i64) -> Maintenance {
        Maintenance {
            id: MaintenanceId::new(at(0), [u8::try_from(to).unwrap(); 10]),
            reason: "new disks".to_owned(),
            services,
            when: when.map(|text| Rule::parse(text).unwrap()),
            from: at(from),
            to: at(to),
        }
    }

    #[test]
    fn the_window_that_ends_last_mutes_and_none_does_at_its_end() {
        let checkout = ServiceId::new(at(0), [1; 10]);
        let other = ServiceId::new(at(0), [2; 10]);
        let mut signal = Signal::trigger("disk", "disk");
        signal.component = "db".to_owned();
        let subject = Subject { signal: &signal, integration: "", service: "checkout" };
        let windows = [
            window(vec![checkout], None, 3, 5),
            window(vec![], Some(r#"component == "db""#), 4, 8),
            window(vec![other], None, 0, 20),
        ];
        let until =
            |service, hour| muting(&windows, service, &subject, at(hour)).map(|window| window.to);
        assert_eq!(until(checkout, 2), None);
        assert_eq!(until(checkout, 3), Some(at(5)));
        assert_eq!(until(checkout, 4), Some(at(8)));
        assert_eq!(until(checkout, 8), None);
        assert_eq!(until(other, 8), Some(at(20)));
    }
}
