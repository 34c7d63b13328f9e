//! The closing record as Markdown, for a tracker or a wiki. Whatever people wrote is text: nothing of
//! it becomes a heading, a picture, a script or a link that nobody asked for.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use muster_core::incident::closing::Line;
use muster_core::incident::synopsis;
use muster_core::incident::timeline::Actor;

use super::Closing;

/// Characters that mean something in Markdown or HTML.
const SPECIAL: &str = "\\`*_{}[]<>#|~&!";

/// The record as Markdown.
pub fn write(closing: &Closing) -> String {
    let incident = &closing.incident;
    let mut text = format!("# Incident {}: {}\n\n", incident.number, plain(&incident.title));
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(text, "- {name}: {value}");
    };
    fact("Status", incident.status.name());
    fact("Severity", &plain(&closing.severity));
    fact("Service", &plain(&closing.service));
    if !closing.impact.is_empty() {
        fact("Impact", &plain(&closing.impact));
    }
    fact("As of", &instant(closing.at));
    fact("Read it at", &format!("<{}>", closing.url));
    if incident.practice {
        fact("Practice", "nothing was broken");
    }
    if !closing.lead.is_empty() {
        let _ = write!(text, "\n{}\n", plain(&closing.lead));
    }
    text += "\n## Statistics\n\n| What | How long |\n| --- | --- |\n";
    for (name, took) in statistics(closing) {
        let _ = writeln!(text, "| {name} | {took} |");
    }
    text += "\n| When it | At |\n| --- | --- |\n";
    for (name, at) in closing.instants() {
        let _ = writeln!(text, "| {name} | {} |", instant(at));
    }
    if let Some(cause) = &closing.synopsis.cause {
        let _ = write!(text, "\n## Cause\n\n{}\n", plain(cause));
    }
    let synopsis = &closing.synopsis;
    let inquiries: Vec<_> = synopsis.open.iter().chain(&synopsis.closed).collect();
    section(&mut text, "Lines of inquiry", &inquiries);
    let changes: Vec<_> = synopsis.under_way.iter().chain(&synopsis.changed).collect();
    section(&mut text, "Changes", &changes);
    timeline(&mut text, "Summary timeline", &closing.record.summary);
    timeline(&mut text, "Full timeline", &closing.record.full);
    timeline(&mut text, "Communications timeline", &closing.record.communications);
    text
}

/// What took how long, in words; what has not come to that is said to be unknown.
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
        let name = format!("Page to check-in, {}", plain(&one.user));
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

fn section(text: &mut String, name: &str, lines: &[&synopsis::Line]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {name}\n\n");
    for line in lines {
        let state = line.state.map(|state| format!(" ({})", state.replace('_', " ")));
        let who = line.who.as_deref().map(|who| format!(", {}", plain(who)));
        let outcome = line.outcome.as_deref().map(|outcome| format!(": {}", plain(outcome)));
        let _ = writeln!(
            text,
            "- {}{}{}{}",
            plain(&line.text),
            state.unwrap_or_default(),
            who.unwrap_or_default(),
            outcome.unwrap_or_default()
        );
    }
}

fn timeline(text: &mut String, name: &str, lines: &[Line]) {
    let _ = write!(text, "\n## {name}\n\n");
    if lines.is_empty() {
        text.push_str("Nothing.\n");
    }
    for line in lines {
        let about = if line.is_approximate { "about " } else { "" };
        let actor = match &line.actor {
            Actor::System => String::new(),
            actor => format!("{}: ", plain(actor.name())),
        };
        let _ = write!(text, "- {about}{} {actor}{}", instant(line.at), plain(&line.text));
        if let Some(link) = &line.link {
            let _ = write!(text, " <{}>", link.replace('<', "%3C").replace('>', "%3E"));
        }
        for note in notes(line) {
            let _ = write!(text, " ({note})");
        }
        text.push('\n');
    }
}

/// What is said about an entry besides its words.
pub fn notes(line: &Line) -> Vec<String> {
    [
        line.is_external.then(|| "outside of the team".to_owned()),
        line.is_late.then(|| "added later".to_owned()),
        line.original.as_ref().map(|original| format!("originally: {}", plain(original))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Text that means itself, on one line.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 8);
    for (at, line) in text.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        if at > 0 {
            plain.push_str(" / ");
        }
        for character in line.chars() {
            if SPECIAL.contains(character) {
                plain.push('\\');
            }
            plain.push(if character.is_control() { ' ' } else { character });
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_text_and_nothing_else() {
        let wrote = "# big\n<script>alert(1)</script> [x](javascript:alert(1)) | `rm`\u{7}";
        assert_eq!(
            plain(wrote),
            "\\# big / \\<script\\>alert(1)\\</script\\> \\[x\\](javascript:alert(1)) \\| \\`rm\\` "
        );
    }

    #[test]
    fn lengths_are_told_to_the_second() {
        for (seconds, said) in [(0, "0s"), (61, "1m 01s"), (3_723, "1h 02m 03s")] {
            assert_eq!(length(SignedDuration::from_secs(seconds)), said);
        }
    }
}
