//! Audiences as configuration writes them (`U1`). What is left out of one is as in the built-in
//! audience of its name.

use serde::{Deserialize, Serialize};

use super::escalation::Place;
use super::organization::Clock;
use super::text::Length;

/// Who hears how an incident stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// Unique.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The role that speaks to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Clock<String>>,
    /// Who is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<To>,
    /// The status pages that its updates are published on, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_pages: Option<Vec<String>>,
    /// The channels of chats that its updates are posted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<Place>>,
    /// The shortest time between two updates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closest: Option<Length>,
    /// The longest silence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_max: Option<Length>,
    /// Whether somebody else looks at an update before it goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<bool>,
    /// A template for drafts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wording: Option<String>,
}

/// Who is meant: `covering`, `chain`, or notification lists by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum To {
    /// [`COVERING`] or [`CHAIN`].
    Word(String),
    /// Notification lists.
    Lists(Vec<String>),
}

/// Everybody on a notification list that covers the service.
pub const COVERING: &str = "covering";
/// The managers of the service's team, all the way up.
pub const CHAIN: &str = "chain";
