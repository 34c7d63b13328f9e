//! Restricted incidents (`T4`): making an incident one, saying who sees it, and making it everybody's
//! again. Whoever does not see it finds no trace of it, here or elsewhere.

use axum::extract::State;
use muster_core::incident::lifecycle::sight::Ask;
use muster_core::incident::lifecycle::{self, Command};
use muster_core::incident::restriction::{NAMED_MAX, Named, REASON_CHARS_MAX, Viewer};
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::do_to;
use super::incident::{Incident, describe_whole};
use super::{ANSWER_INCIDENTS, named};
use crate::api::extract::{Json, Path};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Need, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(ANSWER_INCIDENTS, routes!(restrict))
        .on(ANSWER_INCIDENTS, routes!(unrestrict))
        .on(ANSWER_INCIDENTS, routes!(change))
        .on(Need::new(Action::Operate, Object::Incidents), routes!(enter))
}

/// Who alone sees an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Restriction {
    /// Why.
    #[schema(example = "personal data")]
    pub reason: String,
    /// Since when.
    pub since: Instant,
    /// People, besides those who are engaged on it.
    pub users: Vec<String>,
    /// Engagement groups: whoever they stand for at the moment.
    pub groups: Vec<String>,
}

/// For whom alone an incident is, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRestriction {
    /// Why.
    #[schema(example = "personal data")]
    reason: String,
    /// People who see it, besides whoever asks and those who are engaged.
    #[serde(default)]
    #[schema(max_items = 200)]
    users: Vec<String>,
    /// Engagement groups that see it.
    #[serde(default)]
    #[schema(max_items = 200)]
    groups: Vec<String>,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestrictionReason {
    /// In a line.
    #[schema(example = "the report is public")]
    reason: String,
}

/// Who comes and who goes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SightChange {
    /// People who see it too.
    #[serde(default)]
    add_users: Vec<String>,
    /// Groups that see it too.
    #[serde(default)]
    add_groups: Vec<String>,
    /// People who see it no longer, unless they are engaged on it.
    #[serde(default)]
    remove_users: Vec<String>,
    /// Groups that see it no longer.
    #[serde(default)]
    remove_groups: Vec<String>,
}

impl NewRestriction {
    /// Who is named, and why.
    ///
    /// # Errors
    /// 400 with the field that is wrong.
    pub(super) fn read(self, directory: &Directory) -> Result<(Named, String), ApiError> {
        let named = read_named(directory, ("users", self.users), ("groups", self.groups))?;
        Ok((named, reason(&self.reason)?))
    }
}

/// Who alone sees an incident, as it is read.
pub(super) fn describe(
    directory: &Directory,
    incident: &lifecycle::Incident,
) -> Option<Restriction> {
    let restriction = incident.restriction.as_ref()?;
    let users = restriction.named.people.iter().filter_map(|id| directory.users.get(*id));
    let groups = restriction.named.groups.iter().filter_map(|id| directory.groups.get(*id));
    Some(Restriction {
        reason: restriction.reason.clone(),
        since: restriction.since.into(),
        users: users.map(|user| user.name.clone()).collect(),
        groups: groups.map(|group| group.name.clone()).collect(),
    })
}

/// Restrict an incident: from now on it is for those named, for whoever asks and for those who are
/// engaged on it.
///
/// Nobody else sees it anywhere, administrators included. Messages that were sent before stay where
/// they are.
#[utoipa::path(
    post, path = "/incidents/{incident}/restrict", tag = "incident",
    operation_id = "restrict_incident", request_body = NewRestriction,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn restrict(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<NewRestriction>,
) -> Result<Json<Incident>, ApiError> {
    let (named, reason) = body.read(&ctx.app.snapshot().directory)?;
    obey(&ctx, &caller, &incident, Ask::Restrict { named, reason }).await
}

/// Make a restricted incident everybody's again.
#[utoipa::path(
    post, path = "/incidents/{incident}/unrestrict", tag = "incident",
    operation_id = "unrestrict_incident", request_body = RestrictionReason,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn unrestrict(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<RestrictionReason>,
) -> Result<Json<Incident>, ApiError> {
    obey(&ctx, &caller, &incident, Ask::Lift { reason: reason(&body.reason)? }).await
}

/// Change who sees a restricted incident. Whoever sees it may.
#[utoipa::path(
    post, path = "/incidents/{incident}/access", tag = "incident",
    operation_id = "change_incident_access", request_body = SightChange,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn change(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<SightChange>,
) -> Result<Json<Incident>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let add =
        read_named(directory, ("add_users", body.add_users), ("add_groups", body.add_groups))?;
    let remove = read_named(
        directory,
        ("remove_users", body.remove_users),
        ("remove_groups", body.remove_groups),
    )?;
    if add.is_empty() && remove.is_empty() {
        return Err(ApiError::field("add_users", "say who comes or who goes"));
    }
    let incident = do_to(&ctx, &caller, &incident, Command::Sight(Ask::Change { add, remove }));
    Ok(Json(describe_whole(&ctx, &caller, &incident.await?).await?))
}

/// Let yourself into a restricted incident, as an administrator who is not on it.
///
/// It stands in the incident's timeline and in the audit log, with the reason. An administrator finds
/// the id of a restricted incident in the audit log, and nothing else of it.
#[utoipa::path(
    post, path = "/incidents/{incident}/enter", tag = "incident",
    operation_id = "enter_incident", request_body = RestrictionReason,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident.", body = Incident))
)]
async fn enter(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<RestrictionReason>,
) -> Result<Json<Incident>, ApiError> {
    let reason = reason(&body.reason)?;
    let user = caller.user().ok_or_else(|| {
        ApiError::forbidden("a token of a program lets nobody in; use one of your own")
    })?;
    let found = named(&ctx, &Viewer::Engine, &incident).await?;
    let command = Command::Sight(Ask::Enter { user, reason });
    let incident = ctx.app.command(found.id, command, &caller.actor).await?;
    Ok(Json(describe_whole(&ctx, &caller, &incident).await?))
}

async fn obey(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    ask: Ask,
) -> Result<Json<Incident>, ApiError> {
    let incident = do_to(ctx, caller, incident, Command::Sight(ask)).await?;
    Ok(Json(describe_whole(ctx, caller, &incident).await?))
}

/// People and groups by name.
fn read_named(
    directory: &Directory,
    (users, people): (&str, Vec<String>),
    (groups, sets): (&str, Vec<String>),
) -> Result<Named, ApiError> {
    if people.len() + sets.len() > NAMED_MAX {
        return Err(ApiError::field(users, format!("name at most {NAMED_MAX}")));
    }
    let mut named = Named::default();
    for (at, name) in people.iter().enumerate() {
        let user = directory.users.named(name);
        let why = || ApiError::field(format!("{users}[{at}]"), nobody("person", name));
        named.add(&Named { people: vec![user.ok_or_else(why)?.id], groups: vec![] });
    }
    for (at, name) in sets.iter().enumerate() {
        let group = directory.groups.named(name);
        let why = || ApiError::field(format!("{groups}[{at}]"), nobody("engagement group", name));
        named.add(&Named { people: vec![], groups: vec![group.ok_or_else(why)?.id] });
    }
    Ok(named)
}

fn nobody(what: &str, name: &str) -> String {
    let name: String = name.chars().take(100).collect();
    format!("there is no {what} `{name}`")
}

/// A reason in a line.
fn reason(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let is_short = text.chars().count() <= REASON_CHARS_MAX;
    if text.is_empty() || !is_short || text.contains(char::is_control) {
        let why = format!("must be a line of 1 to {REASON_CHARS_MAX} characters");
        return Err(ApiError::field("reason", why));
    }
    Ok(text.to_owned())
}
