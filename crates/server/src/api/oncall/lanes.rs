//! A schedule that is being edited, before it is saved: who would be on call in the weeks ahead, lane
//! by lane, where nobody would be, and what changes for whom.

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::oncall::coverage::{Span, gaps};
use muster_core::oncall::schedule::{self, clock_changes, shifts};
use muster_core::org::access::Action;
use muster_core::org::directory::Directory;
use muster_store::org::document::Kind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::balance::{PlannedLoad, planned};
use crate::api::error::Gap;
use crate::api::extract::{Json, Path};
use crate::api::org::schedule::{ClockChange, Shift};
use crate::api::org::zone_name;
use crate::api::period::period;
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Need, Routes};

/// The period of a preview that names no end.
const PERIOD_USUAL: SignedDuration = SignedDuration::from_hours(4 * 7 * 24);
/// The longest period of a preview.
const PERIOD_LONGEST: SignedDuration = SignedDuration::from_hours(26 * 7 * 24);
/// The most gaps of one preview.
const GAPS_MAX: usize = 500;

/// The routes.
pub fn routes() -> Routes {
    let edit = Need::of_document(Action::Configure, Some(Kind::Schedule));
    Routes::new().on(edit, routes!(preview))
}

/// A schedule that is not saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnsavedSchedule {
    /// The same fields as in a configuration file.
    #[schema(value_type = Object)]
    document: serde_json::Map<String, Value>,
    /// The beginning of the period; now unless given.
    from: Option<Instant>,
    /// The end of the period; four weeks after its beginning unless given, at most 26.
    to: Option<Instant>,
}

/// What a schedule would be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SchedulePreview {
    /// From this instant on.
    pub from: Instant,
    /// Up to, but not at, this instant.
    pub to: Instant,
    /// The zone of its handoffs.
    pub timezone: String,
    /// What counts in the end, then the overrides, then the layers from the highest precedence on.
    pub lanes: Vec<ScheduleLane>,
    /// When nobody would be on call.
    pub gaps: Vec<Gap>,
    /// When the clocks change in its zones, and which shifts that falls into.
    pub clock_changes: Vec<ClockChange>,
    /// How many of the shifts are not as they are now.
    pub shifts_changed: u64,
    /// What everybody who has a part in it bears within the period, now and as it would be.
    pub people: Vec<PlannedLoad>,
}

/// One lane of a schedule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleLane {
    /// `final`, `overrides`, or the layer's name.
    pub name: String,
    /// `final`, `overrides` or `layer`.
    pub kind: String,
    /// Its shifts, whole.
    pub shifts: Vec<Shift>,
}

/// A schedule with one of its layers alone, or with its overrides alone.
fn alone(of: &schedule::Schedule, layer: Option<&schedule::Layer>) -> schedule::Schedule {
    let mut alone = of.clone();
    alone.layers = layer.cloned().into_iter().collect();
    if layer.is_some() {
        alone.overrides = Default::default();
    }
    alone
}

fn lanes(directory: &Directory, of: &schedule::Schedule, span: Span) -> Vec<ScheduleLane> {
    let lane = |name: &str, kind: &str, of: &schedule::Schedule| ScheduleLane {
        name: name.to_owned(),
        kind: kind.to_owned(),
        shifts: shifts(of, span.from, span.to)
            .into_iter()
            .map(|shift| Shift::of(directory, of, shift))
            .collect(),
    };
    let mut lanes =
        vec![lane("final", "final", of), lane("overrides", "overrides", &alone(of, None))];
    let layers = of.layers.iter().rev();
    lanes.extend(layers.map(|layer| lane(&layer.name, "layer", &alone(of, Some(layer)))));
    lanes
}

/// What a schedule would be if it were saved like this.
#[utoipa::path(
    post, path = "/schedules/{name}/preview", tag = "oncall", operation_id = "preview_schedule",
    params(("name" = String, Path, description = "The name that it has or shall have.")),
    request_body = UnsavedSchedule,
    responses(
        (status = 200, description = "Who would be on call; nothing is saved.", body = SchedulePreview),
        (status = 422, description = "What is wrong with it.", body = crate::api::error::Problem),
    )
)]
async fn preview(
    State(ctx): State<Ctx>,
    Path(name): Path<String>,
    Json(body): Json<UnsavedSchedule>,
) -> Result<Json<SchedulePreview>, ApiError> {
    let now = ctx.app.now();
    let usual = || (now, now.saturating_add(PERIOD_USUAL).unwrap_or(Timestamp::MAX));
    let lengths = (PERIOD_USUAL, PERIOD_LONGEST);
    let (from, to) = period(body.from.as_ref(), body.to.as_ref(), lengths, usual)?;
    let span = Span { from, to };
    let value = super::super::org::edit::named(&name, body.document)?;
    let after = ctx.app.with_document((Kind::Schedule, &name), &value).await?;
    let before = ctx.app.snapshot().directory.clone();
    let of = after.schedules.named(&name);
    let of = of.ok_or_else(|| ApiError::not_found("schedule", &name))?;
    let planned = planned(&after, (before.schedules.named(&name), Some(of)), span);
    let gaps = gaps(of, from, to).into_iter().take(GAPS_MAX);
    Ok(Json(SchedulePreview {
        from: from.into(),
        to: to.into(),
        timezone: zone_name(&of.timezone),
        lanes: lanes(&after, of, span),
        gaps: gaps.map(|gap| Gap { from: gap.from.into(), to: gap.to.into() }).collect(),
        clock_changes: clock_changes(of, span.from, span.to)
            .into_iter()
            .map(|change| ClockChange::of(&after, of, change))
            .collect(),
        shifts_changed: planned.shifts_changed,
        people: planned.people,
    }))
}
