//! What no single value of a configuration can get wrong alone: names that are there twice or refer
//! to nothing, keys that two integrations share, circles. Every problem is found, each with its
//! place; whether somebody can be paged at all is the business of [`reachability`].

mod circle;
pub mod reachability;
mod reference;
mod room;

use std::collections::{BTreeMap, BTreeSet};

use muster_core::change::policy::Policy;
use muster_core::change::relevance;
use muster_core::incident::severity::{Level, Severity};
use muster_store::org::directory::plan_of_template;
use muster_store::org::document::schedule::{Override, Schedule};
use muster_store::org::document::secret::Secret;
use muster_store::org::document::service::{Integration, Outcome};
use muster_store::org::document::{Documents, Kind};

use super::problem::Path;
use super::read::Problems;
use super::source::Node;
use crate::app::change::template;

/// A configuration that is being looked at as a whole.
pub struct Whole<'a> {
    /// The file over what is configured, or the file alone.
    pub documents: &'a Documents,
    /// What the file speaks of.
    pub written: &'a Documents,
    /// The file as a tree, for places.
    pub root: &'a Node,
    /// Whether kinds that are absent have no members, rather than unknown ones.
    pub is_complete: bool,
    /// Where problems go.
    pub problems: &'a Problems,
}

/// Notes every problem of the whole.
pub fn validate(whole: &Whole<'_>) {
    names(whole);
    keys(whole);
    levels(whole);
    change_templates(whole);
    reference::check(whole);
    room::check(whole);
    circle::check(whole);
}

impl<'a> Whole<'a> {
    /// The path of a thing: its place in the file, or its name where it is configured already.
    fn path(&self, kind: Kind, at: usize, name: &str) -> Path {
        let top = Path::top(kind.field());
        if self.written.speaks_of(kind) { top.index(at) } else { top.stored(name) }
    }

    fn note(&self, kind: Kind, path: &Path, message: impl Into<String>) {
        let is_written = self.written.speaks_of(kind);
        let position = is_written.then(|| path.locate(self.root));
        self.problems.note(position, path, message);
    }

    /// The names of a kind; `None` where they are not known.
    fn known(&self, kind: Kind) -> Option<BTreeSet<&str>> {
        if !self.is_complete && !self.documents.speaks_of(kind) {
            return None;
        }
        let names = self.documents.names().into_iter();
        Some(names.filter(|(of, _)| *of == kind).map(|(_, name)| name).collect())
    }

    /// Every integration with the kind, name and path of what it belongs to.
    fn integrations(&self) -> Vec<(Kind, Path, &'a Integration)> {
        let mut found = Vec::new();
        for (at, service) in self.documents.services.iter().flatten().enumerate() {
            let path = self.path(Kind::Service, at, &service.name).field("integrations");
            let parts = service.integrations.iter().enumerate();
            found.extend(parts.map(|(at, part)| (Kind::Service, path.index(at), part)));
        }
        for (at, integration) in self.documents.integrations.iter().flatten().enumerate() {
            let path = self.path(Kind::Integration, at, &integration.name);
            found.push((Kind::Integration, path, integration));
        }
        found
    }
}

/// Templates of changes lack nothing of what stands in them (`X11`).
fn change_templates(whole: &Whole<'_>) {
    let Some(policy) = &whole.documents.change_policy else { return };
    let usual = Policy::default().classes;
    let classes = policy.classes.as_ref().unwrap_or(&usual);
    for (at, written) in policy.templates.iter().enumerate() {
        let top = Path::top(Kind::ChangePolicy.field()).field("templates").index(at);
        for fault in template::faults(&plan_of_template(written), classes) {
            whole.note(Kind::ChangePolicy, &within(&top, &fault.field), fault.text);
        }
    }
}

/// The path of `timeline[2].command` below another one.
fn within(top: &Path, field: &str) -> Path {
    let mut path = top.clone();
    for part in field.split('.') {
        let (name, index) = match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((name, index)) => (name, index.parse().ok()),
            None => (part, None),
        };
        path = path.field(name);
        if let Some(index) = index {
            path = path.index(index);
        }
    }
    path
}

/// Names are unique per kind, and within what they stand in.
fn names(whole: &Whole<'_>) {
    let documents = whole.documents;
    let mut seen: BTreeSet<(Kind, &str)> = BTreeSet::new();
    let mut count: BTreeMap<Kind, usize> = BTreeMap::new();
    for (kind, name) in documents.names() {
        let at = *count.entry(kind).and_modify(|count| *count += 1).or_insert(0);
        if !name.is_empty() && !seen.insert((kind, name)) {
            let path = whole.path(kind, at, name).field("name");
            whole.note(kind, &path, format!("there is another {} `{name}`", kind.noun()));
        }
    }
    for (at, user) in documents.users.iter().flatten().enumerate() {
        let path = whole.path(Kind::User, at, &user.name).field("contact_methods");
        let methods = user.contact_methods.iter().map(|method| &method.name);
        unique(whole, Kind::User, &path, Some("name"), methods, "contact method");
    }
    for (at, team) in documents.teams.iter().flatten().enumerate() {
        let path = whole.path(Kind::Team, at, &team.name).field("members");
        unique(whole, Kind::Team, &path, None, team.members.iter(), "member");
    }
    for (at, group) in documents.engagement_groups.iter().flatten().enumerate() {
        let path = whole.path(Kind::EngagementGroup, at, &group.name);
        let part = |field: &str, names: &[String], what| {
            unique(whole, Kind::EngagementGroup, &path.field(field), None, names.iter(), what);
        };
        part("services", &group.services, "service");
        part("members", &group.members, "member");
        part("keepers", &group.keepers, "keeper");
    }
    for (at, group) in documents.service_groups.iter().flatten().enumerate() {
        let path = whole.path(Kind::ServiceGroup, at, &group.name).field("services");
        unique(whole, Kind::ServiceGroup, &path, None, group.services.iter(), "service");
    }
    for (at, list) in documents.notification_lists.iter().flatten().enumerate() {
        let path = whole.path(Kind::NotificationList, at, &list.name);
        let part = |field: &str, names: &[String], what| {
            unique(whole, Kind::NotificationList, &path.field(field), None, names.iter(), what);
        };
        part("services", &list.services, "service");
        part("groups", &list.groups, "group");
        part("service_groups", &list.service_groups, "service group");
        part("core", &list.core, "person");
        part("senders", &list.senders, "person");
        let mut services = documents.services.iter().flatten();
        if let Some(service) = relevance::service_in(&list.name)
            && services.any(|one| one.name == service)
        {
            let message = format!(
                "`{}` is the list of the changes to `{service}`, which is there by itself",
                list.name
            );
            whole.note(Kind::NotificationList, &path.field("name"), message);
        }
    }
    for (at, schedule) in documents.schedules.iter().flatten().enumerate() {
        let path = whole.path(Kind::Schedule, at, &schedule.name).field("layers");
        let layers = schedule.layers.iter().map(|layer| &layer.name);
        unique(whole, Kind::Schedule, &path, Some("name"), layers, "layer");
        overlaps(whole, at, schedule);
    }
    for (at, service) in documents.services.iter().flatten().enumerate() {
        let path = whole.path(Kind::Service, at, &service.name).field("integrations");
        let integrations = service.integrations.iter().map(|integration| &integration.name);
        unique(whole, Kind::Service, &path, Some("name"), integrations, "integration");
    }
    let providers = documents.providers.iter().flatten().map(|provider| &provider.name);
    let path = Path::top(Kind::Providers.field());
    unique(whole, Kind::Providers, &path, Some("name"), providers, "provider");
    let fields = documents.fields.iter().flatten().map(|field| &field.name);
    unique(whole, Kind::Fields, &Path::top(Kind::Fields.field()), Some("name"), fields, "field");
    for (at, severity) in documents.severities.iter().flatten().enumerate() {
        let path = Path::top(Kind::Severities.field()).index(at).field("process").field("roles");
        let wanted = severity.process.iter().filter_map(|process| process.roles.as_ref()).flatten();
        let names = wanted.map(|wanted| &wanted.role);
        unique(whole, Kind::Severities, &path, Some("role"), names, "role");
    }
    for (at, list) in documents.checklists.iter().flatten().enumerate() {
        let path = whole.path(Kind::Checklist, at, &list.name).field("items");
        let items = list.items.iter().flatten().map(|item| &item.id);
        unique(whole, Kind::Checklist, &path, Some("id"), items, "item");
    }
    status_pages(whole);
    emails(whole);
}

/// A page is found by its slug, and a component by its name within the page.
fn status_pages(whole: &Whole<'_>) {
    let mut slugs: BTreeMap<&str, &str> = BTreeMap::new();
    for (at, page) in whole.documents.status_pages.iter().flatten().enumerate() {
        let path = whole.path(Kind::StatusPage, at, &page.name);
        let slug = page.slug.as_ref().unwrap_or(&page.name);
        if let Some(other) = slugs.insert(slug, &page.name).filter(|_| !slug.is_empty()) {
            let field = if page.slug.is_some() { "slug" } else { "name" };
            let message = format!("`{slug}` is the address of the status page `{other}` already");
            whole.note(Kind::StatusPage, &path.field(field), message);
        }
        let names = page.components.iter().map(|component| &component.name);
        let path = path.field("components");
        unique(whole, Kind::StatusPage, &path, Some("name"), names, "component");
    }
}

/// No two overrides of a schedule replace the same people at the same time: which of them was meant
/// is for whoever wrote them to say.
fn overlaps(whole: &Whole<'_>, at: usize, schedule: &Schedule) {
    let path = whole.path(Kind::Schedule, at, &schedule.name).field("overrides");
    let mut by_time: Vec<(usize, &Override)> = schedule.overrides.iter().enumerate().collect();
    by_time.sort_by_key(|(_, replacement)| (&replacement.instead_of, replacement.from.0));
    let mut latest: Option<(usize, &Override)> = None;
    for (place, replacement) in by_time {
        let earlier = latest.filter(|(_, one)| one.instead_of == replacement.instead_of);
        if let Some((other, one)) = earlier.filter(|(_, one)| replacement.from.0 < one.to.0) {
            let (one, place, other) =
                if other < place { (one, place, other) } else { (replacement, other, place) };
            let message = format!(
                "this overlaps `overrides[{other}]`, by which {} is on call from {} to {}",
                one.user, one.from, one.to
            );
            whole.note(Kind::Schedule, &path.index(place), message);
        }
        if earlier.is_none_or(|(_, one)| one.to.0 < replacement.to.0) {
            latest = Some((place, replacement));
        }
    }
}

fn unique<'a>(
    whole: &Whole<'_>,
    kind: Kind,
    list: &Path,
    field: Option<&str>,
    names: impl Iterator<Item = &'a String>,
    noun: &str,
) {
    let mut seen = BTreeSet::new();
    for (at, name) in names.enumerate() {
        if !name.is_empty() && !seen.insert(name) {
            let element = list.index(at);
            let path = field.map_or_else(|| element.clone(), |field| element.field(field));
            whole.note(kind, &path, format!("there is another {noun} `{name}` here"));
        }
    }
}

/// People sign in by mail address, so one address is one person.
fn emails(whole: &Whole<'_>) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (at, user) in whole.documents.users.iter().flatten().enumerate() {
        if user.email.is_empty() {
            continue;
        }
        if let Some(other) = seen.insert(user.email.to_lowercase(), &user.name) {
            let path = whole.path(Kind::User, at, &user.name).field("email");
            let message = format!("`{}` is the mail address of `{other}` already", user.email);
            whole.note(Kind::User, &path, message);
        }
    }
}

/// A key belongs to one integration, because it says where a signal goes.
fn keys(whole: &Whole<'_>) {
    let mut seen: BTreeMap<(bool, &str), Path> = BTreeMap::new();
    for (kind, path, integration) in whole.integrations() {
        let key = match &integration.key {
            Secret::Plain(key) => (true, key.as_str()),
            Secret::Environment(from) => (false, from.env.as_str()),
        };
        let path = path.field("key");
        match seen.get(&key) {
            _ if key.1.is_empty() => {}
            Some(first) => {
                whole.note(
                    kind,
                    &path,
                    format!("`{first}` has the same key, and a key belongs to one integration"),
                );
            }
            None => {
                seen.insert(key, path);
            }
        }
    }
}

/// Severities are unique by level, and severity maps speak of those that there are.
fn levels(whole: &Whole<'_>) {
    let severities = whole.documents.severities.as_deref();
    let mut levels: BTreeSet<u8> = BTreeSet::new();
    for (at, severity) in severities.unwrap_or_default().iter().enumerate() {
        if severity.level != 0 && !levels.insert(severity.level) {
            let path = Path::top(Kind::Severities.field()).index(at).field("level");
            whole.note(
                Kind::Severities,
                &path,
                format!("there is another severity {}", severity.level),
            );
        }
    }
    match severities {
        Some([]) => {
            let path = Path::top(Kind::Severities.field());
            whole.note(
                Kind::Severities,
                &path,
                "at least one severity is needed; leave the field out for the usual four",
            );
        }
        Some(_) => {}
        None if !whole.is_complete => return,
        None => levels.extend(Severity::defaults().iter().map(|severity| severity.level.number())),
    }
    if levels.is_empty() {
        return;
    }
    for (at, service) in whole.documents.services.iter().flatten().enumerate() {
        let path = whole.path(Kind::Service, at, &service.name).field("severity_map");
        for (at, rule) in service.severity_map.iter().enumerate() {
            if let Outcome::Severity(level) = rule.outcome
                && Level::new(level).is_some()
                && !levels.contains(&level)
            {
                let known: Vec<String> = levels.iter().map(u8::to_string).collect();
                let message =
                    format!("there is no severity {level}; there are {}", known.join(", "));
                whole.note(Kind::Service, &path.index(at).field("severity"), message);
            }
        }
    }
}
