//! The words of a mail: a subject, plain text, and the same as HTML. Everything that came from
//! outside is escaped, and only web addresses become links.

use std::fmt::Write as _;

use muster_core::alerting::signal::is_web_address;

use crate::channels::message::{Incident, Page};
use crate::channels::{Envelope, Message};
use crate::outbound::on_one_line;

/// A mail in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// A piece of a mail, written twice: as text and as HTML.
enum Block {
    Heading(String),
    Paragraph(String),
    /// The one thing to do.
    Button {
        label: &'static str,
        href: String,
    },
    Link {
        label: &'static str,
        href: String,
    },
}

/// Renders a message.
pub fn render(envelope: &Envelope) -> Rendered {
    let (subject, mut blocks) = match &envelope.message {
        Message::Page { page, incident } => (incident.headline(), paged(page, incident)),
        Message::PageSuperseded { page, superseded, incident } => {
            let ending = capitalised(&superseded.by);
            let blocks = vec![
                Block::Heading(incident.headline()),
                Block::Paragraph(format!(
                    "{ending}. You were paged as {}; there is nothing to do for you.",
                    page.reason
                )),
                Block::Link { label: "Incident", href: incident.url.clone() },
            ];
            (format!("{ending}: {}", incident.headline()), blocks)
        }
        Message::Digest { pages, answer_url, reply_to } => {
            digest(pages, answer_url, reply_to.is_some())
        }
        Message::Notification { subject, text, incident } => {
            let mut blocks = vec![Block::Heading(subject.clone())];
            blocks.extend(text.split("\n\n").map(|part| Block::Paragraph(part.to_owned())));
            blocks.extend(
                incident
                    .iter()
                    .map(|incident| Block::Link { label: "Incident", href: incident.url.clone() }),
            );
            (subject.clone(), blocks)
        }
        Message::Test { requested_by } => {
            let text = format!(
                "This is a test, requested by {requested_by}. If you can read it, mail from Muster \
                 reaches you."
            );
            let subject = "Test message from Muster".to_owned();
            (subject.clone(), vec![Block::Heading(subject), Block::Paragraph(text)])
        }
        Message::Event { kind, incident, .. } => {
            let about = incident.as_ref().map_or_else(String::new, Incident::headline);
            let mut blocks = vec![Block::Heading(about.clone())];
            blocks.push(Block::Paragraph(format!("Event: {kind}")));
            (format!("{kind} {about}").trim().to_owned(), blocks)
        }
    };
    if let Some(url) = &envelope.unsubscribe {
        blocks.push(Block::Link { label: "End these mails", href: url.clone() });
    }
    if !envelope.recipient.is_empty() {
        blocks.push(Block::Paragraph(format!("Sent to {} by Muster.", envelope.recipient)));
    }
    Rendered { subject, text: as_text(&blocks), html: as_html(&blocks) }
}

fn paged(page: &Page, incident: &Incident) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(incident.headline()),
        Block::Paragraph(format!("{} You are paged as {}.", facts(incident), page.reason)),
    ];
    if page.possible_repeat {
        let repeat = "This may repeat a page that you already have.";
        blocks.push(Block::Paragraph(repeat.to_owned()));
    }
    blocks.push(Block::Button { label: "Acknowledge", href: page.ack_url.clone() });
    blocks.push(Block::Paragraph(
        "Opening the link changes nothing; the button on its page acknowledges.".to_owned(),
    ));
    if page.reply_to.is_some() {
        blocks.push(Block::Paragraph(
            "Or answer this mail with one word on the first line: ack, resolve, escalate or decline."
                .to_owned(),
        ));
    }
    if !incident.impact.is_empty() {
        blocks.push(Block::Paragraph(format!("Impact: {}.", incident.impact)));
    }
    let link = |label: &'static str| move |href: &String| Block::Link { label, href: href.clone() };
    blocks.extend(incident.bridge.iter().map(link("Bridge")));
    blocks.extend(incident.runbook.iter().map(link("Runbook")));
    blocks.push(Block::Link { label: "Incident", href: incident.url.clone() });
    blocks
}

fn digest(pages: &[(Page, Incident)], answer_url: &str, by_mail: bool) -> (String, Vec<Block>) {
    let others = pages.len().saturating_sub(1);
    let first = pages.first().map_or_else(String::new, |(_, incident)| incident.headline());
    let subject = match others {
        0 => first,
        1 => format!("{first}, and 1 other incident"),
        _ => format!("{first}, and {others} other incidents"),
    };
    let count = format!("{} incidents ask for you, the most urgent first.", pages.len());
    let mut blocks = vec![
        Block::Paragraph(count),
        Block::Button { label: "Acknowledge all", href: answer_url.to_owned() },
    ];
    if by_mail {
        let how = "Or answer this mail with one word on the first line: ack, resolve, escalate or \
                   decline. It is for all of them; with a number, as in ack 42, it is for that one.";
        blocks.push(Block::Paragraph(how.to_owned()));
    }
    for (page, incident) in pages {
        blocks.push(Block::Heading(incident.headline()));
        blocks.push(Block::Paragraph(format!("{} Paged as {}.", facts(incident), page.reason)));
        blocks.push(Block::Button { label: "Acknowledge", href: page.ack_url.clone() });
        blocks.push(Block::Link { label: "Incident", href: incident.url.clone() });
    }
    (subject, blocks)
}

/// What is known at a glance. The instant is in UTC: a mail may be read anywhere.
fn facts(incident: &Incident) -> String {
    let alerts = match incident.alert_count {
        0 => String::new(),
        1 => ", 1 alert".to_owned(),
        many => format!(", {many} alerts"),
    };
    format!(
        "Incident {} is {}{alerts}, since {}.",
        incident.number,
        incident.status.name(),
        incident.created_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    )
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn as_text(blocks: &[Block]) -> String {
    let mut out = String::new();
    for block in blocks {
        // Writing to a text cannot fail.
        let _ = match block {
            Block::Heading(text) => write!(out, "{}\n\n", on_one_line(text)),
            Block::Paragraph(text) => write!(out, "{text}\n\n"),
            Block::Button { label, href } | Block::Link { label, href } => {
                write!(out, "{label}: {href}\n\n")
            }
        };
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn as_html(blocks: &[Block]) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"></head>\
         <body style=\"font:16px/1.5 system-ui,sans-serif;color:#12161c;background:#ffffff;\
         max-width:36em;margin:0 auto;padding:16px\">\n",
    );
    for block in blocks {
        // Writing to a text cannot fail.
        let _ = match block {
            Block::Heading(text) => {
                writeln!(
                    out,
                    "<h1 style=\"font-size:20px;margin:24px 0 8px\">{}</h1>",
                    escaped(text)
                )
            }
            Block::Paragraph(text) => {
                writeln!(out, "<p style=\"white-space:pre-line\">{}</p>", escaped(text))
            }
            Block::Button { label, href } | Block::Link { label, href }
                if !is_web_address(href) =>
            {
                writeln!(out, "<p>{label}: {}</p>", escaped(href))
            }
            Block::Button { label, href } => writeln!(
                out,
                "<p><a href=\"{}\" style=\"display:block;padding:16px;border-radius:10px;\
                 background:#12161c;color:#ffffff;font-weight:600;text-align:center;\
                 text-decoration:none\">{label}</a></p>",
                escaped(href)
            ),
            Block::Link { label, href } => {
                let href = escaped(href);
                writeln!(out, "<p>{label}: <a href=\"{href}\">{href}</a></p>")
            }
        };
    }
    out.push_str("</body></html>\n");
    out
}

/// A text that means itself inside of HTML and its attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
