//! Escalation policies, and who would be paged by them (`O6`).

use axum::extract::State;
use jiff::Timestamp;
use muster_core::alerting::signal::Signal;
use muster_core::id::{PolicyId, UserId};
use muster_core::incident::severity::Level;
use muster_core::oncall::condition::{Condition, Hours};
use muster_core::oncall::escalation::{self, Outlet, Target};
use muster_core::oncall::facts::{Facts, First};
use muster_core::oncall::preview::{self, Case, Preview};
use muster_core::org::directory::Directory;
use muster_store::oncall::turn;
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
    /// What takes over when an incident is not over after long.
    #[schema(required)]
    pub second_set: Option<SecondSet>,
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
    /// When it counts; null for always.
    #[schema(required)]
    pub when: Option<StepCondition>,
    /// Whether everybody it asks must acknowledge.
    pub all_acknowledge: bool,
}

/// What takes over when an incident is not over after long.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SecondSet {
    /// Counted from when the policy began.
    pub after_seconds: i64,
    /// The name of the policy that takes over.
    pub escalation_policy: String,
}

/// When a step counts; everything that is not null must hold.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StepCondition {
    /// One of these levels; empty means any.
    pub severity: Vec<u8>,
    /// At these hours, in words.
    #[schema(required)]
    pub hours: Option<String>,
    /// A CEL expression over the incident's first alert.
    #[schema(required)]
    pub matches: Option<String>,
    /// Only while more than so many alerts came.
    #[schema(required)]
    pub alerts: Option<StepFlood>,
}

/// More than so many alerts within a time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StepFlood {
    /// So many are not enough.
    pub more_than: u32,
    /// Counted back from the step.
    pub within_seconds: i64,
}

/// Who a step asks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EscalationTarget {
    /// One person.
    User(String),
    /// Whoever is on call.
    Schedule(String),
    /// Whoever has the turn in one layer of a schedule.
    Rotation {
        /// The schedule.
        schedule: String,
        /// The layer.
        layer: String,
    },
    /// Every member of a team.
    Team(String),
    /// One member of a team, the next one each time.
    RoundRobin(String),
    /// The manager of a team.
    ManagerOf(String),
    /// Whoever is on call as that.
    Role {
        /// As what.
        role: String,
        /// Of one team; of every team where there is none.
        #[schema(required)]
        team: Option<String>,
    },
    /// A room, a number, a topic by a provider; nobody is asked there.
    Channel {
        /// The provider.
        provider: String,
        /// Where.
        address: String,
    },
    /// An outgoing event webhook; nobody is asked there.
    Webhook(String),
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
    /// Labels of its first alert, as `team:payments,env:prod`.
    labels: Option<String>,
    /// The service it is about, whose managers are asked.
    service: Option<String>,
}

/// What an escalation is looked at for, once it is read.
pub(in crate::api) struct Occasion {
    /// When the incident begins; now unless given.
    pub at: Option<Instant>,
    /// How bad it is; the worst unless given.
    pub severity: Option<u8>,
    /// Labels of its first alert.
    pub labels: Vec<(String, String)>,
    /// The service it is about.
    pub service: Option<String>,
}

/// Who is paged, when and by what, if nobody answers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EscalationPreview {
    /// In the order in which they would go out.
    pub pages: Vec<PlannedPage>,
    /// Steps whose condition does not hold when their time comes.
    pub skipped: Vec<SkippedStep>,
    /// Places that would be told.
    pub told: Vec<ToldPlace>,
    /// When other policies would take over.
    pub second_sets: Vec<TakeOver>,
    /// When each manager of the chain would be asked.
    pub management: Vec<PlannedManager>,
    /// What a planner should know.
    pub warnings: Vec<String>,
}

/// A step that would be left out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SkippedStep {
    /// When its time would come.
    pub at: Instant,
    /// Whose step.
    pub policy: String,
    /// The step, counted from 1.
    pub step: u32,
    /// Why, in words.
    pub why: String,
}

/// A place that would be told.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ToldPlace {
    /// When.
    pub at: Instant,
    /// Whose step.
    pub policy: String,
    /// The step, counted from 1.
    pub step: u32,
    /// Where.
    pub place: EscalationTarget,
}

/// Another policy that would take over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TakeOver {
    /// When.
    pub at: Instant,
    /// Which.
    pub policy: String,
}

/// A manager who would be asked by the management chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedManager {
    /// When.
    pub at: Instant,
    /// Who.
    pub user: String,
}

/// One message to one person by one method.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PlannedPage {
    /// When it would go out.
    pub at: Instant,
    /// Whose step, or whose rounds led to the catch-all.
    pub policy: String,
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
        policy: policy_name(directory, page.policy),
        step: page.step,
        round: page.round,
        user: user_name(directory, page.user),
        method: method(page),
    };
    let skipped = preview.skipped.iter().map(|step| SkippedStep {
        at: step.at.into(),
        policy: policy_name(directory, step.policy),
        step: step.step,
        why: step.why.words(),
    });
    let told = preview.told.iter().map(|told| ToldPlace {
        at: told.at.into(),
        policy: policy_name(directory, told.policy),
        step: told.step,
        place: place(directory, &told.outlet),
    });
    let second_sets = preview
        .second_sets
        .iter()
        .map(|(at, policy)| TakeOver { at: (*at).into(), policy: policy_name(directory, *policy) });
    EscalationPreview {
        pages: preview.pages.iter().map(page).collect(),
        skipped: skipped.collect(),
        told: told.collect(),
        second_sets: second_sets.collect(),
        management: managers(directory, preview),
        warnings: preview.warnings.iter().map(|warning| warning.words(directory)).collect(),
    }
}

/// The managers whom a preview asks.
pub(in crate::api) fn managers(directory: &Directory, preview: &Preview) -> Vec<PlannedManager> {
    let manager = |(at, user): &(Timestamp, UserId)| PlannedManager {
        at: (*at).into(),
        user: user_name(directory, *user),
    };
    preview.management.iter().map(manager).collect()
}

fn policy_name(directory: &Directory, id: PolicyId) -> String {
    directory.policies.get(id).map_or_else(|| "(deleted)".to_owned(), |policy| policy.name.clone())
}

fn place(directory: &Directory, outlet: &Outlet) -> EscalationTarget {
    match outlet {
        Outlet::Webhook(id) => EscalationTarget::Webhook(
            directory
                .webhooks
                .get(*id)
                .map_or_else(|| "(deleted)".to_owned(), |webhook| webhook.name.clone()),
        ),
        Outlet::Channel { provider, address } => {
            EscalationTarget::Channel { provider: provider.clone(), address: address.clone() }
        }
    }
}

fn condition(when: &Condition) -> Option<StepCondition> {
    (!when.is_empty()).then(|| StepCondition {
        severity: when.severities.iter().map(|level| level.number()).collect(),
        hours: when.hours.as_ref().map(Hours::words),
        matches: when.rule.as_ref().map(|rule| rule.text().to_owned()),
        alerts: when.flood.map(|flood| StepFlood {
            more_than: flood.more_than,
            within_seconds: flood.within.as_secs(),
        }),
    })
}

fn target(directory: &Directory, target: &Target) -> EscalationTarget {
    let gone = || "(deleted)".to_owned();
    match *target {
        Target::Rotation { schedule, ref layer } => EscalationTarget::Rotation {
            schedule: directory.schedules.get(schedule).map_or_else(gone, |it| it.name.clone()),
            layer: layer.clone(),
        },
        Target::Role { ref role, team } => EscalationTarget::Role {
            role: role.name().to_owned(),
            team: team.and_then(|id| directory.teams.get(id)).map(|team| team.name.clone()),
        },
        Target::RoundRobin(id) => EscalationTarget::RoundRobin(
            directory.teams.get(id).map_or_else(gone, |team| team.name.clone()),
        ),
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
        targets: step
            .targets
            .iter()
            .map(|asked| target(directory, asked))
            .chain(step.outlets.iter().map(|outlet| place(directory, outlet)))
            .collect(),
        when: condition(&step.when),
        all_acknowledge: step.all_acknowledge,
    };
    let paged = directory.services.iter().filter(|service| service.policy == policy.id);
    EscalationPolicy {
        name: policy.name.clone(),
        team: policy.team.and_then(|team| directory.teams.get(team)).map(|team| team.name.clone()),
        repeat: policy.repeat,
        steps: policy.steps.iter().map(step).collect(),
        second_set: policy.second_set.map(|second| SecondSet {
            after_seconds: second.after.as_secs(),
            escalation_policy: policy_name(directory, second.policy),
        }),
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
    let snapshot = ctx.app.snapshot();
    let asked_for = Occasion {
        at: asked.at,
        severity: asked.severity,
        labels: labels(asked.labels.as_deref())?,
        service: asked.service,
    };
    looked_at(&ctx, &snapshot.directory, &name, asked_for).await.map(Json)
}

/// Who would be paged by a policy of a directory, which may be one that is not in force.
pub(in crate::api) async fn looked_at(
    ctx: &Ctx,
    directory: &Directory,
    name: &str,
    occasion: Occasion,
) -> Result<EscalationPreview, ApiError> {
    let at = instant_or("at", occasion.at.as_ref(), ctx.app.now())?;
    let level = match occasion.severity {
        Some(number) => {
            Level::new(number).ok_or_else(|| ApiError::field("severity", "must be from 1 to 9"))?
        }
        None => Level::WORST,
    };
    let policy = find(&directory.policies, "escalation policy", name)?;
    let service = match &occasion.service {
        Some(name) => Some(find(&directory.services, "service", name)?),
        None => None,
    };
    let signal = Signal { labels: occasion.labels, ..Signal::trigger("", "") };
    let first = Some(First { signal, integration: String::new() });
    let turns = turn::read(&ctx.app.db).await?;
    let facts = Facts { first, turns, ..Facts::default() };
    let case = Case { policy, service, level, facts: &facts };
    Ok(planned(directory, &preview::of_case(directory, &case, at)))
}

/// `team:payments,env:prod` as labels.
fn labels(text: Option<&str>) -> Result<Vec<(String, String)>, ApiError> {
    let parts = text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once(':').ok_or_else(|| {
                ApiError::field("labels", "write labels as `name:value`, with commas between them")
            })?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}
