//! What nodes do: work is claimed, sent and committed, and at each of these points the node may die,
//! stand still or lose the store.

use jiff::{SignedDuration, Timestamp};

use super::{Happening, World, mode_number};
use crate::engine::lease::{self, Claim};
use crate::incident::clocks::{Clocks, second_set};
use crate::incident::lifecycle::{self, Decision, Incident, Surroundings};
use crate::oncall::cover::{self, Event};
use crate::oncall::page::Answer;
use crate::sim::Sabotage;
use crate::sim::input::{Covering, Mode, Moment, Wish};
use crate::sim::node::{Armed, By, Flight, Work};
use crate::sim::organisation::{is_carried, method_place};
use crate::sim::outbox::Parcel;
use crate::sim::store::{Fact, Key};
use crate::sim::triage::BATCH_MAX;

/// How long a provider is waited for.
const PROVIDER_TIMEOUT_MS: i64 = 10_000;

/// What becomes of a commit.
enum Commit {
    /// It takes place and its node hears so.
    Confirmed,
    /// It takes place and nobody hears of it.
    Unconfirmed,
    /// It does not take place.
    Lost,
    /// The store cannot be reached.
    Unreachable,
}

impl World {
    /// A node finds work and claims it.
    pub(super) fn claim(&mut self) {
        let wall = self.wall();
        let now = self.now;
        let Some(node) = self.any_node(|node| node.may_claim(now, wall)) else { return };
        let timer = self.next_timer().filter(|(at, _)| *at <= wall);
        let triage = self.store.earliest_triage(wall).filter(|at| *at <= wall);
        match (timer, triage) {
            (Some((_, Key::Delivery(id))), _) => {
                let parcel = self.transact(|store, cx| store.claim_delivery(cx, id));
                self.trace.note("node claims delivery", id, node as u64);
                if !parcel.is_empty() {
                    self.launch(node, Work::Call { parcel }, 1, 20);
                }
            }
            (Some((_, key @ Key::Incident(id))), _) => {
                let claimed = self.store.claim_timer(key, wall);
                self.trace.note("node claims timer of incident", id, node as u64);
                if let Some((fence, interrupted)) = claimed {
                    self.report.reclaimed += u64::from(interrupted);
                    self.launch(node, Work::Timer { incident: id, fence }, 1, 50);
                }
            }
            (Some((_, key @ Key::Alert(id))), _) => {
                let claimed = self.store.claim_timer(key, wall);
                self.trace.note("node claims timer of alert", id, node as u64);
                if let Some((fence, interrupted)) = claimed {
                    self.report.reclaimed += u64::from(interrupted);
                    self.launch(node, Work::Alert { alert: id, fence }, 1, 50);
                }
            }
            (Some((_, key @ Key::Request(id))), _) => {
                let claimed = self.store.claim_timer(key, wall);
                self.trace.note("node claims timer of request", id, node as u64);
                if let Some((fence, interrupted)) = claimed {
                    self.report.reclaimed += u64::from(interrupted);
                    self.launch(node, Work::Request { request: id, fence }, 1, 50);
                }
            }
            (None, Some(_)) => self.claim_triage(node),
            (Some((_, Key::Inbox)), _) | (None, None) => {}
        }
    }

    fn claim_triage(&mut self, node: usize) {
        let wall = self.wall();
        let current = self.store.triage.unwrap_or(Claim { fence: 0, until: None });
        let Some(taken) = lease::claim(Timestamp::MIN, current, wall) else { return };
        self.report.reclaimed += u64::from(lease::is_interrupted(current, wall));
        self.store.triage = Some(taken);
        self.store.triage_granted = Some(taken.fence);
        let messages: Vec<_> = self.store.pending.iter().take(BATCH_MAX).copied().collect();
        self.trace.note("node claims triage", taken.fence.unsigned_abs(), node as u64);
        self.launch(node, Work::Triage { fence: taken.fence, messages }, 1, 30);
    }

    /// Work that was under way comes to its commit, or to its call.
    pub(super) fn land(&mut self, flight: Flight) {
        let node = &self.nodes[flight.node];
        let (what, subject) = flight.work.name();
        if node.life != flight.life || node.down_until > self.now {
            self.trace.note("lost with its node:", subject, flight.node as u64);
            return self.give_up(&flight.work);
        }
        if node.stalled_until > self.now {
            let wait = SignedDuration::from_millis(self.rng.between(1, 50));
            let at = node.stalled_until + wait;
            return self.put(at, Happening::Flight(flight));
        }
        if let Work::Call { parcel } = flight.work {
            return self.call(flight.node, parcel);
        }
        let stall = self.take_armed(|armed| matches!(armed, Armed::Stall { .. }));
        if let Some(Armed::Stall { length }) = stall {
            self.trace.note("node stands still before:", subject, flight.node as u64);
            let until = self.now + length;
            self.nodes[flight.node].stalled_until = until;
            self.put(until, Happening::Healed);
            return self.put(until, Happening::Flight(flight));
        }
        if let Work::Answer { answer, by: By::Carrier(carrier), .. } = &flight.work {
            let failed = matches!(answer, Answer::Temporary { .. } | Answer::Unknown);
            let (instants, never_rests) = ((self.now, self.wall()), self.is(Sabotage::NeverRest));
            self.nodes[flight.node].carriers.answered(*carrier, failed, never_rests, instants);
        }
        match self.fate(flight.node) {
            Commit::Confirmed => {
                self.trace.note(what, subject, flight.node as u64);
                self.commit(flight.work, true);
            }
            Commit::Unconfirmed => {
                self.trace.note("commits and nobody hears of it:", subject, flight.node as u64);
                self.commit(flight.work.clone(), false);
                self.give_up(&flight.work);
            }
            Commit::Lost => {
                self.trace.note("does not commit:", subject, flight.node as u64);
                self.give_up(&flight.work);
            }
            Commit::Unreachable => self.spool(flight),
        }
    }

    fn fate(&mut self, node: usize) -> Commit {
        if self.store_down_until > self.now || !self.nodes[node].is_connected(self.now) {
            return Commit::Unreachable;
        }
        let at_commit = |armed: &Armed| match armed {
            Armed::Crash { moment, .. } => !matches!(moment, Moment::BeforeCall | Moment::Now),
            Armed::Unknown { .. } => true,
            Armed::Stall { .. } => false,
        };
        match self.take_armed(at_commit) {
            Some(Armed::Crash { moment, down }) => {
                self.crash(node, down);
                if moment == Moment::AfterCommit { Commit::Unconfirmed } else { Commit::Lost }
            }
            Some(Armed::Unknown { applied: true }) => Commit::Unconfirmed,
            Some(Armed::Unknown { applied: false }) => Commit::Lost,
            Some(Armed::Stall { .. }) | None => Commit::Confirmed,
        }
    }

    /// The store cannot be reached: a message is kept on the node's own disk, anything else is
    /// dropped, and its claim runs out.
    fn spool(&mut self, flight: Flight) {
        if let Work::Accept { id, sent, received_at } = flight.work {
            self.nodes[flight.node].spool.push((id, sent, received_at));
            self.trace.note("node spools message", id, flight.node as u64);
            self.report.spooled += 1;
            self.receipt(id);
            return;
        }
        self.give_up(&flight.work);
    }

    /// Whoever waits for an answer did not get one and asks again.
    fn give_up(&mut self, work: &Work) {
        match work {
            Work::Accept { sent, .. } => self.send_again(*sent),
            Work::Command { asked } => self.ask_again(*asked),
            Work::Cover { covering } => self.wish_again(*covering),
            Work::Drain { .. } => {
                let at = self.after_ms(1_000, 5_000);
                self.put(at, Happening::Healed);
            }
            Work::Triage { .. }
            | Work::Timer { .. }
            | Work::Alert { .. }
            | Work::Request { .. }
            | Work::Call { .. }
            | Work::Answer { .. }
            | Work::Overwrite { .. } => {}
        }
    }

    fn commit(&mut self, work: Work, confirmed: bool) {
        let wall = self.wall();
        match work {
            Work::Accept { id, sent, received_at } => {
                self.store.accept(id, sent, received_at, wall);
                if confirmed {
                    self.receipt(id);
                }
            }
            Work::Drain { node } => {
                for (id, sent, received_at) in std::mem::take(&mut self.nodes[node].spool) {
                    self.store.accept(id, sent, received_at, wall);
                }
            }
            Work::Triage { fence, messages } => self.commit_triage(fence, &messages),
            Work::Timer { incident, fence } => self.commit_timer(incident, fence),
            Work::Alert { alert, fence } => self.commit_alert(alert, fence),
            Work::Answer { parcel, answer, by } => self.commit_answer(&parcel, &answer, by),
            Work::Command { asked } => {
                let obeyed = self.transact(|store, cx| {
                    let (incident, decision) = store.decide(cx, &asked)?;
                    store.commit(cx, incident, decision);
                    Some(())
                });
                self.report.commands += u64::from(obeyed.is_some());
            }
            Work::Cover { covering } => self.commit_cover(&covering),
            Work::Request { request, fence } => self.commit_request(request, fence),
            Work::Overwrite { incident, decision } => {
                self.transact(|store, cx| store.commit(cx, incident, *decision));
            }
            Work::Call { .. } => {}
        }
    }

    fn commit_triage(&mut self, fence: i64, messages: &[u64]) {
        let current = self.store.triage.unwrap_or(Claim { fence: 0, until: None });
        if !lease::holds(current, fence) && !self.is(Sabotage::IgnoreFence) {
            self.report.stale += 1;
            return;
        }
        self.transact(|store, cx| {
            let granted = store.triage_granted;
            let generation = fence.unsigned_abs();
            store.facts.push(Fact::Applied {
                key: Key::Inbox,
                fence,
                granted,
                generation,
                fired: None,
            });
            for message in messages {
                store.triage(cx, *message);
            }
        });
        self.store.triage = Some(Claim { until: None, ..current });
        self.store.triage_ended_at = self.wall();
    }

    fn commit_timer(&mut self, incident: u64, fence: i64) {
        let key = Key::Incident(incident);
        if !self.store.may_finish(key, fence, self.is(Sabotage::IgnoreFence)) {
            self.report.stale += 1;
            return;
        }
        let fire_twice = self.is(Sabotage::FireTwice);
        self.transact(|store, cx| {
            let Some(row) = store.incidents.get(&incident) else {
                return store.clear_timer(key);
            };
            let Some(around) = store.around(cx, &row.state) else { return };
            let mut decision = lifecycle::timer_fired(&row.state, &around, cx.now);
            if cx.is_sabotaged(Sabotage::AskAndLetOff)
                && decision.incident.policy != row.state.policy
            {
                decision = let_off(&row.state, &around, decision, cx.now);
            }
            let before = store.timers.get(&key).map(|timer| (timer.generation, timer.fired));
            store.commit(cx, incident, decision);
            if let (true, Some(timer), Some(before)) =
                (fire_twice, store.timers.get_mut(&key), before)
            {
                (timer.generation, timer.fired) = before;
            }
        });
    }

    fn commit_alert(&mut self, alert: u64, fence: i64) {
        if !self.store.may_finish(Key::Alert(alert), fence, self.is(Sabotage::IgnoreFence)) {
            self.report.stale += 1;
            return;
        }
        self.transact(|store, cx| store.look_again(cx, alert));
    }

    fn commit_cover(&mut self, covering: &Covering) {
        let (sabotage, wall) = (self.options.sabotage, self.wall());
        if self.organisation.plan.wish(covering, &self.seen, sabotage, wall) {
            match covering.wish {
                Wish::Accept { .. } => self.report.agreed += 1,
                Wish::Undo => self.report.put_back += 1,
                _ => {}
            }
            self.planned(covering.request);
        }
    }

    fn commit_request(&mut self, request: u64, fence: i64) {
        let key = Key::Request(request);
        if !self.store.may_finish(key, fence, self.is(Sabotage::IgnoreFence)) {
            self.report.stale += 1;
            return;
        }
        let (sabotage, wall) = (self.options.sabotage, self.wall());
        self.organisation.plan.step(request, Event::TimerFired, &self.seen, sabotage, wall);
        self.planned(request);
    }

    /// A request was made or moved: its timer is set and everybody sees the plan as it is now.
    fn planned(&mut self, request: u64) {
        let (key, wall) = (Key::Request(request), self.wall());
        let asked = self.organisation.plan.requests.get(&request);
        let due = asked.and_then(cover::next_at);
        match due.filter(|_| !self.is(Sabotage::ForgetRequest)) {
            Some(at) => self.store.set_timer(key, at, wall),
            None => self.store.clear_timer(key),
        }
        self.store.facts.push(Fact::Planned);
        self.configure();
    }

    fn commit_answer(&mut self, parcel: &Parcel, answer: &Answer, by: By) {
        for delivery in parcel {
            let chance = self.rng.unit();
            let held =
                self.transact(|store, cx| store.answered(cx, *delivery, (answer, by), chance));
            self.report.stale += u64::from(!held);
        }
    }

    fn call(&mut self, node: usize, parcel: Parcel) {
        let before_call =
            |armed: &Armed| matches!(armed, Armed::Crash { moment: Moment::BeforeCall, .. });
        if let Some(Armed::Crash { down, .. }) = self.take_armed(before_call) {
            return self.crash(node, down);
        }
        let first = parcel.first().and_then(|(id, _)| self.store.deliveries.get(id));
        let Some((place, attempt)) = first.map(|row| (method_place(row.method), row.attempts))
        else {
            return;
        };
        let mut by = By::Address;
        let mut mode = self.modes[place];
        if is_carried(place) {
            let (instants, only_first) =
                ((self.now, self.wall()), self.is(Sabotage::StayWithFirst));
            match self.nodes[node].carriers.choose(attempt, only_first, instants) {
                Ok(carrier) => {
                    self.store.facts.push(Fact::Carried { node, carrier });
                    by = By::Carrier(carrier);
                    if self.carrier_modes[carrier] != Mode::Accept {
                        mode = self.carrier_modes[carrier];
                    }
                }
                Err(until) => return self.rest(node, parcel, until),
            }
        }
        for (id, _) in &parcel {
            let Some(row) = self.store.deliveries.get_mut(id) else { continue };
            row.seen.calls += 1;
            self.report.sends += 1;
            self.store.facts.push(Fact::Called { delivery: *id });
            self.trace.note("provider is called for delivery", *id, mode_number(mode));
        }
        let (answer, from_ms, to_ms) = match mode {
            Mode::Accept | Mode::AnswerTwice => (Answer::Accepted, 20, 400),
            Mode::Busy => (Answer::Temporary { retry_after: None }, 20, 2_000),
            Mode::TooMany(seconds) => {
                let retry_after = Some(SignedDuration::from_secs(seconds.into()));
                (Answer::Temporary { retry_after }, 20, 200)
            }
            Mode::Refuse => (Answer::Permanent, 20, 200),
            Mode::Silent | Mode::AnswerLost => {
                (Answer::Unknown, PROVIDER_TIMEOUT_MS, PROVIDER_TIMEOUT_MS)
            }
        };
        if mode == Mode::AnswerTwice {
            let (parcel, answer) = (parcel.clone(), answer.clone());
            let work = Work::Answer { parcel, answer, by: By::Address };
            self.launch(node, work, 400, 40_000);
        }
        self.launch(node, Work::Answer { parcel, answer, by }, from_ms, to_ms);
    }

    /// Nobody may be asked to carry a message: it is tried again when somebody may.
    fn rest(&mut self, node: usize, parcel: Parcel, until: Timestamp) {
        self.store.facts.push(Fact::Rested { node });
        let wait = until.duration_since(self.wall()).max(SignedDuration::from_secs(1));
        let answer = Answer::Temporary { retry_after: Some(wait) };
        self.launch(node, Work::Answer { parcel, answer, by: By::Nobody }, 1, 5);
    }
}

/// A planted bug: what a timer asks besides is asked before the second set takes over, which
/// withdraws it.
fn let_off(
    before: &Incident,
    around: &Surroundings<'_>,
    decision: Decision,
    now: Timestamp,
) -> Decision {
    let clocks = Clocks { second_set: second_set::State::Idle, ..before.clocks.clone() };
    let asked = lifecycle::timer_fired(&Incident { clocks, ..before.clone() }, around, now);
    Decision {
        entries: [asked.entries, decision.entries].concat(),
        effects: [asked.effects, decision.effects].concat(),
        ..decision
    }
}
