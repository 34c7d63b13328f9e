//! Workflows (`T7`): which are set off by what an incident's timeline tells, and doing what they are
//! there for. A run and everything that it does are one transaction, so that it happens once; a step
//! that cannot be done is told and does not keep the others from being done.

use jiff::Timestamp;
use muster_core::id::{EntryId, UserId, WorkflowRunId};
use muster_core::incident::lifecycle::{Command, Incident, bridge};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::{Actor, Entry, Kind as EntryKind};
use muster_core::incident::workflow::{Step, Verdict, WINDOW, Workflow};
use muster_core::oncall::group;
use muster_core::org::directory::Directory;
use muster_store::incident::workflow::{self as store_workflow, Run, State, Told};
use muster_store::incident::{incident as store_incident, timeline as store_timeline};
use muster_store::timer::{self, Claimed, Kind};
use muster_store::{Lane, StoreError, Tx};
use serde_json::json;

use super::command::{Refused, obey};
use super::{record, view, webhook};
use crate::app::App;
use crate::app::template;

/// What an entry of an incident sets off.
pub(super) fn set_off(
    app: &App,
    directory: &Directory,
    incident: &Incident,
    (id, entry): (EntryId, &Entry),
    now: Timestamp,
) -> Vec<Run> {
    let hears = |workflow: &&Workflow| workflow.on.contains(&entry.kind);
    directory
        .workflows
        .iter()
        .filter(hears)
        .filter(|workflow| workflow.judge(directory, incident, entry) == Verdict::Runs)
        .map(|workflow| Run {
            id: WorkflowRunId(app.ids.next(now)),
            workflow: workflow.name.clone(),
            incident: incident.id,
            entry: id,
            state: State::Waiting,
            steps: Vec::new(),
            created_at: now,
            ended_at: None,
        })
        .collect()
}

/// Stores runs with their timers.
pub(super) async fn queue(tx: &mut Tx, runs: &[Run], now: Timestamp) -> Result<(), StoreError> {
    if runs.is_empty() {
        return Ok(());
    }
    store_workflow::insert(tx, runs).await?;
    let timers: Vec<_> = runs.iter().map(|run| (Kind::Workflow, run.id.0, now)).collect();
    timer::set_all(tx, &timers, now).await
}

/// What a workflow would do for an incident, and on which of its entries.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// Its entries of the kinds that the workflow hears of, the oldest first, with what is decided.
    pub entries: Vec<(EntryId, Entry, Verdict)>,
    /// What it would do, in words, and what would keep a step from being done.
    pub steps: Vec<Told>,
}

impl App {
    /// Does a run that waits, if it still may.
    ///
    /// # Errors
    /// When the store refuses; nothing was done then.
    pub(crate) async fn run_workflow(&self, claimed: &Claimed) -> Result<(), StoreError> {
        let now = self.now();
        let id = WorkflowRunId(claimed.id);
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let mut tx = self.db.begin(Lane::Outbox).await?;
        if !timer::still_held(&mut tx, Kind::Workflow, claimed).await? {
            return Ok(());
        }
        if let Some(run) = store_workflow::waiting(&mut tx, id).await?
            && let Some(incident) = store_incident::lock(&mut tx, run.incident).await?
        {
            let known = directory.workflows.iter().find(|one| one.name == run.workflow);
            let held = may_run(&mut tx, known, &run, &incident, now).await?;
            let (state, told) = match (known, held) {
                (Some(workflow), None) => {
                    (State::Done, self.do_steps(&mut tx, directory, workflow, &run, now).await?)
                }
                (_, held) => {
                    let step = "nothing was done".to_owned();
                    (State::Held, vec![Told { step, trouble: held }])
                }
            };
            store_workflow::end(&mut tx, id, state, &told, now).await?;
        }
        if timer::finish(&mut tx, Kind::Workflow, claimed, None).await? {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn do_steps(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        workflow: &Workflow,
        run: &Run,
        now: Timestamp,
    ) -> Result<Vec<Told>, StoreError> {
        let actor = Actor::Workflow { name: workflow.name.clone() };
        let mut told = Vec::new();
        for step in &workflow.steps {
            let incident = store_incident::lock(tx, run.incident).await?;
            let incident = incident.ok_or(StoreError::Missing)?;
            let words = in_words(directory, step, now);
            let trouble = match deed(directory, &incident, step, now) {
                Ok(Deed::Command(command)) => {
                    match obey(self, tx, run.incident, command, &actor, now).await {
                        Ok(_) => None,
                        Err(Refused::Store(error)) => return Err(error),
                        Err(refused) => Some(refused.to_string()),
                    }
                }
                Ok(Deed::Call(webhook)) => {
                    self.call(tx, directory, (&incident, run, &webhook), now).await?
                }
                Err(trouble) => Some(trouble),
            };
            told.push(Told { step: words, trouble });
        }
        let incident = store_incident::lock(tx, run.incident).await?.ok_or(StoreError::Missing)?;
        let entry = ran(workflow, run, &told, now);
        record::note(self, tx, directory, &incident, &[entry], now).await?;
        Ok(told)
    }

    /// Queues a call of an outgoing webhook; what keeps it from being called.
    async fn call(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        (incident, run, webhook): (&Incident, &Run, &str),
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let Some(known) = directory.webhooks.named(webhook) else {
            return Ok(Some(format!("there is no webhook `{webhook}`")));
        };
        let content = json!({
            "type": "workflow.run",
            "at": now.to_string(),
            "incident": view::short(self, directory, incident),
            "data": {
                "workflow": run.workflow,
                "run": run.id.to_string(),
                "entry": run.entry.to_string(),
            },
        });
        let delivery = webhook::call(self, known, incident, &content, now);
        record::put(tx, &delivery, now).await?;
        Ok(None)
    }

    /// Says what a workflow would do for an incident as it is now, and does nothing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn dry_run(
        &self,
        workflow: &Workflow,
        incident: &Incident,
    ) -> Result<DryRun, StoreError> {
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let now = self.now();
        let kinds: Vec<_> = workflow.on.iter().map(|kind| kind.name()).collect();
        let rows = store_timeline::of_kinds(&self.db, incident.id, &kinds).await?;
        let mut entries = Vec::new();
        for row in rows {
            let stored = row.read()?;
            let verdict = workflow.judge(directory, incident, &stored.entry);
            entries.push((stored.id, stored.entry, verdict));
        }
        let steps = workflow.steps.iter().map(|step| Told {
            step: in_words(directory, step, now),
            trouble: deed(directory, incident, step, now).err(),
        });
        Ok(DryRun { entries, steps: steps.collect() })
    }

    /// Runs of a workflow about incidents that the viewer sees, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn workflow_runs(
        &self,
        viewer: &Viewer,
        workflow: &str,
        before: Option<WorkflowRunId>,
        limit: i64,
    ) -> Result<Vec<(Run, i64)>, StoreError> {
        store_workflow::list(&self.db, viewer, workflow, before, limit).await
    }
}

/// What keeps a run from being done now, in words.
async fn may_run(
    tx: &mut Tx,
    workflow: Option<&Workflow>,
    run: &Run,
    incident: &Incident,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let Some(workflow) = workflow.filter(|workflow| !workflow.is_off) else {
        return Ok(Some("it was switched off or taken away meanwhile".to_owned()));
    };
    if incident.restriction.is_some() {
        return Ok(Some("the incident was restricted meanwhile".to_owned()));
    }
    if incident.merged_into.is_some() {
        return Ok(Some("the incident was merged meanwhile".to_owned()));
    }
    let since = now.saturating_sub(WINDOW).unwrap_or(Timestamp::MIN);
    let done = store_workflow::done_since(tx, &run.workflow, run.incident, since).await?;
    if done >= i64::from(workflow.at_most) {
        let most = workflow.at_most;
        return Ok(Some(format!(
            "it ran {most} times for this incident within an hour, which is the most"
        )));
    }
    Ok(None)
}

/// What a step comes to.
enum Deed {
    /// A command to the incident.
    Command(Command),
    /// A call of a webhook, by name.
    Call(String),
}

/// What a step comes to for an incident; else what keeps it from being done, in words.
fn deed(
    directory: &Directory,
    incident: &Incident,
    step: &Step,
    now: Timestamp,
) -> Result<Deed, String> {
    let said = |text: &str| {
        template::about(directory, incident, text).map_err(|mistake| mistake.to_string())
    };
    let message = |text: &Option<String>| text.as_deref().map(said).transpose();
    Ok(Deed::Command(match step {
        Step::Engage { group, message: text } => {
            let known = directory.groups.named(group);
            let known = known.ok_or_else(|| format!("there is no engagement group `{group}`"))?;
            let users = group::resolve(directory, known, now);
            if users.is_empty() {
                return Err(format!("{group} reaches nobody at the moment"));
            }
            Command::Engage { group: group.clone(), users, message: message(text)? }
        }
        Step::Page { users, message: text } => {
            let users = users.iter().copied().filter(|id| directory.users.get(*id).is_some());
            let users: Vec<_> = users.collect();
            if users.is_empty() {
                return Err("there is nobody left to page".to_owned());
            }
            Command::PagePeople { users, message: message(text)? }
        }
        Step::Post { text } => Command::Note { text: said(text)? },
        Step::Tell { list, text } => Command::TellList { list: *list, text: said(text)? },
        Step::SetSeverity(level) if *level == incident.severity => {
            return Err("it has that severity already".to_owned());
        }
        Step::SetSeverity(level) => {
            Command::ChangeSeverity { level: *level, reason: Some("by a workflow".to_owned()) }
        }
        Step::OpenBridge { link: None } => Command::Bridge(bridge::Ask::Open),
        Step::OpenBridge { link: Some(link) } => {
            Command::Bridge(bridge::Ask::Set { link: link.clone() })
        }
        Step::CallWebhook { webhook } => return Ok(Deed::Call(webhook.clone())),
    }))
}

/// A step in words: `engage database (ana, bo)`.
pub fn in_words(directory: &Directory, step: &Step, now: Timestamp) -> String {
    let names = |users: &[UserId]| {
        let names = users.iter().filter_map(|id| directory.users.get(*id));
        names.map(|user| user.name.clone()).collect::<Vec<_>>().join(", ")
    };
    match step {
        Step::Engage { group, .. } => {
            let known = directory.groups.named(group);
            let users = known.map(|known| group::resolve(directory, known, now));
            let users = users.map(|users| names(&users)).filter(|names| !names.is_empty());
            format!("engage {group} ({})", users.as_deref().unwrap_or("nobody now"))
        }
        Step::Page { users, .. } => format!("page {}", names(users)),
        Step::Post { text } => format!("post “{text}”"),
        Step::Tell { list, text } => {
            // Of a restricted list nobody is told but those whom it names.
            match directory.lists.get(*list) {
                Some(list) if list.restricted.is_some() => "tell a restricted list".to_owned(),
                Some(list) => format!("tell {} “{text}”", list.name),
                None => "tell a list that is gone".to_owned(),
            }
        }
        Step::SetSeverity(level) => format!("set the severity to {}", level.number()),
        Step::CallWebhook { webhook } => format!("call the webhook {webhook}"),
        Step::OpenBridge { link: None } => "open the bridge of the process".to_owned(),
        Step::OpenBridge { link: Some(link) } => format!("open the bridge {link}"),
    }
}

/// What the timeline tells of a run.
fn ran(workflow: &Workflow, run: &Run, told: &[Told], now: Timestamp) -> Entry {
    let steps: Vec<_> = told
        .iter()
        .map(|told| match &told.trouble {
            Some(trouble) => format!("could not {} ({trouble})", told.step),
            None => told.step.clone(),
        })
        .collect();
    let actor = Actor::Workflow { name: workflow.name.clone() };
    let text = format!("Workflow {}: {}", workflow.name, steps.join("; "));
    Entry::new(now, EntryKind::WorkflowRan, actor, text)
        .with("workflow", workflow.name.clone())
        .with("run", run.id.to_string())
        .with("of", run.entry.to_string())
}
