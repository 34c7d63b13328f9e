//! Where people meet about an incident (`J6`), its room in a chat (`E7`), and when they expect it to be
//! over (`E3`).

use axum::extract::State;
use jiff::Timestamp;
use muster_core::id::IncidentId;
use muster_core::incident::lifecycle::bridge::Ask;
use muster_core::incident::lifecycle::{self, Command};
use muster_core::org::access::Action;
use muster_integrations::channels::room;
use muster_store::StoreError;
use muster_store::incident::room as store_room;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::do_to;
use super::incident::{Incident, describe_whole};
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, MaybeJson, Path};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes};
use crate::app::App;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(ANSWER_INCIDENTS, routes!(open, close))
        .on(ANSWER_INCIDENTS, routes!(estimate, withdraw))
        .on(ANSWER_INCIDENTS, routes!(try_room_again))
}

/// Where people meet about an incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentBridge {
    /// An http, https, tel or sip link.
    #[schema(example = "https://meet.example.net/muster-42")]
    pub link: String,
    /// Since when.
    pub at: Instant,
    /// Who opened it.
    pub by: String,
}

/// When somebody expects an incident to be over. It is no target: nothing is measured against it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentEstimate {
    /// When it may be over.
    pub over_at: Instant,
    /// Who says so.
    pub by: String,
    /// When they said so.
    pub at: Instant,
}

/// The room of an incident in a chat.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentRoom {
    /// Whose chat, by the provider's name.
    pub provider: String,
    /// What it is called; empty until it is open.
    #[schema(example = "inc-42")]
    pub name: String,
    /// Where it is opened, once it is there.
    #[schema(required)]
    pub link: Option<String>,
    /// How it stands.
    pub state: RoomState,
    /// Whether only those see it who were invited.
    pub is_private: bool,
    /// What went wrong last.
    #[schema(required)]
    pub trouble: Option<String>,
}

/// How the room of an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomState {
    /// The chat is asked for it.
    Opening,
    /// It is there.
    Open,
    /// It was put away.
    Archived,
    /// There is none, and none is asked for.
    Failed,
}

/// Where people are to meet.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenBridge {
    /// An http, https, tel or sip link; the one that the process of the severity names unless given.
    link: Option<String>,
}

/// When it may be over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEstimate {
    /// When, within 30 days.
    #[schema(value_type = Instant, example = "2026-11-21T05:30:00Z")]
    over_at: String,
}

/// The bridge as it is read.
pub(super) fn describe(incident: &lifecycle::Incident) -> Option<IncidentBridge> {
    let bridge = incident.bridge.as_ref()?;
    Some(IncidentBridge { link: bridge.link.clone(), at: bridge.at.into(), by: bridge.by.clone() })
}

/// The room as it is read.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn describe_room(
    app: &App,
    incident: IncidentId,
) -> Result<Option<IncidentRoom>, StoreError> {
    let room = store_room::get(&app.db, incident).await?;
    let snapshot = app.snapshot();
    Ok(room.map(|room| {
        let state = match (room.is_given_up, room.is_archived, &room.id) {
            (true, ..) => RoomState::Failed,
            (_, true, _) => RoomState::Archived,
            (_, _, Some(_)) => RoomState::Open,
            (_, _, None) => RoomState::Opening,
        };
        let provider = snapshot.directory.provider(&room.provider);
        IncidentRoom {
            link: provider.and_then(|provider| room::link(provider, &room)),
            provider: room.provider,
            name: room.name,
            state,
            is_private: room.is_private,
            trouble: room.trouble,
        }
    }))
}

/// The estimate as it is read.
pub(super) fn describe_estimate(incident: &lifecycle::Incident) -> Option<IncidentEstimate> {
    let estimate = incident.estimate.as_ref()?;
    Some(IncidentEstimate {
        over_at: estimate.over_at.into(),
        by: estimate.by.clone(),
        at: estimate.at.into(),
    })
}

/// Open the bridge, or say where people meet instead.
#[utoipa::path(
    put, path = "/incidents/{incident}/bridge", tag = "incident", operation_id = "open_bridge",
    request_body = Option<OpenBridge>,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn open(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    MaybeJson(body): MaybeJson<OpenBridge>,
) -> Result<Json<Incident>, ApiError> {
    let link = body.link.map(|link| link.trim().to_owned()).filter(|link| !link.is_empty());
    let ask = link.map_or(Ask::Open, |link| Ask::Set { link });
    obey(&ctx, &caller, &incident, Command::Bridge(ask)).await
}

/// Close the bridge: people meet nowhere any more.
#[utoipa::path(
    delete, path = "/incidents/{incident}/bridge", tag = "incident", operation_id = "close_bridge",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn close(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<Incident>, ApiError> {
    obey(&ctx, &caller, &incident, Command::Bridge(Ask::Close)).await
}

/// Say when it may be over: an estimate, and no target.
#[utoipa::path(
    put, path = "/incidents/{incident}/estimate", tag = "incident", operation_id = "estimate_end",
    request_body = NewEstimate,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn estimate(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewEstimate>,
) -> Result<Json<Incident>, ApiError> {
    let over_at = body.over_at.parse::<Timestamp>().map_err(|_| {
        ApiError::field("over_at", "must be an instant such as 2026-11-21T05:30:00Z")
    })?;
    let command = Command::Estimate { over_at: Some(over_at) };
    obey(&ctx, &caller, &incident, command).await
}

/// Say that nobody can tell any more when it will be over.
#[utoipa::path(
    delete, path = "/incidents/{incident}/estimate", tag = "incident",
    operation_id = "withdraw_estimate",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn withdraw(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<Incident>, ApiError> {
    obey(&ctx, &caller, &incident, Command::Estimate { over_at: None }).await
}

/// Ask the chat again at once for the room of an incident that has trouble with it.
#[utoipa::path(
    post, path = "/incidents/{incident}/room/try-again", tag = "incident",
    operation_id = "try_room_again",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn try_room_again(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<Incident>, ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let incident = ctx.app.try_room_again(incident.id, &caller.actor).await?;
    Ok(Json(describe_whole(&ctx, &caller, &incident).await?))
}

async fn obey(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    command: Command,
) -> Result<Json<Incident>, ApiError> {
    let incident = do_to(ctx, caller, incident, command).await?;
    Ok(Json(describe_whole(ctx, caller, &incident).await?))
}
