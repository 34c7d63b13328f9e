//! Whether somebody can be paged (`O5`, `O9`). A configuration whose catch-all can never reach
//! anybody is refused, because an alert would have nobody to page; what may go wrong for a while (a
//! gap in a schedule, a person with mail alone) is said and left to people.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use muster_core::id::UserId;
use muster_core::incident::severity::{Level, Urgency};
use muster_core::oncall::escalation::{Policy, Target};
use muster_core::oncall::schedule::{Schedule, shifts};
use muster_core::org::directory::{CATCH_ALL_SERVICE, Directory};

/// How far gaps are looked for.
const GAPS_AHEAD: SignedDuration = SignedDuration::from_hours(4 * 7 * 24);

/// Why the catch-all could never page anybody; `None` when it can.
pub fn nobody_to_page(directory: &Directory) -> Option<String> {
    let Some(policy) = directory.catch_all_policy() else {
        return Some(
            "an alert that no service claims would have nobody to page; add `catch_all: { escalation_policy: ... }`"
                .to_owned(),
        );
    };
    if !directory.severities.iter().any(muster_core::incident::severity::Severity::pages) {
        return Some(
            "no severity has the urgency high or low, so nobody would ever be paged".to_owned(),
        );
    }
    if reaches_somebody(directory, policy) {
        return None;
    }
    let reasons: Vec<String> = policy
        .steps
        .iter()
        .enumerate()
        .flat_map(|(at, step)| step.targets.iter().map(move |target| (at + 1, target)))
        .map(|(step, target)| format!("step {step}: {}", why_not(directory, target)))
        .collect();
    let reasons = match reasons[..] {
        [] => "it has no step with a target".to_owned(),
        _ => reasons.join("; "),
    };
    Some(format!(
        "the catch-all `{}` can never reach anybody, so an alert could have nobody to page ({reasons})",
        policy.name
    ))
}

/// What is allowed, and worth a second look.
pub fn warnings(directory: &Directory, now: Timestamp) -> Vec<String> {
    let mut warnings = Vec::new();
    let unmapped = directory.severity(Level::UNMAPPED);
    if unmapped.level != Level::UNMAPPED || !unmapped.pages() {
        warnings.push(format!(
            "an alert that no severity map entry matches is severity {}, which is not configured to page anybody",
            Level::UNMAPPED.number()
        ));
    }
    warnings.extend(directory.schedules.iter().filter_map(|schedule| gaps(schedule, now)));
    for service in directory.services.iter().filter(|service| service.name != CATCH_ALL_SERVICE) {
        let policy = directory.policies.get(service.policy);
        if policy.is_some_and(|policy| !reaches_somebody(directory, policy)) {
            warnings.push(format!(
                "the escalation policy of `{}` reaches nobody; its alerts go to the catch-all at once",
                service.name
            ));
        }
    }
    let asked: BTreeSet<UserId> = directory
        .policies
        .iter()
        .flat_map(|policy| &policy.steps)
        .flat_map(|step| &step.targets)
        .flat_map(|target| people(directory, target, true))
        .collect();
    let users = directory.users.iter().filter(|user| asked.contains(&user.id));
    for user in users {
        let rules = user.rules(Urgency::High);
        let methods: Vec<_> =
            rules.iter().filter_map(|rule| user.contact_method(rule.method)).collect();
        if methods.is_empty() {
            warnings.push(format!("`{}` is asked by escalation policies and has no contact method; pages pass them by", user.name));
        } else if !methods.iter().any(|method| method.address.is_critical()) {
            warnings.push(format!(
                "urgent pages reach `{}` by {} alone, which wakes nobody; give them a method that does",
                user.name,
                user.urgent_channels()
            ));
        }
    }
    warnings
}

fn reaches_somebody(directory: &Directory, policy: &Policy) -> bool {
    let targets = policy.steps.iter().flat_map(|step| &step.targets);
    targets
        .flat_map(|target| people(directory, target, false))
        .any(|user| is_reachable(directory, user))
}

fn is_reachable(directory: &Directory, user: UserId) -> bool {
    directory.users.get(user).is_some_and(|user| user.is_reachable(Urgency::High))
}

/// Everybody whom a target may ever reach. Overrides end, so nobody relies on them.
fn people(directory: &Directory, target: &Target, with_overrides: bool) -> Vec<UserId> {
    match *target {
        Target::User(user) => vec![user],
        Target::Schedule(id) => directory.schedules.get(id).map_or_else(Vec::new, |schedule| {
            let layers = schedule.layers.iter().flat_map(|layer| layer.rotation.everybody());
            let overrides = schedule.overrides.iter().filter(|_| with_overrides);
            layers.chain(overrides.map(|instead| instead.user)).collect()
        }),
        Target::Rotation { schedule, ref layer } => {
            let schedule = directory.schedules.get(schedule);
            let layers = schedule.map(|schedule| schedule.layers.as_slice()).unwrap_or_default();
            let layer = layers.iter().find(|one| one.name == *layer);
            layer.map_or_else(Vec::new, |layer| layer.rotation.participants.concat())
        }
        Target::Role { ref role, team } => directory
            .schedules
            .iter()
            .filter(|schedule| schedule.role.as_ref() == Some(role))
            .filter(|schedule| team.is_none() || schedule.team == team)
            .flat_map(|it| people(directory, &Target::Schedule(it.id), with_overrides))
            .collect(),
        Target::Team(id) | Target::RoundRobin(id) => {
            directory.teams.get(id).map_or_else(Vec::new, |team| team.members.clone())
        }
        Target::ManagerOf(id) => {
            directory.teams.get(id).and_then(|team| team.manager).into_iter().collect()
        }
    }
}

fn why_not(directory: &Directory, target: &Target) -> String {
    let user = |id: UserId| directory.users.get(id).map_or("somebody", |user| &user.name);
    match *target {
        Target::User(id) => format!("`{}` has no contact method", user(id)),
        Target::Role { ref role, .. } => {
            format!("nobody is ever on call as `{}`", role.name())
        }
        Target::Rotation { schedule: id, .. } | Target::Schedule(id) => {
            let name = directory.schedules.get(id).map_or("a schedule", |schedule| &schedule.name);
            match people(directory, target, false)[..] {
                [] => format!("the schedule `{name}` has no participants"),
                _ => format!("no participant of the schedule `{name}` has a contact method"),
            }
        }
        Target::Team(id) | Target::RoundRobin(id) => {
            let name = directory.teams.get(id).map_or("a team", |team| &team.name);
            match people(directory, target, false)[..] {
                [] => format!("the team `{name}` has no members"),
                _ => format!("no member of the team `{name}` has a contact method"),
            }
        }
        Target::ManagerOf(id) => {
            let team = directory.teams.get(id);
            let name = team.map_or("a team", |team| &team.name);
            match team.and_then(|team| team.manager) {
                None => format!("the team `{name}` has no manager"),
                Some(id) => {
                    format!("`{}`, the manager of `{name}`, has no contact method", user(id))
                }
            }
        }
    }
}

/// Says when a schedule has nobody on call.
fn gaps(schedule: &Schedule, now: Timestamp) -> Option<String> {
    let name = &schedule.name;
    if !schedule.layers.iter().any(|layer| layer.rotation.everybody().next().is_some()) {
        return Some(format!(
            "the schedule `{name}` has nobody on call, except where somebody overrides it"
        ));
    }
    let until = now.saturating_add(GAPS_AHEAD).ok()?;
    let mut gaps: Vec<(Timestamp, Timestamp)> = Vec::new();
    let mut covered_until = now;
    for shift in shifts(schedule, now, until) {
        if shift.from > covered_until {
            gaps.push((covered_until, shift.from));
        }
        covered_until = covered_until.max(shift.to);
    }
    if covered_until < until {
        gaps.push((covered_until, until));
    }
    let (from, to) = *gaps.first()?;
    let local =
        |at: Timestamp| at.to_zoned(schedule.timezone.clone()).strftime("%a %Y-%m-%d %H:%M");
    let more = match gaps.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more times within four weeks"),
    };
    Some(format!(
        "the schedule `{name}` has nobody on call from {} to {}{more}; pages go on to the next step then",
        local(from),
        local(to)
    ))
}
