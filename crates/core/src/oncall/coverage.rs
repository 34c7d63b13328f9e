//! The proof that somebody is reached (`O5`): for every stretch of time ahead, whom an escalation
//! that begins in it would ask. It runs the escalation machine itself and walks from one change of a
//! schedule to the next, seen through the delays of the steps. It never ticks, so a week of quiet
//! costs nothing and no second is missed.

use jiff::{SignedDuration, Timestamp};

use crate::id::{PolicyId, UserId};
use crate::incident::severity::{Levels, Urgency};
use crate::oncall::escalation::{self, Chain, Effect, Event, Policy, State};
use crate::oncall::schedule::{STRETCHES_MAX, Schedule, next_change, on_call_at};
use crate::org::directory::Directory;
use crate::org::user::User;
use timeline::Timelines;

mod cases;
mod score;
#[cfg(test)]
mod tests;
mod timeline;

use cases::{Case, cases};
pub use score::{Score, paging_policies, score};

/// The most stretches that the proof of one policy walks through; a proof that is cut there says so.
pub const STRETCHES_OF_POLICY_MAX: usize = 200_000;
/// The most decisions of one escalation that are looked at: its first round.
const DECISIONS_MAX: usize = 2 * escalation::STEPS_MAX + 2;

/// A stretch of time, from its first instant up to, but not at, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
}

/// What is wrong with an escalation. Steps are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// No step reaches anybody.
    Nobody {
        /// Whether the catch-all reaches somebody instead.
        caught: bool,
    },
    /// One step reaches nobody and is left at once.
    StepReachesNobody {
        /// Which.
        step: u32,
    },
    /// Somebody is asked who cannot be paged at all.
    Unreachable {
        /// By which step.
        step: u32,
        /// Who.
        user: UserId,
    },
    /// An urgent page would rely on a screen that nobody looks at in the night (`O9`).
    NoCriticalMethod {
        /// By which step.
        step: u32,
        /// To whom.
        user: UserId,
    },
    /// Somebody is asked who is on leave (`O3`): by name, or because an override says so.
    OnLeave {
        /// By which step.
        step: u32,
        /// Who.
        user: UserId,
    },
    /// The same person is asked by two steps in a row.
    SamePersonTwice {
        /// The second of the two steps.
        step: u32,
        /// Who.
        user: UserId,
    },
}

/// How much a trouble matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Nobody whom the policy names is reached.
    Gap,
    /// Somebody may not be reached.
    Risk,
    /// Somebody is reached, and it is worth a second look.
    Notice,
}

names!(Weight { Gap = "gap", Risk = "risk", Notice = "notice" });

/// A trouble and when an incident would have to begin to meet it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Of which policy.
    pub policy: PolicyId,
    /// What.
    pub trouble: Trouble,
    /// Incidents of which severities meet it; none where no severity has the urgency.
    pub levels: Levels,
    /// When an incident that meets it begins.
    pub span: Span,
}

/// What was proved of one policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// In order of time, each as long as it can be.
    pub findings: Vec<Finding>,
    /// Up to when it was proved, where that is not the end of the period.
    pub cut_at: Option<Timestamp>,
}

impl Trouble {
    /// How much it matters.
    pub fn weight(self) -> Weight {
        match self {
            Self::Nobody { .. } => Weight::Gap,
            Self::StepReachesNobody { step: 1 }
            | Self::Unreachable { .. }
            | Self::OnLeave { .. }
            | Self::NoCriticalMethod { .. } => Weight::Risk,
            Self::StepReachesNobody { .. } | Self::SamePersonTwice { .. } => Weight::Notice,
        }
    }

    /// Its kind's name in API and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nobody { .. } => "nobody",
            Self::StepReachesNobody { .. } => "step_reaches_nobody",
            Self::Unreachable { .. } => "unreachable",
            Self::NoCriticalMethod { .. } => "no_critical_method",
            Self::OnLeave { .. } => "on_leave",
            Self::SamePersonTwice { .. } => "same_person_twice",
        }
    }

    /// The step that it is about, counted from 1.
    pub fn step(self) -> Option<u32> {
        match self {
            Self::Nobody { .. } => None,
            Self::StepReachesNobody { step }
            | Self::Unreachable { step, .. }
            | Self::NoCriticalMethod { step, .. }
            | Self::OnLeave { step, .. }
            | Self::SamePersonTwice { step, .. } => Some(step),
        }
    }

    /// The person that it is about.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Nobody { .. } | Self::StepReachesNobody { .. } => None,
            Self::Unreachable { user, .. }
            | Self::NoCriticalMethod { user, .. }
            | Self::OnLeave { user, .. }
            | Self::SamePersonTwice { user, .. } => Some(user),
        }
    }

    /// In words.
    pub fn words(self, directory: &Directory) -> String {
        let name = |user: UserId| {
            directory.users.get(user).map_or("somebody", |user| user.name.as_str()).to_owned()
        };
        match self {
            Self::Nobody { caught: true } => {
                "no step reaches anybody; the catch-all is paged at once".to_owned()
            }
            Self::Nobody { caught: false } => {
                "no step reaches anybody, and neither does the catch-all".to_owned()
            }
            Self::StepReachesNobody { step } => {
                format!("step {step} reaches nobody and is left at once")
            }
            Self::Unreachable { step, user } => {
                format!("step {step} asks {}, who has no verified contact method", name(user))
            }
            Self::NoCriticalMethod { step, user } => format!(
                "step {step} asks {}, who has no verified method that wakes anybody",
                name(user)
            ),
            Self::OnLeave { step, user } => {
                format!("step {step} asks {}, who is on leave", name(user))
            }
            Self::SamePersonTwice { step, user } => {
                format!("{} is asked by two steps in a row, the second being {step}", name(user))
            }
        }
    }
}

/// The stretches between `from` and `to` in which a schedule has nobody, in order, each as long as
/// it can be within those bounds. At most [`STRETCHES_MAX`] changes are walked through.
pub fn gaps(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<Span> {
    let mut gaps: Vec<Span> = Vec::new();
    let mut at = from;
    for _ in 0..STRETCHES_MAX {
        if at >= to {
            break;
        }
        let next = next_change(schedule, at).unwrap_or(to).min(to);
        if on_call_at(schedule, at).is_empty() {
            extend(&mut gaps, Span { from: at, to: next });
        }
        at = next;
    }
    gaps
}

/// Everything that is wrong with the policies `of` in a period, at one urgency: for incidents of every
/// severity of that urgency, whether or not their alerts match what the steps ask for, at the hours
/// at which the steps count. A trouble that several kinds of incident meet at the same time is told
/// once, with all of their severities.
pub fn prove<'a>(
    directory: &'a Directory,
    of: impl IntoIterator<Item = &'a Policy>,
    urgency: Urgency,
    span: Span,
) -> Vec<(PolicyId, Coverage)> {
    let mut timelines = Timelines::new(directory, urgency, span);
    of.into_iter().map(|policy| (policy.id, prove_one(&mut timelines, policy, span))).collect()
}

fn prove_one<'a>(timelines: &mut Timelines<'a>, policy: &'a Policy, span: Span) -> Coverage {
    let cases = cases(timelines.directory(), policy, timelines.urgency());
    let mut proved = cases.into_iter().map(|case| prove_case(timelines, policy, case, span));
    let mut coverage = proved.next().unwrap_or_default();
    let mut is_joined = false;
    for other in proved {
        is_joined = true;
        coverage.findings.extend(other.findings);
        coverage.cut_at = coverage.cut_at.into_iter().chain(other.cut_at).min();
    }
    if is_joined {
        coverage.findings = joined(coverage.findings);
    }
    coverage.findings.sort_by_key(|found| (found.span.from, found.trouble.weight(), found.trouble));
    coverage
}

/// Findings of the same trouble and severities whose spans meet as one, and those of the same trouble
/// and span, with the severities of all; until nothing is left to join, because the one may make
/// room for the other.
fn joined(mut findings: Vec<Finding>) -> Vec<Finding> {
    loop {
        let before = findings.len();
        findings = joined_once(findings);
        if findings.len() == before {
            return findings;
        }
    }
}

fn joined_once(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|found| (found.trouble, found.levels, found.span.from));
    findings.dedup_by(|next, last| {
        let is_same = (last.trouble, last.levels) == (next.trouble, next.levels);
        let meets = is_same && last.span.to >= next.span.from;
        if meets {
            last.span.to = last.span.to.max(next.span.to);
        }
        meets
    });
    findings.sort_by_key(|found| (found.trouble, found.span.from, found.span.to));
    findings.dedup_by(|next, last| {
        let is_same = (last.trouble, last.span) == (next.trouble, next.span);
        if is_same {
            last.levels = last.levels.union(next.levels);
        }
        is_same
    });
    findings
}

/// What incidents of one kind meet.
fn prove_case<'a>(
    timelines: &mut Timelines<'a>,
    policy: &'a Policy,
    case: Case,
    span: Span,
) -> Coverage {
    let mut coverage = Coverage::default();
    let mut open: Vec<Finding> = Vec::new();
    let mut troubles: Vec<Trouble> = Vec::new();
    let mut at = span.from;
    let mut walked = 0;
    while at < span.to {
        if walked == STRETCHES_OF_POLICY_MAX {
            coverage.cut_at = Some(at);
            break;
        }
        walked += 1;
        troubles.clear();
        let to = walk(timelines, policy, case, at, &mut troubles).min(span.to);
        let (lasting, ended) =
            open.into_iter().partition(|finding: &Finding| troubles.contains(&finding.trouble));
        open = lasting;
        coverage.findings.extend::<Vec<_>>(ended);
        for finding in &mut open {
            finding.span.to = to;
        }
        for trouble in &troubles {
            if !open.iter().any(|finding| finding.trouble == *trouble) {
                let span = Span { from: at, to };
                let levels = case.levels;
                open.push(Finding { policy: policy.id, trouble: *trouble, levels, span });
            }
        }
        at = to;
    }
    coverage.findings.append(&mut open);
    coverage
}

/// Follows the first round of an escalation that begins at `start`, and says until when one that
/// begins later would meet the same people.
fn walk<'a>(
    timelines: &mut Timelines<'a>,
    policy: &'a Policy,
    case: Case,
    start: Timestamp,
    troubles: &mut Vec<Trouble>,
) -> Timestamp {
    let mut until = Timestamp::MAX;
    let (mut state, mut event, mut now) = (State::Idle, Event::Started, start);
    let mut before: Option<(u32, Vec<UserId>)> = None;
    let mut is_asked = false;
    for _ in 0..DECISIONS_MAX {
        let passed = now.duration_since(start);
        let (reached, same_until) = timelines.reach_steps(policy, now);
        until = until.min(earlier(same_until, passed));
        let (catch_all, same_until) = timelines.catch_all(now);
        let (unmet, counts_until) = case.unmet(policy, now);
        until = until.min(earlier(counts_until, passed));
        let chain = Chain { policy, reached: &reached, unmet: &unmet, catch_all: &catch_all };
        let (next, effects) = escalation::decide(&chain, state, event, now);
        for effect in effects {
            match effect {
                Effect::Page { round: 0, step, users } => {
                    is_asked = true;
                    let twice = before.take().filter(|(asked, _)| asked + 1 == step);
                    let twice = twice.and_then(|(_, asked)| {
                        users.iter().copied().find(|user| asked.contains(user))
                    });
                    let step = step + 1;
                    note(troubles, twice.map(|user| Trouble::SamePersonTwice { step, user }));
                    before = Some((step - 1, users));
                    timelines.weigh(policy, step, now, troubles);
                }
                Effect::NoTarget { round: 0, step } => {
                    note(troubles, Some(Trouble::StepReachesNobody { step: step + 1 }));
                    timelines.weigh(policy, step + 1, now, troubles);
                }
                Effect::PageCatchAll { round: 0, users } if !is_asked => {
                    until = until.min(earlier(same_until, passed));
                    let caught = !users.is_empty();
                    // Once nobody is reached, that some step is not is no news.
                    troubles
                        .retain(|trouble| !matches!(trouble, Trouble::StepReachesNobody { .. }));
                    note(troubles, Some(Trouble::Nobody { caught }));
                }
                _ => {}
            }
        }
        let State::Waiting { next_step, round: 0, next_at } = next else { break };
        if next_step as usize >= policy.steps.len() {
            break;
        }
        (state, event, now) = (next, Event::TimedOut { next_step, round: 0 }, next_at);
    }
    until.max(start.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MAX))
}

fn note(troubles: &mut Vec<Trouble>, trouble: Option<Trouble>) {
    troubles.extend(trouble.filter(|trouble| !troubles.contains(trouble)));
}

/// The instant at which an escalation would have to begin to be at `at` after so long.
fn earlier(at: Timestamp, passed: SignedDuration) -> Timestamp {
    if at == Timestamp::MAX { at } else { at.saturating_sub(passed).unwrap_or(Timestamp::MIN) }
}

/// Adds a span behind the others, or to the last one where it follows without a break.
fn extend(spans: &mut Vec<Span>, span: Span) {
    match spans.last_mut() {
        Some(last) if last.to >= span.from => last.to = last.to.max(span.to),
        _ => spans.push(span),
    }
}

/// Whether an urgent page would wake a person: one of the methods that their rules name, or that
/// stand in for rules, is critical.
pub fn has_critical_method(user: &User) -> bool {
    let rules = user.rules(Urgency::High);
    let mut methods = rules.iter().filter_map(|rule| user.contact_method(rule.method));
    methods.any(|method| method.address.is_critical())
}
