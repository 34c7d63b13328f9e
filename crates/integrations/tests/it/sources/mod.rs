//! What each source makes of recorded requests and of bad ones, and what it answers.

mod alertmanager;
mod email;
mod generic;
mod hostile;
mod pagerduty;
mod prometheus;

use jiff::Timestamp;
use muster_core::alerting::signal::Signal;
use muster_integrations::sources::{
    Arrival, CompiledMapping, Parsed, Refusal, Reply, Request, Source,
};
use serde_json::Value;

/// An instant shortly after the recorded requests were sent.
pub const NOW: &str = "2026-11-21T08:42:00Z";

/// A request as it was recorded.
pub struct Recorded {
    pub content_type: String,
    pub query: String,
    pub body: Vec<u8>,
}

/// Reads a recorded request: a head, an empty line, the body.
pub fn recorded(text: &'static [u8]) -> Recorded {
    let at = text.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = std::str::from_utf8(&text[..at]).expect("a head in UTF-8");
    let content_type = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Type: "))
        .unwrap_or_default()
        .to_owned();
    let target = head.split(' ').nth(1).expect("a target");
    let query = target.split_once('?').map_or("", |(_, query)| query).to_owned();
    Recorded { content_type, query, body: text[at + 4..].to_vec() }
}

/// Parses a body at [`NOW`] without a mapping.
pub fn parse(source: &Source, content_type: &str, body: &[u8]) -> Result<Parsed, Refusal> {
    parse_with(source, content_type, "", body, &CompiledMapping::default())
}

pub fn parse_with(
    source: &Source,
    content_type: &str,
    query: &str,
    body: &[u8],
    mapping: &CompiledMapping,
) -> Result<Parsed, Refusal> {
    let now: Timestamp = NOW.parse().expect("an instant");
    let headers = [("x-source".to_owned(), "probe-7".to_owned())];
    let request = Request { query, headers: &headers, content_type, body };
    (source.parse)(&request, &Arrival { now, chance: [7; 10], mapping })
}

pub fn parse_recorded(source: &Source, text: &'static [u8]) -> Parsed {
    let recorded = recorded(text);
    let mapping = CompiledMapping::default();
    parse_with(source, &recorded.content_type, &recorded.query, &recorded.body, &mapping)
        .expect("the recorded request is taken")
}

pub fn json(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).expect("an answer in JSON")
}

pub fn reasons(result: Result<Parsed, Refusal>) -> Vec<String> {
    match result {
        Err(Refusal::Malformed(reasons)) => reasons,
        other => panic!("not refused as malformed: {other:?}"),
    }
}

/// A signal as text for snapshots.
pub fn shown(signals: &[Signal]) -> String {
    let mut out = String::new();
    for signal in signals {
        let Signal { action, dedup_key, summary, severity, .. } = signal;
        let pairs = |pairs: &[(String, String)]| {
            pairs
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        out += &format!("{} {dedup_key}\n  summary: {summary:?}\n", action.name());
        out += &format!(
            "  severity={severity} source={} component={} group={} class={}\n",
            signal.source, signal.component, signal.group, signal.class
        );
        out += &format!("  group_key: {:?}\n", signal.group_key);
        out += &format!("  labels: {}\n", pairs(&signal.labels));
        for link in &signal.links {
            out += &format!("  link: {} <{}>\n", link.text, link.href);
        }
        out += &format!("  occurred_at: {:?}\n", signal.occurred_at.map(|at| at.to_string()));
        out += &format!("  details: {}\n", Value::Object(signal.details.clone()));
    }
    out
}
