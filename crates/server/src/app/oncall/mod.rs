//! What people and providers ask of on-call: answers that come back through a channel, who carries
//! messages, and the planning of who is on call while the server runs. Each operation of planning loads, asks the core to decide,
//! and commits in one transaction, with the change of plan counted as a change of configuration so
//! that every node reads it.

use std::collections::BTreeSet;

use muster_core::id::{ScheduleId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::schedule::{Schedule, Shadow};
use muster_core::org::access::Object;
use muster_core::org::directory::Directory;
use muster_store::event::{self, NewEvent};
use muster_store::org::config::{self, Change, RECORD_CONFLICT};
use muster_store::org::directory;
use muster_store::{StoreError, Tx, audit};
use serde_json::{Value, json};

use crate::app::App;
use crate::app::snapshot::environment;
use crate::ids;

pub mod absence;
pub mod answer;
pub mod calendar;
pub mod carriers;
pub mod chat;
pub mod contact;
pub mod feed;
pub mod handoff;
pub mod mirror;
mod notice;
pub mod overrides;
pub mod proof;
pub mod push;
pub mod record;
pub mod request;
pub mod subscription;
pub mod survey;

/// How often a change that another one overtook looks again.
const TRIES_MAX: u32 = 5;

/// Why a plan was not changed.
#[derive(Debug, thiserror::Error)]
pub enum NotPlanned {
    /// There is no such thing.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// An override cannot stand there.
    #[error(transparent)]
    Override(#[from] muster_core::oncall::overrides::Refused),
    /// A request cannot be moved like that.
    #[error(transparent)]
    Request(#[from] muster_core::oncall::cover::WrongMove),
    /// A handoff cannot be moved like that.
    #[error(transparent)]
    Handoff(#[from] muster_core::oncall::handoff::WrongMove),
    /// A survey is over.
    #[error(transparent)]
    Survey(#[from] muster_core::oncall::survey::TooLate),
    /// One field is wrong.
    #[error("{field}: {message}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The plan is not what it was.
    #[error("{0}")]
    Changed(String),
    /// The override is over.
    #[error("this override is over; what has been stays as it was")]
    Over,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotPlanned {
    /// Whether another change was faster, so that looking again may help.
    fn is_overtaken(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict_on(RECORD_CONFLICT)
            || matches!(error, StoreError::GaveWay { .. }))
    }
}

/// Everybody who ever has a turn in a schedule.
fn takes_part(schedule: &Schedule) -> BTreeSet<UserId> {
    schedule.layers.iter().flat_map(|layer| layer.rotation.everybody()).collect()
}

/// What the gate is asked about a person's time in a schedule.
pub fn shift_of(directory: &Directory, schedule: ScheduleId, of: UserId) -> Object {
    let schedule = directory.schedules.get(schedule);
    let team = schedule.and_then(|schedule| schedule.team).and_then(|id| directory.teams.get(id));
    let has_shifts = |schedule: &Schedule| {
        let trains = |shadow: &Shadow| shadow.reverse && shadow.user == of;
        takes_part(schedule).contains(&of) || schedule.shadows.iter().any(trains)
    };
    let belongs = schedule.is_some_and(has_shifts)
        || team.is_some_and(|team| team.members.contains(&of) || team.manager == Some(of));
    Object::Shift { of, belongs, led_by: team.and_then(|team| team.manager) }
}

impl App {
    /// Begins a change of plan: from here to the commit no other change of configuration or plan
    /// comes in between. Gives the organisation as it stands in this transaction.
    async fn begin_planning(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        (kind, what): (&str, &str),
        name: &str,
    ) -> Result<directory::Loaded, StoreError> {
        let revision = config::revision(tx).await? + 1;
        let change = json!({
            "action": "update", "kind": kind, "name": name, "fields": [what],
        });
        let (at, actor) = (self.now(), actor.name().to_owned());
        let summary = json!({ "changes": [change] });
        config::record(tx, &Change { revision, at, actor, summary }).await?;
        directory::load(tx, &environment).await
    }

    /// Writes down who changed the plan of a schedule, and tells those who watch.
    async fn note_planning(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        action: &str,
        schedule: ScheduleId,
        data: Value,
    ) -> Result<(), StoreError> {
        let entry = self.audit_entry(actor, action, ("schedule", schedule.to_string()), data);
        audit::append(tx, &entry, ids::random()).await?;
        let news = NewEvent {
            kind: "schedule.changed".to_owned(),
            incident_number: None,
            subject: schedule.to_string(),
        };
        event::tell(tx, self.now(), &[news]).await
    }

    /// Writes down who changed somebody's leave, and tells those who watch.
    async fn note_absence(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        action: &str,
        user: UserId,
        data: Value,
    ) -> Result<(), StoreError> {
        let entry = self.audit_entry(actor, action, ("user", user.to_string()), data);
        audit::append(tx, &entry, ids::random()).await?;
        let kind = "schedule.absence".to_owned();
        let news = NewEvent { kind, incident_number: None, subject: user.to_string() };
        event::tell(tx, self.now(), &[news]).await
    }

    /// Takes a changed plan into service here; other nodes see its revision.
    async fn after_planning(&self) {
        if let Err(error) = self.reload().await {
            // It is stored and will be read at the next chance; until then the old plan is in force.
            tracing::error!("the new plan could not be taken into service: {error:#}");
        }
    }
}
