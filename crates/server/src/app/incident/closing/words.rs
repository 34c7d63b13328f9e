//! What the formats of the closing record say in the same words: lengths, instants, statistics and
//! what is said about an entry. Plain text: a format escapes it as it must.

use jiff::{SignedDuration, Timestamp};
use muster_core::incident::closing::Line;
use muster_core::incident::synopsis;

use super::{Closing, Effort};
use crate::app::incident::concurrent::Concurrent;

/// What took how long; what has not come to that is said to be unknown.
pub fn statistics(closing: &Closing) -> Vec<(String, String)> {
    let distances = closing.record.distances;
    let mut rows: Vec<(String, String)> = [
        ("Occurred to discovered", distances.occurred_to_detected),
        ("Occurred to resolved", distances.occurred_to_resolved),
        ("Discovered to resolved", distances.detected_to_resolved),
        ("Discovered to acknowledged", distances.detected_to_acknowledged),
        ("Discovered to restored", distances.detected_to_restored),
    ]
    .into_iter()
    .map(|(name, took)| (name.to_owned(), took.map_or_else(|| "not known".to_owned(), length)))
    .collect();
    for one in &closing.record.engagements {
        let late = if one.is_late { ", late" } else { "" };
        let name = format!("Page to check-in, {}", one.user);
        rows.push((name, format!("{}{late}", length(one.took))));
    }
    rows
}

/// A length in hours, minutes and seconds.
pub fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m {rest:02}s"),
        _ => format!("{hours}h {minutes:02}m {rest:02}s"),
    }
}

/// An instant in UTC, to the second.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What is said about an entry besides its words.
pub fn notes(line: &Line) -> Vec<String> {
    [
        line.is_external.then(|| "outside of the team".to_owned()),
        line.is_late.then(|| "added later".to_owned()),
        line.original.as_ref().map(|original| format!("originally: {original}")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The synopsis in its sections, without those that have nothing.
pub fn sections(synopsis: &synopsis::Synopsis) -> Vec<(&'static str, Vec<&synopsis::Line>)> {
    [
        ("Lines of inquiry", synopsis.open.iter().chain(&synopsis.closed).collect::<Vec<_>>()),
        ("Changes", synopsis.under_way.iter().chain(&synopsis.changed).collect()),
        ("Action items", synopsis.action_items.iter().collect()),
    ]
    .into_iter()
    .filter(|(_, lines)| !lines.is_empty())
    .collect()
}

/// Another incident at the same time: `Incident 7, SEV2, resolved: Search is slow`.
pub fn concurrent(one: &Concurrent) -> String {
    let incident = &one.incident;
    let (number, level) = (incident.number, incident.severity.number());
    format!("Incident {number}, SEV{level}, {}: {}", incident.status.name(), incident.title)
}

/// The heading of a child effort.
pub fn effort(effort: &Effort) -> String {
    format!("Child effort, incident {}: {}", effort.incident.number, effort.incident.title)
}

/// Who led a child effort, and how it stands.
pub fn led(effort: &Effort) -> String {
    let status = effort.incident.status.name();
    match effort.leads.is_empty() {
        true => format!("{status}, led by nobody"),
        false => format!("{status}, led by {}", effort.leads.join(", ")),
    }
}

/// How a line of inquiry or a change stands, in words; empty when it has no state.
pub fn state(line: &synopsis::Line) -> String {
    line.state.map(|state| format!(" ({})", state.replace('_', " "))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_to_the_second() {
        for (seconds, said) in [(0, "0s"), (61, "1m 01s"), (3_723, "1h 02m 03s")] {
            assert_eq!(length(SignedDuration::from_secs(seconds)), said);
        }
    }
}
