//! Triage as a stage: takes accepted messages in order of receipt, asks the core what each signal
//! is, and commits alerts, incidents and pages for many of them at once. One node holds the lease
//! for it, so that the order of receipt is the order of triage. A message that cannot be digested
//! is set aside and never blocks the rest.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::{AlertId, MessageId};
use muster_store::inbox;
use muster_store::{Lane, StoreError, Tx, event, lease, timer};
use uuid::Uuid;

use super::Found;
use crate::app::App;

mod batch;
mod read;

pub use batch::holds;
pub(crate) use batch::quiet;
pub use read::{Reading, Request, read};

/// The name of the lease.
const LEASE: &str = "triage";
/// How long the lease is held without being renewed.
const LEASE_LENGTH: SignedDuration = SignedDuration::from_secs(15);
/// The most alerts that one commit looks at again.
const DUE_MAX: i64 = 250;
/// How long an alert that cannot be looked at is put off.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(10);
/// The most messages of one commit.
const BATCH_MESSAGES_MAX: i64 = 1_000;
/// While messages keep coming in, triage rests so many times as long as a batch took that opened
/// nothing.
const REST_FACTOR: u32 = 4;
/// But never longer than this.
const REST_MAX: Duration = Duration::from_millis(100);
/// How much of message bodies one commit takes at most, in bytes; one message always fits.
const BATCH_BYTES_MAX: i64 = 2 * 1024 * 1024;

/// Takes the oldest messages through triage.
///
/// # Errors
/// When the store does not answer.
pub async fn step(app: App) -> anyhow::Result<Found> {
    let now = app.now();
    if !super::timers::may_claim(&app, now).await? {
        return Ok(Found::Nothing(None));
    }
    app.refresh().await?;
    let looked_again = look_again(&app, now).await?;
    let (began, accepted) = (Instant::now(), app.wake.accepted_so_far());
    match digest(&app, None, now).await {
        Ok(Digested::Some(done)) => {
            app.wake.all();
            // What opens an incident pages somebody and does not wait. What joins one can: accepting
            // comes first then, and what comes together is cheaper than what comes alone.
            if done.opened == 0 && app.wake.accepted_so_far() != accepted {
                tokio::time::sleep((began.elapsed() * REST_FACTOR).min(REST_MAX)).await;
            }
            Ok(Found::Work)
        }
        Ok(Digested::None) if looked_again => Ok(Found::Work),
        Ok(Digested::None) => {
            Ok(Found::Nothing(timer::earliest(&app.db.urgent(), timer::Kind::Alert).await?))
        }
        Ok(Digested::NotOurs(until)) => Ok(Found::Nothing(Some(until))),
        Err(Trouble::Store(StoreError::GaveWay { .. })) => Ok(Found::Work),
        // The store is away: nothing is wrong with the messages.
        Err(Trouble::Store(error)) if error.is_transient() => Err(error.into()),
        Err(trouble) => {
            tracing::warn!("a batch failed and is taken message by message: {trouble}");
            let outcome = one_by_one(&app, now).await;
            app.wake.all();
            outcome?;
            Ok(Found::Work)
        }
    }
}

/// Looks at alerts again whose instant has come, in their place in the order of receipt: none is
/// looked at as of an instant before which messages still wait. Says whether there were any.
async fn look_again(app: &App, now: Timestamp) -> anyhow::Result<bool> {
    if !timer::is_due(&app.db.urgent(), timer::Kind::Alert, now).await? {
        return Ok(false);
    }
    let trouble = match reconsider(app, None, now).await {
        Ok(found) => return Ok(found),
        Err(Trouble::Store(StoreError::GaveWay { .. })) => return Ok(true),
        Err(Trouble::Store(error)) if error.is_transient() => return Err(error.into()),
        Err(trouble) => trouble,
    };
    tracing::warn!("alerts that are due failed and are taken one by one: {trouble}");
    let mut tx = app.db.urgent().snapshot().await?;
    let due = timer::due(&mut tx, timer::Kind::Alert, now, DUE_MAX).await?;
    drop(tx);
    for id in due {
        match reconsider(app, Some(id), now).await {
            Ok(_) | Err(Trouble::Store(StoreError::GaveWay { .. })) => {}
            Err(Trouble::Store(error)) if error.is_transient() => return Err(error.into()),
            Err(trouble) => {
                tracing::error!(alert = %AlertId(id), "an alert was put off: {trouble}");
                metrics::counter!("muster_timers_put_off_total").increment(1);
                let later = now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
                let mut tx = app.db.begin(Lane::Triage).await?;
                timer::put_off(&mut tx, timer::Kind::Alert, id, later, now).await?;
                tx.commit().await?;
            }
        }
    }
    Ok(true)
}

/// Looks at the alerts that are due again, or only at the one; says whether there were any.
async fn reconsider(app: &App, only: Option<Uuid>, now: Timestamp) -> Result<bool, Trouble> {
    let mut tx = app.db.begin(Lane::Triage).await?;
    let Some(fence) = lease::claim(&mut tx, LEASE, app.node, now, LEASE_LENGTH).await? else {
        return Ok(false);
    };
    let waiting_since = inbox::oldest_pending(&mut tx).await?;
    let at = waiting_since.map_or(now, |since| since.min(now));
    let due = match only {
        Some(id) => vec![id],
        None => timer::due(&mut tx, timer::Kind::Alert, at, DUE_MAX).await?,
    };
    if due.is_empty() {
        return Ok(false);
    }
    let work = AssertUnwindSafe(batch::reconsider(app, &mut tx, &due, at)).catch_unwind();
    work.await.map_err(|_| Trouble::Panic)??;
    lease::release(&mut tx, LEASE, app.node, fence).await?;
    tx.commit().await?;
    app.wake.all();
    Ok(true)
}

enum Digested {
    Some(batch::Done),
    None,
    NotOurs(Timestamp),
}

/// Why a batch failed.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("triage failed on it, which is a mistake in this program")]
    Panic,
}

impl Trouble {
    /// Whether a message that fails like this will never pass.
    fn blames_the_message(&self) -> bool {
        match self {
            Self::Store(error) => error.blames_the_data(),
            Self::Panic => true,
        }
    }
}

/// Digests the oldest messages, or only the one. The lease is given up with every commit, so that a
/// node that dies holds up nobody; while a batch lasts, the others wait for the lease's row.
async fn digest(app: &App, only: Option<MessageId>, now: Timestamp) -> Result<Digested, Trouble> {
    let mut tx = app.db.begin(Lane::Triage).await?;
    let Some(fence) = lease::claim(&mut tx, LEASE, app.node, now, LEASE_LENGTH).await? else {
        let until = now.saturating_add(LEASE_LENGTH).unwrap_or(Timestamp::MAX);
        return Ok(Digested::NotOurs(until));
    };
    let rows = match only {
        Some(id) => inbox::pending_one(&mut tx, id).await?.into_iter().collect(),
        None => inbox::pending(&mut tx, BATCH_MESSAGES_MAX, BATCH_BYTES_MAX).await?,
    };
    if rows.is_empty() {
        return Ok(Digested::None);
    }
    // Waiting for the writer takes time, and nothing is decided before it was received.
    let now = app.now();
    let work = AssertUnwindSafe(batch::digest(app, &mut tx, &rows, now)).catch_unwind();
    let done = work.await.map_err(|_| Trouble::Panic)??;
    lease::release(&mut tx, LEASE, app.node, fence).await?;
    tx.commit().await?;
    metrics::counter!("muster_messages_triaged_total").increment(done.messages as u64);
    Ok(Digested::Some(done))
}

/// Every message that waits, each alone. One that fails where another passes is at fault itself
/// and set aside. Where none passes the store is at fault, unless it says otherwise, and all of them
/// go on waiting.
async fn one_by_one(app: &App, now: Timestamp) -> Result<(), Trouble> {
    let mut passed = false;
    let mut failed = Vec::new();
    for id in inbox::pending_ids(&app.db, BATCH_MESSAGES_MAX).await? {
        match digest(app, Some(id), now).await {
            Ok(Digested::Some(_)) => passed = true,
            Ok(Digested::None) => {}
            Ok(Digested::NotOurs(_)) => break,
            Err(Trouble::Store(error)) if error.is_transient() => return Err(error.into()),
            Err(trouble) => failed.push((id, trouble)),
        }
    }
    let mut waits = None;
    for (id, trouble) in failed {
        if !passed && !trouble.blames_the_message() {
            waits = Some(trouble);
            continue;
        }
        let mut tx = app.db.begin(Lane::Triage).await?;
        set_aside(app, &mut tx, id, &trouble.to_string(), now).await?;
        tx.commit().await?;
    }
    waits.map_or(Ok(()), Err)
}

async fn set_aside(
    app: &App,
    tx: &mut Tx,
    id: MessageId,
    error: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !inbox::set_aside(tx, id, error).await? {
        return Ok(());
    }
    tracing::error!(message = %id, "a message was set aside: {error}");
    metrics::counter!("muster_messages_set_aside_total").increment(1);
    let news = event::NewEvent {
        kind: "message.failed".to_owned(),
        incident_number: None,
        subject: id.to_string(),
    };
    event::tell(tx, now, &[news]).await?;
    app.wake.stream.notify_waiters();
    Ok(())
}
