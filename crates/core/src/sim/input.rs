//! What happens to Muster from outside: signals, people, providers, edits and faults, drawn from a
//! seed hour by hour. Nothing here looks at what Muster does, so the same inputs can be played to a
//! real server.

use jiff::{SignedDuration, Timestamp};

use super::organisation::{CARRIERS, Edit, INTEGRATIONS, PEOPLE, SEVERITIES, TEAMS};
use super::rng::Rng;
use crate::alerting::signal::Action;

/// When every run begins.
pub const BEGINNING_SECOND: i64 = 1_767_571_200;
/// The nodes that share the store.
pub const NODES: usize = 3;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// Numbers of troubles that one hour may use.
const KEYS_PER_HOUR: u64 = 1_000;
/// Numbers of requests that one hour may use.
const REQUESTS_PER_HOUR: u64 = 10;
/// Streams of the inputs; others belong to the run itself.
const STREAM: u64 = 1_000;

/// Something that happens at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheduled {
    /// When, on a clock that never jumps.
    pub at: Timestamp,
    /// What.
    pub input: Input,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A monitoring system sends a message.
    Signal(Sent),
    /// A person asks for something.
    Person(Asked),
    /// A person's provider behaves differently from now on.
    Provider {
        /// By number in [`PEOPLE`].
        person: usize,
        /// 0 is the webhook, 1 is mail.
        method: usize,
        /// How.
        mode: Mode,
    },
    /// A carrier of mail behaves differently from now on, for everybody.
    Carrier {
        /// By number in [`CARRIERS`].
        carrier: usize,
        /// How.
        mode: Mode,
    },
    /// A person wishes something about a shift.
    Cover(Covering),
    /// The configuration changes.
    Edit(Edit),
    /// Something breaks.
    Fault(Fault),
}

/// A message of one signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// By number in [`INTEGRATIONS`].
    pub integration: usize,
    /// What it wants.
    pub action: Action,
    /// The trouble; the de-duplication key is made of it.
    pub key: u64,
    /// By number in [`SEVERITIES`].
    pub severity: usize,
    /// The label `team`, by number in [`TEAMS`].
    pub team: usize,
    /// Whether triage cannot digest it.
    pub poison: bool,
}

/// A person's wish about the incident of a trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// By number in [`PEOPLE`].
    pub person: usize,
    /// What.
    pub verb: Verb,
    /// The trouble's integration, by number.
    pub integration: usize,
    /// The trouble.
    pub key: u64,
}

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// "I have it".
    Acknowledge,
    /// Give it back.
    Unacknowledge,
    /// Ask the next step now.
    Escalate,
    /// Quiet for so many minutes.
    Snooze(u16),
    /// Quiet no longer.
    Unsnooze,
    /// Look for the cause.
    Research,
    /// Customers are well again.
    Restore,
    /// Over.
    Resolve,
    /// Reviewed.
    Close,
    /// Open again.
    Reopen,
    /// Cannot take it.
    Decline,
    /// Ask another person too, by number.
    Page(usize),
    /// It is of that level.
    Severity(u8),
    /// The incident of an earlier trouble takes its place.
    Merge {
        /// The earlier trouble's integration, by number.
        integration: usize,
        /// The earlier trouble.
        key: u64,
    },
}

/// A person's wish about a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covering {
    /// The request, by number.
    pub request: u64,
    /// What.
    pub wish: Wish,
}

/// What a person wishes about a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Whoever has the shift asks the others to take it.
    Cover {
        /// By place among the schedules.
        schedule: usize,
        /// When the part of the shift begins.
        in_hours: u8,
    },
    /// Whoever has the shift wants that of somebody else, after it, in return.
    Swap {
        /// By place among the schedules.
        schedule: usize,
        /// When the part of the shift begins.
        in_hours: u8,
    },
    /// Somebody says yes.
    Accept {
        /// By number in [`PEOPLE`].
        person: usize,
    },
    /// Somebody says no.
    Decline {
        /// By number in [`PEOPLE`].
        person: usize,
    },
    /// Somebody takes their no back.
    Reconsider {
        /// By number in [`PEOPLE`].
        person: usize,
    },
    /// It is needed no more.
    Withdraw,
    /// What was agreed is put back.
    Undo,
}

/// How a provider behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Takes every message.
    Accept,
    /// Answers 503.
    Busy,
    /// Answers 429 and asks for so many seconds.
    TooMany(u16),
    /// Refuses for ever.
    Refuse,
    /// Answers nothing and delivers nothing.
    Silent,
    /// Delivers, and the answer is lost.
    AnswerLost,
    /// Delivers, and answers twice.
    AnswerTwice,
}

/// What breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A node dies and comes back.
    Crash {
        /// Which one; where the moment waits for work, whichever gets there first.
        node: usize,
        /// At which point.
        moment: Moment,
        /// For how long.
        down_seconds: u16,
    },
    /// Whichever node is next about to commit stands still, and goes on where it was.
    Stall {
        /// For how long.
        seconds: u16,
    },
    /// A node cannot reach the store.
    Partition {
        /// Which one.
        node: usize,
        /// For how long.
        seconds: u16,
    },
    /// Nobody can reach the store.
    StoreDown {
        /// For how long.
        seconds: u16,
    },
    /// The next commit is neither confirmed nor refused.
    CommitUnknown {
        /// Whether it took place.
        applied: bool,
    },
    /// The clocks of store and nodes jump.
    ClockJump {
        /// Ahead, or back.
        seconds: i32,
    },
    /// A node's clock is wrong.
    Skew {
        /// Which one.
        node: usize,
        /// Ahead, or back.
        seconds: i32,
        /// For how long.
        for_seconds: u16,
    },
    /// Nobody is told of work; only the sweep finds it.
    LostWakeUps {
        /// For how long.
        seconds: u16,
    },
}

/// At which point a node dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// At once.
    Now,
    /// After the claim, before the provider is called.
    BeforeCall,
    /// Before the next commit.
    BeforeCommit,
    /// After the next commit, before anybody hears of it.
    AfterCommit,
}

/// The instant at which every run begins.
pub(super) fn beginning() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(BEGINNING_SECOND)
}

/// Draws the inputs that originate in one hour. Some come hours later.
pub(super) struct Hour<'a> {
    rng: Rng,
    begin: Timestamp,
    number: u64,
    keys: u64,
    /// The integration and the key of the trouble before.
    before: Option<(usize, u64)>,
    out: &'a mut Vec<Scheduled>,
}

impl<'a> Hour<'a> {
    /// Adds everything that originates in hour `number` of a seed to `out`, in no order.
    pub(super) fn draw(seed: u64, number: u64, out: &'a mut Vec<Scheduled>) {
        let hours = SignedDuration::from_hours(i64::try_from(number).unwrap_or(i64::MAX / 10_000));
        let begin = beginning() + hours;
        let rng = Rng::new(seed, STREAM + number);
        let mut hour = Self { rng, begin, number, keys: 0, before: None, out };
        for _ in 0..hour.rng.between(10, 14) {
            let at = hour.rng.between(0, HOUR);
            let integration = hour.rng.below(INTEGRATIONS.len() as u64) as usize;
            hour.trouble(at, integration);
        }
        if hour.rng.percent(4) {
            hour.storm();
        }
        for _ in 0..hour.rng.between(1, 2) {
            hour.fault();
        }
        if hour.rng.percent(30) {
            hour.provider();
        }
        if hour.rng.percent(6) {
            hour.edit();
        }
        if hour.rng.percent(15) {
            hour.carriers();
        }
        if hour.rng.percent(5) {
            let person = hour.rng.below(PEOPLE.len() as u64) as usize;
            let leave = Edit::Leave { person, hours: hour.rng.between(1, 72) as u8 };
            hour.put_between(0, HOUR, Input::Edit(leave));
        }
        if hour.rng.percent(12) {
            hour.maintenance();
        }
        for request in 0..hour.rng.below(3) {
            hour.cover(number * REQUESTS_PER_HOUR + request);
        }
    }

    fn put(&mut self, at_ms: i64, input: Input) {
        let at = self.begin + SignedDuration::from_millis(at_ms);
        self.out.push(Scheduled { at, input });
    }

    /// Somewhere between two instants.
    fn put_between(&mut self, from_ms: i64, to_ms: i64, input: Input) {
        let at_ms = self.rng.between(from_ms, to_ms);
        self.put(at_ms, input);
    }

    fn storm(&mut self) {
        let at = self.rng.between(0, HOUR);
        let integration = self.rng.below(3) as usize;
        for _ in 0..self.rng.between(20, 60) {
            let within = self.rng.between(0, MINUTE);
            self.trouble(at + within, integration);
        }
    }

    /// One trouble with its repeats, the people who come to it and its end.
    fn trouble(&mut self, at: i64, integration: usize) {
        let key = self.number * KEYS_PER_HOUR + self.keys;
        self.keys += 1;
        let severity = match self.rng.below(10) {
            0..5 => 0,
            5..7 => 1,
            7 => 2,
            _ => 3,
        };
        debug_assert!(severity < SEVERITIES.len());
        let team = self.rng.below(TEAMS.len() as u64) as usize;
        let poison = self.rng.percent(1);
        let trigger = Sent { integration, action: Action::Trigger, key, severity, team, poison };
        let resolve = Sent { action: Action::Resolve, poison: false, ..trigger };
        let end = at + self.rng.between(MINUTE, 90 * MINUTE);
        if self.rng.percent(5) {
            // Reordered: the end overtakes the beginning.
            self.put_between((at - 2_000).max(0), at, Input::Signal(resolve));
        }
        self.put(at, Input::Signal(trigger));
        if self.rng.percent(12) {
            // The client did not hear us and sends it again.
            self.put_between(at, at + 5_000, Input::Signal(trigger));
        }
        if self.rng.percent(25) {
            self.put_between(at + MINUTE, at + HOUR, Input::Signal(trigger));
        }
        if self.rng.percent(4) {
            let acknowledge = Sent { action: Action::Acknowledge, poison: false, ..trigger };
            self.put_between(at + MINUTE, at + 10 * MINUTE, Input::Signal(acknowledge));
        }
        if self.rng.percent(85) {
            self.put(end, Input::Signal(resolve));
            if self.rng.percent(10) {
                // It flaps, and the end of the first time is told again, late.
                let again = end + self.rng.between(1_000, 20 * MINUTE);
                self.put(again, Input::Signal(trigger));
                self.put_between(again, again + 30_000, Input::Signal(resolve));
            }
        }
        // Whatever is still open half a day later is cleaned up by its client.
        self.put_between(at + 12 * HOUR, at + 13 * HOUR, Input::Signal(resolve));
        self.people(at, integration, key);
        self.before = Some((integration, key));
    }

    fn people(&mut self, at: i64, integration: usize, key: u64) {
        let ask = |hour: &mut Self, earliest: i64, latest: i64, verb| {
            let person = hour.rng.below(PEOPLE.len() as u64) as usize;
            let asked = Asked { person, verb, integration, key };
            hour.put_between(at + earliest, at + latest, Input::Person(asked));
        };
        let minutes = |minutes: i64| minutes * MINUTE;
        if self.rng.percent(55) {
            ask(self, 5_000, minutes(15), Verb::Acknowledge);
        }
        let rare = self.rng.below(100);
        match rare {
            0..8 => ask(self, 1_000, minutes(8), Verb::Decline),
            8..13 => ask(self, minutes(1), minutes(25), Verb::Unacknowledge),
            13..19 => ask(self, minutes(1), minutes(20), Verb::Escalate),
            19..25 => {
                let length = self.rng.between(1, 120) as u16;
                ask(self, 10_000, minutes(20), Verb::Snooze(length));
                ask(self, minutes(5), minutes(60), Verb::Unsnooze);
            }
            25..30 => {
                ask(self, minutes(2), minutes(20), Verb::Research);
                ask(self, minutes(20), minutes(40), Verb::Restore);
            }
            30..38 => {
                ask(self, minutes(1), minutes(50), Verb::Resolve);
                ask(self, minutes(30), minutes(90), Verb::Reopen);
                ask(self, minutes(60), minutes(120), Verb::Close);
                // What was opened again has no alert that could end it.
                ask(self, minutes(760), minutes(800), Verb::Resolve);
            }
            38..42 => {
                let other = self.rng.below(PEOPLE.len() as u64) as usize;
                ask(self, minutes(1), minutes(20), Verb::Page(other));
            }
            42..47 => {
                let level = self.rng.between(1, 4) as u8;
                ask(self, minutes(1), minutes(20), Verb::Severity(level));
            }
            47..50 => {
                if let Some((integration, key)) = self.before {
                    ask(self, minutes(1), minutes(60), Verb::Merge { integration, key });
                }
            }
            _ => {}
        }
    }

    fn fault(&mut self) {
        let node = self.rng.below(NODES as u64) as usize;
        let seconds = self.rng.between(1, 120) as u16;
        let moments = [Moment::Now, Moment::BeforeCall, Moment::BeforeCommit, Moment::AfterCommit];
        let fault = match self.rng.below(20) {
            0..7 => Fault::Crash { node, moment: self.rng.pick(&moments), down_seconds: seconds },
            7..11 => Fault::Stall { seconds },
            11..13 => Fault::Partition { node, seconds },
            13 => Fault::StoreDown { seconds },
            14..17 => Fault::CommitUnknown { applied: self.rng.percent(50) },
            17 => {
                let seconds = self.rng.pick(&[3_600, -3_600, 90, -90, 5, -5]);
                Fault::ClockJump { seconds }
            }
            18 => {
                let off = self.rng.pick(&[3_600, -3_600, 30, -30, 1, -1]);
                Fault::Skew { node, seconds: off, for_seconds: 10 * seconds }
            }
            _ => Fault::LostWakeUps { seconds: seconds.min(15) },
        };
        let at = self.rng.between(0, HOUR);
        self.put(at, Input::Fault(fault));
    }

    fn trouble_of_provider(&mut self) -> Mode {
        match self.rng.below(7) {
            0 | 1 => Mode::Busy,
            2 => Mode::TooMany(self.rng.between(1, 300) as u16),
            3 => Mode::Refuse,
            4 => Mode::Silent,
            5 => Mode::AnswerLost,
            _ => Mode::AnswerTwice,
        }
    }

    /// One carrier fails, or all of them do, and comes back.
    fn carriers(&mut self) {
        let at = self.rng.between(0, HOUR);
        let first = self.rng.below(CARRIERS.len() as u64) as usize;
        let all = self.rng.percent(40);
        for carrier in (0..CARRIERS.len()).filter(|carrier| all || *carrier == first) {
            let mode = self.trouble_of_provider();
            self.put(at, Input::Carrier { carrier, mode });
            let until = at + self.rng.between(5 * MINUTE, 60 * MINUTE);
            self.put(until, Input::Carrier { carrier, mode: Mode::Accept });
        }
    }

    /// A service is worked on, and sometimes the work is over sooner than planned.
    fn maintenance(&mut self) {
        let at = self.rng.between(0, HOUR);
        let service = self.rng.below(3) as usize;
        let minutes = self.rng.between(20, 180);
        self.put(at, Input::Edit(Edit::Maintenance { service, minutes: minutes as u16 }));
        if self.rng.percent(40) {
            let (soon, late) = (at + MINUTE, at + minutes * MINUTE);
            self.put_between(soon, late, Input::Edit(Edit::EndMaintenance));
        }
    }

    /// Somebody wants a shift covered, or swapped, and the others answer; now and then it is all
    /// taken back, before or after somebody agreed.
    fn cover(&mut self, request: u64) {
        let at = self.rng.between(0, HOUR);
        let (schedule, in_hours) = (self.rng.below(3) as usize, self.rng.between(1, 36) as u8);
        let first = if self.rng.percent(40) {
            Wish::Swap { schedule, in_hours }
        } else {
            Wish::Cover { schedule, in_hours }
        };
        let wish = |wish| Input::Cover(Covering { request, wish });
        self.put(at, wish(first));
        let latest = at + i64::from(in_hours) * HOUR;
        for person in 0..PEOPLE.len() {
            match self.rng.below(4) {
                0 | 1 => self.put_between(at, latest, wish(Wish::Accept { person })),
                2 => {
                    self.put_between(at, latest, wish(Wish::Decline { person }));
                    if self.rng.percent(50) {
                        self.put_between(at, latest, wish(Wish::Reconsider { person }));
                    }
                }
                _ => {}
            }
        }
        if self.rng.percent(10) {
            self.put_between(at, latest, wish(Wish::Withdraw));
        }
        if self.rng.percent(60) {
            self.put_between(at, latest + 24 * HOUR, wish(Wish::Undo));
        }
    }

    fn provider(&mut self) {
        let person = self.rng.below(PEOPLE.len() as u64) as usize;
        let method = self.rng.below(2) as usize;
        let mode = self.trouble_of_provider();
        let at = self.rng.between(0, HOUR);
        self.put(at, Input::Provider { person, method, mode });
        let until = at + self.rng.between(MINUTE, 40 * MINUTE);
        self.put(until, Input::Provider { person, method, mode: Mode::Accept });
    }

    fn edit(&mut self) {
        let person = self.rng.below(PEOPLE.len() as u64) as usize;
        let (edit, undo) = match self.rng.below(4) {
            0 => {
                let is = |exists| Edit::Person { person, exists };
                (is(false), Some(is(true)))
            }
            1 => {
                let variant = self.rng.between(1, 2) as u8;
                (Edit::Policy { variant }, Some(Edit::Policy { variant: 0 }))
            }
            2 => (Edit::Gap { empty: true }, Some(Edit::Gap { empty: false })),
            _ => (Edit::Override { person, hours: self.rng.between(1, 48) as u8 }, None),
        };
        let at = self.rng.between(0, HOUR);
        self.put(at, Input::Edit(edit));
        if let Some(undo) = undo {
            let until = at + self.rng.between(10 * MINUTE, 12 * HOUR);
            self.put(until, Input::Edit(undo));
        }
    }
}

/// Everything that originates in so many hours, in order; some of it comes half a day later. Equal
/// instants keep the order of their hours.
pub fn schedule(seed: u64, hours: u32) -> Vec<Scheduled> {
    let mut out = Vec::new();
    for number in 0..u64::from(hours) {
        Hour::draw(seed, number, &mut out);
    }
    out.sort_by_key(|scheduled| scheduled.at);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_hour_holds_at_least_ten_alerts_and_one_fault() {
        let inputs = schedule(1, 200);
        let fault = |scheduled: &&Scheduled| matches!(scheduled.input, Input::Fault(_));
        let keys: std::collections::BTreeSet<_> = inputs
            .iter()
            .filter_map(|scheduled| match scheduled.input {
                Input::Signal(Sent { action: Action::Trigger, key, .. }) => Some(key),
                _ => None,
            })
            .collect();
        assert!(keys.len() >= 10 * 200, "{} troubles", keys.len());
        assert!(inputs.iter().filter(fault).count() >= 200);
        assert!(inputs.iter().all(|scheduled| scheduled.at >= beginning()));
    }

    #[test]
    fn the_same_seed_gives_the_same_inputs_and_another_gives_others() {
        assert_eq!(schedule(3, 24), schedule(3, 24));
        assert_ne!(schedule(3, 24), schedule(4, 24));
    }
}
