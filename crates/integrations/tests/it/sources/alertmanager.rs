use muster_core::alerting::signal::Action;
use muster_integrations::sources::alertmanager::SOURCE;
use muster_integrations::sources::{Parsed, Refusal};
use serde_json::{Value, json};

use super::{parse, parse_recorded, reasons, shown};

const FIRING: &[u8] = include_bytes!("../../fixtures/alertmanager/webhook-firing.http");
const RESOLVED: &[u8] = include_bytes!("../../fixtures/alertmanager/webhook-resolved.http");
const SINGLE: &[u8] = include_bytes!("../../fixtures/alertmanager/webhook-single.http");

fn sent(message: &Value) -> Result<Parsed, Refusal> {
    parse(&SOURCE, "application/json", message.to_string().as_bytes())
}

#[test]
fn each_alert_of_a_group_is_a_signal_of_its_own() {
    let parsed = parse_recorded(&SOURCE, FIRING);
    insta::assert_snapshot!(shown(&parsed.signals));
    assert_eq!(parsed.reply.status, 202);
    insta::assert_snapshot!(shown(&parse_recorded(&SOURCE, SINGLE).signals));
}

#[test]
fn recovery_comes_under_the_same_keys() {
    let firing = parse_recorded(&SOURCE, FIRING);
    let resolved = parse_recorded(&SOURCE, RESOLVED);
    for (fired, over) in firing.signals.iter().zip(&resolved.signals) {
        assert_eq!((fired.action, over.action), (Action::Trigger, Action::Resolve));
        assert_eq!(fired.dedup_key, over.dedup_key);
        assert_eq!(fired.group_key, over.group_key);
        assert_eq!(fired.labels, over.labels);
    }
    assert_eq!(firing.signals.len(), 2);
}

#[test]
fn the_status_of_each_alert_counts_and_not_the_groups() {
    let message = json!({ "status": "firing", "alerts": [
        { "status": "resolved", "labels": { "a": "1" }, "fingerprint": "f1" },
        { "status": "firing", "labels": { "a": "2" }, "fingerprint": "f2" },
        { "labels": { "a": "3" }, "endsAt": "2026-11-21T08:00:00Z" },
        { "labels": { "a": "4" }, "endsAt": "0001-01-01T00:00:00Z" },
    ]});
    let actions: Vec<_> = sent(&message).unwrap().signals.iter().map(|s| s.action).collect();
    assert_eq!(actions, [Action::Resolve, Action::Trigger, Action::Resolve, Action::Trigger]);
}

#[test]
fn an_alert_without_words_is_named_by_its_labels() {
    let message = json!({ "truncatedAlerts": 7, "alerts": [
        { "status": "firing", "labels": { "alertname": "Down", "severity": "x", "job": "node" },
          "annotations": { "runbook_url": "https://wiki/down", "dashboard_url": "javascript:alert(1)" } },
        { "status": "firing", "labels": { "alertname": "Slow" }, "annotations": { "description": "  very\n slow " } },
    ]});
    let parsed = sent(&message).unwrap();
    assert_eq!(parsed.signals[0].summary, "Down (job=node)");
    assert_eq!(parsed.signals[1].summary, "very slow");
    assert_eq!(parsed.signals[0].details["truncated_alerts"], 7);
    assert_eq!(parsed.signals[0].links.len(), 1, "only web addresses are links");
}

#[test]
fn a_bad_alert_does_not_silence_its_neighbours() {
    let message = json!({ "alerts": [
        5, { "status": "firing", "labels": { "a": "1" } }, { "status": "purple", "labels": { "a": "2" } }, {},
    ]});
    let parsed = sent(&message).unwrap();
    assert_eq!(parsed.signals.len(), 1);
    assert_eq!(
        parsed.signals[0].details["alerts_not_understood"],
        json!([
            "alerts[0] must be an object, not a number",
            "alerts[2].status must be one of firing, resolved",
            "alerts[3].labels must hold at least one label",
        ])
    );
    let only_bad = json!({ "alerts": [{ "labels": ["a"] }] });
    assert_eq!(reasons(sent(&only_bad)), ["alerts[0].labels must be an object, not a list"]);
    assert_eq!(reasons(sent(&json!({}))), ["alerts is required"]);
    assert_eq!(reasons(sent(&json!({ "alerts": "x" }))), ["alerts must be a list, not a text"]);
    assert_eq!(sent(&json!({ "alerts": [] })).unwrap().signals, []);
}

#[test]
fn a_group_of_thousands_of_alerts_is_kept_whole() {
    let alerts: Vec<_> = (0..5003).map(|n| json!({ "labels": { "n": n.to_string() } })).collect();
    let parsed = sent(&json!({ "alerts": alerts })).unwrap();
    assert_eq!(parsed.signals.len(), 5003);
    assert!(!parsed.signals.iter().any(|signal| signal.details.contains_key("signals_left_out")));
}

#[test]
fn overload_is_503_because_429_would_be_final() {
    let overloaded = (SOURCE.refused)(&Refusal::Overloaded { retry_after_seconds: 2 });
    assert_eq!(overloaded.status, 503);
    assert!(overloaded.headers.contains(&("retry-after", "2".to_owned())));
    assert_eq!((SOURCE.refused)(&Refusal::UnknownKey).status, 404);
    assert_eq!((SOURCE.refused)(&Refusal::TooLarge).status, 413);
    let malformed = (SOURCE.refused)(&Refusal::malformed("alerts is required"));
    assert_eq!(malformed.status, 400);
    assert!(malformed.body.contains("alerts is required"));
}
