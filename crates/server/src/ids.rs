//! New ids and other chance. Ids of one process grow strictly, also within a millisecond, so that
//! the order of ids is the order in which they were made.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use muster_core::id::uuid_v7;
use rand::Rng;
use uuid::Uuid;

/// Ids made within one millisecond before the next one is borrowed.
const PER_MILLISECOND_MAX: u16 = 0x0fff;

/// Makes ids.
#[derive(Debug, Default)]
pub struct Ids {
    last: Mutex<(i64, u16)>,
}

impl Ids {
    /// A new UUIDv7, greater than every one before it.
    pub fn next(&self, now: Timestamp) -> Uuid {
        let (millis, count) = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let millis = now.as_millisecond();
            *last = match *last {
                (before, _) if millis > before => (millis, 0),
                (before, PER_MILLISECOND_MAX) => (before + 1, 0),
                (before, count) => (before, count + 1),
            };
            *last
        };
        let mut chance: [u8; 10] = random();
        [chance[0], chance[1]] = count.to_be_bytes();
        uuid_v7(Timestamp::from_millisecond(millis).unwrap_or(now), chance)
    }
}

/// Random bytes fit for secrets.
#[expect(clippy::disallowed_methods, reason = "this is where chance comes from")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// Uniform in 0..1.
pub fn chance() -> f64 {
    let bits = u64::from_be_bytes(random());
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_strictly_even_when_the_clock_stands_or_goes_back() {
        let ids = Ids::default();
        let now: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        let before = ids.next(now);
        let mut last = before;
        for _ in 0..10_000 {
            let next = ids.next(now);
            assert!(next > last);
            last = next;
        }
        assert!(ids.next(now - jiff::SignedDuration::from_hours(1)) > last);
    }
}
