//! The closing record as Markdown, for a tracker or a wiki. Whatever people wrote is text: nothing of
//! it becomes a heading, a picture, a script or a link that nobody asked for.

use std::fmt::Write as _;

use muster_core::incident::closing::Line;
use muster_core::incident::synopsis;
use muster_core::incident::timeline::Actor;

use super::{Closing, words};

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
    if !closing.tags.is_empty() {
        fact("Tags", &plain(&closing.tags.join(", ")));
    }
    for (title, value) in &closing.fields {
        fact(&plain(title), &plain(value));
    }
    fact("As of", &words::instant(closing.at));
    fact("Read it at", &format!("<{}>", closing.url));
    for link in &closing.links {
        fact(&plain(&link.label), &address(&link.address));
    }
    if incident.practice {
        fact("Practice", "nothing was broken");
    }
    if !closing.lead.is_empty() {
        let _ = write!(text, "\n{}\n", plain(&closing.lead));
    }
    text += "\n## Statistics\n\n| What | How long |\n| --- | --- |\n";
    for (name, took) in words::statistics(closing) {
        let _ = writeln!(text, "| {} | {took} |", plain(&name));
    }
    text += "\n| When it | At |\n| --- | --- |\n";
    for (name, at) in closing.instants() {
        let _ = writeln!(text, "| {name} | {} |", words::instant(at));
    }
    if let Some(cause) = &closing.synopsis.cause {
        let _ = write!(text, "\n## Cause\n\n{}\n", plain(cause));
    }
    for (name, lines) in words::sections(&closing.synopsis) {
        section(&mut text, name, &lines);
    }
    if !closing.concurrent.is_empty() {
        text += "\n## At the same time\n\n";
        for one in &closing.concurrent {
            let _ = writeln!(text, "- {}", plain(&words::concurrent(one)));
        }
    }
    timeline(&mut text, "Summary timeline", &closing.record.summary);
    for effort in &closing.efforts {
        let name = words::effort(effort);
        let _ = write!(text, "\n## {}\n\n- {}\n", plain(&name), plain(&words::led(effort)));
        if let Some(cause) = &effort.cause {
            let _ = writeln!(text, "- Cause: {}", plain(cause));
        }
        lines(&mut text, &effort.summary);
    }
    timeline(&mut text, "Full timeline", &closing.record.full);
    timeline(&mut text, "Communications timeline", &closing.record.communications);
    text
}

fn section(text: &mut String, name: &str, lines: &[&synopsis::Line]) {
    let _ = write!(text, "\n## {name}\n\n");
    for line in lines {
        let who = line.who.as_deref().map(|who| format!(", {}", plain(who)));
        let outcome = line.outcome.as_deref().map(|outcome| format!(": {}", plain(outcome)));
        let _ = writeln!(
            text,
            "- {}{}{}{}",
            plain(&line.text),
            words::state(line),
            who.unwrap_or_default(),
            outcome.unwrap_or_default()
        );
    }
}

fn timeline(text: &mut String, name: &str, entries: &[Line]) {
    let _ = write!(text, "\n## {name}\n\n");
    if entries.is_empty() {
        text.push_str("Nothing.\n");
    }
    lines(text, entries);
}

fn lines(text: &mut String, lines: &[Line]) {
    for line in lines {
        let about = if line.is_approximate { "about " } else { "" };
        let actor = match &line.actor {
            Actor::System => String::new(),
            actor => format!("{}: ", plain(actor.name())),
        };
        let _ = write!(text, "- {about}{} {actor}{}", words::instant(line.at), plain(&line.text));
        if let Some(link) = &line.link {
            let _ = write!(text, " {}", address(link));
        }
        for note in words::notes(line) {
            let _ = write!(text, " ({})", plain(&note));
        }
        text.push('\n');
    }
}

/// An address that can be followed and means nothing else.
fn address(link: &str) -> String {
    format!("<{}>", link.replace('<', "%3C").replace('>', "%3E"))
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
}
