//! Configuration as documents. Each type here is one item of a configuration file, normalised: what
//! is left out has its default, and every value has one written form, so equal configurations are
//! equal documents. Documents refer to each other by name. The serialised form is stored and
//! exported; a change to it is additive or raises [`FORMAT_VERSION`], and golden files hold every
//! released form.

pub mod audience;
pub mod change;
pub mod change_calendar;
pub mod change_template;
pub mod checklist;
pub mod escalation;
pub mod field;
pub mod group;
pub mod organization;
pub mod provider;
pub mod role;
pub mod schedule;
pub mod secret;
pub mod service;
pub mod status_page;
pub mod team;
pub mod text;
pub mod user;
pub mod workflow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::audience::Audience;
use self::change::ChangePolicy;
use self::checklist::Checklist;
use self::escalation::{CatchAll, EscalationPolicy};
use self::field::Field;
use self::group::{EngagementGroup, NotificationList, ServiceGroup};
use self::organization::{Inhibition, Organization, RoutingRule, Severity, Watch, Webhook};
use self::provider::Provider;
use self::role::Role;
use self::schedule::Schedule;
use self::service::{Heartbeat, Integration, Service};
use self::status_page::StatusPage;
use self::team::Team;
use self::user::User;
use self::workflow::Workflow;

/// The version of the serialised form of documents.
pub const FORMAT_VERSION: u32 = 1;

/// What a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The organisation: one.
    Organization,
    /// People.
    User,
    /// Teams.
    Team,
    /// Schedules.
    Schedule,
    /// Escalation policies.
    EscalationPolicy,
    /// Services, with their integrations.
    Service,
    /// Services that belong together.
    ServiceGroup,
    /// Engagement groups.
    EngagementGroup,
    /// Notification lists.
    NotificationList,
    /// Integrations of no single service.
    Integration,
    /// Heartbeat monitors.
    Heartbeat,
    /// Routing rules: one list.
    Routing,
    /// Which alerts mute which: one list.
    Inhibit,
    /// How the installation watches itself: one.
    Watch,
    /// Severities: one list.
    Severities,
    /// Roles in incidents.
    Role,
    /// Who hears how incidents stand.
    Audience,
    /// What those outside are shown.
    StatusPage,
    /// Checklists.
    Checklist,
    /// Custom fields of incidents: one list.
    Fields,
    /// Outgoing event webhooks.
    Webhook,
    /// What is done by itself.
    Workflow,
    /// What changes are held to: one.
    ChangePolicy,
    /// Providers of messages: one list.
    Providers,
    /// Who is paged when nobody else is: one.
    CatchAll,
}

impl Kind {
    /// Every kind in the order of a file, with its name in the store and in plans, and the field of
    /// a file that holds it.
    pub const ALL: [(Self, &'static str, &'static str); 25] = [
        (Self::Organization, "organization", "organization"),
        (Self::User, "user", "users"),
        (Self::Team, "team", "teams"),
        (Self::Schedule, "schedule", "schedules"),
        (Self::EscalationPolicy, "escalation_policy", "escalation_policies"),
        (Self::Service, "service", "services"),
        (Self::ServiceGroup, "service_group", "service_groups"),
        (Self::EngagementGroup, "engagement_group", "engagement_groups"),
        (Self::NotificationList, "notification_list", "notification_lists"),
        (Self::Integration, "integration", "integrations"),
        (Self::Heartbeat, "heartbeat", "heartbeats"),
        (Self::Routing, "routing", "routing"),
        (Self::Inhibit, "inhibit", "inhibit"),
        (Self::Watch, "watch", "watch"),
        (Self::Severities, "severities", "severities"),
        (Self::Role, "role", "roles"),
        (Self::Audience, "audience", "audiences"),
        (Self::StatusPage, "status_page", "status_pages"),
        (Self::Checklist, "checklist", "checklists"),
        (Self::Fields, "fields", "fields"),
        (Self::Webhook, "webhook", "webhooks"),
        (Self::Workflow, "workflow", "workflows"),
        (Self::ChangePolicy, "change_policy", "change_policy"),
        (Self::Providers, "providers", "providers"),
        (Self::CatchAll, "catch_all", "catch_all"),
    ];

    /// Its name in the store and in plans.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }

    /// The field of a file that holds it.
    pub fn field(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., field)| field)
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| *kind)
    }

    /// Its name in a sentence.
    pub fn noun(self) -> String {
        match self {
            Self::CatchAll => "catch-all".to_owned(),
            _ => self.name().replace('_', " "),
        }
    }
}

/// A configuration, whole or in part: a kind that is absent is not spoken of. Serialised, it is a
/// configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// The organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Organization>,
    /// People.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<User>>,
    /// Teams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<Vec<Team>>,
    /// Schedules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedules: Option<Vec<Schedule>>,
    /// Escalation policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation_policies: Option<Vec<EscalationPolicy>>,
    /// Services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<Service>>,
    /// Services that belong together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_groups: Option<Vec<ServiceGroup>>,
    /// Engagement groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engagement_groups: Option<Vec<EngagementGroup>>,
    /// Notification lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_lists: Option<Vec<NotificationList>>,
    /// Integrations of no single service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrations: Option<Vec<Integration>>,
    /// Heartbeat monitors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeats: Option<Vec<Heartbeat>>,
    /// Routing rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<Vec<RoutingRule>>,
    /// Which alerts mute which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inhibit: Option<Vec<Inhibition>>,
    /// How the installation watches itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
    /// Severities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severities: Option<Vec<Severity>>,
    /// Roles in incidents, over the built-in ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Role>>,
    /// Audiences, over the built-in ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audiences: Option<Vec<Audience>>,
    /// What those outside are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_pages: Option<Vec<StatusPage>>,
    /// Checklists, over the built-in ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checklists: Option<Vec<Checklist>>,
    /// What is asked of incidents besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Field>>,
    /// Outgoing event webhooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhooks: Option<Vec<Webhook>>,
    /// What is done by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflows: Option<Vec<Workflow>>,
    /// What changes are held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_policy: Option<ChangePolicy>,
    /// Providers of messages, the preferred first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<Provider>>,
    /// Who is paged when nobody else is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_all: Option<CatchAll>,
}

/// One document, as it is compared and stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it is about.
    pub kind: Kind,
    /// Unique per kind; the kind's own name where there is one only.
    pub name: String,
    /// Its serialised form.
    pub value: Value,
}

impl Documents {
    /// Whether the configuration speaks of a kind.
    pub fn speaks_of(&self, kind: Kind) -> bool {
        match kind {
            Kind::Organization => self.organization.is_some(),
            Kind::User => self.users.is_some(),
            Kind::Team => self.teams.is_some(),
            Kind::Schedule => self.schedules.is_some(),
            Kind::EscalationPolicy => self.escalation_policies.is_some(),
            Kind::Service => self.services.is_some(),
            Kind::ServiceGroup => self.service_groups.is_some(),
            Kind::EngagementGroup => self.engagement_groups.is_some(),
            Kind::NotificationList => self.notification_lists.is_some(),
            Kind::Integration => self.integrations.is_some(),
            Kind::Heartbeat => self.heartbeats.is_some(),
            Kind::Routing => self.routing.is_some(),
            Kind::Inhibit => self.inhibit.is_some(),
            Kind::Watch => self.watch.is_some(),
            Kind::Severities => self.severities.is_some(),
            Kind::Role => self.roles.is_some(),
            Kind::Audience => self.audiences.is_some(),
            Kind::StatusPage => self.status_pages.is_some(),
            Kind::Checklist => self.checklists.is_some(),
            Kind::Fields => self.fields.is_some(),
            Kind::Webhook => self.webhooks.is_some(),
            Kind::Workflow => self.workflows.is_some(),
            Kind::ChangePolicy => self.change_policy.is_some(),
            Kind::Providers => self.providers.is_some(),
            Kind::CatchAll => self.catch_all.is_some(),
        }
    }

    /// This configuration, with `other` for the kinds that this one does not speak of.
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        Self {
            organization: self.organization.or(other.organization),
            users: self.users.or(other.users),
            teams: self.teams.or(other.teams),
            schedules: self.schedules.or(other.schedules),
            escalation_policies: self.escalation_policies.or(other.escalation_policies),
            services: self.services.or(other.services),
            service_groups: self.service_groups.or(other.service_groups),
            engagement_groups: self.engagement_groups.or(other.engagement_groups),
            notification_lists: self.notification_lists.or(other.notification_lists),
            integrations: self.integrations.or(other.integrations),
            heartbeats: self.heartbeats.or(other.heartbeats),
            routing: self.routing.or(other.routing),
            inhibit: self.inhibit.or(other.inhibit),
            watch: self.watch.or(other.watch),
            severities: self.severities.or(other.severities),
            roles: self.roles.or(other.roles),
            audiences: self.audiences.or(other.audiences),
            status_pages: self.status_pages.or(other.status_pages),
            checklists: self.checklists.or(other.checklists),
            fields: self.fields.or(other.fields),
            webhooks: self.webhooks.or(other.webhooks),
            workflows: self.workflows.or(other.workflows),
            change_policy: self.change_policy.or(other.change_policy),
            providers: self.providers.or(other.providers),
            catch_all: self.catch_all.or(other.catch_all),
        }
    }

    /// The kind and name of every document, in the order of a file.
    pub fn names(&self) -> Vec<(Kind, &str)> {
        let one = |kind: Kind| self.speaks_of(kind).then_some((kind, kind.name()));
        let mut names: Vec<(Kind, &str)> = Vec::new();
        names.extend(one(Kind::Organization));
        names.extend(each(Kind::User, self.users.as_deref(), |user| &user.name));
        names.extend(each(Kind::Team, self.teams.as_deref(), |team| &team.name));
        names.extend(each(Kind::Schedule, self.schedules.as_deref(), |schedule| &schedule.name));
        let policies = self.escalation_policies.as_deref();
        names.extend(each(Kind::EscalationPolicy, policies, |policy| &policy.name));
        names.extend(each(Kind::Service, self.services.as_deref(), |service| &service.name));
        let groups = self.service_groups.as_deref();
        names.extend(each(Kind::ServiceGroup, groups, |group| &group.name));
        let groups = self.engagement_groups.as_deref();
        names.extend(each(Kind::EngagementGroup, groups, |group| &group.name));
        let lists = self.notification_lists.as_deref();
        names.extend(each(Kind::NotificationList, lists, |list| &list.name));
        let integrations = self.integrations.as_deref();
        names.extend(each(Kind::Integration, integrations, |integration| &integration.name));
        let heartbeats = self.heartbeats.as_deref();
        names.extend(each(Kind::Heartbeat, heartbeats, |heartbeat| &heartbeat.name));
        names.extend(one(Kind::Routing));
        names.extend(one(Kind::Inhibit));
        names.extend(one(Kind::Watch));
        names.extend(one(Kind::Severities));
        names.extend(each(Kind::Role, self.roles.as_deref(), |role| &role.name));
        names.extend(each(Kind::Audience, self.audiences.as_deref(), |audience| &audience.name));
        names.extend(each(Kind::StatusPage, self.status_pages.as_deref(), |page| &page.name));
        names.extend(each(Kind::Checklist, self.checklists.as_deref(), |list| &list.name));
        names.extend(one(Kind::Fields));
        names.extend(each(Kind::Webhook, self.webhooks.as_deref(), |webhook| &webhook.name));
        names.extend(each(Kind::Workflow, self.workflows.as_deref(), |workflow| &workflow.name));
        names.extend(one(Kind::ChangePolicy));
        names.extend(one(Kind::Providers));
        names.extend(one(Kind::CatchAll));
        names
    }

    /// Every document, in the order of a file.
    ///
    /// # Errors
    /// None in practice: every document has a serialised form.
    pub fn items(&self) -> Result<Vec<Item>, serde_json::Error> {
        let mut values = Vec::new();
        values.extend(self.organization.as_ref().map(serde_json::to_value));
        values.extend(self.users.iter().flatten().map(serde_json::to_value));
        values.extend(self.teams.iter().flatten().map(serde_json::to_value));
        values.extend(self.schedules.iter().flatten().map(serde_json::to_value));
        values.extend(self.escalation_policies.iter().flatten().map(serde_json::to_value));
        values.extend(self.services.iter().flatten().map(serde_json::to_value));
        values.extend(self.service_groups.iter().flatten().map(serde_json::to_value));
        values.extend(self.engagement_groups.iter().flatten().map(serde_json::to_value));
        values.extend(self.notification_lists.iter().flatten().map(serde_json::to_value));
        values.extend(self.integrations.iter().flatten().map(serde_json::to_value));
        values.extend(self.heartbeats.iter().flatten().map(serde_json::to_value));
        values.extend(self.routing.as_ref().map(serde_json::to_value));
        values.extend(self.inhibit.as_ref().map(serde_json::to_value));
        values.extend(self.watch.as_ref().map(serde_json::to_value));
        values.extend(self.severities.as_ref().map(serde_json::to_value));
        values.extend(self.roles.iter().flatten().map(serde_json::to_value));
        values.extend(self.audiences.iter().flatten().map(serde_json::to_value));
        values.extend(self.status_pages.iter().flatten().map(serde_json::to_value));
        values.extend(self.checklists.iter().flatten().map(serde_json::to_value));
        values.extend(self.fields.as_ref().map(serde_json::to_value));
        values.extend(self.webhooks.iter().flatten().map(serde_json::to_value));
        values.extend(self.workflows.iter().flatten().map(serde_json::to_value));
        values.extend(self.change_policy.as_ref().map(serde_json::to_value));
        values.extend(self.providers.as_ref().map(serde_json::to_value));
        values.extend(self.catch_all.as_ref().map(serde_json::to_value));
        let items = self.names().into_iter().zip(values);
        items
            .map(|((kind, name), value)| Ok(Item { kind, name: name.to_owned(), value: value? }))
            .collect()
    }

    /// The configuration that consists of these documents. A kind of many that has none is there
    /// and empty; a kind of one that is not among them is absent.
    ///
    /// # Errors
    /// When a document does not have the form of its kind.
    pub fn from_items(items: impl IntoIterator<Item = Item>) -> Result<Self, serde_json::Error> {
        let mut documents = Self {
            users: Some(Vec::new()),
            teams: Some(Vec::new()),
            schedules: Some(Vec::new()),
            escalation_policies: Some(Vec::new()),
            services: Some(Vec::new()),
            service_groups: Some(Vec::new()),
            engagement_groups: Some(Vec::new()),
            notification_lists: Some(Vec::new()),
            integrations: Some(Vec::new()),
            heartbeats: Some(Vec::new()),
            webhooks: Some(Vec::new()),
            workflows: Some(Vec::new()),
            roles: Some(Vec::new()),
            audiences: Some(Vec::new()),
            status_pages: Some(Vec::new()),
            checklists: Some(Vec::new()),
            ..Self::default()
        };
        for Item { kind, value, .. } in items {
            match kind {
                Kind::Organization => documents.organization = Some(serde_json::from_value(value)?),
                Kind::User => push(&mut documents.users, value)?,
                Kind::Team => push(&mut documents.teams, value)?,
                Kind::Schedule => push(&mut documents.schedules, value)?,
                Kind::EscalationPolicy => push(&mut documents.escalation_policies, value)?,
                Kind::Service => push(&mut documents.services, value)?,
                Kind::ServiceGroup => push(&mut documents.service_groups, value)?,
                Kind::EngagementGroup => push(&mut documents.engagement_groups, value)?,
                Kind::NotificationList => push(&mut documents.notification_lists, value)?,
                Kind::Integration => push(&mut documents.integrations, value)?,
                Kind::Heartbeat => push(&mut documents.heartbeats, value)?,
                Kind::Routing => documents.routing = Some(serde_json::from_value(value)?),
                Kind::Inhibit => documents.inhibit = Some(serde_json::from_value(value)?),
                Kind::Watch => documents.watch = Some(serde_json::from_value(value)?),
                Kind::Severities => documents.severities = Some(serde_json::from_value(value)?),
                Kind::Role => push(&mut documents.roles, value)?,
                Kind::Audience => push(&mut documents.audiences, value)?,
                Kind::StatusPage => push(&mut documents.status_pages, value)?,
                Kind::Checklist => push(&mut documents.checklists, value)?,
                Kind::Fields => documents.fields = Some(serde_json::from_value(value)?),
                Kind::Webhook => push(&mut documents.webhooks, value)?,
                Kind::Workflow => push(&mut documents.workflows, value)?,
                Kind::ChangePolicy => {
                    documents.change_policy = Some(serde_json::from_value(value)?);
                }
                Kind::Providers => documents.providers = Some(serde_json::from_value(value)?),
                Kind::CatchAll => documents.catch_all = Some(serde_json::from_value(value)?),
            }
        }
        Ok(documents)
    }
}

fn each<'a, T>(
    kind: Kind,
    documents: Option<&'a [T]>,
    name: impl Fn(&'a T) -> &'a String,
) -> impl Iterator<Item = (Kind, &'a str)> {
    let documents = documents.unwrap_or_default().iter();
    documents.map(move |document| (kind, name(document).as_str()))
}

fn push<T: for<'de> Deserialize<'de>>(
    documents: &mut Option<Vec<T>>,
    value: Value,
) -> Result<(), serde_json::Error> {
    documents.get_or_insert_default().push(serde_json::from_value(value)?);
    Ok(())
}

#[cfg(test)]
mod tests;
