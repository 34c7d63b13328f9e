//! Answers that come back through a channel: a button, a key, a reply. What is asked is done
//! through the same commands as everywhere else, in the name of the person who was paged, and what
//! became of it is told in words.

use muster_core::id::{IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::Command;
use muster_core::incident::timeline::Actor;
use muster_core::org::provider::Provider;
use muster_integrations::channels::callback::{About, Answered, Ask, Callback, Choice};
use muster_store::StoreError;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::page as store_page;

use crate::app::App;
use crate::app::incident::command::Refused;
use crate::app::link::{TOKEN_BYTES_MAX, digest};

/// What is said to whoever asks for something that Muster does not know.
const UNKNOWN: &str = "Muster did not understand that.";

impl App {
    /// Does what a callback asks for and says what became of it.
    ///
    /// # Errors
    /// When the store does not answer; nothing was done then that is not also told on the timeline.
    pub async fn answer(
        &self,
        _provider: &Provider,
        callback: &Callback,
    ) -> Result<Answered, StoreError> {
        let mut words = Vec::new();
        for ask in &callback.asks {
            match ask {
                Ask::Answer { choice, about: About::PageToken(token) } => {
                    words.push(self.answer_page(*choice, token).await?);
                }
                Ask::Nothing => {}
                _ => words.push(UNKNOWN.to_owned()),
            }
        }
        Ok(words.join("\n").into())
    }

    /// Answers the page whose link ends in `token`, for the person who was paged.
    async fn answer_page(&self, choice: Choice, token: &str) -> Result<String, StoreError> {
        const GONE: &str = "This page is no longer open.";
        if token.len() > TOKEN_BYTES_MAX {
            return Ok(GONE.to_owned());
        }
        let Some(page) = store_page::by_token(&self.db, &digest(token)).await? else {
            return Ok(GONE.to_owned());
        };
        let incident = IncidentId(page.incident_id);
        let snapshot = self.snapshot();
        let Some(user) = snapshot.directory.users.get(UserId(page.user_id)) else {
            return Ok(GONE.to_owned());
        };
        let Some(found) = store_incident::get(&self.db, incident).await? else {
            return Ok(GONE.to_owned());
        };
        let actor = Actor::User { id: user.id, name: user.name.clone() };
        let done = match choice {
            Choice::Acknowledge => self.command(incident, Command::Acknowledge, &actor).await,
            Choice::Resolve => {
                self.command(incident, Command::Resolve { note: None }, &actor).await
            }
            Choice::Escalate => self.command(incident, Command::Escalate, &actor).await,
            Choice::Decline => self.decline(PageId(page.id), &actor).await,
        };
        told(choice, found.number, done.map(|_| ()))
    }
}

/// What became of an answer, in words.
fn told(choice: Choice, number: i64, done: Result<(), Refused>) -> Result<String, StoreError> {
    Ok(match (done, choice) {
        (Ok(()), Choice::Acknowledge) => format!("You have incident {number}."),
        (Ok(()), Choice::Resolve) => format!("Incident {number} is resolved."),
        (Ok(()), Choice::Escalate) => format!("The next person is asked about incident {number}."),
        (Ok(()), Choice::Decline) => format!("Incident {number} goes to somebody else."),
        (Err(Refused::Store(error)), _) => return Err(error),
        (Err(refused), _) => format!("That did not work: {refused}."),
    })
}
