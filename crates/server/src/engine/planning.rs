//! Planning as time passes: who was on call is written down at every change, and whatever else
//! waits for a shift to begin or end happens here. A change of plan is noticed by its revision; up
//! to that moment, the old plan is what is written down. What time makes of changes happens here too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use muster_core::id::ScheduleId;
use muster_core::oncall::handoff;
use muster_core::oncall::schedule::{Schedule, next_change};
use muster_core::org::directory::Directory;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx};

use super::{Found, timers};
use crate::app::oncall::record;
use crate::app::{App, Snapshot};

/// The most timers of one claim.
const CLAIM_MAX: i64 = 64;
/// How long a timer that cannot be handled is put off.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(30);

/// The stage, with the plan that it last worked by.
#[derive(Clone, Default)]
pub struct Planning {
    plan: Arc<Mutex<Option<Arc<Snapshot>>>>,
}

impl Planning {
    /// Follows a change of plan, and handles what is due.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn step(self, app: App) -> anyhow::Result<Found> {
        if !timers::may_claim(&app, app.now()).await? {
            return Ok(Found::Nothing(None));
        }
        app.refresh().await?;
        if self.follow(&app).await? {
            return Ok(Found::Work);
        }
        let mut next = None;
        for kind in Kind::OF_PLANNING.into_iter().filter(|kind| *kind != Kind::Feed) {
            match due(&app, kind).await? {
                Found::Work => return Ok(Found::Work),
                Found::Nothing(at) => next = next.into_iter().chain(at).min(),
            }
        }
        Ok(Found::Nothing(next))
    }

    /// After a change of plan: what was, was by the old one, and the next change is another. Says
    /// whether there was one.
    async fn follow(&self, app: &App) -> Result<bool, StoreError> {
        let fresh = app.snapshot();
        let old = self.plan.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if old.as_ref().is_some_and(|old| old.directory.revision == fresh.directory.revision) {
            return Ok(false);
        }
        let now = app.now();
        let mut tx = app.db.begin(Lane::Command).await?;
        let mut written = HashMap::new();
        for schedule in old.iter().flat_map(|old| old.directory.schedules.iter()) {
            written.insert(schedule.id, record::write(&mut tx, schedule, now).await?);
        }
        let directory = &fresh.directory;
        for schedule in directory.schedules.iter() {
            // Nothing to do for one of the old plan; for a new one this is where its record begins,
            // and what passed before this process began is as the plan says now.
            let fresh_since = record::write(&mut tx, schedule, now).await?;
            let since = written.get(&schedule.id).copied().unwrap_or(fresh_since);
            pass_on(app, &mut tx, directory, schedule, since, now).await?;
            match attention_at(directory, schedule, now) {
                Some(at) => timer::expect(&mut tx, Kind::Schedule, schedule.id.0, at, now).await?,
                None => timer::clear(&mut tx, Kind::Schedule, &[schedule.id.0]).await?,
            }
        }
        // What followed a schedule and does no more is let go of by the same stage.
        let dropped = old.iter().flat_map(|old| old.directory.mirrors.keys());
        for id in dropped.chain(directory.mirrors.keys()) {
            timer::expect(&mut tx, Kind::Mirror, id.0, now, now).await?;
        }
        tx.commit().await?;
        app.wake.mirrors.notify_one();
        app.follows(fresh.directory.revision);
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok(true)
    }
}

/// Reads calendars that are due: a stage of its own, since their servers may take long to answer.
///
/// # Errors
/// When the store does not answer.
pub async fn read_feeds(app: App) -> anyhow::Result<Found> {
    if !timers::may_claim(&app, app.now()).await? {
        return Ok(Found::Nothing(None));
    }
    app.refresh().await?;
    due(&app, Kind::Feed).await
}

/// Handles what is due of one kind.
async fn due(app: &App, kind: Kind) -> anyhow::Result<Found> {
    let now = app.now();
    if !timer::is_due(&app.db, kind, now).await? {
        return Ok(Found::Nothing(timer::earliest(&app.db, kind).await?));
    }
    let mut tx = app.db.begin(Lane::Command).await?;
    // A lease outlasts one slow server, not many of them.
    let limit = if kind == Kind::Feed { 1 } else { CLAIM_MAX };
    let claimed = timer::claim(&mut tx, kind, now, limit).await?;
    if claimed.is_empty() {
        drop(tx);
        return Ok(Found::Nothing(timer::earliest(&app.db, kind).await?));
    }
    tx.commit().await?;
    for timer in &claimed {
        if let Err(error) = fire(app, kind, timer, now).await {
            tracing::error!(id = %timer.id, "planning was put off: {error}");
            metrics::counter!("muster_timers_put_off_total").increment(1);
            let later = now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
            let mut tx = app.db.begin(Lane::Command).await?;
            if timer::finish(&mut tx, kind, timer, Some(later)).await? {
                tx.commit().await?;
            }
        }
    }
    app.wake.all();
    Ok(Found::Work)
}

async fn fire(app: &App, kind: Kind, timer: &Claimed, now: Timestamp) -> Result<(), StoreError> {
    match kind {
        Kind::Schedule => schedule(app, timer, now).await,
        Kind::Request => {
            let snapshot = app.snapshot();
            app.request_due(timer, &snapshot.directory).await
        }
        Kind::Handoff => {
            let snapshot = app.snapshot();
            app.handoff_due(timer, &snapshot.directory).await
        }
        Kind::Change => {
            let snapshot = app.snapshot();
            app.change_due(timer, &snapshot.directory).await
        }
        Kind::ChangeDigest => {
            let snapshot = app.snapshot();
            app.change_digest_due(timer, &snapshot.directory).await
        }
        Kind::Feed => app.feed_due(timer).await,
        _ => {
            let mut tx = app.db.begin(Lane::Command).await?;
            timer::finish(&mut tx, kind, timer, None).await?;
            tx.commit().await
        }
    }
}

/// Who is on call changes: what was is written down.
async fn schedule(app: &App, timer: &Claimed, now: Timestamp) -> Result<(), StoreError> {
    let snapshot = app.snapshot();
    let mut tx = app.db.begin(Lane::Command).await?;
    let Some(schedule) = snapshot.directory.schedules.get(ScheduleId(timer.id)) else {
        timer::finish(&mut tx, Kind::Schedule, timer, None).await?;
        return tx.commit().await;
    };
    let directory = &snapshot.directory;
    let since = record::write(&mut tx, schedule, now).await?;
    pass_on(app, &mut tx, directory, schedule, since, now).await?;
    let next = attention_at(directory, schedule, now);
    if timer::finish(&mut tx, Kind::Schedule, timer, next).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// What one shift tells the next, where the schedule asks for it. `since` is when this was last
/// looked at.
async fn pass_on(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    schedule: &Schedule,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    if directory.handoffs.contains(&schedule.id) {
        app.hand_over(tx, directory, schedule, since, now).await?;
    }
    Ok(())
}

/// When a schedule next needs attention.
fn attention_at(directory: &Directory, schedule: &Schedule, now: Timestamp) -> Option<Timestamp> {
    if directory.handoffs.contains(&schedule.id) {
        handoff::attention_at(schedule, now)
    } else {
        next_change(schedule, now)
    }
}
