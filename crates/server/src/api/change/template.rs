//! Templates of changes (`X11`): what there are, and a plan out of one with values in its places.

use std::collections::BTreeMap;

use axum::extract::State;
use jiff::Timestamp;
use muster_core::change::plan::{Plan, TEXT_CHARS_MAX};
use muster_core::change::template::Template;
use muster_core::id::UserId;
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::SEE_CHANGES;
use super::plan::ChangePlan;
use super::record::WRITE;
use crate::api::error::Fault;
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes};
use crate::app::change::template::{self, Broken};

/// The most values of one filling.
const VALUES_MAX: usize = 100;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_CHANGES, routes!(list)).on(WRITE, routes!(fill))
}

/// A template.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeTemplate {
    /// Unique.
    #[schema(example = "release")]
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// The kind of change.
    pub class: String,
    /// What is changed; null where whoever uses it says so.
    #[schema(required)]
    pub service: Option<String>,
    /// How long it takes.
    #[schema(required)]
    pub takes: Option<String>,
    /// The values that it asks for, by name.
    pub placeholders: Vec<String>,
}

/// A template with values in its places.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeFilling {
    /// The values by the names of the placeholders.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// What is changed, where the template does not say or something else is meant.
    #[serde(default)]
    pub service: Option<String>,
    /// When it begins. It is over when the template says, unless `end` is given.
    #[serde(default)]
    pub start: Option<Instant>,
    /// When it is over.
    #[serde(default)]
    pub end: Option<Instant>,
    /// Who does it, by name; whoever writes it where nobody is named.
    #[serde(default)]
    pub technician: Option<String>,
    /// Where more is to be read, such as the run of a pipeline; as the template says where it is left out.
    #[serde(default)]
    pub link: Option<String>,
    /// The incident it is done for, by its number.
    #[serde(default)]
    pub incident: Option<i64>,
}

/// Templates of changes.
#[utoipa::path(
    get, path = "/changes/templates", tag = "change", operation_id = "change_templates",
    responses((status = 200, description = "In the order of the configuration.",
        body = List<ChangeTemplate>))
)]
async fn list(State(ctx): State<Ctx>) -> Json<List<ChangeTemplate>> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let tell = |one: &Template| ChangeTemplate {
        name: one.name.clone(),
        description: one.description.clone(),
        class: one.plan.class.clone(),
        service: one.service.and_then(|id| directory.services.get(id)).map(|one| one.name.clone()),
        takes: one.takes.map(muster_core::time::format_duration),
        // What does not parse was refused when it was configured.
        placeholders: template::placeholders(&one.plan).unwrap_or_default().into_iter().collect(),
    };
    Json(List::whole(directory.change_policy.templates.iter().map(tell).collect()))
}

/// Put values into the places of a template. Nothing is written.
#[utoipa::path(
    post, path = "/changes/templates/{template}/fill", tag = "change",
    operation_id = "fill_change_template",
    params(("template" = String, Path, description = "The template's name.")),
    request_body = ChangeFilling,
    responses((status = 200, description = "The plan, to be completed and drafted.", body = ChangePlan))
)]
async fn fill(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<ChangeFilling>,
) -> Result<Json<ChangePlan>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let plan = plan_out_of(directory, &name, &body, caller.user())?;
    Ok(Json(ChangePlan::of(&plan, directory)))
}

/// The plan of a template with these values, by whoever writes it.
///
/// # Errors
/// 404 for an unknown template, 422 with every value that is missing and every place that cannot be
/// read.
pub(super) fn plan_out_of(
    directory: &Directory,
    name: &str,
    filling: &ChangeFilling,
    writer: Option<UserId>,
) -> Result<Plan, ApiError> {
    let found = template::named(directory, name);
    let found = found.ok_or_else(|| ApiError::not_found("template of changes", name))?;
    let service = match &filling.service {
        None => found.service.and_then(|id| directory.services.get(id)),
        Some(name) => directory.services.named(name),
    };
    let service = service.ok_or_else(|| {
        let told = match &filling.service {
            Some(name) => format!("there is no service `{name}`"),
            None => "the template leaves it open: say what is changed".to_owned(),
        };
        ApiError::field("service", told)
    })?;
    values_fit(found, filling)?;
    let mut plan =
        template::filled(&found.plan, &service.name, &filling.values).map_err(refused)?;
    plan.service = service.id;
    let mut wire = ChangePlan::of(&plan, directory);
    wire.technician.clone_from(&filling.technician);
    wire.start.clone_from(&filling.start);
    wire.end.clone_from(&filling.end);
    wire.incident = filling.incident;
    if let Some(link) = &filling.link {
        wire.link.clone_from(link);
    }
    let mut plan = wire.read(directory, writer)?;
    plan.end = plan.end.or_else(|| found.end(plan.start?));
    Ok(plan)
}

/// As [`plan_out_of`], of what begins at once where nobody says when, as pipelines do.
pub(super) fn plan_to_submit(
    directory: &Directory,
    name: &str,
    filling: &ChangeFilling,
    writer: Option<UserId>,
    now: Timestamp,
) -> Result<Plan, ApiError> {
    let start = filling.start.clone().or_else(|| Some(now.into()));
    plan_out_of(directory, name, &ChangeFilling { start, ..filling.clone() }, writer)
}

/// Every placeholder has a value and every value a placeholder.
fn values_fit(found: &Template, filling: &ChangeFilling) -> Result<(), ApiError> {
    let names = template::placeholders(&found.plan).map_err(refused)?;
    let mut faults = Vec::new();
    let mut note = |name: &str, message: String| {
        let path = format!("values.{}", name.chars().take(60).collect::<String>());
        faults.push(Fault { path, message, ..Fault::default() });
    };
    for name in names.iter().filter(|name| !filling.values.contains_key(*name)) {
        note(name, format!("the template `{}` asks for it", found.name));
    }
    for (name, value) in filling.values.iter().take(VALUES_MAX) {
        if !names.contains(name) {
            note(name, format!("the template `{}` has no such place", found.name));
        }
        if value.chars().count() > TEXT_CHARS_MAX {
            note(name, format!("must be at most {TEXT_CHARS_MAX} characters"));
        }
    }
    if filling.values.len() > VALUES_MAX {
        note("", format!("at most {VALUES_MAX} values are taken"));
    }
    if faults.is_empty() {
        return Ok(());
    }
    let told: Vec<_> =
        faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect();
    Err(ApiError::unprocessable(told.join("; "), faults))
}

fn refused(broken: Vec<Broken>) -> ApiError {
    let fault = |one: Broken| Fault { path: one.path, message: one.why, ..Fault::default() };
    let faults: Vec<_> = broken.into_iter().map(fault).collect();
    let told: Vec<_> =
        faults.iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect();
    ApiError::unprocessable(told.join("; "), faults)
}
