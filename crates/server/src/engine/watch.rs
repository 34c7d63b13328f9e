//! The installation watches itself (`D9`): its sign of life goes out only while nothing is overdue,
//! and canaries go all the way to a person's device to show that the way is open. What goes wrong
//! with a canary is the alert of a heartbeat monitor.

use axum::http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use muster_core::alerting::heartbeat::Ping;
use muster_core::engine::watch::{self as audit, Waiting};
use muster_core::id::DeliveryId;
use muster_core::oncall::page::DeliveryState;
use muster_core::org::watch::Canary;
use muster_integrations::outbound::Failure;
use muster_store::alerting::self_watch::{self, WatchRow};
use muster_store::oncall::delivery::{self, NewDelivery};
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, inbox};
use serde_json::json;
use uuid::Uuid;

use super::Found;
use crate::app::App;
use crate::app::alerting::heartbeat::Came;
use crate::app::incident::record;

/// What stands for the sign of life.
pub const SIGN_OF_LIFE: Uuid = Uuid::from_u128(1);
/// The most of one claim.
const CLAIM_MAX: i64 = 64;
/// How long what cannot be done now is put off.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(10);

/// Does what is due.
///
/// # Errors
/// When the store does not answer.
pub async fn step(app: App) -> anyhow::Result<Found> {
    let now = app.now();
    if !super::timers::may_claim(&app, now).await? {
        return Ok(Found::Nothing(None));
    }
    app.refresh().await?;
    begin(&app, now).await?;
    if !timer::is_due(&app.db.urgent(), Kind::Watch, now).await? {
        return Ok(Found::Nothing(timer::earliest(&app.db.urgent(), Kind::Watch).await?));
    }
    let mut tx = app.db.begin(Lane::Cleanup).await?;
    let claimed = timer::claim(&mut tx, Kind::Watch, now, CLAIM_MAX).await?;
    tx.commit().await?;
    for timer in &claimed {
        if let Err(error) = fire(&app, timer, now).await {
            tracing::error!("watching itself was put off: {error}");
            let later = now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
            let mut tx = app.db.begin(Lane::Cleanup).await?;
            if timer::finish(&mut tx, Kind::Watch, timer, Some(later)).await? {
                tx.commit().await?;
            }
        }
    }
    app.wake.all();
    Ok(Found::Work)
}

/// Whatever is configured and has no timer begins now.
async fn begin(app: &App, now: Timestamp) -> Result<(), StoreError> {
    let snapshot = app.snapshot();
    let watch = &snapshot.directory.watch;
    let sign = watch.url.as_ref().map(|_| SIGN_OF_LIFE);
    let wanted: Vec<_> =
        sign.into_iter().chain(watch.canaries.iter().map(|canary| canary.monitor.0)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let known = timer::known(&app.db, Kind::Watch).await?;
    let new: Vec<_> = wanted
        .into_iter()
        .filter(|id| !known.contains(id))
        .map(|id| (Kind::Watch, id, now))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.begin(Lane::Cleanup).await?;
    timer::set_all(&mut tx, &new, now).await?;
    tx.commit().await
}

async fn fire(app: &App, timer: &Claimed, now: Timestamp) -> Result<(), StoreError> {
    let snapshot = app.snapshot();
    let watch = &snapshot.directory.watch;
    if let (SIGN_OF_LIFE, Some(url)) = (timer.id, &watch.url) {
        return sign_of_life(app, timer, url, watch.every, now).await;
    }
    let canary = watch.canaries.iter().find(|canary| canary.monitor.0 == timer.id);
    match canary {
        Some(canary) => fly(app, timer, canary, now).await,
        // It is no longer configured.
        None => {
            let mut tx = app.db.begin(Lane::Cleanup).await?;
            timer::finish(&mut tx, Kind::Watch, timer, None).await?;
            tx.commit().await
        }
    }
}

/// What waits for too long, in words.
async fn trouble(app: &App, now: Timestamp) -> Result<Option<String>, StoreError> {
    let instant = |micros: i64| Timestamp::from_microsecond(micros).ok();
    let kinds = [
        ("an incident's next step", Kind::Incident),
        ("a page", Kind::Delivery),
        ("an alert that was held back", Kind::Alert),
        ("a heartbeat monitor", Kind::Heartbeat),
    ];
    let mut waiting = Vec::new();
    for (what, kind) in kinds {
        let (_, since) = timer::overdue(&app.db, kind, now).await?;
        waiting.push(Waiting { what, since: since.and_then(instant) });
    }
    let (_, since) = inbox::backlog(&app.db).await?;
    waiting.push(Waiting { what: "a received message", since: since.and_then(instant) });
    Ok(audit::trouble(&waiting, now))
}

async fn sign_of_life(
    app: &App,
    timer: &Claimed,
    url: &str,
    every: SignedDuration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let wrong = match trouble(app, now).await? {
        Some(wrong) => Some(format!("not sent: {wrong}")),
        None => send(app, url, now).await.err(),
    };
    if let Some(wrong) = &wrong {
        tracing::error!("the sign of life: {wrong}");
        metrics::counter!("muster_sign_of_life_failures_total").increment(1);
    }
    let next = now.saturating_add(every).unwrap_or(Timestamp::MAX);
    let mut tx = app.db.begin(Lane::Cleanup).await?;
    if !timer::finish(&mut tx, Kind::Watch, timer, Some(next)).await? {
        return Ok(());
    }
    let ok_at = wrong.is_none().then_some(now);
    self_watch::put(&mut tx, timer.id, now, ok_at, wrong.as_deref(), None).await?;
    tx.commit().await
}

/// Sends the sign of life. What went wrong never holds the address, which is a secret.
async fn send(app: &App, url: &str, now: Timestamp) -> Result<(), String> {
    let out = app.channels.outbound();
    match out.call(Method::GET, url, HeaderMap::new(), Vec::new(), now).await {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => Err(format!("it was answered with {}", answer.status)),
        Err(Failure::Refused(_)) => Err("the address may not be called".to_owned()),
        Err(Failure::NotSent(_)) => Err("nobody answers".to_owned()),
        Err(Failure::Unknown(_)) => Err("the answer did not come in time".to_owned()),
    }
}

/// Sends a canary, or looks whether the one on its way arrived.
async fn fly(
    app: &App,
    timer: &Claimed,
    canary: &Canary,
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = self_watch::all(&app.db).await?;
    let row = rows.into_iter().find(|row| row.id == timer.id);
    match row {
        Some(WatchRow { delivery_id: Some(id), last_at, .. }) => {
            let sent_at = Timestamp::from_microsecond(last_at).unwrap_or(now);
            landed(app, timer, canary, (DeliveryId(id), sent_at), now).await
        }
        _ => take_off(app, timer, canary, now).await,
    }
}

async fn take_off(
    app: &App,
    timer: &Claimed,
    canary: &Canary,
    now: Timestamp,
) -> Result<(), StoreError> {
    let snapshot = app.snapshot();
    let user = snapshot.directory.users.get(canary.user);
    let method = user.and_then(|user| user.contact_method(canary.method));
    let mut tx = app.db.begin(Lane::Command).await?;
    let Some(method) = method else {
        // The person or the method is gone; the configuration's warnings say so.
        timer::finish(&mut tx, Kind::Watch, timer, None).await?;
        return tx.commit().await;
    };
    let due = now.saturating_add(canary.within).unwrap_or(Timestamp::MAX);
    if !timer::finish(&mut tx, Kind::Watch, timer, Some(due)).await? {
        return Ok(());
    }
    let delivery = NewDelivery {
        id: DeliveryId(app.ids.next(now)),
        kind: delivery::Kind::Test,
        page: None,
        incident: None,
        user: Some(canary.user),
        method: Some(canary.method),
        method_name: method.name.clone(),
        channel: method.address.channel(),
        address: None,
        content: Some(json!({ "requested_by": "Muster, which tests this way" }).to_string()),
        position: 0,
        due_at: now,
    };
    record::put(&mut tx, &delivery, now).await?;
    self_watch::put(&mut tx, timer.id, now, None, None, Some(delivery.id)).await?;
    tx.commit().await
}

async fn landed(
    app: &App,
    timer: &Claimed,
    canary: &Canary,
    (id, sent_at): (DeliveryId, Timestamp),
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = delivery::get(&app.db, id).await?;
    let state = row.as_ref().map(|row| row.delivery_state()).transpose()?;
    let is_there = state == Some(DeliveryState::Accepted);
    let wrong = (!is_there).then(|| {
        let state = state.map_or("gone", |state| state.name());
        format!("the canary was not accepted in time: it is {state}")
    });
    let next = sent_at.saturating_add(canary.every).unwrap_or(Timestamp::MAX).max(now);
    let mut tx = app.db.begin(Lane::Cleanup).await?;
    if !timer::finish(&mut tx, Kind::Watch, timer, Some(next)).await? {
        return Ok(());
    }
    let ok_at = is_there.then_some(now);
    self_watch::put(&mut tx, timer.id, sent_at, ok_at, wrong.as_deref(), None).await?;
    // Together with the look at it: a node that dies in between must not lose what was found.
    let snapshot = app.snapshot();
    let monitor = snapshot.directory.heartbeats.iter().find(|one| one.id == canary.monitor);
    let ping = if is_there { Ping::Success } else { Ping::Fail };
    if let Some(monitor) = monitor {
        app.pinged(&mut tx, monitor, ping, &Came { note: wrong, ..Came::default() }).await?;
    }
    tx.commit().await
}
