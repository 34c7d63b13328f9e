//! Lines of inquiry (`L3`): what it might be, who looks into it, what was found.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::id::UserId;
use muster_core::incident::writing::Ask;
use muster_core::incident::writing::hypothesis::{Hypothesis, State as Stands, Step};
use muster_core::org::access::Action;
use muster_store::incident::timeline as store_timeline;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::timeline::{TimelineEntry, about, describe as describe_entry, entry_of, told, written};
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, MaybeJson, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::{HypothesisState, Instant};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::incident::writing::read;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(ANSWER_INCIDENTS, routes!(suppose))
        .on(ANSWER_INCIDENTS, routes!(pursue))
}

/// Where a hypothesis stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Inquiry {
    /// Where it stands.
    pub state: HypothesisState,
    /// Who looks into it, by the name they had then; null if nobody does.
    #[schema(required)]
    pub assignee: Option<String>,
    /// What was found last.
    #[schema(required)]
    pub found: Option<String>,
}

/// What somebody supposes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHypothesis {
    /// In words.
    text: String,
    /// Who looks into it; nobody yet unless given.
    assignee: Option<String>,
    /// When it was first supposed; now unless given.
    at: Option<Instant>,
    /// Whether the instant is a guess.
    #[serde(default)]
    approximate: bool,
}

/// How somebody goes on with a hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HypothesisStep {
    /// Somebody is to look into it.
    Assign,
    /// It is being looked into.
    Explore,
    /// It is not that.
    Abandon,
    /// It is that.
    Confirm,
    /// Take it up again.
    Reopen,
}

/// What is said about a step.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pursuit {
    /// What was found.
    #[serde(default)]
    text: String,
    /// Who is to look into it, when it is assigned; nobody any more unless given.
    assignee: Option<String>,
    /// When it happened; now unless given.
    at: Option<Instant>,
    /// Whether the instant is a guess.
    #[serde(default)]
    approximate: bool,
}

pub(super) fn describe(hypothesis: &Hypothesis) -> Inquiry {
    Inquiry {
        state: hypothesis.state.into(),
        assignee: hypothesis.assignee.as_ref().map(|(_, name)| name.clone()),
        found: hypothesis.found.clone(),
    }
}

/// List an incident's hypotheses, the oldest first.
#[utoipa::path(
    get, path = "/incidents/{incident}/hypotheses", tag = "incident",
    operation_id = "list_hypotheses",
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
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let book = read(&store_timeline::bound(&ctx.app.db, incident.id, None).await?)?;
    let mut entries = Vec::new();
    for one in book.hypotheses() {
        let row = store_timeline::get(&ctx.app.db, incident.id, one.id).await?;
        entries.extend(row.map(|row| describe_entry(&row, &book)).transpose()?);
    }
    Ok(Json(paging.part(entries, |entry| entry.id.clone(), |entry| entry)?))
}

/// Say what it might be.
#[utoipa::path(
    post, path = "/incidents/{incident}/hypotheses", tag = "incident",
    operation_id = "open_hypothesis", request_body = NewHypothesis,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 201, description = "The new entry.", body = TimelineEntry))
)]
async fn suppose(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewHypothesis>,
) -> Result<(StatusCode, Json<TimelineEntry>), ApiError> {
    let assignee = person(&ctx, "assignee", body.assignee.as_deref())?;
    let told = told(body.text, body.at.as_ref(), body.approximate, false)?;
    written(&ctx, &caller, &incident, &Ask::Suppose { assignee, told }).await
}

/// Go on with a hypothesis.
#[utoipa::path(
    post, path = "/incidents/{incident}/hypotheses/{entry}/{step}", tag = "incident",
    operation_id = "pursue_hypothesis", request_body = Option<Pursuit>,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("entry" = String, Path, description = "The hypothesis, by the id of its first entry."),
        ("step" = inline(HypothesisStep), Path, description = "How to go on."),
    ),
    responses((status = 200, description = "Its first entry as it is now.", body = TimelineEntry))
)]
async fn pursue(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, entry, step)): Path<(String, String, HypothesisStep)>,
    MaybeJson(body): MaybeJson<Pursuit>,
) -> Result<Json<TimelineEntry>, ApiError> {
    let hypothesis = entry_of(&entry)?;
    let assignee = person(&ctx, "assignee", body.assignee.as_deref())?;
    if assignee.is_some() && step != HypothesisStep::Assign {
        return Err(ApiError::field("assignee", "belongs to the step `assign`"));
    }
    let step = match step {
        HypothesisStep::Assign => Step::Assign(assignee),
        HypothesisStep::Explore => Step::Move(Stands::Explored),
        HypothesisStep::Abandon => Step::Move(Stands::Abandoned),
        HypothesisStep::Confirm => Step::Move(Stands::Confirmed),
        HypothesisStep::Reopen => Step::Move(Stands::Open),
    };
    let told = told(body.text, body.at.as_ref(), body.approximate, false)?;
    about(&ctx, &caller, &incident, hypothesis, &Ask::Pursue { hypothesis, step, told }).await
}

/// Somebody by name, if anybody is named in a field.
pub(super) fn person(
    ctx: &Ctx,
    field: &str,
    name: Option<&str>,
) -> Result<Option<(UserId, String)>, ApiError> {
    let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else { return Ok(None) };
    let snapshot = ctx.app.snapshot();
    let user = snapshot.directory.users.named(name).ok_or_else(|| {
        let name: String = name.chars().take(100).collect();
        ApiError::field(field, format!("there is no person `{name}`"))
    })?;
    Ok(Some((user.id, user.name.clone())))
}
