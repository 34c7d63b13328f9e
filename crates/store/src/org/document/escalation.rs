//! An escalation policy, and the catch-all, as configuration writes them.

use serde::{Deserialize, Serialize};

use super::text::Length;

/// Whom to ask, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationPolicy {
    /// Unique.
    pub name: String,
    /// Who owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// How often the steps are gone through again after the first time.
    #[serde(default)]
    pub repeat: u32,
    /// In order.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// One step of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Counted from the start of the step before it.
    #[serde(default)]
    pub after: Length,
    /// Everybody here is asked at once.
    pub targets: Vec<Target>,
}

/// Who a step asks, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One person.
    User(String),
    /// Whoever is on call.
    Schedule(String),
    /// Every member of a team.
    Team(String),
    /// The manager of a team.
    ManagerOf(String),
}

/// Who is paged when nobody else is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatchAll {
    /// A policy by name.
    pub escalation_policy: String,
}
