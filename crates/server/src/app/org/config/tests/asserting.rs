//! Routing assertions in a file.

use super::super::assertions;
use super::{EXAMPLE, planned, problems, surroundings, wanted};

const HOLDING: &str = r#"
routing_tests:
  - name: a critical alert of checkout wakes whoever is on call
    integration: checkout/alertmanager
    at: 2026-02-04T12:00:00Z
    signal: { severity: critical, summary: "it is down", labels: { instance: "web-1" } }
    expect: { service: checkout, severity: 1, informational: false, pages: [ana] }
  - name: a week later it is the other one
    integration: checkout/alertmanager
    at: 2026-02-11T12:00:00Z
    signal: { severity: critical, summary: "it is down" }
    expect: { pages: [bo] }
  - name: what no map entry matches is severity 2
    integration: checkout/pagerduty-events
    signal: { severity: odd, summary: "?" }
    expect: { severity: 2 }
"#;

#[test]
fn assertions_that_hold_let_a_file_pass() {
    let text = format!("{EXAMPLE}{HOLDING}");
    assert_eq!(problems(&text), [""; 0]);
    let verdicts =
        assertions::run(&planned(&text).directory, wanted(&text).assertions(), surroundings().now);
    assert!(verdicts.len() == 3 && verdicts.iter().all(assertions::Verdict::holds));
}

#[test]
fn an_assertion_that_fails_refuses_the_file_at_its_line_and_says_why() {
    let text = format!("{EXAMPLE}{HOLDING}")
        .replace("service: checkout, severity: 1", "service: ledger-db, severity: 3")
        .replace("pages: [bo]", "pages: [cleo]")
        .replace("integration: checkout/pagerduty-events", "integration: checkout/pagerduty");
    assert_eq!(
        problems(&text),
        [
            "line 93, column 24: routing_tests[0].expect.service: `a critical alert of checkout wakes whoever is on call` does not hold: expected `ledger-db`, but it goes to `checkout`: the integration belongs to checkout",
            "line 93, column 45: routing_tests[0].expect.severity: `a critical alert of checkout wakes whoever is on call` does not hold: expected severity 3, but it is severity 1: severity map entry 1: severity == \"critical\"",
            "line 98, column 22: routing_tests[1].expect.pages: `a week later it is the other one` does not hold: expected cleo, but at 2026-02-11T12:00:00Z it pages bo",
            "line 100, column 18: routing_tests[2].integration: `what no map entry matches is severity 2` does not hold: there is no integration `checkout/pagerduty`; write SERVICE/NAME, or the name of an organisation-wide one",
        ]
    );
}

#[test]
fn organisation_wide_signals_are_asserted_through_the_routing_rules_to_the_catch_all() {
    let text = format!(
        "{EXAMPLE}{}",
        r#"
integrations: [ { name: prometheus, type: prometheus, key: { env: PROMETHEUS_KEY } } ]
routing:
  - { when: 'labels.team == "payments"', service: ledger-db }
routing_tests:
  - { name: by label, integration: prometheus, signal: { labels: { team: payments } }, expect: { service: ledger-db } }
  - { name: no label, integration: prometheus, signal: { summary: x }, expect: { service: catch-all, severity: 2 } }
"#
    );
    assert_eq!(problems(&text), [""; 0]);
}

#[test]
fn an_informational_alert_pages_nobody() {
    let text = EXAMPLE.replace(
        "severity == \"warning\"',  severity: 3",
        "severity == \"info\"', informational: true",
    );
    let text = format!(
        "{text}\nrouting_tests: [ {{ name: quiet, integration: checkout/alertmanager, signal: {{ severity: info }}, expect: {{ informational: true, pages: [] }} }} ]\n"
    );
    assert_eq!(problems(&text), [""; 0]);
}
