//! A service: what alerts are about, who is paged for it, and how its alerts become incidents.

use jiff::SignedDuration;

use crate::alerting::guard::Guard;
use crate::alerting::hours::Hours;
use crate::alerting::rule::Rule;
use crate::id::{IntegrationId, PolicyId, ServiceId, TeamId};
use crate::incident::severity::Level;

/// How long after an incident's first alert others still join it, unless the service says otherwise.
pub const GROUPING_WINDOW_DEFAULT: SignedDuration = SignedDuration::from_mins(5);

/// Something the organisation runs and is paged for.
#[derive(Debug, Clone)]
pub struct Service {
    /// Stays the same when the service is renamed.
    pub id: ServiceId,
    /// Unique; part of the aliases `page-NAME-primary` and so on.
    pub name: String,
    /// For people to read.
    pub description: Option<String>,
    /// Who owns it.
    pub team: Option<TeamId>,
    /// 1 is the most important.
    pub tier: Option<u8>,
    /// Who is paged.
    pub policy: PolicyId,
    /// Services this one cannot work without.
    pub depends_on: Vec<ServiceId>,
    /// The hosts it runs on, as [`crate::change::host::check`] takes them; not known where empty.
    pub hosts: Vec<String>,
    /// An http or https address, shown on every page.
    pub runbook: Option<String>,
    /// What an outage costs.
    pub cost_per_minute: Option<Money>,
    /// From failure mode to impact level (`D1`); the first that matches wins.
    pub severity_map: Vec<SeverityRule>,
    /// How alerts join incidents (`D11`).
    pub grouping: Grouping,
    /// How long an alert may clear by itself before it pages (`D15`).
    pub pause: Option<SignedDuration>,
    /// How long an alert may go unmentioned before it counts as over (`D15`).
    pub auto_resolve_after: Option<SignedDuration>,
    /// Whether its alerts only record who would have been paged (`D8`).
    pub shadow: bool,
    /// Mailboxes that informational alerts are mailed to (`D7`); the team's members where empty.
    pub inform: Vec<String>,
    /// Where its alerts come in.
    pub integrations: Vec<Integration>,
}

impl Service {
    /// A service of which nothing is said but its name and who is paged.
    pub fn new(id: ServiceId, name: impl Into<String>, policy: PolicyId) -> Self {
        Self {
            id,
            name: name.into(),
            description: None,
            team: None,
            tier: None,
            policy,
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
        }
    }
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    /// In whole units of the currency.
    pub amount: i64,
    /// An ISO 4217 code.
    pub currency: String,
}

/// Whether a text has the form of an ISO 4217 code: three capital letters.
pub fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// One line of a severity map.
#[derive(Debug, Clone)]
pub struct SeverityRule {
    /// What it matches.
    pub when: Rule,
    /// What a matching alert becomes.
    pub outcome: Outcome,
    /// When the line applies (`D6`); always where none are given.
    pub during: Option<Hours>,
    /// What a matching alert must do before it pages (`D5`).
    pub guard: Option<Guard>,
    /// Whether matching alerts only record who would have been paged (`D8`).
    pub shadow: bool,
}

/// What an alert becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It opens or joins an incident of this level.
    Severity(Level),
    /// It is recorded and mailed, never paged (`D7`).
    Informational,
}

/// How the alerts of a service join incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grouping {
    /// Each alert opens its own incident.
    Disabled,
    /// Alerts that agree in `by` join within `window` of the incident's first alert.
    Window {
        /// Counted from the incident's first alert.
        window: SignedDuration,
        /// Names of labels that must agree; empty means all alerts of the service.
        by: Vec<String>,
    },
}

impl Default for Grouping {
    fn default() -> Self {
        Self::Window { window: GROUPING_WINDOW_DEFAULT, by: Vec::new() }
    }
}

/// Where signals come in.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Stays the same when the integration is renamed.
    pub id: IntegrationId,
    /// Unique within its service.
    pub name: String,
    /// The source adapter's name: `pagerduty`, `alertmanager`, `prometheus`, `generic`.
    pub source: String,
    /// The routing key that clients send.
    pub key: String,
    /// The service it feeds; organisation-wide integrations are routed by rules (`D3`).
    pub service: Option<ServiceId>,
    /// How bad its alerts are, whatever the severity map says; only monitors of Muster's own have it.
    pub severity: Option<Level>,
    /// How often something must come in here; its silence is an alert (`D9`).
    pub expect_every: Option<SignedDuration>,
    /// How a generic payload becomes signals, as CEL expressions; unused by other sources.
    pub mapping: Mapping,
    /// What requests are signed with; only sources of changes have it.
    pub secret: Option<String>,
    /// Which services a change is about (`X16`), by what its source calls the thing that changed.
    pub services: Vec<(String, Vec<ServiceId>)>,
}

/// CEL expressions over `body`, `query` and `headers` that fill a signal's fields. A missing
/// expression reads the field of the same name, as the wire contract of the generic source says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// Field name and expression, in the order of the configuration.
    pub fields: Vec<(String, String)>,
}

/// A rule that sends the signals of organisation-wide integrations to a service (`D3`).
#[derive(Debug, Clone)]
pub struct RoutingRule {
    /// What it matches; the first match wins.
    pub when: Rule,
    /// Where the signal goes.
    pub service: ServiceId,
}
