//! Overrides that people make while the server runs (`O3`, `O14`): what placing one does to those
//! that stand, and what taking one back leaves. Two overrides of a schedule never share an instant:
//! one that would is refused, naming whom it meets, or cuts the other where that is asked for. What
//! is over stays as it was, because it says who was on call.

use jiff::{SignedDuration, Timestamp};

use crate::id::{OverrideId, UserId};
use crate::oncall::schedule::Override;

/// The longest override.
pub const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);
/// How far ahead an override may begin.
pub const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

/// An override that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// None for one of the configuration file, which only that file changes.
    pub id: Option<OverrideId>,
    /// Who and when.
    pub span: Override,
}

/// What placing an override does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// Overrides that end earlier now.
    pub shortened: Vec<(OverrideId, Timestamp)>,
    /// Overrides of which nothing is left.
    pub removed: Vec<OverrideId>,
    /// What is left of an override after the new one.
    pub remainders: Vec<(OverrideId, Override)>,
    /// What the new one displaced, to put back where it is taken back.
    pub displaced: Vec<(OverrideId, Override)>,
}

/// Why an override is not placed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It ends before it begins.
    #[error("the end must be after the beginning")]
    NotForward,
    /// It is longer than [`LENGTH_MAX`].
    #[error("an override lasts at most 366 days; change the rotation instead")]
    TooLong,
    /// It begins further ahead than [`AHEAD_MAX`].
    #[error("an override begins at most two years ahead")]
    TooFarAhead,
    /// It would change who was on call.
    #[error("{at} has passed; an override changes who is on call from now on")]
    Past {
        /// When it was to begin.
        at: Timestamp,
    },
    /// It meets another one.
    #[error("another override has {from} to {to}; split it, or take it back first")]
    Overlaps {
        /// Who has that time.
        user: UserId,
        /// Since when.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
        /// Whether it stands in the configuration file.
        configured: bool,
    },
}

impl Refused {
    /// The field that is wrong: `from` or `to`.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NotForward | Self::TooLong => "to",
            Self::TooFarAhead | Self::Past { .. } | Self::Overlaps { .. } => "from",
        }
    }
}

/// Decides what placing `new` among the overrides of its schedule does. With `split`, others give
/// way for its time; those of the configuration file simply yield to it.
///
/// # Errors
/// See [`Refused`]; nothing is done then.
pub fn place(
    standing: &[Standing],
    new: &Override,
    split: bool,
    now: Timestamp,
) -> Result<Placement, Refused> {
    check(new, now)?;
    let mut placement = Placement::default();
    for other in standing.iter().filter(|other| meet(&other.span, new)) {
        let Override { user, from, to, instead_of } = other.span;
        if !split {
            let configured = other.id.is_none();
            return Err(Refused::Overlaps { user, from, to, configured });
        }
        let Some(id) = other.id else { continue };
        placement.displaced.push((id, common(&other.span, new)));
        if from < new.from {
            placement.shortened.push((id, new.from));
        } else {
            placement.removed.push(id);
        }
        if to > new.to {
            placement.remainders.push((id, Override { user, from: new.to, to, instead_of }));
        }
    }
    Ok(placement)
}

/// What taking an override back leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawal {
    /// It had not begun: nothing is left.
    Removed,
    /// It had begun and ends now.
    EndsNow,
    /// It was over; what has been stays.
    Over,
}

/// Decides what taking back `standing` does now, and which of what it `displaced` comes back.
pub fn withdraw(
    standing: &Override,
    displaced: &[Override],
    now: Timestamp,
) -> (Withdrawal, Vec<Override>) {
    if standing.to <= now {
        return (Withdrawal::Over, Vec::new());
    }
    let hole = Override {
        user: standing.user,
        from: standing.from.max(now),
        to: standing.to,
        instead_of: standing.instead_of,
    };
    let back =
        displaced.iter().filter(|piece| meet(piece, &hole)).map(|piece| common(piece, &hole));
    let withdrawal = if standing.from >= now { Withdrawal::Removed } else { Withdrawal::EndsNow };
    (withdrawal, back.collect())
}

fn check(new: &Override, now: Timestamp) -> Result<(), Refused> {
    if new.to <= new.from {
        return Err(Refused::NotForward);
    }
    if new.from < now {
        return Err(Refused::Past { at: new.from });
    }
    if new.to.duration_since(new.from) > LENGTH_MAX {
        return Err(Refused::TooLong);
    }
    if new.from.duration_since(now) > AHEAD_MAX {
        return Err(Refused::TooFarAhead);
    }
    Ok(())
}

fn meet(one: &Override, other: &Override) -> bool {
    one.from < other.to && other.from < one.to && !stand_side_by_side(one, other)
}

/// Two people who replace different ones of a shift that several have.
fn stand_side_by_side(one: &Override, other: &Override) -> bool {
    match (one.instead_of, other.instead_of) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    }
}

/// The part of `of` that lies within `within`.
fn common(of: &Override, within: &Override) -> Override {
    Override {
        user: of.user,
        from: of.from.max(within.from),
        to: of.to.min(within.to),
        instead_of: of.instead_of,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn t(hour: i64) -> Timestamp {
        let start: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        start + SignedDuration::from_hours(hour)
    }

    fn span(user: u128, from: i64, to: i64) -> Override {
        Override { user: UserId(Uuid::from_u128(user)), from: t(from), to: t(to), instead_of: None }
    }

    fn id(n: u128) -> OverrideId {
        OverrideId(Uuid::from_u128(n))
    }

    fn standing(n: u128, span: Override) -> Standing {
        Standing { id: Some(id(n)), span }
    }

    #[test]
    fn an_override_that_meets_another_is_refused_and_names_it() {
        let others = [standing(1, span(1, 4, 8))];
        let refused = place(&others, &span(2, 7, 9), false, t(0)).unwrap_err();
        let Refused::Overlaps { user, from, to, configured } = refused else { panic!("{refused}") };
        assert_eq!((user, from, to, configured), (span(1, 0, 1).user, t(4), t(8), false));
        // What touches shares no instant.
        assert_eq!(place(&others, &span(2, 8, 9), false, t(0)), Ok(Placement::default()));
        assert_eq!(place(&others, &span(2, 2, 4), false, t(0)), Ok(Placement::default()));
    }

    #[test]
    fn splitting_cuts_the_other_around_the_new_one() {
        let others = [standing(1, span(1, 0, 10)), standing(2, span(3, 12, 14))];
        let placed = place(&others, &span(2, 4, 13), true, t(0)).unwrap();
        assert_eq!(placed.shortened, [(id(1), t(4))]);
        assert_eq!(placed.removed, [id(2)]);
        assert_eq!(placed.remainders, [(id(2), span(3, 13, 14))]);
        assert_eq!(placed.displaced, [(id(1), span(1, 4, 10)), (id(2), span(3, 12, 13))]);
    }

    #[test]
    fn one_of_the_configuration_yields_only_when_asked() {
        let others = [Standing { id: None, span: span(1, 4, 8) }];
        let refused = place(&others, &span(2, 5, 6), false, t(0));
        assert!(matches!(refused, Err(Refused::Overlaps { configured: true, .. })));
        assert_eq!(place(&others, &span(2, 5, 6), true, t(0)), Ok(Placement::default()));
    }

    #[test]
    fn the_past_stays_and_what_cannot_be_is_refused() {
        let refused = |new: Override| place(&[], &new, true, t(5)).unwrap_err();
        assert_eq!(refused(span(1, 4, 8)), Refused::Past { at: t(4) });
        assert_eq!(refused(span(1, 8, 8)), Refused::NotForward);
        assert_eq!(refused(span(1, 6, 6 + 367 * 24)), Refused::TooLong);
        assert_eq!(refused(span(1, 800 * 24, 801 * 24)), Refused::TooFarAhead);
    }

    #[test]
    fn taking_back_brings_back_what_was_displaced_from_now_on() {
        let new = span(2, 4, 12);
        let displaced = [span(1, 4, 10), span(3, 11, 12)];
        assert_eq!(withdraw(&new, &displaced, t(2)), (Withdrawal::Removed, displaced.to_vec()));
        let back = vec![span(1, 6, 10), span(3, 11, 12)];
        assert_eq!(withdraw(&new, &displaced, t(6)), (Withdrawal::EndsNow, back));
        assert_eq!(withdraw(&new, &displaced, t(12)), (Withdrawal::Over, vec![]));
    }
}
