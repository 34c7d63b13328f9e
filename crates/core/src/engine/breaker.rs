//! A circuit breaker: a provider that fails again and again is left alone for a while, so that
//! retries do not prolong its trouble and another provider or method takes over at once. It is kept
//! by each node for itself and forgotten with it, because it is advice, not truth.

use jiff::{SignedDuration, Timestamp};

/// How many failures in a row open it.
pub const FAILURES_TO_OPEN: u32 = 5;
/// How long it first stays open.
pub const REST_MIN: SignedDuration = SignedDuration::from_secs(10);
/// How long it stays open at most; each rest that ends in another failure is twice as long.
pub const REST_MAX: SignedDuration = SignedDuration::from_secs(120);

/// Whether a provider may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Breaker {
    /// It works, but for so many failures in a row.
    #[default]
    Working,
    /// It has failed this often in a row, and is still asked.
    Doubtful {
        /// Failures in a row.
        failures: u32,
    },
    /// It is left alone.
    Resting {
        /// Until then.
        until: Timestamp,
        /// How long this rest is.
        rest: SignedDuration,
    },
    /// One message is on its way to see whether it works again.
    Trying {
        /// When the try counts as failed although nobody heard of it.
        until: Timestamp,
        /// How long the last rest was.
        rest: SignedDuration,
    },
}

impl Breaker {
    /// When it may be asked again; `None` means now. A rest that has longer to go than it was to
    /// last is from before the clock was set back, and over.
    pub fn resting_until(self, now: Timestamp) -> Option<Timestamp> {
        let (until, longest) = match self {
            Self::Resting { until, rest } => (until, rest),
            Self::Trying { until, .. } => (until, REST_MIN),
            Self::Working | Self::Doubtful { .. } => return None,
        };
        (now < until && until.duration_since(now) <= longest).then_some(until)
    }

    /// The breaker after a message was let through.
    #[must_use]
    pub fn asked(self, now: Timestamp) -> Self {
        match self {
            Self::Resting { rest, .. } | Self::Trying { rest, .. } => {
                Self::Trying { until: later(now, REST_MIN), rest }
            }
            other => other,
        }
    }

    /// The breaker after an answer. What the provider refuses for good is an answer like another:
    /// the address is at fault.
    #[must_use]
    pub fn answered(self, failed: bool, now: Timestamp) -> Self {
        if !failed {
            return Self::Working;
        }
        let open = |rest: SignedDuration| Self::Resting { until: later(now, rest), rest };
        match self {
            Self::Working => Self::Doubtful { failures: 1 },
            Self::Doubtful { failures } if failures + 1 >= FAILURES_TO_OPEN => open(REST_MIN),
            Self::Doubtful { failures } => Self::Doubtful { failures: failures + 1 },
            // News of what was sent before the rest began changes nothing.
            Self::Resting { .. } => self,
            Self::Trying { rest, .. } => open((rest * 2).min(REST_MAX)),
        }
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Which of several providers carries an attempt: the preferred one, another after a failure, and
/// never one that rests while another does not. `None` when all of them rest.
pub fn choose(breakers: &[Breaker], attempt: u32, now: Timestamp) -> Option<usize> {
    let count = breakers.len();
    let first = usize::try_from(attempt.saturating_sub(1)).unwrap_or(0);
    (0..count).map(|at| (first + at) % count).find(|at| breakers[*at].resting_until(now).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t0() -> Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    fn failed(times: u32) -> Breaker {
        (0..times).fold(Breaker::default(), |breaker, _| breaker.answered(true, t0()))
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_success_closes_it() {
        assert_eq!(failed(FAILURES_TO_OPEN - 1).resting_until(t0()), None);
        let open = failed(FAILURES_TO_OPEN);
        assert_eq!(open.resting_until(t0()), Some(t0() + REST_MIN));
        assert_eq!(failed(4).answered(false, t0()), Breaker::Working);
    }

    #[test]
    fn after_the_rest_one_message_tries_it_and_a_failure_doubles_the_rest() {
        let after = t0() + REST_MIN;
        let trying = failed(FAILURES_TO_OPEN).asked(after);
        assert!(trying.resting_until(after).is_some(), "a second message has to wait");
        let again = trying.answered(true, after);
        assert_eq!(again.resting_until(after), Some(after + REST_MIN * 2));
        assert_eq!(trying.answered(false, after), Breaker::Working);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_prolong_a_rest() {
        let open = failed(FAILURES_TO_OPEN);
        let hour_before = t0() - SignedDuration::from_hours(1);
        assert_eq!(open.resting_until(hour_before), None);
        let trying = open.asked(t0() + REST_MIN);
        assert_eq!(trying.resting_until(hour_before), None);
    }

    #[test]
    fn a_try_that_nobody_hears_of_is_tried_again() {
        let after = t0() + REST_MIN;
        let trying = failed(FAILURES_TO_OPEN).asked(after);
        assert_eq!(trying.resting_until(after + REST_MIN), None);
    }

    #[test]
    fn the_next_provider_takes_over_after_a_failure_or_while_the_first_rests() {
        let well = Breaker::default();
        assert_eq!(choose(&[well, well], 1, t0()), Some(0));
        assert_eq!(choose(&[well, well], 2, t0()), Some(1));
        assert_eq!(choose(&[failed(FAILURES_TO_OPEN), well], 1, t0()), Some(1));
        assert_eq!(choose(&[failed(FAILURES_TO_OPEN)], 1, t0()), None);
        assert_eq!(choose(&[], 1, t0()), None);
    }
}
