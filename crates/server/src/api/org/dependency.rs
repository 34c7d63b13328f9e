//! What stands around a service, with how each is: upstream what it cannot work without, downstream
//! what cannot work without it.

use std::collections::HashMap;

use axum::extract::State;
use muster_core::org::dependency::{Neighbour, STEPS_MAX, around};
use muster_core::org::directory::Directory;
use muster_store::incident::incident as store_incident;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::find;
use crate::api::extract::{Json, Path, Query};
use crate::api::list::List;
use crate::api::word::DependencySide;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ORGANIZATION, routes!(list))
}

/// How far to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Reach {
    /// How many steps away at most: 1 to 5, 5 unless given.
    #[param(minimum = 1, maximum = 5)]
    steps: Option<usize>,
}

/// A service around another one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Dependency {
    /// Its name.
    pub service: String,
    /// `upstream` is what the other one cannot work without, `downstream` what cannot work without it.
    pub side: DependencySide,
    /// How far away; 1 is next to it.
    pub steps: usize,
    /// The service one step nearer by which it was found.
    pub via: String,
    /// Who owns it.
    #[schema(required)]
    pub team: Option<String>,
    /// 1 is the most important.
    #[schema(required)]
    pub tier: Option<u8>,
    /// Incidents that are open, as far as you see them.
    pub open_incidents: i64,
    /// The worst severity among them.
    #[schema(required)]
    pub worst_severity: Option<i64>,
}

/// List what a service depends on and what depends on it, with how each is now: the nearest first.
#[utoipa::path(
    get, path = "/services/{name}/dependencies", tag = "org", operation_id = "list_dependencies",
    params(("name" = String, Path, description = "The service's name."), Reach),
    responses((status = 200, description = "The nearest first, then by name.", body = List<Dependency>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Query(reach): Query<Reach>,
) -> Result<Json<List<Dependency>>, ApiError> {
    let steps = reach.steps.unwrap_or(STEPS_MAX);
    if !(1..=STEPS_MAX).contains(&steps) {
        return Err(ApiError::field("steps", format!("must be from 1 to {STEPS_MAX}")));
    }
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let service = find(&directory.services, "service", &name)?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let open = store_incident::open_by_service(&ctx.app.db, &viewer).await?;
    let open: HashMap<_, _> =
        open.into_iter().map(|(service, count, worst)| (service, (count, worst))).collect();
    let items = around(directory, service.id, steps);
    let items =
        items.into_iter().filter_map(|one| describe(directory, one, open.get(&one.service)));
    Ok(Json(List::whole(items.collect())))
}

fn describe(
    directory: &Directory,
    one: Neighbour,
    open: Option<&(i64, i64)>,
) -> Option<Dependency> {
    let service = directory.services.get(one.service)?;
    let team = service.team.and_then(|team| directory.teams.get(team));
    Some(Dependency {
        service: service.name.clone(),
        side: one.side.into(),
        steps: one.steps,
        via: directory.services.get(one.via)?.name.clone(),
        team: team.map(|team| team.name.clone()),
        tier: service.tier,
        open_incidents: open.map_or(0, |(count, _)| *count),
        worst_severity: open.map(|(_, worst)| *worst),
    })
}
