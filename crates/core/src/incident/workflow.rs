//! Workflows (`T7`): on an event that matches, do this. An event is an entry of an incident's timeline;
//! a workflow names the kinds that it hears of and may ask for more with a condition. What a workflow
//! does is written down as done by that workflow, and such entries start no workflow: none sets off
//! another, nor itself. What follows from it by other hands is held by a cap on runs.

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::alerting::rule::Condition;
use crate::id::{NotificationListId, UserId};
use crate::incident::lifecycle::Incident;
use crate::incident::severity::Level;
use crate::incident::timeline::{Actor, Entry, Kind};
use crate::org::directory::Directory;

/// How often a workflow runs for one incident within [`WINDOW`], unless it says otherwise.
pub const RUNS_USUAL: u32 = 10;
/// The most that may be asked for.
pub const RUNS_MAX: u32 = 100;
/// The time in which runs are counted.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// What a configuration writes for the bridge of the severity's process.
pub const OF_PROCESS: &str = "process";
/// The most steps of a workflow.
pub const STEPS_MAX: usize = 20;

/// What the organisation wants done by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Unique.
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// Which entries it hears of.
    pub on: Vec<Kind>,
    /// What must hold besides.
    pub condition: Option<Condition>,
    /// How often it runs for one incident within an hour.
    pub at_most: u32,
    /// Whether it rests.
    pub is_off: bool,
    /// What it does, in order. A step that cannot be done is told and does not keep the others from
    /// being done.
    pub steps: Vec<Step>,
}

/// One thing that a workflow does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Engage a group.
    Engage {
        /// By name.
        group: String,
        /// What they are told, as a template.
        message: Option<String>,
    },
    /// Page people.
    Page {
        /// Whom.
        users: Vec<UserId>,
        /// What they are told, as a template.
        message: Option<String>,
    },
    /// Write a note into the timeline.
    Post {
        /// As a template.
        text: String,
    },
    /// Tell a notification list.
    Tell {
        /// Which.
        list: NotificationListId,
        /// What, as a template.
        text: String,
    },
    /// Change how bad it is.
    SetSeverity(Level),
    /// Call an outgoing webhook, whatever events it asked for.
    CallWebhook {
        /// By name.
        webhook: String,
    },
    /// Open the bridge.
    OpenBridge {
        /// Where; the one of the severity's process if `None`.
        link: Option<String>,
    },
}

/// Whether a workflow is to run on an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Runs,
    /// It is not, and why, in words.
    Rests(String),
}

impl Workflow {
    /// Whether it runs because of an entry of an incident that has it already.
    pub fn judge(&self, directory: &Directory, incident: &Incident, entry: &Entry) -> Verdict {
        let rests = |why: &str| Verdict::Rests(why.to_owned());
        if self.is_off {
            return rests("it is switched off");
        }
        if !self.on.contains(&entry.kind) {
            return rests("it does not hear of that kind of event");
        }
        if matches!(entry.actor, Actor::Workflow { .. }) {
            return rests("a workflow did that, and workflows set off no workflow");
        }
        if incident.practice {
            return rests("it is practice, and nothing is broken");
        }
        if incident.restriction.is_some() {
            return rests("the incident is restricted");
        }
        match self
            .condition
            .as_ref()
            .map(|condition| condition.evaluate(&happened(directory, incident, entry)))
        {
            None | Some(Ok(true)) => Verdict::Runs,
            Some(Ok(false)) => rests("its condition does not hold"),
            Some(Err(why)) => Verdict::Rests(format!("its condition cannot be evaluated: {why}")),
        }
    }
}

/// What a condition may ask about.
fn happened(directory: &Directory, incident: &Incident, entry: &Entry) -> Map<String, Value> {
    let service = directory.services.get(incident.service);
    let team = service.and_then(|service| service.team).and_then(|id| directory.teams.get(id));
    let facts = [
        ("event", json!(entry.kind.name())),
        ("text", json!(entry.text)),
        ("actor", json!(entry.actor.name())),
        ("data", Value::Object(entry.data.clone())),
        ("severity", json!(incident.severity.number())),
        ("status", json!(incident.status.name())),
        ("service", json!(service.map_or("", |service| &service.name))),
        ("team", json!(team.map_or("", |team| &team.name))),
        ("title", json!(incident.title)),
        ("alert_count", json!(incident.alert_count)),
    ];
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
