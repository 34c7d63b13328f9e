//! What can be searched by: every key with the kinds of things it narrows. Complaints, completions
//! and the guide are made from this one list.

use muster_core::alerting::hold::Held;
use muster_core::change::record::{Outcome, State};
use muster_core::incident::lifecycle::Status;
use muster_core::incident::timeline::Kind as EntryKind;
use muster_store::search::Kind;

use crate::app::Snapshot;

/// A key of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What it narrows.
    pub kinds: &'static [Kind],
    /// What it means.
    pub says: &'static str,
    /// How it is used.
    pub example: &'static str,
}

const ALL: &[Kind] = &Kind::ALL;
const ALERTS: &[Kind] = &[Kind::Alert];
const ENTRIES: &[Kind] = &[Kind::Entry];
const CHANGES: &[Kind] = &[Kind::Change];
const WRITTEN: &[Kind] = &[Kind::Entry, Kind::Change];
const SEVERE: &[Kind] = &[Kind::Incident, Kind::Alert, Kind::Entry];
const OF_INCIDENTS: &[Kind] = &[Kind::Incident, Kind::Entry];
const TROUBLE: &[Kind] = &[Kind::Incident, Kind::Alert];

const fn key(
    name: &'static str,
    kinds: &'static [Kind],
    says: &'static str,
    example: &'static str,
) -> Key {
    Key { name, kinds, says, example }
}

/// How the key of a custom field is written down for people.
pub const FIELD: &str = "field.NAME";

/// Every key, the most used first.
pub const KEYS: &[Key] = &[
    key("state", ALL, "open, or resolved", "state:open"),
    key("sev", SEVERE, "how bad, 1 is the worst", "sev:<=2"),
    key("service", ALL, "what is affected", "service:checkout"),
    key("team", ALL, "whose services", "team:payments"),
    key("group", ALL, "services that belong together", "group:shop"),
    key("status", ALL, "where it stands", "status:triggered,acknowledged"),
    key("assignee", OF_INCIDENTS, "who has it; me, none", "assignee:me"),
    key("age", ALL, "how long ago it began", "age:>10m"),
    key("after", ALL, "began on or after a day or an instant", "after:2026-11-21"),
    key("before", ALL, "began before a day or an instant", "before:2026-11-21"),
    key("label", TROUBLE, "a label of its alerts", "label:env=prod"),
    key("tag", OF_INCIDENTS, "a word that somebody put on it", "tag:database"),
    key(FIELD, OF_INCIDENTS, "a custom field of it; any, none", "field.cause:deploy"),
    key("incident", ALL, "the number of the incident", "incident:42"),
    key("practice", OF_INCIDENTS, "whether it is an exercise", "practice:no"),
    key("held", ALERTS, "what keeps it from paging", "held:maintenance"),
    key("key", ALERTS, "the key that its signals share", "key:disk-1"),
    key("kind", ENTRIES, "the kind of an entry of a timeline", "kind:note"),
    key("by", WRITTEN, "who wrote an entry or submits a change; me", "by:ana"),
    key("technician", CHANGES, "who does it; me, none", "technician:me"),
    key("class", CHANGES, "the kind of a change", "class:network"),
    key("tier", CHANGES, "the tier that a change is held to", "tier:1"),
    key("emergent", CHANGES, "whether it came too late to be planned", "emergent:yes"),
    key("outcome", CHANGES, "how a change went", "outcome:failed,rolled_back"),
];

/// The keys that narrow a kind.
pub fn of(kind: Kind) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.kinds.contains(&kind))
}

/// The key of that name, or of that other name.
pub fn named(name: &str) -> Option<&'static Key> {
    let name = match name {
        "severity" => "sev",
        name if name.starts_with("field.") => FIELD,
        name => name,
    };
    KEYS.iter().find(|key| key.name == name)
}

/// What a kind is called in a sentence.
pub fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Incident => "incidents",
        Kind::Alert => "alerts",
        Kind::Entry => "timelines",
        Kind::Change => "changes",
    }
}

impl Key {
    /// What it narrows, in words.
    pub fn kinds_in_words(&self) -> String {
        let words: Vec<_> = self.kinds.iter().map(|kind| in_words(*kind)).collect();
        words.join(" and ")
    }
}

/// The values that a key may have, where they can be told; people and services by their names.
pub fn values(snapshot: &Snapshot, key: &str) -> Vec<String> {
    let directory = &snapshot.directory;
    let fixed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let people = |besides: &[&str]| {
        let names = directory.users.iter().map(|user| user.name.clone());
        besides.iter().map(|name| (*name).to_owned()).chain(names).collect()
    };
    match key {
        "state" => fixed(&["open", "resolved"]),
        "practice" | "emergent" => fixed(&["yes", "no"]),
        "sev" => {
            let levels = directory.severities.iter();
            levels.map(|severity| severity.level.number().to_string()).collect()
        }
        "status" => {
            let mut names: Vec<_> = Status::NAMES.iter().map(|(_, name)| *name).collect();
            let of_changes = State::NAMES.iter().map(|(_, name)| *name);
            names.extend(of_changes.filter(|name| Status::from_name(name).is_none()));
            fixed(&names)
        }
        "outcome" => Outcome::NAMES.iter().map(|(_, name)| (*name).to_owned()).collect(),
        "class" => directory.change_policy.classes.clone(),
        "tier" => fixed(&["1", "2", "3", "4"]),
        "held" => Held::NAMES.iter().map(|(_, name)| (*name).to_owned()).collect(),
        "kind" => EntryKind::NAMES.iter().map(|(_, name)| (*name).to_owned()).collect(),
        "service" => directory.services.iter().map(|service| service.name.clone()).collect(),
        "group" => directory.service_groups.iter().map(|group| group.name.clone()).collect(),
        "team" => directory.teams.iter().map(|team| team.name.clone()).collect(),
        "assignee" | "technician" => people(&["me", "none"]),
        "by" => people(&["me"]),
        _ => Vec::new(),
    }
}
