//! Emergencies as a stage: asks the providers that repeat a message until somebody answers it
//! (Pushover) whether somebody has, because not every installation can be called back. What was
//! acknowledged in the provider's app is acknowledged here, in that person's name. Nobody asks any
//! more once the page is answered, the message is no longer repeated, or its time is over. That an
//! emergency ends when somebody else answers is the follow-up's to see to, which the outbox sends.

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::{DeliveryId, PageId};
use muster_core::oncall::page::PageState;
use muster_integrations::channels::callback::{About, AnswerTo, Ask, Callback, Choice};
use muster_integrations::channels::{Channels, Outcome, Standing};
use muster_store::oncall::delivery::{self, DeliveryRow};
use muster_store::oncall::page as store_page;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError};

use super::Found;
use crate::app::App;
use crate::app::link::token;

/// How long a message waits to be asked about, and between two askings: Pushover wants no receipt
/// asked for more often.
pub const ASKED_EVERY_MIN: SignedDuration = SignedDuration::from_secs(5);
/// How long it is asked about so often.
const OFTEN_FOR: SignedDuration = SignedDuration::from_mins(10);
/// The time between two askings afterwards, and after an answer that says nothing.
const SELDOM: SignedDuration = SignedDuration::from_secs(30);
/// How long a message is asked about: as long as Pushover repeats it, and a little more.
const ASKED_FOR: SignedDuration = SignedDuration::from_mins(61);
/// The most messages that are asked about at once.
const CLAIM_MAX: i64 = 32;

/// Asks about the messages whose instant has come.
///
/// # Errors
/// When the store does not answer.
pub async fn step(app: App) -> anyhow::Result<Found> {
    let now = app.now();
    if !super::timers::may_claim(&app, now).await? {
        return Ok(Found::Nothing(None));
    }
    app.refresh().await?;
    if !timer::is_due(&app.db.urgent(), Kind::Emergency, now).await? {
        return Ok(Found::Nothing(timer::earliest(&app.db.urgent(), Kind::Emergency).await?));
    }
    let mut tx = app.db.begin(Lane::Outbox).await?;
    let claimed = timer::claim(&mut tx, Kind::Emergency, now, CLAIM_MAX).await?;
    tx.commit().await?;
    let asking = claimed.iter().map(|timer| ask(&app, timer));
    let asked = join_all(asking).await;
    let mut tx = app.db.begin(Lane::Outbox).await?;
    for (timer, next) in claimed.iter().zip(asked) {
        let next = next.unwrap_or_else(|error| {
            tracing::warn!(delivery = %DeliveryId(timer.id), "an emergency was put off: {error}");
            later(&app, SELDOM)
        });
        timer::finish(&mut tx, Kind::Emergency, timer, next).await?;
    }
    tx.commit().await?;
    app.wake.all();
    Ok(Found::Work)
}

fn later(app: &App, by: SignedDuration) -> Option<Timestamp> {
    Some(app.now().saturating_add(by).unwrap_or(Timestamp::MAX))
}

/// Asks about one message and does what follows; says when it is asked about next.
async fn ask(app: &App, timer: &Claimed) -> Result<Option<Timestamp>, StoreError> {
    let now = app.now();
    let Some(row) = delivery::get(&app.db, DeliveryId(timer.id)).await? else { return Ok(None) };
    let since = row.accepted_at.and_then(|at| Timestamp::from_microsecond(at).ok());
    let since = since.unwrap_or(Timestamp::UNIX_EPOCH);
    let live = live(app, &row).await?;
    let snapshot = app.snapshot();
    let provider = row.provider.as_deref().and_then(|name| snapshot.directory.provider(name));
    let (Some(provider), Some(reference)) = (provider, row.reference.as_deref()) else {
        return Ok(None);
    };
    let is_over = live.is_empty() || now.duration_since(since) > ASKED_FOR;
    if is_over || !Channels::can_be_asked(provider, reference) {
        return Ok(None);
    }
    match app.channels.standing(provider, reference, now).await {
        Ok(Standing::Acknowledged { by }) => {
            acknowledge(app, &provider.name, reference, by, &live).await?;
            Ok(None)
        }
        Ok(Standing::Waiting) => {
            let is_new = now.duration_since(since) < OFTEN_FOR;
            Ok(later(app, if is_new { ASKED_EVERY_MIN } else { SELDOM }))
        }
        Ok(Standing::Over) => Ok(None),
        Err(Outcome::Temporary { retry_after, .. }) => {
            Ok(later(app, retry_after.unwrap_or(SELDOM).max(ASKED_EVERY_MIN)))
        }
        Err(Outcome::Permanent { detail, .. }) => {
            tracing::warn!(provider = provider.name, "an emergency is not asked about: {detail}");
            Ok(None)
        }
        Err(Outcome::Unknown { .. } | Outcome::Accepted { .. }) => Ok(later(app, SELDOM)),
    }
}

/// The pages of a message that wait for an answer: one, or those of a digest.
async fn live(app: &App, row: &DeliveryRow) -> Result<Vec<PageId>, StoreError> {
    let mut tx = app.db.urgent().snapshot().await?;
    let mut live = Vec::new();
    for row in delivery::sent_together(&mut tx, row).await? {
        let Some(id) = row.page_id.filter(|_| row.kind == delivery::Kind::Page.name()) else {
            continue;
        };
        let page = store_page::read(&mut tx, PageId(id)).await?;
        if page.is_some_and(|page| page.state != PageState::Superseded.name()) {
            live.push(PageId(id));
        }
    }
    Ok(live)
}

/// Acknowledges what was acknowledged in the provider's app, for whoever did it if that is known.
async fn acknowledge(
    app: &App,
    via: &str,
    reference: &str,
    by: Option<String>,
    pages: &[PageId],
) -> Result<(), StoreError> {
    let answer = |page: &PageId| Ask::Answer {
        choice: Choice::Acknowledge,
        about: About::PageToken(token(app.instance_key(), *page)),
    };
    let callback = Callback {
        from: by,
        channel: "pushover",
        reference: Some(reference.to_owned()),
        asks: pages.iter().map(answer).collect(),
        answer: AnswerTo::Reply,
    };
    app.answer(via, &callback).await.map(|_| ())
}
