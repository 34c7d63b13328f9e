//! Triage as a stage: takes accepted messages in order of receipt, asks the core what each signal
//! is, and commits alerts, incidents and pages for many of them at once. One node holds the lease
//! for it, so that the order of receipt is the order of triage. A message that cannot be digested
//! is set aside and never blocks the rest.

use jiff::{SignedDuration, Timestamp};
use muster_core::id::MessageId;
use muster_store::inbox::{self, MessageRow};
use muster_store::{Lane, StoreError, Tx, event, lease};

use super::Found;
use crate::app::App;

mod batch;
mod read;

pub use read::{Reading, Request, read};

/// The name of the lease.
const LEASE: &str = "triage";
/// How long the lease is held without being renewed.
const LEASE_LENGTH: SignedDuration = SignedDuration::from_secs(15);
/// The most messages of one commit.
const BATCH_MESSAGES_MAX: i64 = 256;

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
    match digest(&app, BATCH_MESSAGES_MAX, now).await {
        Ok(Digested::Some) => {
            app.wake.all();
            Ok(Found::Work)
        }
        Ok(Digested::None) => Ok(Found::Nothing(None)),
        Ok(Digested::NotOurs(until)) => Ok(Found::Nothing(Some(until))),
        // The store is away: nothing is wrong with the messages.
        Err(error @ (StoreError::Unavailable { .. } | StoreError::CommitUnknown)) => {
            Err(error.into())
        }
        Err(error) => {
            tracing::warn!("a batch failed and is taken message by message: {error}");
            one_by_one(&app, now).await?;
            app.wake.all();
            Ok(Found::Work)
        }
    }
}

enum Digested {
    Some,
    None,
    NotOurs(Timestamp),
}

async fn digest(app: &App, limit: i64, now: Timestamp) -> Result<Digested, StoreError> {
    let mut tx = app.db.begin(Lane::Triage).await?;
    let Some(fence) = lease::claim(&mut tx, LEASE, app.node, now, LEASE_LENGTH).await? else {
        let until = now.saturating_add(LEASE_LENGTH).unwrap_or(Timestamp::MAX);
        return Ok(Digested::NotOurs(until));
    };
    let rows = inbox::pending(&mut tx, limit).await?;
    if rows.is_empty() {
        return Ok(Digested::None);
    }
    batch::digest(app, &mut tx, &rows, now).await?;
    if !lease::guard(&mut tx, LEASE, app.node, fence).await? {
        return Err(StoreError::Conflict { constraint: "triage_lease".to_owned() });
    }
    let drained = i64::try_from(rows.len()).is_ok_and(|taken| taken < limit);
    if drained {
        // Whichever node is woken next takes it; nobody waits for the lease to run out.
        lease::release(&mut tx, LEASE, app.node, fence).await?;
    }
    tx.commit().await?;
    metrics::counter!("muster_messages_triaged_total").increment(rows.len() as u64);
    Ok(Digested::Some)
}

/// The oldest message alone; if it fails again, it is the one to set aside.
async fn one_by_one(app: &App, now: Timestamp) -> Result<(), StoreError> {
    match digest(app, 1, now).await {
        Err(StoreError::Unavailable { .. } | StoreError::CommitUnknown) | Ok(_) => Ok(()),
        Err(error) => {
            let mut tx = app.db.begin(Lane::Triage).await?;
            let rows = inbox::pending(&mut tx, 1).await?;
            if let Some(row) = rows.first() {
                set_aside(app, &mut tx, row, &error.to_string(), now).await?;
            }
            tx.commit().await
        }
    }
}

async fn set_aside(
    app: &App,
    tx: &mut Tx,
    row: &MessageRow,
    error: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = MessageId(row.id);
    tracing::error!(message = %id, "a message was set aside: {error}");
    metrics::counter!("muster_messages_set_aside_total").increment(1);
    inbox::set_aside(tx, id, error).await?;
    let news = event::NewEvent {
        kind: "message.failed".to_owned(),
        incident_number: None,
        subject: id.to_string(),
    };
    event::tell(tx, now, &[news]).await?;
    app.wake.stream.notify_waiters();
    Ok(())
}
