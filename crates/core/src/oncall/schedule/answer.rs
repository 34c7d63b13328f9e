//! Who is on call: lanes, overrides and reverse shadows put together. An answer is worked out from
//! the highest precedence down, and what was passed on the way bounds it, because somebody of a
//! higher precedence begins or ended there.

use std::cell::OnceCell;

use jiff::Timestamp;

use super::lane::{Held, Lane};
use super::{OVERRIDE_LAYER, STRETCHES_MAX, Schedule, Shift};
use crate::id::UserId;

/// The most stretches that [`next_on_call`] looks ahead.
const STRETCHES_AHEAD_MAX: usize = 100;

/// Who is on call at an instant, from the lowest precedence to the highest, each with the shift that
/// the instant falls into: from where this turn of theirs began to count to where it ends, whatever
/// ends it (a handoff, an override, a restricted hour, leave). Nobody when the schedule has a gap
/// there. Shadows are told by [`super::shadows_at`].
pub fn on_call_at(schedule: &Schedule, at: Timestamp) -> Vec<Shift> {
    Ready::new(schedule).moment(at).shifts()
}

/// The shifts that meet the time from `from` up to, but not at, `to`, in the order in which they
/// begin. They are whole: the first may have begun before `from` and the last may end after `to`, so
/// each equals what [`on_call_at`] says of any instant within it. A handoff always ends a shift,
/// even where the same person has the next turn. At most [`STRETCHES_MAX`] stretches are looked at.
pub fn shifts(schedule: &Schedule, from: Timestamp, to: Timestamp) -> Vec<Shift> {
    if from >= to {
        return Vec::new();
    }
    let ready = Ready::new(schedule);
    let mut found: Vec<Shift> = Vec::new();
    let mut at = from;
    for _ in 0..STRETCHES_MAX {
        let moment = ready.moment(at);
        let is_first = at == from;
        let begun = moment.places.into_iter().filter(|place| is_first || place.from == at);
        found.extend(begun.map(Place::into_shift));
        if moment.to >= to {
            break;
        }
        at = moment.to;
    }
    found.sort_by_key(|shift| shift.from);
    found
}

/// The first instant after `at` at which the schedule moves on: a handoff, or the beginning or end
/// of a gap, of a restricted hour, of an override or of a leave that meets a turn.
pub fn next_change(schedule: &Schedule, at: Timestamp) -> Option<Timestamp> {
    let to = Ready::new(schedule).moment(at).to;
    (to < Timestamp::MAX).then_some(to)
}

/// The next shift of somebody who is not on call just before it: the first later one that another
/// person has, or that comes after a gap. None if nobody follows within the next hundred stretches.
pub fn next_on_call(schedule: &Schedule, at: Timestamp) -> Option<Shift> {
    let ready = Ready::new(schedule);
    let mut before = ready.moment(at);
    for _ in 0..STRETCHES_AHEAD_MAX {
        if before.to == Timestamp::MAX {
            return None;
        }
        let mut moment = ready.moment(before.to);
        let is_new = |place: &Place<'_>| before.places.iter().all(|old| old.user != place.user);
        if let Some(new) = moment.places.iter().position(is_new) {
            return Some(moment.places.swap_remove(new).into_shift());
        }
        before = moment;
    }
    None
}

/// A schedule whose lanes are ready to be asked about instants. A lane is made ready when it is first
/// asked: those below somebody who has the instant alone never are.
struct Ready<'a> {
    schedule: &'a Schedule,
    lanes: Vec<OnceCell<Lane<'a>>>,
}

/// What holds at an instant.
struct Moment<'a> {
    /// Up to when all of it holds.
    to: Timestamp,
    /// From the lowest to the highest precedence.
    places: Vec<Place<'a>>,
}

/// Somebody on call, for the longest time in which their place does not change.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    user: UserId,
    layer: &'a str,
    from: Timestamp,
    to: Timestamp,
    mentor: Option<UserId>,
}

impl<'a> Ready<'a> {
    fn new(schedule: &'a Schedule) -> Self {
        Self { schedule, lanes: schedule.layers.iter().map(|_| OnceCell::new()).collect() }
    }

    fn moment(&self, at: Timestamp) -> Moment<'a> {
        let overrides = &self.schedule.overrides;
        let whole = overrides.whole_around(at);
        let replacement = whole.place.and_then(|place| Some((place, overrides.get(place)?)));
        let bound = (whole.from, whole.to);
        let (mut moment, first_place) = match replacement {
            Some((place, replacement)) => {
                let (from, to) = bound;
                let user = replacement.user;
                let only = Place { user, layer: OVERRIDE_LAYER, from, to, mentor: None };
                (Moment { to, places: vec![only] }, place + 1)
            }
            None => (self.by_layers(at, bound), 0),
        };
        for place in &mut moment.places {
            self.pass_on(place, first_place, at);
            moment.to = moment.to.min(place.to);
        }
        moment
    }

    fn by_layers(&self, at: Timestamp, bound: (Timestamp, Timestamp)) -> Moment<'a> {
        let (mut from, mut to) = bound;
        let mut moment = Moment { to, places: Vec::new() };
        for (lane, layer) in self.lanes.iter().zip(&self.schedule.layers).rev() {
            let lane = lane.get_or_init(|| Lane::new(self.schedule, layer));
            match lane.at(at) {
                // Whoever begins in a lane that adds changes nothing for those below.
                Held::Nobody(_, until) if lane.layer.adds => moment.to = moment.to.min(until),
                Held::Nobody(since, until) => {
                    (from, to) = (from.max(since), to.min(until));
                    moment.to = moment.to.min(to);
                }
                Held::By(holders, alone_to) => {
                    moment.to = moment.to.min(alone_to);
                    let place = |holder: &super::rotation::Holder| Place {
                        user: holder.user,
                        layer: &lane.layer.name,
                        from: from.max(holder.from),
                        to: to.min(holder.to),
                        mentor: None,
                    };
                    moment.places.extend(holders.iter().rev().map(place));
                    if !lane.layer.adds {
                        break;
                    }
                }
            }
        }
        moment.places.reverse();
        moment
    }

    /// A place goes from hand to hand: to whoever replaces its holder, to the trainee who follows them,
    /// and to whoever replaces the trainee in turn.
    fn pass_on(&self, place: &mut Place<'a>, first_place: usize, at: Timestamp) {
        let mut given_away = Vec::new();
        let mut next_place = self.replace(place, first_place, at, &mut given_away);
        while self.hand_to_trainee(place, &given_away, at) {
            let before = given_away.len();
            next_place = self.replace(place, next_place, at, &mut given_away);
            if given_away.len() == before {
                return;
            }
        }
    }

    /// Applies the overrides of one person, in the order of their precedence: whoever took over may
    /// be replaced by a later one in turn. Gives the first place that is left to look at.
    fn replace(
        &self,
        place: &mut Place<'a>,
        first_place: usize,
        at: Timestamp,
        given_away: &mut Vec<UserId>,
    ) -> usize {
        let mut next_place = first_place;
        'replaced: loop {
            for (number, replacement) in self.schedule.overrides.of(place.user, next_place) {
                if replacement.to <= at {
                    place.from = place.from.max(replacement.to);
                } else if replacement.from > at {
                    place.to = place.to.min(replacement.from);
                } else {
                    place.narrow(replacement.from, replacement.to);
                    given_away.push(place.user);
                    (place.user, place.layer) = (replacement.user, OVERRIDE_LAYER);
                    place.mentor = None;
                    next_place = number + 1;
                    continue 'replaced;
                }
            }
            return next_place;
        }
    }

    /// A reverse shadow has the shift of whom they follow, but for one that they gave away: it may have
    /// gone to their mentor. Whether somebody has it so.
    fn hand_to_trainee(&self, place: &mut Place<'a>, given_away: &[UserId], at: Timestamp) -> bool {
        for shadow in &self.schedule.shadows {
            let follows = shadow.reverse && shadow.follows == place.user;
            if !follows || shadow.from >= shadow.to || given_away.contains(&shadow.user) {
                continue;
            }
            let around = shadow.around(&self.schedule.absences, at);
            place.narrow(around.from, around.to);
            if around.is_theirs {
                place.mentor = Some(place.user);
                place.user = shadow.user;
                return true;
            }
        }
        false
    }
}

impl Moment<'_> {
    fn shifts(self) -> Vec<Shift> {
        self.places.into_iter().map(Place::into_shift).collect()
    }
}

impl Place<'_> {
    fn narrow(&mut self, from: Timestamp, to: Timestamp) {
        self.from = self.from.max(from);
        self.to = self.to.min(to);
    }

    fn into_shift(self) -> Shift {
        let Self { user, layer, from, to, mentor } = self;
        Shift { user, layer: layer.to_owned(), from, to, mentor }
    }
}
