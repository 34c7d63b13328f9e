//! Overrides that people make while the server runs (`O3`, `O14`): what placing one does to those
//! that stand, and what taking one back leaves. Two overrides of a schedule never share an instant:
//! one that would is refused, naming whom it meets, or cuts the other where that is asked for. What
//! is over stays as it was, because it says who was on call.

use jiff::{SignedDuration, Timestamp};

use crate::id::{OverrideId, RequestId, UserId};
use crate::oncall::schedule::Override;

/// The longest override.
pub const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);
/// How far ahead an override may begin.
pub const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);
/// How many overrides that displaced each other at one instant are remembered.
pub const DEPTH_MAX: usize = 16;

/// An override that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// None for one of the configuration file, which only that file changes.
    pub id: Option<OverrideId>,
    /// Who and when.
    pub span: Override,
    /// The request that it came of.
    pub request: Option<RequestId>,
    /// What it displaced.
    pub displaced: Vec<Displaced>,
}

/// A piece of an override that another one displaced, to stand again where that one is taken back. It
/// knows what it was: the request that it came of, and what it had displaced in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Displaced {
    /// Who and when.
    pub span: Override,
    /// The request that it came of.
    pub request: Option<RequestId>,
    /// What it had displaced within its time.
    pub displaced: Vec<Displaced>,
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
    pub displaced: Vec<Displaced>,
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
        placement.displaced.push(Displaced {
            span: common(&other.span, new),
            request: other.request,
            displaced: within(&other.displaced, new, DEPTH_MAX),
        });
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
    displaced: &[Displaced],
    now: Timestamp,
) -> (Withdrawal, Vec<Displaced>) {
    if standing.to <= now {
        return (Withdrawal::Over, Vec::new());
    }
    let hole = Override {
        user: standing.user,
        from: standing.from.max(now),
        to: standing.to,
        instead_of: standing.instead_of,
    };
    let withdrawal = if standing.from >= now { Withdrawal::Removed } else { Withdrawal::EndsNow };
    (withdrawal, within(displaced, &hole, DEPTH_MAX))
}

/// What an override displaced, once a request is put back: a piece that came of it makes room for what
/// it had displaced in turn, so that it does not stand again with whatever is taken back later.
pub fn without(displaced: &[Displaced], request: RequestId) -> Vec<Displaced> {
    let mut left = Vec::new();
    for piece in displaced {
        let below = without(&piece.displaced, request);
        if piece.request == Some(request) {
            left.extend(below);
        } else {
            left.push(Displaced { displaced: below, ..piece.clone() });
        }
    }
    left
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

/// The parts of displaced pieces that lie within a time, `depth` of them upon each other.
fn within(displaced: &[Displaced], time: &Override, depth: usize) -> Vec<Displaced> {
    let Some(below) = depth.checked_sub(1) else { return Vec::new() };
    let pieces = displaced.iter().filter(|piece| meet(&piece.span, time));
    let pieces = pieces.map(|piece| {
        let span = common(&piece.span, time);
        let displaced = within(&piece.displaced, &span, below);
        Displaced { span, request: piece.request, displaced }
    });
    pieces.collect()
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
        Standing { id: Some(id(n)), span, request: None, displaced: vec![] }
    }

    fn piece(span: Override) -> Displaced {
        Displaced { span, request: None, displaced: vec![] }
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
        assert_eq!(placed.displaced, [span(1, 4, 10), span(3, 12, 13)].map(piece));
    }

    #[test]
    fn one_of_the_configuration_yields_only_when_asked() {
        let others = [Standing { id: None, ..standing(1, span(1, 4, 8)) }];
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
        let displaced = [span(1, 4, 10), span(3, 11, 12)].map(piece);
        assert_eq!(withdraw(&new, &displaced, t(2)), (Withdrawal::Removed, displaced.to_vec()));
        let back = [span(1, 6, 10), span(3, 11, 12)].map(piece).to_vec();
        assert_eq!(withdraw(&new, &displaced, t(6)), (Withdrawal::EndsNow, back));
        assert_eq!(withdraw(&new, &displaced, t(12)), (Withdrawal::Over, vec![]));
    }

    #[test]
    fn what_is_displaced_keeps_its_request_and_what_it_displaced() {
        let request = |n| Some(RequestId(Uuid::from_u128(n)));
        let first = Displaced { request: request(1), ..piece(span(1, 0, 20)) };
        let second =
            Standing { request: request(2), displaced: vec![first], ..standing(2, span(2, 0, 20)) };
        let placed = place(&[second], &span(3, 5, 15), true, t(0)).unwrap();
        let under = Displaced { request: request(1), ..piece(span(1, 5, 15)) };
        let above = Displaced {
            request: request(2),
            displaced: vec![under.clone()],
            ..piece(span(2, 5, 15))
        };
        assert_eq!(placed.displaced, std::slice::from_ref(&above));
        // Taken back in the order in which they were made, the later one first and the other way.
        let (_, back) = withdraw(&span(3, 5, 15), &placed.displaced, t(0));
        assert_eq!(back, [above]);
        let second = RequestId(Uuid::from_u128(2));
        assert_eq!(without(&placed.displaced, second), [under]);
        let first = RequestId(Uuid::from_u128(1));
        let left = without(&placed.displaced, first);
        assert_eq!((left[0].request, left[0].displaced.len()), (request(2), 0));
    }

    #[test]
    fn overrides_upon_each_other_are_remembered_to_a_limit() {
        let mut standing = standing(1, span(1, 0, 10));
        for _ in 0..2 * DEPTH_MAX {
            let new = span(2, 0, 10);
            let placed = place(&[standing.clone()], &new, true, t(0)).unwrap();
            standing = Standing { span: new, displaced: placed.displaced, ..standing };
        }
        let (mut depth, mut pieces) = (0, standing.displaced);
        while let Some(piece) = pieces.pop() {
            (depth, pieces) = (depth + 1, piece.displaced);
        }
        assert_eq!(depth, DEPTH_MAX + 1);
    }
}
