//! What being on call costs people (`O12`, `O16`): shifts, hours, nights, weekends, holidays, and
//! how often they were called. Hours are counted once, however many schedules a person has at the
//! same time, and nights, weekends and holidays are those of the person's own clocks.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::id::{IncidentId, ScheduleId, UserId};

pub mod role;

/// When the night begins, by the person's clocks.
pub const NIGHT_FROM: Time = time(22, 0, 0, 0);
/// When the night ends, by the person's clocks.
pub const NIGHT_TO: Time = time(6, 0, 0, 0);
/// The most days that one person's time is looked at.
const DAYS_MAX: usize = 800;

/// Time on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who had it.
    pub user: UserId,
    /// Where.
    pub schedule: ScheduleId,
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, but not at, this instant.
    pub to: Timestamp,
}

/// A page that reached a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called {
    /// Whom.
    pub user: UserId,
    /// About what.
    pub incident: IncidentId,
    /// When.
    pub at: Timestamp,
}

/// What a person bore in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Turns that met the period.
    pub shifts: u32,
    /// Time on call.
    pub on_call: SignedDuration,
    /// Of it, at night.
    pub night: SignedDuration,
    /// Nights that it met.
    pub nights: u32,
    /// Of it, on Saturdays and Sundays.
    pub weekend: SignedDuration,
    /// Saturdays and Sundays that it met.
    pub weekend_days: u32,
    /// Of it, on holidays.
    pub holiday: SignedDuration,
    /// Holidays that it met.
    pub holidays: u32,
    /// Pages.
    pub pages: u32,
    /// Of them, at night.
    pub night_pages: u32,
    /// Incidents that they were about.
    pub call_outs: u32,
}

impl Load {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            shifts: self.shifts + other.shifts,
            on_call: self.on_call + other.on_call,
            night: self.night + other.night,
            nights: self.nights + other.nights,
            weekend: self.weekend + other.weekend,
            weekend_days: self.weekend_days + other.weekend_days,
            holiday: self.holiday + other.holiday,
            holidays: self.holidays + other.holidays,
            pages: self.pages + other.pages,
            night_pages: self.night_pages + other.night_pages,
            call_outs: self.call_outs + other.call_outs,
        }
    }
}

/// What one person's load is counted from.
#[derive(Debug, Default)]
struct Borne {
    spans: Vec<(Timestamp, Timestamp)>,
    called: Vec<Called>,
}

/// What each person bore from `from` up to, but not at, `to`. Time and pages outside of the period
/// count for nothing; `zone` says by whose clocks a person lives.
pub fn by_person(
    held: &[Held],
    called: &[Called],
    holidays: &[Date],
    (from, to): (Timestamp, Timestamp),
    zone: impl Fn(UserId) -> TimeZone,
) -> BTreeMap<UserId, Load> {
    let mut people: BTreeMap<UserId, Borne> = BTreeMap::new();
    for held in held.iter().filter(|held| held.from < to && held.to > from) {
        let spans = &mut people.entry(held.user).or_default().spans;
        spans.push((held.from.max(from), held.to.min(to)));
    }
    for called in called.iter().filter(|called| from <= called.at && called.at < to) {
        people.entry(called.user).or_default().called.push(*called);
    }
    people
        .into_iter()
        .map(|(user, borne)| (user, of_one(borne.spans, &borne.called, holidays, &zone(user))))
        .collect()
}

fn of_one(
    spans: Vec<(Timestamp, Timestamp)>,
    called: &[Called],
    holidays: &[Date],
    zone: &TimeZone,
) -> Load {
    let mut load = Load { shifts: count(spans.len()), ..Load::default() };
    let spans = united(spans);
    for (from, to) in &spans {
        load.on_call += to.duration_since(*from);
    }
    for date in days(&spans, zone) {
        let midnight = Time::midnight();
        let night = meeting(&spans, window(zone, date, NIGHT_FROM, NIGHT_TO));
        load.night += night;
        load.nights += u32::from(night > SignedDuration::ZERO);
        let is_weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        let is_holiday = holidays.contains(&date);
        if !is_weekend && !is_holiday {
            continue;
        }
        let day = meeting(&spans, window(zone, date, midnight, midnight));
        let met = u32::from(day > SignedDuration::ZERO);
        if is_weekend {
            load.weekend += day;
            load.weekend_days += met;
        }
        if is_holiday {
            load.holiday += day;
            load.holidays += met;
        }
    }
    let mut incidents: Vec<_> = called.iter().map(|called| called.incident).collect();
    incidents.sort_unstable();
    incidents.dedup();
    load.call_outs = count(incidents.len());
    load.pages = count(called.len());
    load.night_pages = count(called.iter().filter(|called| is_night(called.at, zone)).count());
    load
}

/// Whether an instant is at night by the clocks of a zone.
pub fn is_night(at: Timestamp, zone: &TimeZone) -> bool {
    let time = zone.to_datetime(at).time();
    time >= NIGHT_FROM || time < NIGHT_TO
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

/// Spans in order without overlap: no moment twice.
fn united(mut spans: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    spans.sort_unstable();
    let mut united: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (from, to) in spans {
        match united.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => united.push((from, to)),
        }
    }
    united
}

/// The dates that may have to do with any of the spans, each once: a night belongs to the evening
/// it begins on.
fn days(spans: &[(Timestamp, Timestamp)], zone: &TimeZone) -> Vec<Date> {
    let mut days = Vec::new();
    for (from, to) in spans {
        let first = zone.to_datetime(*from).date();
        let last = zone.to_datetime(*to).date();
        let mut day = first.yesterday().unwrap_or(first);
        while day <= last && days.len() < DAYS_MAX {
            if days.last().is_none_or(|known| *known < day) {
                days.push(day);
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
    }
    days
}

/// From a local time of a date to the next occurrence of another one.
fn window(zone: &TimeZone, date: Date, from: Time, to: Time) -> (Timestamp, Timestamp) {
    let end = if to > from { date } else { date.tomorrow().unwrap_or(date) };
    let at = |date: Date, time: Time| {
        let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(time));
        ambiguous.compatible().unwrap_or(Timestamp::MAX)
    };
    (at(date, from), at(end, to))
}

fn meeting(spans: &[(Timestamp, Timestamp)], (from, to): (Timestamp, Timestamp)) -> SignedDuration {
    let begin = spans.partition_point(|span| span.1 <= from);
    let meeting = spans[begin..].iter().take_while(|span| span.0 < to);
    meeting.map(|span| span.1.min(to).duration_since(span.0.max(from))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));

    fn t(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn held(schedule: u128, from: &str, to: &str) -> Held {
        let schedule = ScheduleId(Uuid::from_u128(schedule));
        Held { user: ANA, schedule, from: t(from), to: t(to) }
    }

    fn load(held: &[Held], called: &[Called], holidays: &[Date], zone: &str) -> Load {
        let period = (t("2026-01-01T00:00:00Z"), t("2027-01-01T00:00:00Z"));
        let zone = TimeZone::get(zone).unwrap();
        by_person(held, called, holidays, period, |_| zone.clone())[&ANA]
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    #[test]
    fn a_week_has_seven_nights_and_one_weekend() {
        // Monday 09:00 to Monday 09:00 in Berlin.
        let week = held(1, "2026-11-16T08:00:00Z", "2026-11-23T08:00:00Z");
        let load = load(&[week], &[], &[], "Europe/Berlin");
        assert_eq!((load.shifts, load.on_call), (1, hours(7 * 24)));
        assert_eq!((load.nights, load.night), (7, hours(7 * 8)));
        assert_eq!((load.weekend_days, load.weekend), (2, hours(48)));
    }

    #[test]
    fn nights_are_those_of_the_persons_own_clocks() {
        // Nine to five in Berlin is the night in Los Angeles, until six there.
        let day = [held(1, "2026-11-18T08:00:00Z", "2026-11-18T16:00:00Z")];
        assert_eq!(load(&day, &[], &[], "Europe/Berlin").night, hours(0));
        let there = load(&day, &[], &[], "America/Los_Angeles");
        assert_eq!((there.nights, there.night), (1, hours(6)));
    }

    #[test]
    fn two_schedules_at_once_are_two_shifts_and_the_same_hours() {
        let both = [
            held(1, "2026-11-18T08:00:00Z", "2026-11-18T16:00:00Z"),
            held(2, "2026-11-18T12:00:00Z", "2026-11-18T20:00:00Z"),
        ];
        let load = load(&both, &[], &[], "UTC");
        assert_eq!((load.shifts, load.on_call), (2, hours(12)));
    }

    #[test]
    fn a_night_in_which_the_clocks_change_is_an_hour_shorter_or_longer() {
        let whole = |from: &str, to: &str| load(&[held(1, from, to)], &[], &[], "Europe/Berlin");
        let forward = whole("2026-03-28T20:00:00Z", "2026-03-29T05:00:00Z");
        assert_eq!((forward.night, forward.on_call), (hours(7), hours(9)));
        let back = whole("2026-10-24T19:00:00Z", "2026-10-25T06:00:00Z");
        assert_eq!(back.night, hours(9));
    }

    #[test]
    fn holidays_and_pages_are_counted() {
        let christmas = [jiff::civil::date(2026, 12, 25)];
        let shift = [held(1, "2026-12-24T23:00:00Z", "2026-12-25T11:00:00Z")];
        let called = |incident: u128, at: &str| Called {
            user: ANA,
            incident: IncidentId(Uuid::from_u128(incident)),
            at: t(at),
        };
        let calls = [
            called(1, "2026-12-25T02:00:00Z"),
            called(1, "2026-12-25T09:00:00Z"),
            called(2, "2026-12-25T10:00:00Z"),
            called(3, "2027-12-25T10:00:00Z"),
        ];
        let load = load(&shift, &calls, &christmas, "Europe/Berlin");
        assert_eq!((load.holidays, load.holiday), (1, hours(12)));
        assert_eq!((load.pages, load.night_pages, load.call_outs), (3, 1, 2));
    }
}
