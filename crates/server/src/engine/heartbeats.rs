//! Heartbeat monitors as a stage: looks at those that should have been heard of by now.

use jiff::{SignedDuration, Timestamp};
use muster_core::id::HeartbeatId;
use muster_store::alerting::heartbeat;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError};

use super::Found;
use crate::app::App;

/// The most monitors of one claim.
const CLAIM_MAX: i64 = 64;
/// How long a monitor that cannot be looked at is put off.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(10);

/// Looks at monitors whose instant has come.
///
/// # Errors
/// When the store does not answer.
pub async fn step(app: App) -> anyhow::Result<Found> {
    let now = app.now();
    if !super::timers::may_claim(&app, now).await? {
        return Ok(Found::Nothing(None));
    }
    app.refresh().await?;
    count_from_now(&app, now).await?;
    if !timer::is_due(&app.db.urgent(), Kind::Heartbeat, now).await? {
        return Ok(Found::Nothing(timer::earliest(&app.db.urgent(), Kind::Heartbeat).await?));
    }
    let mut tx = app.db.begin(Lane::Accept).await?;
    let claimed = timer::claim(&mut tx, Kind::Heartbeat, now, CLAIM_MAX).await?;
    tx.commit().await?;
    for timer in &claimed {
        if let Err(error) = look_at(&app, timer, now).await {
            tracing::error!(heartbeat = %HeartbeatId(timer.id), "a monitor was put off: {error}");
            let later = now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
            let mut tx = app.db.begin(Lane::Accept).await?;
            if timer::finish(&mut tx, Kind::Heartbeat, timer, Some(later)).await? {
                tx.commit().await?;
            }
        }
    }
    app.wake.all();
    Ok(Found::Work)
}

/// A source that was never heard of is waited for from now on.
async fn count_from_now(app: &App, now: Timestamp) -> Result<(), StoreError> {
    let snapshot = app.snapshot();
    let mut sources = snapshot.directory.heartbeats.iter().filter(|monitor| monitor.is_source);
    if sources.clone().next().is_none() {
        return Ok(());
    }
    let rows = heartbeat::all(&app.db).await?;
    let Some(monitor) = sources.find(|monitor| rows.iter().all(|row| row.id != monitor.id.0))
    else {
        return Ok(());
    };
    let mut tx = app.db.begin(Lane::Accept).await?;
    if heartbeat::lock(&mut tx, monitor.id).await?.is_none() {
        app.source_heard(&mut tx, monitor, now).await?;
    }
    tx.commit().await
}

async fn look_at(app: &App, timer: &Claimed, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = app.db.begin(Lane::Accept).await?;
    let id = HeartbeatId(timer.id);
    let snapshot = app.snapshot();
    let monitor = snapshot.directory.heartbeats.iter().find(|monitor| monitor.id == id);
    // First the monitor, then its timer, as a ping locks them.
    heartbeat::lock(&mut tx, id).await?;
    if !timer::still_held(&mut tx, Kind::Heartbeat, timer).await? {
        return Ok(());
    }
    match monitor {
        Some(monitor) => app.look_at(&mut tx, monitor, now).await?,
        // It is no longer configured.
        None => timer::clear(&mut tx, Kind::Heartbeat, &[timer.id]).await?,
    }
    tx.commit().await
}
