use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::change::window::{Bounds, Freeze, Window};
use crate::id::PolicyId;
use crate::oncall::schedule::Restriction;
use crate::oncall::tests::{ANA, BO, Organisation};
use crate::org::directory::Table;
use crate::org::service::Service;

/// Monday.
const MONDAY: &str = "2026-06-01T00:00:00Z";

fn monday() -> Timestamp {
    MONDAY.parse().unwrap()
}

/// So many minutes after Monday began.
fn at(minutes: i64) -> Timestamp {
    monday() + SignedDuration::from_mins(minutes)
}

fn hour(hour: i64) -> Timestamp {
    at(hour * 60)
}

fn span(from: i64, to: i64) -> Span {
    Span { from: hour(from), to: hour(to) }
}

fn service(number: u128) -> ServiceId {
    ServiceId(Uuid::from_u128(300 + number))
}

/// A chain: 1 needs 2, 2 needs 3, 3 needs 4; 5 stands alone. Ana is paged for all of them.
fn chain() -> Directory {
    let organisation = Organisation::steps(&[&[ANA]]).catch_all(&[BO]);
    let mut directory = organisation.directory();
    let names = ["one", "two", "three", "four", "five"];
    let services = (1_u128..).zip(names).map(|(number, name)| Service {
        tier: Some(1),
        depends_on: if number < 4 { vec![service(number + 1)] } else { vec![] },
        ..Service::new(service(number), name, organisation.policy.id)
    });
    directory.services = Table::new(services.collect());
    directory
}

fn subject(of: u128, hours: i64) -> Subject {
    Subject {
        number: Some(1),
        services: vec![service(of)],
        class: "deploy".into(),
        tier: 2,
        takes: SignedDuration::from_hours(hours),
        back_takes: SignedDuration::ZERO,
        technician: None,
        approvers: vec![],
        resolver: String::new(),
        needs_window: false,
        notice: Notice::Free,
    }
}

fn booked(number: i64, of: u128, from: i64, to: i64) -> Booked {
    Booked {
        number,
        title: "Other".into(),
        span: span(from, to),
        back_by: hour(to),
        services: vec![service(of)],
        technician: None,
        tier: 2,
    }
}

/// What stands around a change in a test.
struct Desk {
    directory: Directory,
    bounds: Bounds,
    booked: Index,
    absences: Vec<Absence>,
    troubles: Vec<Trouble>,
    now: Timestamp,
}

impl Desk {
    fn new(booked: Vec<Booked>) -> Self {
        Self {
            directory: chain(),
            bounds: Bounds::default(),
            booked: Index::new(booked),
            absences: vec![],
            troubles: vec![],
            now: monday() - SignedDuration::from_hours(24 * 10),
        }
    }

    fn around(&self) -> Around<'_> {
        Around {
            directory: &self.directory,
            bounds: &self.bounds,
            booked: &self.booked,
            absences: &self.absences,
            troubles: &self.troubles,
            now: self.now,
        }
    }

    /// The rules that something falls under, with whether each blocks.
    fn rules(&self, subject: &Subject, start: i64) -> Vec<(&'static str, bool)> {
        let found = check(subject, self.around(), hour(start));
        found.iter().map(|one| (one.rule.name(), one.is_blocking)).collect()
    }

    fn slot(&self, subject: &Subject, from: i64) -> Option<Timestamp> {
        let slot = next_free_slot(subject, self.around(), hour(from), hour(from + 24 * 14))?;
        assert!(slot.warnings.iter().all(|one| !one.is_blocking));
        Some(slot.span.from)
    }
}

fn window(days: &[Weekday], from: i8, to: i8) -> Window {
    let time = |hour| Time::constant(hour, 0, 0, 0);
    Window {
        name: "night".into(),
        services: vec![service(1)],
        classes: vec![],
        hours: vec![Restriction { days: days.to_vec(), from: time(from), to: time(to) }],
        timezone: TimeZone::UTC,
    }
}

fn freeze(from: i64, until: i64) -> Freeze {
    Freeze {
        name: "launch".into(),
        from: hour(from),
        until: hour(until),
        services: vec![],
        tiers: vec![],
        reason: "the shop opens in Spain".into(),
        exempt_teams: vec![],
        exempt_classes: vec![],
    }
}

#[test]
fn another_change_of_the_service_blocks_and_one_that_touches_does_not() {
    let desk = Desk::new(vec![booked(7, 1, 10, 12)]);
    assert_eq!(desk.rules(&subject(1, 2), 11), [("same_service", true)]);
    assert_eq!(desk.rules(&subject(1, 2), 12), []);
    assert_eq!(desk.rules(&subject(1, 2), 8), []);
    let found = check(&subject(1, 1), desk.around(), hour(10));
    assert_eq!(found[0].other, Other::Change(7));
    assert_eq!(found[0].key(), "same_service:change:7");
    assert!(found[0].text.contains("CHG-7 (Other) changes one as well"), "{found:?}");
    assert_eq!(desk.rules(&Subject { number: Some(7), ..subject(1, 2) }, 11), [], "it is itself");
}

#[test]
fn what_is_next_to_it_blocks_on_both_sides_and_what_is_two_steps_away_is_worth_knowing() {
    for (of, other, expected) in [
        (2, 1, vec![("neighbour", true)]),
        (2, 3, vec![("neighbour", true)]),
        (1, 3, vec![("neighbour", false)]),
        (3, 1, vec![("neighbour", false)]),
        (1, 4, vec![]),
        (1, 5, vec![]),
    ] {
        let desk = Desk::new(vec![booked(7, other, 10, 12)]);
        assert_eq!(desk.rules(&subject(of, 1), 11), expected, "{of} by {other}");
    }
}

#[test]
fn ways_back_that_reach_into_another_change_are_worth_knowing() {
    let mut first = booked(7, 1, 10, 12);
    first.back_by = at(12 * 60 + 30);
    let desk = Desk::new(vec![first]);
    assert_eq!(desk.rules(&subject(1, 1), 12), [("rollback", false)]);
    assert_eq!(desk.rules(&subject(1, 1), 13), []);
    let backwards = Subject { back_takes: SignedDuration::from_mins(1), ..subject(1, 2) };
    assert_eq!(desk.rules(&backwards, 8), [("rollback", false)]);
}

#[test]
fn a_change_that_needs_a_window_lies_in_it_with_its_way_back() {
    let mut desk = Desk::new(vec![]);
    let needing = Subject { needs_window: true, ..subject(1, 2) };
    assert_eq!(desk.rules(&needing, 10), [("window", true)], "none is for it");
    desk.bounds.windows = vec![window(&[Weekday::Monday], 10, 14)];
    assert_eq!(desk.rules(&needing, 9), [("window", true)]);
    assert_eq!(desk.rules(&needing, 10), []);
    assert_eq!(desk.rules(&needing, 12), [], "it ends with the window");
    assert_eq!(desk.rules(&needing, 13), [("window", true)]);
    assert_eq!(desk.rules(&needing, 14), [("window", true)]);
    let back = Subject { back_takes: SignedDuration::from_mins(1), ..needing.clone() };
    assert_eq!(desk.rules(&back, 12), [("rollback_past_window", true)]);
    assert_eq!(desk.rules(&subject(1, 2), 13), [("window", false)], "its row asks for none");
    assert_eq!(desk.rules(&subject(2, 2), 13), [], "it has no window");
}

#[test]
fn a_freeze_holds_up_to_its_end_but_for_whom_it_exempts() {
    let mut desk = Desk::new(vec![]);
    desk.bounds.freezes = vec![freeze(10, 20)];
    assert_eq!(desk.rules(&subject(1, 2), 8), []);
    assert_eq!(desk.rules(&subject(1, 2), 9), [("freeze", true)]);
    assert_eq!(desk.rules(&subject(1, 2), 19), [("freeze", true)]);
    assert_eq!(desk.rules(&subject(1, 2), 20), []);
    assert_eq!(desk.rules(&Subject { class: "hotfix".into(), ..subject(1, 2) }, 12).len(), 1);
    desk.bounds.freezes[0].exempt_classes = vec!["hotfix".into()];
    assert_eq!(desk.rules(&Subject { class: "hotfix".into(), ..subject(1, 2) }, 12), []);
    desk.bounds.freezes[0].services = vec![service(5)];
    assert_eq!(desk.rules(&subject(1, 2), 12), []);
    assert_eq!(desk.rules(&subject(5, 2), 12), [("freeze", true)]);
}

#[test]
fn whoever_does_it_does_nothing_else_and_is_not_on_leave() {
    let mut other = booked(7, 5, 10, 12);
    other.technician = Some(ANA);
    let mut desk = Desk::new(vec![other]);
    let of_ana = Subject { technician: Some(ANA), ..subject(1, 2) };
    assert_eq!(desk.rules(&of_ana, 11), [("technician_booked", true)]);
    assert_eq!(desk.rules(&of_ana, 12), []);
    let by_ana = Subject { approvers: vec![ANA, ANA], technician: Some(BO), ..subject(1, 2) };
    assert_eq!(desk.rules(&by_ana, 11), [("approver_booked", false)]);
    desk.absences = vec![Absence { user: ANA, from: hour(20), to: hour(24) }];
    assert_eq!(desk.rules(&of_ana, 18), []);
    assert_eq!(desk.rules(&of_ana, 19), [("technician_away", true)]);
    assert_eq!(desk.rules(&of_ana, 24), []);
    assert_eq!(desk.rules(&by_ana, 23), [("approver_away", false)]);
}

#[test]
fn an_open_incident_nearby_holds_up_what_begins_soon_and_one_that_is_restricted_is_not_named() {
    let mut desk = Desk::new(vec![]);
    desk.now = monday();
    let trouble = |number, level, of, people| Trouble {
        number,
        level: Level::new(level).unwrap(),
        service: service(of),
        people,
    };
    desk.troubles = vec![trouble(Some(12), 2, 2, vec![])];
    assert_eq!(desk.rules(&subject(1, 1), 3), [("incident", true)]);
    assert_eq!(desk.rules(&subject(1, 1), 4), [("incident", false)]);
    assert_eq!(desk.rules(&subject(1, 1), 47), [("incident", false)]);
    assert_eq!(desk.rules(&subject(1, 1), 48), []);
    assert_eq!(desk.rules(&subject(4, 1), 3), [("incident", false)], "two steps away");
    desk.troubles = vec![trouble(Some(12), 3, 1, vec![])];
    assert_eq!(desk.rules(&subject(1, 1), 3), []);
    desk.troubles = vec![trouble(None, 1, 1, vec![ANA])];
    let supported = Subject { resolver: "page-five-primary".into(), ..subject(1, 1) };
    let found = check(&supported, desk.around(), hour(1));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].is_blocking, &found[0].other), (true, &Other::Incident(None)));
    assert_eq!(found[0].text, "something is going on nearby that may not be named");
    desk.troubles = vec![trouble(Some(12), 1, 5, vec![ANA])];
    assert_eq!(desk.rules(&supported, 3), [("resolver_busy", true)]);
    desk.troubles = vec![trouble(Some(12), 2, 5, vec![ANA])];
    assert_eq!(desk.rules(&supported, 3), [], "only the worst keeps them");
}

#[test]
fn a_gap_of_the_on_call_blocks_unless_the_catch_all_stands_in() {
    let mut desk = Desk::new(vec![]);
    assert_eq!(desk.rules(&subject(1, 1), 3), []);
    let empty = Organisation::steps(&[&[]]).catch_all(&[BO]);
    let services = desk.directory.services.clone();
    desk.directory = Directory { services: services.clone(), ..empty.directory() };
    assert_eq!(desk.rules(&subject(1, 1), 3), [("on_call_gap", false)]);
    desk.directory = Directory { services, ..Organisation::steps(&[&[]]).directory() };
    assert_eq!(desk.rules(&subject(1, 1), 3), [("on_call_gap", true)]);
    assert_eq!(desk.slot(&subject(1, 1), 3), None);
}

#[test]
fn no_more_of_tier_1_are_under_way_at_once_than_the_policy_allows() {
    let of_tier_1 = |number, from, to| Booked { tier: 1, ..booked(number, 5, from, to) };
    let mut desk =
        Desk::new(vec![of_tier_1(7, 10, 12), of_tier_1(8, 11, 13), booked(9, 5, 10, 13)]);
    let first = Subject { tier: 1, ..subject(1, 1) };
    assert_eq!(desk.rules(&first, 11), []);
    desk.bounds.tier_1_at_once = 2;
    assert_eq!(desk.rules(&first, 11), [("tier_1_at_once", true)]);
    assert_eq!(desk.rules(&first, 10), [], "never more than two at one instant");
    assert_eq!(desk.rules(&first, 12), []);
    assert_eq!(desk.rules(&subject(1, 1), 11), [], "it is of tier 2");
    let two_one_after_the_other = Desk {
        bounds: Bounds { tier_1_at_once: 2, ..Bounds::default() },
        ..Desk::new(vec![of_tier_1(7, 10, 12), of_tier_1(8, 12, 14)])
    };
    assert_eq!(two_one_after_the_other.rules(&Subject { tier: 1, ..subject(1, 4) }, 10), []);
    let found = check(&first, desk.around(), hour(11));
    assert_eq!(found[0].text, "more than 2 changes of tier 1 at once, with CHG-7, CHG-8");
}

#[test]
fn the_next_slot_is_behind_what_is_in_the_way_and_leaves_time_for_notice() {
    let mut desk = Desk::new(vec![booked(7, 1, 10, 12), booked(8, 2, 12, 14)]);
    assert_eq!(desk.slot(&subject(1, 1), 9), Some(hour(9)), "it ends when the other begins");
    assert_eq!(desk.slot(&subject(1, 2), 9), Some(hour(14)));
    assert_eq!(next_free_slot(&subject(1, 2), desk.around(), hour(9), hour(14)), None);
    desk.now = hour(3) + SignedDuration::from_micros(1);
    assert_eq!(desk.slot(&subject(1, 1), 0), Some(at(3 * 60 + 15)), "not before now");
    let told = Subject { notice: Notice::BusinessDays(2), ..subject(1, 1) };
    assert_eq!(desk.slot(&told, 0), Some(at((48 + 3) * 60 + 15)));
    desk.bounds.windows = vec![window(&[Weekday::Thursday], 1, 4)];
    let needing = Subject { needs_window: true, ..subject(1, 2) };
    assert_eq!(desk.slot(&needing, 9), Some(hour(24 * 3 + 1)));
    desk.bounds.freezes = vec![freeze(24 * 3, 24 * 4)];
    assert_eq!(desk.slot(&needing, 9), Some(hour(24 * 10 + 1)));
    let long = Subject { needs_window: true, ..subject(1, 4) };
    assert_eq!(desk.slot(&long, 9), None, "no window is that long");
}

fn some_booked() -> impl Strategy<Value = Vec<Booked>> {
    let one = (1_u128..=5, 0_i64..300, 1_i64..40, 0_i64..8, 0_u128..4, 1_u8..=2);
    prop::collection::vec(one, 0..25).prop_map(|all| {
        let each = (10_i64..).zip(all).map(|(number, (of, from, takes, back, who, tier))| {
            let quarter = |count: i64| at(count * 15);
            Booked {
                number,
                title: "Other".into(),
                span: Span { from: quarter(from), to: quarter(from + takes) },
                back_by: quarter(from + takes + back),
                services: vec![service(of)],
                technician: (who > 0).then(|| UserId(Uuid::from_u128(who))),
                tier,
            }
        });
        each.collect()
    })
}

fn some_subject() -> impl Strategy<Value = Subject> {
    (1_u128..=5, 1_i64..40, 0_i64..8, 0_u128..4, 1_u8..=2, any::<bool>()).prop_map(
        |(of, takes, back, who, tier, needs_window)| Subject {
            takes: SignedDuration::from_mins(takes * 15),
            back_takes: SignedDuration::from_mins(back * 15),
            technician: (who > 0).then(|| UserId(Uuid::from_u128(who))),
            tier,
            needs_window,
            ..subject(of, 1)
        },
    )
}

fn mirrored(subject: &Subject, start: Timestamp) -> Booked {
    Booked {
        number: 1,
        title: "Mirrored".into(),
        span: Span { from: start, to: start + subject.takes },
        back_by: start + subject.at_most(),
        services: subject.services.clone(),
        technician: subject.technician,
        tier: subject.tier,
    }
}

fn unmirrored(booked: &Booked) -> Subject {
    Subject {
        number: Some(booked.number),
        services: booked.services.clone(),
        tier: booked.tier,
        takes: booked.span.to.duration_since(booked.span.from),
        back_takes: booked.back_by.duration_since(booked.span.to),
        technician: booked.technician,
        ..subject(1, 1)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_changes_are_in_each_others_way_alike(
        subject in some_subject(), start in 0_i64..300, others in some_booked(),
    ) {
        let start = at(start * 15);
        let subject = Subject { needs_window: false, ..subject };
        for other in others {
            let there = Desk::new(vec![mirrored(&subject, start)]);
            let here = Desk::new(vec![other.clone()]);
            let told = |desk: &Desk, subject: &Subject, start| {
                let found = check(subject, desk.around(), start);
                let of = found.into_iter().map(|one| (one.rule, one.is_blocking));
                of.collect::<Vec<_>>()
            };
            prop_assert_eq!(
                told(&here, &subject, start),
                told(&there, &unmirrored(&other), other.span.from)
            );
        }
    }

    #[test]
    fn the_index_finds_what_looking_at_every_change_finds(
        others in some_booked(), from in 0_i64..300, takes in 1_i64..60, of in 1_u128..=5,
    ) {
        let span = Span { from: at(from * 15), to: at((from + takes) * 15) };
        let index = Index::new(others.clone());
        let mut found: Vec<_> = index.of_service(service(of), span).map(|one| one.number).collect();
        found.sort_unstable();
        let meets = |one: &&Booked| {
            one.services.contains(&service(of)) && one.span.from < span.to && span.from < one.back_by
        };
        let expected: Vec<_> = others.iter().filter(meets).map(|one| one.number).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_next_slot_never_conflicts_and_is_the_earliest(
        others in some_booked(), subject in some_subject(), from in 0_i64..200,
        notice in 0_i64..3, freezes in prop::collection::vec((0_i64..80, 1_i64..20), 0..3),
        windowed in any::<bool>(), leave in (0_i64..80, 1_i64..30), open in any::<bool>(),
    ) {
        let mut desk = Desk::new(others);
        desk.now = at(from * 15 - 20);
        desk.bounds.tier_1_at_once = 1;
        desk.bounds.freezes =
            freezes.into_iter().map(|(from, hours)| freeze(from, from + hours)).collect();
        if windowed {
            desk.bounds.windows = vec![
                window(&[Weekday::Monday, Weekday::Wednesday], 22, 6),
                window(&[Weekday::Tuesday], 9, 15),
            ];
        }
        desk.absences =
            vec![Absence { user: ANA, from: hour(leave.0), to: hour(leave.0 + leave.1) }];
        if open {
            desk.troubles = vec![Trouble {
                number: Some(3), level: Level::WORST, service: service(2), people: vec![],
            }];
        }
        let subject =
            Subject { notice: Notice::Within(SignedDuration::from_hours(notice)), ..subject };
        let from = at(from * 15);
        let until = from + SignedDuration::from_hours(24 * 7);
        let found = next_free_slot(&subject, desk.around(), from, until).map(|slot| slot.span.from);
        // Every quarter of an hour, one after the other, each checked by itself.
        let is_free = |start: &Timestamp| {
            let told = start.duration_since(desk.now) >= SignedDuration::from_hours(notice);
            told && check(&subject, desk.around(), *start).iter().all(|one| !one.is_blocking)
        };
        let expected = (0..24 * 7 * 4)
            .map(|quarter| from + SignedDuration::from_mins(quarter * 15))
            .find(is_free);
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_policy_that_the_organisation_lost_leaves_a_change_without_gaps_to_show() {
    let mut desk = Desk::new(vec![]);
    let orphan = Service::new(service(1), "one", PolicyId(Uuid::from_u128(999)));
    desk.directory.services = Table::new(vec![orphan]);
    assert_eq!(desk.rules(&subject(1, 1), 3), []);
}
