//! PagerDuty change events (`POST /v2/change/enqueue`): a summary, when, and links. They have no
//! state and no key: each is a change that was made. They come in by the routing key of an
//! integration that takes PagerDuty's alerts too.

use muster_core::change::event::{Kind, Report, SUMMARY_CHARS_MAX, State, What};
use serde_json::{Value, json};

use super::payload::Payload;
use super::{Arrival, Parsed, Source};
use crate::sources::{Refusal, Reply, Request, json as bodies, reading};

/// PagerDuty change events.
pub const SOURCE: Source = Source { name: "pagerduty", signature: None, delivery: None, parse };

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let event = Value::Object(bodies::parse_object(request.body)?);
    let payload = Payload(&event);
    let mut wrong = Vec::new();
    if !event["payload"].is_object() {
        wrong.push("payload is required".to_owned());
    }
    let summary = payload.text("payload.summary");
    if wrong.is_empty() && summary.is_empty() {
        wrong.push("payload.summary is required".to_owned());
    }
    if summary.chars().count() > SUMMARY_CHARS_MAX {
        wrong.push(format!("payload.summary is longer than {SUMMARY_CHARS_MAX} characters"));
    }
    let written = payload.at("payload.timestamp");
    let at = payload.instant("payload.timestamp");
    if written.is_some() && at.is_none() {
        wrong.push("payload.timestamp must be an instant (ISO 8601)".to_owned());
    }
    if !wrong.is_empty() {
        return Err(Refusal::Malformed(wrong));
    }
    let links = || payload.at("links").and_then(Value::as_array).into_iter().flatten();
    let hrefs: Vec<_> = links().filter_map(|link| Payload(link).some("href")).collect();
    let is_diff =
        |href: &&String| ["/compare/", "/commit/", "/diff"].iter().any(|part| href.contains(part));
    let diff_url = hrefs.iter().find(is_diff).cloned();
    let url = hrefs.iter().find(|href| !is_diff(href)).cloned();
    let details = |name: &str| payload.text(&format!("payload.custom_details.{name}"));
    let kind = Kind::from_name(&details("kind")).unwrap_or(Kind::Other);
    let report = Report {
        key: reading::random_key(arrival.now, arrival.chance),
        state: State::Succeeded,
        at: at.unwrap_or(arrival.now),
        started_at: None,
        services: Vec::new(),
        what: What {
            subject: payload.text("payload.source"),
            environment: details("environment"),
            version: details("version"),
            author: details("author"),
            url,
            diff_url,
            ..What::new(kind, summary)
        },
    };
    let mut parsed = Parsed::of(vec![report], arrival.now);
    let answer = json!({ "status": "success", "message": "Change event processed" });
    parsed.reply = Reply::json(202, &answer);
    Ok(parsed)
}
