//! Backups while serving, and restoring them into an empty database of either engine. A backup is
//! one file of JSON lines that shows one moment: a header, every row of every table, and a digest
//! of all of it. It holds secrets in the form the database holds them, so the file is for its
//! owner's eyes only. What is restored starts held: nothing is sent until an operator releases it.

mod archive;
mod restore;
mod table;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::args;
use crate::db::{Db, Engine, Sql, StoreError, Tx};
use archive::{Header, Writer};
pub use restore::{restore, verify};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The moment the backup shows.
    pub made_at: Timestamp,
    /// The version of the last migration that had been applied.
    pub schema: i64,
    /// Every table and how many rows it had, by name.
    pub tables: Vec<(String, u64)>,
    /// The digest over the whole file, in hexadecimal.
    pub sha256: String,
}

/// Why there is no backup, or why it was not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written or read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not a whole, unaltered backup.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// The backup was made by a later version of this program.
    #[error(
        "the backup is of schema {schema}, but this muster knows only {newest}; update it first"
    )]
    TooNew {
        /// The backup's schema.
        schema: i64,
        /// The newest that this program knows.
        newest: i64,
    },
    /// The database to restore into has tables already.
    #[error("the database is not empty; restore into a new one")]
    NotEmpty,
}

const SCHEMA: Sql = Sql::same("SELECT COALESCE(MAX(version), 0) FROM migration");
const NO_HURRY: [Sql; 2] = [
    Sql::same("SET LOCAL statement_timeout = 0"),
    Sql::same("SET LOCAL idle_in_transaction_session_timeout = 0"),
];

/// Writes a backup of what `db` holds at this moment into a new file at `path`, which appears there
/// only when it is whole. Readers and writers of the database go on undisturbed.
pub async fn write(db: &Db, path: &Path, now: Timestamp) -> Result<Summary, BackupError> {
    let mut tx = db.snapshot().await?;
    let header = header(&mut tx, now).await?;
    let mut writer = Writer::create(path).await?;
    writer.line(&header.to_json()).await?;
    for (at, table) in header.tables.iter().enumerate() {
        let rows = table.rows(tx.engine());
        tx.fetch_each(&rows, args![], async |(row,): (String,)| {
            let values: Vec<serde_json::Value> = serde_json::from_str(&row).map_err(|error| {
                StoreError::Corrupt(format!("a row of {} is not JSON: {error}", table.name))
            })?;
            let mut line = vec![serde_json::Value::from(at)];
            line.extend(values);
            writer.line(&line.into()).await
        })
        .await?;
    }
    let sha256 = writer.finish().await?;
    Ok(header.summary(sha256))
}

async fn header(tx: &mut Tx, now: Timestamp) -> Result<Header, BackupError> {
    if tx.engine() == Engine::Postgres {
        for sql in &NO_HURRY {
            tx.execute(sql, args![]).await?;
        }
    }
    let (schema,) = tx.fetch_one(&SCHEMA, args![]).await?;
    let tables = table::all(tx).await?;
    Ok(Header { made_at: now, schema, tables })
}
