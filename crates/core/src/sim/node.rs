//! Nodes: who is alive, who can reach the store, and what is under way on them.

use jiff::{SignedDuration, Timestamp};

use super::carriers::Carriers;
use super::input::{Asked, Covering, Moment, NODES, Sent};
use super::outbox::Parcel;
use crate::engine::lease;
use crate::oncall::page::Answer;

/// One node. Instants are of the clock that never jumps.
#[derive(Debug)]
pub(super) struct Node {
    pub down_until: Timestamp,
    /// Grows with every crash; what was under way on an earlier life is gone.
    pub life: u32,
    pub stalled_until: Timestamp,
    pub cut_until: Timestamp,
    pub skew: SignedDuration,
    pub skewed_until: Timestamp,
    /// Which carriers it leaves alone.
    pub carriers: Carriers,
    /// Messages on the node's own disk that the store does not have yet.
    pub spool: Vec<(u64, Sent, Timestamp)>,
}

impl Node {
    pub(super) fn all() -> [Self; NODES] {
        std::array::from_fn(|_| Self {
            down_until: Timestamp::MIN,
            life: 0,
            stalled_until: Timestamp::MIN,
            cut_until: Timestamp::MIN,
            skew: SignedDuration::ZERO,
            skewed_until: Timestamp::MIN,
            carriers: Carriers::default(),
            spool: vec![],
        })
    }

    /// Whether it takes requests.
    pub(super) fn is_up(&self, now: Timestamp) -> bool {
        self.down_until <= now && self.stalled_until <= now
    }

    /// Whether its commits reach the store.
    pub(super) fn is_connected(&self, now: Timestamp) -> bool {
        self.cut_until <= now
    }

    /// Whether it may claim work: its clock must agree with the store's, `wall`.
    pub(super) fn may_claim(&self, now: Timestamp, wall: Timestamp) -> bool {
        let off = if self.skewed_until > now { self.skew } else { SignedDuration::ZERO };
        let clock = wall.checked_add(off).unwrap_or(wall);
        self.is_up(now) && self.is_connected(now) && lease::may_claim(clock, wall)
    }
}

/// Work that a node has begun and not yet committed.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub node: usize,
    pub life: u32,
    pub work: Work,
}

#[derive(Debug, Clone)]
pub(super) enum Work {
    /// A message on its way into the inbox.
    Accept { id: u64, sent: Sent, received_at: Timestamp },
    /// Messages on their way from a node's disk into the inbox.
    Drain { node: usize },
    /// Claimed messages.
    Triage { fence: i64, messages: Vec<u64> },
    /// A claimed timer of an incident.
    Timer { incident: u64, fence: i64 },
    /// A claimed timer of an alert.
    Alert { alert: u64, fence: i64 },
    /// Claimed deliveries, about to be sent.
    Call { parcel: Parcel },
    /// Sent deliveries with the provider's answer.
    Answer { parcel: Parcel, answer: Answer, by: By },
    /// What a person asks for.
    Command { asked: Asked },
    /// What a person wishes about a shift.
    Cover { covering: Covering },
    /// A claimed timer of a request.
    Request { request: u64, fence: i64 },
    /// A decision on a state that may have changed since; only a planted bug makes one.
    Overwrite { incident: u64, decision: Box<crate::incident::lifecycle::Decision> },
}

/// Who gave an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The address itself, or it was given before.
    Address,
    /// A carrier, by number.
    Carrier(usize),
    /// Nobody was asked, because every carrier is left alone.
    Nobody,
}

impl Work {
    /// What to call it in a report, and what it is about.
    pub(super) fn name(&self) -> (&'static str, u64) {
        match self {
            Self::Accept { id, .. } => ("accept message", *id),
            Self::Drain { node } => ("drain spool", *node as u64),
            Self::Triage { messages, .. } => {
                ("triage from message", messages.first().copied().unwrap_or_default())
            }
            Self::Timer { incident, .. } => ("timer of incident", *incident),
            Self::Alert { alert, .. } => ("timer of alert", *alert),
            Self::Call { parcel } => ("call for delivery", first(parcel)),
            Self::Answer { parcel, .. } => ("answer for delivery", first(parcel)),
            Self::Command { asked } => ("command about trouble", asked.key),
            Self::Cover { covering } => ("wish about request", covering.request),
            Self::Request { request, .. } => ("timer of request", *request),
            Self::Overwrite { incident, .. } => ("overwrite incident", *incident),
        }
    }
}

fn first(parcel: &Parcel) -> u64 {
    parcel.first().map(|(delivery, _)| *delivery).unwrap_or_default()
}

/// A fault that waits for work to hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Armed {
    Crash { moment: Moment, down: SignedDuration },
    Stall { length: SignedDuration },
    Unknown { applied: bool },
}
