//! The rotation of the whole state (`I3`): an incident that is not moved to researching, or not
//! updated, within its time goes to the next person in the ring, and the manager hears of it. Only
//! work stops this clock; an acknowledgement alone does not.

use jiff::{SignedDuration, Timestamp};

use crate::id::UserId;

/// The shortest time that an incident may be given.
pub const AFTER_MIN: SignedDuration = SignedDuration::from_mins(1);

/// What the clock waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// A move to researching; nothing less counts.
    Research,
    /// Any sign of work by a person: a move, a note, a change.
    Update,
}

names!(Leg { Research = "research", Update = "update" });

/// Where the clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// It does not run.
    #[default]
    Idle,
    /// Something must happen by `due_at`.
    Running {
        /// What.
        leg: Leg,
        /// How often somebody else got it already.
        turn: u32,
        /// When it goes to somebody else.
        due_at: Timestamp,
    },
}

impl State {
    /// When it next needs attention.
    pub fn next_at(&self) -> Option<Timestamp> {
        match *self {
            Self::Running { due_at, .. } => Some(due_at),
            Self::Idle => None,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It has its time from now on: submitted, reopened, given to somebody by a person.
    Started,
    /// It was moved to researching or further.
    Moved,
    /// A person showed that they work on it.
    Updated,
    /// A person keeps it quiet until then.
    Held {
        /// From then on it has its full time again.
        until: Timestamp,
    },
    /// The instant that the state waited for has come.
    TimedOut,
    /// The trouble is over, or the severity has no such clock any more.
    Stopped,
}

/// Nothing happened in time: somebody else gets the incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// Who; `None` where there is nobody else.
    pub to: Option<UserId>,
    /// What was waited for.
    pub leg: Leg,
}

/// Who may get the incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ring<'a> {
    /// In the order of turns, from the secondary on, the primary last.
    pub people: &'a [UserId],
    /// Who has it now.
    pub assignee: Option<UserId>,
}

/// Decides what one event does to the clock. `after` is the severity's time, if it has one.
pub fn decide(
    after: Option<SignedDuration>,
    ring: Ring<'_>,
    state: State,
    event: Event,
    now: Timestamp,
) -> (State, Option<Effect>) {
    let Some(after) = after else { return (State::Idle, None) };
    let due_at = now.checked_add(after).unwrap_or(Timestamp::MAX);
    let next = match (state, event) {
        (_, Event::Stopped) => State::Idle,
        (State::Idle, Event::Started) => State::Running { leg: Leg::Research, turn: 0, due_at },
        (State::Running { leg, turn, .. }, Event::Started) => State::Running { leg, turn, due_at },
        (State::Idle, Event::Moved) => State::Running { leg: Leg::Update, turn: 0, due_at },
        (State::Running { turn, .. }, Event::Moved)
        | (State::Running { leg: Leg::Update, turn, .. }, Event::Updated) => {
            State::Running { leg: Leg::Update, turn, due_at }
        }
        (State::Running { leg, turn, due_at }, Event::Held { until }) => {
            let due_at = until.checked_add(after).unwrap_or(Timestamp::MAX).max(due_at);
            State::Running { leg, turn, due_at }
        }
        (State::Running { leg, turn, due_at: due }, Event::TimedOut) if due <= now => {
            let effect = Effect { to: next_in(ring), leg };
            return (State::Running { leg, turn: turn.saturating_add(1), due_at }, Some(effect));
        }
        // Words do not replace the move to researching, and an older timer changes nothing.
        (state, Event::Updated | Event::Held { .. } | Event::TimedOut) => state,
    };
    (next, None)
}

/// The next in the ring after whoever has it; the first where nobody of the ring does.
fn next_in(ring: Ring<'_>) -> Option<UserId> {
    let has = |user: &UserId| Some(*user) == ring.assignee;
    let after = ring.people.iter().position(has).map_or(0, |at| at + 1);
    let (before, behind) = ring.people.split_at(after.min(ring.people.len()));
    behind.iter().chain(before).find(|user| !has(user)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));
    const BO: UserId = UserId(Uuid::from_u128(2));
    const MINUTE: SignedDuration = SignedDuration::from_mins(1);

    fn t0() -> Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    fn after(minutes: i64) -> Timestamp {
        t0() + MINUTE * i32::try_from(minutes).unwrap()
    }

    fn step(state: State, event: Event, minutes: i64) -> (State, Option<Effect>) {
        let ring = Ring { people: &[BO, ANA], assignee: Some(ANA) };
        decide(Some(MINUTE * 15), ring, state, event, after(minutes))
    }

    #[test]
    fn without_a_move_to_researching_the_secondary_gets_it_whatever_was_written() {
        let (state, _) = step(State::Idle, Event::Started, 0);
        let (state, _) = step(state, Event::Updated, 10);
        assert_eq!(state.next_at(), Some(after(15)));
        let (state, effect) = step(state, Event::TimedOut, 15);
        assert_eq!(effect, Some(Effect { to: Some(BO), leg: Leg::Research }));
        assert_eq!(state.next_at(), Some(after(30)));
    }

    #[test]
    fn once_researching_every_sign_of_work_gives_the_full_time_again() {
        let (state, _) = step(State::Idle, Event::Started, 0);
        let (state, _) = step(state, Event::Moved, 5);
        assert_eq!(state.next_at(), Some(after(20)));
        let (state, _) = step(state, Event::Updated, 19);
        assert_eq!(state.next_at(), Some(after(34)));
        assert_eq!(step(state, Event::TimedOut, 33).1, None);
        let (_, effect) = step(state, Event::TimedOut, 34);
        assert_eq!(effect, Some(Effect { to: Some(BO), leg: Leg::Update }));
    }

    #[test]
    fn the_ring_goes_round_and_never_gives_it_to_whoever_has_it() {
        let of = |people: &[UserId], assignee| next_in(Ring { people, assignee });
        assert_eq!(of(&[BO, ANA], Some(ANA)), Some(BO));
        assert_eq!(of(&[BO, ANA], Some(BO)), Some(ANA));
        assert_eq!(of(&[BO, ANA], None), Some(BO));
        assert_eq!(of(&[ANA], Some(ANA)), None);
        assert_eq!(of(&[], None), None);
    }

    #[test]
    fn a_snooze_holds_it_and_a_severity_without_the_clock_stops_it() {
        let (state, _) = step(State::Idle, Event::Started, 0);
        let (held, _) = step(state, Event::Held { until: after(60) }, 1);
        assert_eq!(held.next_at(), Some(after(75)));
        assert_eq!(step(held, Event::Held { until: after(30) }, 2).0, held);
        let ring = Ring { people: &[BO], assignee: None };
        assert_eq!(decide(None, ring, held, Event::TimedOut, after(90)), (State::Idle, None));
        assert_eq!(step(held, Event::Stopped, 3), (State::Idle, None));
    }
}
