//! TwiML: what a call says and which keys it waits for. Everything that came from outside is
//! escaped, and shortened so that a call stays a call.

use muster_core::org::language::Language;

use super::words::{Words, fill, words};
use crate::channels::Message;
use crate::channels::message::{Incident, Page};

/// How much of a title is spoken, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// How much of any other text is spoken, in characters as they stand in the document: what a
/// request may hold is 4,000, and everything is said twice.
const TEXT_CHARS_MAX: usize = 1_000;
/// How long a call waits for a key, in seconds.
const KEY_SECONDS: u32 = 6;
/// How often a call says what it has to say.
const TIMES: usize = 2;

/// The document of a call that brings a message. Keys are posted to `keys`.
pub fn render(message: &Message, language: Language, keys: &str) -> String {
    let words = words(language);
    match message {
        Message::Page { page, incident } => {
            let asked = asked_by(words, page);
            let said = about(words.spoken, words, 1, incident);
            menu(&[&format!("{said} {asked}"), words.keys], words, language, keys)
        }
        Message::Digest { pages, .. } => match pages.first() {
            Some((_, incident)) => {
                let said = about(words.spoken_many, words, pages.len(), incident);
                menu(&[&said, words.keys_all], words, language, keys)
            }
            None => tell("", language),
        },
        other => tell(&super::text::render(other, language), language),
    }
}

/// A document that says something twice and hangs up.
pub fn tell(text: &str, language: Language) -> String {
    let said = say(text, language);
    let goodbye = say(words(language).goodbye, language);
    document(&format!("{said}<Pause length=\"1\"/>{said}{goodbye}<Hangup/>"))
}

/// A document that says something once and waits for the same keys again.
pub fn again(text: &str, language: Language, keys: &str) -> String {
    let words = words(language);
    menu(&[text, words.keys], words, language, keys)
}

/// A document that says something, waits for one key, and hangs up without.
pub fn ask(text: &str, language: Language, keys: &str) -> String {
    menu(&[text], words(language), language, keys)
}

/// A document that says something and records what the caller says then.
pub fn record(text: &str, language: Language, recorded: &str, seconds_max: u32) -> String {
    let said = say(text, language);
    let action = escaped(recorded);
    document(&format!(
        "{said}<Record action=\"{action}\" method=\"POST\" maxLength=\"{seconds_max}\" timeout=\"5\" \
         finishOnKey=\"#\" playBeep=\"true\"/>{}<Hangup/>",
        say(words(language).goodbye, language)
    ))
}

/// A document that answers a text message, or says nothing.
pub fn text_back(text: &str) -> String {
    let text = super::gsm::plain(text);
    if text.trim().is_empty() {
        return document("");
    }
    let fitting = super::gsm::fitting(&text, super::text::SEGMENTS_MAX, str::to_owned);
    document(&format!("<Message>{}</Message>", escaped(&fitting)))
}

fn menu(texts: &[&str], words: &Words, language: Language, keys: &str) -> String {
    let said: String = texts.iter().map(|text| say(text, language)).collect();
    let again = vec![said; TIMES].join("<Pause length=\"1\"/>");
    let action = escaped(keys);
    document(&format!(
        "<Gather input=\"dtmf\" numDigits=\"1\" timeout=\"{KEY_SECONDS}\" method=\"POST\" \
         action=\"{action}\">{again}</Gather>{}<Hangup/>",
        say(words.no_key, language)
    ))
}

fn about(template: &str, words: &Words, count: usize, incident: &Incident) -> String {
    let title: String = incident.title.chars().take(TITLE_CHARS_MAX).collect();
    // The organisation's own words (`N6`), else the usual ones.
    let own: String = incident.words.chars().take(TITLE_CHARS_MAX).collect();
    let usual = || fill(words.subject, &[("service", &incident.service), ("title", &title)]);
    let subject = if own.is_empty() { usual() } else { own };
    fill(
        template,
        &[
            ("count", &count.to_string()),
            ("level", &incident.severity.number().to_string()),
            ("number", &incident.number.to_string()),
            ("subject", &subject),
        ],
    )
}

fn asked_by(words: &Words, page: &Page) -> String {
    let Some((name, _)) = page.reason.split_once(" requests you") else { return String::new() };
    let said = fill(words.requests, &[("name", name)]);
    format!("{}.", said.trim_matches(['(', ')']))
}

fn say(text: &str, language: Language) -> String {
    let mut said = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let word = escaped(word);
        length += word.chars().count() + 1;
        if length > TEXT_CHARS_MAX {
            break;
        }
        said.push_str(&word);
        said.push(' ');
    }
    if said.is_empty() {
        return said;
    }
    format!("<Say language=\"{}\">{}</Say>", language.voice(), said.trim_end())
}

fn document(verbs: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{verbs}</Response>")
}

/// A text that means itself inside of XML and its attributes. What XML 1.0 cannot hold at all
/// becomes a blank.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push('\n'),
            '\u{fffe}' | '\u{ffff}' => out.push(' '),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
