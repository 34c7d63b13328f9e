//! What the audit of changes looks at (`X14`, `M2`): the incidents that changes name and cause. Ids are
//! found here without regard to who may see them; whoever asks reads the incidents by their own eyes.

use muster_core::change::suspect::{Mark, Source};
use muster_core::id::{ChangeId, IncidentId};
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Value};
use crate::incident::incident::marks;

/// Which incidents were marked as caused by which of some planned changes.
pub async fn causes(db: &Db, changes: &[ChangeId]) -> Result<Vec<(ChangeId, IncidentId)>> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT change_id, incident_id FROM change_mark
         WHERE change_kind = ? AND mark = ? AND change_id IN ({})
         ORDER BY change_id, incident_id",
        marks(changes.len())
    );
    let mut values: Vec<Value> = args![Source::Planned.name(), Mark::Cause.name()];
    values.extend(changes.iter().map(|id| Value::from(*id)));
    let rows: Vec<(Uuid, Uuid)> = db.fetch_all(&Sql::built(text), values).await?;
    Ok(rows.into_iter().map(|(change, one)| (ChangeId(change), IncidentId(one))).collect())
}

/// The ids of incidents by their numbers.
pub async fn incidents_numbered(db: &Db, numbers: &[i64]) -> Result<Vec<IncidentId>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "SELECT id FROM incident WHERE number IN ({}) ORDER BY number",
        marks(numbers.len())
    );
    let values = numbers.iter().map(|number| Value::from(*number)).collect();
    let rows: Vec<(Uuid,)> = db.fetch_all(&Sql::built(text), values).await?;
    Ok(rows.into_iter().map(|(id,)| IncidentId(id)).collect())
}
