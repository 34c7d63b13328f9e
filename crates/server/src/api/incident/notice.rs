//! Telling a notification list about an incident on purpose (`E3`, `E5`): what it would be told, and
//! telling it once that was looked at.

use axum::extract::State;
use muster_core::incident::lifecycle::{self, Command, notice};
use muster_core::incident::update::TEXT_CHARS_MAX;
use muster_core::oncall::list::NotificationList;
use muster_core::org::access::Action;
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::do_to;
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, Path};
use crate::api::org::{find as named, user_name};
use crate::api::{ApiError, Caller, Ctx, Routes};
use crate::app::incident::draft;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(ANSWER_INCIDENTS, routes!(preview)).on(ANSWER_INCIDENTS, routes!(send))
}

/// What a list would be told now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NoticePreview {
    /// Which list.
    pub list: String,
    /// Whether it is told by a decision only.
    pub restricted: bool,
    /// Who would hear of it.
    pub people: Vec<String>,
    /// The first line.
    pub subject: String,
    /// The draft from the record, in the words that are configured.
    pub text: String,
}

/// What a list is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNotice {
    /// In words.
    text: String,
    /// That the text and the people were looked at. Nothing is sent without.
    #[serde(default)]
    confirmed: bool,
}

/// See what a list would be told now, and who would hear of it.
///
/// A restricted list is for whoever leads the incident and for whom the list names.
#[utoipa::path(
    get, path = "/incidents/{incident}/notices/{list}", tag = "incident",
    operation_id = "preview_notice",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("list" = String, Path, description = "The notification list by name."),
    ),
    responses((status = 200, description = "What it would be told.", body = NoticePreview))
)]
async fn preview(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, list)): Path<(String, String)>,
) -> Result<Json<NoticePreview>, ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let list = named(&directory.lists, "notification list", &list)?;
    allowed(directory, &incident, list, &caller)?;
    let text = draft::notice(directory, list, &incident, ("", ""), ctx.app.now());
    Ok(Json(NoticePreview {
        list: list.name.clone(),
        restricted: list.restricted.is_some(),
        people: list.people().map(|user| user_name(directory, user)).collect(),
        subject: format!("Incident {}: {}", incident.number, incident.title),
        text,
    }))
}

/// Tell a list. It has to be confirmed that the text and the people were looked at.
#[utoipa::path(
    post, path = "/incidents/{incident}/notices/{list}", tag = "incident",
    operation_id = "send_notice", request_body = NewNotice,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("list" = String, Path, description = "The notification list by name."),
    ),
    responses((status = 204, description = "It is on its way; the ledger says to whom."))
)]
async fn send(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, list)): Path<(String, String)>,
    Json(body): Json<NewNotice>,
) -> Result<axum::http::StatusCode, ApiError> {
    let text = body.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
        let why = format!("must be 1 to {TEXT_CHARS_MAX} characters");
        return Err(ApiError::field("text", why));
    }
    let snapshot = ctx.app.snapshot();
    let list = named(&snapshot.directory.lists, "notification list", &list)?;
    let about = find(&ctx, &caller, Action::Respond, &incident).await?;
    allowed(&snapshot.directory, &about, list, &caller)?;
    if !body.confirmed {
        let why = "look at the text and the people, and say so: nothing was sent";
        return Err(ApiError::field("confirmed", why));
    }
    do_to(&ctx, &caller, &incident, Command::TellList { list: list.id, text }).await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// # Errors
/// 403 where the list is restricted and not the caller's to tell.
fn allowed(
    directory: &Directory,
    incident: &lifecycle::Incident,
    list: &NotificationList,
    caller: &Caller,
) -> Result<(), ApiError> {
    if notice::may_tell(directory, incident, list, caller.user()) {
        return Ok(());
    }
    let (list, number) = (list.name.clone(), incident.number);
    Err(ApiError::forbidden(notice::Wrong::NotYours { list, number }.to_string()))
}
