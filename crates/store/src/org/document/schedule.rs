//! A schedule as configuration writes it. Every time is local to the schedule's zone.

use serde::{Deserialize, Serialize};

use super::text::{Day, Handoff, LocalDate, LocalDateTime, LocalTime, Turn, Zone};

/// Who is on call when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Unique.
    pub name: String,
    /// Who plans it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// The organisation's where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Zone>,
    /// From the lowest to the highest precedence.
    #[serde(default)]
    pub layers: Vec<Layer>,
    /// Somebody instead of whoever the layers name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// Whether a handoff is drafted when its people change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub handoff: bool,
}

/// One rotation of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Unique within the schedule.
    pub name: String,
    /// How people take turns.
    pub rotation: Rotation,
    /// Local times in which the layer counts; none means always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restrict: Vec<Restriction>,
}

/// How people take turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// The length of a turn.
    pub every: Turn,
    /// When turns change.
    #[serde(default)]
    pub handoff: Handoff,
    /// The first participant starts at the first handoff on or after this date.
    pub start: LocalDate,
    /// Users by name, in the order of their turns.
    #[serde(default)]
    pub participants: Vec<String>,
}

/// Local times in which a layer counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restriction {
    /// The weekdays on which the window begins; none means every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// When the window begins.
    pub from: LocalTime,
    /// When it ends; not later than `from` means on the next day.
    pub to: LocalTime,
}

/// Somebody instead of whoever the layers name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Who takes the shift.
    pub user: String,
    /// From then on.
    pub from: LocalDateTime,
    /// Up to, but not at, then.
    pub to: LocalDateTime,
}
