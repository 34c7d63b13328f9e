//! What belongs to the organisation as a whole, as configuration writes it: its name, its
//! severities, the routing of organisation-wide integrations, and outgoing event webhooks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::role::Process;
use super::secret::Secret;
use super::text::{LanguageName, Length, LocalDate, UrgencyName, Zone};

/// The organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// For people to read.
    pub name: String,
    /// The zone of everything that names none.
    #[serde(default)]
    pub timezone: Zone,
    /// How many messages a person gets before the rest wait for a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paging: Option<Paging>,
    /// What messages say, where it is not the built-in way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub templates: Option<Templates>,
    /// Days that count as holidays in the record of who was on call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<LocalDate>,
    /// Who may call or text to have somebody paged; nobody where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calling_in: Option<CallingIn>,
    /// Which incidents are restricted as they begin; the first that matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restricted: Vec<RestrictionRule>,
}

/// Restricts incidents as they begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestrictionRule {
    /// What it is called.
    pub name: String,
    /// Incidents of these services; of any where none are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// A CEL expression: what the first alert matches; whatever it says where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// People who see them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// Engagement groups that see them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// What messages say, as templates that people edit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Templates {
    /// An incident in one line: subjects, notifications, the first words of a text message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// What notification lists are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// Who may call or text to have somebody paged, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallingIn {
    /// What callers choose from, in the order of the keys.
    pub services: Vec<String>,
    /// Whether numbers that belong to nobody may.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown_callers: bool,
    /// How often one number may within an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_per_hour: Option<u32>,
    /// What unknown callers hear; English where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<LanguageName>,
}

/// How many messages a person gets by one way before the rest wait for a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// The limit of channels that have none of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<PagingLimit>,
    /// By channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, PagingLimit>,
}

/// So many messages within so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagingLimit {
    /// At least one.
    pub singles: u32,
    /// Counted back from the present.
    pub window: Length,
}

/// One severity with its process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Severity {
    /// 1 is the worst.
    pub level: u8,
    /// For people: `Outage`.
    pub name: String,
    /// When it applies, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub definition: String,
    /// How loudly people are asked.
    pub urgency: UrgencyName,
    /// How long an acknowledgement holds; forever where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement_expires_after: Option<Length>,
    /// When the management chain is asked; that of the default severity of this level where none is
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_chain: Option<Clock<ManagementChain>>,
    /// How long nothing may move before somebody else gets it; as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate_after: Option<Clock<Length>>,
    /// How long whoever is paged has to check in; as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engage_within: Option<Clock<Length>>,
    /// Which roles it wants; as above, field by field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
}

/// A clock, or the word `none` for having none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Clock<T> {
    /// It does not run.
    None(NoClock),
    /// It runs.
    Runs(T),
}

impl<T> Clock<T> {
    /// It does not run.
    pub const NONE: Self = Self::None(NoClock::None);

    /// The clock, if it runs.
    pub fn runs(&self) -> Option<&T> {
        match self {
            Self::None(_) => None,
            Self::Runs(clock) => Some(clock),
        }
    }
}

/// The word `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoClock {
    /// `none`.
    None,
}

/// When the management chain begins and how fast it climbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementChain {
    /// Counted from submission.
    pub after: Length,
    /// Between one manager and the next.
    pub every: Length,
}

/// Sends the signals of organisation-wide integrations to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutingRule {
    /// A CEL expression; the first rule that matches wins.
    pub when: String,
    /// A service by name.
    pub service: String,
}

/// How the installation watches itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Where its sign of life goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Secret>,
    /// How often; every minute where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Length>,
    /// Pages that show that the way is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canaries: Vec<Canary>,
}

/// A test message to one method of one person, at regular times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// A person by name.
    pub user: String,
    /// One of the person's contact methods.
    pub method: String,
    /// How often.
    pub every: Length,
    /// How long the provider may take to accept it; two minutes where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Length>,
}

/// Lets one alert mute others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inhibition {
    /// A CEL expression: what a cause matches.
    pub when: String,
    /// A CEL expression: what its symptoms match.
    pub mutes: String,
    /// Labels that cause and symptom must agree in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equal: Vec<String>,
}

/// An address outside that hears of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Unique.
    pub name: String,
    /// An http or https address; it may be a secret, because many carry a token.
    pub url: Secret,
    /// The signing secret; the organisation's own where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// Event types, or prefixes such as `incident.*`; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
}
