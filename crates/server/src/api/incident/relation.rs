//! Links between incidents (`T2`, `T3`): which others an incident has to do with, and how.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::id::RelationId;
use muster_core::incident::relation::NOTE_CHARS_MAX;
use muster_core::org::access::Action;
use muster_store::incident::incident as store_incident;
use muster_store::incident::relation as store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::Reference;
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::word::{IncidentStatus, Instant, RelationSort};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(ANSWER_INCIDENTS, routes!(relate))
        .on(ANSWER_INCIDENTS, routes!(unrelate))
}

/// A link to another incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Relation {
    /// For programs.
    #[schema(example = "rel_0193f0e4a1b27c3d8e9f00112233aabb")]
    pub id: String,
    /// How the incident stands to the other one.
    pub sort: RelationSort,
    /// The number of the other one.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: IncidentStatus,
    /// How bad it is; 1 is the worst.
    pub severity: u8,
    /// What is said besides; may be empty.
    pub note: String,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// Another incident, and how this one stands to it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelation {
    /// The other one, by its id or number.
    to: Reference,
    /// How this one stands to it; a link that there was between the two is replaced.
    sort: RelationSort,
    /// What is said besides, in a line.
    #[serde(default)]
    note: String,
}

/// List the incidents that one has to do with, as far as you see them.
#[utoipa::path(
    get, path = "/incidents/{incident}/relations", tag = "incident",
    operation_id = "list_relations",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "All of them.", body = List<Relation>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<List<Relation>>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let mut items = Vec::new();
    for relation in store::list(&ctx.app.db, &viewer, incident.id).await? {
        items.extend(describe(&ctx, &caller, relation).await?);
    }
    Ok(Json(List::whole(items)))
}

/// Say that two incidents have to do with each other. Both timelines say so.
#[utoipa::path(
    post, path = "/incidents/{incident}/relations", tag = "incident", operation_id = "relate",
    request_body = NewRelation,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 201, description = "The link.", body = Relation))
)]
async fn relate(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewRelation>,
) -> Result<(StatusCode, Json<Relation>), ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let other = find(&ctx, &caller, Action::Respond, &body.to.to_string()).await?;
    let note = body.note.trim();
    if note.chars().count() > NOTE_CHARS_MAX || note.contains(char::is_control) {
        let why = format!("must be a line of at most {NOTE_CHARS_MAX} characters");
        return Err(ApiError::field("note", why));
    }
    let said = (body.sort.0, note);
    let relation = ctx.app.relate(incident.id, other.id, said, &caller.actor).await?;
    let described = describe(&ctx, &caller, relation).await?;
    let described = described.ok_or_else(|| ApiError::internal("a new link was not found"))?;
    Ok((StatusCode::CREATED, Json(described)))
}

/// Take a link back.
#[utoipa::path(
    delete, path = "/incidents/{incident}/relations/{relation}", tag = "incident",
    operation_id = "unrelate",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("relation" = String, Path, description = "The id of the link."),
    ),
    responses((status = 204, description = "They are no longer linked."))
)]
async fn unrelate(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let unknown = || ApiError::not_found("link", &name);
    let id: RelationId = name.parse().map_err(|_| unknown())?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let relations = store::list(&ctx.app.db, &viewer, incident.id).await?;
    let relation = relations.into_iter().find(|one| one.id == id).ok_or_else(unknown)?;
    ctx.app.unrelate(incident.id, relation.other, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A link with what the caller sees of the other incident.
async fn describe(
    ctx: &Ctx,
    caller: &Caller,
    relation: store::Relation,
) -> Result<Option<Relation>, ApiError> {
    let viewer = ctx.app.viewer(caller.user()).await?;
    let other = store_incident::get(&ctx.app.db, &viewer, relation.other).await?;
    Ok(other.map(|other| Relation {
        id: relation.id.to_string(),
        sort: relation.sort.into(),
        number: other.number,
        title: other.title,
        status: other.status.into(),
        severity: other.severity.number(),
        note: relation.note,
        by: relation.author_name,
        at: Instant::from_micros(relation.related_at),
    }))
}
