//! Notification lists (`E1`): who hears of trouble without being asked to do anything. Anybody may
//! subscribe and leave; the core, such as the head of the product and customer service, cannot leave.

use crate::id::{NotificationListId, ServiceId, UserId};
use crate::org::directory::Directory;

/// Who hears of the incidents of some services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationList {
    /// Stays the same when the list is renamed.
    pub id: NotificationListId,
    /// Unique.
    pub name: String,
    /// What it covers; a list that names nothing covers everything.
    pub services: Vec<ServiceId>,
    /// Who is on it and cannot leave.
    pub core: Vec<UserId>,
    /// Who subscribed, in that order.
    pub subscribers: Vec<UserId>,
}

impl NotificationList {
    /// Whether the list covers a service.
    pub fn covers(&self, service: ServiceId) -> bool {
        self.services.is_empty() || self.services.contains(&service)
    }

    /// Whether somebody hears what the list says.
    pub fn reaches(&self, user: UserId) -> bool {
        self.core.contains(&user) || self.subscribers.contains(&user)
    }

    /// Everybody on the list, the core first, each once.
    pub fn people(&self) -> impl Iterator<Item = UserId> {
        let others = self.subscribers.iter().filter(|user| !self.core.contains(user));
        self.core.iter().chain(others).copied()
    }
}

/// Who hears of the incidents of a service: everybody once, on however many lists they are, but for
/// whoever did what is told.
pub fn hearers(directory: &Directory, service: ServiceId, besides: Option<UserId>) -> Vec<UserId> {
    let mut hearers: Vec<UserId> = Vec::new();
    for list in directory.lists.iter().filter(|list| list.covers(service)) {
        for user in list.people() {
            if Some(user) != besides && !hearers.contains(&user) {
                hearers.push(user);
            }
        }
    }
    hearers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::directory::Table;
    use uuid::Uuid;

    const CHECKOUT: ServiceId = ServiceId(Uuid::from_u128(1));
    const SEARCH: ServiceId = ServiceId(Uuid::from_u128(2));
    const ANA: UserId = UserId(Uuid::from_u128(11));
    const BO: UserId = UserId(Uuid::from_u128(12));
    const CLEO: UserId = UserId(Uuid::from_u128(13));

    fn list(
        number: u128,
        services: &[ServiceId],
        core: &[UserId],
        others: &[UserId],
    ) -> NotificationList {
        NotificationList {
            id: NotificationListId(Uuid::from_u128(number)),
            name: format!("list {number}"),
            services: services.to_vec(),
            core: core.to_vec(),
            subscribers: others.to_vec(),
        }
    }

    #[test]
    fn who_is_on_several_lists_hears_once_and_who_acted_does_not() {
        let lists = vec![
            list(1, &[CHECKOUT], &[BO], &[ANA, BO]),
            list(2, &[], &[CLEO, BO], &[]),
            list(3, &[SEARCH], &[ANA], &[]),
        ];
        let directory = Directory { lists: Table::new(lists), ..Directory::default() };
        assert_eq!(hearers(&directory, CHECKOUT, None), [BO, ANA, CLEO]);
        assert_eq!(hearers(&directory, CHECKOUT, Some(BO)), [ANA, CLEO]);
        assert_eq!(hearers(&directory, SEARCH, None), [CLEO, BO, ANA]);
    }
}
