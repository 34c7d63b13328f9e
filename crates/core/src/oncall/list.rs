//! Notification lists (`E1`): who hears of trouble without being asked to do anything. Anybody may
//! subscribe and leave; the core, such as the head of the product and customer service, cannot leave.
//! A list may hear of its neighbours too (`E2`): of what its services depend on, and of what depends
//! on them. A restricted one (`E5`) is nobody's to join or to see; somebody decides to tell it.

use std::collections::{HashMap, VecDeque};

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
    /// Whether it hears of what its services depend on.
    pub upstream: bool,
    /// Whether it hears of what depends on its services.
    pub downstream: bool,
    /// Who may tell it, if not everybody may.
    pub restricted: Option<Restricted>,
    /// What it is told, as a template; the usual words where there is none.
    pub wording: Option<String>,
}

/// A list that is told by a decision (`E5`): PR, legal, senior management.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restricted {
    /// Who may tell it besides whoever leads the incident and whoever is in its core.
    pub senders: Vec<UserId>,
    /// Whether it hears by itself all the same.
    pub is_automatic: bool,
}

/// How a list comes to hear of trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// It covers the service.
    Own,
    /// One of its services depends on the one in trouble: from the former to the latter.
    Upstream(Vec<ServiceId>),
    /// The service in trouble depends on one of its own: from the former to the latter.
    Downstream(Vec<ServiceId>),
}

/// Somebody who hears of trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hearer {
    /// Who.
    pub user: UserId,
    /// By which list.
    pub list: NotificationListId,
    /// Why that one.
    pub route: Route,
}

/// The most steps between a service and a neighbour that is heard of.
pub const STEPS_MAX: usize = 5;

impl NotificationList {
    /// Whether the list covers a service.
    pub fn covers(&self, service: ServiceId) -> bool {
        self.services.is_empty() || self.services.contains(&service)
    }

    /// Whether somebody hears what the list says.
    pub fn reaches(&self, user: UserId) -> bool {
        self.core.contains(&user) || self.subscribers.contains(&user)
    }

    /// Whether it hears by itself: a restricted one does only where it is configured to.
    pub fn hears_by_itself(&self) -> bool {
        self.restricted.as_ref().is_none_or(|restricted| restricted.is_automatic)
    }

    /// Whether somebody who does not lead may tell it, and see who is on it.
    pub fn trusts(&self, user: UserId) -> bool {
        let trusts = |of: &Restricted| of.senders.contains(&user) || self.core.contains(&user);
        self.restricted.as_ref().is_none_or(trusts)
    }

    /// How it comes to hear of trouble of a service; `None` if it does not.
    pub fn route(&self, directory: &Directory, service: ServiceId) -> Option<Route> {
        if self.covers(service) {
            return Some(Route::Own);
        }
        let is_own = |id: ServiceId| self.services.contains(&id);
        let is_trouble = |id: ServiceId| id == service;
        let upstream = || {
            let path = path(directory, &self.services, is_trouble)?;
            Some(Route::Upstream(path))
        };
        let downstream = || {
            let path = path(directory, &[service], is_own)?;
            Some(Route::Downstream(path))
        };
        let found = self.upstream.then(upstream).flatten();
        found.or_else(|| self.downstream.then(downstream).flatten())
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
    let covering = |list: &&NotificationList| list.covers(service) && list.hears_by_itself();
    for list in directory.lists.iter().filter(covering) {
        for user in list.people() {
            if Some(user) != besides && !hearers.contains(&user) {
                hearers.push(user);
            }
        }
    }
    hearers
}

/// As [`hearers`], and whoever hears of it as of a neighbour, each once: by the list that covers the
/// service where one does.
pub fn told(directory: &Directory, service: ServiceId, besides: Option<UserId>) -> Vec<Hearer> {
    let lists = directory.lists.iter().filter(|list| list.hears_by_itself());
    let mut routes: Vec<_> =
        lists.filter_map(|list| Some((list, list.route(directory, service)?))).collect();
    routes.sort_by_key(|(_, route)| *route != Route::Own);
    let mut told: Vec<Hearer> = Vec::new();
    for (list, route) in routes {
        for user in list.people() {
            if Some(user) != besides && !told.iter().any(|one| one.user == user) {
                told.push(Hearer { user, list: list.id, route: route.clone() });
            }
        }
    }
    told
}

/// The shortest way from one of some services along what each depends on, both ends included.
fn path(
    directory: &Directory,
    from: &[ServiceId],
    is_there: impl Fn(ServiceId) -> bool,
) -> Option<Vec<ServiceId>> {
    let mut came_from: HashMap<ServiceId, Option<ServiceId>> =
        from.iter().map(|id| (*id, None)).collect();
    let mut next: VecDeque<(ServiceId, usize)> = from.iter().map(|id| (*id, 0)).collect();
    while let Some((id, steps)) = next.pop_front() {
        if is_there(id) {
            let mut path = vec![id];
            let mut at = id;
            while let Some(Some(before)) = came_from.get(&at) {
                path.push(*before);
                at = *before;
            }
            path.reverse();
            return Some(path);
        }
        let needs = directory.services.get(id).map_or(&[][..], |service| &service.depends_on);
        for need in needs.iter().filter(|_| steps < STEPS_MAX) {
            if !came_from.contains_key(need) {
                came_from.insert(*need, Some(id));
                next.push_back((*need, steps + 1));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PolicyId;
    use crate::org::directory::Table;
    use crate::org::service::Service;
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
            upstream: false,
            downstream: false,
            restricted: None,
            wording: None,
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

    fn needs(number: u128, needs: &[ServiceId]) -> Service {
        let id = ServiceId(Uuid::from_u128(number));
        let service = Service::new(id, format!("service {number}"), PolicyId(Uuid::from_u128(9)));
        Service { depends_on: needs.to_vec(), ..service }
    }

    #[test]
    fn a_list_hears_of_neighbours_by_the_shortest_way_and_of_circles_once() {
        let (ledger, disk) = (ServiceId(Uuid::from_u128(3)), ServiceId(Uuid::from_u128(4)));
        let services = vec![
            needs(1, &[ledger]),
            needs(2, &[]),
            needs(3, &[disk]),
            needs(4, &[CHECKOUT, ledger]),
        ];
        let up = NotificationList { upstream: true, ..list(1, &[CHECKOUT], &[ANA], &[]) };
        let down = NotificationList { downstream: true, ..list(2, &[disk], &[BO, ANA], &[]) };
        let directory = Directory {
            services: Table::new(services),
            lists: Table::new(vec![up.clone(), down.clone()]),
            ..Directory::default()
        };
        assert_eq!(up.route(&directory, disk), Some(Route::Upstream(vec![CHECKOUT, ledger, disk])));
        assert_eq!(up.route(&directory, SEARCH), None);
        let of_checkout = Route::Downstream(vec![CHECKOUT, ledger, disk]);
        assert_eq!(down.route(&directory, CHECKOUT), Some(of_checkout.clone()));
        let hears = told(&directory, CHECKOUT, None);
        let words: Vec<_> = hears.iter().map(|one| (one.user, one.route.clone())).collect();
        assert_eq!(words, [(ANA, Route::Own), (BO, of_checkout)], "the covering list first");
        assert_eq!(hearers(&directory, CHECKOUT, None), [ANA], "an audience is not its neighbours");
    }

    #[test]
    fn a_restricted_list_hears_nothing_by_itself_and_trusts_whom_it_names() {
        let restricted = Restricted { senders: vec![BO], is_automatic: false };
        let mut pr = NotificationList { restricted: Some(restricted), ..list(1, &[], &[ANA], &[]) };
        let directory = |pr: &NotificationList| Directory {
            lists: Table::new(vec![pr.clone()]),
            ..Directory::default()
        };
        assert_eq!(told(&directory(&pr), CHECKOUT, None), []);
        assert_eq!(hearers(&directory(&pr), CHECKOUT, None), []);
        assert!(pr.trusts(ANA) && pr.trusts(BO) && !pr.trusts(CLEO));
        pr.restricted = Some(Restricted { senders: vec![], is_automatic: true });
        assert_eq!(hearers(&directory(&pr), CHECKOUT, None), [ANA]);
    }
}
