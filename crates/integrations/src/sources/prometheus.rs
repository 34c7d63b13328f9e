//! Prometheus sending directly, as it would to an Alertmanager (API v2, `POST
//! {prefix}/api/v2/alerts`): a list of alerts, each identified by its set of labels and repeated
//! every minute while it lasts. An alert is over when its end lies in the past; one post is never
//! the whole truth, so nothing is concluded from an alert's absence.

use jiff::Timestamp;
use muster_core::alerting::signal::{Action, SIGNALS_PER_MESSAGE_MAX, Signal};
use serde_json::{Map, Value, json};

use super::labelled::{self, Labelled};
use super::{Arrival, Parsed, Refusal, Reply, Request, Source, json, reading};

/// Prometheus sending directly.
pub const SOURCE: Source = Source { name: "prometheus", parse, refused };

/// The answer to `GET {prefix}/api/v2/status`, which command-line clients ask first.
pub fn status(version: &str, started_at: Timestamp) -> Reply {
    Reply::json(
        200,
        &json!({
            "cluster": { "status": "disabled", "peers": [] },
            "versionInfo": {
                "branch": "", "buildDate": "", "buildUser": "", "goVersion": "", "revision": "",
                "version": version,
            },
            "config": { "original": "" },
            "uptime": started_at.to_string(),
        }),
    )
}

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let alerts = match json::parse(request.body)? {
        Value::Array(alerts) => alerts,
        other => {
            let kind = json::kind(&other);
            return Err(Refusal::malformed(format!(
                "the body must be a list of alerts, not {kind}"
            )));
        }
    };
    let mut signals = Vec::new();
    let mut wrong = Vec::new();
    for (at, alert) in alerts.iter().enumerate().take(SIGNALS_PER_MESSAGE_MAX) {
        match signal(alert, arrival.now) {
            Ok(signal) => signals.push(signal),
            Err(why) => wrong.push(format!("[{at}]{why}")),
        }
    }
    if signals.is_empty() && !wrong.is_empty() {
        return Err(Refusal::Malformed(wrong));
    }
    // The good ones are stored although the answer is a refusal: it only names the bad ones.
    let reply =
        if wrong.is_empty() { Reply::empty(200) } else { refused(&Refusal::Malformed(wrong)) };
    Ok(Parsed { signals: reading::finished(signals, alerts.len()), reply })
}

fn signal(alert: &Value, now: Timestamp) -> Result<Signal, String> {
    let Value::Object(alert) = alert else {
        return Err(format!(" must be an object, not {}", json::kind(alert)));
    };
    let labels = labels(alert)?;
    let annotations = json::object(alert, ".", "annotations")?.cloned().unwrap_or_default();
    let ends_at = instant(alert, "endsAt")?;
    let starts_at = instant(alert, "startsAt")?.unwrap_or(now);
    let action = match ends_at {
        Some(ended) if ended <= now => Action::Resolve,
        _ => Action::Trigger,
    };
    let key = reading::key_of_labels(&labels);
    let labelled = Labelled {
        labels,
        annotations,
        starts_at: Some(starts_at),
        generator_url: json::text(alert, ".", "generatorURL")?.unwrap_or_default().to_owned(),
    };
    Ok(labelled.into_signal(action, key))
}

/// The labels that are not empty; an empty label is the same as none.
fn labels(alert: &Map<String, Value>) -> Result<Vec<(String, String)>, String> {
    let mut labels = Vec::new();
    for (name, value) in json::object(alert, ".", "labels")?.into_iter().flatten() {
        let Value::String(value) = value else {
            let kind = json::kind(value);
            return Err(format!(".labels.{name} must be a text, not {kind}"));
        };
        if name.is_empty() {
            return Err(".labels must not hold an empty name".to_owned());
        }
        if !value.is_empty() {
            labels.push((name.clone(), value.clone()));
        }
    }
    if labels.is_empty() {
        return Err(".labels must hold at least one label".to_owned());
    }
    Ok(labels)
}

/// The instant at `key`; absent and the year 1 are none.
fn instant(alert: &Map<String, Value>, key: &str) -> Result<Option<Timestamp>, String> {
    let Some(text) = json::text(alert, ".", key)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.starts_with("0001-") {
        return Ok(None);
    }
    labelled::instant_at(alert, key).map(Some).ok_or_else(|| format!(".{key} must be an instant"))
}

/// The protocol's error body is a bare JSON text.
fn refused(refusal: &Refusal) -> Reply {
    let status = match refusal {
        Refusal::UnknownKey => 404,
        Refusal::Malformed(_) => 400,
        Refusal::TooLarge => 413,
        Refusal::Overloaded { .. } => 503,
    };
    Reply::json(status, &Value::from(refusal.reason())).with_retry_after(refusal)
}
