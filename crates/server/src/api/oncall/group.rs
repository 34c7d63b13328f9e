//! Engagement groups (`E1`): whom each stands for at an instant, and engaging one on an incident.

use axum::extract::State;
use jiff::Timestamp;
use muster_core::incident::lifecycle::Command;
use muster_core::oncall::group::{self, Member};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::api::extract::{Json, Path, Query};
use crate::api::incident::command::{do_to, words};
use crate::api::incident::incident::describe_whole;
use crate::api::incident::{ANSWER_INCIDENTS, Incident};
use crate::api::list::{List, Paging};
use crate::api::org::{find, user_name};
use crate::api::period::instant_or;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(SEE_ORGANIZATION, routes!(show))
        .on(ANSWER_INCIDENTS, routes!(engage))
}

/// When.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct When {
    /// The instant that is asked about; now unless given.
    at: Option<Instant>,
}

/// Whom to engage for a kind of trouble.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EngagementGroup {
    /// Unique.
    #[schema(example = "ordering")]
    pub name: String,
    /// The services that it is for; any where none is named.
    pub services: Vec<String>,
    /// The aliases and people that it is made of.
    pub members: Vec<GroupMember>,
    /// Who may change it besides administrators.
    pub keepers: Vec<String>,
    /// Whether you may change it.
    pub yours: bool,
    /// The instant that it was asked for.
    pub at: Instant,
    /// Everybody whom engaging it would ask, each once.
    pub users: Vec<String>,
}

/// A part of a group.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct GroupMember {
    /// The alias or person.
    #[schema(example = "page-checkout-primary")]
    pub name: String,
    /// Whom it stands for; nobody where an alias reaches nobody.
    pub users: Vec<String>,
}

/// Whom to engage.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Engage {
    /// The group.
    #[schema(example = "ordering")]
    group: String,
    /// In words.
    message: Option<String>,
}

fn describe(
    directory: &Directory,
    caller: &Caller,
    group: &group::EngagementGroup,
    at: Timestamp,
) -> EngagementGroup {
    let names = |users: &[muster_core::id::UserId]| -> Vec<String> {
        users.iter().map(|user| user_name(directory, *user)).collect()
    };
    let services = group.services.iter().filter_map(|id| directory.services.get(*id));
    let member = |member: &Member| GroupMember {
        name: match member {
            Member::Alias(alias) => alias.to_string(),
            Member::User(user) => user_name(directory, *user),
        },
        users: names(&group::people(directory, member, at)),
    };
    EngagementGroup {
        name: group.name.clone(),
        services: services.map(|service| service.name.clone()).collect(),
        members: group.members.iter().map(member).collect(),
        keepers: names(&group.keepers),
        yours: group.is_kept_by(caller.user()),
        at: at.into(),
        users: names(&group::resolve(directory, group, at)),
    }
}

/// Engagement groups, with whom they stand for now.
#[utoipa::path(
    get, path = "/engagement-groups", tag = "oncall", operation_id = "engagement_groups",
    params(Paging),
    responses((status = 200, description = "Groups by name.", body = List<EngagementGroup>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<List<EngagementGroup>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let (directory, now) = (&snapshot.directory, ctx.app.now());
    let name = |group: &&group::EngagementGroup| group.name.clone();
    let describe = |group| describe(directory, &caller, group, now);
    paging.part(directory.groups.iter(), name, describe).map(Json)
}

/// One engagement group, with whom it stands for.
#[utoipa::path(
    get, path = "/engagement-groups/{name}", tag = "oncall", operation_id = "engagement_group",
    params(("name" = String, Path, description = "The name."), When),
    responses((status = 200, description = "The group.", body = EngagementGroup))
)]
async fn show(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Query(when): Query<When>,
) -> Result<Json<EngagementGroup>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let at = instant_or("at", when.at.as_ref(), ctx.app.now())?;
    let group = find(&directory.groups, "engagement group", &name)?;
    Ok(Json(describe(directory, &caller, group, at)))
}

/// Engage a group: everybody it stands for at this moment is paged once.
///
/// Whoever responds already, or was paged and has not answered yet, is not paged again.
#[utoipa::path(
    post, path = "/incidents/{incident}/engage", tag = "incident", operation_id = "engage_group",
    request_body = Engage,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn engage(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    Json(body): Json<Engage>,
) -> Result<Json<Incident>, ApiError> {
    let (group, users) = {
        let snapshot = ctx.app.snapshot();
        let directory = &snapshot.directory;
        let group = directory.groups.named(&body.group).ok_or_else(|| {
            let name: String = body.group.chars().take(100).collect();
            ApiError::field("group", format!("there is no engagement group `{name}`"))
        })?;
        (group.name.clone(), group::resolve(directory, group, ctx.app.now()))
    };
    if users.is_empty() {
        return Err(ApiError::conflict(format!("{group} reaches nobody at the moment")));
    }
    let command = Command::Engage { group, users, message: words(body.message) };
    let incident = do_to(&ctx, &caller, &incident, command).await?;
    Ok(Json(describe_whole(&ctx, &caller, &incident).await?))
}
