//! The proof that somebody is reached (`O5`): every stretch of time ahead in which nobody would be.
//! It walks from one change of a schedule to the next and never ticks, so a week of quiet costs
//! nothing and no second is missed.

use jiff::Timestamp;

use crate::oncall::schedule::{STRETCHES_MAX, Schedule, next_change, on_call_at};

/// A stretch of time, from its first instant up to, but not at, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
}

/// The stretches between `from` and `to` in which a schedule has nobody, in order, each as long as
/// it can be within those bounds. At most [`STRETCHES_MAX`] changes are walked through.
pub fn gaps(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<Span> {
    let mut gaps: Vec<Span> = Vec::new();
    let mut at = from;
    for _ in 0..STRETCHES_MAX {
        if at >= to {
            break;
        }
        let next = next_change(schedule, at).unwrap_or(to).min(to);
        if on_call_at(schedule, at).is_empty() {
            match gaps.last_mut() {
                Some(last) if last.to == at => last.to = next,
                _ => gaps.push(Span { from: at, to: next }),
            }
        }
        at = next;
    }
    gaps
}
