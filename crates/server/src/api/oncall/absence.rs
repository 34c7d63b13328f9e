//! Leave over the API: when people are away, and what of their shifts others were asked to take.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use muster_core::id::{AbsenceId, UserId};
use muster_core::oncall::cover::Span;
use muster_core::oncall::schedule::shifts;
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_store::oncall::absence::{self as store_absence, Absence as Stored};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::request::{self, CoverRequest};
use super::{PLAN, stretch};
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::org::find;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};
use crate::app::oncall::absence::Leave;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(PLAN, routes!(add))
        .on(PLAN, routes!(remove))
}

/// A time in which somebody is away.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Absence {
    /// For taking it back.
    pub id: String,
    /// From then on.
    pub from: Instant,
    /// Up to, but not at, then.
    pub to: Instant,
    /// Why; null for those who may not know.
    #[schema(required)]
    pub reason: Option<String>,
    /// Whether it came from a calendar.
    pub from_calendar: bool,
    /// Shifts that are still this person's in that time.
    pub conflicts: Vec<Conflict>,
}

/// A shift of somebody who is away.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Conflict {
    /// Where.
    pub schedule: String,
    /// From then on.
    pub from: Instant,
    /// Up to, but not at, then.
    pub to: Instant,
}

/// A leave to enter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAbsence {
    /// From when on.
    from: Instant,
    /// Up to when.
    to: Option<Instant>,
    /// For how long, such as `2w`, instead of `to`.
    r#for: Option<String>,
    /// Why; for you and those who lead you.
    #[serde(default)]
    reason: String,
}

/// What entering a leave led to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EnteredAbsence {
    /// The leave.
    pub absence: Absence,
    /// Shifts that others were asked to take.
    pub requests: Vec<CoverRequest>,
    /// Shifts that nobody could be asked to take, in words.
    pub uncovered: Vec<String>,
}

/// Asks the gate about somebody's leave: their own, or that of somebody they lead.
pub(super) fn may(directory: &Directory, caller: &Caller, of: UserId) -> Result<(), ApiError> {
    let me = caller.user();
    let leads = |team: &&muster_core::org::team::Team| team.manager.is_some() && team.manager == me;
    let led = directory.teams.iter().filter(leads).any(|team| team.members.contains(&of));
    let object = Object::Shift { of, belongs: true, led_by: me.filter(|_| led) };
    caller.may(Action::Manage, object).map_err(|_| {
        ApiError::forbidden("leave is entered by the person or by those who lead them")
    })
}

fn describe(directory: &Directory, stored: &Stored, is_open: bool) -> Absence {
    let conflicts = directory.schedules.iter().flat_map(|schedule| {
        let own = shifts(schedule, stored.from, stored.to).into_iter();
        own.filter(|shift| shift.user == stored.user).map(|shift| Conflict {
            schedule: schedule.name.clone(),
            from: shift.from.max(stored.from).into(),
            to: shift.to.min(stored.to).into(),
        })
    });
    Absence {
        id: stored.id.to_string(),
        from: stored.from.into(),
        to: stored.to.into(),
        reason: is_open.then(|| stored.reason.clone()),
        from_calendar: stored.feed.is_some(),
        conflicts: conflicts.collect(),
    }
}

/// When a person is away, from now on.
#[utoipa::path(
    get, path = "/users/{name}/absences", tag = "oncall", operation_id = "absences",
    params(("name" = String, Path, description = "The person.")),
    responses((status = 200, description = "Absences by their beginning.", body = List<Absence>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<List<Absence>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let user = find(&directory.users, "person", &name)?;
    let is_open = may(directory, &caller, user.id).is_ok();
    let stored = store_absence::of_user(&ctx.app.db, user.id, ctx.app.now()).await?;
    let items = stored.iter().map(|stored| describe(directory, stored, is_open));
    Ok(Json(List::whole(items.collect())))
}

/// Enter a leave: rotations pass over the person, and others are asked to take their shifts.
#[utoipa::path(
    post, path = "/users/{name}/absences", tag = "oncall", operation_id = "add_absence",
    params(("name" = String, Path, description = "The person.")), request_body = NewAbsence,
    responses((status = 201, description = "The leave and what it led to.", body = EnteredAbsence))
)]
async fn add(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<NewAbsence>,
) -> Result<(StatusCode, Json<EnteredAbsence>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "person", &name)?.id;
    may(&snapshot.directory, &caller, user)?;
    let now = ctx.app.now();
    let (from, to) = stretch(Some(&body.from), body.to.as_ref(), body.r#for.as_deref(), now)?;
    let span = Span { from, to };
    let leave = Leave { user, span, reason: body.reason, source: None };
    let entered = ctx.app.enter_leave(leave, &caller.actor).await?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let requests = entered.requests.iter().map(|each| request::describe(directory, each));
    let entered = EnteredAbsence {
        absence: describe(directory, &entered.absence, true),
        requests: requests.collect(),
        uncovered: entered.uncovered,
    };
    Ok((StatusCode::CREATED, Json(entered)))
}

/// Take a leave back; one that has begun ends now.
#[utoipa::path(
    delete, path = "/users/{name}/absences/{id}", tag = "oncall", operation_id = "remove_absence",
    params(
        ("name" = String, Path, description = "The person."),
        ("id" = String, Path, description = "The absence.")
    ),
    responses((status = 204, description = "The person is not away any more."))
)]
async fn remove(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let snapshot = ctx.app.snapshot();
    let user = find(&snapshot.directory.users, "person", &name)?.id;
    may(&snapshot.directory, &caller, user)?;
    let wanted: AbsenceId = id.parse().map_err(|_| ApiError::not_found("absence", &id))?;
    let stored = store_absence::of_user(&ctx.app.db, user, Timestamp::MIN).await?;
    let stored = stored.into_iter().find(|stored| stored.id == wanted);
    let stored = stored.ok_or_else(|| ApiError::not_found("absence", &id))?;
    ctx.app.remove_leave(&stored, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
