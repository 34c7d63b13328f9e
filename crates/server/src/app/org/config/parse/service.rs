//! Services and integrations in a file.

use std::collections::BTreeMap;

use muster_core::alerting::rule::Rule;
use muster_core::change::event::SERVICES_MAX;
use muster_core::change::host;
use muster_core::incident::severity::Level;
use muster_core::org::directory::CATCH_ALL_SERVICE;
use muster_core::org::service::{GROUPING_WINDOW_DEFAULT, Mapping, is_currency};
use muster_integrations::changes;
use muster_integrations::sources::{self, CompiledMapping, SOURCES, email, generic};
use muster_store::org::document::secret::Secret;
use muster_store::org::document::service::{
    Grouping, GroupingWindow, Integration, Money, Outcome, Service, SeverityRule,
};
use muster_store::org::document::text::{Length, short};

use super::super::read::{Cursor, Fields};
use super::{check_mailbox, check_web_address, quiet, secret};

/// The lowest tier.
const TIER_MAX: i64 = 9;
/// The most lines of a severity map.
const SEVERITY_RULES_MAX: usize = 200;
/// The shortest key of an integration, in characters.
const KEY_CHARS_MIN: usize = 8;
/// The longest key of an integration, in characters.
const KEY_CHARS_MAX: usize = 128;
/// The shortest signing secret, in characters.
const SECRET_CHARS_MIN: usize = 8;
/// The longest signing secret, in characters.
const SECRET_CHARS_MAX: usize = 255;
/// The most things that an integration maps to services.
const SUBJECTS_MAX: usize = 1_000;
/// The most fields of a grouping.
const GROUPING_LABELS_MAX: usize = 20;

pub fn service(cursor: Cursor<'_>) -> Service {
    let fields = cursor.fields(&[
        "name",
        "description",
        "team",
        "tier",
        "escalation_policy",
        "depends_on",
        "hosts",
        "runbook",
        "cost_per_minute",
        "severity_map",
        "grouping",
        "pause",
        "auto_resolve_after",
        "shadow",
        "inform",
        "integrations",
    ]);
    let name = fields.name("name");
    if name == CATCH_ALL_SERVICE {
        fields.note_at(
            "name",
            format!("`{CATCH_ALL_SERVICE}` is the built-in service that takes what no routing rule claims; choose another name"),
        );
    }
    let tier = fields.optional("tier").and_then(|tier| tier.number(1..=TIER_MAX));
    let hosts = fields.list("hosts", |text| text.checked(host::check));
    if hosts.len() > host::NAMED_MAX {
        fields.note_at("hosts", format!("a service names at most {} hosts", host::NAMED_MAX));
    }
    let runbook = fields.optional("runbook").map(|url| url.checked(check_web_address));
    let severity_map = fields.list("severity_map", severity_rule);
    if severity_map.len() > SEVERITY_RULES_MAX {
        fields.note_at(
            "severity_map",
            format!("a severity map has at most {SEVERITY_RULES_MAX} lines"),
        );
    }
    Service {
        name,
        description: fields.optional_text("description"),
        team: fields.optional_name("team"),
        tier: tier.and_then(|tier| u8::try_from(tier).ok()),
        escalation_policy: fields.name("escalation_policy"),
        depends_on: fields.list("depends_on", |name| name.name()),
        hosts,
        runbook: runbook.filter(|url| !url.is_empty()),
        cost_per_minute: fields.optional("cost_per_minute").map(money),
        severity_map,
        grouping: fields.optional("grouping").map(grouping),
        pause: quiet::span(&fields, "pause"),
        auto_resolve_after: quiet::silence(&fields, "auto_resolve_after"),
        shadow: fields.optional("shadow").and_then(|flag| flag.flag()).unwrap_or(false),
        inform: fields.list("inform", |address| address.checked(check_mailbox)),
        integrations: fields.list("integrations", integration),
    }
}

fn money(cursor: Cursor<'_>) -> Money {
    const AMOUNT_MAX: i64 = 1_000_000_000_000;
    let fields = cursor.fields(&["amount", "currency"]);
    let amount = fields.required("amount").and_then(|amount| amount.number(0..=AMOUNT_MAX));
    let currency = fields.required("currency").map(|currency| currency.checked(check_currency));
    Money { amount: amount.unwrap_or(0), currency: currency.unwrap_or_default() }
}

fn check_currency(text: &str) -> Result<(), String> {
    if is_currency(text) {
        return Ok(());
    }
    Err(format!("`{}` is not a currency; write its three letters, for example `EUR`", short(text)))
}

fn severity_rule(cursor: Cursor<'_>) -> SeverityRule {
    let fields = cursor.fields(&[
        "when",
        "severity",
        "informational",
        "during",
        "timezone",
        "guard",
        "shadow",
    ]);
    let level = fields
        .optional("severity")
        .map(|severity| severity.number(1..=i64::from(Level::NUMBER_MAX)));
    let informational = fields.optional("informational").map(|flag| flag.flag());
    let outcome = match (level, informational) {
        (Some(level), None | Some(Some(false))) => {
            let level = level.and_then(|level| u8::try_from(level).ok());
            Outcome::Severity(level.unwrap_or(Level::UNMAPPED.number()))
        }
        (None, Some(Some(true) | None)) => Outcome::Informational,
        (Some(_), Some(_)) => {
            fields.note_at(
                "informational",
                "an informational alert has no severity; keep one of the two",
            );
            Outcome::Informational
        }
        (None, None | Some(Some(false))) => {
            if cursor.is_map() {
                cursor.note(
                    "what a match becomes is missing: `severity: 1` or `informational: true`",
                );
            }
            Outcome::Informational
        }
    };
    let rule = SeverityRule {
        when: when(&fields),
        outcome,
        during: fields.list("during", quiet::hours),
        timezone: fields.parsed("timezone"),
        guard: fields.optional("guard").and_then(quiet::guard),
        shadow: fields.optional("shadow").and_then(|flag| flag.flag()).unwrap_or(false),
    };
    quiet::check_rule(&fields, &rule);
    rule
}

/// A rule over the fields of a signal.
pub fn when(fields: &Fields<'_>) -> String {
    rule(fields, "when")
}

/// A rule over the fields of a signal, by the name of its field.
pub fn rule(fields: &Fields<'_>, name: &str) -> String {
    let rule = fields.required(name).map(|rule| rule.checked(check_rule));
    rule.unwrap_or_default()
}

/// Nothing against a rule that can be parsed.
pub fn check_rule(text: &str) -> Result<(), String> {
    Rule::parse(text).map(|_| ()).map_err(|invalid| format!("this rule is refused: {invalid}"))
}

fn grouping(cursor: Cursor<'_>) -> Grouping {
    if !cursor.is_map() {
        let word = cursor.text();
        if word != "none" && !word.is_empty() {
            cursor.note(format!(
                "`{}` is not a way of grouping; write `none`, or for example `{{ window: 5m, by: [cluster] }}`",
                short(&word)
            ));
        }
        return Grouping::DISABLED;
    }
    let fields = cursor.fields(&["window", "by"]);
    let window = fields.parsed::<Length>("window").unwrap_or(Length(GROUPING_WINDOW_DEFAULT));
    if window.0.is_zero() {
        fields.note_at(
            "window",
            "a window of no length groups nothing; write `grouping: none` for that",
        );
    }
    let by = fields.list("by", |label| label.text());
    if by.len() > GROUPING_LABELS_MAX {
        fields.note_at("by", format!("alerts are grouped by at most {GROUPING_LABELS_MAX} labels"));
    }
    Grouping::Window(GroupingWindow { window, by })
}

pub fn integration(cursor: Cursor<'_>) -> Integration {
    let fields =
        cursor.fields(&["name", "type", "key", "mapping", "expect_every", "secret", "services"]);
    let name = fields.name("name");
    let source = fields.text("type");
    let of_changes = changes::named(&source);
    if !source.is_empty() && sources::named(&source).is_none() && of_changes.is_none() {
        let alerts = SOURCES.iter().map(|source| source.name);
        let known: Vec<&str> =
            alerts.chain(changes::SOURCES.iter().map(|source| source.name)).collect();
        let message =
            format!("`{}` is not a source; known are {}", short(&source), known.join(", "));
        fields.note_at("type", message);
    }
    check_fit(&fields, &source, of_changes);
    let key = fields.required("key").map(|key| secret(key, check_key));
    let is_generic_change = source == changes::generic::SOURCE.name;
    let mapping = |cursor: Cursor<'_>| mapping(cursor, is_generic_change);
    Integration {
        name,
        source,
        expect_every: quiet::regularity(&fields, "expect_every"),
        key: key.unwrap_or(Secret::Plain(String::new())),
        mapping: fields.optional("mapping").map(mapping).unwrap_or_default(),
        secret: fields.optional("secret").map(|value| secret(value, check_signing_secret)),
        services: fields.optional("services").map(services_of).unwrap_or_default(),
    }
}

/// Whether each field is one that integrations of this type have.
fn check_fit(fields: &Fields<'_>, source: &str, of_changes: Option<&changes::Source>) {
    let mapped = [generic::SOURCE.name, email::SOURCE.name, changes::generic::SOURCE.name];
    if !mapped.contains(&source) && fields.optional("mapping").is_some() {
        let types = mapped.join("` or `");
        fields.note_at("mapping", format!("only a `{types}` integration has a mapping"));
    }
    let signs = |source: &changes::Source| source.signature.is_some();
    if !of_changes.is_some_and(signs) && fields.optional("secret").is_some() {
        let names: Vec<_> =
            changes::SOURCES.iter().filter(|one| signs(one)).map(|one| one.name).collect();
        let types = names.join("`, `");
        fields.note_at("secret", format!("only integrations of `{types}` sign what they send"));
    }
    let takes_changes = of_changes.is_some() || source == changes::pagerduty::SOURCE.name;
    if !takes_changes && fields.optional("services").is_some() {
        fields.note_at("services", "only an integration that takes changes maps them".to_owned());
    }
    if of_changes.is_some() && fields.optional("expect_every").is_some() {
        let message = "changes come when they come; only alerts can be expected regularly";
        fields.note_at("expect_every", message.to_owned());
    }
}

/// What a source calls the thing that changed, to one service or several.
fn services_of(cursor: Cursor<'_>) -> BTreeMap<String, Vec<String>> {
    let entries = cursor.entries();
    if entries.len() > SUBJECTS_MAX {
        cursor.note(format!("at most {SUBJECTS_MAX} can be named"));
    }
    let services = |(subject, names): (&str, Cursor<'_>)| {
        let one = || vec![names.text()];
        let names = if names.is_list() { names.list(|name| name.text()) } else { one() };
        if names.is_empty() || names.len() > SERVICES_MAX {
            cursor.note(format!("`{}` names 1 to {SERVICES_MAX} services", short(subject)));
        }
        (subject.trim().to_owned(), names)
    };
    entries.into_iter().map(services).collect()
}

fn mapping(cursor: Cursor<'_>, of_changes: bool) -> BTreeMap<String, String> {
    let check = |mapping: &Mapping| {
        if of_changes {
            changes::CompiledMapping::new(mapping).err()
        } else {
            CompiledMapping::new(mapping).err()
        }
    };
    let entry = |(field, expression): (&str, Cursor<'_>)| {
        let text = expression.text();
        let fields = vec![(field.to_owned(), text.clone())];
        for invalid in check(&Mapping { fields }).into_iter().flatten() {
            let field = short(&invalid.field);
            expression.note(format!("this mapping of `{field}` is refused: {}", invalid.reason));
        }
        (field.to_owned(), text)
    };
    cursor.entries().into_iter().map(entry).collect()
}

fn check_signing_secret(text: &str) -> Result<(), String> {
    if (SECRET_CHARS_MIN..=SECRET_CHARS_MAX).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(format!("a signing secret has {SECRET_CHARS_MIN} to {SECRET_CHARS_MAX} characters"))
}

/// A key stands in addresses, so it is made of what needs no escaping there.
pub fn check_key(text: &str) -> Result<(), String> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !text.bytes().all(is_safe) {
        return Err("a key is made of letters, digits, `-`, `.`, `_` and `~`".to_owned());
    }
    if !(KEY_CHARS_MIN..=KEY_CHARS_MAX).contains(&text.len()) {
        return Err(format!(
            "a key has {KEY_CHARS_MIN} to {KEY_CHARS_MAX} characters, and this one has {}",
            text.len()
        ));
    }
    Ok(())
}
