//! An incident while a batch works on it. Alerts that join in a row make one timeline entry, so a
//! storm is a line with a count and not a hundred thousand lines.

use jiff::Timestamp;
use muster_core::alerting::signal::{Signal, cut};
use muster_core::alerting::triage::{Candidate, grouping_value};
use muster_core::id::IncidentId;
use muster_core::incident::clocks::Clocks;
use muster_core::incident::helper::Helpers;
use muster_core::incident::impact::Impact;
use muster_core::incident::lifecycle::{
    self, Command, Decision, Effect, Incident, Stamps, Status, Surroundings, TITLE_CHARS_MAX,
    WrongMove,
};
use muster_core::incident::restriction::{self, Restriction};
use muster_core::incident::severity::Level;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::escalation::State;
use muster_core::oncall::facts::{Facts, First, Turns};
use muster_core::org::directory::Directory;
use muster_store::incident::incident::Grouping;
use muster_store::{StoreError, Tx};

use super::case::Case;
use crate::app::App;
use crate::app::incident::record::{self, Before, Writes};
use crate::app::incident::{bridge, facts};

/// An incident, with what the batch has decided about it so far.
pub(super) struct Working {
    before: Before,
    grouping: Grouping,
    decided: Decision,
    joined: i64,
    recovered: i64,
    actor: Actor,
    facts: Facts,
}

impl Working {
    /// An incident that exists.
    pub(super) fn known(incident: Incident, facts: Facts) -> Self {
        Self {
            before: Before::Version(incident.version),
            grouping: Grouping::default(),
            decided: Decision { incident, entries: Vec::new(), effects: Vec::new() },
            joined: 0,
            recovered: 0,
            actor: Actor::System,
            facts,
        }
    }

    /// A new incident with its first alert.
    pub(super) fn open(
        app: &App,
        directory: &Directory,
        number: i64,
        case: &Case<'_>,
        (level, at): (Level, Timestamp),
        turns: &mut Turns,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let grouping = Grouping {
            first_alert_at: Some(at),
            value: grouping_value(&case.service.grouping, &case.signal),
            group_key: case.signal.group_key.clone(),
        };
        let incident = new_incident(app, directory, case, (level, at), number, now);
        let facts = facts_of(directory, &incident, case, turns);
        let around = surroundings(directory, &incident, &facts, now)?;
        let decided = lifecycle::open(incident, false, &case.actor(), &around, now);
        for effect in &decided.effects {
            if let Effect::Turn { team, user } = effect {
                turns.insert(*team, *user);
            }
        }
        Ok(Self {
            before: Before::New(grouping.clone()),
            grouping,
            decided,
            joined: 0,
            recovered: 0,
            actor: case.actor(),
            facts,
        })
    }

    pub(super) fn id(&self) -> IncidentId {
        self.decided.incident.id
    }

    /// The number that people say.
    pub(super) fn number(&self) -> i64 {
        self.decided.incident.number
    }

    /// How bad it is.
    pub(super) fn level(&self) -> Level {
        self.decided.incident.severity
    }

    pub(super) fn is_triggered(&self) -> bool {
        self.decided.incident.status == Status::Triggered
    }

    /// The new incident as one that the next alerts may join.
    pub(super) fn candidate(&self) -> Candidate {
        Candidate {
            is_restricted: self.decided.incident.restriction.is_some(),
            id: self.id(),
            severity: self.decided.incident.severity,
            status: self.decided.incident.status,
            first_alert_at: self.grouping.first_alert_at,
            grouping_value: self.grouping.value.clone(),
            group_key: self.grouping.group_key.clone(),
        }
    }

    /// One more alert.
    pub(super) fn join(&mut self) {
        self.joined += 1;
    }

    /// One alert less. The last one ends the incident at once, so that what follows in the batch
    /// opens a new one.
    pub(super) fn recover(
        &mut self,
        _app: &App,
        directory: &Directory,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.recovered += 1;
        self.actor = actor.clone();
        let open = self.decided.incident.open_alert_count + self.joined - self.recovered;
        if open <= 0 { self.settle(directory, now) } else { Ok(()) }
    }

    /// The monitoring system says that somebody is on it.
    pub(super) fn acknowledge(
        &mut self,
        _app: &App,
        directory: &Directory,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        self.settle(directory, now)?;
        let incident = &self.decided.incident;
        if incident.status.is_answered() {
            return Ok("ignored: the incident is already acknowledged".to_owned());
        }
        let around = surroundings(directory, incident, &self.facts, now)?;
        match lifecycle::handle(incident, Command::Acknowledge, actor, &around, now) {
            Ok(decision) => {
                self.absorb(decision);
                Ok("the incident was acknowledged".to_owned())
            }
            Err(WrongMove::NotOpen { .. } | WrongMove::WasMerged { .. }) => {
                Ok("ignored: the incident is over".to_owned())
            }
            Err(error) => Err(StoreError::Corrupt(error.to_string())),
        }
    }

    /// Turns what was counted into a decision.
    fn settle(&mut self, directory: &Directory, now: Timestamp) -> Result<(), StoreError> {
        let (joined, recovered) =
            (std::mem::take(&mut self.joined), std::mem::take(&mut self.recovered));
        if joined == 0 && recovered == 0 {
            return Ok(());
        }
        let incident = &self.decided.incident;
        let around = surroundings(directory, incident, &self.facts, now)?;
        let decision =
            lifecycle::alerts_changed(incident, joined, recovered, &self.actor, &around, now);
        self.absorb(decision);
        Ok(())
    }

    fn absorb(&mut self, decision: Decision) {
        self.decided.incident = decision.incident;
        self.decided.entries.extend(decision.entries);
        self.decided.effects.extend(decision.effects);
    }

    /// Writes what was decided, as far as it cannot wait for the rest of the batch.
    pub(super) async fn write(
        mut self,
        app: &App,
        directory: &Directory,
        tx: &mut Tx,
        writes: &mut Writes,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.settle(directory, now)?;
        if self.decided.entries.is_empty() && self.decided.effects.is_empty() {
            return Ok(());
        }
        let (decided, actor) = (&self.decided, &self.actor);
        record::gather(app, tx, writes, directory, self.before, decided, actor, now).await
    }
}

/// What is known of an incident that is just being opened, as it will be read again later.
fn facts_of(directory: &Directory, incident: &Incident, case: &Case<'_>, turns: &Turns) -> Facts {
    let needs = facts::needs(directory, incident);
    let first = needs.first.then(|| First {
        signal: Signal { severity: String::new(), ..case.signal.clone() },
        integration: case
            .inlet
            .as_ref()
            .map_or_else(String::new, |inlet| inlet.integration.name.clone()),
    });
    let turns = if needs.turns { turns.clone() } else { Turns::new() };
    let bridge = bridge::link(directory, incident, incident.severity);
    let alert_times = vec![case.received_at];
    Facts { first, alert_times, turns, bridge, ..Facts::default() }
}

fn surroundings<'a>(
    directory: &'a Directory,
    incident: &Incident,
    facts: &Facts,
    now: Timestamp,
) -> Result<Surroundings<'a>, StoreError> {
    Surroundings::new(directory, incident, incident.severity, facts, now)
        .ok_or_else(|| StoreError::Corrupt("no policy and no catch-all is configured".to_owned()))
}

fn new_incident(
    app: &App,
    directory: &Directory,
    case: &Case<'_>,
    (level, at): (Level, Timestamp),
    number: i64,
    now: Timestamp,
) -> Incident {
    let summary = case.signal.summary.trim();
    let mut title =
        if summary.is_empty() { case.signal.dedup_key.clone() } else { summary.to_owned() };
    title = title.replace('\0', "\u{fffd}");
    cut(&mut title, TITLE_CHARS_MAX);
    // A client whose clock is ahead cannot have seen trouble that has not happened yet.
    let occurred = case.signal.occurred_at.unwrap_or(case.received_at).min(case.received_at);
    Incident {
        id: IncidentId(app.ids.next(now)),
        number,
        title,
        summary: None,
        service: case.service.id,
        policy: case.service.policy,
        severity: level,
        status: Status::Triggered,
        assignee: None,
        stamps: Stamps { occurred_at: Some(occurred), detected_at: Some(at), ..Stamps::default() },
        escalation: State::Idle,
        clocks: Clocks::default(),
        alert_count: 1,
        open_alert_count: 1,
        helpers: Helpers::default(),
        impact: Impact::default(),
        roles: Default::default(),
        updates: Default::default(),
        bridge: None,
        estimate: None,
        gates: Default::default(),
        restriction: restriction(directory, case, now),
        marks: Default::default(),
        reopened_count: 0,
        merged_into: None,
        parentage: None,
        open_children: 0,
        practice: false,
        version: 0,
    }
}

fn restriction(directory: &Directory, case: &Case<'_>, now: Timestamp) -> Option<Restriction> {
    let rules = &directory.restrictions;
    let rule = restriction::rule_for(rules, case.service.id, Some(&case.subject()));
    rule.map(|rule| rule.restriction(now))
}
