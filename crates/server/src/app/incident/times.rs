//! Correcting when things happened in an incident (`T5`), from wherever somebody asks.

use jiff::Timestamp;
use muster_core::id::IncidentId;
use muster_core::incident::lifecycle::{self, Incident, Which};
use muster_core::incident::timeline::Actor;
use muster_store::incident::incident as store_incident;
use muster_store::{Lane, StoreError};

use super::command::{Refused, TRIES_MAX};
use super::record::{self, Before};
use crate::app::App;

impl App {
    /// Corrects instants. Doing it twice is doing it once, so a commit that nobody confirmed is
    /// simply tried again.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn correct_times(
        &self,
        id: IncidentId,
        times: &[(Which, Timestamp)],
        reason: &str,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        let mut tries = 0;
        loop {
            match self.try_to_correct(id, times, reason, actor).await {
                Err(Refused::Store(
                    StoreError::Conflict { .. }
                    | StoreError::GaveWay { .. }
                    | StoreError::CommitUnknown,
                )) if tries < TRIES_MAX => tries += 1,
                outcome => {
                    self.wake.all();
                    return outcome;
                }
            }
        }
    }

    async fn try_to_correct(
        &self,
        id: IncidentId,
        times: &[(Which, Timestamp)],
        reason: &str,
        actor: &Actor,
    ) -> Result<Incident, Refused> {
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        let incident = store_incident::lock(&mut tx, id).await?.ok_or(Refused::NoSuchIncident)?;
        let decision = lifecycle::correct_times(&incident, times, reason, actor, now)
            .map_err(|(which, why)| Refused::WrongTime { which: which.name(), why })?;
        let snapshot = self.snapshot();
        let before = Before::Version(incident.version);
        record::record(self, &mut tx, &snapshot.directory, before, &decision, actor, now).await?;
        tx.commit().await?;
        Ok(decision.incident)
    }
}
