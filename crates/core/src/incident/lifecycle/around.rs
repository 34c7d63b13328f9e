//! What surrounds a decision about an incident: whom its policy reaches at this instant, and by the
//! process of which severity.

use jiff::Timestamp;

use crate::id::{PolicyId, UserId};
use crate::incident::severity::{Level, Severity, Urgency};
use crate::oncall::escalation::{Chain, Policy};
use crate::oncall::reach;
use crate::org::directory::Directory;

/// The organisation around an incident at one instant.
#[derive(Debug, Clone)]
pub struct Surroundings<'a> {
    /// The organisation.
    pub directory: &'a Directory,
    /// The incident's policy; the catch-all where it no longer exists.
    pub policy: &'a Policy,
    /// The process of the incident's severity.
    pub severity: &'a Severity,
    reached: Vec<Vec<UserId>>,
    catch_all: Vec<UserId>,
}

impl<'a> Surroundings<'a> {
    /// The surroundings at `now`, or `None` when neither the policy nor a catch-all exists, which
    /// applied configuration never allows.
    pub fn new(
        directory: &'a Directory,
        policy: PolicyId,
        level: Level,
        now: Timestamp,
    ) -> Option<Self> {
        let policy = directory.policies.get(policy).or_else(|| directory.catch_all_policy())?;
        let severity = directory.severity(level);
        // A page that a person asks for is urgent even where the severity asks nobody.
        let urgency = match severity.urgency {
            Urgency::None => Urgency::High,
            urgency => urgency,
        };
        let reached = reach::reach_steps(directory, policy, urgency, now);
        let catch_all = directory
            .catch_all_policy()
            .map(|policy| reach::reach_steps(directory, policy, urgency, now))
            .and_then(|steps| steps.into_iter().find(|users| !users.is_empty()))
            .unwrap_or_default();
        Some(Self { directory, policy, severity, reached, catch_all })
    }

    /// The policy with the people it reaches.
    pub fn chain(&self) -> Chain<'_> {
        Chain { policy: self.policy, reached: &self.reached, catch_all: &self.catch_all }
    }

    /// What a person is called.
    pub fn person(&self, id: UserId) -> String {
        self.directory
            .users
            .get(id)
            .map_or_else(|| "a former colleague".to_owned(), |user| user.name.clone())
    }
}
