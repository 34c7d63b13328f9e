//! Escalation (`O6`, `I4`): who is asked next, and when, until somebody says "I have it".
//!
//! The machine knows steps and delays only. It never looks at a clock or a schedule: the caller
//! passes `now` and the people that each step reaches at `now`.

use jiff::{SignedDuration, Timestamp};

use crate::id::{PolicyId, ScheduleId, TeamId, UserId, WebhookId};
use crate::oncall::condition::Condition;
use crate::oncall::schedule::Role;

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
    /// What takes over when the incident is not over after long (`I4`).
    pub second_set: Option<SecondSet>,
}

/// What takes over when an incident is not over after long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondSet {
    /// Counted from when this policy began.
    pub after: SignedDuration,
    /// Never leads back to this one.
    pub policy: PolicyId,
}

/// One step of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// Counted from the start of the step before it.
    pub after: SignedDuration,
    /// Everybody here is asked at once.
    pub targets: Vec<Target>,
    /// Places that hear of it; nobody there is waited for.
    pub outlets: Vec<Outlet>,
    /// When the step counts.
    pub when: Condition,
    /// Whether everybody it asks must acknowledge (`I4`).
    pub all_acknowledge: bool,
}

/// A place that hears of a step and belongs to no person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outlet {
    /// An outgoing event webhook.
    Webhook(WebhookId),
    /// A room, a number, a topic, by a provider.
    Channel {
        /// The provider's name.
        provider: String,
        /// Where, in the provider's own form.
        address: String,
    },
}

/// Who a step asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// One person.
    User(UserId),
    /// Whoever is on call.
    Schedule(ScheduleId),
    /// Whoever has the turn in one layer of a schedule, whatever the others say.
    Rotation {
        /// The schedule.
        schedule: ScheduleId,
        /// The layer's name.
        layer: String,
    },
    /// Every member of a team.
    Team(TeamId),
    /// One member of a team, the next one each time.
    RoundRobin(TeamId),
    /// The manager of a team.
    ManagerOf(TeamId),
    /// Whoever is on call as that, in every schedule of the role.
    Role {
        /// As what.
        role: Role,
        /// Of one team; of every team where there is none.
        team: Option<TeamId>,
    },
}

/// Where an escalation stands. `next_step` counts from 0 and equals the number of steps once the last
/// step of a round was entered; `round` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody is asked: the severity does not page.
    Idle,
    /// People have been asked, or soon will be.
    Waiting {
        /// The step that begins at `next_at`.
        next_step: u32,
        /// The round under way.
        round: u32,
        /// When the next step, or the next round, begins.
        next_at: Timestamp,
    },
    /// Somebody has it.
    Acknowledged {
        /// Where a later call for help goes on.
        next_step: u32,
        /// The round that was under way.
        round: u32,
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
            Self::Acknowledged { expires_at, .. } => expires_at,
            Self::Snoozed { until } => Some(until),
            Self::Idle | Self::Exhausted | Self::Finished => None,
        }
    }
}

/// What happened to an escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Begin at the first step: triggered, reopened, or an acknowledgement withdrawn or run out.
    Started,
    /// The instant that the state waited for has come. Carries the state it was set for, so that a
    /// timer that outlived its step changes nothing.
    TimedOut {
        /// The step that was to begin.
        next_step: u32,
        /// The round it was set in.
        round: u32,
    },
    /// Everybody whom the step asked has declined or could not be reached by any method.
    StepFailed {
        /// The step, counted from 0.
        step: u32,
        /// The round it was entered in.
        round: u32,
    },
    /// Somebody asks for the next step now (`O7`).
    Escalated,
    /// Somebody has it.
    Acknowledged {
        /// When it must be confirmed again.
        expires_at: Option<Timestamp>,
    },
    /// Quiet until then.
    Snoozed {
        /// When the chain starts again.
        until: Timestamp,
    },
    /// The severity no longer asks anybody.
    Quieted,
    /// The incident is over.
    Finished,
}

/// What a decision asks the caller to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask these people.
    Page {
        /// Counted from 0.
        step: u32,
        /// Counted from 0.
        round: u32,
        /// Whom; never empty.
        users: Vec<UserId>,
    },
    /// Tell the step's outlets.
    Tell {
        /// Counted from 0.
        step: u32,
        /// Counted from 0.
        round: u32,
    },
    /// The step's condition does not hold and it was left at once.
    Skipped {
        /// Counted from 0.
        step: u32,
        /// Counted from 0.
        round: u32,
    },
    /// The step reaches nobody and was left at once.
    NoTarget {
        /// Counted from 0.
        step: u32,
        /// Counted from 0.
        round: u32,
    },
    /// The policy reached nobody, or nobody answered: ask the catch-all's people.
    PageCatchAll {
        /// Whom; empty only when the catch-all reaches nobody either, which is an alarm.
        users: Vec<UserId>,
        /// The round it happened in.
        round: u32,
    },
    /// Every round is over and nobody took it.
    Exhausted,
}

/// The policy's delays with the people that each step reaches at the instant of the decision.
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a> {
    /// The policy as it is now; it may have changed since the escalation began.
    pub policy: &'a Policy,
    /// For each step, whom it reaches now.
    pub reached: &'a [Vec<UserId>],
    /// For each step, whether its condition does not hold now; what is not listed holds.
    pub unmet: &'a [bool],
    /// Whom the catch-all reaches now.
    pub catch_all: &'a [UserId],
}

/// Decides what one event does to an escalation. Touches no clock, database or network.
pub fn decide(
    chain: &Chain<'_>,
    state: State,
    event: Event,
    now: Timestamp,
) -> (State, Vec<Effect>) {
    let mut effects = Vec::new();
    let next = match (state, event) {
        (_, Event::Finished) => State::Finished,
        // A finished escalation begins again only when its incident is reopened.
        (_, Event::Started) => start(chain, now, &mut effects),
        (State::Finished, _) => state,
        (_, Event::Quieted) => State::Idle,
        (_, Event::Snoozed { until }) => State::Snoozed { until },
        (State::Waiting { next_step, round, .. }, Event::Acknowledged { expires_at })
        | (State::Acknowledged { next_step, round, .. }, Event::Acknowledged { expires_at }) => {
            State::Acknowledged { next_step, round, expires_at }
        }
        (
            State::Idle | State::Snoozed { .. } | State::Exhausted,
            Event::Acknowledged { expires_at },
        ) => State::Acknowledged { next_step: 0, round: 0, expires_at },
        (
            State::Waiting { next_step, round, next_at },
            Event::TimedOut { next_step: fired, round: fired_round },
        ) if (next_step, round) == (fired, fired_round) && next_at <= now => {
            enter(chain, next_step, round, now, &mut effects)
        }
        (State::Acknowledged { expires_at: Some(at), .. }, Event::TimedOut { .. }) if at <= now => {
            start(chain, now, &mut effects)
        }
        (State::Snoozed { until }, Event::TimedOut { .. }) if until <= now => {
            start(chain, now, &mut effects)
        }
        (
            State::Waiting { next_step, round, next_at },
            Event::StepFailed { step, round: failed },
        ) if (step + 1, failed) == (next_step, round) => {
            leave_failed(chain, State::Waiting { next_step, round, next_at }, now, &mut effects)
        }
        (State::Waiting { next_step, round, .. }, Event::Escalated)
        | (State::Acknowledged { next_step, round, .. }, Event::Escalated) => {
            enter(chain, next_step, round, now, &mut effects)
        }
        (State::Idle | State::Snoozed { .. } | State::Exhausted, Event::Escalated) => {
            enter(chain, 0, 0, now, &mut effects)
        }
        // A timer that outlived its step, or news of a step that was already left.
        (state, Event::TimedOut { .. } | Event::StepFailed { .. }) => state,
    };
    (next, effects)
}

fn start(chain: &Chain<'_>, now: Timestamp, effects: &mut Vec<Effect>) -> State {
    match chain.policy.steps.first() {
        Some(first) if first.after > SignedDuration::ZERO => {
            State::Waiting { next_step: 0, round: 0, next_at: later(now, first.after) }
        }
        _ => enter(chain, 0, 0, now, effects),
    }
}

/// Enters `step` of `round`, or the first step after it that reaches somebody.
fn enter(
    chain: &Chain<'_>,
    step: u32,
    round: u32,
    now: Timestamp,
    effects: &mut Vec<Effect>,
) -> State {
    let steps = &chain.policy.steps;
    let count = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if step >= count && count > 0 {
        return if round < chain.policy.repeat {
            enter(chain, 0, round + 1, now, effects)
        } else {
            effects.push(Effect::Exhausted);
            effects.push(Effect::PageCatchAll { users: chain.catch_all.to_vec(), round });
            State::Exhausted
        };
    }
    for at in step..count {
        if chain.unmet.get(at as usize).copied().unwrap_or(false) {
            effects.push(Effect::Skipped { step: at, round });
            continue;
        }
        let users = chain.reached.get(at as usize).cloned().unwrap_or_default();
        let step = steps.get(at as usize);
        let tells = step.is_some_and(|step| !step.outlets.is_empty());
        if tells {
            effects.push(Effect::Tell { step: at, round });
        }
        // A step that only tells a place keeps its time; one whose people are not there does not.
        let only_tells = tells && step.is_some_and(|step| step.targets.is_empty());
        if users.is_empty() && !only_tells {
            effects.push(Effect::NoTarget { step: at, round });
            continue;
        }
        if !users.is_empty() {
            effects.push(Effect::Page { step: at, round, users });
        }
        let pause =
            steps.get(at as usize + 1).map_or_else(|| round_pause(chain.policy), |s| s.after);
        if at + 1 == count && nobody_before(chain, count) {
            effects.push(Effect::PageCatchAll { users: chain.catch_all.to_vec(), round });
        }
        return State::Waiting { next_step: at + 1, round, next_at: later(now, pause) };
    }
    if nobody_before(chain, step) {
        // The whole policy reaches nobody: an empty rota never drops a page (`O5`).
        effects.push(Effect::PageCatchAll { users: chain.catch_all.to_vec(), round });
    }
    State::Waiting { next_step: count, round, next_at: later(now, round_pause(chain.policy)) }
}

/// Whether no step before `end` asks anybody now.
fn nobody_before(chain: &Chain<'_>, end: u32) -> bool {
    let steps = chain.reached.iter().enumerate().take(end as usize);
    let counts = |at: usize| !chain.unmet.get(at).copied().unwrap_or(false);
    !steps.into_iter().any(|(at, users)| counts(at) && !users.is_empty())
}

/// Leaves a step none of whose people could be reached: the next step at once, and after the last
/// one the catch-all, while the next round keeps its time so that a broken provider cannot race
/// through all rounds.
fn leave_failed(
    chain: &Chain<'_>,
    waiting: State,
    now: Timestamp,
    effects: &mut Vec<Effect>,
) -> State {
    let State::Waiting { next_step, round, .. } = waiting else { return waiting };
    if (next_step as usize) < chain.policy.steps.len() {
        let state = enter(chain, next_step, round, now, effects);
        let asks_somebody = |effect: &Effect| {
            matches!(effect, Effect::Page { .. } | Effect::PageCatchAll { .. } | Effect::Exhausted)
        };
        if !effects.iter().any(asks_somebody) {
            effects.push(Effect::PageCatchAll { users: chain.catch_all.to_vec(), round });
        }
        return state;
    }
    effects.push(Effect::PageCatchAll { users: chain.catch_all.to_vec(), round });
    waiting
}

/// The pause before the next round: the longest delay of the policy, at least [`ROUND_PAUSE_MIN`].
pub fn round_pause(policy: &Policy) -> SignedDuration {
    policy.steps.iter().map(|step| step.after).max().unwrap_or_default().max(ROUND_PAUSE_MIN)
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
