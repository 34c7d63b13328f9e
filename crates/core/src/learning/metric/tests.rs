use super::*;
use crate::id::{IncidentId, PolicyId};
use crate::incident::clocks::Clocks;
use crate::incident::helper::Helpers;
use crate::incident::impact::Impact;
use crate::incident::lifecycle::Status;
use crate::oncall::escalation;
use crate::org::directory::Table;
use crate::org::service::Service;
use crate::org::service_group::ServiceGroup;
use uuid::Uuid;

const CHECKOUT: ServiceId = ServiceId(Uuid::from_u128(1));
const POLICY: PolicyId = PolicyId(Uuid::from_u128(2));

fn t0() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

fn min(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// Begins `at` minutes after t0, is detected a minute later, and ends at `end`, if it does.
fn incident(number: i64, at: i64, end: Option<i64>) -> Incident {
    let stamps = Stamps {
        occurred_at: Some(t0() + min(at)),
        detected_at: Some(t0() + min(at + 1)),
        acknowledged_at: end.map(|_| t0() + min(at + 3)),
        resolved_at: end.map(|end| t0() + min(end)),
        ..Stamps::default()
    };
    Incident {
        id: IncidentId(Uuid::from_u128(number.unsigned_abs().into())),
        number,
        title: "trouble".into(),
        summary: None,
        service: CHECKOUT,
        policy: POLICY,
        severity: Level::WORST,
        status: if end.is_some() { Status::Resolved } else { Status::Triggered },
        assignee: None,
        stamps,
        escalation: escalation::State::Idle,
        clocks: Clocks::default(),
        alert_count: 1,
        open_alert_count: 0,
        helpers: Helpers::default(),
        impact: Impact::default(),
        roles: Default::default(),
        updates: Default::default(),
        bridge: None,
        estimate: None,
        gates: Default::default(),
        restriction: None,
        marks: Default::default(),
        reopened_count: 0,
        merged_into: None,
        parentage: None,
        open_children: 0,
        practice: false,
        version: 0,
    }
}

fn directory() -> Directory {
    let checkout = Service {
        cost_per_minute: Some(Money { amount: 1_200, currency: "EUR".into() }),
        ..Service::new(CHECKOUT, "checkout", POLICY)
    };
    Directory { services: Table::new(vec![checkout]), ..Directory::default() }
}

fn figures(incidents: &[Incident]) -> Report {
    report(incidents, &directory(), t0() + min(600))
}

#[test]
fn percentiles_are_durations_that_happened() {
    let spread = Distribution::of((1..=10).map(min));
    assert_eq!(spread.count, 10);
    assert_eq!(spread.mean, Some(SignedDuration::from_secs(330)));
    assert_eq!((spread.p50, spread.p90, spread.p95), (Some(min(5)), Some(min(9)), Some(min(10))));
    let one = Distribution::of([min(7)]);
    assert_eq!((one.p50, one.p95), (Some(min(7)), Some(min(7))));
    assert_eq!(Distribution::of([]), Distribution::default());
}

#[test]
fn every_percentile_is_the_smallest_value_that_enough_others_do_not_exceed() {
    for count in 1..60_i64 {
        let values: Vec<_> = (0..count).map(|n| SignedDuration::from_secs(n * n)).collect();
        for percent in 1..=100 {
            let found = nearest_rank(&values, percent).unwrap();
            let share = |limit: SignedDuration, or_equal: bool| {
                let within = |v: &&SignedDuration| **v < limit || (or_equal && **v == limit);
                values.iter().filter(within).count() * 100
            };
            let wanted = percent * values.len();
            assert!(share(found, true) >= wanted, "{percent} of {count}");
            assert!(share(found, false) < wanted, "{percent} of {count}");
        }
    }
}

#[test]
fn one_incident_is_measured_from_its_stamps() {
    let report = figures(&[incident(1, 0, Some(31))]);
    assert_eq!((report.count, report.open), (1, 0));
    assert_eq!(report.time_to_detect.mean, Some(min(1)));
    assert_eq!(report.time_to_acknowledge.mean, Some(min(2)));
    assert_eq!(report.time_to_resolve.mean, Some(min(30)));
    assert_eq!(report.occurred_to_resolved.mean, Some(min(31)));
    assert_eq!(report.mean_time_between_failures, None);
    let service = &report.by_service[0];
    assert_eq!(service.outage, min(31));
    assert_eq!(service.cost, Some(Money { amount: 37_200, currency: "EUR".into() }));
}

#[test]
fn what_was_resolved_without_being_restored_was_restored_by_that() {
    let mut restored = incident(1, 0, Some(61));
    restored.stamps.restored_at = Some(t0() + min(11));
    let report = figures(&[restored, incident(2, 0, Some(21))]);
    assert_eq!(report.time_to_restore.p50, Some(min(10)));
    assert_eq!(report.time_to_restore.p95, Some(min(20)));
    assert_eq!(report.time_to_resolve.p95, Some(min(60)));
}

#[test]
fn overlapping_outages_of_a_service_are_counted_once() {
    let report =
        figures(&[incident(1, 0, Some(30)), incident(2, 10, Some(40)), incident(3, 60, Some(70))]);
    assert_eq!(report.by_service[0].outage, min(50));
    assert_eq!(report.mean_time_between_failures, Some(min(30)));
}

#[test]
fn a_group_is_out_while_any_of_its_services_is() {
    let group = |name: &str, services: &[ServiceId]| ServiceGroup {
        name: name.to_owned(),
        description: String::new(),
        services: services.to_vec(),
    };
    let other = ServiceId(Uuid::from_u128(7));
    let nobody = ServiceId(Uuid::from_u128(8));
    let service_groups = vec![group("quiet", &[nobody]), group("shop", &[CHECKOUT, other])];
    let directory = Directory { service_groups, ..directory() };
    let mut second = incident(2, 10, Some(40));
    second.service = other;
    let mut spread = incident(3, 60, Some(70));
    spread.service = ServiceId(Uuid::from_u128(9));
    spread.impact.services = vec![CHECKOUT];
    let all = [incident(1, 0, Some(30)), second, spread];
    let report = report(&all, &directory, t0() + min(600));
    let shop = GroupFigures { group: "shop".to_owned(), count: 3, outage: min(50) };
    assert_eq!(report.by_group, [shop]);
}

#[test]
fn an_outage_that_has_not_ended_lasts_until_now() {
    let report = figures(&[incident(1, 590, None)]);
    assert_eq!((report.open, report.by_service[0].outage), (1, min(10)));
    assert_eq!(report.time_to_acknowledge, Distribution::default());
}

#[test]
fn what_can_wait_for_the_morning_is_counted_and_is_no_outage() {
    let mut small = incident(1, 0, Some(30));
    small.severity = Level::new(3).unwrap();
    let report = figures(&[small, incident(2, 100, Some(110))]);
    assert_eq!(report.by_severity, [(Level::WORST, 1), (Level::new(3).unwrap(), 1)]);
    assert_eq!((report.by_service[0].count, report.by_service[0].outage), (2, min(10)));
}

#[test]
fn exercises_and_merged_incidents_stay_out_of_the_figures() {
    let mut practice = incident(1, 0, Some(30));
    practice.practice = true;
    let mut merged = incident(2, 0, Some(30));
    merged.merged_into = Some(IncidentId(Uuid::from_u128(9)));
    assert_eq!(figures(&[practice, merged]), Report::default());
}

#[test]
fn a_clock_that_disagrees_never_makes_a_negative_time() {
    let mut skewed = incident(1, 0, Some(30));
    skewed.stamps.occurred_at = Some(t0() + min(5));
    let report = figures(&[skewed]);
    assert_eq!(report.time_to_detect.mean, Some(SignedDuration::ZERO));
}

#[test]
fn a_change_answers_for_the_outage_of_its_incident_until_restoration() {
    use crate::change::cause::caused_outage;
    let outage = |incident: &Incident| caused_outage(incident, &directory(), t0() + min(600));
    let mut restored = incident(1, 0, Some(60));
    assert_eq!(outage(&restored), Some(min(60)));
    restored.stamps.restored_at = Some(t0() + min(20));
    assert_eq!(outage(&restored), Some(min(20)), "well from then on");
    restored.stamps.occurred_at = None;
    assert_eq!(outage(&restored), Some(min(19)), "from when it was heard of");
    assert_eq!(outage(&incident(2, 0, None)), Some(min(600)), "it goes on");
    let mild = Level::new(4).unwrap();
    assert_eq!(outage(&Incident { severity: mild, ..incident(3, 0, Some(60)) }), None);
    assert_eq!(outage(&Incident { practice: true, ..incident(4, 0, Some(60)) }), None);
    let merged = Some(IncidentId(Uuid::from_u128(1)));
    assert_eq!(outage(&Incident { merged_into: merged, ..incident(5, 0, Some(60)) }), None);
}

#[test]
fn what_changes_caused_at_one_time_counts_once() {
    use crate::change::cause::{Caused, caused};
    let now = t0() + min(600);
    let both = [incident(1, 0, Some(60)), incident(2, 30, Some(90))];
    assert_eq!(caused(&both, &directory(), now), Caused { incidents: 2, outage: min(90) });
    let mild = Incident { severity: Level::new(4).unwrap(), ..incident(3, 100, Some(160)) };
    let exercise = Incident { practice: true, ..incident(4, 200, Some(260)) };
    let counted = caused([&mild, &exercise], &directory(), now);
    assert_eq!(counted, Caused { incidents: 1, outage: SignedDuration::ZERO });
}
