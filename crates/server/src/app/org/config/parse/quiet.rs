//! What keeps alerts quiet, in a file: guards, hours, pauses, silences, and which alerts mute which.

use jiff::SignedDuration;
use jiff::civil::Time;
use muster_core::alerting::guard::{FIRINGS_MAX, SPAN_MAX};
use muster_core::alerting::heartbeat::{EVERY_MAX, EVERY_MIN};
use muster_core::incident::severity::Level;
use muster_core::time::format_duration;
use muster_store::org::document::organization::{Canary, Inhibition, Watch};
use muster_store::org::document::service::{
    AtLeast, FiringFor, Guard, Heartbeat, Hours, Outcome, SeverityRule,
};
use muster_store::org::document::text::{Day, Length, LocalTime};

use super::super::read::{Cursor, Fields};
use super::service::rule;
use super::{check_web_address, secret};

/// The shortest silence after which an alert counts as over: many clients repeat only so often.
const SILENCE_MIN: SignedDuration = SignedDuration::from_mins(1);
/// The most canaries.
const CANARIES_MAX: usize = 50;
/// How often a canary goes out at most.
const CANARY_EVERY_MIN: SignedDuration = SignedDuration::from_mins(5);
/// The most windows of one rule.
const HOURS_MAX: usize = 50;
/// The most labels of one inhibition.
const LABELS_MAX: usize = 20;

/// A span that an alert waits through, which must be short enough that nobody forgets it.
pub fn span(fields: &Fields<'_>, name: &str) -> Option<Length> {
    let length = fields.parsed::<Length>(name)?;
    if length.0 > SPAN_MAX {
        fields.note_at(name, format!("this is at most {}", format_duration(SPAN_MAX)));
    }
    (!length.0.is_zero()).then_some(length)
}

/// How long an alert may go unmentioned.
pub fn silence(fields: &Fields<'_>, name: &str) -> Option<Length> {
    let length = fields.parsed::<Length>(name)?;
    if length.0 < SILENCE_MIN {
        let message = format!("this is at least {}", format_duration(SILENCE_MIN));
        fields.note_at(name, message);
    }
    Some(length)
}

/// `{ at_least: 3, within: 10m }` or `{ firing_for: 5m }`.
pub fn guard(cursor: Cursor<'_>) -> Option<Guard> {
    let fields = cursor.fields(&["at_least", "within", "firing_for"]);
    let counts = fields.optional("at_least").is_some() || fields.optional("within").is_some();
    if counts && fields.optional("firing_for").is_some() {
        fields
            .note_at("firing_for", "a guard counts firings or measures time; keep one of the two");
        return None;
    }
    if counts {
        let at_least = fields.required("at_least")?.number(2..=i64::from(FIRINGS_MAX))?;
        fields.required("within")?;
        let within = span(&fields, "within");
        if within.is_none() {
            fields.note_at("within", "firings are counted within a span; write for example `10m`");
        }
        let at_least = u32::try_from(at_least).unwrap_or(FIRINGS_MAX);
        return Some(Guard::AtLeast(AtLeast { at_least, within: within? }));
    }
    if cursor.is_map() && fields.optional("firing_for").is_none() {
        cursor.note("write `{ at_least: 3, within: 10m }` or `{ firing_for: 5m }`");
        return None;
    }
    span(&fields, "firing_for").map(|firing_for| Guard::FiringFor(FiringFor { firing_for }))
}

/// Hours of the week.
pub fn hours(cursor: Cursor<'_>) -> Hours {
    let fields = cursor.fields(&["days", "from", "to"]);
    let days = fields.list("days", |day| day.parsed::<Day>());
    let time = |name: &str| {
        let time = fields.required(name).and_then(|time| time.parsed::<LocalTime>());
        time.unwrap_or(LocalTime(Time::midnight()))
    };
    Hours { days: days.into_iter().flatten().collect(), from: time("from"), to: time("to") }
}

/// What the fields of a rule mean for each other.
pub fn check_rule(fields: &Fields<'_>, rule: &SeverityRule) {
    if rule.during.len() > HOURS_MAX {
        fields.note_at("during", format!("a rule has at most {HOURS_MAX} windows"));
    }
    if rule.timezone.is_some() && rule.during.is_empty() {
        fields.note_at("timezone", "a zone means nothing without `during`");
    }
    let pages_nobody = rule.outcome == Outcome::Informational;
    if pages_nobody && rule.guard.is_some() {
        fields
            .note_at("guard", "an informational alert pages nobody, so there is nothing to guard");
    }
    if pages_nobody && rule.shadow {
        fields.note_at("shadow", "an informational alert pages nobody, so there is nothing to try");
    }
}

/// How often something must be heard of.
pub fn regularity(fields: &Fields<'_>, name: &str) -> Option<Length> {
    let length = fields.parsed::<Length>(name)?;
    if !(EVERY_MIN..=EVERY_MAX).contains(&length.0) {
        let (least, most) = (format_duration(EVERY_MIN), format_duration(EVERY_MAX));
        fields.note_at(name, format!("this is from {least} to {most}"));
    }
    Some(length)
}

/// A heartbeat monitor.
pub fn heartbeat(cursor: Cursor<'_>) -> Heartbeat {
    let fields = cursor.fields(&["name", "service", "every", "grace", "severity"]);
    let every = fields.required("every").and_then(|_| regularity(&fields, "every"));
    let severity = fields
        .optional("severity")
        .and_then(|severity| severity.number(1..=i64::from(Level::NUMBER_MAX)));
    Heartbeat {
        name: fields.name("name"),
        service: fields.name("service"),
        every: every.unwrap_or(Length(EVERY_MIN)),
        grace: span_or_none(&fields, "grace"),
        severity: severity.and_then(|level| u8::try_from(level).ok()),
    }
}

/// How the installation watches itself.
pub fn watch(cursor: Cursor<'_>) -> Watch {
    let fields = cursor.fields(&["url", "every", "canaries"]);
    let canaries = fields.list("canaries", canary);
    if canaries.len() > CANARIES_MAX {
        fields.note_at("canaries", format!("there are at most {CANARIES_MAX} canaries"));
    }
    Watch {
        url: fields.optional("url").map(|url| secret(url, check_web_address)),
        every: regularity(&fields, "every"),
        canaries,
    }
}

fn canary(cursor: Cursor<'_>) -> Canary {
    let fields = cursor.fields(&["user", "method", "every", "within"]);
    let every = fields.required("every").and_then(|_| fields.parsed::<Length>("every"));
    if every.is_some_and(|every| every.0 < CANARY_EVERY_MIN) {
        let least = format_duration(CANARY_EVERY_MIN);
        fields.note_at("every", format!("people get this message: it is at least {least}"));
    }
    Canary {
        user: fields.name("user"),
        method: fields.name("method"),
        every: every.unwrap_or(Length(CANARY_EVERY_MIN)),
        within: span(&fields, "within"),
    }
}

/// A span that may be of no length.
fn span_or_none(fields: &Fields<'_>, name: &str) -> Option<Length> {
    let length = fields.parsed::<Length>(name)?;
    if length.0 > SPAN_MAX {
        fields.note_at(name, format!("this is at most {}", format_duration(SPAN_MAX)));
    }
    Some(length)
}

/// A rule that lets one alert mute others.
pub fn inhibition(cursor: Cursor<'_>) -> Inhibition {
    let fields = cursor.fields(&["when", "mutes", "equal"]);
    let equal = fields.list("equal", |label| label.text());
    if equal.len() > LABELS_MAX {
        fields.note_at("equal", format!("at most {LABELS_MAX} labels can be asked to agree"));
    }
    Inhibition { when: rule(&fields, "when"), mutes: rule(&fields, "mutes"), equal }
}
