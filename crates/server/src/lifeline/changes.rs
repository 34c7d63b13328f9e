//! The calendar of changes without script (`X12`): `/change-calendar`, and the same as files that stay
//! where they are when this server is down.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use muster_core::incident::restriction::Viewer;
use muster_core::oncall::cover::Span;
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_store::StoreError;

use super::refusal::Refusal;
use super::{Kept, STYLE, door, html};
use crate::api::Ctx;
use crate::app::App;
use crate::app::change::calendar::Calendar;

/// How many days are shown.
const DAYS: i64 = 28;

/// The route.
pub(super) fn router() -> Router<Ctx> {
    Router::new().route("/change-calendar", get(show))
}

/// Something on a day.
struct Item {
    kind: &'static str,
    when: String,
    title: String,
    more: String,
    from: Timestamp,
}

/// A day on which something is.
struct Day {
    name: String,
    items: Vec<Item>,
}

#[derive(Template)]
#[template(path = "lifeline/changes.html")]
struct Page {
    reader: String,
    days: Vec<Day>,
    count: i64,
    zone: String,
    now: String,
}

#[derive(Template)]
#[template(path = "lifeline/changes_copy.html")]
struct CopyPage {
    style: &'static str,
    days: Vec<Day>,
    count: i64,
    zone: String,
    now: String,
}

async fn show(State(ctx): State<Ctx>, headers: HeaderMap) -> Response {
    let caller = match door::known(&ctx, &headers, "/change-calendar").await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    if let Err(denied) = caller.may(Action::Read, Object::Changes) {
        return Refusal::from(denied).page();
    }
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let user = caller.user().and_then(|user| directory.users.get(user));
    let zone = user.map_or(&directory.timezone, |user| &user.timezone);
    let found = async {
        let viewer = ctx.app.viewer(caller.user()).await?;
        ctx.app.change_calendar(&viewer, span(ctx.app.now(), zone), None).await
    };
    let calendar = match found.await {
        Ok(calendar) => calendar,
        Err(error) => return Refusal::from(error).page(),
    };
    let page = Page {
        reader: user.map_or(caller.actor.name(), |user| &user.full_name).to_owned(),
        days: days(&calendar, directory, zone),
        count: DAYS,
        zone: zone_name(zone),
        now: minute(ctx.app.now(), zone),
    };
    html(StatusCode::OK, Kept::Open, &page)
}

/// The calendar as one file, in the zone of the organisation and with what everybody may see.
///
/// # Errors
/// When the store does not answer, or the template fails.
pub(crate) async fn copy(app: &App) -> Result<Result<String, askama::Error>, StoreError> {
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let zone = &directory.timezone;
    let span = span(app.now(), zone);
    let calendar = app.change_calendar(&Viewer::Anybody, span, None).await?;
    let page = CopyPage {
        style: STYLE,
        days: days(&calendar, directory, zone),
        count: DAYS,
        zone: zone_name(zone),
        now: minute(app.now(), zone),
    };
    Ok(page.render())
}

/// From the beginning of today on.
fn span(now: Timestamp, zone: &TimeZone) -> Span {
    let today = now.to_zoned(zone.clone()).start_of_day();
    let from = today.as_ref().map_or(now, |today| today.timestamp());
    let end = today.and_then(|today| today.checked_add(DAYS.days()));
    Span { from, to: end.map_or(Timestamp::MAX, |end| end.timestamp()) }
}

fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn minute(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %b %Y %H:%M %Z").to_string()
}

/// Each day on which something begins or is, with what lasts for several on each of them.
fn days(calendar: &Calendar, directory: &Directory, zone: &TimeZone) -> Vec<Day> {
    let service = |id| directory.services.get(id).map_or("a service", |one| one.name.as_str());
    let mut all: Vec<(Span, Item)> = Vec::new();
    let mut add = |span: Span, kind, title: String, more: String| {
        all.push((span, Item { kind, when: String::new(), title, more, from: span.from }));
    };
    for one in &calendar.freezes {
        add(one.span(), "freeze", one.name.clone(), one.reason.clone());
    }
    for one in &calendar.changes {
        if let Some((from, to)) = one.plan.start.zip(one.plan.end) {
            let technician = one.plan.technician.and_then(|id| directory.users.get(id));
            let who = technician.map_or("nobody yet", |user| user.full_name.as_str());
            let state = one.state.in_words();
            let more = format!("{} · {state} · {who}", service(one.plan.service));
            let title = format!("CHG-{} {}", one.number, one.plan.title);
            add(Span { from, to }, "change", title, more);
        }
    }
    for one in &calendar.incidents {
        if let Some(from) = one.stamps.detected_at {
            let to = one.stamps.resolved_at.unwrap_or(calendar.span.to);
            let title = format!("#{} {}", one.number, one.title);
            let severity = &directory.severity(one.severity).name;
            let more = format!("{severity} · {}", service(one.service));
            add(Span { from, to }, "incident", title, more);
        }
    }
    for one in &calendar.gaps {
        let title = match one.is_caught {
            true => format!("{}: only the catch-all is on call", service(one.service)),
            false => format!("{}: nobody is on call", service(one.service)),
        };
        add(one.span, "on-call gap", title, String::new());
    }
    let mut days = Vec::new();
    let mut begin = calendar.span.from;
    for _ in 0..DAYS {
        let local = begin.to_zoned(zone.clone());
        let next = local.tomorrow().and_then(|next| next.start_of_day());
        let Ok(next) = next.map(|next| next.timestamp()) else { break };
        let today = Span { from: begin, to: next };
        let on_day = all.iter().filter(|(span, _)| span.meets(today));
        let mut items: Vec<Item> = on_day
            .map(|(span, item)| Item {
                kind: item.kind,
                when: when(*span, today, zone),
                title: item.title.clone(),
                more: item.more.clone(),
                from: item.from,
            })
            .collect();
        items.sort_by(|a, b| (a.from, &a.title).cmp(&(b.from, &b.title)));
        if !items.is_empty() {
            days.push(Day { name: local.strftime("%A, %-d %B %Y").to_string(), items });
        }
        begin = next;
    }
    days
}

/// When something is on a day.
fn when(span: Span, day: Span, zone: &TimeZone) -> String {
    if span.from <= day.from && day.to <= span.to {
        return "all day".to_owned();
    }
    let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
    let from = if span.from <= day.from { "00:00".to_owned() } else { clock(span.from) };
    let to = if day.to <= span.to { "24:00".to_owned() } else { clock(span.to) };
    format!("{from} to {to}")
}
