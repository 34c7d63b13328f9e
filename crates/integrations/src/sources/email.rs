//! Mail from monitoring, jobs and people: the raw letter as the body, whatever way it came. The
//! subject is the summary. The key is the tag of the address (`key+disk-db1@...`), else the subject
//! without the words that say how things stand, so that `[RESOLVED] disk full` ends `[FIRING:1] disk
//! full`. Programs that we have a say in write `X-Muster-Dedup`, `X-Muster-Action` and
//! `X-Muster-Severity`; an integration's mapping reads `body.subject`, `body.text`, `body.from`.

use serde_json::{Map, Value, json};

use super::{Arrival, Parsed, Refusal, Reply, Request, Source, generic};
use crate::mail::letter::Letter;

/// A letter.
pub const SOURCE: Source = Source { name: "email", parse, refused };

/// The media type of a letter.
pub const MEDIA_TYPE: &str = "message/rfc822";
/// The header under which the server hands over the tag of the address.
pub const TAG: &str = "x-address-tag";
/// The headers under which the server hands over what it knows of the letter's way here, each with
/// its name in the signal's details.
pub const WAY: [(&str, &str); 7] = [
    ("x-envelope-from", "envelope_from"),
    ("x-envelope-to", "envelope_to"),
    ("x-client", "client"),
    ("x-spf", "spf"),
    ("x-dkim", "dkim"),
    ("x-dmarc", "dmarc"),
    ("x-authenticated-by", "authenticated_by"),
];

/// Words at the head of a subject that say that trouble is over.
const OVER: [&str; 8] =
    ["resolved", "ok", "recovery", "recovered", "cleared", "closed", "normal", "up"];
/// Words at the head of a subject that say that there is trouble.
const TROUBLE: [&str; 12] = [
    "firing",
    "problem",
    "alert",
    "alarm",
    "triggered",
    "critical",
    "warning",
    "error",
    "down",
    "failed",
    "failure",
    "unreachable",
];
/// Words at the head of a subject that say how bad it is.
const SEVERITIES: [&str; 3] = ["critical", "error", "warning"];
/// The states at the end of a subject in the manner of Nagios: `db1/disk is CRITICAL **`.
const STATES: [&str; 8] =
    ["critical", "warning", "unknown", "ok", "down", "up", "unreachable", "recovered"];

fn parse(request: &Request<'_>, arrival: &Arrival<'_>) -> Result<Parsed, Refusal> {
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::malformed("the body is empty; send a letter as it is (RFC 5322)"));
    }
    let letter = Letter::read(request.body);
    if letter == Letter::default() {
        return Err(Refusal::malformed("the body is no letter (RFC 5322)"));
    }
    let body = payload(&letter, request.headers);
    generic::read_one(&body, request.headers, arrival)
}

/// The letter as the fields that a signal is read from.
fn payload(letter: &Letter, headers: &[(String, String)]) -> Value {
    let given = |name: &str| {
        let value = headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value);
        value.filter(|value| !value.is_empty())
    };
    let subject = Subject::read(&letter.subject);
    let first_line = letter.text.lines().map(str::trim).find(|line| !line.is_empty());
    let summary = Some(&*letter.subject)
        .filter(|subject| !subject.is_empty())
        .or(first_line)
        .unwrap_or("A letter without words");
    let key = letter.own_header("dedup").or(given(TAG)).or(Some(&*subject.key));
    let mut details = Map::new();
    for (name, value) in [
        ("from", &letter.from),
        ("message_id", letter.message_id.as_ref().unwrap_or(&String::new())),
        ("text", &letter.text),
    ] {
        if !value.is_empty() {
            details.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
    for (header, name) in WAY {
        details.extend(given(header).map(|value| (name.to_owned(), Value::from(value))));
    }
    json!({
        "subject": letter.subject,
        "summary": summary,
        "text": letter.text,
        "from": letter.from,
        "source": letter.from,
        "action": letter.own_header("action").or(subject.is_over.then_some("resolve")),
        "dedup_key": key.filter(|key| !key.is_empty()),
        "severity": letter.own_header("severity").or(subject.severity),
        "details": details,
    })
}

/// What a subject says besides its words.
#[derive(Debug, PartialEq, Eq)]
struct Subject {
    is_over: bool,
    severity: Option<&'static str>,
    key: String,
}

impl Subject {
    fn read(subject: &str) -> Self {
        let mut rest = subject.trim();
        let (mut is_over, mut severity) = (false, None);
        loop {
            let before = rest;
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '*');
            for prefix in ["re:", "fw:", "fwd:", "aw:"] {
                rest = strip(rest, prefix).unwrap_or(rest);
            }
            if let Some((word, after)) = head(rest) {
                rest = after;
                is_over = OVER.contains(&&*word);
                severity = severity.or(SEVERITIES.into_iter().find(|known| *known == word));
            }
            if rest == before {
                break;
            }
        }
        let rest = rest.trim_end_matches(|c: char| c.is_whitespace() || c == '*');
        let (rest, state) = without_state(rest);
        severity =
            severity.or(SEVERITIES.into_iter().find(|known| Some(*known) == state.as_deref()));
        let key = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { is_over, severity: severity.filter(|_| !is_over), key }
    }
}

/// A word about how things stand at the head of a subject: `[FIRING:1] `, `RESOLVED: `, `PROBLEM `
/// before `Service Alert`, `Resolved in 5m: `.
fn head(text: &str) -> Option<(String, &str)> {
    let is_known = |word: &str| OVER.contains(&word) || TROUBLE.contains(&word);
    if let Some(inside) = text.strip_prefix('[') {
        let (tag, after) = inside.split_once(']')?;
        let word = tag.split(':').next()?.trim().to_lowercase();
        return is_known(&word).then_some((word, after));
    }
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    let word = word.to_lowercase();
    if !is_known(&word) {
        return None;
    }
    if let Some(after) = after.strip_prefix(':') {
        return Some((word, after));
    }
    if ["service alert", "host alert"].iter().any(|kind| strip(after.trim_start(), kind).is_some())
    {
        return Some((word, after));
    }
    let (duration, rest) = strip(after, " in ")?.split_once(':')?;
    let is_duration = duration.chars().all(|c| c.is_ascii_digit() || " dhms".contains(c));
    is_duration.then_some((word, rest))
}

/// The text without ` is CRITICAL` at its end, and the state in lower case.
fn without_state(text: &str) -> (&str, Option<String>) {
    let found = text.rsplit_once(' ').and_then(|(before, state)| {
        let state = state.to_lowercase();
        let before = before.strip_suffix(" is").or_else(|| before.strip_suffix(" IS"))?;
        STATES.contains(&&*state).then_some((before, state))
    });
    found.map_or((text, None), |(before, state)| (before, Some(state)))
}

/// What follows `prefix` in any case.
fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

fn refused(refusal: &Refusal) -> Reply {
    (generic::SOURCE.refused)(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_trouble_has_the_key_of_its_beginning() {
        for (began, ended) in [
            ("[FIRING:1]  (MailAlert h1 critical)", "[RESOLVED]  (MailAlert h1 critical)"),
            (
                "** PROBLEM Service Alert: db1/disk is CRITICAL **",
                "** RECOVERY Service Alert: db1/disk is OK **",
            ),
            ("** PROBLEM Host Alert: db1 is DOWN **", "** RECOVERY Host Alert: db1 is UP **"),
            ("Problem: Disk full on db1", "Resolved in 5m 3s: Disk full on db1"),
            ("ALARM: cpu on web", "OK: cpu on web"),
            ("CRITICAL: backup", "Re: Recovered: backup"),
        ] {
            let (began, ended) = (Subject::read(began), Subject::read(ended));
            assert_eq!(began.key, ended.key);
            assert!(!began.is_over && ended.is_over, "{began:?} {ended:?}");
            assert_eq!(ended.severity, None);
        }
        let nagios = Subject::read("** PROBLEM Service Alert: db1/disk is CRITICAL **");
        assert_eq!((nagios.severity, &*nagios.key), (Some("critical"), "Service Alert: db1/disk"));
    }

    #[test]
    fn words_that_only_look_like_a_state_stay() {
        for subject in ["Up and down the hill", "Alert fatigue", "[ops] down", "OK computer", "ok"]
        {
            let read = Subject::read(subject);
            assert_eq!((read.is_over, &*read.key), (false, subject));
        }
    }
}
