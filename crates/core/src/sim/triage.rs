//! Transactions of triage: the real decisions say what a signal is, and alert and incident are
//! committed together.

use jiff::Timestamp;
use uuid::Uuid;

use super::Sabotage;
use super::incident::{Context, new_row, number_of};
use super::input::Sent;
use super::organisation::{SEVERITIES, TEAMS, integration_id};
use super::store::{AlertRow, Fact, Message, MessageState, Store};
use crate::alerting::alert::{AlertStatus, Latest};
use crate::alerting::signal::{Action, Signal};
use crate::alerting::triage::{self, Candidate, Decision};
use crate::id::{AlertId, IncidentId};
use crate::incident::clocks::Clocks;
use crate::incident::helper::Helpers;
use crate::incident::lifecycle::{self, Command, Incident, Stamps, Status};
use crate::incident::severity::Level;
use crate::incident::timeline::Actor;
use crate::oncall::escalation;
use crate::org::service::{Integration, Outcome, Service};

/// The most messages of one triage commit.
pub(super) const BATCH_MAX: usize = 50;

/// The de-duplication key of a trouble.
pub fn dedup_key(key: u64) -> String {
    format!("trouble-{key}")
}

/// The signal that a message carries.
pub fn signal(sent: &Sent) -> Signal {
    let mut signal = Signal::trigger(dedup_key(sent.key), format!("Trouble {}", sent.key));
    signal.action = sent.action;
    signal.severity = SEVERITIES[sent.severity].to_owned();
    signal.labels.push(("team".to_owned(), TEAMS[sent.team].to_owned()));
    signal
}

fn alert_id(alert: u64) -> AlertId {
    AlertId(Uuid::from_u64_pair(2, alert))
}

impl Store {
    /// Makes a message durable.
    pub(super) fn accept(
        &mut self,
        id: u64,
        sent: Sent,
        received_at: Timestamp,
        stored_at: Timestamp,
    ) {
        self.seq += 1;
        let state = MessageState::Pending;
        let message = Message { sent, received_at, stored_at, state, ended_at: None };
        // The id was made before the commit, so a second commit of the same message is harmless.
        if self.inbox.contains_key(&id) {
            return;
        }
        self.inbox.insert(id, message);
        self.pending.insert(id);
    }

    /// Triages one message.
    pub(super) fn triage(&mut self, cx: &Context<'_>, id: u64) {
        let Some(message) = self.inbox.get_mut(&id) else { return };
        if message.state != MessageState::Pending {
            return;
        }
        let (sent, received_at) = (message.sent, message.received_at);
        message.state = if sent.poison { MessageState::SetAside } else { MessageState::Done };
        message.ended_at = Some(cx.true_now);
        self.pending.remove(&id);
        if sent.poison {
            return;
        }
        self.digest(cx, id, &sent, received_at);
    }

    fn digest(&mut self, cx: &Context<'_>, message: u64, sent: &Sent, received_at: Timestamp) {
        let signal = signal(sent);
        let integration = cx.directory.integration(integration_id(sent.integration));
        let Some(integration) = integration else { return };
        let Some(route) = triage::route(cx.directory, integration, &signal) else { return };
        let latest = self.latest.get(&(sent.integration, sent.key)).copied();
        let known = latest.filter(|_| !cx.is_sabotaged(Sabotage::ForgetOpenAlert));
        let known = known.and_then(|alert| self.latest_of(alert));
        match triage::decide(&signal, known.as_ref(), received_at) {
            Decision::Open { .. } => {
                self.open_alert(cx, message, &signal, (route.service, integration), received_at);
            }
            Decision::Count(_) => {
                if let Some(row) = latest.and_then(|alert| self.alerts.get_mut(&alert)) {
                    row.count += 1;
                }
                self.heard(latest, message, received_at);
            }
            Decision::Resolve(_) => {
                self.recover(cx, latest);
                self.heard(latest, message, received_at);
            }
            Decision::Acknowledge(incident) => self.acknowledged_outside(cx, incident),
            Decision::Ignore(_) => {}
        }
        self.facts.push(Fact::Triaged { message });
    }

    fn heard(&mut self, alert: Option<u64>, message: u64, received_at: Timestamp) {
        if let Some(row) = alert.and_then(|alert| self.alerts.get_mut(&alert)) {
            row.last_at = row.last_at.max(received_at);
            row.newest_message = row.newest_message.max(message);
        }
    }

    fn latest_of(&self, alert: u64) -> Option<Latest> {
        let row = self.alerts.get(&alert)?;
        let incident = row.incident.map(|id| IncidentId(Uuid::from_u64_pair(1, id)));
        Some(Latest {
            id: alert_id(alert),
            status: row.status,
            incident,
            last_at: row.last_at,
            held: None,
            flaps: 0,
        })
    }

    fn open_alert(
        &mut self,
        cx: &Context<'_>,
        message: u64,
        signal: &Signal,
        (service, integration): (&Service, &Integration),
        received_at: Timestamp,
    ) {
        let Some(Message { sent, .. }) = self.inbox.get(&message).copied() else { return };
        let alert = self.number();
        let incident = match triage::classify(service, integration, signal, received_at).outcome {
            Outcome::Severity(level) => {
                self.join_or_open(cx, (sent.key, signal), service, level, received_at)
            }
            Outcome::Informational => None,
        };
        let row = AlertRow {
            integration: sent.integration,
            key: sent.key,
            status: AlertStatus::Open,
            incident,
            last_at: received_at,
            count: 1,
            newest_message: message,
            touched_at: cx.true_now,
        };
        self.alerts.insert(alert, row);
        self.latest.insert((sent.integration, sent.key), alert);
        if let Some(row) = incident.and_then(|incident| self.incidents.get_mut(&incident)) {
            row.alerts.push(alert);
        }
        self.facts.push(Fact::AlertOpened { integration: sent.integration, key: sent.key });
    }

    fn join_or_open(
        &mut self,
        cx: &Context<'_>,
        (key, signal): (u64, &Signal),
        service: &Service,
        level: Level,
        received_at: Timestamp,
    ) -> Option<u64> {
        let place = cx.directory.services.iter().position(|known| known.id == service.id)?;
        let candidates = self.candidates(place);
        let grouped = triage::group(&service.grouping, signal, level, &candidates, received_at);
        let actor = Actor::Integration { label: service.name.clone() };
        if let Some(incident) = grouped.join.map(number_of) {
            let state = &self.incidents.get(&incident)?.state;
            let around = self.around(cx, state)?;
            let decision = lifecycle::alerts_changed(state, 1, 0, false, &actor, &around, cx.now);
            self.commit(cx, incident, decision);
            return Some(incident);
        }
        let number = self.number();
        let state = Incident {
            id: IncidentId(Uuid::from_u64_pair(1, number)),
            number: i64::try_from(number).unwrap_or(i64::MAX),
            title: signal.summary.clone(),
            summary: None,
            service: service.id,
            policy: service.policy,
            severity: level,
            status: Status::Triggered,
            assignee: None,
            stamps: Stamps { detected_at: Some(cx.now), ..Stamps::default() },
            escalation: escalation::State::Idle,
            clocks: Clocks::default(),
            alert_count: 1,
            open_alert_count: 1,
            helpers: Helpers::default(),
            reopened_count: 0,
            merged_into: None,
            practice: false,
            version: 0,
        };
        let around = self.around(cx, &state)?;
        let value = triage::grouping_value(&service.grouping, signal);
        let mut row = new_row(state.clone(), place, value, cx);
        (row.first_key, row.first_alert_at) = (key, received_at);
        let decision = lifecycle::open(state, false, &actor, &around, cx.now);
        self.insert_incident(cx, row, decision);
        Some(number)
    }

    fn candidates(&self, service: usize) -> Vec<Candidate> {
        let candidate = |id: &u64| {
            let row = self.incidents.get(id)?;
            Some(Candidate {
                id: row.state.id,
                severity: row.state.severity,
                status: row.state.status,
                first_alert_at: Some(row.first_alert_at),
                grouping_value: row.grouping_value.clone(),
                group_key: None,
            })
        };
        self.triggered[service].iter().filter_map(candidate).collect()
    }

    fn recover(&mut self, cx: &Context<'_>, alert: Option<u64>) {
        let Some(alert) = alert else { return };
        self.resolve_alert(cx, alert);
        let Some(row) = self.alerts.get(&alert) else { return };
        let incident = row.incident.and_then(|id| Some((id, self.incidents.get(&id)?)));
        let Some((id, row)) = incident else { return };
        let Some(around) = self.around(cx, &row.state) else { return };
        let actor = Actor::System;
        let decision = lifecycle::alerts_changed(&row.state, 0, 1, false, &actor, &around, cx.now);
        self.commit(cx, id, decision);
    }

    fn acknowledged_outside(&mut self, cx: &Context<'_>, incident: IncidentId) {
        let id = number_of(incident);
        let Some(row) = self.incidents.get(&id) else { return };
        let Some(around) = self.around(cx, &row.state) else { return };
        let actor = Actor::Integration { label: "monitoring".to_owned() };
        let decided = lifecycle::handle(&row.state, Command::Acknowledge, &actor, &around, cx.now);
        if let Ok(decision) = decided {
            self.commit(cx, id, decision);
        }
    }
}

/// Whether a message asks for an alert.
pub(super) fn is_trigger(sent: &Sent) -> bool {
    sent.action == Action::Trigger && !sent.poison
}
