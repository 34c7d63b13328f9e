//! Families of incidents (`J5`, `T3`): splitting an effort off, seeing how each goes, taking one back,
//! letting it go, and making an incident a child effort of another one.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::alerting::signal::cut;
use muster_core::incident::family::Effort;
use muster_core::incident::lifecycle;
use muster_core::org::access::Action;
use muster_core::org::directory::Directory;
use muster_store::incident::{family as store, timeline};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::{Reference, words};
use super::helper::person;
use super::incident::{Incident, SUMMARY_CHARS_MAX, describe_whole, level};
use super::restriction::NewRestriction;
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, MaybeJson, Path};
use crate::api::list::List;
use crate::api::word::{IncidentStatus, Instant};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::incident::family::leads;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(list))
        .on(ANSWER_INCIDENTS, routes!(split))
        .on(ANSWER_INCIDENTS, routes!(attach))
        .on(ANSWER_INCIDENTS, routes!(detach))
        .on(ANSWER_INCIDENTS, routes!(rejoin))
}

/// A part of the work that goes on as an incident of its own. What is left out it has from its parent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEffort {
    /// One line; longer ones are cut.
    #[schema(example = "Network path to the payment provider")]
    title: String,
    /// More than a line.
    summary: Option<String>,
    /// Who leads it; asked to come unless they are at work on the parent.
    #[schema(example = "bo")]
    lead: Option<String>,
    /// What it is about.
    service: Option<String>,
    /// How bad it is.
    severity: Option<u8>,
    /// Who alone sees it. Whoever alone sees a restricted parent sees it in any case.
    restricted: Option<NewRestriction>,
    /// Whether it tells audiences and notification lists itself, instead of the parent.
    #[serde(default)]
    speaks: bool,
}

/// Of which incident it becomes a child effort.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewParent {
    /// The parent, by its id or number.
    to: Reference,
    /// Whether it tells audiences and notification lists itself, instead of the parent.
    #[serde(default)]
    speaks: bool,
}

/// What a child effort found.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejoin {
    /// In words.
    note: Option<String>,
}

/// What an incident is to its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FamilyPlace {
    /// The others are its child efforts.
    Parent,
    /// One of the child efforts.
    Child,
}

/// A member of a family.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Relative {
    /// For programs.
    pub id: String,
    /// For people to say.
    pub number: i64,
    /// One line.
    pub title: String,
    /// What it is to the family.
    pub place: FamilyPlace,
    /// Whether it is the incident that was asked about.
    pub this: bool,
    /// Where it stands.
    pub status: IncidentStatus,
    /// How bad it is; 1 is the worst.
    pub severity: u8,
    /// What is affected; null where the service was deleted.
    #[schema(required)]
    pub service: Option<String>,
    /// Who leads it; where nobody does, who has it.
    pub leads: Vec<String>,
    /// Whether it tells audiences and notification lists itself.
    pub speaks: bool,
    /// Whether it was taken back into its parent.
    pub rejoined: bool,
    /// What was written down last.
    #[schema(required)]
    pub last_entry: Option<LastEntry>,
}

/// What was written down last.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LastEntry {
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: String,
    /// A sentence for people.
    pub text: String,
}

/// List the family of an incident as far as you see it, the parent first; empty where it has none.
#[utoipa::path(
    get, path = "/incidents/{incident}/family", tag = "incident", operation_id = "list_family",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "All of them.", body = List<Relative>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<List<Relative>>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let members = store::list(&ctx.app.db, &viewer, incident.family()).await?;
    let is_alone = incident.parentage.is_none() && members.len() < 2;
    let snapshot = ctx.app.snapshot();
    let mut items = Vec::new();
    for member in members.iter().filter(|_| !is_alone) {
        let last = timeline::newest(&ctx.app.db, member.id, 1).await?;
        let last = last.first().map(timeline::EntryRow::read).transpose()?;
        let mut relative = describe(&snapshot.directory, member);
        relative.this = member.id == incident.id;
        relative.last_entry = last.map(|stored| LastEntry {
            at: stored.entry.at.into(),
            by: stored.entry.actor.name().to_owned(),
            text: stored.entry.text,
        });
        items.push(relative);
    }
    Ok(Json(List::whole(items)))
}

fn describe(directory: &Directory, member: &lifecycle::Incident) -> Relative {
    let parentage = member.parentage;
    let is_child = parentage.is_some();
    Relative {
        id: member.id.to_string(),
        number: member.number,
        title: member.title.clone(),
        place: if is_child { FamilyPlace::Child } else { FamilyPlace::Parent },
        this: false,
        status: member.status.into(),
        severity: member.severity.number(),
        service: directory.services.get(member.service).map(|service| service.name.clone()),
        leads: leads(directory, member),
        speaks: !member.is_spoken_for(),
        rejoined: parentage.is_some_and(|one| member.merged_into == Some(one.parent)),
        last_entry: None,
    }
}

/// Split an effort off an incident: an incident of its own, with its own lead, roster and bridge.
///
/// It is as severe, about the same service and seen by the same people as its parent, unless said
/// otherwise. The parent speaks for it, asks the management chain for it, and ends last.
#[utoipa::path(
    post, path = "/incidents/{incident}/children", tag = "incident",
    operation_id = "split_incident", request_body = NewEffort,
    params(("incident" = String, Path, description = "The id or the number of the parent.")),
    responses(
        (status = 201, description = "The child effort.", body = Incident),
        (status = 409, description = "The incident is over, or a child effort itself.",
            body = crate::api::error::Problem, content_type = "application/problem+json"),
    )
)]
async fn split(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewEffort>,
) -> Result<(StatusCode, Json<Incident>), ApiError> {
    let parent = find(&ctx, &caller, Action::Respond, &incident).await?;
    if body.title.trim().is_empty() {
        return Err(ApiError::field("title", "say in a line what it is about"));
    }
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let unknown = |name: &str| ApiError::field("service", format!("there is no service `{name}`"));
    let service = match &body.service {
        Some(name) => Some(directory.services.named(name).ok_or_else(|| unknown(name))?.id),
        None => None,
    };
    let lead = body.lead.as_deref().map(|name| person(&ctx, "lead", name)).transpose()?;
    let effort = Effort {
        title: body.title,
        summary: body.summary.filter(|text| !text.trim().is_empty()).map(|mut text| {
            cut(&mut text, SUMMARY_CHARS_MAX);
            text
        }),
        service,
        severity: body.severity.map(|number| level(directory, number)).transpose()?,
        speaks: body.speaks,
        restricted: body.restricted.map(|new| new.read(directory)).transpose()?,
    };
    let child = ctx.app.split(parent.id, &effort, lead, &caller.actor).await?;
    Ok((StatusCode::CREATED, Json(describe_whole(&ctx, &caller, &child).await?)))
}

/// Make an incident a child effort of another one, or say whether a child effort speaks for itself.
#[utoipa::path(
    put, path = "/incidents/{incident}/parent", tag = "incident", operation_id = "attach_incident",
    request_body = NewParent,
    params(("incident" = String, Path, description = "The id or the number of the child.")),
    responses((status = 200, description = "The child as it is now.", body = Incident))
)]
async fn attach(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewParent>,
) -> Result<Json<Incident>, ApiError> {
    let child = find(&ctx, &caller, Action::Respond, &incident).await?;
    let parent = find(&ctx, &caller, Action::Respond, &body.to.to_string()).await?;
    let child = ctx.app.attach(child.id, parent.id, body.speaks, &caller.actor).await?;
    Ok(Json(describe_whole(&ctx, &caller, &child).await?))
}

/// Let a child effort stand by itself: it asks managers and speaks to audiences like any other.
#[utoipa::path(
    delete, path = "/incidents/{incident}/parent", tag = "incident",
    operation_id = "detach_incident",
    params(("incident" = String, Path, description = "The id or the number of the child.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn detach(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<Incident>, ApiError> {
    let child = find(&ctx, &caller, Action::Respond, &incident).await?;
    let child = ctx.app.detach(child.id, &caller.actor).await?;
    Ok(Json(describe_whole(&ctx, &caller, &child).await?))
}

/// Take a child effort back into its parent, with what it found; its alerts go with it.
#[utoipa::path(
    post, path = "/incidents/{incident}/rejoin", tag = "incident",
    operation_id = "rejoin_incident", request_body = Option<Rejoin>,
    params(("incident" = String, Path, description = "The id or the number of the child.")),
    responses((status = 200, description = "The child as it is now.", body = Incident))
)]
async fn rejoin(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    MaybeJson(body): MaybeJson<Rejoin>,
) -> Result<Json<Incident>, ApiError> {
    let child = find(&ctx, &caller, Action::Respond, &incident).await?;
    let note = words(body.note).unwrap_or_default();
    let child = ctx.app.rejoin(child.id, note.trim(), &caller.actor).await?;
    Ok(Json(describe_whole(&ctx, &caller, &child).await?))
}
