//! Alerts as they are read, each with the reason why it paged or did not.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use jiff::Timestamp;
use muster_core::alerting::alert::AlertStatus;
use muster_core::alerting::hold::Held;
use muster_core::alerting::silence;
use muster_core::id::{AlertId, IncidentId, IntegrationId, MaintenanceId, ServiceId};
use muster_core::incident::restriction::Viewer;
use muster_core::org::access::Action;
use muster_store::StoreError;
use muster_store::alerting::alert::{self as store_alert, AlertRow};
use muster_store::incident::incident as store_incident;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::SEE_ALERTS;
use super::message::{self, Message};
use crate::api::extract::{Json, Path, Query};
use crate::api::incident::find;
use crate::api::list::{List, Paging, Search};
use crate::api::word::{AlertHeld, AlertState, Instant};
use crate::api::{ApiError, Caller, Ctx, Routes};
use crate::app::{App, query};

/// The most raw messages that are shown of one alert.
const MESSAGES_MAX: i64 = 50;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ALERTS, routes!(list))
        .on(SEE_ALERTS, routes!(get))
        .on(SEE_ALERTS, routes!(messages))
        .on(SEE_ALERTS, routes!(of_incident))
}

/// One trouble of one integration, from its first signal to its recovery.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// For programs.
    pub id: String,
    /// Unique among the open alerts of the integration.
    pub dedup_key: String,
    /// Where it stands.
    pub status: AlertState,
    /// What it is about; null where the service was deleted.
    #[schema(required)]
    pub service: Option<String>,
    /// How bad it is; null for informational alerts.
    #[schema(required)]
    pub severity: Option<i64>,
    /// How many signals said so.
    pub count: i64,
    /// The number of the incident it belongs to.
    #[schema(required)]
    pub incident: Option<i64>,
    /// Where it came in; null where the integration was deleted.
    #[schema(required)]
    pub integration: Option<String>,
    /// One line.
    pub summary: String,
    /// What is affected.
    pub source: String,
    /// The part of the source.
    pub component: String,
    /// A logical grouping given by the client.
    pub group: String,
    /// The kind of trouble.
    pub class: String,
    /// Names and values given by the client.
    pub labels: BTreeMap<String, String>,
    /// What else the client said.
    #[schema(value_type = Object)]
    pub details: Map<String, Value>,
    /// Where to read on.
    pub links: Vec<Link>,
    /// When the first signal was received.
    pub first_at: Instant,
    /// When the latest signal was received.
    pub last_at: Instant,
    /// When it recovered.
    #[schema(required)]
    pub resolved_at: Option<Instant>,
    /// The resolved alert with the same key before it.
    #[schema(required)]
    pub previous: Option<String>,
    /// Whether it pages nobody whatever happens.
    pub informational: bool,
    /// Why it was routed, rated and grouped as it was, in words.
    pub decision: String,
    /// Why nobody was paged for it, in words; null where somebody was.
    #[schema(required)]
    pub not_paged: Option<String>,
    /// What keeps it, or kept it to its end, from having an incident.
    #[schema(required)]
    pub held: Option<AlertHeld>,
    /// When that may end, while it goes on.
    #[schema(required)]
    pub held_until: Option<Instant>,
    /// When it counts as over, if nothing more is heard of it.
    #[schema(required)]
    pub auto_resolves_at: Option<Instant>,
    /// The alert that mutes it as its cause.
    #[schema(required)]
    pub cause: Option<String>,
    /// The maintenance window that mutes it.
    #[schema(required)]
    pub maintenance: Option<String>,
    /// How often it began again soon after it was over, without a longer rest in between.
    pub flaps: i64,
    /// Whether that is often enough to say that it is flapping.
    pub flapping: bool,
}

/// Where to read on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// An http or https address.
    #[serde(default)]
    pub href: String,
    /// What to call it.
    #[serde(default)]
    pub text: String,
}

/// List alerts, the newest first.
///
/// `q` takes `status:open`, `held:maintenance`, `service:checkout`, `team:payments`, `sev:<=2`, `key:disk-1`,
/// `incident:42`, and words of the summary.
#[utoipa::path(
    get, path = "/alerts", tag = "alerting", operation_id = "list_alerts", params(Search),
    responses((status = 200, description = "A part of the list.", body = List<Alert>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(search): Query<Search>,
) -> Result<Json<List<Alert>>, ApiError> {
    let app = &ctx.app;
    let viewer = app.viewer(caller.user()).await?;
    let text = search.q.as_deref().unwrap_or_default();
    let found = query::alerts(&app.snapshot(), text, caller.asker(app))?;
    let mut filter = found.filter;
    if let Some(number) = found.incident {
        match store_incident::by_number(&app.db, &viewer, number).await? {
            Some(incident) => filter.incident = Some(incident.id),
            None => return Ok(Json(List::whole(Vec::new()))),
        }
    }
    part(app, &viewer, filter, &search.paging()).await.map(Json)
}

/// List an incident's alerts, the newest first.
#[utoipa::path(
    get, path = "/incidents/{incident}/alerts", tag = "incident",
    operation_id = "list_alerts_of_incident",
    params(("incident" = String, Path, description = "The id or the number."), Paging),
    responses((status = 200, description = "A part of the list.", body = List<Alert>))
)]
async fn of_incident(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Alert>>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let filter = store_alert::Filter { incident: Some(incident.id), ..Default::default() };
    let viewer = ctx.app.viewer(caller.user()).await?;
    part(&ctx.app, &viewer, filter, &paging).await.map(Json)
}

async fn part(
    app: &App,
    viewer: &Viewer,
    mut filter: store_alert::Filter,
    paging: &Paging,
) -> Result<List<Alert>, ApiError> {
    filter.before = paging.after()?;
    let rows = store_alert::list(&app.db, viewer, &filter, paging.limit_and_one()?).await?;
    let part = paging.list(rows, |row| AlertId(row.id), |row| row)?;
    let items = describe_all(app, viewer, part.items).await?;
    Ok(List { items, next: part.next })
}

/// Read an alert.
#[utoipa::path(
    get, path = "/alerts/{id}", tag = "alerting", operation_id = "get_alert",
    params(("id" = String, Path, description = "The id.")),
    responses((status = 200, description = "The alert.", body = Alert))
)]
async fn get(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Alert>, ApiError> {
    let viewer = ctx.app.viewer(caller.user()).await?;
    let row = find_alert(&ctx, &viewer, &id).await?;
    let described = describe_all(&ctx.app, &viewer, vec![row]).await?;
    described.into_iter().next().map(Json).ok_or_else(|| ApiError::not_found("alert", &id))
}

/// List the raw messages behind an alert, the newest first; at most 50 of them.
#[utoipa::path(
    get, path = "/alerts/{id}/messages", tag = "alerting",
    operation_id = "list_messages_of_alert",
    params(("id" = String, Path, description = "The id."), Paging),
    responses((status = 200, description = "The messages.", body = List<Message>))
)]
async fn messages(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Message>>, ApiError> {
    let viewer = ctx.app.viewer(caller.user()).await?;
    let row = find_alert(&ctx, &viewer, &id).await?;
    let limit = MESSAGES_MAX.min(i64::from(paging.limit()?));
    let id = AlertId(row.id);
    let rows = muster_store::inbox::of_alert(&ctx.app.db, &viewer, id, limit).await?;
    Ok(Json(List::whole(message::describe_all(&ctx.app, &viewer, rows).await?)))
}

async fn find_alert(ctx: &Ctx, viewer: &Viewer, id: &str) -> Result<AlertRow, ApiError> {
    let row = match id.parse() {
        Ok(id) => store_alert::get(&ctx.app.db, viewer, id).await?,
        Err(_) => None,
    };
    row.ok_or_else(|| ApiError::not_found("alert", id))
}

pub(super) async fn describe_all(
    app: &App,
    viewer: &Viewer,
    rows: Vec<AlertRow>,
) -> Result<Vec<Alert>, StoreError> {
    let incidents: Vec<_> = rows.iter().filter_map(|row| row.incident_id.map(IncidentId)).collect();
    let numbers: HashMap<_, _> =
        store_incident::numbers(&app.db, viewer, &incidents).await?.into_iter().collect();
    rows.into_iter().map(|row| describe(app, row, &numbers)).collect()
}

fn describe(
    app: &App,
    row: AlertRow,
    numbers: &HashMap<IncidentId, i64>,
) -> Result<Alert, StoreError> {
    let snapshot = app.snapshot();
    let service = snapshot.directory.services.get(ServiceId(row.service_id));
    let inlet = snapshot.inlet(IntegrationId(row.integration_id));
    let status = AlertStatus::from_name(&row.status)
        .ok_or_else(|| StoreError::Corrupt(format!("alert status {}", row.status)))?;
    let labels: Vec<(String, String)> = serde_json::from_str(&row.labels).unwrap_or_default();
    let held = row.held.as_deref().and_then(Held::from_name);
    let by = |wanted: Held| row.held_by.filter(|_| held == Some(wanted));
    let after = service.and_then(|service| service.auto_resolve_after);
    let last_at = Timestamp::from_microsecond(row.last_at).unwrap_or_default();
    let over_at = silence::over_at(after, last_at).filter(|_| status.is_firing());
    Ok(Alert {
        id: AlertId(row.id).to_string(),
        dedup_key: row.dedup_key,
        status: status.into(),
        service: service.map(|service| service.name.clone()),
        severity: row.severity,
        count: row.count,
        incident: row.incident_id.and_then(|id| numbers.get(&IncidentId(id)).copied()),
        integration: inlet.map(|inlet| inlet.label.clone()),
        summary: row.summary,
        source: row.source,
        component: row.component,
        group: row.grp,
        class: row.class,
        labels: labels.into_iter().collect(),
        details: serde_json::from_str(&row.details).unwrap_or_default(),
        links: serde_json::from_str(&row.links).unwrap_or_default(),
        first_at: Instant::from_micros(row.first_at),
        last_at: Instant::from_micros(row.last_at),
        resolved_at: row.resolved_at.map(Instant::from_micros),
        previous: row.previous_id.map(|id| AlertId(id).to_string()),
        informational: row.severity.is_none(),
        decision: row.decision,
        not_paged: row.not_paged,
        held: held.map(AlertHeld),
        held_until: row.held_until.filter(|_| status.is_firing()).map(Instant::from_micros),
        auto_resolves_at: over_at.map(Instant::from),
        cause: by(Held::Inhibited).map(|id| AlertId(id).to_string()),
        maintenance: by(Held::Maintenance).map(|id| MaintenanceId(id).to_string()),
        flaps: row.flaps,
        flapping: silence::is_flapping(u32::try_from(row.flaps).unwrap_or(0)),
    })
}
