//! What people think a change has to do with an incident (`X15`): suspect, ruled out or cause. Who
//! does not see an incident learns nothing of what was marked in it.

use jiff::Timestamp;
use muster_core::change::event::Kind;
use muster_core::change::suspect::{Mark, Source};
use muster_core::id::{ChangeEventId, IncidentId, ServiceId};
use muster_core::incident::restriction::Viewer;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx, Value};
use crate::incident::restriction;

/// A mark as it is stored.
#[derive(Debug, Clone, FromRow)]
pub struct MarkRow {
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
}

/// Marks a change event in an incident, in place of what it was marked as before.
pub async fn put(
    tx: &mut Tx,
    incident: IncidentId,
    event: ChangeEventId,
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
    let kind = Source::Event.name();
    tx.execute(&PUT, args![incident, kind, event, mark.name(), reason, by, now]).await?;
    Ok(())
}

/// Takes a mark back; `false` where there was none.
pub async fn remove(tx: &mut Tx, incident: IncidentId, event: ChangeEventId) -> Result<bool> {
    const DELETE: Sql = Sql::same(
        "DELETE FROM change_mark WHERE incident_id = ? AND change_kind = ? AND change_id = ?",
    );
    Ok(tx.execute(&DELETE, args![incident, Source::Event.name(), event]).await? > 0)
}

/// What change events were marked as in an incident that the caller has found.
pub async fn of_incident(db: &Db, incident: IncidentId) -> Result<Vec<MarkRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT change_id, mark, reason, marked_by, marked_at FROM change_mark
         WHERE incident_id = ? AND change_kind = ? ORDER BY change_id",
    );
    db.fetch_all(&SELECT, args![incident, Source::Event.name()]).await
}

/// The numbers and titles of the incidents that a change event was the cause of, as far as the viewer
/// sees them, the newest first.
pub async fn caused_by(
    db: &Db,
    viewer: &Viewer,
    event: ChangeEventId,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    let mut values = args![Source::Event.name(), event, Mark::Cause.name()];
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        "SELECT incident.number, incident.title FROM change_mark
         JOIN incident ON incident.id = change_mark.incident_id
         WHERE change_mark.change_kind = ? AND change_mark.change_id = ? AND change_mark.mark = ?
             AND {visible}
         ORDER BY incident.number DESC LIMIT ?"
    );
    values.extend(args![limit]);
    db.fetch_all(&Sql::built(text), values).await
}

/// How often a change event of each service and kind was a cause in an incident that the viewer sees
/// and that was marked since then, leaving out one incident.
pub async fn history(
    db: &Db,
    viewer: &Viewer,
    but: IncidentId,
    since: Timestamp,
) -> Result<Vec<(ServiceId, Kind, u32)>> {
    let mut values: Vec<Value> = args![Source::Event.name(), Mark::Cause.name(), since, but];
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        "SELECT change_event.service_id, change_event.kind, count(*) FROM change_mark
         JOIN change_event ON change_event.id = change_mark.change_id
         JOIN incident ON incident.id = change_mark.incident_id
         WHERE change_mark.change_kind = ? AND change_mark.mark = ? AND change_mark.marked_at >= ?
             AND change_mark.incident_id <> ? AND {visible}
         GROUP BY change_event.service_id, change_event.kind"
    );
    let rows: Vec<(Uuid, String, i64)> = db.fetch_all(&Sql::built(text), values).await?;
    let known = rows.into_iter().filter_map(|(service, kind, count)| {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Some((ServiceId(service), Kind::from_name(&kind)?, count))
    });
    Ok(known.collect())
}
