//! Escalation policies, and who would be paged by them (`O6`).

use axum::extract::State;
use muster_core::incident::severity::Level;
use muster_core::oncall::escalation::{self, Target};
use muster_core::oncall::preview::{self, Preview};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{find, user_name};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::period::instant_or;
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Routes, SEE_ORGANIZATION};

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(SEE_ORGANIZATION, routes!(show))
        .on(SEE_ORGANIZATION, routes!(ahead))
}

/// Whom to ask, in which order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EscalationPolicy {
    /// Unique.
    #[schema(example = "payments")]
    pub name: String,
    /// Who owns it.
    #[schema(required)]
    pub team: Option<String>,
    /// How often the steps are gone through again.
    pub repeat: u32,
    /// In order.
    pub steps: Vec<EscalationStep>,
    /// The services that page by it.
    pub services: Vec<String>,
}

/// One step of a policy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EscalationStep {
    /// Counted from the start of the step before it.
    pub after_seconds: i64,
    /// Everybody here is asked at once.
    pub targets: Vec<EscalationTarget>,
}

/// Who a step asks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EscalationTarget {
    /// One person.
    User(String),
    /// Whoever is on call.
    Schedule(String),
    /// Every member of a team.
    Team(String),
    /// The manager of a team.
    ManagerOf(String),
}

/// What an escalation is looked at for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// When the incident begins; now unless given.
    at: Option<Instant>,
    /// How bad it is; the worst unless given.
    #[param(minimum = 1, maximum = 9)]
    severity: Option<u8>,
}

/// Who is paged, when and by what, if nobody answers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EscalationPreview {
    /// In the order in which they would go out.
    pub pages: Vec<PlannedPage>,
    /// What a planner should know.
    pub warnings: Vec<String>,
}

/// One message to one person by one method.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PlannedPage {
    /// When it would go out.
    pub at: Instant,
    /// The step, counted from 1; null for the catch-all.
    #[schema(required)]
    pub step: Option<u32>,
    /// The round, counted from 1.
    pub round: u32,
    /// To whom.
    pub user: String,
    /// By which of the person's methods.
    pub method: String,
}

/// A preview in words.
pub(super) fn planned(directory: &Directory, preview: &Preview) -> EscalationPreview {
    let method = |page: &preview::PlannedPage| {
        directory
            .users
            .get(page.user)
            .and_then(|user| user.contact_method(page.method))
            .map_or_else(String::new, |method| method.name.clone())
    };
    let page = |page: &preview::PlannedPage| PlannedPage {
        at: page.at.into(),
        step: page.step,
        round: page.round,
        user: user_name(directory, page.user),
        method: method(page),
    };
    EscalationPreview {
        pages: preview.pages.iter().map(page).collect(),
        warnings: preview.warnings.iter().map(|warning| warning.words(directory)).collect(),
    }
}

fn target(directory: &Directory, target: Target) -> EscalationTarget {
    let gone = || "(deleted)".to_owned();
    match target {
        Target::User(id) => EscalationTarget::User(user_name(directory, id)),
        Target::Schedule(id) => EscalationTarget::Schedule(
            directory.schedules.get(id).map_or_else(gone, |schedule| schedule.name.clone()),
        ),
        Target::Team(id) => EscalationTarget::Team(
            directory.teams.get(id).map_or_else(gone, |team| team.name.clone()),
        ),
        Target::ManagerOf(id) => EscalationTarget::ManagerOf(
            directory.teams.get(id).map_or_else(gone, |team| team.name.clone()),
        ),
    }
}

fn describe(directory: &Directory, policy: &escalation::Policy) -> EscalationPolicy {
    let step = |step: &escalation::Step| EscalationStep {
        after_seconds: step.after.as_secs(),
        targets: step.targets.iter().map(|asked| target(directory, *asked)).collect(),
    };
    let paged = directory.services.iter().filter(|service| service.policy == policy.id);
    EscalationPolicy {
        name: policy.name.clone(),
        team: policy.team.and_then(|team| directory.teams.get(team)).map(|team| team.name.clone()),
        repeat: policy.repeat,
        steps: policy.steps.iter().map(step).collect(),
        services: paged.map(|service| service.name.clone()).collect(),
    }
}

/// Escalation policies.
#[utoipa::path(
    get, path = "/escalation-policies", tag = "oncall", operation_id = "escalation_policies",
    params(Paging),
    responses((status = 200, description = "Policies by name.", body = List<EscalationPolicy>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<EscalationPolicy>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let name = |policy: &&escalation::Policy| policy.name.clone();
    paging.part(directory.policies.iter(), name, |policy| describe(directory, policy)).map(Json)
}

/// One escalation policy.
#[utoipa::path(
    get, path = "/escalation-policies/{name}", tag = "oncall", operation_id = "escalation_policy",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "The policy.", body = EscalationPolicy))
)]
async fn show(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
) -> Result<Json<EscalationPolicy>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    Ok(Json(describe(directory, find(&directory.policies, "escalation policy", &name)?)))
}

/// Who is paged, when and by what, if nobody answers.
#[utoipa::path(
    get, path = "/escalation-policies/{name}/preview", tag = "oncall",
    operation_id = "preview_escalation_policy",
    params(("name" = String, Path, description = "The name."), Asked),
    responses((status = 200, description = "What would happen.", body = EscalationPreview))
)]
async fn ahead(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<EscalationPreview>, ApiError> {
    let at = instant_or("at", asked.at.as_ref(), ctx.app.now())?;
    let level = match asked.severity {
        Some(number) => {
            Level::new(number).ok_or_else(|| ApiError::field("severity", "must be from 1 to 9"))?
        }
        None => Level::WORST,
    };
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let policy = find(&directory.policies, "escalation policy", &name)?;
    Ok(Json(planned(directory, &preview::preview(directory, policy, level, at))))
}
