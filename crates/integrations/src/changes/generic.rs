//! Anything that can post JSON or a form: its fields are read by the integration's CEL expressions
//! over `body`, `query` and `headers`, or under the names that tools commonly use. An expression that
//! does not work out is passed over: a mapping may be mistaken, but it never costs an event.

use muster_core::alerting::rule::{Expression, Payload as Read};
use muster_core::change::event::{Kind, Report, State, What};
use muster_core::org::service::Mapping;
use serde_json::{Map, Value};

use super::payload::Payload;
use super::{Arrival, Parsed, REPORTS_MAX, Source};
use crate::sources::{InvalidMapping, Refusal, Request, form, json, reading};

/// Any tool.
pub const SOURCE: Source =
    Source { name: "generic-changes", signature: None, delivery: Some("idempotency-key"), parse };

/// The fields that a mapping can fill, each with the names that it has in payloads.
const FIELDS: [(&str, &[&str]); 14] = [
    ("summary", &["summary", "title", "message", "description", "text"]),
    ("kind", &["kind", "type", "category"]),
    ("state", &["state", "status", "phase", "result"]),
    ("dedup_key", &["dedup_key", "dedup", "id", "key"]),
    ("subject", &["subject", "repository", "project", "application", "job"]),
    ("service", &["service", "services"]),
    ("environment", &["environment", "env"]),
    ("version", &["version", "revision", "commit", "sha", "tag"]),
    ("author", &["author", "user", "by", "actor"]),
    ("url", &["url", "link"]),
    ("diff_url", &["diff_url", "diff", "compare"]),
    ("started_at", &["started_at", "start", "started"]),
    ("ended_at", &["ended_at", "finished_at", "end", "ended"]),
    ("occurred_at", &["occurred_at", "timestamp", "time", "at"]),
];

/// The names of the fields that a mapping can fill.
pub const MAPPED: [&str; 14] = {
    let mut names = [""; 14];
    let mut at = 0;
    while at < names.len() {
        names[at] = FIELDS[at].0;
        at += 1;
    }
    names
};

/// An integration's mapping with its expressions parsed.
#[derive(Debug, Clone, Default)]
pub struct CompiledMapping {
    fields: Vec<(String, Expression)>,
}

impl CompiledMapping {
    /// Parses the expressions of a mapping.
    ///
    /// # Errors
    /// Every field that events do not have and every expression that is no CEL.
    pub fn new(mapping: &Mapping) -> Result<Self, Vec<InvalidMapping>> {
        let mut fields = Vec::new();
        let mut wrong = Vec::new();
        for (name, text) in &mapping.fields {
            let invalid = |reason| InvalidMapping { field: name.clone(), reason };
            if !MAPPED.contains(&name.as_str()) {
                let known = MAPPED.join(", ");
                wrong.push(invalid(format!("is not a field; there are {known}")));
                continue;
            }
            match Expression::parse(text) {
                Ok(expression) => fields.push((name.clone(), expression)),
                Err(refused) => wrong.push(invalid(refused.0)),
            }
        }
        if wrong.is_empty() { Ok(Self { fields }) } else { Err(wrong) }
    }
}

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let query = form::urlencoded(request.query.as_bytes());
    let body = body(request)?;
    let bodies = match body {
        Value::Array(items) => items,
        one => vec![one],
    };
    let mut reports = Vec::new();
    let mut wrong = Vec::new();
    for (at, body) in bodies.iter().enumerate().take(REPORTS_MAX) {
        let payload = Read { body, query: &query, headers: request.headers };
        let one = One { payload, mapping: arrival.mapping };
        match one.report(arrival, at) {
            Ok(report) => reports.push(report),
            Err(why) => wrong.push(why),
        }
    }
    if reports.is_empty() {
        return Err(Refusal::Malformed(wrong));
    }
    Ok(Parsed::of(reports, arrival.now))
}

/// JSON, or the fields of a form as one object of texts.
fn body(request: &Request<'_>) -> Result<Value, Refusal> {
    if !request.content_type.starts_with("application/x-www-form-urlencoded") {
        return json::parse(request.body);
    }
    let fields = form::urlencoded(request.body);
    let fields: Map<_, _> =
        fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    Ok(Value::Object(fields))
}

/// One event of a request.
struct One<'a> {
    payload: Read<'a>,
    mapping: &'a CompiledMapping,
}

impl One<'_> {
    fn report(&self, arrival: &Arrival<'_>, at: usize) -> Result<Report, String> {
        let summary = self.text("summary");
        if summary.is_empty() {
            return Err("summary is required".to_owned());
        }
        let state = self.state()?;
        let occurred_at = self.instant("occurred_at");
        let started_at = self.instant("started_at");
        let reached = match state {
            State::Started => started_at.or(occurred_at),
            _ => self.instant("ended_at").or(occurred_at),
        };
        let mut chance = arrival.chance;
        if let Some(last) = chance.last_mut() {
            *last ^= u8::try_from(at).unwrap_or(u8::MAX);
        }
        let key = match self.text("dedup_key") {
            key if key.is_empty() => reading::random_key(arrival.now, chance),
            key => key,
        };
        let page = |field| Some(self.text(field)).filter(|url| !url.is_empty());
        Ok(Report {
            key,
            state,
            at: reached.unwrap_or(arrival.now),
            started_at,
            services: self.services(),
            what: What {
                subject: self.text("subject"),
                environment: self.text("environment"),
                version: self.text("version"),
                author: self.text("author"),
                url: page("url"),
                diff_url: page("diff_url"),
                ..What::new(self.kind(), summary)
            },
        })
    }

    fn kind(&self) -> Kind {
        match self.text("kind").to_lowercase().as_str() {
            "deployment" | "release" => Kind::Deploy,
            "feature_flag" | "feature-flag" => Kind::Flag,
            "configuration" | "setting" => Kind::Config,
            "infra" => Kind::Infrastructure,
            word => Kind::from_name(word).unwrap_or(Kind::Other),
        }
    }

    /// A change of which nothing is said was made; one of which something unknown is said may have
    /// been anything.
    fn state(&self) -> Result<State, String> {
        let word = self.text("state").to_lowercase().replace([' ', '-'], "_");
        Ok(match word.as_str() {
            "" | "succeeded" | "success" | "successful" | "ok" | "done" | "completed"
            | "complete" | "finished" | "deployed" | "passed" => State::Succeeded,
            "started" | "start" | "running" | "in_progress" | "pending" | "begun" => State::Started,
            "failed" | "failure" | "error" | "errored" | "aborted" | "cancelled" | "canceled" => {
                State::Failed
            }
            "rolled_back" | "rollback" | "reverted" => State::RolledBack,
            _ => {
                let known = "started, succeeded, failed or rolled_back";
                return Err(format!("the state `{word}` is none of {known}"));
            }
        })
    }

    fn services(&self) -> Vec<String> {
        match self.value("service") {
            Some(Value::Array(names)) => names.iter().filter_map(json::scalar).collect(),
            Some(one) => json::scalar(&one).into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn text(&self, field: &str) -> String {
        let text = self.value(field).as_ref().and_then(json::scalar).unwrap_or_default();
        text.trim().to_owned()
    }

    fn instant(&self, field: &str) -> Option<jiff::Timestamp> {
        let value = self.value(field)?;
        Payload(&Value::Object(Map::from_iter([("at".to_owned(), value)]))).instant("at")
    }

    /// The field as the mapping makes it, else as the body holds it, else the query.
    fn value(&self, field: &str) -> Option<Value> {
        let expression = self.mapping.fields.iter().find(|(name, _)| name == field);
        let mapped = expression.and_then(|(_, expression)| expression.evaluate(&self.payload).ok());
        if mapped.as_ref().is_some_and(|value| !value.is_null()) {
            return mapped;
        }
        let names = FIELDS.iter().find(|(name, _)| *name == field).map_or(&[][..], |(_, n)| n);
        names.iter().find_map(|name| {
            let query = || {
                let found = self.payload.query.iter().rev().find(|(known, _)| known == name)?;
                Some(Value::from(found.1.as_str()))
            };
            let held = self.payload.body.get(name).filter(|value| !value.is_null());
            held.cloned().or_else(query)
        })
    }
}
