//! When people expect an incident to be over (`E3`). It is somebody's estimate and no target: nothing
//! is measured against it and nobody is asked when it passes.

use jiff::{SignedDuration, Timestamp};

/// The furthest that anybody estimates ahead.
pub const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When somebody expects it to be over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// When it may be over.
    pub over_at: Timestamp,
    /// Who says so.
    pub by: String,
    /// When they said so.
    pub at: Timestamp,
}
