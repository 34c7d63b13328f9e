//! How the installation watches itself: its own sign of life to somewhere outside, and pages that go
//! all the way to show that the way is open (`D9`).

use jiff::SignedDuration;

use crate::id::{ContactMethodId, HeartbeatId, UserId};

/// How often the sign of life goes out unless told otherwise.
pub const EVERY_DEFAULT: SignedDuration = SignedDuration::from_mins(1);
/// How long a provider may take to accept a canary unless told otherwise.
pub const WITHIN_DEFAULT: SignedDuration = SignedDuration::from_mins(2);

/// How the installation watches itself.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// Where its sign of life goes, while nothing is overdue.
    pub url: Option<String>,
    /// How often.
    pub every: SignedDuration,
    /// Pages that show that the way is open.
    pub canaries: Vec<Canary>,
}

/// A test message to one method of one person, at regular times.
#[derive(Debug, Clone)]
pub struct Canary {
    /// The heartbeat monitor that hears how it went.
    pub monitor: HeartbeatId,
    /// To whom.
    pub user: UserId,
    /// By which method.
    pub method: ContactMethodId,
    /// How often.
    pub every: SignedDuration,
    /// How long the provider may take to accept it.
    pub within: SignedDuration,
}
