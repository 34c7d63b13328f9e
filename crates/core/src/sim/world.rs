//! The world: what happens next, on which node, and what breaks on the way.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use jiff::{SignedDuration, Timestamp};

use super::incident::Context;
use super::input::{Input, Mode, NODES, Scheduled, beginning};
use super::node::{Armed, Flight, Node};
use super::organisation::{CARRIERS, Organisation, PEOPLE};
use super::rng::Rng;
use super::store::{Fact, Key, Store};
use super::trace::Trace;
use super::{Broken, Options, Report, Sabotage, Settled, invariants};
use crate::org::directory::Directory;

mod outside;
mod work;

/// How long a run goes on after the last input that it was given.
const AFTER_LAST_INPUT: SignedDuration = SignedDuration::from_hours(1);
/// The most steps at one instant; more means that the run stands still.
const STEPS_AT_ONE_INSTANT_MAX: u64 = 100_000;

/// Something that will happen at an instant of the clock that never jumps. Equal instants keep the
/// order in which they were put in.
struct Due {
    at: Timestamp,
    place: u64,
    what: Happening,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.place).cmp(&(other.at, other.place))
    }
}

enum Happening {
    /// The hour of that number begins.
    Hour(u64),
    Input(Input),
    Flight(Flight),
    /// A fault is over.
    Healed,
}

pub(super) struct World {
    options: Options,
    rng: Rng,
    /// The clock that never jumps.
    pub now: Timestamp,
    end: Timestamp,
    /// How far the clocks of store and nodes are off.
    drift: SignedDuration,
    pub organisation: Organisation,
    /// The organisation as it is configured.
    pub directory: Directory,
    /// The organisation as decisions see it: the same, unless a planted bug says otherwise.
    seen: Directory,
    pub nodes: [Node; NODES],
    store_down_until: Timestamp,
    blind_until: Timestamp,
    /// Since when, by the store's clock, work could be done without interruption.
    pub healthy_since: Option<Timestamp>,
    pub store: Store,
    modes: [Mode; 2 * PEOPLE.len()],
    carrier_modes: [Mode; CARRIERS.len()],
    armed: Vec<Armed>,
    agenda: BinaryHeap<Reverse<Due>>,
    places: u64,
    last_stamp: Timestamp,
    /// Messages whose clients heard 2xx and that are not dealt with.
    pub receipts: BTreeSet<u64>,
    pub trace: Trace,
    pub report: Report,
}

impl World {
    pub(super) fn new(options: Options) -> Self {
        let organisation = Organisation::default();
        let directory = organisation.directory();
        let now = beginning();
        let hours = SignedDuration::from_hours(options.hours.into());
        let mut world = Self {
            options,
            rng: Rng::new(options.seed, 0),
            now,
            end: now + hours,
            drift: SignedDuration::ZERO,
            organisation,
            seen: directory.clone(),
            directory,
            nodes: Node::all(),
            store_down_until: Timestamp::MIN,
            blind_until: Timestamp::MIN,
            healthy_since: Some(now),
            store: Store::default(),
            modes: [Mode::Accept; 2 * PEOPLE.len()],
            carrier_modes: [Mode::Accept; CARRIERS.len()],
            armed: vec![],
            agenda: BinaryHeap::new(),
            places: 0,
            last_stamp: Timestamp::MIN,
            receipts: BTreeSet::new(),
            trace: Trace::default(),
            report: Report { seed: options.seed, hours: options.hours, ..Report::default() },
        };
        world.configure();
        world
    }

    /// Draws the inputs from the seed and runs to the end or to the first broken invariant.
    pub(super) fn run(mut self) -> Report {
        self.put(self.now, Happening::Hour(0));
        self.run_on();
        self.report
    }

    /// Runs these inputs and no others, and tells how it ended.
    pub(super) fn settle(mut self, inputs: &[Scheduled]) -> Vec<Settled> {
        for scheduled in inputs {
            self.put(scheduled.at, Happening::Input(scheduled.input));
        }
        let last = inputs.iter().map(|scheduled| scheduled.at).max().unwrap_or(self.now);
        self.end = last.checked_add(AFTER_LAST_INPUT).unwrap_or(last);
        self.run_on();
        self.store.settled()
    }

    fn run_on(&mut self) {
        let mut at_this_instant = 0;
        while let Some(at) = self.next_at().filter(|at| *at < self.end) {
            at_this_instant = if at > self.now { 0 } else { at_this_instant + 1 };
            self.now = self.now.max(at);
            self.trace.step += 1;
            self.trace.at = self.now;
            self.step();
            self.watch_health();
            let outcome = if at_this_instant > STEPS_AT_ONE_INSTANT_MAX {
                Err((5, "run_moves_on", "the run stands still".to_owned()))
            } else {
                invariants::check(self)
            };
            if let Err((number, name, detail)) = outcome {
                self.report.broken = Some(self.broken(number, name, detail));
                break;
            }
        }
        if self.report.broken.is_none()
            && let Err((number, name, detail)) = invariants::check_all(self)
        {
            self.report.broken = Some(self.broken(number, name, detail));
        }
        self.trace.fold(self.store.audit.head);
        self.report.steps = self.trace.step;
        self.report.digest = self.trace.digest;
        self.report.bundled = self.store.bundled;
        self.report.told = self.store.audit.told.iter().map(|(kind, n)| (*kind, *n)).collect();
    }

    fn broken(&self, number: u8, name: &'static str, detail: String) -> Broken {
        let (seed, step, at) = (self.options.seed, self.trace.step, self.now);
        Broken { number, name, detail, seed, at, step, events: self.trace.newest() }
    }

    /// The clock of store and nodes.
    pub(super) fn wall(&self) -> Timestamp {
        self.now.checked_add(self.drift).unwrap_or(self.now)
    }

    fn put(&mut self, at: Timestamp, what: Happening) {
        self.places += 1;
        self.agenda.push(Reverse(Due { at: at.max(self.now), place: self.places, what }));
    }

    fn after_ms(&mut self, from: i64, to: i64) -> Timestamp {
        self.now + SignedDuration::from_millis(self.rng.between(from, to))
    }

    fn is(&self, sabotage: Sabotage) -> bool {
        self.options.sabotage == Some(sabotage)
    }

    /// One transaction: the store, and what it reads besides.
    fn transact<T>(&mut self, change: impl FnOnce(&mut Store, &Context<'_>) -> T) -> T {
        let (now, true_now, sabotage) = (self.wall(), self.now, self.options.sabotage);
        let windows = if sabotage == Some(Sabotage::PageInMaintenance) {
            &[]
        } else {
            self.organisation.windows.as_slice()
        };
        let cx = Context { directory: &self.seen, windows, now, true_now, sabotage };
        change(&mut self.store, &cx)
    }

    fn next_at(&self) -> Option<Timestamp> {
        let agenda = self.agenda.peek().map(|Reverse(due)| due.at);
        match (agenda, self.next_work()) {
            (Some(agenda), Some(work)) => Some(agenda.min(work)),
            (agenda, work) => agenda.or(work),
        }
    }

    /// When a node finds work, if any node can.
    fn next_work(&self) -> Option<Timestamp> {
        if !self.is_healthy() {
            return None;
        }
        let timer = self.next_timer().map(|(at, _)| at);
        let wall = self.wall();
        let at = timer.into_iter().chain(self.store.earliest_triage(wall)).min()?;
        if at <= wall {
            return Some(self.now);
        }
        self.now.checked_add(at.duration_since(wall)).ok()
    }

    fn next_timer(&self) -> Option<(Timestamp, Key)> {
        if !self.is(Sabotage::NeverReclaim) {
            return self.store.earliest_timer();
        }
        let is_held =
            |key: &Key| self.store.timers.get(key).is_some_and(|timer| timer.claim.until.is_some());
        self.store.queue.iter().find(|(_, key)| !is_held(key)).copied()
    }

    /// Whether a node is alive that may claim, the store can be reached and work is noticed.
    fn is_healthy(&self) -> bool {
        self.store_down_until <= self.now && self.blind_until <= self.now && {
            let wall = self.wall();
            self.nodes.iter().any(|node| node.may_claim(self.now, wall))
        }
    }

    fn watch_health(&mut self) {
        self.healthy_since = match (self.is_healthy(), self.healthy_since) {
            (false, _) => None,
            (true, None) => Some(self.wall()),
            (true, since) => since,
        };
    }

    fn step(&mut self) {
        let from_agenda = self.agenda.peek().is_some_and(|Reverse(due)| {
            due.at <= self.now || self.next_work().is_none_or(|work| work > self.now)
        });
        if !from_agenda {
            return self.claim();
        }
        let Some(Reverse(due)) = self.agenda.pop() else { return };
        match due.what {
            Happening::Hour(number) => self.hour(number),
            Happening::Input(input) => self.input(input),
            Happening::Flight(flight) => self.land(flight),
            Happening::Healed => self.drain_spools(),
        }
    }

    /// Counts what a person was asked for, once the step is over.
    pub(super) fn count(&mut self, facts: &[Fact]) {
        for fact in facts {
            match fact {
                Fact::AlertOpened { integration, key } => {
                    self.report.alerts += 1;
                    self.report.held += u64::from(self.store.is_held(*integration, *key));
                }
                Fact::LookedAt { .. } => self.report.looked_at += 1,
                Fact::Reached { .. } => self.report.pages += 1,
                Fact::Committed { version_before: 0, .. } => self.report.incidents += 1,
                Fact::Carried { carrier, .. } => self.report.taken_over += u64::from(*carrier > 0),
                Fact::Rested { .. } => self.report.rested += 1,
                _ => {}
            }
        }
    }
}

fn mode_number(mode: Mode) -> u64 {
    match mode {
        Mode::Accept => 0,
        Mode::Busy => 1,
        Mode::TooMany(_) => 2,
        Mode::Refuse => 3,
        Mode::Silent => 4,
        Mode::AnswerLost => 5,
        Mode::AnswerTwice => 6,
    }
}
