//! Custom fields of incidents (`T2`): which there are, and setting them.

use std::collections::BTreeMap;

use axum::extract::State;
use muster_core::incident::field::{Field, Kind, REASON_CHARS_MAX};
use muster_core::org::access::Action;
use muster_core::org::directory::Directory;
use muster_store::incident::field::{self as store, FieldRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::incident::{Incident, describe_whole};
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, Path};
use crate::api::list::List;
use crate::api::word::{FieldKind, IncidentStatus};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::incident::field::{self, Setting};

/// The most values in use that are listed of a field.
const IN_USE_MAX: i64 = 100;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_INCIDENTS, routes!(list)).on(ANSWER_INCIDENTS, routes!(set))
}

/// Something that is asked of incidents.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CustomField {
    /// Unique; a search says `field.NAME:value`.
    #[schema(example = "cause")]
    pub name: String,
    /// What people read.
    pub title: String,
    /// What belongs into it; may be empty.
    pub description: String,
    /// What it holds.
    pub kind: FieldKind,
    /// What there is to choose from, in order; empty where any value of the kind will do.
    pub choices: Vec<String>,
    /// The status that an incident cannot reach without a value; null where it may stay empty.
    #[schema(required)]
    pub required: Option<IncidentStatus>,
    /// The values that incidents have which you see, the most used first; at most 100.
    pub in_use: Vec<ValueInUse>,
}

/// A value that incidents have.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ValueInUse {
    /// The value.
    pub value: String,
    /// How many incidents that you see have it.
    pub count: i64,
}

/// The value of a custom field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldValue {
    /// The name of the field.
    pub field: String,
    /// What people read; as it was when the value was set, where the field is gone.
    pub title: String,
    /// What it holds.
    pub kind: FieldKind,
    /// The value.
    #[schema(example = "deploy")]
    pub value: String,
    /// Whether the field is configured still.
    pub configured: bool,
}

/// A value to set.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum NewFieldValue {
    /// In words; an empty text takes the value away.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A number.
    #[schema(value_type = f64)]
    Number(serde_json::Number),
}

/// Values to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetFields {
    /// Each by the name of its field; an empty text takes a value away.
    values: BTreeMap<String, NewFieldValue>,
    /// Why, for the timeline.
    reason: Option<String>,
}

/// What somebody wants fields to be.
///
/// # Errors
/// 400 where there is no such field, or it cannot have that value.
pub(super) fn read(
    directory: &Directory,
    place: &'static str,
    values: BTreeMap<String, NewFieldValue>,
) -> Result<Vec<Setting>, ApiError> {
    let written = values.into_iter().map(|(name, value)| {
        let text = match value {
            NewFieldValue::Text(text) => text,
            NewFieldValue::Flag(flag) => if flag { "yes" } else { "no" }.to_owned(),
            NewFieldValue::Number(number) => number.to_string(),
        };
        (name, text)
    });
    let written = written.collect();
    field::read(directory, &written).map_err(|error| ApiError::field(place, error.to_string()))
}

/// The values of an incident, those of configured fields first and in their order.
pub(super) fn describe(directory: &Directory, mut rows: Vec<FieldRow>) -> Vec<FieldValue> {
    store::in_order(directory, &mut rows);
    rows.into_iter()
        .map(|row| {
            let field = directory.field(&row.field);
            FieldValue {
                kind: FieldKind(row.kind()),
                title: field.map_or(row.title, |field| field.title.clone()),
                configured: field.is_some(),
                field: row.field,
                value: row.value,
            }
        })
        .collect()
}

/// What there is to choose from for a field.
pub(crate) fn choices(directory: &Directory, field: &Field) -> Vec<String> {
    match field.kind {
        Kind::Choice => field.choices.clone(),
        Kind::YesNo => vec!["yes".to_owned(), "no".to_owned()],
        Kind::Person => directory.users.iter().map(|user| user.name.clone()).collect(),
        Kind::Text | Kind::Number | Kind::Date => Vec::new(),
    }
}

/// List the custom fields of incidents, in the order in which they are shown.
#[utoipa::path(
    get, path = "/fields", tag = "incident", operation_id = "list_fields",
    responses((status = 200, description = "The fields.", body = List<CustomField>))
)]
async fn list(State(ctx): State<Ctx>, caller: Caller) -> Result<Json<List<CustomField>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let mut items = Vec::new();
    for field in &directory.fields {
        let rows = store::in_use(&ctx.app.db, &viewer, &field.name, IN_USE_MAX).await?;
        items.push(CustomField {
            name: field.name.clone(),
            title: field.title.clone(),
            description: field.description.clone(),
            kind: FieldKind(field.kind),
            choices: choices(directory, field),
            required: field.required.map(IncidentStatus),
            in_use: rows.into_iter().map(|(value, count)| ValueInUse { value, count }).collect(),
        });
    }
    Ok(Json(List::whole(items)))
}

/// Set custom fields of an incident, all of them or none; what is so already changes nothing.
#[utoipa::path(
    post, path = "/incidents/{incident}/fields", tag = "incident", operation_id = "set_fields",
    request_body = SetFields,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident.", body = Incident))
)]
async fn set(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<SetFields>,
) -> Result<Json<Incident>, ApiError> {
    let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
    let settings = read(&ctx.app.snapshot().directory, "values", body.values)?;
    let reason = body.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
        let why = format!("must be at most {REASON_CHARS_MAX} characters");
        return Err(ApiError::field("reason", why));
    }
    ctx.app.set_fields(incident.id, &settings, reason, &caller.actor).await?;
    Ok(Json(describe_whole(&ctx, &caller, &incident).await?))
}
