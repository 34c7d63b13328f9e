//! PagerDuty Events v2 (`POST /v2/enqueue`): what most monitoring systems can already send. One
//! event per request, the routing key in its body. Clients send again on 429, 5xx and network
//! errors and drop everything else, so a refusal is only for what can never be understood.

use std::fmt;

use muster_core::alerting::signal::{Action, Link, Signal};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::{Arrival, Parsed, Refusal, Reply, Request, Source, json, reading};

/// PagerDuty Events v2.
pub const SOURCE: Source = Source { name: "pagerduty", parse, refused };

/// The severities that the protocol has, in any case.
const SEVERITIES: [&str; 4] = ["critical", "error", "warning", "info"];
const ACTIONS: &str = "event_action must be one of trigger, acknowledge, resolve";

/// The routing key in a body, wherever it stands; nothing if there is none or the body is no JSON.
/// The rest of the body is skipped, not kept.
pub fn routing_key(body: &[u8]) -> Option<String> {
    struct LastKey;

    impl<'de> Visitor<'de> for LastKey {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an event")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut key = None;
            while let Some(name) = map.next_key::<String>()? {
                if name == "routing_key" {
                    let value = map.next_value::<Value>()?;
                    key = value.as_str().map(|key| key.trim().to_owned());
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(key)
        }
    }

    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let text = String::from_utf8_lossy(body);
    serde_json::Deserializer::from_str(&text)
        .deserialize_map(LastKey)
        .ok()
        .flatten()
        .filter(|key| !key.is_empty())
}

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let event = json::parse_object(request.body)?;
    let signal = signal(&event, arrival).map_err(Refusal::Malformed)?;
    let signals = reading::finished(vec![signal], 1);
    let dedup_key = signals.first().map_or("", |signal| &signal.dedup_key);
    // The key is echoed as it was sent, so that the client's own book-keeping holds.
    let sent = event.get("dedup_key").and_then(Value::as_str).filter(|key| !key.trim().is_empty());
    let reply = Reply::json(
        202,
        &json!({
            "status": "success",
            "message": "Event processed",
            "dedup_key": sent.unwrap_or(dedup_key),
        }),
    );
    Ok(Parsed { signals, reply })
}

fn signal(event: &Map<String, Value>, arrival: &Arrival<'_>) -> Result<Signal, Vec<String>> {
    let mut wrong = Vec::new();
    let action = action(event).map_err(|why| wrong.push(why)).ok();
    let mut key = taken(json::text(event, "", "dedup_key"), &mut wrong).trim().to_owned();
    if key.is_empty() {
        if matches!(action, Some(Action::Acknowledge | Action::Resolve)) {
            wrong.push("dedup_key is required to acknowledge or resolve".to_owned());
        }
        key = reading::invented_key(arrival, 0);
    }
    let empty = Map::new();
    let payload = json::object(event, "", "payload").unwrap_or_else(|why| {
        wrong.push(why);
        None
    });
    if action == Some(Action::Trigger) && payload.is_none() && wrong.is_empty() {
        wrong.push("payload is required to trigger".to_owned());
    }
    let payload = payload.unwrap_or(&empty);
    let mut signal =
        Signal { action: action.unwrap_or(Action::Trigger), ..Signal::trigger(key, "") };
    fill(&mut signal, payload, &mut wrong);
    signal.links = links(event);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(signal)
}

fn action(event: &Map<String, Value>) -> Result<Action, String> {
    let name = json::text(event, "", "event_action")?.ok_or(ACTIONS)?;
    Action::from_name(&name.trim().to_ascii_lowercase()).ok_or_else(|| ACTIONS.to_owned())
}

/// Reads the payload. What a trigger needs may be missing from an acknowledgement or a resolve.
fn fill(signal: &mut Signal, payload: &Map<String, Value>, wrong: &mut Vec<String>) {
    const PATH: &str = "payload.";
    let mut field = |key| taken(json::text(payload, PATH, key), wrong).trim().to_owned();
    signal.summary = field("summary");
    signal.source = field("source");
    signal.severity = field("severity").to_ascii_lowercase();
    signal.component = field("component");
    signal.group = field("group");
    signal.class = field("class");
    signal.occurred_at = payload.get("timestamp").and_then(reading::instant_of);
    signal.details = match payload.get("custom_details") {
        Some(Value::Object(details)) => details.clone(),
        None | Some(Value::Null) => Map::new(),
        Some(other) => Map::from_iter([("custom_details".to_owned(), other.clone())]),
    };
    if signal.action != Action::Trigger || !wrong.is_empty() {
        return;
    }
    for (name, value) in [("summary", &signal.summary), ("source", &signal.source)] {
        if value.is_empty() {
            wrong.push(format!("payload.{name} is required to trigger"));
        }
    }
    if !SEVERITIES.contains(&signal.severity.as_str()) {
        wrong.push(format!("payload.severity must be one of {}", SEVERITIES.join(", ")));
    }
}

fn taken<'a>(field: Result<Option<&'a str>, String>, wrong: &mut Vec<String>) -> &'a str {
    field
        .unwrap_or_else(|why| {
            wrong.push(why);
            None
        })
        .unwrap_or_default()
}

/// Links, the targets of images, and the client's own page. What is misshapen is left out.
fn links(event: &Map<String, Value>) -> Vec<Link> {
    let list = |key: &str| event.get(key).and_then(Value::as_array).into_iter().flatten();
    let text =
        |object: &Value, key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let links = list("links").filter_map(|link| {
        let href = text(link, "href")?;
        Some(Link { text: text(link, "text").unwrap_or_else(|| href.clone()), href })
    });
    let images = list("images").filter_map(|image| {
        let href = text(image, "href").or_else(|| text(image, "src"))?;
        Some(Link { text: text(image, "alt").unwrap_or_else(|| "Image".to_owned()), href })
    });
    let client = event.get("client_url").and_then(Value::as_str).map(|href| Link {
        href: href.to_owned(),
        text: event.get("client").and_then(Value::as_str).unwrap_or("Client").to_owned(),
    });
    links.chain(images).chain(client).collect()
}

fn refused(refusal: &Refusal) -> Reply {
    let (status, name, message, errors) = match refusal {
        Refusal::UnknownKey => (
            400,
            "invalid event",
            "Event object is invalid",
            vec!["Invalid routing key: no integration has it".to_owned()],
        ),
        Refusal::Malformed(reasons) => {
            (400, "invalid event", "Event object is invalid", reasons.clone())
        }
        Refusal::TooLarge => {
            (413, "invalid event", "Event is too large", vec![refusal.reason().into_owned()])
        }
        Refusal::Overloaded { .. } => {
            (503, "unavailable", "Event was not stored", vec![refusal.reason().into_owned()])
        }
    };
    let body = json!({ "status": name, "message": message, "errors": errors });
    Reply::json(status, &body).with_retry_after(refusal)
}
