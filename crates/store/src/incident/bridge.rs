//! Where people meet about an incident and when they expect it to be over, as they are stored: one
//! text each, empty where there is none. Their form has a version, because rows outlive releases.

use jiff::Timestamp;
use muster_core::incident::bridge::Bridge;
use muster_core::incident::estimate::Estimate;
use serde::{Deserialize, Serialize};

use crate::db::{Result, StoreError};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

/// Instants are microseconds UTC here and below.
#[derive(Serialize, Deserialize)]
struct StoredBridge {
    version: u32,
    link: String,
    at: i64,
    by: String,
}

#[derive(Serialize, Deserialize)]
struct StoredEstimate {
    version: u32,
    over_at: i64,
    by: String,
    at: i64,
}

/// The stored text of a bridge.
pub(super) fn write(bridge: Option<&Bridge>) -> String {
    let stored = bridge.map(|bridge| StoredBridge {
        version: VERSION,
        link: bridge.link.clone(),
        at: bridge.at.as_microsecond(),
        by: bridge.by.clone(),
    });
    stored.and_then(|stored| serde_json::to_string(&stored).ok()).unwrap_or_default()
}

/// The bridge that a text tells of.
pub(super) fn read(text: &str) -> Result<Option<Bridge>> {
    if text.is_empty() {
        return Ok(None);
    }
    let stored: StoredBridge = serde_json::from_str(text).map_err(|error| corrupt(&error))?;
    Ok(Some(Bridge { link: stored.link, at: instant(stored.at)?, by: stored.by }))
}

/// The stored text of an estimate.
pub(super) fn write_estimate(estimate: Option<&Estimate>) -> String {
    let stored = estimate.map(|estimate| StoredEstimate {
        version: VERSION,
        over_at: estimate.over_at.as_microsecond(),
        by: estimate.by.clone(),
        at: estimate.at.as_microsecond(),
    });
    stored.and_then(|stored| serde_json::to_string(&stored).ok()).unwrap_or_default()
}

/// The estimate that a text tells of.
pub(super) fn read_estimate(text: &str) -> Result<Option<Estimate>> {
    if text.is_empty() {
        return Ok(None);
    }
    let stored: StoredEstimate = serde_json::from_str(text).map_err(|error| corrupt(&error))?;
    let (over_at, at) = (instant(stored.over_at)?, instant(stored.at)?);
    Ok(Some(Estimate { over_at, by: stored.by, at }))
}

fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| corrupt(&error))
}

fn corrupt(why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("unreadable bridge or estimate: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGE_V1: &str = r#"{"version":1,"link":"https://meet.example.net/muster-42","at":1700000000000000,"by":"Muster"}"#;
    const ESTIMATE_V1: &str =
        r#"{"version":1,"over_at":1700003600000000,"by":"ana","at":1700000000000000}"#;

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        assert_eq!(write(read(BRIDGE_V1).unwrap().as_ref()), BRIDGE_V1);
        assert_eq!(write_estimate(read_estimate(ESTIMATE_V1).unwrap().as_ref()), ESTIMATE_V1);
    }

    #[test]
    fn nothing_takes_no_room_and_what_cannot_be_read_is_said() {
        assert_eq!((write(None), write_estimate(None)), (String::new(), String::new()));
        assert_eq!((read("").unwrap(), read_estimate("").unwrap()), (None, None));
        assert!(matches!(read("{"), Err(StoreError::Corrupt(_))));
        assert!(matches!(read_estimate("{}"), Err(StoreError::Corrupt(_))));
    }
}
