//! What else was open while an incident lasted (`L8`).

use jiff::SignedDuration;
use muster_core::incident::concurrent::{Nearness, by_nearness};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::Viewer;
use muster_store::StoreError;
use muster_store::incident::incident as store_incident;

use crate::app::App;

/// The most that are told.
const CONCURRENT_MAX: i64 = 100;
/// How long before an incident another one that it meets may have been noticed.
const NOTICED_BEFORE_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Another incident at the same time.
#[derive(Debug, Clone)]
pub struct Concurrent {
    /// Which.
    pub incident: Incident,
    /// How near its service is.
    pub nearness: Nearness,
    /// How many steps away its service is, where something connects them.
    pub steps: Option<usize>,
}

impl App {
    /// Other incidents that the viewer sees and that were open at some instant of this one, up to
    /// now: the nearest first, then the newest. At most [`CONCURRENT_MAX`], and none that was noticed
    /// more than 30 days before.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn concurrent(
        &self,
        viewer: &Viewer,
        of: &Incident,
    ) -> Result<Vec<Concurrent>, StoreError> {
        let stamps = of.stamps;
        let now = self.now();
        let began = [stamps.occurred_at, stamps.detected_at].into_iter().flatten().min();
        let from = began.unwrap_or(now);
        let to = stamps.resolved_at.unwrap_or(now);
        let since = from.saturating_sub(NOTICED_BEFORE_MAX).unwrap_or(jiff::Timestamp::MIN);
        let period = (from, to, since);
        let others =
            store_incident::concurrent(&self.db, viewer, of, period, CONCURRENT_MAX).await?;
        let snapshot = self.snapshot();
        let placed = by_nearness(&snapshot.directory, of.service, others, |other| other.service);
        let concurrent = placed.into_iter().map(|(incident, nearness, steps)| Concurrent {
            incident,
            nearness,
            steps,
        });
        Ok(concurrent.collect())
    }
}
