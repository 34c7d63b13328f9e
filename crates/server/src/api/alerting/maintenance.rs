//! Maintenance windows over the API: plan one, look at what it would mute, end it or extend it.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use muster_core::id::MaintenanceId;
use muster_core::org::access::{Action, Object};
use muster_core::time::parse_duration;
use muster_store::alerting::held;
use muster_store::alerting::maintenance::{self as windows, MaintenanceRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::SEE_ALERTS;
use super::alert::{self, Alert};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::org::find;
use crate::api::period::{instant, instant_or};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::alerting::maintenance::{NotPlanned, PREVIEW_LOOKS_BACK, Wanted};

/// To plan, end and extend windows.
const PLAN: Need = Need::new(Action::Operate, Object::Alerts);
/// The most alerts that a preview shows.
const SHOWN_MAX: usize = 50;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ALERTS, routes!(list))
        .on(SEE_ALERTS, routes!(get))
        .on(PLAN, routes!(create))
        .on(PLAN, routes!(preview))
        .on(PLAN, routes!(end))
        .on(PLAN, routes!(extend))
}

/// Planned work, during which alerts are recorded and page nobody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceWindow {
    /// For programs.
    pub id: String,
    /// Why, in words.
    pub reason: String,
    /// Where it stands.
    pub state: WindowState,
    /// Alerts of these services; none means of any.
    pub services: Vec<String>,
    /// Only those that match this rule.
    #[schema(required)]
    pub when: Option<String>,
    /// From then on.
    pub from: Instant,
    /// Up to, but not at, then.
    pub to: Instant,
    /// What status pages call it; those show no window without.
    #[schema(required)]
    pub public_title: Option<String>,
    /// Who planned it.
    pub created_by: String,
    /// When it was planned.
    pub created_at: Instant,
    /// Who ended it before its time.
    #[schema(required)]
    pub ended_by: Option<String>,
    /// How many alerts it keeps from paging now.
    pub muted: i64,
}

/// Where a window stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowState {
    /// It has not begun.
    Planned,
    /// It mutes.
    InForce,
    /// It mutes nothing any more.
    Over,
}

/// A window to plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWindow {
    /// Why, in words.
    reason: String,
    /// Alerts of these services, by name; none means of any.
    #[serde(default)]
    services: Vec<String>,
    /// Only those that match this CEL rule.
    when: Option<String>,
    /// What status pages call it, up to 120 characters; it is not shown there unless given.
    public_title: Option<String>,
    /// From then on; from now on unless given.
    from: Option<Instant>,
    /// Up to, but not at, then; or else `for`.
    to: Option<Instant>,
    /// How long: `2h`.
    #[serde(rename = "for")]
    length: Option<String>,
}

/// Another end of a window.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Up to, but not at, then; or else `by`.
    to: Option<Instant>,
    /// How much longer: `1h`.
    by: Option<String>,
}

/// What a window would mute.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WindowPreview {
    /// Since when alerts were looked at.
    pub since: Instant,
    /// How many of them it would have muted.
    pub count: usize,
    /// How many of those still fire. Their incidents go on; a window mutes what begins within it.
    pub firing: usize,
    /// Some of them, the newest first.
    pub alerts: Vec<Alert>,
    /// Whether there were too many alerts to look at all of them.
    pub more: bool,
}

/// Which windows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Whether to list windows that are over, too.
    #[serde(default)]
    over: bool,
    /// How many items at most: 1 to 500, 50 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Where the last part ended, from its `next`.
    cursor: Option<String>,
}

impl From<NotPlanned> for ApiError {
    fn from(refused: NotPlanned) -> Self {
        match refused {
            NotPlanned::Field(field, message) => Self::field(field, message),
            NotPlanned::NoSuchWindow => Self::new(StatusCode::NOT_FOUND, refused.to_string()),
            NotPlanned::IsOver | NotPlanned::TooMany => Self::conflict(refused.to_string()),
            NotPlanned::Store(error) => error.into(),
        }
    }
}

impl NewWindow {
    fn wanted(&self, ctx: &Ctx) -> Result<Wanted, ApiError> {
        let snapshot = ctx.app.snapshot();
        let services = &snapshot.directory.services;
        let services: Result<Vec<_>, ApiError> = self
            .services
            .iter()
            .map(|name| find(services, "service", name).map(|service| service.id))
            .collect();
        let from = instant_or("from", self.from.as_ref(), ctx.app.now())?;
        let to = ends_at(self.to.as_ref(), self.length.as_deref(), from, "for")?;
        let when = self.when.clone().filter(|rule| !rule.trim().is_empty());
        let title = self.public_title.as_deref().map(|title| title.trim().to_owned());
        let public_title = title.filter(|title| !title.is_empty());
        let reason = self.reason.clone();
        Ok(Wanted { reason, services: services?, when, from, to, public_title })
    }
}

fn ends_at(
    to: Option<&Instant>,
    length: Option<&str>,
    from: Timestamp,
    name: &str,
) -> Result<Timestamp, ApiError> {
    match (to, length) {
        (Some(to), None) => instant("to", to),
        (None, Some(length)) => {
            let length = parse_duration(length)
                .map_err(|invalid| ApiError::field(name, invalid.to_string()))?;
            from.checked_add(length).map_err(|_| ApiError::field(name, "is too long"))
        }
        _ => Err(ApiError::field("to", format!("give either `to` or `{name}`"))),
    }
}

/// List maintenance windows, the latest planned first.
#[utoipa::path(
    get, path = "/maintenance", tag = "alerting", operation_id = "list_maintenance",
    params(Which),
    responses((status = 200, description = "A part of the list.", body = List<MaintenanceWindow>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(which): Query<Which>,
) -> Result<Json<List<MaintenanceWindow>>, ApiError> {
    let paging = Paging::new(which.limit, which.cursor);
    let (before, limit) = (paging.after()?, paging.limit_and_one()?);
    let rows = windows::list(&ctx.app.db, which.over, ctx.app.now(), before, limit).await?;
    let part = paging.list(rows, |row| MaintenanceId(row.id), |row| row)?;
    Ok(Json(List { items: describe_all(&ctx, part.items).await?, next: part.next }))
}

/// Read a maintenance window.
#[utoipa::path(
    get, path = "/maintenance/{id}", tag = "alerting", operation_id = "get_maintenance",
    params(("id" = String, Path, description = "The id.")),
    responses((status = 200, description = "The window.", body = MaintenanceWindow))
)]
async fn get(
    State(ctx): State<Ctx>,
    Path(id): Path<String>,
) -> Result<Json<MaintenanceWindow>, ApiError> {
    let row = windows::get(&ctx.app.db, parse(&id)?).await?.ok_or(NotPlanned::NoSuchWindow)?;
    one(&ctx, row).await.map(Json)
}

/// Plan a maintenance window.
///
/// Alerts that begin during it are recorded as suppressed. What still fires at its end opens its
/// incident then.
#[utoipa::path(
    post, path = "/maintenance", tag = "alerting", operation_id = "plan_maintenance",
    request_body = NewWindow,
    responses((status = 201, description = "The window.", body = MaintenanceWindow))
)]
async fn create(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(new): Json<NewWindow>,
) -> Result<(StatusCode, Json<MaintenanceWindow>), ApiError> {
    let row = ctx.app.plan_maintenance(&new.wanted(&ctx)?, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(one(&ctx, row).await?)))
}

/// See what a maintenance window would mute, by the alerts of the last seven days.
#[utoipa::path(
    post, path = "/maintenance/preview", tag = "alerting", operation_id = "preview_maintenance",
    request_body = NewWindow,
    responses((status = 200, description = "What it would mute.", body = WindowPreview))
)]
async fn preview(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(new): Json<NewWindow>,
) -> Result<Json<WindowPreview>, ApiError> {
    let now = ctx.app.now();
    let viewer = ctx.app.viewer(caller.user()).await?;
    let found = ctx.app.preview_maintenance(&viewer, &new.wanted(&ctx)?).await?;
    let (count, firing, more) = (found.recent.len(), found.firing, found.is_cut);
    let shown = found.recent.into_iter().take(SHOWN_MAX).collect();
    let alerts = alert::describe_all(&ctx.app, &viewer, shown).await?;
    let since = now.saturating_sub(PREVIEW_LOOKS_BACK).unwrap_or(now).into();
    Ok(Json(WindowPreview { since, count, firing, alerts, more }))
}

/// End a maintenance window now. What it mutes and still fires pages at once.
#[utoipa::path(
    post, path = "/maintenance/{id}/end", tag = "alerting", operation_id = "end_maintenance",
    params(("id" = String, Path, description = "The id.")),
    responses((status = 200, description = "The window.", body = MaintenanceWindow))
)]
async fn end(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MaintenanceWindow>, ApiError> {
    let row = ctx.app.end_maintenance(parse(&id)?, &caller.actor).await?;
    one(&ctx, row).await.map(Json)
}

/// Give a maintenance window another end, later or earlier.
#[utoipa::path(
    post, path = "/maintenance/{id}/extend", tag = "alerting",
    operation_id = "extend_maintenance", request_body = Extension,
    params(("id" = String, Path, description = "The id.")),
    responses((status = 200, description = "The window.", body = MaintenanceWindow))
)]
async fn extend(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
    Json(extension): Json<Extension>,
) -> Result<Json<MaintenanceWindow>, ApiError> {
    let id = parse(&id)?;
    let row = windows::get(&ctx.app.db, id).await?.ok_or(NotPlanned::NoSuchWindow)?;
    let ends = Timestamp::from_microsecond(row.ends_at).unwrap_or_default();
    let to = ends_at(extension.to.as_ref(), extension.by.as_deref(), ends, "by")?;
    let row = ctx.app.extend_maintenance(id, to, &caller.actor).await?;
    one(&ctx, row).await.map(Json)
}

fn parse(id: &str) -> Result<MaintenanceId, ApiError> {
    id.parse().map_err(|_| NotPlanned::NoSuchWindow.into())
}

async fn one(ctx: &Ctx, row: MaintenanceRow) -> Result<MaintenanceWindow, ApiError> {
    let all = describe_all(ctx, vec![row]).await?;
    all.into_iter().next().ok_or_else(|| NotPlanned::NoSuchWindow.into())
}

async fn describe_all(
    ctx: &Ctx,
    rows: Vec<MaintenanceRow>,
) -> Result<Vec<MaintenanceWindow>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let now = ctx.app.now().as_microsecond();
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let muted: HashMap<_, _> = held::count_held_by(&ctx.app.db, &ids).await?.into_iter().collect();
    let describe = |row: MaintenanceRow| MaintenanceWindow {
        id: MaintenanceId(row.id).to_string(),
        state: match () {
            () if row.ends_at <= now => WindowState::Over,
            () if row.starts_at <= now => WindowState::InForce,
            () => WindowState::Planned,
        },
        services: row
            .service_ids()
            .into_iter()
            .filter_map(|id| snapshot.directory.services.get(id))
            .map(|service| service.name.clone())
            .collect(),
        when: row.matcher,
        public_title: row.public_title,
        from: Instant::from_micros(row.starts_at),
        to: Instant::from_micros(row.ends_at),
        created_by: row.created_by,
        created_at: Instant::from_micros(row.created_at),
        ended_by: row.ended_by,
        muted: muted.get(&row.id).copied().unwrap_or(0),
        reason: row.reason,
    };
    Ok(rows.into_iter().map(describe).collect())
}
