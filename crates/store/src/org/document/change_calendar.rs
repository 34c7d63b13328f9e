//! When changes may be made (`X9`), as configuration writes it: outage windows and freezes.

use serde::{Deserialize, Serialize};

use super::schedule::Restriction;
use super::text::Zone;

/// When changes of services may be made, week by week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutageWindow {
    /// Unique.
    pub name: String,
    /// For which services; for any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// For which classes; for any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// When it is open; always where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Restriction>,
    /// Whose clock that is; the organisation's where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Zone>,
}

/// A time in which nothing is touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Unique.
    pub name: String,
    /// From then on, an instant as RFC 3339 writes it.
    pub from: String,
    /// Until then.
    pub until: String,
    /// Which services; all where neither services nor tiers are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Services of which tiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<u8>,
    /// Why.
    pub reason: String,
    /// The teams whose services may be changed all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exempt_teams: Vec<String>,
    /// The classes of changes that may be made all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exempt_classes: Vec<String>,
}
