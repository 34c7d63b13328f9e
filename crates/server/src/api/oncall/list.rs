//! Notification lists (`E1`): who hears of the incidents of which services, or of the changes to one
//! (`X13`), and joining and leaving them, which everybody does for themselves.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::id::UserId;
use muster_core::oncall::list;
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::org::{find, user_name};
use crate::api::{ApiError, Caller, Ctx, Need, Routes, SEE_ORGANIZATION};
use crate::app::oncall::subscription::NotChanged;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(lists))
        .on(SEE_ORGANIZATION, routes!(show))
        .on(Need::of_person(Action::Manage), routes!(subscribe, unsubscribe))
}

/// Who hears of the incidents of some services.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NotificationList {
    /// Unique.
    #[schema(example = "checkout-notify")]
    pub name: String,
    /// What it is told of: `incidents`, or `changes` to its service.
    #[schema(example = "incidents")]
    pub about: String,
    /// What it covers; everything where nothing is named.
    pub services: Vec<String>,
    /// Who is on it and cannot leave; empty for whoever may not see who is on a restricted list.
    pub core: Vec<String>,
    /// Who subscribed.
    pub subscribers: Vec<String>,
    /// Whether it hears of what its services depend on.
    pub upstream: bool,
    /// Whether it hears of what depends on its services.
    pub downstream: bool,
    /// Whether it is told by a decision, and nobody joins it.
    pub restricted: bool,
    /// Whether it hears by itself that an incident began, changed its severity and ended.
    pub automatic: bool,
    /// Whether you may see who is on it, and tell it about any incident.
    pub trusted: bool,
    /// Whether you hear what it says.
    pub subscribed: bool,
    /// Whether you are in its core, and cannot leave.
    pub mandatory: bool,
}

fn describe(
    directory: &Directory,
    caller: &Caller,
    list: &list::NotificationList,
) -> NotificationList {
    let names = |users: &[UserId]| -> Vec<String> {
        users.iter().map(|user| user_name(directory, *user)).collect()
    };
    let services = list.services.iter().filter_map(|id| directory.services.get(*id));
    let me = caller.user();
    let trusted = list.restricted.is_none() || me.is_some_and(|me| list.trusts(me));
    let sees = trusted || caller.may(Action::Read, Object::Configuration).is_ok();
    let names = |users: &[UserId]| if sees { names(users) } else { Vec::new() };
    NotificationList {
        name: list.name.clone(),
        about: about(directory, list).to_owned(),
        services: services.map(|service| service.name.clone()).collect(),
        core: names(&list.core),
        subscribers: names(&list.subscribers),
        upstream: list.upstream,
        downstream: list.downstream,
        restricted: list.restricted.is_some(),
        automatic: list.hears_by_itself(),
        trusted,
        subscribed: me.is_some_and(|me| list.reaches(me)),
        mandatory: me.is_some_and(|me| list.core.contains(&me)),
    }
}

/// Which lists.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// `incidents`, which is usual, or `changes`.
    about: Option<String>,
    /// How many items at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
}

const INCIDENTS: &str = "incidents";
const CHANGES: &str = "changes";

fn about(directory: &Directory, list: &list::NotificationList) -> &'static str {
    if directory.change_lists.get(list.id).is_some() { CHANGES } else { INCIDENTS }
}

/// A list of either kind, by its name.
fn find_list<'a>(
    directory: &'a Directory,
    name: &str,
) -> Result<&'a list::NotificationList, ApiError> {
    match directory.change_lists.named(name).filter(|_| directory.lists.named(name).is_none()) {
        Some(list) => Ok(list),
        None => find(&directory.lists, "notification list", name),
    }
}

/// Notification lists: those that hear of incidents, or those that hear of changes, which every service
/// has one of.
#[utoipa::path(
    get, path = "/notification-lists", tag = "oncall", operation_id = "notification_lists",
    params(Wanted),
    responses((status = 200, description = "Lists by name.", body = List<NotificationList>))
)]
async fn lists(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<NotificationList>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let lists = match wanted.about.as_deref() {
        None | Some(INCIDENTS) => &directory.lists,
        Some(CHANGES) => &directory.change_lists,
        Some(_) => return Err(ApiError::field("about", "use `incidents` or `changes`")),
    };
    let paging = Paging::new(wanted.limit, wanted.cursor);
    let name = |list: &&list::NotificationList| list.name.clone();
    paging.part(lists.iter(), name, |list| describe(directory, &caller, list)).map(Json)
}

/// One notification list.
#[utoipa::path(
    get, path = "/notification-lists/{name}", tag = "oncall", operation_id = "notification_list",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "The list.", body = NotificationList))
)]
async fn show(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<NotificationList>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let list = find_list(directory, &name)?;
    Ok(Json(describe(directory, &caller, list)))
}

/// Subscribe to a notification list.
#[utoipa::path(
    put, path = "/users/{name}/subscriptions/{list}", tag = "oncall", operation_id = "subscribe",
    params(
        ("name" = String, Path, description = "The person's name."),
        ("list" = String, Path, description = "The list's name."),
    ),
    responses((status = 200, description = "The list; the person hears what it is told now.",
        body = NotificationList))
)]
async fn subscribe(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, list)): Path<(String, String)>,
) -> Result<Json<NotificationList>, ApiError> {
    change(&ctx, &caller, &name, &list, true).await?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let list = find_list(directory, &list)?;
    Ok(Json(describe(directory, &caller, list)))
}

/// Leave a notification list; its core cannot.
#[utoipa::path(
    delete, path = "/users/{name}/subscriptions/{list}", tag = "oncall",
    operation_id = "unsubscribe",
    params(
        ("name" = String, Path, description = "The person's name."),
        ("list" = String, Path, description = "The list's name."),
    ),
    responses(
        (status = 204, description = "The person hears nothing more from it."),
        (status = 409, description = "The person belongs to its core.",
            body = crate::api::error::Problem, content_type = "application/problem+json"),
    )
)]
async fn unsubscribe(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, list)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    change(&ctx, &caller, &name, &list, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn change(
    ctx: &Ctx,
    caller: &Caller,
    name: &str,
    list: &str,
    wanted: bool,
) -> Result<(), ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let user = find(&directory.users, "user", name)?;
    let list = find_list(directory, list)?;
    match ctx.app.subscribe(user, list, wanted, &caller.actor).await {
        Ok(()) => Ok(()),
        Err(error @ (NotChanged::Core { .. } | NotChanged::Restricted { .. })) => {
            Err(ApiError::conflict(error.to_string()))
        }
        Err(NotChanged::Store(error)) => Err(error.into()),
    }
}
