//! Files of incidents as they are stored: with their bytes, so that a backup holds them too.

use jiff::Timestamp;
use muster_core::id::{AttachmentId, IncidentId};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use sqlx::FromRow;
use uuid::Uuid;

use super::restriction;
use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// A file without its bytes.
#[derive(Debug, Clone, FromRow)]
pub struct AttachmentRow {
    /// See [`AttachmentId`].
    pub id: Uuid,
    /// See [`IncidentId`].
    pub incident_id: Uuid,
    /// What whoever uploaded it called it.
    pub name: String,
    /// What its first bytes say it is.
    pub media_type: String,
    /// In bytes.
    pub size: i64,
    /// Of its bytes.
    pub sha256: Vec<u8>,
    /// Microseconds UTC.
    pub uploaded_at: i64,
    /// What whoever uploaded it was called then.
    pub uploader_name: String,
}

/// A new file.
#[derive(Debug, Clone)]
pub struct NewAttachment<'a> {
    /// See [`AttachmentId`].
    pub id: AttachmentId,
    /// Whose it is.
    pub incident: IncidentId,
    /// What it is called.
    pub name: &'a str,
    /// What its first bytes say it is.
    pub media_type: &'a str,
    /// Of its bytes.
    pub sha256: [u8; 32],
    /// All of it.
    pub bytes: &'a [u8],
}

/// Adds a file.
pub async fn insert(
    tx: &mut Tx,
    file: &NewAttachment<'_>,
    by: &Actor,
    now: Timestamp,
) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO attachment (id, incident_id, name, media_type, size, sha256, bytes,
             uploaded_at, uploader_id, uploader_name)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    let size = i64::try_from(file.bytes.len()).unwrap_or(i64::MAX);
    let args = args![
        file.id.0,
        file.incident,
        file.name,
        file.media_type,
        size,
        file.sha256,
        file.bytes,
        now,
        by.user(),
        by.name()
    ];
    tx.execute(&INSERT, args).await?;
    Ok(())
}

/// How many files an incident has.
pub async fn count(tx: &mut Tx, incident: IncidentId) -> Result<i64> {
    const SELECT: Sql = Sql::same("SELECT count(*) FROM attachment WHERE incident_id = ?");
    let (count,): (i64,) = tx.fetch_one(&SELECT, args![incident]).await?;
    Ok(count)
}

/// An incident's files, the oldest first.
pub async fn list(db: &Db, incident: IncidentId) -> Result<Vec<AttachmentRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT id, incident_id, name, media_type, size, sha256, uploaded_at, uploader_name
         FROM attachment WHERE incident_id = ? ORDER BY id",
    );
    db.fetch_all(&SELECT, args![incident]).await
}

/// One file without its bytes, if the viewer sees its incident.
pub async fn get(db: &Db, viewer: &Viewer, id: AttachmentId) -> Result<Option<AttachmentRow>> {
    let mut values = args![id.0];
    let visible = restriction::visible(viewer, &mut values);
    let text = format!(
        "SELECT id, incident_id, name, media_type, size, sha256, uploaded_at, uploader_name
         FROM attachment WHERE id = ? AND EXISTS (
             SELECT 1 FROM incident WHERE incident.id = attachment.incident_id AND {visible})"
    );
    db.fetch_optional(&Sql::built(text), values).await
}

/// The bytes of a file.
pub async fn bytes(db: &Db, id: AttachmentId) -> Result<Option<Vec<u8>>> {
    const SELECT: Sql = Sql::same("SELECT bytes FROM attachment WHERE id = ?");
    let row: Option<(Vec<u8>,)> = db.fetch_optional(&SELECT, args![id.0]).await?;
    Ok(row.map(|(bytes,)| bytes))
}
