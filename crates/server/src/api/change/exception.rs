//! Exceptions to the matrix over the API (`X7`): nominated, agreed to, rejected and withdrawn.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::change::exception::{
    Agreement, Earned, Ending, Nomination, ROW_USUAL, Refusal, Side,
};
use muster_core::org::access::{Action, Object};
use muster_store::incident::incident as store_incident;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::plan::person;
use super::record::{WRITE, by, team_name};
use super::{SEE_CHANGES, service_name};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::{ExceptionSide, ExceptionStanding, Instant};
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::change::exception::{Command, Refused};

/// To agree to what one is asked to agree to.
const DECIDE: Need = Need::new(Action::Respond, Object::Approval);

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_CHANGES, routes!(list))
        .on(WRITE, routes!(nominate))
        .on(DECIDE, routes!(agree))
        .on(DECIDE, routes!(reject))
        .on(DECIDE, routes!(withdraw))
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            Refused::Unknown => Self::new(StatusCode::NOT_FOUND, refused.to_string()),
            Refused::Same(_) => Self::conflict(refused.to_string()),
            Refused::Refusal(refusal) => match refusal {
                Refusal::Field { field, text } => Self::field(field, text),
                Refusal::Useless => Self::field("reason", refusal.to_string()),
                Refusal::WrongState { .. } => Self::conflict(refusal.to_string()),
                Refusal::NoPerson
                | Refusal::NotOfTeam
                | Refusal::Own
                | Refusal::Twice
                | Refusal::NotAsked(_) => Self::forbidden(refusal.to_string()),
            },
        }
    }
}

/// An agreement to an exception.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ExceptionAgreement {
    /// Whose.
    pub side: ExceptionSide,
    /// To whom it falls.
    pub people: Vec<String>,
    /// Who agreed; null while nobody did.
    #[schema(required)]
    pub by: Option<String>,
    /// When.
    #[schema(required)]
    pub at: Option<Instant>,
}

/// How an exception ended.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ExceptionEnd {
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The incident that revoked it; null also where you do not see it.
    #[schema(required)]
    pub incident: Option<i64>,
    /// When.
    pub at: Instant,
}

/// A kind of change that is held to less than its row asks for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeException {
    /// For people.
    pub number: i64,
    /// Whose services.
    #[schema(required)]
    pub team: Option<String>,
    /// The kind of change.
    pub class: String,
    /// One service of the team; null for all of them.
    #[schema(required)]
    pub service: Option<String>,
    /// The row whose approvals and notice are asked for instead.
    #[schema(example = "earned-exception")]
    pub row: String,
    /// Why.
    pub justification: String,
    /// Who nominated it.
    pub nominator: String,
    /// When.
    pub nominated_at: Instant,
    /// Where it stands.
    pub standing: ExceptionStanding,
    /// The last runs in a row that went without trouble.
    pub clean_runs: u32,
    /// How many the policy asks for.
    pub clean_runs_needed: u32,
    /// Who must agree.
    pub agreements: Vec<ExceptionAgreement>,
    /// When it is to be agreed to again.
    #[schema(required)]
    pub review_at: Option<Instant>,
    /// How it ended.
    #[schema(required)]
    pub end: Option<ExceptionEnd>,
    /// Whether you may agree to it or reject it now.
    pub yours: bool,
}

/// An exception to nominate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewChangeException {
    /// Whose services.
    team: String,
    /// The kind of change.
    class: String,
    /// One service of the team; all of them where none is named.
    #[serde(default)]
    service: Option<String>,
    /// The row whose approvals and notice are to be asked for instead; `earned-exception`, which asks
    /// for neither, where none is named.
    #[serde(default)]
    row: Option<String>,
    /// Why, in three or four sentences.
    justification: String,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExceptionReason {
    /// In a sentence.
    reason: String,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// At most so many.
    limit: Option<u32>,
    /// The cursor of the page before.
    cursor: Option<String>,
}

async fn describe(
    ctx: &Ctx,
    caller: &Caller,
    earned: &Earned,
) -> Result<ChangeException, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let now = ctx.app.now();
    let Earned { exception, runs } = earned;
    let terms = &directory.change_policy.exceptions;
    let agreement = |side: Side, given: Option<Agreement>| {
        let people = exception.people(side, directory);
        ExceptionAgreement {
            side: side.into(),
            people: people.into_iter().map(|id| person(directory, id)).collect(),
            by: given.map(|one| person(directory, one.by)),
            at: given.map(|one| one.at.into()),
        }
    };
    let end = match &exception.end {
        None => None,
        Some(end) => {
            let incident = match end.incident {
                None => None,
                Some(id) => {
                    let viewer = ctx.app.viewer(caller.user()).await?;
                    let found = store_incident::get(&ctx.app.db, &viewer, id).await?;
                    found.map(|one| one.number)
                }
            };
            let (by, reason) = (end.by.clone(), end.reason.clone());
            Some(ExceptionEnd { by, reason, incident, at: end.at.into() })
        }
    };
    Ok(ChangeException {
        number: exception.number,
        team: team_name(directory, Some(exception.team)),
        class: exception.class.clone(),
        service: exception.service.map(|id| service_name(directory, id)),
        row: exception.row.clone(),
        justification: exception.justification.clone(),
        nominator: person(directory, exception.nominator),
        nominated_at: exception.nominated_at.into(),
        standing: exception.standing(*runs, terms, now).into(),
        clean_runs: *runs,
        clean_runs_needed: terms.clean_runs,
        agreements: vec![
            agreement(Side::Manager, exception.manager),
            agreement(Side::Owner, exception.owner),
        ],
        review_at: exception.review_at.map(Instant::from),
        end,
        yours: exception.may_agree(&by(caller), directory, now).is_ok(),
    })
}

fn number(text: &str) -> Result<i64, ApiError> {
    let digits = text.strip_prefix("EXC-").unwrap_or(text);
    digits.parse().map_err(|_| ApiError::not_found("exception", text))
}

/// List exceptions, the newest first.
#[utoipa::path(
    get, path = "/changes/exceptions", tag = "change", operation_id = "list_change_exceptions",
    params(ListQuery),
    responses((status = 200, description = "The newest first.", body = List<ChangeException>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<ChangeException>>, ApiError> {
    let paging = Paging::new(query.limit, query.cursor);
    let rows = ctx.app.exceptions(paging.after()?, paging.limit_and_one()?).await?;
    let mut told = Vec::with_capacity(rows.len());
    for one in &rows {
        told.push(describe(&ctx, &caller, one).await?);
    }
    Ok(Json(paging.list(told, |one| one.number, |one| one)?))
}

/// Nominate a kind of change for less than its row asks for.
#[utoipa::path(
    post, path = "/changes/exceptions", tag = "change", operation_id = "nominate_change_exception",
    request_body = NewChangeException,
    responses((status = 201, description = "The exception, which waits for two people.",
        body = ChangeException))
)]
async fn nominate(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(body): Json<NewChangeException>,
) -> Result<(StatusCode, Json<ChangeException>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let team = directory.teams.named(&body.team);
    let team = team.ok_or_else(|| ApiError::not_found("team", &body.team))?.id;
    let service = match &body.service {
        None => None,
        Some(name) => {
            let found = directory.services.named(name);
            Some(found.ok_or_else(|| ApiError::not_found("service", name))?.id)
        }
    };
    let row = body.row.unwrap_or_else(|| ROW_USUAL.to_owned());
    let (class, justification) = (body.class, body.justification);
    let new = Nomination { team, class, service, row, justification };
    let earned = ctx.app.nominate_exception(new, &by(&caller)).await?;
    Ok((StatusCode::CREATED, Json(describe(&ctx, &caller, &earned).await?)))
}

async fn obey(
    ctx: &Ctx,
    caller: &Caller,
    exception: &str,
    command: Command,
) -> Result<Json<ChangeException>, ApiError> {
    let number = number(exception)?;
    let earned = ctx.app.command_exception(number, &command, &by(caller)).await?;
    Ok(Json(describe(ctx, caller, &earned).await?))
}

/// Agree to an exception, as the team's manager or as whoever answers for the policy.
#[utoipa::path(
    post, path = "/changes/exceptions/{exception}/agree", tag = "change",
    operation_id = "agree_to_change_exception",
    params(("exception" = String, Path, description = "The number, or `EXC-` and the number.")),
    responses((status = 200, description = "The exception.", body = ChangeException))
)]
async fn agree(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(exception): Path<String>,
) -> Result<Json<ChangeException>, ApiError> {
    obey(&ctx, &caller, &exception, Command::Agree).await
}

/// Reject an exception that waits for you.
#[utoipa::path(
    post, path = "/changes/exceptions/{exception}/reject", tag = "change",
    operation_id = "reject_change_exception", request_body = ExceptionReason,
    params(("exception" = String, Path, description = "The number, or `EXC-` and the number.")),
    responses((status = 200, description = "The exception.", body = ChangeException))
)]
async fn reject(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(exception): Path<String>,
    Json(body): Json<ExceptionReason>,
) -> Result<Json<ChangeException>, ApiError> {
    let command = Command::GiveUp(Ending::Rejected, body.reason);
    obey(&ctx, &caller, &exception, command).await
}

/// Withdraw an exception: what has not begun under it is asked about anew.
#[utoipa::path(
    post, path = "/changes/exceptions/{exception}/withdraw", tag = "change",
    operation_id = "withdraw_change_exception", request_body = ExceptionReason,
    params(("exception" = String, Path, description = "The number, or `EXC-` and the number.")),
    responses((status = 200, description = "The exception.", body = ChangeException))
)]
async fn withdraw(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(exception): Path<String>,
    Json(body): Json<ExceptionReason>,
) -> Result<Json<ChangeException>, ApiError> {
    let command = Command::GiveUp(Ending::Withdrawn, body.reason);
    obey(&ctx, &caller, &exception, command).await
}
