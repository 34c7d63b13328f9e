//! Gates of an incident (`J4`): what has to be so before it is over, who has said so, and saying it.

use axum::extract::State;
use muster_core::incident::gate::{self as core, REASON_CHARS_MAX};
use muster_core::incident::lifecycle::gate::Ask;
use muster_core::incident::lifecycle::{self, Command};
use muster_core::org::access::Action;
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::command::do_to;
use super::{ANSWER_INCIDENTS, find};
use crate::api::extract::{Json, MaybeJson, Path};
use crate::api::word::{GateName, Instant};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_INCIDENTS};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_INCIDENTS, routes!(read))
        .on(ANSWER_INCIDENTS, routes!(pass))
        .on(ANSWER_INCIDENTS, routes!(waive))
        .on(ANSWER_INCIDENTS, routes!(take_back))
}

/// The gates of an incident.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentGates {
    /// Each gate, in order; none before somebody holds a role.
    pub gates: Vec<IncidentGate>,
    /// Whether nothing keeps it from being resolved.
    pub open: bool,
}

/// What has to be so before an incident is over.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentGate {
    /// Which.
    pub gate: GateName,
    /// Whether it is open.
    pub open: bool,
    /// Who has the say; anybody where nobody is named.
    pub asked: Vec<String>,
    /// Whose word is missing.
    pub missing: Vec<String>,
    /// What was said.
    pub said: Vec<GateWord>,
}

/// What somebody said about a gate.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GateWord {
    /// Who.
    pub by: String,
    /// When.
    pub at: Instant,
    /// Why it was waived, if it was.
    #[schema(required)]
    pub waived: Option<String>,
}

/// Why a gate need not be passed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiveGate {
    /// In words.
    reason: String,
}

/// Read what has to be so before the incident is over.
#[utoipa::path(
    get, path = "/incidents/{incident}/gates", tag = "incident", operation_id = "list_gates",
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The gates.", body = IncidentGates))
)]
async fn read(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
) -> Result<Json<IncidentGates>, ApiError> {
    let incident = find(&ctx, &caller, Action::Read, &incident).await?;
    Ok(Json(describe(&ctx.app.snapshot().directory, &incident)))
}

/// Pass a gate: a tester validates that it is well again, the lead signs off.
///
/// Anybody may say so where nobody holds such a role; where somebody does, theirs is the word that
/// counts. Customers have to be well first.
#[utoipa::path(
    post, path = "/incidents/{incident}/gates/{gate}/pass", tag = "incident",
    operation_id = "pass_gate",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("gate" = GateName, Path, description = "The gate."),
    ),
    responses((status = 200, description = "The gates as they are now.", body = IncidentGates))
)]
async fn pass(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, gate)): Path<(String, String)>,
) -> Result<Json<IncidentGates>, ApiError> {
    let gate = named(&gate)?;
    obey(&ctx, &caller, &incident, Ask::Pass { gate }).await
}

/// Waive a gate, with a reason that stays on the record.
#[utoipa::path(
    post, path = "/incidents/{incident}/gates/{gate}/waive", tag = "incident",
    operation_id = "waive_gate", request_body = WaiveGate,
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("gate" = GateName, Path, description = "The gate."),
    ),
    responses((status = 200, description = "The gates as they are now.", body = IncidentGates))
)]
async fn waive(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, gate)): Path<(String, String)>,
    MaybeJson(body): MaybeJson<WaiveGate>,
) -> Result<Json<IncidentGates>, ApiError> {
    let gate = named(&gate)?;
    let reason = body.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        let why = format!("say why, in 1 to {REASON_CHARS_MAX} characters");
        return Err(ApiError::field("reason", why));
    }
    obey(&ctx, &caller, &incident, Ask::Waive { gate, reason }).await
}

/// Close a gate again: whatever was said about it stands no more.
#[utoipa::path(
    post, path = "/incidents/{incident}/gates/{gate}/take-back", tag = "incident",
    operation_id = "take_gate_back",
    params(
        ("incident" = String, Path, description = "The id or the number."),
        ("gate" = GateName, Path, description = "The gate."),
    ),
    responses((status = 200, description = "The gates as they are now.", body = IncidentGates))
)]
async fn take_back(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path((incident, gate)): Path<(String, String)>,
) -> Result<Json<IncidentGates>, ApiError> {
    let gate = named(&gate)?;
    obey(&ctx, &caller, &incident, Ask::TakeBack { gate }).await
}

fn named(name: &str) -> Result<core::Gate, ApiError> {
    core::Gate::from_name(name).ok_or_else(|| {
        let known: Vec<_> = core::Gate::NAMES.iter().map(|(_, name)| *name).collect();
        ApiError::field("gate", format!("must be one of {}", known.join(", ")))
    })
}

async fn obey(
    ctx: &Ctx,
    caller: &Caller,
    incident: &str,
    ask: Ask,
) -> Result<Json<IncidentGates>, ApiError> {
    let incident = do_to(ctx, caller, incident, Command::Gate(ask)).await?;
    Ok(Json(describe(&ctx.app.snapshot().directory, &incident)))
}

fn describe(directory: &Directory, incident: &lifecycle::Incident) -> IncidentGates {
    let names = |users: &[muster_core::id::UserId]| {
        let users = users.iter().filter_map(|user| directory.users.get(*user));
        users.map(|user| user.name.clone()).collect::<Vec<_>>()
    };
    let closed = core::closed(directory, incident);
    let gates = core::gates(directory, incident).iter().map(|gate| {
        let closed = closed.iter().find(|one| one.gate == *gate);
        let said = incident.gates.iter().filter(|one| one.gate == *gate);
        IncidentGate {
            gate: (*gate).into(),
            open: closed.is_none(),
            asked: names(&core::asked(directory, incident, *gate)),
            missing: closed.map(|one| names(&one.missing)).unwrap_or_default(),
            said: said
                .map(|one| GateWord {
                    by: one.name.clone(),
                    at: one.at.into(),
                    waived: one.waived.clone(),
                })
                .collect(),
        }
    });
    IncidentGates { gates: gates.collect(), open: closed.is_empty() }
}
