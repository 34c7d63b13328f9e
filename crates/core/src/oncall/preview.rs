//! The preview of an escalation (`O6`): who is paged, when and by what, if nobody answers. It runs
//! the escalation machine itself over the instants to come, with whoever is on call at each of them,
//! so what it shows is what would happen if the configuration stayed as it is.

use jiff::Timestamp;

use crate::id::{ContactMethodId, PolicyId, UserId};
use crate::incident::clocks::{management, second_set};
use crate::incident::lifecycle::{self, Incident};
use crate::incident::severity::{Level, Urgency};
use crate::oncall::condition::Unmet;
use crate::oncall::escalation::{self, Chain, Effect, Event, Outlet, Policy, State};
use crate::oncall::facts::Facts;
use crate::oncall::reach;
use crate::org::directory::Directory;
use crate::org::service::Service;
use crate::org::user::User;

/// The most decisions that one preview looks ahead; a policy may have fifty steps and a hundred
/// rounds, and nobody reads further.
pub const DECISIONS_MAX: usize = 300;
/// The most pages of one preview.
pub const PAGES_MAX: usize = 1_000;

/// What would happen if nobody answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// In the order in which they would go out.
    pub pages: Vec<PlannedPage>,
    /// Steps whose condition does not hold when their time comes.
    pub skipped: Vec<SkippedStep>,
    /// Places that would be told.
    pub told: Vec<ToldPlace>,
    /// When another policy would take over, in order.
    pub second_sets: Vec<(Timestamp, PolicyId)>,
    /// When each manager of the chain would be asked.
    pub management: Vec<(Timestamp, UserId)>,
    /// What a planner should know, each thing once.
    pub warnings: Vec<Warning>,
}

/// A step that would be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedStep {
    /// When its time would come.
    pub at: Timestamp,
    /// Whose step.
    pub policy: PolicyId,
    /// The step, counted from 1.
    pub step: u32,
    /// Why.
    pub why: Unmet,
}

/// A place that would be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldPlace {
    /// When.
    pub at: Timestamp,
    /// Whose step.
    pub policy: PolicyId,
    /// The step, counted from 1.
    pub step: u32,
    /// Where.
    pub outlet: Outlet,
}

/// What a preview is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Which policy.
    pub policy: &'a Policy,
    /// The service that pages by it, if one is meant.
    pub service: Option<&'a Service>,
    /// How bad it is.
    pub level: Level,
    /// What the conditions are asked about.
    pub facts: &'a Facts,
}

/// One message to one person by one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedPage {
    /// When it would go out.
    pub at: Timestamp,
    /// Whose step, or whose rounds led to the catch-all.
    pub policy: PolicyId,
    /// The step, counted from 1; `None` for the catch-all.
    pub step: Option<u32>,
    /// The round, counted from 1.
    pub round: u32,
    /// To whom.
    pub user: UserId,
    /// By which of the person's methods.
    pub method: ContactMethodId,
}

/// Something that a planner should know about an escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// The severity asks nobody.
    Quiet,
    /// A step reaches nobody and would be left at once.
    StepReachesNobody {
        /// The step, counted from 1.
        step: u32,
        /// When it would first be left.
        at: Timestamp,
    },
    /// No step reaches anybody, so the catch-all is paged.
    OnlyCatchAll {
        /// When it would first be paged.
        at: Timestamp,
    },
    /// Nobody at all would be paged.
    Nobody,
    /// The same person is asked by two steps in a row.
    SamePersonTwice {
        /// The person.
        user: UserId,
        /// The second of the two steps, counted from 1.
        step: u32,
    },
    /// An urgent page would rely on screens alone that nobody watches at night (`O9`).
    OnlyScreens {
        /// The person.
        user: UserId,
    },
    /// There is more to come than a preview shows.
    Cut,
}

impl Warning {
    /// In words.
    pub fn words(&self, directory: &Directory) -> String {
        let name = |user: &UserId| {
            directory.users.get(*user).map_or("somebody", |user| user.name.as_str()).to_owned()
        };
        match self {
            Self::Quiet => "this severity pages nobody".to_owned(),
            Self::StepReachesNobody { step, at } => {
                format!("step {step} reaches nobody at {at} and is left at once")
            }
            Self::OnlyCatchAll { at } => {
                format!("no step reaches anybody at {at}; the catch-all is paged")
            }
            Self::Nobody => "nobody is paged at all".to_owned(),
            Self::SamePersonTwice { user, step } => {
                format!("{} is asked by two steps in a row, the second being {step}", name(user))
            }
            Self::OnlyScreens { user } => {
                let channels = directory.users.get(*user).map(User::urgent_channels);
                let channels = channels.unwrap_or_default();
                format!("{} would be paged by {channels} alone, which wakes nobody", name(user))
            }
            Self::Cut => "the escalation goes on for longer than is shown".to_owned(),
        }
    }

    /// Whether `other` says the same of another instant.
    fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::StepReachesNobody { step: a, .. }, Self::StepReachesNobody { step: b, .. }) => {
                a == b
            }
            (Self::OnlyCatchAll { .. }, Self::OnlyCatchAll { .. }) => true,
            (a, b) => a == b,
        }
    }
}

/// What would happen if an incident of that severity began at `at`, without any alert.
pub fn preview(directory: &Directory, policy: &Policy, level: Level, at: Timestamp) -> Preview {
    let facts = Facts::default();
    of_case(directory, &Case { policy, service: None, level, facts: &facts }, at)
}

/// What would happen if such an incident began at `at`.
pub fn of_case(directory: &Directory, case: &Case<'_>, at: Timestamp) -> Preview {
    let severity = directory.severity(case.level);
    if !severity.pages() {
        return Preview { warnings: vec![Warning::Quiet], ..Preview::default() };
    }
    let mut ahead = Ahead::new(directory, case, severity.urgency);
    let began = second_set::Event::Started { since: at };
    let rules = case.policy.second_set;
    let (second, _) = second_set::decide(rules, second_set::State::Idle, began, at);
    ahead.run(State::Idle, Some((Event::Started, at)), second);
    if ahead.preview.pages.is_empty() {
        ahead.warn(Warning::Nobody);
    }
    let people = lifecycle::managers(directory, case.service, case.policy, ahead.urgency);
    let began = management::Event::Started { since: at };
    let rules = severity.management_chain;
    let (chain, _) = management::decide(rules, &people, management::State::Idle, began, at);
    ahead.climb(rules, &people, chain);
    ahead.finish()
}

/// What is still to come of an incident. An acknowledgement or snooze that ends by itself is
/// followed past its end.
pub fn remaining(directory: &Directory, incident: &Incident, facts: &Facts) -> Preview {
    let policy = directory.policies.get(incident.policy).or_else(|| directory.catch_all_policy());
    let Some(policy) = policy else { return Preview::default() };
    let severity = directory.severity(incident.severity);
    let service = directory.services.get(incident.service);
    let case = Case { policy, service, level: incident.severity, facts };
    let mut ahead = Ahead::new(directory, &case, severity.urgency);
    let state = incident.escalation;
    ahead.run(state, next_event(state), incident.clocks.second_set);
    let people = lifecycle::managers(directory, service, policy, ahead.urgency);
    ahead.climb(severity.management_chain, &people, incident.clocks.management);
    ahead.finish()
}

/// The event that the state waits for, and when it comes.
fn next_event(state: State) -> Option<(Event, Timestamp)> {
    let at = state.next_at()?;
    let (next_step, round) = match state {
        State::Waiting { next_step, round, .. } | State::Acknowledged { next_step, round, .. } => {
            (next_step, round)
        }
        State::Idle | State::Snoozed { .. } | State::Exhausted | State::Finished => (0, 0),
    };
    Some((Event::TimedOut { next_step, round }, at))
}

struct Ahead<'a> {
    directory: &'a Directory,
    policy: &'a Policy,
    service: &'a str,
    level: Level,
    urgency: Urgency,
    facts: Facts,
    preview: Preview,
    /// The step, round and people that were asked last.
    asked: Option<(u32, u32, Vec<UserId>)>,
}

impl<'a> Ahead<'a> {
    fn new(directory: &'a Directory, case: &Case<'a>, urgency: Urgency) -> Self {
        // A page that a person asked for is urgent even where the severity asks nobody.
        let urgency = if urgency == Urgency::None { Urgency::High } else { urgency };
        Self {
            directory,
            policy: case.policy,
            service: case.service.map_or("", |service| service.name.as_str()),
            level: case.level,
            urgency,
            facts: case.facts.clone(),
            preview: Preview::default(),
            asked: None,
        }
    }

    fn run(
        &mut self,
        mut state: State,
        mut next: Option<(Event, Timestamp)>,
        mut second: second_set::State,
    ) {
        for _ in 0..DECISIONS_MAX {
            if self.preview.pages.len() >= PAGES_MAX {
                break;
            }
            let due = second.next_at().filter(|at| next.is_none_or(|(_, next)| *at <= next));
            if let Some(now) = due {
                let (after, policy) = self.take_over(second, now);
                second = after;
                if policy {
                    next = Some((Event::Started, now));
                }
                continue;
            }
            let Some((event, now)) = next else { return };
            state = self.decide(state, event, now);
            next = next_event(state);
        }
        self.warn(Warning::Cut);
    }

    /// Another policy takes over, if it is there.
    fn take_over(&mut self, state: second_set::State, now: Timestamp) -> (second_set::State, bool) {
        let rules = self.policy.second_set;
        let (state, policy) = second_set::decide(rules, state, second_set::Event::TimedOut, now);
        let Some(policy) = policy.and_then(|id| self.directory.policies.get(id)) else {
            return (state, false);
        };
        self.preview.second_sets.push((now, policy.id));
        self.policy = policy;
        self.asked = None;
        let began = second_set::Event::Started { since: now };
        (second_set::decide(policy.second_set, state, began, now).0, true)
    }

    fn decide(&mut self, state: State, event: Event, now: Timestamp) -> State {
        let turns = &self.facts.turns;
        let reached = reach::reach_steps(self.directory, self.policy, self.urgency, turns, now);
        let why: Vec<_> = self
            .policy
            .steps
            .iter()
            .map(|step| step.when.unmet(self.level, self.service, &self.facts, now))
            .collect();
        let unmet: Vec<_> = why.iter().map(Option::is_some).collect();
        let catch_all = self.catch_all(now);
        let chain =
            Chain { policy: self.policy, reached: &reached, unmet: &unmet, catch_all: &catch_all };
        let (next, effects) = escalation::decide(&chain, state, event, now);
        let exhausted = effects.contains(&Effect::Exhausted);
        for effect in effects {
            if let Effect::Skipped { step, .. } = effect {
                self.skip(step, why.get(step as usize).cloned().flatten(), now);
            }
            self.note(effect, exhausted, now);
        }
        next
    }

    /// Each step that is left out is told once.
    fn skip(&mut self, step: u32, why: Option<Unmet>, at: Timestamp) {
        let (policy, step) = (self.policy.id, step + 1);
        let known = |one: &SkippedStep| (one.policy, one.step) == (policy, step);
        if let Some(why) = why
            && !self.preview.skipped.iter().any(known)
        {
            self.preview.skipped.push(SkippedStep { at, policy, step, why });
        }
    }

    fn climb(
        &mut self,
        rules: Option<management::Rules>,
        people: &[UserId],
        mut state: management::State,
    ) {
        for _ in 0..management::RUNGS_MAX {
            let Some(now) = state.next_at() else { return };
            let fired = management::Event::TimedOut;
            let (next, effect) = management::decide(rules, people, state, fired, now);
            if let Some(management::Effect::Ask { user, .. }) = effect {
                self.preview.management.push((now, user));
            }
            state = next;
        }
    }

    fn catch_all(&self, now: Timestamp) -> Vec<UserId> {
        self.directory
            .catch_all_policy()
            .map(|policy| {
                reach::reach_steps(self.directory, policy, self.urgency, &self.facts.turns, now)
            })
            .and_then(|steps| steps.into_iter().find(|users| !users.is_empty()))
            .unwrap_or_default()
    }

    fn note(&mut self, effect: Effect, exhausted: bool, now: Timestamp) {
        match effect {
            Effect::Page { step, round, users } => {
                if let Some((before, in_round, asked)) = self.asked.take()
                    && (before + 1, in_round) == (step, round)
                {
                    let twice = users.iter().find(|user| asked.contains(user));
                    if let Some(user) = twice.copied() {
                        self.warn(Warning::SamePersonTwice { user, step: step + 1 });
                    }
                }
                for user in &users {
                    self.page(*user, Some(step + 1), round + 1, now);
                }
                self.asked = Some((step, round, users));
                let entered = self.policy.steps.get(step as usize);
                let taken = entered.map(|entered| {
                    let turns = &self.facts.turns;
                    reach::turns_taken(self.directory, entered, self.urgency, turns).collect()
                });
                let taken: Vec<_> = taken.unwrap_or_default();
                self.facts.turns.extend(taken);
            }
            Effect::Tell { step, .. } => self.tell(step, now),
            Effect::Skipped { .. } => {}
            Effect::NoTarget { step, .. } => {
                self.warn(Warning::StepReachesNobody { step: step + 1, at: now });
            }
            Effect::PageCatchAll { users, round } => {
                if !exhausted && !users.is_empty() {
                    self.warn(Warning::OnlyCatchAll { at: now });
                }
                for user in users {
                    self.page(user, None, round + 1, now);
                }
            }
            Effect::Exhausted => {}
        }
    }

    fn tell(&mut self, step: u32, at: Timestamp) {
        let Some(entered) = self.policy.steps.get(step as usize) else { return };
        let policy = self.policy.id;
        let told = entered.outlets.iter().cloned().map(|outlet| ToldPlace {
            at,
            policy,
            step: step + 1,
            outlet,
        });
        self.preview.told.extend(told);
    }

    fn page(&mut self, user: UserId, step: Option<u32>, round: u32, now: Timestamp) {
        let Some(person) = self.directory.users.get(user) else { return };
        let planned = person.plan(self.urgency, now);
        let is_critical = |method: ContactMethodId| {
            person.contact_method(method).is_some_and(|method| method.address.is_critical())
        };
        let by_screen_only = !planned.iter().any(|(method, _)| is_critical(*method));
        if self.urgency == Urgency::High && by_screen_only {
            self.warn(Warning::OnlyScreens { user });
        }
        let pages = planned.into_iter().map(|(method, at)| PlannedPage {
            at,
            policy: self.policy.id,
            step,
            round,
            user,
            method,
        });
        self.preview.pages.extend(pages);
    }

    fn warn(&mut self, warning: Warning) {
        if !self.preview.warnings.iter().any(|known| known.repeats(&warning)) {
            self.preview.warnings.push(warning);
        }
    }

    /// Puts the pages in the order in which they go out: a late method of one step may follow the
    /// next step.
    fn finish(mut self) -> Preview {
        self.preview.pages.sort_by_key(|page| page.at);
        if self.preview.pages.len() > PAGES_MAX {
            self.preview.pages.truncate(PAGES_MAX);
            self.warn(Warning::Cut);
        }
        self.preview
    }
}

#[cfg(test)]
mod tests;
