//! Asking for help from an incident (`O7`), by whatever way somebody asks.

use muster_core::incident::lifecycle::{Command, Incident};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::help::{self, NoHelp, Want};

use super::command::Refused;
use crate::app::App;

/// Why nobody was asked.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// Nobody fits.
    #[error(transparent)]
    Nobody(#[from] NoHelp),
    /// The incident does not allow it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl App {
    /// Pages whoever fits the kind of help that somebody asks for.
    ///
    /// # Errors
    /// See [`Unheard`].
    pub async fn ask_for_help(
        &self,
        incident: &Incident,
        want: Want,
        who: Option<&str>,
        message: Option<String>,
        actor: &Actor,
    ) -> Result<Incident, Unheard> {
        let snapshot = self.snapshot();
        let directory = &snapshot.directory;
        let users = help::resolve(directory, incident, want, who, actor.user(), self.now())?;
        Ok(self.command(incident.id, Command::Help { want, users, message }, actor).await?)
    }
}
