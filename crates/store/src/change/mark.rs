//! What people think a change has to do with an incident (`X15`): suspect, ruled out or cause. Who
//! does not see an incident learns nothing of what was marked in it.

use jiff::Timestamp;
use muster_core::change::suspect::{Mark, Source};
use muster_core::id::{ChangeEventId, ChangeId, IncidentId, ServiceId};
use muster_core::incident::restriction::Viewer;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};
use crate::incident::restriction;

/// What is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    /// What kind of thing; incidents are linked instead of marked.
    pub source: Source,
    /// Which one.
    pub id: Uuid,
}

impl From<ChangeEventId> for Target {
    fn from(id: ChangeEventId) -> Self {
        Self { source: Source::Event, id: id.0 }
    }
}

impl From<ChangeId> for Target {
    fn from(id: ChangeId) -> Self {
        Self { source: Source::Planned, id: id.0 }
    }
}

/// A mark as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct MarkRow {
    /// In which incident.
    pub incident_id: Uuid,
    /// A name of [`Source`].
    pub change_kind: String,
    /// What was marked.
    pub change_id: Uuid,
    /// A name of [`Mark`].
    pub mark: String,
    /// Why; may be empty.
    pub reason: String,
    /// Who marked it.
    pub marked_by: String,
    /// Microseconds UTC.
    pub marked_at: i64,
}

impl MarkRow {
    /// What it was marked as.
    ///
    /// # Errors
    /// When the store holds a word that this version does not know.
    pub fn mark(&self) -> Result<Mark> {
        let unknown = || StoreError::Corrupt(format!("unknown mark of a change: {}", self.mark));
        Mark::from_name(&self.mark).ok_or_else(unknown)
    }

    /// What was marked.
    ///
    /// # Errors
    /// When the store holds a word that this version does not know.
    pub fn target(&self) -> Result<Target> {
        let unknown = || StoreError::Corrupt(format!("a mark of an unknown {}", self.change_kind));
        let source = Source::from_name(&self.change_kind).ok_or_else(unknown)?;
        Ok(Target { source, id: self.change_id })
    }
}

/// Marks a change in an incident, in place of what it was marked as before.
pub async fn put(
    tx: &mut Tx,
    incident: IncidentId,
    target: Target,
    mark: Mark,
    (reason, by): (&str, &str),
    now: Timestamp,
) -> Result<()> {
    const PUT: Sql = Sql::same(
        "INSERT INTO change_mark
             (incident_id, change_kind, change_id, mark, reason, marked_by, marked_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (incident_id, change_kind, change_id) DO UPDATE SET
             mark = excluded.mark, reason = excluded.reason, marked_by = excluded.marked_by,
             marked_at = excluded.marked_at",
    );
    let kind = target.source.name();
    tx.execute(&PUT, args![incident, kind, target.id, mark.name(), reason, by, now]).await?;
    Ok(())
}

/// Takes a mark back; `false` where there was none.
pub async fn remove(tx: &mut Tx, incident: IncidentId, target: Target) -> Result<bool> {
    const DELETE: Sql = Sql::same(
        "DELETE FROM change_mark WHERE incident_id = ? AND change_kind = ? AND change_id = ?",
    );
    Ok(tx.execute(&DELETE, args![incident, target.source.name(), target.id]).await? > 0)
}

/// What changes were marked as in an incident that the caller has found, the newest marks first.
pub async fn of_incident(db: &Db, incident: IncidentId, limit: i64) -> Result<Vec<MarkRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT incident_id, change_kind, change_id, mark, reason, marked_by, marked_at
         FROM change_mark WHERE incident_id = ? ORDER BY marked_at DESC, change_id LIMIT ?",
    );
    db.fetch_all(&SELECT, args![incident, limit]).await
}

/// The marks by which a change is the cause of incidents, as far as the viewer sees them, the newest
/// incident first. What was marked in an exercise caused nothing.
pub async fn causes(db: &Db, viewer: &Viewer, target: Target, limit: i64) -> Result<Vec<MarkRow>> {
    let mut values = args![target.source.name(), target.id, Mark::Cause.name()];
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        "SELECT change_mark.incident_id, change_mark.change_kind, change_mark.change_id,
             change_mark.mark, change_mark.reason, change_mark.marked_by, change_mark.marked_at
         FROM change_mark JOIN incident ON incident.id = change_mark.incident_id
         WHERE change_mark.change_kind = ? AND change_mark.change_id = ? AND change_mark.mark = ?
             AND NOT incident.practice AND {visible}
         ORDER BY incident.number DESC LIMIT ?"
    );
    values.extend(args![limit]);
    db.fetch_all(&Sql::built(text), values).await
}

/// How often a change event of each service and kind, and a planned change of each service and class,
/// was a cause in an incident that the viewer sees and that was marked since then, leaving out one
/// incident.
pub async fn history(
    db: &Db,
    viewer: &Viewer,
    but: IncidentId,
    since: Timestamp,
) -> Result<Vec<(Source, ServiceId, String, u32)>> {
    let mut all = Vec::new();
    for (source, table, class) in
        [(Source::Event, "change_event", "kind"), (Source::Planned, "change", "class")]
    {
        let mut values: Vec<Value> = args![source.name(), Mark::Cause.name(), since, but];
        let visible = restriction::visible(viewer, &mut values);
        let text = format!(
            "SELECT {table}.service_id, {table}.{class}, count(*) FROM change_mark
             JOIN {table} ON {table}.id = change_mark.change_id
             JOIN incident ON incident.id = change_mark.incident_id
             WHERE change_mark.change_kind = ? AND change_mark.mark = ?
                 AND change_mark.marked_at >= ? AND change_mark.incident_id <> ?
                 AND NOT incident.practice AND {visible}
             GROUP BY {table}.service_id, {table}.{class}"
        );
        let rows: Vec<(Uuid, String, i64)> = db.fetch_all(&Sql::built(text), values).await?;
        all.extend(rows.into_iter().map(|(service, class, count)| {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            (source, ServiceId(service), class, count)
        }));
    }
    Ok(all)
}
