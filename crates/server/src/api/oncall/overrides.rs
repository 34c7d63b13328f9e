//! Overrides over the API: who has time on call instead of whoever the layers name (`O3`), and
//! checking in as on-call in one step (`O14`).

use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::{OverrideId, UserId};
use muster_core::oncall::coverage;
use muster_core::oncall::overrides::Refused;
use muster_core::oncall::schedule::{self, Override as Span};
use muster_core::org::directory::Directory;
use muster_store::oncall::overrides::{self as store_override, Stored};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::balance::{PlannedChange, planned};
use super::{PLAN, may_plan, person, stretch, wrong};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::List;
use crate::api::org::{find, user_name};
use crate::api::period::instant_or;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};
use crate::app::oncall::NotPlanned;
use crate::app::oncall::overrides::Wanted;

/// How far back the list reaches unless asked otherwise.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// How far ahead a preview looks at least.
const LOOK_AHEAD: SignedDuration = SignedDuration::from_hours(4 * 7 * 24);

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(PLAN, routes!(add))
        .on(PLAN, routes!(preview))
        .on(PLAN, routes!(take))
        .on(PLAN, routes!(remove))
}

/// Somebody on call instead of whoever the layers name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Override {
    /// For taking it back; null for one of the configuration file.
    #[schema(required)]
    pub id: Option<String>,
    /// Who.
    pub user: String,
    /// Whose place, in a shift that several have; null where everybody gives way.
    #[schema(required)]
    pub instead_of: Option<String>,
    /// From then on.
    pub from: Instant,
    /// Up to, but not at, then.
    pub to: Instant,
    /// Why, if anybody said.
    pub reason: String,
    /// The request that it came of, if it did.
    #[schema(required)]
    pub request: Option<String>,
    /// Who made it; null for one of the configuration file.
    #[schema(required)]
    pub created_by: Option<String>,
    /// When it was made; null for one of the configuration file.
    #[schema(required)]
    pub created_at: Option<Instant>,
}

/// Somebody to put on call.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOverride {
    /// Who; yourself unless given.
    user: Option<String>,
    /// From when on; now unless given.
    from: Option<Instant>,
    /// Up to when.
    to: Option<Instant>,
    /// For how long, such as `4h`, instead of `to`.
    r#for: Option<String>,
    /// Why.
    #[serde(default)]
    reason: String,
    /// Cut the overrides that have some of that time, instead of refusing.
    #[serde(default)]
    split: bool,
    /// Whose place, where several have the shift together.
    instead_of: Option<String>,
    /// Everybody gives way, where several have the shift together.
    #[serde(default)]
    everybody: bool,
}

/// Checking in as on-call.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Take {
    /// Who; yourself unless given.
    user: Option<String>,
    /// From when on; now unless given.
    from: Option<Instant>,
    /// Up to when.
    to: Option<Instant>,
    /// For how long, such as `4h`, instead of `to`.
    r#for: Option<String>,
    /// Why.
    #[serde(default)]
    reason: String,
    /// Whose place, where several have the shift together.
    instead_of: Option<String>,
    /// Everybody gives way, where several have the shift together.
    #[serde(default)]
    everybody: bool,
}

/// From when on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Since {
    /// Leave out what ended before; yesterday unless given.
    since: Option<Instant>,
}

fn describe(directory: &Directory, stored: &Stored) -> Override {
    Override {
        id: Some(stored.id.to_string()),
        user: user_name(directory, stored.span.user),
        instead_of: stored.span.instead_of.map(|user| user_name(directory, user)),
        from: stored.span.from.into(),
        to: stored.span.to.into(),
        reason: stored.reason.clone(),
        request: stored.request.map(|request| request.to_string()),
        created_by: Some(stored.created_by.clone()),
        created_at: Some(stored.created_at.into()),
    }
}

fn of_file(directory: &Directory, span: &Span) -> Override {
    Override {
        id: None,
        user: user_name(directory, span.user),
        instead_of: span.instead_of.map(|user| user_name(directory, user)),
        from: span.from.into(),
        to: span.to.into(),
        reason: String::new(),
        request: None,
        created_by: None,
        created_at: None,
    }
}

/// A refusal that names the person who has the time.
fn refused(directory: &Directory, error: NotPlanned) -> ApiError {
    match error {
        NotPlanned::Override(Refused::Overlaps { user, from, to, configured }) => {
            let who = user_name(directory, user);
            let source = if configured { " in the configuration file" } else { "" };
            let message = format!(
                "{who} has an override{source} from {from} to {to}; send `split: true` to cut it, \
                 or take it back first"
            );
            wrong("from", message)
        }
        error => error.into(),
    }
}

/// Overrides of a schedule, by their beginning: those of the configuration file and those that
/// people made.
#[utoipa::path(
    get, path = "/schedules/{name}/overrides", tag = "oncall", operation_id = "overrides",
    params(("name" = String, Path, description = "The schedule."), Since),
    responses((status = 200, description = "Overrides by their beginning.", body = List<Override>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
    Query(since): Query<Since>,
) -> Result<Json<List<Override>>, ApiError> {
    let yesterday = ctx.app.now().saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    let since = instant_or("since", since.since.as_ref(), yesterday)?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let of = find(&directory.schedules, "schedule", &name)?;
    let made = store_override::list(&ctx.app.db, of.id, since).await?;
    let is_of_file = |span: &&Span| !made.iter().any(|stored| stored.span == **span);
    let mut all: Vec<_> =
        made.iter().map(|stored| (stored.span.from, describe(directory, stored))).collect();
    let file = of.overrides.iter().filter(|span| span.to > since).filter(is_of_file);
    all.extend(file.map(|span| (span.from, of_file(directory, span))));
    all.sort_by_key(|(from, _)| *from);
    Ok(Json(List::whole(all.into_iter().map(|(_, item)| item).collect())))
}

fn named(directory: &Directory, name: &str) -> Result<UserId, ApiError> {
    let user = directory.users.named(name).map(|user| user.id);
    user.ok_or_else(|| ApiError::field("instead_of", format!("there is no person `{name}`")))
}

/// What somebody asks for, if they may.
fn wanted(
    ctx: &Ctx,
    caller: &Caller,
    directory: &Directory,
    name: &str,
    body: NewOverride,
) -> Result<Wanted, ApiError> {
    let of: &schedule::Schedule = find(&directory.schedules, "schedule", name)?;
    let user = person(directory, caller, body.user.as_deref())?;
    may_plan(directory, caller, of.id, user)?;
    let (from, to) =
        stretch(body.from.as_ref(), body.to.as_ref(), body.r#for.as_deref(), ctx.app.now())?;
    let instead_of = body.instead_of.as_deref().map(|name| named(directory, name)).transpose()?;
    Ok(Wanted {
        schedule: of.id,
        span: Span { user, from, to, instead_of },
        reason: body.reason,
        split: body.split,
        everybody: body.everybody,
    })
}

async fn make(
    ctx: &Ctx,
    caller: &Caller,
    name: &str,
    body: NewOverride,
) -> Result<(StatusCode, Json<Override>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let wanted = wanted(ctx, caller, directory, name, body)?;
    let stored = ctx.app.add_override(wanted, &caller.actor).await;
    let stored = stored.map_err(|error| refused(directory, error))?;
    Ok((StatusCode::CREATED, Json(describe(directory, &stored))))
}

/// Put somebody on call instead of whoever the layers name. People do this for themselves, managers
/// for their team.
#[utoipa::path(
    post, path = "/schedules/{name}/overrides", tag = "oncall", operation_id = "add_override",
    params(("name" = String, Path, description = "The schedule.")),
    request_body = NewOverride,
    responses((status = 201, description = "The override.", body = Override))
)]
async fn add(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<NewOverride>,
) -> Result<(StatusCode, Json<Override>), ApiError> {
    make(&ctx, &caller, &name, body).await
}

/// What putting somebody on call would change for whom in the four weeks ahead, or up to its end if
/// that is later. Nothing is made.
#[utoipa::path(
    post, path = "/schedules/{name}/overrides/preview", tag = "oncall", operation_id = "preview_override",
    params(("name" = String, Path, description = "The schedule.")),
    request_body = NewOverride,
    responses(
        (status = 200, description = "What it would change.", body = PlannedChange),
        (status = 422, description = "Why it could not be made.", body = crate::api::error::Problem),
    )
)]
async fn preview(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<NewOverride>,
) -> Result<Json<PlannedChange>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let wanted = wanted(&ctx, &caller, directory, &name, body)?;
    let planned_with = ctx.app.with_override(&wanted, &caller.actor).await;
    let (before, after) = planned_with.map_err(|error| refused(directory, error))?;
    let from = ctx.app.now();
    let to = from.saturating_add(LOOK_AHEAD).unwrap_or(Timestamp::MAX).max(wanted.span.to);
    let schedules = [&before, &after].map(|directory| directory.schedules.get(wanted.schedule));
    Ok(Json(planned(&after, (schedules[0], schedules[1]), coverage::Span { from, to })))
}

/// Check in as on-call, in one step: overrides that stand there give way.
#[utoipa::path(
    post, path = "/schedules/{name}/take", tag = "oncall", operation_id = "take_on_call",
    params(("name" = String, Path, description = "The schedule.")),
    request_body = Take,
    responses((status = 201, description = "The override.", body = Override))
)]
async fn take(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<Take>,
) -> Result<(StatusCode, Json<Override>), ApiError> {
    let Take { user, from, to, r#for, reason, instead_of, everybody } = body;
    let wanted = NewOverride { user, from, to, r#for, reason, split: true, instead_of, everybody };
    make(&ctx, &caller, &name, wanted).await
}

/// Take an override back: one that has begun ends now, and what it displaced stands again.
#[utoipa::path(
    delete, path = "/schedules/{name}/overrides/{id}", tag = "oncall", operation_id = "remove_override",
    params(
        ("name" = String, Path, description = "The schedule."),
        ("id" = String, Path, description = "The override.")
    ),
    responses((status = 204, description = "It counts no more from now on."))
)]
async fn remove(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((name, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let of = find(&directory.schedules, "schedule", &name)?;
    let id: OverrideId = id.parse().map_err(|_| ApiError::not_found("override", &id))?;
    let stored = ctx.app.override_of(of.id, id).await?;
    may_plan(directory, &caller, of.id, stored.span.user)?;
    ctx.app.remove_override(&stored, &caller.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
