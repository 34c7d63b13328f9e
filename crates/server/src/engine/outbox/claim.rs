//! Claiming: which deliveries go out now, in one transaction that re-checks every page and writes
//! down every attempt before anything is sent.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use muster_core::id::{ContactMethodId, DeliveryId, IncidentId, PageId};
use muster_core::oncall::bundle::{self, Limit, NEWCOMERS_MAX};
use muster_core::oncall::page::{DeliveryState, PageState};
use muster_core::org::channel::Channel;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::delivery::{self, DeliveryRow};
use muster_store::oncall::page as store_page;
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx};
use uuid::Uuid;

use super::{Job, Member, compose};
use crate::app::App;

/// How long a delivery whose page is being changed right now waits before it is looked at again.
const BUSY_PAUSE: SignedDuration = SignedDuration::from_millis(20);
/// How long a delivery that cannot be made out is put off.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(10);
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
pub(super) async fn claim(app: &App, kind: Kind, limit: usize) -> Result<Claims, StoreError> {
    let now = app.now();
    match try_claim(app, kind, limit, now).await {
        Ok(claims) => Ok(claims),
        Err(Fault { of: Some(id), error }) if !error.is_transient() => {
            // One delivery that cannot be made out must not hold up the others.
            let delivery = DeliveryId(id);
            tracing::error!(%delivery, "a delivery was put off: {error}");
            metrics::counter!("muster_deliveries_put_off_total").increment(1);
            let later = now.saturating_add(PUT_OFF).unwrap_or(Timestamp::MAX);
            let mut tx = app.db.begin(Lane::Outbox).await?;
            timer::put_off(&mut tx, kind, id, later, now).await?;
            tx.commit().await?;
            Ok(Claims { jobs: Vec::new(), touched: 1 })
        }
        Err(fault) => Err(fault.error),
    }
}

/// Why nothing was claimed, and which delivery it was about.
struct Fault {
    of: Option<Uuid>,
    error: StoreError,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self { of: None, error }
    }
}

async fn try_claim(app: &App, kind: Kind, limit: usize, now: Timestamp) -> Result<Claims, Fault> {
    let mut tx = app.db.begin(Lane::Outbox).await?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let timers = timer::claim(&mut tx, kind, now, limit).await?;
    if timers.is_empty() {
        return Ok(Claims { jobs: Vec::new(), touched: 0 });
    }
    let ids: Vec<_> = timers.iter().map(|timer| timer.id).collect();
    let rows = delivery::get_all(&mut tx, &ids).await?;
    let ours = timers.into_iter().map(|timer| (timer.id, timer)).collect();
    let mut claim = Claim { app, now, ours, rows };
    let touched = ids.len();
    let mut jobs = Vec::new();
    for id in ids {
        let begun = claim.begin(&mut tx, id).await;
        jobs.extend(begun.map_err(|error| Fault { of: Some(id), error })?);
    }
    tx.commit().await?;
    Ok(Claims { jobs, touched })
}

/// What one transaction has claimed.
struct Claim<'a> {
    app: &'a App,
    now: Timestamp,
    /// What is claimed and not yet dealt with.
    ours: HashMap<Uuid, Claimed>,
    rows: Vec<DeliveryRow>,
}

impl Claim<'_> {
    /// Begins the attempt of one of the claimed deliveries, if it is its turn.
    async fn begin(&mut self, tx: &mut Tx, id: Uuid) -> Result<Option<Job>, StoreError> {
        let (app, now) = (self.app, self.now);
        // What is gone went out with another's digest.
        let Some(timer) = self.ours.remove(&id) else { return Ok(None) };
        let Some(row) = self.rows.iter().find(|row| row.id == id).cloned() else {
            timer::clear(tx, Kind::Delivery, &[id]).await?;
            timer::clear(tx, Kind::Notice, &[id]).await?;
            return Ok(None);
        };
        let kind = row.delivery_kind()?;
        let state = row.delivery_state()?;
        if state.is_final() {
            timer::finish(tx, kind.timer(), &timer, None).await?;
            return Ok(None);
        }
        if kind == delivery::Kind::Page {
            match check_page(tx, &row, &timer, now).await? {
                Check::Go => {}
                Check::Stop => return Ok(None),
            }
            if let Some(method) = row.method_id.map(ContactMethodId) {
                if row.attempts == 0 && state != DeliveryState::Bundled {
                    if let Some(until) = hold_until(tx, app, &row, method, now).await? {
                        let bundled = DeliveryState::Bundled;
                        delivery::set_state(tx, id, bundled, Some(until), None).await?;
                        timer::finish(tx, kind.timer(), &timer, Some(until)).await?;
                        return Ok(None);
                    }
                } else if state == DeliveryState::Bundled || self.are_many(&row.channel, method) {
                    let members = self.gather(tx, &row, &timer, method).await?;
                    return compose::digest(app, tx, members, now).await.map(Some);
                }
            }
        }
        let member = start(tx, &row, &timer, now).await?;
        compose::single(app, tx, member, now).await.map(Some)
    }

    /// Whether more pages to a method are tried again than go out singly.
    fn are_many(&self, channel: &str, method: ContactMethodId) -> bool {
        let again = self.rows.iter().filter(|row| {
            row.attempts > 0
                && row.method_id == Some(method.0)
                && row.kind == delivery::Kind::Page.name()
        });
        again.count() > limit(self.app, channel).singles
    }

    /// Everything that waits for the digest of a method goes out with it, as far as nobody else
    /// holds it, each claimed for itself, so that after a crash it comes due again like any claim.
    async fn gather(
        &mut self,
        tx: &mut Tx,
        row: &DeliveryRow,
        timer: &Claimed,
        method: ContactMethodId,
    ) -> Result<Vec<Member>, StoreError> {
        let now = self.now;
        let waiting = delivery::waiting(tx, method, now, DIGEST_PAGES_MAX).await?;
        let others = waiting.iter().map(|row| row.id).filter(|id| !self.ours.contains_key(id));
        let others: Vec<_> = others.collect();
        let taken = timer::claim_these(tx, Kind::Delivery, &others, now).await?;
        let taken: HashMap<_, _> = taken.into_iter().map(|timer| (timer.id, timer)).collect();
        let mut members = vec![start(tx, row, timer, now).await?];
        for other in waiting.iter().filter(|other| other.id != row.id) {
            let timer = self.ours.remove(&other.id).or_else(|| taken.get(&other.id).copied());
            let Some(timer) = timer else { continue };
            if let Check::Go = check_page(tx, other, &timer, now).await? {
                members.push(start(tx, other, &timer, now).await?);
            }
        }
        Ok(members)
    }
}

/// How many messages go out singly on a channel.
fn limit(app: &App, channel: &str) -> Limit {
    let paging = &app.snapshot().directory.paging;
    Channel::from_name(channel).map_or(paging.usual, |channel| paging.of(channel))
}

/// Until when a page waits for the digest of its contact method, if it does.
async fn hold_until(
    tx: &mut Tx,
    app: &App,
    row: &DeliveryRow,
    method: ContactMethodId,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let limit = limit(app, &row.channel);
    let since = now.saturating_sub(limit.window).unwrap_or(Timestamp::MIN);
    let counted = i64::try_from(limit.singles + NEWCOMERS_MAX).unwrap_or(i64::MAX);
    let sent = delivery::recent(tx, method, since, counted.saturating_add(1)).await?;
    if sent.len() < limit.singles {
        return Ok(None);
    }
    let Some(incident) = row.incident_id.map(IncidentId) else { return Ok(None) };
    let Some(service) = store_incident::service_of(tx, incident).await? else { return Ok(None) };
    let waiting = delivery::waiting_services(tx, method, DIGEST_PAGES_MAX).await?;
    Ok(bundle::hold_until(limit, &sent, &waiting, service, now))
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
