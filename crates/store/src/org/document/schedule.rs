//! A schedule as configuration writes it. Every time is local to the schedule's zone, or to the
//! layer's where it has one.

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
    /// What its people are on call as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
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
    /// Who goes along with somebody's shifts to learn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadows: Vec<Shadow>,
    /// What follows it in a chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Chat>,
}

/// A group and a channel of a chat that follow a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// A provider by name.
    pub provider: String,
    /// Whose people are those who are on call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whose topic names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// One rotation of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Unique within the schedule.
    pub name: String,
    /// The schedule's where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Zone>,
    /// Whether its people join those of the layers below rather than replace them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adds: bool,
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
    /// The length of a turn, or of several that repeat.
    pub every: OneOrMany<Turn>,
    /// When turns change.
    #[serde(default)]
    pub handoff: Handoff,
    /// The first participant starts at the first handoff on or after this date.
    pub start: LocalDate,
    /// Users by name, in the order of their turns; a list is several on one turn.
    #[serde(default)]
    pub participants: Vec<OneOrMany<String>>,
    /// Planned changes, by date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<RosterChange>,
}

/// A rotation that is another from some date on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterChange {
    /// It counts from the first handoff on or after this date.
    pub from: LocalDate,
    /// Users by name; the first of them begins.
    pub participants: Vec<OneOrMany<String>>,
    /// Other lengths of turns; the same as before where none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<OneOrMany<Turn>>,
    /// Another handoff; the same as before where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Handoff>,
}

/// One value, written bare, or several as a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several, in order.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// The values in their one written form.
    pub fn of(mut values: Vec<T>) -> Self {
        match (values.len(), values.pop()) {
            (1, Some(one)) => Self::One(one),
            (_, last) => {
                values.extend(last);
                Self::Many(values)
            }
        }
    }

    /// The values.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
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
    /// The one person who is replaced; everybody on call where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    /// From then on.
    pub from: LocalDateTime,
    /// Up to, but not at, then.
    pub to: LocalDateTime,
}

/// Somebody who goes along with another's shifts to learn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shadow {
    /// Who learns.
    pub user: String,
    /// Whose shifts they are.
    pub follows: String,
    /// From then on; from the beginning where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<LocalDateTime>,
    /// Up to, but not at, then; without an end where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<LocalDateTime>,
    /// Whether the trainee has the shift and the other gets the copies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reverse: bool,
}
