//! What is in the way of a change over the API (`X9`), and when nothing would be.

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::change::conflict::{self, AHEAD_MAX, Other, Subject};
use muster_core::change::plan::Plan;
use muster_core::change::record;
use muster_core::id::{ChangeId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::SEE_CHANGES;
use super::record::{by, find};
use crate::api::extract::{Json, Path, Query};
use crate::api::period;
use crate::api::word::{ConflictRule, Instant};
use crate::api::{ApiError, Caller, Ctx, Routes};

/// How far ahead a free time is looked for, unless somebody says until when.
const AHEAD_USUAL: SignedDuration = SignedDuration::from_hours(28 * 24);

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_CHANGES, routes!(conflicts)).on(SEE_CHANGES, routes!(next_slot))
}

/// Something in the way of a change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeConflict {
    /// Which rule says so.
    pub rule: ConflictRule,
    /// Whether the change waits for it, unless somebody says why not.
    pub blocking: bool,
    /// In words.
    pub text: String,
    /// The other change, by its number.
    #[schema(required)]
    pub change: Option<i64>,
    /// The freeze, by its name.
    #[schema(required)]
    pub freeze: Option<String>,
    /// The incident, by its number; null also where it may not be named.
    #[schema(required)]
    pub incident: Option<i64>,
    /// The service, by its name.
    #[schema(required)]
    pub service: Option<String>,
    /// The person, by name.
    #[schema(required)]
    pub user: Option<String>,
    /// When it is in the way.
    pub from: Instant,
    /// Until when.
    pub to: Instant,
    /// Whether somebody said why it goes on all the same.
    pub overridden: bool,
}

/// Why a change goes on although something is in its way.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeOverride {
    /// What it was, in words.
    pub text: String,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// A time at which nothing blocks a change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeSlot {
    /// The beginning: a quarter of an hour.
    pub start: Instant,
    /// The end.
    pub end: Instant,
    /// What is worth knowing all the same.
    pub warnings: Vec<ChangeConflict>,
}

/// What is in the way of a change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeConflicts {
    /// What blocks first, then what is worth knowing.
    pub conflicts: Vec<ChangeConflict>,
    /// Whether it waits for any of them.
    pub blocked: bool,
    /// Why it goes on although something is in its way, the oldest first.
    pub overrides: Vec<ChangeOverride>,
    /// The next time at which nothing would block it; null where nothing does, or none was found.
    #[schema(required)]
    pub next_slot: Option<ChangeSlot>,
}

/// A free time for which change.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct SlotQuery {
    /// A change, by its number. Without one, say the service and how long it takes.
    change: Option<String>,
    /// What is changed, by name.
    service: Option<String>,
    /// Its class.
    class: Option<String>,
    /// How long it takes, such as `2h`.
    takes: Option<String>,
    /// How long the way back takes, such as `15m`.
    rollback_takes: Option<String>,
    /// Who does it, by name.
    technician: Option<String>,
    /// Not before; now where nothing is said.
    from: Option<Instant>,
    /// Before; four weeks later where nothing is said.
    until: Option<Instant>,
}

/// A free time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NextSlot {
    /// When; null where there is none.
    #[schema(required)]
    pub slot: Option<ChangeSlot>,
}

fn tell(one: &conflict::Conflict, overrides: &[record::Override]) -> ChangeConflict {
    let key = one.key();
    let mut told = ChangeConflict {
        rule: one.rule.into(),
        blocking: one.is_blocking,
        text: one.text.clone(),
        change: None,
        freeze: None,
        incident: None,
        service: None,
        user: None,
        from: one.span.from.into(),
        to: one.span.to.into(),
        overridden: overrides.iter().any(|known| known.key == key),
    };
    match &one.other {
        Other::Change(number) => told.change = Some(*number),
        Other::Freeze(name) => told.freeze = Some(name.clone()),
        Other::Incident(number) => told.incident = *number,
        Other::Service(name) => told.service = Some(name.clone()),
        Other::User(name) => told.user = Some(name.clone()),
    }
    told
}

fn slot(found: conflict::Slot) -> ChangeSlot {
    ChangeSlot {
        start: found.span.from.into(),
        end: found.span.to.into(),
        warnings: found.warnings.iter().map(|one| tell(one, &[])).collect(),
    }
}

/// What is in the way of a change as it is planned, and when nothing would be.
#[utoipa::path(
    get, path = "/changes/{change}/conflicts", tag = "change",
    operation_id = "list_change_conflicts",
    params(("change" = String, Path, description = "The number.")),
    responses((status = 200, description = "What is found.", body = ChangeConflicts))
)]
async fn conflicts(
    State(ctx): State<Ctx>,
    Path(change): Path<String>,
) -> Result<Json<ChangeConflicts>, ApiError> {
    let change = find(&ctx, &change).await?;
    let (found, next) = ctx.app.conflicts(&change).await?;
    let overrides = change.overrides.iter().map(|one| ChangeOverride {
        text: one.text.clone(),
        reason: one.reason.clone(),
        by: one.by.name().to_owned(),
        at: one.at.into(),
    });
    Ok(Json(ChangeConflicts {
        blocked: !change.blocked_by(&found).is_empty(),
        conflicts: found.iter().map(|one| tell(one, &change.overrides)).collect(),
        overrides: overrides.collect(),
        next_slot: next.map(slot),
    }))
}

/// The next time at which nothing is in the way of a change. Notice, windows and freezes are kept.
#[utoipa::path(
    get, path = "/changes/next-slot", tag = "change", operation_id = "next_change_slot",
    params(SlotQuery),
    responses((status = 200, description = "When, if ever.", body = NextSlot))
)]
async fn next_slot(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(query): Query<SlotQuery>,
) -> Result<Json<NextSlot>, ApiError> {
    let now = ctx.app.now();
    let from = period::instant_or("from", query.from.as_ref(), now)?.max(now);
    let until = from.checked_add(AHEAD_USUAL).unwrap_or(Timestamp::MAX);
    let until = period::instant_or("until", query.until.as_ref(), until)?;
    if until.duration_since(from) > AHEAD_MAX {
        let days = AHEAD_MAX.as_hours() / 24;
        return Err(ApiError::field("until", format!("must be at most {days} days ahead")));
    }
    let change = match &query.change {
        Some(number) => find(&ctx, number).await?,
        None => imagined(&ctx, &caller, &query, now)?,
    };
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let past = ctx.app.past_of(&change.plan).await?;
    let around = past.around(directory, None);
    let subject = Subject::of(&change, &change.assess(&around, now))
        .ok_or_else(|| ApiError::field("change", "has no beginning and end yet"))?;
    let found = ctx.app.next_slot(&subject, from, until).await?;
    Ok(Json(NextSlot { slot: found.map(slot) }))
}

/// A change of which nothing is said but what a free time depends on.
fn imagined(
    ctx: &Ctx,
    caller: &Caller,
    query: &SlotQuery,
    now: Timestamp,
) -> Result<record::Change, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let name = query.service.as_deref();
    let name = name.ok_or_else(|| ApiError::field("service", "say a change or a service"))?;
    let service =
        directory.services.named(name).ok_or_else(|| ApiError::not_found("service", name))?;
    let time = |field: &'static str, text: Option<&str>| {
        let read = text.map(muster_core::time::parse_duration);
        read.transpose().map_err(|invalid| ApiError::field(field, invalid.to_string()))
    };
    let takes = time("takes", query.takes.as_deref())?;
    let takes = takes
        .filter(|takes| takes.is_positive())
        .ok_or_else(|| ApiError::field("takes", "say how long it takes, such as `2h`"))?;
    let technician = match query.technician.as_deref() {
        None => None,
        Some(name) => {
            let found = directory.users.named(name);
            Some(found.ok_or_else(|| ApiError::not_found("person", name))?.id)
        }
    };
    let class = query.class.as_deref().unwrap_or("other");
    let mut plan = Plan::new("", service.id, class);
    plan.technician = technician;
    plan.start = Some(now);
    plan.end = now.checked_add(takes).ok();
    plan.rollback_takes = time("rollback_takes", query.rollback_takes.as_deref())?;
    plan.resolver = format!("page-{}-primary", service.name);
    let submitter = caller.user().or(technician).unwrap_or(UserId(uuid::Uuid::nil()));
    let id = ChangeId(ctx.app.ids.next(now));
    Ok(record::draft(id, plan, submitter, &by(caller), now).0)
}
