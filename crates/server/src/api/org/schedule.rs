//! Schedules: who is on call now, at any instant, and over a period.

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::id::UserId;
use muster_core::oncall::mirror::Mirror;
use muster_core::oncall::schedule::{
    self, clock_changes, longer_by, next_on_call, on_call_at, shadow_shifts, shadows_at, shifts,
};
use muster_core::org::directory::Directory;
use muster_store::oncall::mirror;
use muster_store::org::document::text::{Handoff, Turn};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{find, user_name, zone_name};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::oncall::mirror::ScheduleChat;
use crate::api::period::{instant_or, period};
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Routes, SEE_ORGANIZATION};

/// The period of shifts that names no end.
const SHIFTS_USUAL: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How far ahead changes of the clocks are told.
const CLOCK_CHANGES_AHEAD: SignedDuration = SignedDuration::from_hours(8 * 7 * 24);
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
    /// What its people are on call as: `primary`, `secondary`, `management`, `incident_lead`,
    /// `scribe`, or the organisation's own word.
    #[schema(required)]
    pub role: Option<String>,
    /// The zone of its handoffs.
    pub timezone: String,
    /// Its layers, from the lowest to the highest precedence.
    pub layers: Vec<ScheduleLayer>,
    /// Who goes along with somebody's shifts, now or later.
    pub shadows: Vec<ScheduleShadow>,
    /// When clocks change within the next eight weeks, and which shifts that falls into.
    pub clock_changes: Vec<ClockChange>,
    /// The policies that page by it.
    pub escalation_policies: Vec<String>,
    /// What follows it in a chat.
    #[schema(required)]
    pub chat: Option<ScheduleChat>,
}

/// One rotation of a schedule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleLayer {
    /// Unique within the schedule.
    pub name: String,
    /// The zone of its handoffs.
    pub timezone: String,
    /// Whether its people join those of the layers below rather than replace them.
    pub adds: bool,
    /// Everybody who takes turns, in order.
    pub participants: Vec<String>,
    /// Who has each turn, in order: one person or several.
    pub turns: Vec<Vec<String>>,
    /// The lengths of the turns, which repeat: `1w`, `12h`, `1mo`.
    pub every: Vec<String>,
    /// When turns change: `Mon 09:00`.
    pub handoff: String,
    /// Planned changes, by date.
    pub changes: Vec<RosterChange>,
}

/// A planned change of a rotation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RosterChange {
    /// It counts from the first handoff on or after this local date.
    #[schema(example = "2026-12-01")]
    pub from: String,
    /// Who has each turn from then on.
    pub turns: Vec<Vec<String>>,
}

/// Somebody who goes along with another's shifts to learn.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleShadow {
    /// Who learns.
    pub user: String,
    /// Whose shifts they are.
    pub follows: String,
    /// From when on; null where it has no beginning.
    #[schema(required)]
    pub from: Option<Instant>,
    /// Up to when; null where it has no end.
    #[schema(required)]
    pub to: Option<Instant>,
    /// Whether the trainee has the shift and the other gets the copies.
    pub reverse: bool,
}

/// A change of the clocks (`O4`).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ClockChange {
    /// When.
    pub at: Instant,
    /// Where.
    pub timezone: String,
    /// How many minutes the clocks go forward; negative when they go back.
    pub forward_minutes: i64,
    /// The offset from UTC before it, in seconds.
    pub offset_before_seconds: i32,
    /// The offset from UTC after it, in seconds.
    pub offset_after_seconds: i32,
    /// The shifts that it falls into, whole.
    pub shifts: Vec<Shift>,
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
    /// Whose shift it is when a trainee has it.
    #[schema(required)]
    pub mentor: Option<String>,
}

/// Somebody who gets copies of what another is paged for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ShadowShift {
    /// Who gets the copies.
    pub user: String,
    /// For people to read.
    pub full_name: String,
    /// Who is on call.
    pub of: String,
    /// From when on.
    #[schema(required)]
    pub from: Option<Instant>,
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
    /// Who gets copies then, and is not on call.
    pub shadows: Vec<ShadowShift>,
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
    /// What its people are on call as.
    #[schema(required)]
    pub role: Option<String>,
    /// Who is on call then; empty in a gap.
    pub on_call: Vec<OnCallShift>,
    /// Who gets copies then, and is not on call.
    pub shadows: Vec<ShadowShift>,
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
    /// What it is a shift as: the role of the schedule.
    #[schema(required)]
    pub role: Option<String>,
    /// Whose shift it is when a trainee has it.
    #[schema(required)]
    pub mentor: Option<String>,
    /// On whose shift they only go along, with copies of the pages; null for who is on call.
    #[schema(required)]
    pub shadow: Option<String>,
    /// How many minutes longer it is than its local times say, because clocks change within it; -60
    /// in spring and 60 in autumn, in most zones.
    pub longer_by_minutes: i64,
}

impl Shift {
    /// A shift in words.
    pub(in crate::api) fn of(
        directory: &Directory,
        of: &schedule::Schedule,
        shift: schedule::Shift,
    ) -> Self {
        let longer_by_minutes = longer_by(of, &shift).as_mins();
        Self {
            user: user_name(directory, shift.user),
            layer: shift.layer,
            from: bounded(shift.from),
            to: bounded(shift.to),
            role: role_of(of),
            mentor: shift.mentor.map(|mentor| user_name(directory, mentor)),
            shadow: None,
            longer_by_minutes,
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
        mentor: shift.mentor.map(|mentor| user_name(directory, mentor)),
    }
}

fn shadows_of(directory: &Directory, of: &schedule::Schedule, at: Timestamp) -> Vec<ShadowShift> {
    let shadow = |shadow: schedule::ShadowShift| ShadowShift {
        user: user_name(directory, shadow.user),
        full_name: directory
            .users
            .get(shadow.user)
            .map_or_else(String::new, |user| user.full_name.clone()),
        of: user_name(directory, shadow.of),
        from: bounded(shadow.from),
        to: bounded(shadow.to),
    };
    shadows_at(of, at).into_iter().map(shadow).collect()
}

fn role_of(of: &schedule::Schedule) -> Option<String> {
    of.role.as_ref().map(|role| role.name().to_owned())
}

fn shadow_of(directory: &Directory, of: &schedule::Schedule, one: schedule::ShadowShift) -> Shift {
    let schedule::ShadowShift { user, of: followed, layer, from, to } = one;
    let whole = schedule::Shift { user, layer, from, to, mentor: None };
    let shadow = Some(user_name(directory, followed));
    Shift { shadow, ..Shift::of(directory, of, whole) }
}

fn turns_of(directory: &Directory, turns: &[Vec<UserId>]) -> Vec<Vec<String>> {
    let names = |people: &Vec<UserId>| {
        people.iter().map(|user| user_name(directory, *user)).collect::<Vec<_>>()
    };
    turns.iter().map(names).collect()
}

fn layer_of(
    directory: &Directory,
    of: &schedule::Schedule,
    layer: &schedule::Layer,
) -> ScheduleLayer {
    let rotation = &layer.rotation;
    let change = |change: &schedule::RosterChange| RosterChange {
        from: change.from.to_string(),
        turns: turns_of(directory, &change.participants),
    };
    ScheduleLayer {
        name: layer.name.clone(),
        timezone: zone_name(layer.timezone.as_ref().unwrap_or(&of.timezone)),
        adds: layer.adds,
        participants: turns_of(directory, &rotation.participants).concat(),
        turns: turns_of(directory, &rotation.participants),
        every: rotation.every.iter().map(|length| Turn(*length).to_string()).collect(),
        handoff: Handoff(rotation.handoff).to_string(),
        changes: rotation.changes.iter().map(change).collect(),
    }
}

impl ClockChange {
    /// A change of the clocks that a schedule meets.
    pub(in crate::api) fn of(
        directory: &Directory,
        of: &schedule::Schedule,
        change: schedule::ClockChange,
    ) -> Self {
        let forward_minutes = change.forward().as_mins();
        let shift = |shift| Shift::of(directory, of, shift);
        Self {
            at: change.at.into(),
            timezone: zone_name(&change.timezone),
            forward_minutes,
            offset_before_seconds: change.before.seconds(),
            offset_after_seconds: change.after.seconds(),
            shifts: change.shifts.into_iter().map(shift).collect(),
        }
    }
}

fn turns(directory: &Directory, of: &schedule::Schedule, at: Timestamp) -> Vec<OnCallShift> {
    on_call_at(of, at).into_iter().map(|shift| turn(directory, shift)).collect()
}

fn team_of(directory: &Directory, of: &schedule::Schedule) -> Option<String> {
    of.team.and_then(|team| directory.teams.get(team)).map(|team| team.name.clone())
}

fn describe(
    directory: &Directory,
    of: &schedule::Schedule,
    mirror: &Mirror,
    now: Timestamp,
) -> Schedule {
    let until = now.saturating_add(CLOCK_CHANGES_AHEAD).unwrap_or(Timestamp::MAX);
    use muster_core::oncall::escalation::Target;
    let pages_by_it = |policy: &&muster_core::oncall::escalation::Policy| {
        policy.steps.iter().any(|step| step.targets.contains(&Target::Schedule(of.id)))
    };
    let shadow = |shadow: &schedule::Shadow| ScheduleShadow {
        user: user_name(directory, shadow.user),
        follows: user_name(directory, shadow.follows),
        from: bounded(shadow.from),
        to: bounded(shadow.to),
        reverse: shadow.reverse,
    };
    Schedule {
        name: of.name.clone(),
        team: team_of(directory, of),
        timezone: zone_name(&of.timezone),
        role: role_of(of),
        layers: of.layers.iter().map(|layer| layer_of(directory, of, layer)).collect(),
        shadows: of.shadows.iter().filter(|shadow| shadow.to > now).map(shadow).collect(),
        clock_changes: clock_changes(of, now, until)
            .into_iter()
            .map(|change| ClockChange::of(directory, of, change))
            .collect(),
        escalation_policies: directory
            .policies
            .iter()
            .filter(pages_by_it)
            .map(|policy| policy.name.clone())
            .collect(),
        chat: ScheduleChat::of(directory, of, mirror, now),
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
    let (mirrors, untouched) = (mirror::all(&ctx.app.db).await?, Mirror::default());
    let describe = |of: &schedule::Schedule| {
        describe(directory, of, mirrors.get(&of.id).unwrap_or(&untouched), ctx.app.now())
    };
    paging.part(directory.schedules.iter(), name, describe).map(Json)
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
    let of = find(&directory.schedules, "schedule", &name)?;
    let mirror = mirror::get(&ctx.app.db, of.id).await?;
    Ok(Json(describe(directory, of, &mirror, ctx.app.now())))
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
    let (on_call, shadows) = (turns(directory, of, at), shadows_of(directory, of, at));
    Ok(Json(OnCall { at: at.into(), on_call, shadows }))
}

/// The shifts of a schedule that meet a period.
#[utoipa::path(
    get, path = "/schedules/{name}/shifts", tag = "oncall", operation_id = "shifts_of_schedule",
    params(("name" = String, Path, description = "The name."), Between),
    responses((status = 200, description = "Shifts in order, whole; then those of shadows.", body = List<Shift>))
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
    let on_call = shifts(of, from, to).into_iter().map(|shift| Shift::of(directory, of, shift));
    let beside = shadow_shifts(of, from, to).into_iter().map(|one| shadow_of(directory, of, one));
    Ok(Json(List::whole(on_call.chain(beside).collect())))
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
        role: role_of(of),
        on_call: turns(directory, of, at),
        shadows: shadows_of(directory, of, at),
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
