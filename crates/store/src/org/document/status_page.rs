//! Status pages as configuration writes them (`U5`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::Zone;

/// What those outside are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusPage {
    /// Unique.
    pub name: String,
    /// Its place in addresses, unique; its name where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// For people; the organisation's name where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `public`, which it is unless given, or `private`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// The zone of its days; the organisation's where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Zone>,
    /// The levels of the severities that it shows, with what each means for a component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<BTreeMap<String, String>>,
    /// Whether open incidents that nobody published change the state of components, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// What it speaks of, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
}

/// Something that those outside know by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its public name, unique within the page.
    pub name: String,
    /// Under which heading it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The services behind it, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}
