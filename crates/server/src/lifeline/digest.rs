//! The page behind a digest's link: everything that one message asked for, with one button that
//! answers all of it (`N5`). As with a page's own link a GET shows and a POST acts.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_core::id::{DigestId, IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::{Command, Incident};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_core::org::access::{self, Action, Object};
use muster_store::incident::incident as store_incident;
use muster_store::oncall::digest::{self as store_digest, DigestRow};
use muster_store::oncall::page as store_page;
use serde_json::json;

use super::refusal::Refusal;
use super::scene;
use super::{Kept, html, see_other};
use crate::app::App;
use crate::app::incident::view;
use crate::app::link::{digest, token};

/// What a digest's link opens.
pub(super) struct Opened {
    path: String,
    user: UserId,
    actor: Actor,
    asked: Vec<(PageId, Incident)>,
}

#[derive(Template)]
#[template(path = "lifeline/digest.html")]
struct DigestPage {
    path: String,
    recipient: String,
    open: usize,
    rows: Vec<Row>,
}

struct Row {
    href: Option<String>,
    number: i64,
    severity: u8,
    title: String,
    service: String,
    what: String,
}

/// Finds the digest of a token; `None` where the token is not one of a digest.
pub(super) async fn open(app: &App, text: &str) -> Result<Option<Opened>, Refusal> {
    let Some(row) = store_digest::by_token(&app.db, &digest(text)).await? else { return Ok(None) };
    let snapshot = app.snapshot();
    let user = snapshot.directory.users.get(UserId(row.user_id)).ok_or_else(|| {
        Refusal::Expired { because: "The person it was made for is no longer here.".to_owned() }
    })?;
    let actor = Actor::User { id: user.id, name: user.name.clone() };
    let asked = asked(app, &row).await?;
    Ok(Some(Opened { path: format!("/p/{text}"), user: user.id, actor, asked }))
}

/// The incidents that the digest asked for, the most urgent first.
async fn asked(app: &App, row: &DigestRow) -> Result<Vec<(PageId, Incident)>, Refusal> {
    let mut asked = Vec::new();
    for id in store_digest::pages(&app.db, DigestId(row.id)).await? {
        let Some(page) = store_page::get(&app.db, id).await? else { continue };
        let incident =
            store_incident::get(&app.db, &Viewer::Engine, IncidentId(page.incident_id)).await?;
        asked.extend(incident.map(|incident| (id, incident)));
    }
    asked.sort_by_key(|(_, incident)| (incident.severity, std::cmp::Reverse(incident.number)));
    Ok(asked)
}

impl Opened {
    /// Those that nobody has yet.
    fn unanswered(&self) -> impl Iterator<Item = &Incident> {
        let is_waiting = |incident: &&Incident| {
            incident.status.is_open()
                && !incident.status.is_answered()
                && incident.merged_into.is_none()
        };
        self.asked.iter().map(|(_, incident)| incident).filter(is_waiting)
    }
}

/// The page.
pub(super) fn show(app: &App, opened: &Opened) -> Response {
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let row = |(page, incident): &(PageId, Incident)| Row {
        href: Some(format!("/p/{}", token(app.instance_key(), *page)))
            .filter(|_| incident.status.is_open()),
        number: incident.number,
        severity: incident.severity.number(),
        title: incident.title.clone(),
        service: view::service_name(directory, incident),
        what: match incident.assignee {
            Some(user) if incident.status.is_open() => {
                format!("{}, {}", incident.status.name(), scene::person(directory, user))
            }
            _ => incident.status.name().to_owned(),
        },
    };
    let page = DigestPage {
        path: opened.path.clone(),
        recipient: scene::person(directory, opened.user),
        open: opened.unanswered().count(),
        rows: opened.asked.iter().map(row).collect(),
    };
    html(StatusCode::OK, Kept::Secret, &page)
}

/// Acknowledges whatever nobody has yet, and says which those were.
pub(super) async fn acknowledge(
    app: &App,
    opened: &Opened,
    for_people: bool,
) -> Result<Response, Refusal> {
    let mut acknowledged = Vec::new();
    for incident in opened.unanswered() {
        let who = access::Caller::PageLink { user: opened.user, incident: incident.id };
        access::may(who, Action::Respond, Object::Incident(incident.id))?;
        app.command(incident.id, Command::Acknowledge, &opened.actor).await?;
        acknowledged.push(incident.number);
    }
    if for_people {
        return Ok(see_other(&opened.path, Kept::Secret));
    }
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::REFERRER_POLICY, "no-referrer")];
    Ok((headers, axum::Json(json!({ "acknowledged": acknowledged }))).into_response())
}
