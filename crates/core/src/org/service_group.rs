//! Service groups (`T2`): names for services that belong together, such as everything that a customer
//! sees. A service may be in several. A group is as bad as the worst of its services.

use crate::id::ServiceId;
use crate::org::directory::Directory;

/// The most services of a group.
pub const SERVICES_MAX: usize = 500;

/// Services that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceGroup {
    /// Unique.
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// In the order of the configuration.
    pub services: Vec<ServiceId>,
}

impl ServiceGroup {
    /// Whether a service is in it.
    pub fn has(&self, service: ServiceId) -> bool {
        self.services.contains(&service)
    }

    /// The worst of what its services have, each a number of which 1 is the worst, and how many things
    /// they have together.
    pub fn worst(&self, open: impl Fn(ServiceId) -> Option<(i64, i64)>) -> (i64, Option<i64>) {
        let open: Vec<_> = self.services.iter().filter_map(|service| open(*service)).collect();
        let count = open.iter().map(|(count, _)| count).sum();
        (count, open.iter().map(|(_, worst)| *worst).min())
    }
}

/// The groups that a service is in, by name.
pub fn of(directory: &Directory, service: ServiceId) -> impl Iterator<Item = &ServiceGroup> {
    directory.service_groups.iter().filter(move |group| group.has(service))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_group_is_as_bad_as_the_worst_of_its_services() {
        let service = |number| ServiceId(Uuid::from_u128(number));
        let group = ServiceGroup {
            name: "shop".to_owned(),
            description: String::new(),
            services: vec![service(1), service(2), service(3)],
        };
        let open = |id: ServiceId| match id.0.as_u128() {
            1 => Some((2, 3)),
            3 => Some((1, 2)),
            4 => Some((5, 1)),
            _ => None,
        };
        assert_eq!(group.worst(open), (3, Some(2)));
        assert_eq!(group.worst(|_| None), (0, None));
    }
}
