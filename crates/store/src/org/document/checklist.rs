//! Checklists as configuration writes them (`C1`). What is left out is as in the built-in list of the
//! name.

use serde::{Deserialize, Serialize};

/// A list of what must not be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    /// Unique.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The role that goes through it, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The services that it is for, by name; any where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// In order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
}

/// One thing that must not be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Unique within its list.
    pub id: String,
    /// In words.
    pub text: String,
    /// The name of what ticks it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticks_on: Option<String>,
    /// Whether each time counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeats: bool,
}
