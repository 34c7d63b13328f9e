//! The page behind the link of a load survey: `/p/survey/{token}`. A GET asks, one tap answers.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use muster_core::oncall::cover::Span;
use muster_core::oncall::survey::{Score, Survey};
use muster_store::oncall::survey as store_survey;

use super::refusal::Refusal;
use super::{Kept, html, see_other};
use crate::api::Ctx;
use crate::app::App;
use crate::app::link::{TOKEN_BYTES_MAX, digest};
use crate::app::oncall::NotPlanned;
use crate::app::oncall::request::in_words;

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 16 * 1024;

/// The route.
pub(super) fn router() -> Router<Ctx> {
    Router::new()
        .route("/p/survey/{token}", get(show).post(act))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

#[derive(Template)]
#[template(path = "lifeline/survey.html")]
struct SurveyPage {
    path: String,
    recipient: String,
    heading: String,
    shift: String,
    scores: [(u8, &'static str); 5],
    comment: String,
    notice: Option<String>,
}

async fn open(app: &App, token: &str) -> Result<Survey, Refusal> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refusal::UnknownLink);
    }
    store_survey::by_token(&app.db, &digest(token)).await?.ok_or(Refusal::UnknownLink)
}

async fn show(State(ctx): State<Ctx>, Path(token): Path<String>) -> Response {
    let page = match open(&ctx.app, &token).await {
        Ok(survey) => page(&ctx.app, survey, &token),
        Err(refusal) => Err(refusal),
    };
    match page {
        Ok(page) => html(StatusCode::OK, Kept::Secret, &page),
        Err(refusal) => refusal.page(),
    }
}

fn page(app: &App, survey: Survey, token: &str) -> Result<SurveyPage, Refusal> {
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let person = directory.users.get(survey.user).ok_or(Refusal::UnknownLink)?;
    let schedule = directory.schedules.get(survey.schedule);
    let schedule = schedule.map_or("a former schedule", |schedule| schedule.name.as_str());
    let said = survey.answer.as_ref().map(|answer| answer.score);
    Ok(SurveyPage {
        path: format!("/p/survey/{token}"),
        recipient: person.full_name.clone(),
        heading: format!("How was your shift of {schedule}?"),
        shift: in_words(Span { from: survey.from, to: survey.to }, &person.timezone),
        scores: Score::ALL.map(|score| (score.number(), score.words())),
        notice: said.map(|score| format!("You said: {}, {}.", score.number(), score.words())),
        comment: survey.answer.map_or_else(String::new, |answer| answer.comment),
    })
}

async fn act(State(ctx): State<Ctx>, Path(token): Path<String>, body: Bytes) -> Response {
    match acted(&ctx.app, &token, &body).await {
        Ok(()) => see_other(&format!("/p/survey/{token}"), Kept::Secret),
        Err(refusal) => refusal.page(),
    }
}

async fn acted(app: &App, token: &str, body: &[u8]) -> Result<(), Refusal> {
    let survey = open(app, token).await?;
    let field = |wanted: &str| {
        let mut fields = form_urlencoded::parse(body);
        fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let score = field("score").and_then(|score| Score::new(score.parse().ok()?));
    let score = score.ok_or(Refusal::UnknownAction)?;
    match app.answer_survey((survey.id, survey.user), score, field("comment")).await {
        Ok(_) => Ok(()),
        Err(NotPlanned::Store(error)) => Err(error.into()),
        Err(error) => Err(Refusal::WrongMove(format!("{error}."))),
    }
}
