//! Settling: what a provider's answer does to a delivery, its page and its incident, in one
//! transaction. An answer to a claim that was lost meanwhile goes into the ledger and changes
//! nothing else.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use muster_core::id::{DeliveryId, IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::{self, Surroundings};
use muster_core::incident::timeline::{Actor, Entry, Kind};
use muster_core::oncall::page::{self, DeliveryState, Next, PageState, Progress};
use muster_core::org::directory::Directory;
use muster_integrations::channels::{Channels, Outcome};
use muster_store::incident::incident as store_incident;
use muster_store::oncall::callback as store_callback;
use muster_store::oncall::delivery::{self, DeliveryRow};
use muster_store::oncall::page::{self as store_page, PageRow};
use muster_store::timer;
use muster_store::{Lane, StoreError, Tx};

use super::{Answer, Member};
use crate::app::App;
use crate::app::incident::facts;
use crate::app::incident::record::{self, Before};
use crate::engine::emergencies::ASKED_EVERY_MIN;
use crate::ids;

/// Settles a batch of answers.
pub(super) async fn settle(app: &App, answers: &[Answer]) -> Result<(), StoreError> {
    let now = app.now();
    let mut answers: Vec<_> = answers.iter().flat_map(|answer| answered(answer, now)).collect();
    let mut tx = app.db.begin(Lane::Outbox).await?;
    let snapshot = app.snapshot();
    let pages = lock(&mut tx, &answers).await?;
    for answer in &mut answers {
        // A receipt may be faster than the answer that it follows.
        if answer.provider.is_some()
            && answer.next.state == DeliveryState::Accepted
            && store_callback::has_failed(&mut tx, DeliveryId(answer.member.row.id)).await?
        {
            answer.next =
                Next { state: DeliveryState::Failed, retry_at: None, start_next_method: true };
        }
    }
    for answer in &answers {
        one(app, &mut tx, &snapshot.directory, answer, &pages, now).await?;
    }
    tx.commit().await
}

/// What a provider said about one delivery, and what follows.
struct Answered<'a> {
    member: &'a Member,
    outcome: &'a Outcome,
    /// Who carried the message.
    provider: Option<&'a str>,
    /// Whether the provider is asked from now on whether somebody answered.
    is_asked_about: bool,
    next: Next,
}

/// The answer to a message for each delivery it carried. Those of a digest stay together: one throw
/// of the dice says when all of them are tried again.
fn answered(answer: &Answer, now: Timestamp) -> impl Iterator<Item = Answered<'_>> {
    let Answer { job, outcome, .. } = answer;
    let chance = ids::chance();
    let via = job.envelope.via.as_deref();
    let can_be_asked = via
        .zip(outcome.reference())
        .is_some_and(|(provider, reference)| Channels::can_be_asked(provider, reference));
    job.members.iter().enumerate().map(move |(at, member)| {
        let progress = Progress {
            state: DeliveryState::Sending,
            attempts: u32::try_from(member.number).unwrap_or(u32::MAX),
            first_due_at: Timestamp::from_microsecond(member.row.first_due_at).unwrap_or(now),
        };
        let mut next = page::after_answer(progress, &outcome.answer(), chance, now);
        // Where nobody can carry it at the moment, another method need not wait to see that.
        next.start_next_method |= job.resting.is_some();
        let provider = via.map(|provider| provider.name.as_str());
        // One asking is about everything that went out together.
        let is_asked_about = can_be_asked && at == 0;
        Answered { member, outcome, provider, is_asked_about, next }
    })
}

/// Locks what the answers may change, as everybody locks: first incidents, then pages, and timers
/// last. An incident changes only where a delivery failed for good.
async fn lock(
    tx: &mut Tx,
    answers: &[Answered<'_>],
) -> Result<HashMap<PageId, PageRow>, StoreError> {
    let failed = answers.iter().filter(|answer| answer.next.state == DeliveryState::Failed);
    let incidents: BTreeSet<_> =
        failed.filter_map(|answer| answer.member.row.incident_id).collect();
    for id in incidents {
        store_incident::lock(tx, IncidentId(id)).await?;
    }
    let ids: BTreeSet<_> = answers.iter().filter_map(|answer| answer.member.row.page_id).collect();
    let mut pages = HashMap::new();
    for id in ids.into_iter().map(PageId) {
        if let Some(page) = store_page::lock(tx, id).await? {
            pages.insert(id, page);
        }
    }
    Ok(pages)
}

async fn one(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    answer: &Answered<'_>,
    pages: &HashMap<PageId, PageRow>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Answered { member, outcome, provider, is_asked_about, next } = *answer;
    end_attempt(tx, member, outcome, now).await?;
    if next.state == DeliveryState::Accepted {
        delivery::set_reference(tx, member.row.id, provider, outcome.reference()).await?;
        if is_asked_about {
            let due = now.saturating_add(ASKED_EVERY_MIN).unwrap_or(Timestamp::MAX);
            timer::set(tx, timer::Kind::Emergency, member.row.id, due, now).await?;
        }
    }
    let kind = member.row.delivery_kind()?;
    if !timer::still_held(tx, kind.timer(), &member.claimed).await? {
        return Ok(());
    }
    let is_page = kind == delivery::Kind::Page;
    let page = member.row.page_id.filter(|_| is_page).and_then(|id| pages.get(&PageId(id)));
    match page {
        Some(page) => of_page(app, tx, directory, answer, page, now).await,
        None => store(tx, member, next, now).await,
    }
}

async fn end_attempt(
    tx: &mut Tx,
    member: &Member,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    let status = outcome.status().map(|status| status.to_string());
    let (name, detail) = (outcome.name(), outcome.detail());
    delivery::end_attempt(tx, member.row.id, member.number, name, status.as_deref(), detail, now)
        .await
}

async fn store(tx: &mut Tx, member: &Member, next: Next, now: Timestamp) -> Result<(), StoreError> {
    let accepted_at = (next.state == DeliveryState::Accepted).then_some(now);
    delivery::set_state(tx, member.row.id, next.state, next.retry_at, accepted_at).await?;
    let kind = member.row.delivery_kind()?.timer();
    timer::finish(tx, kind, &member.claimed, next.retry_at).await?;
    Ok(())
}

async fn of_page(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    answer: &Answered<'_>,
    page: &PageRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Answered { member, next, .. } = *answer;
    if page.state == PageState::Superseded.name() {
        // Answered while this was on its way: nothing more is tried.
        let state = match next.state {
            DeliveryState::Accepted => DeliveryState::Accepted,
            _ => DeliveryState::Cancelled,
        };
        let next = Next { state, retry_at: None, start_next_method: false };
        store(tx, member, next, now).await?;
        return tell(app, tx, directory, &Answered { next, ..*answer }, page, now).await;
    }
    store(tx, member, next, now).await?;
    let siblings = delivery::of_page(tx, PageId(page.id)).await?;
    if next.start_next_method {
        start_next_method(tx, &member.row, &siblings, now).await?;
    }
    let states: Result<Vec<_>, _> = siblings.iter().map(DeliveryRow::delivery_state).collect();
    let before = PageState::from_name(&page.state).unwrap_or(PageState::Pending);
    let after = page::page_state(before, states?);
    store_page::set_state(tx, PageId(page.id), after).await?;
    tell(app, tx, directory, answer, page, now).await?;
    if after == PageState::Exhausted && before != PageState::Exhausted {
        lost(app, tx, directory, page, now).await?;
    }
    Ok(())
}

/// The next method of the page starts now instead of at its own time.
pub(super) async fn start_next_method(
    tx: &mut Tx,
    row: &DeliveryRow,
    siblings: &[DeliveryRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    let next = siblings.iter().find(|sibling| {
        sibling.position > row.position
            && sibling.state == DeliveryState::Scheduled.name()
            && sibling.attempts == 0
    });
    if let Some(next) = next {
        delivery::set_state(tx, next.id, DeliveryState::Scheduled, Some(now), None).await?;
        timer::set(tx, timer::Kind::Delivery, next.id, now, now).await?;
    }
    Ok(())
}

/// The timeline says what became of the page; the ledger has every attempt besides.
async fn tell(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    answer: &Answered<'_>,
    page: &PageRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Answered { member: Member { row, .. }, outcome, next, .. } = *answer;
    let name = person(directory, page);
    let (kind, text) = match next.state {
        DeliveryState::Accepted => {
            (Kind::PageAccepted, format!("{name}'s {} accepted the page", row.method))
        }
        DeliveryState::Failed => {
            let why = outcome.detail().unwrap_or("it was refused");
            (Kind::PageFailed, format!("{name}'s {} cannot be reached: {why}", row.method))
        }
        _ => return Ok(()),
    };
    let Some(incident) = store_incident::read(tx, IncidentId(page.incident_id)).await? else {
        return Ok(());
    };
    let entry = Entry::new(now, kind, Actor::System, text)
        .with("user", name)
        .with("method", row.method.clone())
        .with("channel", row.channel.clone())
        .with("attempts", row.attempts);
    record::note(app, tx, directory, &incident, &[entry], now).await
}

/// No method of the page is left. If that was the last hope of its step, the next step begins now.
pub(super) async fn lost(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    page: &PageRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    metrics::counter!("muster_pages_exhausted_total").increment(1);
    let id = IncidentId(page.incident_id);
    let Some(incident) = store_incident::lock(tx, id).await? else { return Ok(()) };
    let entry = record::exhausted_entry(&person(directory, page), now);
    record::note(app, tx, directory, &incident, &[entry], now).await?;
    let Some(step) = page.step else {
        tracing::error!(incident = incident.number, "a page outside of the policy reached nobody");
        metrics::counter!("muster_alarms_total").increment(1);
        return Ok(());
    };
    if !record::step_is_lost(tx, id, step, page.round, None).await? {
        return Ok(());
    }
    let facts = facts::load(tx, directory, &incident).await?;
    let around = Surroundings::new(directory, &incident, incident.severity, &facts, now)
        .ok_or(StoreError::Missing)?;
    let (step, round) = (u32::try_from(step).unwrap_or(0), u32::try_from(page.round).unwrap_or(0));
    let decision = lifecycle::step_failed(&incident, step, round, &around, now);
    let before = Before::Version(incident.version);
    record::record(app, tx, directory, before, &decision, &Actor::System, now).await
}

pub(super) fn person(directory: &Directory, page: &PageRow) -> String {
    directory
        .users
        .get(UserId(page.user_id))
        .map_or_else(|| "a former colleague".to_owned(), |user| user.name.clone())
}
