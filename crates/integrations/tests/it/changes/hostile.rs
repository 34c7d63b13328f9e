//! Whatever comes in, a source neither fails nor lets through what cannot be stored.

use muster_core::change::event::{SUMMARY_CHARS_MAX, WORD_CHARS_MAX, is_address};
use muster_integrations::changes::{SOURCES, pagerduty};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::sent_raw;

/// Words that make a source look further.
const WORDS: [&str; 22] = [
    "deployment",
    "deployment_status",
    "push",
    "release",
    "workflow_run",
    "pipeline",
    "completed",
    "success",
    "published",
    "Succeeded",
    "FINALIZED",
    "run:completed",
    "applied",
    "Kustomization",
    "refs/heads/main",
    "main",
    "2026-11-21T08:00:00Z",
    "javascript:x",
    "https://x.example/y",
    "\0",
    "failed",
    "started",
];
const NAMES: [&str; 26] = [
    "object_kind",
    "deployment",
    "deployment_status",
    "repository",
    "default_branch",
    "id",
    "ref",
    "after",
    "state",
    "status",
    "summary",
    "payload",
    "notifications",
    "trigger",
    "run_status",
    "run_id",
    "involvedObject",
    "kind",
    "name",
    "reason",
    "application",
    "phase",
    "build",
    "number",
    "url",
    "timestamp",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(&WORDS[..]).prop_map(Value::from),
        "[ -~]{0,40}".prop_map(Value::from),
        Just(json!("x".repeat(3_000))),
    ];
    leaf.prop_recursive(4, 60, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(&NAMES[..]), inner), 0..12)
                .prop_map(|all| all.into_iter().map(|(n, v)| (n.to_owned(), v)).collect()),
        ]
    })
}

fn survive(event: &str, content_type: &str, body: &[u8]) -> Result<(), TestCaseError> {
    for source in SOURCES.iter().chain([&pagerduty::SOURCE]) {
        let headers = [("x-github-event", event)];
        let Ok(parsed) = sent_raw(source, &headers, content_type, body) else { continue };
        for report in parsed.reports {
            let what = &report.what;
            prop_assert!(!report.key.is_empty() && !report.key.contains('\0'));
            prop_assert!(what.summary.chars().count() <= SUMMARY_CHARS_MAX);
            prop_assert!(what.subject.chars().count() <= WORD_CHARS_MAX);
            prop_assert!(
                [&what.url, &what.diff_url].iter().all(|url| url.as_deref().is_none_or(is_address))
            );
            let texts =
                [&what.summary, &what.subject, &what.environment, &what.version, &what.author];
            prop_assert!(texts.iter().all(|text| !text.contains('\0')));
            prop_assert!(report.at <= super::NOW.parse().unwrap());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_survived(
        body in prop::collection::vec(any::<u8>(), 0..300),
        content_type in prop::sample::select(&["", "application/json", "application/x-www-form-urlencoded"][..]),
    ) {
        survive("push", content_type, &body)?;
    }

    #[test]
    fn arbitrary_json_is_survived(body in any_json(), event in prop::sample::select(&WORDS[..5])) {
        survive(event, "application/json", body.to_string().as_bytes())?;
    }
}
