//! The second set (`I4`): an incident that is not over after long is taken over by another
//! escalation policy, which asks its own people from its first step, whoever has acknowledged.

use jiff::Timestamp;

use crate::id::PolicyId;
use crate::oncall::escalation::SecondSet;

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// The policy has none, or the trouble is over.
    #[default]
    Idle,
    /// The other policy takes over then.
    Waiting {
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// When it next needs attention.
    pub fn next_at(&self) -> Option<Timestamp> {
        match *self {
            Self::Waiting { at } => Some(at),
            Self::Idle => None,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A policy began then.
    Started {
        /// What its time counts from.
        since: Timestamp,
    },
    /// The instant that the state waited for has come.
    TimedOut,
    /// The trouble is over.
    Stopped,
}

/// Decides what one event does. What is returned besides the state takes over now.
pub fn decide(
    rules: Option<SecondSet>,
    state: State,
    event: Event,
    now: Timestamp,
) -> (State, Option<PolicyId>) {
    match (rules, state, event) {
        (None, ..) | (_, _, Event::Stopped) => (State::Idle, None),
        (Some(rules), State::Idle, Event::Started { since }) => {
            let at = since.checked_add(rules.after).unwrap_or(Timestamp::MAX).max(now);
            (State::Waiting { at }, None)
        }
        (Some(rules), State::Waiting { at }, Event::TimedOut) if at <= now => {
            (State::Idle, Some(rules.policy))
        }
        // It waits already, or an older timer fired.
        (Some(_), state, Event::Started { .. } | Event::TimedOut) => (state, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use uuid::Uuid;

    #[test]
    fn the_other_policy_takes_over_once_when_its_time_has_come() {
        let t0: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let policy = PolicyId(Uuid::from_u128(1));
        let rules = Some(SecondSet { after: SignedDuration::from_hours(2), policy });
        let (state, _) = decide(rules, State::Idle, Event::Started { since: t0 }, t0);
        let due = t0 + SignedDuration::from_hours(2);
        assert_eq!(state.next_at(), Some(due));
        assert_eq!(decide(rules, state, Event::TimedOut, t0), (state, None));
        assert_eq!(decide(rules, state, Event::TimedOut, due), (State::Idle, Some(policy)));
        assert_eq!(decide(rules, state, Event::Stopped, due), (State::Idle, None));
        assert_eq!(decide(None, state, Event::TimedOut, due), (State::Idle, None));
    }
}
