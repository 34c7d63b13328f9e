//! Whom the targets of an escalation step reach at an instant.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::id::{ScheduleId, TeamId, UserId};
use crate::incident::severity::Urgency;
use crate::oncall::escalation::{Policy, Step, Target};
use crate::oncall::facts::Turns;
use crate::oncall::schedule::{Schedule, on_call_at, shadows_at};
use crate::org::directory::Directory;
use crate::org::service::Service;

/// The people that `targets` reach at `at`, each once, in the order of the targets. Whoever cannot
/// be paged at this urgency is not reached. Where people take turns, whoever has the next one.
pub fn reach(
    directory: &Directory,
    targets: &[Target],
    urgency: Urgency,
    turns: &Turns,
    at: Timestamp,
) -> Vec<UserId> {
    let mut reached = Vec::new();
    for target in targets {
        let people = match target {
            Target::RoundRobin(team) => {
                next_turn(directory, *team, urgency, turns).into_iter().collect()
            }
            other => everybody(directory, other, urgency, at),
        };
        for user in people {
            if can_reach(directory, user, urgency) && !reached.contains(&user) {
                reached.push(user);
            }
        }
    }
    reached
}

/// The people that each step of a policy reaches at `at`.
pub fn reach_steps(
    directory: &Directory,
    policy: &Policy,
    urgency: Urgency,
    turns: &Turns,
    at: Timestamp,
) -> Vec<Vec<UserId>> {
    let reach = |step: &Step| reach(directory, &step.targets, urgency, turns, at);
    policy.steps.iter().map(reach).collect()
}

/// Who gets a copy of a page to somebody whom `targets` reach (`O10`): their shadows in the schedules
/// among them, and the mentor of a trainee. Nobody of them is asked.
pub fn copies(
    directory: &Directory,
    targets: &[Target],
    user: UserId,
    at: Timestamp,
) -> Vec<UserId> {
    let mut copies = Vec::new();
    for schedule in targets.iter().flat_map(|target| schedules(directory, target)) {
        for shadow in shadows_at(&schedule, at) {
            if shadow.of == user && shadow.user != user && !copies.contains(&shadow.user) {
                copies.push(shadow.user);
            }
        }
    }
    copies
}

/// The turns that entering a step takes, and who has each.
pub fn turns_taken<'a>(
    directory: &'a Directory,
    step: &'a Step,
    urgency: Urgency,
    turns: &'a Turns,
) -> impl Iterator<Item = (TeamId, UserId)> + 'a {
    step.targets.iter().filter_map(move |target| match target {
        Target::RoundRobin(team) => Some((*team, next_turn(directory, *team, urgency, turns)?)),
        _ => None,
    })
}

/// Everybody whom a target asks at `at`, reachable or not; all of a team whose members take turns.
pub fn everybody(
    directory: &Directory,
    target: &Target,
    urgency: Urgency,
    at: Timestamp,
) -> Vec<UserId> {
    match target {
        Target::User(user) => vec![*user],
        Target::Schedule(_) | Target::Rotation { .. } | Target::Role { .. } => {
            let schedules = schedules(directory, target).into_iter();
            schedules.flat_map(|schedule| on_call(directory, &schedule, urgency, at)).collect()
        }
        Target::Team(id) | Target::RoundRobin(id) => {
            directory.teams.get(*id).map(|team| team.members.clone()).unwrap_or_default()
        }
        Target::ManagerOf(id) => {
            directory.teams.get(*id).and_then(|team| team.manager).into_iter().collect()
        }
    }
}

/// The schedules that a target asks.
fn schedules<'a>(directory: &'a Directory, target: &Target) -> Vec<Cow<'a, Schedule>> {
    match target {
        Target::Schedule(id) => {
            directory.schedules.get(*id).map(Cow::Borrowed).into_iter().collect()
        }
        Target::Rotation { schedule, layer } => directory
            .schedules
            .get(*schedule)
            .and_then(|schedule| only_layer(schedule, layer))
            .map(Cow::Owned)
            .into_iter()
            .collect(),
        Target::Role { role, team } => directory
            .schedules
            .iter()
            .filter(|schedule| schedule.role.as_ref() == Some(role))
            .filter(|schedule| team.is_none() || schedule.team == *team)
            .map(Cow::Borrowed)
            .collect(),
        Target::User(_) | Target::Team(_) | Target::RoundRobin(_) | Target::ManagerOf(_) => {
            Vec::new()
        }
    }
}

/// The services whose policies ask a schedule, at first or when a second set takes over, in the order
/// of names.
pub fn services_asking(directory: &Directory, schedule: ScheduleId) -> Vec<&Service> {
    let asks = |policy: &Policy| {
        let mut targets = policy.steps.iter().flat_map(|step| &step.targets);
        targets.any(|target| schedules(directory, target).iter().any(|one| one.id == schedule))
    };
    let asking = |service: &&Service| {
        let mut next = Some(service.policy);
        // Policies never lead back to themselves; the bound holds even where one did.
        for _ in 0..directory.policies.len() {
            let Some(policy) = next.and_then(|id| directory.policies.get(id)) else { break };
            if asks(policy) {
                return true;
            }
            next = policy.second_set.map(|second| second.policy);
        }
        false
    };
    directory.services.iter().filter(asking).collect()
}

/// The people who are on call in a schedule. A mentor stands in for a trainee who cannot be paged
/// (`O10`).
fn on_call(
    directory: &Directory,
    schedule: &Schedule,
    urgency: Urgency,
    at: Timestamp,
) -> Vec<UserId> {
    on_call_at(schedule, at)
        .into_iter()
        .map(|shift| match shift.mentor {
            Some(mentor) if !can_reach(directory, shift.user, urgency) => mentor,
            _ => shift.user,
        })
        .collect()
}

/// The schedule with one layer alone and nobody instead of its people.
pub fn only_layer(schedule: &Schedule, layer: &str) -> Option<Schedule> {
    let layer = schedule.layers.iter().find(|one| one.name == layer)?;
    let mut alone = schedule.clone();
    alone.layers = vec![layer.clone()];
    alone.overrides = Default::default();
    Some(alone)
}

/// The member after whoever had the last turn, the first where nobody had one; whoever cannot be
/// reached is passed over.
fn next_turn(
    directory: &Directory,
    team: TeamId,
    urgency: Urgency,
    turns: &Turns,
) -> Option<UserId> {
    let members = &directory.teams.get(team)?.members;
    let last = turns.get(&team).and_then(|last| members.iter().position(|one| one == last));
    let (before, behind) = members.split_at(last.map_or(0, |at| at + 1));
    behind.iter().chain(before).copied().find(|user| can_reach(directory, *user, urgency))
}

fn can_reach(directory: &Directory, user: UserId, urgency: Urgency) -> bool {
    directory.users.get(user).is_some_and(|user| user.is_reachable(urgency))
}
