//! Heartbeat monitors over the API: how each stands, where it is pinged, and its last pings.

use std::collections::HashMap;

use axum::extract::State;
use muster_core::alerting::heartbeat::{Heartbeat as Monitor, Standing};
use muster_core::id::HeartbeatId;
use muster_core::org::access::{Action, Object};
use muster_store::alerting::heartbeat::{self as store, HeartbeatRow, PingRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::SEE_ALERTS;
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ALERTS, routes!(list)).on(SEE_ALERTS, routes!(get))
}

/// Something whose silence is an alert.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Heartbeat {
    /// Unique; for a source that must be heard of, its label.
    pub name: String,
    /// Whose alert its silence is.
    #[schema(required)]
    pub service: Option<String>,
    /// Whether it is heard of by the messages of a source and not by pings.
    pub source: bool,
    /// Where it stands; `new` until it is first heard of.
    pub state: HeartbeatState,
    /// Since when.
    #[schema(required)]
    pub since: Option<Instant>,
    /// When it was last heard of.
    #[schema(required)]
    pub last_at: Option<Instant>,
    /// When its silence becomes an alert.
    #[schema(required)]
    pub due_at: Option<Instant>,
    /// When a run began that is not over.
    #[schema(required)]
    pub started_at: Option<Instant>,
    /// How long its last run took.
    #[schema(required)]
    pub duration_seconds: Option<f64>,
    /// How often it must be heard of.
    pub every_seconds: i64,
    /// How late that may be.
    pub grace_seconds: i64,
    /// How bad its silence is; null where the service rates it.
    #[schema(required)]
    pub severity: Option<u8>,
    /// Where it is pinged; null for sources, masked for those who may not answer alerts.
    #[schema(required)]
    pub url: Option<String>,
    /// The same by its name.
    #[schema(required)]
    pub url_by_name: Option<String>,
    /// Where clients that push their state send to.
    #[schema(required)]
    pub push_url: Option<String>,
}

/// Where a monitor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeartbeatState {
    /// It was never heard of.
    New,
    /// It was heard of in time.
    Up,
    /// It was not, or it said that it failed.
    Down,
}

/// A monitor with its last pings.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeartbeatInFull {
    /// The monitor.
    pub heartbeat: Heartbeat,
    /// Its last pings, the newest first; at most a hundred.
    pub pings: Vec<HeartbeatPing>,
}

/// A ping.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeartbeatPing {
    /// When it came.
    pub at: Instant,
    /// `success`, `start`, `fail` or `log`.
    pub kind: String,
    /// What the run is called.
    #[schema(required)]
    pub run: Option<String>,
    /// What the program ended with.
    #[schema(required)]
    pub exit_code: Option<i64>,
    /// How long the run took.
    #[schema(required)]
    pub duration_seconds: Option<f64>,
    /// What came with it.
    #[schema(required)]
    pub note: Option<String>,
}

/// List heartbeat monitors by name, and the sources that must be heard of.
#[utoipa::path(
    get, path = "/heartbeats", tag = "alerting", operation_id = "list_heartbeats", params(Paging),
    responses((status = 200, description = "A part of the list.", body = List<Heartbeat>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Heartbeat>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let rows = store::all(&ctx.app.db).await?;
    let rows: HashMap<_, _> = rows.into_iter().map(|row| (HeartbeatId(row.id), row)).collect();
    let mut monitors: Vec<_> = snapshot.directory.heartbeats.iter().collect();
    monitors.sort_by(|a, b| a.name.cmp(&b.name));
    let part = paging.part(monitors, |monitor| monitor.name.clone(), |monitor| monitor)?;
    let describe = |monitor: &Monitor| describe(&ctx, &caller, monitor, rows.get(&monitor.id));
    let items: Result<_, ApiError> = part.items.into_iter().map(describe).collect();
    Ok(Json(List { items: items?, next: part.next }))
}

/// Read a heartbeat monitor with its last pings.
#[utoipa::path(
    get, path = "/heartbeats/{name}", tag = "alerting", operation_id = "get_heartbeat",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "The monitor.", body = HeartbeatInFull))
)]
async fn get(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<HeartbeatInFull>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let monitor = snapshot.directory.heartbeats.iter().find(|monitor| monitor.name == name);
    let monitor = monitor.ok_or_else(|| ApiError::not_found("heartbeat", &name))?;
    let rows = store::all(&ctx.app.db).await?;
    let row = rows.iter().find(|row| row.id == monitor.id.0);
    let pings = store::pings(&ctx.app.db, monitor.id).await?;
    let heartbeat = describe(&ctx, &caller, monitor, row)?;
    Ok(Json(HeartbeatInFull { heartbeat, pings: pings.into_iter().map(ping).collect() }))
}

fn describe(
    ctx: &Ctx,
    caller: &Caller,
    monitor: &Monitor,
    row: Option<&HeartbeatRow>,
) -> Result<Heartbeat, ApiError> {
    let app = &ctx.app;
    let snapshot = app.snapshot();
    let standing: Option<Standing> = row.map(HeartbeatRow::standing).transpose()?;
    let may_send = caller.may(Action::Respond, Object::Alerts).is_ok();
    let base = &app.settings.public_url;
    let address = |path: String| {
        (!monitor.is_source).then(|| if may_send { path } else { format!("{base}/…") })
    };
    let key = app.heartbeat_key(monitor.id);
    let state = row.map(|row| row.state.as_str());
    Ok(Heartbeat {
        name: monitor.name.clone(),
        service: snapshot.directory.services.get(monitor.service).map(|known| known.name.clone()),
        source: monitor.is_source,
        state: match state {
            None => HeartbeatState::New,
            Some("up") => HeartbeatState::Up,
            Some(_) => HeartbeatState::Down,
        },
        since: standing.as_ref().map(|standing| standing.since.into()),
        last_at: standing.as_ref().and_then(|standing| standing.last_at).map(Instant::from),
        due_at: standing
            .as_ref()
            .and_then(|standing| monitor.deadline(standing))
            .map(Instant::from),
        started_at: standing.as_ref().and_then(|standing| standing.started_at).map(Instant::from),
        duration_seconds: standing
            .as_ref()
            .and_then(|standing| standing.duration)
            .map(|length| length.as_secs_f64()),
        every_seconds: monitor.every.as_secs(),
        grace_seconds: monitor.grace.as_secs(),
        severity: monitor.severity.map(|level| level.number()),
        url: address(format!("{base}/ping/{key}")),
        url_by_name: address(format!("{base}/ping/{}/{}", app.ping_key(), encoded(&monitor.name))),
        push_url: address(format!("{base}/api/push/{}", key.as_simple())),
    })
}

/// A name as one segment of a path (RFC 3986).
fn encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn ping(row: PingRow) -> HeartbeatPing {
    let seconds = |micros: i64| jiff::SignedDuration::from_micros(micros).as_secs_f64();
    HeartbeatPing {
        at: Instant::from_micros(row.at),
        kind: row.kind,
        run: row.run_id,
        exit_code: row.exit_code,
        duration_seconds: row.duration.map(seconds),
        note: row.note,
    }
}
