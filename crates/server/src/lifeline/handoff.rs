//! The page behind the link of somebody who is told of a handoff: `/p/handoff/{token}`. A GET shows
//! what the record says; whoever comes accepts by a POST, and both sides add notes.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use muster_core::id::UserId;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::cover::Span;
use muster_core::oncall::handoff::{Handoff, Noisy, OpenIncident, State as Standing};
use muster_store::oncall::handoff as store_handoff;

use super::refusal::Refusal;
use super::{Kept, html, see_other};
use crate::api::Ctx;
use crate::app::App;
use crate::app::link::{TOKEN_BYTES_MAX, digest};
use crate::app::oncall::NotPlanned;
use crate::app::oncall::handoff::{names, summary};
use crate::app::oncall::request::in_words;

/// The largest form, in bytes: notes of the longest kind, every character escaped.
const FORM_BYTES_MAX: usize = 128 * 1024;

/// The route.
pub(super) fn router() -> Router<Ctx> {
    Router::new()
        .route("/p/handoff/{token}", get(show).post(act))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

#[derive(Template)]
#[template(path = "lifeline/handoff.html")]
struct HandoffPage {
    path: String,
    recipient: String,
    heading: String,
    at: String,
    outgoing: String,
    incoming: String,
    summary: String,
    incidents: Vec<OpenIncident>,
    noisy: Vec<Noisy>,
    /// A name and when.
    heartbeats: Vec<(String, String)>,
    /// A reason and when.
    maintenance: Vec<(String, String)>,
    /// What is changed and when.
    changes: Vec<(String, String)>,
    /// A service, a summary and why.
    held: Vec<(String, String, String)>,
    notes: String,
    version: i64,
    notice: Option<String>,
    can_accept: bool,
    can_write: bool,
}

async fn open(app: &App, token: &str) -> Result<(Handoff, UserId), Refusal> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refusal::UnknownLink);
    }
    let found = store_handoff::by_token(&app.db, &digest(token)).await?;
    let (id, user) = found.ok_or(Refusal::UnknownLink)?;
    let handoff = store_handoff::get(&app.db, id).await?.ok_or(Refusal::UnknownLink)?;
    Ok((handoff, user))
}

async fn show(State(ctx): State<Ctx>, Path(token): Path<String>) -> Response {
    let page = match open(&ctx.app, &token).await {
        Ok((handoff, user)) => page(&ctx.app, handoff, user, &token),
        Err(refusal) => Err(refusal),
    };
    match page {
        Ok(page) => html(StatusCode::OK, Kept::Secret, &page),
        Err(refusal) => refusal.page(),
    }
}

fn page(app: &App, handoff: Handoff, user: UserId, token: &str) -> Result<HandoffPage, Refusal> {
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let person = directory.users.get(user).ok_or(Refusal::UnknownLink)?;
    let zone = &person.timezone;
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%-d %b %H:%M %Z").to_string();
    let schedule = directory.schedules.get(handoff.schedule);
    let schedule = schedule.map_or("a former schedule", |schedule| schedule.name.as_str());
    let notice = match (handoff.state, handoff.accepted) {
        (Standing::Accepted, Some((at, by))) => {
            Some(format!("{} accepted it {}.", names(directory, &[by]), clock(at)))
        }
        (Standing::Passed, _) => Some("A later handoff has followed.".to_owned()),
        _ => None,
    };
    let is_incoming = handoff.change.incoming.contains(&user);
    let summary = summary(&handoff.draft);
    let draft = handoff.draft;
    Ok(HandoffPage {
        path: format!("/p/handoff/{token}"),
        recipient: person.full_name.clone(),
        heading: format!("Handoff of {schedule}"),
        at: clock(handoff.change.at),
        outgoing: names(directory, &handoff.change.outgoing),
        incoming: names(directory, &handoff.change.incoming),
        summary,
        incidents: draft.incidents,
        noisy: draft.noisy,
        heartbeats: draft.heartbeats.into_iter().map(|it| (it.name, clock(it.since))).collect(),
        maintenance: draft
            .maintenance
            .into_iter()
            .map(|it| (it.reason, in_words(Span { from: it.from, to: it.to }, zone)))
            .collect(),
        changes: draft
            .changes
            .into_iter()
            .map(|it| {
                let when = in_words(Span { from: it.from, to: it.to }, zone);
                (format!("CHG-{} {} ({})", it.number, it.title, it.services.join(", ")), when)
            })
            .collect(),
        held: draft.held.into_iter().map(|it| (it.service, it.summary, it.why)).collect(),
        notes: handoff.notes,
        version: handoff.version,
        notice,
        can_accept: is_incoming && handoff.state == Standing::Open,
        can_write: handoff.state != Standing::Passed,
    })
}

async fn act(State(ctx): State<Ctx>, Path(token): Path<String>, body: Bytes) -> Response {
    match acted(&ctx.app, &token, &body).await {
        Ok(()) => see_other(&format!("/p/handoff/{token}"), Kept::Secret),
        Err(refusal) => refusal.page(),
    }
}

async fn acted(app: &App, token: &str, body: &[u8]) -> Result<(), Refusal> {
    let (handoff, user) = open(app, token).await?;
    let snapshot = app.snapshot();
    let person = snapshot.directory.users.get(user).ok_or(Refusal::UnknownLink)?;
    // The link stands for its person, who is one of the two sides, and for this handoff alone.
    let actor = Actor::User { id: user, name: person.name.clone() };
    let field = |wanted: &str| {
        let mut fields = form_urlencoded::parse(body);
        fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let done = match field("action").as_deref() {
        Some("accept") => app.accept_handoff(handoff.id, user, &actor).await,
        Some("note") => {
            let version = field("version").and_then(|version| version.parse().ok());
            let notes = (field("notes").unwrap_or_default(), version);
            app.write_handoff_notes(handoff.id, notes, &actor).await
        }
        _ => return Err(Refusal::UnknownAction),
    };
    match done {
        Ok(_) => Ok(()),
        Err(NotPlanned::Store(error)) => Err(error.into()),
        Err(error) => Err(Refusal::WrongMove(format!("{error}."))),
    }
}
