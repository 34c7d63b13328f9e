//! Asking for more people: a call for help (`O7`), and the manager of the team where the cause
//! lies (`O15`). Whom they mean was found out before, by [`crate::oncall::help`].

use jiff::Timestamp;

use super::{Decision, Surroundings, WrongMove};
use crate::id::{TeamId, UserId};
use crate::incident::timeline::{Actor, Entry, Kind};
use crate::oncall::help::Want;

impl Decision {
    pub(super) fn ask_for_help(
        &mut self,
        want: Want,
        users: &[UserId],
        message: Option<&str>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        if users.is_empty() {
            return Err(WrongMove::Empty);
        }
        let names: Vec<_> = users.iter().map(|user| around.person(*user)).collect();
        let mut text = format!("Asked for {}: {}", want.words(), names.join(", "));
        let mut reason = format!("{} asks for {}", actor.name(), want.words());
        if let Some(message) = message {
            text = format!("{text}; {message}");
            reason = format!("{reason}: {message}");
        }
        self.note(
            Entry::new(now, Kind::HelpAsked, actor.clone(), text)
                .with("want", want.name())
                .with("users", names),
        );
        for user in users {
            self.page(around, *user, None, 1, &reason, now);
        }
        self.worked(actor, around, now);
        Ok(())
    }

    /// The cause lies with a team: its manager is asked.
    pub(super) fn cause_lies_with(
        &mut self,
        team: TeamId,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        let Some(team) = around.directory.teams.get(team) else { return };
        if let Some(entry) = self.entries.last_mut() {
            entry.text = format!("{}; it lies with {}", entry.text, team.name);
            entry.data.insert("team".to_owned(), team.name.clone().into());
        }
        if let Some(manager) = team.manager {
            let reason = format!("the cause lies with {}", team.name);
            self.page(around, manager, None, 1, &reason, now);
        }
    }
}
