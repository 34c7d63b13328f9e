//! Service groups (`T2`): services that belong together, as bad as the worst of them.

use axum::extract::State;
use muster_core::org::service_group;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::service::{Open, open_incidents};
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};
use muster_core::org::directory::Directory;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ORGANIZATION, routes!(list)).on(SEE_ORGANIZATION, routes!(show))
}

/// Services that belong together.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ServiceGroup {
    /// Unique; a search says `group:NAME`.
    #[schema(example = "shop")]
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// Its services, in the order of the configuration.
    pub services: Vec<String>,
    /// Incidents of its services that are open and that you see.
    pub open_incidents: i64,
    /// The worst severity among them.
    #[schema(required)]
    pub worst_severity: Option<i64>,
}

fn describe(
    directory: &Directory,
    open: &Open,
    group: &service_group::ServiceGroup,
) -> ServiceGroup {
    let services = group.services.iter().filter_map(|id| directory.services.get(*id));
    let (open_incidents, worst_severity) = group.worst(|service| open.get(&service).copied());
    ServiceGroup {
        name: group.name.clone(),
        description: group.description.clone(),
        services: services.map(|service| service.name.clone()).collect(),
        open_incidents,
        worst_severity,
    }
}

/// List the service groups.
#[utoipa::path(
    get, path = "/service-groups", tag = "org", operation_id = "service_groups",
    responses((status = 200, description = "All of them, by name.", body = List<ServiceGroup>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
) -> Result<Json<List<ServiceGroup>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let open = open_incidents(&ctx, &caller).await?;
    let groups = directory.service_groups.iter();
    Ok(Json(List::whole(groups.map(|group| describe(directory, &open, group)).collect())))
}

/// Read a service group.
#[utoipa::path(
    get, path = "/service-groups/{name}", tag = "org", operation_id = "service_group",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "The group.", body = ServiceGroup))
)]
async fn show(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ServiceGroup>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let group = directory.service_group(&name);
    let group = group.ok_or_else(|| ApiError::not_found("service group", &name))?;
    let open = open_incidents(&ctx, &caller).await?;
    Ok(Json(describe(directory, &open, group)))
}
