//! Restricted incidents as they are stored: what is known of the restriction as one text on the
//! incident, and who sees it in a table of its own, written whenever the incident is. Here is the one
//! condition that decides what a viewer reads: every statement that finds incidents, alerts, messages
//! or files for people has it.

use jiff::Timestamp;
use muster_core::id::{EngagementGroupId, IncidentId, UserId};
use muster_core::incident::lifecycle::Incident;
use muster_core::incident::restriction::{Named, Restriction, Viewer, sighted};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};

/// The form that is written. A form that cannot be read by the version before gets a new number.
const VERSION: u32 = 1;

/// The instant is in microseconds UTC.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    people: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    reason: String,
    since: i64,
}

/// The stored text; empty where everybody sees the incident.
pub(super) fn write(restriction: Option<&Restriction>) -> String {
    let Some(restriction) = restriction else { return String::new() };
    let stored = Stored {
        version: VERSION,
        people: restriction.named.people.iter().map(ToString::to_string).collect(),
        groups: restriction.named.groups.iter().map(ToString::to_string).collect(),
        reason: restriction.reason.clone(),
        since: restriction.since.as_microsecond(),
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// The restriction that a text tells of.
pub(super) fn read(text: &str) -> Result<Option<Restriction>> {
    if text.is_empty() {
        return Ok(None);
    }
    let corrupt = |why: String| StoreError::Corrupt(format!("unreadable restriction: {why}"));
    let stored: Stored = serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    let people = stored.people.iter().map(|id| id.parse::<UserId>());
    let groups = stored.groups.iter().map(|id| id.parse::<EngagementGroupId>());
    let since = Timestamp::from_microsecond(stored.since);
    Ok(Some(Restriction {
        named: Named {
            people: people
                .collect::<std::result::Result<_, _>>()
                .map_err(|error| corrupt(error.to_string()))?,
            groups: groups
                .collect::<std::result::Result<_, _>>()
                .map_err(|error| corrupt(error.to_string()))?,
        },
        reason: stored.reason,
        since: since.map_err(|error| corrupt(error.to_string()))?,
    }))
}

/// Who sees which restricted incidents.
pub(super) struct Sights {
    incidents: Vec<IncidentId>,
    rows: Vec<Vec<Value>>,
}

/// Who sees those of some incidents that are restricted.
pub(super) fn sights<'a>(incidents: impl Iterator<Item = &'a Incident>) -> Sights {
    let mut sights = Sights { incidents: Vec::new(), rows: Vec::new() };
    for incident in incidents.filter(|incident| incident.restriction.is_some()) {
        let all = sighted(incident);
        sights.incidents.push(incident.id);
        let people = all.people.iter().map(|user| args![incident.id, *user, false]);
        sights.rows.extend(people);
        let groups = all.groups.iter().map(|group| args![incident.id, group.0, true]);
        sights.rows.extend(groups);
    }
    sights
}

/// Writes down who sees them, instead of whoever saw them before.
pub(super) async fn keep(tx: &mut Tx, sights: Sights) -> Result<()> {
    const COLUMNS: [Column; 3] =
        [("incident_id", Kind::Uuid), ("holder_id", Kind::Uuid), ("is_group", Kind::Bool)];
    const DELETE: Sql = Sql::differs(
        "DELETE FROM incident_sight
         WHERE incident_id IN (SELECT unhex(value) FROM json_each(?))",
        "DELETE FROM incident_sight WHERE incident_id = ANY(?)",
    );
    if sights.incidents.is_empty() {
        return Ok(());
    }
    let ids = Value::UuidList(sights.incidents.iter().map(|id| Some(id.0)).collect());
    tx.execute(&DELETE, vec![ids]).await?;
    rows::insert(tx, "incident_sight", &COLUMNS, sights.rows, "").await
}

/// The groups that any restricted incident names.
pub async fn groups(db: &Db) -> Result<Vec<EngagementGroupId>> {
    const SELECT: Sql = Sql::same(
        "SELECT DISTINCT holder_id FROM incident_sight WHERE is_group ORDER BY holder_id",
    );
    let rows: Vec<(Uuid,)> = db.fetch_all(&SELECT, vec![]).await?;
    Ok(rows.into_iter().map(|(id,)| EngagementGroupId(id)).collect())
}

/// Whether a row of `incident` is one that the viewer sees, as a condition with its values.
pub(crate) fn visible(viewer: &Viewer, values: &mut Vec<Value>) -> String {
    match viewer {
        Viewer::Engine => "true".to_owned(),
        Viewer::Anybody => "NOT incident.restricted".to_owned(),
        Viewer::Person { user, groups } => {
            values.extend(args![*user, *user]);
            values.extend(groups.iter().map(|group| Value::from(group.0)));
            let holders = super::incident::marks(groups.len() + 1);
            format!(
                "(NOT incident.restricted
                  OR EXISTS (SELECT 1 FROM page
                             WHERE page.incident_id = incident.id AND page.user_id = ?)
                  OR EXISTS (SELECT 1 FROM incident_sight
                             WHERE incident_sight.incident_id = incident.id
                                 AND incident_sight.holder_id IN ({holders})))"
            )
        }
    }
}

/// Whether a row of `alert` is one that the viewer sees: one without an incident is.
pub(crate) fn alert_visible(viewer: &Viewer, values: &mut Vec<Value>) -> String {
    if *viewer == Viewer::Engine {
        return "true".to_owned();
    }
    let visible = visible(viewer, values);
    format!(
        "NOT EXISTS (SELECT 1 FROM incident
                     WHERE incident.id = alert.incident_id AND NOT {visible})"
    )
}

/// Whether a row of `inbox` is one that the viewer sees: one that speaks of no incident is.
pub(crate) fn message_visible(viewer: &Viewer, values: &mut Vec<Value>) -> String {
    if *viewer == Viewer::Engine {
        return "true".to_owned();
    }
    let visible = visible(viewer, values);
    format!(
        "NOT EXISTS (SELECT 1 FROM alert_message AS spoken
                     JOIN alert AS of ON of.id = spoken.alert_id
                     JOIN incident ON incident.id = of.incident_id
                     WHERE spoken.message_id = inbox.id AND incident.restricted
                         AND NOT {visible})"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN_V1: &str = include_str!("golden/restriction-v1.json");

    #[test]
    fn what_the_first_release_wrote_is_read_and_written_back() {
        let restriction = read(GOLDEN_V1.trim()).unwrap().unwrap();
        assert_eq!((restriction.named.people.len(), restriction.named.groups.len()), (1, 1));
        assert_eq!(restriction.reason, "personal data");
        assert_eq!(write(Some(&restriction)), GOLDEN_V1.trim());
    }

    #[test]
    fn nothing_takes_no_room_and_what_cannot_be_read_is_said() {
        assert_eq!(write(None), "");
        assert_eq!(read("").unwrap(), None);
        for text in ["{", r#"{"version":1,"people":["x"],"reason":"r","since":0}"#] {
            assert!(matches!(read(text), Err(StoreError::Corrupt(_))), "{text}");
        }
    }
}
