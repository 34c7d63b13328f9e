//! Absences: who is on leave when. They are looked up once for everybody that an answer considers,
//! so they are kept sorted by person; what overlaps or touches is one absence.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::id::UserId;

/// Somebody on leave. Turns of theirs go to the next participant who is not, and nobody else's turn
/// moves for that (`O3`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// Who.
    pub user: UserId,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
}

/// Absences, ready to be asked about instants.
#[derive(Debug, Clone, Default)]
pub struct Absences {
    of: HashMap<UserId, Vec<(Timestamp, Timestamp)>>,
}

/// The longest time around an instant in which somebody is away all of it, or none of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub is_away: bool,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Absences {
    /// Those absences. One that ends before it begins is none.
    pub fn new(absences: impl IntoIterator<Item = Absence>) -> Self {
        let mut of: HashMap<UserId, Vec<(Timestamp, Timestamp)>> = HashMap::new();
        for Absence { user, from, to } in absences {
            if from < to {
                of.entry(user).or_default().push((from, to));
            }
        }
        for spans in of.values_mut() {
            spans.sort_unstable();
            *spans = super::restriction::merged(std::mem::take(spans));
        }
        Self { of }
    }

    /// Whether somebody is away at an instant.
    pub fn is_away(&self, user: UserId, at: Timestamp) -> bool {
        self.around(user, at).is_away
    }

    /// Every absence, in no particular order of people, but for each in order of time.
    pub fn iter(&self) -> impl Iterator<Item = Absence> + '_ {
        let spans = self.of.iter().flat_map(|(user, spans)| spans.iter().map(move |of| (user, of)));
        spans.map(|(user, (from, to))| Absence { user: *user, from: *from, to: *to })
    }

    /// What holds for somebody around an instant.
    pub(super) fn around(&self, user: UserId, at: Timestamp) -> Around {
        let mut around = Around { is_away: false, from: Timestamp::MIN, to: Timestamp::MAX };
        let Some(spans) = self.of.get(&user) else { return around };
        let begun = spans.partition_point(|(from, _)| *from <= at);
        if let Some((from, to)) = begun.checked_sub(1).and_then(|last| spans.get(last)) {
            if at < *to {
                return Around { is_away: true, from: *from, to: *to };
            }
            around.from = *to;
        }
        if let Some((from, _)) = spans.get(begun) {
            around.to = *from;
        }
        around
    }
}

impl FromIterator<Absence> for Absences {
    fn from_iter<I: IntoIterator<Item = Absence>>(absences: I) -> Self {
        Self::new(absences)
    }
}
