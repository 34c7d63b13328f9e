//! What comes from outside: signals, people, edits and faults.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Happening, World, mode_number};
use crate::oncall::schedule::Absences;
use crate::org::directory::Table;
use crate::sim::Sabotage;
use crate::sim::carriers::Carriers;
use crate::sim::input::{Asked, Covering, Fault, Hour, Input, Mode, Moment, NODES, Sent};
use crate::sim::node::{Armed, Flight, Node, Work};
use crate::sim::organisation::Edit;
use crate::sim::store::Fact;

/// How long what has ended stays in memory.
const KEPT: SignedDuration = SignedDuration::from_hours(3);
/// How long an incident without open alerts is left to the people of the inputs.
const LEFT: SignedDuration = SignedDuration::from_hours(14);

impl World {
    pub(super) fn hour(&mut self, number: u64) {
        let mut inputs = Vec::new();
        Hour::draw(self.options.seed, number, &mut inputs);
        // The order within the hour is that of `schedule`.
        inputs.sort_by_key(|scheduled| scheduled.at);
        for scheduled in inputs {
            self.put(scheduled.at, Happening::Input(scheduled.input));
        }
        let next = self.now + SignedDuration::from_hours(1);
        self.put(next, Happening::Hour(number + 1));
        self.receipts.retain(|message| {
            self.store.pending.contains(message) || !self.store.inbox.contains_key(message)
        });
        let before = self.now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let wall_before = self.wall().checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        self.organisation.plan.forget(wall_before);
        let long_before = self.now.checked_sub(LEFT).unwrap_or(Timestamp::MIN);
        self.transact(|store, cx| store.tidy_up(cx, long_before));
        for row in self.store.archive(before) {
            let state = &row.state;
            self.trace
                .fold(u64::from(state.severity.number()) << 32 ^ state.version.unsigned_abs());
            self.trace.fold(state.alert_count.unsigned_abs() ^ u64::from(row.page_rows) << 20);
        }
    }

    pub(super) fn input(&mut self, input: Input) {
        match input {
            Input::Signal(sent) => self.arrive(sent),
            Input::Person(asked) => self.ask(asked),
            Input::Provider { person, method, mode } => {
                self.report.faults += u64::from(mode != Mode::Accept);
                self.modes[2 * person + method] = mode;
                self.trace.note(
                    "provider changes",
                    (2 * person + method) as u64,
                    mode_number(mode),
                );
            }
            Input::Carrier { carrier, mode } => {
                self.report.faults += u64::from(mode != Mode::Accept);
                self.carrier_modes[carrier] = mode;
                self.trace.note("carrier changes", carrier as u64, mode_number(mode));
            }
            Input::Cover(covering) => self.wish(covering),
            Input::Edit(edit) => self.edit(edit),
            Input::Fault(fault) => self.fault(fault),
        }
    }

    pub(super) fn any_node(&mut self, suits: impl Fn(&Node) -> bool) -> Option<usize> {
        let suiting: Vec<_> = (0..NODES).filter(|node| suits(&self.nodes[*node])).collect();
        (!suiting.is_empty()).then(|| self.rng.pick(&suiting))
    }

    pub(super) fn launch(&mut self, node: usize, work: Work, from_ms: i64, to_ms: i64) {
        let at = self.after_ms(from_ms, to_ms);
        let life = self.nodes[node].life;
        self.put(at, Happening::Flight(Flight { node, life, work }));
    }

    pub(super) fn arrive(&mut self, sent: Sent) {
        self.report.signals += 1;
        let now = self.now;
        let Some(node) = self.any_node(|node| node.is_up(now)) else {
            return self.send_again(sent);
        };
        let id = self.store.number();
        // A stamp never goes back, whatever the clock does: a trigger after a recovery must not
        // look older than it.
        let received_at = self.wall().max(self.last_stamp);
        self.last_stamp = received_at;
        self.trace.note("message arrives", id, sent.key);
        if self.is(Sabotage::AnswerBeforeCommit) {
            self.receipt(id);
        }
        self.launch(node, Work::Accept { id, sent, received_at }, 1, 8);
    }

    /// The client heard no 2xx and comes back later.
    pub(super) fn send_again(&mut self, sent: Sent) {
        let at = self.after_ms(5_000, 30_000);
        self.put(at, Happening::Input(Input::Signal(sent)));
    }

    pub(super) fn receipt(&mut self, message: u64) {
        self.receipts.insert(message);
        self.store.facts.push(Fact::Receipt { message });
    }

    fn ask(&mut self, asked: Asked) {
        let (now, store_up) = (self.now, self.store_down_until <= self.now);
        let node = self.any_node(|node| store_up && node.is_up(now) && node.is_connected(now));
        let Some(node) = node else { return self.ask_again(asked) };
        self.trace.note("person asks about trouble", asked.key, asked.person as u64);
        if self.is(Sabotage::OverwriteNewer) {
            let decided = self.transact(|store, cx| store.decide(cx, &asked));
            if let Some((incident, decision)) = decided {
                let work = Work::Overwrite { incident, decision: Box::new(decision) };
                self.launch(node, work, 5_000, 60_000);
            }
            return;
        }
        self.launch(node, Work::Command { asked }, 5, 30);
    }

    pub(super) fn ask_again(&mut self, asked: Asked) {
        let at = self.after_ms(5_000, 15_000);
        self.put(at, Happening::Input(Input::Person(asked)));
    }

    fn wish(&mut self, covering: Covering) {
        let (now, store_up) = (self.now, self.store_down_until <= self.now);
        let node = self.any_node(|node| store_up && node.is_up(now) && node.is_connected(now));
        let Some(node) = node else { return self.wish_again(covering) };
        self.trace.note("person wishes about request", covering.request, 0);
        self.launch(node, Work::Cover { covering }, 5, 30);
    }

    pub(super) fn wish_again(&mut self, covering: Covering) {
        let at = self.after_ms(5_000, 15_000);
        self.put(at, Happening::Input(Input::Cover(covering)));
    }

    fn edit(&mut self, edit: Edit) {
        self.trace.note("configuration changes", 0, 0);
        self.organisation.edit(edit, self.wall());
        self.configure();
        if edit == Edit::EndMaintenance {
            self.transact(|store, cx| store.windows_ended(cx));
        }
    }

    pub(super) fn configure(&mut self) {
        self.directory = self.organisation.directory();
        self.seen = self.directory.clone();
        if self.is(Sabotage::HandoffsInUtc) {
            let in_utc = self.seen.schedules.iter().cloned().map(|mut schedule| {
                schedule.timezone = TimeZone::UTC;
                schedule
            });
            self.seen.schedules = Table::new(in_utc.collect());
        }
        if self.is(Sabotage::AskWhoGaveItAway) {
            let as_written = self.seen.schedules.iter().cloned().map(|mut schedule| {
                schedule.overrides = self.organisation.written_in(schedule.id).to_vec().into();
                schedule
            });
            self.seen.schedules = Table::new(as_written.collect());
        }
        if self.is(Sabotage::ForgetLeave) {
            let all_there = self.seen.schedules.iter().cloned().map(|mut schedule| {
                schedule.absences = Absences::default();
                schedule
            });
            self.seen.schedules = Table::new(all_there.collect());
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.report.faults += 1;
        self.store.facts.push(Fact::Broke);
        let until = |seconds: u16| self.now + SignedDuration::from_secs(seconds.into());
        let healed_at = match fault {
            Fault::Crash { node, moment: Moment::Now, down_seconds } => {
                let down = SignedDuration::from_secs(down_seconds.into());
                return self.crash(node, down);
            }
            Fault::Crash { moment, down_seconds, .. } => {
                let down = SignedDuration::from_secs(down_seconds.into());
                self.armed.push(Armed::Crash { moment, down });
                return;
            }
            Fault::CommitUnknown { applied } => {
                self.armed.push(Armed::Unknown { applied });
                return;
            }
            Fault::Stall { seconds } => {
                let length = SignedDuration::from_secs(seconds.into());
                self.armed.push(Armed::Stall { length });
                return;
            }
            Fault::Partition { node, seconds } => {
                self.nodes[node].cut_until = until(seconds);
                until(seconds)
            }
            Fault::StoreDown { seconds } => {
                self.store_down_until = until(seconds);
                until(seconds)
            }
            Fault::LostWakeUps { seconds } => {
                self.blind_until = until(seconds);
                until(seconds)
            }
            Fault::Skew { node, seconds, for_seconds } => {
                self.nodes[node].skew = SignedDuration::from_secs(seconds.into());
                self.nodes[node].skewed_until = until(for_seconds);
                until(for_seconds)
            }
            Fault::ClockJump { seconds } => {
                self.drift += SignedDuration::from_secs(seconds.into());
                // What is due by the new clock has to be found by it first.
                self.healthy_since = None;
                self.store.queue_again(self.wall());
                self.now
            }
        };
        self.trace.note("fault", fault_number(fault), 0);
        self.put(healed_at, Happening::Healed);
    }

    pub(super) fn crash(&mut self, node: usize, down: SignedDuration) {
        self.trace.note("node dies", node as u64, 0);
        self.nodes[node].life += 1;
        self.nodes[node].down_until = self.now + down;
        self.nodes[node].carriers = Carriers::default();
        self.put(self.now + down, Happening::Healed);
    }

    pub(super) fn drain_spools(&mut self) {
        for node in 0..NODES {
            let usable =
                self.nodes[node].is_up(self.now) && self.nodes[node].is_connected(self.now);
            if usable && self.store_down_until <= self.now && !self.nodes[node].spool.is_empty() {
                self.launch(node, Work::Drain { node }, 1, 20);
            }
        }
    }

    pub(super) fn take_armed(&mut self, suits: impl Fn(&Armed) -> bool) -> Option<Armed> {
        let place = self.armed.iter().position(suits)?;
        Some(self.armed.remove(place))
    }
}

fn fault_number(fault: Fault) -> u64 {
    match fault {
        Fault::Crash { .. } => 0,
        Fault::Stall { .. } => 1,
        Fault::Partition { .. } => 2,
        Fault::StoreDown { .. } => 3,
        Fault::CommitUnknown { .. } => 4,
        Fault::ClockJump { .. } => 5,
        Fault::Skew { .. } => 6,
        Fault::LostWakeUps { .. } => 7,
    }
}
