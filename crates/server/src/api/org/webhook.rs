//! Outgoing event webhooks by name, for whoever plans what a step tells (`O6`). Where each leads and
//! what it is signed with is not for reading here: many addresses carry a token.

use axum::extract::State;
use muster_core::org::access::{Action, Object};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::Json;
use crate::api::list::List;
use crate::api::{Ctx, Need, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Read, Object::System), routes!(list))
}

/// An outgoing event webhook.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EventWebhook {
    /// Unique.
    #[schema(example = "warehouse")]
    pub name: String,
    /// Event types, or prefixes such as `incident.*`; none means all.
    pub events: Vec<String>,
}

/// Outgoing event webhooks by name.
#[utoipa::path(
    get, path = "/webhooks", tag = "org", operation_id = "webhooks",
    responses((status = 200, description = "Webhooks by name.", body = List<EventWebhook>))
)]
async fn list(State(ctx): State<Ctx>) -> Json<List<EventWebhook>> {
    let snapshot = ctx.app.snapshot();
    let webhooks = snapshot.directory.webhooks.iter();
    let mut items: Vec<_> = webhooks
        .map(|webhook| EventWebhook { name: webhook.name.clone(), events: webhook.events.clone() })
        .collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    Json(List::whole(items))
}
