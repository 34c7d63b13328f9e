//! What an escalation must know about an incident besides the organisation: its first alert, when
//! its alerts came, and whose turn it is where people take turns. The caller looks them up, and
//! only those that the policy asks for.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::alerting::signal::Signal;
use crate::id::{TeamId, UserId};
use crate::oncall::escalation::{Policy, Target};

/// What is known about an incident.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Its first alert; none for one that a person declared.
    pub first: Option<First>,
    /// When its alerts first came, in any order.
    pub alert_times: Vec<Timestamp>,
    /// Who had the last turn of each team.
    pub turns: Turns,
    /// Who has a page that waits for an answer; looked up only where a group is engaged.
    pub asked: Vec<UserId>,
    /// The link that the bridge of its severity's process would be, where it names one (`J6`).
    pub bridge: Option<String>,
    /// The custom fields that have a value; looked up only where one is required (`T2`).
    pub filled: Vec<String>,
}

/// Who had the last turn of each team whose members take turns.
pub type Turns = BTreeMap<TeamId, UserId>;

/// An incident's first alert.
#[derive(Debug, Clone, PartialEq)]
pub struct First {
    /// The signal that opened it. The client's own word for the severity is not kept.
    pub signal: Signal,
    /// The name of the integration that it came through.
    pub integration: String,
}

/// What the steps of a policy ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// The first alert.
    pub first: bool,
    /// When the newest so many alerts came.
    pub alerts: u32,
    /// Whose turn it is.
    pub turns: bool,
}

impl Needs {
    /// What a policy needs.
    pub fn of(policy: &Policy) -> Self {
        let mut needs = Self::default();
        for step in &policy.steps {
            needs.first |= step.when.rule.is_some();
            let alerts = step.when.flood.map_or(0, |flood| flood.more_than + 1);
            needs.alerts = needs.alerts.max(alerts);
            needs.turns |= step.targets.iter().any(|it| matches!(it, Target::RoundRobin(_)));
        }
        needs
    }
}
