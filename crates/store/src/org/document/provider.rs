//! A provider of messages as configuration writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::secret::Secret;
use super::text::ProviderKindName;

/// Whoever carries messages for the organisation. The order of the list is that of preference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Unique; also part of the address that it calls back.
    pub name: String,
    /// Whose protocol it speaks.
    #[serde(rename = "type")]
    pub kind: ProviderKindName,
    /// What it needs to be told; which settings those are depends on the type.
    #[serde(flatten)]
    pub settings: BTreeMap<String, Secret>,
}
