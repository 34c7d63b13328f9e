//! What people write in a chat about an incident: that they are there (`I5`), that they can help
//! (`E6`), and, in one word, that they need help (`O7`). Without a number the only open incident that
//! they were paged for or have is meant.

use muster_core::incident::lifecycle::{Command, Incident};
use muster_core::incident::roster;
use muster_core::oncall::help::Want;
use muster_core::org::access::{self, Action, Object};
use muster_core::org::user::User;
use muster_store::StoreError;
use muster_store::incident::incident as store_incident;

use super::{actor, person};
use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::incident::help::Unheard;

/// The most incidents that one person is looked up for.
const STANDING_MAX: i64 = 20;

impl App {
    /// `here [NUMBER]`.
    pub(super) async fn here_words(&self, user: &User, text: &str) -> Result<String, StoreError> {
        let incident = match self.meant(user, text).await? {
            Ok((incident, _)) => incident,
            Err(words) => return Ok(words),
        };
        let number = incident.number;
        let done = self
            .command(incident.id, Command::CheckIn { user: user.id, team: None }, &actor(user))
            .await;
        let asked = |incident: &Incident| {
            let stay = incident.clocks.engage.stay(user.id).filter(|stay| stay.checks.is_empty());
            let snapshot = self.snapshot();
            let directory = &snapshot.directory;
            let team = stay?.team;
            let asked = roster::asked(directory, incident.service, team);
            let asked = asked.iter().filter_map(|id| directory.services.get(*id));
            let asked: Vec<_> = asked.map(|service| service.name.as_str()).collect();
            Some(format!(
                " Look at once how {} is, and say so: health {number} healthy, degraded, unhealthy \
                 or unknown.",
                asked.join(", ")
            ))
        };
        told(done.map(|incident| {
            let asked = asked(&incident).unwrap_or_default();
            format!("You have checked in at incident {number}.{asked}")
        }))
    }

    /// `volunteer NUMBER`.
    pub(super) async fn volunteer_words(
        &self,
        user: &User,
        text: &str,
    ) -> Result<String, StoreError> {
        let incident = match self.meant(user, text).await? {
            Ok((incident, _)) => incident,
            Err(words) => return Ok(words),
        };
        let number = incident.number;
        let command = Command::Volunteer { user: user.id };
        let done = self.command(incident.id, command, &actor(user)).await;
        told(done.map(|incident| {
            match incident.helpers.helping().any(|helper| helper.user == user.id) {
                true => format!("Thank you. You are listed as a helper of incident {number}."),
                false => format!("You respond to incident {number} already."),
            }
        }))
    }

    /// `need [person|team|expert|manager] [NUMBER] [TEXT]`, or `need PERSON [NUMBER] [TEXT]`.
    pub(super) async fn need_words(&self, user: &User, text: &str) -> Result<String, StoreError> {
        let (first, others) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let snapshot = self.snapshot();
        let named = snapshot.directory.users.named(first.trim_start_matches('@'));
        let (want, who, rest) = match (Want::from_name(&first.to_lowercase()), named) {
            (Some(want), _) => (want, None, others),
            (None, Some(named)) => (Want::Person, Some(named.name.as_str()), others),
            (None, None) => (Want::Person, None, text),
        };
        let (incident, message) = match self.meant(user, rest.trim()).await? {
            Ok(found) => found,
            Err(words) => return Ok(words),
        };
        let number = incident.number;
        match self.ask_for_help(&incident, want, who, message, &actor(user)).await {
            Ok(_) => Ok(format!("Asked for {} with incident {number}.", want.words())),
            Err(Unheard::Nobody(why)) => Ok(format!("That did not work: {why}.")),
            Err(Unheard::Refused(refused)) => told(Err(refused)),
        }
    }

    /// The incident that is meant, and what was written besides its number.
    pub(super) async fn meant(
        &self,
        user: &User,
        text: &str,
    ) -> Result<Result<(Incident, Option<String>), String>, StoreError> {
        let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let number = first.trim_start_matches('#').parse::<i64>().ok();
        let rest = if number.is_some() { rest } else { text };
        let message = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        let found = match number {
            Some(number) => {
                let viewer = self.viewer(Some(user.id)).await?;
                store_incident::by_number(&self.db, &viewer, number).await?
            }
            None => {
                let mut own =
                    store_incident::of_person(&self.db, user.id, STANDING_MAX).await?.into_iter();
                match (own.next(), own.next()) {
                    (Some(only), None) => Some(only),
                    (None, _) => return Ok(Err("Say which incident, by its number.".to_owned())),
                    (Some(one), Some(other)) => {
                        return Ok(Err(format!(
                            "You have several incidents, such as {} and {}: say which, by its number.",
                            one.number, other.number
                        )));
                    }
                }
            }
        };
        let may = |incident: &Incident| {
            access::may(person(user), Action::Respond, Object::Incident(incident.id)).is_ok()
        };
        Ok(found
            .filter(may)
            .map(|incident| (incident, message))
            .ok_or_else(|| "There is no such incident for you.".to_owned()))
    }
}

/// What became of it, in words.
pub(super) fn told(done: Result<String, Refused>) -> Result<String, StoreError> {
    match done {
        Ok(words) => Ok(words),
        Err(Refused::Store(error)) => Err(error),
        Err(refused) => Ok(format!("That did not work: {refused}.")),
    }
}
