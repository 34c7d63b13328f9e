//! Rotations: which turn counts at an instant, and who has it. Planned roster changes cut a rotation
//! into phases, each with a cadence and people of its own; somebody on leave is passed over for as
//! long as the leave lasts, and the turns of others stay where they are.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::absence::Absences;
use super::cadence::Cadence;
use super::{RosterChange, Rotation};
use crate::id::UserId;

/// A time in which neither the people nor the cadence of a rotation change.
pub(super) struct Phase<'a> {
    /// From its first handoff on.
    pub from: Timestamp,
    /// Up to the first handoff of the phase after it.
    pub until: Timestamp,
    cadence: Cadence<'a>,
    /// The number of its first handoff.
    number: i64,
    participants: &'a [Vec<UserId>],
}

/// Somebody's place in a turn, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holder {
    pub user: UserId,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// One turn, and its people; nobody where the turn was given to nobody.
pub(super) struct Turn {
    pub from: Timestamp,
    pub to: Timestamp,
    pub holders: Vec<Holder>,
    /// When somebody may come to a place that nobody can take now.
    pub vacant_to: Timestamp,
}

/// The phases of a rotation, in order, without a gap between them.
pub(super) fn phases<'a>(rotation: &'a Rotation, timezone: &'a TimeZone) -> Vec<Phase<'a>> {
    let cadence = Cadence::new(&rotation.every, rotation.handoff, rotation.start, timezone);
    let Some(mut cadence) = cadence else { return Vec::new() };
    let (mut every, mut handoff) = (&rotation.every, rotation.handoff);
    let mut phases: Vec<Phase<'a>> = Vec::new();
    push(&mut phases, cadence.clone(), 0, &rotation.participants);
    for change in &rotation.changes {
        let number = if change.is_of_cadence() {
            every = change.every.as_ref().unwrap_or(every);
            handoff = change.handoff.unwrap_or(handoff);
            let Some(other) = Cadence::new(every, handoff, change.from, timezone) else { continue };
            cadence = other;
            Some(0)
        } else {
            cadence.first_on_or_after(change.from)
        };
        if let Some(number) = number {
            push(&mut phases, cadence.clone(), number, &change.participants);
        }
    }
    phases
}

/// Adds a phase after those that begin before it; the others it replaces.
fn push<'a>(
    phases: &mut Vec<Phase<'a>>,
    cadence: Cadence<'a>,
    number: i64,
    participants: &'a [Vec<UserId>],
) {
    let Some(from) = cadence.handoff(number) else { return };
    while phases.pop_if(|before| before.from >= from).is_some() {}
    if let Some(before) = phases.last_mut() {
        before.until = from;
    }
    phases.push(Phase { from, until: Timestamp::MAX, cadence, number, participants });
}

impl RosterChange {
    fn is_of_cadence(&self) -> bool {
        self.every.is_some() || self.handoff.is_some()
    }
}

impl Phase<'_> {
    /// The longest time around an instant in which nobody of this phase can have a turn because all
    /// are away, or there is nobody; none where somebody can.
    pub(super) fn nobody_around(
        &self,
        absences: &Absences,
        at: Timestamp,
    ) -> Option<(Timestamp, Timestamp)> {
        let (mut from, mut to) = (self.from, self.until);
        for user in self.participants.iter().flatten() {
            let around = absences.around(*user, at);
            if !around.is_away {
                return None;
            }
            (from, to) = (from.max(around.from), to.min(around.to));
        }
        Some((from, to))
    }

    /// Who has the turn at an instant of this phase, each for as long as nothing about their place
    /// in it changes.
    pub(super) fn turn_at(&self, absences: &Absences, at: Timestamp) -> Turn {
        let Some(span) = self.cadence.turn_at(at) else {
            let (from, to) = (self.from, self.until);
            return Turn { from, to, holders: Vec::new(), vacant_to: to };
        };
        let (from, to) = (span.from.max(self.from), span.to.min(self.until));
        let turns = i64::try_from(self.participants.len().max(1)).unwrap_or(i64::MAX);
        let turn = usize::try_from((span.number - self.number).rem_euclid(turns)).unwrap_or(0);
        let (mut holders, vacant_to) = self.staff(turn, absences, at);
        for holder in &mut holders {
            holder.from = holder.from.max(from);
            holder.to = holder.to.min(to);
        }
        Turn { from, to, holders, vacant_to: vacant_to.min(to) }
    }

    /// The people of a turn; for each who is away, the first available participant of the turns
    /// after it who has no place in it yet. Also when a place that stays empty may be taken.
    fn staff(&self, turn: usize, absences: &Absences, at: Timestamp) -> (Vec<Holder>, Timestamp) {
        let people = self.participants.get(turn).map_or(&[][..], Vec::as_slice);
        let mut vacant_to = Timestamp::MAX;
        let mut others = self
            .participants
            .iter()
            .cycle()
            .skip(turn + 1)
            .take(self.participants.len().saturating_sub(1))
            .flatten()
            .filter(|user| !people.contains(user));
        let mut holders: Vec<Holder> = Vec::with_capacity(people.len());
        // Whatever changes for one place may change who stands in for a later one.
        let (mut from, mut to) = (Timestamp::MIN, Timestamp::MAX);
        for user in people {
            let own = absences.around(*user, at);
            (from, to) = (from.max(own.from), to.min(own.to));
            if !own.is_away {
                holders.push(Holder { user: *user, from: own.from, to: own.to });
                continue;
            }
            let stand_in = others.find(|user| {
                if holders.iter().any(|holder| holder.user == **user) {
                    return false;
                }
                let around = absences.around(**user, at);
                (from, to) = (from.max(around.from), to.min(around.to));
                !around.is_away
            });
            match stand_in {
                Some(user) => holders.push(Holder { user: *user, from, to }),
                None => vacant_to = vacant_to.min(to),
            }
        }
        (holders, vacant_to)
    }
}
