//! Configuration as code (`Z3`) over the API: what a file would change, changing it, and the file
//! that is in force.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_core::org::access::{Action, Object};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::error::Fault;
use crate::api::extract::{Json, Text};
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::org::config::{self, ConfigError, Problem};

/// The routes.
pub fn routes() -> Routes {
    let look = Need::new(Action::Read, Object::Configuration);
    let change = Need::new(Action::Configure, Object::Configuration);
    Routes::new().on(look, routes!(export)).on(look, routes!(plan)).on(change, routes!(apply))
}

/// What a configuration changes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ConfigPlan {
    /// In the order of a file; empty when everything is as wanted already.
    pub changes: Vec<ConfigChange>,
    /// What is allowed, and worth a second look.
    pub warnings: Vec<String>,
    /// Whether the changes were made.
    pub applied: bool,
}

/// One change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ConfigChange {
    /// `create`, `update` or `delete`.
    pub action: String,
    /// The kind of thing.
    #[schema(example = "service")]
    pub kind: String,
    /// Which.
    #[schema(example = "checkout")]
    pub name: String,
    /// For an update, the fields that change.
    pub fields: Vec<String>,
}

fn describe(plan: &config::Plan, applied: bool) -> ConfigPlan {
    let change = |change: &config::Change| ConfigChange {
        action: change.action.name().to_owned(),
        kind: change.kind.name().to_owned(),
        name: change.name.clone(),
        fields: change.fields.clone(),
    };
    ConfigPlan {
        changes: plan.changes.iter().map(change).collect(),
        warnings: plan.warnings.clone(),
        applied,
    }
}

/// The configuration in force, as a file.
///
/// Applying it again changes nothing. Secrets that were given as `{ env: NAME }` are written that
/// way; others stand in the text.
#[utoipa::path(
    get, path = "/config/export", tag = "org", operation_id = "export_config",
    responses((status = 200, description = "YAML.", body = String, content_type = "text/yaml"))
)]
async fn export(State(ctx): State<Ctx>) -> Result<Response, ApiError> {
    let text = ctx.app.export_configuration().await?;
    let yaml = HeaderValue::from_static("text/yaml; charset=utf-8");
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, yaml)], text).into_response())
}

/// What applying a file would change.
#[utoipa::path(
    post, path = "/config/plan", tag = "org", operation_id = "plan_config",
    request_body(content = String, content_type = "text/yaml"),
    responses((status = 200, description = "The changes; none was made.", body = ConfigPlan))
)]
async fn plan(State(ctx): State<Ctx>, Text(text): Text) -> Result<Json<ConfigPlan>, ApiError> {
    let plan = ctx.app.plan_configuration(&text).await?;
    Ok(Json(describe(&plan, false)))
}

/// Apply a file: all of it or, where anything is wrong with it, nothing.
#[utoipa::path(
    post, path = "/config/apply", tag = "org", operation_id = "apply_config",
    request_body(content = String, content_type = "text/yaml"),
    responses((status = 200, description = "The changes that were made.", body = ConfigPlan))
)]
async fn apply(
    State(ctx): State<Ctx>,
    caller: Caller,
    Text(text): Text,
) -> Result<Json<ConfigPlan>, ApiError> {
    let applied = ctx.app.apply_configuration(&text, &caller.actor).await?;
    Ok(Json(describe(&applied.plan, true)))
}

impl From<ConfigError> for ApiError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Store(error) => error.into(),
            ConfigError::Invalid(problems) => {
                let detail = match problems.len() {
                    1 => "the configuration has a problem; nothing was changed".to_owned(),
                    count => {
                        format!("the configuration has {count} problems; nothing was changed")
                    }
                };
                Self::unprocessable(detail, problems.into_iter().map(fault).collect())
            }
        }
    }
}

fn fault(problem: Problem) -> Fault {
    Fault {
        path: problem.path,
        message: problem.message,
        file: problem.file,
        line: problem.position.map(|at| at.line.into()),
        column: problem.position.map(|at| at.column.into()),
    }
}
