//! Whatever arrives, a source answers: it neither panics nor lets a field past its limit.

use muster_core::alerting::signal::{DEDUP_KEY_BYTES_MAX, SUMMARY_CHARS_MAX, Signal};
use muster_core::org::service::Mapping;
use muster_integrations::sources::{CompiledMapping, Refusal, SOURCES, email, pagerduty};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{parse_with, reasons};

/// Names that the sources look for, so that random values land where they hurt.
const NAMES: &[&str] = &[
    "routing_key",
    "event_action",
    "dedup_key",
    "payload",
    "summary",
    "source",
    "severity",
    "timestamp",
    "custom_details",
    "links",
    "images",
    "href",
    "client_url",
    "alerts",
    "labels",
    "annotations",
    "startsAt",
    "endsAt",
    "status",
    "fingerprint",
    "groupKey",
    "truncatedAlerts",
    "generatorURL",
    "action",
    "details",
    "dedup",
    "host",
    "occurred_at",
    "runbook_url",
    "",
];
const WORDS: &[&str] = &[
    "trigger",
    "resolve",
    "firing",
    "resolved",
    "critical",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "-009999-01-01T00:00:00Z",
    "2026-11-21T08:42:00Z",
    "javascript:alert(1)",
    "https://x",
    "",
    "\u{0}",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        ".{600,2000}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((prop::sample::select(NAMES), inner), 0..8).prop_map(|fields| {
                Value::Object(Map::from_iter(fields.into_iter().map(|(n, v)| (n.to_owned(), v))))
            }),
        ]
    })
}

fn mapping() -> CompiledMapping {
    let fields =
        [("summary", "body.summary + query.x"), ("labels", "body.labels"), ("links", "body.links")];
    let fields = fields.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    CompiledMapping::new(&Mapping { fields }).expect("a valid mapping")
}

fn holds_zero(signal: &Signal) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(within),
            Value::Object(object) => {
                object.iter().any(|(name, value)| name.contains('\0') || within(value))
            }
            _ => false,
        }
    }
    let texts = [&signal.dedup_key, &signal.summary, &signal.severity, &signal.source];
    texts.iter().any(|text| text.contains('\0'))
        || signal.labels.iter().any(|(name, value)| name.contains('\0') || value.contains('\0'))
        || within(&Value::Object(signal.details.clone()))
}

fn survive(content_type: &str, query: &str, body: &[u8]) -> Result<(), TestCaseError> {
    let mapping = mapping();
    pagerduty::routing_key(body);
    for source in SOURCES {
        let Ok(parsed) = parse_with(source, content_type, query, body, &mapping) else { continue };
        for signal in parsed.signals {
            prop_assert!(signal.dedup_key.len() <= DEDUP_KEY_BYTES_MAX);
            prop_assert!(!signal.dedup_key.is_empty());
            prop_assert!(signal.summary.chars().count() <= SUMMARY_CHARS_MAX);
            prop_assert!(
                signal.links.iter().all(|link| link.href.trim_start().starts_with("http"))
            );
            prop_assert!(!holds_zero(&signal), "{signal:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_survived(
        body in prop::collection::vec(any::<u8>(), 0..400),
        content_type in prop::sample::select(&[
            "", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
        ][..]),
        query in "[ -~]{0,60}",
    ) {
        survive(content_type, &query, &body)?;
    }

    #[test]
    fn arbitrary_json_is_survived(body in any_json()) {
        survive("application/json", "x=1", body.to_string().as_bytes())?;
    }

    #[test]
    fn arbitrary_multipart_is_survived(parts in prop::collection::vec("[ -~\r\n]{0,60}", 0..6)) {
        let body = format!("--b{}--b--", parts.join("--b"));
        survive("multipart/form-data; boundary=b", "", body.as_bytes())?;
    }
}

#[test]
fn deep_nesting_is_refused_by_every_source() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let body = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        // A letter has no depth but that of its parts, which its reader bounds.
        for source in SOURCES.iter().filter(|source| source.name != email::SOURCE.name) {
            for content_type in ["application/json", "text/plain"] {
                let mapping = CompiledMapping::default();
                let why = reasons(parse_with(source, content_type, "", body.as_bytes(), &mapping));
                assert!(why[0].contains("nested too deeply"), "{}: {why:?}", source.name);
            }
        }
        assert_eq!(pagerduty::routing_key(body.as_bytes()), None);
    }
}

#[test]
fn every_source_has_an_answer_to_every_refusal() {
    for source in SOURCES {
        for refusal in [
            Refusal::UnknownKey,
            Refusal::malformed("why"),
            Refusal::TooLarge,
            Refusal::Overloaded { retry_after_seconds: 3 },
        ] {
            let reply = (source.refused)(&refusal);
            let retried = matches!(refusal, Refusal::Overloaded { .. });
            assert_eq!(reply.status >= 500, retried, "{}: {refusal:?}", source.name);
            assert!(serde_json::from_str::<Value>(&reply.body).is_ok());
        }
    }
    assert_eq!(
        json!(SOURCES.iter().map(|source| source.name).collect::<Vec<_>>()),
        json!(["pagerduty", "alertmanager", "prometheus", "generic", "email"])
    );
}
