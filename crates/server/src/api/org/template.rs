//! Templates (`E3`): which are in force, and what one would say while somebody edits it.

use axum::extract::State;
use muster_core::org::access::{Action, Object};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::Json;
use crate::api::incident::command::Reference;
use crate::api::incident::{ANSWER_INCIDENTS, find};
use crate::api::list::List;
use crate::api::word::TemplateKind;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};
use crate::app::incident::wording;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ORGANIZATION, routes!(list)).on(ANSWER_INCIDENTS, routes!(preview))
}

/// A template that is in force.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Template {
    /// What it is for.
    pub kind: TemplateKind,
    /// Whose it is: a notification list, an audience, a severity; null for the organisation's own.
    #[schema(required, example = "checkout-notify")]
    pub of: Option<String>,
    /// Itself; empty where messages are put together without one.
    #[schema(example = "SEV{{ severity }} {{ service }}: {{ title }}")]
    pub template: String,
    /// Whether nobody has said otherwise.
    pub built_in: bool,
}

/// A template that is being edited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateDraft {
    /// What it is for.
    pub kind: TemplateKind,
    /// Itself.
    pub template: String,
    /// The incident that it speaks of; one that might be unless given.
    #[serde(default)]
    pub incident: Option<Reference>,
}

/// What a template would say.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TemplatePreview {
    /// What it says; null where something is wrong with it.
    #[schema(required)]
    pub text: Option<String>,
    /// What is wrong with it.
    #[schema(required)]
    pub mistake: Option<TemplateMistake>,
    /// What it may speak of, by name.
    pub values: Vec<TemplateValue>,
}

/// What is wrong with a template.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TemplateMistake {
    /// In words.
    #[schema(example = "undefined value")]
    pub why: String,
    /// In which of its lines, from 1; null where it is about the whole.
    #[schema(required)]
    pub line: Option<usize>,
}

/// Something that a template may speak of.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TemplateValue {
    /// What it is called.
    #[schema(example = "severity_name")]
    pub name: String,
    /// What it is for this incident.
    #[schema(example = "Outage")]
    pub value: String,
}

/// The templates that are in force; those of rooms and bridges only for whoever reads the
/// configuration.
#[utoipa::path(
    get, path = "/templates", tag = "org", operation_id = "templates",
    responses((status = 200, description = "Templates by what they are for.", body = List<Template>))
)]
async fn list(State(ctx): State<Ctx>, caller: Caller) -> Result<Json<List<Template>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let is_whole = caller.may(Action::Read, Object::Configuration).is_ok();
    let wordings = wording::in_force(&snapshot.directory, is_whole).into_iter();
    let items = wordings.map(|wording| Template {
        kind: wording.kind.into(),
        of: wording.of,
        template: wording.template,
        built_in: wording.is_built_in,
    });
    Ok(Json(List::whole(items.collect())))
}

/// What a template would say of an incident, or of one that might be. Nothing is sent or stored.
#[utoipa::path(
    post, path = "/templates/preview", tag = "org", operation_id = "preview_template",
    request_body = TemplateDraft,
    responses((status = 200, description = "What it says, or what is wrong with it.", body = TemplatePreview))
)]
async fn preview(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(body): Json<TemplateDraft>,
) -> Result<Json<TemplatePreview>, ApiError> {
    let incident = match &body.incident {
        Some(incident) => Some(find(&ctx, &caller, Action::Read, &incident.to_string()).await?),
        None => None,
    };
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let (kind, now) = (body.kind.0, ctx.app.now());
    let tried = wording::tried(directory, kind, &body.template, incident.as_ref(), now);
    let (text, mistake) = match tried.said {
        Ok(text) => (Some(text), None),
        Err(mistake) => {
            let (why, line) = (mistake.why, mistake.line);
            (None, Some(TemplateMistake { why, line }))
        }
    };
    let values = tried.values.into_iter().map(|(name, value)| TemplateValue { name, value });
    Ok(Json(TemplatePreview { text, mistake, values: values.collect() }))
}
