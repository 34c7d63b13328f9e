//! One person's shifts, in every schedule.

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::oncall::schedule::shifts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::api::extract::{Json, Path, Query};
use crate::api::list::List;
use crate::api::org::find;
use crate::api::period::period;
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Routes, SEE_ORGANIZATION};

/// The period that names no end: twelve weeks.
const USUAL: SignedDuration = SignedDuration::from_hours(12 * 7 * 24);
/// The longest period.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ORGANIZATION, routes!(list))
}

/// A period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Between {
    /// The beginning of the period; now unless given.
    from: Option<Instant>,
    /// The end of the period; twelve weeks after its beginning unless given, at most 366 days.
    to: Option<Instant>,
}

/// A person's shift; whole, also where it reaches beyond the period.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonShift {
    /// Where.
    pub schedule: String,
    /// The layer, or `override`.
    pub layer: String,
    /// From when on; null where nothing began it.
    #[schema(required)]
    pub from: Option<Instant>,
    /// Up to when; null where nothing ends it.
    #[schema(required)]
    pub to: Option<Instant>,
}

/// A person's shifts that meet a period, in every schedule, by their beginning.
#[utoipa::path(
    get, path = "/users/{name}/shifts", tag = "oncall", operation_id = "shifts_of_person",
    params(("name" = String, Path, description = "The person."), Between),
    responses((status = 200, description = "Shifts by their beginning.", body = List<PersonShift>))
)]
async fn list(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
    Query(between): Query<Between>,
) -> Result<Json<List<PersonShift>>, ApiError> {
    let now = ctx.app.now();
    let usual = || (now, now.saturating_add(USUAL).unwrap_or(Timestamp::MAX));
    let lengths = (USUAL, LONGEST);
    let (from, to) = period(between.from.as_ref(), between.to.as_ref(), lengths, usual)?;
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let user = find(&directory.users, "person", &name)?.id;
    let mut own = Vec::new();
    for schedule in directory.schedules.iter() {
        let of_person = shifts(schedule, from, to).into_iter().filter(|shift| shift.user == user);
        own.extend(of_person.map(|shift| (shift, &schedule.name)));
    }
    own.sort_by(|(a, of_a), (b, of_b)| (a.from, of_a).cmp(&(b.from, of_b)));
    let bounded = |at: Timestamp| (at > Timestamp::MIN && at < Timestamp::MAX).then(|| at.into());
    let item = |(shift, schedule): (muster_core::oncall::schedule::Shift, &String)| PersonShift {
        schedule: schedule.clone(),
        layer: shift.layer,
        from: bounded(shift.from),
        to: bounded(shift.to),
    };
    Ok(Json(List::whole(own.into_iter().map(item).collect())))
}
