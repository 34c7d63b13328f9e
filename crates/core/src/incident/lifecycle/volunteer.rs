//! Volunteers (`E6`): how helpers are listed, directed and released within the life of an incident.
//! Whoever responds is no helper, and nobody is left waiting when the incident ends.

use jiff::Timestamp;

use super::{Decision, Effect, Surroundings, WrongMove};
use crate::id::UserId;
use crate::incident::helper::Wrong;
use crate::incident::severity::Urgency;
use crate::incident::timeline::{Actor, Entry, Kind};

impl Decision {
    /// Whether anything changed: volunteering twice and volunteering for what one responds to
    /// anyway changes nothing, but that whoever was paged is there now.
    pub(super) fn volunteer(
        &mut self,
        user: UserId,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        self.require_open()?;
        let engage = &self.incident.clocks.engage;
        if engage.awaited.iter().any(|one| one.user == user) {
            return Ok(self.check_in(user, actor, around, now));
        }
        if self.incident.assignee == Some(user) || engage.is_present(user) {
            return Ok(false);
        }
        if !self.incident.helpers.add(user, now).map_err(|wrong| self.wrong(wrong, user, around))? {
            return Ok(false);
        }
        let name = around.person(user);
        self.note(
            Entry::new(now, Kind::Volunteered, actor.clone(), format!("{name} offers to help"))
                .with("user", name),
        );
        Ok(true)
    }

    pub(super) fn direct(
        &mut self,
        user: UserId,
        task: Option<String>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        self.require_open()?;
        let helpers = &mut self.incident.helpers;
        let is_news =
            helpers.direct(user, task.clone()).map_err(|wrong| self.wrong(wrong, user, around))?;
        if !is_news {
            return Ok(false);
        }
        let name = around.person(user);
        let entry = |text| Entry::new(now, Kind::HelperDirected, actor.clone(), text);
        let number = self.incident.number;
        let Some(task) = task else {
            let text = format!("{name} need not do what was asked; they still help");
            self.note(entry(text).with("user", name));
            let subject = format!("Incident {number}: wait for a new task");
            self.inform(user, Urgency::High, subject, "What you were asked to do is off.", actor);
            return Ok(true);
        };
        let mut text = format!("Asked {name} to: {task}");
        let same: Vec<_> =
            self.incident.helpers.same_task(user).iter().map(|user| around.person(*user)).collect();
        if !same.is_empty() {
            text = format!("{text} (as {} already does)", same.join(", "));
        }
        self.note(entry(text).with("user", name).with("task", task.clone()).with("same_as", same));
        let subject = format!("Incident {number}: {task}");
        let words = format!("{} asks you to: {task}", actor.name());
        self.inform(user, Urgency::High, subject, &words, actor);
        self.worked(actor, around, now);
        Ok(true)
    }

    pub(super) fn release(
        &mut self,
        user: UserId,
        note: Option<&str>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        let helpers = &mut self.incident.helpers;
        helpers.release(user, now).map_err(|wrong| self.wrong(wrong, user, around))?;
        let name = around.person(user);
        let mut text = match actor.user() {
            Some(actor) if actor == user => format!("{name} stopped helping"),
            _ => format!("Released {name}, with thanks"),
        };
        if let Some(note) = note {
            text = format!("{text}: {note}");
        }
        self.note(Entry::new(now, Kind::HelperReleased, actor.clone(), text).with("user", name));
        self.thank(user, note, actor);
        self.worked(actor, around, now);
        Ok(())
    }

    pub(super) fn recall(
        &mut self,
        user: UserId,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<(), WrongMove> {
        self.require_open()?;
        self.incident.helpers.recall(user).map_err(|wrong| self.wrong(wrong, user, around))?;
        let name = around.person(user);
        let text = format!("{name} helps again: the release was taken back");
        self.note(Entry::new(now, Kind::HelperRecalled, actor.clone(), text).with("user", name));
        let number = self.incident.number;
        let task = self.incident.helpers.helping().find(|one| one.user == user);
        let task = task
            .and_then(|one| one.task.clone())
            .map_or_else(String::new, |task| format!(" You were asked to: {task}"));
        let words =
            format!("{} takes your release back: your help is still wanted.{task}", actor.name());
        self.inform(user, Urgency::High, format!("Incident {number}: please stay"), &words, actor);
        Ok(())
    }

    /// Whoever responds is no helper any more.
    pub(super) fn responds(&mut self, user: UserId) {
        self.incident.helpers.remove(user);
    }

    /// The incident is over: nobody goes on helping with it.
    pub(super) fn release_all(&mut self, actor: &Actor, around: &Surroundings<'_>, now: Timestamp) {
        let helping: Vec<_> = self.incident.helpers.helping().map(|helper| helper.user).collect();
        if helping.is_empty() {
            return;
        }
        let names: Vec<_> = helping.iter().map(|user| around.person(*user)).collect();
        let text = format!("Released {}, with thanks: it is over", names.join(", "));
        self.note(Entry::new(now, Kind::HelperReleased, Actor::System, text).with("users", names));
        for user in helping {
            // Everybody on the list helps, so that none of them is refused.
            if self.incident.helpers.release(user, now).is_ok() {
                self.thank(user, Some("it is over"), actor);
            }
        }
    }

    fn thank(&mut self, user: UserId, note: Option<&str>, actor: &Actor) {
        let number = self.incident.number;
        let subject = format!("Incident {number}: thank you, you are released");
        let note = note.map_or_else(String::new, |note| format!(" {note}"));
        let words = format!("Thank you for your help. You need do nothing more.{note}");
        self.inform(user, Urgency::Low, subject, &words, actor);
    }

    /// Tells a person something, unless they did it themselves.
    pub(super) fn inform(
        &mut self,
        user: UserId,
        urgency: Urgency,
        subject: String,
        text: &str,
        actor: &Actor,
    ) {
        if actor.user() == Some(user) {
            return;
        }
        let text = format!("{text}\n\n{}", self.incident.title);
        self.effects.push(Effect::Inform { user, urgency, subject, text });
    }

    fn wrong(&self, wrong: Wrong, user: UserId, around: &Surroundings<'_>) -> WrongMove {
        let (name, number) = (around.person(user), self.incident.number);
        match wrong {
            Wrong::NotHelping => WrongMove::NotHelping { name, number },
            Wrong::NotReleased => WrongMove::NotReleased { name, number },
            Wrong::Full => WrongMove::EnoughHelpers { number },
        }
    }
}
