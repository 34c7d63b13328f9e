//! What people ticked in the checklists of an incident, as it is stored: one text, empty where nothing
//! was. Its form has a version, because rows outlive releases.

use jiff::Timestamp;
use muster_core::id::UserId;
use muster_core::incident::checklist::{Mark, Marks};
use serde::{Deserialize, Serialize};

use crate::db::{Result, StoreError};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marks: Vec<StoredMark>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dismissed: Vec<(String, String)>,
}

/// Instants are microseconds UTC.
#[derive(Serialize, Deserialize)]
struct StoredMark {
    list: String,
    item: String,
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    name: String,
    done: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// The stored text.
pub(super) fn write(marks: &Marks) -> String {
    if marks.is_empty() {
        return String::new();
    }
    let written = marks.marks.iter().map(|mark| StoredMark {
        list: mark.list.clone(),
        item: mark.item.clone(),
        at: mark.at.as_microsecond(),
        user: mark.user.map(|user| user.to_string()),
        name: mark.name.clone(),
        done: mark.is_done,
        note: mark.note.clone(),
    });
    let dismissed = marks.dismissed.iter().map(|(what, who)| (what.clone(), who.to_string()));
    let stored =
        Stored { version: VERSION, marks: written.collect(), dismissed: dismissed.collect() };
    serde_json::to_string(&stored).unwrap_or_default()
}

fn corrupt(why: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("unreadable checklist: {why}"))
}

fn person(text: &str) -> Result<UserId> {
    text.parse().map_err(corrupt)
}

/// What a text tells of.
pub(super) fn read(text: &str) -> Result<Marks> {
    if text.is_empty() {
        return Ok(Marks::default());
    }
    let stored: Stored = serde_json::from_str(text).map_err(corrupt)?;
    let marks = stored.marks.into_iter().map(|mark| {
        Ok(Mark {
            at: Timestamp::from_microsecond(mark.at).map_err(corrupt)?,
            user: mark.user.as_deref().map(person).transpose()?,
            list: mark.list,
            item: mark.item,
            name: mark.name,
            is_done: mark.done,
            note: mark.note,
        })
    });
    let dismissed = stored.dismissed.into_iter().map(|(what, who)| Ok((what, person(&who)?)));
    Ok(Marks { marks: marks.collect::<Result<_>>()?, dismissed: dismissed.collect::<Result<_>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN_V1: &str = include_str!("golden/checklist-v1.json");

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let marks = read(GOLDEN_V1.trim()).unwrap();
        assert_eq!((marks.marks.len(), marks.dismissed.len()), (2, 1));
        assert_eq!(write(&marks), GOLDEN_V1.trim());
    }

    #[test]
    fn nothing_takes_no_room_and_what_cannot_be_read_is_said() {
        assert_eq!(write(&Marks::default()), "");
        assert_eq!(read("").unwrap(), Marks::default());
        for text in ["{", r#"{"version":1,"dismissed":[["scope","x"]]}"#] {
            assert!(matches!(read(text), Err(StoreError::Corrupt(_))), "{text}");
        }
    }
}
