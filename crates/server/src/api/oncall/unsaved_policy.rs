//! An escalation policy that is being edited, before it is saved: who would be paged by it, when and
//! by what, if nobody answered (`O6`). Nothing is saved, and nobody is paged.

use std::collections::BTreeMap;

use axum::extract::State;
use muster_core::org::access::Action;
use muster_store::org::document::Kind;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::{Json, Path};
use crate::api::org::edit::named;
use crate::api::org::policy::{EscalationPreview, Occasion, looked_at};
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Need, Routes};

/// The routes.
pub fn routes() -> Routes {
    let edit = Need::of_document(Action::Configure, Some(Kind::EscalationPolicy));
    Routes::new().on(edit, routes!(preview))
}

/// An escalation policy that is not saved, and what it is looked at for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnsavedPolicy {
    /// The same fields as in a configuration file.
    #[schema(value_type = Object)]
    document: serde_json::Map<String, Value>,
    /// When the incident begins; now unless given.
    at: Option<Instant>,
    /// How bad it is; the worst unless given.
    #[schema(minimum = 1, maximum = 9)]
    severity: Option<u8>,
    /// Labels of its first alert.
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// The service it is about, whose managers are asked.
    service: Option<String>,
}

/// Who would be paged, when and by what, if the policy were saved like this and nobody answered.
#[utoipa::path(
    post, path = "/escalation-policies/{name}/preview", tag = "oncall",
    operation_id = "preview_unsaved_escalation_policy",
    params(("name" = String, Path, description = "The name that it has or shall have.")),
    request_body = UnsavedPolicy,
    responses(
        (status = 200, description = "What would happen; nothing is saved.", body = EscalationPreview),
        (status = 422, description = "What is wrong with it.", body = crate::api::error::Problem),
    )
)]
async fn preview(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
    Json(body): Json<UnsavedPolicy>,
) -> Result<Json<EscalationPreview>, ApiError> {
    let UnsavedPolicy { document, at, severity, labels, service } = body;
    let value = named(&name, document)?;
    let directory = ctx.app.with_document((Kind::EscalationPolicy, &name), &value).await?;
    let occasion = Occasion { at, severity, labels: labels.into_iter().collect(), service };
    looked_at(&ctx, &directory, &name, occasion).await.map(Json)
}
