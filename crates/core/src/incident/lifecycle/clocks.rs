//! How the life of an incident moves its clocks, and what it makes of what they say. The clocks
//! decide for themselves ([`crate::incident::clocks`]); here their effects become timeline entries
//! and pages.

use jiff::{SignedDuration, Timestamp};

use super::{Decision, Effect, How, Status, Surroundings, WrongMove, roster};
use crate::id::{PolicyId, TeamId, UserId};
use crate::incident::clocks::{engage, management, rotation, second_set, silence};
use crate::incident::roster::usual_team;
use crate::incident::timeline::{Actor, Entry, Kind};
use crate::oncall::escalation;
use crate::time::format_duration;

impl Decision {
    /// Starts the clocks that the severity has. The management chain counts from `since`.
    pub(super) fn start_clocks(
        &mut self,
        around: &Surroundings<'_>,
        since: Timestamp,
        now: Timestamp,
    ) {
        if self.asks_above() {
            self.climb(around, management::Event::Started { since }, now);
        }
        self.rotate(around, rotation::Event::Started, now);
        if self.asks_above() {
            self.second_set(around, second_set::Event::Started { since }, now);
        }
    }

    /// Whether it asks managers and a second set itself; of a child effort the parent does.
    fn asks_above(&self) -> bool {
        self.incident.parentage.is_none()
    }

    /// Starts them again from their beginnings.
    pub(super) fn restart_clocks(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        self.climb(around, management::Event::Stopped, now);
        self.rotate(around, rotation::Event::Stopped, now);
        self.second_set(around, second_set::Event::Stopped, now);
        self.start_clocks(around, now, now);
    }

    /// Lets the clocks follow a move to another status: work satisfies them, and once customers are
    /// well again they stop.
    pub(super) fn clocks_follow(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        match self.incident.status {
            Status::Triggered | Status::Acknowledged => {}
            Status::Researching | Status::Identified => {
                if self.asks_above() {
                    self.climb(around, management::Event::Started { since: now }, now);
                }
                self.rotate(around, rotation::Event::Moved, now);
                if self.asks_above() {
                    self.second_set(around, second_set::Event::Started { since: now }, now);
                }
            }
            Status::Restored | Status::Resolved | Status::Closed => {
                self.climb(around, management::Event::Stopped, now);
                self.rotate(around, rotation::Event::Stopped, now);
                self.second_set(around, second_set::Event::Stopped, now);
                self.silence(around, silence::Event::Stopped, now);
            }
        }
        if !self.incident.status.is_open() {
            self.engage(engage::Event::Stopped, now);
        }
    }

    /// The severity is another one: its clocks begin, those that it does not have stop.
    pub(super) fn clocks_change(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        if self.incident.status < Status::Restored {
            let since = self.incident.stamps.detected_at.unwrap_or(now);
            self.start_clocks(around, since, now);
        }
    }

    /// A person showed that they work on it; whoever was paged and does so is there.
    pub(super) fn worked(&mut self, actor: &Actor, around: &Surroundings<'_>, now: Timestamp) {
        let Some(user) = actor.user() else { return };
        self.rotate(around, rotation::Event::Updated, now);
        self.silence(around, silence::Event::Recorded, now);
        if self.incident.clocks.engage.awaited.iter().any(|one| one.user == user) {
            self.check_in(user, actor, around, now);
        }
    }

    /// Somebody is there, for that team if they say so. Whether that is news.
    pub(super) fn check_in_for(
        &mut self,
        user: UserId,
        team: Option<TeamId>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let came = self.join(user, team, actor, around, now);
        match team.filter(|_| !came) {
            Some(team) => {
                let ask = roster::Ask::Team { user, team };
                self.ask_about_roster(ask, actor, around, now)
            }
            None => Ok(came),
        }
    }

    /// Somebody is there. Whether that is news.
    pub(super) fn check_in(
        &mut self,
        user: UserId,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> bool {
        self.join(user, None, actor, around, now)
    }

    fn join(
        &mut self,
        user: UserId,
        team: Option<TeamId>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> bool {
        let effects = self.engage(engage::Event::CheckedIn { user }, now);
        for effect in &effects {
            let engage::Effect::Joined(joined) = effect else { continue };
            self.incident.stamps.engaged_at.get_or_insert(now);
            self.responds(user);
            let name = around.person(user);
            let service = self.incident.service;
            let team = team.or_else(|| usual_team(around.directory, service, user));
            if let Some(stay) = self.incident.clocks.engage.stay_mut(user) {
                stay.team = team;
            }
            let team = team.map(|team| around.team(team));
            let mut text = match &team {
                Some(team) => format!("{name} checked in for {team}"),
                None => format!("{name} checked in"),
            };
            let took = joined.paged_at.map(|paged_at| now.duration_since(paged_at));
            if let Some(took) = took {
                text = format!("{text} {} after the page", in_minutes(took));
            }
            let asked = self.asked_health(user, around);
            let text = format!("{text}; asked how {asked} is");
            let mut entry = Entry::new(now, Kind::CheckedIn, actor.clone(), text)
                .with("user", name)
                .with("late", joined.is_late);
            if let Some(team) = team {
                entry = entry.with("team", team);
            }
            if let Some(took) = took {
                entry = entry.with("seconds", took.as_secs());
            }
            self.note(entry);
        }
        if !effects.is_empty() {
            self.fill_roles(user, around, now);
        }
        !effects.is_empty()
    }

    /// Whoever was to check in by now and did not is late.
    pub(super) fn check_in_fired(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        if !is_due(self.incident.clocks.engage.next_at(), now) {
            return;
        }
        for effect in self.engage(engage::Event::TimedOut, now) {
            let engage::Effect::Late(late) = effect else { continue };
            let name = around.person(late.user);
            let within = in_minutes(late.due_at.duration_since(late.paged_at));
            let text = format!("{name} has not checked in within {within} of the page");
            self.note(
                Entry::new(now, Kind::EngagedLate, Actor::System, text)
                    .with("user", name)
                    .with("paged_at", late.paged_at.to_string()),
            );
        }
    }

    /// Lets the second set take over if its time has come; gives what surrounds the incident then.
    pub(super) fn second_set_fired<'a>(
        &mut self,
        around: &Surroundings<'a>,
        now: Timestamp,
    ) -> Option<Surroundings<'a>> {
        let due = self.incident.clocks.second_set.next_at();
        if !is_due(due, now) {
            return None;
        }
        let theirs = self.second_set(around, second_set::Event::TimedOut, now);
        self.say_how_late(due, now);
        theirs
    }

    /// Lets the management chain and the rotation go on if they are due.
    pub(super) fn clocks_fired(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        let clocks = &self.incident.clocks;
        let climbs = is_due(clocks.management.next_at(), now);
        let rotates = is_due(clocks.rotation.next_at(), now);
        if climbs {
            self.climb(around, management::Event::TimedOut, now);
        }
        if rotates {
            self.rotate(around, rotation::Event::TimedOut, now);
        }
    }

    /// What surrounds the incident under the policy that took over, if one did.
    pub(super) fn second_set<'a>(
        &mut self,
        around: &Surroundings<'a>,
        event: second_set::Event,
        now: Timestamp,
    ) -> Option<Surroundings<'a>> {
        let state = self.incident.clocks.second_set;
        let (state, takes_over) = second_set::decide(around.policy.second_set, state, event, now);
        self.incident.clocks.second_set = state;
        self.hand_over(around, takes_over?, now)
    }

    /// Another policy takes over: it asks its own people, whoever has the incident.
    fn hand_over<'a>(
        &mut self,
        around: &Surroundings<'a>,
        policy: PolicyId,
        now: Timestamp,
    ) -> Option<Surroundings<'a>> {
        let before = std::mem::replace(&mut self.incident.policy, policy);
        let Some(theirs) = around.of_policy(&self.incident, now) else {
            self.incident.policy = before;
            return None;
        };
        let since = self.incident.stamps.detected_at.unwrap_or(now);
        let text = format!(
            "Not over after {}: {} takes over from {}",
            in_minutes(now.duration_since(since)),
            theirs.policy.name,
            around.policy.name
        );
        self.note(
            Entry::new(now, Kind::SecondSetBegan, Actor::System, text)
                .with("policy", theirs.policy.name.clone()),
        );
        if theirs.severity.pages() {
            self.supersede_all(How::Withdrawn, "the second set began".to_owned(), now);
            self.escalate(&theirs, escalation::Event::Started, now);
        }
        self.second_set(&theirs, second_set::Event::Started { since: now }, now);
        Some(theirs)
    }

    pub(super) fn climb(
        &mut self,
        around: &Surroundings<'_>,
        event: management::Event,
        now: Timestamp,
    ) {
        let rules = around.severity.management_chain;
        let state = self.incident.clocks.management;
        let (state, effect) = management::decide(rules, &around.management, state, event, now);
        self.incident.clocks.management = state;
        match effect {
            Some(management::Effect::Ask { user, rung }) => {
                let since = self.incident.stamps.detected_at.unwrap_or(now);
                let open_for = in_minutes(now.duration_since(since));
                let name = around.person(user);
                let text = format!("Management chain: {name} is asked after {open_for}");
                self.note(
                    Entry::new(now, Kind::ManagementAsked, Actor::System, text)
                        .with("user", name)
                        .with("rung", rung + 1),
                );
                let reason =
                    format!("management chain, {} is open for {open_for}", around.severity_words());
                self.page(around, user, None, 1, &reason, now);
            }
            Some(management::Effect::Nobody) => {
                let text =
                    "The management chain reaches nobody: no manager of the team can be paged";
                self.note(Entry::new(now, Kind::ManagementAsked, Actor::System, text));
                self.effects.push(Effect::Alarm(text.to_owned()));
            }
            None => {}
        }
    }

    pub(super) fn rotate(
        &mut self,
        around: &Surroundings<'_>,
        event: rotation::Event,
        now: Timestamp,
    ) {
        let after = around.severity.rotate_after;
        let ring = rotation::Ring { people: &around.relief, assignee: self.incident.assignee };
        let state = self.incident.clocks.rotation;
        let (state, effect) = rotation::decide(after, ring, state, event, now);
        self.incident.clocks.rotation = state;
        if let Some(effect) = effect {
            self.pass_on(around, effect, after.unwrap_or_default(), now);
        }
    }

    /// Nothing moved in time: somebody else gets the incident, and the manager hears of it.
    fn pass_on(
        &mut self,
        around: &Surroundings<'_>,
        effect: rotation::Effect,
        after: SignedDuration,
        now: Timestamp,
    ) {
        let within = in_minutes(after);
        let missed = match effect.leg {
            rotation::Leg::Research => format!("not moved to researching within {within}"),
            rotation::Leg::Update => format!("no update within {within}"),
        };
        let mut entry = Entry::new(now, Kind::Rotated, Actor::System, String::new())
            .with("leg", effect.leg.name());
        if let Some(from) = self.incident.assignee {
            entry = entry.with("from", around.person(from));
        }
        let manager = around.management.first().copied().filter(|one| Some(*one) != effect.to);
        match effect.to {
            Some(to) => {
                let name = around.person(to);
                entry.text = format!("Reassigned to {name}: {missed}");
                self.note(entry.with("to", name));
                self.incident.assignee = Some(to);
                self.responds(to);
                self.page(around, to, None, 1, &format!("it is yours now, {missed}"), now);
            }
            None => {
                entry.text = format!("Nobody else can be given it: {missed}");
                self.note(entry);
            }
        }
        match manager {
            Some(manager) => {
                self.page(around, manager, None, 1, &format!("no progress, {missed}"), now);
            }
            None if effect.to.is_none() => {
                let text = "Nothing moves, and neither a second person nor a manager can be paged";
                self.effects.push(Effect::Alarm(text.to_owned()));
            }
            None => {}
        }
    }

    pub(super) fn engage(&mut self, event: engage::Event, now: Timestamp) -> Vec<engage::Effect> {
        let state = std::mem::take(&mut self.incident.clocks.engage);
        let (state, effects) = engage::decide(state, event, now);
        self.incident.clocks.engage = state;
        effects
    }
}

/// Whether an instant that is waited for has come.
fn is_due(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| at <= now)
}

/// A length in whole minutes, or in seconds where it is shorter.
fn in_minutes(length: SignedDuration) -> String {
    let minutes = SignedDuration::from_mins(length.as_mins());
    if minutes.is_zero() {
        return format_duration(SignedDuration::from_secs(length.as_secs()));
    }
    format_duration(minutes)
}
