//! A service and its integrations as configuration writes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use super::text::{Day, Length, LocalTime, Zone};

/// Something the organisation runs and is paged for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Unique.
    pub name: String,
    /// For people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// 1 is the most important.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// Who is paged.
    pub escalation_policy: String,
    /// Services this one cannot work without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// The hosts it runs on, or patterns for them; not known where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// An http or https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    /// What an outage costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_per_minute: Option<Money>,
    /// The first line that matches wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severity_map: Vec<SeverityRule>,
    /// How alerts join incidents; the default where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouping: Option<Grouping>,
    /// How long an alert may clear by itself before it pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Length>,
    /// How long an alert may go unmentioned before it counts as over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_resolve_after: Option<Length>,
    /// Whether its alerts only record who would have been paged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// Mailboxes that informational alerts are mailed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inform: Vec<String>,
    /// Where its alerts come in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub integrations: Vec<Integration>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// In whole units of the currency.
    pub amount: i64,
    /// An ISO 4217 code.
    pub currency: String,
}

/// One line of a severity map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenSeverityRule", into = "WrittenSeverityRule")]
pub struct SeverityRule {
    /// A CEL expression.
    pub when: String,
    /// What a matching alert becomes.
    pub outcome: Outcome,
    /// When the line applies; none means always.
    pub during: Vec<Hours>,
    /// Whose clock `during` is read on; the organisation's where none is given.
    pub timezone: Option<Zone>,
    /// What a matching alert must do before it pages.
    pub guard: Option<Guard>,
    /// Whether matching alerts only record who would have been paged.
    pub shadow: bool,
}

/// Hours of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The weekdays on which the window begins; none means every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// When it begins.
    pub from: LocalTime,
    /// When it ends; not later than `from` means on the next day.
    pub to: LocalTime,
}

/// What an alert must do before it pages: `{ at_least: 3, within: 10m }` or `{ firing_for: 5m }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Guard {
    /// It must fire so often within a span.
    AtLeast(AtLeast),
    /// It must fire for so long.
    FiringFor(FiringFor),
}

/// `{ at_least: 3, within: 10m }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtLeast {
    /// How often.
    pub at_least: u32,
    /// From the first to the last firing that counts.
    pub within: Length,
}

/// `{ firing_for: 5m }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiringFor {
    /// How long.
    pub firing_for: Length,
}

/// What an alert becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An incident of this level.
    Severity(u8),
    /// Recorded and mailed, never paged.
    Informational,
}

/// How the alerts of a service join incidents: `none`, or a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Grouping {
    /// Each alert opens its own incident.
    Disabled(NoGrouping),
    /// Alerts join within a window.
    Window(GroupingWindow),
}

impl Grouping {
    /// Each alert opens its own incident.
    pub const DISABLED: Self = Self::Disabled(NoGrouping::None);
}

/// The word `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoGrouping {
    /// `none`.
    None,
}

/// Alerts that agree in `by` join within `window` of the incident's first alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupingWindow {
    /// Counted from the incident's first alert.
    pub window: Length,
    /// Names of labels; none means all alerts of the service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
}

/// Where signals come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// Unique within its service.
    pub name: String,
    /// The source adapter's name.
    #[serde(rename = "type")]
    pub source: String,
    /// The routing key that clients send.
    pub key: Secret,
    /// How long it may be silent before that is an alert of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_every: Option<Length>,
    /// Field of a signal to CEL expression, for the generic source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mapping: BTreeMap<String, String>,
    /// What requests are signed with, for sources of changes that sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// What a source of changes calls the thing that changed, to the services it is about.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, Vec<String>>,
}

/// Something that must be heard of at regular times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// Unique.
    pub name: String,
    /// Whose alert its silence is.
    pub service: String,
    /// How often it must be heard of.
    pub every: Length,
    /// How late that may be; a minute where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Length>,
    /// How bad its silence is; as the service rates it where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<u8>,
}

/// A severity rule as it is written: `severity` or `informational: true`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSeverityRule {
    when: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    severity: Option<u8>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    informational: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    during: Vec<Hours>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timezone: Option<Zone>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guard: Option<Guard>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shadow: bool,
}

impl TryFrom<WrittenSeverityRule> for SeverityRule {
    type Error = &'static str;

    fn try_from(written: WrittenSeverityRule) -> Result<Self, &'static str> {
        let outcome = match (written.severity, written.informational) {
            (Some(level), false) => Outcome::Severity(level),
            (None, true) => Outcome::Informational,
            (_, _) => return Err("a severity rule has a `severity` or `informational: true`"),
        };
        let WrittenSeverityRule { when, during, timezone, guard, shadow, .. } = written;
        Ok(Self { when, outcome, during, timezone, guard, shadow })
    }
}

impl From<SeverityRule> for WrittenSeverityRule {
    fn from(rule: SeverityRule) -> Self {
        let (severity, informational) = match rule.outcome {
            Outcome::Severity(level) => (Some(level), false),
            Outcome::Informational => (None, true),
        };
        let SeverityRule { when, during, timezone, guard, shadow, .. } = rule;
        Self { when, severity, informational, during, timezone, guard, shadow }
    }
}
