//! Silence and flicker (`D15`): when an alert that nobody speaks of any more counts as over, and
//! whether one that comes and goes is flapping.

use jiff::{SignedDuration, Timestamp};

use crate::alerting::alert::{AlertStatus, Latest};

/// An alert that begins again within this time after its recovery has not really been away.
pub const FLAP_REST: SignedDuration = SignedDuration::from_hours(1);
/// From so many such returns on an alert is flapping.
pub const FLAPS_MANY: u32 = 3;
/// No more returns than this are counted.
const FLAPS_MAX: u32 = 1_000_000;

/// When an alert counts as over, if nothing more is heard of it.
pub fn over_at(after: Option<SignedDuration>, last_at: Timestamp) -> Option<Timestamp> {
    after.map(|after| last_at.saturating_add(after).unwrap_or(Timestamp::MAX))
}

/// How often an alert that begins now has returned, given the one with the same key before it.
pub fn flaps(previous: Option<&Latest>, now: Timestamp) -> u32 {
    match previous {
        Some(before)
            if before.status == AlertStatus::Resolved
                && now.duration_since(before.last_at) <= FLAP_REST =>
        {
            before.flaps.saturating_add(1).min(FLAPS_MAX)
        }
        _ => 0,
    }
}

/// Whether an alert that has returned so often is flapping.
pub fn is_flapping(flaps: u32) -> bool {
    flaps >= FLAPS_MANY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::AlertId;

    #[test]
    fn an_alert_that_returns_soon_flaps_and_one_that_rests_starts_anew() {
        let over: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let before = Latest {
            id: AlertId::new(over, [0; 10]),
            status: AlertStatus::Resolved,
            incident: None,
            last_at: over,
            held: None,
            flaps: 2,
        };
        assert_eq!(flaps(Some(&before), over + FLAP_REST), 3);
        assert!(is_flapping(3) && !is_flapping(2));
        let later = over + FLAP_REST + SignedDuration::from_secs(1);
        assert_eq!(flaps(Some(&before), later), 0);
        assert_eq!(flaps(None, over), 0);
    }

    #[test]
    fn every_word_of_an_alert_puts_its_end_off() {
        let heard: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let two = Some(SignedDuration::from_hours(2));
        assert_eq!(over_at(two, heard), Some("2026-11-21T05:00:00Z".parse().unwrap()));
        assert_eq!(over_at(None, heard), None);
    }
}
