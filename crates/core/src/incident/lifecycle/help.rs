//! Asking for more people: a call for help (`O7`), an engagement group (`E1`), and the manager of the
//! team where the cause lies (`O15`). Whom they mean was found out before, by
//! [`crate::oncall::help`] and [`crate::oncall::group`].

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

    /// Everybody of a group is paged once: whoever responds already, or was paged and has not
    /// answered yet, is not paged again.
    pub(super) fn engage_group(
        &mut self,
        group: &str,
        users: Vec<UserId>,
        message: Option<&str>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        if users.is_empty() {
            return Err(WrongMove::Empty);
        }
        let engage = &self.incident.clocks.engage;
        let responds = |user: &UserId| {
            self.incident.assignee == Some(*user)
                || actor.user() == Some(*user)
                || engage.is_present(*user)
                || engage.awaited.iter().any(|one| one.user == *user)
                || around.is_asked(*user)
        };
        let (there, asked): (Vec<_>, Vec<_>) = users.into_iter().partition(responds);
        let names = |users: &[UserId]| -> Vec<String> {
            users.iter().map(|user| around.person(*user)).collect()
        };
        let (there, called) = (names(&there), names(&asked));
        let mut text = match called.is_empty() {
            true => format!("Engaged {group}: everybody is asked already"),
            false => format!("Engaged {group}: {}", called.join(", ")),
        };
        if !called.is_empty() && !there.is_empty() {
            text = format!("{text}; {} already asked", there.join(", "));
        }
        let mut reason = format!("{} engages {group}", actor.name());
        if let Some(message) = message {
            text = format!("{text}; {message}");
            reason = format!("{reason}: {message}");
        }
        self.note(
            Entry::new(now, Kind::GroupEngaged, actor.clone(), text)
                .with("group", group)
                .with("users", called)
                .with("already", there),
        );
        for user in asked {
            self.page(around, user, None, 1, &reason, now);
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
