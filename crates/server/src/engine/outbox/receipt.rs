//! Receipts: what became of a message after its provider took it (`N2`). That it arrived is written
//! down and changes nothing, for only a person's answer ends a page. That it will not arrive starts
//! the next method at once, as a refusal would have.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use muster_core::id::{DeliveryId, IncidentId, PageId};
use muster_core::incident::timeline::{Actor, Entry, Kind};
use muster_core::oncall::page::{self, DeliveryState, PageState};
use muster_core::org::directory::Directory;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::callback as store_callback;
use muster_store::oncall::delivery::{self, DeliveryRow};
use muster_store::oncall::page::{self as store_page, PageRow};
use muster_store::{Lane, StoreError, Tx};

use super::settle;
use crate::app::App;
use crate::app::incident::record;

/// The longest status and explanation that are kept, in characters.
const CHARS_MAX: usize = 200;

/// What a provider says of a message.
#[derive(Debug, Clone, Copy)]
pub struct Receipt<'a> {
    /// What the provider calls it.
    pub status: &'a str,
    /// Whether the message will not arrive.
    pub failed: bool,
    /// Why, if the provider says so.
    pub detail: &'a Option<String>,
}

/// Writes a receipt down and does what follows from it. `reference` is our own id of the delivery,
/// or the provider's reference of the message. A receipt of something unknown changes nothing.
///
/// # Errors
/// When the store does not answer.
pub async fn take(app: &App, reference: &str, receipt: &Receipt<'_>) -> Result<(), StoreError> {
    let Ok(id) = reference.parse::<DeliveryId>() else { return Ok(()) };
    let Some(first) = delivery::get(&app.db, id).await? else { return Ok(()) };
    let now = app.now();
    let mut tx = app.db.begin(Lane::Outbox).await?;
    let rows = delivery::sent_together(&mut tx, &first).await?;
    let snapshot = app.snapshot();
    let pages = lock(&mut tx, &rows, receipt.failed).await?;
    for row in &rows {
        one(app, &mut tx, &snapshot.directory, row.id, receipt, &pages, now).await?;
    }
    tx.commit().await?;
    app.wake.all();
    Ok(())
}

/// Locks what a receipt may change, as everybody locks: incidents, then pages.
async fn lock(
    tx: &mut Tx,
    rows: &[DeliveryRow],
    failed: bool,
) -> Result<HashMap<PageId, PageRow>, StoreError> {
    let mut pages = HashMap::new();
    if !failed {
        return Ok(pages);
    }
    let incidents: BTreeSet<_> = rows.iter().filter_map(|row| row.incident_id).collect();
    for id in incidents {
        store_incident::lock(tx, IncidentId(id)).await?;
    }
    let ids: BTreeSet<_> = rows.iter().filter_map(|row| row.page_id).collect();
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
    id: uuid::Uuid,
    receipt: &Receipt<'_>,
    pages: &HashMap<PageId, PageRow>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let short = |text: &str| text.chars().take(CHARS_MAX).collect::<String>();
    let (status, detail) = (short(receipt.status), receipt.detail.as_deref().map(short));
    let id = DeliveryId(id);
    let is_news =
        store_callback::put_receipt(tx, id, &status, receipt.failed, detail.as_deref(), now)
            .await?;
    if !is_news || !receipt.failed {
        return Ok(());
    }
    // Read again: it may have been settled before the page was held.
    let Some(row) = delivery::get_all(tx, &[id.0]).await?.pop() else { return Ok(()) };
    let page = row.page_id.and_then(|page| pages.get(&PageId(page)));
    // An attempt that is not settled yet finds the receipt when it is.
    if row.state != DeliveryState::Accepted.name() || row.kind != delivery::Kind::Page.name() {
        return Ok(());
    }
    let Some(page) = page.filter(|page| page.state != PageState::Superseded.name()) else {
        return Ok(());
    };
    delivery::set_state(tx, row.id, DeliveryState::Failed, None, None).await?;
    let siblings = delivery::of_page(tx, PageId(page.id)).await?;
    settle::start_next_method(tx, &row, &siblings, now).await?;
    let states: Result<Vec<_>, _> = siblings.iter().map(DeliveryRow::delivery_state).collect();
    let after = page::page_state(PageState::Pending, states?);
    store_page::set_state(tx, PageId(page.id), after).await?;
    let why = match &detail {
        Some(detail) => format!("{status}, {detail}"),
        None => status,
    };
    tell(app, tx, directory, &row, page, &why, now).await?;
    if after == PageState::Exhausted {
        settle::lost(app, tx, directory, page, now).await?;
    }
    Ok(())
}

async fn tell(
    app: &App,
    tx: &mut Tx,
    directory: &Directory,
    row: &DeliveryRow,
    page: &PageRow,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(incident) = store_incident::read(tx, IncidentId(page.incident_id)).await? else {
        return Ok(());
    };
    let name = settle::person(directory, page);
    let text = format!("{name}'s {} did not get the page: {why}", row.method);
    let entry = Entry::new(now, Kind::PageFailed, Actor::System, text)
        .with("user", name)
        .with("method", row.method.clone())
        .with("channel", row.channel.clone());
    record::note(app, tx, directory, &incident, &[entry], now).await
}
