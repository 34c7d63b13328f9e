//! Asking for news when nobody writes any down (`L5`): the technical assist, and where there is none,
//! the scribe; never whoever works on the cause as technical lead. The clock runs once somebody holds
//! a role, as the pace of updates does: before that nobody could keep a record.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, Incident, Status, Surroundings};
use crate::id::UserId;
use crate::incident::clocks::silence;
use crate::incident::role::{Part, Role};
use crate::incident::severity::Urgency;
use crate::incident::timeline::{Actor, Entry, Kind};
use crate::time::format_duration;

/// Whom Muster would ask for news, with the role that they are asked as; nobody where neither role is
/// held. A technical role that several may hold assists; one for a single person leads, and whoever
/// holds it is left alone, whatever else they hold.
pub fn asked_for_news<'a>(incident: &Incident, known: &'a [Role]) -> Option<(UserId, &'a Role)> {
    let role_of = |name: &str| known.iter().find(|role| role.name == name);
    let held = || incident.roles.held().filter_map(|one| Some((one.user, role_of(&one.role)?)));
    let is_lead = |user: UserId| {
        let leads = |role: &Role| role.part == Part::Technical && !role.is_shared;
        held().any(|(holder, role)| holder == user && leads(role))
    };
    let first = |part: Part| held().find(|(user, role)| role.part == part && !is_lead(*user));
    let assist = held()
        .find(|(user, role)| role.part == Part::Technical && role.is_shared && !is_lead(*user));
    assist.or_else(|| first(Part::Scribe))
}

impl Decision {
    /// News is waited for from now on, where somebody holds a role and the severity asks for it.
    pub(super) fn await_news(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        if self.incident.status < Status::Restored && self.incident.roles.is_held() {
            self.silence(around, silence::Event::Started, now);
        }
    }

    pub(super) fn silence(
        &mut self,
        around: &Surroundings<'_>,
        event: silence::Event,
        now: Timestamp,
    ) -> Option<SignedDuration> {
        let after = around.severity.process.nudge_scribe_after;
        let (state, asked) = silence::decide(after, self.incident.clocks.silence, event, now);
        self.incident.clocks.silence = state;
        asked
    }

    /// Nobody wrote anything down for too long, if it is so by now: somebody is asked.
    pub(super) fn silence_fired(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        let Some(silent_for) = self.silence(around, silence::Event::TimedOut, now) else { return };
        let Some((user, role)) = asked_for_news(&self.incident, &around.directory.roles) else {
            return;
        };
        let silent_for = format_duration(SignedDuration::from_mins(silent_for.as_mins()));
        let (person, role) = (around.person(user), role.in_words());
        let text = format!("Nothing was written down for {silent_for}: asked {person}, {role}");
        self.note(
            Entry::new(now, Kind::NewsAsked, Actor::System, text)
                .with("user", person)
                .with("role", role)
                .with("silent_for", silent_for.clone()),
        );
        let subject = format!("Incident {}: what is going on?", self.incident.number);
        let words = format!(
            "Nobody has written anything down for {silent_for}. Add a line to the timeline, also that \
             nothing is new, or tell the scribe. Leave the technical lead to work."
        );
        self.inform(user, Urgency::Low, subject, &words, &Actor::System);
    }
}
