//! What may be known already of something that is about to be declared.

use axum::extract::State;
use muster_core::incident::duplicate::Because;
use muster_core::org::access::{Action, Object};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::incident::{Incident, describe_all};
use crate::api::extract::{Json, Query};
use crate::api::list::List;
use crate::api::{ApiError, Caller, Ctx, Need, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Read, Object::Incidents), routes!(likely))
}

/// What is about to be declared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Report {
    /// The title, as far as it is known.
    #[serde(default)]
    title: String,
    /// What is affected, where that is known.
    service: Option<String>,
}

/// An open incident that may be the same trouble.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LikelyDuplicate {
    /// The incident.
    pub incident: Incident,
    /// Why it may be the same, in words; never empty.
    #[schema(example = json!(["same service"]))]
    pub because: Vec<String>,
}

/// Find what may be known already.
///
/// At most five open incidents that may be the same trouble, the likeliest first: on the same
/// service or next to it, or with a title that says the same. Nothing is refused for it.
#[utoipa::path(
    get, path = "/incidents/duplicates", tag = "incident", operation_id = "list_likely_duplicates",
    params(Report),
    responses((status = 200, description = "The likeliest first.", body = List<LikelyDuplicate>))
)]
async fn likely(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(report): Query<Report>,
) -> Result<Json<List<LikelyDuplicate>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let service = report.service.as_deref().filter(|name| !name.is_empty());
    let service = service
        .map(|name| {
            let found = snapshot.directory.services.named(name);
            found.ok_or_else(|| ApiError::field("service", format!("there is no service `{name}`")))
        })
        .transpose()?;
    let service = service.map(|service| service.id);
    let viewer = ctx.app.viewer(caller.user()).await?;
    let (incidents, because): (Vec<_>, Vec<_>) =
        ctx.app.likely_duplicates(&viewer, &report.title, service, None).await?.into_iter().unzip();
    let incidents = describe_all(&ctx.app, &viewer, &incidents).await?;
    let items = incidents.into_iter().zip(because).map(|(incident, because)| LikelyDuplicate {
        incident,
        because: because.iter().map(Because::words).collect(),
    });
    Ok(Json(List { items: items.collect(), next: None }))
}
