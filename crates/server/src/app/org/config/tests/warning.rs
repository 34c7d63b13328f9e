//! What is allowed, and worth a second look.

use super::{EXAMPLE, example_with, planned};

#[test]
fn the_example_gives_no_reason_to_worry() {
    assert_eq!(planned(EXAMPLE).warnings, [""; 0]);
}

#[test]
fn a_gap_in_a_schedule_is_shown_in_the_schedules_own_time() {
    let text = example_with("        # restrict: [", "        restrict: [");
    let warnings = planned(&text).warnings;
    assert_eq!(
        warnings,
        [
            "the schedule `payments-primary` has nobody on call from Wed 2026-02-04 17:00 to Thu 2026-02-05 09:00, and 19 more times within four weeks; pages go on to the next step then"
        ]
    );
}

#[test]
fn a_schedule_without_anybody_is_allowed() {
    let weekly = "{ name: weekly, rotation: { every: 1w, handoff: \"Mon 09:00\", start: 2026-01-05, participants: [bo, ana] } }";
    let text = EXAMPLE.replace(&format!("layers:\n      - {weekly}"), "layers: []");
    assert_eq!(
        planned(&text).warnings,
        [
            "the schedule `payments-secondary` has nobody on call, except where somebody overrides it"
        ]
    );
}

#[test]
fn whoever_is_paged_by_email_alone_or_not_at_all_is_named() {
    let text = example_with(
        "contact_methods: [ { name: hook, type: webhook, url: \"http://127.0.0.1:9099/bo\" } ]\n    notification_rules: { high: [ { after: 0m, method: hook } ] }",
        "contact_methods: [ { name: mail, type: email, address: bo@example.com } ]",
    );
    assert_eq!(
        planned(&text).warnings,
        [
            "urgent pages reach `bo` by email alone, which wakes nobody; give them a method that does"
        ]
    );
    let mail = "{ name: mail, type: email, address: bo@example.com }";
    let both =
        text.replace(mail, &format!("{mail}, {{ name: chat, type: slack, address: U012AB3CD }}"));
    let warnings = planned(&both).warnings;
    let words = "urgent pages reach `bo` by email and slack alone, which wakes nobody";
    assert!(warnings.iter().any(|warning| warning.starts_with(words)), "{warnings:?}");
    let text = text.replace(
        "contact_methods: [ { name: mail, type: email, address: bo@example.com } ]",
        "contact_methods: []",
    );
    assert_eq!(
        planned(&text).warnings,
        ["`bo` is asked by escalation policies and has no contact method; pages pass them by"]
    );
}

#[test]
fn a_policy_that_reaches_nobody_falls_to_the_catch_all() {
    let text = EXAMPLE.replace(
        "escalation_policies:\n",
        "escalation_policies:\n  - { name: empty, steps: [ { targets: [ { team: nobody } ] } ] }\n",
    );
    let text = text.replace("teams:\n", "teams:\n  - { name: nobody }\n");
    let text = text.replace(
        "tier: 1\n    escalation_policy: payments\n\ncatch_all",
        "escalation_policy: empty\n\ncatch_all",
    );
    assert_eq!(
        planned(&text).warnings,
        [
            "the escalation policy of `ledger-db` reaches nobody; its alerts go to the catch-all at once"
        ]
    );
}

#[test]
fn severities_that_leave_out_what_unmapped_alerts_get_are_named() {
    let text = EXAMPLE.replace("severity: 3", "severity: 1");
    let text = format!("{text}\nseverities: [ {{ level: 1, name: Outage, urgency: high }} ]\n");
    assert_eq!(
        planned(&text).warnings,
        [
            "an alert that no severity map entry matches is severity 2, which is not configured to page anybody"
        ]
    );
}
