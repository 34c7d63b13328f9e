//! What a phone or a browser shows of a message, as data: a title, a few lines, one answer, one
//! place to look. The channels that notify put it into their own form and add nothing. Everything
//! that came from outside is plain text here.

use muster_core::alerting::signal::{cut, is_web_address};
use muster_core::incident::severity::Urgency;

use super::message::{Incident, Page};
use super::{Envelope, Message};
use crate::outbound::on_one_line;

/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 240;
/// How many incidents of a digest are named.
const NAMED_MAX: usize = 5;

/// How much noise a notification makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// Everything that the phone allows, until it is answered.
    Alarm,
    /// As an ordinary message.
    Usual,
    /// None.
    Quiet,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How much noise it makes.
    pub noise: Noise,
    /// One line.
    pub title: String,
    /// The rest, in lines.
    pub text: String,
    /// Where a POST answers it, if one answer is enough.
    pub answer_url: Option<String>,
    /// Where there is more.
    pub link: Option<String>,
    /// What it is about: a later notice of the same thread takes the place of an earlier one.
    pub thread: String,
}

impl Notice {
    /// The notice of a message.
    pub fn new(envelope: &Envelope) -> Self {
        let mut notice = match &envelope.message {
            Message::Page { page, incident } => paged(page, incident),
            Message::PageSuperseded { page, superseded, incident } => Self {
                noise: Noise::Quiet,
                title: format!("{}: {}", capitalised(&superseded.by), incident.headline()),
                text: format!("You were paged as {}; there is nothing to do for you.", page.reason),
                answer_url: None,
                link: Some(incident.url.clone()),
                thread: incident.id.to_string(),
            },
            Message::Digest { pages, answer_url, .. } => digest(&envelope.id, pages, answer_url),
            Message::Notification { subject, text, incident } => Self {
                noise: Noise::Usual,
                title: subject.clone(),
                text: text.clone(),
                answer_url: None,
                link: incident.as_ref().map(|incident| incident.url.clone()),
                thread: envelope.id.clone(),
            },
            Message::Test { requested_by } => Self {
                noise: Noise::Usual,
                title: "Test message from Muster".to_owned(),
                text: format!("Requested by {requested_by}. If you can read it, it arrives."),
                answer_url: None,
                link: None,
                thread: envelope.id.clone(),
            },
            Message::Event { kind, incident, .. } => Self {
                noise: Noise::Quiet,
                title: incident.as_ref().map_or_else(|| kind.clone(), Incident::headline),
                text: format!("Event: {kind}"),
                answer_url: None,
                link: incident.as_ref().map(|incident| incident.url.clone()),
                thread: envelope.id.clone(),
            },
        };
        notice.title = on_one_line(&notice.title);
        cut(&mut notice.title, TITLE_CHARS_MAX);
        notice.text = notice.text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        for url in [&mut notice.answer_url, &mut notice.link] {
            *url = url.take().filter(|url| is_web_address(url));
        }
        notice
    }
}

fn paged(page: &Page, incident: &Incident) -> Notice {
    let mut lines = vec![facts(incident), format!("You are paged as {}.", page.reason)];
    if page.possible_repeat {
        lines.push("This may repeat a page that you already have.".to_owned());
    }
    if !incident.impact.is_empty() {
        lines.push(format!("Impact: {}.", incident.impact));
    }
    lines.extend(incident.bridge.iter().map(|bridge| format!("Bridge: {bridge}")));
    Notice {
        noise: noise(page),
        title: incident.headline(),
        text: lines.join("\n"),
        answer_url: Some(page.ack_url.clone()),
        link: Some(page.ack_url.clone()),
        thread: incident.id.to_string(),
    }
}

fn noise(page: &Page) -> Noise {
    match page.urgency {
        Urgency::High => Noise::Alarm,
        Urgency::Low => Noise::Usual,
        Urgency::None => Noise::Quiet,
    }
}

/// Several pages in one notice, with one answer for all.
fn digest(id: &str, pages: &[(Page, Incident)], answer_url: &str) -> Notice {
    let mut lines: Vec<_> =
        pages.iter().take(NAMED_MAX).map(|(_, incident)| incident.headline()).collect();
    if let Some(more) = pages.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    let is_alarm = pages.iter().any(|(page, _)| noise(page) == Noise::Alarm);
    Notice {
        noise: if is_alarm { Noise::Alarm } else { Noise::Usual },
        title: format!("{} incidents ask for you", pages.len()),
        text: lines.join("\n"),
        answer_url: Some(answer_url.to_owned()),
        link: Some(answer_url.to_owned()),
        thread: id.to_owned(),
    }
}

fn facts(incident: &Incident) -> String {
    let alerts = match incident.alert_count {
        0 => String::new(),
        1 => ", 1 alert".to_owned(),
        many => format!(", {many} alerts"),
    };
    let since = incident.created_at.strftime("%H:%M UTC");
    format!("Incident {} is {}{alerts}, since {since}.", incident.number, incident.status.name())
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The text within so many bytes, cut with a mark between characters.
pub(super) fn within_bytes(text: &str, bytes_max: usize) -> String {
    const MARK: &str = "…";
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = bytes_max.saturating_sub(MARK.len());
    let end = (0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{MARK}", &text[..end])
}
