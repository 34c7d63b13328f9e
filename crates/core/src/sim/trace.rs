//! What happened lately, for the report of a broken invariant, and a digest of everything that
//! happened, to hold two runs against each other.

use std::collections::VecDeque;
use std::fmt;

use jiff::Timestamp;

use super::rng::mix;

/// The most events that are kept for a report.
pub const EVENTS_KEPT: usize = 30;

/// One thing that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    step: u64,
    at: Timestamp,
    what: &'static str,
    subject: u64,
    detail: u64,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, at, what, subject, detail } = self;
        write!(f, "#{step} {at} {what} {subject}")?;
        if *detail != 0 { write!(f, " ({detail})") } else { Ok(()) }
    }
}

/// The newest events and the digest of all.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub step: u64,
    pub at: Timestamp,
    pub digest: u64,
    newest: VecDeque<Event>,
}

impl Trace {
    /// Notes an event; `subject` is the number of what it is about.
    pub(super) fn note(&mut self, what: &'static str, subject: u64, detail: u64) {
        let event = Event { step: self.step, at: self.at, what, subject, detail };
        self.fold(
            mix(self.at.as_microsecond().unsigned_abs()) ^ mix(subject).rotate_left(17) ^ detail,
        );
        self.fold(
            what.bytes()
                .fold(0, |digest: u64, byte| digest.wrapping_mul(31).wrapping_add(byte.into())),
        );
        if self.newest.len() >= EVENTS_KEPT {
            self.newest.pop_front();
        }
        self.newest.push_back(event);
    }

    /// Adds a number to the digest.
    pub(super) fn fold(&mut self, number: u64) {
        self.digest = mix(self.digest.rotate_left(5) ^ number);
    }

    pub(super) fn newest(&self) -> Vec<String> {
        self.newest.iter().map(ToString::to_string).collect()
    }
}
