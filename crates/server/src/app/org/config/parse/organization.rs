//! What belongs to the organisation as a whole, in a file.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use muster_core::incident::clocks::{engage, management, rotation};
use muster_core::incident::restriction::{NAMED_MAX, RULES_MAX};
use muster_core::incident::severity::{Level, Urgency};
use muster_core::oncall::bundle::{SINGLES_MAX, WINDOW_MAX};
use muster_core::org::channel::Channel;
use muster_core::org::directory as calls;
use muster_core::time::format_duration;
use muster_store::org::document::organization::{
    CallingIn, Clock, ManagementChain, Organization, Paging, PagingLimit, RestrictionRule,
    RoutingRule, Severity, Templates, Webhook,
};
use muster_store::org::document::secret::Secret;
use muster_store::org::document::text::{Length, LocalDate, UrgencyName, short};

use super::super::read::Cursor;
use super::service::{check_rule, when};
use super::user::check_signing_secret;
use super::{check_web_address, role, secret};
use crate::app::incident::draft;
use crate::app::template;

/// The most holidays.
const HOLIDAYS_MAX: usize = 1_000;

pub fn organization(cursor: Cursor<'_>) -> Organization {
    let fields = cursor.fields(&[
        "name",
        "timezone",
        "paging",
        "templates",
        "holidays",
        "calling_in",
        "restricted",
    ]);
    let restricted = fields.list("restricted", restriction);
    if restricted.len() > RULES_MAX {
        fields.note_at("restricted", format!("there are at most {RULES_MAX} rules"));
    }
    let holidays = fields.list("holidays", |day| day.parsed::<LocalDate>());
    if holidays.len() > HOLIDAYS_MAX {
        fields.note_at("holidays", format!("there are at most {HOLIDAYS_MAX} holidays"));
    }
    Organization {
        name: fields.text("name"),
        timezone: fields.parsed("timezone").unwrap_or_default(),
        paging: fields.optional("paging").map(paging),
        templates: fields.optional("templates").map(templates),
        holidays: holidays.into_iter().flatten().collect(),
        calling_in: fields.optional("calling_in").map(calling_in),
        restricted,
    }
}

/// A rule that restricts incidents as they begin.
fn restriction(cursor: Cursor<'_>) -> RestrictionRule {
    let fields = cursor.fields(&["name", "services", "when", "users", "groups"]);
    let (services, users, groups) = (
        fields.list("services", |name| name.name()),
        fields.list("users", |name| name.name()),
        fields.list("groups", |name| name.name()),
    );
    let when = fields.optional("when").map(|rule| rule.checked(check_rule));
    if services.is_empty() && when.is_none() {
        fields
            .note_at("services", "name services or write a `when`; this would restrict everything");
    }
    if users.is_empty() && groups.is_empty() {
        fields.note_at("users", "name at least one person or group who sees these incidents");
    }
    if users.len() + groups.len() > NAMED_MAX {
        fields.note_at("users", format!("name at most {NAMED_MAX} people and groups"));
    }
    RestrictionRule { name: fields.name("name"), services, when, users, groups }
}

fn calling_in(cursor: Cursor<'_>) -> CallingIn {
    let fields = cursor.fields(&["services", "unknown_callers", "calls_per_hour", "language"]);
    let services = fields.list("services", |service| service.name());
    if services.is_empty() {
        fields.note_at("services", "callers need at least one service to choose");
    }
    if services.len() > calls::CallingIn::SERVICES_MAX {
        let most = calls::CallingIn::SERVICES_MAX;
        fields.note_at("services", format!("a keypad offers at most {most} services"));
    }
    let calls = fields.optional("calls_per_hour").and_then(|calls| calls.number(1..=1_000));
    CallingIn {
        services,
        unknown_callers: fields
            .optional("unknown_callers")
            .and_then(|flag| flag.flag())
            .unwrap_or(false),
        calls_per_hour: calls.and_then(|calls| u32::try_from(calls).ok()),
        language: fields.parsed("language"),
    }
}

fn templates(cursor: Cursor<'_>) -> Templates {
    let fields = cursor.fields(&["headline", "notice"]);
    Templates {
        headline: fields.optional("headline").map(|text| text.checked(template::check)),
        notice: fields.optional("notice").map(|text| text.checked(draft::check)),
    }
}

fn paging(cursor: Cursor<'_>) -> Paging {
    let fields = cursor.fields(&["usual", "channels"]);
    let mut channels = BTreeMap::new();
    for (name, cursor) in fields.optional("channels").iter().flat_map(Cursor::entries) {
        if Channel::from_name(name).is_none() {
            cursor.note(format!("`{}` is not a channel", short(name)));
        }
        channels.insert(name.to_owned(), paging_limit(cursor));
    }
    Paging { usual: fields.optional("usual").map(paging_limit), channels }
}

fn paging_limit(cursor: Cursor<'_>) -> PagingLimit {
    let fields = cursor.fields(&["singles", "window"]);
    let singles_max = i64::try_from(SINGLES_MAX).unwrap_or(i64::MAX);
    let singles = fields.required("singles").and_then(|count| count.number(1..=singles_max));
    let window = fields.required("window").and_then(|window| window.parsed::<Length>());
    if window.is_some_and(|window| window.0.is_zero() || window.0 > WINDOW_MAX) {
        let message = format!("a window is longer than nothing and at most {}", Length(WINDOW_MAX));
        fields.note_at("window", message);
    }
    PagingLimit {
        singles: singles.and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
        window: window.unwrap_or(Length(WINDOW_MAX)),
    }
}

pub fn severity(cursor: Cursor<'_>) -> Severity {
    let fields = cursor.fields(&[
        "level",
        "name",
        "definition",
        "urgency",
        "acknowledgement_expires_after",
        "management_chain",
        "rotate_after",
        "engage_within",
        "process",
    ]);
    let level =
        fields.required("level").and_then(|level| level.number(1..=i64::from(Level::NUMBER_MAX)));
    let urgency = fields.required("urgency").and_then(|urgency| urgency.parsed());
    let expiry = fields.parsed::<Length>("acknowledgement_expires_after");
    if expiry.is_some_and(|expiry| expiry.0.is_zero()) {
        fields.note_at(
            "acknowledgement_expires_after",
            "an acknowledgement that holds for no time is none; leave this out to let it hold for ever",
        );
    }
    Severity {
        level: level.and_then(|level| u8::try_from(level).ok()).unwrap_or(0),
        name: fields.text("name"),
        definition: fields.optional_text("definition").unwrap_or_default(),
        urgency: urgency.unwrap_or(UrgencyName(Urgency::High)),
        acknowledgement_expires_after: expiry,
        management_chain: fields.optional("management_chain").map(management_chain),
        rotate_after: fields.optional("rotate_after").map(|it| clock(it, rotation::AFTER_MIN)),
        engage_within: fields.optional("engage_within").map(|it| clock(it, engage::WITHIN_MIN)),
        process: fields.optional("process").map(role::process),
    }
}

/// A length of time, or `none` for a clock that does not run.
pub(super) fn clock(cursor: Cursor<'_>, least: SignedDuration) -> Clock<Length> {
    if cursor.is_word("none") {
        return Clock::NONE;
    }
    Clock::Runs(at_least(cursor, least))
}

fn at_least(cursor: Cursor<'_>, least: SignedDuration) -> Length {
    let length = cursor.parsed::<Length>();
    if length.is_some_and(|length| length.0 < least) {
        let least = format_duration(least);
        cursor.note(format!(
            "this is shorter than {least}; write `none` for a clock that does not run"
        ));
    }
    length.unwrap_or(Length(least))
}

fn management_chain(cursor: Cursor<'_>) -> Clock<ManagementChain> {
    if cursor.is_word("none") {
        return Clock::NONE;
    }
    let fields = cursor.fields(&["after", "every"]);
    let length = |name| {
        let written = fields.required(name);
        written
            .map_or(Length(management::INTERVAL_MIN), |it| at_least(it, management::INTERVAL_MIN))
    };
    Clock::Runs(ManagementChain { after: length("after"), every: length("every") })
}

pub fn routing_rule(cursor: Cursor<'_>) -> RoutingRule {
    let fields = cursor.fields(&["when", "service"]);
    RoutingRule { when: when(&fields), service: fields.name("service") }
}

pub fn webhook(cursor: Cursor<'_>) -> Webhook {
    let fields = cursor.fields(&["name", "url", "secret", "events"]);
    let url = fields.required("url").map(|url| secret(url, check_web_address));
    Webhook {
        name: fields.name("name"),
        url: url.unwrap_or(Secret::Plain(String::new())),
        secret: fields.optional("secret").map(|cursor| secret(cursor, check_signing_secret)),
        events: fields.list("events", |event| event.checked(check_event)),
    }
}

fn check_event(text: &str) -> Result<(), String> {
    let name = text.strip_suffix(".*").unwrap_or(text);
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    if text == "*" || name.split('.').all(is_word) {
        return Ok(());
    }
    Err(format!(
        "`{}` is not an event type; write for example `incident.acknowledged` or `incident.*`",
        short(text)
    ))
}
