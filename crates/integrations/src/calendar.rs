//! Shifts and changes as an iCalendar file (RFC 5545), for calendars of people. It writes what other programs
//! read: UTC times, lines of at most 75 octets, escaped texts, ids that stay and sequence numbers
//! that grow, so that what is changed is moved and not doubled.

use jiff::Timestamp;

pub mod feed;

/// The most octets of a line (RFC 5545, 3.1).
const LINE_OCTETS_MAX: usize = 75;

/// A shift as an event of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Stays the same while the shift is the same.
    pub uid: String,
    /// Grows with every change.
    pub sequence: i64,
    /// When it was last changed, as far as is known.
    pub stamp: Timestamp,
    /// The beginning.
    pub from: Timestamp,
    /// The end.
    pub to: Timestamp,
    /// One line.
    pub summary: String,
    /// More than a line.
    pub description: String,
}

/// A calendar of that name.
pub fn write(name: &str, events: &[Event]) -> String {
    let mut text = String::new();
    let mut line = |content: String| fold(&mut text, &content);
    line("BEGIN:VCALENDAR".to_owned());
    line("VERSION:2.0".to_owned());
    line("PRODID:-//Muster//On-call//EN".to_owned());
    line("CALSCALE:GREGORIAN".to_owned());
    line("METHOD:PUBLISH".to_owned());
    line(format!("NAME:{}", escaped(name)));
    line(format!("X-WR-CALNAME:{}", escaped(name)));
    line("REFRESH-INTERVAL;VALUE=DURATION:PT1H".to_owned());
    for event in events {
        line("BEGIN:VEVENT".to_owned());
        line(format!("UID:{}", escaped(&event.uid)));
        line(format!("SEQUENCE:{}", event.sequence));
        line(format!("DTSTAMP:{}", utc(event.stamp)));
        line(format!("DTSTART:{}", utc(event.from)));
        line(format!("DTEND:{}", utc(event.to)));
        line(format!("SUMMARY:{}", escaped(&event.summary)));
        line(format!("DESCRIPTION:{}", escaped(&event.description)));
        // Being on call is no reason not to be invited to a meeting.
        line("TRANSP:TRANSPARENT".to_owned());
        line("END:VEVENT".to_owned());
    }
    line("END:VCALENDAR".to_owned());
    text
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A text as a value (RFC 5545, 3.3.11).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// Adds a line, folded where it is too long, never within a character.
fn fold(text: &mut String, line: &str) {
    let mut octets = 0;
    for c in line.chars() {
        if octets + c.len_utf8() > LINE_OCTETS_MAX {
            text.push_str("\r\n ");
            octets = 1;
        }
        text.push(c);
        octets += c.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_between_characters_and_texts_cannot_add_lines() {
        let event = Event {
            uid: "a@b".to_owned(),
            sequence: 3,
            stamp: "2026-11-21T03:00:00Z".parse().unwrap(),
            from: "2026-11-21T03:00:00.5Z".parse().unwrap(),
            to: "2026-11-22T03:00:00Z".parse().unwrap(),
            summary: format!("{}; x, y\r\nEND:VEVENT", "ü".repeat(60)),
            description: String::new(),
        };
        let text = write("on call", &[event]);
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_OCTETS_MAX), "{text}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "no bare line ends");
        assert_eq!(text.matches("\r\nEND:VEVENT").count(), 1);
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains("\\; x\\, y\\nEND:VEVENT\r\n"), "{unfolded}");
        assert!(unfolded.contains("DTSTART:20261121T030000Z\r\n"));
    }
}
