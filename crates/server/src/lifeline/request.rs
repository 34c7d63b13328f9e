//! The page behind the link of somebody who was asked to take a shift: `/p/request/{token}`. A GET
//! shows, a POST answers; the link works until the request is settled, and then says how it ended.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use muster_core::id::UserId;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::cover::{Event, Request, State as Standing, closes_at};
use muster_core::org::access::{self, Action};
use muster_store::oncall::request as store_request;

use super::refusal::Refusal;
use super::{Kept, html, see_other};
use crate::api::Ctx;
use crate::app::App;
use crate::app::link::{TOKEN_BYTES_MAX, digest};
use crate::app::oncall::request::in_words;
use crate::app::oncall::{NotPlanned, shift_of};

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 4 * 1024;

/// The route.
pub(super) fn router() -> Router<Ctx> {
    Router::new()
        .route("/p/request/{token}", get(show).post(act))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

#[derive(Template)]
#[template(path = "lifeline/request.html")]
struct RequestPage {
    path: String,
    recipient: String,
    requester: String,
    heading: String,
    schedule: String,
    shift: String,
    in_return: Option<String>,
    reason: String,
    notice: Option<String>,
    can_answer: bool,
    can_reconsider: bool,
}

/// What a link opens: the request, and for whom it answers.
async fn open(app: &App, token: &str) -> Result<(Request, UserId), Refusal> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refusal::UnknownLink);
    }
    let found = store_request::by_token(&app.db, &digest(token)).await?;
    let (id, user) = found.ok_or(Refusal::UnknownLink)?;
    let request = store_request::get(&app.db, id).await?.ok_or(Refusal::UnknownLink)?;
    Ok((request, user))
}

async fn show(State(ctx): State<Ctx>, Path(token): Path<String>) -> Response {
    let page = match open(&ctx.app, &token).await {
        Ok((request, user)) => page(&ctx.app, &request, user, &token),
        Err(refusal) => Err(refusal),
    };
    match page {
        Ok(page) => html(StatusCode::OK, Kept::Secret, &page),
        Err(refusal) => refusal.page(),
    }
}

fn page(app: &App, request: &Request, user: UserId, token: &str) -> Result<RequestPage, Refusal> {
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let person = directory.users.get(user).ok_or(Refusal::UnknownLink)?;
    let name = |id: UserId| {
        let user = directory.users.get(id);
        user.map_or_else(|| "a former colleague".to_owned(), |user| user.full_name.clone())
    };
    let requester = name(request.requester);
    let declined = request.asked.iter().any(|a| a.user == user && a.declined_at.is_some());
    let notice = match request.state {
        Standing::Requested if declined => Some("You said no; you can still take it.".to_owned()),
        Standing::Requested => None,
        Standing::Accepted if request.accepted_by == Some(user) => {
            Some("The shift is yours.".to_owned())
        }
        Standing::Accepted => {
            let by = request.accepted_by.map_or_else(|| "Somebody".to_owned(), name);
            Some(format!("{by} has taken it."))
        }
        Standing::Declined => Some("Nobody could take it.".to_owned()),
        Standing::Withdrawn => Some("It is needed no more.".to_owned()),
        Standing::Undone => Some(format!("It was put back: {requester} has it again.")),
        Standing::Expired => Some("The shift has begun.".to_owned()),
    };
    let schedule = directory.schedules.get(request.schedule);
    Ok(RequestPage {
        path: format!("/p/request/{token}"),
        recipient: person.full_name.clone(),
        heading: format!("{requester} asks you to take a shift"),
        requester,
        schedule: schedule.map_or_else(|| "a former schedule".to_owned(), |s| s.name.clone()),
        shift: in_words(request.shift, &person.timezone),
        in_return: request.in_return.map(|span| in_words(span, &person.timezone)),
        reason: request.reason.clone(),
        notice,
        can_answer: request.state == Standing::Requested,
        can_reconsider: declined
            && matches!(request.state, Standing::Requested | Standing::Declined)
            && app.now() < closes_at(request),
    })
}

async fn act(State(ctx): State<Ctx>, Path(token): Path<String>, body: Bytes) -> Response {
    match acted(&ctx.app, &token, &body).await {
        Ok(()) => see_other(&format!("/p/request/{token}"), Kept::Secret),
        Err(refusal) => refusal.page(),
    }
}

async fn acted(app: &App, token: &str, body: &[u8]) -> Result<(), Refusal> {
    let (request, user) = open(app, token).await?;
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let person = directory.users.get(user).ok_or(Refusal::UnknownLink)?;
    // The link stands for its person, and for this request alone.
    let who = access::Caller::Person { id: user, role: person.role };
    access::may(who, Action::Manage, shift_of(directory, request.schedule, user))?;
    let action = form_urlencoded::parse(body).find(|(name, _)| name == "action");
    let event = match action.as_ref().map(|(_, value)| value.as_ref()) {
        Some("accept") => Event::Accept { by: user },
        Some("reconsider") => Event::Reconsider { by: user },
        Some("decline") => Event::Decline { by: user },
        _ => return Err(Refusal::UnknownAction),
    };
    let actor = Actor::User { id: user, name: person.name.clone() };
    match app.move_request(request.id, event, &actor).await {
        Ok(_) => Ok(()),
        Err(NotPlanned::Store(error)) => Err(error.into()),
        Err(error) => Err(Refusal::WrongMove(format!("{error}."))),
    }
}
