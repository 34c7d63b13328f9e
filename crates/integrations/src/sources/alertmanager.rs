//! Alertmanager's webhook (version 4, and Grafana's of the same shape): a group of alerts per
//! request, each a signal of its own under its fingerprint, held together by the group's key.
//! Alertmanager sends again on 5xx alone and drops the group on any other failure, 429 included.

use jiff::Timestamp;
use muster_core::alerting::signal::{
    Action, FIELD_CHARS_MAX, Link, SIGNALS_PER_MESSAGE_MAX, Signal, cut,
};
use serde_json::{Map, Value, json};

use super::labelled::{self, Labelled};
use super::{Arrival, Parsed, Refusal, Reply, Request, Source, json, reading};

/// The Alertmanager webhook.
pub const SOURCE: Source = Source { name: "alertmanager", parse, refused };

/// Addresses that Grafana adds to each alert.
const GRAFANA_LINKS: [(&str, &str); 3] =
    [("dashboardURL", "Dashboard"), ("panelURL", "Panel"), ("silenceURL", "Silence")];

/// What the alerts of one request share.
struct Group {
    key: Option<String>,
    receiver: String,
    external_url: String,
    truncated: u64,
}

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let message = json::parse_object(request.body)?;
    let alerts = match message.get("alerts") {
        Some(Value::Array(alerts)) => alerts,
        None => return Err(Refusal::malformed("alerts is required")),
        Some(other) => {
            let kind = json::kind(other);
            return Err(Refusal::malformed(format!("alerts must be a list, not {kind}")));
        }
    };
    let group = group(&message);
    let mut signals = Vec::new();
    let mut wrong = Vec::new();
    for (at, alert) in alerts.iter().enumerate().take(SIGNALS_PER_MESSAGE_MAX) {
        match signal(alert, &group, arrival.now) {
            Ok(signal) => signals.push(signal),
            Err(why) => wrong.push(format!("alerts[{at}]{why}")),
        }
    }
    // One bad alert must not silence its neighbours: the sender would drop the whole group.
    if signals.is_empty() && !wrong.is_empty() {
        return Err(Refusal::Malformed(wrong));
    }
    if !wrong.is_empty()
        && let Some(first) = signals.first_mut()
    {
        first.details.insert("alerts_not_understood".to_owned(), json!(wrong));
    }
    let signals = reading::finished(signals, alerts.len());
    let reply = Reply::json(202, &json!({ "status": "accepted", "alerts": signals.len() }));
    Ok(Parsed { signals, reply })
}

fn group(message: &Map<String, Value>) -> Group {
    let text = |key| message.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut receiver = text("receiver");
    cut(&mut receiver, FIELD_CHARS_MAX);
    Group {
        key: Some(text("groupKey")).filter(|key| !key.is_empty()),
        receiver,
        external_url: text("externalURL"),
        truncated: message.get("truncatedAlerts").and_then(Value::as_u64).unwrap_or(0),
    }
}

fn signal(alert: &Value, group: &Group, now: Timestamp) -> Result<Signal, String> {
    let Value::Object(alert) = alert else {
        return Err(format!(" must be an object, not {}", json::kind(alert)));
    };
    let labels = labelled::texts(json::object(alert, ".", "labels")?);
    let annotations = json::object(alert, ".", "annotations")?.cloned().unwrap_or_default();
    if labels.is_empty() && annotations.is_empty() {
        return Err(".labels must hold at least one label".to_owned());
    }
    let fingerprint = alert.get("fingerprint").and_then(json::scalar).filter(|f| !f.is_empty());
    let key = fingerprint.unwrap_or_else(|| reading::key_of_labels(&labels));
    let labelled = Labelled {
        labels,
        annotations,
        starts_at: labelled::instant_at(alert, "startsAt"),
        generator_url: json::text(alert, ".", "generatorURL")?.unwrap_or_default().to_owned(),
    };
    let mut signal = labelled.into_signal(action(alert, now)?, key);
    signal.group_key.clone_from(&group.key);
    let grafana = GRAFANA_LINKS.iter().filter_map(|(name, text)| {
        let href = alert.get(*name)?.as_str()?;
        Some(Link { href: href.to_owned(), text: (*text).to_owned() })
    });
    signal.links.extend(grafana);
    if !group.external_url.is_empty() {
        let href = group.external_url.clone();
        signal.links.push(Link { href, text: "Alertmanager".to_owned() });
    }
    if !group.receiver.is_empty() {
        signal.details.insert("receiver".to_owned(), Value::from(group.receiver.as_str()));
    }
    if group.truncated > 0 {
        signal.details.insert("truncated_alerts".to_owned(), Value::from(group.truncated));
    }
    Ok(signal)
}

/// The alert's own status counts, not its group's; an alert without one is over if it has ended.
fn action(alert: &Map<String, Value>, now: Timestamp) -> Result<Action, String> {
    let status = json::text(alert, ".", "status")?.unwrap_or_default();
    match status.to_ascii_lowercase().as_str() {
        "firing" | "alerting" => Ok(Action::Trigger),
        "resolved" | "ok" => Ok(Action::Resolve),
        "" => Ok(match labelled::instant_at(alert, "endsAt") {
            Some(ended) if ended <= now => Action::Resolve,
            _ => Action::Trigger,
        }),
        _ => Err(".status must be one of firing, resolved".to_owned()),
    }
}

fn refused(refusal: &Refusal) -> Reply {
    let status = match refusal {
        Refusal::UnknownKey => 404,
        Refusal::Malformed(_) => 400,
        Refusal::TooLarge => 413,
        Refusal::Overloaded { .. } => 503,
    };
    let body = json!({ "status": "error", "error": refusal.reason() });
    Reply::json(status, &body).with_retry_after(refusal)
}
