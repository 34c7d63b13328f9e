//! Concurrent incidents (`L8`): what else was open while an incident lasted, and how near it is. Two
//! incidents at one time have often one cause, the more so where one service cannot work without the
//! other.

use crate::id::ServiceId;
use crate::org::dependency::{Neighbour, STEPS_MAX, Side, around};
use crate::org::directory::Directory;

/// How near another incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nearness {
    /// It is about the same service.
    Same,
    /// It is about something that the service cannot work without.
    Upstream,
    /// It is about something that cannot work without the service.
    Downstream,
    /// Nothing is known to connect the two.
    Elsewhere,
}

names!(Nearness {
    Same = "same",
    Upstream = "upstream",
    Downstream = "downstream",
    Elsewhere = "elsewhere",
});

/// Others with how near each is and how many steps away where that is known, the nearest first;
/// those that are as near stay in the order in which they are given.
pub fn by_nearness<T>(
    directory: &Directory,
    service: ServiceId,
    others: Vec<T>,
    service_of: impl Fn(&T) -> ServiceId,
) -> Vec<(T, Nearness, Option<usize>)> {
    let neighbours = around(directory, service, STEPS_MAX);
    let mut placed: Vec<_> = others
        .into_iter()
        .map(|other| {
            let (nearness, steps) = place(&neighbours, service, service_of(&other));
            (other, nearness, steps)
        })
        .collect();
    placed.sort_by_key(|(_, _, steps)| steps.unwrap_or(usize::MAX));
    placed
}

fn place(
    neighbours: &[Neighbour],
    service: ServiceId,
    other: ServiceId,
) -> (Nearness, Option<usize>) {
    if other == service {
        return (Nearness::Same, Some(0));
    }
    match neighbours.iter().find(|one| one.service == other) {
        Some(Neighbour { side: Side::Upstream, steps, .. }) => (Nearness::Upstream, Some(*steps)),
        Some(Neighbour { steps, .. }) => (Nearness::Downstream, Some(*steps)),
        None => (Nearness::Elsewhere, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PolicyId;
    use crate::org::directory::Table;
    use crate::org::service::Service;
    use uuid::Uuid;

    #[test]
    fn the_nearest_come_first_and_the_rest_stay_in_order() {
        let [web, checkout, ledger, search] =
            [1, 2, 3, 4].map(|number| ServiceId(Uuid::from_u128(number)));
        let service = |id, name: &str, depends_on| Service {
            depends_on,
            ..Service::new(id, name, PolicyId(Uuid::nil()))
        };
        let services = vec![
            service(web, "web", vec![checkout]),
            service(checkout, "checkout", vec![ledger]),
            service(ledger, "ledger", vec![]),
            service(search, "search", vec![]),
        ];
        let directory = Directory { services: Table::new(services), ..Directory::default() };
        let others = vec![(9, search), (8, web), (7, ledger), (6, search), (5, checkout)];
        let placed = by_nearness(&directory, checkout, others, |(_, service)| *service);
        let told: Vec<_> =
            placed.into_iter().map(|((n, _), near, steps)| (n, near, steps)).collect();
        assert_eq!(
            told,
            [
                (5, Nearness::Same, Some(0)),
                (8, Nearness::Downstream, Some(1)),
                (7, Nearness::Upstream, Some(1)),
                (9, Nearness::Elsewhere, None),
                (6, Nearness::Elsewhere, None),
            ]
        );
    }
}
