//! Asking for help (`O7`): who is meant by a person, a team, an expert, a manager. Asking is one
//! word, costs nobody anything and blames nobody, so every kind of help has somebody it means when
//! nobody is named.

use jiff::Timestamp;

use crate::id::UserId;
use crate::incident::lifecycle::{self, Incident};
use crate::incident::severity::Urgency;
use crate::oncall::alias::{self, Alias, Line};
use crate::oncall::facts::Turns;
use crate::oncall::reach;
use crate::oncall::schedule::on_call_at;
use crate::org::directory::Directory;
use crate::org::service::Service;
use crate::org::team::Team;

/// What kind of help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Want {
    /// One more person: the one named, or whoever is next in line for the service.
    Person,
    /// A team: the one named, or the service's own; its people on call, or everybody of a team that
    /// has no schedule.
    Team,
    /// Somebody who knows a service: the one named, or those that this one depends on.
    Expert,
    /// The manager of the team, or whoever they report to where the manager asks.
    Manager,
}

names!(Want { Person = "person", Team = "team", Expert = "expert", Manager = "manager" });

impl Want {
    /// In the sentence that everybody reads.
    pub fn words(self) -> &'static str {
        match self {
            Self::Person => "another pair of hands",
            Self::Team => "the help of a team",
            Self::Expert => "somebody who knows this well",
            Self::Manager => "a manager's help",
        }
    }
}

/// Why nobody can be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoHelp {
    /// The name is of nobody and nothing of the kind.
    #[error("there is no {kind} `{name}`")]
    Unknown {
        /// What was looked for.
        kind: &'static str,
        /// The name that was given.
        name: String,
    },
    /// There is nobody besides whoever asks.
    #[error("nobody else can be reached; name somebody")]
    Nobody,
}

/// Whom a call for help asks at `at`; never empty, and never whoever asks.
///
/// # Errors
/// See [`NoHelp`].
pub fn resolve(
    directory: &Directory,
    incident: &Incident,
    want: Want,
    who: Option<&str>,
    asker: Option<UserId>,
    at: Timestamp,
) -> Result<Vec<UserId>, NoHelp> {
    let candidates = match want {
        Want::Person => match who {
            Some(name) => person(directory, name, at)?,
            None => next_in_line(directory, incident, asker, at),
        },
        Want::Team => of_team(directory, team(directory, incident, who)?, at),
        Want::Expert => experts(directory, incident, who, at)?,
        Want::Manager => managers(directory, incident, who, asker)?,
    };
    let mut asked: Vec<UserId> = Vec::new();
    for user in candidates {
        let reachable =
            directory.users.get(user).is_some_and(|user| user.is_reachable(Urgency::High));
        if reachable && Some(user) != asker && !asked.contains(&user) {
            asked.push(user);
        }
    }
    if asked.is_empty() { Err(NoHelp::Nobody) } else { Ok(asked) }
}

fn unknown(kind: &'static str, name: &str) -> NoHelp {
    NoHelp::Unknown { kind, name: name.chars().take(100).collect() }
}

fn person(directory: &Directory, name: &str, at: Timestamp) -> Result<Vec<UserId>, NoHelp> {
    if let Some(user) = directory.users.named(name) {
        return Ok(vec![user.id]);
    }
    Alias::parse(name)
        .and_then(|alias| alias::resolve(directory, &alias, at))
        .ok_or_else(|| unknown("person or alias", name))
}

/// The first of the policy's people, step by step, who neither asks nor has checked in.
fn next_in_line(
    directory: &Directory,
    incident: &Incident,
    asker: Option<UserId>,
    at: Timestamp,
) -> Vec<UserId> {
    let policy = directory.policies.get(incident.policy).or_else(|| directory.catch_all_policy());
    let steps = policy
        .map(|policy| reach::reach_steps(directory, policy, Urgency::High, &Turns::new(), at));
    let people = steps.into_iter().flatten().flatten().filter(|user| Some(*user) != asker);
    let (there, free): (Vec<_>, Vec<_>) =
        people.partition(|user| incident.clocks.engage.is_present(*user));
    free.into_iter().chain(there).take(1).collect()
}

fn team<'a>(
    directory: &'a Directory,
    incident: &Incident,
    who: Option<&str>,
) -> Result<&'a Team, NoHelp> {
    match who {
        Some(name) => directory.teams.named(name).ok_or_else(|| unknown("team", name)),
        None => directory
            .services
            .get(incident.service)
            .and_then(|service| service.team)
            .and_then(|team| directory.teams.get(team))
            .ok_or(NoHelp::Nobody),
    }
}

fn of_team(directory: &Directory, team: &Team, at: Timestamp) -> Vec<UserId> {
    let schedules = directory.schedules.iter().filter(|schedule| schedule.team == Some(team.id));
    let on_call: Vec<UserId> =
        schedules.flat_map(|schedule| on_call_at(schedule, at)).map(|shift| shift.user).collect();
    if on_call.is_empty() { team.members.clone() } else { on_call }
}

fn experts(
    directory: &Directory,
    incident: &Incident,
    who: Option<&str>,
    at: Timestamp,
) -> Result<Vec<UserId>, NoHelp> {
    let primary = |service: &Service| {
        let alias = Alias { service: service.name.clone(), line: Line::Primary };
        alias::resolve(directory, &alias, at).unwrap_or_default()
    };
    if let Some(name) = who {
        let service = directory.services.named(name).ok_or_else(|| unknown("service", name))?;
        return Ok(primary(service));
    }
    let service = directory.services.get(incident.service);
    let needs = service.map(|service| service.depends_on.as_slice()).unwrap_or_default();
    let depended = needs.iter().filter_map(|id| directory.services.get(*id)).flat_map(primary);
    let depended: Vec<UserId> = depended.collect();
    if depended.is_empty() { Ok(service.map(primary).unwrap_or_default()) } else { Ok(depended) }
}

fn managers(
    directory: &Directory,
    incident: &Incident,
    who: Option<&str>,
    asker: Option<UserId>,
) -> Result<Vec<UserId>, NoHelp> {
    let Some(name) = who else {
        let chain = lifecycle::management_chain(directory, incident);
        return Ok(chain.into_iter().filter(|user| Some(*user) != asker).take(1).collect());
    };
    let team = directory.teams.named(name).ok_or_else(|| unknown("team", name))?;
    Ok(team.manager.into_iter().collect())
}
