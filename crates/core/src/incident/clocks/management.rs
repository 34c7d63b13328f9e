//! The management chain (`I2`): a set time after submission the manager of the team is asked, then
//! at a set interval whoever that manager reports to, up to the top. An acknowledgement does not
//! stop it; the end of the customers' trouble does.

use jiff::{SignedDuration, Timestamp};

use crate::id::UserId;

/// The shortest wait and the shortest interval.
pub const INTERVAL_MIN: SignedDuration = SignedDuration::from_mins(1);
/// The most people of a chain.
pub const RUNGS_MAX: usize = 20;

/// When the chain begins and how fast it climbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Counted from the submission of the incident.
    pub after: SignedDuration,
    /// Between one manager and the next.
    pub every: SignedDuration,
}

/// Where the chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// It does not run: the severity has no chain, or the trouble is over.
    #[default]
    Idle,
    /// Somebody will be asked.
    Climbing {
        /// How many have been asked; the next one's place in the chain, counted from 0.
        rung: u32,
        /// When the next one is asked.
        next_at: Timestamp,
    },
    /// The top was asked.
    Ended,
}

impl State {
    /// When it next needs attention.
    pub fn next_at(&self) -> Option<Timestamp> {
        match *self {
            Self::Climbing { next_at, .. } => Some(next_at),
            Self::Idle | Self::Ended => None,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The incident was submitted then, or its severity came to have a chain.
    Started {
        /// What the first wait counts from.
        since: Timestamp,
    },
    /// The instant that the state waited for has come.
    TimedOut,
    /// The trouble is over, or the severity has no chain any more.
    Stopped,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Ask this manager.
    Ask {
        /// Whom.
        user: UserId,
        /// The place in the chain, counted from 0.
        rung: u32,
    },
    /// The chain is empty: no manager is known, or none can be reached.
    Nobody,
}

/// Decides what one event does to the chain. `people` are those of the chain who can be reached
/// now, from the team's manager up.
pub fn decide(
    rules: Option<Rules>,
    people: &[UserId],
    state: State,
    event: Event,
    now: Timestamp,
) -> (State, Option<Effect>) {
    match (rules, state, event) {
        (None, ..) | (_, _, Event::Stopped) => (State::Idle, None),
        (Some(rules), State::Idle, Event::Started { since }) => {
            let next_at = later(since, rules.after).max(now);
            (State::Climbing { rung: 0, next_at }, None)
        }
        (Some(rules), State::Climbing { rung, next_at }, Event::TimedOut) if next_at <= now => {
            climb(rules, people, rung, now)
        }
        // It runs already, has ended, or an older timer fired.
        (Some(_), state, Event::Started { .. } | Event::TimedOut) => (state, None),
    }
}

fn climb(rules: Rules, people: &[UserId], rung: u32, now: Timestamp) -> (State, Option<Effect>) {
    let at = rung as usize;
    let Some(user) = people.get(at).copied() else {
        return (State::Ended, (rung == 0).then_some(Effect::Nobody));
    };
    let state = if at + 1 < people.len() {
        State::Climbing { rung: rung + 1, next_at: later(now, rules.every) }
    } else {
        State::Ended
    };
    (state, Some(Effect::Ask { user, rung }))
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const BO: UserId = UserId(Uuid::from_u128(2));
    const CLEO: UserId = UserId(Uuid::from_u128(3));
    const MINUTE: SignedDuration = SignedDuration::from_mins(1);

    fn t0() -> Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    fn rules() -> Option<Rules> {
        Some(Rules { after: MINUTE * 15, every: MINUTE * 10 })
    }

    #[test]
    fn it_begins_a_quarter_of_an_hour_after_submission_and_climbs_to_the_top() {
        let people = [BO, CLEO];
        let began = Event::Started { since: t0() };
        let (state, effect) = decide(rules(), &people, State::Idle, began, t0());
        let first = t0() + MINUTE * 15;
        assert_eq!((state.next_at(), effect), (Some(first), None));

        let (state, effect) = decide(rules(), &people, state, Event::TimedOut, first);
        assert_eq!(effect, Some(Effect::Ask { user: BO, rung: 0 }));
        let second = first + MINUTE * 10;
        assert_eq!(state.next_at(), Some(second));

        let (state, effect) = decide(rules(), &people, state, Event::TimedOut, second);
        assert_eq!((state, effect), (State::Ended, Some(Effect::Ask { user: CLEO, rung: 1 })));
    }

    #[test]
    fn a_severity_that_is_raised_late_asks_at_once() {
        let late = t0() + MINUTE * 40;
        let (state, _) = decide(rules(), &[BO], State::Idle, Event::Started { since: t0() }, late);
        assert_eq!(state.next_at(), Some(late));
    }

    #[test]
    fn a_chain_without_people_says_so_once() {
        let waiting = State::Climbing { rung: 0, next_at: t0() };
        let (state, effect) = decide(rules(), &[], waiting, Event::TimedOut, t0());
        assert_eq!((state, effect), (State::Ended, Some(Effect::Nobody)));
        assert_eq!(decide(rules(), &[], state, Event::TimedOut, t0()), (State::Ended, None));
    }

    #[test]
    fn a_timer_that_is_early_or_a_severity_without_a_chain_asks_nobody() {
        let waiting = State::Climbing { rung: 0, next_at: t0() + MINUTE };
        assert_eq!(decide(rules(), &[BO], waiting, Event::TimedOut, t0()), (waiting, None));
        let due = State::Climbing { rung: 0, next_at: t0() };
        assert_eq!(decide(None, &[BO], due, Event::TimedOut, t0()), (State::Idle, None));
        assert_eq!(decide(rules(), &[BO], due, Event::Stopped, t0()), (State::Idle, None));
    }
}
