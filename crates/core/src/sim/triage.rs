//! Transactions of triage: the real decisions say what a signal is, and alert and incident are
//! committed together.

use jiff::Timestamp;
use uuid::Uuid;

use super::Sabotage;
use super::incident::{Context, new_row, number_of};
use super::input::Sent;
use super::organisation::{SEVERITIES, TEAMS, integration_id};
use super::store::{AlertRow, Fact, Key, Message, MessageState, Store};
use crate::alerting::alert::{AlertStatus, Latest};
use crate::alerting::guard::Record;
use crate::alerting::hold::{self, Firing, Held};
use crate::alerting::maintenance;
use crate::alerting::rule::Subject;
use crate::alerting::signal::{Action, Signal};
use crate::alerting::silence;
use crate::alerting::triage::{self, Candidate, Decision};
use crate::id::{AlertId, IncidentId};
use crate::incident::clocks::Clocks;
use crate::incident::helper::Helpers;
use crate::incident::impact::Impact;
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
            held: row.held.map(|(held, _)| held),
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
        let row = AlertRow {
            integration: sent.integration,
            key: sent.key,
            status: AlertStatus::Open,
            incident: None,
            last_at: received_at,
            count: 1,
            newest_message: message,
            touched_at: cx.true_now,
            sent,
            first_at: received_at,
            held: None,
        };
        self.alerts.insert(alert, row);
        self.latest.insert((sent.integration, sent.key), alert);
        self.judge(cx, alert, signal, (service, integration), received_at);
        self.facts.push(Fact::AlertOpened { integration: sent.integration, key: sent.key });
    }

    /// Decides whether an alert that fires pages at `at`: it gets its incident, or is held, and is
    /// looked at again when the answer may have changed.
    fn judge(
        &mut self,
        cx: &Context<'_>,
        alert: u64,
        signal: &Signal,
        (service, integration): (&Service, &Integration),
        at: Timestamp,
    ) {
        let Some(row) = self.alerts.get(&alert).copied() else { return };
        let rated = triage::classify(service, integration, signal, row.first_at);
        let subject = Subject { signal, integration: &integration.name, service: &service.name };
        let firing = Firing {
            outcome: rated.outcome,
            maintenance: maintenance::muting(cx.windows, service.id, &subject, at),
            cause: None,
            guard: rated.guard,
            pause: service.pause,
            shadow: rated.shadow,
            is_worst_time: false,
            record: Record { first_at: row.first_at, firings: &[] },
        };
        let hold = hold::hold(&firing, at);
        let incident = match (&hold, rated.outcome) {
            (None, Outcome::Severity(level)) => {
                self.join_or_open(cx, (row.key, signal), service, level, at)
            }
            _ => None,
        };
        if let Some(row) = incident.and_then(|incident| self.incidents.get_mut(&incident)) {
            row.alerts.push(alert);
        }
        if let Some(row) = self.alerts.get_mut(&alert) {
            row.incident = incident;
            row.held = hold.as_ref().map(|hold| (hold.held, hold.by));
            row.status = hold.as_ref().map_or(AlertStatus::Open, |hold| hold.held.status());
            row.touched_at = cx.true_now;
        }
        let over_at = silence::over_at(service.auto_resolve_after, row.last_at);
        let until = hold.and_then(|hold| hold.until);
        let until = until.filter(|_| !cx.is_sabotaged(Sabotage::ForgetHeld));
        self.look_at(cx, alert, until.into_iter().chain(over_at).min());
    }

    fn look_at(&mut self, cx: &Context<'_>, alert: u64, at: Option<Timestamp>) {
        match at {
            Some(at) => self.set_timer(Key::Alert(alert), at, cx.now),
            None => self.clear_timer(Key::Alert(alert)),
        }
    }

    /// Looks at an alert again because an instant has come: the end of a window, of a pause, of a
    /// guard, or of a silence.
    pub(super) fn look_again(&mut self, cx: &Context<'_>, alert: u64) {
        self.facts.push(Fact::LookedAt { alert });
        let row = self.alerts.get(&alert).copied().filter(|row| row.status.is_firing());
        let integration =
            row.and_then(|row| cx.directory.integration(integration_id(row.integration)));
        let (Some(row), Some(integration)) = (row, integration) else {
            return self.clear_timer(Key::Alert(alert));
        };
        let signal = signal(&row.sent);
        let Some(route) = triage::route(cx.directory, integration, &signal) else {
            return self.clear_timer(Key::Alert(alert));
        };
        let over_at = silence::over_at(route.service.auto_resolve_after, row.last_at);
        if over_at.is_some_and(|over_at| over_at <= cx.now) {
            self.recover(cx, Some(alert));
            if let Some(row) = self.alerts.get_mut(&alert) {
                row.last_at = row.last_at.max(cx.now);
            }
            return;
        }
        match row.held {
            Some((Held::Maintenance | Held::Inhibited | Held::Guard | Held::Pause, _)) => {
                self.judge(cx, alert, &signal, (route.service, integration), cx.now);
            }
            _ => self.look_at(cx, alert, over_at),
        }
    }

    /// Windows ended before their time: what they muted is looked at now.
    pub(super) fn windows_ended(&mut self, cx: &Context<'_>) {
        self.facts.push(Fact::WindowsEnded);
        if cx.is_sabotaged(Sabotage::SleepThroughEnd) {
            return;
        }
        let is_over = |id: Option<Uuid>| {
            cx.windows.iter().any(|window| Some(window.id.0) == id && window.to <= cx.now)
        };
        let muted =
            |row: &AlertRow| row.status.is_firing() && row.held.is_some_and(|(_, by)| is_over(by));
        let muted: Vec<_> =
            self.alerts.iter().filter(|(_, row)| muted(row)).map(|(id, _)| *id).collect();
        for alert in muted {
            self.look_at(cx, alert, Some(cx.now));
        }
    }

    /// Whether something holds the newest alert of a trouble back.
    pub(super) fn is_held(&self, integration: usize, key: u64) -> bool {
        let newest = self.latest.get(&(integration, key));
        newest.and_then(|alert| self.alerts.get(alert)).is_some_and(|row| row.held.is_some())
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
            let decision = lifecycle::alerts_changed(state, 1, 0, &actor, &around, cx.now);
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
            impact: Impact::default(),
            roles: Default::default(),
            updates: Default::default(),
            bridge: None,
            estimate: None,
            gates: Default::default(),
            restriction: None,
            marks: Default::default(),
            reopened_count: 0,
            merged_into: None,
            parentage: None,
            open_children: 0,
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
                is_restricted: false,
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
        let decision = lifecycle::alerts_changed(&row.state, 0, 1, &actor, &around, cx.now);
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
