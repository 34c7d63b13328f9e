//! The proof that somebody is reached (`O5`): when, in the weeks ahead, an escalation would reach
//! nobody, or somebody who may not hear it.

use axum::extract::State;
use muster_core::incident::severity::{Level, Urgency};
use muster_core::oncall::coverage::{Score, Weight};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::api::extract::{Json, Query};
use crate::api::word::Instant;
use crate::api::{ApiError, Ctx, Routes, SEE_ORGANIZATION};
use crate::app::oncall::proof::{Found, SCORE_WEEKS, weeks_from};

/// How many weeks ahead are looked at unless asked otherwise.
pub const WEEKS_USUAL: i64 = 8;
/// The most weeks ahead.
const WEEKS_MAX: i64 = 104;
/// The most findings of one answer; the gaps come first.
const FINDINGS_MAX: usize = 5_000;

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(SEE_ORGANIZATION, routes!(coverage))
}

/// What is looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// How many weeks ahead: 1 to 104, 8 unless given.
    #[param(minimum = 1, maximum = 104)]
    weeks: Option<i64>,
    /// One escalation policy; all of them unless given.
    policy: Option<String>,
}

/// What is wrong in the weeks ahead.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// From this instant on.
    pub from: Instant,
    /// Up to, but not at, this instant.
    pub to: Instant,
    /// The share of the next year in which every paging policy reaches somebody.
    pub score: CoverageScore,
    /// What was found: gaps first, then by time.
    pub items: Vec<CoverageFinding>,
    /// How many findings there are in all; more than `items` where that is too many to read.
    pub count: u64,
    /// Policies with too many changes to be proved up to the end.
    pub cut: Vec<CoverageCut>,
}

/// The share of the next 52 weeks in which every policy that a service pages by, and the catch-all,
/// reaches somebody.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CoverageScore {
    /// How far ahead was looked.
    pub weeks: i64,
    /// By its first step, in percent; 100 only where there is no gap at all.
    pub first_step_percent: f64,
    /// By any step, in percent.
    pub anybody_percent: f64,
}

/// Something that is wrong for a while.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CoverageFinding {
    /// Of which escalation policy.
    pub policy: String,
    /// At which urgencies: `high`, `low`.
    pub urgencies: Vec<String>,
    /// Incidents of which severities meet it, the worst first.
    pub severities: Vec<u8>,
    /// What: `nobody`, `step_reaches_nobody`, `unreachable`, `no_critical_method`,
    /// `same_person_twice` or `on_leave`.
    pub trouble: String,
    /// How much it matters: `gap`, `risk` or `notice`.
    pub weight: String,
    /// The step, counted from 1.
    #[schema(required)]
    pub step: Option<u32>,
    /// The person.
    #[schema(required)]
    pub user: Option<String>,
    /// An incident that begins from this instant on meets it.
    pub from: Instant,
    /// Up to, but not at, this instant.
    pub to: Instant,
    /// In a sentence.
    pub words: String,
}

/// A proof that ends early.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CoverageCut {
    /// Of which escalation policy.
    pub policy: String,
    /// Up to when it was proved.
    pub at: Instant,
}

/// A score in percent.
pub(super) fn percent(score: &Score) -> CoverageScore {
    let percent = |part| f64::from(score.per_myriad(part)) / 100.0;
    CoverageScore {
        weeks: SCORE_WEEKS,
        first_step_percent: percent(score.first_step),
        anybody_percent: percent(score.anybody),
    }
}

fn policy_name(directory: &Directory, id: muster_core::id::PolicyId) -> String {
    directory.policies.get(id).map(|policy| policy.name.clone()).unwrap_or_default()
}

pub(super) fn described(directory: &Directory, found: &Found) -> CoverageFinding {
    let finding = &found.finding;
    let trouble = finding.trouble;
    let user = trouble.user().and_then(|user| directory.users.get(user));
    CoverageFinding {
        policy: policy_name(directory, finding.policy),
        urgencies: found.urgencies.iter().map(|of: &Urgency| of.name().to_owned()).collect(),
        severities: finding.levels.iter().map(Level::number).collect(),
        trouble: trouble.name().to_owned(),
        weight: trouble.weight().name().to_owned(),
        step: trouble.step(),
        user: user.map(|user| user.name.clone()),
        from: finding.span.from.into(),
        to: finding.span.to.into(),
        words: trouble.words(directory),
    }
}

/// When somebody would not be reached, in the weeks ahead.
#[utoipa::path(
    get, path = "/coverage", tag = "oncall", operation_id = "coverage", params(Asked),
    responses((status = 200, description = "What is wrong, and the score of the year.", body = Coverage))
)]
async fn coverage(
    State(ctx): State<Ctx>,
    Query(asked): Query<Asked>,
) -> Result<Json<Coverage>, ApiError> {
    let weeks = asked.weeks.unwrap_or(WEEKS_USUAL);
    if !(1..=WEEKS_MAX).contains(&weeks) {
        return Err(ApiError::field("weeks", format!("must be from 1 to {WEEKS_MAX}")));
    }
    let now = ctx.app.now();
    let policy = match &asked.policy {
        None => None,
        Some(name) => {
            let snapshot = ctx.app.snapshot();
            let policy = snapshot.directory.policies.named(name);
            let policy = policy.ok_or_else(|| ApiError::not_found("escalation policy", name))?;
            Some(policy.id)
        }
    };
    let (proof, score, directory) = ctx.app.prove(policy, weeks).await?;
    let span = weeks_from(now, weeks);
    let items = proof.found.iter().take(FINDINGS_MAX);
    let cut = proof.cut.iter().map(|(policy, at)| CoverageCut {
        policy: policy_name(&directory, *policy),
        at: (*at).into(),
    });
    Ok(Json(Coverage {
        from: span.from.into(),
        to: span.to.into(),
        score: percent(&score),
        items: items.map(|found| described(&directory, found)).collect(),
        count: proof.found.len() as u64,
        cut: cut.collect(),
    }))
}

/// Whether a finding means that nobody is reached.
pub(super) fn is_gap(found: &Found) -> bool {
    found.finding.trouble.weight() == Weight::Gap
}
