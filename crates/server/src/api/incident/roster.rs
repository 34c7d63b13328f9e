//! The roster of an incident (`J1` to `J3`): who is there for which team and why, how their services
//! are, and letting them go.

use std::collections::HashMap;

use axum::extract::State;
use muster_core::id::{ServiceId, TeamId, UserId};
use muster_core::incident::clocks::engage;
use muster_core::incident::lifecycle::roster::Ask;
use muster_core::incident::lifecycle::{self, Command};
use muster_core::incident::roster::{self as core, ASKED_MAX, NOTE_CHARS_MAX};
use muster_core::org::access::Action;
use muster_core::org::directory::Directory;
use muster_store::oncall::page as store_page;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::do_to;
use super::helper::person;
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, MaybeJson, Path};
use crate::api::word::{Instant, ServiceHealth};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(read))
        .on(ANSWER_INCIDENTS, routes!(check_health))
        .on(ANSWER_INCIDENTS, routes!(release))
}

/// Everybody who works on an incident, or was asked to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Roster {
    /// Who is there, in the order in which they came.
    pub here: Vec<Engaged>,
    /// Who was paged and has not come.
    pub awaited: Vec<Expected>,
    /// Who was let go, in the order in which they came.
    pub released: Vec<Engaged>,
}

/// Somebody who came.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Engaged {
    /// Who.
    pub user: String,
    /// What people call them.
    pub full_name: String,
    /// For which team; null where they did not say.
    #[schema(required)]
    pub team: Option<String>,
    /// The teams that they may be there for.
    pub teams: Vec<String>,
    /// When they checked in.
    pub since: Instant,
    /// When they had been paged, if they were.
    #[schema(required)]
    pub paged_at: Option<Instant>,
    /// Whether it was later than asked for.
    pub late: bool,
    /// Why they were asked to come, in words; null for whoever came by themselves.
    #[schema(required)]
    pub why: Option<String>,
    /// The titles of the roles that they hold.
    pub roles: Vec<String>,
    /// Whose health they are asked for.
    pub asked: Vec<String>,
    /// What they found, the last word on each service.
    pub checks: Vec<HealthCheck>,
    /// Whether they still have to say how any of their services is.
    pub unchecked: bool,
    /// When they were let go.
    #[schema(required)]
    pub released_at: Option<Instant>,
    /// By whom.
    #[schema(required)]
    pub released_by: Option<String>,
    /// Why no health check was needed.
    #[schema(required)]
    pub waived: Option<String>,
}

/// How a service is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HealthCheck {
    /// Which.
    pub service: String,
    /// How it is.
    pub health: ServiceHealth,
    /// What else they saw.
    #[schema(required)]
    pub note: Option<String>,
    /// When they said so.
    pub at: Instant,
}

/// Somebody who was paged and has not come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Expected {
    /// Who.
    pub user: String,
    /// What people call them.
    pub full_name: String,
    /// When they were paged.
    pub paged_at: Instant,
    /// By when they were to check in.
    pub due_at: Instant,
    /// Whether that has passed.
    pub late: bool,
    /// Why they were asked to come, in words.
    #[schema(required)]
    pub why: Option<String>,
}

/// How services are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHealthCheck {
    /// Which; all that the person is asked for unless given.
    #[serde(default)]
    services: Vec<String>,
    /// How they are.
    health: ServiceHealth,
    /// What else they saw, in up to 500 characters.
    #[schema(example = "queue grows, no errors")]
    note: Option<String>,
}

/// How somebody is let go.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFromRoster {
    /// Why no health check is needed, where there is none.
    #[schema(example = "asleep since Tuesday, was paged by mistake")]
    waive: Option<String>,
}

/// Read who is there, for which team, why, and how their services are.
#[utoipa::path(
    get, path = "/incidents/{incident}/roster", tag = "incident", operation_id = "read_roster",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The roster.", body = Roster))
)]
async fn read(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<Roster>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    Ok(Json(describe(&ctx, &incident).await?))
}

/// Say how services are: whoever joins looks at their own at once.
///
/// Saying so is a check-in as well.
#[utoipa::path(
    post, path = "/incidents/{incident}/roster/{user}/health", tag = "incident",
    operation_id = "check_health", request_body = NewHealthCheck,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("user" = String, Path, description = "Who looked, by name."),
    ),
    responses((status = 200, description = "The roster as it is now.", body = Roster))
)]
async fn check_health(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, user)): Path<(String, String)>,
    Json(body): Json<NewHealthCheck>,
) -> Result<Json<Roster>, ApiError> {
    let user = person(&ctx, "user", &user)?;
    let note = line("note", body.note)?;
    if body.services.len() > ASKED_MAX {
        return Err(ApiError::field("services", format!("names at most {ASKED_MAX}")));
    }
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let named = |(place, name): (usize, &String)| {
        let found = directory.services.named(name).map(|service| service.id);
        let name: String = name.chars().take(100).collect();
        let why = format!("there is no service `{name}`");
        found.ok_or_else(|| ApiError::field(format!("services[{place}]"), why))
    };
    let mut services =
        body.services.iter().enumerate().map(named).collect::<Result<Vec<_>, _>>()?;
    if services.is_empty() {
        let incident = find(&ctx, &caller, Action::Respond, &incident).await?;
        services = asked(directory, &incident, user);
    }
    let ask = Ask::Health { user, services, health: body.health.0, note };
    obey(&ctx, &caller, &incident, ask).await
}

/// Let somebody go who is there.
///
/// They have to have said how their services are since they joined, unless it is waived with a
/// reason; and they hold no role any more. The time is recorded and they are told.
#[utoipa::path(
    post, path = "/incidents/{incident}/roster/{user}/release", tag = "incident",
    operation_id = "release_from_roster", request_body = Option<ReleaseFromRoster>,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("user" = String, Path, description = "Who is let go, by name."),
    ),
    responses((status = 200, description = "The roster as it is now.", body = Roster))
)]
async fn release(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, user)): Path<(String, String)>,
    MaybeJson(body): MaybeJson<ReleaseFromRoster>,
) -> Result<Json<Roster>, ApiError> {
    let user = person(&ctx, "user", &user)?;
    let waived = line("waive", body.waive)?;
    obey(&ctx, &caller, &incident, Ask::Release { user, waived }).await
}

async fn obey(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    ask: Ask,
) -> Result<Json<Roster>, ApiError> {
    let incident = do_to(ctx, caller, incident, Command::Roster(ask)).await?;
    Ok(Json(describe(ctx, &incident).await?))
}

/// Whose health somebody is asked for.
fn asked(directory: &Directory, incident: &lifecycle::Incident, user: UserId) -> Vec<ServiceId> {
    let stay = incident.clocks.engage.stay(user);
    let usual = || core::usual_team(directory, incident.service, user);
    let team = stay.map_or_else(usual, |stay| stay.team);
    core::asked(directory, incident.service, team)
}

async fn describe(ctx: &Ctx, incident: &lifecycle::Incident) -> Result<Roster, ApiError> {
    let pages = store_page::of_incident(&ctx.app.db, incident.id).await?;
    // The first page says why somebody was asked; later ones repeat it.
    let mut why: HashMap<UserId, String> = HashMap::new();
    for page in pages {
        why.entry(UserId(page.user_id)).or_insert(page.reason);
    }
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let engage = &incident.clocks.engage;
    let present = |is_here: bool| {
        let of = engage.present.iter().filter(move |one| one.is_here() == is_here);
        of.map(|one| engaged(directory, incident, one, &why)).collect()
    };
    let awaited = engage.awaited.iter().map(|one| {
        let (user, full_name) = names(directory, one.user);
        Expected {
            user,
            full_name,
            paged_at: one.paged_at.into(),
            due_at: one.due_at.into(),
            late: one.is_late,
            why: why.get(&one.user).cloned(),
        }
    });
    Ok(Roster { here: present(true), awaited: awaited.collect(), released: present(false) })
}

fn engaged(
    directory: &Directory,
    incident: &lifecycle::Incident,
    one: &engage::Present,
    why: &HashMap<UserId, String>,
) -> Engaged {
    let (user, full_name) = names(directory, one.user);
    let team = |id: TeamId| directory.teams.get(id).map(|team| team.name.clone());
    let service = |id: ServiceId| {
        let service = directory.services.get(id);
        service.map_or_else(|| "(deleted)".to_owned(), |service| service.name.clone())
    };
    let stay = &one.stay;
    let checks = stay.latest().into_iter().map(|check| HealthCheck {
        service: service(check.service),
        health: check.health.into(),
        note: check.note.clone(),
        at: check.at.into(),
    });
    let held = incident.roles.held().filter(|held| held.user == one.user && one.is_here());
    let release = stay.release.as_ref();
    Engaged {
        user,
        full_name,
        team: stay.team.and_then(team),
        teams: core::teams_of(directory, one.user).into_iter().filter_map(team).collect(),
        since: one.at.into(),
        paged_at: one.paged_at.map(Instant::from),
        late: one.is_late,
        why: why.get(&one.user).cloned(),
        roles: held.map(|held| directory.role_in_words(&held.role)).collect(),
        asked: core::asked(directory, incident.service, stay.team)
            .into_iter()
            .map(service)
            .collect(),
        checks: checks.collect(),
        unchecked: stay.checks.is_empty() && release.is_none(),
        released_at: release.map(|release| release.at.into()),
        released_by: release.map(|release| release.by.clone()),
        waived: release.and_then(|release| release.waived.clone()),
    }
}

fn names(directory: &Directory, user: UserId) -> (String, String) {
    let user = directory.users.get(user);
    let deleted = || ("(deleted)".to_owned(), "A former colleague".to_owned());
    user.map_or_else(deleted, |user| (user.name.clone(), user.full_name.clone()))
}

/// What somebody wrote in a line, within its limit; blank is nothing.
fn line(field: &'static str, text: Option<String>) -> Result<Option<String>, ApiError> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > NOTE_CHARS_MAX) {
        return Err(ApiError::field(field, format!("must be at most {NOTE_CHARS_MAX} characters")));
    }
    Ok(text)
}
