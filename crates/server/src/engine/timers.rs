//! Timers of incidents: claims those that are due and lets the core decide what happens next.

use jiff::{SignedDuration, Timestamp};
use muster_core::engine::lease;
use muster_core::id::IncidentId;
use muster_core::incident::lifecycle::{self, Surroundings};
use muster_core::incident::timeline::Actor;
use muster_store::incident::incident as store_incident;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx};

use super::Found;
use crate::app::App;
use crate::app::incident::facts;
use crate::app::incident::record::{self, Before};
use crate::clock::Clock;

/// The most timers of one claim.
const CLAIM_MAX: i64 = 64;
/// How often work that gave way to somebody else's is done again at once.
const GIVE_WAY_MAX: u32 = 4;
/// How long a timer that cannot be handled is put off.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(10);

/// Claims and handles what is due.
///
/// # Errors
/// When the store does not answer.
pub async fn step(app: App) -> anyhow::Result<Found> {
    let now = app.now();
    if !may_claim(&app, now).await? {
        return Ok(Found::Nothing(None));
    }
    app.refresh().await?;
    // Most wake-ups bring nothing, and looking takes no turn from those who write.
    if !timer::is_due(&app.db.urgent(), Kind::Incident, now).await? {
        return Ok(Found::Nothing(timer::earliest(&app.db.urgent(), Kind::Incident).await?));
    }
    let mut tx = app.db.begin(Lane::Command).await?;
    let claimed = timer::claim(&mut tx, Kind::Incident, now, CLAIM_MAX).await?;
    if claimed.is_empty() {
        drop(tx);
        return Ok(Found::Nothing(timer::earliest(&app.db.urgent(), Kind::Incident).await?));
    }
    tx.commit().await?;
    for timer in &claimed {
        let mut outcome = fire(&app, timer, now).await;
        for _ in 0..GIVE_WAY_MAX {
            match outcome {
                Err(StoreError::GaveWay { .. }) => outcome = fire(&app, timer, now).await,
                _ => break,
            }
        }
        if let Err(error) = outcome {
            tracing::error!(incident = %IncidentId(timer.id), "a timer was put off: {error}");
            metrics::counter!("muster_timers_put_off_total").increment(1);
            put_off(&app, timer, now).await?;
        }
    }
    app.wake.all();
    Ok(Found::Work)
}

/// Whether this node may claim anything: not while the installation is held after a restore, and not
/// while its clock is too far from the database's.
pub(crate) async fn may_claim(app: &App, now: Timestamp) -> Result<bool, StoreError> {
    if muster_store::setting::is_held(&app.db.urgent()).await? {
        return Ok(false);
    }
    let behind = match app.clock {
        Clock::System => app.db.urgent().now_skew(now).await?,
        Clock::Simulated { ahead, .. } => -ahead,
    };
    let may = lease::may_claim(now, now.saturating_add(behind).unwrap_or(now));
    if !may {
        tracing::error!(
            "this node's clock differs from the database's by {behind:#}; it claims nothing"
        );
    }
    Ok(may)
}

async fn fire(app: &App, timer: &Claimed, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = app.db.begin(Lane::Command).await?;
    // First the incident, then its timer, as everybody locks them: somebody may just be answering.
    let id = IncidentId(timer.id);
    let incident = store_incident::lock(&mut tx, id).await?;
    if !timer::still_held(&mut tx, Kind::Incident, timer).await? {
        return Ok(());
    }
    let Some(incident) = incident else {
        timer::clear(&mut tx, Kind::Incident, &[timer.id]).await?;
        return tx.commit().await;
    };
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let facts = facts::load(&mut tx, directory, &incident).await?;
    let around = Surroundings::new(directory, &incident, incident.severity, &facts, now)
        .ok_or(StoreError::Missing)?;
    let decision = lifecycle::timer_fired(&incident, &around, now);
    let before = Before::Version(incident.version);
    record::record(app, &mut tx, directory, before, &decision, &Actor::System, now).await?;
    tx.commit().await
}

async fn put_off(app: &App, timer: &Claimed, now: Timestamp) -> Result<(), StoreError> {
    let mut tx: Tx = app.db.begin(Lane::Command).await?;
    let later = now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
    if timer::finish(&mut tx, Kind::Incident, timer, Some(later)).await? {
        tx.commit().await?;
    }
    Ok(())
}
