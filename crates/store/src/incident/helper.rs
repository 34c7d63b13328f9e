//! The helpers of an incident as they are stored: one text, empty where nobody volunteered. Its form
//! has a version, because rows outlive releases.

use jiff::Timestamp;
use muster_core::id::UserId;
use muster_core::incident::helper::{Helper, Helpers};
use serde::{Deserialize, Serialize};

use crate::db::{Result, StoreError};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    helpers: Vec<StoredHelper>,
}

/// Instants are microseconds UTC.
#[derive(Serialize, Deserialize)]
struct StoredHelper {
    user: String,
    since: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    released_at: Option<i64>,
}

/// The stored text.
pub(super) fn write(helpers: &Helpers) -> String {
    if helpers.is_empty() {
        return String::new();
    }
    let helpers = helpers.iter().map(|one| StoredHelper {
        user: one.user.to_string(),
        since: one.since.as_microsecond(),
        task: one.task.clone(),
        released_at: one.released_at.map(Timestamp::as_microsecond),
    });
    let stored = Stored { version: VERSION, helpers: helpers.collect() };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// The helpers that a text tells of.
pub(super) fn read(text: &str) -> Result<Helpers> {
    if text.is_empty() {
        return Ok(Helpers::default());
    }
    let corrupt = |why: String| StoreError::Corrupt(format!("unreadable helpers: {why}"));
    let stored: Stored = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    let at =
        |micros| Timestamp::from_microsecond(micros).map_err(|error| corrupt(error.to_string()));
    let helpers = stored.helpers.into_iter().map(|one| {
        let user = one.user.parse::<UserId>().map_err(|error| corrupt(error.to_string()))?;
        let released_at = one.released_at.map(at).transpose()?;
        Ok(Helper { user, since: at(one.since)?, task: one.task, released_at })
    });
    Ok(Helpers::of(helpers.collect::<Result<Vec<_>>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN_V1: &str = include_str!("golden/helpers-v1.json");

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let helpers = read(GOLDEN_V1.trim()).unwrap();
        assert_eq!((helpers.iter().count(), helpers.helping().count()), (2, 1));
        assert_eq!(write(&helpers), GOLDEN_V1.trim());
    }

    #[test]
    fn nobody_takes_no_room_and_what_cannot_be_read_is_said() {
        assert_eq!(write(&Helpers::default()), "");
        assert_eq!(read("").unwrap(), Helpers::default());
        for text in ["{", r#"{"version":1,"helpers":[{"user":"x","since":0}]}"#] {
            assert!(matches!(read(text), Err(StoreError::Corrupt(_))), "{text}");
        }
    }
}
