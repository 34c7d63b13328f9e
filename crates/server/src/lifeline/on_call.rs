//! Who is on call now, per schedule, and who comes next: `/on-call`.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use muster_core::oncall::schedule::{Schedule, next_on_call, on_call_at};
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;

use super::refusal::Refusal;
use super::scene::{Reader, person};
use super::words::Moment;
use super::{Kept, door, html};
use crate::api::Ctx;

/// The most schedules on the page.
const SCHEDULES_MAX: usize = 100;

/// The route.
pub(super) fn router() -> Router<Ctx> {
    Router::new().route("/on-call", get(show))
}

/// Somebody's turn: until when, or from when on.
struct Turn {
    name: String,
    at: Option<Moment>,
}

struct Row {
    schedule: String,
    team: Option<String>,
    on_call: Vec<Turn>,
    next: Option<Turn>,
}

#[derive(Template)]
#[template(path = "lifeline/on_call.html")]
struct OnCall {
    reader: String,
    now: Moment,
    rows: Vec<Row>,
    more: usize,
}

async fn show(State(ctx): State<Ctx>, headers: HeaderMap) -> Response {
    let caller = match door::known(&ctx, &headers, "/on-call").await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    if let Err(denied) = caller.may(Action::Read, Object::Organization) {
        return Refusal::from(denied).page();
    }
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let user = caller.user().and_then(|user| directory.users.get(user));
    let zone = user.map_or(&directory.timezone, |user| &user.timezone);
    let reader = Reader { user: caller.user(), zone, now: ctx.app.now() };
    let rows = directory.schedules.iter().take(SCHEDULES_MAX);
    let page = OnCall {
        reader: user.map_or(caller.actor.name(), |user| &user.full_name).to_owned(),
        now: reader.moment(reader.now),
        rows: rows.map(|schedule| row(directory, schedule, &reader)).collect(),
        more: directory.schedules.len().saturating_sub(SCHEDULES_MAX),
    };
    html(StatusCode::OK, Kept::Open, &page)
}

fn row(directory: &Directory, schedule: &Schedule, reader: &Reader<'_>) -> Row {
    let team = schedule.team.and_then(|team| directory.teams.get(team));
    let shifts = on_call_at(schedule, reader.now);
    let ends = |to: jiff::Timestamp| (to < jiff::Timestamp::MAX).then(|| reader.moment(to));
    let turn = |shift: &muster_core::oncall::schedule::Shift| Turn {
        name: person(directory, shift.user),
        at: ends(shift.to),
    };
    Row {
        schedule: schedule.name.clone(),
        team: team.map(|team| team.name.clone()),
        on_call: shifts.iter().map(turn).collect(),
        next: next_on_call(schedule, reader.now).map(|shift| Turn {
            name: person(directory, shift.user),
            at: Some(reader.moment(shift.from)),
        }),
    }
}
