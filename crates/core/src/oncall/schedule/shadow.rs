//! Shadow shifts (`O10`): somebody goes along with another's shifts to learn. A shadow gets a copy of
//! every page and is never asked to answer. In a reverse shadow shift the trainee has the shift and
//! the mentor gets the copies; while the trainee is on leave, the mentor has it as usual.

use jiff::{SignedDuration, Timestamp};

use super::{Absences, Schedule, Shift, on_call_at, shifts};
use crate::id::UserId;

/// Somebody who goes along with another's shifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shadow {
    /// Who learns.
    pub user: UserId,
    /// Whose shifts they are.
    pub follows: UserId,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
    /// Whether the trainee has the shift and the other gets the copies.
    pub reverse: bool,
}

/// The longest time around an instant in which a trainee has a shift all of it, or none of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub is_theirs: bool,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Shadow {
    /// Whether a trainee has the shift around an instant: within the shadow, and not on leave.
    pub(super) fn around(&self, absences: &Absences, at: Timestamp) -> Around {
        let mut around = Around { is_theirs: false, from: Timestamp::MIN, to: Timestamp::MAX };
        if self.from <= at && at < self.to {
            let leave = absences.around(self.user, at);
            if !leave.is_away {
                let (from, to) = (leave.from.max(self.from), leave.to.min(self.to));
                return Around { is_theirs: true, from, to };
            }
            around.from = self.ended_at(leave.from);
            around.to = self.begun_at(leave.to);
            return around;
        }
        let last = self.to.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(self.to);
        if last < at {
            let leave = absences.around(self.user, last);
            around.from = if leave.is_away { self.ended_at(leave.from) } else { self.to };
        } else {
            let leave = absences.around(self.user, self.from);
            around.to = if leave.is_away { self.begun_at(leave.to) } else { self.from };
        }
        around
    }

    /// The end of the trainee's time, when leave began at `from`; none where there was no such time.
    fn ended_at(&self, from: Timestamp) -> Timestamp {
        if from > self.from { from } else { Timestamp::MIN }
    }

    /// The beginning of the trainee's time, when leave ends at `to`; none where there is no such time.
    fn begun_at(&self, to: Timestamp) -> Timestamp {
        if to < self.to { to } else { Timestamp::MAX }
    }
}

/// A stretch of time during which somebody gets copies of what another is paged for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowShift {
    /// Who gets the copies.
    pub user: UserId,
    /// Who has the shift.
    pub of: UserId,
    /// The layer of that shift, or `override`.
    pub layer: String,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
}

/// Who gets copies at an instant.
pub fn shadows_at(schedule: &Schedule, at: Timestamp) -> Vec<ShadowShift> {
    let on_call = on_call_at(schedule, at);
    let mut found = beside(schedule, &on_call);
    found.retain(|shadow| shadow.from <= at && at < shadow.to);
    found
}

/// The shadow shifts that meet the time from `from` up to, but not at, `to`, by the shifts that they
/// belong to.
pub fn shadow_shifts(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<ShadowShift> {
    let mut found = beside(schedule, &shifts(schedule, from, to));
    found.retain(|shadow| shadow.from < to && from < shadow.to);
    found
}

fn beside(schedule: &Schedule, shifts: &[Shift]) -> Vec<ShadowShift> {
    let mut found = Vec::new();
    for shift in shifts {
        let copy = |user, from: Timestamp, to: Timestamp| ShadowShift {
            user,
            of: shift.user,
            layer: shift.layer.clone(),
            from: from.max(shift.from),
            to: to.min(shift.to),
        };
        found.extend(shift.mentor.map(|mentor| copy(mentor, shift.from, shift.to)));
        let followed = shift.mentor.unwrap_or(shift.user);
        let is_beside = |shadow: &&Shadow| {
            !shadow.reverse && shadow.follows == followed && shadow.user != shift.user
        };
        let shadows = schedule.shadows.iter().filter(is_beside);
        found.extend(
            shadows
                .map(|shadow| copy(shadow.user, shadow.from, shadow.to))
                .filter(|copy| copy.from < copy.to),
        );
    }
    found
}
