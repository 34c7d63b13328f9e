//! Lanes: one layer by itself, ready to be asked about instants. A lane says who has it and for how
//! long, or for how long nobody has, whatever the reason: before the first handoff, outside its
//! hours, while all its people are away.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::absence::Absences;
use super::restriction::Windows;
use super::rotation::{self, Holder, Phase};
use super::{Layer, Schedule};

/// The most reasons after one another for which a lane is followed to have nobody. Beyond that the
/// emptiness is told in parts.
const REASONS_MAX: usize = 1_000;

/// A layer, ready to be asked about instants.
pub(super) struct Lane<'a> {
    pub layer: &'a Layer,
    timezone: &'a TimeZone,
    absences: &'a Absences,
    windows: Windows,
    phases: Vec<Phase<'a>>,
}

/// What a lane holds at an instant.
pub(super) enum Held {
    /// These people, each for the longest time in which their place does not change. Nobody joins
    /// them before the given instant.
    By(Vec<Holder>, Timestamp),
    /// Nobody, for the longest time.
    Nobody(Timestamp, Timestamp),
}

impl<'a> Lane<'a> {
    pub(super) fn new(schedule: &'a Schedule, layer: &'a Layer) -> Self {
        let timezone = layer.timezone.as_ref().unwrap_or(&schedule.timezone);
        Self {
            layer,
            timezone,
            absences: &schedule.absences,
            windows: Windows::new(&layer.restrictions),
            phases: rotation::phases(&layer.rotation, timezone),
        }
    }

    /// What the lane holds at an instant.
    pub(super) fn at(&self, at: Timestamp) -> Held {
        let nano = SignedDuration::from_nanos(1);
        let (mut from, mut to) = match self.look(at) {
            Held::Nobody(from, to) => (from, to),
            held @ Held::By(..) => return held,
        };
        for _ in 0..REASONS_MAX {
            match self.look(to) {
                Held::Nobody(_, later) if later > to => to = later,
                _ => break,
            }
        }
        for _ in 0..REASONS_MAX {
            let Ok(just_before) = from.checked_sub(nano) else { break };
            match self.look(just_before) {
                Held::Nobody(earlier, _) if earlier < from => from = earlier,
                _ => break,
            }
        }
        Held::Nobody(from, to)
    }

    /// As [`Self::at`], but nobody is told for one reason only.
    fn look(&self, at: Timestamp) -> Held {
        let begun = self.phases.partition_point(|phase| phase.from <= at);
        let Some(phase) = begun.checked_sub(1).and_then(|last| self.phases.get(last)) else {
            let first = self.phases.first().map_or(Timestamp::MAX, |phase| phase.from);
            return Held::Nobody(Timestamp::MIN, first);
        };
        if let Some((from, to)) = phase.nobody_around(self.absences, at) {
            return Held::Nobody(from, to);
        }
        let window = self.windows.around(self.timezone, at);
        if !window.is_inside {
            return Held::Nobody(window.from, window.to);
        }
        let turn = phase.turn_at(self.absences, at);
        if turn.holders.is_empty() {
            return Held::Nobody(turn.from, turn.to);
        }
        let mut holders = turn.holders;
        for holder in &mut holders {
            holder.from = holder.from.max(window.from);
            holder.to = holder.to.min(window.to);
        }
        Held::By(holders, turn.vacant_to)
    }
}
