//! Changes (`X1`, `X4`, `X14`): listing, reading, drafting, and what the policy and the linter say of them.

use axum::extract::State;
use axum::http::StatusCode;
use muster_core::change::approval::{Decision, Requirement};
use muster_core::change::lint;
use muster_core::change::record::{self, By};
use muster_core::id::{ChangeId, TeamId};
use muster_core::org::access::{self, Action, Object};
use muster_core::org::directory::Directory;
use muster_core::org::user::Role;
use muster_store::change::record as store;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::SEE_CHANGES;
use super::audit::ChangeExcuse;
use super::plan::{ChangePlan, person};
use super::suspect::{self, CausedIncident};
use super::template::{self, ChangeFilling};
use crate::api::extract::{Json, Path, Query};
use crate::api::list::{List, Paging};
use crate::api::search::for_incident;
use crate::api::word::{
    ApproverName, ChangeEntryKind, ChangeOrigin, ChangeOutcome, ChangeRun, ChangeState, Instant,
    RiskBand,
};
use crate::api::{ApiError, Caller, Ctx, Need, Routes};
use crate::app::change::record::Draft;
use crate::app::query::change::changes;

/// To write and do changes.
pub const WRITE: Need = Need::new(Action::Create, Object::Changes);

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_CHANGES, routes!(list))
        .on(WRITE, routes!(draft))
        .on(SEE_CHANGES, routes!(get))
        .on(SEE_CHANGES, routes!(policy))
        .on(WRITE, routes!(check))
        .on(SEE_CHANGES, routes!(revision))
}

/// Who gives a command.
pub(super) fn by(caller: &Caller) -> By {
    let is_admin = matches!(
        caller.who,
        access::Caller::Person { role: Role::Admin, .. }
            | access::Caller::Token { role: Role::Admin }
    );
    By { actor: caller.actor.clone(), is_admin }
}

/// A change in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeItem {
    /// For people.
    pub number: i64,
    /// One line.
    pub title: String,
    /// Where it stands.
    pub state: ChangeState,
    /// What is changed.
    pub service: String,
    /// The kind of change.
    pub class: String,
    /// How risky it is; null in a draft.
    #[schema(required)]
    pub risk: Option<RiskBand>,
    /// Whether it is emergent.
    pub emergent: bool,
    /// How it came about.
    pub origin: ChangeOrigin,
    /// Who submits it.
    pub submitter: String,
    /// Who does it.
    #[schema(required)]
    pub technician: Option<String>,
    /// When it is to begin.
    #[schema(required)]
    pub start: Option<Instant>,
    /// When it is to be over.
    #[schema(required)]
    pub end: Option<Instant>,
    /// How it went.
    #[schema(required)]
    pub outcome: Option<ChangeOutcome>,
    /// Who is asked to agree now.
    pub asked: Vec<String>,
}

/// An agreement that is asked for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeApproval {
    /// Whose.
    pub approver: ApproverName,
    /// Which team, where it is a customer.
    #[schema(required)]
    pub team: Option<String>,
    /// Which place in the order, from 0.
    pub stage: u32,
    /// Whoever it falls to.
    pub people: Vec<String>,
    /// How many of them.
    pub quorum: u32,
    /// How many agree.
    pub agreed: u32,
    /// `given`, `asked` or `later`.
    #[schema(example = "asked")]
    pub state: String,
    /// Why it is asked for, in words.
    pub because: String,
    /// Whether you may decide it now.
    pub yours: bool,
}

/// What somebody decided.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeDecision {
    /// Whose agreement it is.
    pub approver: ApproverName,
    /// Which team, where it is a customer.
    #[schema(required)]
    pub team: Option<String>,
    /// Who decided.
    pub by: String,
    /// For whom, where it was a delegate.
    #[schema(required)]
    pub on_behalf_of: Option<String>,
    /// Whether they agree.
    pub approved: bool,
    /// What they say.
    pub reason: String,
    /// The revision of the plan they decided on.
    pub revision: u32,
    /// When.
    pub at: Instant,
    /// Whether a later revision touched what it covered.
    pub void: bool,
}

/// What the policy says.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeAssessment {
    /// The revision of the configuration that was read.
    pub policy_revision: i64,
    /// The row of the matrix.
    pub row: String,
    /// The tier that it is held to.
    pub tier: u8,
    /// How risky it is.
    pub risk: RiskBand,
    /// Why it is that risky, in words.
    pub risk_because: Vec<String>,
    /// How long before it must be announced, in words.
    pub notice: String,
    /// Until when.
    #[schema(required)]
    pub notice_until: Option<Instant>,
    /// Whether it is emergent.
    pub emergent: bool,
    /// The exception that it is held to instead, such as `EXC-2`.
    #[schema(required)]
    pub exception: Option<String>,
    /// Why this row, this notice, these people, in words.
    pub because: Vec<String>,
}

/// Something that a plan lacks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeFinding {
    /// Where.
    #[schema(example = "timeline[2].command")]
    pub field: String,
    /// What to write.
    pub text: String,
    /// Whether it cannot be submitted so.
    pub blocking: bool,
}

/// How good a field is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeScore {
    /// Which of the eight.
    pub field: String,
    /// From -2 to 2.
    pub points: i32,
}

/// Something that happened to a change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeEntry {
    /// When.
    pub at: Instant,
    /// What kind of thing.
    pub kind: ChangeEntryKind,
    /// Who did it.
    pub actor: String,
    /// In words.
    pub text: String,
}

/// A step that was done.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeTick {
    /// Of which steps.
    pub run: ChangeRun,
    /// Which, from 1.
    pub step: u32,
    /// Who did it.
    pub by: String,
    /// When.
    pub at: Instant,
    /// When it was to be done, counted from the real beginning.
    #[schema(required)]
    pub planned_at: Option<Instant>,
}

/// A change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeRecord {
    /// For programs.
    pub id: String,
    /// For people.
    pub number: i64,
    /// Where it stands.
    pub state: ChangeState,
    /// What is meant to be done.
    pub plan: ChangePlan,
    /// Counts the wordings that people agreed or disagreed to.
    pub revision: u32,
    /// Who submits it.
    pub submitter: String,
    /// How it came about.
    pub origin: ChangeOrigin,
    /// Why it could not wait, or was announced late; may be empty.
    pub excuse: String,
    /// The sev2 that it went around the process for, and why that may be doubted.
    #[schema(required)]
    pub sev2: Option<ChangeExcuse>,
    /// What the policy says of it: as it was assessed, or as it would be for a draft.
    pub assessment: ChangeAssessment,
    /// Who must agree, in order.
    pub approvals: Vec<ChangeApproval>,
    /// What people decided, the oldest first.
    pub decisions: Vec<ChangeDecision>,
    /// What it lacks.
    pub findings: Vec<ChangeFinding>,
    /// How good its plan is over eight fields.
    pub quality: Vec<ChangeScore>,
    /// When it was first written.
    pub created_at: Instant,
    /// When it was last submitted.
    #[schema(required)]
    pub submitted_at: Option<Instant>,
    /// When all had agreed.
    #[schema(required)]
    pub approved_at: Option<Instant>,
    /// When it really began.
    #[schema(required)]
    pub started_at: Option<Instant>,
    /// When it began to be taken back.
    #[schema(required)]
    pub aborted_at: Option<Instant>,
    /// The steps that were done, in the order in which they were.
    pub steps_done: Vec<ChangeTick>,
    /// When it was really done.
    #[schema(required)]
    pub ended_at: Option<Instant>,
    /// When nothing was left to do.
    #[schema(required)]
    pub closed_at: Option<Instant>,
    /// How it went.
    #[schema(required)]
    pub outcome: Option<ChangeOutcome>,
    /// Whether you may change it and do it.
    pub yours: bool,
    /// What happened to it, the oldest first.
    pub history: Vec<ChangeEntry>,
    /// The incidents that it was found to be the cause of, as far as you see them, the newest first; at
    /// most 50.
    pub caused: Vec<CausedIncident>,
}

/// A change to write down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChange {
    /// What is meant to be done; left out where a template says so.
    #[serde(default)]
    plan: Option<ChangePlan>,
    /// The name of a template, instead of a plan.
    #[serde(default)]
    template: Option<String>,
    /// What goes into the places of the template. What is submitted at once begins now where nothing is
    /// said of it.
    #[serde(default)]
    filling: Option<ChangeFilling>,
    /// Whose it is, by name; yours where nobody is named. A token of nobody must name somebody.
    #[serde(default)]
    submitter: Option<String>,
    /// Whether people are asked to agree at once.
    #[serde(default)]
    submit: bool,
    /// Why it is announced later than the policy asks for.
    #[serde(default)]
    excuse: String,
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// In one of these states, separated by commas; `open` for everything that is not over.
    state: Option<String>,
    /// Touching this service, by name.
    service: Option<String>,
    /// `true` for those that you submitted or do.
    mine: Option<bool>,
    /// `true` for those that wait for you to decide.
    asked: Option<bool>,
    /// What to look for, as a search takes it: `class:network technician:me "switch"`.
    q: Option<String>,
    /// Planned to be under way at some time from then on.
    from: Option<Instant>,
    /// Planned to begin before then.
    to: Option<Instant>,
    /// At most so many.
    limit: Option<u32>,
    /// The cursor of the page before.
    cursor: Option<String>,
}

/// What the policy and the linter say of a plan.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeCheck {
    /// What the policy says of it.
    pub assessment: ChangeAssessment,
    /// Who must agree, in order.
    pub approvals: Vec<ChangeApproval>,
    /// What it lacks.
    pub findings: Vec<ChangeFinding>,
    /// How good it is over eight fields.
    pub quality: Vec<ChangeScore>,
}

/// The policy, for those who write changes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangePolicy {
    /// The revision of the configuration.
    pub revision: i64,
    /// The kinds of changes.
    pub classes: Vec<String>,
    /// The matrix in the order in which it is read.
    pub rows: Vec<ChangePolicyRow>,
    /// How many hours are looked back for what caused an incident, unless somebody asks otherwise.
    pub looks_back_hours: i64,
    /// The environments whose change events are suspects; where empty, all that do not look like
    /// something else than production.
    pub environments: Vec<String>,
}

/// A row of the matrix.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangePolicyRow {
    /// Unique.
    pub name: String,
    /// Tiers of services; all where empty.
    pub tiers: Vec<u8>,
    /// Classes; all where empty.
    pub classes: Vec<String>,
    /// Bands of risk; all where empty.
    pub risks: Vec<RiskBand>,
    /// Teams; all where empty.
    pub teams: Vec<String>,
    /// Who must agree, in words and in order.
    pub approvals: Vec<String>,
    /// How long before, in words.
    pub notice: String,
    /// Whether it must lie in an outage window.
    pub needs_window: bool,
    /// The least level of the technician.
    #[schema(required)]
    pub technician_level: Option<u8>,
}

pub(super) fn team_name(directory: &Directory, team: Option<TeamId>) -> Option<String> {
    let team = team?;
    Some(directory.teams.get(team).map_or_else(|| team.to_string(), |one| one.name.clone()))
}

fn findings(found: Vec<lint::Finding>) -> Vec<ChangeFinding> {
    let tell = |one: lint::Finding| ChangeFinding {
        field: one.field,
        text: one.text,
        blocking: one.is_blocking,
    };
    found.into_iter().map(tell).collect()
}

pub(super) fn scores(scores: &[lint::Score]) -> Vec<ChangeScore> {
    let tell = |one: &lint::Score| ChangeScore { field: one.field.to_owned(), points: one.points };
    scores.iter().map(tell).collect()
}

fn assessment(one: &muster_core::change::approval::Assessment) -> ChangeAssessment {
    ChangeAssessment {
        policy_revision: one.policy_revision,
        row: one.row.clone(),
        tier: one.tier,
        risk: one.risk.band.into(),
        risk_because: one.risk.because.clone(),
        notice: one.notice.in_words(),
        notice_until: one.notice_until.map(Instant::from),
        emergent: one.is_emergent,
        exception: one.exception.map(|number| format!("EXC-{number}")),
        because: one.because.clone(),
    }
}

/// One change in a list.
pub(super) fn item(directory: &Directory, change: &record::Change) -> ChangeItem {
    let mut asked: Vec<_> = change
        .open_requirements()
        .iter()
        .flat_map(|one| one.people.iter().map(|id| person(directory, *id)))
        .collect();
    asked.sort();
    asked.dedup();
    ChangeItem {
        number: change.number,
        title: change.plan.title.clone(),
        state: change.state.into(),
        service: super::service_name(directory, change.plan.service),
        class: change.plan.class.clone(),
        risk: change.assessment.as_ref().map(|one| one.risk.band.into()),
        emergent: change.is_emergent(),
        origin: change.origin.into(),
        submitter: person(directory, change.submitter),
        technician: change.plan.technician.map(|id| person(directory, id)),
        start: change.plan.start.map(Instant::from),
        end: change.plan.end.map(Instant::from),
        outcome: change.outcome.map(ChangeOutcome),
        asked,
    }
}

/// A change with everything about it.
pub(super) async fn describe(
    ctx: &Ctx,
    caller: &Caller,
    change: &record::Change,
) -> Result<ChangeRecord, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let now = ctx.app.now();
    let by = by(caller);
    let past = ctx.app.past_of(&change.plan).await?;
    let incident = ctx.app.level_of(&change.plan, &by).await?;
    let around = past.around(directory, incident);
    let current = change.assess(&around, now);
    let shown = change.assessment.as_ref().unwrap_or(&current);
    let viewer = ctx.app.viewer(caller.user()).await?;
    let sev2 = ctx.app.excuse_of(&viewer, change).await?;
    let entries = store::entries(&ctx.app.db, change.id).await?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let found = if change.may_be_edited() { change.findings(&around, now) } else { Vec::new() };
    let decision = |one: &Decision| ChangeDecision {
        approver: one.approver.into(),
        team: team_name(directory, one.team),
        by: person(directory, one.by),
        on_behalf_of: one.on_behalf_of.map(|id| person(directory, id)),
        approved: one.is_approval,
        reason: one.reason.clone(),
        revision: one.revision,
        at: one.at.into(),
        void: one.is_void,
    };
    let entry = |one: record::Entry| ChangeEntry {
        at: one.at.into(),
        kind: one.kind.into(),
        actor: one.actor.name().to_owned(),
        text: one.text,
    };
    let tick = |one: &record::Tick| ChangeTick {
        run: one.run.into(),
        step: one.place.saturating_add(1),
        by: one.by.name().to_owned(),
        at: one.at.into(),
        planned_at: change.planned_at(one.run, one.place).map(Instant::from),
    };
    Ok(ChangeRecord {
        id: change.id.to_string(),
        number: change.number,
        state: change.state.into(),
        plan: ChangePlan::of(&change.plan, directory),
        revision: change.revision,
        submitter: person(directory, change.submitter),
        origin: change.origin.into(),
        excuse: change.excuse.clone(),
        sev2: sev2.as_ref().map(super::audit::excuse),
        assessment: assessment(shown),
        approvals: approvals(ctx, caller, change, &shown.requirements),
        decisions: change.decisions.iter().map(decision).collect(),
        findings: findings(found),
        quality: scores(&change.quality(&around, now)),
        created_at: change.created_at.into(),
        submitted_at: change.submitted_at.map(Instant::from),
        approved_at: change.approved_at.map(Instant::from),
        started_at: change.started_at.map(Instant::from),
        aborted_at: change.aborted_at.map(Instant::from),
        steps_done: change.ticks.iter().map(tick).collect(),
        ended_at: change.ended_at.map(Instant::from),
        closed_at: change.closed_at.map(Instant::from),
        outcome: change.outcome.map(ChangeOutcome),
        yours: change.is_party(&by, directory),
        history: entries.into_iter().map(entry).collect(),
        caused: suspect::caused(ctx.app.caused_by(&viewer, change.id.into()).await?),
    })
}

fn approvals(
    ctx: &Ctx,
    caller: &Caller,
    change: &record::Change,
    requirements: &[Requirement],
) -> Vec<ChangeApproval> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let now = ctx.app.now();
    let open = change.open_requirements();
    let tell = |one: &Requirement| {
        let is_open = open.contains(&one);
        let state = match (one.is_met(&change.decisions), is_open) {
            (true, _) => "given",
            (false, true) => "asked",
            (false, false) => "later",
        };
        let technician = change.plan.technician;
        let may = |user| one.may_decide(user, technician, directory, now).is_ok();
        ChangeApproval {
            approver: one.approver.into(),
            team: team_name(directory, one.team),
            stage: one.stage,
            people: one.people.iter().map(|id| person(directory, *id)).collect(),
            quorum: one.quorum,
            agreed: one.agreed(&change.decisions),
            state: state.to_owned(),
            because: one.because.clone(),
            yours: is_open && caller.user().is_some_and(may),
        }
    };
    requirements.iter().map(tell).collect()
}

/// The change of that number.
pub(super) async fn find(ctx: &Ctx, number: &str) -> Result<record::Change, ApiError> {
    let unknown = || ApiError::not_found("change", number);
    let digits = number.strip_prefix("CHG-").unwrap_or(number);
    let parsed: i64 = digits.parse().map_err(|_| unknown())?;
    store::read(&ctx.app.db, parsed).await?.ok_or_else(unknown)
}

fn states(text: &str) -> Result<Vec<record::State>, ApiError> {
    if text == "open" {
        let all = record::State::NAMES.iter().map(|(state, _)| *state);
        return Ok(all.filter(|state| !state.is_over()).collect());
    }
    let names: Vec<_> = record::State::NAMES.iter().map(|(_, name)| *name).collect();
    let read = |name: &str| {
        record::State::from_name(name.trim()).ok_or_else(|| {
            ApiError::field("state", format!("use `open` or any of {}", names.join(", ")))
        })
    };
    text.split(',').map(read).collect()
}

/// List changes, the newest first.
#[utoipa::path(
    get, path = "/changes", tag = "change", operation_id = "list_changes",
    params(ListQuery),
    responses((status = 200, description = "The newest first.", body = List<ChangeItem>))
)]
async fn list(
    State(ctx): State<Ctx>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<ChangeItem>>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let paging = Paging::new(query.limit, query.cursor);
    let instant = |field: &'static str, at: Option<Instant>| {
        let read = at.map(|at| at.0.parse());
        read.transpose()
            .map_err(|_| ApiError::field(field, "must be an instant as RFC 3339 writes it"))
    };
    let service = match &query.service {
        None => None,
        Some(name) => {
            let found = directory.services.named(name);
            Some(found.ok_or_else(|| ApiError::not_found("service", name))?.id)
        }
    };
    let person = |wanted: Option<bool>, field: &'static str| match (wanted, caller.user()) {
        (Some(true), Some(user)) => Ok(Some(user)),
        (Some(true), None) => Err(ApiError::field(field, "only a person has changes of their own")),
        _ => Ok(None),
    };
    let asked = person(query.asked, "asked")?.map(|user| {
        let now = ctx.app.now();
        let policy = &directory.change_policy;
        let stands_for = policy.delegates.iter().filter(|one| one.to == user && one.holds(now));
        std::iter::once(user).chain(stands_for.map(|one| one.of)).collect()
    });
    let text = query.q.as_deref().unwrap_or_default();
    let sought = changes(&snapshot, text, caller.asker(&ctx.app))?;
    let filter = store::Filter {
        states: query.state.as_deref().map(states).transpose()?.unwrap_or_default(),
        service,
        of: person(query.mine, "mine")?,
        // Whoever does the work decides nothing, although they may stand for somebody.
        not_technician: person(query.asked, "asked")?,
        asked: asked.unwrap_or_default(),
        from: instant("from", query.from)?,
        to: instant("to", query.to)?,
        before: paging.after()?,
        query: sought,
    };
    let viewer = ctx.app.viewer(caller.user()).await?;
    let rows = match for_incident(&ctx.app, &viewer, &filter.query).await? {
        true => store::list(&ctx.app.db, &filter, paging.limit_and_one()?).await?,
        false => Vec::new(),
    };
    Ok(Json(paging.list(rows, |one| one.number, |one| item(directory, &one))?))
}

/// Write a change down as a draft, or submit it at once.
#[utoipa::path(
    post, path = "/changes", tag = "change", operation_id = "draft_change",
    request_body = NewChange,
    responses((status = 201, description = "The change.", body = ChangeRecord))
)]
async fn draft(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(body): Json<NewChange>,
) -> Result<(StatusCode, Json<ChangeRecord>), ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let submitter = match &body.submitter {
        Some(name) => {
            let found = directory.users.named(name);
            Some(found.ok_or_else(|| ApiError::not_found("person", name))?.id)
        }
        None => caller.user(),
    };
    let submitter = submitter
        .ok_or_else(|| ApiError::field("submitter", "a token of nobody says whose change it is"))?;
    let by = by(&caller);
    if caller.user().is_some_and(|user| user != submitter) && !by.is_admin {
        return Err(ApiError::field("submitter", "only administrators write for others"));
    }
    let filling = body.filling.unwrap_or_default();
    let plan = match (&body.plan, &body.template) {
        (Some(plan), None) => plan.read(directory, Some(submitter))?,
        (None, Some(name)) if body.submit => {
            template::plan_to_submit(directory, name, &filling, Some(submitter), ctx.app.now())?
        }
        (None, Some(name)) => template::plan_out_of(directory, name, &filling, Some(submitter))?,
        _ => return Err(ApiError::field("plan", "say either a plan or a template")),
    };
    let id = ChangeId(ctx.app.ids.next(ctx.app.now()));
    let submit = body.submit.then_some(body.excuse);
    let change = ctx.app.draft_change(Draft { id, plan, submitter, submit }, &by).await?;
    Ok((StatusCode::CREATED, Json(describe(&ctx, &caller, &change).await?)))
}

/// Read a change.
#[utoipa::path(
    get, path = "/changes/{change}", tag = "change", operation_id = "get_change",
    params(("change" = String, Path, description = "The number, or `CHG-` and the number.")),
    responses((status = 200, description = "The change.", body = ChangeRecord))
)]
async fn get(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(change): Path<String>,
) -> Result<Json<ChangeRecord>, ApiError> {
    let change = find(&ctx, &change).await?;
    Ok(Json(describe(&ctx, &caller, &change).await?))
}

/// Read an earlier wording of a change.
#[utoipa::path(
    get, path = "/changes/{change}/revisions/{revision}", tag = "change",
    operation_id = "get_change_revision",
    params(
        ("change" = String, Path, description = "The number."),
        ("revision" = u32, Path, description = "Which, from 1."),
    ),
    responses((status = 200, description = "The plan as it was.", body = ChangePlan))
)]
async fn revision(
    State(ctx): State<Ctx>,
    Path((change, revision)): Path<(String, u32)>,
) -> Result<Json<ChangePlan>, ApiError> {
    let change = find(&ctx, &change).await?;
    let snapshot = ctx.app.snapshot();
    if revision == change.revision {
        return Ok(Json(ChangePlan::of(&change.plan, &snapshot.directory)));
    }
    let earlier = store::revision(&ctx.app.db, change.id, revision).await?;
    let earlier = earlier.ok_or_else(|| ApiError::not_found("revision", &revision.to_string()))?;
    Ok(Json(ChangePlan::of(&earlier, &snapshot.directory)))
}

/// Say what the policy and the linter think of a plan. Nothing is written.
#[utoipa::path(
    post, path = "/changes/check", tag = "change", operation_id = "check_change",
    request_body = ChangePlan,
    responses((status = 200, description = "What they say.", body = ChangeCheck))
)]
async fn check(
    State(ctx): State<Ctx>,
    caller: Caller,
    Json(body): Json<ChangePlan>,
) -> Result<Json<ChangeCheck>, ApiError> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let now = ctx.app.now();
    let plan = body.read(directory, caller.user())?;
    let by = by(&caller);
    let submitter = caller.user().or(plan.technician);
    let submitter = submitter.ok_or_else(|| ApiError::field("technician", "say who does it"))?;
    let past = ctx.app.past_of(&plan).await?;
    let incident = ctx.app.level_of(&plan, &by).await?;
    let around = past.around(directory, incident);
    let id = ChangeId(ctx.app.ids.next(now));
    let (change, _) = record::draft(id, plan, submitter, &by, now);
    let assessed = change.assess(&around, now);
    Ok(Json(ChangeCheck {
        approvals: approvals(&ctx, &caller, &change, &assessed.requirements),
        assessment: assessment(&assessed),
        findings: findings(change.findings(&around, now)),
        quality: scores(&change.quality(&around, now)),
    }))
}

/// Read the policy: the kinds of changes and the matrix.
#[utoipa::path(
    get, path = "/changes/policy", tag = "change", operation_id = "get_change_policy",
    responses((status = 200, description = "The policy.", body = ChangePolicy))
)]
async fn policy(State(ctx): State<Ctx>) -> Json<ChangePolicy> {
    use muster_core::change::policy::{Policy, Row};
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let row = |row: &Row| ChangePolicyRow {
        name: row.name.clone(),
        tiers: row.tiers.clone(),
        classes: row.classes.clone(),
        risks: row.risks.iter().map(|band| (*band).into()).collect(),
        teams: row.teams.iter().filter_map(|team| team_name(directory, Some(*team))).collect(),
        approvals: row
            .stages
            .iter()
            .map(|stage| match stage.from_risk {
                Some(band) => {
                    format!("{} from {} risk on", stage.approver.in_words(), band.name())
                }
                None => stage.approver.in_words().to_owned(),
            })
            .collect(),
        notice: row.notice.in_words(),
        needs_window: row.needs_window,
        technician_level: row.technician_level,
    };
    let policy = &directory.change_policy;
    let last = Policy::last_row();
    Json(ChangePolicy {
        revision: directory.revision,
        classes: policy.classes.clone(),
        rows: policy.rows.iter().chain(std::iter::once(&last)).map(row).collect(),
        looks_back_hours: policy.suspects.back.as_hours(),
        environments: policy.suspects.environments.clone(),
    })
}
