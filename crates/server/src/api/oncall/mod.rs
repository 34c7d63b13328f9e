//! Planning on-call: overrides and what people do with their shifts.

use jiff::SignedDuration;
use jiff::Timestamp;
use muster_core::id::{ScheduleId, UserId};
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use muster_core::time::parse_duration;

use super::error::Fault;
use super::period::instant;
use super::word::Instant;
use super::{ApiError, Caller, Need, Routes};
use crate::app::oncall::{NotPlanned, shift_of};

pub mod absence;
pub mod balance;
pub mod calendar;
pub mod coverage;
pub mod feed;
pub mod group;
pub mod handoff;
pub mod lanes;
pub mod list;
pub mod load;
pub mod mirror;
pub mod overrides;
pub mod readiness;
pub mod request;
pub mod shift;
pub mod survey;
pub mod unsaved_policy;

/// To plan shifts; whether it is one's own is asked once the shift is known.
const PLAN: Need = Need::new(Action::Respond, Object::Shifts);

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .merge(overrides::routes())
        .merge(load::routes())
        .merge(request::routes())
        .merge(absence::routes())
        .merge(calendar::routes())
        .merge(coverage::routes())
        .merge(feed::routes())
        .merge(handoff::routes())
        .merge(group::routes())
        .merge(lanes::routes())
        .merge(list::routes())
        .merge(mirror::routes())
        .merge(readiness::routes())
        .merge(shift::routes())
        .merge(survey::routes())
        .merge(unsaved_policy::routes())
}

/// The person of that name, or the caller where none is named.
fn person(directory: &Directory, caller: &Caller, name: Option<&str>) -> Result<UserId, ApiError> {
    match name {
        Some(name) => directory
            .users
            .named(name)
            .map(|user| user.id)
            .ok_or_else(|| ApiError::field("user", format!("there is no person `{name}`"))),
        None => caller
            .user()
            .ok_or_else(|| ApiError::field("user", "this token belongs to no person, so name one")),
    }
}

/// Asks the gate whether the caller may plan a person's time in a schedule.
fn may_plan(
    directory: &Directory,
    caller: &Caller,
    schedule: ScheduleId,
    of: UserId,
) -> Result<(), ApiError> {
    let object = shift_of(directory, schedule, of);
    caller.may(Action::Manage, object).map_err(|_| {
        ApiError::forbidden(
            "people plan their own time in schedules they take part in; the team's manager, \
             managers and administrators plan for everybody",
        )
    })
}

/// A period that a client wrote as an end or as a length.
fn stretch(
    from: Option<&Instant>,
    to: Option<&Instant>,
    length: Option<&str>,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), ApiError> {
    let from = from.map_or(Ok(now), |from| instant("from", from))?;
    let to = match (to, length) {
        (Some(to), None) => instant("to", to)?,
        (None, Some(length)) => {
            let length: SignedDuration = parse_duration(length)
                .map_err(|error| ApiError::field("for", error.to_string()))?;
            from.saturating_add(length).unwrap_or(Timestamp::MAX)
        }
        _ => return Err(ApiError::field("to", "say until when, as `to` or as `for`")),
    };
    Ok((from, to))
}

/// 409: this field cannot be what it is as things stand.
fn wrong(path: &str, message: String) -> ApiError {
    let fault = Fault { path: path.to_owned(), message: message.clone(), ..Fault::default() };
    ApiError::conflict(message).with_errors(vec![fault])
}

impl From<NotPlanned> for ApiError {
    fn from(error: NotPlanned) -> Self {
        match error {
            NotPlanned::Missing(what) => {
                Self::new(axum::http::StatusCode::NOT_FOUND, format!("there is no such {what}"))
            }
            NotPlanned::Override(refused) => wrong(refused.field(), refused.to_string()),
            NotPlanned::Invalid { field, message } => wrong(field, message),
            NotPlanned::Request(_)
            | NotPlanned::Handoff(_)
            | NotPlanned::Survey(_)
            | NotPlanned::Changed(_)
            | NotPlanned::Over => Self::conflict(error.to_string()),
            NotPlanned::Store(error) => error.into(),
        }
    }
}
