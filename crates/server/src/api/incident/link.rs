//! An incident's own links (`T2`): the dashboard, the document, the ticket that people need at hand.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::id::IncidentLinkId;
use muster_core::incident::link::Link;
use muster_core::org::access::Action;
use muster_store::incident::link::{self as store, LinkRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(ANSWER_INCIDENTS, routes!(add))
        .on(ANSWER_INCIDENTS, routes!(remove))
}

/// A link of an incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentLink {
    /// For programs.
    #[schema(example = "lnk_0193f0e4a1b27c3d8e9f00112233aabb")]
    pub id: String,
    /// In a line.
    #[schema(example = "Dashboard")]
    pub label: String,
    /// Where it leads.
    #[schema(example = "https://grafana.example.com/d/checkout")]
    pub address: String,
    /// Who added it.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// A label and where it leads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// In a line of at most 100 characters.
    label: String,
    /// An https address.
    address: String,
}

/// List an incident's own links, the oldest first.
#[utoipa::path(
    get, path = "/incidents/{incident}/links", tag = "incident", operation_id = "list_links",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "All of them.", body = List<IncidentLink>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<List<IncidentLink>>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let rows = store::list(&ctx.app.db, incident.id).await?;
    Ok(Json(List::whole(rows.into_iter().map(describe).collect())))
}

/// Add a link, which the timeline says. The same link is added once.
#[utoipa::path(
    post, path = "/incidents/{incident}/links", tag = "incident", operation_id = "add_link",
    request_body = NewLink,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 201, description = "The link.", body = IncidentLink))
)]
async fn add(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewLink>,
) -> Result<(StatusCode, Json<IncidentLink>), ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let link = Link::parse(&body.label, &body.address)
        .map_err(|wrong| ApiError::field(wrong.field(), wrong.to_string()))?;
    let row = ctx.app.add_link(incident.id, &link, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(describe(row))))
}

/// Take a link off.
#[utoipa::path(
    delete, path = "/incidents/{incident}/links/{link}", tag = "incident",
    operation_id = "remove_link",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("link" = String, Path, description = "The id of the link."),
    ),
    responses((status = 204, description = "It is off."))
)]
async fn remove(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let unknown = || ApiError::not_found("link", &name);
    let id: IncidentLinkId = name.parse().map_err(|_| unknown())?;
    match ctx.app.remove_link(incident.id, id, &caller.actor).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown()),
    }
}

pub(super) fn describe(row: LinkRow) -> IncidentLink {
    IncidentLink {
        id: IncidentLinkId(row.id).to_string(),
        label: row.label,
        address: row.address,
        by: row.author_name,
        at: Instant::from_micros(row.added_at),
    }
}
