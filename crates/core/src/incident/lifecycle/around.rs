//! What surrounds a decision about an incident: whom its policy reaches at this instant, and by the
//! process of which severity.

use jiff::Timestamp;

use super::Incident;
use crate::id::{ServiceId, TeamId, UserId};
use crate::incident::clocks::management::RUNGS_MAX;
use crate::incident::role::{Part, Role};
use crate::incident::severity::{Level, Severity, Urgency};
use crate::oncall::condition::Unmet;
use crate::oncall::escalation::{Chain, Outlet, Policy};
use crate::oncall::facts::Facts;
use crate::oncall::reach;
use crate::org::directory::Directory;
use crate::org::service::Service;

/// The organisation around an incident at one instant.
#[derive(Debug, Clone)]
pub struct Surroundings<'a> {
    /// The organisation.
    pub directory: &'a Directory,
    /// The incident's policy; the catch-all where it no longer exists.
    pub policy: &'a Policy,
    /// The process of the incident's severity.
    pub severity: &'a Severity,
    /// The managers of the service's team who can be reached, from the nearest up (`I2`).
    pub management: Vec<UserId>,
    /// Who takes over in turn when nothing moves: the secondary, then the primary (`I3`).
    pub relief: Vec<UserId>,
    reached: Vec<Vec<UserId>>,
    /// For each step, why its condition does not hold.
    why_unmet: Vec<Option<Unmet>>,
    unmet: Vec<bool>,
    facts: Facts,
    urgency: Urgency,
    catch_all: Vec<UserId>,
}

impl<'a> Surroundings<'a> {
    /// The surroundings of an incident at `now`, by the process of `level`; `None` when neither its
    /// policy nor a catch-all exists, which applied configuration never allows.
    pub fn new(
        directory: &'a Directory,
        incident: &Incident,
        level: Level,
        facts: &Facts,
        now: Timestamp,
    ) -> Option<Self> {
        let policy =
            directory.policies.get(incident.policy).or_else(|| directory.catch_all_policy())?;
        let severity = directory.severity(level);
        let urgency = asking(severity);
        let reached = reach::reach_steps(directory, policy, urgency, &facts.turns, now);
        let service = directory.services.get(incident.service);
        let management = managers(directory, service, policy, urgency);
        let service = service.map_or("", |service| service.name.as_str());
        let why_unmet: Vec<_> =
            policy.steps.iter().map(|step| step.when.unmet(level, service, facts, now)).collect();
        let unmet = why_unmet.iter().map(Option::is_some).collect();
        let catch_all = directory
            .catch_all_policy()
            .map(|policy| reach::reach_steps(directory, policy, urgency, &facts.turns, now))
            .and_then(|steps| steps.into_iter().find(|users| !users.is_empty()))
            .unwrap_or_default();
        let relief = relief(&reached);
        Some(Self {
            directory,
            policy,
            severity,
            management,
            relief,
            reached,
            why_unmet,
            unmet,
            facts: facts.clone(),
            urgency,
            catch_all,
        })
    }

    /// The same incident under its present policy.
    pub(super) fn of_policy(&self, incident: &Incident, now: Timestamp) -> Option<Self> {
        Self::new(self.directory, incident, self.severity.level, &self.facts, now)
    }

    /// Which of people's rules apply when they are asked.
    pub(super) fn urgency(&self) -> Urgency {
        self.urgency
    }

    /// The severity in words: `severity 1 (Outage)`.
    pub fn severity_words(&self) -> String {
        format!("severity {} ({})", self.severity.level.number(), self.severity.name)
    }

    /// The policy with the people it reaches.
    pub fn chain(&self) -> Chain<'_> {
        Chain {
            policy: self.policy,
            reached: &self.reached,
            unmet: &self.unmet,
            catch_all: &self.catch_all,
        }
    }

    /// Why a step's condition does not hold, in words.
    pub fn why_skipped(&self, step: u32) -> String {
        let unmet = self.why_unmet.get(step as usize).and_then(Option::as_ref);
        unmet.map(Unmet::words).unwrap_or_default()
    }

    /// The turns that entering a step takes.
    pub fn turns_taken(&self, step: u32) -> Vec<(TeamId, UserId)> {
        let step = self.policy.steps.get(step as usize);
        let taken = step
            .map(|step| reach::turns_taken(self.directory, step, self.urgency, &self.facts.turns));
        taken.into_iter().flatten().collect()
    }

    /// Whether a person has a page that waits for an answer, as far as that was looked up.
    pub fn is_asked(&self, user: UserId) -> bool {
        self.facts.asked.contains(&user)
    }

    /// The custom fields that have a value, where one is required.
    pub(super) fn filled(&self) -> &[String] {
        &self.facts.filled
    }

    /// What a place is called.
    pub fn place(&self, outlet: &Outlet) -> String {
        match outlet {
            Outlet::Webhook(id) => {
                let webhook = self.directory.webhooks.get(*id);
                webhook.map_or_else(
                    || "a deleted webhook".to_owned(),
                    |webhook| format!("the webhook {}", webhook.name),
                )
            }
            Outlet::Channel { provider, address } => format!("{address} by {provider}"),
        }
    }

    /// The link that the process of the severity makes for this incident, if it names a bridge.
    pub(super) fn bridge(&self) -> Option<&str> {
        self.facts.bridge.as_deref()
    }

    /// The role that leads, by the process of the severity; any that leads where it wants none.
    pub(super) fn lead_role(&self) -> Option<&'a Role> {
        let wanted = self.severity.process.roles.iter();
        let mut wanted = wanted.filter_map(|wanted| self.directory.role(&wanted.role));
        let of_process = wanted.find(|role| role.part == Part::Lead);
        of_process.or_else(|| self.directory.roles.iter().find(|role| role.part == Part::Lead))
    }

    /// What a team is called.
    pub(super) fn team(&self, id: TeamId) -> String {
        let team = self.directory.teams.get(id);
        team.map_or_else(|| "a former team".to_owned(), |team| team.name.clone())
    }

    /// What a service is called.
    pub(super) fn service(&self, id: ServiceId) -> String {
        let service = self.directory.services.get(id);
        service.map_or_else(|| "a former service".to_owned(), |service| service.name.clone())
    }

    /// What a person is called.
    pub fn person(&self, id: UserId) -> String {
        self.directory
            .users
            .get(id)
            .map_or_else(|| "a former colleague".to_owned(), |user| user.name.clone())
    }
}

/// The managers who can be asked about an incident, from the nearest up.
pub fn management_chain(directory: &Directory, incident: &Incident) -> Vec<UserId> {
    let policy = directory.policies.get(incident.policy).or_else(|| directory.catch_all_policy());
    let urgency = asking(directory.severity(incident.severity));
    let service = directory.services.get(incident.service);
    policy.map_or_else(Vec::new, |policy| managers(directory, service, policy, urgency))
}

/// A page that a person asks for is urgent even where the severity asks nobody.
fn asking(severity: &Severity) -> Urgency {
    match severity.urgency {
        Urgency::None => Urgency::High,
        urgency => urgency,
    }
}

/// The managers of a service's team, from the nearest up; where the service has no team with a
/// manager, those of the policy's team. Whoever cannot be reached is passed by.
pub fn managers(
    directory: &Directory,
    service: Option<&Service>,
    policy: &Policy,
    urgency: Urgency,
) -> Vec<UserId> {
    let of_team = |team| directory.teams.get(team).and_then(|team| team.manager);
    let of_service = service.and_then(|service| service.team);
    let first = of_service.and_then(of_team).or_else(|| policy.team.and_then(of_team));
    let mut chain: Vec<UserId> = Vec::new();
    let mut next = first;
    while let Some(user) = next.filter(|user| !chain.contains(user) && chain.len() < RUNGS_MAX) {
        chain.push(user);
        next = directory.users.get(user).and_then(|user| user.reports_to);
    }
    chain.retain(|user| directory.users.get(*user).is_some_and(|user| user.is_reachable(urgency)));
    chain
}

/// Whoever the second step asks, then whoever the first does.
fn relief(reached: &[Vec<UserId>]) -> Vec<UserId> {
    let mut ring: Vec<UserId> = Vec::new();
    let (primary, others) = reached.split_at(reached.len().min(1));
    for user in others.iter().take(1).chain(primary).flatten() {
        if !ring.contains(user) {
            ring.push(*user);
        }
    }
    ring
}
