//! Custom fields of incidents as configuration writes them (`T2`).

use serde::{Deserialize, Serialize};

/// Something that is asked of incidents besides what Muster asks by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Unique.
    pub name: String,
    /// For people; the name where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What belongs into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it holds, by name; text where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The words to choose from, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// The name of the status that needs it; none where it may stay empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<String>,
}
