//! Paging one person: which methods are tried when, and what each provider's answer leads to
//! (`N2`, `N3`). A page is one person being asked to take one incident; each contact method's part
//! in it is a delivery.

use jiff::{SignedDuration, Timestamp};

use crate::engine::backoff;
use crate::id::ContactMethodId;
use crate::org::user::NotificationRule;
use crate::time::format_duration;

/// The most attempts of one delivery.
pub const ATTEMPTS_MAX: u32 = 8;
/// After so many failed attempts the next method starts in parallel.
pub const FAILURES_BEFORE_NEXT_METHOD: u32 = 2;
/// After so long without acceptance the next method starts in parallel.
pub const UNACCEPTED_BEFORE_NEXT_METHOD: SignedDuration = SignedDuration::from_secs(30);

/// What comes later than this after its time says so: longer than any digest waits.
pub const LATE_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// Where a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PageState {
    /// No provider has accepted it yet.
    Pending,
    /// A provider accepted it; later methods still follow until somebody answers.
    Accepted,
    /// Answered or withdrawn; nothing more is sent.
    Superseded,
    /// Every method failed.
    Exhausted,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Not yet its turn.
    Scheduled,
    /// A provider is being called.
    Sending,
    /// It failed and will be tried again.
    Retrying,
    /// It waits to go out in a digest.
    Bundled,
    /// A provider accepted it.
    Accepted,
    /// It will not be tried again.
    Failed,
    /// The page was superseded before its turn.
    Cancelled,
}

names!(PageState {
    Pending = "pending",
    Accepted = "accepted",
    Superseded = "superseded",
    Exhausted = "exhausted",
});
names!(DeliveryState {
    Scheduled = "scheduled",
    Sending = "sending",
    Retrying = "retrying",
    Bundled = "bundled",
    Accepted = "accepted",
    Failed = "failed",
    Cancelled = "cancelled",
});

impl DeliveryState {
    /// Whether nothing more will happen to it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Accepted | Self::Failed | Self::Cancelled)
    }
}

/// What a provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It took the message.
    Accepted,
    /// It may take it later.
    Temporary {
        /// How long it asks us to wait.
        retry_after: Option<SignedDuration>,
    },
    /// It will never take it.
    Permanent,
    /// The message may or may not have been taken: it is sent again, marked as a possible repeat.
    Unknown,
}

/// One delivery among its siblings, as far as decisions need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts begun.
    pub attempts: u32,
    /// When it was first meant to go out.
    pub first_due_at: Timestamp,
}

/// What follows from an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// The delivery's new state.
    pub state: DeliveryState,
    /// When it is tried again.
    pub retry_at: Option<Timestamp>,
    /// Whether the page's next scheduled method starts now instead of at its own time.
    pub start_next_method: bool,
}

/// When each method of a page is due.
pub fn plan(rules: &[NotificationRule], now: Timestamp) -> Vec<(ContactMethodId, Timestamp)> {
    rules
        .iter()
        .map(|rule| (rule.method, now.checked_add(rule.after).unwrap_or(Timestamp::MAX)))
        .collect()
}

/// Decides what one answer does to a delivery whose latest attempt is counted in `attempts`.
/// `chance` is uniform in 0..1.
pub fn after_answer(delivery: Progress, answer: &Answer, chance: f64, now: Timestamp) -> Next {
    let failed = Next { state: DeliveryState::Failed, retry_at: None, start_next_method: true };
    let retry_after = match answer {
        Answer::Accepted => {
            return Next {
                state: DeliveryState::Accepted,
                retry_at: None,
                start_next_method: false,
            };
        }
        Answer::Permanent => return failed,
        Answer::Temporary { retry_after } => *retry_after,
        Answer::Unknown => None,
    };
    if delivery.attempts >= ATTEMPTS_MAX {
        return failed;
    }
    let wait = backoff::wait(delivery.attempts, chance, retry_after);
    let retry_at = now.checked_add(wait).unwrap_or(Timestamp::MAX);
    let unaccepted = retry_at.duration_since(delivery.first_due_at);
    Next {
        state: DeliveryState::Retrying,
        retry_at: Some(retry_at),
        start_next_method: delivery.attempts >= FAILURES_BEFORE_NEXT_METHOD
            || unaccepted >= UNACCEPTED_BEFORE_NEXT_METHOD,
    }
}

/// Where a page stands, given its deliveries. An answered page stays answered.
pub fn page_state(
    current: PageState,
    deliveries: impl IntoIterator<Item = DeliveryState>,
) -> PageState {
    if current == PageState::Superseded {
        return current;
    }
    let (mut accepted, mut open) = (false, false);
    for state in deliveries {
        accepted |= state == DeliveryState::Accepted;
        open |= !state.is_final();
    }
    match (accepted, open) {
        (true, _) => PageState::Accepted,
        (false, true) => PageState::Pending,
        (false, false) => PageState::Exhausted,
    }
}

/// How late something comes, in words, if it is late enough to say so: `55m late`. Nothing expires
/// because it is late.
pub fn late(due: Timestamp, now: Timestamp) -> Option<String> {
    let by = now.duration_since(due);
    let minutes = SignedDuration::from_mins(by.as_mins());
    (by > LATE_AFTER).then(|| format!("{} late", format_duration(minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t0() -> Timestamp {
        "2026-11-21T03:00:00Z".parse().unwrap()
    }

    fn attempt(attempts: u32) -> Progress {
        Progress { state: DeliveryState::Sending, attempts, first_due_at: t0() }
    }

    #[test]
    fn two_failures_start_the_next_method_while_the_first_is_tried_again() {
        let busy = Answer::Temporary { retry_after: None };
        let first = after_answer(attempt(1), &busy, 0.5, t0());
        assert_eq!((first.state, first.start_next_method), (DeliveryState::Retrying, false));
        let second = after_answer(attempt(2), &busy, 0.5, t0());
        assert_eq!((second.state, second.start_next_method), (DeliveryState::Retrying, true));
    }

    #[test]
    fn a_provider_that_asks_for_a_long_wait_does_not_hold_up_the_next_method() {
        let busy = Answer::Temporary { retry_after: Some(SignedDuration::from_secs(120)) };
        let next = after_answer(attempt(1), &busy, 0.0, t0());
        assert_eq!(next.retry_at, Some(t0() + SignedDuration::from_secs(120)));
        assert!(next.start_next_method);
    }

    #[test]
    fn a_permanent_refusal_skips_to_the_next_method_at_once() {
        let next = after_answer(attempt(1), &Answer::Permanent, 0.5, t0());
        assert_eq!(
            next,
            Next { state: DeliveryState::Failed, retry_at: None, start_next_method: true }
        );
    }

    #[test]
    fn attempts_end() {
        let next = after_answer(attempt(ATTEMPTS_MAX), &Answer::Unknown, 0.5, t0());
        assert_eq!(next.state, DeliveryState::Failed);
    }

    #[test]
    fn a_page_is_exhausted_only_when_every_method_failed() {
        use DeliveryState::{Accepted, Cancelled, Failed, Scheduled};
        assert_eq!(page_state(PageState::Pending, [Failed, Scheduled]), PageState::Pending);
        assert_eq!(page_state(PageState::Pending, [Failed, Accepted]), PageState::Accepted);
        assert_eq!(page_state(PageState::Pending, [Failed, Failed]), PageState::Exhausted);
        assert_eq!(page_state(PageState::Superseded, [Failed, Cancelled]), PageState::Superseded);
    }

    #[test]
    fn what_comes_late_says_so() {
        assert_eq!(late(t0(), t0() + LATE_AFTER), None);
        let later = t0() + SignedDuration::from_secs(55 * 60 + 30);
        assert_eq!(late(t0(), later).as_deref(), Some("55m late"));
    }
}
