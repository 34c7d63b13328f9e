//! An incident's own links, as they are stored. Whoever sees the incident sees them.

use jiff::Timestamp;
use muster_core::id::IncidentId;
use muster_core::incident::link::Link;
use muster_core::incident::timeline::Actor;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// A link with who added it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LinkRow {
    /// For programs.
    pub id: Uuid,
    /// In a line.
    pub label: String,
    /// An https address.
    pub address: String,
    /// When it was added, in microseconds UTC.
    pub added_at: i64,
    /// What whoever added it was called.
    pub author_name: String,
}

/// Adds a link under the id made for it.
pub async fn insert(
    tx: &mut Tx,
    id: Uuid,
    incident: IncidentId,
    link: &Link,
    by: &Actor,
    now: Timestamp,
) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO incident_link
             (id, incident_id, label, address, added_at, author_id, author_name)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    let values = args![id, incident, &link.label, &link.address, now, by.user(), by.name()];
    tx.execute(&INSERT, values).await?;
    Ok(())
}

const LIST: Sql = Sql::same(
    "SELECT id, label, address, added_at, author_name FROM incident_link
     WHERE incident_id = ? ORDER BY id",
);

/// The links of an incident, the oldest first.
pub async fn list(db: &Db, incident: IncidentId) -> Result<Vec<LinkRow>> {
    db.fetch_all(&LIST, args![incident]).await
}

/// As [`list`], within a transaction that holds the incident.
pub async fn list_in(tx: &mut Tx, incident: IncidentId) -> Result<Vec<LinkRow>> {
    tx.fetch_all(&LIST, args![incident]).await
}

/// Removes a link.
pub async fn remove(tx: &mut Tx, id: Uuid) -> Result<()> {
    const DELETE: Sql = Sql::same("DELETE FROM incident_link WHERE id = ?");
    tx.execute(&DELETE, args![id]).await?;
    Ok(())
}
