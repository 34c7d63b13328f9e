//! Who carries mail: two providers that everybody shares, the circuit breakers that each node keeps
//! of them, and, apart from those, what really happened, to hold the breakers against.

use jiff::Timestamp;

use super::organisation::CARRIERS;
use crate::engine::breaker::{self, Breaker, FAILURES_TO_OPEN};

/// What one node knows of the carriers, and what it has really met. It dies with the node.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Carriers {
    breakers: [Breaker; CARRIERS.len()],
    pub met: [Met; CARRIERS.len()],
}

/// What a node has met of a carrier, by plain counting. Instants are of the clock that never jumps
/// and, behind it, of the store's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Met {
    /// Failures in a row.
    pub failures: u32,
    /// When there were enough of them to leave it alone.
    pub enough_at: Option<(Timestamp, Timestamp)>,
    /// When it was last asked, or last failed.
    pub touched_at: (Timestamp, Timestamp),
}

impl Carriers {
    /// Who carries an attempt; whoever does counts as asked. Nobody while all are left alone, with
    /// the instant at which one of them is asked again.
    pub(super) fn choose(
        &mut self,
        attempt: u32,
        only_first: bool,
        (now, wall): (Timestamp, Timestamp),
    ) -> Result<usize, Timestamp> {
        let known = if only_first { &self.breakers[..1] } else { &self.breakers[..] };
        let Some(carrier) = breaker::choose(known, attempt, wall) else {
            let until = known.iter().filter_map(|breaker| breaker.resting_until(wall)).min();
            return Err(until.unwrap_or(wall));
        };
        self.breakers[carrier] = self.breakers[carrier].asked(wall);
        self.met[carrier].touched_at = (now, wall);
        Ok(carrier)
    }

    /// A carrier has answered, or has not.
    pub(super) fn answered(
        &mut self,
        carrier: usize,
        failed: bool,
        never_rests: bool,
        (now, wall): (Timestamp, Timestamp),
    ) {
        if !never_rests {
            self.breakers[carrier] = self.breakers[carrier].answered(failed, wall);
        }
        let met = &mut self.met[carrier];
        if !failed {
            *met = Met::default();
            return;
        }
        met.failures += 1;
        met.touched_at = (now, wall);
        if met.failures == FAILURES_TO_OPEN {
            met.enough_at = Some((now, wall));
        }
    }
}
