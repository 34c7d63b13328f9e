//! The draft of a handoff as it is stored. Its form has a version, because rows outlive releases.

use jiff::Timestamp;
use muster_core::oncall::handoff::{
    ChangeAhead, Draft, HeldAlert, Missing, Noisy, OpenIncident, Window,
};
use serde::{Deserialize, Serialize};

use crate::db::{Result, StoreError, instant};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

/// Instants are microseconds UTC here and below.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    at: i64,
    #[serde(default)]
    incidents: Vec<StoredIncident>,
    #[serde(default)]
    pages: u32,
    #[serde(default)]
    night_pages: u32,
    #[serde(default)]
    call_outs: u32,
    #[serde(default)]
    noisy: Vec<StoredNoisy>,
    #[serde(default)]
    heartbeats: Vec<StoredMissing>,
    #[serde(default)]
    maintenance: Vec<StoredWindow>,
    #[serde(default)]
    held: Vec<StoredHeld>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<StoredChange>,
}

#[derive(Serialize, Deserialize)]
struct StoredIncident {
    number: i64,
    title: String,
    service: String,
    severity: u8,
    status: String,
    #[serde(default)]
    responders: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredNoisy {
    service: String,
    summary: String,
    pages: u32,
    firings: u32,
    unattended: u32,
}

#[derive(Serialize, Deserialize)]
struct StoredMissing {
    name: String,
    since: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredWindow {
    reason: String,
    services: Vec<String>,
    from: i64,
    to: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredChange {
    number: i64,
    title: String,
    services: Vec<String>,
    from: i64,
    to: i64,
}

#[derive(Serialize, Deserialize)]
struct StoredHeld {
    service: String,
    summary: String,
    why: String,
}

/// A draft as it is stored.
pub(super) fn write(draft: &Draft) -> Result<String> {
    let micros = Timestamp::as_microsecond;
    let stored = Stored {
        version: VERSION,
        at: micros(draft.at),
        incidents: draft.incidents.iter().cloned().map(stored_incident).collect(),
        pages: draft.pages,
        night_pages: draft.night_pages,
        call_outs: draft.call_outs,
        noisy: draft.noisy.iter().cloned().map(stored_noisy).collect(),
        heartbeats: draft
            .heartbeats
            .iter()
            .map(|it| StoredMissing { name: it.name.clone(), since: micros(it.since) })
            .collect(),
        maintenance: draft
            .maintenance
            .iter()
            .cloned()
            .map(|Window { reason, services, from, to }| StoredWindow {
                reason,
                services,
                from: micros(from),
                to: micros(to),
            })
            .collect(),
        held: draft
            .held
            .iter()
            .cloned()
            .map(|HeldAlert { service, summary, why }| StoredHeld { service, summary, why })
            .collect(),
        changes: draft
            .changes
            .iter()
            .cloned()
            .map(|ChangeAhead { number, title, services, from, to }| StoredChange {
                number,
                title,
                services,
                from: micros(from),
                to: micros(to),
            })
            .collect(),
    };
    serde_json::to_string(&stored).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// A draft that was stored by this version or one before it.
pub(super) fn read(text: &str) -> Result<Draft> {
    let corrupt = |why: String| StoreError::Corrupt(format!("a handoff's draft: {why}"));
    let stored: Stored = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    if stored.version != VERSION {
        return Err(corrupt(format!("version {}", stored.version)));
    }
    let missing = |it: StoredMissing| Ok(Missing { name: it.name, since: instant(it.since)? });
    let window = |it: StoredWindow| {
        let (from, to) = (instant(it.from)?, instant(it.to)?);
        Ok(Window { reason: it.reason, services: it.services, from, to })
    };
    let change = |it: StoredChange| {
        let (from, to) = (instant(it.from)?, instant(it.to)?);
        Ok(ChangeAhead { number: it.number, title: it.title, services: it.services, from, to })
    };
    Ok(Draft {
        at: instant(stored.at)?,
        incidents: stored.incidents.into_iter().map(incident).collect(),
        pages: stored.pages,
        night_pages: stored.night_pages,
        call_outs: stored.call_outs,
        noisy: stored.noisy.into_iter().map(noisy).collect(),
        heartbeats: stored.heartbeats.into_iter().map(missing).collect::<Result<_>>()?,
        maintenance: stored.maintenance.into_iter().map(window).collect::<Result<_>>()?,
        held: stored
            .held
            .into_iter()
            .map(|StoredHeld { service, summary, why }| HeldAlert { service, summary, why })
            .collect(),
        changes: stored.changes.into_iter().map(change).collect::<Result<_>>()?,
    })
}

fn stored_incident(it: OpenIncident) -> StoredIncident {
    let OpenIncident { number, title, service, severity, status, responders } = it;
    StoredIncident { number, title, service, severity, status, responders }
}

fn incident(it: StoredIncident) -> OpenIncident {
    let StoredIncident { number, title, service, severity, status, responders } = it;
    OpenIncident { number, title, service, severity, status, responders }
}

fn stored_noisy(it: Noisy) -> StoredNoisy {
    let Noisy { service, summary, pages, firings, unattended } = it;
    StoredNoisy { service, summary, pages, firings, unattended }
}

fn noisy(it: StoredNoisy) -> Noisy {
    let StoredNoisy { service, summary, pages, firings, unattended } = it;
    Noisy { service, summary, pages, firings, unattended }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN_V1: &str = include_str!("../golden/handoff-v1.json");

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let draft = read(GOLDEN_V1.trim()).unwrap();
        assert_eq!((draft.pages, draft.noisy[0].unattended), (3, 2));
        assert_eq!(draft.incidents[0].responders, ["Ana Ortiz"]);
        assert_eq!(write(&draft).unwrap(), GOLDEN_V1.trim());
    }

    #[test]
    fn a_form_of_the_future_is_refused_and_an_old_one_may_lack_sections() {
        assert!(read(r#"{"version":2,"at":0}"#).is_err());
        let bare = read(r#"{"version":1,"at":0}"#).unwrap();
        assert_eq!(bare, Draft { at: Timestamp::UNIX_EPOCH, ..Draft::default() });
    }
}
