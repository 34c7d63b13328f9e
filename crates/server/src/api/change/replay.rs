//! A policy held against past changes over the API (`X6`), before it is switched on.

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::change::replay;
use muster_core::org::access::{Action, Object};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::service_name;
use crate::api::extract::Json;
use crate::api::period::period;
use crate::api::word::{Instant, ReplayPart};
use crate::api::{ApiError, Ctx, Need, Routes};

/// The period that is looked at where none is given.
const USUAL: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The longest period.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The most differences that are told.
const TOLD_MAX: usize = 500;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Read, Object::Reports), routes!(replay_policy))
}

/// A configuration, and against which changes to hold it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PolicyReplay {
    /// A configuration in YAML, as `POST /config/plan` takes it. What it leaves out is as in force.
    config: String,
    /// The beginning of the period; 90 days before its end unless given.
    #[serde(default)]
    from: Option<Instant>,
    /// The end of the period, which is not part of it; now unless given.
    #[serde(default)]
    to: Option<Instant>,
}

/// What a policy asks of a change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReplayAsked {
    /// The row of the matrix.
    pub row: String,
    /// Who must agree, in words and in order.
    pub approvals: Vec<String>,
    /// How long before, in words.
    pub notice: String,
    /// Whether it was announced in time for that.
    pub announced: bool,
    /// Whether it is emergent.
    pub emergent: bool,
    /// The windows and freezes that hold it up, in words.
    pub blocked: Vec<String>,
    /// The least level of the technician.
    #[schema(required)]
    pub technician_level: Option<u8>,
    /// Whether somebody must agree whom nobody can be found for.
    pub nobodys: bool,
}

/// A change of which the configuration would ask something else.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReplayedChange {
    /// For people.
    pub number: i64,
    /// One line.
    pub title: String,
    /// What was changed.
    pub service: String,
    /// Its class.
    pub class: String,
    /// In what it differs.
    pub parts: Vec<ReplayPart>,
    /// What it was asked.
    pub was: ReplayAsked,
    /// What it would have been asked.
    pub would: ReplayAsked,
}

/// What comes of all of them together.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReplaySummary {
    /// How many changes were looked at.
    pub changes: usize,
    /// For how many anything differs.
    pub different: usize,
    /// How many would be asked for more agreements.
    pub more_approvals: usize,
    /// How many for fewer.
    pub fewer_approvals: usize,
    /// All agreements that were asked for.
    pub approvals_were: usize,
    /// All that would be.
    pub approvals_would: usize,
    /// How many would be announced too late that were in time.
    pub late: usize,
    /// How many would be in time that were too late.
    pub no_longer_late: usize,
    /// How many would be emergent that were not.
    pub emergent: usize,
    /// How many would not be emergent that were.
    pub no_longer_emergent: usize,
    /// How many would be held up by a window or a freeze that were not.
    pub blocked: usize,
    /// How many would not be held up that were.
    pub no_longer_blocked: usize,
    /// How many would wait for somebody whom nobody can be found for.
    pub nobodys: usize,
}

/// What a configuration would have asked of past changes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyReplayed {
    /// The beginning of the period.
    pub from: Instant,
    /// The end of the period.
    pub to: Instant,
    /// All together.
    pub summary: ReplaySummary,
    /// Those of which it would ask something else, the newest first, at most 500.
    pub changes: Vec<ReplayedChange>,
    /// How many more there are.
    pub more: usize,
}

fn asked(one: replay::Asked) -> ReplayAsked {
    ReplayAsked {
        row: one.row,
        approvals: one.approvals,
        notice: one.notice.in_words(),
        announced: one.is_announced,
        emergent: one.is_emergent,
        blocked: one.blocked,
        technician_level: one.technician_level,
        nobodys: one.is_nobodys,
    }
}

fn summary(of: replay::Summary) -> ReplaySummary {
    ReplaySummary {
        changes: of.changes,
        different: of.different,
        more_approvals: of.more_approvals,
        fewer_approvals: of.fewer_approvals,
        approvals_were: of.approvals_were,
        approvals_would: of.approvals_would,
        late: of.late,
        no_longer_late: of.no_longer_late,
        emergent: of.emergent,
        no_longer_emergent: of.no_longer_emergent,
        blocked: of.blocked,
        no_longer_blocked: of.no_longer_blocked,
        nobodys: of.nobodys,
    }
}

/// Hold a configuration against past changes: what it would have asked of each. Nothing is written.
///
/// Risk and agreements are taken as they were. Changes after the fact, those that an exception spared
/// something, and those of services that are gone are left out.
#[utoipa::path(
    post, path = "/changes/replay", tag = "change", operation_id = "replay_change_policy",
    request_body = PolicyReplay,
    responses((status = 200, description = "What it would have asked.", body = PolicyReplayed))
)]
async fn replay_policy(
    State(ctx): State<Ctx>,
    Json(body): Json<PolicyReplay>,
) -> Result<Json<PolicyReplayed>, ApiError> {
    let now = ctx.app.now();
    let usual = || (now.saturating_sub(USUAL).unwrap_or(Timestamp::MIN), now);
    let (from, to) = period(body.from.as_ref(), body.to.as_ref(), (USUAL, LONGEST), usual)?;
    let draft = ctx.app.plan_configuration(&body.config).await?.directory;
    let replayed = ctx.app.replay_policy(&draft, (from, to)).await?;
    let snapshot = ctx.app.snapshot();
    let all = summary(replay::summary(replayed.iter().map(|(one, _)| one)));
    let mut different: Vec<_> =
        replayed.into_iter().filter(|(one, _)| !one.parts.is_empty()).collect();
    let more = different.len().saturating_sub(TOLD_MAX);
    different.truncate(TOLD_MAX);
    let told = different.into_iter().map(|(one, plan)| ReplayedChange {
        number: one.number,
        title: plan.title,
        service: service_name(&snapshot.directory, plan.service),
        class: plan.class,
        parts: one.parts.into_iter().map(Into::into).collect(),
        was: asked(one.was),
        would: asked(one.would),
    });
    Ok(Json(PolicyReplayed {
        from: from.into(),
        to: to.into(),
        summary: all,
        changes: told.collect(),
        more,
    }))
}
