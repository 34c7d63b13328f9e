//! Runs of workflows (`T7`): queued in the transaction of the entry that set them off, ended in the
//! transaction of what they did, so that each happens once.

use jiff::Timestamp;
use muster_core::id::{EntryId, IncidentId, WorkflowRunId};
use muster_core::incident::restriction::Viewer;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use super::restriction;
use crate::args;
use crate::db::rows::{self, Column};
use crate::db::{Db, Result, Sql, StoreError, Tx};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is to be done.
    Waiting,
    /// Every step was tried.
    Done,
    /// It was not done, because it had run too often or rests by now.
    Held,
}

impl State {
    /// Its name in store and API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Held => "held",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Done, Self::Held].into_iter().find(|state| state.name() == name)
    }
}

/// What became of a step, or of a run as a whole where it has no step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What it does, in words.
    pub step: String,
    /// Why it could not be done; none if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Later ones sort after earlier ones.
    pub id: WorkflowRunId,
    /// The workflow, by the name that it had then.
    pub workflow: String,
    /// The incident.
    pub incident: IncidentId,
    /// The entry that set it off.
    pub entry: EntryId,
    /// Where it stands.
    pub state: State,
    /// What became of its steps.
    pub steps: Vec<Told>,
    /// When it was set off.
    pub created_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct RunRow {
    id: Uuid,
    workflow: String,
    incident_id: Uuid,
    entry_id: Uuid,
    state: String,
    steps: String,
    created_at: i64,
    ended_at: Option<i64>,
}

impl TryFrom<RunRow> for Run {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self> {
        let corrupt = |what: &str| StoreError::Corrupt(format!("a workflow's run with {what}"));
        let instant =
            |micros| Timestamp::from_microsecond(micros).map_err(|_| corrupt("no instant"));
        Ok(Self {
            id: WorkflowRunId(row.id),
            workflow: row.workflow,
            incident: IncidentId(row.incident_id),
            entry: EntryId(row.entry_id),
            state: State::from_name(&row.state).ok_or_else(|| corrupt("an unknown state"))?,
            steps: serde_json::from_str(&row.steps).map_err(|_| corrupt("unreadable steps"))?,
            created_at: instant(row.created_at)?,
            ended_at: row.ended_at.map(instant).transpose()?,
        })
    }
}

/// Queues runs.
pub async fn insert(tx: &mut Tx, runs: &[Run]) -> Result<()> {
    const COLUMNS: [Column; 7] = [
        ("id", rows::Kind::Uuid),
        ("workflow", rows::Kind::Text),
        ("incident_id", rows::Kind::Uuid),
        ("entry_id", rows::Kind::Uuid),
        ("state", rows::Kind::Text),
        ("steps", rows::Kind::Text),
        ("created_at", rows::Kind::Int),
    ];
    let values = runs.iter().map(|run| {
        let (state, steps) = (run.state.name(), written(&run.steps));
        args![run.id.0, &run.workflow, run.incident, run.entry, state, steps, run.created_at]
    });
    rows::insert(tx, "workflow_run", &COLUMNS, values.collect(), "").await
}

/// A run that waits; none where it is over.
pub async fn waiting(tx: &mut Tx, id: WorkflowRunId) -> Result<Option<Run>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, workflow, incident_id, entry_id, state, steps, created_at, ended_at
         FROM workflow_run WHERE id = ? AND state = 'waiting'",
    );
    let row: Option<RunRow> = tx.fetch_optional(&SELECT, args![id.0]).await?;
    row.map(Run::try_from).transpose()
}

/// How often a workflow has done its steps for an incident since then.
pub async fn done_since(
    tx: &mut Tx,
    workflow: &str,
    incident: IncidentId,
    since: Timestamp,
) -> Result<i64> {
    const SELECT: Sql = Sql::same(
        "SELECT count(*) FROM workflow_run
         WHERE incident_id = ? AND workflow = ? AND created_at > ? AND state = 'done'",
    );
    let row: Option<(i64,)> = tx.fetch_optional(&SELECT, args![incident, workflow, since]).await?;
    Ok(row.map_or(0, |(count,)| count))
}

/// Ends a run.
pub async fn end(
    tx: &mut Tx,
    id: WorkflowRunId,
    state: State,
    steps: &[Told],
    now: Timestamp,
) -> Result<()> {
    const UPDATE: Sql =
        Sql::same("UPDATE workflow_run SET state = ?, steps = ?, ended_at = ? WHERE id = ?");
    tx.execute(&UPDATE, args![state.name(), written(steps), now, id.0]).await?;
    Ok(())
}

/// Runs of a workflow about incidents that the viewer sees, the newest first, with the numbers of
/// the incidents.
pub async fn list(
    db: &Db,
    viewer: &Viewer,
    workflow: &str,
    before: Option<WorkflowRunId>,
    limit: i64,
) -> Result<Vec<(Run, i64)>> {
    #[derive(FromRow)]
    struct Numbered {
        #[sqlx(flatten)]
        run: RunRow,
        number: i64,
    }
    let mut values = args![workflow];
    let older = match before {
        Some(id) => {
            values.extend(args![id.0]);
            "AND workflow_run.id < ?"
        }
        None => "",
    };
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        "SELECT workflow_run.id, workflow, incident_id, entry_id, state, steps, created_at,
             ended_at, incident.number
         FROM workflow_run JOIN incident ON incident.id = workflow_run.incident_id
         WHERE workflow = ? {older} AND {visible} ORDER BY workflow_run.id DESC LIMIT ?"
    );
    values.extend(args![limit]);
    let rows: Vec<Numbered> = db.fetch_all(&Sql::built(text), values).await?;
    rows.into_iter().map(|row| Ok((row.run.try_into()?, row.number))).collect()
}

fn written(steps: &[Told]) -> String {
    serde_json::to_string(steps).unwrap_or_else(|_| "[]".to_owned())
}
