//! Documents into the organisation that the rules read: names become ids, texts become zones and
//! compiled rules, secrets are looked up. Documents were checked before they were stored, so
//! whatever does not fit any more (a zone that the database lost, an environment variable that is
//! not set) costs that one thing, with a warning, and never the rest: people must still be paged.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use muster_core::alerting::rule::Rule;
use muster_core::change::relevance;
use muster_core::id::{
    ContactMethodId, EngagementGroupId, IntegrationId, NotificationListId, PolicyId, ScheduleId,
    ServiceId, TeamId, UserId, WebhookId,
};
use muster_core::incident::severity::Level;
use muster_core::oncall::alias::Alias;
use muster_core::oncall::bundle::{Limit, Limits};
use muster_core::oncall::condition::{self, Condition, Flood};
use muster_core::oncall::escalation::{Outlet, Policy, SecondSet, Step, Target};
use muster_core::oncall::group::{EngagementGroup, Member};
use muster_core::oncall::list::{NotificationList, Restricted};
use muster_core::oncall::mirror;
use muster_core::oncall::schedule::{
    Absence, Absences, Layer, Override, Overrides, Restriction, Role, RosterChange, Rotation,
    Schedule, Shadow, TurnLength,
};
use muster_core::org::channel::Channel;
use muster_core::org::directory::{CATCH_ALL_SERVICE, CallingIn, Directory, EventWebhook, Table};
use muster_core::org::provider::Provider;
use muster_core::org::quiet::QuietHours;
use muster_core::org::service::{self, Grouping, Money, Service};
use muster_core::org::service_group::ServiceGroup;
use muster_core::org::team::Team;
use muster_core::org::user::{Address, ContactMethod, NotificationRule, User};

use crate::db::{Result, Tx};
use crate::oncall::{absence, overrides, subscription};
use crate::org::config::{self, Ids};
use crate::org::document::schedule::OneOrMany;
use crate::org::document::secret::{Environment, Secret};
use crate::org::document::text::{LocalDateTime, Turn};
use crate::org::document::{self, Documents, Kind};

mod alerting;
mod change;
mod change_calendar;
mod change_template;
mod process;
mod status_page;

pub use alerting::source_id;
pub use change_template::plan_of as plan_of_template;

/// The organisation as the rules read it, and what did not fit.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The organisation.
    pub directory: Arc<Directory>,
    /// What was left out and why, for logs and the health page.
    pub warnings: Vec<String>,
}

/// Loads the organisation as this transaction sees it.
///
/// # Errors
/// When the database does not answer, or a document cannot be read at all.
pub async fn load(tx: &mut Tx, environment: Environment<'_>) -> Result<Loaded> {
    let stored = config::stored(tx).await?;
    let planned = planned(tx).await?;
    let documents = stored.documents()?;
    Ok(assemble(stored.revision, &documents, &stored.ids(), &planned, environment))
}

/// Loads the organisation as it would be with other documents: what people planned besides stays.
/// Whatever has no id yet is left out.
///
/// # Errors
/// When the database does not answer.
pub async fn load_as(
    tx: &mut Tx,
    stored: &config::Stored,
    documents: &Documents,
    environment: Environment<'_>,
) -> Result<Loaded> {
    let planned = planned(tx).await?;
    Ok(assemble(stored.revision, documents, &stored.ids(), &planned, environment))
}

/// What people planned while the server ran, beside the documents.
#[derive(Debug, Default)]
struct Planned {
    overrides: HashMap<ScheduleId, Vec<Override>>,
    absences: Absences,
    /// Who subscribed to which notification list.
    subscribers: HashMap<NotificationListId, Vec<UserId>>,
}

async fn planned(tx: &mut Tx) -> Result<Planned> {
    let mut planned = Planned::default();
    for stored in overrides::all(tx).await? {
        planned.overrides.entry(stored.schedule).or_default().push(stored.span);
    }
    for (list, user) in subscription::all(tx).await? {
        planned.subscribers.entry(list).or_default().push(user);
    }
    let absences = absence::all(tx).await?.into_iter();
    planned.absences = absences
        .map(|stored| Absence { user: stored.user, from: stored.from, to: stored.to })
        .collect();
    Ok(planned)
}

/// The number of the newest change of configuration; [`load`] anew when it has grown.
pub async fn revision(tx: &mut Tx) -> Result<i64> {
    config::revision(tx).await
}

/// The organisation that documents describe.
pub fn build(
    revision: i64,
    documents: &Documents,
    ids: &Ids,
    environment: Environment<'_>,
) -> Loaded {
    assemble(revision, documents, ids, &Planned::default(), environment)
}

fn assemble(
    revision: i64,
    documents: &Documents,
    ids: &Ids,
    planned: &Planned,
    environment: Environment<'_>,
) -> Loaded {
    let present = documents.names().into_iter().collect();
    let keys = HashMap::new();
    let warnings = Vec::new();
    let users = documents.users.iter().flatten();
    let people = users.filter_map(|user| ids.object(Kind::User, &user.name)).map(UserId).collect();
    let mut builder =
        Builder { documents, present, people, ids, planned, environment, keys, warnings };
    let directory = Arc::new(builder.directory(revision));
    Loaded { directory, warnings: builder.warnings }
}

fn templates(
    organization: Option<&document::organization::Organization>,
) -> document::organization::Templates {
    organization.and_then(|organization| organization.templates.clone()).unwrap_or_default()
}

/// How many messages go out singly.
fn paging(organization: Option<&document::organization::Organization>) -> Limits {
    let written = organization.and_then(|organization| organization.paging.as_ref());
    let Some(written) = written else { return Limits::default() };
    let limit = |limit: document::organization::PagingLimit| Limit {
        singles: usize::try_from(limit.singles).unwrap_or(usize::MAX),
        window: limit.window.0,
    };
    let by_channel = written.channels.iter().filter_map(|(channel, of_channel)| {
        Some((Channel::from_name(channel)?, limit(*of_channel)))
    });
    Limits {
        usual: written.usual.map_or_else(Limit::default, limit),
        by_channel: by_channel.collect(),
    }
}

struct Builder<'a> {
    documents: &'a Documents,
    /// What is configured; ids outlive what they belong to.
    present: HashSet<(Kind, &'a str)>,
    /// Everybody who is configured.
    people: HashSet<UserId>,
    ids: &'a Ids,
    planned: &'a Planned,
    environment: Environment<'a>,
    /// Which integration has which key; two may turn out to share one that the environment holds.
    keys: HashMap<String, String>,
    warnings: Vec<String>,
}

impl Builder<'_> {
    fn directory(&mut self, revision: i64) -> Directory {
        let documents = self.documents;
        let timezone = self.organization_zone();
        let catch_all = self.catch_all();
        let mut services = self.each(documents.services.as_deref(), Self::service);
        services.extend(self.catch_all_service(catch_all));
        let organization = documents.organization.as_ref();
        let name = organization.map(|organization| organization.name.clone());
        let holidays = organization.map_or(&[][..], |organization| &organization.holidays);
        let holidays = holidays.iter().map(|day| day.0).collect();
        let written = documents.schedules.iter().flatten().filter(|schedule| schedule.handoff);
        let handoffs =
            written.filter_map(|schedule| self.ids.object(Kind::Schedule, &schedule.name));
        let handoffs = handoffs.map(ScheduleId).collect();
        let mirrors = self.mirrors();
        let integrations = self.each(documents.integrations.as_deref(), |builder, integration| {
            let id = builder.id(Kind::Integration, &integration.name).map(IntegrationId)?;
            builder.integration(id, None, &integration.name, integration)
        });
        let mut heartbeats = self.each(documents.heartbeats.as_deref(), Self::heartbeat);
        heartbeats.extend(alerting::sources(&services, &integrations));
        let (watch, canaries) = self.watch(&services);
        heartbeats.extend(canaries);
        let templates = templates(documents.organization.as_ref());
        let change_lists = services.iter().map(|service| self.change_list(service)).collect();
        Directory {
            revision,
            name: name.unwrap_or_else(|| "Muster".to_owned()),
            timezone,
            users: Table::new(self.each(documents.users.as_deref(), Self::user)),
            teams: Table::new(self.each(documents.teams.as_deref(), Self::team)),
            schedules: Table::new(self.each(documents.schedules.as_deref(), Self::schedule)),
            policies: Table::new(self.each(documents.escalation_policies.as_deref(), Self::policy)),
            services: Table::new(services),
            service_groups: self.service_groups(),
            groups: Table::new(self.each(documents.engagement_groups.as_deref(), Self::group)),
            lists: Table::new(self.each(documents.notification_lists.as_deref(), Self::list)),
            change_lists: Table::new(change_lists),
            webhooks: Table::new(self.each(documents.webhooks.as_deref(), Self::webhook)),
            headline: templates.headline.unwrap_or_default(),
            notice: templates.notice.unwrap_or_default(),
            paging: paging(documents.organization.as_ref()),
            calling_in: self.calling_in(),
            providers: self.each(documents.providers.as_deref(), Self::provider),
            integrations,
            heartbeats,
            watch,
            routing: self.each(documents.routing.as_deref(), Self::routing_rule),
            inhibitions: self.each(documents.inhibit.as_deref(), Self::inhibition),
            restrictions: self.restrictions(),
            catch_all,
            severities: self.severities(),
            roles: self.roles(),
            audiences: self.audiences(),
            status_pages: Table::new(
                self.each(documents.status_pages.as_deref(), Self::status_page),
            ),
            checklists: self.checklists(),
            workflows: self.workflows(),
            change_policy: self.change_policy(),
            fields: self.fields(),
            holidays,
            handoffs,
            mirrors,
        }
    }

    fn each<T, U>(
        &mut self,
        documents: Option<&[T]>,
        build: impl Fn(&mut Self, &T) -> Option<U>,
    ) -> Vec<U> {
        documents.unwrap_or_default().iter().filter_map(|document| build(self, document)).collect()
    }

    fn calling_in(&mut self) -> Option<CallingIn> {
        let calls = self.documents.organization.as_ref()?.calling_in.as_ref()?;
        let services = calls
            .services
            .iter()
            .filter_map(|name| self.reference(Kind::Service, Some(name.as_str())).map(ServiceId))
            .collect();
        Some(CallingIn {
            services,
            unknown_callers: calls.unknown_callers,
            calls_per_hour: calls.calls_per_hour.unwrap_or(CallingIn::CALLS_PER_HOUR_DEFAULT),
            language: calls.language.map(|language| language.0).unwrap_or_default(),
        })
    }

    fn user(&mut self, user: &document::user::User) -> Option<User> {
        let id = self.id(Kind::User, &user.name).map(UserId)?;
        let methods: Vec<ContactMethod> = user
            .contact_methods
            .iter()
            .filter_map(|method| self.contact_method(&user.name, method))
            .collect();
        let rules = |rules: &[document::user::NotificationRule]| {
            let mut rules: Vec<NotificationRule> = rules
                .iter()
                .filter_map(|rule| {
                    let method = methods.iter().find(|method| method.name == rule.method)?;
                    Some(NotificationRule { after: rule.after.0, method: method.id })
                })
                .collect();
            rules.sort_by_key(|rule| rule.after);
            rules
        };
        Some(User {
            id,
            name: user.name.clone(),
            full_name: user.full_name.clone().unwrap_or_else(|| user.name.clone()),
            email: user.email.clone(),
            role: user.role.0,
            timezone: self.zone(user.timezone.as_ref()),
            language: user.language.map(|language| language.0).unwrap_or_default(),
            quiet_hours: user
                .quiet_hours
                .as_ref()
                .map(|quiet| QuietHours { from: quiet.from.0, to: quiet.to.0 }),
            reports_to: self.reference(Kind::User, user.reports_to.as_deref()).map(UserId),
            rules_high: rules(&user.notification_rules.high),
            rules_low: rules(&user.notification_rules.low),
            contact_methods: methods,
        })
    }

    fn contact_method(
        &mut self,
        user: &str,
        method: &document::user::ContactMethod,
    ) -> Option<ContactMethod> {
        let what = format!("the contact method `{}` of {user}", method.name);
        let id = self.part(Kind::User, user, &method.name).map(ContactMethodId)?;
        let address = match &method.address {
            document::user::Address::Webhook { url, secret } => {
                let secret = secret.as_ref().and_then(|secret| self.secret(secret, &what));
                Address::Webhook { url: self.secret(url, &what)?, secret }
            }
            document::user::Address::Email { address } => {
                Address::Email { mailbox: address.clone() }
            }
            document::user::Address::Direct { channel, address } => {
                Address::Direct { channel: *channel, address: self.secret(address, &what)? }
            }
        };
        // Only an administrator writes configuration, and vouches for the addresses in it.
        let name = method.name.clone();
        Some(ContactMethod { id, name, address, verified: true, disabled: None, is_own: false })
    }

    fn team(&mut self, team: &document::team::Team) -> Option<Team> {
        Some(Team {
            id: self.id(Kind::Team, &team.name).map(TeamId)?,
            name: team.name.clone(),
            manager: self.reference(Kind::User, team.manager.as_deref()).map(UserId),
            members: self.users(&team.members),
        })
    }

    fn group(&mut self, group: &document::group::EngagementGroup) -> Option<EngagementGroup> {
        let id = self.id(Kind::EngagementGroup, &group.name).map(EngagementGroupId)?;
        let mut members = Vec::new();
        for name in &group.members {
            // A person who is called like an alias is meant where there is one.
            let is_person = self.present.contains(&(Kind::User, name.as_str()));
            members.extend(match Alias::parse(name).filter(|_| !is_person) {
                Some(alias) => Some(Member::Alias(alias)),
                None => self.id(Kind::User, name).map(|id| Member::User(UserId(id))),
            });
        }
        Some(EngagementGroup {
            id,
            name: group.name.clone(),
            services: self.services(&group.services),
            members,
            keepers: self.users(&group.keepers),
        })
    }

    fn list(&mut self, list: &document::group::NotificationList) -> Option<NotificationList> {
        let id = self.id(Kind::NotificationList, &list.name).map(NotificationListId)?;
        let subscribers = self.planned.subscribers.get(&id).map_or(&[][..], Vec::as_slice);
        // Somebody who left hears nothing more.
        let is_here = |user: &&UserId| self.people.contains(*user);
        let subscribers = subscribers.iter().filter(is_here).copied().collect();
        Some(NotificationList {
            id,
            name: list.name.clone(),
            services: self.covered(list),
            core: self.users(&list.core),
            // Nobody joins a restricted list, also not from before it was one.
            subscribers: if list.restricted { Vec::new() } else { subscribers },
            upstream: list.upstream,
            downstream: list.downstream,
            restricted: list.restricted.then(|| Restricted {
                senders: self.users(&list.senders),
                is_automatic: list.automatic,
            }),
            wording: list.wording.clone(),
        })
    }

    /// Who hears of the changes to a service. The list has the id of the service, so that it is another
    /// name of the same list when the service is renamed.
    fn change_list(&self, service: &Service) -> NotificationList {
        let id = NotificationListId(service.id.0);
        let subscribers = self.planned.subscribers.get(&id).map_or(&[][..], Vec::as_slice);
        let is_here = |user: &&UserId| self.people.contains(*user);
        NotificationList {
            id,
            name: relevance::list_name(&service.name),
            services: vec![service.id],
            core: Vec::new(),
            subscribers: subscribers.iter().filter(is_here).copied().collect(),
            upstream: false,
            downstream: false,
            restricted: None,
            wording: None,
        }
    }

    /// Service groups by name. A service that is gone is in none.
    fn service_groups(&mut self) -> Vec<ServiceGroup> {
        let mut groups = self.each(self.documents.service_groups.as_deref(), |builder, group| {
            Some(ServiceGroup {
                name: group.name.clone(),
                description: group.description.clone().unwrap_or_default(),
                services: builder.services(&group.services),
            })
        });
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        groups
    }

    /// What a list covers: its own services and those of its groups; everything if neither names any.
    fn covered(&mut self, list: &document::group::NotificationList) -> Vec<ServiceId> {
        let groups = self.documents.engagement_groups.iter().flatten();
        let groups: Vec<_> = groups.filter(|group| list.groups.contains(&group.name)).collect();
        if groups.iter().any(|group| group.services.is_empty()) {
            return Vec::new();
        }
        let of_services = self.documents.service_groups.iter().flatten();
        let of_services = of_services.filter(|group| list.service_groups.contains(&group.name));
        let names = list.services.iter().chain(groups.iter().flat_map(|group| &group.services));
        let names = names.chain(of_services.flat_map(|group| &group.services));
        let mut names: Vec<String> = names.cloned().collect();
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        self.services(&names)
    }

    fn services(&mut self, names: &[String]) -> Vec<ServiceId> {
        names.iter().filter_map(|name| self.id(Kind::Service, name).map(ServiceId)).collect()
    }

    fn mirrors(&self) -> HashMap<ScheduleId, mirror::Plan> {
        let written = self.documents.schedules.iter().flatten();
        let mirrors = written.filter_map(|schedule| {
            let id = self.ids.object(Kind::Schedule, &schedule.name).map(ScheduleId)?;
            let chat = schedule.chat.as_ref()?;
            let plan = mirror::Plan {
                provider: chat.provider.clone(),
                group: chat.group.clone(),
                channel: chat.channel.clone(),
            };
            Some((id, plan))
        });
        mirrors.collect()
    }

    fn schedule(&mut self, schedule: &document::schedule::Schedule) -> Option<Schedule> {
        let timezone = self.zone(schedule.timezone.as_ref());
        let id = self.id(Kind::Schedule, &schedule.name).map(ScheduleId)?;
        // Somebody who left keeps no shift that they took or were given.
        let is_here = |replacement: &&Override| self.people.contains(&replacement.user);
        let planned = self.planned.overrides.get(&id).map_or(&[][..], Vec::as_slice);
        let planned: Vec<_> = planned.iter().filter(is_here).cloned().collect();
        // Local times that do not exist or exist twice resolve as RFC 5545 says.
        let at = |local: LocalDateTime| timezone.to_ambiguous_timestamp(local.0).compatible().ok();
        let mut overrides: Vec<_> = schedule
            .overrides
            .iter()
            .filter_map(|document| {
                let user = self.id(Kind::User, &document.user).map(UserId)?;
                let instead_of = match &document.instead_of {
                    Some(name) => Some(self.id(Kind::User, name).map(UserId)?),
                    None => None,
                };
                let (from, to) = (at(document.from)?, at(document.to)?);
                Some(Override { user, from, to, instead_of })
            })
            .collect();
        let shadows = schedule
            .shadows
            .iter()
            .filter_map(|document| {
                Some(Shadow {
                    user: self.id(Kind::User, &document.user).map(UserId)?,
                    follows: self.id(Kind::User, &document.follows).map(UserId)?,
                    from: document.from.map_or(Some(Timestamp::MIN), at)?,
                    to: document.to.map_or(Some(Timestamp::MAX), at)?,
                    reverse: document.reverse,
                })
            })
            .collect();
        // What people plan while the server runs counts more than the file.
        overrides.extend(planned);
        let layers = schedule.layers.iter().map(|layer| self.layer(layer)).collect();
        Some(Schedule {
            team: self.reference(Kind::Team, schedule.team.as_deref()).map(TeamId),
            role: schedule.role.as_deref().map(Role::from_name),
            layers,
            overrides: Overrides::new(overrides),
            absences: self.planned.absences.clone(),
            shadows,
            ..Schedule::new(id, &schedule.name, timezone)
        })
    }

    fn layer(&mut self, layer: &document::schedule::Layer) -> Layer {
        let rotation = &layer.rotation;
        let restrictions = layer.restrict.iter().map(|window| Restriction {
            days: window.days.iter().map(|day| day.0).collect(),
            from: window.from.0,
            to: window.to.0,
        });
        let restrictions = restrictions.collect();
        let timezone = layer.timezone.as_ref().map(document::text::Zone::rules);
        let changes = rotation.changes.iter().map(|change| RosterChange {
            from: change.from.0,
            participants: self.groups(&change.participants),
            every: change.every.as_ref().map(lengths),
            handoff: change.handoff.map(|handoff| handoff.0),
        });
        let rotation = Rotation {
            changes: changes.collect(),
            every: lengths(&rotation.every),
            handoff: rotation.handoff.0,
            start: rotation.start.0,
            participants: self.groups(&rotation.participants),
        };
        let adds = layer.adds;
        Layer { restrictions, timezone, adds, ..Layer::new(&layer.name, rotation) }
    }

    /// Who has each turn. A turn of which nobody is left is nobody's and is left out.
    fn groups(&mut self, participants: &[OneOrMany<String>]) -> Vec<Vec<UserId>> {
        let groups = participants.iter().map(|group| self.users(group.as_slice()));
        groups.filter(|group| !group.is_empty()).collect()
    }

    fn policy(&mut self, policy: &document::escalation::EscalationPolicy) -> Option<Policy> {
        let steps = policy
            .steps
            .iter()
            .map(|step| Step {
                after: step.after.0,
                targets: step
                    .targets
                    .iter()
                    .filter_map(|target| self.target(policy.team.as_deref(), target))
                    .collect(),
                outlets: step.targets.iter().filter_map(|target| self.outlet(target)).collect(),
                when: self.condition(&policy.name, step.when.as_ref()),
                all_acknowledge: !step.acknowledge.is_one(),
            })
            .collect();
        let second_set = policy.second_set.as_ref().and_then(|second| {
            let id = self.id(Kind::EscalationPolicy, &second.escalation_policy)?;
            Some(SecondSet { after: second.after.0, policy: PolicyId(id) })
        });
        Some(Policy {
            id: self.id(Kind::EscalationPolicy, &policy.name).map(PolicyId)?,
            name: policy.name.clone(),
            team: self.reference(Kind::Team, policy.team.as_deref()).map(TeamId),
            repeat: policy.repeat,
            steps,
            second_set,
        })
    }

    fn condition(&mut self, policy: &str, when: Option<&document::escalation::When>) -> Condition {
        let Some(when) = when else { return Condition::default() };
        let what = format!("a step of the escalation policy `{policy}`");
        Condition {
            severities: when.severity.iter().copied().filter_map(Level::new).collect(),
            hours: when.hours.as_ref().map(|hours| condition::Hours {
                timezone: self.zone(hours.timezone.as_ref()),
                days: hours.days.iter().map(|day| day.0).collect(),
                from: hours.from.0,
                to: hours.to.0,
            }),
            rule: when.matches.as_ref().and_then(|text| self.rule(text, &what)),
            flood: when
                .alerts
                .map(|flood| Flood { more_than: flood.more_than, within: flood.within.0 }),
        }
    }

    fn target(
        &mut self,
        of_policy: Option<&str>,
        target: &document::escalation::Target,
    ) -> Option<Target> {
        use document::escalation::Target as Written;
        Some(match target {
            Written::User(name) => Target::User(UserId(self.id(Kind::User, name)?)),
            Written::Schedule(name) => Target::Schedule(ScheduleId(self.id(Kind::Schedule, name)?)),
            Written::Team(name) => Target::Team(TeamId(self.id(Kind::Team, name)?)),
            Written::RoundRobin(name) => Target::RoundRobin(TeamId(self.id(Kind::Team, name)?)),
            Written::ManagerOf(name) => Target::ManagerOf(TeamId(self.id(Kind::Team, name)?)),
            Written::Rotation(rotation) => Target::Rotation {
                schedule: ScheduleId(self.id(Kind::Schedule, &rotation.schedule)?),
                layer: rotation.layer.clone(),
            },
            Written::Role(document::escalation::RoleOf { role, team }) => Target::Role {
                role: Role::from_name(role),
                team: self.reference(Kind::Team, team.as_deref().or(of_policy)).map(TeamId),
            },
            Written::Channel(_) | Written::Webhook(_) => return None,
        })
    }

    /// The place that a target stands for, if it is none that stands for people.
    fn outlet(&mut self, target: &document::escalation::Target) -> Option<Outlet> {
        use document::escalation::Target as Written;
        match target {
            Written::Channel(place) => Some(Outlet::Channel {
                provider: place.provider.clone(),
                address: place.address.clone(),
            }),
            Written::Webhook(name) => {
                self.id(Kind::Webhook, name).map(|id| Outlet::Webhook(WebhookId(id)))
            }
            _ => None,
        }
    }

    fn service(&mut self, service: &document::service::Service) -> Option<Service> {
        let id = self.id(Kind::Service, &service.name).map(ServiceId)?;
        let policy = self
            .id(Kind::EscalationPolicy, &service.escalation_policy)
            .map(PolicyId)
            .or_else(|| self.catch_all())?;
        let integrations = service
            .integrations
            .iter()
            .filter_map(|integration| {
                let part = self.part(Kind::Service, &service.name, &integration.name)?;
                let label = format!("{}/{}", service.name, integration.name);
                self.integration(IntegrationId(part), Some(id), &label, integration)
            })
            .collect();
        Some(Service {
            id,
            name: service.name.clone(),
            description: service.description.clone(),
            team: self.reference(Kind::Team, service.team.as_deref()).map(TeamId),
            tier: service.tier,
            policy,
            depends_on: service
                .depends_on
                .iter()
                .filter_map(|name| self.id(Kind::Service, name).map(ServiceId))
                .collect(),
            hosts: service.hosts.clone(),
            runbook: service.runbook.clone(),
            cost_per_minute: service
                .cost_per_minute
                .as_ref()
                .map(|cost| Money { amount: cost.amount, currency: cost.currency.clone() }),
            severity_map: service
                .severity_map
                .iter()
                .filter_map(|rule| self.severity_rule(&service.name, rule))
                .collect(),
            grouping: grouping(service.grouping.as_ref()),
            pause: service.pause.map(|length| length.0),
            auto_resolve_after: service.auto_resolve_after.map(|length| length.0),
            shadow: service.shadow,
            inform: service.inform.clone(),
            integrations,
        })
    }

    /// The service that takes what no routing rule claims; it has the id of the catch-all.
    fn catch_all_service(&mut self, policy: Option<PolicyId>) -> Option<Service> {
        Some(Service {
            id: self.id(Kind::CatchAll, Kind::CatchAll.name()).map(ServiceId)?,
            name: CATCH_ALL_SERVICE.to_owned(),
            description: Some("Takes what no routing rule claims.".to_owned()),
            team: None,
            tier: None,
            policy: policy?,
            depends_on: Vec::new(),
            hosts: Vec::new(),
            runbook: None,
            cost_per_minute: None,
            severity_map: Vec::new(),
            grouping: Grouping::default(),
            pause: None,
            auto_resolve_after: None,
            shadow: false,
            inform: Vec::new(),
            integrations: Vec::new(),
        })
    }

    fn catch_all(&mut self) -> Option<PolicyId> {
        let catch_all = self.documents.catch_all.as_ref()?;
        self.id(Kind::EscalationPolicy, &catch_all.escalation_policy).map(PolicyId)
    }

    /// A provider that lacks something that it needs to be told is left out: another may carry its
    /// channels.
    fn provider(&mut self, provider: &document::provider::Provider) -> Option<Arc<Provider>> {
        let what = format!("the provider `{}`", provider.name);
        let kind = provider.kind.0;
        let mut settings = BTreeMap::new();
        for (name, value) in &provider.settings {
            let value = self.secret(value, &what);
            let is_required =
                kind.settings().iter().any(|known| known.name == name && known.is_required);
            match value {
                Some(value) => {
                    settings.insert(name.clone(), value);
                }
                None if is_required => return None,
                None => {}
            }
        }
        Some(Arc::new(Provider { name: provider.name.clone(), kind, settings }))
    }

    fn webhook(&mut self, webhook: &document::organization::Webhook) -> Option<EventWebhook> {
        let what = format!("the webhook `{}`", webhook.name);
        Some(EventWebhook {
            id: self.id(Kind::Webhook, &webhook.name).map(WebhookId)?,
            name: webhook.name.clone(),
            url: self.secret(&webhook.url, &what)?,
            secret: webhook.secret.as_ref().and_then(|secret| self.secret(secret, &what)),
            events: webhook.events.clone(),
        })
    }

    fn organization_zone(&self) -> TimeZone {
        let organization = self.documents.organization.as_ref();
        organization.map_or(TimeZone::UTC, |organization| organization.timezone.rules())
    }

    fn zone(&self, zone: Option<&document::text::Zone>) -> TimeZone {
        zone.map_or_else(|| self.organization_zone(), document::text::Zone::rules)
    }

    fn rule(&mut self, text: &str, what: &str) -> Option<Rule> {
        Rule::parse(text)
            .map_err(|invalid| {
                self.warnings.push(format!("a rule in {what} is left out: {invalid}"))
            })
            .ok()
    }

    fn secret(&mut self, secret: &Secret, what: &str) -> Option<String> {
        let value = secret.resolve(self.environment);
        if let (None, Some(variable)) = (&value, secret.variable()) {
            self.warnings.push(format!(
                "{what} needs the environment variable {variable}, which is not set"
            ));
        }
        value
    }

    fn users(&mut self, names: &[String]) -> Vec<UserId> {
        names.iter().filter_map(|name| self.id(Kind::User, name).map(UserId)).collect()
    }

    fn reference(&mut self, kind: Kind, name: Option<&str>) -> Option<uuid::Uuid> {
        name.and_then(|name| self.id(kind, name))
    }

    fn id(&mut self, kind: Kind, name: &str) -> Option<uuid::Uuid> {
        let is_present = self.present.contains(&(kind, name));
        let id = self.ids.object(kind, name).filter(|_| is_present);
        if id.is_none() {
            self.warnings.push(format!("there is no {} `{name}`", kind.noun()));
        }
        id
    }

    fn part(&mut self, kind: Kind, name: &str, part: &str) -> Option<uuid::Uuid> {
        let id = self.ids.part(kind, name, part);
        if id.is_none() {
            self.warnings.push(format!("`{part}` of the {} `{name}` has no id", kind.noun()));
        }
        id
    }
}

fn lengths(every: &OneOrMany<Turn>) -> Vec<TurnLength> {
    every.as_slice().iter().map(|turn| turn.0).collect()
}

fn grouping(grouping: Option<&document::service::Grouping>) -> Grouping {
    use document::service::Grouping as Written;
    match grouping {
        None => Grouping::default(),
        Some(Written::Disabled(_)) => Grouping::Disabled,
        Some(Written::Window(written)) => {
            service::Grouping::Window { window: written.window.0, by: written.by.clone() }
        }
    }
}
