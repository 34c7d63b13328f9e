//! The organisation as one immutable snapshot: every rule reads it, none changes it. A change of
//! configuration makes a new snapshot with a higher revision.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::alerting::heartbeat::Heartbeat;
use crate::alerting::inhibition::Inhibition;
use crate::change;
use crate::id::{
    EngagementGroupId, IntegrationId, NotificationListId, PolicyId, ScheduleId, ServiceId,
    StatusPageId, TeamId, UserId, WebhookId,
};
use crate::incident::audience::Audience;
use crate::incident::checklist::Checklist;
use crate::incident::field::Field;
use crate::incident::restriction;
use crate::incident::role::Role;
use crate::incident::severity::{Level, Severity};
use crate::incident::status_page::StatusPage;
use crate::incident::workflow::Workflow;
use crate::oncall::bundle::Limits;
use crate::oncall::escalation::Policy;
use crate::oncall::group::EngagementGroup;
use crate::oncall::list::NotificationList;
use crate::oncall::mirror;
use crate::oncall::schedule::Schedule;
use crate::org::channel::Channel;
use crate::org::language::Language;
use crate::org::provider::Provider;
use crate::org::service::{Integration, RoutingRule, Service};
use crate::org::service_group::ServiceGroup;
use crate::org::team::Team;
use crate::org::user::User;
use crate::org::watch::Watch;

/// The name of the built-in service that takes what no routing rule claims (`D3`).
pub const CATCH_ALL_SERVICE: &str = "catch-all";

/// Things of one kind, in the order of their names, found by id or by name.
#[derive(Debug, Clone)]
pub struct Table<Id, T> {
    rows: Vec<T>,
    by_id: HashMap<Id, usize>,
    by_name: HashMap<String, usize>,
}

impl<Id, T> Default for Table<Id, T> {
    fn default() -> Self {
        Self { rows: Vec::new(), by_id: HashMap::new(), by_name: HashMap::new() }
    }
}

/// What has an id and a unique name.
pub trait Named {
    /// The kind of id.
    type Id: Copy + Eq + Hash;
    /// The thing's id.
    fn id(&self) -> Self::Id;
    /// The thing's unique name.
    fn name(&self) -> &str;
}

impl<T: Named> Table<T::Id, T> {
    /// A table of `rows`; where two share a name, the later is found by it.
    pub fn new(mut rows: Vec<T>) -> Self {
        rows.sort_by(|a, b| a.name().cmp(b.name()));
        let by_id = rows.iter().enumerate().map(|(at, row)| (row.id(), at)).collect();
        let by_name =
            rows.iter().enumerate().map(|(at, row)| (row.name().to_owned(), at)).collect();
        Self { rows, by_id, by_name }
    }

    /// The thing of that id.
    pub fn get(&self, id: T::Id) -> Option<&T> {
        self.by_id.get(&id).map(|at| &self.rows[*at])
    }

    /// The thing of that name.
    pub fn named(&self, name: &str) -> Option<&T> {
        self.by_name.get(name).map(|at| &self.rows[*at])
    }

    /// All of them by name.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.rows.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

macro_rules! named {
    ($($kind:ty => $id:ty),* $(,)?) => {$(
        impl Named for $kind {
            type Id = $id;
            fn id(&self) -> $id { self.id }
            fn name(&self) -> &str { &self.name }
        }
    )*};
}

named! { User => UserId, Team => TeamId, Schedule => ScheduleId, Policy => PolicyId, Service => ServiceId, EventWebhook => WebhookId, EngagementGroup => EngagementGroupId, NotificationList => NotificationListId, StatusPage => StatusPageId }

/// An address outside that hears of events, signed in the manner of Standard Webhooks (`Z2`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventWebhook {
    /// Stays the same when the webhook is renamed.
    pub id: WebhookId,
    /// Unique.
    pub name: String,
    /// An http or https address.
    pub url: String,
    /// The signing secret; the organisation's own where none is given.
    pub secret: Option<String>,
    /// Event types such as `incident.acknowledged`, or prefixes such as `incident.*`; empty means all.
    pub events: Vec<String>,
}

/// Who may call or text to have somebody paged, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallingIn {
    /// What callers choose from, in the order of the keys.
    pub services: Vec<ServiceId>,
    /// Whether numbers that belong to nobody may.
    pub unknown_callers: bool,
    /// How often one number may within an hour.
    pub calls_per_hour: u32,
    /// What unknown callers hear.
    pub language: Language,
}

impl CallingIn {
    /// How often one number may call within an hour where nothing is said.
    pub const CALLS_PER_HOUR_DEFAULT: u32 = 10;
    /// The most services that a keypad offers.
    pub const SERVICES_MAX: usize = 9;
}

/// The organisation.
#[derive(Debug, Clone)]
pub struct Directory {
    /// Grows with every change of configuration.
    pub revision: i64,
    /// The organisation's name.
    pub name: String,
    /// The zone that times are shown in where no person's is known.
    pub timezone: TimeZone,
    /// People.
    pub users: Table<UserId, User>,
    /// Teams.
    pub teams: Table<TeamId, Team>,
    /// Schedules.
    pub schedules: Table<ScheduleId, Schedule>,
    /// Escalation policies.
    pub policies: Table<PolicyId, Policy>,
    /// Services, with the built-in [`CATCH_ALL_SERVICE`] once a catch-all is configured.
    pub services: Table<ServiceId, Service>,
    /// Services that belong together (`T2`), by name.
    pub service_groups: Vec<ServiceGroup>,
    /// Whom to engage for a kind of trouble (`E1`).
    pub groups: Table<EngagementGroupId, EngagementGroup>,
    /// Who hears of trouble (`E1`).
    pub lists: Table<NotificationListId, NotificationList>,
    /// Who hears of the changes to each service (`X13`), as `SERVICE-change-notify`.
    pub change_lists: Table<NotificationListId, NotificationList>,
    /// Outgoing event webhooks.
    pub webhooks: Table<WebhookId, EventWebhook>,
    /// How an incident is put into one line, as a template; the built-in way where it is empty.
    pub headline: String,
    /// What notification lists are told, as a template; empty for the usual words (`E3`).
    pub notice: String,
    /// How many messages a person gets before the rest wait for a digest.
    pub paging: Limits,
    /// Who carries messages, the preferred first.
    pub providers: Vec<Arc<Provider>>,
    /// Calling in; none where nobody may.
    pub calling_in: Option<CallingIn>,
    /// Integrations that belong to no single service.
    pub integrations: Vec<Integration>,
    /// Where their signals go; the first match wins.
    pub routing: Vec<RoutingRule>,
    /// Which alerts mute which (`D11`).
    pub inhibitions: Vec<Inhibition>,
    /// Which incidents are restricted as they begin (`T4`); the first match wins.
    pub restrictions: Vec<restriction::Rule>,
    /// What must be heard of (`D9`): monitors by name, then sources.
    pub heartbeats: Vec<Heartbeat>,
    /// How the installation watches itself (`D9`).
    pub watch: Watch,
    /// Who is paged when nobody else is (`O5`); without it nothing is accepted.
    pub catch_all: Option<PolicyId>,
    /// Severities by level (`I1`).
    pub severities: Vec<Severity>,
    /// The roles that people hold in incidents (`R1`), in the order in which they are shown.
    pub roles: Vec<Role>,
    /// Who hears how incidents stand (`U1`), in the order in which they are shown.
    pub audiences: Vec<Audience>,
    /// What those outside are shown (`U5`).
    pub status_pages: Table<StatusPageId, StatusPage>,
    /// What must not be forgotten (`C1`), in the order in which it is shown.
    pub checklists: Vec<Checklist>,
    /// What is done by itself.
    pub workflows: Vec<Workflow>,
    /// What changes are held to (`X6`).
    pub change_policy: change::policy::Policy,
    /// What is asked of incidents besides (`T2`), in the order in which it is shown.
    pub fields: Vec<Field>,
    /// Days that count as holidays (`O16`).
    pub holidays: Vec<Date>,
    /// The schedules whose changes are handed over in writing (`O11`).
    pub handoffs: HashSet<ScheduleId>,
    /// What follows schedules in chats (`E7`).
    pub mirrors: HashMap<ScheduleId, mirror::Plan>,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            revision: 0,
            name: String::new(),
            timezone: TimeZone::UTC,
            users: Table::default(),
            teams: Table::default(),
            schedules: Table::default(),
            policies: Table::default(),
            services: Table::default(),
            service_groups: Vec::new(),
            groups: Table::default(),
            lists: Table::default(),
            change_lists: Table::default(),
            webhooks: Table::default(),
            headline: String::new(),
            notice: String::new(),
            paging: Limits::default(),
            providers: Vec::new(),
            calling_in: None,
            integrations: Vec::new(),
            routing: Vec::new(),
            inhibitions: Vec::new(),
            restrictions: Vec::new(),
            heartbeats: Vec::new(),
            watch: Watch::default(),
            catch_all: None,
            severities: Severity::defaults(),
            roles: Role::defaults(),
            audiences: Audience::defaults(),
            status_pages: Table::default(),
            checklists: Checklist::defaults(),
            workflows: Vec::new(),
            change_policy: change::policy::Policy::default(),
            fields: Vec::new(),
            holidays: Vec::new(),
            handoffs: HashSet::new(),
            mirrors: HashMap::new(),
        }
    }
}

impl Directory {
    /// Who carries a channel, the preferred first.
    pub fn providers_of(&self, channel: Channel) -> impl Iterator<Item = &Arc<Provider>> {
        self.providers.iter().filter(move |provider| provider.serves(channel))
    }

    /// The provider of that name.
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.name == name)
    }

    /// The severity of a level; a level that is no longer configured keeps the worst one's process.
    pub fn severity(&self, level: Level) -> &Severity {
        self.severities
            .iter()
            .find(|severity| severity.level == level)
            .or_else(|| self.severities.first())
            .unwrap_or_else(|| Severity::fallback())
    }

    /// Whether a level is configured; each is where none are.
    pub fn knows_severity(&self, level: Level) -> bool {
        self.severities.is_empty() || self.severities.iter().any(|severity| severity.level == level)
    }

    /// The zone that somebody lives by; the organisation's where they are not known.
    pub fn zone_of(&self, user: UserId) -> &TimeZone {
        self.users.get(user).map_or(&self.timezone, |user| &user.timezone)
    }

    /// The role of that name.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// The audience of that name.
    pub fn audience(&self, name: &str) -> Option<&Audience> {
        self.audiences.iter().find(|audience| audience.name == name)
    }

    /// The checklist of that name.
    pub fn checklist(&self, name: &str) -> Option<&Checklist> {
        self.checklists.iter().find(|list| list.name == name)
    }

    /// The service group of that name.
    pub fn service_group(&self, name: &str) -> Option<&ServiceGroup> {
        self.service_groups.iter().find(|group| group.name == name)
    }

    /// The custom field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// What a role is called within a sentence; its name where it is no longer configured.
    pub fn role_in_words(&self, name: &str) -> String {
        self.role(name).map_or_else(|| name.to_owned(), Role::in_words)
    }

    /// The built-in service that takes what no rule claims.
    pub fn catch_all_service(&self) -> Option<&Service> {
        self.services.named(CATCH_ALL_SERVICE)
    }

    /// The catch-all escalation policy.
    pub fn catch_all_policy(&self) -> Option<&Policy> {
        self.catch_all.and_then(|id| self.policies.get(id))
    }

    /// Every integration, of services and organisation-wide.
    pub fn all_integrations(&self) -> impl Iterator<Item = &Integration> {
        self.services.iter().flat_map(|service| &service.integrations).chain(&self.integrations)
    }

    /// The integration of that id.
    pub fn integration(&self, id: IntegrationId) -> Option<&Integration> {
        self.all_integrations().find(|integration| integration.id == id)
    }

    /// How an integration is called for people: `checkout/alertmanager`, or its bare name.
    pub fn integration_label(&self, integration: &Integration) -> String {
        match integration.service.and_then(|id| self.services.get(id)) {
            Some(service) => format!("{}/{}", service.name, integration.name),
            None => integration.name.clone(),
        }
    }
}
