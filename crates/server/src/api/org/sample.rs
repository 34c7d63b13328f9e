//! Messages as the clients of each source send them, made for tests: what is sent is what a real
//! client would send, so that everything behind it is tried too. Pure.

use jiff::Timestamp;
use muster_core::alerting::signal::Action;
use muster_integrations::sources::email;
use serde_json::{Value, json};

/// The words that clients use for how bad it is, from the worst.
pub(super) const SEVERITY_WORDS: [&str; 4] = ["critical", "error", "warning", "info"];
/// What a test alert says.
const SUMMARY: &str = "Test alert from Muster";
/// Where a test alert comes from.
const ORIGIN: &str = "muster";
/// The key under which the test alerts of an integration are one alert.
const KEY: &str = "muster-test";

/// A test message: its media type and its body.
pub(super) struct Sample {
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

/// A test message in the dialect of `source`; none for a source that is not known here.
pub(super) fn message(
    source: &str,
    routing_key: &str,
    action: Action,
    severity: &str,
    now: Timestamp,
) -> Option<Sample> {
    let json = |body: Value| Sample {
        content_type: "application/json",
        body: body.to_string().into_bytes(),
    };
    match source {
        "pagerduty" => Some(json(pagerduty(routing_key, action, severity))),
        "alertmanager" => Some(json(alertmanager(action, severity, now))),
        "prometheus" => Some(json(prometheus(action, severity, now))),
        "generic" => Some(json(generic(action, severity))),
        "email" => Some(Sample {
            content_type: email::MEDIA_TYPE,
            body: letter(action, severity, now).into_bytes(),
        }),
        _ => None,
    }
}

fn letter(action: Action, severity: &str, now: Timestamp) -> String {
    let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "From: {ORIGIN}@localhost\r\nDate: {date}\r\nSubject: {SUMMARY}\r\n\
         X-Muster-Dedup: {KEY}\r\nX-Muster-Action: {}\r\nX-Muster-Severity: {severity}\r\n\
         \r\nA letter as a monitoring system would send it.\r\n",
        action.name()
    )
}

fn pagerduty(routing_key: &str, action: Action, severity: &str) -> Value {
    json!({
        "routing_key": routing_key,
        "event_action": action.name(),
        "dedup_key": KEY,
        "client": "Muster",
        "payload": {
            "summary": SUMMARY,
            "source": ORIGIN,
            "severity": severity,
            "class": "test",
        },
    })
}

fn labels(severity: &str) -> Value {
    json!({ "alertname": "MusterTest", "severity": severity, "instance": ORIGIN })
}

fn alertmanager(action: Action, severity: &str, now: Timestamp) -> Value {
    let (status, ends_at) = match action {
        Action::Resolve => ("resolved", now.to_string()),
        Action::Trigger | Action::Acknowledge => ("firing", "0001-01-01T00:00:00Z".to_owned()),
    };
    json!({
        "version": "4",
        "groupKey": format!("{{}}:{{alertname=\"{KEY}\"}}"),
        "truncatedAlerts": 0,
        "status": status,
        "receiver": ORIGIN,
        "groupLabels": { "alertname": "MusterTest" },
        "commonLabels": labels(severity),
        "commonAnnotations": { "summary": SUMMARY },
        "externalURL": "",
        "alerts": [{
            "status": status,
            "labels": labels(severity),
            "annotations": { "summary": SUMMARY },
            "startsAt": now.to_string(),
            "endsAt": ends_at,
            "generatorURL": "",
            "fingerprint": KEY,
        }],
    })
}

/// Prometheus knows its alerts by their labels, so to end the test every severity that it may have
/// been sent with is ended; what is not open is no news.
fn prometheus(action: Action, severity: &str, now: Timestamp) -> Value {
    let alert = |severity: &str| {
        let mut alert = json!({
            "labels": labels(severity),
            "annotations": { "summary": SUMMARY },
            "startsAt": now.to_string(),
            "generatorURL": "",
        });
        if action == Action::Resolve {
            alert["endsAt"] = Value::from(now.to_string());
        }
        alert
    };
    match action {
        Action::Resolve => {
            let others = SEVERITY_WORDS.into_iter().filter(|word| *word != severity);
            Value::from_iter(std::iter::once(severity).chain(others).map(alert))
        }
        Action::Trigger | Action::Acknowledge => Value::from_iter([alert(severity)]),
    }
}

fn generic(action: Action, severity: &str) -> Value {
    json!({
        "summary": SUMMARY,
        "action": action.name(),
        "dedup_key": KEY,
        "severity": severity,
        "source": ORIGIN,
        "details": { "test": true },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_integrations::sources::{Arrival, CompiledMapping, Request, SOURCES};

    fn t0() -> Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_source_understands_its_own_test_and_its_end() {
        let mapping = CompiledMapping::default();
        for source in SOURCES {
            let read = |action| {
                let sample = message(source.name, "key", action, "warning", t0()).unwrap();
                let request = Request {
                    query: "",
                    headers: &[],
                    content_type: sample.content_type,
                    body: &sample.body,
                };
                let arrival = Arrival { now: t0(), chance: [0; 10], mapping: &mapping };
                (source.parse)(&request, &arrival).unwrap().signals
            };
            let (began, ended) = (read(Action::Trigger), read(Action::Resolve));
            assert_eq!(began.len(), 1, "{}", source.name);
            assert_eq!(began[0].action, Action::Trigger);
            assert_eq!((&*began[0].summary, &*began[0].severity), (SUMMARY, "warning"));
            assert_eq!(ended[0].action, Action::Resolve, "{}", source.name);
            assert_eq!(began[0].dedup_key, ended[0].dedup_key, "{}", source.name);
        }
    }
}
