//! Links to calendars over the API: a person makes them for themselves, and revokes them.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::id::CalendarLinkId;
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_store::oncall::calendar::{self as store_calendar, Subject};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::PLAN;
use crate::api::extract::{Json, MaybeJson, Path};
use crate::api::list::List;
use crate::api::org::{find, user_name};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(PLAN, routes!(make))
        .on(PLAN, routes!(revoke))
}

/// A link to a calendar. Whoever has it reads the calendar, without signing in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CalendarLink {
    /// For revoking it.
    pub id: String,
    /// The schedule it shows.
    #[schema(required)]
    pub schedule: Option<String>,
    /// The person whose shifts it shows.
    #[schema(required)]
    pub user: Option<String>,
    /// Whether it shows changes.
    pub changes: bool,
    /// The service whose changes it shows; null where those of all.
    #[schema(required)]
    pub service: Option<String>,
    /// Where the calendar is.
    pub url: String,
    /// When it was made.
    pub created_at: Instant,
}

/// Which calendar.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCalendarLink {
    /// A schedule; your own shifts everywhere unless given.
    schedule: Option<String>,
    /// Changes instead of shifts.
    #[serde(default)]
    changes: bool,
    /// Changes of this service; of all unless given.
    service: Option<String>,
}

fn describe(ctx: &Ctx, directory: &Directory, link: &store_calendar::CalendarLink) -> CalendarLink {
    let (mut schedule, mut user, mut changes, mut service) = (None, None, false, None);
    match link.subject {
        Subject::Schedule(id) => schedule = directory.schedules.get(id).map(|of| of.name.clone()),
        Subject::User(id) => user = Some(user_name(directory, id)),
        Subject::Changes(of) => {
            changes = true;
            service = of.and_then(|id| directory.services.get(id)).map(|of| of.name.clone());
        }
    }
    CalendarLink {
        id: link.id.to_string(),
        schedule,
        user,
        changes,
        service,
        url: ctx.app.calendar_url(link.id),
        created_at: link.created_at.into(),
    }
}

/// Your links in force.
#[utoipa::path(
    get, path = "/calendar-links", tag = "oncall", operation_id = "calendar_links",
    responses((status = 200, description = "The links.", body = List<CalendarLink>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
) -> Result<Json<List<CalendarLink>>, ApiError> {
    let Some(owner) = caller.user() else { return Ok(Json(List::whole(Vec::new()))) };
    let links = store_calendar::of_owner(&ctx.app.db, owner).await?;
    let snapshot = ctx.app.snapshot();
    let items = links.iter().map(|link| describe(&ctx, &snapshot.directory, link));
    Ok(Json(List::whole(items.collect())))
}

/// Make a link to a calendar.
#[utoipa::path(
    post, path = "/calendar-links", tag = "oncall", operation_id = "make_calendar_link",
    request_body = NewCalendarLink,
    responses((status = 201, description = "The link.", body = CalendarLink))
)]
async fn make(
    State(ctx): State<Ctx>,
    caller: Caller,
    MaybeJson(body): MaybeJson<NewCalendarLink>,
) -> Result<(StatusCode, Json<CalendarLink>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    if body.service.is_some() && !body.changes {
        return Err(ApiError::field("service", "only changes are shown of a service"));
    }
    if body.schedule.is_some() && body.changes {
        return Err(ApiError::field("schedule", "name a schedule or ask for changes, not both"));
    }
    let subject = match (&body.schedule, caller.user()) {
        _ if body.changes => {
            caller.may(Action::Read, Object::Changes)?;
            let service = body.service.as_deref();
            let service = service.map(|name| find(&directory.services, "service", name));
            Subject::Changes(service.transpose()?.map(|service| service.id))
        }
        (Some(name), _) => Subject::Schedule(find(&directory.schedules, "schedule", name)?.id),
        (None, Some(user)) => Subject::User(user),
        (None, None) => {
            let message = "this token belongs to no person, so name a schedule";
            return Err(ApiError::field("schedule", message));
        }
    };
    let link = ctx.app.make_calendar_link(subject, caller.user(), &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(describe(&ctx, directory, &link))))
}

/// Revoke a link: it opens nothing any more.
#[utoipa::path(
    delete, path = "/calendar-links/{id}", tag = "oncall", operation_id = "revoke_calendar_link",
    params(("id" = String, Path, description = "The link.")),
    responses((status = 204, description = "It opens nothing any more."))
)]
async fn revoke(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let missing = || ApiError::not_found("calendar link", &id);
    let wanted: CalendarLinkId = id.parse().map_err(|_| missing())?;
    let link = store_calendar::get(&ctx.app.db, wanted).await?.ok_or_else(missing)?;
    let is_own = link.owner.is_some() && link.owner == caller.user();
    if !is_own && caller.may(Action::Manage, Object::Tokens).is_err() {
        return Err(missing());
    }
    ctx.app.revoke_calendar_link(link.id, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
