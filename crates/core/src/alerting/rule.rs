//! Rules that people write in CEL over the fields of a signal: `severity`, `summary`, `source`,
//! `component`, `group`, `class`, `labels`, `details`, `dedup_key`, `integration`, `service`; and
//! expressions over a request (`body`, `query`, `headers`) that map a generic payload to a signal.
//!
//! Both are parsed when they are applied, bounded in depth and size, and refused there if they name
//! anything that does not exist. Evaluating never fails loudly: a rule that cannot be evaluated
//! against a signal (a label that it does not have, say) does not match it, and says why. This
//! module knows no rule of its own and decides nothing about alerts.

mod bounds;
mod program;
mod value;

use std::sync::Arc;

use cel::common::types::{CelBool, CelString};
use serde_json::Value;

use crate::alerting::signal::Signal;
use program::{Binding, Program, Wanted};

pub use bounds::{BRACKETS_DEEP_MAX, DEPTH_MAX, TEXT_BYTES_MAX};
pub use program::{
    ADDITIONS_MAX, MACROS_DEEP_MAX, MACROS_MAX, PATTERN_BYTES_MAX, STEPS_MAX, WORK_BYTES_MAX,
};

/// What a rule may speak of.
const RULE_VARIABLES: &[&str] = &[
    "severity",
    "summary",
    "source",
    "component",
    "group",
    "class",
    "labels",
    "details",
    "dedup_key",
    "integration",
    "service",
];
/// What a condition of a workflow may speak of: what happened, and the incident as it is then.
const CONDITION_VARIABLES: &[&str] = &[
    "event",
    "text",
    "actor",
    "data",
    "severity",
    "status",
    "service",
    "team",
    "title",
    "alert_count",
];
/// What an expression of a mapping may speak of.
const EXPRESSION_VARIABLES: &[&str] = &["body", "query", "headers"];

/// Why a rule is refused when it is applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRule(pub String);

/// A parsed rule. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Rule {
    program: Arc<Program>,
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Rule {}

impl Rule {
    /// Parses `text`.
    ///
    /// # Errors
    /// When it is not CEL, names a variable or function that rules do not have, or is over the
    /// bounds.
    pub fn parse(text: &str) -> Result<Self, InvalidRule> {
        let program = Program::parse(text, RULE_VARIABLES).map_err(InvalidRule)?;
        Ok(Self { program: Arc::new(program) })
    }

    /// The rule as it was written.
    pub fn text(&self) -> &str {
        self.program.text()
    }

    /// Whether the rule holds for a signal; a rule that cannot be evaluated does not.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.evaluate(subject).unwrap_or(false)
    }

    /// Whether the rule holds for a signal.
    ///
    /// # Errors
    /// Why it cannot be evaluated: the signal lacks a label, a type does not fit, the work is over
    /// the bounds.
    pub fn evaluate(&self, subject: &Subject<'_>) -> Result<bool, String> {
        self.program.run(|name, wanted| subject.bind(name, wanted), truth)
    }
}

/// A parsed condition over what happened to an incident (`T7`): a map with an entry for each of `event`,
/// `text`, `actor`, `data`, `severity`, `status`, `service`, `team`, `title`, `alert_count`. Cloning it
/// is cheap.
#[derive(Debug, Clone)]
pub struct Condition {
    program: Arc<Program>,
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Condition {}

impl Condition {
    /// Parses `text`.
    ///
    /// # Errors
    /// As [`Rule::parse`].
    pub fn parse(text: &str) -> Result<Self, InvalidRule> {
        let program = Program::parse(text, CONDITION_VARIABLES).map_err(InvalidRule)?;
        Ok(Self { program: Arc::new(program) })
    }

    /// The condition as it was written.
    pub fn text(&self) -> &str {
        self.program.text()
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// Why it cannot be evaluated.
    pub fn evaluate(&self, happened: &serde_json::Map<String, Value>) -> Result<bool, String> {
        self.program.run(
            |name, wanted| match happened.get(name)? {
                Value::Object(object) => Some(value::of_object(object, wanted)),
                other => Some(value::of_json(other)),
            },
            truth,
        )
    }
}

fn truth(value: &dyn cel::common::value::Val) -> Result<bool, String> {
    value
        .downcast_ref::<CelBool>()
        .map(|truth| *truth.inner())
        .ok_or_else(|| format!("gives {}, where true or false is needed", value.get_type().name()))
}

/// What a rule is evaluated against.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The signal.
    pub signal: &'a Signal,
    /// The name of the integration it came through.
    pub integration: &'a str,
    /// The name of the service it belongs to; empty while it is being routed.
    pub service: &'a str,
}

impl<'a> Subject<'a> {
    fn bind(&self, name: &str, wanted: &Wanted) -> Option<Binding<'a>> {
        let signal = self.signal;
        let text: &'a str = match name {
            "severity" => &signal.severity,
            "summary" => &signal.summary,
            "source" => &signal.source,
            "component" => &signal.component,
            "group" => &signal.group,
            "class" => &signal.class,
            "dedup_key" => &signal.dedup_key,
            "integration" => self.integration,
            "service" => self.service,
            "labels" => return Some(value::of_pairs(&signal.labels, wanted)),
            "details" => return Some(value::of_object(&signal.details, wanted)),
            _ => return None,
        };
        Some(Binding { value: Box::new(CelString::from(text)), bytes: text.len() })
    }
}

/// A parsed expression of a mapping: it makes one field of a signal from a request. Cloning it is
/// cheap.
#[derive(Debug, Clone)]
pub struct Expression {
    program: Arc<Program>,
}

impl Expression {
    /// Parses `text`.
    ///
    /// # Errors
    /// As [`Rule::parse`]; the variables are `body`, `query` and `headers`.
    pub fn parse(text: &str) -> Result<Self, InvalidRule> {
        let program = Program::parse(text, EXPRESSION_VARIABLES).map_err(InvalidRule)?;
        Ok(Self { program: Arc::new(program) })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        self.program.text()
    }

    /// What the expression makes of a request.
    ///
    /// # Errors
    /// Why it cannot be evaluated.
    pub fn evaluate(&self, payload: &Payload<'_>) -> Result<Value, String> {
        self.program.run(|name, wanted| payload.bind(name, wanted), value::to_json)
    }
}

/// What an expression is evaluated against.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The body as JSON; forms are objects of texts.
    pub body: &'a Value,
    /// The parameters of the query, in order; of repeated names the last counts.
    pub query: &'a [(String, String)],
    /// The headers by lower-case name.
    pub headers: &'a [(String, String)],
}

impl<'a> Payload<'a> {
    fn bind(&self, name: &str, wanted: &Wanted) -> Option<Binding<'a>> {
        match (name, self.body) {
            ("body", Value::Object(object)) => Some(value::of_object(object, wanted)),
            ("body", other) => Some(value::of_json(other)),
            ("query", _) => Some(value::of_pairs(self.query, wanted)),
            ("headers", _) => Some(value::of_pairs(self.headers, wanted)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
