//! The closing record for paper and for those who file it: the same sections as in Markdown.

use muster_core::incident::closing::Line;
use muster_core::incident::timeline::Actor;

use super::{Closing, words};
use crate::app::print::{self, Block, Paper, PrintError};

/// The record as a PDF.
///
/// # Errors
/// When it cannot be printed.
pub fn write(closing: &Closing) -> Result<Vec<u8>, PrintError> {
    let incident = &closing.incident;
    let mut blocks = head(closing);
    blocks.push(Block::Heading("Statistics".to_owned()));
    blocks
        .extend(words::statistics(closing).into_iter().map(|(name, took)| Block::fact(name, took)));
    blocks.push(Block::Heading("When it happened".to_owned()));
    blocks.extend(closing.instants().map(|(name, at)| Block::fact(name, words::instant(at))));
    if let Some(cause) = &closing.synopsis.cause {
        blocks.extend([Block::Heading("Cause".to_owned()), Block::Text(cause.clone())]);
    }
    for (name, lines) in words::sections(&closing.synopsis) {
        blocks.push(Block::Heading(name.to_owned()));
        for line in lines {
            let outcome = line.outcome.as_deref().map(|outcome| format!(": {outcome}"));
            let text =
                format!("{}{}{}", line.text, words::state(line), outcome.unwrap_or_default());
            blocks.push(Block::fact(line.who.clone().unwrap_or_default(), text));
        }
    }
    if !closing.concurrent.is_empty() {
        blocks.push(Block::Heading("At the same time".to_owned()));
        let told = closing.concurrent.iter().map(|one| Block::Text(words::concurrent(one)));
        blocks.extend(told);
    }
    timeline(&mut blocks, "Summary timeline", &closing.record.summary);
    for effort in &closing.efforts {
        blocks.extend([Block::Heading(words::effort(effort)), Block::Text(words::led(effort))]);
        blocks.extend(effort.cause.iter().map(|cause| Block::fact("Cause", cause)));
        blocks.extend(effort.summary.iter().map(entry));
    }
    for (name, lines) in [
        ("Full timeline", &closing.record.full),
        ("Communications timeline", &closing.record.communications),
    ] {
        timeline(&mut blocks, name, lines);
    }
    print::pdf(&Paper {
        title: format!("Incident {}: {}", incident.number, incident.title),
        foot: format!("Incident {} \u{b7} as of {}", incident.number, words::instant(closing.at)),
        at: closing.at,
        blocks,
    })
}

fn timeline(blocks: &mut Vec<Block>, name: &str, lines: &[Line]) {
    blocks.push(Block::Heading(name.to_owned()));
    if lines.is_empty() {
        blocks.push(Block::Text("Nothing.".to_owned()));
    }
    blocks.extend(lines.iter().map(entry));
}

fn head(closing: &Closing) -> Vec<Block> {
    let incident = &closing.incident;
    let mut facts = vec![
        Block::fact("Status", incident.status.name()),
        Block::fact("Severity", &closing.severity),
        Block::fact("Service", &closing.service),
    ];
    if !closing.tags.is_empty() {
        facts.push(Block::fact("Tags", closing.tags.join(", ")));
    }
    facts.extend(closing.fields.iter().map(|(title, value)| Block::fact(title, value)));
    if !closing.impact.is_empty() {
        facts.push(Block::fact("Impact", &closing.impact));
    }
    facts.push(Block::Fact {
        name: "Read it at".to_owned(),
        value: String::new(),
        notes: Vec::new(),
        link: Some(closing.url.clone()),
    });
    facts.extend(closing.links.iter().map(|link| Block::Fact {
        name: link.label.clone(),
        value: String::new(),
        notes: Vec::new(),
        link: Some(link.address.clone()),
    }));
    if incident.practice {
        facts.push(Block::fact("Practice", "nothing was broken"));
    }
    if !closing.lead.is_empty() {
        facts.push(Block::Text(closing.lead.clone()));
    }
    facts
}

fn entry(line: &Line) -> Block {
    let about = if line.is_approximate { "about " } else { "" };
    let value = match &line.actor {
        Actor::System => line.text.clone(),
        actor => format!("{}: {}", actor.name(), line.text),
    };
    Block::Fact {
        name: format!("{about}{}", words::instant(line.at)),
        value,
        notes: words::notes(line),
        link: line.link.clone(),
    }
}
