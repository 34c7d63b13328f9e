//! A configuration file into documents. Each part of a file is read by the module of its concept;
//! what only one value can get wrong (its form, its range, its zone, its expression) is refused
//! here, what depends on other values is the business of [`super::validate`].

mod assertion;
mod audience;
mod change;
mod change_calendar;
mod change_template;
mod checklist;
mod escalation;
mod field;
mod group;
mod organization;
mod provider;
mod quiet;
mod role;
mod schedule;
mod service;
mod status_page;
mod team;
mod user;
mod workflow;

use muster_core::alerting::inhibition::INHIBITIONS_MAX;
use muster_core::incident::field::FIELDS_MAX;
use muster_store::org::document::secret::Secret;
use muster_store::org::document::text::short;
use muster_store::org::document::{Documents, Kind};

use super::assertions::Assertion;
use super::problem::Path;
use super::read::{Cursor, Problems};
use super::source::{self, Node};

/// The field of a file that holds its routing assertions.
pub const ASSERTIONS_FIELD: &str = "routing_tests";

const FIELDS: &[&str] = &[
    "organization",
    "users",
    "teams",
    "schedules",
    "escalation_policies",
    "services",
    "service_groups",
    "engagement_groups",
    "notification_lists",
    "integrations",
    "heartbeats",
    "routing",
    "inhibit",
    "watch",
    "severities",
    "roles",
    "audiences",
    "status_pages",
    "checklists",
    "fields",
    "webhooks",
    "workflows",
    "change_policy",
    "providers",
    "catch_all",
    ASSERTIONS_FIELD,
];

/// A file that was read.
#[derive(Debug)]
pub struct File {
    /// What it says. Values that could not be read have stand-ins.
    pub documents: Documents,
    /// Its routing assertions.
    pub assertions: Vec<Assertion>,
    /// The file as a tree, for places.
    pub root: Node,
}

/// Reads a file and notes every problem that a single value can have.
pub fn file(text: &str, problems: &Problems) -> Option<File> {
    match source::read(text) {
        Ok(root) => tree(root, problems),
        Err(malformed) => {
            problems.note(Some(malformed.at), &Path::default(), malformed.message);
            None
        }
    }
}

/// Reads the tree of a file and notes every problem that a single value can have.
pub fn tree(root: Node, problems: &Problems) -> Option<File> {
    let (documents, assertions) = {
        let top = Cursor::top(&root, problems);
        if top.is_null() {
            top.note("this configuration is empty");
            return None;
        }
        let fields = top.fields(FIELDS);
        // A kind that cannot be read at all is left unknown, so that what refers to it is not blamed.
        let one = |kind: Kind| {
            let written = fields.written(kind.field())?;
            if written.is_null() {
                written.note("nothing stands here; leave the field out to keep what is configured");
            }
            Some(written).filter(|written| !written.is_null())
        };
        let many = |kind: Kind| {
            let written = fields.written(kind.field())?;
            if written.is_null() {
                written.note(
                    "nothing stands here; write `[]` for none, or leave the field out to keep what is configured",
                );
                return None;
            }
            if !written.is_list() {
                written.list(|_| ());
            }
            Some(written).filter(Cursor::is_list)
        };
        let documents = Documents {
            organization: one(Kind::Organization).map(organization::organization),
            users: many(Kind::User).map(|users| users.list(user::user)),
            teams: many(Kind::Team).map(|teams| teams.list(team::team)),
            schedules: many(Kind::Schedule).map(|list| list.list(schedule::schedule)),
            escalation_policies: many(Kind::EscalationPolicy)
                .map(|policies| policies.list(escalation::policy)),
            services: many(Kind::Service).map(|services| services.list(service::service)),
            service_groups: many(Kind::ServiceGroup)
                .map(|groups| groups.list(group::service_group)),
            engagement_groups: many(Kind::EngagementGroup).map(|groups| groups.list(group::group)),
            notification_lists: many(Kind::NotificationList).map(|lists| lists.list(group::list)),
            integrations: many(Kind::Integration).map(|list| list.list(service::integration)),
            heartbeats: many(Kind::Heartbeat).map(|list| list.list(quiet::heartbeat)),
            routing: many(Kind::Routing).map(|rules| rules.list(organization::routing_rule)),
            watch: one(Kind::Watch).map(quiet::watch),
            inhibit: many(Kind::Inhibit).map(|rules| {
                let inhibitions = rules.list(quiet::inhibition);
                if inhibitions.len() > INHIBITIONS_MAX {
                    rules.note(format!("there are at most {INHIBITIONS_MAX} inhibitions"));
                }
                inhibitions
            }),
            severities: many(Kind::Severities).map(|list| list.list(organization::severity)),
            roles: many(Kind::Role).map(|list| list.list(role::role)),
            audiences: many(Kind::Audience).map(|list| list.list(audience::audience)),
            status_pages: many(Kind::StatusPage).map(|pages| pages.list(status_page::status_page)),
            checklists: many(Kind::Checklist).map(|list| list.list(checklist::checklist)),
            fields: many(Kind::Fields).map(|list| {
                let fields = list.list(field::field);
                if fields.len() > FIELDS_MAX {
                    list.note(format!("there are at most {FIELDS_MAX} fields"));
                }
                fields
            }),
            webhooks: many(Kind::Webhook).map(|list| list.list(organization::webhook)),
            change_policy: one(Kind::ChangePolicy).map(change::policy),
            workflows: many(Kind::Workflow).map(|list| list.list(workflow::workflow)),
            providers: many(Kind::Providers).map(|list| list.list(provider::provider)),
            catch_all: one(Kind::CatchAll).map(escalation::catch_all),
        };
        (documents, fields.list(ASSERTIONS_FIELD, assertion::assertion))
    };
    Some(File { documents, assertions, root })
}

/// A secret: the value, which `check` must have nothing against, or `{ env: NAME }`.
fn secret(cursor: Cursor<'_>, check: impl FnOnce(&str) -> Result<(), String>) -> Secret {
    if !cursor.is_map() {
        return Secret::Plain(cursor.checked(check));
    }
    let fields = cursor.fields(&["env"]);
    let name = fields.required("env").map(|cursor| cursor.checked(check_variable));
    Secret::env(name.unwrap_or_default())
}

fn check_variable(name: &str) -> Result<(), String> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(());
    }
    Err(format!("`{}` is not the name of an environment variable", short(name)))
}

/// Only addresses that a browser may be sent to and a server may call.
fn check_web_address(text: &str) -> Result<(), String> {
    let refused = || format!("`{}` is not an http or https address", short(text));
    let uri: axum::http::Uri = text.parse().map_err(|_| refused())?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    if is_web && uri.host().is_some_and(|host| !host.is_empty()) {
        return Ok(());
    }
    Err(refused())
}

/// The usual shape of a mailbox; whether it exists, only mail can tell.
fn check_mailbox(text: &str) -> Result<(), String> {
    const CHARS_MAX: usize = 254;
    let is_mailbox = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    });
    let is_clean =
        !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
    if is_mailbox && is_clean && text.chars().count() <= CHARS_MAX {
        return Ok(());
    }
    Err(format!("`{}` is not a mail address; write for example `ana@example.com`", short(text)))
}
