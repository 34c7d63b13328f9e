//! What the audiences of an incident have heard, as it is stored: one text, empty where there are
//! none. Its form has a version, because rows outlive releases.

use jiff::{SignedDuration, Timestamp};
use muster_core::incident::status_page::{Face, Stage};
use muster_core::incident::update::{Draft, Track, Updates};
use serde::{Deserialize, Serialize};

use crate::db::{Result, StoreError};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

/// Instants are microseconds UTC here and below.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_at: Option<i64>,
    audiences: Vec<StoredTrack>,
}

#[derive(Serialize, Deserialize)]
struct StoredTrack {
    audience: String,
    since: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    promised_at: Option<i64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reminded: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    escalated_at: Option<i64>,
    sent: u32,
    missed: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    in_review: Option<StoredDraft>,
}

#[derive(Serialize, Deserialize)]
struct StoredDraft {
    text: String,
    /// What it is called where it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The name of a [`Stage`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_in: Option<i64>,
    by: String,
    at: i64,
}

/// The stored text.
pub(super) fn write(updates: &Updates) -> String {
    if updates.is_empty() {
        return String::new();
    }
    let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
    let audiences = updates.iter().map(|track| StoredTrack {
        audience: track.audience.clone(),
        since: track.since.as_microsecond(),
        last_at: micros(track.last_at),
        promised_at: micros(track.promised_at),
        reminded: track.is_reminded,
        escalated_at: micros(track.escalated_at),
        sent: track.sent,
        missed: track.missed,
        in_review: track.in_review.as_ref().map(|draft| StoredDraft {
            text: draft.text.clone(),
            title: draft.face.title.clone(),
            stage: draft.face.stage.map(|stage| stage.name().to_owned()),
            next_in: draft.next_in.map(|next_in| next_in.as_secs()),
            by: draft.by.clone(),
            at: draft.at.as_microsecond(),
        }),
    });
    let stored = Stored {
        version: VERSION,
        next_at: micros(updates.next_at()),
        audiences: audiences.collect(),
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// What a text tells of.
pub(super) fn read(text: &str) -> Result<Updates> {
    if text.is_empty() {
        return Ok(Updates::default());
    }
    let corrupt = |why: String| StoreError::Corrupt(format!("unreadable updates: {why}"));
    let stored: Stored = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    let at =
        |micros| Timestamp::from_microsecond(micros).map_err(|error| corrupt(error.to_string()));
    let at_opt = |micros: Option<i64>| micros.map(at).transpose();
    let tracks = stored.audiences.into_iter().map(|track| {
        let in_review = track.in_review.map(|draft| {
            Ok::<_, StoreError>(Draft {
                text: draft.text,
                face: Face {
                    title: draft.title,
                    stage: draft.stage.as_deref().and_then(Stage::from_name),
                },
                next_in: draft.next_in.map(SignedDuration::from_secs),
                by: draft.by,
                at: at(draft.at)?,
            })
        });
        Ok(Track {
            audience: track.audience,
            since: at(track.since)?,
            last_at: at_opt(track.last_at)?,
            promised_at: at_opt(track.promised_at)?,
            is_reminded: track.reminded,
            escalated_at: at_opt(track.escalated_at)?,
            sent: track.sent,
            missed: track.missed,
            in_review: in_review.transpose()?,
        })
    });
    Ok(Updates::of(tracks.collect::<Result<_>>()?, at_opt(stored.next_at)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN_V1: &str = include_str!("golden/updates-v1.json");

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let updates = read(GOLDEN_V1.trim()).unwrap();
        assert_eq!(updates.iter().count(), 2);
        assert!(updates.track("external").unwrap().in_review.is_some());
        assert!(updates.next_at().is_some());
        assert_eq!(write(&updates), GOLDEN_V1.trim());
    }

    #[test]
    fn no_audience_takes_no_room_and_what_cannot_be_read_is_said() {
        assert_eq!(write(&Updates::default()), "");
        assert_eq!(read("").unwrap(), Updates::default());
        for text in ["{", r#"{"version":1,"audiences":[{"audience":"x"}]}"#] {
            assert!(matches!(read(text), Err(StoreError::Corrupt(_))), "{text}");
        }
    }
}
