//! References: everything that names something else names something that is there. What a file
//! removes may not be referred to by anything that stays.

use muster_core::incident::audience::Audience;
use muster_core::incident::checklist::Checklist;
use muster_core::incident::role::Role;
use muster_core::oncall::alias::Alias;
use muster_core::org::directory::CATCH_ALL_SERVICE;
use muster_store::org::document::audience::To;
use muster_store::org::document::escalation::Target;
use muster_store::org::document::organization::Clock;
use muster_store::org::document::schedule::OneOrMany;
use muster_store::org::document::{Documents, Kind};

use super::super::problem::{Path, suggestion};
use super::Whole;

/// One thing that names another.
struct Reference<'a> {
    /// The kind of what refers.
    from: Kind,
    path: Path,
    /// The kind of what is referred to.
    to: Kind,
    name: &'a str,
}

pub fn check(whole: &Whole<'_>) {
    let known = Kind::ALL.map(|(kind, ..)| (kind, whole.known(kind)));
    for Reference { from, path, to, name } in references(whole) {
        let names =
            known.iter().find(|(kind, _)| *kind == to).and_then(|(_, names)| names.as_ref());
        let Some(names) = names else { continue };
        let is_built_in = match to {
            Kind::Service => from == Kind::Routing && name == CATCH_ALL_SERVICE,
            Kind::Role => Role::default_of(name).is_some(),
            Kind::Audience => Audience::default_of(name).is_some(),
            Kind::Checklist => Checklist::default_of(name).is_some(),
            _ => false,
        };
        if name.is_empty() || names.contains(name) || is_built_in {
            continue;
        }
        let noun = to.noun();
        if whole.written.speaks_of(from) || !whole.written.speaks_of(to) {
            let hint = suggestion(name, names.iter().copied());
            whole.note(from, &path, format!("there is no {noun} `{name}`{hint}"));
        } else {
            let place = Path::top(to.field());
            let message =
                format!("this list leaves out the {noun} `{name}`, but `{path}` refers to it");
            whole.note(to, &place, message);
        }
    }
    methods(whole);
    layers_and_providers(whole);
}

fn references<'a>(whole: &Whole<'a>) -> Vec<Reference<'a>> {
    let mut found = Found { references: Vec::new() };
    let documents: &'a Documents = whole.documents;
    let restrictions = documents.organization.iter().flat_map(|one| &one.restricted);
    for (at, rule) in restrictions.enumerate() {
        let path = Path::top(Kind::Organization.field()).field("restricted").index(at);
        let kind = Kind::Organization;
        found.many(kind, &path.field("services"), Kind::Service, &rule.services);
        found.many(kind, &path.field("users"), Kind::User, &rule.users);
        found.many(kind, &path.field("groups"), Kind::EngagementGroup, &rule.groups);
    }
    for (at, user) in documents.users.iter().flatten().enumerate() {
        let path = whole.path(Kind::User, at, &user.name);
        found.one(Kind::User, &path, "reports_to", Kind::User, user.reports_to.as_deref());
    }
    for (at, team) in documents.teams.iter().flatten().enumerate() {
        let path = whole.path(Kind::Team, at, &team.name);
        found.one(Kind::Team, &path, "manager", Kind::User, team.manager.as_deref());
        found.many(Kind::Team, &path.field("members"), Kind::User, &team.members);
    }
    for (at, group) in documents.engagement_groups.iter().flatten().enumerate() {
        let path = whole.path(Kind::EngagementGroup, at, &group.name);
        let kind = Kind::EngagementGroup;
        found.many(kind, &path.field("services"), Kind::Service, &group.services);
        found.many(kind, &path.field("keepers"), Kind::User, &group.keepers);
        found.members(&path.field("members"), documents, &group.members);
    }
    for (at, group) in documents.service_groups.iter().flatten().enumerate() {
        let path = whole.path(Kind::ServiceGroup, at, &group.name).field("services");
        found.many(Kind::ServiceGroup, &path, Kind::Service, &group.services);
    }
    for (at, list) in documents.notification_lists.iter().flatten().enumerate() {
        let path = whole.path(Kind::NotificationList, at, &list.name);
        let kind = Kind::NotificationList;
        found.many(kind, &path.field("services"), Kind::Service, &list.services);
        found.many(kind, &path.field("groups"), Kind::EngagementGroup, &list.groups);
        let groups = &list.service_groups;
        found.many(kind, &path.field("service_groups"), Kind::ServiceGroup, groups);
        found.many(kind, &path.field("core"), Kind::User, &list.core);
        found.many(kind, &path.field("senders"), Kind::User, &list.senders);
    }
    for (at, schedule) in documents.schedules.iter().flatten().enumerate() {
        let path = whole.path(Kind::Schedule, at, &schedule.name);
        found.one(Kind::Schedule, &path, "team", Kind::Team, schedule.team.as_deref());
        for (at, layer) in schedule.layers.iter().enumerate() {
            let rotation = path.field("layers").index(at).field("rotation");
            found.groups(&rotation.field("participants"), &layer.rotation.participants);
            for (at, change) in layer.rotation.changes.iter().enumerate() {
                let change_path = rotation.field("changes").index(at);
                found.groups(&change_path.field("participants"), &change.participants);
            }
        }
        for (at, instead) in schedule.overrides.iter().enumerate() {
            let path = path.field("overrides").index(at);
            found.one(Kind::Schedule, &path, "user", Kind::User, Some(&instead.user));
            let replaced = instead.instead_of.as_deref();
            found.one(Kind::Schedule, &path, "instead_of", Kind::User, replaced);
        }
        for (at, shadow) in schedule.shadows.iter().enumerate() {
            let path = path.field("shadows").index(at);
            found.one(Kind::Schedule, &path, "user", Kind::User, Some(&shadow.user));
            found.one(Kind::Schedule, &path, "follows", Kind::User, Some(&shadow.follows));
        }
    }
    for (at, policy) in documents.escalation_policies.iter().flatten().enumerate() {
        let path = whole.path(Kind::EscalationPolicy, at, &policy.name);
        found.one(Kind::EscalationPolicy, &path, "team", Kind::Team, policy.team.as_deref());
        for (at, step) in policy.steps.iter().enumerate() {
            let targets = path.field("steps").index(at).field("targets");
            for (at, target) in step.targets.iter().enumerate() {
                let target_path = targets.index(at);
                let (path, field, kind, name) = match target {
                    Target::User(name) => (target_path, "user", Kind::User, name),
                    Target::Schedule(name) => (target_path, "schedule", Kind::Schedule, name),
                    Target::Rotation(rotation) => {
                        let path = target_path.field("rotation");
                        (path, "schedule", Kind::Schedule, &rotation.schedule)
                    }
                    Target::Team(name) | Target::RoundRobin(name) => {
                        (target_path, "team", Kind::Team, name)
                    }
                    Target::ManagerOf(name) => (target_path, "manager_of", Kind::Team, name),
                    Target::Webhook(name) => (target_path, "webhook", Kind::Webhook, name),
                    Target::Role(of) => {
                        let Some(team) = &of.team else { continue };
                        (target_path, "team", Kind::Team, team)
                    }
                    Target::Channel(_) => continue,
                };
                found.one(Kind::EscalationPolicy, &path, field, kind, Some(name));
            }
        }
        let second = policy.second_set.as_ref().map(|second| second.escalation_policy.as_str());
        let path = path.field("second_set");
        let kind = Kind::EscalationPolicy;
        found.one(kind, &path, "escalation_policy", Kind::EscalationPolicy, second);
    }
    services(whole, &mut found);
    roles(whole, &mut found);
    status_pages(whole, &mut found);
    audiences(whole, &mut found);
    workflows(whole, &mut found);
    change_policy(whole, &mut found);
    found.references
}

fn services<'a>(whole: &Whole<'a>, found: &mut Found<'a>) {
    let documents: &'a Documents = whole.documents;
    for (at, service) in documents.services.iter().flatten().enumerate() {
        let path = whole.path(Kind::Service, at, &service.name);
        found.one(Kind::Service, &path, "team", Kind::Team, service.team.as_deref());
        let policy = Some(service.escalation_policy.as_str());
        found.one(Kind::Service, &path, "escalation_policy", Kind::EscalationPolicy, policy);
        found.many(Kind::Service, &path.field("depends_on"), Kind::Service, &service.depends_on);
    }
    for (kind, path, integration) in whole.integrations() {
        for (subject, names) in &integration.services {
            found.many(kind, &path.field("services").field(subject), Kind::Service, names);
        }
    }
    for (at, heartbeat) in documents.heartbeats.iter().flatten().enumerate() {
        let path = whole.path(Kind::Heartbeat, at, &heartbeat.name);
        found.one(Kind::Heartbeat, &path, "service", Kind::Service, Some(&heartbeat.service));
    }
    for (at, canary) in documents.watch.iter().flat_map(|watch| &watch.canaries).enumerate() {
        let path = Path::top(Kind::Watch.field()).field("canaries").index(at);
        found.one(Kind::Watch, &path, "user", Kind::User, Some(&canary.user));
    }
    let organization = documents.organization.as_ref();
    if let Some(calls) = organization.and_then(|organization| organization.calling_in.as_ref()) {
        let path = Path::top(Kind::Organization.field()).field("calling_in").field("services");
        found.many(Kind::Organization, &path, Kind::Service, &calls.services);
    }
    for (at, rule) in documents.routing.iter().flatten().enumerate() {
        let path = Path::top(Kind::Routing.field()).index(at);
        found.one(Kind::Routing, &path, "service", Kind::Service, Some(&rule.service));
    }
    if let Some(catch_all) = &documents.catch_all {
        let path = Path::top(Kind::CatchAll.field());
        let policy = Some(catch_all.escalation_policy.as_str());
        found.one(Kind::CatchAll, &path, "escalation_policy", Kind::EscalationPolicy, policy);
    }
}

fn workflows<'a>(whole: &Whole<'a>, found: &mut Found<'a>) {
    let documents: &'a Documents = whole.documents;
    let kind = Kind::Workflow;
    for (at, workflow) in documents.workflows.iter().flatten().enumerate() {
        let steps = whole.path(kind, at, &workflow.name).field("do");
        for (at, step) in workflow.r#do.iter().enumerate() {
            let path = steps.index(at);
            found.one(kind, &path, "engage", Kind::EngagementGroup, step.engage.as_deref());
            found.many(kind, &path.field("page"), Kind::User, &step.page);
            found.one(kind, &path, "tell", Kind::NotificationList, step.tell.as_deref());
            found.one(kind, &path, "webhook", Kind::Webhook, step.webhook.as_deref());
        }
    }
}

fn change_policy<'a>(whole: &Whole<'a>, found: &mut Found<'a>) {
    let documents: &'a Documents = whole.documents;
    let kind = Kind::ChangePolicy;
    let Some(policy) = &documents.change_policy else { return };
    let top = Path::top(kind.field());
    found.many(kind, &top.field("vps"), Kind::User, &policy.vps);
    found.many(kind, &top.field("ops"), Kind::User, &policy.ops);
    if let Some(terms) = &policy.exceptions {
        let path = top.field("exceptions").field("owners");
        found.many(kind, &path, Kind::User, &terms.owners);
    }
    for (at, one) in policy.delegates.iter().enumerate() {
        let path = top.field("delegates").index(at);
        found.one(kind, &path, "of", Kind::User, Some(&one.of));
        found.one(kind, &path, "to", Kind::User, Some(&one.to));
    }
    for (at, one) in policy.qualifications.iter().enumerate() {
        let path = top.field("qualifications").index(at);
        found.one(kind, &path, "user", Kind::User, Some(&one.user));
    }
    for (at, one) in policy.windows.iter().enumerate() {
        let path = top.field("windows").index(at).field("services");
        found.many(kind, &path, Kind::Service, &one.services);
    }
    for (at, one) in policy.freezes.iter().enumerate() {
        let path = top.field("freezes").index(at);
        found.many(kind, &path.field("services"), Kind::Service, &one.services);
        found.many(kind, &path.field("exempt_teams"), Kind::Team, &one.exempt_teams);
    }
    for (at, one) in policy.templates.iter().enumerate() {
        let path = top.field("templates").index(at);
        found.one(kind, &path, "service", Kind::Service, one.service.as_deref());
        found.many(kind, &path.field("customers"), Kind::Team, &one.customers);
    }
    for (at, row) in policy.matrix.iter().flatten().enumerate() {
        let path = top.field("matrix").index(at);
        found.many(kind, &path.field("teams"), Kind::Team, &row.teams);
        for (at, stage) in row.approvals.iter().enumerate() {
            let path = path.field("approvals").index(at).field("people");
            found.many(kind, &path, Kind::User, &stage.people);
        }
    }
}

fn roles<'a>(whole: &Whole<'a>, found: &mut Found<'a>) {
    let documents: &'a Documents = whole.documents;
    for (at, role) in documents.roles.iter().flatten().enumerate() {
        let Some(rotation) = role.rotation.as_ref().and_then(Clock::runs) else { continue };
        let path = whole.path(Kind::Role, at, &role.name).field("rotation");
        found.one(Kind::Role, &path, "schedule", Kind::Schedule, rotation.schedule.as_deref());
        found.one(Kind::Role, &path, "team", Kind::Team, rotation.team.as_deref());
    }
    for (at, list) in documents.checklists.iter().flatten().enumerate() {
        let path = whole.path(Kind::Checklist, at, &list.name);
        found.one(Kind::Checklist, &path, "role", Kind::Role, list.role.as_deref());
        found.many(Kind::Checklist, &path.field("services"), Kind::Service, &list.services);
    }
    for (at, severity) in documents.severities.iter().flatten().enumerate() {
        let lists = severity.process.iter().filter_map(|process| process.checklists.as_deref());
        let path = Path::top(Kind::Severities.field()).index(at).field("process");
        for lists in lists {
            found.many(Kind::Severities, &path.field("checklists"), Kind::Checklist, lists);
        }
        let wanted = severity.process.iter().filter_map(|process| process.roles.as_ref()).flatten();
        let path = Path::top(Kind::Severities.field()).index(at).field("process").field("roles");
        for (at, wanted) in wanted.enumerate() {
            let path = path.index(at);
            found.one(Kind::Severities, &path, "role", Kind::Role, Some(&wanted.role));
        }
    }
}

struct Found<'a> {
    references: Vec<Reference<'a>>,
}

impl<'a> Found<'a> {
    fn one(&mut self, from: Kind, path: &Path, field: &str, to: Kind, name: Option<&'a str>) {
        if let Some(name) = name {
            self.references.push(Reference { from, path: path.field(field), to, name });
        }
    }

    /// The people of a schedule's turns.
    fn groups(&mut self, list: &Path, groups: &'a [OneOrMany<String>]) {
        for (at, group) in groups.iter().enumerate() {
            let path = list.index(at);
            match group {
                OneOrMany::One(name) => self.references.push(Reference {
                    from: Kind::Schedule,
                    path,
                    to: Kind::User,
                    name,
                }),
                OneOrMany::Many(names) => self.many(Kind::Schedule, &path, Kind::User, names),
            }
        }
    }

    /// The aliases and people of an engagement group.
    fn members(&mut self, list: &Path, documents: &Documents, members: &'a [String]) {
        let is_person =
            |name: &String| documents.users.iter().flatten().any(|user| user.name == *name);
        for (at, name) in members.iter().enumerate() {
            let (to, name) = match Alias::service_in(name).filter(|_| !is_person(name)) {
                Some(service) => (Kind::Service, service),
                None => (Kind::User, name.as_str()),
            };
            let (from, path) = (Kind::EngagementGroup, list.index(at));
            self.references.push(Reference { from, path, to, name });
        }
    }

    fn many(&mut self, from: Kind, list: &Path, to: Kind, names: &'a [String]) {
        for (at, name) in names.iter().enumerate() {
            self.references.push(Reference { from, path: list.index(at), to, name });
        }
    }
}

/// A canary goes out by one of its person's contact methods.
fn canaries(whole: &Whole<'_>) {
    let users = || whole.documents.users.iter().flatten();
    let canaries = whole.documents.watch.iter().flat_map(|watch| &watch.canaries);
    for (at, canary) in canaries.enumerate() {
        let Some(user) = users().find(|user| user.name == canary.user) else { continue };
        if user.contact_methods.iter().all(|method| method.name != canary.method) {
            let path = Path::top(Kind::Watch.field()).field("canaries").index(at).field("method");
            let message = format!("`{}` has no contact method `{}`", user.name, canary.method);
            whole.note(Kind::Watch, &path, message);
        }
    }
}

/// Steps name layers that their schedules have, and providers that carry messages.
fn layers_and_providers(whole: &Whole<'_>) {
    let documents = whole.documents;
    let note = |path: &Path, message: String| whole.note(Kind::EscalationPolicy, path, message);
    for (at, policy) in documents.escalation_policies.iter().flatten().enumerate() {
        let path = whole.path(Kind::EscalationPolicy, at, &policy.name).field("steps");
        for (at, step) in policy.steps.iter().enumerate() {
            let targets = path.index(at).field("targets");
            for (at, target) in step.targets.iter().enumerate() {
                let path = targets.index(at);
                match target {
                    Target::Rotation(rotation) => {
                        let schedules = documents.schedules.iter().flatten();
                        let mut schedules = schedules.filter(|it| it.name == rotation.schedule);
                        let Some(schedule) = schedules.next() else { continue };
                        let known = schedule.layers.iter().map(|layer| layer.name.as_str());
                        if !rotation.layer.is_empty()
                            && !known.clone().any(|it| it == rotation.layer)
                        {
                            let hint = suggestion(&rotation.layer, known);
                            let message = format!(
                                "the schedule `{}` has no layer `{}`{hint}",
                                schedule.name, rotation.layer
                            );
                            note(&path.field("rotation").field("layer"), message);
                        }
                    }
                    Target::Channel(place) => {
                        let Some(providers) = &documents.providers else {
                            if whole.is_complete {
                                let message = format!("there is no provider `{}`", place.provider);
                                note(&path.field("channel").field("provider"), message);
                            }
                            continue;
                        };
                        let known = providers.iter().map(|provider| provider.name.as_str());
                        if !place.provider.is_empty()
                            && !known.clone().any(|it| it == place.provider)
                        {
                            let hint = suggestion(&place.provider, known);
                            let message =
                                format!("there is no provider `{}`{hint}", place.provider);
                            note(&path.field("channel").field("provider"), message);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// A person's rules name the person's own contact methods.
fn methods(whole: &Whole<'_>) {
    canaries(whole);
    for (at, user) in whole.documents.users.iter().flatten().enumerate() {
        let path = whole.path(Kind::User, at, &user.name).field("notification_rules");
        let known: Vec<&str> =
            user.contact_methods.iter().map(|method| method.name.as_str()).collect();
        let rules = &user.notification_rules;
        for (urgency, rules) in [("high", &rules.high), ("low", &rules.low)] {
            for (at, rule) in rules.iter().enumerate() {
                if rule.method.is_empty() || known.contains(&rule.method.as_str()) {
                    continue;
                }
                let hint = suggestion(&rule.method, known.iter().copied());
                let message =
                    format!("`{}` has no contact method `{}`{hint}", user.name, rule.method);
                whole.note(Kind::User, &path.field(urgency).index(at).field("method"), message);
            }
        }
    }
}

fn audiences<'a>(whole: &Whole<'a>, found: &mut Found<'a>) {
    let documents: &'a Documents = whole.documents;
    for (at, audience) in documents.audiences.iter().flatten().enumerate() {
        let path = whole.path(Kind::Audience, at, &audience.name);
        let lead = audience.lead.as_ref().and_then(Clock::runs).map(String::as_str);
        found.one(Kind::Audience, &path, "lead", Kind::Role, lead);
        if let Some(To::Lists(lists)) = &audience.to {
            found.many(Kind::Audience, &path.field("to"), Kind::NotificationList, lists);
            for (at, name) in lists.iter().enumerate() {
                let all = documents.notification_lists.iter().flatten();
                let mut closed = all.filter(|list| list.restricted && !list.automatic);
                if closed.any(|list| list.name == *name) {
                    let message = format!(
                        "`{name}` is restricted: it is told by a decision and by no update; give it `automatic: true` if updates are for it"
                    );
                    whole.note(Kind::Audience, &path.field("to").index(at), message);
                }
            }
        }
        if let Some(pages) = &audience.status_pages {
            found.many(Kind::Audience, &path.field("status_pages"), Kind::StatusPage, pages);
        }
    }
    for (at, severity) in documents.severities.iter().flatten().enumerate() {
        let process = severity.process.as_ref();
        let Some(names) = process.and_then(|process| process.audiences.as_ref()) else { continue };
        let path =
            Path::top(Kind::Severities.field()).index(at).field("process").field("audiences");
        found.many(Kind::Severities, &path, Kind::Audience, names);
    }
}

fn status_pages<'a>(whole: &Whole<'a>, found: &mut Found<'a>) {
    let documents: &'a Documents = whole.documents;
    for (at, page) in documents.status_pages.iter().flatten().enumerate() {
        let path = whole.path(Kind::StatusPage, at, &page.name).field("components");
        for (at, component) in page.components.iter().enumerate() {
            let path = path.index(at).field("services");
            found.many(Kind::StatusPage, &path, Kind::Service, &component.services);
        }
    }
}
