//! The silence of the record (`L5`): when people have written nothing down for a while, somebody who
//! knows what is going on is asked, once, and again after another such time. This file owns the time;
//! whom to ask and what to say is decided elsewhere.

use jiff::{SignedDuration, Timestamp};

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Nobody waits for news: the severity does not ask for it, nobody holds a role, or it is over.
    #[default]
    Idle,
    /// Somebody is asked then.
    Listening {
        /// When something was last written down.
        since: Timestamp,
        /// When somebody is asked.
        due_at: Timestamp,
    },
}

impl State {
    /// When it next needs attention.
    pub fn next_at(&self) -> Option<Timestamp> {
        match *self {
            Self::Listening { due_at, .. } => Some(due_at),
            Self::Idle => None,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody holds a role, or the severity is another one.
    Started,
    /// A person wrote something down, or did something that was.
    Recorded,
    /// Nothing is expected until then.
    Held {
        /// The end of the snooze.
        until: Timestamp,
    },
    /// The instant that the state waited for has come.
    TimedOut,
    /// Customers are well again.
    Stopped,
}

/// Decides what one event does. What is returned besides the state is for how long nothing was written
/// down, where somebody is asked now.
pub fn decide(
    after: Option<SignedDuration>,
    state: State,
    event: Event,
    now: Timestamp,
) -> (State, Option<SignedDuration>) {
    let Some(after) = after else { return (State::Idle, None) };
    let fresh = |since| State::Listening { since, due_at: later(since, after) };
    match (state, event) {
        (_, Event::Stopped) => (State::Idle, None),
        (State::Idle, Event::Started) | (State::Listening { .. }, Event::Recorded) => {
            (fresh(now), None)
        }
        (State::Listening { since, due_at }, Event::Started) => {
            (State::Listening { since, due_at: due_at.min(later(now, after)) }, None)
        }
        (State::Listening { since, due_at }, Event::Held { until }) => {
            (State::Listening { since, due_at: due_at.max(later(until, after)) }, None)
        }
        (State::Listening { since, due_at }, Event::TimedOut) if due_at <= now => {
            (State::Listening { since, due_at: later(now, after) }, Some(now.duration_since(since)))
        }
        // It does not listen, or an older timer fired.
        (state, Event::Recorded | Event::Held { .. } | Event::TimedOut) => (state, None),
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_AN_HOUR: Option<SignedDuration> = Some(SignedDuration::from_mins(30));

    fn at(minute: i64) -> Timestamp {
        let start: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        start + SignedDuration::from_mins(minute)
    }

    fn after(state: State, event: Event, minute: i64) -> State {
        decide(HALF_AN_HOUR, state, event, at(minute)).0
    }

    #[test]
    fn one_silence_asks_once_and_again_after_another_interval() {
        let state = after(State::Idle, Event::Started, 0);
        let early = at(30) - SignedDuration::from_nanos(1);
        assert_eq!(decide(HALF_AN_HOUR, state, Event::TimedOut, early), (state, None));
        let (state, asked) = decide(HALF_AN_HOUR, state, Event::TimedOut, at(30));
        assert_eq!(asked, HALF_AN_HOUR);
        assert_eq!(decide(HALF_AN_HOUR, state, Event::TimedOut, at(59)), (state, None));
        let (state, asked) = decide(HALF_AN_HOUR, state, Event::TimedOut, at(60));
        assert_eq!(asked, Some(SignedDuration::from_mins(60)), "since the last word");
        assert_eq!(after(state, Event::Recorded, 61).next_at(), Some(at(91)));
    }

    #[test]
    fn only_a_snooze_puts_it_off_and_a_worse_severity_brings_it_nearer() {
        let state = after(State::Idle, Event::Started, 0);
        assert_eq!(after(state, Event::Held { until: at(60) }, 5).next_at(), Some(at(90)));
        assert_eq!(after(state, Event::Started, 5), state);
        let short = Some(SignedDuration::from_mins(10));
        assert_eq!(decide(short, state, Event::Started, at(5)).0.next_at(), Some(at(15)));
    }

    #[test]
    fn it_ends_with_the_trouble_and_with_the_process_that_wants_it() {
        let state = after(State::Idle, Event::Started, 0);
        assert_eq!(after(state, Event::Stopped, 5), State::Idle);
        assert_eq!(decide(None, state, Event::Recorded, at(5)), (State::Idle, None));
        assert_eq!(after(State::Idle, Event::Recorded, 5), State::Idle);
        assert_eq!(after(State::Idle, Event::TimedOut, 5), State::Idle);
    }
}
