//! Tags of incidents (`T2`): free words by which people find them again.

use axum::extract::State;
use muster_core::incident::tag::{self, NoTag, TAGS_MAX};
use muster_core::org::access::Action;
use muster_store::incident::tag as store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::incident::{Incident, describe_whole};
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};

/// The most tags in use that are listed.
const IN_USE_MAX: i64 = 500;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(ANSWER_INCIDENTS, routes!(add))
        .on(ANSWER_INCIDENTS, routes!(remove))
}

/// A tag that is in use.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentTag {
    /// The word.
    #[schema(example = "database")]
    pub tag: String,
    /// How many incidents that you see bear it.
    pub count: i64,
}

/// Tags to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTags {
    /// The words, with or without a hash before them.
    #[schema(max_items = 20)]
    tags: Vec<String>,
}

/// The tags that somebody writes, in the form that is kept.
///
/// # Errors
/// 400 where one of them is none, or there are too many.
pub(super) fn read(tags: &[String]) -> Result<Vec<String>, ApiError> {
    if tags.len() > TAGS_MAX {
        return Err(ApiError::field("tags", format!("must be at most {TAGS_MAX}")));
    }
    let read = tags.iter().map(|text| tag::read(text)).collect::<Result<_, NoTag>>();
    read.map_err(|error| ApiError::field("tags", error.to_string()))
}

/// List the tags in use, the most used first; at most 500.
#[utoipa::path(
    get, path = "/tags", tag = "incident", operation_id = "list_tags",
    responses((status = 200, description = "The tags.", body = List<IncidentTag>))
)]
async fn list(State(ctx): State<Ctx>, caller: Caller) -> Result<Json<List<IncidentTag>>, ApiError> {
    let viewer = ctx.app.viewer(caller.user()).await?;
    let rows = store::in_use(&ctx.app.db, &viewer, IN_USE_MAX).await?;
    let items = rows.into_iter().map(|(tag, count)| IncidentTag { tag, count }).collect();
    Ok(Json(List::whole(items)))
}

/// Tag an incident. Tags that it bears stay as they are.
#[utoipa::path(
    post, path = "/incidents/{incident}/tags", tag = "incident", operation_id = "tag_incident",
    request_body = NewTags,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident.", body = Incident))
)]
async fn add(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewTags>,
) -> Result<Json<Incident>, ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    ctx.app.tag(incident.id, &read(&body.tags)?, &caller.actor).await?;
    Ok(Json(describe_whole(&ctx, &caller, &incident).await?))
}

/// Take a tag off an incident; nothing changes where it does not bear it.
#[utoipa::path(
    delete, path = "/incidents/{incident}/tags/{tag}", tag = "incident",
    operation_id = "untag_incident",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("tag" = String, Path, description = "The tag."),
    ),
    responses((status = 200, description = "The incident.", body = Incident))
)]
async fn remove(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, name)): Path<(String, String)>,
) -> Result<Json<Incident>, ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    if let Ok(tag) = tag::read(&name) {
        ctx.app.untag(incident.id, &tag, &caller.actor).await?;
    }
    Ok(Json(describe_whole(&ctx, &caller, &incident).await?))
}
