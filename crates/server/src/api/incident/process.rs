//! The process of each severity (`I1`, `R1`) as it is in force: what is configured, with the defaults
//! where nothing is, and the roles, checklists, audiences and gates that a process can want.

use axum::extract::State;
use jiff::SignedDuration;

use muster_core::incident::gate::Gate;
use muster_core::incident::process;
use muster_core::incident::severity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::Json;
use crate::api::{ApiError, Ctx, Routes, SEE_ORGANIZATION};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ORGANIZATION, routes!(get))
}

/// What incidents of each severity ask for, and what they can ask for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Processes {
    /// The worst first.
    pub severities: Vec<SeverityProcess>,
    /// The roles that there are.
    pub roles: Vec<Named>,
    /// The checklists that there are.
    pub checklists: Vec<Named>,
    /// The audiences that there are.
    pub audiences: Vec<Named>,
    /// The gates that there are.
    pub gates: Vec<String>,
}

/// Something with a name for programs and a title for people.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// Unique among its kind.
    pub name: String,
    /// For people.
    pub title: String,
}

/// A severity with its process. Lengths are written as in a configuration file, `15m`; null where a
/// clock does not run.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SeverityProcess {
    /// 1 is the worst.
    pub level: u8,
    /// For people.
    pub name: String,
    /// When it applies, in words.
    pub definition: String,
    /// How loudly people are asked: `high`, `low` or `none`.
    pub urgency: String,
    /// How long an acknowledgement holds.
    #[schema(required)]
    pub acknowledgement_expires_after: Option<String>,
    /// How long nothing may move before somebody else gets it.
    #[schema(required)]
    pub rotate_after: Option<String>,
    /// How long whoever is paged has to check in.
    #[schema(required)]
    pub engage_within: Option<String>,
    /// The roles that it wants, in the order in which they are shown.
    pub roles: Vec<WantedRole>,
    /// Who hears how it stands.
    pub audiences: Vec<String>,
    /// What is gone through.
    pub checklists: Vec<String>,
    /// What has to be so before it is over.
    pub gates: Vec<String>,
    /// How long whoever declared may lead.
    #[schema(required)]
    pub hand_over_after: Option<String>,
    /// How long whoever is asked for a role has before somebody else is asked.
    #[schema(required)]
    pub ask_next_after: Option<String>,
    /// How long people may write nothing down before somebody is asked for news.
    #[schema(required)]
    pub nudge_scribe_after: Option<String>,
}

/// A role that a process wants.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WantedRole {
    /// The role's name.
    pub role: String,
    /// Whether somebody must hold it.
    pub required: bool,
    /// Whether whoever is on call for it is paged at once.
    pub engage: bool,
}

/// Read what incidents of each severity ask for.
#[utoipa::path(
    get, path = "/process", tag = "incident", operation_id = "get_process",
    responses((status = 200, description = "Every severity, the worst first.", body = Processes))
)]
async fn get(State(ctx): State<Ctx>) -> Result<Json<Processes>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let named = |name: &str, title: &str| Named { name: name.to_owned(), title: title.to_owned() };
    Ok(Json(Processes {
        severities: directory.severities.iter().map(describe).collect(),
        roles: directory.roles.iter().map(|one| named(&one.name, &one.title)).collect(),
        checklists: directory.checklists.iter().map(|one| named(&one.name, &one.title)).collect(),
        audiences: directory.audiences.iter().map(|one| named(&one.name, &one.title)).collect(),
        gates: Gate::NAMES.iter().map(|(_, name)| (*name).to_owned()).collect(),
    }))
}

fn describe(severity: &severity::Severity) -> SeverityProcess {
    let length = |after: Option<SignedDuration>| after.map(|after| format!("{after:#}"));
    let process = &severity.process;
    let wanted = |one: &process::Wanted| WantedRole {
        role: one.role.clone(),
        required: one.is_required,
        engage: one.is_engaged,
    };
    SeverityProcess {
        level: severity.level.number(),
        name: severity.name.clone(),
        definition: severity.definition.clone(),
        urgency: severity.urgency.name().to_owned(),
        acknowledgement_expires_after: length(severity.acknowledgement_expires_after),
        rotate_after: length(severity.rotate_after),
        engage_within: length(severity.engage_within),
        roles: process.roles.iter().map(wanted).collect(),
        audiences: process.audiences.clone(),
        checklists: process.checklists.clone(),
        gates: process.gates.iter().map(|gate| gate.name().to_owned()).collect(),
        hand_over_after: length(process.hand_over_after),
        ask_next_after: length(process.ask_next_after),
        nudge_scribe_after: length(process.nudge_scribe_after),
    }
}
