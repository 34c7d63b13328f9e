//! What alerts come in by and are judged by, out of documents: integrations, heartbeats, the rules of
//! services, routing and inhibition, and what Muster watches itself.

use muster_core::alerting::guard::Guard;
use muster_core::alerting::heartbeat::{self, Heartbeat};
use muster_core::alerting::hours::{self, Hours};
use muster_core::alerting::inhibition::Inhibition;
use muster_core::id::{
    ContactMethodId, EngagementGroupId, HeartbeatId, IntegrationId, ServiceId, UserId,
};
use muster_core::incident::restriction;
use muster_core::incident::severity::Level;
use muster_core::org::directory::CATCH_ALL_SERVICE;
use muster_core::org::service::{
    Integration, Mapping, Outcome, RoutingRule, Service, SeverityRule,
};
use muster_core::org::watch::{self, Canary, Watch};

use super::Builder;
use crate::org::document::{self, Kind};

impl Builder<'_> {
    pub(super) fn severity_rule(
        &mut self,
        service: &str,
        rule: &document::service::SeverityRule,
    ) -> Option<SeverityRule> {
        let outcome = match rule.outcome {
            document::service::Outcome::Severity(level) => Outcome::Severity(Level::new(level)?),
            document::service::Outcome::Informational => Outcome::Informational,
        };
        let when = self.rule(&rule.when, &format!("the severity map of {service}"))?;
        let during = (!rule.during.is_empty()).then(|| Hours {
            windows: rule.during.iter().map(hours_window).collect(),
            timezone: self.zone(rule.timezone.as_ref()),
        });
        Some(SeverityRule {
            when,
            outcome,
            during,
            guard: rule.guard.map(guard),
            shadow: rule.shadow,
        })
    }

    /// How the installation watches itself, with the monitors of its canaries. Their silence is the
    /// catch-all's alert.
    pub(super) fn watch(&mut self, services: &[Service]) -> (Watch, Vec<Heartbeat>) {
        let Some(document) = self.documents.watch.as_ref() else {
            return (Watch::default(), Vec::new());
        };
        let catch_all = services.iter().find(|service| service.name == CATCH_ALL_SERVICE);
        let mut monitors = Vec::new();
        let mut canaries = Vec::new();
        for canary in &document.canaries {
            let name = format!("canary {}/{}", canary.user, canary.method);
            let Some(user) = self.id(Kind::User, &canary.user).map(UserId) else { continue };
            let method = self.part(Kind::User, &canary.user, &canary.method).map(ContactMethodId);
            let (Some(method), Some(catch_all)) = (method, catch_all) else { continue };
            let monitor = HeartbeatId(crate::alerting::cause::tie(&name));
            let within = canary.within.map_or(watch::WITHIN_DEFAULT, |within| within.0);
            let every = canary.every.0;
            canaries.push(Canary { monitor, user, method, every, within });
            monitors.push(Heartbeat {
                id: monitor,
                name,
                service: catch_all.id,
                every,
                // A node that is down for a while is late with its canaries.
                grace: within.saturating_add(heartbeat::GRACE_DEFAULT),
                severity: None,
                is_source: true,
            });
        }
        let url = document.url.as_ref().and_then(|url| self.secret(url, "the watch"));
        let every = document.every.map_or(watch::EVERY_DEFAULT, |every| every.0);
        (Watch { url, every, canaries }, monitors)
    }

    pub(super) fn heartbeat(
        &mut self,
        heartbeat: &document::service::Heartbeat,
    ) -> Option<Heartbeat> {
        Some(Heartbeat {
            id: self.id(Kind::Heartbeat, &heartbeat.name).map(HeartbeatId)?,
            name: heartbeat.name.clone(),
            service: self.id(Kind::Service, &heartbeat.service).map(ServiceId)?,
            every: heartbeat.every.0,
            grace: heartbeat.grace.map_or(heartbeat::GRACE_DEFAULT, |grace| grace.0),
            severity: heartbeat.severity.and_then(Level::new),
            is_source: false,
        })
    }

    /// A rule whose condition cannot be read restricts too much rather than too little.
    pub(super) fn restrictions(&mut self) -> Vec<restriction::Rule> {
        let documents = self.documents;
        let rules = documents.organization.iter().flat_map(|one| &one.restricted);
        rules.filter_map(|rule| self.restriction(rule)).collect()
    }

    fn restriction(
        &mut self,
        rule: &document::organization::RestrictionRule,
    ) -> Option<restriction::Rule> {
        let mut all = |kind, names: &[String]| -> Vec<uuid::Uuid> {
            names.iter().filter_map(|name| self.id(kind, name)).collect()
        };
        let services = all(Kind::Service, &rule.services);
        let people = all(Kind::User, &rule.users);
        let groups = all(Kind::EngagementGroup, &rule.groups);
        if services.is_empty() && !rule.services.is_empty() {
            return None;
        }
        Some(restriction::Rule {
            name: rule.name.clone(),
            services: services.into_iter().map(ServiceId).collect(),
            when: rule.when.as_ref().and_then(|when| self.rule(when, "the restrictions")),
            named: restriction::Named {
                people: people.into_iter().map(UserId).collect(),
                groups: groups.into_iter().map(EngagementGroupId).collect(),
            },
        })
    }

    pub(super) fn inhibition(
        &mut self,
        rule: &document::organization::Inhibition,
    ) -> Option<Inhibition> {
        let when = self.rule(&rule.when, "the inhibitions")?;
        let mutes = self.rule(&rule.mutes, "the inhibitions")?;
        Some(Inhibition { when, mutes, equal: rule.equal.clone() })
    }

    /// An integration whose key is not known is left out: an empty key would open it to anybody.
    pub(super) fn integration(
        &mut self,
        id: IntegrationId,
        service: Option<ServiceId>,
        label: &str,
        document: &document::service::Integration,
    ) -> Option<Integration> {
        let key = self.secret(&document.key, &format!("the integration `{label}`"))?;
        if let Some(other) = self.keys.insert(key.clone(), label.to_owned()) {
            let both = format!("the integrations `{other}` and `{label}` have the same key");
            self.warnings.push(format!("{both}, so only one of them hears what is sent to it"));
        }
        // One whose secret is not known is left out as well: it would believe anybody.
        let secret = match &document.secret {
            Some(secret) => Some(self.secret(secret, &format!("the integration `{label}`"))?),
            None => None,
        };
        let services = document.services.iter().map(|(subject, names)| {
            let ids = names.iter().filter_map(|name| self.id(Kind::Service, name).map(ServiceId));
            (subject.clone(), ids.collect())
        });
        let services = services.collect();
        let fields = document.mapping.iter().map(|(field, text)| (field.clone(), text.clone()));
        Some(Integration {
            id,
            name: document.name.clone(),
            source: document.source.clone(),
            key,
            service,
            severity: None,
            expect_every: document.expect_every.map(|length| length.0),
            mapping: Mapping { fields: fields.collect() },
            secret,
            services,
        })
    }

    pub(super) fn routing_rule(
        &mut self,
        rule: &document::organization::RoutingRule,
    ) -> Option<RoutingRule> {
        let service = if rule.service == CATCH_ALL_SERVICE {
            self.id(Kind::CatchAll, Kind::CatchAll.name())?
        } else {
            self.id(Kind::Service, &rule.service)?
        };
        let when = self.rule(&rule.when, "the routing rules")?;
        Some(RoutingRule { when, service: ServiceId(service) })
    }
}

/// The sources that must be heard of. Each has an id of its own, made from its integration's.
pub(super) fn sources(services: &[Service], integrations: &[Integration]) -> Vec<Heartbeat> {
    let catch_all = services.iter().find(|service| service.name == CATCH_ALL_SERVICE);
    let of_services = services.iter().flat_map(|service| {
        let integrations = service.integrations.iter();
        integrations.map(move |one| (one, service.id, format!("{}/{}", service.name, one.name)))
    });
    let alone = integrations.iter().filter_map(|one| Some((one, catch_all?.id, one.name.clone())));
    of_services
        .chain(alone)
        .filter_map(|(integration, service, name)| {
            Some(Heartbeat {
                id: source_id(integration.id),
                name,
                service,
                every: integration.expect_every?,
                grace: heartbeat::GRACE_DEFAULT,
                severity: None,
                is_source: true,
            })
        })
        .collect()
}

/// The id of the monitor that watches an integration.
pub fn source_id(integration: IntegrationId) -> HeartbeatId {
    HeartbeatId(crate::alerting::cause::tie(&format!("silence of {integration}")))
}

fn hours_window(hours: &document::service::Hours) -> hours::Window {
    hours::Window {
        days: hours.days.iter().map(|day| day.0).collect(),
        from: hours.from.0,
        to: hours.to.0,
    }
}

fn guard(guard: document::service::Guard) -> Guard {
    use document::service::Guard as Written;
    match guard {
        Written::AtLeast(written) => {
            Guard::AtLeast { count: written.at_least, within: written.within.0 }
        }
        Written::FiringFor(written) => Guard::FiringFor(written.firing_for.0),
    }
}
