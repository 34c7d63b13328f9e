//! The words of a text message: short, with the number that people say and the digits that answer
//! it, in at most [`SEGMENTS_MAX`] segments whatever an alert is called.

use muster_core::incident::lifecycle::{How, Superseded};
use muster_core::org::language::Language;

use super::gsm::{fitting, plain};
use super::words::{Words, fill, words};
use crate::channels::Message;
use crate::channels::message::{Incident, Page};

/// The most segments of one message: what is longer is late and dear.
pub const SEGMENTS_MAX: usize = 3;
/// The most incidents that a digest names.
const NAMED_MAX: usize = 3;

/// A message as a text of at most [`SEGMENTS_MAX`] segments.
pub fn render(message: &Message, language: Language) -> String {
    let words = words(language);
    match message {
        Message::Page { page, incident } => one(words, page, incident),
        Message::PageSuperseded { superseded, incident, .. } => {
            let ending = ending(words, superseded, incident.number);
            fitting(&subject(incident), SEGMENTS_MAX, |subject| format!("{ending}: {subject}"))
        }
        Message::Digest { pages, answer_url, .. } => digest(words, pages, answer_url),
        Message::Notification { subject, text, .. } => {
            let text = plain(text.trim());
            let subject = plain(subject);
            fitting(&text, SEGMENTS_MAX, |text| format!("{subject}\n{text}").trim().to_owned())
        }
        Message::Test { requested_by } => {
            let name = plain(requested_by);
            fitting(&name, SEGMENTS_MAX, |name| fill(words.test, &[("name", name)]))
        }
        Message::Event { kind, incident, .. } => {
            let about = incident.as_ref().map(subject).unwrap_or_default();
            fitting(&about, SEGMENTS_MAX, |about| format!("{kind} {about}").trim().to_owned())
        }
    }
}

/// `SEV1 checkout: Disk full`, or the organisation's own words (`N6`).
fn subject(incident: &Incident) -> String {
    let Incident { service, title, words, .. } = incident;
    let subject = match words.as_str() {
        "" => format!("SEV{} {service}: {title}", incident.severity.number()),
        words => words.to_owned(),
    };
    plain(&subject).replace('\n', " ")
}

fn one(words: &Words, page: &Page, incident: &Incident) -> String {
    let mut lines = vec![String::new()];
    lines.extend(asked_by(words, page));
    if page.possible_repeat {
        lines.push(words.repeat.to_owned());
    }
    lines.push(words.reply.to_owned());
    lines.push(page.ack_url.clone());
    lines.extend(incident.bridge.iter().map(|bridge| format!("{}: {bridge}", words.bridge)));
    let rest = lines.join("\n");
    let number = incident.number;
    fitting(&subject(incident), SEGMENTS_MAX, |subject| format!("#{number} {subject}{rest}"))
}

/// Who asks outside of the policy, and how late it is: what a step says of itself is for the app.
fn asked_by(words: &Words, page: &Page) -> Option<String> {
    let reason = plain(&page.reason).replace('\n', " ");
    match reason.split_once(" requests you") {
        Some((name, rest)) => {
            let rest: String = rest.chars().take(80).collect();
            Some(format!("{}{rest}", fill(words.requests, &[("name", name)])))
        }
        None => reason.ends_with(" late").then(|| format!("({reason})")),
    }
}

fn ending(words: &Words, superseded: &Superseded, number: i64) -> String {
    let how = match superseded.how {
        How::Acked => words.acked,
        How::Resolved => words.resolved,
        How::Withdrawn => words.withdrawn,
        How::Declined => words.declined,
    };
    let how = fill(how, &[("number", &number.to_string())]);
    match superseded.by.rsplit_once("by ") {
        Some((_, name)) if !name.is_empty() => {
            format!("{how} {}", fill(words.by, &[("name", &plain(name))]))
        }
        _ => how,
    }
}

fn digest(words: &Words, pages: &[(Page, Incident)], answer_url: &str) -> String {
    let head = fill(words.many, &[("count", &pages.len().to_string())]);
    let number = pages.first().map_or(0, |(_, incident)| incident.number).to_string();
    let reply = fill(words.reply_all, &[("number", &number)]);
    let named: Vec<_> = pages.iter().take(NAMED_MAX).map(|(_, incident)| incident).collect();
    // Each gets its share of what the message can hold.
    let share = 120 / NAMED_MAX;
    let lines: Vec<String> = named
        .iter()
        .map(|incident| {
            let subject: String = subject(incident).chars().take(share).collect();
            format!("#{} {}", incident.number, subject.trim_end())
        })
        .collect();
    let others = pages.len() - named.len();
    let more = (others > 0).then(|| fill(words.more, &[("count", &others.to_string())]));
    let list: Vec<_> = lines.into_iter().chain(more).collect();
    fitting(&list.join("\n"), SEGMENTS_MAX, |list| format!("{head}\n{list}\n{reply}\n{answer_url}"))
}
