//! The load survey over the API: what was asked of the caller, and answering it.

use axum::extract::State;
use muster_core::id::SurveyId;
use muster_core::oncall::survey::{ANSWER_WITHIN, Score, Survey};
use muster_core::org::directory::Directory;
use muster_store::oncall::survey as store_survey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::PLAN;
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ORGANIZATION, routes!(list)).on(PLAN, routes!(answer))
}

/// A question how heavy a shift was.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LoadSurvey {
    /// For answering it.
    pub id: String,
    /// Where the shift was.
    pub schedule: String,
    /// When it began.
    pub from: Instant,
    /// When it ended.
    pub to: Instant,
    /// What was said: from 1, light, to 5, too much.
    #[schema(required)]
    pub score: Option<u8>,
    /// In words, if any.
    pub comment: String,
}

/// How heavy a shift was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadAnswer {
    /// From 1, light, to 5, too much.
    #[schema(minimum = 1, maximum = 5)]
    score: u8,
    /// More, in words; what was said before stays unless given.
    comment: Option<String>,
}

fn describe(directory: &Directory, survey: &Survey) -> LoadSurvey {
    let schedule = directory.schedules.get(survey.schedule);
    let answer = survey.answer.as_ref();
    LoadSurvey {
        id: survey.id.to_string(),
        schedule: schedule.map_or_else(|| "a former schedule".to_owned(), |of| of.name.clone()),
        from: survey.from.into(),
        to: survey.to.into(),
        score: answer.map(|answer| answer.score.number()),
        comment: answer.map_or_else(String::new, |answer| answer.comment.clone()),
    }
}

/// What you were asked about your shifts of the last two weeks.
#[utoipa::path(
    get, path = "/load-surveys", tag = "oncall", operation_id = "load_surveys",
    responses((status = 200, description = "The newest first.", body = List<LoadSurvey>))
)]
async fn list(State(ctx): State<Ctx>, caller: Caller) -> Result<Json<List<LoadSurvey>>, ApiError> {
    let Some(user) = caller.user() else { return Ok(Json(List::whole(Vec::new()))) };
    let since = ctx.app.now().saturating_sub(ANSWER_WITHIN).unwrap_or_default();
    let surveys = store_survey::of_user(&ctx.app.db, user, since).await?;
    let snapshot = ctx.app.snapshot();
    let items = surveys.iter().map(|survey| describe(&snapshot.directory, survey));
    Ok(Json(List::whole(items.collect())))
}

/// Say how heavy your shift was; the last word counts.
#[utoipa::path(
    post, path = "/load-surveys/{id}/answer", tag = "oncall", operation_id = "answer_load_survey",
    params(("id" = String, Path, description = "The survey.")), request_body = LoadAnswer,
    responses((status = 200, description = "What was said.", body = LoadSurvey))
)]
async fn answer(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<LoadAnswer>,
) -> Result<Json<LoadSurvey>, ApiError> {
    let missing = || ApiError::not_found("survey", &id);
    let wanted: SurveyId = id.parse().map_err(|_| missing())?;
    let user = caller.user().ok_or_else(missing)?;
    let score = Score::new(body.score)
        .ok_or_else(|| ApiError::field("score", "a number from 1 to 5".to_owned()))?;
    let said = ctx.app.answer_survey((wanted, user), score, body.comment).await?;
    Ok(Json(describe(&ctx.app.snapshot().directory, &said)))
}
