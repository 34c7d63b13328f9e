//! An alert: one trouble of one integration, from its first signal to its recovery (`D2`).

use jiff::Timestamp;

use crate::id::{AlertId, IncidentId};

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertStatus {
    /// The trouble goes on.
    Open,
    /// It is over.
    Resolved,
}

names!(AlertStatus { Open = "open", Resolved = "resolved" });

/// The newest alert with a given key, as far as triage needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    /// The alert.
    pub id: AlertId,
    /// Where it stands.
    pub status: AlertStatus,
    /// The incident it belongs to; informational alerts have none.
    pub incident: Option<IncidentId>,
    /// When the newest signal about it was received.
    pub last_at: Timestamp,
}
