//! The janitor: seals the audit log and what earlier versions did not, and forgets what need not be kept, in small portions and in the
//! last lane, so that clean-up never starves an escalation.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use muster_store::access::session;
use muster_store::alerting::{cause, shadow};
use muster_store::change::event as change;
use muster_store::incident::subscriber;
use muster_store::oncall::{callback, delivery};
use muster_store::{Lane, StoreError, Tx, audit, event, inbox};

use crate::app::App;
use crate::app::incident::status_page::subscription::UNCONFIRMED_KEPT;
use crate::settings::{CHANGE_EVENTS_KEPT, EVENTS_KEPT, RAW_MESSAGES_KEPT, SHADOWS_KEPT};

/// How long the janitor rests between two rounds, in seconds.
const ROUND_SECONDS: u64 = 60;
/// The most rows that one transaction deletes.
const PORTION_ROWS_MAX: i64 = 1_000;

/// After how many rounds keys and documents that an earlier version stored are sealed: for an hour a node of that
/// version, which could not open them, may still run beside this one during an upgrade.
const SEALS_AFTER_ROUNDS: u32 = 60;

/// How long it is remembered that a provider's call or a delivery of changes was dealt with: longer
/// than any of them repeats one.
const CALLBACKS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Cleans for as long as the server runs.
pub async fn run(app: App) {
    for number in 0_u32.. {
        let work = async {
            round(&app).await?;
            if number == SEALS_AFTER_ROUNDS {
                app.seal_stored_keys().await?;
                app.seal_stored_documents().await?;
            }
            Ok::<_, StoreError>(())
        };
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("the janitor could not finish: {error}"),
            Err(_) => tracing::error!("the janitor panicked"),
        }
        tokio::time::sleep(Duration::from_secs(ROUND_SECONDS)).await;
    }
}

/// One round.
///
/// # Errors
/// When the store does not answer; the next round goes on.
pub async fn round(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    audit::seal(&app.db).await?;
    for what in Old::ALL {
        loop {
            let mut tx = app.db.begin(Lane::Cleanup).await?;
            let gone = what.forget(&mut tx, now).await?;
            tx.commit().await?;
            if gone < PORTION_ROWS_MAX.unsigned_abs() {
                break;
            }
        }
    }
    let mut tx = app.db.begin(Lane::Cleanup).await?;
    event::forget(&mut tx, before(now, EVENTS_KEPT)).await?;
    callback::clean(&mut tx, before(now, CALLBACKS_KEPT)).await?;
    callback::forget_calls(&mut tx, before(now, RAW_MESSAGES_KEPT)).await?;
    subscriber::forget(&mut tx, before(now, UNCONFIRMED_KEPT)).await?;
    session::remove_expired(&mut tx, now, u32::try_from(PORTION_ROWS_MAX).unwrap_or(u32::MAX))
        .await?;
    tx.commit().await
}

/// What may be much, and is forgotten a portion at a time.
#[derive(Debug, Clone, Copy)]
enum Old {
    Messages,
    Causes,
    Shadows,
    LooseDeliveries,
    ChangeEvents,
    ChangeDeliveries,
}

impl Old {
    const ALL: [Self; 6] = [
        Self::Messages,
        Self::Causes,
        Self::Shadows,
        Self::LooseDeliveries,
        Self::ChangeEvents,
        Self::ChangeDeliveries,
    ];

    /// Forgets a portion; says how much it was.
    async fn forget(self, tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
        let of_messages = before(now, RAW_MESSAGES_KEPT);
        match self {
            Self::Messages => inbox::delete_done(tx, of_messages, PORTION_ROWS_MAX).await,
            Self::Causes => cause::forget_resolved(tx, PORTION_ROWS_MAX).await,
            Self::Shadows => shadow::forget(tx, before(now, SHADOWS_KEPT), PORTION_ROWS_MAX).await,
            Self::LooseDeliveries => {
                delivery::forget_loose(tx, of_messages, PORTION_ROWS_MAX).await
            }
            Self::ChangeEvents => {
                change::forget(tx, before(now, CHANGE_EVENTS_KEPT), PORTION_ROWS_MAX).await
            }
            Self::ChangeDeliveries => {
                change::forget_deliveries(tx, before(now, CALLBACKS_KEPT), PORTION_ROWS_MAX).await
            }
        }
    }
}

fn before(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_sub(by).unwrap_or(Timestamp::MIN)
}
