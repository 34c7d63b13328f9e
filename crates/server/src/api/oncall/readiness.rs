//! The readiness board (`O5`, `O8`, `O9`): whether the people who may be paged can be, whether the
//! teams and services have somebody at every instant ahead, and when the clocks change.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::{ContactMethodId, PolicyId, TeamId, UserId};
use muster_core::oncall::coverage::has_critical_method;
use muster_core::oncall::schedule::{clock_changes, on_call_at};
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::{CATCH_ALL_SERVICE, Directory};
use muster_core::org::user::{Role, User};
use muster_store::oncall::reached;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::coverage::{CoverageScore, WEEKS_USUAL, is_gap, percent};
use crate::api::extract::{Json, Query};
use crate::api::org::schedule::ClockChange;
use crate::api::org::user_name;
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Need, Routes};
use crate::app::oncall::proof::{Proof, weeks_from};

/// A message that arrived within this time shows that a method works.
const RECENT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most weeks ahead.
const WEEKS_MAX: i64 = 52;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Read, Object::System), routes!(readiness))
}

/// How far ahead is looked.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Ahead {
    /// How many weeks ahead: 1 to 52, 8 unless given.
    #[param(minimum = 1, maximum = 52)]
    weeks: Option<i64>,
}

/// Whether everybody and everything is ready.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// When it was looked at.
    pub at: Instant,
    /// How many weeks ahead were looked at.
    pub weeks: i64,
    /// The share of the next year in which every paging policy reaches somebody.
    pub score: CoverageScore,
    /// Everybody who may be paged, by name.
    pub people: Vec<PersonReadiness>,
    /// Teams by name.
    pub teams: Vec<TeamReadiness>,
    /// Services by name.
    pub services: Vec<ServiceReadiness>,
    /// Shifts that are shorter or longer than usual, because the clocks change (`O4`).
    pub clock_changes: Vec<ScheduleClockChange>,
}

/// Whether one person can be paged.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonReadiness {
    /// Who.
    pub user: String,
    /// For people to read.
    pub full_name: String,
    /// Their teams.
    pub teams: Vec<String>,
    /// The schedules that they take turns in.
    pub schedules: Vec<String>,
    /// The policies that may ask them, by name, by a schedule or by a team.
    pub policies: Vec<String>,
    /// Whether an urgent page would wake them.
    pub has_critical_method: bool,
    /// Whether a message arrived by a critical method within the last 30 days.
    pub heard_lately: bool,
    /// Their contact methods.
    pub methods: Vec<MethodReadiness>,
    /// What to do about it; empty for whoever is ready.
    pub advice: Vec<String>,
}

/// One way to reach a person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MethodReadiness {
    /// Its name.
    pub name: String,
    /// Its channel.
    #[serde(rename = "type")]
    pub channel: String,
    /// Whether messages are known to arrive at the person.
    pub verified: bool,
    /// Whether an urgent page may rely on it alone.
    pub critical: bool,
    /// When a provider last took a message for it.
    #[schema(required)]
    pub last_accepted_at: Option<Instant>,
}

/// Whether a team is ready.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TeamReadiness {
    /// Which.
    pub team: String,
    /// Who answers for it.
    #[schema(required)]
    pub manager: Option<String>,
    /// How many members it has.
    pub members: u64,
    /// How many of them an urgent page would wake.
    pub members_ready: u64,
    /// How many of them take turns in a schedule.
    pub members_on_rota: u64,
    /// How many stretches ahead have nobody in an escalation policy of the team.
    pub gaps: u64,
    /// When the first of them begins.
    #[schema(required)]
    pub next_gap: Option<Instant>,
}

/// Whether a service is ready.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ServiceReadiness {
    /// Which.
    pub service: String,
    /// Who owns it.
    #[schema(required)]
    pub team: Option<String>,
    /// 1 is the most important.
    #[schema(required)]
    pub tier: Option<u8>,
    /// The policy that pages for it.
    pub policy: String,
    /// How many stretches ahead have nobody.
    pub gaps: u64,
    /// When the first of them begins.
    #[schema(required)]
    pub next_gap: Option<Instant>,
    /// How many stretches ahead have somebody who may not hear it.
    pub risks: u64,
}

/// A change of the clocks during somebody's shift.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleClockChange {
    /// In which schedule.
    pub schedule: String,
    /// Who is on call then.
    pub users: Vec<String>,
    /// The change.
    #[serde(flatten)]
    pub change: ClockChange,
}

/// What concerns people: who takes turns where, and which policies may ask whom.
#[derive(Default)]
struct Duties {
    schedules: BTreeMap<UserId, BTreeSet<String>>,
    policies: BTreeMap<UserId, BTreeSet<String>>,
    teams: BTreeMap<UserId, BTreeSet<String>>,
}

fn duties(directory: &Directory) -> Duties {
    use muster_core::oncall::escalation::Target;
    let mut duties = Duties::default();
    for schedule in directory.schedules.iter() {
        for user in schedule.layers.iter().flat_map(|layer| layer.rotation.everybody()) {
            duties.schedules.entry(user).or_default().insert(schedule.name.clone());
        }
    }
    for team in directory.teams.iter() {
        for user in team.members.iter().chain(&team.manager) {
            duties.teams.entry(*user).or_default().insert(team.name.clone());
        }
    }
    for policy in directory.policies.iter() {
        for target in policy.steps.iter().flat_map(|step| &step.targets) {
            let people: Vec<UserId> = match target {
                Target::User(user) => vec![*user],
                Target::Schedule(id) => {
                    let schedule = directory.schedules.get(*id);
                    let layers = schedule.into_iter().flat_map(|schedule| &schedule.layers);
                    layers.flat_map(|layer| layer.rotation.everybody()).collect()
                }
                Target::Rotation { schedule, layer } => {
                    let schedule = directory.schedules.get(*schedule);
                    let layers = schedule.into_iter().flat_map(|schedule| &schedule.layers);
                    let layers = layers.filter(|one| one.name == *layer);
                    layers.flat_map(|layer| layer.rotation.everybody()).collect()
                }
                Target::Role { role, team } => {
                    let schedules = directory.schedules.iter();
                    let of_role = schedules.filter(|schedule| {
                        schedule.role.as_ref() == Some(role)
                            && (team.is_none() || schedule.team == *team)
                    });
                    let layers = of_role.flat_map(|schedule| &schedule.layers);
                    layers.flat_map(|layer| layer.rotation.everybody()).collect()
                }
                Target::Team(id) | Target::RoundRobin(id) => {
                    directory.teams.get(*id).map(|team| team.members.clone()).unwrap_or_default()
                }
                Target::ManagerOf(id) => {
                    directory.teams.get(*id).and_then(|team| team.manager).into_iter().collect()
                }
            };
            for user in people {
                duties.policies.entry(user).or_default().insert(policy.name.clone());
            }
        }
    }
    duties
}

fn person(
    user: &User,
    duties: &Duties,
    heard: &std::collections::HashMap<ContactMethodId, Timestamp>,
    now: Timestamp,
) -> PersonReadiness {
    let of = |map: &BTreeMap<UserId, BTreeSet<String>>| -> Vec<String> {
        map.get(&user.id).into_iter().flatten().cloned().collect()
    };
    let since = now.saturating_sub(RECENT).unwrap_or(Timestamp::MIN);
    let methods: Vec<MethodReadiness> = user
        .contact_methods
        .iter()
        .map(|method| MethodReadiness {
            name: method.name.clone(),
            channel: method.address.channel().to_owned(),
            verified: method.verified,
            critical: method.address.is_critical(),
            last_accepted_at: heard.get(&method.id).map(|at| (*at).into()),
        })
        .collect();
    let is_heard = user.contact_methods.iter().any(|method| {
        method.verified
            && method.address.is_critical()
            && heard.get(&method.id).is_some_and(|at| *at >= since)
    });
    let wakes = has_critical_method(user);
    let policies = of(&duties.policies);
    let mut advice = Vec::new();
    if user.contact_methods.is_empty() {
        advice.push("add a contact method: nobody can page them".to_owned());
    } else if !user.contact_methods.iter().any(|method| method.verified) {
        advice.push("verify a contact method: none is, so nobody can page them".to_owned());
    } else if !wakes {
        advice.push("add a method that wakes people, such as a call, and name it in the rules for urgent pages".to_owned());
    } else if !is_heard {
        advice.push("send a test: nothing has arrived for 30 days".to_owned());
    }
    if policies.is_empty() && !of(&duties.teams).is_empty() {
        advice.push("no escalation policy asks them".to_owned());
    }
    PersonReadiness {
        user: user.name.clone(),
        full_name: user.full_name.clone(),
        teams: of(&duties.teams),
        schedules: of(&duties.schedules),
        policies,
        has_critical_method: wakes,
        heard_lately: is_heard,
        methods,
        advice,
    }
}

/// How often, and when first, something was found of some policies.
fn count(
    proof: &Proof,
    wanted: impl Fn(&crate::app::oncall::proof::Found) -> bool,
) -> (u64, Option<Instant>) {
    let mut found = proof.found.iter().filter(|found| wanted(found));
    let first = found.clone().map(|found| found.finding.span.from).min();
    (found.by_ref().count() as u64, first.map(Into::into))
}

fn team_of(
    directory: &Directory,
    id: TeamId,
    proof: &Proof,
    duties: &Duties,
) -> Option<TeamReadiness> {
    let team = directory.teams.get(id)?;
    let members = || team.members.iter().filter_map(|user| directory.users.get(*user));
    let policies: BTreeSet<PolicyId> = directory
        .policies
        .iter()
        .filter(|policy| policy.team == Some(id))
        .map(|policy| policy.id)
        .chain(
            directory
                .services
                .iter()
                .filter(|service| service.team == Some(id))
                .map(|service| service.policy),
        )
        .collect();
    let (gaps, next_gap) =
        count(proof, |found| is_gap(found) && policies.contains(&found.finding.policy));
    Some(TeamReadiness {
        team: team.name.clone(),
        manager: team.manager.map(|user| user_name(directory, user)),
        members: members().count() as u64,
        members_ready: members().filter(|user| has_critical_method(user)).count() as u64,
        members_on_rota: members().filter(|user| duties.schedules.contains_key(&user.id)).count()
            as u64,
        gaps,
        next_gap,
    })
}

/// Whether everybody who may be paged can be, and everything that may break has somebody.
#[utoipa::path(
    get, path = "/readiness", tag = "oncall", operation_id = "readiness", params(Ahead),
    responses((status = 200, description = "The board.", body = Readiness))
)]
async fn readiness(
    State(ctx): State<Ctx>,
    Query(ahead): Query<Ahead>,
) -> Result<Json<Readiness>, ApiError> {
    let weeks = ahead.weeks.unwrap_or(WEEKS_USUAL);
    if !(1..=WEEKS_MAX).contains(&weeks) {
        return Err(ApiError::field("weeks", format!("must be from 1 to {WEEKS_MAX}")));
    }
    let now = ctx.app.now();
    let (proof, score, directory) = ctx.app.prove(None, weeks).await?;
    let methods = directory.users.iter().flat_map(|user| &user.contact_methods);
    let methods: Vec<ContactMethodId> = methods.map(|method| method.id).collect();
    let mut tx = ctx.app.db.snapshot().await?;
    let heard = reached::last_accepted(&mut tx, methods).await?;
    drop(tx);
    let duties = duties(&directory);
    let paged =
        |user: &&User| user.role > Role::Stakeholder || duties.policies.contains_key(&user.id);
    let people = directory.users.iter().filter(paged);
    let teams = directory.teams.iter();
    let service = |service: &muster_core::org::service::Service| {
        let of = |found: &crate::app::oncall::proof::Found| found.finding.policy == service.policy;
        let (gaps, next_gap) = count(&proof, |found| is_gap(found) && of(found));
        let risk = muster_core::oncall::coverage::Weight::Risk;
        let (risks, _) = count(&proof, |found| found.finding.trouble.weight() == risk && of(found));
        ServiceReadiness {
            service: service.name.clone(),
            team: service.team.and_then(|id| directory.teams.get(id)).map(|team| team.name.clone()),
            tier: service.tier,
            policy: directory
                .policies
                .get(service.policy)
                .map(|policy| policy.name.clone())
                .unwrap_or_default(),
            gaps,
            next_gap,
            risks,
        }
    };
    let services = directory.services.iter().filter(|service| service.name != CATCH_ALL_SERVICE);
    let span = weeks_from(now, weeks);
    let changes = directory.schedules.iter().flat_map(|schedule| {
        let directory = &directory;
        let changes = clock_changes(schedule, span.from, span.to).into_iter();
        changes.map(move |change| ScheduleClockChange {
            schedule: schedule.name.clone(),
            users: on_call_at(schedule, change.at)
                .into_iter()
                .map(|shift| user_name(directory, shift.user))
                .collect(),
            change: ClockChange::of(directory, schedule, change),
        })
    });
    Ok(Json(Readiness {
        at: now.into(),
        weeks,
        score: percent(&score),
        people: people.map(|user| person(user, &duties, &heard, now)).collect(),
        teams: teams.filter_map(|team| team_of(&directory, team.id, &proof, &duties)).collect(),
        services: services.map(service).collect(),
        clock_changes: changes.collect(),
    }))
}
