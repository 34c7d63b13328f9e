//! Restricted hours: the local windows of the week in which a layer counts. Windows that touch or
//! overlap on the clock face are one window, so no change of offset tears a hole between them.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Restriction;

const DAY_NANOS: i64 = 86_400 * 1_000_000_000;
const WEEK_NANOS: i64 = 7 * DAY_NANOS;
/// How far to either side windows are looked for at first, on the clock face. Clocks are changed by
/// a day at most, so what is further away has no part in anything within [`NEAR`].
const NEAR_NANOS: i64 = 3 * DAY_NANOS;
/// How near both ends must be for the first look to be enough.
const NEAR: SignedDuration = SignedDuration::from_hours(24);
/// How far windows are looked for at last. A window can vanish into a skipped hour, but not twice in
/// a row.
const FAR_NANOS: i64 = 2 * WEEK_NANOS;

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// The windows of a layer within any week.
pub(crate) enum Windows {
    /// There is no restriction, or the windows leave no minute of the week out.
    Always,
    /// Begin and end in nanoseconds since Monday 00:00 on the clock face, disjoint, in order; the
    /// last may end in the week after.
    Weekly(Vec<(i64, i64)>),
}

/// The longest time around an instant that is all inside a window, or all outside of every one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub is_inside: bool,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Windows {
    pub(crate) fn new(restrictions: &[Restriction]) -> Self {
        let mut spans: Vec<(i64, i64)> = restrictions.iter().flat_map(spans_of).collect();
        if spans.is_empty() {
            return Self::Always;
        }
        spans.sort_unstable();
        let mut spans = merged(spans);
        // What runs over the end of the week swallows windows at its beginning.
        while let [first, .., last] = spans.as_mut_slice()
            && last.1 - WEEK_NANOS >= first.0
        {
            last.1 = last.1.max(first.1 + WEEK_NANOS);
            spans.remove(0);
        }
        match spans.as_slice() {
            [(from, to)] if to - from >= WEEK_NANOS => Self::Always,
            _ => Self::Weekly(spans),
        }
    }

    /// What holds around an instant.
    pub(crate) fn around(&self, timezone: &TimeZone, at: Timestamp) -> Window {
        let Self::Weekly(spans) = self else {
            return Window { is_inside: true, from: Timestamp::MIN, to: Timestamp::MAX };
        };
        let near = window_in(&instants(spans, timezone, at, NEAR_NANOS), at);
        let is_near = at.duration_since(near.from) <= NEAR && near.to.duration_since(at) <= NEAR;
        if is_near {
            return near;
        }
        window_in(&instants(spans, timezone, at, FAR_NANOS), at)
    }
}

fn window_in(instants: &[(Timestamp, Timestamp)], at: Timestamp) -> Window {
    let mut around = Window { is_inside: false, from: Timestamp::MIN, to: Timestamp::MAX };
    for (from, to) in instants {
        if *to <= at {
            around.from = *to;
        } else if *from <= at {
            return Window { is_inside: true, from: *from, to: *to };
        } else {
            around.to = *from;
            break;
        }
    }
    around
}

/// The windows that come as near as `reach_nanos` to an instant on the clock face, as instants: none
/// empty, disjoint, in order.
fn instants(
    spans: &[(i64, i64)],
    timezone: &TimeZone,
    at: Timestamp,
    reach_nanos: i64,
) -> Vec<(Timestamp, Timestamp)> {
    let local = timezone.to_datetime(at);
    let monday_days = i64::from(local.weekday().since(Weekday::Monday));
    let now_nanos = monday_days * DAY_NANOS + nanos_of(local.time());
    let mut instants = Vec::with_capacity(2 * spans.len());
    let weeks = 1 + reach_nanos / WEEK_NANOS;
    for week in -weeks..=weeks {
        let Some(monday) = days_after(local.date(), week * 7 - monday_days) else { continue };
        let now_nanos = now_nanos - week * WEEK_NANOS;
        let is_near = |(from, to): &&(i64, i64)| {
            *from <= now_nanos + reach_nanos && *to >= now_nanos - reach_nanos
        };
        for (from, to) in spans.iter().filter(is_near) {
            let ends = (instant(timezone, monday, *from), instant(timezone, monday, *to));
            if let (Some(from), Some(to)) = ends
                && from < to
            {
                instants.push((from, to));
            }
        }
    }
    // A window that begins in a skipped hour is moved, and may then meet the one after it.
    instants.sort_unstable();
    merged(instants)
}

fn instant(timezone: &TimeZone, monday: Date, nanos: i64) -> Option<Timestamp> {
    let midnight = DateTime::from_parts(monday, Time::midnight());
    let local = midnight.checked_add(SignedDuration::from_nanos(nanos)).ok()?;
    timezone.to_timestamp(local).ok()
}

fn days_after(date: Date, days: i64) -> Option<Date> {
    date.checked_add(SignedDuration::from_hours(days * 24)).ok()
}

fn spans_of(restriction: &Restriction) -> Vec<(i64, i64)> {
    let days = if restriction.days.is_empty() { &WEEK[..] } else { &restriction.days };
    let (from, to) = (nanos_of(restriction.from), nanos_of(restriction.to));
    let length = if to > from { to - from } else { to - from + DAY_NANOS };
    let span = |day: &Weekday| {
        let begin = i64::from(day.since(Weekday::Monday)) * DAY_NANOS + from;
        (begin, begin + length)
    };
    days.iter().map(span).collect()
}

fn nanos_of(time: Time) -> i64 {
    let passed = Time::midnight().duration_until(time);
    passed.as_secs() * 1_000_000_000 + i64::from(passed.subsec_nanos())
}

/// Joins sorted spans that touch or overlap.
pub(crate) fn merged<T: Ord + Copy>(sorted: Vec<(T, T)>) -> Vec<(T, T)> {
    let mut merged: Vec<(T, T)> = Vec::with_capacity(sorted.len());
    for (from, to) in sorted {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}
