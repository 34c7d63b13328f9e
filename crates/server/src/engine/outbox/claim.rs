//! Claiming: which deliveries go out now, in one transaction that re-checks every page and writes
//! down every attempt before anything is sent.

use jiff::{SignedDuration, Timestamp};
use muster_core::engine::lease;
use muster_core::id::{ContactMethodId, PageId};
use muster_core::oncall::page::{self, BUNDLE_WINDOW, DeliveryState, PageState};
use muster_store::oncall::delivery::{self, DeliveryRow};
use muster_store::oncall::page as store_page;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx};

use super::{Job, Member, compose};
use crate::app::App;

/// How long a delivery whose page is being changed right now waits before it is looked at again.
const BUSY_PAUSE: SignedDuration = SignedDuration::from_millis(20);
/// The most pages of one digest.
const DIGEST_PAGES_MAX: i64 = 500;

/// What a claim brought.
pub(super) struct Claims {
    /// Messages to send.
    pub(super) jobs: Vec<Job>,
    /// Deliveries that were looked at.
    pub(super) touched: usize,
}

/// Claims up to `limit` due deliveries.
pub(super) async fn claim(app: &App, limit: usize) -> Result<Claims, StoreError> {
    let now = app.now();
    let mut tx = app.db.begin(Lane::Outbox).await?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let claimed = timer::claim(&mut tx, Kind::Delivery, now, limit).await?;
    if claimed.is_empty() {
        return Ok(Claims { jobs: Vec::new(), touched: 0 });
    }
    let ids: Vec<_> = claimed.iter().map(|timer| timer.id).collect();
    let rows = delivery::get_all(&mut tx, &ids).await?;
    let mut jobs = Vec::new();
    let mut digested = Vec::new();
    for timer in &claimed {
        if digested.contains(&timer.id) {
            continue;
        }
        let Some(row) = rows.iter().find(|row| row.id == timer.id) else {
            timer::finish(&mut tx, Kind::Delivery, timer, None).await?;
            continue;
        };
        if let Some(job) = begin(app, &mut tx, row, timer, &mut digested, now).await? {
            jobs.push(job);
        }
    }
    tx.commit().await?;
    Ok(Claims { jobs, touched: claimed.len() })
}

async fn begin(
    app: &App,
    tx: &mut Tx,
    row: &DeliveryRow,
    timer: &Claimed,
    digested: &mut Vec<uuid::Uuid>,
    now: Timestamp,
) -> Result<Option<Job>, StoreError> {
    if row.delivery_state()?.is_final() {
        timer::finish(tx, Kind::Delivery, timer, None).await?;
        return Ok(None);
    }
    if row.delivery_kind()? != delivery::Kind::Page {
        let member = start(tx, row, timer, now).await?;
        return compose::single(app, tx, member, now).await.map(Some);
    }
    match check_page(tx, row, timer, now).await? {
        Check::Go => {}
        Check::Stop => return Ok(None),
    }
    let method = row.method_id.map(ContactMethodId);
    if row.delivery_state()? == DeliveryState::Bundled {
        if let Some(method) = method {
            let members = gather(tx, row, timer, method, digested, now).await?;
            return compose::digest(app, tx, members, now).await.map(Some);
        }
    } else if row.attempts == 0
        && let Some(method) = method
    {
        let since = now.saturating_sub(BUNDLE_WINDOW).unwrap_or(Timestamp::MIN);
        let recent = delivery::recent(tx, method, since).await?;
        if let Some(until) = page::bundle_until(&recent, now) {
            delivery::set_state(tx, row.id, DeliveryState::Bundled, Some(until), None).await?;
            timer::finish(tx, Kind::Delivery, timer, Some(until)).await?;
            return Ok(None);
        }
    }
    let member = start(tx, row, timer, now).await?;
    compose::single(app, tx, member, now).await.map(Some)
}

enum Check {
    Go,
    Stop,
}

/// Re-checks that the page still wants an answer: no page is sent after its acknowledgement.
async fn check_page(
    tx: &mut Tx,
    row: &DeliveryRow,
    timer: &Claimed,
    now: Timestamp,
) -> Result<Check, StoreError> {
    let Some(id) = row.page_id.map(PageId) else { return Ok(Check::Go) };
    match store_page::try_lock(tx, id).await? {
        Some(page) if page.state != PageState::Superseded.name() => Ok(Check::Go),
        Some(_) => {
            delivery::set_state(tx, row.id, DeliveryState::Cancelled, None, None).await?;
            timer::finish(tx, Kind::Delivery, timer, None).await?;
            Ok(Check::Stop)
        }
        None => {
            let later = now.saturating_add(BUSY_PAUSE).unwrap_or(now);
            timer::finish(tx, Kind::Delivery, timer, Some(later)).await?;
            Ok(Check::Stop)
        }
    }
}

async fn start(
    tx: &mut Tx,
    row: &DeliveryRow,
    timer: &Claimed,
    now: Timestamp,
) -> Result<Member, StoreError> {
    let begun = delivery::begin_attempt(tx, row.id, now).await?;
    let mut row = row.clone();
    row.attempts = begun.number;
    row.state = DeliveryState::Sending.name().to_owned();
    Ok(Member {
        row,
        number: begun.number,
        claimed: *timer,
        possible_repeat: begun.possible_repeat,
    })
}

/// Everything that waits for the digest of a method goes out with it. The others' timers are set to
/// the end of the lease, so that after a crash they come due again like any claim.
async fn gather(
    tx: &mut Tx,
    row: &DeliveryRow,
    timer: &Claimed,
    method: ContactMethodId,
    digested: &mut Vec<uuid::Uuid>,
    now: Timestamp,
) -> Result<Vec<Member>, StoreError> {
    let waiting = delivery::bundled(tx, method, DIGEST_PAGES_MAX).await?;
    let mut members = vec![start(tx, row, timer, now).await?];
    for other in waiting.iter().filter(|other| other.id != row.id) {
        let Some(id) = other.page_id.map(PageId) else { continue };
        let live = store_page::try_lock(tx, id)
            .await?
            .is_some_and(|page| page.state != PageState::Superseded.name());
        if !live {
            continue;
        }
        let until = now.saturating_add(lease::LEASE).unwrap_or(Timestamp::MAX);
        timer::set(tx, Kind::Delivery, other.id, now, now).await?;
        let claimed = timer::take(tx, Kind::Delivery, other.id, now, until).await?;
        digested.push(other.id);
        members.push(start(tx, other, &claimed, now).await?);
    }
    Ok(members)
}
