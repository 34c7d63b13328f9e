//! Whom the targets of an escalation step reach at an instant.

use jiff::Timestamp;

use crate::id::UserId;
use crate::incident::severity::Urgency;
use crate::oncall::escalation::{Policy, Target};
use crate::oncall::schedule::{Schedule, on_call_at};
use crate::org::directory::Directory;

/// The people that `targets` reach at `at`, each once, in the order of the targets. Whoever cannot
/// be paged at this urgency is not reached.
pub fn reach(
    directory: &Directory,
    targets: &[Target],
    urgency: Urgency,
    at: Timestamp,
) -> Vec<UserId> {
    let mut reached = Vec::new();
    for user in targets.iter().flat_map(|target| people(directory, *target, urgency, at)) {
        let reachable = directory.users.get(user).is_some_and(|user| user.is_reachable(urgency));
        if reachable && !reached.contains(&user) {
            reached.push(user);
        }
    }
    reached
}

/// The people that each step of a policy reaches at `at`.
pub fn reach_steps(
    directory: &Directory,
    policy: &Policy,
    urgency: Urgency,
    at: Timestamp,
) -> Vec<Vec<UserId>> {
    policy.steps.iter().map(|step| reach(directory, &step.targets, urgency, at)).collect()
}

/// Everybody whom a target asks at `at`, whether or not they can be paged.
pub fn people(
    directory: &Directory,
    target: Target,
    urgency: Urgency,
    at: Timestamp,
) -> Vec<UserId> {
    match target {
        Target::User(user) => vec![user],
        Target::Schedule(id) => directory
            .schedules
            .get(id)
            .map(|schedule| on_call(directory, schedule, urgency, at))
            .unwrap_or_default(),
        Target::Team(id) => {
            directory.teams.get(id).map(|team| team.members.clone()).unwrap_or_default()
        }
        Target::ManagerOf(id) => {
            directory.teams.get(id).and_then(|team| team.manager).into_iter().collect()
        }
    }
}

/// The people who are on call in a schedule. A mentor stands in for a trainee who cannot be paged
/// (`O10`).
fn on_call(
    directory: &Directory,
    schedule: &Schedule,
    urgency: Urgency,
    at: Timestamp,
) -> Vec<UserId> {
    let is_reachable =
        |user: UserId| directory.users.get(user).is_some_and(|user| user.is_reachable(urgency));
    on_call_at(schedule, at)
        .into_iter()
        .map(|shift| match shift.mentor {
            Some(mentor) if !is_reachable(shift.user) => mentor,
            _ => shift.user,
        })
        .collect()
}
