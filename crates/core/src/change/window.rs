//! When changes may be made (`X9`): outage windows that come again each week on the clock of their
//! zone, and launch freezes in which nothing is touched. This file owns what they are and when they
//! are open; what follows for one change is [`super::conflict`]'s to say.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::id::{ServiceId, TeamId};
use crate::oncall::cover::Span;
use crate::oncall::schedule::Restriction;
use crate::oncall::schedule::restriction::{Windows, merged};

/// How many changes of services of tier 1 may be under way at once, unless the policy says otherwise.
pub const TIER_1_AT_ONCE_USUAL: u32 = 3;
/// The most windows of an organisation.
pub const WINDOWS_MAX: usize = 500;
/// The most freezes of an organisation.
pub const FREEZES_MAX: usize = 500;
/// The most stretches that one window is expanded to: two years of four a day.
const STRETCHES_MAX: usize = 6_000;

/// When changes of services may be made, week by week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Unique.
    pub name: String,
    /// For which services; for any where it names none.
    pub services: Vec<ServiceId>,
    /// For which classes of changes; for any where it names none.
    pub classes: Vec<String>,
    /// When it is open; always where nothing is said.
    pub hours: Vec<Restriction>,
    /// Whose clock that is.
    pub timezone: TimeZone,
}

impl Window {
    /// Whether it is for such changes of a service.
    pub fn is_for(&self, service: ServiceId, class: &str) -> bool {
        (self.services.is_empty() || self.services.contains(&service))
            && (self.classes.is_empty() || self.classes.iter().any(|one| one == class))
    }
}

/// A time in which nothing is touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Unique.
    pub name: String,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub until: Timestamp,
    /// Which services; all where neither services nor tiers are named.
    pub services: Vec<ServiceId>,
    /// Services of which tiers.
    pub tiers: Vec<u8>,
    /// Why, in words.
    pub reason: String,
    /// The teams whose services may be changed all the same.
    pub exempt_teams: Vec<TeamId>,
    /// The classes of changes that may be made all the same.
    pub exempt_classes: Vec<String>,
}

impl Freeze {
    /// Whether it holds for a service of that tier.
    pub fn holds_for(&self, service: ServiceId, tier: u8) -> bool {
        (self.services.is_empty() && self.tiers.is_empty())
            || self.services.contains(&service)
            || self.tiers.contains(&tier)
    }

    /// Whether such changes of such a team may be made all the same.
    pub fn exempts(&self, team: Option<TeamId>, class: &str) -> bool {
        team.is_some_and(|team| self.exempt_teams.contains(&team))
            || self.exempt_classes.iter().any(|one| one == class)
    }

    /// When it is.
    pub fn span(&self) -> Span {
        Span { from: self.from, to: self.until }
    }
}

/// What the policy says of when changes may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// When they may.
    pub windows: Vec<Window>,
    /// When they may not.
    pub freezes: Vec<Freeze>,
    /// How many of services of tier 1 may be under way at once.
    pub tier_1_at_once: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { windows: Vec::new(), freezes: Vec::new(), tier_1_at_once: TIER_1_AT_ONCE_USUAL }
    }
}

impl Bounds {
    /// When such changes of a service may be made within a time: in order, disjoint, each as long as
    /// it can be within it. None where no window is for them.
    pub fn open(&self, service: ServiceId, class: &str, within: Span) -> Option<Vec<Span>> {
        let windows: Vec<_> =
            self.windows.iter().filter(|one| one.is_for(service, class)).collect();
        if windows.is_empty() {
            return None;
        }
        let mut open: Vec<_> = windows.into_iter().flat_map(|one| stretches(one, within)).collect();
        open.sort_unstable();
        Some(merged(open).into_iter().map(|(from, to)| Span { from, to }).collect())
    }
}

/// When a window is open within a time.
pub fn stretches(window: &Window, within: Span) -> Vec<(Timestamp, Timestamp)> {
    let windows = Windows::new(&window.hours);
    let mut open = Vec::new();
    let mut at = within.from;
    for _ in 0..STRETCHES_MAX {
        if at >= within.to {
            break;
        }
        let around = windows.around(&window.timezone, at);
        let to = around.to.min(within.to);
        if around.is_inside {
            open.push((at, to));
        }
        at = to;
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{Time, Weekday};
    use uuid::Uuid;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn service(number: u128) -> ServiceId {
        ServiceId(Uuid::from_u128(number))
    }

    fn night(days: &[Weekday], from: i8, to: i8) -> Window {
        let time = |hour| Time::constant(hour, 0, 0, 0);
        Window {
            name: "night".into(),
            services: vec![service(1)],
            classes: vec![],
            hours: vec![Restriction { days: days.to_vec(), from: time(from), to: time(to) }],
            timezone: TimeZone::get("Europe/Berlin").unwrap(),
        }
    }

    fn open(windows: Vec<Window>, from: &str, to: &str) -> Vec<(Timestamp, Timestamp)> {
        let bounds = Bounds { windows, ..Bounds::default() };
        let within = Span { from: at(from), to: at(to) };
        let open = bounds.open(service(1), "deploy", within).unwrap();
        open.into_iter().map(|span| (span.from, span.to)).collect()
    }

    #[test]
    fn a_window_keeps_its_hours_on_the_wall_over_a_change_of_clocks() {
        // The clocks of Berlin go forward on Sunday, 29 March 2026.
        let window = night(&[Weekday::Saturday, Weekday::Sunday], 22, 4);
        assert_eq!(
            open(vec![window.clone()], "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z"),
            [
                (at("2026-03-28T21:00:00Z"), at("2026-03-29T02:00:00Z")),
                (at("2026-03-29T20:00:00Z"), at("2026-03-30T02:00:00Z")),
            ]
        );
        // And back on 25 October: the night is an hour longer.
        assert_eq!(
            open(vec![window], "2026-10-24T00:00:00Z", "2026-10-25T12:00:00Z"),
            [(at("2026-10-24T20:00:00Z"), at("2026-10-25T03:00:00Z"))]
        );
    }

    #[test]
    fn windows_that_meet_are_one_and_are_cut_at_what_was_asked_for() {
        let evening = night(&[Weekday::Monday], 20, 23);
        let late = night(&[Weekday::Monday], 23, 2);
        assert_eq!(
            open(vec![late, evening], "2026-01-05T19:30:00Z", "2026-01-06T00:30:00Z"),
            [(at("2026-01-05T19:30:00Z"), at("2026-01-06T00:30:00Z"))]
        );
    }

    #[test]
    fn a_service_for_which_no_window_is_has_none_and_one_without_hours_is_always_open() {
        let mut window = night(&[], 0, 0);
        window.classes = vec!["network".into()];
        let bounds = Bounds { windows: vec![window.clone()], ..Bounds::default() };
        let day = Span { from: at("2026-01-05T00:00:00Z"), to: at("2026-01-06T00:00:00Z") };
        assert_eq!(bounds.open(service(1), "deploy", day), None);
        assert_eq!(bounds.open(service(2), "network", day), None);
        window.hours.clear();
        window.services.clear();
        let bounds = Bounds { windows: vec![window], ..Bounds::default() };
        assert_eq!(bounds.open(service(2), "network", day), Some(vec![day]));
    }

    #[test]
    fn a_freeze_holds_for_what_it_names_and_for_all_where_it_names_nothing() {
        let mut freeze = Freeze {
            name: "launch".into(),
            from: at("2026-01-05T00:00:00Z"),
            until: at("2026-01-06T00:00:00Z"),
            services: vec![],
            tiers: vec![],
            reason: "the launch".into(),
            exempt_teams: vec![TeamId(Uuid::from_u128(7))],
            exempt_classes: vec!["network".into()],
        };
        assert!(freeze.holds_for(service(1), 3));
        freeze.tiers = vec![1];
        assert!(freeze.holds_for(service(1), 1) && !freeze.holds_for(service(1), 3));
        freeze.services = vec![service(2)];
        assert!(freeze.holds_for(service(2), 3) && freeze.holds_for(service(1), 1));
        assert!(!freeze.holds_for(service(3), 2));
        assert!(freeze.exempts(Some(TeamId(Uuid::from_u128(7))), "deploy"));
        assert!(freeze.exempts(None, "network"));
        assert!(!freeze.exempts(Some(TeamId(Uuid::from_u128(8))), "deploy"));
    }
}
