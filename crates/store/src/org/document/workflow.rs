//! Workflows as configuration writes them (`T7`).

use serde::{Deserialize, Serialize};

/// What is done by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Unique.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Kinds of timeline entries, by name.
    pub on: Vec<String>,
    /// A CEL expression: what must hold besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// How often it runs for one incident within an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// Whether it rests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
    /// What it does, in order.
    pub r#do: Vec<Step>,
}

/// One thing that a workflow does: exactly one of `engage`, `page`, `post`, `tell`, `set`, `webhook` and
/// `open_bridge`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// An engagement group, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engage: Option<String>,
    /// People, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub page: Vec<String>,
    /// What whoever is engaged or paged is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// A note for the timeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// A notification list, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tell: Option<String>,
    /// What it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What is changed about the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Setting>,
    /// An outgoing webhook, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// A link, or `process` for the bridge of the severity's process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_bridge: Option<String>,
}

/// What a workflow changes about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// How bad it is; 1 is the worst.
    pub severity: u8,
}
