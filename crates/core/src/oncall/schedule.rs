//! Schedules: who is on call at an instant. Layers rotate people through shifts in the schedule's
//! own time zone; a later layer takes precedence over an earlier one where both have somebody, and
//! an override takes precedence over every layer. Every answer is a pure function of the schedule,
//! the time-zone data and the instant, and none walks from the start of a rotation: an instant in
//! ten years costs what one in the first week does.
//!
//! Local times that do not exist are read with the offset before the gap, and of two that share a
//! reading the first is meant, as RFC 5545 says (`O4`).

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::id::{ScheduleId, TeamId, UserId};
use restriction::Windows;

mod restriction;
mod rotation;
#[cfg(test)]
mod tests;

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

/// The most stretches that [`next_on_call`] looks ahead.
const STRETCHES_AHEAD_MAX: usize = 100;

/// Who is on call at an instant, each with the stretch that the instant falls into: from where this
/// turn of theirs began to count to where it ends, whatever ends it (a handoff, an override, a
/// restricted hour). Nobody when the schedule has a gap there.
pub fn on_call_at(schedule: &Schedule, at: Timestamp) -> Vec<Shift> {
    Windowed::new(schedule).stretch_at(at).into_shift().into_iter().collect()
}

/// The shifts that meet the time from `from` up to, but not at, `to`, in order. They are whole: the
/// first may have begun before `from` and the last may end after `to`, so each equals what
/// [`on_call_at`] says of any instant within it. A handoff always ends a shift, even where the same
/// person has the next turn. At most [`STRETCHES_MAX`] stretches are looked at.
pub fn shifts(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<Shift> {
    stretches(&Windowed::new(schedule), from)
        .take(STRETCHES_MAX)
        .take_while(|stretch| stretch.from < to)
        .filter(|_| from < to)
        .filter_map(Stretch::into_shift)
        .collect()
}

/// The first instant after `at` at which the schedule moves on: a handoff, or the beginning or end
/// of a gap, of a restricted hour or of an override.
pub fn next_change(schedule: &Schedule, at: Timestamp) -> Option<Timestamp> {
    let to = Windowed::new(schedule).stretch_at(at).to;
    (to < Timestamp::MAX).then_some(to)
}

/// The shift after the one at `at`: the first later one that another person has, or that comes
/// after a gap. None if nobody follows within the next hundred stretches.
pub fn next_on_call(schedule: &Schedule, at: Timestamp) -> Option<Shift> {
    let windowed = Windowed::new(schedule);
    let mut ahead = stretches(&windowed, at).take(STRETCHES_AHEAD_MAX);
    let mut before = ahead.next()?.user();
    for stretch in ahead {
        let user = stretch.user();
        if user.is_some() && user != before {
            return stretch.into_shift();
        }
        before = user;
    }
    None
}

/// A schedule with the restrictions of its layers made ready to be asked about instants.
struct Windowed<'a> {
    schedule: &'a Schedule,
    windows: Vec<Windows>,
}

/// Time in which one person's turn, or one gap, is not interrupted. It cannot be made longer.
#[derive(Debug)]
struct Stretch<'a> {
    from: Timestamp,
    to: Timestamp,
    holder: Option<(UserId, &'a str)>,
}

impl<'a> Windowed<'a> {
    fn new(schedule: &'a Schedule) -> Self {
        let windows = schedule.layers.iter().map(|layer| Windows::new(&layer.restrictions));
        Self { schedule, windows: windows.collect() }
    }

    /// Goes from the highest precedence to the lowest until somebody is found. What was passed on
    /// the way bounds the stretch, because somebody of a higher precedence begins or ended there.
    fn stretch_at(&self, at: Timestamp) -> Stretch<'a> {
        let mut stretch = Stretch { from: Timestamp::MIN, to: Timestamp::MAX, holder: None };
        for replacement in self.schedule.overrides.iter().rev() {
            if replacement.from >= replacement.to {
                continue;
            }
            if replacement.to <= at {
                stretch.from = stretch.from.max(replacement.to);
            } else if replacement.from > at {
                stretch.to = stretch.to.min(replacement.from);
            } else {
                stretch.narrow(replacement.from, replacement.to);
                stretch.holder = Some((replacement.user, OVERRIDE_LAYER));
                return stretch;
            }
        }
        for (layer, windows) in self.schedule.layers.iter().zip(&self.windows).rev() {
            let timezone = &self.schedule.timezone;
            let (from, to, user) = layer_at(&layer.rotation, windows, timezone, at);
            stretch.narrow(from, to);
            if let Some(user) = user {
                stretch.holder = Some((user, &layer.name));
                break;
            }
        }
        stretch
    }
}

impl Stretch<'_> {
    fn narrow(&mut self, from: Timestamp, to: Timestamp) {
        self.from = self.from.max(from);
        self.to = self.to.min(to);
    }

    fn user(&self) -> Option<UserId> {
        self.holder.map(|(user, _)| user)
    }

    fn into_shift(self) -> Option<Shift> {
        let (user, layer) = self.holder?;
        Some(Shift { user, layer: layer.to_owned(), from: self.from, to: self.to })
    }
}

/// The stretches from the one at `at` on, without end but for that of time.
fn stretches<'a>(windowed: &Windowed<'a>, at: Timestamp) -> impl Iterator<Item = Stretch<'a>> {
    std::iter::successors(Some(windowed.stretch_at(at)), |before| {
        (before.to < Timestamp::MAX).then(|| windowed.stretch_at(before.to))
    })
}

/// Who has a layer at an instant, and the longest time around it without a handoff or, where nobody
/// has it, until somebody does.
fn layer_at(
    rotation: &Rotation,
    windows: &Windows,
    timezone: &TimeZone,
    at: Timestamp,
) -> (Timestamp, Timestamp, Option<UserId>) {
    let Some(first) = rotation::first_handoff(rotation, timezone) else {
        return (Timestamp::MIN, Timestamp::MAX, None);
    };
    if rotation.participants.is_empty() {
        return (Timestamp::MIN, Timestamp::MAX, None);
    }
    let window = windows.around(timezone, at.max(first));
    let Some(turn) = rotation::turn_at(rotation, timezone, first, at) else {
        // Nothing counts before the first handoff, not even the end of a window.
        let to = if window.is_inside { first } else { window.to };
        return (Timestamp::MIN, to, None);
    };
    if !window.is_inside {
        let from = if window.from <= first { Timestamp::MIN } else { window.from };
        return (from, window.to, None);
    }
    let user = rotation.participants[turn.participant];
    (window.from.max(turn.from), window.to.min(turn.to), Some(user))
}
