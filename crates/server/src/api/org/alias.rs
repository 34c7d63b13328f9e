//! The standard aliases of services (`O1`), read through the escalation policies each time.

use axum::extract::State;
use jiff::Timestamp;
use muster_core::oncall::alias::{self, Alias};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::user_name;
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::period::instant_or;
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Routes, SEE_ORGANIZATION};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ORGANIZATION, routes!(list)).on(SEE_ORGANIZATION, routes!(show))
}

/// When.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct When {
    /// The instant that is asked about; now unless given.
    at: Option<Instant>,
}

/// A name that people and programs page by.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StandardAlias {
    /// The name.
    #[schema(example = "page-checkout-primary")]
    pub alias: String,
    /// The service that it is of.
    pub service: String,
    /// The instant that it was asked for.
    pub at: Instant,
    /// Whom it stands for; empty only when nobody at all can be reached.
    pub users: Vec<String>,
}

fn describe(directory: &Directory, alias: &Alias, at: Timestamp) -> Option<StandardAlias> {
    let users = alias::resolve(directory, alias, at)?;
    Some(StandardAlias {
        alias: alias.to_string(),
        service: alias.service.clone(),
        at: at.into(),
        users: users.into_iter().map(|user| user_name(directory, user)).collect(),
    })
}

/// Every alias, with whom it stands for now.
#[utoipa::path(
    get, path = "/aliases", tag = "org", operation_id = "aliases", params(Paging),
    responses((status = 200, description = "Aliases by name.", body = List<StandardAlias>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<StandardAlias>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let now = ctx.app.now();
    let mut all = alias::all(directory);
    all.sort_by_key(ToString::to_string);
    let part = paging.part(all, ToString::to_string, |alias| alias)?;
    let items = part.items.iter().filter_map(|alias| describe(directory, alias, now)).collect();
    Ok(Json(List { items, next: part.next }))
}

/// Whom an alias stands for.
#[utoipa::path(
    get, path = "/aliases/{alias}", tag = "org", operation_id = "alias",
    params(("alias" = String, Path, description = "Such as `page-checkout-primary`."), When),
    responses((status = 200, description = "The alias.", body = StandardAlias))
)]
async fn show(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
    Query(when): Query<When>,
) -> Result<Json<StandardAlias>, ApiError> {
    let at = instant_or("at", when.at.as_ref(), ctx.app.now())?;
    let snapshot = ctx.app.snapshot();
    Alias::parse(&name)
        .and_then(|alias| describe(&snapshot.directory, &alias, at))
        .map(Json)
        .ok_or_else(|| ApiError::not_found("alias", &name))
}
