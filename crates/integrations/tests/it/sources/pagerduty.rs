use muster_core::alerting::signal::Action;
use muster_integrations::sources::pagerduty::{SOURCE, routing_key};
use muster_integrations::sources::{Parsed, Refusal};
use serde_json::{Value, json};

use super::{parse, parse_recorded, reasons, shown};

const TRIGGER: &[u8] = include_bytes!("../../fixtures/pagerduty/alertmanager-trigger.http");
const RESOLVE: &[u8] = include_bytes!("../../fixtures/pagerduty/alertmanager-resolve.http");
const MINIMAL: &[u8] = include_bytes!("../../fixtures/pagerduty/alertmanager-minimal.http");

fn event() -> Value {
    json!({
        "routing_key": "R0UT1NGKEY0000000000000000000000", "event_action": "trigger",
        "dedup_key": "disk", "payload": { "summary": "Disk full", "source": "web1", "severity": "error" }
    })
}

fn sent(event: &Value) -> Result<Parsed, Refusal> {
    parse(&SOURCE, "application/json", event.to_string().as_bytes())
}

fn changed(path: &str, value: Value) -> Value {
    let mut event = event();
    *event.pointer_mut(path).expect("a field") = value;
    event
}

#[test]
fn a_trigger_of_a_real_client_is_read_whole() {
    let parsed = parse_recorded(&SOURCE, TRIGGER);
    insta::assert_snapshot!(shown(&parsed.signals));
    assert_eq!(parsed.reply.status, 202);
    let body = super::json(&parsed.reply);
    assert_eq!(body["status"], "success");
    assert_eq!(body["message"], "Event processed");
    assert_eq!(body["dedup_key"], parsed.signals[0].dedup_key);
}

#[test]
fn a_resolve_of_a_real_client_names_the_same_trouble() {
    let trigger = parse_recorded(&SOURCE, TRIGGER);
    let resolve = parse_recorded(&SOURCE, RESOLVE);
    assert_eq!(resolve.signals[0].action, Action::Resolve);
    assert_eq!(resolve.signals[0].dedup_key, trigger.signals[0].dedup_key);
    insta::assert_snapshot!(shown(&parse_recorded(&SOURCE, MINIMAL).signals));
}

#[test]
fn the_routing_key_is_found_in_the_body() {
    let body = super::recorded(TRIGGER).body;
    assert_eq!(routing_key(&body).as_deref(), Some("R0UT1NGKEY0000000000000000000000"));
    assert_eq!(routing_key(br#"{"routing_key":"a","routing_key":" b "}"#).as_deref(), Some("b"));
    assert_eq!(routing_key("\u{feff}{\"routing_key\":\"b\"}".as_bytes()).as_deref(), Some("b"));
    for none in [
        &b"{}"[..],
        b"",
        b"[]",
        b"nonsense",
        br#"{"routing_key":5}"#,
        br#"{"routing_key":""}"#,
        br#"{"payload":{"routing_key":"inside"}}"#,
        br#"{"routing_key":"cut off"#,
    ] {
        assert_eq!(routing_key(none), None);
    }
}

#[test]
fn real_clients_are_met_leniently() {
    let form = "application/x-www-form-urlencoded";
    assert!(parse(&SOURCE, form, event().to_string().as_bytes()).is_ok());
    let upper = sent(&changed("/event_action", json!("TRIGGER"))).unwrap();
    assert_eq!(upper.signals[0].action, Action::Trigger);
    let upper = sent(&changed("/payload/severity", json!("Critical"))).unwrap();
    assert_eq!(upper.signals[0].severity, "critical");
    let twice =
        br#"{"event_action":"resolve","event_action":"trigger","dedup_key":"a","dedup_key":"b",
        "payload":{"summary":"x","summary":"y","source":"s","severity":"info"}}"#;
    let twice = parse(&SOURCE, "", twice).unwrap();
    assert_eq!(
        (twice.signals[0].action, twice.signals[0].dedup_key.as_str()),
        (Action::Trigger, "b")
    );
    assert_eq!(twice.signals[0].summary, "y");
    let mut latin1 = event().to_string().into_bytes();
    let at = latin1.windows(4).position(|four| four == b"Disk").unwrap();
    latin1[at] = 0xe9;
    assert_eq!(parse(&SOURCE, "", &latin1).unwrap().signals[0].summary, "\u{fffd}isk full");
}

#[test]
fn a_trigger_without_a_key_gets_one_of_its_own() {
    for event in [changed("/dedup_key", json!("")), changed("/dedup_key", Value::Null)] {
        let parsed = sent(&event).unwrap();
        let key = &parsed.signals[0].dedup_key;
        assert_eq!(key.len(), 36, "{key}");
        assert_eq!(super::json(&parsed.reply)["dedup_key"], key.as_str());
    }
    let lost = changed("/event_action", json!("resolve"));
    let mut lost = lost.as_object().unwrap().clone();
    lost.remove("dedup_key");
    assert_eq!(
        reasons(sent(&Value::Object(lost))),
        ["dedup_key is required to acknowledge or resolve"]
    );
}

#[test]
fn an_acknowledgement_needs_no_payload() {
    let event = json!({ "routing_key": "R", "event_action": "acknowledge", "dedup_key": "disk" });
    let parsed = sent(&event).unwrap();
    assert_eq!(parsed.signals[0].action, Action::Acknowledge);
    assert_eq!(parsed.reply.status, 202);
}

#[test]
fn instants_are_read_in_every_way_that_clients_write_them() {
    for text in [
        "2026-11-21T08:00:00Z",
        "2026-11-21T08:00:00",
        "2026-11-21 08:00:00",
        "2026-11-21T09:00:00+01:00",
        "2026-11-21T08:00:00.000+0000",
    ] {
        let mut event = event();
        event["payload"]["timestamp"] = json!(text);
        let at = sent(&event).unwrap().signals[0].occurred_at.map(|at| at.to_string());
        assert_eq!(at.as_deref(), Some("2026-11-21T08:00:00Z"), "{text}");
    }
    for text in ["yesterday", "", "0001-01-01T00:00:00Z"] {
        let mut event = event();
        event["payload"]["timestamp"] = json!(text);
        assert_eq!(sent(&event).unwrap().signals[0].occurred_at, None, "{text}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let wrong = |path, value| reasons(sent(&changed(path, value))).join("; ");
    assert_eq!(
        wrong("/event_action", json!("explode")),
        "event_action must be one of trigger, acknowledge, resolve"
    );
    assert_eq!(
        wrong("/payload/severity", json!("awful")),
        "payload.severity must be one of critical, error, warning, info"
    );
    assert_eq!(
        wrong("/payload/severity", json!(3)),
        "payload.severity must be a text, not a number"
    );
    assert_eq!(wrong("/payload/summary", json!("  ")), "payload.summary is required to trigger");
    assert_eq!(wrong("/payload/source", Value::Null), "payload.source is required to trigger");
    assert_eq!(
        wrong("/payload/summary", json!(["x"])),
        "payload.summary must be a text, not a list"
    );
    assert_eq!(wrong("/payload", json!("x")), "payload must be an object, not a text");
    assert_eq!(wrong("/payload", Value::Null), "payload is required to trigger");
    assert_eq!(wrong("/dedup_key", json!({})), "dedup_key must be a text, not an object");
    assert_eq!(reasons(parse(&SOURCE, "", b"[]")), ["the body must be an object, not a list"]);
    assert!(reasons(parse(&SOURCE, "", b"{\"a\":"))[0].starts_with("the body is not JSON"));
    let refused = (SOURCE.refused)(&Refusal::Malformed(vec!["a".into(), "b".into()]));
    assert_eq!(refused.status, 400);
    let body = super::json(&refused);
    assert_eq!(body["status"], "invalid event");
    assert_eq!(body["message"], "Event object is invalid");
    assert_eq!(body["errors"], json!(["a", "b"]));
}

#[test]
fn long_fields_are_cut_with_a_mark_and_long_keys_stay_distinct() {
    let parsed = sent(&changed("/payload/summary", json!("é".repeat(5000)))).unwrap();
    assert!(parsed.signals[0].summary.ends_with("more characters)"));
    let keyed = |key: String| sent(&changed("/dedup_key", json!(key))).unwrap();
    let one = keyed("é".repeat(400) + "1");
    let other = keyed("é".repeat(400) + "2");
    assert_ne!(one.signals[0].dedup_key, other.signals[0].dedup_key);
    assert!(one.signals[0].dedup_key.len() <= 512);
    assert_eq!(super::json(&one.reply)["dedup_key"], "é".repeat(400) + "1", "echoed as sent");
    assert_eq!(keyed("k".repeat(512)).signals[0].dedup_key, "k".repeat(512));
    let zero = sent(&changed("/payload/summary", json!("a\u{0}b"))).unwrap();
    assert_eq!(zero.signals[0].summary, "a\u{fffd}b");
}

#[test]
fn refusals_are_those_that_clients_act_upon() {
    let unknown = (SOURCE.refused)(&Refusal::UnknownKey);
    assert_eq!(unknown.status, 400);
    assert_eq!(super::json(&unknown)["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!((SOURCE.refused)(&Refusal::TooLarge).status, 413);
    let overloaded = (SOURCE.refused)(&Refusal::Overloaded { retry_after_seconds: 5 });
    assert_eq!(overloaded.status, 503);
    assert!(overloaded.headers.contains(&("retry-after", "5".to_owned())));
}
