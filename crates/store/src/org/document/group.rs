//! Engagement groups and notification lists (`E1`), and service groups (`T2`), as configuration writes
//! them.

use serde::{Deserialize, Serialize};

/// Services that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceGroup {
    /// Unique.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By name; at least one.
    pub services: Vec<String>,
}

/// Whom to engage for a kind of trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngagementGroup {
    /// Unique.
    pub name: String,
    /// The services that it is for, by name; any where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Aliases such as `page-checkout-primary`, and users by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Users by name who may change the group besides administrators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keepers: Vec<String>,
}

/// Who hears of the incidents of some services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotificationList {
    /// Unique.
    pub name: String,
    /// What it covers, by name; everything where nothing is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Engagement groups whose services it covers as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Service groups whose services it covers as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_groups: Vec<String>,
    /// Users by name who are on it and cannot leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub core: Vec<String>,
    /// Whether it hears of what its services depend on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub upstream: bool,
    /// Whether it hears of what depends on its services.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub downstream: bool,
    /// Whether it is told by a decision, and nobody sees who is on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restricted: bool,
    /// Users by name who may tell a restricted list, besides its core and whoever leads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub senders: Vec<String>,
    /// Whether a restricted list hears by itself all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// What it is told, as a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
}
