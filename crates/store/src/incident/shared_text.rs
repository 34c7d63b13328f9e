//! Shared texts as they are stored: every revision of every section, only ever added to.

use jiff::Timestamp;
use muster_core::incident::timeline::Actor;
use sqlx::FromRow;
use uuid::Uuid;

use crate::args;
use crate::db::{Db, Result, Sql, Tx};

/// One revision of one section.
#[derive(Debug, Clone, FromRow)]
pub struct TextRow {
    /// Counted from 1.
    pub revision: i64,
    /// In words.
    pub text: String,
    /// The person, if it was one.
    pub author_id: Option<Uuid>,
    /// What they were called then.
    pub author_name: String,
    /// Microseconds UTC.
    pub written_at: i64,
}

const NEWEST: Sql = Sql::same(
    "SELECT revision, text, author_id, author_name, written_at FROM shared_text
     WHERE subject = ? AND section = ? ORDER BY revision DESC LIMIT 1",
);

/// The newest revision of a section; none where nothing was written yet.
pub async fn newest(db: &Db, subject: &str, section: &str) -> Result<Option<TextRow>> {
    db.fetch_optional(&NEWEST, args![subject, section]).await
}

/// As [`newest`], within a transaction that holds the subject.
pub async fn newest_in(tx: &mut Tx, subject: &str, section: &str) -> Result<Option<TextRow>> {
    tx.fetch_optional(&NEWEST, args![subject, section]).await
}

/// One revision of a section.
pub async fn get(
    tx: &mut Tx,
    subject: &str,
    section: &str,
    revision: i64,
) -> Result<Option<TextRow>> {
    const SELECT: Sql = Sql::same(
        "SELECT revision, text, author_id, author_name, written_at FROM shared_text
         WHERE subject = ? AND section = ? AND revision = ?",
    );
    tx.fetch_optional(&SELECT, args![subject, section, revision]).await
}

/// Adds a revision.
pub async fn append(
    tx: &mut Tx,
    subject: &str,
    section: &str,
    revision: i64,
    text: &str,
    author: &Actor,
    now: Timestamp,
) -> Result<()> {
    const INSERT: Sql = Sql::same(
        "INSERT INTO shared_text
             (subject, section, revision, text, author_id, author_name, written_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    let text = text.replace('\0', "\u{fffd}");
    let (id, name) = (author.user(), author.name());
    tx.execute(&INSERT, args![subject, section, revision, text, id, name, now]).await?;
    Ok(())
}
