//! What is written down of everybody who works on an incident, beside when they came: for which team
//! (`J1`), how their own services are (`J2`) and when they were let go (`J3`). This file knows neither
//! the lifecycle nor people's names; when somebody was paged and came is the engage clock's.

use jiff::Timestamp;

use crate::id::{ServiceId, TeamId, UserId};
use crate::org::directory::Directory;

/// The most health checks of one stay.
pub const CHECKS_MAX: usize = 200;
/// The longest note of a health check and the longest reason of a waiver, in characters.
pub const NOTE_CHARS_MAX: usize = 500;
/// The most services whose health one person is asked for.
pub const ASKED_MAX: usize = 20;

/// How a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Health {
    /// It does what it should.
    Healthy,
    /// It does so slowly or in part.
    Degraded,
    /// It does not.
    Unhealthy,
    /// Nobody can tell.
    Unknown,
}

names!(Health {
    Healthy = "healthy",
    Degraded = "degraded",
    Unhealthy = "unhealthy",
    Unknown = "unknown",
});

/// What somebody found when they looked at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub service: ServiceId,
    /// How it is.
    pub health: Health,
    /// What else they saw.
    pub note: Option<String>,
    /// When they said so.
    pub at: Timestamp,
}

/// That somebody was let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why no health check was needed, if there was none.
    pub waived: Option<String>,
}

/// One stay of a person, from check-in to release.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stay {
    /// For which team they are there.
    pub team: Option<TeamId>,
    /// What they found, in order; the last word on a service counts.
    pub checks: Vec<Check>,
    /// When they were let go.
    pub release: Option<Release>,
}

impl Stay {
    /// The last word on each service, in the order in which they were first looked at.
    pub fn latest(&self) -> Vec<&Check> {
        let mut latest: Vec<&Check> = Vec::new();
        for check in &self.checks {
            match latest.iter_mut().find(|known| known.service == check.service) {
                Some(known) => *known = check,
                None => latest.push(check),
            }
        }
        latest
    }
}

/// For which team somebody is there unless they say: the service's own if they are in it, else the
/// only one that they are in.
pub fn usual_team(directory: &Directory, service: ServiceId, user: UserId) -> Option<TeamId> {
    let teams = teams_of(directory, user);
    let own = directory.services.get(service).and_then(|service| service.team);
    own.filter(|team| teams.contains(team)).or(match teams[..] {
        [only] => Some(only),
        _ => None,
    })
}

/// The teams that somebody is in, in the order of the configuration.
pub fn teams_of(directory: &Directory, user: UserId) -> Vec<TeamId> {
    let teams = directory.teams.iter().filter(|team| team.members.contains(&user));
    teams.map(|team| team.id).collect()
}

/// Whose health somebody is asked for: their team's services, the incident's own first; where they
/// have none, the incident's own.
pub fn asked(directory: &Directory, service: ServiceId, team: Option<TeamId>) -> Vec<ServiceId> {
    let theirs = directory.services.iter().filter(|one| team.is_some() && one.team == team);
    let mut asked: Vec<_> = theirs.map(|one| one.id).collect();
    asked.sort_by_key(|one| *one != service);
    asked.truncate(ASKED_MAX);
    if asked.is_empty() {
        asked.push(service);
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_last_word_on_a_service_counts() {
        let (shop, ledger) = (ServiceId(Uuid::from_u128(1)), ServiceId(Uuid::from_u128(2)));
        let check =
            |service, health| Check { service, health, note: None, at: Timestamp::UNIX_EPOCH };
        let stay = Stay {
            checks: vec![
                check(shop, Health::Unknown),
                check(ledger, Health::Healthy),
                check(shop, Health::Degraded),
            ],
            ..Stay::default()
        };
        let latest: Vec<_> = stay.latest().iter().map(|one| (one.service, one.health)).collect();
        assert_eq!(latest, [(shop, Health::Degraded), (ledger, Health::Healthy)]);
    }
}
