//! Routing assertions in a file.

use jiff::Timestamp;
use muster_core::alerting::signal::{Action, Signal};
use muster_core::incident::severity::Level;
use muster_store::org::document::text::short;
use serde_json::Value;

use super::super::assertions::{Assertion, Expectation};
use super::super::read::Cursor;

pub fn assertion(cursor: Cursor<'_>) -> Assertion {
    let fields = cursor.fields(&["name", "integration", "signal", "at", "expect"]);
    let at = fields.optional("at").and_then(|at| {
        let text = at.text();
        let instant = text.parse::<Timestamp>().ok();
        if instant.is_none() && !text.is_empty() {
            at.note(format!(
                "`{}` is not an instant; write for example `2026-01-05T09:00:00Z`",
                short(&text)
            ));
        }
        instant
    });
    Assertion {
        name: fields.text("name"),
        integration: fields.text("integration"),
        signal: fields.required("signal").map_or_else(|| Signal::trigger("", ""), signal),
        at,
        expect: fields.required("expect").map(expectation).unwrap_or_default(),
    }
}

fn signal(cursor: Cursor<'_>) -> Signal {
    let fields = cursor.fields(&[
        "action",
        "dedup_key",
        "summary",
        "severity",
        "source",
        "component",
        "group",
        "class",
        "labels",
        "details",
    ]);
    let text = |name: &str| fields.optional_text(name).unwrap_or_default();
    let mut signal = Signal::trigger(text("dedup_key"), text("summary"));
    if let Some(action) = fields.optional("action") {
        match Action::from_name(&action.text()) {
            Some(known) => signal.action = known,
            None => action.note("an action is trigger, acknowledge or resolve"),
        }
    }
    signal.severity = text("severity");
    signal.source = text("source");
    signal.component = text("component");
    signal.group = text("group");
    signal.class = text("class");
    let labels = fields.optional("labels").map(|labels| labels.entries()).unwrap_or_default();
    signal.labels =
        labels.into_iter().map(|(name, value)| (name.to_owned(), value.text())).collect();
    let details = fields.optional("details").map(|details| details.entries()).unwrap_or_default();
    signal.details = details
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value.text())))
        .collect();
    signal.within_limits()
}

fn expectation(cursor: Cursor<'_>) -> Expectation {
    let fields = cursor.fields(&["service", "severity", "informational", "pages"]);
    let level = fields
        .optional("severity")
        .and_then(|level| level.number(1..=i64::from(Level::NUMBER_MAX)));
    let expectation = Expectation {
        service: fields.optional_name("service"),
        severity: level.and_then(|level| u8::try_from(level).ok()).and_then(Level::new),
        informational: fields.optional("informational").and_then(|flag| flag.flag()),
        pages: fields.optional("pages").map(|pages| pages.list(|name| name.name())),
    };
    if cursor.is_map() && expectation == Expectation::default() {
        cursor.note("an assertion that expects nothing holds always; name a `service`, `severity`, `informational` or `pages`");
    }
    expectation
}
