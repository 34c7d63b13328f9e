//! Roles of an incident (`R1` to `R5`): the assignment table with duty sheets, who is engaged for
//! what, and taking, giving, leaving and handing over. Boundaries come back as warnings.

use axum::extract::State;
use jiff::Timestamp;
use muster_core::id::UserId;
use muster_core::incident::lifecycle::role::Ask;
use muster_core::incident::lifecycle::{self, Command};
use muster_core::incident::role::assignment::{self, BRIEF_CHARS_MAX};
use muster_core::incident::role::{self, boundary, duty};
use muster_core::incident::severity::Urgency;
use muster_core::org::access::Action;
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::{do_to, words};
use super::helper::person;
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, MaybeJson, Path};
use crate::api::word::{Instant, RoleHow, RolePart};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};
use crate::app::App;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(read))
        .on(ANSWER_INCIDENTS, routes!(assign))
        .on(ANSWER_INCIDENTS, routes!(leave))
        .on(ANSWER_INCIDENTS, routes!(hand_over))
        .on(ANSWER_INCIDENTS, routes!(accept))
        .on(ANSWER_INCIDENTS, routes!(decline))
}

/// Who holds what in an incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentRoles {
    /// Every role: those that the severity's process wants first, in its order.
    pub roles: Vec<IncidentRole>,
    /// The names of the roles that somebody must hold and nobody does.
    pub vacant: Vec<String>,
    /// Boundaries that somebody crosses; they keep nobody from anything.
    pub warnings: Vec<RoleWarning>,
    /// Everybody who held a role, in that order.
    pub record: Vec<RoleRecord>,
}

/// Somebody who holds a role, in short.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HeldRole {
    /// The role's name.
    pub role: String,
    /// For people.
    pub title: String,
    /// Who.
    pub user: String,
}

/// One role of an incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentRole {
    /// The role's name.
    #[schema(example = "incident-lead")]
    pub role: String,
    /// For people.
    #[schema(example = "Incident lead")]
    pub title: String,
    /// What the rules make of it; null for a role that is no longer configured.
    #[schema(required)]
    pub part: Option<RolePart>,
    /// Whether the severity's process wants it.
    pub wanted: bool,
    /// Whether somebody must hold it.
    pub required: bool,
    /// Whether several people may hold it at once.
    pub shared: bool,
    /// Its duties, in order.
    pub duties: Vec<String>,
    /// What whoever holds it should do next.
    pub next_action: String,
    /// Who holds it.
    pub holders: Vec<RoleHolder>,
    /// Who is asked to come as it, and has not.
    pub engaged: Vec<RoleEngaged>,
    /// When somebody else is asked, unless somebody comes; null when nobody will be.
    #[schema(required)]
    pub asks_next_at: Option<Instant>,
    /// Whoever is on call for it now.
    pub on_call: Vec<String>,
    /// Hand-overs that wait for their receiver.
    pub offers: Vec<HandOverOffer>,
}

/// Somebody who holds a role.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoleHolder {
    /// Who.
    pub user: String,
    /// Since when.
    pub since: Instant,
    /// How they came to it.
    pub how: RoleHow,
}

/// Somebody who is asked to come as something.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoleEngaged {
    /// Who.
    pub user: String,
    /// When they were asked.
    pub at: Instant,
}

/// A hand-over that waits for its receiver.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandOverOffer {
    /// Who holds the role until then.
    pub from: String,
    /// Who is to have it.
    pub to: String,
    /// What the receiver must know.
    pub brief: String,
    /// When it was offered.
    pub at: Instant,
}

/// A boundary that somebody crosses.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoleWarning {
    /// Which: `declarer_leads`, `lead_is_technical`, `lead_troubleshoots`, `tester_is_technical`.
    pub boundary: String,
    /// Who.
    pub user: String,
    /// In words.
    pub text: String,
}

/// Somebody who held a role.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoleRecord {
    /// The role's name.
    pub role: String,
    /// For people.
    pub title: String,
    /// Who.
    pub user: String,
    /// Since when.
    pub since: Instant,
    /// Until when; null while they hold it.
    #[schema(required)]
    pub until: Option<Instant>,
    /// How they came to it.
    pub how: RoleHow,
}

/// Whom it is about.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleWho {
    /// The person's name; yourself unless given.
    #[schema(example = "ana")]
    user: Option<String>,
}

/// A hand-over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    /// Who is to have it.
    #[schema(example = "bo")]
    to: String,
    /// What they must know, up to 5,000 characters.
    brief: String,
    /// Who hands it over; the role's holder unless several hold it.
    from: Option<String>,
}

/// The answer to a hand-over.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverDecline {
    /// The receiver's name; yourself unless given.
    user: Option<String>,
    /// In words.
    reason: Option<String>,
}

/// Who holds what, with duty sheets and the next action of each role.
#[utoipa::path(
    get, path = "/incidents/{incident}/roles", tag = "incident", operation_id = "incident_roles",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The roles.", body = IncidentRoles))
)]
async fn read(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<IncidentRoles>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    Ok(Json(describe(&ctx.app, &incident)))
}

/// Take a role, or give it to somebody.
///
/// Unless it is shared, whoever held it before holds it no longer, and is told.
#[utoipa::path(
    post, path = "/incidents/{incident}/roles/{role}", tag = "incident",
    operation_id = "assign_role", request_body = Option<RoleWho>,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("role" = String, Path, description = "The role's name."),
    ),
    responses((status = 200, description = "The roles as they are now.", body = IncidentRoles))
)]
async fn assign(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, role)): Path<(String, String)>,
    MaybeJson(body): MaybeJson<RoleWho>,
) -> Result<Json<IncidentRoles>, ApiError> {
    let user = who(&ctx, &caller, body.user.as_deref())?;
    obey(&ctx, &caller, &incident, role, |role| Ask::Assign { role, user }).await
}

/// Leave a role, or take somebody out of it.
#[utoipa::path(
    post, path = "/incidents/{incident}/roles/{role}/leave", tag = "incident",
    operation_id = "leave_role", request_body = Option<RoleWho>,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("role" = String, Path, description = "The role's name."),
    ),
    responses((status = 200, description = "The roles as they are now.", body = IncidentRoles))
)]
async fn leave(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, role)): Path<(String, String)>,
    MaybeJson(body): MaybeJson<RoleWho>,
) -> Result<Json<IncidentRoles>, ApiError> {
    let user = who(&ctx, &caller, body.user.as_deref())?;
    obey(&ctx, &caller, &incident, role, |role| Ask::Leave { role, user }).await
}

/// Ask somebody to take a role over, with a brief.
///
/// They are told at once. Until they accept, the role stays where it is.
#[utoipa::path(
    post, path = "/incidents/{incident}/roles/{role}/hand-over", tag = "incident",
    operation_id = "hand_role_over", request_body = HandOver,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("role" = String, Path, description = "The role's name."),
    ),
    responses((status = 200, description = "The roles as they are now.", body = IncidentRoles))
)]
async fn hand_over(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, role)): Path<(String, String)>,
    Json(body): Json<HandOver>,
) -> Result<Json<IncidentRoles>, ApiError> {
    let brief = body.brief.trim().to_owned();
    if brief.is_empty() {
        return Err(ApiError::field("brief", "say in a few words what the receiver must know"));
    }
    if brief.chars().count() > BRIEF_CHARS_MAX {
        return Err(ApiError::field(
            "brief",
            format!("must be at most {BRIEF_CHARS_MAX} characters"),
        ));
    }
    let to = person(&ctx, "to", &body.to)?;
    let from = match &body.from {
        Some(name) => person(&ctx, "from", name)?,
        None => {
            let found = find(&ctx, &caller, Action::Respond, &incident).await?;
            let holders: Vec<UserId> =
                found.roles.holders(&role).map(|holder| holder.user).collect();
            let own = caller.user().filter(|user| holders.contains(user));
            match (own, &holders[..]) {
                (Some(user), _) => user,
                (None, [only]) => *only,
                (None, []) => {
                    return Err(ApiError::conflict(
                        "nobody holds this role; give it to somebody instead of handing it over",
                    ));
                }
                (None, _) => {
                    return Err(ApiError::field(
                        "from",
                        "several people hold this role: say which",
                    ));
                }
            }
        }
    };
    obey(&ctx, &caller, &incident, role, |role| Ask::Offer { role, from, to, brief }).await
}

/// Take over what was offered; only the receiver does.
#[utoipa::path(
    post, path = "/incidents/{incident}/roles/{role}/accept", tag = "incident",
    operation_id = "accept_role", request_body = Option<RoleWho>,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("role" = String, Path, description = "The role's name."),
    ),
    responses((status = 200, description = "The roles as they are now.", body = IncidentRoles))
)]
async fn accept(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, role)): Path<(String, String)>,
    MaybeJson(body): MaybeJson<RoleWho>,
) -> Result<Json<IncidentRoles>, ApiError> {
    let user = who(&ctx, &caller, body.user.as_deref())?;
    obey(&ctx, &caller, &incident, role, |role| Ask::Accept { role, user }).await
}

/// Refuse what was offered, or take the offer to somebody back.
#[utoipa::path(
    post, path = "/incidents/{incident}/roles/{role}/decline", tag = "incident",
    operation_id = "decline_role", request_body = Option<HandOverDecline>,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("role" = String, Path, description = "The role's name."),
    ),
    responses((status = 200, description = "The roles as they are now.", body = IncidentRoles))
)]
async fn decline(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, role)): Path<(String, String)>,
    MaybeJson(body): MaybeJson<HandOverDecline>,
) -> Result<Json<IncidentRoles>, ApiError> {
    let user = who(&ctx, &caller, body.user.as_deref())?;
    let reason = words(body.reason);
    obey(&ctx, &caller, &incident, role, |role| Ask::Decline { role, user, reason }).await
}

fn who(ctx: &Ctx, caller: &Caller, name: Option<&str>) -> Result<UserId, ApiError> {
    match name {
        Some(name) => person(ctx, "user", name),
        None => caller
            .user()
            .ok_or_else(|| ApiError::field("user", "say who: this token belongs to nobody")),
    }
}

async fn obey(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    role: String,
    ask: impl FnOnce(String) -> Ask,
) -> Result<Json<IncidentRoles>, ApiError> {
    let found = find(ctx, caller, Action::Respond, incident).await?;
    let is_known = ctx.app.snapshot().directory.role(&role).is_some();
    if !is_known && found.roles.is_vacant(&role) {
        return Err(ApiError::not_found("role", &role));
    }
    let incident = do_to(ctx, caller, incident, Command::Role(ask(role))).await?;
    Ok(Json(describe(&ctx.app, &incident)))
}

/// The roles of an incident as they are read.
fn describe(app: &App, incident: &lifecycle::Incident) -> IncidentRoles {
    let snapshot = app.snapshot();
    let (directory, now) = (&snapshot.directory, app.now());
    let process = &directory.severity(incident.severity).process;
    let roles = &incident.roles;
    let mut names: Vec<&str> = process.roles.iter().map(|wanted| wanted.role.as_str()).collect();
    let others = directory.roles.iter().map(|role| role.name.as_str());
    for name in others.chain(roles.held().map(|one| one.role.as_str())) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let is_vacant = |name: &&str| process.requires(name) && roles.is_vacant(name);
    let vacant = names.iter().filter(|name| is_vacant(name)).map(|name| (*name).to_owned());
    let crossed = boundary::crossed(roles, &directory.roles, process.hand_over_after, now);
    let warnings = crossed.into_iter().map(|(boundary, user)| {
        let user = name_of(directory, user);
        let text = format!("{user} {}", boundary.advice());
        RoleWarning { boundary: boundary.name().to_owned(), user, text }
    });
    IncidentRoles {
        vacant: vacant.collect(),
        warnings: warnings.collect(),
        record: record(directory, incident),
        roles: names.iter().map(|name| one(directory, incident, name, now)).collect(),
    }
}

fn one(
    directory: &Directory,
    incident: &lifecycle::Incident,
    name: &str,
    now: Timestamp,
) -> IncidentRole {
    let process = &directory.severity(incident.severity).process;
    let (roles, known) = (&incident.roles, directory.role(name));
    let user = |user| name_of(directory, user);
    let on_call =
        known.map(|known| role::on_call(directory, known, incident.service, Urgency::High, now));
    let holders = roles.holders(name).map(|one| RoleHolder {
        user: user(one.user),
        since: one.since.into(),
        how: one.how.into(),
    });
    let engaged = roles.engaged.iter().filter(|one| one.role == name);
    let asks_next = roles.relief.iter().find(|one| one.role == name);
    let offers =
        roles.offers.iter().filter(|offer| offer.role == name).map(|offer| HandOverOffer {
            from: user(offer.from),
            to: user(offer.to),
            brief: offer.brief.clone(),
            at: offer.at.into(),
        });
    IncidentRole {
        role: name.to_owned(),
        title: known.map_or_else(|| name.to_owned(), |known| known.title.clone()),
        part: known.map(|known| known.part.into()),
        wanted: process.roles.iter().any(|wanted| wanted.role == name),
        required: process.requires(name),
        shared: known.is_some_and(|known| known.is_shared),
        duties: known.map(|known| known.duties.clone()).unwrap_or_default(),
        next_action: known
            .map(|known| duty::next_action(known, incident, directory))
            .unwrap_or_default(),
        holders: holders.collect(),
        engaged: engaged
            .map(|one| RoleEngaged { user: user(one.user), at: one.at.into() })
            .collect(),
        asks_next_at: asks_next.and_then(|one| one.next_at).map(Instant::from),
        on_call: on_call.unwrap_or_default().into_iter().map(user).collect(),
        offers: offers.collect(),
    }
}

/// Who holds which role now.
pub(super) fn held(directory: &Directory, incident: &lifecycle::Incident) -> Vec<HeldRole> {
    let held = |one: &assignment::Assignment| HeldRole {
        role: one.role.clone(),
        title: title_of(directory, &one.role),
        user: name_of(directory, one.user),
    };
    incident.roles.held().map(held).collect()
}

/// Everybody who held a role.
fn record(directory: &Directory, incident: &lifecycle::Incident) -> Vec<RoleRecord> {
    let record = |one: &assignment::Assignment| RoleRecord {
        role: one.role.clone(),
        title: title_of(directory, &one.role),
        user: name_of(directory, one.user),
        since: one.since.into(),
        until: one.until.map(Instant::from),
        how: one.how.into(),
    };
    incident.roles.assignments.iter().map(record).collect()
}

fn title_of(directory: &Directory, role: &str) -> String {
    directory.role(role).map_or_else(|| role.to_owned(), |role| role.title.clone())
}

fn name_of(directory: &Directory, user: UserId) -> String {
    directory.users.get(user).map_or_else(|| "(deleted)".to_owned(), |user| user.name.clone())
}
