//! Schedules: who is on call now, at any instant, and over a period.

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::oncall::schedule::{self, next_on_call, on_call_at, shifts};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{find, user_name, zone_name};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::period::{instant_or, period};
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Routes, SEE_ORGANIZATION};

/// The period of shifts that names no end.
const SHIFTS_USUAL: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The longest period of shifts.
const SHIFTS_LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(SEE_ORGANIZATION, routes!(show))
        .on(SEE_ORGANIZATION, routes!(on_call_of))
        .on(SEE_ORGANIZATION, routes!(shifts_of))
        .on(SEE_ORGANIZATION, routes!(on_call))
}

/// When.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct When {
    /// The instant that is asked about; now unless given.
    at: Option<Instant>,
}

/// A period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Between {
    /// The beginning of the period; now unless given.
    from: Option<Instant>,
    /// The end of the period; 14 days after its beginning unless given, at most 366.
    to: Option<Instant>,
}

/// A schedule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// Unique.
    #[schema(example = "payments-primary")]
    pub name: String,
    /// Who plans it.
    #[schema(required)]
    pub team: Option<String>,
    /// The zone of its handoffs.
    pub timezone: String,
    /// Its layers, from the lowest to the highest precedence.
    pub layers: Vec<ScheduleLayer>,
    /// The policies that page by it.
    pub escalation_policies: Vec<String>,
}

/// One rotation of a schedule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleLayer {
    /// Unique within the schedule.
    pub name: String,
    /// Who takes turns, in order.
    pub participants: Vec<String>,
}

/// Somebody's turn.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OnCallShift {
    /// Who.
    pub user: String,
    /// For people to read.
    pub full_name: String,
    /// The layer, or `override`.
    pub layer: String,
    /// From when on.
    pub from: Instant,
    /// Up to when; null where nothing ends it.
    #[schema(required)]
    pub to: Option<Instant>,
}

/// Who is on call in one schedule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OnCall {
    /// The instant that was asked for.
    pub at: Instant,
    /// Who is on call then; empty in a gap.
    pub on_call: Vec<OnCallShift>,
}

/// Who comes next.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NextOnCall {
    /// Who.
    pub user: String,
    /// From when on.
    pub from: Instant,
}

/// Who is on call in one schedule, and who comes next.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OnCallOfSchedule {
    /// The schedule.
    pub schedule: String,
    /// Who plans it.
    #[schema(required)]
    pub team: Option<String>,
    /// The zone of its handoffs.
    pub timezone: String,
    /// Who is on call then; empty in a gap.
    pub on_call: Vec<OnCallShift>,
    /// Who comes next.
    pub next: Vec<NextOnCall>,
}

/// Who is on call everywhere.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OnCallNow {
    /// The instant that was asked for.
    pub at: Instant,
    /// Schedules by name.
    pub items: Vec<OnCallOfSchedule>,
}

/// A shift within a period; whole, also where it reaches beyond.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Shift {
    /// Who.
    pub user: String,
    /// The layer, or `override`.
    pub layer: String,
    /// From when on.
    #[schema(required)]
    pub from: Option<Instant>,
    /// Up to when; null where nothing ends it.
    #[schema(required)]
    pub to: Option<Instant>,
}

impl Shift {
    /// A shift in words.
    pub(in crate::api) fn of(directory: &Directory, shift: schedule::Shift) -> Self {
        Self {
            user: user_name(directory, shift.user),
            layer: shift.layer,
            from: bounded(shift.from),
            to: bounded(shift.to),
        }
    }
}

/// An instant, unless it stands for the beginning or the end of time.
fn bounded(at: Timestamp) -> Option<Instant> {
    (at > Timestamp::MIN && at < Timestamp::MAX).then(|| at.into())
}

fn turn(directory: &Directory, shift: schedule::Shift) -> OnCallShift {
    let user = directory.users.get(shift.user);
    OnCallShift {
        user: user_name(directory, shift.user),
        full_name: user.map_or_else(String::new, |user| user.full_name.clone()),
        layer: shift.layer,
        from: shift.from.into(),
        to: bounded(shift.to),
    }
}

fn turns(directory: &Directory, of: &schedule::Schedule, at: Timestamp) -> Vec<OnCallShift> {
    on_call_at(of, at).into_iter().map(|shift| turn(directory, shift)).collect()
}

fn team_of(directory: &Directory, of: &schedule::Schedule) -> Option<String> {
    of.team.and_then(|team| directory.teams.get(team)).map(|team| team.name.clone())
}

fn describe(directory: &Directory, of: &schedule::Schedule) -> Schedule {
    use muster_core::oncall::escalation::Target;
    let pages_by_it = |policy: &&muster_core::oncall::escalation::Policy| {
        policy.steps.iter().any(|step| step.targets.contains(&Target::Schedule(of.id)))
    };
    let layer = |layer: &schedule::Layer| ScheduleLayer {
        name: layer.name.clone(),
        participants: layer
            .rotation
            .participants
            .iter()
            .flatten()
            .map(|user| user_name(directory, *user))
            .collect(),
    };
    Schedule {
        name: of.name.clone(),
        team: team_of(directory, of),
        timezone: zone_name(&of.timezone),
        layers: of.layers.iter().map(layer).collect(),
        escalation_policies: directory
            .policies
            .iter()
            .filter(pages_by_it)
            .map(|policy| policy.name.clone())
            .collect(),
    }
}

/// Schedules.
#[utoipa::path(
    get, path = "/schedules", tag = "oncall", operation_id = "schedules", params(Paging),
    responses((status = 200, description = "Schedules by name.", body = List<Schedule>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<Schedule>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let name = |schedule: &&schedule::Schedule| schedule.name.clone();
    paging.part(directory.schedules.iter(), name, |of| describe(directory, of)).map(Json)
}

/// One schedule.
#[utoipa::path(
    get, path = "/schedules/{name}", tag = "oncall", operation_id = "schedule",
    params(("name" = String, Path, description = "The name.")),
    responses((status = 200, description = "The schedule.", body = Schedule))
)]
async fn show(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
) -> Result<Json<Schedule>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    Ok(Json(describe(directory, find(&directory.schedules, "schedule", &name)?)))
}

/// Who is on call in a schedule.
#[utoipa::path(
    get, path = "/schedules/{name}/on-call", tag = "oncall", operation_id = "on_call_of_schedule",
    params(("name" = String, Path, description = "The name."), When),
    responses((status = 200, description = "Who is on call then.", body = OnCall))
)]
async fn on_call_of(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
    Query(when): Query<When>,
) -> Result<Json<OnCall>, ApiError> {
    let at = instant_or("at", when.at.as_ref(), ctx.app.now())?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let of = find(&directory.schedules, "schedule", &name)?;
    Ok(Json(OnCall { at: at.into(), on_call: turns(directory, of, at) }))
}

/// The shifts of a schedule that meet a period.
#[utoipa::path(
    get, path = "/schedules/{name}/shifts", tag = "oncall", operation_id = "shifts_of_schedule",
    params(("name" = String, Path, description = "The name."), Between),
    responses((status = 200, description = "Shifts in order, whole.", body = List<Shift>))
)]
async fn shifts_of(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
    Query(between): Query<Between>,
) -> Result<Json<List<Shift>>, ApiError> {
    let now = ctx.app.now();
    let usual = || (now, now.saturating_add(SHIFTS_USUAL).unwrap_or(Timestamp::MAX));
    let lengths = (SHIFTS_USUAL, SHIFTS_LONGEST);
    let (from, to) = period(between.from.as_ref(), between.to.as_ref(), lengths, usual)?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let of = find(&directory.schedules, "schedule", &name)?;
    let shift = |shift: schedule::Shift| Shift::of(directory, shift);
    Ok(Json(List::whole(shifts(of, from, to).into_iter().map(shift).collect())))
}

/// Who is on call, and who comes next, in every schedule.
#[utoipa::path(
    get, path = "/on-call", tag = "oncall", operation_id = "on_call", params(When),
    responses((status = 200, description = "Every schedule by name.", body = OnCallNow))
)]
async fn on_call(
    State(ctx): State<Ctx>,
    Query(when): Query<When>,
) -> Result<Json<OnCallNow>, ApiError> {
    let at = instant_or("at", when.at.as_ref(), ctx.app.now())?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let of_schedule = |of: &schedule::Schedule| OnCallOfSchedule {
        schedule: of.name.clone(),
        team: team_of(directory, of),
        timezone: zone_name(&of.timezone),
        on_call: turns(directory, of, at),
        next: next_on_call(of, at)
            .map(|shift| NextOnCall {
                user: user_name(directory, shift.user),
                from: shift.from.into(),
            })
            .into_iter()
            .collect(),
    };
    let items = directory.schedules.iter().map(of_schedule).collect();
    Ok(Json(OnCallNow { at: at.into(), items }))
}
