//! What a chat shows of a message, as data: a headline, a few lines, buttons to answer with, links.
//! The chat channels put it into their own markup and add nothing. Everything that came from
//! outside is plain text here; the channel escapes it.

use muster_core::alerting::signal::is_web_address;

use super::callback::{About, Choice};
use super::message::{Incident, Page};
use super::{Envelope, Message};
use crate::outbound::on_one_line;

/// The longest headline, in characters.
const HEADLINE_CHARS_MAX: usize = 250;
/// The longest line, in characters.
const LINE_CHARS_MAX: usize = 600;
/// The most lines; what a digest has beyond them is counted.
const LINES_MAX: usize = 12;

/// A message as a chat shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What kind of message it is, for a colour.
    pub tone: Tone,
    /// One line that stands out, also in a notification.
    pub headline: String,
    /// What else there is to know, a line each.
    pub lines: Vec<Line>,
    /// What can be answered.
    pub buttons: Vec<Button>,
    /// Where there is more, web addresses only.
    pub links: Vec<Link>,
}

/// What a message wants of its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// An answer.
    Asking,
    /// Nothing any more.
    Settled,
    /// To be read.
    Informing,
}

/// A line of text, which may lead somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Plain text.
    pub text: String,
    /// A web address.
    pub href: Option<String>,
}

/// An answer that can be given by a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What it says.
    pub label: &'static str,
    /// In which sense.
    pub choice: Choice,
    /// What comes back when it is pressed; see [`code`]. At most [`CODE_BYTES_MAX`] bytes.
    pub code: String,
}

/// A link with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub label: &'static str,
    /// A web address.
    pub href: String,
}

/// The longest code of a button, in bytes: what Telegram takes.
pub const CODE_BYTES_MAX: usize = 64;

/// What a button sends back: what is asked, about what.
pub fn code(choice: Choice, about: &About) -> String {
    let letter = match choice {
        Choice::Acknowledge => 'a',
        Choice::Resolve => 'r',
        Choice::Escalate => 'e',
        Choice::Decline => 'd',
    };
    match about {
        About::PageToken(token) => format!("{letter}.t.{token}"),
        About::Number(number) => format!("{letter}.n.{number}"),
        About::Everything => format!("{letter}.all"),
        // A button names its page; only what people write refers to a message.
        About::OnlyOne | About::Message(_) => format!("{letter}.only"),
    }
}

/// Reads what [`code`] wrote; nothing for any other text.
pub fn read_code(text: &str) -> Option<(Choice, About)> {
    let (letter, about) = text.split_once('.').filter(|_| text.len() <= CODE_BYTES_MAX)?;
    let choice = match letter {
        "a" => Choice::Acknowledge,
        "r" => Choice::Resolve,
        "e" => Choice::Escalate,
        "d" => Choice::Decline,
        _ => return None,
    };
    let about = match about.split_once('.') {
        None if about == "all" => About::Everything,
        None if about == "only" => About::OnlyOne,
        Some(("t", token)) if !token.is_empty() => About::PageToken(token.to_owned()),
        Some(("n", number)) => About::Number(number.parse().ok()?),
        _ => return None,
    };
    Some((choice, about))
}

/// The message of an envelope as a chat shows it.
pub fn card(envelope: &Envelope) -> Card {
    match &envelope.message {
        Message::Page { page, incident } => paged(page, incident),
        Message::PageSuperseded { page, superseded, incident } => {
            let ending = capitalised(&superseded.by);
            let lines = [
                format!("{ending}. There is nothing to do for you."),
                format!("You were paged as {}.", page.reason),
            ];
            finished(Tone::Settled, incident.headline(), lines, [("Incident", &incident.url)])
        }
        Message::Digest { pages, answer_url, .. } => digest(pages, answer_url),
        Message::Notification { subject, text, incident } => {
            let links = incident.iter().map(|incident| ("Incident", &incident.url));
            let lines = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned);
            finished(Tone::Informing, subject.clone(), lines, links)
        }
        Message::Test { requested_by } => {
            let text = format!(
                "This is a test, requested by {requested_by}. If you can read it, messages from \
                 Muster reach you here."
            );
            finished(Tone::Informing, "Test message from Muster".to_owned(), [text], [])
        }
        Message::Event { kind, incident, .. } => {
            let about = incident.as_ref().map_or_else(|| kind.clone(), Incident::headline);
            let links = incident.iter().map(|incident| ("Incident", &incident.url));
            finished(Tone::Informing, about, [format!("Event: {kind}")], links)
        }
    }
}

fn paged(page: &Page, incident: &Incident) -> Card {
    let mut lines = vec![format!("{} You are paged as {}.", facts(incident), page.reason)];
    if page.possible_repeat {
        lines.push("This may repeat a page that you already have.".to_owned());
    }
    if !incident.impact.is_empty() {
        lines.push(format!("Impact: {}.", incident.impact));
    }
    let called = incident.bridge.iter().filter(|bridge| !is_web_address(bridge));
    lines.extend(called.map(|bridge| format!("Bridge: {bridge}")));
    let links = [("Answer by link", &page.ack_url), ("Incident", &incident.url)];
    let links = links.into_iter().chain(incident.bridge.iter().map(|href| ("Bridge", href)));
    let links = links.chain(incident.runbook.iter().map(|href| ("Runbook", href)));
    let mut card = finished(Tone::Asking, incident.headline(), lines, links);
    let Some(token) = token_of(&page.ack_url) else { return card };
    let button = |(label, choice)| {
        let code = code(choice, &About::PageToken(token.to_owned()));
        (code.len() <= CODE_BYTES_MAX).then_some(Button { label, choice, code })
    };
    let answers = [
        ("Acknowledge", Choice::Acknowledge),
        ("Escalate", Choice::Escalate),
        ("Decline", Choice::Decline),
        ("Resolve", Choice::Resolve),
    ];
    card.buttons = answers.into_iter().filter_map(button).collect();
    card
}

fn digest(pages: &[(Page, Incident)], answer_url: &str) -> Card {
    let headline = format!("{} incidents ask for you, the most urgent first", pages.len());
    let line = |(_, incident): &(Page, Incident)| Line {
        text: cut(&format!("{} {}", incident.number, incident.headline()), LINE_CHARS_MAX),
        href: Some(incident.url.clone()).filter(|href| is_web_address(href)),
    };
    let mut lines: Vec<_> = pages.iter().take(LINES_MAX).map(line).collect();
    if let more @ 1.. = pages.len().saturating_sub(LINES_MAX) {
        lines.push(Line { text: format!("and {more} more"), href: None });
    }
    let everything =
        |label, choice| Button { label, choice, code: code(choice, &About::Everything) };
    let buttons = vec![
        everything("Acknowledge all", Choice::Acknowledge),
        everything("Decline all", Choice::Decline),
    ];
    let link = Link { label: "Answer by link", href: answer_url.to_owned() };
    let links = Some(link).filter(|link| is_web_address(&link.href)).into_iter().collect();
    Card { tone: Tone::Asking, headline, lines, buttons, links }
}

fn finished<'a>(
    tone: Tone,
    headline: String,
    lines: impl IntoIterator<Item = String>,
    links: impl IntoIterator<Item = (&'static str, &'a String)>,
) -> Card {
    let links = links.into_iter().filter(|(_, href)| is_web_address(href));
    let line = |text: String| Line { text: cut(&text, LINE_CHARS_MAX), href: None };
    Card {
        tone,
        headline: cut(&headline, HEADLINE_CHARS_MAX),
        lines: lines.into_iter().take(LINES_MAX).map(line).collect(),
        buttons: Vec::new(),
        links: links.map(|(label, href)| Link { label, href: href.clone() }).collect(),
    }
}

/// What is known at a glance. The instant is in UTC: a chat may be read anywhere.
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

/// The token of a page's link, which is what stands after its last slash.
fn token_of(ack_url: &str) -> Option<&str> {
    ack_url.rsplit_once("/p/").map(|(_, token)| token).filter(|token| !token.is_empty())
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A text on one line, cut to so many characters, the mark included. Characters that turn the
/// direction of writing are left out: they could make a text read as another one.
fn cut(text: &str, chars_max: usize) -> String {
    let turns = |c: &char| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut text: String = on_one_line(text).chars().filter(turns).collect();
    muster_core::alerting::signal::cut(&mut text, chars_max);
    text
}

/// A text in the markup of a channel, at most `chars_max` characters long after the escapes. `put`
/// writes one character as it must be written; what does not fit is left out whole.
pub(super) fn escaped(text: &str, chars_max: usize, put: impl Fn(char, &mut String)) -> String {
    let mut out = String::with_capacity(text.len());
    let mut count = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let before = out.len();
        put(c, &mut out);
        count += out[before..].chars().count();
        if count > chars_max || (count == chars_max && rest.peek().is_some()) {
            out.truncate(before);
            out.push('…');
            return out;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_says_what_it_asks_in_few_bytes() {
        let token = "x".repeat(43);
        for choice in [Choice::Acknowledge, Choice::Resolve, Choice::Escalate, Choice::Decline] {
            for about in [
                About::PageToken(token.clone()),
                About::Number(i64::MAX),
                About::Everything,
                About::OnlyOne,
            ] {
                let code = code(choice, &about);
                assert!(code.len() <= CODE_BYTES_MAX, "{code}");
                assert_eq!(read_code(&code), Some((choice, about)));
            }
        }
        for wrong in ["", "a", "x.all", "a.t.", "a.n.x", "a.everything", &"a.t.".repeat(40)] {
            assert_eq!(read_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn escapes_never_make_a_text_too_long() {
        let doubled = |c: char, out: &mut String| {
            out.push('\\');
            out.push(c);
        };
        assert_eq!(escaped("abc", 6, doubled), "\\a\\b\\c");
        assert_eq!(escaped("abcd", 6, doubled), "\\a\\b…");
        assert!(escaped(&"&".repeat(500), 100, doubled).chars().count() <= 100);
        assert_eq!(escaped("", 6, doubled), "");
    }

    #[test]
    fn a_text_that_turns_around_is_straightened() {
        assert_eq!(cut("safe\u{202e}txt.exe\n\u{7}x", 100), "safetxt.exe x");
        assert_eq!(cut(&"a".repeat(100), 50).chars().count(), 50);
    }
}
