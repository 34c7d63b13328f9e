//! Shadow mode and its forecast over the API (`D8`): what was recorded while a service or a rule was
//! tried out, and what recorded alerts would do under a configuration before it is switched on.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use jiff::Timestamp;
use muster_core::alerting::forecast::{self as rules, WouldBe};
use muster_core::id::AlertId;
use muster_core::org::directory::Directory;
use muster_store::alerting::shadow;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::SEE_ALERTS;
use crate::api::extract::{Json, Path, Query};
use crate::api::org::find;
use crate::api::period::period;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes};
use crate::app::Snapshot;
use crate::app::alerting::forecast::{Forecast as Found, SPAN_DEFAULT, SPAN_MAX};

/// The most incidents that are shown.
const SHOWN_MAX: usize = 200;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ALERTS, routes!(shadow_of)).on(SEE_ALERTS, routes!(forecast))
}

/// Which time.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// From then on; 14 days ago unless given.
    from: Option<Instant>,
    /// Up to then; now unless given.
    to: Option<Instant>,
}

/// What to look at under which configuration.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForecastWanted {
    /// A configuration in YAML; the one in force unless given.
    config: Option<String>,
    /// The alerts of one service only.
    service: Option<String>,
    /// From then on; 14 days ago unless given.
    from: Option<Instant>,
    /// Up to then; now unless given.
    to: Option<Instant>,
}

/// What recorded alerts would have done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    /// From then on.
    pub from: Instant,
    /// Up to then.
    pub to: Instant,
    /// How many recorded alerts were looked at.
    pub alerts: usize,
    /// Whether there were more of them.
    pub more: bool,
    /// How many incidents they would have opened.
    pub incident_count: usize,
    /// How many pages that would have been, if whoever was asked first had answered.
    pub page_count: i64,
    /// The pages of each person.
    pub people: Vec<PersonPages>,
    /// How many shifts there were.
    pub shift_count: usize,
    /// How many pages a shift would have had on average; null where the first step asks no schedule.
    #[schema(required)]
    pub pages_per_shift: Option<f64>,
    /// The shifts that would have had pages, the most first.
    pub shifts: Vec<ShiftPages>,
    /// The incidents, the newest first; at most 200 of them.
    pub incidents: Vec<WouldBeIncident>,
}

/// The pages of a person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonPages {
    /// The name.
    pub user: String,
    /// How many.
    pub pages: i64,
}

/// The pages of a shift.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ShiftPages {
    /// The schedule.
    pub schedule: String,
    /// Who had it.
    pub user: String,
    /// When it began.
    pub from: Instant,
    /// When it ended.
    pub to: Instant,
    /// How many.
    pub pages: i64,
}

/// An incident that would have been opened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WouldBeIncident {
    /// When.
    pub at: Instant,
    /// What it would have been about.
    pub service: String,
    /// How bad it would have been.
    pub severity: u8,
    /// What it would have been called.
    pub title: String,
    /// How many alerts it would have had.
    pub alerts: i64,
    /// Who would have been asked first.
    pub people: Vec<String>,
}

/// What shadow mode has recorded of a service.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Shadow {
    /// The service.
    pub service: String,
    /// Whether the whole service is tried out.
    pub shadow: bool,
    /// How many lines of its severity map are tried out by themselves.
    pub shadow_rules: usize,
    /// What was recorded, the newest first.
    pub items: Vec<ShadowIncident>,
    /// What would happen if it were switched on, by the alerts of the same time.
    pub forecast: Forecast,
}

/// An incident that shadow mode kept from being opened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ShadowIncident {
    /// Its first alert.
    pub alert: String,
    /// When.
    pub at: Instant,
    /// How bad it would have been.
    pub severity: i64,
    /// How many alerts it would have had.
    pub alerts: i64,
    /// Who would have been paged if nobody had answered.
    pub pages: Vec<ShadowPage>,
}

/// A page that shadow mode kept from going out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ShadowPage {
    /// When it would have gone out.
    pub at: Instant,
    /// The step, counted from 1; null for the catch-all.
    #[schema(required)]
    pub step: Option<u32>,
    /// The round, counted from 1.
    pub round: u32,
    /// To whom.
    pub user: String,
    /// By which method.
    pub method: String,
}

/// What shadow mode has recorded.
#[utoipa::path(
    get, path = "/services/{name}/shadow", tag = "alerting", operation_id = "shadow",
    params(("name" = String, Path, description = "The service's name."), Span),
    responses((status = 200, description = "What was recorded.", body = Shadow))
)]
async fn shadow_of(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Query(span): Query<Span>,
) -> Result<Json<Shadow>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let service = find(&snapshot.directory.services, "service", &name)?;
    let (from, to) = span_of(&ctx, span.from.as_ref(), span.to.as_ref())?;
    let most = i64::try_from(SHOWN_MAX).unwrap_or(i64::MAX);
    let rows = shadow::list(&ctx.app.db, service.id, from, to, most).await?;
    let items = rows.into_iter().map(|row| ShadowIncident {
        alert: AlertId(row.id).to_string(),
        at: Instant::from_micros(row.first_alert_at),
        severity: row.severity,
        alerts: row.alert_count,
        pages: pages_of(&row.pages),
    });
    let viewer = ctx.app.viewer(caller.user()).await?;
    let found = ctx.app.forecast(&viewer, &snapshot, Some(service.id), (from, to)).await?;
    Ok(Json(Shadow {
        service: service.name.clone(),
        shadow: service.shadow,
        shadow_rules: service.severity_map.iter().filter(|rule| rule.shadow).count(),
        items: items.collect(),
        forecast: describe(&snapshot.directory, found, (from, to)),
    }))
}

/// Forecast pages.
///
/// Looks at the recorded alerts of a time as if a configuration had been in force then, shadow mode
/// and maintenance aside, and counts the pages per person and shift.
#[utoipa::path(
    post, path = "/forecast", tag = "alerting", operation_id = "forecast",
    request_body = ForecastWanted,
    responses((status = 200, description = "What would have happened.", body = Forecast))
)]
async fn forecast(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(wanted): Json<ForecastWanted>,
) -> Result<Json<Forecast>, ApiError> {
    let snapshot = match &wanted.config {
        Some(text) => {
            let plan = ctx.app.plan_configuration(text).await?;
            Arc::new(Snapshot::new(plan.directory, Vec::new()))
        }
        None => ctx.app.snapshot(),
    };
    let service = match &wanted.service {
        Some(name) => Some(find(&snapshot.directory.services, "service", name)?.id),
        None => None,
    };
    let span = span_of(&ctx, wanted.from.as_ref(), wanted.to.as_ref())?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let found = ctx.app.forecast(&viewer, &snapshot, service, span).await?;
    Ok(Json(describe(&snapshot.directory, found, span)))
}

fn span_of(
    ctx: &Ctx,
    from: Option<&Instant>,
    to: Option<&Instant>,
) -> Result<(Timestamp, Timestamp), ApiError> {
    let now = ctx.app.now();
    let otherwise = || (now.saturating_sub(SPAN_DEFAULT).unwrap_or(now), now);
    period(from, to, (SPAN_DEFAULT, SPAN_MAX), otherwise)
}

fn pages_of(text: &str) -> Vec<ShadowPage> {
    let pages: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    pages.into_iter().filter_map(|page| serde_json::from_value(page).ok()).collect()
}

fn describe(directory: &Directory, found: Found, (from, to): (Timestamp, Timestamp)) -> Forecast {
    let name = |id| directory.users.get(id).map_or("a former colleague", |user| &user.name);
    let mut people: BTreeMap<String, i64> = BTreeMap::new();
    for person in found.incidents.iter().flat_map(|incident| &incident.people) {
        *people.entry(name(*person).to_owned()).or_default() += 1;
    }
    let mut people: Vec<_> =
        people.into_iter().map(|(user, pages)| PersonPages { user, pages }).collect();
    people.sort_by_key(|person| std::cmp::Reverse(person.pages));
    let shift_count = found.shifts.len();
    let in_shifts: i64 = found.shifts.iter().map(|shift| shift.pages).sum();
    let per_shift =
        |count: u32| f64::from(i32::try_from(in_shifts).unwrap_or(i32::MAX)) / f64::from(count);
    let mut busy: Vec<_> = found.shifts.into_iter().filter(|shift| shift.pages > 0).collect();
    busy.sort_by_key(|shift| (std::cmp::Reverse(shift.pages), shift.from));
    let shift = |shift: rules::ShiftPages| ShiftPages {
        schedule: directory
            .schedules
            .get(shift.schedule)
            .map(|schedule| schedule.name.clone())
            .unwrap_or_default(),
        user: name(shift.user).to_owned(),
        from: shift.from.into(),
        to: shift.to.into(),
        pages: shift.pages,
    };
    let incident = |incident: &WouldBe| WouldBeIncident {
        at: incident.at.into(),
        service: directory
            .services
            .get(incident.service)
            .map(|service| service.name.clone())
            .unwrap_or_default(),
        severity: incident.severity.number(),
        title: incident.title.clone(),
        alerts: incident.alerts,
        people: incident.people.iter().map(|id| name(*id).to_owned()).collect(),
    };
    Forecast {
        from: from.into(),
        to: to.into(),
        alerts: found.alerts,
        more: found.is_cut,
        incident_count: found.incidents.len(),
        page_count: people.iter().map(|person| person.pages).sum(),
        people,
        shift_count,
        pages_per_shift: u32::try_from(shift_count).ok().filter(|count| *count > 0).map(per_shift),
        shifts: busy.into_iter().take(SHOWN_MAX).map(shift).collect(),
        incidents: found.incidents.iter().rev().take(SHOWN_MAX).map(incident).collect(),
    }
}
