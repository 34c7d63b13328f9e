//! One incident to read, for people who are signed in: `/p/incident/{number}`. The newest of the
//! timeline and of the delivery ledger; the app has all of both.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use muster_core::id::UserId;
use muster_core::incident::lifecycle::Incident;
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_store::StoreError;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::delivery::{self, AttemptRow, DeliveryRow};
use uuid::Uuid;

use super::changed::{self, Changed};
use super::join::{Join, Offers};
use super::refusal::Refusal;
use super::scene::{Reader, Scene, person};
use super::words::{self, Moment};
use super::{Kept, door, html, see_other};
use crate::api::Ctx;
use crate::api::caller::{Caller, identify};
use crate::app::incident::ledger::told;

/// The largest form, in bytes.
const FORM_BYTES_MAX: usize = 4 * 1024;
/// The newest timeline entries on the page.
const LINES_MAX: usize = 40;
/// The newest deliveries on the page.
const DELIVERIES_MAX: usize = 25;
/// The most characters of what a provider said.
const DETAIL_CHARS_MAX: usize = 160;

/// The route.
pub(super) fn router() -> Router<Ctx> {
    Router::new()
        .route("/p/incident/{number}", get(show).post(act))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// One message and what became of it.
struct Sent {
    user: String,
    what: String,
    state: String,
    attempts: Vec<Attempt>,
}

struct Attempt {
    at: Option<Moment>,
    words: String,
}

#[derive(Template)]
#[template(path = "lifeline/incident.html")]
struct IncidentPage {
    reader: String,
    path: String,
    offers: Offers,
    scene: Scene,
    now: Moment,
    sent: Vec<Sent>,
    more_sent: usize,
    changed: Vec<Changed>,
}

async fn show(State(ctx): State<Ctx>, Path(number): Path<String>, headers: HeaderMap) -> Response {
    let Ok(number) = number.parse::<i64>() else { return Refusal::UnknownIncident.page() };
    let caller = match door::known(&ctx, &headers, &format!("/p/incident/{number}")).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    match shown(&ctx, &caller, number).await {
        Ok(page) => html(StatusCode::OK, Kept::Open, &page),
        Err(refusal) => refusal.page(),
    }
}

fn path(number: i64) -> String {
    format!("/p/incident/{number}")
}

/// Takes what somebody who is signed in asks for on the page: to join, to help, to be helped.
async fn act(
    State(ctx): State<Ctx>,
    Path(number): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(number) = number.parse::<i64>() else { return Refusal::UnknownIncident.page() };
    let caller = match identify(&ctx, &Method::POST, &headers).await {
        Ok(caller) => caller,
        Err(error) => return Refusal::NotAllowed(error.detail().to_owned()).page(),
    };
    match acted(&ctx, &caller, number, &body).await {
        Ok(()) => see_other(&path(number), Kept::Open),
        Err(refusal) => refusal.page(),
    }
}

async fn acted(ctx: &Ctx, caller: &Caller, number: i64, body: &[u8]) -> Result<(), Refusal> {
    caller.may(Action::Read, Object::Incidents)?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let incident = store_incident::by_number(&ctx.app.db, &viewer, number).await?;
    let incident = incident.ok_or(Refusal::UnknownIncident)?;
    caller.may(Action::Respond, Object::Incident(incident.id))?;
    let field = |name: &str| {
        let mut fields = form_urlencoded::parse(body);
        fields.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    };
    let action = field("action").unwrap_or_default();
    let join = Join::read(&action, field);
    let join = join.ok_or(Refusal::UnknownAction)?;
    let user = caller.user().ok_or_else(|| {
        Refusal::NotAllowed("This token belongs to nobody who could join.".to_owned())
    })?;
    join.by(&ctx.app, &incident, user, &caller.actor).await?;
    Ok(())
}

async fn shown(ctx: &Ctx, caller: &Caller, number: i64) -> Result<IncidentPage, Refusal> {
    caller.may(Action::Read, Object::Incidents)?;
    let app = &ctx.app;
    let viewer = app.viewer(caller.user()).await?;
    let incident = store_incident::by_number(&app.db, &viewer, number).await?;
    let incident = incident.ok_or(Refusal::UnknownIncident)?;
    caller.may(Action::Read, Object::Incident(incident.id))?;
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let user = caller.user().and_then(|user| directory.users.get(user));
    let zone = user.map_or(&directory.timezone, |user| &user.timezone);
    let reader = Reader { user: caller.user(), zone, now: app.now() };
    let (sent, more_sent) = ledger(ctx, directory, &incident, &reader).await?;
    let may_join = caller.may(Action::Respond, Object::Incident(incident.id)).is_ok();
    let joins = caller.user().filter(|_| may_join);
    let offers =
        joins.map(|user| Offers::to(directory, &incident, user, reader.now)).unwrap_or_default();
    Ok(IncidentPage {
        path: path(incident.number),
        offers,
        reader: user.map_or(caller.actor.name(), |user| &user.full_name).to_owned(),
        scene: Scene::load(&app.db, directory, &incident, &reader, LINES_MAX).await?,
        now: reader.moment(reader.now),
        sent,
        more_sent,
        changed: changed::load(app, &incident, &reader).await,
    })
}

/// The newest deliveries with their attempts, and how many older ones there are.
async fn ledger(
    ctx: &Ctx,
    directory: &Directory,
    incident: &Incident,
    reader: &Reader<'_>,
) -> Result<(Vec<Sent>, usize), StoreError> {
    let rows = delivery::of_incident(&ctx.app.db, incident.id).await?;
    let attempts = delivery::attempts_of_incident(&ctx.app.db, incident.id).await?;
    let more = rows.len().saturating_sub(DELIVERIES_MAX);
    let newest = rows.iter().rev().take(DELIVERIES_MAX);
    let one = |row| sent(directory, incident, row, &attempts, reader);
    Ok((newest.map(one).collect(), more))
}

fn sent(
    directory: &Directory,
    incident: &Incident,
    row: &DeliveryRow,
    attempts: &[AttemptRow],
    reader: &Reader<'_>,
) -> Sent {
    let told = told(directory, incident, row, None, reader.user);
    if told.is_hidden {
        let what = format!("{} ({})", row.kind, row.channel);
        return Sent { user: told.to, what, state: row.state.clone(), attempts: Vec::new() };
    }
    let user = row.user_id.map(|user| person(directory, UserId(user)));
    Sent {
        user: user.unwrap_or_else(|| "an outgoing webhook".to_owned()),
        what: format!("{} by {} ({})", row.kind, row.method, row.channel),
        state: row.state.clone(),
        attempts: of_delivery(attempts, row.id).map(|row| attempt(row, reader)).collect(),
    }
}

fn of_delivery(attempts: &[AttemptRow], id: Uuid) -> impl Iterator<Item = &AttemptRow> {
    attempts.iter().filter(move |attempt| attempt.delivery_id == id)
}

fn attempt(row: &AttemptRow, reader: &Reader<'_>) -> Attempt {
    let mut words = row.outcome.clone();
    for part in [&row.status, &row.detail].into_iter().flatten().filter(|part| !part.is_empty()) {
        words.push_str(": ");
        words.push_str(&words::cut(part, DETAIL_CHARS_MAX));
    }
    if row.possible_repeat {
        words.push_str(" (possibly a repeat)");
    }
    let at = Timestamp::from_microsecond(row.started_at).ok().map(|at| reader.moment(at));
    Attempt { at, words }
}
