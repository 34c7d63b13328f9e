//! Links between incidents, as they are stored: one for each two of them, said from the one with the
//! lesser id. Who does not see one of the two learns of no link.

use jiff::Timestamp;
use muster_core::id::{IncidentId, RelationId, UserId};
use muster_core::incident::relation::Sort;
use muster_core::incident::restriction::Viewer;
use sqlx::FromRow;
use uuid::Uuid;

use super::restriction;
use crate::args;
use crate::db::{Db, Result, Sql, StoreError, Tx};

/// A link as one of its two incidents reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// For programs.
    pub id: RelationId,
    /// How it stands to the other one.
    pub sort: Sort,
    /// The other one.
    pub other: IncidentId,
    /// What is said besides; may be empty.
    pub note: String,
    /// When it was said, in microseconds UTC.
    pub related_at: i64,
    /// Who said it, if it was a person.
    pub author: Option<UserId>,
    /// What whoever said it was called.
    pub author_name: String,
}

#[derive(FromRow)]
struct RelationRow {
    id: Uuid,
    first_id: Uuid,
    second_id: Uuid,
    sort: String,
    note: String,
    related_at: i64,
    author_id: Option<Uuid>,
    author_name: String,
}

impl RelationRow {
    fn read_by(self, incident: IncidentId) -> Result<Relation> {
        let sort = Sort::from_name(&self.sort)
            .ok_or_else(|| StoreError::Corrupt(format!("a relation of the sort {}", self.sort)))?;
        let is_first = self.first_id == incident.0;
        let other = if is_first { self.second_id } else { self.first_id };
        Ok(Relation {
            id: RelationId(self.id),
            sort: if is_first { sort } else { sort.back() },
            other: IncidentId(other),
            note: self.note,
            related_at: self.related_at,
            author: self.author_id.map(UserId),
            author_name: self.author_name,
        })
    }
}

/// Adds a link that an incident says, instead of the one between the two that there was. Both
/// incidents are held by the transaction.
pub async fn put(
    tx: &mut Tx,
    incident: IncidentId,
    relation: &Relation,
    now: Timestamp,
) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO incident_relation
             (id, first_id, second_id, sort, note, related_at, author_id, author_name)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    let (first, second, sort) = match incident < relation.other {
        true => (incident, relation.other, relation.sort),
        false => (relation.other, incident, relation.sort.back()),
    };
    if let Some(before) = between(tx, incident, relation.other).await? {
        remove(tx, before.id).await?;
    }
    let values = args![
        relation.id.0,
        first,
        second,
        sort.name(),
        &relation.note,
        now,
        relation.author,
        &relation.author_name
    ];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

/// The link between two incidents, as the first one reads it.
pub async fn between(
    tx: &mut Tx,
    incident: IncidentId,
    other: IncidentId,
) -> Result<Option<Relation>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, first_id, second_id, sort, note, related_at, author_id, author_name
         FROM incident_relation WHERE first_id = ? AND second_id = ?",
    );
    let (first, second) = if incident < other { (incident, other) } else { (other, incident) };
    let row: Option<RelationRow> = tx.fetch_optional(&SELECT, args![first, second]).await?;
    row.map(|row| row.read_by(incident)).transpose()
}

/// How many links an incident has.
pub async fn count(tx: &mut Tx, incident: IncidentId) -> Result<i64> {
    const SELECT: Sql =
        Sql::same("SELECT count(*) FROM incident_relation WHERE first_id = ? OR second_id = ?");
    let (count,): (i64,) = tx.fetch_one(&SELECT, args![incident, incident]).await?;
    Ok(count)
}

/// Removes a link; `false` when there is none.
pub async fn remove(tx: &mut Tx, id: RelationId) -> Result<bool> {
    const DELETE: Sql = Sql::same("DELETE FROM incident_relation WHERE id = ?");
    Ok(tx.execute(&DELETE, args![id.0]).await? > 0)
}

/// The links of an incident to others that the viewer sees, the oldest first.
pub async fn list(db: &Db, viewer: &Viewer, incident: IncidentId) -> Result<Vec<Relation>> {
    let mut values = args![incident, incident, incident];
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        "SELECT id, first_id, second_id, sort, note, related_at, author_id, author_name
         FROM incident_relation
         WHERE (first_id = ? OR second_id = ?) AND EXISTS (
             SELECT 1 FROM incident
             WHERE incident.id = CASE WHEN first_id = ? THEN second_id ELSE first_id END
                 AND {visible})
         ORDER BY id"
    );
    let rows: Vec<RelationRow> = db.fetch_all(&Sql::built(text), values).await?;
    rows.into_iter().map(|row| row.read_by(incident)).collect()
}
