//! A letter as far as Muster reads it (RFC 5322, MIME): who wrote it, about what, its words as plain
//! text whatever form and alphabet they came in, and whether a person or a program wrote it. The
//! bytes themselves are kept elsewhere.

use jiff::Timestamp;
use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser};

use super::LOOP_HEADER;
use super::authentication::Authentication;

/// The most `Received` headers of a letter that does not go round in circles (RFC 5321, 6.3).
pub const HOPS_MAX: usize = 30;
/// How much of a letter's words is read, in characters.
pub const TEXT_CHARS_MAX: usize = 16 * 1024;

/// A letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// One line; may be empty.
    pub subject: String,
    /// The mailbox that people see as the sender; may be empty.
    pub from: String,
    /// The words as plain text; may be empty.
    pub text: String,
    /// The letter's own name, without brackets.
    pub message_id: Option<String>,
    /// The letters that it answers, without brackets.
    pub answers: Vec<String>,
    /// When it says that it was written.
    pub written_at: Option<Timestamp>,
    /// Who wrote it.
    pub writer: Writer,
    /// How many servers it passed.
    pub hops: usize,
    /// The marks of the installations whose mail this is.
    pub loop_marks: Vec<String>,
    /// Headers of Muster's own, by lower-case name without `x-muster-`.
    pub own_headers: Vec<(String, String)>,
}

/// Who wrote a letter (RFC 3834, 5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Writer {
    /// Nothing says that it was not a person.
    #[default]
    Person,
    /// A program, of its own accord: monitoring, a job, a list.
    Program,
    /// A program that answers letters: somebody's vacation.
    Responder,
    /// A mail server that could not deliver.
    Bounce,
}

impl Letter {
    /// Reads a letter. Bytes that are none give an empty one.
    pub fn read(bytes: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse(bytes) else { return Self::default() };
        let raw = |name: &str| raw_values(&message, name);
        let mut own_headers: Vec<_> = message
            .headers_raw()
            .filter_map(|(name, value)| {
                let name = name.to_ascii_lowercase();
                let name = name.strip_prefix("x-muster-")?;
                Some((name.to_owned(), value.trim().to_owned()))
            })
            .collect();
        let loop_marks = raw(LOOP_HEADER);
        own_headers.retain(|(name, _)| name != "loop");
        let written_at = message
            .date()
            .filter(|date| date.is_valid())
            .and_then(|date| Timestamp::from_second(date.to_timestamp()).ok());
        Self {
            subject: line(message.subject().unwrap_or_default()),
            from: first_mailbox(message.from()),
            text: text(&message),
            message_id: message.message_id().map(line),
            answers: ids(message.in_reply_to()).chain(ids(message.references())).collect(),
            written_at,
            writer: writer(&message),
            hops: raw("Received").len(),
            loop_marks,
            own_headers,
        }
    }

    /// The header of Muster's own with that name behind `X-Muster-`.
    pub fn own_header(&self, name: &str) -> Option<&str> {
        self.own_headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }
}

/// What our own mail server found out about the sender of a letter.
pub fn authentication(bytes: &[u8], trusted: Option<&str>) -> Authentication {
    let message = MessageParser::default().parse_headers(bytes);
    let headers = message.map(|message| raw_values(&message, "Authentication-Results"));
    Authentication::read(headers.iter().flatten().map(String::as_str), trusted)
}

/// The values of a header as they were written, from the top.
fn raw_values(message: &Message<'_>, name: &str) -> Vec<String> {
    message
        .headers_raw()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

fn writer(message: &Message<'_>) -> Writer {
    let value = |name: &str| {
        let value = raw_values(message, name).into_iter().next().unwrap_or_default();
        value.split([';', '(']).next().unwrap_or_default().trim().to_ascii_lowercase()
    };
    let is_report = message.header(HeaderName::ContentType).is_some_and(|header| match header {
        HeaderValue::ContentType(kind) => {
            kind.ctype().eq_ignore_ascii_case("multipart")
                && kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case("report"))
        }
        _ => false,
    });
    if is_report {
        return Writer::Bounce;
    }
    let has = |name: &str| !value(name).is_empty();
    let submitted = value("Auto-Submitted");
    let precedence = value("Precedence");
    if submitted == "auto-replied"
        || precedence == "auto_reply"
        || has("X-Autoreply")
        || has("X-Autorespond")
        || has("X-Auto-Reply")
    {
        return Writer::Responder;
    }
    let is_automatic = !submitted.is_empty() && submitted != "no";
    let is_bulk = ["bulk", "junk", "list"].contains(&&*precedence) || has("List-Id");
    if is_automatic || is_bulk { Writer::Program } else { Writer::Person }
}

fn text(message: &Message<'_>) -> String {
    // Where there is only HTML, this is its words.
    let text = message.body_text(0).unwrap_or_default();
    let mut text: String = text.chars().filter(|c| *c != '\0').take(TEXT_CHARS_MAX).collect();
    text.truncate(text.trim_end().len());
    let start = text.len() - text.trim_start_matches(['\r', '\n']).len();
    text.split_off(start).replace("\r\n", "\n")
}

fn first_mailbox(address: Option<&Address<'_>>) -> String {
    let mailbox = address.and_then(Address::first).and_then(|first| first.address());
    mailbox.map(line).unwrap_or_default()
}

fn ids<'a>(header: &'a HeaderValue<'_>) -> impl Iterator<Item = String> + 'a {
    let list: Vec<_> = match header {
        HeaderValue::Text(id) => vec![line(id)],
        HeaderValue::TextList(ids) => ids.iter().map(|id| line(id)).collect(),
        _ => Vec::new(),
    };
    list.into_iter()
}

/// A text on one line, without control characters.
fn line(text: &str) -> String {
    crate::outbound::on_one_line(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(head: &str) -> Letter {
        Letter::read(format!("{head}\r\n\r\nack\r\n").as_bytes())
    }

    #[test]
    fn programs_are_told_from_people() {
        for (head, writer) in [
            ("From: ana@example.com\r\nSubject: Re: page", Writer::Person),
            ("From: ana@example.com\r\nAuto-Submitted: no", Writer::Person),
            ("From: root@db1\r\nAuto-Submitted: auto-generated", Writer::Program),
            ("From: root@db1\r\nPrecedence: bulk", Writer::Program),
            ("From: l@example.com\r\nList-Id: <l.example.com>", Writer::Program),
            ("From: ana@example.com\r\nAuto-Submitted: auto-replied (vacation)", Writer::Responder),
            ("From: ana@example.com\r\nauto-submitted: AUTO-REPLIED; owner=x", Writer::Responder),
            ("From: ana@example.com\r\nX-Autoreply: yes", Writer::Responder),
            ("From: ana@example.com\r\nPrecedence: auto_reply", Writer::Responder),
            (
                "From: m@example.com\r\nContent-Type: multipart/report; \
                 report-type=delivery-status; boundary=b",
                Writer::Bounce,
            ),
        ] {
            assert_eq!(letter(head).writer, writer, "{head}");
        }
    }

    #[test]
    fn threads_and_marks_are_found() {
        let read = letter(
            "Message-ID: <b@x>\r\nIn-Reply-To: <dlv_1@m>\r\nReferences: <inc_1@m>\r\n <dlv_1@m>\r\n\
             X-Muster-Loop: abc\r\nX-Muster-Severity: critical\r\nReceived: a\r\nReceived: b\r\n\
             Date: Sat, 21 Nov 2026 08:56:03 +0000",
        );
        assert_eq!(read.message_id.as_deref(), Some("b@x"));
        assert_eq!(read.answers, ["dlv_1@m", "inc_1@m", "dlv_1@m"]);
        assert_eq!(read.loop_marks, ["abc"]);
        assert_eq!(read.own_header("severity"), Some("critical"));
        assert_eq!(read.hops, 2);
        assert_eq!(read.written_at, "2026-11-21T08:56:03Z".parse().ok());
    }
}
