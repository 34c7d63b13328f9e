//! What people ask, as commands of the real lifecycle.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::incident::Context;
use super::input::{Asked, Verb};
use super::organisation::{PEOPLE, user_id};
use super::store::{IncidentRow, Store};
use crate::id::PageId;
use crate::incident::lifecycle::{self, Command, Decision};
use crate::incident::severity::Level;
use crate::incident::timeline::Actor;

impl Store {
    /// Decides a person's wish about the incident of a trouble, if there is one and it is allowed.
    pub(super) fn decide(&self, cx: &Context<'_>, asked: &Asked) -> Option<(u64, Decision)> {
        let id = self.incident_of(asked.integration, asked.key)?;
        let row = self.incidents.get(&id)?;
        let user = user_id(asked.person);
        cx.directory.users.get(user)?;
        let command = self.command(cx, asked, id)?;
        let around = match command {
            Command::ChangeSeverity { level, .. } => self.around_at(cx, &row.state, level),
            _ => self.around(cx, &row.state),
        }?;
        let actor = Actor::User { id: user, name: PEOPLE[asked.person].to_owned() };
        let decision = lifecycle::handle(&row.state, command, &actor, &around, cx.now).ok()?;
        Some((id, decision))
    }

    fn command(&self, cx: &Context<'_>, asked: &Asked, incident: u64) -> Option<Command> {
        Some(match asked.verb {
            Verb::Acknowledge => Command::Acknowledge,
            Verb::Unacknowledge => Command::Unacknowledge,
            Verb::Escalate => Command::Escalate,
            Verb::Snooze(minutes) => {
                let length = SignedDuration::from_mins(minutes.into());
                Command::Snooze { until: lifecycle::snooze_until(length, cx.now).ok()? }
            }
            Verb::Unsnooze => Command::Unsnooze,
            Verb::Research => Command::Research,
            Verb::Restore => Command::Restore,
            Verb::Resolve => Command::Resolve { note: None },
            Verb::Close => Command::Close,
            Verb::Reopen => Command::Reopen { reason: None },
            Verb::Decline => self.decline(asked.person, incident)?,
            Verb::Page(person) => {
                let user = user_id(person);
                cx.directory.users.get(user)?;
                Command::PagePeople { users: vec![user], message: None }
            }
            Verb::Severity(level) => {
                Command::ChangeSeverity { level: Level::new(level)?, reason: None }
            }
            Verb::Merge { integration, key } => {
                let into = &self.incidents.get(&self.incident_of(integration, key)?)?.state;
                if !into.status.is_open() {
                    return None;
                }
                Command::Merge { into: into.id, into_number: into.number }
            }
        })
    }

    /// Resolves what nobody came back to: open since before `before`, without an open alert. In the
    /// world somebody always does in the end; here it keeps the store from growing for ever, for the
    /// clocks of an incident page somebody again as long as it does not move.
    pub(super) fn tidy_up(&mut self, cx: &Context<'_>, before: Timestamp) {
        let left = |row: &IncidentRow| {
            row.state.status.is_open()
                && row.state.open_alert_count == 0
                && row.first_alert_at < before
        };
        let left: Vec<_> =
            self.incidents.iter().filter(|(_, row)| left(row)).map(|(id, _)| *id).collect();
        let actor = Actor::Token { name: "housekeeping".to_owned() };
        for id in left {
            let Some(row) = self.incidents.get(&id) else { continue };
            let Some(around) = self.around(cx, &row.state) else { continue };
            let command = Command::Resolve { note: None };
            let decided = lifecycle::handle(&row.state, command, &actor, &around, cx.now);
            if let Ok(decision) = decided {
                self.commit(cx, id, decision);
            }
        }
    }

    /// The incident of a trouble's newest alert.
    fn incident_of(&self, integration: usize, key: u64) -> Option<u64> {
        let alert = self.latest.get(&(integration, key))?;
        self.alerts.get(alert)?.incident
    }

    /// A person can decline only a page that is still theirs to answer.
    fn decline(&self, person: usize, incident: u64) -> Option<Command> {
        let user = user_id(person);
        let pages = &self.incidents.get(&incident)?.pages;
        let mine = |page: &&u64| {
            self.is_live(**page) && self.pages.get(*page).is_some_and(|row| row.user == user)
        };
        let page = *pages.iter().find(mine)?;
        let row = self.pages.get(&page)?;
        let last_of_step =
            row.step.filter(|_| self.are_others_of_step_down(page)).map(|step| (step, row.round));
        Some(Command::Decline { page: PageId(Uuid::from_u64_pair(3, page)), last_of_step })
    }
}
