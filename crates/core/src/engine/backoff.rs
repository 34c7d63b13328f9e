//! When a failed attempt is tried again: exponential with full jitter, so that a recovering
//! provider is not met by everybody at once.

use jiff::SignedDuration;

/// The first ceiling.
pub const BACKOFF_FIRST: SignedDuration = SignedDuration::from_secs(2);
/// The last ceiling.
pub const BACKOFF_MAX: SignedDuration = SignedDuration::from_secs(60);
/// The shortest wait, so that jitter never makes a busy loop.
pub const BACKOFF_MIN: SignedDuration = SignedDuration::from_millis(250);
/// The longest wait that a provider's `Retry-After` is believed.
pub const RETRY_AFTER_MAX: SignedDuration = SignedDuration::from_mins(15);

/// How long to wait after `attempts` failures. `chance` is uniform in 0..1; a provider's
/// `Retry-After` lengthens the wait, up to [`RETRY_AFTER_MAX`].
pub fn wait(attempts: u32, chance: f64, retry_after: Option<SignedDuration>) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(16);
    let ceiling = (BACKOFF_FIRST * (1 << doublings)).min(BACKOFF_MAX);
    let jittered = ceiling.as_millis_f64() * chance.clamp(0.0, 1.0);
    let wait = SignedDuration::from_millis(jittered as i64).max(BACKOFF_MIN);
    match retry_after {
        Some(asked) => wait.max(asked.min(RETRY_AFTER_MAX)),
        None => wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_minute_and_no_further() {
        assert_eq!(wait(1, 1.0, None), BACKOFF_FIRST);
        assert_eq!(wait(2, 1.0, None), BACKOFF_FIRST * 2);
        assert_eq!(wait(40, 1.0, None), BACKOFF_MAX);
        assert_eq!(wait(40, 0.0, None), BACKOFF_MIN);
    }

    #[test]
    fn a_provider_that_asks_for_patience_gets_it_within_reason() {
        let asked = SignedDuration::from_secs(120);
        assert_eq!(wait(1, 0.5, Some(asked)), asked);
        assert_eq!(wait(1, 0.5, Some(SignedDuration::from_hours(9))), RETRY_AFTER_MAX);
    }
}
