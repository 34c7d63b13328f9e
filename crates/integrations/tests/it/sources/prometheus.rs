use muster_core::alerting::signal::Action;
use muster_integrations::sources::prometheus::{SOURCE, status};
use muster_integrations::sources::{Parsed, Refusal};
use serde_json::{Value, json};

use super::{NOW, parse, parse_recorded, reasons, shown};

const POSTS: [&[u8]; 6] = [
    include_bytes!("../../fixtures/prometheus/alerts-1.http"),
    include_bytes!("../../fixtures/prometheus/alerts-2.http"),
    include_bytes!("../../fixtures/prometheus/alerts-3.http"),
    include_bytes!("../../fixtures/prometheus/alerts-4.http"),
    include_bytes!("../../fixtures/prometheus/alerts-5.http"),
    include_bytes!("../../fixtures/prometheus/alerts-6.http"),
];

fn sent(message: &Value) -> Result<Parsed, Refusal> {
    parse(&SOURCE, "application/json", message.to_string().as_bytes())
}

#[test]
fn the_posts_of_a_real_prometheus_are_read_in_order() {
    let read: Vec<_> = POSTS.iter().map(|post| parse_recorded(&SOURCE, post)).collect();
    let all: String = read.iter().map(|parsed| shown(&parsed.signals)).collect();
    insta::assert_snapshot!(all);
    for parsed in &read {
        assert_eq!((parsed.reply.status, parsed.reply.body.as_str()), (200, ""));
    }
    let (first, last) = (&read[0].signals[0], &read[5].signals[0]);
    assert_eq!((first.action, last.action), (Action::Trigger, Action::Resolve));
    assert_eq!(first.dedup_key, last.dedup_key);
}

#[test]
fn an_alert_is_its_set_of_labels_in_any_order() {
    let key = |labels: &str| {
        let body = format!("[{{\"labels\":{labels}}}]");
        parse(&SOURCE, "", body.as_bytes()).unwrap().signals[0].dedup_key.clone()
    };
    let one = key(r#"{"alertname":"Down","job":"node"}"#);
    assert_eq!(one, key(r#"{"job":"node","alertname":"Down"}"#));
    assert_eq!(one, key(r#"{"job":"x","job":"node","alertname":"Down","empty":""}"#));
    assert_ne!(one, key(r#"{"job":"nod","alertname":"eDown"}"#));
    assert_ne!(key(r#"{"a":"bc"}"#), key(r#"{"ab":"c"}"#));
}

#[test]
fn an_end_in_the_past_is_what_resolves() {
    let action = |ends: Value| {
        let alert = json!([{ "labels": { "a": "1" }, "endsAt": ends }]);
        sent(&alert).unwrap().signals[0].action
    };
    assert_eq!(action(json!(NOW)), Action::Resolve);
    assert_eq!(action(json!("2026-11-21T08:41:59.999Z")), Action::Resolve);
    assert_eq!(action(json!("2026-11-21T08:42:00.001Z")), Action::Trigger);
    for none in [Value::Null, json!("0001-01-01T00:00:00Z"), json!("")] {
        assert_eq!(action(none), Action::Trigger);
    }
}

#[test]
fn a_missing_beginning_means_now() {
    for starts in [Value::Null, json!("0001-01-01T00:00:00.000Z")] {
        let alert = json!([{ "labels": { "a": "1" }, "startsAt": starts }]);
        let parsed = sent(&alert).unwrap();
        assert_eq!(parsed.signals[0].occurred_at.map(|at| at.to_string()).as_deref(), Some(NOW));
    }
}

#[test]
fn bad_alerts_are_named_while_the_good_ones_are_kept() {
    let parsed = sent(&json!([
        { "labels": { "a": "1" } },
        { "labels": {} },
        { "labels": { "a": 2 } },
        { "labels": { "a": "3" }, "endsAt": "soon" },
        "x",
        { "labels": { "a": "" } },
        { "labels": { "a": "4" } },
    ]))
    .unwrap();
    assert_eq!(parsed.signals.len(), 2);
    assert_eq!(parsed.reply.status, 400);
    let body = super::json(&parsed.reply);
    let said = body.as_str().unwrap();
    for named in [
        "[1].labels must hold at least one label",
        "[2].labels.a must be a text, not a number",
        "[3].endsAt must be an instant",
        "[4] must be an object",
        "[5].labels must hold",
    ] {
        assert!(said.contains(named), "{said}");
    }
    assert_eq!(reasons(sent(&json!([{}]))), ["[0].labels must hold at least one label"]);
    assert_eq!(reasons(sent(&json!({}))), ["the body must be a list of alerts, not an object"]);
    assert_eq!(sent(&json!([])).unwrap().reply.status, 200);
}

#[test]
fn command_line_clients_find_a_status() {
    let reply = status("0.1.0", NOW.parse().unwrap());
    assert_eq!(reply.status, 200);
    let body = super::json(&reply);
    assert_eq!(body["cluster"]["status"], "disabled");
    assert_eq!(body["versionInfo"]["version"], "0.1.0");
    assert_eq!(body["uptime"], NOW);
    assert_eq!((SOURCE.refused)(&Refusal::Overloaded { retry_after_seconds: 1 }).status, 503);
    assert_eq!((SOURCE.refused)(&Refusal::UnknownKey).status, 404);
}
