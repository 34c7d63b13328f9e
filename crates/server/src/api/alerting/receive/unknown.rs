//! Requests with keys that nobody has: counted, and told in the log now and then without the key,
//! so that a mistyped key is noticed and a flood of guesses does not fill the disk.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How often the log tells of unknown keys.
const TOLD_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// How often an unknown key makes this node read the configuration again.
const LOOKED_AGAIN_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// What is remembered of unknown keys.
#[derive(Debug, Default)]
pub(super) struct UnknownKeys {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    untold: u64,
    told_at: Option<Timestamp>,
    looked_at: Option<Timestamp>,
}

impl UnknownKeys {
    /// Counts a request with an unknown key; says how many the log was told of now.
    pub(super) fn note(&self, source: &'static str, now: Timestamp) -> Option<u64> {
        metrics::counter!("muster_unknown_keys_total", "source" => source).increment(1);
        let untold = {
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            memory.untold += 1;
            if !is_over(memory.told_at, TOLD_EVERY, now) {
                return None;
            }
            memory.told_at = Some(now);
            std::mem::take(&mut memory.untold)
        };
        tracing::warn!(source, requests = untold, "requests came with a key that nobody has");
        Some(untold)
    }

    /// Whether it is time to look whether another node knows more.
    pub(super) fn may_look_again(&self, now: Timestamp) -> bool {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let may = is_over(memory.looked_at, LOOKED_AGAIN_EVERY, now);
        if may {
            memory.looked_at = Some(now);
        }
        may
    }
}

fn is_over(last: Option<Timestamp>, every: SignedDuration, now: Timestamp) -> bool {
    last.is_none_or(|last| now.duration_since(last).abs() >= every)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_guesses_is_one_line_a_minute() {
        let unknown = UnknownKeys::default();
        let start: Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        assert_eq!(unknown.note("generic", start), Some(1));
        for _ in 0..1_000 {
            assert_eq!(unknown.note("generic", start), None);
        }
        let later = start + SignedDuration::from_secs(60);
        assert_eq!(unknown.note("generic", later), Some(1_001));
    }
}
