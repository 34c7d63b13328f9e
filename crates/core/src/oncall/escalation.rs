//! Escalation (`O6`, `I4`): who is asked next, and when, until somebody says "I have it".
//!
//! The machine knows steps and delays only. It never looks at a clock or a schedule: the caller
//! passes `now` and the people that each step reaches at `now`.

use jiff::{SignedDuration, Timestamp};

use crate::id::{PolicyId, ScheduleId, TeamId, UserId};

/// The shortest pause between two rounds.
pub const ROUND_PAUSE_MIN: SignedDuration = SignedDuration::from_mins(1);
/// The most steps of a policy.
pub const STEPS_MAX: usize = 50;
/// The most repeats of a policy.
pub const REPEAT_MAX: u32 = 100;

/// Whom to ask, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Stays the same when the policy is renamed.
    pub id: PolicyId,
    /// Unique.
    pub name: String,
    /// Who owns it.
    pub team: Option<TeamId>,
    /// How often the steps are gone through again after the first time.
    pub repeat: u32,
    /// In order.
    pub steps: Vec<Step>,
}

/// One step of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Counted from the start of the step before it.
    pub after: SignedDuration,
    /// Everybody here is asked at once.
    pub targets: Vec<Target>,
}

/// Who a step asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// One person.
    User(UserId),
    /// Whoever is on call.
    Schedule(ScheduleId),
    /// Every member of a team.
    Team(TeamId),
    /// The manager of a team.
    ManagerOf(TeamId),
}

/// Where an escalation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody is asked: the severity does not page.
    Idle,
    /// A step's people have been asked; the next step begins at `next_at`.
    Waiting {
        /// Counted from 0.
        step: u32,
        /// Counted from 0.
        round: u32,
        /// When the next step begins.
        next_at: Timestamp,
    },
    /// Somebody has it.
    Acknowledged {
        /// When the acknowledgement must be confirmed again.
        expires_at: Option<Timestamp>,
    },
    /// Quiet until then; the chain starts again afterwards.
    Snoozed {
        /// When the chain starts again.
        until: Timestamp,
    },
    /// Every step of every round was gone through and nobody took it; an alarm was raised.
    Exhausted,
    /// The incident is over.
    Finished,
}

impl State {
    /// When the escalation next needs attention.
    pub fn next_at(&self) -> Option<Timestamp> {
        match *self {
            Self::Waiting { next_at, .. } => Some(next_at),
            Self::Acknowledged { expires_at } => expires_at,
            Self::Snoozed { until } => Some(until),
            Self::Idle | Self::Exhausted | Self::Finished => None,
        }
    }
}
