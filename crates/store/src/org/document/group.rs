//! Engagement groups and notification lists as configuration writes them (`E1`).

use serde::{Deserialize, Serialize};

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
    /// Users by name who are on it and cannot leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub core: Vec<String>,
}
