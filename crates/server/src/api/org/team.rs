//! Teams.

use axum::extract::State;
use muster_core::org::directory::Directory;
use muster_core::org::team;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{find, user_name};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::{ApiError, Ctx, Routes, SEE_ORGANIZATION};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ORGANIZATION, routes!(list)).on(SEE_ORGANIZATION, routes!(show))
}

/// People who own services together.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Team {
    /// Unique.
    #[schema(example = "payments")]
    pub name: String,
    /// Who answers for the team.
    #[schema(required)]
    pub manager: Option<String>,
    /// The people in it.
    pub members: Vec<String>,
    /// The services that it owns.
    pub services: Vec<String>,
}

fn describe(directory: &Directory, team: &team::Team) -> Team {
    let owned = directory.services.iter().filter(|service| service.team == Some(team.id));
    Team {
        name: team.name.clone(),
        manager: team.manager.map(|manager| user_name(directory, manager)),
        members: team.members.iter().map(|member| user_name(directory, *member)).collect(),
        services: owned.map(|service| service.name.clone()).collect(),
    }
}

/// Teams.
#[utoipa::path(
    get, path = "/teams", tag = "org", operation_id = "teams", params(Paging),
    responses((status = 200, description = "Teams by name.", body = List<Team>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Team>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let name = |team: &&team::Team| team.name.clone();
    paging.part(directory.teams.iter(), name, |team| describe(directory, team)).map(Json)
}

/// One team.
#[utoipa::path(
    get, path = "/teams/{name}", tag = "org", operation_id = "team",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "The team.", body = Team))
)]
async fn show(State(ctx): State<Ctx>, Path(name): Path<String>) -> Result<Json<Team>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    Ok(Json(describe(directory, find(&directory.teams, "team", &name)?)))
}
