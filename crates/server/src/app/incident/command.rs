//! What people ask of incidents, from wherever they ask: app, command line, link, API.

use jiff::Timestamp;
use muster_core::id::{IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::{
    self, Command, Incident, Surroundings, WrongMove, WrongTime, sight,
};
use muster_core::incident::severity::Level;
use muster_core::incident::timeline::Actor;
use muster_core::incident::writing;
use muster_core::oncall::page::PageState;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::page as store_page;
use muster_store::{Lane, StoreError, Tx};

use super::record::{self, Before};
use super::{bridge, facts, family};
use crate::app::App;

/// How often a command is tried again when somebody else was faster or nobody confirmed it.
pub(super) const TRIES_MAX: u32 = 5;

/// Why a command was not obeyed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such incident.
    #[error("there is no such incident")]
    NoSuchIncident,
    /// There is no such page.
    #[error("there is no such page")]
    NoSuchPage,
    /// The incident's status does not allow it.
    #[error(transparent)]
    WrongMove(#[from] WrongMove),
    /// A time may not be corrected so.
    #[error("{which}: {why}")]
    WrongTime {
        /// Which.
        which: &'static str,
        /// Why.
        why: WrongTime,
    },
    /// It may not be written down.
    #[error(transparent)]
    Writing(#[from] writing::Refusal),
    /// No configuration says who is paged.
    #[error("no escalation policy and no catch-all is configured; apply a configuration first")]
    NotConfigured,
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
}

impl Refused {
    /// Whether the same may be allowed at once: somebody else was faster, or a commit was not
    /// confirmed and what became of it can be looked up.
    pub(super) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Store(
                StoreError::Conflict { .. }
                    | StoreError::GaveWay { .. }
                    | StoreError::CommitUnknown
            )
        )
    }
}

impl App {
    /// Obeys a command about an incident. Doing what is already done is not an error where the
    /// core says so; a wrong move changes nothing.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn command(
        &self,
        id: IncidentId,
        command: Command,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        self.insist(id, actor, Ask::For(command)).await
    }

    /// A paged person cannot take it: the page ends, and if it was the step's last, the next step
    /// begins at once.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn decline(&self, page: PageId, actor: &Actor) -> Result<Incident, Refused> {
        let row = store_page::get(&self.db, page).await?.ok_or(Refused::NoSuchPage)?;
        let incident = IncidentId(row.incident_id);
        self.insist(incident, actor, Ask::ToDecline(page)).await
    }

    /// Obeys, with patience: where somebody else was faster it is tried again, and where a commit
    /// was not confirmed, what became of it is looked up, for the lock waits until that is decided.
    async fn insist(&self, id: IncidentId, actor: &Actor, ask: Ask) -> Result<Incident, Refused> {
        let mut unconfirmed = None;
        let mut tries = 0;
        loop {
            match self.attempt(id, actor, &ask, &mut unconfirmed).await {
                Err(refused) if refused.may_pass() && tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn attempt(
        &self,
        id: IncidentId,
        actor: &Actor,
        ask: &Ask,
        unconfirmed: &mut Option<Incident>,
    ) -> Result<Incident, Refused> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let found = store_incident::lock(&mut tx, id).await?.ok_or(Refused::NoSuchIncident)?;
        if unconfirmed.as_ref() == Some(&found) {
            return Ok(found);
        }
        let command = match ask {
            Ask::For(command) => command.clone(),
            Ask::ToDecline(page) => decline(&mut tx, *page).await?,
        };
        let obeyed = obey(self, &mut tx, id, command, actor, now).await?;
        *unconfirmed = Some(obeyed.clone());
        tx.commit().await?;
        Ok(obeyed)
    }
}

/// What somebody asks for, before the incident is looked at.
enum Ask {
    For(Command),
    ToDecline(PageId),
}

/// What declining a page asks of its incident, which is locked.
async fn decline(tx: &mut Tx, page: PageId) -> Result<Command, Refused> {
    let row = store_page::lock(tx, page).await?.ok_or(Refused::NoSuchPage)?;
    let incident = IncidentId(row.incident_id);
    let answered = row.state == PageState::Superseded.name();
    let last_of_step = match row.step.filter(|_| !answered) {
        Some(step) if record::step_is_lost(tx, incident, step, row.round, Some(page)).await? => {
            u32::try_from(step).ok().zip(u32::try_from(row.round).ok())
        }
        _ => None,
    };
    Ok(Command::Decline { page, last_of_step })
}

/// Who has a page of an incident that waits for an answer. One that reached nobody asks nobody.
async fn asked(tx: &mut Tx, id: IncidentId) -> Result<Vec<UserId>, StoreError> {
    let live = store_page::live(tx, id).await?;
    let waiting = live.iter().filter(|page| page.state != PageState::Exhausted.name());
    Ok(waiting.map(|page| UserId(page.user_id)).collect())
}

/// Obeys a command within a transaction of the caller's.
///
/// # Errors
/// See [`Refused`].
pub async fn obey(
    app: &App,
    tx: &mut Tx,
    id: IncidentId,
    command: Command,
    actor: &Actor,
    now: Timestamp,
) -> Result<Incident, Refused> {
    if let Command::Merge { into, .. } = &command {
        require_open(tx, id, *into).await?;
    }
    let incident = store_incident::lock(tx, id).await?.ok_or(Refused::NoSuchIncident)?;
    let snapshot = app.snapshot();
    let directory = &snapshot.directory;
    let level = level_after(&incident, &command);
    let mut facts = facts::load(tx, directory, &incident).await?;
    if level != incident.severity {
        facts.bridge = bridge::link(directory, &incident, level);
    }
    if let Command::Engage { .. } = &command {
        facts.asked = asked(tx, id).await?;
    }
    if let Command::Sight(sight::Ask::Lift { .. }) = &command {
        family::require_open_parent(tx, &incident).await?;
    }
    let around = Surroundings::new(directory, &incident, level, &facts, now)
        .ok_or(Refused::NotConfigured)?;
    let decision = lifecycle::handle(&incident, command.clone(), actor, &around, now)?;
    let before = Before::Version(incident.version);
    record::record(app, tx, directory, before, &decision, actor, now).await?;
    match &command {
        Command::Merge { into, .. } => {
            let from = (&incident, *into);
            family::hand_children_over(app, tx, directory, from, actor, now).await?;
        }
        Command::Sight(ask) => {
            family::restrict_children(app, tx, &incident, ask, actor, now).await?;
        }
        _ => {}
    }
    Ok(decision.incident)
}

/// Open alerts must not end in an incident that is over, where nobody would be asked about them, nor
/// restricted ones where everybody sees them.
/// Both incidents are held in the order of their ids, so that two merges never wait for each other.
async fn require_open(tx: &mut Tx, id: IncidentId, into: IncidentId) -> Result<(), Refused> {
    if id < into {
        store_incident::lock(tx, id).await?;
    }
    let target = store_incident::lock(tx, into).await?.ok_or(Refused::NoSuchIncident)?;
    let merged = store_incident::read(tx, id).await?.ok_or(Refused::NoSuchIncident)?;
    if merged.restriction.is_some() != target.restriction.is_some() {
        return Err(WrongMove::RestrictedApart.into());
    }
    if target.status.is_open() || id == into {
        return Ok(());
    }
    let Incident { number, status, .. } = target;
    Err(WrongMove::NotOpen { number, status: status.name() }.into())
}

fn level_after(incident: &Incident, command: &Command) -> Level {
    match command {
        Command::ChangeSeverity { level, .. } => *level,
        _ => incident.severity,
    }
}
