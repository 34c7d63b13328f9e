//! Templates of changes as configuration writes them (`X11`). The texts may hold placeholders.

use serde::{Deserialize, Serialize};

/// What is known of a kind of change before anybody writes one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeTemplate {
    /// Unique.
    pub name: String,
    /// The kind of change.
    pub class: String,
    /// One line; may hold placeholders, as all texts that follow.
    pub title: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is changed, by name; whoever uses the template says so where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// How long it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes: Option<String>,
    /// The alias of whoever supports what comes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolver: Option<String>,
    /// Other people and aliases to ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// `none`, `internal`, `customer` or `customer_wide`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    /// The worst that can happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_case: Option<String>,
    /// `low`, `medium` or `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<String>,
    /// What is gained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub benefit: Option<String>,
    /// What happens if it is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
    /// The steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<TemplateStep>,
    /// The steps back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollback: Vec<TemplateStep>,
    /// How long the way back takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_takes: Option<String>,
    /// Whether the way back was tried.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rollback_tested: bool,
    /// `manual`, `partial` or `full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automation: Option<String>,
    /// Whether it meets the whole company.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub company_wide: bool,
    /// The teams that it meets, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customers: Vec<String>,
    /// How those are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customers_told: Option<String>,
    /// Where more is to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// One step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateStep {
    /// From T+00:00, such as `T+00:10`.
    pub at: String,
    /// `before`, `during` or `after`; during where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Whether it is a look at how things are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub monitoring: bool,
    /// What is done.
    pub text: String,
    /// Exactly what is typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// On which hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// In which environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}
