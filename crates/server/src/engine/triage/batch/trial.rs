//! What would hold an alert back that began now, for the workbench: the same questions as in triage,
//! over what is in force, and nothing is written.

use std::sync::Arc;

use jiff::Timestamp;
use muster_core::alerting::guard::Record;
use muster_core::alerting::hold::Hold;
use muster_core::alerting::signal::Signal;
use muster_core::alerting::triage;
use muster_core::id::AlertId;
use muster_core::org::directory::Directory;
use muster_store::alerting::{alert, maintenance};
use muster_store::{StoreError, Tx};
use uuid::Uuid;

use super::case::Case;
use super::quiet::{self, Quiet};
use crate::app::snapshot::Inlet;

/// For each of these signals what would hold an alert back that it opened at `now`; a signal that
/// belongs to no service has nothing.
///
/// # Errors
/// When the store cannot be read.
pub async fn holds(
    tx: &mut Tx,
    directory: &Directory,
    inlet: &Arc<Inlet>,
    signals: &[Signal],
    now: Timestamp,
) -> Result<Vec<Option<Hold>>, StoreError> {
    let case = |signal: &Signal| {
        let route = triage::route(directory, &inlet.integration, signal)?;
        Some(Case {
            inlet: Some(Arc::clone(inlet)),
            integration: inlet.integration.id,
            received_at: now,
            signal: signal.clone(),
            service: route.service,
            rated: triage::classify(route.service, &inlet.integration, signal, now),
        })
    };
    let cases: Vec<Option<Case<'_>>> = signals.iter().map(case).collect();
    let known: Vec<_> = cases.iter().flatten().collect();
    let keys: Vec<_> = known.iter().map(|case| case.key()).collect();
    let latest = alert::latest(tx, &keys).await?;
    let before: Vec<_> = latest.iter().map(|(_, alert)| alert.id).collect();
    let windows = maintenance::seen_in_force(tx, now).await?;
    let quiet = Quiet::load(tx, directory, &known, &before, windows).await?;
    let judged = cases.iter().map(|case| {
        let case = case.as_ref()?;
        let previous = latest.iter().find(|(key, _)| *key == case.key());
        let record = previous.and_then(|(_, alert)| quiet.record(alert.id));
        let firings = record.map(|record| record.firings.clone()).unwrap_or_default();
        let firings = quiet::remember(case, firings, now);
        let record = Record { first_at: now, firings: &firings };
        // Newer than every alert there is, so that any of them may be its cause.
        quiet.hold(directory, case, AlertId(Uuid::max()), record, now)
    });
    Ok(judged.collect())
}
