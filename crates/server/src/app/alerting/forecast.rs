//! What recorded alerts would have done under a configuration (`D8`), and what shadow mode has
//! recorded.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use muster_core::alerting::forecast::{self, Past, ShiftPages, WouldBe};
use muster_core::alerting::triage;
use muster_core::id::{IntegrationId, ServiceId};
use muster_core::incident::restriction::Viewer;
use muster_store::StoreError;
use muster_store::alerting::alert::{self, AlertRow};

use crate::app::{App, Snapshot};

/// The most recorded alerts that a forecast looks at.
pub const ALERTS_MAX: i64 = 20_000;
/// The longest time that a forecast looks over.
pub const SPAN_MAX: SignedDuration = SignedDuration::from_hours(92 * 24);
/// How far back a forecast looks unless told otherwise.
pub const SPAN_DEFAULT: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What recorded alerts would have done.
#[derive(Debug, Clone)]
pub struct Forecast {
    /// How many alerts were looked at.
    pub alerts: usize,
    /// Whether there were more of them.
    pub is_cut: bool,
    /// The incidents they would have opened, the oldest first.
    pub incidents: Vec<WouldBe>,
    /// The shifts of the services' schedules, with their pages.
    pub shifts: Vec<ShiftPages>,
}

impl App {
    /// What the alerts of a time would have done under `snapshot`, those of one service alone where
    /// one is given.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forecast(
        &self,
        viewer: &Viewer,
        snapshot: &Snapshot,
        service: Option<ServiceId>,
        span: (Timestamp, Timestamp),
    ) -> Result<Forecast, StoreError> {
        let rows = alert::began_within(&self.db, viewer, &[], span, ALERTS_MAX).await?;
        let is_cut = i64::try_from(rows.len()).is_ok_and(|count| count == ALERTS_MAX);
        let signals: Vec<_> = rows.iter().map(AlertRow::signal).collect();
        let past: Vec<_> = rows
            .iter()
            .zip(&signals)
            .filter_map(|(row, signal)| {
                let inlet = snapshot.inlet(IntegrationId(row.integration_id))?;
                let directory = &snapshot.directory;
                let first_at = Timestamp::from_microsecond(row.first_at).ok()?;
                let route = triage::route(directory, &inlet.integration, signal)?;
                if service.is_some_and(|wanted| wanted != route.service.id) {
                    return None;
                }
                let rated = triage::classify(route.service, &inlet.integration, signal, first_at);
                let over_at = row.resolved_at.and_then(|at| Timestamp::from_microsecond(at).ok());
                let (service, count) = (route.service, row.count);
                Some(Past { service, rated, signal, first_at, over_at, count })
            })
            .collect();
        let incidents = forecast::incidents(&snapshot.directory, &past);
        let services: BTreeSet<_> = match service {
            Some(service) => BTreeSet::from([service]),
            None => past.iter().map(|alert| alert.service.id).collect(),
        };
        let services: Vec<_> = services.into_iter().collect();
        let shifts = forecast::by_shift(&snapshot.directory, &incidents, &services, span);
        Ok(Forecast { alerts: past.len(), is_cut, incidents, shifts })
    }
}
