//! An alert: one trouble of one integration, from its first signal to its recovery (`D2`).

use jiff::Timestamp;

use crate::alerting::hold::Held;
use crate::id::{AlertId, IncidentId};

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertStatus {
    /// The trouble goes on.
    Open,
    /// The trouble goes on, and a maintenance window or another alert keeps it from paging.
    Suppressed,
    /// It is over.
    Resolved,
}

names!(AlertStatus { Open = "open", Suppressed = "suppressed", Resolved = "resolved" });

impl AlertStatus {
    /// Whether the trouble goes on.
    pub fn is_firing(self) -> bool {
        self != Self::Resolved
    }
}

/// The newest alert with a given key, as far as triage needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    /// The alert.
    pub id: AlertId,
    /// Where it stands.
    pub status: AlertStatus,
    /// The incident it belongs to; alerts that page nobody have none.
    pub incident: Option<IncidentId>,
    /// When the newest signal about it was received.
    pub last_at: Timestamp,
    /// What keeps it, or kept it to its end, from having an incident.
    pub held: Option<Held>,
    /// How often it began again soon after it was over, without a longer rest in between.
    pub flaps: u32,
}
