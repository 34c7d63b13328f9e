//! The same for many incidents at once: each by itself, and each with its own outcome.

use axum::extract::State;
use muster_core::incident::lifecycle::Command;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ANSWER_INCIDENTS;
use super::command::{Reference, do_to};
use crate::api::extract::Json;
use crate::api::{ApiError, Caller, Ctx, Routes};

/// The most incidents of one request.
const INCIDENTS_MAX: usize = 200;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(ANSWER_INCIDENTS, routes!(bulk))
}

/// What to do to which incidents.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bulk {
    /// What to do.
    action: BulkAction,
    /// Their ids or numbers.
    #[schema(max_items = 200)]
    incidents: Vec<Reference>,
}

/// What can be done to many incidents at once.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// "I have them."
    Acknowledge,
    /// They are over.
    Resolve,
}

/// What became of each incident.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BulkResult {
    /// In the order of the request.
    pub items: Vec<BulkItem>,
}

/// What became of one incident.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BulkItem {
    /// The id or number as it was given.
    pub incident: String,
    /// Whether it was done.
    pub ok: bool,
    /// Why it was not.
    #[schema(required)]
    pub detail: Option<String>,
}

/// Do the same to many incidents.
#[utoipa::path(
    post, path = "/incidents/bulk", tag = "incident", operation_id = "bulk_incidents",
    request_body = Bulk,
    responses((status = 200, description = "What became of each.", body = BulkResult))
)]
async fn bulk(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(body): Json<Bulk>,
) -> Result<Json<BulkResult>, ApiError> {
    if body.incidents.len() > INCIDENTS_MAX {
        let message = format!("at most {INCIDENTS_MAX} incidents at once");
        return Err(ApiError::field("incidents", message));
    }
    let mut items = Vec::with_capacity(body.incidents.len());
    for reference in body.incidents {
        let command = match body.action {
            BulkAction::Acknowledge => Command::Acknowledge,
            BulkAction::Resolve => Command::Resolve { note: None },
        };
        let incident = reference.to_string();
        let done = do_to(&ctx, &caller, &incident, command).await;
        let detail = done.err().map(|error| error.detail().to_owned());
        items.push(BulkItem { incident, ok: detail.is_none(), detail });
    }
    Ok(Json(BulkResult { items }))
}
