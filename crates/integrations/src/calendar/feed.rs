//! Reading somebody else's calendar (RFC 5545): the times in which its events lie, with recurrences,
//! exceptions and zones worked out by [`calcard`]. Pure: bytes in, events out. What cannot be
//! understood is named and left out; a text that is no calendar at all is refused, since it must not
//! read as a calendar without events.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use calcard::common::timezone::Tz;
use calcard::icalendar::dates::TimeOrDelta;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarFrequency, ICalendarProperty,
    ICalendarStatus, ICalendarValue,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The most bytes of a calendar.
pub const BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most events that are taken from one calendar.
pub const EVENTS_MAX: usize = 500;
/// The most different events of one calendar that are looked at.
const UIDS_MAX: usize = 20_000;
/// The most recurrences of one event that are worked out: fifty years of days.
const RECURRENCES_MAX: usize = 50 * 366;
/// The most things left out that are named.
const SKIPPED_MAX: usize = 20;
/// The longest text that is kept of an event, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// A time in a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Stays the same while the event, or this recurrence of it, is the same.
    pub uid: String,
    /// The beginning.
    pub from: Timestamp,
    /// The end.
    pub to: Timestamp,
    /// Whether it is of days rather than of hours.
    pub all_day: bool,
    /// One line.
    pub summary: String,
    /// Its categories.
    pub categories: Vec<String>,
}

/// What a calendar says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// By their beginning; at most [`EVENTS_MAX`].
    pub entries: Vec<Entry>,
    /// What was left out, in words.
    pub skipped: Vec<String>,
}

/// The text is no calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what is there is no calendar in the iCalendar format")]
pub struct NoCalendar;

/// The events of a calendar that meet the time from `from` up to `to`. Days and times without a zone
/// are those of `zone`.
///
/// # Errors
/// [`NoCalendar`] for any other text.
pub fn read(
    bytes: &[u8],
    zone: &TimeZone,
    (from, to): (Timestamp, Timestamp),
) -> Result<Contents, NoCalendar> {
    let text = String::from_utf8_lossy(bytes);
    // A text that breaks off before its end would read as one whose rest was deleted.
    if !text.trim_end().ends_with("END:VCALENDAR") {
        return Err(NoCalendar);
    }
    let calendar = ICalendar::parse(text.as_ref()).map_err(|_| NoCalendar)?;
    let (zones, events) = parts(calendar);
    let default_zone = zone.iana_name().and_then(|name| chrono_tz::Tz::from_str(name).ok());
    let default_zone = default_zone.unwrap_or(chrono_tz::UTC);
    let mut contents = Contents::default();
    for (uid, components) in events.into_iter().take(UIDS_MAX) {
        // One event at a time, so that its exceptions are never taken for those of another.
        let mut components: Vec<_> = zones.iter().cloned().chain(components).collect();
        if components.iter().any(is_too_fine) {
            contents.skip(&uid, "it recurs more often than daily");
            components.retain(|component| !is_too_fine(component));
        }
        let one = ICalendar { components };
        let expanded = one.expand_dates(Tz::Tz(default_zone), RECURRENCES_MAX);
        if !expanded.errors.is_empty() {
            contents.skip(&uid, "its dates are not understood");
        }
        for event in expanded.events {
            let Some(component) = one.component_by_id(event.comp_id) else { continue };
            if component.component_type != ICalendarComponentType::VEvent
                || component.status() == Some(&ICalendarStatus::Cancelled)
            {
                continue;
            }
            let begin = event.start.timestamp_micros();
            let length = match event.end {
                TimeOrDelta::Delta(delta) => delta.num_microseconds().unwrap_or(i64::MAX),
                TimeOrDelta::Time(end) => end.timestamp_micros().saturating_sub(begin),
            };
            let first = event.start.date_naive();
            let count = match &event.end {
                TimeOrDelta::Delta(delta) => delta.num_days(),
                // Not by the hours in between: a day may have 23 or 25.
                TimeOrDelta::Time(end) => end.date_naive().signed_duration_since(first).num_days(),
            };
            let all_day = is_all_day(component);
            let span = if all_day { days(first, count, zone) } else { None };
            let span = span.or_else(|| exactly(begin, length));
            let Some((begin, end)) = span.filter(|(begin, end)| *begin < to && *end > from) else {
                continue;
            };
            contents.entries.push(Entry {
                uid: format!("{}/{}", cut(&uid), begin.as_second()),
                from: begin,
                to: end,
                all_day,
                summary: cut(text_of(component, &ICalendarProperty::Summary)),
                categories: categories(component),
            });
        }
    }
    contents.entries.sort_by(|a, b| (a.from, &a.uid).cmp(&(b.from, &b.uid)));
    contents.entries.dedup_by(|a, b| a.uid == b.uid);
    Ok(contents)
}

impl Contents {
    fn skip(&mut self, uid: &str, why: &str) {
        if self.skipped.len() < SKIPPED_MAX {
            self.skipped.push(format!("{}: {why}", cut(uid)));
        }
    }
}

type Events = BTreeMap<String, Vec<ICalendarComponent>>;

/// The zones of a calendar, and its events by what they are called; an event and the exceptions to
/// its recurrences are called the same.
fn parts(calendar: ICalendar) -> (Vec<ICalendarComponent>, Events) {
    let mut zones = Vec::new();
    let mut events: Events = BTreeMap::new();
    for component in calendar.components {
        match component.component_type {
            ICalendarComponentType::VTimezone => zones.push(component),
            ICalendarComponentType::VEvent => {
                let summary = text_of(&component, &ICalendarProperty::Summary);
                let uid = component.uid().unwrap_or(summary).to_owned();
                events.entry(uid).or_default().push(component);
            }
            _ => {}
        }
    }
    (zones, events)
}

fn is_too_fine(component: &ICalendarComponent) -> bool {
    let rules = component.entries.iter().filter(|entry| entry.name == ICalendarProperty::Rrule);
    rules.flat_map(|entry| &entry.values).any(|value| match value {
        ICalendarValue::RecurrenceRule(rule) => matches!(
            rule.freq,
            ICalendarFrequency::Hourly
                | ICalendarFrequency::Minutely
                | ICalendarFrequency::Secondly
        ),
        _ => false,
    })
}

fn is_all_day(component: &ICalendarComponent) -> bool {
    let start = component.property(&ICalendarProperty::Dtstart);
    let value = start.and_then(|entry| entry.values.first());
    matches!(value, Some(ICalendarValue::PartialDateTime(start)) if !start.has_time())
}

fn text_of<'a>(component: &'a ICalendarComponent, property: &ICalendarProperty) -> &'a str {
    let value = component.property(property).and_then(|entry| entry.values.first());
    value.and_then(ICalendarValue::as_text).unwrap_or_default()
}

fn categories(component: &ICalendarComponent) -> Vec<String> {
    let entries =
        component.entries.iter().filter(|entry| entry.name == ICalendarProperty::Categories);
    let values = entries.flat_map(|entry| &entry.values).filter_map(ICalendarValue::as_text);
    values.flat_map(|text| text.split(',')).map(|text| cut(text.trim())).collect()
}

/// Whole days by the clocks of `zone`, however long the days are.
fn days(
    first: impl std::fmt::Display,
    count: i64,
    zone: &TimeZone,
) -> Option<(Timestamp, Timestamp)> {
    let first = Date::strptime("%Y-%m-%d", first.to_string()).ok()?;
    let end = first
        .checked_add(SignedDuration::from_hours(24).checked_mul(i32::try_from(count.max(1)).ok()?)?)
        .ok()?;
    let midnight = |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp());
    Some((midnight(first)?, midnight(end)?))
}

fn exactly(begin: i64, length: i64) -> Option<(Timestamp, Timestamp)> {
    let begin = Timestamp::from_microsecond(begin).ok()?;
    let end = begin.checked_add(SignedDuration::from_micros(length)).ok()?;
    (begin < end).then_some((begin, end))
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn calendar(events: &str) -> String {
        let events = events.trim().lines().map(str::trim).collect::<Vec<_>>().join("\r\n");
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{events}\r\nEND:VCALENDAR\r\n"
        )
    }

    fn of(events: &str) -> Contents {
        let window = (t("2026-01-01T00:00:00Z"), t("2027-01-01T00:00:00Z"));
        read(calendar(events).as_bytes(), &berlin(), window).unwrap()
    }

    fn spans(contents: &Contents) -> Vec<(String, String)> {
        let spans = contents.entries.iter();
        spans.map(|entry| (entry.from.to_string(), entry.to.to_string())).collect()
    }

    fn pair(from: &str, to: &str) -> (String, String) {
        (from.to_owned(), to.to_owned())
    }

    #[test]
    fn whole_days_are_those_of_the_person_also_when_the_clocks_change() {
        let contents = of("BEGIN:VEVENT
            UID:a
            DTSTART;VALUE=DATE:20260328
            DTEND;VALUE=DATE:20260330
            SUMMARY:Holiday\\, finally
            CATEGORIES:Leave,Private
            END:VEVENT");
        assert_eq!(spans(&contents), [pair("2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z")]);
        let entry = &contents.entries[0];
        assert!(entry.all_day);
        assert_eq!(entry.summary, "Holiday, finally");
        assert_eq!(entry.categories, ["Leave", "Private"]);
    }

    #[test]
    fn recurrences_keep_their_local_time_and_exceptions_their_event() {
        let contents = of("BEGIN:VEVENT
            UID:a
            DTSTART;TZID=America/New_York:20260305T090000
            DTEND;TZID=America/New_York:20260305T100000
            RRULE:FREQ=WEEKLY;COUNT=4
            EXDATE;TZID=America/New_York:20260312T090000
            SUMMARY:Therapy
            END:VEVENT
            BEGIN:VEVENT
            UID:a
            RECURRENCE-ID;TZID=America/New_York:20260319T090000
            DTSTART;TZID=America/New_York:20260320T150000
            DTEND;TZID=America/New_York:20260320T160000
            SUMMARY:Therapy, moved
            END:VEVENT
            BEGIN:VEVENT
            UID:b
            DTSTART;TZID=America/New_York:20260319T090000
            DTEND;TZID=America/New_York:20260319T093000
            RRULE:FREQ=WEEKLY;COUNT=1
            SUMMARY:Another at the same time
            END:VEVENT");
        assert_eq!(
            spans(&contents),
            [
                pair("2026-03-05T14:00:00Z", "2026-03-05T15:00:00Z"),
                pair("2026-03-19T13:00:00Z", "2026-03-19T13:30:00Z"),
                pair("2026-03-20T19:00:00Z", "2026-03-20T20:00:00Z"),
                pair("2026-03-26T13:00:00Z", "2026-03-26T14:00:00Z"),
            ]
        );
        assert_eq!(contents.entries[2].summary, "Therapy, moved");
        assert!(contents.entries.iter().all(|entry| !entry.all_day));
    }

    #[test]
    fn a_series_of_long_ago_reaches_into_the_window_and_what_was_cancelled_does_not_count() {
        let contents = of("BEGIN:VEVENT
            UID:a
            DTSTART;VALUE=DATE:20050105
            RRULE:FREQ=YEARLY
            SUMMARY:Birthday
            END:VEVENT
            BEGIN:VEVENT
            UID:b
            STATUS:CANCELLED
            DTSTART;VALUE=DATE:20260601
            SUMMARY:Not going
            END:VEVENT");
        assert_eq!(spans(&contents), [pair("2026-01-04T23:00:00Z", "2026-01-05T23:00:00Z")]);
    }

    #[test]
    fn what_recurs_by_the_second_is_left_out_and_named() {
        let contents = of("BEGIN:VEVENT
            UID:bomb
            DTSTART:20260101T000000Z
            DTEND:20260101T000001Z
            RRULE:FREQ=SECONDLY
            END:VEVENT
            BEGIN:VEVENT
            UID:never
            DTSTART:20260101T000000Z
            RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31
            END:VEVENT
            BEGIN:VEVENT
            UID:fine
            DTSTART:20260601T080000
            DURATION:PT2H
            END:VEVENT");
        assert_eq!(spans(&contents), [pair("2026-06-01T06:00:00Z", "2026-06-01T08:00:00Z")]);
        assert_eq!(contents.skipped, ["bomb: it recurs more often than daily"]);
    }

    #[test]
    fn zones_by_the_names_of_windows_are_known() {
        let contents = of("BEGIN:VEVENT
            UID:a
            DTSTART;TZID=W. Europe Standard Time:20260601T080000
            DTEND;TZID=W. Europe Standard Time:20260601T090000
            END:VEVENT");
        assert_eq!(spans(&contents), [pair("2026-06-01T06:00:00Z", "2026-06-01T07:00:00Z")]);
    }

    #[test]
    fn what_is_no_calendar_or_breaks_off_is_refused_and_never_read_as_empty() {
        let window = (t("2026-01-01T00:00:00Z"), t("2027-01-01T00:00:00Z"));
        let whole = calendar("BEGIN:VEVENT\nUID:a\nDTSTART:20260601T080000Z\nEND:VEVENT");
        let half = &whole[..whole.len() / 2];
        for text in ["", "<html>Sign in</html>", half, "END:VCALENDAR"] {
            assert_eq!(read(text.as_bytes(), &berlin(), window), Err(NoCalendar), "{text}");
        }
        assert_eq!(read(calendar("").as_bytes(), &berlin(), window), Ok(Contents::default()));
    }
}
