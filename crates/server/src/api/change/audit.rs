//! The weekly audit of changes over the API (`X14`, `M2`, `X8`).

use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use muster_core::change::audit::{self, FIELDS, Judged};
use muster_core::id::TeamId;
use muster_core::org::access::{Action, Object};
use muster_core::org::directory::Directory;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::record::{ChangeScore, scores, team_name};
use crate::api::extract::{Json, Query};
use crate::api::period::period;
use crate::api::report::Distribution;
use crate::api::word::{ChangeOrigin, ChangeOutcome, ExcuseDoubt, Instant, KeptWord};
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::change::audit::{Cell, Refused};

/// The period of an audit that names none: eight weeks, and the one that has begun.
const USUAL: SignedDuration = SignedDuration::from_hours(8 * 7 * 24);
/// The longest period of an audit.
const LONGEST: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// The routes.
pub fn routes() -> Routes {
    Routes::new().on(Need::new(Action::Read, Object::Reports), routes!(report))
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            Refused::TooMany => Self::unprocessable(refused.to_string(), Vec::new()),
        }
    }
}

/// Which changes: those that began, or were to begin, in the period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The beginning of the period; the Monday eight weeks before its end unless given.
    from: Option<Instant>,
    /// The end of the period, which is not part of it; now unless given.
    to: Option<Instant>,
    /// The name of a team: changes of the services that it owns.
    team: Option<String>,
    /// `true` for each change as well.
    changes: Option<bool>,
}

/// Of how many something was asked, and how many did it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeShare {
    /// Of so many it was asked.
    pub asked: usize,
    /// So many did it.
    pub kept: usize,
}

impl From<audit::Share> for ChangeShare {
    fn from(share: audit::Share) -> Self {
        Self { asked: share.asked, kept: share.kept }
    }
}

/// The points of one field over many changes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldPoints {
    /// Which of the eight.
    pub field: String,
    /// Together; it may be below zero.
    pub points: i64,
}

/// The figures of some changes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeFigures {
    /// How many. Every one is planned, emergent, or after the fact.
    pub changes: usize,
    /// Those that were planned in time.
    pub planned: usize,
    /// Those that were emergent.
    pub emergent: usize,
    /// Those that were written down after the fact, for a sev1.
    pub after_the_fact: usize,
    /// Of all, those that could not wait for those who must agree.
    pub fix_first: usize,
    /// Of all, those that an exception spared something.
    pub excepted: usize,
    /// Of all, those that went on although something was in their way.
    pub overridden: usize,
    /// The points of their plans together; it may be below zero.
    pub points: i64,
    /// The most points that so many changes can have.
    pub points_most: i64,
    /// By field.
    pub fields: Vec<FieldPoints>,
    /// Announced as long before as their rows ask for.
    pub notice: ChangeShare,
    /// The customers whom they meet were told.
    pub customers_told: ChangeShare,
    /// The customers who were asked agreed.
    pub customers_agreed: ChangeShare,
    /// Began within 15 minutes of their time and were over by their end.
    pub schedule: ChangeShare,
    /// Done, and without trouble.
    pub succeeded: ChangeShare,
    /// Those that went around the process for a sev2.
    pub sev2_excused: usize,
    /// Of those, the ones where that may be doubted.
    pub sev2_doubted: usize,
    /// How long they really took.
    pub time: Distribution,
    /// The incidents that they caused, as far as you see them.
    pub caused: usize,
    /// How long the outages of those lasted, no moment counted twice.
    pub caused_outage_seconds: i64,
}

/// The figures of one team in one week.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeAuditCell {
    /// The Monday, on the organisation's clocks.
    #[schema(example = "2026-11-16")]
    pub week: String,
    /// The team; null for services of no team.
    #[schema(required)]
    pub team: Option<String>,
    /// The figures.
    pub figures: ChangeFigures,
}

/// The sev2 that a change went around the process for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeExcuse {
    /// The incident, by its number.
    pub incident: i64,
    /// Why that may be doubted; empty where it is a good excuse.
    pub doubts: Vec<ExcuseDoubt>,
    /// The same in words.
    pub because: Vec<String>,
}

/// The excuse in words of the API.
pub(super) fn excuse(one: &audit::Excuse) -> ChangeExcuse {
    ChangeExcuse {
        incident: one.incident,
        doubts: one.doubts.iter().map(|doubt| (*doubt).into()).collect(),
        because: one.doubts.iter().map(|doubt| doubt.in_words().to_owned()).collect(),
    }
}

/// One change, judged.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditedChange {
    /// For people.
    pub number: i64,
    /// One line.
    pub title: String,
    /// The Monday of its week.
    pub week: String,
    /// The team of its service.
    #[schema(required)]
    pub team: Option<String>,
    /// The points of its plan.
    pub points: i32,
    /// By field.
    pub quality: Vec<ChangeScore>,
    /// Whether it was announced in time.
    pub notice: KeptWord,
    /// Whether its customers were told.
    pub customers_told: KeptWord,
    /// Whether its customers agreed.
    pub customers_agreed: KeptWord,
    /// Whether it kept to its times.
    pub schedule: KeptWord,
    /// How much later than planned it began; negative for earlier.
    #[schema(required)]
    pub slip_seconds: Option<i64>,
    /// How long it took.
    #[schema(required)]
    pub took_seconds: Option<i64>,
    /// Whether it was emergent.
    pub emergent: bool,
    /// How it came about.
    pub origin: ChangeOrigin,
    /// How it went.
    #[schema(required)]
    pub outcome: Option<ChangeOutcome>,
    /// The exception that it was held to, such as `EXC-2`.
    #[schema(required)]
    pub exception: Option<String>,
    /// How often it went on although something was in its way.
    pub overrides: usize,
    /// The sev2 that it went around the process for.
    #[schema(required)]
    pub excuse: Option<ChangeExcuse>,
    /// The numbers of the incidents that it caused, as far as you see them.
    pub caused: Vec<i64>,
    /// How long their outages lasted.
    pub caused_outage_seconds: i64,
}

/// The audit of a period.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeAudit {
    /// The beginning of the period.
    pub from: Instant,
    /// The end of the period.
    pub to: Instant,
    /// All together.
    pub total: ChangeFigures,
    /// The latest week first, then by team.
    pub weeks: Vec<ChangeAuditCell>,
    /// Each change, the newest first; null unless asked for.
    #[schema(required)]
    pub changes: Option<Vec<AuditedChange>>,
}

fn figures(of: audit::Figures) -> ChangeFigures {
    let points_most = of.points_most();
    let fields = FIELDS.iter().zip(of.points_by_field);
    ChangeFigures {
        changes: of.changes,
        planned: of.planned,
        emergent: of.emergent,
        after_the_fact: of.after_the_fact,
        fix_first: of.fix_first,
        excepted: of.excepted,
        overridden: of.overridden,
        points: of.points,
        points_most,
        fields: fields
            .map(|(field, points)| FieldPoints { field: (*field).to_owned(), points })
            .collect(),
        notice: of.notice.into(),
        customers_told: of.told.into(),
        customers_agreed: of.approved.into(),
        schedule: of.schedule.into(),
        succeeded: of.succeeded.into(),
        sev2_excused: of.excused,
        sev2_doubted: of.doubted,
        time: of.time.into(),
        caused: of.caused.incidents,
        caused_outage_seconds: of.caused.outage.as_secs(),
    }
}

fn audited(directory: &Directory, one: &Judged, title: &str) -> AuditedChange {
    AuditedChange {
        number: one.number,
        title: title.to_owned(),
        week: one.week.to_string(),
        team: team_name(directory, one.team),
        points: one.scores.iter().map(|score| score.points).sum(),
        quality: scores(&one.scores),
        notice: one.notice.into(),
        customers_told: one.told.into(),
        customers_agreed: one.approved.into(),
        schedule: one.schedule.into(),
        slip_seconds: one.slip.map(|slip| slip.as_secs()),
        took_seconds: one.took.map(|took| took.as_secs()),
        emergent: one.is_emergent,
        origin: one.origin.into(),
        outcome: one.outcome.map(ChangeOutcome),
        exception: one.exception.map(|number| format!("EXC-{number}")),
        overrides: one.overrides,
        excuse: one.excuse.as_ref().map(excuse),
        caused: one.caused.clone(),
        caused_outage_seconds: one.outage.as_secs(),
    }
}

/// The audit of changes, by week and team.
///
/// A change counts in the week in which it began, or was to begin; drafts do not count. Restricted
/// incidents count for those who see them alone.
#[utoipa::path(
    get, path = "/reports/changes", tag = "change", operation_id = "report_changes",
    params(Asked),
    responses((status = 200, description = "The audit of the period.", body = ChangeAudit))
)]
async fn report(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<ChangeAudit>, ApiError> {
    let now = ctx.app.now();
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let usual = || {
        let first = audit::week(now.saturating_sub(USUAL).unwrap_or(now), directory);
        let first = first.to_zoned(directory.timezone.clone());
        (first.map_or(Timestamp::MIN, |first| first.timestamp()), now)
    };
    let (from, to) = period(asked.from.as_ref(), asked.to.as_ref(), (USUAL, LONGEST), usual)?;
    let team: Option<TeamId> = match &asked.team {
        None => None,
        Some(name) => {
            let found = directory.teams.named(name);
            Some(found.ok_or_else(|| ApiError::not_found("team", name))?.id)
        }
    };
    let is_theirs = |change: &muster_core::change::record::Change| {
        let own = directory.services.get(change.plan.service).and_then(|one| one.team);
        team.is_none() || own == team
    };
    let viewer = ctx.app.viewer(caller.user()).await?;
    let audit = ctx.app.audit_changes(&viewer, (from, to), is_theirs).await?;
    let cell = |cell: Cell| ChangeAuditCell {
        week: cell.week.to_string(),
        team: team_name(directory, cell.team),
        figures: figures(cell.figures),
    };
    let each = || audit.judged.iter().map(|(one, title)| audited(directory, one, title)).collect();
    Ok(Json(ChangeAudit {
        from: from.into(),
        to: to.into(),
        total: figures(audit.figures(directory, now, |_| true)),
        weeks: audit.cells(directory, now).into_iter().map(cell).collect(),
        changes: (asked.changes == Some(true)).then(each),
    }))
}
