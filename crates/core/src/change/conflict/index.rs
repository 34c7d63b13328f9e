//! What stands in the calendar, found by service, by technician and by time: of ten thousand changes
//! only those are looked at that can touch the one in question.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::id::{ServiceId, UserId};
use crate::oncall::cover::Span;

/// A change that stands in the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// When it is done.
    pub span: Span,
    /// When the way back would be over that is begun at its end.
    pub back_by: Timestamp,
    /// What it changes.
    pub services: Vec<ServiceId>,
    /// Who does it.
    pub technician: Option<UserId>,
    /// The most important tier that it touches.
    pub tier: u8,
}

impl Booked {
    /// The time that it takes at most, the way back included.
    pub(super) fn at_most(&self) -> Span {
        Span { from: self.span.from, to: self.back_by.max(self.span.to) }
    }
}

/// Changes of one kind in order of their beginning, with how far any of them reaches up to there.
#[derive(Debug, Clone, Default)]
struct Lane {
    places: Vec<usize>,
    reach: Vec<Timestamp>,
}

impl Lane {
    /// The places of those that share an instant with a time.
    fn meeting<'a>(&'a self, all: &'a [Booked], span: Span) -> impl Iterator<Item = usize> + 'a {
        let begun = self.places.partition_point(|place| all[*place].span.from < span.to);
        let reaching = move |at: &usize| self.reach[*at] > span.from;
        (0..begun)
            .rev()
            .take_while(reaching)
            .map(|at| self.places[at])
            .filter(move |place| all[*place].at_most().meets(span))
    }
}

/// The calendar.
#[derive(Debug, Clone, Default)]
pub struct Index {
    all: Vec<Booked>,
    of_service: HashMap<ServiceId, Lane>,
    of_technician: HashMap<UserId, Lane>,
    of_tier_1: Lane,
}

impl Index {
    /// An index of changes; one that ends before it begins is none.
    pub fn new(mut all: Vec<Booked>) -> Self {
        all.retain(|one| one.span.from < one.span.to);
        all.sort_by_key(|one| (one.span.from, one.number));
        let mut index = Self::default();
        for (place, one) in all.iter().enumerate() {
            let add = |lane: &mut Lane| {
                let last = lane.reach.last().copied().unwrap_or(Timestamp::MIN);
                lane.places.push(place);
                lane.reach.push(last.max(one.at_most().to));
            };
            let mut services = one.services.clone();
            services.sort_unstable();
            services.dedup();
            for service in services {
                add(index.of_service.entry(service).or_default());
            }
            if let Some(technician) = one.technician {
                add(index.of_technician.entry(technician).or_default());
            }
            if one.tier == 1 {
                add(&mut index.of_tier_1);
            }
        }
        index.all = all;
        index
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Those of a service that share an instant with a time, ways back included.
    pub fn of_service(&self, service: ServiceId, span: Span) -> impl Iterator<Item = &Booked> {
        self.of_service
            .get(&service)
            .into_iter()
            .flat_map(move |lane| lane.meeting(&self.all, span))
            .map(|place| &self.all[place])
    }

    /// Those that somebody does within a time, ways back included.
    pub fn of_technician(&self, user: UserId, span: Span) -> impl Iterator<Item = &Booked> {
        self.of_technician
            .get(&user)
            .into_iter()
            .flat_map(move |lane| lane.meeting(&self.all, span))
            .map(|place| &self.all[place])
    }

    /// Those of services of tier 1 within a time, ways back included.
    pub fn of_tier_1(&self, span: Span) -> impl Iterator<Item = &Booked> {
        self.of_tier_1.meeting(&self.all, span).map(|place| &self.all[place])
    }
}
