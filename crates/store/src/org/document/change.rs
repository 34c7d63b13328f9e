//! The policy of changes as configuration writes it (`X5`, `X6`, `X17`). What is left out is as in what is
//! built in.

use serde::{Deserialize, Serialize};

use super::change_calendar::{Freeze, OutageWindow};
use super::change_template::ChangeTemplate;
use super::text::Length;

/// What changes are held to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePolicy {
    /// The kinds of changes, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<String>>,
    /// The matrix; the first row that fits counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Vec<MatrixRow>>,
    /// Who answers for the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vps: Vec<String>,
    /// Who runs production.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ops: Vec<String>,
    /// Who decides for whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegates: Vec<Delegate>,
    /// Who is trained for what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub qualifications: Vec<Qualification>,
    /// When changes may be made, week by week.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<OutageWindow>,
    /// When nothing is touched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freezes: Vec<Freeze>,
    /// How many changes of services of tier 1 may be under way at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier_1_at_once: Option<u32>,
    /// What is asked of exceptions to the matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exceptions: Option<ExceptionTerms>,
    /// Where is looked for what caused an incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspects: Option<Suspects>,
    /// What is known of kinds of changes before anybody writes one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<ChangeTemplate>,
}

/// Where is looked for what caused an incident (`X15`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspects {
    /// How far back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Length>,
    /// The environments that count; a name that ends in `*` stands for all that begin so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<String>,
}

/// What is asked of exceptions to the matrix (`X7`). What is left out is as in what is built in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionTerms {
    /// How many runs in a row go without trouble.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean_runs: Option<u32>,
    /// How long ago the oldest of them may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Length>,
    /// How long after everybody agreed it is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_after: Option<Length>,
    /// Who answers for the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
}

/// One row of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatrixRow {
    /// Unique; what records name.
    pub name: String,
    /// Tiers of services; all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<u8>,
    /// Classes; all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// `low`, `medium`, `high`; all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<String>,
    /// `manual`, `partial`, `full`; all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub automation: Vec<String>,
    /// Teams of services; all where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
    /// Who must agree, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Stage>,
    /// `none`, a length of time, or business days such as `5bd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Whether it must lie in an outage window.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub window: bool,
    /// The least level of the technician.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technician_level: Option<u8>,
}

/// One approval of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// `peer`, `manager`, `vp`, `customer` or `ops`.
    pub by: String,
    /// How many of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<u32>,
    /// Who exactly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// Asked for only from this risk on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_risk: Option<String>,
    /// How long they may think before they are reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Length>,
}

/// Somebody who decides for somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegate {
    /// For whom.
    pub of: String,
    /// Who.
    pub to: String,
    /// From then on, an instant as RFC 3339 writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// What somebody is trained for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qualification {
    /// Who.
    pub user: String,
    /// The class of changes.
    pub class: String,
    /// How far, from 1.
    pub level: u8,
}
