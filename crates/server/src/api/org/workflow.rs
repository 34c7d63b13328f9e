//! Workflows (`T7`): what is done by itself, what was done, and what would be.

use axum::extract::State;
use muster_core::incident::workflow::{self, Verdict};
use muster_core::org::access::Action;
use muster_store::incident::workflow::{Run, Told};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::api::extract::{Json, Path, Query};
use crate::api::incident::command::Reference;
use crate::api::incident::{ANSWER_INCIDENTS, find};
use crate::api::list::{List, Paging};
use crate::api::word::{Instant, TimelineKind};
use crate::api::{ApiError, Caller, Ctx, Routes, SEE_ORGANIZATION};
use crate::app::incident::workflow::in_words;

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .on(SEE_ORGANIZATION, routes!(list))
        .on(SEE_ORGANIZATION, routes!(runs))
        .on(ANSWER_INCIDENTS, routes!(dry_run))
}

/// What is done by itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Workflow {
    /// Unique.
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// Which kinds of timeline entries it hears of.
    pub on: Vec<TimelineKind>,
    /// A CEL expression: what must hold besides.
    #[schema(required)]
    pub when: Option<String>,
    /// How often it runs for one incident within an hour.
    pub at_most: u32,
    /// Whether it rests.
    pub off: bool,
    /// What it does, in words and in order.
    pub steps: Vec<String>,
}

/// What became of a step, or would.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WorkflowStep {
    /// What it does, in words.
    pub step: String,
    /// Why it could not be done; null if it was, or would be.
    #[schema(required)]
    pub trouble: Option<String>,
}

/// One run of a workflow.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WorkflowRun {
    /// For programs.
    pub id: String,
    /// The number of the incident.
    pub incident: i64,
    /// The timeline entry that set it off.
    pub entry: String,
    /// `waiting`, `done`, or `held` where it was not done.
    pub state: String,
    /// What became of its steps.
    pub steps: Vec<WorkflowStep>,
    /// When it was set off.
    pub at: Instant,
    /// When it was over; null while it waits.
    #[schema(required)]
    pub ended_at: Option<Instant>,
}

/// An incident to try a workflow on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowTrial {
    /// By its id or number.
    incident: Reference,
}

/// What a workflow would do for an incident as it is now.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WorkflowDryRun {
    /// The entries of the kinds that it hears of, the oldest first.
    pub entries: Vec<WorkflowJudged>,
    /// What it would do each time.
    pub steps: Vec<WorkflowStep>,
}

/// Whether an entry would set a workflow off.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WorkflowJudged {
    /// The entry.
    pub entry: String,
    /// When it happened.
    pub at: Instant,
    /// What kind of thing.
    pub kind: TimelineKind,
    /// In words.
    pub text: String,
    /// Whether it would run.
    pub runs: bool,
    /// Why it would not; null if it would.
    #[schema(required)]
    pub because: Option<String>,
}

fn step(told: Told) -> WorkflowStep {
    WorkflowStep { step: told.step, trouble: told.trouble }
}

fn known(ctx: &Ctx, name: &str) -> Result<workflow::Workflow, ApiError> {
    let snapshot = ctx.app.snapshot();
    let found = snapshot.directory.workflows.iter().find(|one| one.name == name);
    found.cloned().ok_or_else(|| ApiError::not_found("workflow", name))
}

/// List the workflows.
#[utoipa::path(
    get, path = "/workflows", tag = "org", operation_id = "list_workflows",
    responses((status = 200, description = "In the order of the configuration.", body = List<Workflow>))
)]
async fn list(State(ctx): State<Ctx>) -> Json<List<Workflow>> {
    let snapshot = ctx.app.snapshot();
    let directory = &snapshot.directory;
    let now = ctx.app.now();
    let describe = |one: &workflow::Workflow| Workflow {
        name: one.name.clone(),
        description: one.description.clone(),
        on: one.on.iter().map(|kind| (*kind).into()).collect(),
        when: one.condition.as_ref().map(|condition| condition.text().to_owned()),
        at_most: one.at_most,
        off: one.is_off,
        steps: one.steps.iter().map(|step| in_words(directory, step, now)).collect(),
    };
    Json(List::whole(directory.workflows.iter().map(describe).collect()))
}

/// List what a workflow did, the newest first, as far as you see the incidents.
#[utoipa::path(
    get, path = "/workflows/{name}/runs", tag = "org", operation_id = "list_workflow_runs",
    params(("name" = String, Path, description = "The workflow's name."), Paging),
    responses((status = 200, description = "The newest first.", body = List<WorkflowRun>))
)]
async fn runs(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<List<WorkflowRun>>, ApiError> {
    let workflow = known(&ctx, &name)?;
    let viewer = ctx.app.viewer(caller.user()).await?;
    let (before, limit) = (paging.after()?, paging.limit_and_one()?);
    let rows = ctx.app.workflow_runs(&viewer, &workflow.name, before, limit).await?;
    let describe = |(run, incident): (Run, i64)| WorkflowRun {
        id: run.id.to_string(),
        incident,
        entry: run.entry.to_string(),
        state: run.state.name().to_owned(),
        steps: run.steps.into_iter().map(step).collect(),
        at: run.created_at.into(),
        ended_at: run.ended_at.map(Instant::from),
    };
    Ok(Json(paging.list(rows, |(run, _)| run.id.to_string(), describe)?))
}

/// Say what a workflow would do for an incident as it is now. Nothing is done.
#[utoipa::path(
    post, path = "/workflows/{name}/dry-run", tag = "org", operation_id = "dry_run_workflow",
    params(("name" = String, Path, description = "The workflow's name.")),
    request_body = WorkflowTrial,
    responses((status = 200, description = "What it would do.", body = WorkflowDryRun))
)]
async fn dry_run(
    State(ctx): State<Ctx>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<WorkflowTrial>,
) -> Result<Json<WorkflowDryRun>, ApiError> {
    let workflow = known(&ctx, &name)?;
    let incident = find(&ctx, &caller, Action::Read, &body.incident.to_string()).await?;
    let dry = ctx.app.dry_run(&workflow, &incident).await?;
    let entries = dry.entries.into_iter().map(|(id, entry, verdict)| WorkflowJudged {
        entry: id.to_string(),
        at: entry.at.into(),
        kind: entry.kind.into(),
        text: entry.text,
        runs: verdict == Verdict::Runs,
        because: match verdict {
            Verdict::Runs => None,
            Verdict::Rests(why) => Some(why),
        },
    });
    let steps = dry.steps.into_iter().map(step).collect();
    Ok(Json(WorkflowDryRun { entries: entries.collect(), steps }))
}
