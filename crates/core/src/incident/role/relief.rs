//! Whom to ask next when whoever was asked to come as something does not (`R4`): the others of the
//! same rotation in the order of their turns, then the manager of the service's team. Asking goes on
//! until somebody comes or nobody is left.

use jiff::{SignedDuration, Timestamp};

use super::{Role, rotation_for};
use crate::id::{ServiceId, UserId};
use crate::incident::severity::Urgency;
use crate::oncall::escalation::Target;
use crate::oncall::facts::Turns;
use crate::oncall::reach;
use crate::oncall::schedule::{Schedule, shifts};
use crate::org::directory::Directory;

/// How far ahead turns are looked up to say who has the next.
const AHEAD: SignedDuration = SignedDuration::from_hours(60 * 24);

/// The asking for one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relief {
    /// The role's name.
    pub role: String,
    /// Everybody who was asked, in that order.
    pub asked: Vec<UserId>,
    /// When somebody else is asked; none once nobody is left.
    pub next_at: Option<Timestamp>,
}

/// Who is asked after all of `asked`; nobody when none is left.
pub fn next(
    directory: &Directory,
    role: &Role,
    service: ServiceId,
    urgency: Urgency,
    asked: &[UserId],
    at: Timestamp,
) -> Option<UserId> {
    let turns = schedules(directory, role, service)
        .into_iter()
        .flat_map(|schedule| turns(schedule, at).into_iter())
        .collect::<Vec<_>>();
    let team = directory.services.get(service).and_then(|service| service.team);
    let manager = team.map(Target::ManagerOf);
    let managers = reach::reach(directory, manager.as_slice(), urgency, &Turns::default(), at);
    turns.into_iter().chain(managers).find(|user| !asked.contains(user))
}

/// The schedules that a role's rotation stands for.
fn schedules<'a>(directory: &'a Directory, role: &Role, service: ServiceId) -> Vec<&'a Schedule> {
    match rotation_for(directory, role, service) {
        Some(Target::Schedule(id) | Target::Rotation { schedule: id, .. }) => {
            directory.schedules.get(id).into_iter().collect()
        }
        Some(Target::Role { role, team }) => {
            let mut schedules: Vec<_> = directory.schedules.iter().collect();
            schedules.retain(|it| {
                it.role.as_ref() == Some(&role) && (team.is_none() || it.team == team)
            });
            schedules
        }
        _ => Vec::new(),
    }
}

/// Everybody who has a turn from now on, the sooner first, without those who are away now.
fn turns(schedule: &Schedule, at: Timestamp) -> Vec<UserId> {
    let to = at.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    let mut people = Vec::new();
    for shift in shifts(schedule, at, to) {
        if !people.contains(&shift.user) && !schedule.absences.is_away(shift.user, at) {
            people.push(shift.user);
        }
    }
    people
}
