//! The ledger of pages: who was asked, by what, and what became of each attempt.

use std::collections::HashMap;

use axum::extract::State;
use muster_core::id::{DeliveryId, PageId, UserId};
use muster_core::oncall::page;
use muster_core::org::access::Action;
use muster_core::org::directory::Directory;
use muster_store::StoreError;
use muster_store::oncall::callback::{self, ReceiptRow};
use muster_store::oncall::delivery::{self, AttemptRow, DeliveryRow};
use muster_store::oncall::page as store_page;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

use super::find;
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::{DeliveryState, Instant, PageState};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_INCIDENTS, routes!(list))
}

/// One person being asked to take an incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Page {
    /// For programs.
    pub id: String,
    /// Who is asked; null for somebody who was deleted.
    #[schema(required)]
    pub user: Option<String>,
    /// The step of the policy, counted from 1; null for a page outside of it.
    #[schema(required)]
    pub step: Option<i64>,
    /// The round, counted from 1.
    pub round: i64,
    /// Why, in words.
    pub reason: String,
    /// Where it stands.
    pub state: PageState,
    /// When the person was first to be asked.
    pub created_at: Instant,
    /// When it was answered or withdrawn.
    #[schema(required)]
    pub ended_at: Option<Instant>,
    /// How it ended, in words.
    #[schema(required)]
    pub superseded_by: Option<String>,
    /// Each method that asks.
    pub deliveries: Vec<Delivery>,
    /// Each method that said how it ended.
    pub follow_ups: Vec<Delivery>,
}

/// One method's part, with everything that was tried.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// For programs; also the idempotency key towards the provider.
    pub id: String,
    /// The person's name for the method.
    pub method: String,
    /// `webhook` or `email`.
    #[serde(rename = "type")]
    pub channel: String,
    /// When it is, or was first, to go out.
    pub due_at: Instant,
    /// Where it stands.
    pub state: DeliveryState,
    /// Each time it was tried, in order.
    pub attempts: Vec<Attempt>,
    /// What became of the message after its provider took it, in order.
    pub receipts: Vec<Receipt>,
}

/// What became of a message after its provider took it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// When the provider told.
    pub at: Instant,
    /// What the provider calls it: `delivered`.
    pub status: String,
    /// Whether it says that the message will not arrive.
    pub failed: bool,
    /// Why, if the provider says so.
    #[schema(required)]
    pub detail: Option<String>,
}

/// One time a delivery was tried.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// Counted from 1.
    pub number: i64,
    /// When it began.
    pub started_at: Instant,
    /// When the answer came.
    #[schema(required)]
    pub finished_at: Option<Instant>,
    /// `running`, `accepted`, `temporary`, `permanent` or `unknown`.
    pub outcome: String,
    /// What the provider answered: an HTTP status or an SMTP reply.
    #[schema(required)]
    pub status: Option<String>,
    /// What the provider said.
    #[schema(required)]
    pub detail: Option<String>,
    /// Whether the message may have arrived before.
    pub possible_repeat: bool,
    /// Who carried it, where the channel has providers.
    #[schema(required)]
    pub provider: Option<String>,
}

/// Read the ledger of an incident's pages.
#[utoipa::path(
    get, path = "/incidents/{incident}/pages", tag = "incident", operation_id = "list_pages",
    params(("incident" = String, Path, description = "The id or the number."), Paging),
    responses((status = 200, description = "A part of the ledger.", body = List<Page>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Page>>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let db = &ctx.app.db;
    let pages = store_page::of_incident(db, incident.id).await?;
    let deliveries = delivery::of_incident(db, incident.id).await?;
    let attempts = delivery::attempts_of_incident(db, incident.id).await?;
    let receipts = callback::receipts_of_incident(db, incident.id).await?;
    let mut ledger = Ledger::new(deliveries, attempts, receipts)?;
    let snapshot = ctx.app.snapshot();
    let pages: Vec<_> = pages
        .into_iter()
        .map(|row| ledger.page(&snapshot.directory, row))
        .collect::<Result<_, _>>()?;
    Ok(Json(paging.part(pages, |page| page.id.clone(), |page| page)?))
}

/// Deliveries of pages, by page and by what they carry.
struct Ledger {
    deliveries: HashMap<Uuid, Vec<(delivery::Kind, Delivery)>>,
}

impl Ledger {
    fn new(
        rows: Vec<DeliveryRow>,
        attempts: Vec<AttemptRow>,
        receipts: Vec<ReceiptRow>,
    ) -> Result<Self, StoreError> {
        let mut told: HashMap<Uuid, Vec<Receipt>> = HashMap::new();
        for row in receipts {
            told.entry(row.delivery_id).or_default().push(Receipt {
                at: Instant::from_micros(row.at),
                status: row.status,
                failed: row.failed,
                detail: row.detail,
            });
        }
        let mut tried: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
        for row in attempts {
            tried.entry(row.delivery_id).or_default().push(attempt(row));
        }
        let mut deliveries: HashMap<Uuid, Vec<_>> = HashMap::new();
        for row in rows {
            let Some(page) = row.page_id else { continue };
            let kind = row.delivery_kind()?;
            let described = Delivery {
                id: DeliveryId(row.id).to_string(),
                state: row.delivery_state()?.into(),
                method: row.method,
                channel: row.channel,
                due_at: Instant::from_micros(row.due_at.unwrap_or(row.first_due_at)),
                attempts: tried.remove(&row.id).unwrap_or_default(),
                receipts: told.remove(&row.id).unwrap_or_default(),
            };
            deliveries.entry(page).or_default().push((kind, described));
        }
        Ok(Self { deliveries })
    }

    fn page(
        &mut self,
        directory: &Directory,
        row: store_page::PageRow,
    ) -> Result<Page, StoreError> {
        let state = page::PageState::from_name(&row.state)
            .ok_or_else(|| StoreError::Corrupt(format!("page state {}", row.state)))?;
        let all = self.deliveries.remove(&row.id).unwrap_or_default();
        let (asking, telling): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(kind, _)| *kind == delivery::Kind::Page);
        let plain = |rows: Vec<(delivery::Kind, Delivery)>| {
            rows.into_iter().map(|(_, delivery)| delivery).collect()
        };
        let user = directory.users.get(UserId(row.user_id));
        Ok(Page {
            id: PageId(row.id).to_string(),
            user: user.map(|user| user.name.clone()),
            step: row.step,
            round: row.round,
            reason: row.reason,
            state: state.into(),
            created_at: Instant::from_micros(row.created_at),
            ended_at: row.ended_at.map(Instant::from_micros),
            superseded_by: row.superseded_by,
            deliveries: plain(asking),
            follow_ups: plain(telling),
        })
    }
}

fn attempt(row: AttemptRow) -> Attempt {
    Attempt {
        number: row.number,
        started_at: Instant::from_micros(row.started_at),
        finished_at: row.finished_at.map(Instant::from_micros),
        outcome: row.outcome,
        status: row.status,
        detail: row.detail,
        possible_repeat: row.possible_repeat,
        provider: row.provider,
    }
}
