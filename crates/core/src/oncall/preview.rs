//! The preview of an escalation (`O6`): who is paged, when and by what, if nobody answers. It runs
//! the escalation machine itself over the instants to come, with whoever is on call at each of them,
//! so what it shows is what would happen if the configuration stayed as it is.

use jiff::Timestamp;

use crate::id::{ContactMethodId, UserId};
use crate::incident::severity::{Level, Urgency};
use crate::oncall::escalation::{self, Chain, Effect, Event, Policy, State};
use crate::oncall::reach;
use crate::org::directory::Directory;

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
    /// What a planner should know, each thing once.
    pub warnings: Vec<Warning>,
}

/// One message to one person by one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedPage {
    /// When it would go out.
    pub at: Timestamp,
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
    /// An urgent page would rely on mail alone (`O9`).
    OnlyEmail {
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
            Self::OnlyEmail { user } => {
                format!("{} would be paged by email alone, which wakes nobody", name(user))
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

/// What would happen if an incident of that severity began at `at`.
pub fn preview(directory: &Directory, policy: &Policy, level: Level, at: Timestamp) -> Preview {
    let severity = directory.severity(level);
    if !severity.pages() {
        return Preview { warnings: vec![Warning::Quiet], ..Preview::default() };
    }
    let mut ahead = Ahead::new(directory, policy, severity.urgency);
    ahead.run(State::Idle, Event::Started, at);
    if ahead.preview.pages.is_empty() {
        ahead.warn(Warning::Nobody);
    }
    ahead.finish()
}

/// What is still to come of an escalation that stands at `state`. An acknowledgement or snooze that
/// ends by itself is followed past its end.
pub fn remaining(directory: &Directory, policy: &Policy, level: Level, state: State) -> Preview {
    let mut ahead = Ahead::new(directory, policy, directory.severity(level).urgency);
    if let Some((event, at)) = next_event(state) {
        ahead.run(state, event, at);
    }
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
    urgency: Urgency,
    preview: Preview,
    /// The step, round and people that were asked last.
    asked: Option<(u32, u32, Vec<UserId>)>,
}

impl<'a> Ahead<'a> {
    fn new(directory: &'a Directory, policy: &'a Policy, urgency: Urgency) -> Self {
        // A page that a person asked for is urgent even where the severity asks nobody.
        let urgency = if urgency == Urgency::None { Urgency::High } else { urgency };
        Self { directory, policy, urgency, preview: Preview::default(), asked: None }
    }

    fn run(&mut self, mut state: State, mut event: Event, mut now: Timestamp) {
        for _ in 0..DECISIONS_MAX {
            let reached = reach::reach_steps(self.directory, self.policy, self.urgency, now);
            let catch_all = self.catch_all(now);
            let chain = Chain { policy: self.policy, reached: &reached, catch_all: &catch_all };
            let (next, effects) = escalation::decide(&chain, state, event, now);
            let exhausted = effects.contains(&Effect::Exhausted);
            for effect in effects {
                self.note(effect, exhausted, now);
            }
            let Some(following) = next_event(next) else { return };
            if self.preview.pages.len() >= PAGES_MAX {
                break;
            }
            (state, (event, now)) = (next, following);
        }
        self.warn(Warning::Cut);
    }

    fn catch_all(&self, now: Timestamp) -> Vec<UserId> {
        self.directory
            .catch_all_policy()
            .map(|policy| reach::reach_steps(self.directory, policy, self.urgency, now))
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
            }
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

    fn page(&mut self, user: UserId, step: Option<u32>, round: u32, now: Timestamp) {
        let Some(person) = self.directory.users.get(user) else { return };
        let planned = person.plan(self.urgency, now);
        let is_critical = |method: ContactMethodId| {
            person.contact_method(method).is_some_and(|method| method.address.is_critical())
        };
        let by_screen_only = !planned.iter().any(|(method, _)| is_critical(*method));
        if self.urgency == Urgency::High && by_screen_only {
            self.warn(Warning::OnlyEmail { user });
        }
        let pages =
            planned.into_iter().map(|(method, at)| PlannedPage { at, step, round, user, method });
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
