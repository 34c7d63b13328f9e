//! Restricted incidents (`T4`): security, legal, people. This file owns who sees an incident and who
//! does not; that nobody else learns of it is upheld where incidents are read, which every reader asks
//! as a [`Viewer`].
//!
//! The rule: a restricted incident is seen by the people and groups it names, and by whoever is
//! engaged on it, because Muster or a person asked them to come: the assignee, everybody who was
//! paged, who has or had a role or is offered one, who helps and who checked in. Nobody sees it for
//! being an administrator, and no token of a program sees it. An administrator may let themselves in,
//! with a reason that stands in the timeline and in the audit log.

use jiff::Timestamp;

use crate::id::{EngagementGroupId, ServiceId, UserId};
use crate::incident::lifecycle::Incident;
use crate::oncall::group;
use crate::org::directory::Directory;

/// The most people and groups that one incident names.
pub const NAMED_MAX: usize = 200;
/// The longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 500;
/// The most rules of an organisation.
pub const RULES_MAX: usize = 100;

/// People and groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// People.
    pub people: Vec<UserId>,
    /// Groups: whoever they stand for at the moment.
    pub groups: Vec<EngagementGroupId>,
}

impl Named {
    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.groups.is_empty()
    }

    /// How many are named.
    pub fn len(&self) -> usize {
        self.people.len() + self.groups.len()
    }

    /// Names these too, each once.
    pub fn add(&mut self, more: &Self) {
        for user in &more.people {
            if !self.people.contains(user) {
                self.people.push(*user);
            }
        }
        for group in &more.groups {
            if !self.groups.contains(group) {
                self.groups.push(*group);
            }
        }
    }

    /// Names these no longer.
    pub fn remove(&mut self, fewer: &Self) {
        self.people.retain(|user| !fewer.people.contains(user));
        self.groups.retain(|group| !fewer.groups.contains(group));
    }

    /// Those of `self` that `other` does not name.
    #[must_use]
    pub fn besides(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        rest.remove(other);
        rest
    }
}

/// That an incident is restricted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// Who sees it besides those who are engaged.
    pub named: Named,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// Restricts incidents as they begin (`T4`).
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What it is called; the reason that its incidents give.
    pub name: String,
    /// Incidents of these services; of any where none are named.
    pub services: Vec<ServiceId>,
    /// What the first alert matches; whatever it says where there is none. What people declare has
    /// no alert, and matches by its service alone.
    pub when: Option<crate::alerting::rule::Rule>,
    /// Who sees them.
    pub named: Named,
}

/// The rule that restricts an incident of a service, which an alert opens or a person declares; the
/// first of several.
pub fn rule_for<'a>(
    rules: &'a [Rule],
    service: ServiceId,
    alert: Option<&crate::alerting::rule::Subject<'_>>,
) -> Option<&'a Rule> {
    rules.iter().find(|rule| {
        let is_of = rule.services.is_empty() || rule.services.contains(&service);
        let says = match (&rule.when, alert) {
            (None, _) => true,
            (Some(when), Some(alert)) => when.matches(alert),
            (Some(_), None) => false,
        };
        is_of && says
    })
}

impl Rule {
    /// The restriction of an incident that begins at `now`.
    pub fn restriction(&self, now: Timestamp) -> Restriction {
        let reason = format!("by the rule `{}`", self.name);
        Restriction { named: self.named.clone(), reason, since: now }
    }
}

/// Who reads. Whatever reads incidents, or what belongs to one, is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// Muster itself, which pages and moves whatever there is, and tells nobody.
    Engine,
    /// Nobody in particular: sees what is not restricted.
    Anybody,
    /// A person.
    Person {
        /// Who.
        user: UserId,
        /// The groups that stand for them at the moment.
        groups: Vec<EngagementGroupId>,
    },
}

impl Viewer {
    /// A person, by the groups among `asked` that stand for them at `at`.
    pub fn person(
        directory: &Directory,
        user: UserId,
        asked: &[EngagementGroupId],
        at: Timestamp,
    ) -> Self {
        let groups = asked.iter().copied().filter(|group| stands_for(directory, *group, user, at));
        Self::Person { user, groups: groups.collect() }
    }
}

/// Whoever sees a restricted incident, but for those who have nothing but a page of it, whom its
/// pages tell.
pub fn sighted(incident: &Incident) -> Named {
    let roles = &incident.roles;
    let engage = &incident.clocks.engage;
    let people = (incident.assignee.into_iter())
        .chain(roles.declared_by)
        .chain(roles.assignments.iter().map(|one| one.user))
        .chain(roles.engaged.iter().map(|one| one.user))
        .chain(roles.offers.iter().map(|one| one.to))
        .chain(incident.helpers.iter().map(|one| one.user))
        .chain(engage.awaited.iter().map(|one| one.user))
        .chain(engage.present.iter().map(|one| one.user));
    let named = incident.restriction.as_ref().map(|one| one.named.clone());
    let mut all = named.unwrap_or_default();
    all.add(&Named { people: people.collect(), groups: Vec::new() });
    all
}

/// Whether a person may hear of an incident at `at`, as [`sighted`] says.
pub fn may_hear(directory: &Directory, incident: &Incident, user: UserId, at: Timestamp) -> bool {
    if incident.restriction.is_none() {
        return true;
    }
    let sighted = sighted(incident);
    sighted.people.contains(&user)
        || sighted.groups.iter().any(|group| stands_for(directory, *group, user, at))
}

fn stands_for(
    directory: &Directory,
    group: EngagementGroupId,
    user: UserId,
    at: Timestamp,
) -> bool {
    directory.groups.get(group).is_some_and(|group| {
        group.members.iter().any(|member| group::people(directory, member, at).contains(&user))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const CHECKOUT: ServiceId = ServiceId(Uuid::from_u128(1));
    const VAULT: ServiceId = ServiceId(Uuid::from_u128(2));

    fn rule(name: &str, services: &[ServiceId], when: Option<&str>) -> Rule {
        Rule {
            name: name.to_owned(),
            services: services.to_vec(),
            when: when.map(|text| crate::alerting::rule::Rule::parse(text).unwrap()),
            named: Named::default(),
        }
    }

    #[test]
    fn the_first_rule_whose_service_and_alert_match_restricts() {
        let rules =
            [rule("leak", &[], Some(r#"labels.kind == "leak""#)), rule("vault", &[VAULT], None)];
        let mut leak = crate::alerting::signal::Signal::trigger("k", "s");
        leak.labels = vec![("kind".into(), "leak".into())];
        let plain = crate::alerting::signal::Signal::trigger("k", "s");
        let name = |service, signal: Option<&crate::alerting::signal::Signal>| {
            let subject = signal.map(|signal| crate::alerting::rule::Subject {
                signal,
                integration: "",
                service: "",
            });
            rule_for(&rules, service, subject.as_ref()).map(|rule| rule.name.clone())
        };
        assert_eq!(name(CHECKOUT, Some(&leak)).as_deref(), Some("leak"));
        assert_eq!(name(VAULT, Some(&leak)).as_deref(), Some("leak"));
        assert_eq!(name(VAULT, Some(&plain)).as_deref(), Some("vault"));
        assert_eq!(name(VAULT, None).as_deref(), Some("vault"));
        assert_eq!(name(CHECKOUT, None), None);
    }

    #[test]
    fn names_stand_once_and_go_when_they_are_removed() {
        let (ana, bo) = (UserId(Uuid::from_u128(8)), UserId(Uuid::from_u128(9)));
        let mut named = Named { people: vec![ana], groups: vec![] };
        named.add(&Named { people: vec![ana, bo], groups: vec![] });
        assert_eq!((named.people.as_slice(), named.len()), ([ana, bo].as_slice(), 2));
        assert_eq!(named.besides(&Named { people: vec![ana], groups: vec![] }).people, [bo]);
        named.remove(&Named { people: vec![ana, bo], groups: vec![] });
        assert!(named.is_empty());
    }
}
