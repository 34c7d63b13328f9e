//! Requests to cover or swap shifts over the API.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::id::RequestId;
use muster_core::oncall::cover::{Event, Request, Span};
use muster_core::org::directory::Directory;
use muster_store::oncall::request as store_request;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{PLAN, may_plan, person, stretch};
use crate::api::extract::{Json, MaybeJson, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::org::{find, user_name};
use crate::api::period::instant;
use crate::api::word::{Instant, RequestState};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};
use crate::app::oncall::request::Ask;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(SEE_ORGANIZATION, routes!(show))
        .on(PLAN, routes!(ask))
        .on(PLAN, routes!(accept))
        .on(PLAN, routes!(decline))
        .on(PLAN, routes!(reconsider))
        .on(PLAN, routes!(withdraw))
        .on(PLAN, routes!(undo))
}

/// Time from an instant up to, but not at, another one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The beginning.
    pub from: Instant,
    /// The end.
    pub to: Instant,
}

/// A request to cover a shift, or to swap it for another one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CoverRequest {
    /// For answering it.
    pub id: String,
    /// Where.
    pub schedule: String,
    /// Whose shift it is.
    pub requester: String,
    /// The beginning of the shift.
    pub from: Instant,
    /// The end of the shift.
    pub to: Instant,
    /// The shift that the requester takes in return, in a swap.
    #[schema(required)]
    pub in_return: Option<Period>,
    /// Why, if anybody said.
    pub reason: String,
    /// Where it stands.
    pub state: RequestState,
    /// Who was asked.
    pub asked: Vec<AskedPerson>,
    /// Who takes the shift.
    #[schema(required)]
    pub accepted_by: Option<String>,
    /// Whether leave opened it.
    pub because_of_leave: bool,
    /// When it was made.
    pub created_at: Instant,
}

/// Somebody who was asked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AskedPerson {
    /// Who.
    pub user: String,
    /// Whether they said no.
    pub declined: bool,
}

/// A wish to have somebody else take a shift.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCoverRequest {
    /// Whose shift it is; yours unless given.
    user: Option<String>,
    /// The beginning of the shift.
    from: Instant,
    /// The end of the shift.
    to: Option<Instant>,
    /// Its length, such as `12h`, instead of `to`.
    r#for: Option<String>,
    /// The shift to take in return: whoever has it is asked to swap.
    in_return: Option<Period>,
    /// Whom to ask; everybody who takes part in the schedule unless given.
    #[serde(default)]
    ask: Vec<String>,
    /// Why.
    #[serde(default)]
    reason: String,
}

/// Who answers.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answerer {
    /// For whom you answer; yourself unless given.
    pub(super) user: Option<String>,
}

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Only those that wait for an answer.
    #[serde(default)]
    open: bool,
    /// How many items at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
}

pub(super) fn describe(directory: &Directory, request: &Request) -> CoverRequest {
    let schedule = directory.schedules.get(request.schedule);
    CoverRequest {
        id: request.id.to_string(),
        schedule: schedule.map_or_else(|| "a former schedule".to_owned(), |of| of.name.clone()),
        requester: user_name(directory, request.requester),
        from: request.shift.from.into(),
        to: request.shift.to.into(),
        in_return: request
            .in_return
            .map(|span| Period { from: span.from.into(), to: span.to.into() }),
        reason: request.reason.clone(),
        state: request.state.into(),
        asked: request
            .asked
            .iter()
            .map(|asked| AskedPerson {
                user: user_name(directory, asked.user),
                declined: asked.declined_at.is_some(),
            })
            .collect(),
        accepted_by: request.accepted_by.map(|user| user_name(directory, user)),
        because_of_leave: request.absence.is_some(),
        created_at: request.created_at.into(),
    }
}

/// Requests to cover or swap shifts, the newest first.
#[utoipa::path(
    get, path = "/cover-requests", tag = "oncall", operation_id = "cover_requests", params(Which),
    responses((status = 200, description = "A part of the list.", body = List<CoverRequest>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(which): Query<Which>,
) -> Result<Json<List<CoverRequest>>, ApiError> {
    let paging = Paging::new(which.limit, which.cursor);
    let before: Option<RequestId> = paging.after()?;
    let limit = paging.limit_and_one()?;
    let rows = store_request::list(&ctx.app.db, before, which.open, limit).await?;
    let snapshot = ctx.app.snapshot();
    let item = |request: Request| describe(&snapshot.directory, &request);
    Ok(Json(paging.list(rows, |request| request.id, item)?))
}

async fn known(ctx: &Ctx, id: &str) -> Result<Request, ApiError> {
    let missing = || ApiError::not_found("cover request", id);
    let wanted: RequestId = id.parse().map_err(|_| missing())?;
    store_request::get(&ctx.app.db, wanted).await?.ok_or_else(missing)
}

/// One request.
#[utoipa::path(
    get, path = "/cover-requests/{id}", tag = "oncall", operation_id = "cover_request",
    params(("id" = String, Path, description = "The request.")),
    responses((status = 200, description = "The request.", body = CoverRequest))
)]
async fn show(
    State(ctx): State<Ctx>,
    Path(id): Path<String>,
) -> Result<Json<CoverRequest>, ApiError> {
    let request = known(&ctx, &id).await?;
    Ok(Json(describe(&ctx.app.snapshot().directory, &request)))
}

/// Ask others to take a shift, or to swap it for one of theirs.
#[utoipa::path(
    post, path = "/schedules/{name}/cover-requests", tag = "oncall", operation_id = "ask_cover",
    params(("name" = String, Path, description = "The schedule.")), request_body = NewCoverRequest,
    responses((status = 201, description = "The request.", body = CoverRequest))
)]
async fn ask(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<NewCoverRequest>,
) -> Result<(StatusCode, Json<CoverRequest>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let schedule = find(&directory.schedules, "schedule", &name)?.id;
    let requester = person(directory, &caller, body.user.as_deref())?;
    may_plan(directory, &caller, schedule, requester)?;
    let now = ctx.app.now();
    let (from, to) = stretch(Some(&body.from), body.to.as_ref(), body.r#for.as_deref(), now)?;
    let in_return = body.in_return.as_ref().map(|period| {
        let from = instant("in_return.from", &period.from)?;
        Ok::<_, ApiError>(Span { from, to: instant("in_return.to", &period.to)? })
    });
    let asked = body.ask.iter().map(|name| person(directory, &caller, Some(name)));
    let ask = Ask {
        schedule,
        requester,
        shift: Span { from, to },
        in_return: in_return.transpose()?,
        asked: asked.collect::<Result<_, _>>()?,
        reason: body.reason,
        absence: None,
    };
    let request = ctx.app.ask_cover(ask, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(describe(directory, &request))))
}

async fn answer(
    ctx: &Ctx,
    caller: &Caller,
    id: &str,
    answerer: &Answerer,
    event: impl Fn(muster_core::id::UserId) -> Event,
) -> Result<Json<CoverRequest>, ApiError> {
    let request = known(ctx, id).await?;
    let snapshot = ctx.app.snapshot();
    let by = person(&snapshot.directory, caller, answerer.user.as_deref())?;
    may_plan(&snapshot.directory, caller, request.schedule, by)?;
    let moved = ctx.app.move_request(request.id, event(by), &caller.actor).await?;
    Ok(Json(describe(&ctx.app.snapshot().directory, &moved)))
}

/// Say yes: the shift is yours from then on.
#[utoipa::path(
    post, path = "/cover-requests/{id}/accept", tag = "oncall", operation_id = "accept_cover",
    params(("id" = String, Path, description = "The request.")), request_body = Answerer,
    responses((status = 200, description = "The request.", body = CoverRequest))
)]
async fn accept(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
    MaybeJson(body): MaybeJson<Answerer>,
) -> Result<Json<CoverRequest>, ApiError> {
    answer(&ctx, &caller, &id, &body, |by| Event::Accept { by }).await
}

/// Say no.
#[utoipa::path(
    post, path = "/cover-requests/{id}/decline", tag = "oncall", operation_id = "decline_cover",
    params(("id" = String, Path, description = "The request.")), request_body = Answerer,
    responses((status = 200, description = "The request.", body = CoverRequest))
)]
async fn decline(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
    MaybeJson(body): MaybeJson<Answerer>,
) -> Result<Json<CoverRequest>, ApiError> {
    answer(&ctx, &caller, &id, &body, |by| Event::Decline { by }).await
}

/// Take a no back: the request waits for that person again, and is open again where it was the last.
#[utoipa::path(
    post, path = "/cover-requests/{id}/reconsider", tag = "oncall", operation_id = "reconsider_cover",
    params(("id" = String, Path, description = "The request.")), request_body = Answerer,
    responses((status = 200, description = "The request.", body = CoverRequest))
)]
async fn reconsider(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
    MaybeJson(body): MaybeJson<Answerer>,
) -> Result<Json<CoverRequest>, ApiError> {
    answer(&ctx, &caller, &id, &body, |by| Event::Reconsider { by }).await
}

/// Take a request back that nobody has accepted.
#[utoipa::path(
    post, path = "/cover-requests/{id}/withdraw", tag = "oncall", operation_id = "withdraw_cover",
    params(("id" = String, Path, description = "The request.")),
    responses((status = 200, description = "The request.", body = CoverRequest))
)]
async fn withdraw(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CoverRequest>, ApiError> {
    let request = known(&ctx, &id).await?;
    may_plan(&ctx.app.snapshot().directory, &caller, request.schedule, request.requester)?;
    let moved = ctx.app.move_request(request.id, Event::Withdraw, &caller.actor).await?;
    Ok(Json(describe(&ctx.app.snapshot().directory, &moved)))
}

/// Put back what was accepted: the shift is the requester's again. Either of the two may.
#[utoipa::path(
    post, path = "/cover-requests/{id}/undo", tag = "oncall", operation_id = "undo_cover",
    params(("id" = String, Path, description = "The request.")),
    responses((status = 200, description = "The request.", body = CoverRequest))
)]
async fn undo(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CoverRequest>, ApiError> {
    let request = known(&ctx, &id).await?;
    let directory = ctx.app.snapshot().directory.clone();
    let may = may_plan(&directory, &caller, request.schedule, request.requester);
    match (may, request.accepted_by) {
        (Err(_), Some(by)) => may_plan(&directory, &caller, request.schedule, by)?,
        (may, _) => may?,
    }
    let moved = ctx.app.move_request(request.id, Event::Undo, &caller.actor).await?;
    Ok(Json(describe(&ctx.app.snapshot().directory, &moved)))
}
