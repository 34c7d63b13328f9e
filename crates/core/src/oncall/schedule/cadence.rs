//! Cadence: when the turns of a rotation change, whoever has them. The handoffs are numbered, and
//! the one that counts at an instant is computed from the distance to the first and then corrected
//! for changes of offset, so nothing is walked.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Handoff, HandoffDay, TurnLength};

const DAY_SECONDS: i64 = 86_400;
/// The furthest that an instant's clock face is from where it would be without a change of offset
/// nearby, with room to spare.
const SHIFTED: SignedDuration = SignedDuration::from_hours(26);

/// When turns change.
#[derive(Debug, Clone)]
pub(super) struct Cadence<'a> {
    timezone: &'a TimeZone,
    /// Where in a cycle each turn begins, in the unit of `pace`; the first is 0.
    offsets: Vec<i64>,
    /// The length of a cycle.
    cycle: i64,
    pace: Pace,
}

#[derive(Debug, Clone)]
enum Pace {
    /// Seconds on the clock face since this local time.
    ClockFace(DateTime),
    /// Seconds that pass since this instant.
    Elapsed(Timestamp),
    /// Months since January of the year 0.
    Months { first: i64, on: HandoffDay, start: Date, at: Time },
}

/// The time of a turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// The number of the handoff that begins it.
    pub number: i64,
    pub from: Timestamp,
    /// The end of time where the calendar does not reach.
    pub to: Timestamp,
}

impl<'a> Cadence<'a> {
    /// None where there are no turns or the calendar does not reach the first.
    pub(super) fn new(
        every: &[TurnLength],
        handoff: Handoff,
        start: Date,
        timezone: &'a TimeZone,
    ) -> Option<Self> {
        let months: Vec<i64> = every.iter().filter_map(months_of).collect();
        if !months.is_empty() {
            let (offsets, cycle) = laid_out(&months);
            let Handoff { on, at } = handoff;
            let first = i64::from(start.year()) * 12 + i64::from(start.month()) - 1;
            let in_month = day_in(first, on, start)?;
            let first = first + i64::from(in_month < start);
            let pace = Pace::Months { first, on, start, at };
            return Some(Self { timezone, offsets, cycle, pace });
        }
        let (offsets, cycle) = laid_out(&every.iter().map(seconds_of).collect::<Vec<_>>());
        if cycle <= 0 {
            return None;
        }
        let is_weeks = cycle % (7 * DAY_SECONDS) == 0;
        let first = match handoff.on {
            HandoffDay::Weekday(weekday) if is_weeks => {
                let days = i64::from(start.weekday().until(weekday));
                start.checked_add(SignedDuration::from_hours(days * 24)).ok()?
            }
            _ => start,
        };
        let first = DateTime::from_parts(first, handoff.at);
        let keeps_local_time = cycle % DAY_SECONDS == 0 || DAY_SECONDS % cycle == 0;
        let pace = if keeps_local_time {
            Pace::ClockFace(first)
        } else {
            Pace::Elapsed(timezone.to_timestamp(first).ok()?)
        };
        Some(Self { timezone, offsets, cycle, pace })
    }

    /// The handoff of a number; none where the calendar does not reach.
    pub(super) fn handoff(&self, number: i64) -> Option<Timestamp> {
        let turns = i64::try_from(self.offsets.len()).ok()?;
        let place = usize::try_from(number.rem_euclid(turns)).ok()?;
        let passed = number
            .div_euclid(turns)
            .checked_mul(self.cycle)?
            .checked_add(*self.offsets.get(place)?)?;
        match &self.pace {
            Pace::ClockFace(first) => {
                let local = first.checked_add(SignedDuration::from_secs(passed)).ok()?;
                self.timezone.to_timestamp(local).ok()
            }
            Pace::Elapsed(first) => first.checked_add(SignedDuration::from_secs(passed)).ok(),
            Pace::Months { first, on, start, at } => {
                let date = day_in(first.checked_add(passed)?, *on, *start)?;
                self.timezone.to_timestamp(DateTime::from_parts(date, *at)).ok()
            }
        }
    }

    /// The turn at an instant: the last handoff, by number, that is not after it. Where a change of
    /// offset puts a later handoff before an earlier one, the earlier one's turn has no length.
    /// None before the first handoff.
    pub(super) fn turn_at(&self, at: Timestamp) -> Option<Span> {
        let near = self.number_at(at);
        let reach = self.reach(at);
        let mut number = near.checked_add(reach)?;
        let from = loop {
            if number < 0 {
                return None;
            }
            match self.handoff(number) {
                Some(from) if from <= at => break from,
                _ => number -= 1,
            }
        };
        let later = (number + 1)..=(number + 1 + reach);
        let to = later.filter_map(|number| self.handoff(number)).min();
        Some(Span { number, from, to: to.unwrap_or(Timestamp::MAX) })
    }

    /// The number of the first handoff on or after a local date, and not before the first of all.
    pub(super) fn first_on_or_after(&self, date: Date) -> Option<i64> {
        let midnight = DateTime::from_parts(date, Time::midnight());
        let number = match &self.pace {
            Pace::ClockFace(first) => self.first_from(first.duration_until(midnight).as_secs()),
            Pace::Elapsed(first) => {
                let midnight = self.timezone.to_timestamp(midnight).ok()?;
                self.first_from(midnight.duration_since(*first).as_secs())
            }
            Pace::Months { first, on, start, .. } => {
                let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
                let is_past = day_in(month, *on, *start)? < date;
                self.first_from(month + i64::from(is_past) - first)
            }
        };
        Some(number.max(0))
    }

    /// The number of the first handoff that is not before so many units.
    fn first_from(&self, units: i64) -> i64 {
        let turns = i64::try_from(self.offsets.len()).unwrap_or(i64::MAX);
        let within = units.rem_euclid(self.cycle);
        let place = self.offsets.partition_point(|offset| *offset < within);
        units.div_euclid(self.cycle) * turns + i64::try_from(place).unwrap_or(0)
    }

    /// The number of the handoff that the clock face alone would name.
    fn number_at(&self, at: Timestamp) -> i64 {
        let local = || self.timezone.to_datetime(at);
        let units = match &self.pace {
            Pace::ClockFace(first) => first.duration_until(local()).as_secs(),
            Pace::Elapsed(first) => at.duration_since(*first).as_secs(),
            Pace::Months { first, .. } => {
                let local = local();
                i64::from(local.year()) * 12 + i64::from(local.month()) - 1 - first
            }
        };
        self.first_from(units.saturating_add(1)) - 1
    }

    /// How many handoffs a change of offset near an instant can put out of their order or place.
    fn reach(&self, at: Timestamp) -> i64 {
        let shortest = self.shortest();
        if !matches!(self.pace, Pace::ClockFace(_)) || shortest >= DAY_SECONDS {
            return 1;
        }
        let before = at.saturating_sub(SHIFTED).unwrap_or(Timestamp::MIN);
        let after = at.saturating_add(SHIFTED).unwrap_or(Timestamp::MAX);
        let is_quiet = self
            .timezone
            .following(before)
            .next()
            .is_none_or(|transition| transition.timestamp() > after);
        if is_quiet { 1 } else { SHIFTED.as_secs() / shortest + 2 }
    }

    fn shortest(&self) -> i64 {
        let ends = self.offsets.iter().skip(1).chain([&self.cycle]);
        let lengths = ends.zip(&self.offsets).map(|(to, from)| to - from);
        lengths.min().unwrap_or(self.cycle).max(1)
    }
}

/// Where each turn of a cycle begins, and how long the cycle is.
fn laid_out(lengths: &[i64]) -> (Vec<i64>, i64) {
    let mut end = 0_i64;
    let begin = |length: &i64| {
        let begin = end;
        end = end.saturating_add(*length);
        begin
    };
    let offsets = lengths.iter().map(begin).collect();
    (offsets, end)
}

fn months_of(length: &TurnLength) -> Option<i64> {
    match length {
        TurnLength::Months(months) => Some(i64::from(*months).max(1)),
        _ => None,
    }
}

fn seconds_of(length: &TurnLength) -> i64 {
    let (count, unit_seconds) = match length {
        TurnLength::Minutes(count) => (count, 60),
        TurnLength::Hours(count) => (count, 3_600),
        TurnLength::Days(count) => (count, DAY_SECONDS),
        TurnLength::Weeks(count) => (count, 7 * DAY_SECONDS),
        TurnLength::Months(count) => (count, 31 * DAY_SECONDS),
    };
    i64::from(*count).max(1) * unit_seconds
}

/// The day of the handoff in a month, counted from January of the year 0.
fn day_in(month: i64, on: HandoffDay, start: Date) -> Option<Date> {
    let year = i16::try_from(month.div_euclid(12)).ok()?;
    let first = Date::new(year, i8::try_from(month.rem_euclid(12)).ok()? + 1, 1).ok()?;
    let on_day = |day: i8| Date::new(year, first.month(), day.clamp(1, first.days_in_month())).ok();
    match on {
        HandoffDay::OfStart => on_day(start.day()),
        HandoffDay::OfMonth(day) => on_day(day),
        HandoffDay::Weekday(weekday) => nth(first, 1, weekday),
        HandoffDay::Nth(number, weekday) => nth(first, number, weekday),
    }
}

/// The nth such weekday of the month that `first` begins; from 5 on, the last.
fn nth(first: Date, number: i8, weekday: Weekday) -> Option<Date> {
    let day = 1 + first.weekday().until(weekday) + 7 * (number.clamp(1, 5) - 1);
    let day = if day > first.days_in_month() { day - 7 } else { day };
    Date::new(first.year(), first.month(), day).ok()
}
