//! Leases: how a node takes work so that a crash never loses it and two nodes never both finish it.
//! A claim grows the fence; whoever comes back with an older fence changes nothing.

use jiff::{SignedDuration, Timestamp};

/// How long a node may hold a claim before another may take it.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How far a node's clock may be from the database's before it stops claiming.
pub const SKEW_MAX: SignedDuration = SignedDuration::from_secs(2);

/// The claim on one piece of work as it stands in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Grows by one with every claim.
    pub fence: i64,
    /// Until then it is taken; `None` when nobody holds it.
    pub until: Option<Timestamp>,
}

/// A new claim on work that is due at `due`, or `None` while it is not due or somebody holds it.
pub fn claim(due: Timestamp, current: Claim, now: Timestamp) -> Option<Claim> {
    let free = current.until.is_none() || is_interrupted(current, now);
    let until = now.checked_add(LEASE).ok();
    (due <= now && free).then_some(Claim { fence: current.fence + 1, until })
}

/// Whether the work was claimed before and never finished: what became of it is unknown. A claim
/// that ends after [`latest_end`] was made before the clock was set back.
pub fn is_interrupted(current: Claim, now: Timestamp) -> bool {
    current.until.is_some_and(|until| until <= now || until > latest_end(now))
}

/// The latest end that a claim can have now, made by any node whose clock is good enough to claim.
pub fn latest_end(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE + SKEW_MAX * 2).unwrap_or(Timestamp::MAX)
}

/// Whether a holder with `fence` may still write its result.
pub fn holds(current: Claim, fence: i64) -> bool {
    current.fence == fence && current.until.is_some()
}

/// Whether a node may claim at all, given its clock and the database's.
pub fn may_claim(node_now: Timestamp, database_now: Timestamp) -> bool {
    node_now.duration_since(database_now).abs() <= SKEW_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_never_hold_the_same_work() {
        let now: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let first = claim(now, Claim { fence: 4, until: None }, now).unwrap();
        assert_eq!(first.fence, 5);
        assert_eq!(claim(now, first, now + SignedDuration::from_secs(29)), None);
        let second = claim(now, first, now + LEASE).unwrap();
        assert!(is_interrupted(first, now + LEASE));
        assert!(!holds(second, first.fence) && holds(second, second.fence));
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nothing_up() {
        let now: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let before = claim(now, Claim { fence: 4, until: None }, now).unwrap();
        let hour = SignedDuration::from_hours(1);
        assert!(claim(now - hour, before, now - hour).is_some());
        // A node whose clock is a little behind waits like any other.
        assert_eq!(claim(now - SKEW_MAX * 2, before, now - SKEW_MAX * 2), None);
    }

    #[test]
    fn a_node_with_a_wrong_clock_claims_nothing() {
        let now: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        assert!(may_claim(now, now + SKEW_MAX));
        assert!(!may_claim(now + SignedDuration::from_hours(1), now));
    }
}
