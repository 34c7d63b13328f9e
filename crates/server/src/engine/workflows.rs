//! Workflows as a stage (`T7`): does the runs that wait. One that the store refuses is tried again
//! later; it never holds up an incident.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use muster_store::Lane;
use muster_store::timer::{self, Kind};

use super::Found;
use crate::app::App;

/// The most runs that are done at the same time.
const CLAIM_MAX: i64 = 8;
/// How long a run that cannot be done is put off.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(30);

/// Does every run that waits.
///
/// # Errors
/// When the store does not answer.
pub async fn step(app: App) -> anyhow::Result<Found> {
    let now = app.now();
    if !super::timers::may_claim(&app, now).await? {
        return Ok(Found::Nothing(None));
    }
    if !timer::is_due(&app.db, Kind::Workflow, now).await? {
        return Ok(Found::Nothing(timer::earliest(&app.db, Kind::Workflow).await?));
    }
    app.refresh().await?;
    let mut tx = app.db.begin(Lane::Outbox).await?;
    let claimed = timer::claim(&mut tx, Kind::Workflow, now, CLAIM_MAX).await?;
    tx.commit().await?;
    let outcomes = join_all(claimed.iter().map(|claimed| app.run_workflow(claimed))).await;
    for (claimed, outcome) in claimed.iter().zip(outcomes) {
        let Err(error) = outcome else { continue };
        tracing::error!(run = %claimed.id, "a workflow was put off: {error}");
        metrics::counter!("muster_timers_put_off_total").increment(1);
        let later = now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
        let mut tx = app.db.begin(Lane::Outbox).await?;
        if timer::finish(&mut tx, Kind::Workflow, claimed, Some(later)).await? {
            tx.commit().await?;
        }
    }
    app.wake.all();
    Ok(Found::Work)
}
