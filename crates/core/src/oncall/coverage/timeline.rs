//! Whom each target of the policies asks at every instant of a period, worked out once per target:
//! many policies ask the same schedule, and each asks it at many instants.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{Span, Trouble, extend, has_critical_method, note};
use crate::id::UserId;
use crate::incident::severity::Urgency;
use crate::oncall::escalation::{Policy, Target};
use crate::oncall::reach;
use crate::oncall::schedule::next_change;
use crate::org::directory::Directory;

/// The most changes of one target that are worked out; what lies behind them is worked out each
/// time it is asked for.
const CHANGES_MAX: usize = 100_000;
/// How long after its beginning the first round of an escalation is expected to go on at most; later
/// instants are worked out each time they are asked for.
const ROUND_USUAL: SignedDuration = SignedDuration::from_hours(24);

/// What is known so far.
pub(super) struct Timelines<'a> {
    directory: &'a Directory,
    urgency: Urgency,
    span: Span,
    known: HashMap<Target, Timeline>,
    /// Who can be paged, and who could be woken.
    people: HashMap<UserId, (bool, bool)>,
    leave: Leave,
}

/// When people are on leave, each in order of time.
struct Leave(HashMap<UserId, Vec<Span>>);

/// Whom a target asks.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Asked {
    /// Everybody, whether or not they can be paged.
    pub users: Vec<UserId>,
    /// Those of them who are on leave.
    pub away: Vec<UserId>,
}

/// The people of one target from each change on; the first entry is where the period begins.
struct Timeline {
    changes: Vec<(Timestamp, Asked)>,
    /// Where it is no longer known.
    to: Timestamp,
}

impl<'a> Timelines<'a> {
    /// None yet.
    pub(super) fn new(directory: &'a Directory, urgency: Urgency, span: Span) -> Self {
        let people = directory.users.iter().map(|user| {
            let wakes = urgency != Urgency::High || has_critical_method(user);
            (user.id, (user.is_reachable(urgency), wakes))
        });
        let people = people.collect();
        let leave = Leave::of(directory);
        Self { directory, urgency, span, known: HashMap::new(), people, leave }
    }

    /// The organisation.
    pub(super) fn directory(&self) -> &'a Directory {
        self.directory
    }

    /// How loudly people are asked.
    pub(super) fn urgency(&self) -> Urgency {
        self.urgency
    }

    /// The people that each step reaches at an instant, and until when that stays so.
    pub(super) fn reach_steps(
        &mut self,
        policy: &Policy,
        at: Timestamp,
    ) -> (Vec<Vec<UserId>>, Timestamp) {
        let mut until = Timestamp::MAX;
        let steps = policy.steps.iter().map(|step| {
            let mut reached: Vec<UserId> = Vec::new();
            for target in &step.targets {
                let (asked, same_until) = self.asked(target, at);
                until = until.min(same_until);
                for user in asked.users {
                    let can = self.people.get(&user).is_some_and(|(reachable, _)| *reachable);
                    if can && !reached.contains(&user) {
                        reached.push(user);
                    }
                }
            }
            reached
        });
        let steps = steps.collect();
        (steps, until)
    }

    /// The people that the catch-all reaches at an instant, and until when that stays so.
    pub(super) fn catch_all(&mut self, at: Timestamp) -> (Vec<UserId>, Timestamp) {
        let Some(policy) = self.directory.catch_all_policy() else {
            return (Vec::new(), Timestamp::MAX);
        };
        let (steps, until) = self.reach_steps(policy, at);
        let first = steps.into_iter().find(|users| !users.is_empty());
        (first.unwrap_or_default(), until)
    }

    /// Notes everybody whom a step asks at an instant and who cannot be paged, or not be woken.
    pub(super) fn weigh(
        &mut self,
        policy: &Policy,
        step: u32,
        at: Timestamp,
        troubles: &mut Vec<Trouble>,
    ) {
        let index = usize::try_from(step).unwrap_or(usize::MAX).saturating_sub(1);
        let Some(step_asked) = policy.steps.get(index) else { return };
        for target in &step_asked.targets {
            let asked = self.asked(target, at).0;
            for user in asked.away {
                note(troubles, Some(Trouble::OnLeave { step, user }));
            }
            for user in asked.users {
                let trouble = match self.people.get(&user) {
                    Some((true, true)) => None,
                    Some((true, false)) => Some(Trouble::NoCriticalMethod { step, user }),
                    Some((false, _)) | None => Some(Trouble::Unreachable { step, user }),
                };
                note(troubles, trouble);
            }
        }
    }

    fn asked(&mut self, target: &Target, at: Timestamp) -> (Asked, Timestamp) {
        let Self { directory, urgency, span, known, leave, .. } = self;
        let look = |at: Timestamp| leave.asked(directory, target, *urgency, at);
        let line = known.entry(target.clone()).or_insert_with(|| Timeline::new(*span, look));
        if at < span.from || at >= line.to {
            return look(at);
        }
        let next = line.changes.partition_point(|(from, _)| *from <= at);
        let until = line.changes.get(next).map_or(line.to, |(from, _)| *from);
        let asked = next.checked_sub(1).and_then(|at| line.changes.get(at));
        (asked.map(|(_, asked)| asked.clone()).unwrap_or_default(), until)
    }
}

impl Timeline {
    fn new(span: Span, look: impl Fn(Timestamp) -> (Asked, Timestamp)) -> Self {
        let end = span.to.saturating_add(ROUND_USUAL).unwrap_or(Timestamp::MAX);
        let mut changes: Vec<(Timestamp, Asked)> = Vec::new();
        let mut at = span.from;
        while at < end && changes.len() < CHANGES_MAX {
            let (asked, until) = look(at);
            if changes.last().is_none_or(|(_, before)| *before != asked) {
                changes.push((at, asked));
            }
            at = until;
        }
        Self { changes, to: at }
    }
}

impl Leave {
    fn of(directory: &Directory) -> Self {
        let mut leave: HashMap<UserId, Vec<Span>> = HashMap::new();
        for absence in directory.schedules.iter().flat_map(|schedule| schedule.absences.iter()) {
            let span = Span { from: absence.from, to: absence.to };
            leave.entry(absence.user).or_default().push(span);
        }
        for spans in leave.values_mut() {
            spans.sort_by_key(|span| span.from);
            let mut joined = Vec::new();
            for span in spans.drain(..) {
                extend(&mut joined, span);
            }
            *spans = joined;
        }
        Self(leave)
    }

    /// Whom a target asks at an instant, and until when that stays so.
    fn asked(
        &self,
        directory: &Directory,
        target: &Target,
        urgency: Urgency,
        at: Timestamp,
    ) -> (Asked, Timestamp) {
        let users = reach::everybody(directory, target, urgency, at);
        let mut until = change(directory, target, at);
        let mut away = Vec::new();
        for user in &users {
            let spans = self.0.get(user).map_or(&[][..], Vec::as_slice);
            let next = spans.partition_point(|span| span.from <= at);
            until = until.min(spans.get(next).map_or(Timestamp::MAX, |span| span.from));
            let begun = next.checked_sub(1).and_then(|last| spans.get(last));
            if let Some(span) = begun.filter(|span| at < span.to) {
                away.push(*user);
                until = until.min(span.to);
            }
        }
        (Asked { users, away }, until)
    }
}

/// When a target next asks other people; the end of time where it never does.
fn change(directory: &Directory, target: &Target, at: Timestamp) -> Timestamp {
    let next = match target {
        Target::Schedule(id) => {
            directory.schedules.get(*id).and_then(|schedule| next_change(schedule, at))
        }
        Target::Rotation { schedule, layer } => directory
            .schedules
            .get(*schedule)
            .and_then(|schedule| reach::only_layer(schedule, layer))
            .and_then(|schedule| next_change(&schedule, at)),
        Target::Role { role, team } => directory
            .schedules
            .iter()
            .filter(|schedule| schedule.role.as_ref() == Some(role))
            .filter(|schedule| team.is_none() || schedule.team == *team)
            .filter_map(|schedule| next_change(schedule, at))
            .min(),
        Target::User(_) | Target::Team(_) | Target::RoundRobin(_) | Target::ManagerOf(_) => None,
    };
    next.unwrap_or(Timestamp::MAX)
}
