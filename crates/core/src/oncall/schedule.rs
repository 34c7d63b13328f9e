//! Schedules: who is on call at an instant. Layers rotate people through shifts in a time zone; a
//! later layer takes precedence over an earlier one where both have somebody, unless it adds its
//! people to those below; somebody on leave is passed over; and an override takes precedence over
//! every layer. Every answer is a pure function of the schedule, the time-zone data and the instant,
//! and none walks from the start of a rotation: an instant in ten years costs what one in the first
//! week does.
//!
//! Local times that do not exist are read with the offset before the gap, and of two that share a
//! reading the first is meant, as RFC 5545 says (`O4`).

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::id::{ScheduleId, TeamId, UserId};

mod absence;
mod answer;
mod cadence;
mod clock_change;
mod lane;
mod r#override;
pub(crate) mod restriction;
mod rotation;
mod shadow;
#[cfg(test)]
mod tests;

pub use absence::{Absence, Absences};
pub use answer::{next_change, next_on_call, on_call_at, shifts};
pub use clock_change::{ClockChange, clock_changes, longer_by, zone_of};
pub use r#override::{Override, Overrides};
pub use shadow::{Shadow, ShadowShift, shadow_shifts, shadows_at};

/// The most stretches, gaps included, that one expansion walks through: two years of twelve
/// handoffs a day. A longer expansion ends there.
pub const STRETCHES_MAX: usize = 2 * 366 * 12;
/// The name that a shift has for a layer when it comes from an override.
pub const OVERRIDE_LAYER: &str = "override";

/// Who is on call when.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Stays the same when the schedule is renamed.
    pub id: ScheduleId,
    /// Unique.
    pub name: String,
    /// Who plans it.
    pub team: Option<TeamId>,
    /// What its people are on call as (`O2`).
    pub role: Option<Role>,
    /// The zone of its handoffs, restrictions and overrides, but for layers with a zone of their own.
    pub timezone: TimeZone,
    /// From the lowest to the highest precedence.
    pub layers: Vec<Layer>,
    /// Somebody instead of whoever the layers name.
    pub overrides: Overrides,
    /// Who is on leave when.
    pub absences: Absences,
    /// Who goes along with somebody's shifts to learn (`O10`).
    pub shadows: Vec<Shadow>,
}

impl Schedule {
    /// A schedule of that name in a zone, without anybody.
    pub fn new(id: ScheduleId, name: &str, timezone: TimeZone) -> Self {
        Self {
            id,
            name: name.to_owned(),
            team: None,
            role: None,
            timezone,
            layers: Vec::new(),
            overrides: Overrides::default(),
            absences: Absences::default(),
            shadows: Vec::new(),
        }
    }
}

/// What the people of a schedule are on call as (`O2`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Role {
    /// Asked first.
    Primary,
    /// Asked when the primary does not answer.
    Secondary,
    /// Asked when those two do not answer.
    Management,
    /// Leads incidents.
    IncidentLead,
    /// Writes down what happens.
    Scribe,
    /// Something else, in the organisation's own words.
    Custom(String),
}

impl Role {
    /// The roles that every organisation knows, with their names in configuration and API.
    pub const USUAL: [(Self, &'static str); 5] = [
        (Self::Primary, "primary"),
        (Self::Secondary, "secondary"),
        (Self::Management, "management"),
        (Self::IncidentLead, "incident_lead"),
        (Self::Scribe, "scribe"),
    ];

    /// The name in configuration and API.
    pub fn name(&self) -> &str {
        match self {
            Self::Custom(name) => name,
            usual => {
                Self::USUAL.iter().find(|(role, _)| role == usual).map_or("", |(_, name)| name)
            }
        }
    }

    /// The role of that name; one that is not usual is the organisation's own.
    pub fn from_name(name: &str) -> Self {
        Self::USUAL
            .into_iter()
            .find(|(_, usual)| *usual == name)
            .map_or_else(|| Self::Custom(name.to_owned()), |(role, _)| role)
    }
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
    /// The zone of its handoffs and restrictions, for a layer that follows the sun; the schedule's
    /// where there is none.
    pub timezone: Option<TimeZone>,
    /// Whether its people are on call together with those of the layers below, rather than instead
    /// of them.
    pub adds: bool,
}

impl Layer {
    /// A layer that always counts, in the schedule's zone.
    pub fn new(name: &str, rotation: Rotation) -> Self {
        let (restrictions, timezone) = (Vec::new(), None);
        Self { name: name.to_owned(), rotation, restrictions, timezone, adds: false }
    }
}

/// How people take turns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rotation {
    /// The lengths of the turns, repeated in this order; usually one. Empty means that there are no
    /// turns.
    pub every: Vec<TurnLength>,
    /// When turns change.
    pub handoff: Handoff,
    /// The first turn begins at the first handoff on or after this local date.
    pub start: Date,
    /// Who has each turn, in order: one person, or several together.
    pub participants: Vec<Vec<UserId>>,
    /// Planned changes, by date.
    pub changes: Vec<RosterChange>,
}

impl Rotation {
    /// Everybody who ever has a turn, now or after a planned change; some of them more than once.
    pub fn everybody(&self) -> impl Iterator<Item = UserId> {
        let later = self.changes.iter().flat_map(|change| &change.participants);
        self.participants.iter().chain(later).flatten().copied()
    }
}

/// A rotation that is another from some date on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterChange {
    /// It counts from the first handoff on or after this local date.
    pub from: Date,
    /// Who has each turn from then on; the first of them begins.
    pub participants: Vec<Vec<UserId>>,
    /// Other lengths of turns, counted from the first handoff on or after `from`; the same as
    /// before where there are none.
    pub every: Option<Vec<TurnLength>>,
    /// Another handoff; the same as before where there is none.
    pub handoff: Option<Handoff>,
}

/// The length of a turn. Turns keep the local time of their handoffs over a change of daylight
/// saving, so that one which the change falls into is an hour shorter or longer (`O4`), wherever that
/// is possible: for days, weeks and months, and for hours and minutes whose cycle is a number of
/// whole days or goes into one day. Other hours and minutes are counted as they pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnLength {
    /// Minutes.
    Minutes(u32),
    /// Hours.
    Hours(u32),
    /// Calendar days.
    Days(u32),
    /// Calendar weeks.
    Weeks(u32),
    /// Calendar months. They stand alone or with other months.
    Months(u32),
}

/// When turns change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Handoff {
    /// On which day, where the length of the turns leaves that open.
    pub on: HandoffDay,
    /// At which local time.
    pub at: Time,
}

/// The day of a handoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HandoffDay {
    /// The day that the rotation starts on.
    #[default]
    OfStart,
    /// A day of the week, for cycles of whole weeks.
    Weekday(Weekday),
    /// A day of the month from 1 to 31, for turns of months; the last day of a month that is shorter.
    OfMonth(i8),
    /// The first to fourth such weekday of the month, for turns of months; from 5 on, the last one.
    Nth(i8, Weekday),
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
    /// Whose shift it is when a trainee has it (`O10`): gets a copy, and is asked when the trainee
    /// cannot be reached.
    pub mentor: Option<UserId>,
}
