//! What was said about the gates of an incident, as it is stored: one text, empty where nothing was.
//! Its form has a version, because rows outlive releases.

use jiff::Timestamp;
use muster_core::id::UserId;
use muster_core::incident::gate::{Gate, Gates, Passed};
use serde::{Deserialize, Serialize};

use crate::db::{Result, StoreError};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    passed: Vec<StoredPassed>,
}

/// Instants are microseconds UTC.
#[derive(Serialize, Deserialize)]
struct StoredPassed {
    gate: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    name: String,
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waived: Option<String>,
}

/// The stored text.
pub(super) fn write(gates: &Gates) -> String {
    if gates.is_empty() {
        return String::new();
    }
    let passed = gates.iter().map(|one| StoredPassed {
        gate: one.gate.name().to_owned(),
        user: one.user.map(|user| user.to_string()),
        name: one.name.clone(),
        at: one.at.as_microsecond(),
        waived: one.waived.clone(),
    });
    let stored = Stored { version: VERSION, passed: passed.collect() };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// What a text tells of.
pub(super) fn read(text: &str) -> Result<Gates> {
    if text.is_empty() {
        return Ok(Gates::default());
    }
    let corrupt = |why: String| StoreError::Corrupt(format!("unreadable gates: {why}"));
    let stored: Stored = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    let passed = stored.passed.into_iter().map(|one| {
        let user = one.user.map(|user| user.parse::<UserId>()).transpose();
        let gate = Gate::from_name(&one.gate);
        Ok(Passed {
            gate: gate.ok_or_else(|| corrupt(format!("a gate `{}`", one.gate)))?,
            user: user.map_err(|error| corrupt(error.to_string()))?,
            name: one.name,
            at: Timestamp::from_microsecond(one.at).map_err(|error| corrupt(error.to_string()))?,
            waived: one.waived,
        })
    });
    Ok(Gates::of(passed.collect::<Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN_V1: &str = include_str!("golden/gates-v1.json");

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let gates = read(GOLDEN_V1.trim()).unwrap();
        assert_eq!(gates.iter().filter(|one| one.waived.is_some()).count(), 1);
        assert_eq!(write(&gates), GOLDEN_V1.trim());
    }

    #[test]
    fn nothing_takes_no_room_and_what_cannot_be_read_is_said() {
        assert_eq!(write(&Gates::default()), "");
        assert_eq!(read("").unwrap(), Gates::default());
        for text in ["{", r#"{"version":1,"passed":[{"gate":"x","name":"a","at":0}]}"#] {
            assert!(matches!(read(text), Err(StoreError::Corrupt(_))), "{text}");
        }
    }
}
