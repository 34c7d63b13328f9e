//! The clocks beside an incident's escalation (`I2`, `I3`, `I5`, `L5`): when they next do something, who is
//! there and who is waited for. And the word that one is there.

use axum::extract::State;
use muster_core::id::{TeamId, UserId};
use muster_core::incident::clocks::{self, management, rotation, silence};
use muster_core::incident::lifecycle::{self, Command};
use muster_core::incident::roster;
use muster_core::oncall::preview::Preview;
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::ANSWER_INCIDENTS;
use super::command::do_to;
use super::incident::{Incident, describe_whole};
use crate::api::extract::{Json, MaybeJson, Path};
use crate::api::org::policy::{PlannedManager, managers};
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Routes};

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(ANSWER_INCIDENTS, routes!(check_in))
}

/// The clocks that run beside the escalation, each null while it does not run.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IncidentClocks {
    /// The next manager of the chain is asked.
    #[schema(required)]
    pub management: Option<ManagementClock>,
    /// Somebody else gets the incident, because nothing moved.
    #[schema(required)]
    pub rotation: Option<RotationClock>,
    /// Another policy takes over, because the incident is not over.
    #[schema(required)]
    pub second_set: Option<SecondSetClock>,
    /// Somebody is asked for news, because nobody writes any down.
    #[schema(required)]
    pub silence: Option<SilenceClock>,
    /// Whose acknowledgement is still missing, where the step asks for everybody's.
    pub missing: Vec<String>,
    /// Who was paged and has not checked in.
    pub awaited: Vec<Awaited>,
    /// Who has checked in.
    pub present: Vec<Present>,
}

/// The management chain.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ManagementClock {
    /// When the next one is asked.
    pub next_at: Instant,
    /// How many were asked already.
    pub asked: u32,
    /// Who would be asked then; null where nobody is left.
    #[schema(required)]
    pub next_user: Option<String>,
    /// Everybody who would be asked; only where one incident is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<PlannedManager>,
}

/// Another policy takes over.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SecondSetClock {
    /// When.
    pub at: Instant,
    /// Which; only where one incident is asked for.
    #[schema(required)]
    pub policy: Option<String>,
}

/// Nothing is written down.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SilenceClock {
    /// When somebody is asked for news.
    pub due_at: Instant,
    /// When people last wrote something down, or showed that they work on it.
    pub since: Instant,
    /// Who would be asked; null where nobody is technical assist or scribe.
    #[schema(required)]
    pub user: Option<String>,
}

/// The rotation of the whole state.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RotationClock {
    /// When somebody else gets it.
    pub due_at: Instant,
    /// What is waited for.
    pub waits_for: RotationLeg,
    /// How often somebody else got it already.
    pub turn: u32,
}

/// What the rotation clock waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RotationLeg {
    /// A move to researching.
    Research,
    /// Any sign of work by a person.
    Update,
}

/// Somebody who was paged and has not checked in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Awaited {
    /// Who.
    pub user: String,
    /// When they were paged.
    pub paged_at: Instant,
    /// By when they were to check in.
    pub due_at: Instant,
    /// Whether that has passed.
    pub late: bool,
}

/// Somebody who has checked in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Present {
    /// Who.
    pub user: String,
    /// When.
    pub at: Instant,
    /// When they had been paged, if they were.
    #[schema(required)]
    pub paged_at: Option<Instant>,
    /// Whether it was later than asked for.
    pub late: bool,
    /// For which team, if they said so.
    #[schema(required)]
    pub team: Option<String>,
    /// When they were let go; null while they are there.
    #[schema(required)]
    pub released_at: Option<Instant>,
}

/// Who is there.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// The person's name; yourself unless given.
    #[schema(example = "ana")]
    user: Option<String>,
    /// The team that they are there for; the usual one unless given.
    #[schema(example = "payments")]
    team: Option<String>,
}

/// The clocks of an incident as they are read.
pub(super) fn describe(directory: &Directory, incident: &lifecycle::Incident) -> IncidentClocks {
    let clocks::Clocks { management, rotation, engage, second_set, silence, missing } =
        &incident.clocks;
    let name = |user: UserId| {
        directory.users.get(user).map_or_else(|| "(deleted)".to_owned(), |user| user.name.clone())
    };
    let management = match *management {
        management::State::Climbing { rung, next_at } => {
            let chain = lifecycle::management_chain(directory, incident);
            let next = chain.get(rung as usize).copied();
            let next_user = next.map(name);
            Some(ManagementClock {
                next_at: next_at.into(),
                asked: rung,
                next_user,
                plan: Vec::new(),
            })
        }
        management::State::Idle | management::State::Ended => None,
    };
    let rotation = match *rotation {
        rotation::State::Idle => None,
        rotation::State::Running { leg, turn, due_at } => {
            let waits_for = match leg {
                rotation::Leg::Research => RotationLeg::Research,
                rotation::Leg::Update => RotationLeg::Update,
            };
            Some(RotationClock { due_at: due_at.into(), waits_for, turn })
        }
    };
    let silence = match *silence {
        silence::State::Idle => None,
        silence::State::Listening { since, due_at } => {
            let asked = lifecycle::asked_for_news(incident, &directory.roles);
            let user = asked.map(|(user, _)| name(user));
            Some(SilenceClock { due_at: due_at.into(), since: since.into(), user })
        }
    };
    let awaited = engage.awaited.iter().map(|one| Awaited {
        user: name(one.user),
        paged_at: one.paged_at.into(),
        due_at: one.due_at.into(),
        late: one.is_late,
    });
    let present = engage.present.iter().map(|one| Present {
        user: name(one.user),
        at: one.at.into(),
        paged_at: one.paged_at.map(Instant::from),
        late: one.is_late,
        team: one.stay.team.and_then(|id| directory.teams.get(id)).map(|team| team.name.clone()),
        released_at: one.stay.release.as_ref().map(|release| release.at.into()),
    });
    let (awaited, present) = (awaited.collect(), present.collect());
    let second_set = second_set.next_at().map(|at| SecondSetClock { at: at.into(), policy: None });
    let missing = missing.iter().copied().map(name).collect();
    IncidentClocks { management, rotation, second_set, silence, missing, awaited, present }
}

impl IncidentClocks {
    /// Fills in what would come of the clocks if nobody did anything.
    pub(super) fn plan(&mut self, directory: &Directory, ahead: &Preview) {
        if let Some(management) = &mut self.management {
            management.plan = managers(directory, ahead);
        }
        let next = ahead.second_sets.first().and_then(|(_, id)| directory.policies.get(*id));
        if let Some(second_set) = &mut self.second_set {
            second_set.policy = next.map(|policy| policy.name.clone());
        }
    }
}

/// "I am here": join the incident.
///
/// Whoever was paged is waited for until they say so or begin to work on it. Anybody may join.
#[utoipa::path(
    post, path = "/incidents/{incident}/check-in", tag = "incident", operation_id = "check_in",
    request_body = Option<CheckIn>,
    params(("incident" = String, Path, description = "The id or the number.")),
    responses((status = 200, description = "The incident as it is now.", body = Incident))
)]
async fn check_in(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(incident): Path<String>,
    MaybeJson(body): MaybeJson<CheckIn>,
) -> Result<Json<Incident>, ApiError> {
    let user = match &body.user {
        Some(name) => {
            let snapshot = ctx.app.snapshot();
            let user = snapshot.directory.users.named(name);
            user.ok_or_else(|| ApiError::field("user", format!("there is no person `{name}`")))?.id
        }
        None => caller.user().ok_or_else(|| {
            ApiError::field("user", "say who is there: this token belongs to nobody")
        })?,
    };
    let team = match &body.team {
        Some(name) => Some(team_of(&ctx.app.snapshot().directory, user, name)?),
        None => None,
    };
    let incident = do_to(&ctx, &caller, &incident, Command::CheckIn { user, team }).await?;
    Ok(Json(describe_whole(&ctx, &caller, &incident).await?))
}

/// The team of that name, if the person is in it.
fn team_of(directory: &Directory, user: UserId, name: &str) -> Result<TeamId, ApiError> {
    let teams = roster::teams_of(directory, user);
    let mut known = teams.iter().filter_map(|id| directory.teams.get(*id));
    if let Some(team) = known.clone().find(|team| team.name == name) {
        return Ok(team.id);
    }
    let known: Vec<_> = known.by_ref().map(|team| team.name.as_str()).collect();
    let why = match known.is_empty() {
        true => "they are in no team".to_owned(),
        false => format!("must be one of their teams: {}", known.join(", ")),
    };
    Err(ApiError::field("team", why))
}
