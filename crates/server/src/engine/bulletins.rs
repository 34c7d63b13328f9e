//! Telling those outside who subscribed to a status page (`U5`): some of them in each transaction,
//! each message a delivery of its own with its own tries. They have a stage of their own, so that
//! however many there are, no incident waits for them.

use jiff::{SignedDuration, Timestamp};
use muster_store::Lane;
use muster_store::timer::{self, Kind};

use super::{Found, timers};
use crate::app::App;

/// How long an update that cannot be told is put off.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(30);

/// Tells the next subscribers of one update.
///
/// # Errors
/// When the store does not answer.
pub async fn step(app: App) -> anyhow::Result<Found> {
    let now = app.now();
    if !timers::may_claim(&app, now).await? {
        return Ok(Found::Nothing(None));
    }
    if !timer::is_due(&app.db, Kind::Bulletin, now).await? {
        return Ok(Found::Nothing(timer::earliest(&app.db, Kind::Bulletin).await?));
    }
    app.refresh().await?;
    let mut tx = app.db.begin(Lane::Outbox).await?;
    let claimed = timer::claim(&mut tx, Kind::Bulletin, now, 1).await?;
    tx.commit().await?;
    let Some(claimed) = claimed.first() else {
        return Ok(Found::Nothing(timer::earliest(&app.db, Kind::Bulletin).await?));
    };
    if let Err(error) = app.tell_subscribers(claimed).await {
        tracing::error!(update = %claimed.id, "subscribers wait: {error}");
        metrics::counter!("muster_timers_put_off_total").increment(1);
        let later = now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
        let mut tx = app.db.begin(Lane::Outbox).await?;
        if timer::finish(&mut tx, Kind::Bulletin, claimed, Some(later)).await? {
            tx.commit().await?;
        }
    }
    app.wake.all();
    Ok(Found::Work)
}
