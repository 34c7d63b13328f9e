//! Anything that can make an HTTP request: query, form, multipart or JSON, mapped to a signal by
//! the integration's CEL expressions over `body`, `query` and `headers`. Where there is no
//! expression, or it does not work out, the fields that such clients commonly send are read, and
//! the signal carries a mark that says what went wrong: a mapping may be mistaken, but it never
//! costs an alert.

use muster_core::alerting::rule::{Expression, Payload};
use muster_core::alerting::signal::{Action, Link, SIGNALS_PER_MESSAGE_MAX, Signal};
use muster_core::org::service::Mapping;
use serde_json::{Map, Value, json};

use super::{Arrival, Parsed, Refusal, Reply, Request, Source, form, json, reading};

/// Any client.
pub const SOURCE: Source = Source { name: "generic", parse, refused };

/// The name under which a signal's details say what a mapping could not do.
pub const MARK: &str = "mapping_problems";
/// How much of a message without a summary becomes its summary, in bytes of its JSON.
const SUMMARY_FALLBACK_BYTES_MAX: usize = 4096;

/// Words for actions, in lower case.
const WORDS: [(Action, &[&str]); 3] = [
    (
        Action::Trigger,
        &[
            "trigger",
            "triggered",
            "firing",
            "fire",
            "fired",
            "problem",
            "down",
            "alert",
            "alerting",
            "alarm",
            "open",
            "opened",
            "new",
            "active",
            "error",
            "fail",
            "failed",
            "failing",
            "failure",
            "critical",
            "warning",
            "unreachable",
        ],
    ),
    (
        Action::Acknowledge,
        &["acknowledge", "acknowledged", "acknowledgement", "acknowledgment", "ack", "acked"],
    ),
    (
        Action::Resolve,
        &[
            "resolve",
            "resolved",
            "ok",
            "okay",
            "recovery",
            "recover",
            "recovered",
            "up",
            "close",
            "closed",
            "normal",
            "clear",
            "cleared",
            "inactive",
            "success",
            "successful",
            "healthy",
            "passing",
        ],
    ),
];

/// The fields of a signal that a mapping can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Summary,
    Details,
    Action,
    DedupKey,
    Severity,
    Source,
    Component,
    Group,
    Class,
    GroupKey,
    Labels,
    Links,
    OccurredAt,
}

/// Each field with the names that it has in mappings and in payloads; the first is the canonical
/// one, and the first that holds something is read.
const FIELDS: [(Field, &[&str]); 13] = [
    (Field::Summary, &["summary", "title", "subject", "message", "msg", "output", "text"]),
    (Field::Details, &["details", "custom_details"]),
    (Field::Action, &["action", "event_action", "status", "type", "state"]),
    (Field::DedupKey, &["dedup_key", "dedup", "alert_key", "incident_key"]),
    (Field::Severity, &["severity", "level", "priority", "state"]),
    (Field::Source, &["source", "host", "hostname", "instance"]),
    (Field::Component, &["component", "service"]),
    (Field::Group, &["group"]),
    (Field::Class, &["class", "check"]),
    (Field::GroupKey, &["group_key"]),
    (Field::Labels, &["labels", "tags"]),
    (Field::Links, &["links", "link", "url"]),
    (Field::OccurredAt, &["occurred_at", "timestamp", "time"]),
];

/// Why a mapping is refused when it is applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct InvalidMapping {
    /// The field whose expression is wrong.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// An integration's mapping with its expressions parsed. Cloning it is cheap enough for a snapshot
/// of the organisation, not for a request.
#[derive(Debug, Clone, Default)]
pub struct CompiledMapping {
    fields: Vec<(Field, Expression)>,
}

impl CompiledMapping {
    /// Parses the expressions of a mapping.
    ///
    /// # Errors
    /// Every field that signals do not have and every expression that is no CEL.
    pub fn new(mapping: &Mapping) -> Result<Self, Vec<InvalidMapping>> {
        let mut fields = Vec::new();
        let mut wrong = Vec::new();
        for (name, text) in &mapping.fields {
            let invalid = |reason| InvalidMapping { field: name.clone(), reason };
            let Some(field) = Field::named(name) else {
                let known: Vec<_> = FIELDS.iter().map(|(_, names)| names[0]).collect();
                wrong.push(invalid(format!("is not a field; there are {}", known.join(", "))));
                continue;
            };
            match Expression::parse(text) {
                Ok(expression) => fields.push((field, expression)),
                Err(refused) => wrong.push(invalid(refused.0)),
            }
        }
        if wrong.is_empty() { Ok(Self { fields }) } else { Err(wrong) }
    }

    fn expression(&self, field: Field) -> Option<&Expression> {
        self.fields.iter().find(|(known, _)| *known == field).map(|(_, expression)| expression)
    }
}

impl Field {
    /// The field of that name in a mapping; `dedup` is the name in the wire contract.
    fn named(name: &str) -> Option<Self> {
        FIELDS
            .iter()
            .find(|(field, names)| {
                names[0] == name || (*field == Self::DedupKey && name == "dedup")
            })
            .map(|(field, _)| *field)
    }

    /// The names of the field: how marks call it, and what is read where nothing is mapped.
    fn names(self) -> &'static [&'static str] {
        FIELDS.iter().find(|(field, _)| *field == self).map_or(&[""], |(_, names)| names)
    }
}

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    let query = form::urlencoded(request.query.as_bytes());
    let body = body(request)?;
    if is_empty(&body) && query.is_empty() {
        return Err(Refusal::malformed("neither the body nor the query says anything"));
    }
    let bodies = match body {
        Value::Array(items) if items.iter().any(Value::is_object) => items,
        one => vec![one],
    };
    let mut signals = Vec::new();
    let mut wrong = Vec::new();
    for (at, body) in bodies.iter().enumerate().take(SIGNALS_PER_MESSAGE_MAX) {
        let payload = Payload { body, query: &query, headers: request.headers };
        let reader = Reader { payload, mapping: arrival.mapping, problems: Vec::new() };
        match reader.signal(arrival, at) {
            Ok(signal) => signals.push(signal),
            Err(why) => wrong.push(why),
        }
    }
    match signals.first_mut() {
        None => return Err(Refusal::Malformed(wrong)),
        Some(first) if !wrong.is_empty() => {
            first.details.insert("signals_not_understood".to_owned(), json!(wrong));
        }
        Some(_) => {}
    }
    let signals = reading::finished(signals, bodies.len());
    let reply = reply(&signals);
    Ok(Parsed { signals, reply })
}

/// The only signal of a body that another source took apart, through the integration's mapping.
pub(super) fn read_one(
    body: &Value,
    headers: &[(String, String)],
    arrival: &Arrival<'_>,
) -> Result<Parsed, Refusal> {
    let payload = Payload { body, query: &[], headers };
    let reader = Reader { payload, mapping: arrival.mapping, problems: Vec::new() };
    let signal = reader.signal(arrival, 0).map_err(Refusal::malformed)?;
    let signals = reading::finished(vec![signal], 1);
    let reply = reply(&signals);
    Ok(Parsed { signals, reply })
}

/// The body as JSON: forms become objects of texts, anything else one text.
fn body(request: &Request<'_>) -> Result<Value, Refusal> {
    let bytes = request.body;
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let content_type = request.content_type.to_ascii_lowercase();
    let Some(first) = first else { return Ok(Value::Object(Map::new())) };
    if content_type.contains("json") || *first == b'{' {
        return json::parse(bytes);
    }
    // `[FIRING] disk full` is a text that only looks like a list.
    if *first == b'[' {
        match json::parse(bytes) {
            Ok(list) => return Ok(list),
            Err(refusal) if refusal.reason().contains("too deeply") => return Err(refusal),
            Err(_) => {}
        }
    }
    if content_type.starts_with("multipart/form-data") {
        let boundary = form::boundary(request.content_type)
            .ok_or_else(|| Refusal::malformed("the multipart content type names no boundary"))?;
        return Ok(object(form::multipart(bytes, boundary)?));
    }
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return Ok(object(form::urlencoded(bytes)));
    }
    Ok(Value::String(String::from_utf8_lossy(bytes).trim().to_owned()))
}

fn object(fields: Vec<(String, String)>) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
}

fn is_empty(body: &Value) -> bool {
    match body {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Reads one signal, and remembers what of the mapping did not work out.
struct Reader<'a> {
    payload: Payload<'a>,
    mapping: &'a CompiledMapping,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn signal(mut self, arrival: &Arrival<'_>, at: usize) -> Result<Signal, String> {
        let action = self.action();
        let key = self.dedup_key();
        if key.is_none() && action != Action::Trigger {
            return Err(format!("dedup_key is required to {}", action.name()));
        }
        let key = key.unwrap_or_else(|| reading::invented_key(arrival, at));
        let summary = self.text(Field::Summary).unwrap_or_else(|| self.summary_of_last_resort());
        let mut signal = Signal::trigger(key, summary);
        signal.action = action;
        signal.severity = self.text(Field::Severity).unwrap_or_default();
        signal.source = self.text(Field::Source).unwrap_or_default();
        signal.component = self.text(Field::Component).unwrap_or_default();
        signal.group = self.text(Field::Group).unwrap_or_default();
        signal.class = self.text(Field::Class).unwrap_or_default();
        signal.group_key = self.text(Field::GroupKey);
        signal.labels = self.labels();
        signal.links = self.links();
        signal.occurred_at = self.value(Field::OccurredAt, reading::instant_of);
        signal.details = self.details();
        if !self.problems.is_empty() {
            signal.details.insert(MARK.to_owned(), json!(self.problems));
        }
        Ok(signal)
    }

    /// The field as the mapping makes it, else as the payload holds it; `read` says whether a value
    /// will do.
    fn value<T>(&mut self, field: Field, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        if let Some(expression) = self.mapping.expression(field) {
            let problem = match expression.evaluate(&self.payload) {
                Ok(Value::Null) => return None,
                Ok(value) => match read(&value) {
                    Some(value) => return Some(value),
                    None => format!("gives {}, which will not do", json::kind(&value)),
                },
                Err(why) => why,
            };
            self.problems.push(format!("{}: {problem}", field.names()[0]));
        }
        field.names().iter().find_map(|name| self.held(name).as_ref().and_then(&read))
    }

    /// What the body holds under a name, else the query.
    fn held(&self, name: &str) -> Option<Value> {
        let query = || {
            let (_, value) = self.payload.query.iter().rev().find(|(known, _)| known == name)?;
            Some(Value::from(value.as_str()))
        };
        self.payload.body.get(name).filter(|value| !value.is_null()).cloned().or_else(query)
    }

    fn text(&mut self, field: Field) -> Option<String> {
        self.value(field, words)
    }

    fn action(&mut self) -> Action {
        let found = self.value(Field::Action, |value| action_of(&json::scalar(value)?));
        if found.is_none()
            && let Some(word) = self.held("action").as_ref().and_then(json::scalar)
        {
            self.problems.push(format!("action: `{word}` is unknown and taken for a trigger"));
        }
        found.unwrap_or(Action::Trigger)
    }

    /// The key; clients that name host and service but no key mean those two.
    fn dedup_key(&mut self) -> Option<String> {
        self.text(Field::DedupKey).or_else(|| {
            let part = |name| self.held(name).as_ref().and_then(words);
            let host = part("host").or_else(|| part("hostname"))?;
            Some(match part("service").or_else(|| part("check")) {
                Some(service) => format!("{host}/{service}"),
                None => host,
            })
        })
    }

    fn summary_of_last_resort(&self) -> String {
        match self.payload.body {
            Value::String(text) => {
                text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or(text).to_owned()
            }
            body if is_empty(body) => {
                let fields: Vec<_> = self
                    .payload
                    .query
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                fields.join(" ")
            }
            body => {
                let mut text = body.to_string();
                let end = (0..=SUMMARY_FALLBACK_BYTES_MAX.min(text.len()))
                    .rev()
                    .find(|at| text.is_char_boundary(*at));
                text.truncate(end.unwrap_or(0));
                text
            }
        }
    }

    fn labels(&mut self) -> Vec<(String, String)> {
        let labels = self.value(Field::Labels, |value| value.as_object().cloned());
        super::labelled::texts(labels.as_ref())
    }

    fn links(&mut self) -> Vec<Link> {
        self.value(Field::Links, |value| {
            let links: Vec<_> = match value {
                Value::Array(items) => items.iter().filter_map(link).collect(),
                one => link(one).into_iter().collect(),
            };
            (!links.is_empty()).then_some(links)
        })
        .unwrap_or_default()
    }

    /// The details as given, else the whole message.
    fn details(&mut self) -> Map<String, Value> {
        let given = self.value(Field::Details, |value| match value {
            Value::Object(object) => Some(object.clone()),
            Value::Null => None,
            other => Some(Map::from_iter([("details".to_owned(), other.clone())])),
        });
        given.unwrap_or_else(|| match self.payload.body {
            Value::Object(object) if !object.is_empty() => object.clone(),
            Value::Object(_) | Value::Null => {
                let query = self.payload.query.iter();
                query.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
            }
            other => Map::from_iter([("body".to_owned(), other.clone())]),
        })
    }
}

/// A value as a text that says something.
fn words(value: &Value) -> Option<String> {
    json::scalar(value).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn action_of(word: &str) -> Option<Action> {
    let word = word.trim().to_lowercase();
    WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(action, _)| *action)
}

/// A link: an address, or an object with one and a text.
fn link(value: &Value) -> Option<Link> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let href =
        value.as_str().map(str::to_owned).or_else(|| text("href")).or_else(|| text("url"))?;
    Some(Link { text: text("text").unwrap_or_else(|| href.clone()), href })
}

fn reply(signals: &[Signal]) -> Reply {
    let listed: Vec<_> = signals
        .iter()
        .map(|signal| json!({ "action": signal.action.name(), "dedup_key": signal.dedup_key }))
        .collect();
    let mut body = json!({ "status": "accepted", "signals": listed });
    if let [only] = signals {
        body["dedup_key"] = Value::from(only.dedup_key.as_str());
    }
    Reply::json(202, &body)
}

fn refused(refusal: &Refusal) -> Reply {
    let status = match refusal {
        Refusal::UnknownKey => 404,
        Refusal::Malformed(_) => 400,
        Refusal::TooLarge => 413,
        Refusal::Overloaded { .. } => 503,
    };
    let errors = match refusal {
        Refusal::Malformed(reasons) => reasons.clone(),
        other => vec![other.reason().into_owned()],
    };
    Reply::json(status, &json!({ "status": "error", "errors": errors })).with_retry_after(refusal)
}
