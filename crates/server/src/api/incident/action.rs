//! Actions with intent (`L2`): why something is changed, what is expected, what came of it, how to
//! take it back.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::incident::writing::Ask;
use muster_core::incident::writing::action::{Action, Intent, Step};
use muster_core::org::access;
use muster_store::incident::timeline as store_timeline;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::timeline::{
    Actor, TimelineEntry, about, describe as describe_entry, entry_of, told, written,
};
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, MaybeJson, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::{ActionState, Instant};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::incident::writing::read;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(ANSWER_INCIDENTS, routes!(act))
        .on(ANSWER_INCIDENTS, routes!(proceed))
}

/// Where an action stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ActionTaken {
    /// Where it stands.
    pub state: ActionState,
    /// Who does it, or did.
    pub by: Actor,
    /// Why.
    #[schema(required)]
    pub why: Option<String>,
    /// What should come of it.
    #[schema(required)]
    pub expected: Option<String>,
    /// What came of it.
    #[schema(required)]
    pub actual: Option<String>,
    /// How to take it back.
    #[schema(required)]
    pub undo: Option<String>,
    /// Whether it cannot be taken back.
    pub irreversible: bool,
    /// Whether it is a change of which only one should be under way.
    pub major: bool,
    /// When it was begun.
    #[schema(required)]
    pub begun_at: Option<Instant>,
    /// When it was done or taken back.
    #[schema(required)]
    pub ended_at: Option<Instant>,
}

/// What somebody changes, or means to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAction {
    /// In words.
    text: String,
    /// Why.
    why: Option<String>,
    /// What should come of it.
    expected: Option<String>,
    /// How to take it back.
    undo: Option<String>,
    /// Whether it cannot be taken back.
    #[serde(default)]
    irreversible: bool,
    /// Whether it is a change of which only one should be under way: another one is warned about.
    #[serde(default)]
    major: bool,
    /// Whether it is only meant to be done; otherwise it is under way from now on.
    #[serde(default)]
    planned: bool,
    /// When it happened; now unless given.
    at: Option<Instant>,
    /// Whether the instant is a guess.
    #[serde(default)]
    approximate: bool,
}

/// How somebody goes on with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionStep {
    /// It is being done.
    Begin,
    /// It was done.
    Finish,
    /// It was taken back.
    Undo,
    /// It is not done after all.
    Drop,
}

/// What is said about a step.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proceeding {
    /// What came of it.
    #[serde(default)]
    text: String,
    /// When it happened; now unless given.
    at: Option<Instant>,
    /// Whether the instant is a guess.
    #[serde(default)]
    approximate: bool,
}

pub(super) fn describe(action: &Action) -> ActionTaken {
    let intent = action.intent.clone();
    ActionTaken {
        state: action.state.into(),
        by: (&action.by).into(),
        why: intent.why,
        expected: intent.expected,
        actual: action.actual.clone(),
        undo: intent.undo,
        irreversible: intent.irreversible,
        major: intent.major,
        begun_at: action.begun_at.map(Instant::from),
        ended_at: action.ended_at.map(Instant::from),
    }
}

/// List an incident's actions, the oldest first.
#[utoipa::path(
    get, path = "/incidents/{incident}/actions", tag = "incident", operation_id = "list_actions",
    params(("incident" = String, Path, description = "The id or the number."), Paging),
    responses((
        status = 200, description = "The first entry of each, with where it stands.",
        body = List<TimelineEntry>
    ))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<TimelineEntry>>, ApiError> {
    let incident = find(&ctx, &caller, access::Action::Read, &incident).await?;
    let book = read(&store_timeline::bound(&ctx.app.db, incident.id, None).await?)?;
    let mut entries = Vec::new();
    for one in book.actions() {
        let row = store_timeline::get(&ctx.app.db, incident.id, one.id).await?;
        entries.extend(row.map(|row| describe_entry(&row, &book)).transpose()?);
    }
    Ok(Json(paging.part(entries, |entry| entry.id.clone(), |entry| entry)?))
}

/// Say what is changed, and why.
///
/// A major action that begins while another one is under way is warned about and not refused.
#[utoipa::path(
    post, path = "/incidents/{incident}/actions", tag = "incident", operation_id = "take_action",
    request_body = NewAction,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 201, description = "The new entry.", body = TimelineEntry))
)]
async fn act(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewAction>,
) -> Result<(StatusCode, Json<TimelineEntry>), ApiError> {
    let told = told(body.text, body.at.as_ref(), body.approximate, false)?;
    let intent = Intent {
        why: body.why,
        expected: body.expected,
        undo: body.undo,
        irreversible: body.irreversible,
        major: body.major,
        planned: body.planned,
    };
    written(&ctx, &caller, &incident, &Ask::Act { intent, told }).await
}

/// Go on with an action.
///
/// The warnings of this step are those of the answer.
#[utoipa::path(
    post, path = "/incidents/{incident}/actions/{entry}/{step}", tag = "incident",
    operation_id = "proceed_with_action", request_body = Option<Proceeding>,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("entry" = String, Path, description = "The action, by the id of its first entry."),
        ("step" = inline(ActionStep), Path, description = "How to go on."),
    ),
    responses((status = 200, description = "Its first entry as it is now.", body = TimelineEntry))
)]
async fn proceed(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, entry, step)): Path<(String, String, ActionStep)>,
    MaybeJson(body): MaybeJson<Proceeding>,
) -> Result<Json<TimelineEntry>, ApiError> {
    let action = entry_of(&entry)?;
    let step = match step {
        ActionStep::Begin => Step::Begin,
        ActionStep::Finish => Step::Finish,
        ActionStep::Undo => Step::Undo,
        ActionStep::Drop => Step::Drop,
    };
    let told = told(body.text, body.at.as_ref(), body.approximate, false)?;
    about(&ctx, &caller, &incident, action, &Ask::Proceed { action, step, told }).await
}
