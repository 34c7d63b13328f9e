//! What else was open while an incident lasted (`L8`).

use axum::extract::State;
use muster_core::org::access::Action;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::find;
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::word::{IncidentStatus, Instant, Nearness};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::incident::concurrent::Concurrent;
use crate::app::incident::view;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_INCIDENTS, routes!(list))
}

/// Another incident at the same time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConcurrentIncident {
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub service: String,
    /// How bad it is; 1 is the worst.
    pub severity: u8,
    /// Where it stands.
    pub status: IncidentStatus,
    /// When it was noticed.
    #[schema(required)]
    pub detected_at: Option<Instant>,
    /// When it was over; null while it lasts.
    #[schema(required)]
    pub resolved_at: Option<Instant>,
    /// How near its service is.
    pub nearness: Nearness,
    /// How many steps away its service is; null where nothing is known to connect them.
    #[schema(required)]
    pub steps: Option<usize>,
}

impl ConcurrentIncident {
    /// What a caller is told of another incident.
    pub fn of(ctx: &Ctx, one: &Concurrent) -> Self {
        let Concurrent { incident, nearness, steps } = one;
        Self {
            number: incident.number,
            title: incident.title.clone(),
            service: view::service_name(&ctx.app.snapshot().directory, incident),
            severity: incident.severity.number(),
            status: incident.status.into(),
            detected_at: incident.stamps.detected_at.map(Instant::from),
            resolved_at: incident.stamps.resolved_at.map(Instant::from),
            nearness: (*nearness).into(),
            steps: *steps,
        }
    }
}

/// List what else was open while an incident lasted, or is, as far as you see it.
///
/// At most 100: the nearest by what depends on what first, then the newest. What was noticed more than
/// 30 days before it is left out.
#[utoipa::path(
    get, path = "/incidents/{incident}/concurrent", tag = "incident",
    operation_id = "list_concurrent",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The nearest first.", body = List<ConcurrentIncident>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<List<ConcurrentIncident>>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let others = ctx.app.concurrent(&viewer, &incident).await?;
    let items = others.iter().map(|one| ConcurrentIncident::of(&ctx, one)).collect();
    Ok(Json(List::whole(items)))
}
