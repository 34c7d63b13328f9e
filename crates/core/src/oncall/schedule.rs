//! Schedules: who is on call at an instant. Layers rotate people through shifts in the schedule's
//! own time zone; a later layer takes precedence over an earlier one where both have somebody, and
//! an override takes precedence over every layer. Every answer is a pure function of the schedule,
//! the time-zone data and the instant.

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::id::{ScheduleId, TeamId, UserId};

/// Who is on call when.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Stays the same when the schedule is renamed.
    pub id: ScheduleId,
    /// Unique.
    pub name: String,
    /// Who plans it.
    pub team: Option<TeamId>,
    /// The zone of its handoffs, restrictions and overrides.
    pub timezone: TimeZone,
    /// From the lowest to the highest precedence.
    pub layers: Vec<Layer>,
    /// Somebody instead of whoever the layers name.
    pub overrides: Vec<Override>,
}

/// One rotation of a schedule.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Unique within the schedule.
    pub name: String,
    /// How people take turns.
    pub rotation: Rotation,
    /// Local times in which the layer counts; empty means always.
    pub restrictions: Vec<Restriction>,
}

/// How people take turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The length of a turn.
    pub every: TurnLength,
    /// The weekday of the handoff, for turns of weeks.
    pub handoff_weekday: Option<Weekday>,
    /// The local time of the handoff.
    pub handoff_time: Time,
    /// The first participant starts at the first handoff on or after this local date.
    pub start: Date,
    /// In the order of their turns.
    pub participants: Vec<UserId>,
}

/// The length of a turn. Days and weeks are counted on the local calendar, so a turn that a change
/// of daylight saving falls into is an hour shorter or longer (`O4`); hours are counted as they pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnLength {
    /// Elapsed hours.
    Hours(u32),
    /// Calendar days.
    Days(u32),
    /// Calendar weeks.
    Weeks(u32),
}

/// Local times in which a layer counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// The weekdays on which the window begins; empty means every day.
    pub days: Vec<Weekday>,
    /// When the window begins.
    pub from: Time,
    /// When it ends; not later than `from` means on the next day.
    pub to: Time,
}

/// Somebody instead of whoever the layers name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Who takes the shift.
    pub user: UserId,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
}

/// A stretch of time during which somebody is on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Who.
    pub user: UserId,
    /// The layer's name, or `override`.
    pub layer: String,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
}
