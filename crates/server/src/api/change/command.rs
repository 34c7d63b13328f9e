//! What people do to a change (`X4`, `X5`): word it anew, submit, agree or disagree, begin, take back,
//! finish, look at, close, cancel, and write down after the fact.

use axum::extract::State;
use muster_core::change::lifecycle::{Command, Refusal};
use muster_core::change::record::Outcome;
use muster_core::org::access::{Action, Object};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::plan::ChangePlan;
use super::record::{ChangeRecord, WRITE, by, describe, find};
use crate::api::error::Fault;
use crate::api::extract::{Json, Path};
use crate::api::word::{ApproverName, ChangeOutcome, ChangeRun, Instant};
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::change::record::Refused;

/// To agree to what one is asked to agree to.
const DECIDE: Need = Need::new(Action::Respond, Object::Approval);
/// The longest note or reason, in characters.
const NOTE_CHARS_MAX: usize = 4_000;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(WRITE, routes!(edit))
        .on(WRITE, routes!(submit))
        .on(DECIDE, routes!(approve))
        .on(DECIDE, routes!(reject))
        .on(WRITE, routes!(r#override))
        .on(WRITE, routes!(start))
        .on(WRITE, routes!(step))
        .on(WRITE, routes!(abort))
        .on(WRITE, routes!(finish))
        .on(WRITE, routes!(monitor))
        .on(WRITE, routes!(close))
        .on(WRITE, routes!(cancel))
        .on(WRITE, routes!(record))
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            Refused::NoSuchChange => {
                Self::new(axum::http::StatusCode::NOT_FOUND, refused.to_string())
            }
            Refused::Refusal(refusal) => match refusal {
                Refusal::Incomplete(findings) => {
                    let faults = findings.iter().map(|one| Fault {
                        path: format!("plan.{}", one.field),
                        message: one.text.clone(),
                        ..Fault::default()
                    });
                    let faults = faults.collect();
                    Self::unprocessable(Refusal::Incomplete(findings).to_string(), faults)
                }
                Refusal::ShortNotice { .. } | Refusal::NoReason(_) | Refusal::Blocked(_) => {
                    let told = refusal.to_string();
                    let fault = Fault {
                        path: "excuse".to_owned(),
                        message: told.clone(),
                        ..Fault::default()
                    };
                    Self::unprocessable(told, vec![fault])
                }
                Refusal::Useless => Self::field("reason", refusal.to_string()),
                Refusal::NoSev1 => Self::field("incident", refusal.to_string()),
                Refusal::NoStep { .. } => Self::field("step", refusal.to_string()),
                Refusal::Times(_) => Self::field("started_at", refusal.to_string()),
                Refusal::MayNot(_) | Refusal::NoPerson | Refusal::NoParty => {
                    Self::forbidden(refusal.to_string())
                }
                Refusal::WrongState { .. }
                | Refusal::Stale { .. }
                | Refusal::Already
                | Refusal::Unblocked => Self::conflict(refusal.to_string()),
            },
        }
    }
}

/// Another wording.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeEdit {
    /// All of it.
    plan: ChangePlan,
    /// The revision that was edited; refused if there is a later one.
    #[serde(default)]
    revision: Option<u32>,
}

/// Asking people to agree.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Excuse {
    /// Why it is announced later than the policy asks for, or begins before people have agreed.
    #[serde(default)]
    excuse: String,
}

/// Agreeing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Approve {
    /// The revision that was read.
    revision: u32,
    /// As whom, where you are asked as more than one.
    #[serde(default)]
    approver: Option<ApproverName>,
    /// For which team, where it is a customer's and you are in more than one.
    #[serde(default)]
    team: Option<String>,
    /// More in words.
    #[serde(default)]
    note: String,
}

/// Disagreeing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reject {
    /// The revision that was read.
    revision: u32,
    /// What is to be better.
    reason: String,
}

/// A reason.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeReason {
    /// Why.
    #[serde(default)]
    reason: String,
}

/// A note.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeNote {
    /// In words.
    #[serde(default)]
    note: String,
}

/// A step that was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeStepDone {
    /// Which, from 1.
    #[schema(minimum = 1)]
    step: u32,
    /// Of which steps, so that nobody ticks off one of the timeline when it is taken back already; of
    /// those at hand where it is left out.
    #[serde(default)]
    run: Option<ChangeRun>,
    /// Whether it was done; `false` takes a tick back.
    #[serde(default = "done")]
    done: bool,
}

fn done() -> bool {
    true
}

/// How it went.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Finish {
    /// How.
    outcome: ChangeOutcome,
    /// More in words.
    #[serde(default)]
    note: String,
}

/// The end.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Close {
    /// How it went, where that is seen better now.
    #[serde(default)]
    outcome: Option<ChangeOutcome>,
    /// More in words.
    #[serde(default)]
    note: String,
}

/// What was done already.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AfterTheFact {
    /// When it began.
    started_at: Instant,
    /// When it was done.
    ended_at: Instant,
    /// How it went.
    #[serde(default = "success")]
    outcome: ChangeOutcome,
}

fn success() -> ChangeOutcome {
    ChangeOutcome(Outcome::Success)
}

fn note(field: &str, text: String) -> Result<String, ApiError> {
    if text.chars().count() > NOTE_CHARS_MAX {
        return Err(ApiError::field(field, format!("must be at most {NOTE_CHARS_MAX} characters")));
    }
    Ok(text)
}

async fn obey(
    ctx: &Ctx,
    caller: &Caller,
    change: &str,
    command: Command,
) -> Result<Json<ChangeRecord>, ApiError> {
    let found = find(ctx, change).await?;
    let change = ctx.app.command_change(found.number, command, &by(caller)).await?;
    Ok(Json(describe(ctx, caller, &change).await?))
}

/// Word a change anew. What others agreed to and is touched by it is to be agreed to again.
#[utoipa::path(
    put, path = "/changes/{change}", tag = "change", operation_id = "edit_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = ChangeEdit,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn edit(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<ChangeEdit>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let found = find(&ctx, &change).await?;
    if let Some(read) = body.revision.filter(|read| *read != found.revision) {
        let stale = Refusal::Stale { read, now: found.revision };
        return Err(Refused::from(stale).into());
    }
    let snapshot = ctx.app.snapshot();
    let plan = body.plan.read(&snapshot.directory, found.plan.technician)?;
    obey(&ctx, &caller, &change, Command::Edit { plan: Box::new(plan) }).await
}

/// Ask people to agree.
#[utoipa::path(
    post, path = "/changes/{change}/submit", tag = "change", operation_id = "submit_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = Excuse,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn submit(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<Excuse>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let excuse = note("excuse", body.excuse)?;
    obey(&ctx, &caller, &change, Command::Submit { excuse }).await
}

/// Agree to a change. The technician never does.
#[utoipa::path(
    post, path = "/changes/{change}/approve", tag = "change", operation_id = "approve_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = Approve,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn approve(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<Approve>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let team = match &body.team {
        None => None,
        Some(name) => {
            let found = snapshot.directory.teams.named(name);
            Some(found.ok_or_else(|| ApiError::not_found("team", name))?.id)
        }
    };
    let command = Command::Approve {
        approver: body.approver.map(|one| one.0),
        team,
        revision: body.revision,
        note: note("note", body.note)?,
    };
    obey(&ctx, &caller, &change, command).await
}

/// Disagree with a change, and say what is to be better. It is its submitter's again.
#[utoipa::path(
    post, path = "/changes/{change}/reject", tag = "change", operation_id = "reject_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = Reject,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn reject(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<Reject>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let reason = note("reason", body.reason)?;
    obey(&ctx, &caller, &change, Command::Reject { revision: body.revision, reason }).await
}

/// Let it go on although something is in its way. The reason stands in its record.
#[utoipa::path(
    post, path = "/changes/{change}/override", tag = "change", operation_id = "override_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = ChangeReason,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn r#override(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<ChangeReason>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let reason = note("reason", body.reason)?;
    obey(&ctx, &caller, &change, Command::Override { reason }).await
}

/// Say that it begins. Where not everybody has agreed, say why it cannot wait; they are asked after.
#[utoipa::path(
    post, path = "/changes/{change}/start", tag = "change", operation_id = "start_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = Excuse,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn start(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<Excuse>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let excuse = note("excuse", body.excuse)?;
    obey(&ctx, &caller, &change, Command::Start { excuse }).await
}

/// Tick off a step of a change that is under way, or take that back. Who did it and when stands in the
/// record against when it was planned.
#[utoipa::path(
    post, path = "/changes/{change}/steps", tag = "change", operation_id = "step_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = ChangeStepDone,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn step(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<ChangeStepDone>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let place = body.step.checked_sub(1);
    let place = place.ok_or_else(|| ApiError::field("step", "the first step is 1"))?;
    let run = body.run.map(|run| run.0);
    let command = Command::Step { run, place, is_done: body.done };
    obey(&ctx, &caller, &change, command).await
}

/// Take it back: the rollback begins.
#[utoipa::path(
    post, path = "/changes/{change}/abort", tag = "change", operation_id = "abort_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = ChangeReason,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn abort(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<ChangeReason>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let reason = note("reason", body.reason)?;
    obey(&ctx, &caller, &change, Command::Abort { reason }).await
}

/// Say that it is done, and how it went.
#[utoipa::path(
    post, path = "/changes/{change}/finish", tag = "change", operation_id = "finish_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = Finish,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn finish(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<Finish>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let command = Command::Finish { outcome: body.outcome.0, note: note("note", body.note)? };
    obey(&ctx, &caller, &change, command).await
}

/// Say that it was looked at afterwards.
#[utoipa::path(
    post, path = "/changes/{change}/monitor", tag = "change", operation_id = "monitor_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = ChangeNote,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn monitor(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<ChangeNote>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let note = note("note", body.note)?;
    obey(&ctx, &caller, &change, Command::Monitor { note }).await
}

/// Close it. Where not everybody has agreed yet, they are asked now.
#[utoipa::path(
    post, path = "/changes/{change}/close", tag = "change", operation_id = "close_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = Close,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn close(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<Close>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let outcome = body.outcome.map(|one| one.0);
    let command = Command::Close { outcome, note: note("note", body.note)? };
    obey(&ctx, &caller, &change, command).await
}

/// Cancel it.
#[utoipa::path(
    post, path = "/changes/{change}/cancel", tag = "change", operation_id = "cancel_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = ChangeReason,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn cancel(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<ChangeReason>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let reason = note("reason", body.reason)?;
    obey(&ctx, &caller, &change, Command::Cancel { reason }).await
}

/// Write down after the fact what was done for a sev1. Those who must agree are asked now.
#[utoipa::path(
    post, path = "/changes/{change}/record", tag = "change", operation_id = "record_change",
    params(("change" = String, Path, description = "The number.")),
    request_body = AfterTheFact,
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn record(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
    Json(body): Json<AfterTheFact>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let instant = |field: &str, at: &Instant| {
        at.0.parse().map_err(|_| ApiError::field(field, "must be an instant as RFC 3339 writes it"))
    };
    let command = Command::Record {
        started_at: instant("started_at", &body.started_at)?,
        ended_at: instant("ended_at", &body.ended_at)?,
        outcome: body.outcome.0,
    };
    obey(&ctx, &caller, &change, command).await
}
