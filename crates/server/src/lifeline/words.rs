//! How instants, spans and states read on pages for people: `03:12 CET · 4 min ago`. Pure functions
//! of their arguments, so that a page says the same wherever it is made.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use muster_core::incident::lifecycle::Status;
use muster_core::incident::severity::Level;

/// An instant as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// For programs and on hover: RFC 3339 in UTC.
    pub utc: String,
    /// In the reader's zone: `03:12 CET`, with the date once it is not of today.
    pub local: String,
    /// How far away: `4 min ago`, `in 4 min`.
    pub distance: String,
}

impl Moment {
    /// `at` as somebody in `zone` reads it at `now`.
    pub fn new(at: Timestamp, now: Timestamp, zone: &TimeZone) -> Self {
        let (there, here) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
        let format = if there.date() == here.date() {
            "%H:%M %Z"
        } else if there.year() == here.year() {
            "%-d %b %H:%M %Z"
        } else {
            "%-d %b %Y %H:%M %Z"
        };
        let seconds = Timestamp::from_second(at.as_second()).unwrap_or(at);
        Self {
            utc: seconds.to_string(),
            local: there.strftime(format).to_string(),
            distance: distance(at.duration_since(now)),
        }
    }
}

/// How far away an instant is that comes `after` now, or was, if that is negative.
fn distance(after: SignedDuration) -> String {
    match span(after.abs()) {
        None => "now".to_owned(),
        Some(span) if after.is_negative() => format!("{span} ago"),
        Some(span) => format!("in {span}"),
    }
}

/// A length of time, rounded down to what matters at its size; none below a second.
pub fn span(length: SignedDuration) -> Option<String> {
    let seconds = length.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let with = |rest: i64, unit: &str| match rest {
        0 => String::new(),
        rest => format!(" {rest} {unit}"),
    };
    match seconds {
        ..=0 => None,
        1..60 => Some(format!("{seconds} s")),
        60..3_600 => Some(format!("{minutes} min")),
        3_600..86_400 => Some(format!("{hours} h{}", with(minutes % 60, "min"))),
        86_400..864_000 => Some(format!("{days} d{}", with(hours % 24, "h"))),
        _ => Some(format!("{days} d")),
    }
}

/// `1 alert`, `3 alerts`.
pub fn counted(count: i64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// `ana`, `ana and bo`, `ana, bo and cy`.
pub fn listed(names: &[String]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A text cut for a page that must stay small; the record keeps it whole.
pub fn cut(text: &str, chars_max: usize) -> String {
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(chars_max).collect();
    if chars.next().is_some() {
        short.push_str(" …");
    }
    short
}

/// The mark of a status: filled while nobody has it, hollow once somebody does.
pub fn status_mark(status: Status) -> &'static str {
    match status {
        Status::Triggered => "\u{25cf}",
        Status::Acknowledged | Status::Researching | Status::Identified => "\u{25cb}",
        Status::Restored => "\u{25d1}",
        Status::Resolved | Status::Closed => "\u{2713}",
    }
}

/// The outline of a severity's glyph, so that severities differ by shape and not by hue alone.
pub fn severity_shape(level: Level) -> &'static str {
    match level.number() {
        1 => "M10 1h12l9 9v12l-9 9H10l-9-9V10z",
        2 => "M16 2 31 30H1z",
        3 => "M2 2h28v28H2z",
        _ => "M16 2a14 14 0 1 1 0 28 14 14 0 0 1 0-28zm0 3a11 11 0 1 0 0 22 11 11 0 0 0 0-22z",
    }
}

/// The style of a severity; those beyond the fourth look like the fourth.
pub fn severity_class(level: Level) -> &'static str {
    match level.number() {
        1 => "sev1",
        2 => "sev2",
        3 => "sev3",
        _ => "sev4",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_instant_reads_as_the_clock_on_the_readers_wall() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let now = t("2026-11-21T02:16:04.5Z");
        let moment = Moment::new(t("2026-11-21T02:12:04Z"), now, &berlin);
        assert_eq!(moment.utc, "2026-11-21T02:12:04Z");
        assert_eq!((&*moment.local, &*moment.distance), ("03:12 CET", "4 min ago"));
        let yesterday = Moment::new(t("2026-11-20T02:12:04Z"), now, &berlin);
        assert_eq!((&*yesterday.local, &*yesterday.distance), ("20 Nov 03:12 CET", "1 d ago"));
        let soon = Moment::new(t("2026-11-21T02:17:00Z"), now, &berlin);
        assert_eq!(soon.distance, "in 55 s");
        assert_eq!(Moment::new(now, now, &berlin).distance, "now");
    }

    #[test]
    fn spans_keep_the_two_units_that_matter() {
        let words = |seconds| span(SignedDuration::from_secs(seconds)).unwrap_or_default();
        let expected = [(0, ""), (59, "59 s"), (60, "1 min"), (3_600, "1 h"), (7_505, "2 h 5 min")];
        for (seconds, text) in expected {
            assert_eq!(words(seconds), text);
        }
        assert_eq!(words(100_000), "1 d 3 h");
        assert_eq!(words(5_000_000), "57 d");
    }

    #[test]
    fn lists_and_cuts_read_as_sentences() {
        let names =
            |names: &[&str]| listed(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&[]), "nobody");
        assert_eq!(names(&["ana", "bo", "cy"]), "ana, bo and cy");
        assert_eq!(
            (counted(1, "alert"), counted(0, "alert")),
            ("1 alert".into(), "0 alerts".into())
        );
        assert_eq!((cut("éé", 2), cut("ééé", 2)), ("éé".into(), "éé …".into()));
    }
}
