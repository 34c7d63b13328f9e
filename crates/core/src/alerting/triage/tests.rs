use super::*;
use crate::alerting::alert::AlertStatus;
use jiff::SignedDuration;
use uuid::Uuid;

fn t(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const ALERT: AlertId = AlertId(Uuid::from_u128(7));
const INCIDENT: IncidentId = IncidentId(Uuid::from_u128(8));

fn latest(status: AlertStatus, last_at: &str) -> Latest {
    Latest {
        id: ALERT,
        status,
        incident: Some(INCIDENT),
        last_at: t(last_at),
        held: None,
        flaps: 0,
    }
}

fn signal(action: Action) -> Signal {
    Signal { action, ..Signal::trigger("key", "disk full") }
}

#[test]
fn a_repeat_is_counted_and_pages_nobody() {
    let open = latest(AlertStatus::Open, "2026-11-21T03:00:00Z");
    let decision = decide(&signal(Action::Trigger), Some(&open), t("2026-11-21T03:01:00Z"));
    assert_eq!(decision, Decision::Count(ALERT));
}

#[test]
fn a_resolved_alert_that_fires_again_is_a_new_occurrence_linked_to_the_old() {
    let over = latest(AlertStatus::Resolved, "2026-11-21T03:00:00Z");
    let decision = decide(&signal(Action::Trigger), Some(&over), t("2026-11-21T03:01:00Z"));
    assert_eq!(decision, Decision::Open { previous: Some(ALERT) });
}

#[test]
fn an_older_trigger_never_undoes_a_newer_recovery() {
    let over = latest(AlertStatus::Resolved, "2026-11-21T03:00:00Z");
    let decision = decide(&signal(Action::Trigger), Some(&over), t("2026-11-21T02:59:59Z"));
    assert_eq!(decision, Decision::Ignore(Ignored::OlderThanRecovery));
}

#[test]
fn only_a_real_distance_in_time_makes_a_trigger_older_than_a_recovery() {
    let over = latest(AlertStatus::Resolved, "2026-11-21T03:00:00Z");
    let decide_at = |received: &str, now: &str| {
        let at = counts_as_received(t(received), Some(&over), t(now));
        decide(&signal(Action::Trigger), Some(&over), at)
    };
    let opens = Decision::Open { previous: Some(ALERT) };
    let older = Decision::Ignore(Ignored::OlderThanRecovery);
    // A replay of what was set aside before the recovery.
    assert_eq!(decide_at("2026-11-21T02:59:55Z", "2026-11-21T03:10:00Z"), older);
    // A node whose clock is behind the one that received the recovery.
    assert_eq!(decide_at("2026-11-21T02:59:57Z", "2026-11-21T03:00:02Z"), opens);
    // The clock was set back by an hour since.
    assert_eq!(decide_at("2026-11-21T02:05:00Z", "2026-11-21T02:05:01Z"), opens);
}

#[test]
fn a_recovery_of_what_nobody_knows_is_accepted_and_dropped() {
    let now = t("2026-11-21T03:00:00Z");
    for action in [Action::Resolve, Action::Acknowledge] {
        assert_eq!(decide(&signal(action), None, now), Decision::Ignore(Ignored::NothingOpen));
    }
}

fn candidate(status: Status, severity: u8, first: &str) -> Candidate {
    Candidate {
        is_restricted: false,
        id: INCIDENT,
        severity: Level::new(severity).unwrap(),
        status,
        first_alert_at: Some(t(first)),
        grouping_value: String::new(),
        group_key: None,
    }
}

fn joins(grouping: &Grouping, signal: &Signal, severity: u8, candidate: Candidate) -> bool {
    let level = Level::new(severity).unwrap();
    group(grouping, signal, level, &[candidate], t("2026-11-21T03:05:00Z")).join.is_some()
}

#[test]
fn alerts_join_within_the_window_and_not_after_it() {
    let (grouping, signal) = (Grouping::default(), signal(Action::Trigger));
    let within = candidate(Status::Triggered, 2, "2026-11-21T03:00:00Z");
    let outside = candidate(Status::Triggered, 2, "2026-11-21T02:59:59Z");
    assert!(joins(&grouping, &signal, 2, within));
    assert!(!joins(&grouping, &signal, 2, outside));
}

#[test]
fn trouble_after_an_acknowledgement_pages_again() {
    let (grouping, mut signal) = (Grouping::default(), signal(Action::Trigger));
    let acknowledged = candidate(Status::Acknowledged, 2, "2026-11-21T03:04:00Z");
    assert!(!joins(&grouping, &signal, 2, acknowledged.clone()));
    signal.group_key = Some("g".into());
    assert!(!joins(
        &grouping,
        &signal,
        2,
        Candidate { group_key: Some("g".into()), ..acknowledged }
    ));
}

#[test]
fn a_worse_alert_never_hides_in_a_lesser_incident() {
    let (grouping, signal) = (Grouping::default(), signal(Action::Trigger));
    let lesser = candidate(Status::Triggered, 3, "2026-11-21T03:04:00Z");
    assert!(!joins(&grouping, &signal, 1, lesser));
}

#[test]
fn a_clients_group_key_keeps_its_alerts_together_beyond_the_window() {
    let (grouping, mut signal) = (Grouping::default(), signal(Action::Trigger));
    signal.group_key = Some("{}:{alertname=\"A\"}".into());
    let old = Candidate {
        group_key: signal.group_key.clone(),
        ..candidate(Status::Triggered, 2, "2026-11-21T01:00:00Z")
    };
    assert!(joins(&grouping, &signal, 2, old));
}

#[test]
fn labels_that_must_agree_keep_alerts_apart() {
    let window = SignedDuration::from_mins(5);
    let grouping = Grouping::Window { window, by: vec!["cluster".into()] };
    let mut signal = signal(Action::Trigger);
    signal.labels.push(("cluster".into(), "eu".into()));
    let us = Candidate {
        grouping_value: "us".into(),
        ..candidate(Status::Triggered, 2, "2026-11-21T03:04:00Z")
    };
    assert!(!joins(&grouping, &signal, 2, us.clone()));
    assert!(joins(&grouping, &signal, 2, Candidate { grouping_value: "eu".into(), ..us }));
    assert!(!joins(
        &Grouping::Disabled,
        &signal,
        2,
        candidate(Status::Triggered, 2, "2026-11-21T03:04:00Z")
    ));
}
