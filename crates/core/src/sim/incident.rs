//! Transactions on incidents: the real lifecycle decides, and its decision is committed whole, with
//! its timeline, its pages, their deliveries and its timer.

use jiff::Timestamp;

use super::Sabotage;
use super::record::Replay;
use super::store::{DeliveryRow, Fact, IncidentRow, Key, PageRow, Seen, Store};
use crate::alerting::alert::AlertStatus;
use crate::alerting::maintenance::Maintenance;
use crate::id::{IncidentId, PageId, UserId};
use crate::incident::lifecycle::{
    self, Decision, Effect, How, Incident, Status, Superseded, Surroundings,
};
use crate::incident::severity::{Level, Urgency};
use crate::incident::timeline::{Actor, Kind};
use crate::oncall::escalation;
use crate::oncall::facts::Facts;
use crate::oncall::page::{self, DeliveryState, PageState};
use crate::org::directory::Directory;

/// The most follow-ups of one commit; each is about a page that nobody can get.
const FOLLOW_UPS_MAX: usize = 200;

/// What a transaction reads besides the store.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The organisation that decisions see.
    pub directory: &'a Directory,
    /// Windows of maintenance.
    pub windows: &'a [Maintenance],
    /// The store's clock.
    pub now: Timestamp,
    /// The clock that never jumps.
    pub true_now: Timestamp,
    pub sabotage: Option<Sabotage>,
}

impl Context<'_> {
    pub(super) fn is_sabotaged(&self, by: Sabotage) -> bool {
        self.sabotage == Some(by)
    }
}

/// The incident's number in the simulated store.
pub(super) fn number_of(id: IncidentId) -> u64 {
    id.0.as_u64_pair().1
}

/// The page's number in the simulated store.
pub(super) fn page_number(id: PageId) -> u64 {
    id.0.as_u64_pair().1
}

impl Store {
    /// The surroundings of an incident, by the process of `level`.
    pub(super) fn around_at<'a>(
        &self,
        cx: &Context<'a>,
        incident: &Incident,
        level: Level,
    ) -> Option<Surroundings<'a>> {
        let row = self.incidents.get(&number_of(incident.id));
        let alerts = row.into_iter().flat_map(|row| &row.alerts);
        let alert_times = alerts.filter_map(|id| Some(self.alerts.get(id)?.last_at)).collect();
        let facts = Facts { alert_times, turns: self.turns.clone(), ..Facts::default() };
        Surroundings::new(cx.directory, incident, level, &facts, cx.now)
    }

    pub(super) fn around<'a>(
        &self,
        cx: &Context<'a>,
        incident: &Incident,
    ) -> Option<Surroundings<'a>> {
        self.around_at(cx, incident, incident.severity)
    }

    /// Commits a new incident.
    pub(super) fn insert_incident(
        &mut self,
        cx: &Context<'_>,
        row: IncidentRow,
        decision: Decision,
    ) {
        let id = number_of(row.state.id);
        self.incidents.insert(id, row);
        self.commit(cx, id, decision);
    }

    /// Commits what was decided about an incident, and what follows from pages that nobody gets.
    pub(super) fn commit(&mut self, cx: &Context<'_>, id: u64, decision: Decision) {
        self.commit_one(cx, id, decision);
        self.follow_up_all(cx);
    }

    pub(super) fn follow_up_all(&mut self, cx: &Context<'_>) {
        for _ in 0..FOLLOW_UPS_MAX {
            let Some(page) = self.unsettled.pop() else { return };
            self.follow_up(cx, page);
        }
    }

    fn commit_one(&mut self, cx: &Context<'_>, id: u64, decision: Decision) {
        self.seq += 1;
        let seq = self.seq;
        let Some(row) = self.incidents.get_mut(&id) else { return };
        let version_before = row.state.version;
        let was_changed = row.state != decision.incident;
        let (told_before, alarms_before) = (row.replay, row.alarms);
        row.state = decision.incident;
        row.touched_at = cx.true_now;
        for entry in &decision.entries {
            if cx.is_sabotaged(Sabotage::SilentTransition) && entry.kind == Kind::Resolved {
                continue;
            }
            row.replay.fold(entry);
            self.audit.transition(id, entry.kind);
        }
        let is_held = matches!(row.state.escalation, escalation::State::Acknowledged { .. });
        let mut withdrew = false;
        for effect in decision.effects {
            withdrew |= matches!(effect, Effect::SupersedeAll(_) | Effect::SupersedeAllBut(..));
            self.effect(cx, id, effect);
        }
        let Some(row) = self.incidents.get_mut(&id) else { return };
        match (is_held, row.acknowledged_seq) {
            (false, _) => row.acknowledged_seq = None,
            (true, Some(_)) if !withdrew => {}
            (true, _) => row.acknowledged_seq = Some(seq),
        }
        let (status, service, next_at) = (row.state.status, row.service, row.state.next_at());
        self.index(id, service, status);
        match next_at {
            Some(_) if cx.is_sabotaged(Sabotage::ForgetTimer) && seq.is_multiple_of(50) => {
                self.clear_timer(Key::Incident(id));
            }
            Some(at) => self.set_timer(Key::Incident(id), at, cx.now),
            None => self.clear_timer(Key::Incident(id)),
        }
        self.facts.push(Fact::Committed {
            incident: id,
            version_before,
            was_changed,
            told_before,
            alarms_before,
        });
    }

    fn index(&mut self, id: u64, service: usize, status: Status) {
        if status == Status::Triggered {
            self.triggered[service].insert(id);
        } else {
            self.triggered[service].remove(&id);
        }
    }

    fn effect(&mut self, cx: &Context<'_>, id: u64, effect: Effect) {
        match effect {
            Effect::Page { user, step, round, urgency, .. } => {
                self.insert_page(cx, id, user, step, round, urgency);
            }
            Effect::SupersedeAll(superseded) => {
                let pages = match self.incidents.get_mut(&id) {
                    Some(row) => {
                        row.activation += 1;
                        row.pages.clone()
                    }
                    None => vec![],
                };
                for page in pages {
                    self.supersede(cx, page, &superseded);
                }
            }
            Effect::SupersedeAllBut(but, superseded) => {
                let pages = match self.incidents.get_mut(&id) {
                    Some(row) => {
                        row.activation += 1;
                        row.pages.clone()
                    }
                    None => vec![],
                };
                for page in pages {
                    if self.pages.get(&page).is_some_and(|row| !but.contains(&row.user)) {
                        self.supersede(cx, page, &superseded);
                    }
                }
            }
            Effect::SupersedeOf(user, superseded) => {
                let pages = self.incidents.get(&id).map(|row| row.pages.clone());
                for page in pages.unwrap_or_default() {
                    if self.pages.get(&page).is_some_and(|row| row.user == user) {
                        self.supersede(cx, page, &superseded);
                    }
                }
            }
            Effect::Supersede(page, superseded) => {
                self.supersede(cx, page_number(page), &superseded);
            }
            Effect::ResolveAlerts => {
                let alerts = self.incidents.get(&id).map(|row| row.alerts.clone());
                for alert in alerts.unwrap_or_default() {
                    self.resolve_alert(cx, alert);
                }
            }
            Effect::MoveAlerts(into) => self.move_alerts(cx, id, number_of(into)),
            Effect::Tell { .. }
            | Effect::Inform { .. }
            | Effect::Notify { .. }
            | Effect::Publish { .. } => {}
            Effect::Turn { team, user } => {
                self.turns.insert(team, user);
            }
            Effect::Alarm(_) => self.alarm(id),
        }
    }

    pub(super) fn resolve_alert(&mut self, cx: &Context<'_>, alert: u64) {
        if let Some(row) = self.alerts.get_mut(&alert) {
            row.status = AlertStatus::Resolved;
            row.touched_at = cx.true_now;
        }
        self.clear_timer(Key::Alert(alert));
    }

    fn move_alerts(&mut self, cx: &Context<'_>, from: u64, into: u64) {
        let Some(row) = self.incidents.get_mut(&from) else { return };
        let (number, alerts) = (row.state.number, std::mem::take(&mut row.alerts));
        let mut open = 0;
        for alert in &alerts {
            if let Some(row) = self.alerts.get_mut(alert) {
                row.incident = Some(into);
                open += i64::from(row.status == AlertStatus::Open);
            }
        }
        let all = i64::try_from(alerts.len()).unwrap_or(i64::MAX);
        let Some(row) = self.incidents.get_mut(&into) else { return };
        row.alerts.extend(alerts);
        let decision = lifecycle::absorb(&row.state, number, all, open, &Actor::System, cx.now);
        self.commit_one(cx, into, decision);
    }

    fn alarm(&mut self, incident: u64) {
        let seq = self.seq;
        if let Some(row) = self.incidents.get_mut(&incident) {
            row.alarms += 1;
            row.alarm_seq = seq;
        }
    }

    pub(super) fn insert_page(
        &mut self,
        cx: &Context<'_>,
        incident: u64,
        user: UserId,
        step: Option<u32>,
        round: u32,
        urgency: Urgency,
    ) {
        if cx.is_sabotaged(Sabotage::PagesInSecondCommit) && self.seq.is_multiple_of(20) {
            return;
        }
        let id = self.number();
        let rules = cx.directory.users.get(user).map(|user| user.rules(urgency));
        let plan = page::plan(&rules.unwrap_or_default(), cx.now);
        let deliveries: Vec<_> = plan
            .into_iter()
            .map(|(method, due)| {
                let delivery = self.number();
                let row = DeliveryRow {
                    page: id,
                    method,
                    state: DeliveryState::Scheduled,
                    attempts: 0,
                    first_due_at: due,
                    possible_repeat: false,
                    seen: Seen::default(),
                };
                self.deliveries.insert(delivery, row);
                self.untried.insert((due, delivery));
                self.set_timer(Key::Delivery(delivery), due, cx.now);
                delivery
            })
            .collect();
        let Some(row) = self.incidents.get_mut(&incident) else { return };
        row.pages.push(id);
        row.page_rows += 1;
        let page = PageRow {
            incident,
            user,
            step,
            round,
            activation: row.activation,
            state: PageState::Pending,
            ended: None,
            created_seq: self.seq,
            ended_seq: 0,
            deliveries,
        };
        self.pages.insert(id, page);
        self.facts.push(Fact::Reached { page: id });
        self.refresh_page(id);
    }

    /// Withdraws a page: what has not gone out never will; what is under way is not tried again.
    fn supersede(&mut self, cx: &Context<'_>, page: u64, superseded: &Superseded) {
        if !self.is_live(page) {
            return;
        }
        let seq = self.seq;
        let Some(row) = self.pages.get_mut(&page) else { return };
        row.state = PageState::Superseded;
        row.ended = Some((superseded.how, !superseded.by.is_empty()));
        row.ended_seq = seq;
        if cx.is_sabotaged(Sabotage::KeepPagesAfterAck) && superseded.how == How::Acked {
            return;
        }
        for delivery in row.deliveries.clone() {
            let Some(row) = self.deliveries.get_mut(&delivery) else { continue };
            if row.state != DeliveryState::Sending && !row.state.is_final() {
                row.state = DeliveryState::Cancelled;
                self.untried.remove(&(row.first_due_at, delivery));
                self.clear_timer(Key::Delivery(delivery));
            }
        }
    }

    /// Works out where a page stands after its deliveries changed.
    pub(super) fn refresh_page(&mut self, page: u64) {
        let Some(row) = self.pages.get(&page) else { return };
        let states = row.deliveries.iter().filter_map(|id| self.deliveries.get(id));
        let state = page::page_state(row.state, states.map(|delivery| delivery.state));
        let seq = self.seq;
        let Some(row) = self.pages.get_mut(&page) else { return };
        if row.state == state {
            return;
        }
        row.state = state;
        if state == PageState::Exhausted {
            row.ended_seq = seq;
            self.unsettled.push(page);
        }
    }

    /// A page could not be delivered by any method: the step fails if it was the last of its step,
    /// and a page outside of the policy raises an alarm.
    fn follow_up(&mut self, cx: &Context<'_>, page: u64) {
        if cx.is_sabotaged(Sabotage::SilentExhaustion) {
            return;
        }
        let Some(row) = self.pages.get(&page) else { return };
        let (incident, round) = (row.incident, row.round);
        let Some(step) = row.step else {
            self.alarm(incident);
            return;
        };
        if !self.is_whole_step_down(page) {
            return;
        }
        let Some(row) = self.incidents.get(&incident) else { return };
        let Some(around) = self.around(cx, &row.state) else { return };
        let decision = lifecycle::step_failed(&row.state, step, round, &around, cx.now);
        if !decision.entries.is_empty() || !decision.effects.is_empty() {
            self.commit_one(cx, incident, decision);
        }
    }

    fn is_whole_step_down(&self, page: u64) -> bool {
        self.pages.get(&page).is_some_and(is_down) && self.are_others_of_step_down(page)
    }

    /// Whether everybody else whom a page's step asked has declined or cannot be reached. Not so if
    /// the step was withdrawn meanwhile.
    pub(super) fn are_others_of_step_down(&self, page: u64) -> bool {
        let Some(asked) = self.pages.get(&page) else { return false };
        let Some(incident) = self.incidents.get(&asked.incident) else { return false };
        let of_step = |row: &&PageRow| {
            (row.activation, row.step, row.round) == (asked.activation, asked.step, asked.round)
        };
        let others = incident.pages.iter().filter(|other| **other != page);
        incident.activation == asked.activation
            && others.filter_map(|other| self.pages.get(other)).filter(of_step).all(is_down)
    }
}

/// Whether a page's person has declined or cannot be reached.
fn is_down(row: &PageRow) -> bool {
    match row.state {
        PageState::Exhausted => true,
        PageState::Superseded => matches!(row.ended, Some((How::Declined, _))),
        PageState::Pending | PageState::Accepted => false,
    }
}

/// An incident's row before its first commit.
pub(super) fn new_row(
    state: Incident,
    service: usize,
    grouping_value: String,
    cx: &Context<'_>,
) -> IncidentRow {
    IncidentRow {
        state,
        service,
        first_key: 0,
        first_alert_at: cx.now,
        grouping_value,
        alerts: vec![],
        pages: vec![],
        activation: 0,
        acknowledged_seq: None,
        alarms: 0,
        alarm_seq: 0,
        replay: Replay::new(),
        page_rows: 0,
        touched_at: cx.true_now,
    }
}
