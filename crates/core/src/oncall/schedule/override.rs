//! Overrides: somebody instead of whoever the layers name. A later one takes precedence over an
//! earlier one. A schedule keeps years of them, so what counts when is worked out once, when the
//! organisation is read, and looked up afterwards.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::id::UserId;

/// Somebody instead of whoever the layers name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// Who takes the shift.
    pub user: UserId,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
    /// The one person who is replaced while they are on call, and nobody else on the shift; without
    /// it, everybody is.
    pub instead_of: Option<UserId>,
}

/// The overrides of a schedule, ready to be asked about instants.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    written: Vec<Override>,
    /// Where an override of everybody counts, and its place: disjoint, in order.
    whole: Vec<(Timestamp, Timestamp, usize)>,
    /// The places of the overrides that replace one person.
    of: HashMap<UserId, Vec<usize>>,
}

/// A time around an instant that cannot be made longer, and the place of the override that replaces
/// everybody there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub place: Option<usize>,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Overrides {
    /// Overrides in the order of their precedence. One that ends before it begins replaces nobody.
    pub fn new(written: Vec<Override>) -> Self {
        let whole = winners(&written);
        let mut of: HashMap<UserId, Vec<usize>> = HashMap::new();
        for (place, replacement) in written.iter().enumerate() {
            if let Some(user) = replacement.instead_of.filter(|_| replacement.is_some_time()) {
                of.entry(user).or_default().push(place);
            }
        }
        Self { written, whole, of }
    }

    /// All of them, as they were given.
    pub fn iter(&self) -> std::slice::Iter<'_, Override> {
        self.written.iter()
    }

    /// All of them, as they were given.
    pub fn as_slice(&self) -> &[Override] {
        &self.written
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.written.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    pub(super) fn get(&self, place: usize) -> Option<&Override> {
        self.written.get(place)
    }

    /// Who replaces everybody around an instant, if anybody does.
    pub(super) fn whole_around(&self, at: Timestamp) -> Around {
        let mut around = Around { place: None, from: Timestamp::MIN, to: Timestamp::MAX };
        let begun = self.whole.partition_point(|(from, ..)| *from <= at);
        if let Some((from, to, place)) = begun.checked_sub(1).and_then(|last| self.whole.get(last))
        {
            if at < *to {
                return Around { place: Some(*place), from: *from, to: *to };
            }
            around.from = *to;
        }
        if let Some((from, ..)) = self.whole.get(begun) {
            around.to = *from;
        }
        around
    }

    /// The overrides of one person, from a place on.
    pub(super) fn of(
        &self,
        user: UserId,
        first_place: usize,
    ) -> impl Iterator<Item = (usize, &Override)> {
        let places = self.of.get(&user).map_or(&[][..], Vec::as_slice);
        let begin = places.partition_point(|place| *place < first_place);
        places[begin..].iter().map(|place| (*place, &self.written[*place]))
    }
}

impl From<Vec<Override>> for Overrides {
    fn from(written: Vec<Override>) -> Self {
        Self::new(written)
    }
}

impl Override {
    fn is_some_time(&self) -> bool {
        self.from < self.to
    }
}

/// Where each override of everybody is the last one that counts.
fn winners(written: &[Override]) -> Vec<(Timestamp, Timestamp, usize)> {
    let mut edges: Vec<(Timestamp, bool, usize)> = Vec::new();
    for (place, replacement) in written.iter().enumerate() {
        if replacement.instead_of.is_none() && replacement.is_some_time() {
            edges.push((replacement.from, true, place));
            edges.push((replacement.to, false, place));
        }
    }
    edges.sort_unstable();
    let mut won = Vec::new();
    let mut active: BTreeSet<usize> = BTreeSet::new();
    let mut current: Option<(Timestamp, usize)> = None;
    for at_once in edges.chunk_by(|a, b| a.0 == b.0) {
        for (_, begins, place) in at_once {
            if *begins {
                active.insert(*place);
            } else {
                active.remove(place);
            }
        }
        let (now, winner) = (at_once[0].0, active.last().copied());
        if winner == current.map(|(_, place)| place) {
            continue;
        }
        if let Some((from, place)) = current {
            won.push((from, now, place));
        }
        current = winner.map(|place| (now, place));
    }
    won
}
