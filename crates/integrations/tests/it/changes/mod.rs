//! What each source of changes makes of requests as its tool documents them, and whom it believes.

mod hostile;
mod pipelines;
mod signatures;

use jiff::Timestamp;
use muster_core::change::event::Report;
use muster_integrations::changes::{Arrival, CompiledMapping, Parsed, Source};
use muster_integrations::sources::{Refusal, Request};
use serde_json::Value;

/// When every request arrives.
pub const NOW: &str = "2026-11-21T08:42:00Z";

pub fn sent(source: &Source, headers: &[(&str, &str)], body: &Value) -> Result<Parsed, Refusal> {
    sent_raw(source, headers, "application/json", body.to_string().as_bytes())
}

pub fn sent_raw(
    source: &Source,
    headers: &[(&str, &str)],
    content_type: &str,
    body: &[u8],
) -> Result<Parsed, Refusal> {
    let now: Timestamp = NOW.parse().expect("an instant");
    let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let request = Request { query: "", headers: &headers, content_type, body };
    let mapping = CompiledMapping::default();
    (source.parse)(&request, &Arrival { now, chance: [7; 10], mapping: &mapping })
}

/// The only report of a request.
pub fn report(source: &Source, headers: &[(&str, &str)], body: &Value) -> Report {
    let parsed = sent(source, headers, body).expect("it is understood");
    assert_eq!(parsed.reply.status, 202);
    let [report] = &parsed.reports[..] else { panic!("one report, not {:?}", parsed.reports) };
    report.clone()
}

/// Asserts that a request is answered well and reports nothing.
pub fn is_ignored(source: &Source, headers: &[(&str, &str)], body: &Value) {
    let parsed = sent(source, headers, body).expect("it is understood");
    assert_eq!((parsed.reply.status, parsed.reports.len()), (202, 0), "{:?}", parsed.reports);
}
