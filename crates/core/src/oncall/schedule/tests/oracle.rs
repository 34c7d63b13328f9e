//! The rules once more, told slowly: handoffs are walked one by one on the calendar, windows are laid
//! out day by day, everybody's leave is read from the list, and gap and fold are spelled out.

use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;

use super::*;

mod cases;
mod laws;

/// Somebody on call, and why: two instants at which the same seat is taken share a shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seat {
    pub user: UserId,
    pub mentor: Option<UserId>,
    source: Source,
    /// The places of the overrides through which the seat went from hand to hand.
    replaced: Vec<usize>,
    /// The places of the reverse shadows through which it went to a trainee.
    trainees: Vec<usize>,
    /// Who had it and was replaced.
    gave_away: Vec<UserId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Override { place: usize },
    Layer { place: usize, turn: usize, seat: usize, stands_in: UserId },
}

/// A turn as it was walked to: the groups of its phase, and which of them has it.
struct Turn<'a> {
    from: Timestamp,
    groups: &'a [Vec<UserId>],
    group: usize,
}

pub(super) struct Oracle<'a> {
    schedule: &'a Schedule,
    absences: &'a [Absence],
    turns: Vec<Vec<Turn<'a>>>,
}

impl<'a> Oracle<'a> {
    pub(super) fn new(schedule: &'a Schedule, absences: &'a [Absence], until: Timestamp) -> Self {
        let turns = schedule
            .layers
            .iter()
            .map(|layer| turns_of(&layer.rotation, zone_of(schedule, layer), until));
        Self { schedule, absences, turns: turns.collect() }
    }

    /// Who is on call, from the lowest precedence to the highest.
    pub(super) fn seats(&self, at: Timestamp) -> Vec<Seat> {
        let overrides: Vec<&Override> = self.schedule.overrides.iter().collect();
        let counts = |replacement: &Override| (replacement.from..replacement.to).contains(&at);
        let whole = overrides.iter().rposition(|one| one.instead_of.is_none() && counts(one));
        let mut seats = match whole {
            Some(place) => vec![seat(overrides[place].user, Source::Override { place })],
            None => self.seats_by_layers(at),
        };
        for seat in &mut seats {
            let mut place = whole.map_or(0, |whole| whole + 1);
            // Once through the overrides, with the trainee asked for wherever nobody replaces whoever
            // has the seat: that the trainee has it lasts until they are replaced.
            loop {
                let replaces = |one: &Override| counts(one) && one.instead_of == Some(seat.user);
                let later = (place..overrides.len()).find(|place| replaces(overrides[*place]));
                if let Some(found) = later {
                    seat.gave_away.push(seat.user);
                    seat.replaced.push(found);
                    (seat.user, seat.mentor) = (overrides[found].user, None);
                    place = found + 1;
                    continue;
                }
                let trainee = self.trainee_of(seat, at).filter(|_| seat.mentor.is_none());
                let Some(shadow) = trainee else { break };
                seat.trainees.push(shadow);
                seat.mentor = Some(seat.user);
                seat.user = self.schedule.shadows[shadow].user;
            }
        }
        seats
    }

    /// The reverse shadow of whoever has a seat, unless its trainee gave that seat away.
    fn trainee_of(&self, seat: &Seat, at: Timestamp) -> Option<usize> {
        self.schedule.shadows.iter().position(|shadow| {
            shadow.reverse
                && shadow.follows == seat.user
                && !seat.gave_away.contains(&shadow.user)
                && (shadow.from..shadow.to).contains(&at)
                && !self.is_away(shadow.user, at)
        })
    }

    /// Who gets copies, and of whose pages.
    pub(super) fn copies(&self, at: Timestamp) -> Vec<(UserId, UserId)> {
        let mut copies = Vec::new();
        for seat in self.seats(at) {
            copies.extend(seat.mentor.map(|mentor| (mentor, seat.user)));
            for shadow in &self.schedule.shadows {
                let follows = shadow.follows == seat.mentor.unwrap_or(seat.user);
                let counts = (shadow.from..shadow.to).contains(&at) && !shadow.reverse;
                if follows && counts && shadow.user != seat.user {
                    copies.push((shadow.user, seat.user));
                }
            }
        }
        copies
    }

    fn is_away(&self, user: UserId, at: Timestamp) -> bool {
        self.absences
            .iter()
            .any(|absence| absence.user == user && absence.from <= at && at < absence.to)
    }

    fn seats_by_layers(&self, at: Timestamp) -> Vec<Seat> {
        let mut below: Vec<Seat> = Vec::new();
        for (place, layer) in self.schedule.layers.iter().enumerate() {
            let own = self.seats_in(place, layer, at);
            if own.is_empty() {
                continue;
            }
            if !layer.adds {
                below.clear();
            }
            below.extend(own);
        }
        below
    }

    fn seats_in(&self, place: usize, layer: &Layer, at: Timestamp) -> Vec<Seat> {
        let turns = &self.turns[place];
        let Some(number) = turns.iter().rposition(|turn| turn.from <= at) else { return vec![] };
        if !is_within(&layer.restrictions, zone_of(self.schedule, layer), at) {
            return vec![];
        }
        let Turn { groups, group, .. } = &turns[number];
        let Some(people) = groups.get(*group) else { return vec![] };
        // Everybody else who is there, in the order of their turns.
        let mut pool: Vec<UserId> = Vec::new();
        for step in 1..groups.len() {
            for user in &groups[(group + step) % groups.len()] {
                if !people.contains(user) && !pool.contains(user) && !self.is_away(*user, at) {
                    pool.push(*user);
                }
            }
        }
        let mut pool = pool.into_iter();
        let mut seats = Vec::new();
        for (seat_number, user) in people.iter().enumerate() {
            let there = if self.is_away(*user, at) { pool.next() } else { Some(*user) };
            let Some(stands_in) = there else { continue };
            let source = Source::Layer { place, turn: number, seat: seat_number, stands_in };
            seats.push(seat(stands_in, source));
        }
        seats
    }
}

fn seat(user: UserId, source: Source) -> Seat {
    Seat { user, mentor: None, source, replaced: vec![], trainees: vec![], gave_away: vec![] }
}

fn zone_of<'a>(schedule: &'a Schedule, layer: &'a Layer) -> &'a TimeZone {
    layer.timezone.as_ref().unwrap_or(&schedule.timezone)
}

fn is_within(restrictions: &[Restriction], timezone: &TimeZone, at: Timestamp) -> bool {
    if restrictions.is_empty() {
        return true;
    }
    let mut day = timezone.to_datetime(at).date();
    for _ in 0..10 {
        day = day.yesterday().unwrap();
    }
    let mut windows: Vec<(DateTime, DateTime)> = Vec::new();
    for _ in 0..20 {
        for restriction in restrictions {
            if restriction.days.is_empty() || restriction.days.contains(&day.weekday()) {
                let is_next_day = restriction.to <= restriction.from;
                let end = if is_next_day { day.tomorrow().unwrap() } else { day };
                windows.push((day.to_datetime(restriction.from), end.to_datetime(restriction.to)));
            }
        }
        day = day.tomorrow().unwrap();
    }
    while let Some((a, b)) = touching(&windows) {
        let other = windows.remove(b);
        windows[a] = (windows[a].0.min(other.0), windows[a].1.max(other.1));
    }
    windows.iter().any(|(from, to)| resolve(timezone, *from) <= at && at < resolve(timezone, *to))
}

fn touching(windows: &[(DateTime, DateTime)]) -> Option<(usize, usize)> {
    (0..windows.len()).flat_map(|a| (a + 1..windows.len()).map(move |b| (a, b))).find(|(a, b)| {
        let (a, b) = (windows[*a], windows[*b]);
        a.0 <= b.1 && b.0 <= a.1
    })
}

/// Every turn of a rotation up to an instant: a planned change drops what comes at or after its
/// first handoff and goes on with its own.
fn turns_of<'a>(rotation: &'a Rotation, timezone: &TimeZone, until: Timestamp) -> Vec<Turn<'a>> {
    let (mut every, mut handoff, mut start) = (&rotation.every, rotation.handoff, rotation.start);
    let mut turns: Vec<Turn<'a>> = Vec::new();
    let mut enter = |handoffs: &[(DateTime, Timestamp)], groups: &'a [Vec<UserId>]| {
        let Some((_, first)) = handoffs.first() else { return };
        turns.retain(|turn| turn.from < *first);
        for (number, (_, from)) in handoffs.iter().enumerate() {
            let group = if groups.is_empty() { 0 } else { number % groups.len() };
            turns.push(Turn { from: *from, groups, group });
        }
    };
    enter(&walk(every, handoff, start, timezone, until), &rotation.participants);
    for change in &rotation.changes {
        if change.every.is_none() && change.handoff.is_none() {
            let handoffs = walk(every, handoff, start, timezone, until);
            let counting: Vec<_> =
                handoffs.into_iter().skip_while(|(local, _)| local.date() < change.from).collect();
            enter(&counting, &change.participants);
        } else {
            every = change.every.as_ref().unwrap_or(every);
            (handoff, start) = (change.handoff.unwrap_or(handoff), change.from);
            enter(&walk(every, handoff, start, timezone, until), &change.participants);
        }
    }
    turns
}

/// The handoffs up to an instant, each with the local time that was meant.
fn walk(
    every: &[TurnLength],
    handoff: Handoff,
    start: Date,
    timezone: &TimeZone,
    until: Timestamp,
) -> Vec<(DateTime, Timestamp)> {
    if every.iter().any(|length| matches!(length, TurnLength::Months(_))) {
        return walk_months(every, handoff, start, timezone, until);
    }
    let minutes: Vec<i64> = every.iter().map(minutes_of).collect();
    let cycle: i64 = minutes.iter().sum();
    let mut day = start;
    if let (HandoffDay::Weekday(weekday), 0) = (handoff.on, cycle % (7 * 24 * 60)) {
        while day.weekday() != weekday {
            day = day.tomorrow().unwrap();
        }
    }
    let is_by_the_clock = cycle % (24 * 60) == 0 || (24 * 60) % cycle == 0;
    let mut local = day.to_datetime(handoff.at);
    let mut instant = resolve(timezone, local);
    let mut handoffs = Vec::new();
    let beyond = timezone.to_datetime(until).checked_add(jiff::Span::new().days(3)).unwrap();
    for length in minutes.iter().cycle() {
        if local > beyond {
            break;
        }
        handoffs.push((local, instant));
        let length = SignedDuration::from_mins(*length);
        if is_by_the_clock {
            local = local.checked_add(length).unwrap();
            instant = resolve(timezone, local);
        } else {
            instant += length;
            local = timezone.to_datetime(instant);
        }
    }
    handoffs
}

fn minutes_of(length: &TurnLength) -> i64 {
    i64::from(match length {
        TurnLength::Minutes(count) => *count,
        TurnLength::Hours(count) => 60 * count,
        TurnLength::Days(count) => 24 * 60 * count,
        TurnLength::Weeks(count) => 7 * 24 * 60 * count,
        TurnLength::Months(_) => unreachable!("months are walked by themselves"),
    })
}

/// Goes from day to day and asks of each whether it is the day of a handoff.
fn walk_months(
    every: &[TurnLength],
    handoff: Handoff,
    start: Date,
    timezone: &TimeZone,
    until: Timestamp,
) -> Vec<(DateTime, Timestamp)> {
    let mut lengths = every.iter().cycle();
    let mut months_to_wait = 0;
    let mut handoffs = Vec::new();
    let mut day = start;
    let last = timezone.to_datetime(until).date().tomorrow().unwrap();
    while day <= last {
        if is_handoff_day(day, handoff.on, start) {
            if months_to_wait == 0 {
                let local = day.to_datetime(handoff.at);
                handoffs.push((local, resolve(timezone, local)));
                let Some(TurnLength::Months(months)) = lengths.next() else { unreachable!() };
                months_to_wait = *months;
            }
            months_to_wait -= 1;
        }
        day = day.tomorrow().unwrap();
    }
    handoffs
}

fn is_handoff_day(day: Date, on: HandoffDay, start: Date) -> bool {
    let is_last_day = day.tomorrow().unwrap().month() != day.month();
    let is_of_month = |wanted: i8| day.day() == wanted || (is_last_day && day.day() < wanted);
    let is_nth = |number: i8, weekday: Weekday| {
        let is_last_week = day.day() > day.days_in_month() - 7;
        let is_meant = if number >= 5 { is_last_week } else { (day.day() - 1) / 7 + 1 == number };
        day.weekday() == weekday && is_meant
    };
    match on {
        HandoffDay::OfStart => is_of_month(start.day()),
        HandoffDay::OfMonth(wanted) => is_of_month(wanted),
        HandoffDay::Weekday(weekday) => is_nth(1, weekday),
        HandoffDay::Nth(number, weekday) => is_nth(number, weekday),
    }
}

/// RFC 5545, 3.3.5: a local time that does not exist is read with the offset before the gap; of one
/// that exists twice the first is meant, and that is the one with the offset before the fold.
fn resolve(timezone: &TimeZone, local: DateTime) -> Timestamp {
    let offset = match timezone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    };
    offset.to_timestamp(local).unwrap()
}
