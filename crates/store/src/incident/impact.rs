//! The impact of an incident as it is stored: one text, empty where nothing is known. Its form has a
//! version, because rows outlive releases.

use muster_core::id::ServiceId;
use muster_core::incident::impact::{Contact, Impact, Loss};
use muster_core::org::service::Money;
use serde::{Deserialize, Serialize};

use crate::db::{Result, StoreError};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hosts: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    users: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    customers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    how_bad: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<StoredContact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    losses: Vec<StoredLoss>,
}

#[derive(Serialize, Deserialize)]
struct StoredContact {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reach: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredLoss {
    number: u32,
    what: String,
    amount: i64,
    currency: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    struck: bool,
}

/// The stored text.
pub(super) fn write(impact: &Impact) -> String {
    if *impact == Impact::default() {
        return String::new();
    }
    let losses = impact.losses.iter().map(|loss| StoredLoss {
        number: loss.number,
        what: loss.what.clone(),
        amount: loss.amount.amount,
        currency: loss.amount.currency.clone(),
        struck: loss.is_struck,
    });
    let contact = impact.contact.as_ref();
    let stored = Stored {
        version: VERSION,
        hosts: impact.hosts,
        users: impact.users,
        services: impact.services.iter().map(ToString::to_string).collect(),
        customers: impact.customers.clone(),
        how_bad: impact.how_bad.clone(),
        contact: contact
            .map(|one| StoredContact { name: one.name.clone(), reach: one.reach.clone() }),
        losses: losses.collect(),
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// The impact that a text tells of.
pub(super) fn read(text: &str) -> Result<Impact> {
    if text.is_empty() {
        return Ok(Impact::default());
    }
    let corrupt = |why: String| StoreError::Corrupt(format!("unreadable impact: {why}"));
    let stored: Stored = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    let service =
        |text: &String| text.parse::<ServiceId>().map_err(|error| corrupt(error.to_string()));
    let losses = stored.losses.into_iter().map(|loss| Loss {
        number: loss.number,
        what: loss.what,
        amount: Money { amount: loss.amount, currency: loss.currency },
        is_struck: loss.struck,
    });
    Ok(Impact {
        hosts: stored.hosts,
        users: stored.users,
        services: stored.services.iter().map(service).collect::<Result<_>>()?,
        customers: stored.customers,
        how_bad: stored.how_bad,
        contact: stored.contact.map(|one| Contact { name: one.name, reach: one.reach }),
        losses: losses.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN_V1: &str = include_str!("golden/impact-v1.json");

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let impact = read(GOLDEN_V1.trim()).unwrap();
        assert_eq!((impact.losses.len(), impact.standing_losses().count()), (2, 1));
        assert_eq!((impact.users, impact.services.len()), (Some(1200), 1));
        assert_eq!(write(&impact), GOLDEN_V1.trim());
    }

    #[test]
    fn nothing_takes_no_room_and_what_cannot_be_read_is_said() {
        assert_eq!(write(&Impact::default()), "");
        assert_eq!(read("").unwrap(), Impact::default());
        for text in ["{", r#"{"version":1,"services":["x"]}"#] {
            assert!(matches!(read(text), Err(StoreError::Corrupt(_))), "{text}");
        }
    }
}
