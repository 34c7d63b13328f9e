//! What stands around a service: upstream what it cannot work without, downstream what cannot work
//! without it, each with how many steps away it is. Read from the configuration, so a service that
//! nobody connected stands alone.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::id::ServiceId;
use crate::org::directory::Directory;

/// The most steps that are looked at.
pub const STEPS_MAX: usize = 5;

/// On which side of a service another one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The service cannot work without it.
    Upstream,
    /// It cannot work without the service.
    Downstream,
}

names!(Side {
    Upstream = "upstream",
    Downstream = "downstream",
});

/// Another service around one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Which.
    pub service: ServiceId,
    /// On which side.
    pub side: Side,
    /// How far away; 1 is next to it.
    pub steps: usize,
    /// The service one step nearer by which it was found; the one in the middle for a direct one.
    pub via: ServiceId,
}

/// The services around one, the nearest first and those of one distance by name. One that stands on
/// both sides is told of once, where it is nearer; upstream where it is as near on both.
pub fn around(directory: &Directory, middle: ServiceId, steps_max: usize) -> Vec<Neighbour> {
    let needs: HashMap<_, _> =
        directory.services.iter().map(|one| (one.id, one.depends_on.as_slice())).collect();
    let needed_by = needed_by(directory);
    let upstream = walk(middle, Side::Upstream, steps_max, |id| needs.get(&id).copied());
    let downstream =
        walk(middle, Side::Downstream, steps_max, |id| needed_by.get(&id).map(Vec::as_slice));
    let mut found: BTreeMap<ServiceId, Neighbour> = BTreeMap::new();
    for one in upstream.into_iter().chain(downstream) {
        let known = found.entry(one.service).or_insert(one);
        if one.steps < known.steps {
            *known = one;
        }
    }
    // What the configuration no longer knows has no name to show.
    let named =
        found.into_values().filter_map(|one| Some((directory.services.get(one.service)?, one)));
    let mut named: Vec<_> = named.collect();
    named.sort_by(|(a, one), (b, other)| (one.steps, &a.name).cmp(&(other.steps, &b.name)));
    named.into_iter().map(|(_, one)| one).collect()
}

/// Everything that cannot work without a service, up to [`STEPS_MAX`] steps away, the nearest first.
pub fn downstream(directory: &Directory, of: ServiceId) -> Vec<Neighbour> {
    let needed_by = needed_by(directory);
    walk(of, Side::Downstream, STEPS_MAX, |id| needed_by.get(&id).map(Vec::as_slice))
}

/// How many services cannot work without each of these, up to [`STEPS_MAX`] steps away.
pub fn needed_by_count(directory: &Directory, of: &[ServiceId]) -> HashMap<ServiceId, usize> {
    let needed_by = needed_by(directory);
    let count = |service: ServiceId| {
        let next = |id| needed_by.get(&id).map(Vec::as_slice);
        walk(service, Side::Downstream, STEPS_MAX, next).len()
    };
    of.iter().map(|service| (*service, count(*service))).collect()
}

/// Which services say that they cannot work without each.
fn needed_by(directory: &Directory) -> HashMap<ServiceId, Vec<ServiceId>> {
    let mut needed_by: HashMap<ServiceId, Vec<ServiceId>> = HashMap::new();
    for service in directory.services.iter() {
        for need in &service.depends_on {
            needed_by.entry(*need).or_default().push(service.id);
        }
    }
    needed_by
}

/// Everything that is reached from the middle, breadth first.
fn walk<'a>(
    middle: ServiceId,
    side: Side,
    steps_max: usize,
    next: impl Fn(ServiceId) -> Option<&'a [ServiceId]>,
) -> Vec<Neighbour> {
    let mut known: HashMap<ServiceId, usize> = HashMap::from([(middle, 0)]);
    let mut open = VecDeque::from([middle]);
    let mut found = Vec::new();
    while let Some(via) = open.pop_front() {
        let steps = known.get(&via).map_or(0, |steps| steps + 1);
        if steps > steps_max.min(STEPS_MAX) {
            break;
        }
        for service in next(via).unwrap_or_default() {
            if known.contains_key(service) {
                continue;
            }
            known.insert(*service, steps);
            open.push_back(*service);
            found.push(Neighbour { service: *service, side, steps, via });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PolicyId;
    use crate::org::directory::Table;
    use crate::org::service::Service;
    use uuid::Uuid;

    fn id(number: u128) -> ServiceId {
        ServiceId(Uuid::from_u128(number))
    }

    /// Services by number, with what each depends on.
    fn directory(services: &[(u128, &str, &[u128])]) -> Directory {
        let services = services.iter().map(|(number, name, needs)| Service {
            depends_on: needs.iter().map(|need| id(*need)).collect(),
            ..Service::new(id(*number), *name, PolicyId(Uuid::nil()))
        });
        Directory { services: Table::new(services.collect()), ..Directory::default() }
    }

    fn told(directory: &Directory, middle: u128, steps: usize) -> Vec<(u128, Side, usize, u128)> {
        let found = around(directory, id(middle), steps);
        let numbers = found
            .into_iter()
            .map(|one| (one.service.0.as_u128(), one.side, one.steps, one.via.0.as_u128()));
        numbers.collect()
    }

    #[test]
    fn each_service_around_is_told_with_its_side_and_distance() {
        // web -> checkout -> ledger -> disks, and mail -> checkout.
        let shop = directory(&[
            (1, "web", &[2]),
            (2, "checkout", &[3]),
            (3, "ledger", &[4]),
            (4, "disks", &[]),
            (5, "mail", &[2]),
            (6, "alone", &[]),
        ]);
        use Side::{Downstream, Upstream};
        assert_eq!(
            told(&shop, 2, STEPS_MAX),
            [
                (3, Upstream, 1, 2),
                (5, Downstream, 1, 2),
                (1, Downstream, 1, 2),
                (4, Upstream, 2, 3)
            ]
        );
        assert_eq!(told(&shop, 4, 2), [(3, Downstream, 1, 4), (2, Downstream, 2, 3)]);
        assert_eq!(told(&shop, 6, STEPS_MAX), []);
    }

    #[test]
    fn a_circle_ends_and_whoever_is_on_both_sides_is_told_once() {
        let circle = directory(&[(1, "a", &[2]), (2, "b", &[3]), (3, "c", &[1])]);
        assert_eq!(
            told(&circle, 1, STEPS_MAX),
            [(2, Side::Upstream, 1, 1), (3, Side::Downstream, 1, 1)]
        );
    }

    #[test]
    fn it_looks_no_further_than_asked_for() {
        let names: Vec<String> = (1..=9).map(|number| format!("s{number}")).collect();
        let needs: Vec<[u128; 1]> = (2..=10).map(|number| [number]).collect();
        let chain: Vec<_> = (1..=9)
            .map(|number: u128| {
                let place = usize::try_from(number).unwrap() - 1;
                (number, names[place].as_str(), needs[place].as_slice())
            })
            .collect();
        let chain = directory(&chain);
        assert_eq!(told(&chain, 1, 2).len(), 2);
        assert_eq!(told(&chain, 1, 100).len(), STEPS_MAX);
    }
}
