//! The calendar of changes over the API (`X12`).

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::ServiceId;
use muster_core::oncall::cover::Span;
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::SEE_CHANGES;
use super::record::{ChangeItem, item};
use crate::api::extract::{Json, Query};
use crate::api::period;
use crate::api::word::{IncidentStatus, Instant};
use crate::api::{ApiError, Caller, Ctx, Routes};
use crate::lifeline::changes;

/// What is shown where nothing is said.
const USUAL: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The longest time that is shown.
const LONGEST: SignedDuration = SignedDuration::from_hours(100 * 24);

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_CHANGES, routes!(calendar)).on(SEE_CHANGES, routes!(files))
}

/// Which time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct CalendarQuery {
    /// From when; now where neither end is given.
    from: Option<Instant>,
    /// Until when; a week later where nothing is said.
    to: Option<Instant>,
    /// Only of this service, by name.
    service: Option<String>,
}

/// A time in which nothing is touched.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeFreeze {
    /// Its name.
    pub name: String,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// Which services; see `tiers`.
    pub services: Vec<String>,
    /// Services of which tiers; all services where both are empty.
    pub tiers: Vec<u8>,
    /// Why.
    pub reason: String,
}

/// An outage window that is open.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeWindow {
    /// Its name.
    pub name: String,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub to: Instant,
}

/// A bad incident in the calendar.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CalendarIncident {
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// How bad it is; 1 is the worst.
    pub severity: u8,
    /// Where it stands.
    pub status: IncidentStatus,
    /// Of which service.
    pub service: String,
    /// Since when.
    pub from: Instant,
    /// Until when; null while it is open.
    #[schema(required)]
    pub to: Option<Instant>,
}

/// A time in which nobody would be paged for a service.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CalendarGap {
    /// Which service.
    pub service: String,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub to: Instant,
    /// Whether the catch-all stands in.
    pub caught: bool,
}

/// The calendar.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeCalendar {
    /// From when.
    pub from: Instant,
    /// Until when.
    pub to: Instant,
    /// In order of their beginning.
    pub changes: Vec<ChangeItem>,
    /// In order of their beginning.
    pub freezes: Vec<ChangeFreeze>,
    /// Open windows, where a service is asked for.
    pub windows: Vec<ChangeWindow>,
    /// As far as you see them.
    pub incidents: Vec<CalendarIncident>,
    /// Of the service that is asked for, or of what is changed.
    pub gaps: Vec<CalendarGap>,
}

/// A copy of the calendar, to be kept where it can be read while this server is down.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CalendarCopy {
    /// A page that needs nothing else, and the same for calendar programs.
    pub files: Vec<CalendarFile>,
}

/// A file of the copy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CalendarFile {
    /// What it is to be called.
    #[schema(example = "index.html")]
    pub name: String,
    /// What is in it.
    pub text: String,
}

fn service_name(directory: &Directory, id: ServiceId) -> String {
    directory.services.get(id).map_or_else(|| id.to_string(), |one| one.name.clone())
}

/// Read the calendar of changes, with freezes, windows, bad incidents and gaps of the on-call.
#[utoipa::path(
    get, path = "/changes/calendar", tag = "change", operation_id = "get_change_calendar",
    params(CalendarQuery),
    responses((status = 200, description = "What stands in it.", body = ChangeCalendar))
)]
async fn calendar(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(query): Query<CalendarQuery>,
) -> Result<Json<ChangeCalendar>, ApiError> {
    let now = ctx.app.now();
    let otherwise = || (now, now.checked_add(USUAL).unwrap_or(Timestamp::MAX));
    let (from, to) =
        period::period(query.from.as_ref(), query.to.as_ref(), (USUAL, LONGEST), otherwise)?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let service = match &query.service {
        None => None,
        Some(name) => {
            let found = directory.services.named(name);
            Some(found.ok_or_else(|| ApiError::not_found("service", name))?.id)
        }
    };
    let viewer = ctx.app.viewer(caller.user()).await?;
    let found = ctx.app.change_calendar(&viewer, Span { from, to }, service).await?;
    let freezes = found.freezes.iter().map(|one| ChangeFreeze {
        name: one.name.clone(),
        from: one.from.into(),
        until: one.until.into(),
        services: one.services.iter().map(|id| service_name(directory, *id)).collect(),
        tiers: one.tiers.clone(),
        reason: one.reason.clone(),
    });
    let windows = found.windows.iter().map(|one| ChangeWindow {
        name: one.name.clone(),
        from: one.span.from.into(),
        to: one.span.to.into(),
    });
    let incidents = found.incidents.iter().filter_map(|one| {
        Some(CalendarIncident {
            number: one.number,
            title: one.title.clone(),
            severity: one.severity.number(),
            status: one.status.into(),
            service: service_name(directory, one.service),
            from: one.stamps.detected_at?.into(),
            to: one.stamps.resolved_at.map(Instant::from),
        })
    });
    let gaps = found.gaps.iter().map(|one| CalendarGap {
        service: service_name(directory, one.service),
        from: one.span.from.into(),
        to: one.span.to.into(),
        caught: one.is_caught,
    });
    Ok(Json(ChangeCalendar {
        from: from.into(),
        to: to.into(),
        changes: found.changes.iter().map(|one| item(directory, one)).collect(),
        freezes: freezes.collect(),
        windows: windows.collect(),
        incidents: incidents.collect(),
        gaps: gaps.collect(),
    }))
}

/// The calendar of the next weeks as files. Restricted incidents are in none, whoever asks.
#[utoipa::path(
    get, path = "/changes/calendar/files", tag = "change", operation_id = "copy_change_calendar",
    responses((status = 200, description = "The files.", body = CalendarCopy))
)]
async fn files(State(ctx): State<Ctx>) -> Result<Json<CalendarCopy>, ApiError> {
    let page = changes::copy(&ctx.app)
        .await?
        .map_err(|_| ApiError::internal("the template of the calendar failed"))?;
    let feed = ctx.app.change_feed(None).await?;
    let file = |name: &str, text: String| CalendarFile { name: name.to_owned(), text };
    Ok(Json(CalendarCopy { files: vec![file("index.html", page), file("changes.ics", feed)] }))
}
