//! Raw messages: what was received, word for word, and what became of it. One that could not be
//! digested is shown with the reason and can be replayed.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muster_core::id::{IncidentId, IntegrationId, MessageId};
use muster_core::incident::restriction::Viewer;
use muster_core::org::access::{Action, Object};
use muster_store::StoreError;
use muster_store::inbox::{self, MessageRow};
use muster_store::incident::incident as store_incident;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::SEE_ALERTS;
use crate::api::extract::{Json, MaybeJson, Path, Query};
use crate::api::list::{List, Search};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::{App, query};

/// The most messages of one answer; each may be half a megabyte.
const MESSAGES_MAX: u32 = 100;
/// Bodies beyond this many bytes are left out of lists.
const LISTED_BODY_BYTES_MAX: usize = 64 * 1024;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ALERTS, routes!(list))
        .on(SEE_ALERTS, routes!(get))
        .on(Need::new(Action::Operate, Object::Alerts), routes!(replay))
}

/// A raw message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// For programs.
    pub id: String,
    /// When it was received.
    pub received_at: Instant,
    /// Where it came in; null where the integration was deleted.
    #[schema(required)]
    pub integration: Option<String>,
    /// Where it stands.
    pub state: MessageState,
    /// The media type that the client claimed.
    #[schema(required)]
    pub content_type: Option<String>,
    /// The body, where it is text; a large one only where one message is asked for.
    #[schema(required)]
    pub body: Option<String>,
    /// The body in base64, where it is not text.
    #[schema(required)]
    pub body_base64: Option<String>,
    /// The size of the body in bytes.
    pub size: u64,
    /// Why it was set aside.
    #[schema(required)]
    pub error: Option<String>,
    /// How often triage has taken it.
    pub attempts: i64,
    /// What became of each of its signals.
    pub outcome: Vec<Outcome>,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// It waits for triage.
    Pending,
    /// Triage is through with it.
    Done,
    /// Triage could not digest it; it is set aside.
    Failed,
}

/// What became of a signal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// The signal's key.
    pub dedup_key: String,
    /// `trigger`, `acknowledge` or `resolve`.
    pub action: String,
    /// Why, in words.
    pub decision: String,
    /// The id of the alert.
    #[schema(required)]
    pub alert: Option<String>,
    /// The number of the incident.
    #[schema(required)]
    pub incident: Option<i64>,
}

/// What became of a signal, as triage wrote it down.
#[derive(Deserialize)]
struct StoredOutcome {
    dedup_key: String,
    action: String,
    decision: String,
    alert: Option<String>,
    incident: Option<String>,
}

/// Whether to replay a message that was understood.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Its signals are then counted once more.
    #[serde(default)]
    force: bool,
}

/// List raw messages, the newest first; at most 100 at once.
///
/// `q` takes `state:failed` and `integration:checkout/grafana`. Bodies beyond 64 KiB are left out.
#[utoipa::path(
    get, path = "/messages", tag = "alerting", operation_id = "list_messages", params(Search),
    responses((status = 200, description = "A part of the list.", body = List<Message>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(search): Query<Search>,
) -> Result<Json<List<Message>>, ApiError> {
    let app = &ctx.app;
    let viewer = app.viewer(caller.user()).await?;
    let paging = search.paging().at_most(MESSAGES_MAX);
    let filter = query::messages(&app.snapshot(), search.q.as_deref().unwrap_or_default())?;
    let before = paging.after()?;
    let limit = paging.limit_and_one()?;
    let rows =
        inbox::list(&app.db, &viewer, filter.state, filter.integration, before, limit).await?;
    let part = paging.list(rows, |row| MessageId(row.id), |row| row)?;
    let items = describe_all(app, &viewer, part.items).await?;
    Ok(Json(List { items, next: part.next }))
}

/// Read a raw message.
#[utoipa::path(
    get, path = "/messages/{id}", tag = "alerting", operation_id = "get_message",
    params(("id" = String, Path, description = "The id.")),
    responses((status = 200, description = "The message.", body = Message))
)]
async fn get(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Message>, ApiError> {
    let viewer = ctx.app.viewer(caller.user()).await?;
    let row = match id.parse() {
        Ok(id) => inbox::get(&ctx.app.db, &viewer, id).await?,
        Err(_) => None,
    };
    let row = row.ok_or_else(|| ApiError::not_found("message", &id))?;
    Ok(Json(describe_one(&ctx.app, &viewer, row).await?))
}

/// Put a message back for triage.
///
/// One that was set aside, or any with `{"force": true}`.
#[utoipa::path(
    post, path = "/messages/{id}/replay", tag = "alerting", operation_id = "replay_message",
    request_body = Option<Replay>,
    params(("id" = String, Path, description = "The id.")),
    responses((status = 202, description = "It waits for triage.", body = Message))
)]
async fn replay(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
    MaybeJson(body): MaybeJson<Replay>,
) -> Result<(StatusCode, Json<Message>), ApiError> {
    let id = id.parse().map_err(|_| ApiError::not_found("message", &id))?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let row = ctx.app.replay(&viewer, id, body.force, &caller.actor).await?;
    Ok((StatusCode::ACCEPTED, Json(describe_one(&ctx.app, &viewer, row).await?)))
}

async fn describe_one(app: &App, viewer: &Viewer, row: MessageRow) -> Result<Message, StoreError> {
    let numbers = numbers(app, viewer, std::slice::from_ref(&row)).await?;
    Ok(describe(app, row, &numbers, usize::MAX))
}

/// Messages as they are read in lists.
pub(super) async fn describe_all(
    app: &App,
    viewer: &Viewer,
    rows: Vec<MessageRow>,
) -> Result<Vec<Message>, StoreError> {
    let numbers = numbers(app, viewer, &rows).await?;
    let describe = |row| describe(app, row, &numbers, LISTED_BODY_BYTES_MAX);
    Ok(rows.into_iter().map(describe).collect())
}

/// The numbers of the incidents that the outcomes speak of.
async fn numbers(
    app: &App,
    viewer: &Viewer,
    rows: &[MessageRow],
) -> Result<HashMap<IncidentId, i64>, StoreError> {
    let ids: Vec<IncidentId> = rows
        .iter()
        .flat_map(outcomes)
        .filter_map(|outcome| outcome.incident?.parse().ok())
        .collect();
    Ok(store_incident::numbers(&app.db, viewer, &ids).await?.into_iter().collect())
}

fn outcomes(row: &MessageRow) -> Vec<StoredOutcome> {
    row.outcome.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn describe(
    app: &App,
    row: MessageRow,
    numbers: &HashMap<IncidentId, i64>,
    body_bytes_max: usize,
) -> Message {
    let snapshot = app.snapshot();
    let inlet = snapshot.inlet(IntegrationId(row.integration_id));
    let number = |id: &str| numbers.get(&id.parse().ok()?).copied();
    let outcome = outcomes(&row)
        .into_iter()
        .map(|stored| Outcome {
            incident: stored.incident.as_deref().and_then(number),
            dedup_key: stored.dedup_key,
            action: stored.action,
            decision: stored.decision,
            alert: stored.alert,
        })
        .collect();
    let size = row.body.len();
    let (body, body_base64) = match String::from_utf8(row.body) {
        _ if size > body_bytes_max => (None, None),
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
    };
    Message {
        id: MessageId(row.id).to_string(),
        received_at: Instant::from_micros(row.received_at),
        integration: inlet.map(|inlet| inlet.label.clone()),
        state: match row.state.as_str() {
            "pending" => MessageState::Pending,
            "failed" => MessageState::Failed,
            _ => MessageState::Done,
        },
        content_type: row.content_type,
        body,
        body_base64,
        size: u64::try_from(size).unwrap_or(u64::MAX),
        error: row.error,
        attempts: row.attempts,
        outcome,
    }
}
