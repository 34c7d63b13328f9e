//! TwiML by its published rules: well-formed XML (read by an independent parser), one `Response`,
//! verbs with the attributes they know and the values those may have.

use roxmltree::{Document, Node};

/// The largest document, in bytes.
const BYTES_MAX: usize = 64 * 1024;
/// The longest text that is spoken at once, in characters.
const SAY_CHARS_MAX: usize = 4096;

/// Verbs with their attributes; what may stand inside another verb is in [`inside`].
const VERBS: [(&str, &[&str]); 8] = [
    ("Say", &["language", "voice", "loop"]),
    ("Pause", &["length"]),
    (
        "Gather",
        &[
            "input",
            "action",
            "method",
            "numDigits",
            "timeout",
            "finishOnKey",
            "actionOnEmptyResult",
        ],
    ),
    (
        "Record",
        &[
            "action",
            "method",
            "maxLength",
            "timeout",
            "finishOnKey",
            "playBeep",
            "trim",
            "recordingStatusCallback",
        ],
    ),
    ("Hangup", &[]),
    ("Reject", &["reason"]),
    ("Redirect", &["method"]),
    ("Message", &["to", "from", "action", "method", "statusCallback"]),
];

/// A sample of the languages that can be spoken.
const LANGUAGES: [&str; 14] = [
    "da-DK", "de-DE", "en-AU", "en-GB", "en-US", "es-ES", "es-MX", "fr-CA", "fr-FR", "it-IT",
    "nl-NL", "pl-PL", "pt-BR", "sv-SE",
];

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub code: u32,
    pub why: String,
}

fn fault<T>(code: u32, why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { code, why: why.into() })
}

/// What a document does, one line per verb: the texts and where keys are posted to.
pub fn judge(text: &str) -> Result<Vec<String>, Fault> {
    if text.len() > BYTES_MAX {
        return fault(11750, "larger than 64 kB");
    }
    let document = Document::parse(text).or_else(|error| fault(12100, error.to_string()))?;
    let root = document.root_element();
    if root.tag_name().name() != "Response" || root.attributes().len() > 0 {
        return fault(12100, "the root is no Response");
    }
    let mut done = Vec::new();
    for node in root.children() {
        verb(node, None, &mut done)?;
    }
    Ok(done)
}

/// What a document does that answers a request to `address`, against which addresses in it are read.
pub fn judge_reply(text: &str, address: &str) -> Result<Vec<String>, Fault> {
    let folder = address.rsplit_once('/').map_or("", |(folder, _)| folder);
    judge(&text.replace("action=\"", &format!("action=\"{folder}/")))
}

/// What may stand inside a verb besides text.
fn inside(verb: &str) -> &'static [&'static str] {
    if verb == "Gather" { &["Say", "Pause"] } else { &[] }
}

fn verb(node: Node<'_, '_>, parent: Option<&str>, done: &mut Vec<String>) -> Result<(), Fault> {
    if node.is_text() {
        let is_blank = node.text().is_none_or(|text| text.trim().is_empty());
        return if is_blank { Ok(()) } else { fault(12200, "text between the verbs") };
    }
    if !node.is_element() {
        return Ok(());
    }
    let name = node.tag_name().name();
    let Some((_, attributes)) = VERBS.iter().find(|(known, _)| *known == name) else {
        return fault(12200, format!("{name} is no verb"));
    };
    if parent.is_some_and(|parent| !inside(parent).contains(&name)) {
        return fault(12200, format!("{name} within {parent:?}"));
    }
    for attribute in node.attributes() {
        if !attributes.contains(&attribute.name()) {
            return fault(12200, format!("{name} knows no {}", attribute.name()));
        }
        check(name, attribute.name(), attribute.value())?;
    }
    let text = node.text().unwrap_or_default().trim();
    match name {
        "Say" if text.is_empty() => return fault(13520, "nothing to say"),
        "Say" if text.chars().count() > SAY_CHARS_MAX => return fault(13520, "too much to say"),
        "Say" => done.push(format!("say {} {text}", node.attribute("language").unwrap_or("en-US"))),
        "Gather" => done.push(format!("gather {}", node.attribute("action").unwrap_or_default())),
        "Record" => done.push(format!("record {}", node.attribute("action").unwrap_or_default())),
        "Message" => done.push(format!("message {text}")),
        "Pause" => {}
        other => done.push(other.to_lowercase()),
    }
    if name == "Gather" {
        for child in node.children() {
            verb(child, Some(name), done)?;
        }
    } else if node.children().any(|child| child.is_element()) {
        return fault(12200, format!("{name} takes text only"));
    }
    Ok(())
}

fn check(verb: &str, attribute: &str, value: &str) -> Result<(), Fault> {
    let is_count = |from: u32| value.parse().is_ok_and(|number: u32| number >= from);
    let is_right = match attribute {
        "language" => LANGUAGES.contains(&value),
        "timeout" | "numDigits" | "maxLength" | "length" => is_count(1),
        "loop" => is_count(0),
        "method" => ["GET", "POST"].contains(&value),
        "input" => value == "dtmf",
        "finishOnKey" => value.chars().all(|key| "0123456789*#".contains(key)),
        "playBeep" | "actionOnEmptyResult" => ["true", "false"].contains(&value),
        "action" | "recordingStatusCallback" => super::is_public_address(value),
        _ => true,
    };
    let code = match (verb, attribute) {
        ("Say", "language") => 13512,
        ("Gather", "timeout") => 13313,
        ("Gather", "numDigits") => 13314,
        ("Gather", "method") => 13312,
        ("Gather", "finishOnKey") => 13310,
        (_, "action") => 11100,
        _ => 12200,
    };
    if is_right { Ok(()) } else { fault(code, format!("{verb} {attribute}=\"{value}\"")) }
}
