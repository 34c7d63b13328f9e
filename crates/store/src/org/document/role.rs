//! Incident roles, and which of them a severity wants, as configuration writes them (`R1`). What is
//! left out of a role is as in the built-in role of its name.

use serde::{Deserialize, Serialize};

use super::organization::Clock;
use super::text::Length;

/// A role that people hold in incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Unique.
    pub name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the rules make of it: the name of a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The duty sheet, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duties: Option<Vec<String>>,
    /// Whether several people may hold it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<bool>,
    /// Who is engaged for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Clock<Rotation>>,
}

/// Who is engaged for a role: a schedule, or an on-call role, of one team or of the service's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// A schedule by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// What the people of a schedule are on call as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// A team by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
}

/// What a severity asks for beside its clocks; what is left out is as in the default severity of the
/// level.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Which roles, in the order in which they are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Wanted>>,
    /// Which audiences hear how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audiences: Option<Vec<String>>,
    /// Which checklists, by name, in the order in which they are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checklists: Option<Vec<String>>,
    /// What has to be so before it is over, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gates: Option<Vec<String>>,
    /// Where people meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<Bridge>,
    /// Which room of which chat it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// How long whoever declared may lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_over_after: Option<Clock<Length>>,
    /// How long people may write nothing down before somebody is asked for news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nudge_scribe_after: Option<Clock<Length>>,
    /// How long whoever is asked for a role has before somebody else is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_next_after: Option<Clock<Length>>,
}

/// Where people meet about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// What makes the link.
    pub template: String,
    /// From when, by name; as soon as the incident has the severity where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// The room of an incident in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// A provider by name.
    pub provider: String,
    /// A team of the chat, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// What makes the name; `inc-{{ number }}` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How long after the end of the incident it is archived; at once where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive_after: Option<Length>,
    /// Whether whoever is released leaves it; out of a private one they always go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remove_released: bool,
}

/// A role that a process wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// A role by name.
    pub role: String,
    /// Whether somebody must hold it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Whether whoever is on call for it is paged at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub engage: bool,
}
