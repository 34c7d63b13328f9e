//! Engagement groups (`E1`): whom to engage for a kind of trouble. A group is kept tightly, stands
//! for a bucket of services, and is made of aliases and people. Who that is, is found out each time
//! it is used, so that it is as up to date as the schedules behind it.

use jiff::Timestamp;

use crate::id::{EngagementGroupId, ServiceId, UserId};
use crate::incident::severity::Urgency;
use crate::oncall::alias::{self, Alias};
use crate::org::directory::Directory;

/// Whom to engage for a kind of trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngagementGroup {
    /// Stays the same when the group is renamed.
    pub id: EngagementGroupId,
    /// Unique.
    pub name: String,
    /// The services that it is for; one that names none is for any.
    pub services: Vec<ServiceId>,
    /// Whom it stands for, in the order of the configuration.
    pub members: Vec<Member>,
    /// Who may change it besides administrators.
    pub keepers: Vec<UserId>,
}

/// A part of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// Whoever the alias stands for at the moment.
    Alias(Alias),
    /// This person.
    User(UserId),
}

impl EngagementGroup {
    /// Whether the group is for a service.
    pub fn is_for(&self, service: ServiceId) -> bool {
        self.services.is_empty() || self.services.contains(&service)
    }

    /// Whether a person may change the group without being an administrator.
    pub fn is_kept_by(&self, user: Option<UserId>) -> bool {
        user.is_some_and(|user| self.keepers.contains(&user))
    }
}

/// Whom a member stands for at `at`; nobody where the alias has lost its service.
pub fn people(directory: &Directory, member: &Member, at: Timestamp) -> Vec<UserId> {
    match member {
        Member::Alias(alias) => alias::resolve(directory, alias, at).unwrap_or_default(),
        Member::User(user) => vec![*user],
    }
}

/// Whom a group stands for at `at`: everybody once, and nobody who cannot be paged.
pub fn resolve(directory: &Directory, group: &EngagementGroup, at: Timestamp) -> Vec<UserId> {
    let mut found: Vec<UserId> = Vec::new();
    for user in group.members.iter().flat_map(|member| people(directory, member, at)) {
        let reachable =
            directory.users.get(user).is_some_and(|user| user.is_reachable(Urgency::High));
        if reachable && !found.contains(&user) {
            found.push(user);
        }
    }
    found
}
