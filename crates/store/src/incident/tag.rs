//! Tags of incidents, as they are stored. Who does not see an incident learns of none of its tags, nor
//! that they are in use.

use jiff::Timestamp;
use muster_core::id::IncidentId;
use muster_core::incident::restriction::Viewer;
use uuid::Uuid;

use super::{incident::marks, restriction};
use crate::args;
use crate::db::rows::{self, Column, Kind};
use crate::db::{Db, Result, Sql, Tx, Value};

/// Tags of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    /// Any of these.
    pub any: Vec<String>,
    /// Whether it may have none of them instead.
    pub negated: bool,
}

/// Adds tags to an incident; those that it bears stay as they are.
pub async fn add(tx: &mut Tx, id: IncidentId, tags: &[String], now: Timestamp) -> Result<()> {
    const COLUMNS: [Column; 3] =
        [("incident_id", Kind::Uuid), ("tag", Kind::Text), ("tagged_at", Kind::Int)];
    let rows = tags.iter().map(|tag| args![id, tag, now]).collect();
    let once = "ON CONFLICT (incident_id, tag) DO NOTHING";
    rows::insert(tx, "incident_tag", &COLUMNS, rows, once).await
}

/// Takes a tag off an incident; `false` where it did not bear it.
pub async fn remove(tx: &mut Tx, id: IncidentId, tag: &str) -> Result<bool> {
    const DELETE: Sql = Sql::same("DELETE FROM incident_tag WHERE incident_id = ? AND tag = ?");
    Ok(tx.execute(&DELETE, args![id, tag]).await? > 0)
}

const OF: Sql = Sql::same("SELECT tag FROM incident_tag WHERE incident_id = ? ORDER BY tag");

/// The tags of an incident in the caller's transaction, by name.
pub async fn of_in(tx: &mut Tx, id: IncidentId) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = tx.fetch_all(&OF, args![id]).await?;
    Ok(rows.into_iter().map(|(tag,)| tag).collect())
}

/// The tags of an incident that the caller has found, by name.
pub async fn of(db: &Db, id: IncidentId) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = db.fetch_all(&OF, args![id]).await?;
    Ok(rows.into_iter().map(|(tag,)| tag).collect())
}

/// The tags of incidents that the caller has found, by name.
pub async fn of_all(db: &Db, ids: &[IncidentId]) -> Result<Vec<(IncidentId, String)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT incident_id, tag FROM incident_tag WHERE incident_id IN ({}) ORDER BY tag",
        marks(ids.len())
    );
    let values = ids.iter().map(|id| Value::from(*id)).collect();
    let rows: Vec<(Uuid, String)> = db.fetch_all(&Sql::built(text), values).await?;
    Ok(rows.into_iter().map(|(id, tag)| (IncidentId(id), tag)).collect())
}

/// The tags on incidents that the viewer sees, each with how many bear it, the most used first.
pub async fn in_use(db: &Db, viewer: &Viewer, limit: i64) -> Result<Vec<(String, i64)>> {
    let mut values = vec![];
    let visible = restriction::visible(viewer, &mut values);
    values.push(limit.into());
    let text = format!(
        "SELECT incident_tag.tag, count(*) AS uses FROM incident_tag
         JOIN incident ON incident.id = incident_tag.incident_id
         WHERE {visible} GROUP BY incident_tag.tag ORDER BY uses DESC, incident_tag.tag LIMIT ?"
    );
    db.fetch_all(&Sql::built(text), values).await
}

/// Adds the condition that an incident bears one of these tags.
pub(super) fn condition(tags: &Tags, text: &mut String, values: &mut Vec<Value>) {
    let not = if tags.negated { "NOT " } else { "" };
    text.push_str(&format!(
        " AND id {not}IN (SELECT incident_id FROM incident_tag WHERE tag IN ({}))",
        marks(tags.any.len())
    ));
    values.extend(tags.any.iter().map(|tag| Value::from(tag.as_str())));
}
