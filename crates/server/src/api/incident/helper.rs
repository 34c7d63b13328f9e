//! Helpers of an incident (`E6`): who volunteered, what each of them is asked to do, and letting them
//! go with thanks.

use axum::extract::State;
use muster_core::id::UserId;
use muster_core::incident::helper::TASK_CHARS_MAX;
use muster_core::incident::lifecycle::{self, Command};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ANSWER_INCIDENTS;
use super::command::{do_to, words};
use super::incident::{Incident, describe_whole};
use crate::api::extract::{Json, MaybeJson, Path};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(ANSWER_INCIDENTS, routes!(volunteer))
        .on(ANSWER_INCIDENTS, routes!(direct))
        .on(ANSWER_INCIDENTS, routes!(release))
        .on(ANSWER_INCIDENTS, routes!(recall))
}

/// Somebody who volunteered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Helper {
    /// Who.
    pub user: String,
    /// When they volunteered.
    pub since: Instant,
    /// What they are asked to do; null until somebody directs them.
    #[schema(required)]
    pub task: Option<String>,
    /// Who else is asked to do the same.
    pub same_as: Vec<String>,
    /// When they were released; null while they help.
    #[schema(required)]
    pub released_at: Option<Instant>,
}

/// Who helps.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Volunteer {
    /// The person's name; yourself unless given.
    #[schema(example = "ana")]
    user: Option<String>,
}

/// What a helper is asked to do.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Direct {
    /// In words, up to 500 characters; null or blank takes back what was asked.
    #[schema(example = "Watch the error rate and say when it falls")]
    task: Option<String>,
}

/// How a helper is released.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// What is said besides the thanks.
    note: Option<String>,
}

/// Everybody who volunteered, as they are read.
pub(super) fn describe(directory: &Directory, incident: &lifecycle::Incident) -> Vec<Helper> {
    let name = |user: UserId| {
        directory.users.get(user).map_or_else(|| "(deleted)".to_owned(), |user| user.name.clone())
    };
    let helpers = &incident.helpers;
    let describe = |helper: &muster_core::incident::helper::Helper| Helper {
        user: name(helper.user),
        since: helper.since.into(),
        task: helper.task.clone(),
        same_as: match helper.released_at {
            None => helpers.same_task(helper.user).into_iter().map(name).collect(),
            Some(_) => Vec::new(),
        },
        released_at: helper.released_at.map(Instant::from),
    };
    helpers.iter().map(describe).collect()
}

/// Offer to help.
///
/// Whoever was paged or has checked in responds already and is not listed as a helper as well;
/// volunteering for a page one has not answered yet checks in.
#[utoipa::path(
    post, path = "/incidents/{incident}/helpers", tag = "incident", operation_id = "volunteer",
    request_body = Option<Volunteer>,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn volunteer(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    MaybeJson(body): MaybeJson<Volunteer>,
) -> Result<Json<Incident>, ApiError> {
    let user = match &body.user {
        Some(name) => person(&ctx, "user", name)?,
        None => caller.user().ok_or_else(|| {
            ApiError::field("user", "say who helps: this token belongs to nobody")
        })?,
    };
    obey(&ctx, &caller, &incident, Command::Volunteer { user }).await
}

/// Ask a helper to do one thing; they are told at once.
#[utoipa::path(
    post, path = "/incidents/{incident}/helpers/{user}/direct", tag = "incident",
    operation_id = "direct_helper", request_body = Direct,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("user" = String, Path, description = "The helper's name."),
    ),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn direct(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, user)): Path<(String, String)>,
    Json(body): Json<Direct>,
) -> Result<Json<Incident>, ApiError> {
    let task = body.task.map(|task| task.trim().to_owned()).filter(|task| !task.is_empty());
    if task.as_ref().is_some_and(|task| task.chars().count() > TASK_CHARS_MAX) {
        let why = format!("must be at most {TASK_CHARS_MAX} characters: one thing, in a sentence");
        return Err(ApiError::field("task", why));
    }
    let user = person(&ctx, "user", &user)?;
    obey(&ctx, &caller, &incident, Command::Direct { user, task }).await
}

/// Let a helper go, with thanks; they are told.
#[utoipa::path(
    post, path = "/incidents/{incident}/helpers/{user}/release", tag = "incident",
    operation_id = "release_helper", request_body = Option<Release>,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("user" = String, Path, description = "The helper's name."),
    ),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn release(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, user)): Path<(String, String)>,
    MaybeJson(body): MaybeJson<Release>,
) -> Result<Json<Incident>, ApiError> {
    let user = person(&ctx, "user", &user)?;
    obey(&ctx, &caller, &incident, Command::Release { user, note: words(body.note) }).await
}

/// Take the release of a helper back; they are told that their help is still wanted.
#[utoipa::path(
    post, path = "/incidents/{incident}/helpers/{user}/recall", tag = "incident",
    operation_id = "recall_helper",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("user" = String, Path, description = "The helper's name."),
    ),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn recall(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, user)): Path<(String, String)>,
) -> Result<Json<Incident>, ApiError> {
    let user = person(&ctx, "user", &user)?;
    obey(&ctx, &caller, &incident, Command::Recall { user }).await
}

pub(super) fn person(ctx: &Ctx, field: &str, name: &str) -> Result<UserId, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = snapshot.directory.users.named(name);
    let name: String = name.chars().take(100).collect();
    Ok(user.ok_or_else(|| ApiError::field(field, format!("there is no person `{name}`")))?.id)
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
