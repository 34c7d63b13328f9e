//! What being on call cost whom (`O12`), what holding roles in incidents did (`R4`), and the record for pay and for law (`O16`). Figures of one
//! person are for that person and for those who lead them; everybody sees sums.

use std::collections::BTreeMap;

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::{IncidentId, ServiceId, UserId};
use muster_core::incident::lifecycle::Incident;
use muster_core::oncall::load::role::{Played, RoleLoad, by_role};
use muster_core::oncall::load::{Called, Load, by_person};
use muster_core::oncall::schedule;
use muster_core::oncall::survey::Survey;
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_core::org::team::Team;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::page::{self as store_page, CallRow};
use muster_store::oncall::survey as store_survey;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::api::extract::{Json, Query};
use crate::api::org::{find, user_name};
use crate::api::period::period;
use crate::api::word::Instant;
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::oncall::record;

/// The period that names no beginning.
const USUAL: SignedDuration = SignedDuration::from_hours(28 * 24);
/// The longest period.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The most pages of one report.
const CALLS_MAX: i64 = 200_000;

/// The most incidents with roles of one report.
const INCIDENTS_MAX: i64 = 20_000;
/// The most surveys of one report.
const SURVEYS_MAX: i64 = 10_000;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Read, Object::Reports), routes!(report))
}

/// Which time on call. What lies ahead is counted as it is planned.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The beginning of the period; 28 days before its end unless given.
    from: Option<Instant>,
    /// The end of the period, which is not part of it; now unless given. At most 366 days later.
    to: Option<Instant>,
    /// The name of a schedule.
    schedule: Option<String>,
    /// The name of a team: the schedules that it plans, and pages of its services.
    team: Option<String>,
}

/// Time on call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimeFigures {
    /// Turns.
    pub shifts: u32,
    /// Time on call, no moment counted twice.
    pub on_call_seconds: i64,
    /// Of it, from 22:00 to 06:00 by the person's clocks.
    pub night_seconds: i64,
    /// Nights with time on call.
    pub nights: u32,
    /// Of it, on Saturdays and Sundays.
    pub weekend_seconds: i64,
    /// Saturdays and Sundays with time on call.
    pub weekend_days: u32,
    /// Of it, on the organisation's holidays.
    pub holiday_seconds: i64,
    /// Holidays with time on call.
    pub holidays: u32,
}

/// Time on call, and pages.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct LoadFigures {
    /// The time.
    #[serde(flatten)]
    pub time: TimeFigures,
    /// Pages that reached a provider.
    pub pages: u32,
    /// Of them, at night.
    pub night_pages: u32,
    /// Incidents that the pages were about.
    pub call_outs: u32,
}

impl From<Load> for TimeFigures {
    fn from(load: Load) -> Self {
        Self {
            shifts: load.shifts,
            on_call_seconds: load.on_call.as_secs(),
            night_seconds: load.night.as_secs(),
            nights: load.nights,
            weekend_seconds: load.weekend.as_secs(),
            weekend_days: load.weekend_days,
            holiday_seconds: load.holiday.as_secs(),
            holidays: load.holidays,
        }
    }
}

impl From<Load> for LoadFigures {
    fn from(load: Load) -> Self {
        Self {
            time: load.into(),
            pages: load.pages,
            night_pages: load.night_pages,
            call_outs: load.call_outs,
        }
    }
}

/// What one person bore.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonLoad {
    /// Who.
    pub user: String,
    /// For people to read.
    pub full_name: String,
    /// How much.
    #[serde(flatten)]
    pub figures: LoadFigures,
    /// What they bore as each role in incidents; not where one schedule is asked for.
    pub roles: Vec<RoleFigures>,
    /// How heavy they said that shifts which ended in the period were.
    pub said: Vec<SaidLoad>,
    /// The average of it, from 1, light, to 5, too much.
    #[schema(required)]
    pub said_average: Option<f64>,
}

/// What it cost somebody to hold a role in incidents.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoleFigures {
    /// The role's name.
    pub role: String,
    /// For people to read.
    pub title: String,
    /// Time in which they held it, no moment counted twice.
    pub held_seconds: i64,
    /// Of it, from 22:00 to 06:00 by the person's clocks.
    pub night_seconds: i64,
    /// Incidents in which they held it.
    pub incidents: u32,
}

/// What somebody said of a shift.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SaidLoad {
    /// Where it was.
    pub schedule: String,
    /// When it ended.
    pub to: Instant,
    /// From 1, light, to 5, too much.
    pub score: u8,
    /// In words, if any.
    pub comment: String,
}

/// What being on call cost in a period.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OnCallReport {
    /// The beginning of the period.
    pub from: Instant,
    /// The end of the period.
    pub to: Instant,
    /// By person, in the order of names: those whose figures you may see.
    pub people: Vec<PersonLoad>,
    /// How many people had a part in it.
    pub people_count: usize,
    /// Whether figures of others are left out of `people`, because they are not for you.
    pub others_hidden: bool,
    /// Of all people together.
    pub total: LoadFigures,
}

/// Time on call, nights, weekends, holidays and pages by person.
#[utoipa::path(
    get, path = "/reports/on-call", tag = "reports", operation_id = "on_call_report", params(Asked),
    responses((status = 200, description = "The figures.", body = OnCallReport))
)]
async fn report(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<OnCallReport>, ApiError> {
    let now = ctx.app.now();
    let usual = || (now.saturating_sub(USUAL).unwrap_or(Timestamp::MIN), now);
    let (from, to) = period(asked.from.as_ref(), asked.to.as_ref(), (USUAL, LONGEST), usual)?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let only = asked.schedule.as_deref().map(|name| find(&directory.schedules, "schedule", name));
    let only = only.transpose()?.map(|schedule| schedule.id);
    let team =
        asked.team.as_deref().map(|name| find(&directory.teams, "team", name)).transpose()?;
    let is_wanted = |schedule: &schedule::Schedule| {
        only.is_none_or(|id| id == schedule.id)
            && team.is_none_or(|team| schedule.team == Some(team.id))
    };
    let held = record::held(&ctx.app.db, directory, (from, to), is_wanted).await?;
    let calls = store_page::calls(&ctx.app.db, from, to, CALLS_MAX).await?;
    let calls: Vec<_> =
        calls.iter().filter(|row| is_of(directory, team, row)).map(called).collect();
    let zone = |user| directory.zone_of(user).clone();
    let loads = by_person(&held, &calls, &directory.holidays, (from, to), zone);
    let surveys = store_survey::answered(&ctx.app.db, (from, to), SURVEYS_MAX).await?;
    let is_wanted_id = |id| directory.schedules.get(id).is_some_and(is_wanted);
    let surveys: Vec<_> = surveys.into_iter().filter(|it| is_wanted_id(it.schedule)).collect();
    let mut loads: BTreeMap<UserId, (Load, Vec<RoleLoad>)> =
        loads.into_iter().map(|(user, load)| (user, (load, Vec::new()))).collect();
    if only.is_none() {
        let incidents = store_incident::with_roles(&ctx.app.db, (from, to), INCIDENTS_MAX).await?;
        let played = incidents
            .iter()
            .filter(|incident| is_of_team(directory, team, incident.service))
            .flat_map(|incident| played(incident, now));
        for (user, roles) in by_role(&played.collect::<Vec<_>>(), (from, to), zone) {
            loads.entry(user).or_default().1 = roles;
        }
    }
    let total = loads.values().fold(Load::default(), |sum, (load, _)| sum.plus(*load));
    let may_see =
        |user: UserId| caller.may(Action::Read, load_of(directory, &caller, user)).is_ok();
    let people_count = loads.len();
    let mut people: Vec<_> = loads
        .into_iter()
        .filter(|(user, _)| may_see(*user))
        .map(|(user, (load, roles))| {
            let said: Vec<_> = surveys
                .iter()
                .filter(|it| it.user == user)
                .filter_map(|it| said(directory, it))
                .collect();
            let full_name = directory.users.get(user).map(|user| user.full_name.clone());
            PersonLoad {
                user: user_name(directory, user),
                full_name: full_name.unwrap_or_default(),
                figures: load.into(),
                roles: roles.into_iter().map(|load| figures(directory, load)).collect(),
                said_average: average(&said),
                said,
            }
        })
        .collect();
    people.sort_by(|a, b| a.user.cmp(&b.user));
    Ok(Json(OnCallReport {
        from: from.into(),
        to: to.into(),
        others_hidden: people.len() < people_count,
        people,
        people_count,
        total: total.into(),
    }))
}

fn said(directory: &Directory, survey: &Survey) -> Option<SaidLoad> {
    let answer = survey.answer.as_ref()?;
    Some(SaidLoad {
        schedule: directory.schedules.get(survey.schedule)?.name.clone(),
        to: survey.to.into(),
        score: answer.score.number(),
        comment: answer.comment.clone(),
    })
}

fn average(said: &[SaidLoad]) -> Option<f64> {
    let count = u32::try_from(said.len()).ok().filter(|count| *count > 0)?;
    let sum: u32 = said.iter().map(|said| u32::from(said.score)).sum();
    Some(f64::from(sum) / f64::from(count))
}

/// What the gate is asked about a person's figures.
fn load_of(directory: &Directory, caller: &Caller, of: UserId) -> Object {
    let me = caller.user();
    let leads = |team: &&Team| team.manager.is_some() && team.manager == me;
    let led = directory.teams.iter().filter(leads).any(|team| team.members.contains(&of));
    Object::Load { of, led_by: me.filter(|_| led) }
}

fn is_of(directory: &Directory, team: Option<&Team>, row: &CallRow) -> bool {
    is_of_team(directory, team, ServiceId(row.service_id))
}

fn is_of_team(directory: &Directory, team: Option<&Team>, service: ServiceId) -> bool {
    let service = directory.services.get(service);
    team.is_none_or(|team| service.is_some_and(|service| service.team == Some(team.id)))
}

/// Who held what in an incident, until they left, it was over, or now.
fn played(incident: &Incident, now: Timestamp) -> impl Iterator<Item = Played> {
    let over = incident.stamps.resolved_at.unwrap_or(now);
    incident.roles.assignments.iter().map(move |one| Played {
        user: one.user,
        role: one.role.clone(),
        incident: incident.id,
        from: one.since,
        to: one.until.unwrap_or(over).min(over),
    })
}

fn figures(directory: &Directory, load: RoleLoad) -> RoleFigures {
    let known = directory.roles.iter().find(|role| role.name == load.role);
    RoleFigures {
        title: known.map_or_else(|| load.role.clone(), |role| role.title.clone()),
        role: load.role,
        held_seconds: load.held.as_secs(),
        night_seconds: load.night.as_secs(),
        incidents: load.incidents,
    }
}

fn called(row: &CallRow) -> Called {
    Called {
        user: UserId(row.user_id),
        incident: IncidentId(row.incident_id),
        at: Timestamp::from_microsecond(row.created_at).unwrap_or_default(),
    }
}
