//! Restoring: the whole file is checked first, then everything happens in one transaction, so that
//! a damaged file leaves the database as empty as it was. The tables are made in the shape they had
//! when the backup was written, filled, and then brought up to date.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::archive::Reader;
use super::table::{self, Table};
use super::{BackupError, Summary};
use crate::db::{Db, Engine, Lane, Result, Sql, StoreError, Tx};
use crate::{args, migration, setting};

/// Rows per statement, and bytes of them after which a statement is sent with fewer.
const BATCH_ROWS_MAX: usize = 500;
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long the commit of a whole restored database may take, in milliseconds.
const RESTORE_COMMIT_TIMEOUT_MS_MAX: u64 = 600_000;

/// PostgreSQL checks references row by row; they are taken away and put back, checked as a whole,
/// when all rows are there.
const REFERENCES: Sql = Sql::same(
    "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
     FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
     ORDER BY oid",
);
const REFERENCES_LATER: Sql = Sql::same("PRAGMA defer_foreign_keys = ON");
/// The next number of a counting column follows the highest that was restored.
const COUNTERS: Sql = Sql::same(
    "SELECT c.table_name::text, c.column_name::text,
            pg_get_serial_sequence(quote_ident(c.table_name), c.column_name)
     FROM information_schema.columns AS c
     WHERE c.table_schema = current_schema() AND c.is_identity = 'YES'
     ORDER BY c.table_name",
);

/// Reads a backup from end to end and says what it holds, without any database.
pub async fn verify(path: &Path) -> Result<Summary, BackupError> {
    let mut reader = Reader::open(path).await?;
    while reader.row().await?.is_some() {}
    Ok(reader.header.summary(reader.sha256()))
}

/// Restores a backup into `db`, which must not have been migrated yet. The installation is then
/// held.
///
/// # Errors
/// Whatever the error, the database is as empty as before, except for
/// [`StoreError::CommitUnknown`].
pub async fn restore(db: &Db, path: &Path) -> Result<Summary, BackupError> {
    let summary = verify(path).await?;
    let newest = migration::version_newest();
    if summary.schema > newest {
        return Err(BackupError::TooNew { schema: summary.schema, newest });
    }
    let mut tx = db.begin(Lane::Cleanup).await?;
    migration::take_turns(&mut tx).await?;
    if !table::all(&mut tx).await?.is_empty() {
        return Err(BackupError::NotEmpty);
    }
    migration::apply(&mut tx, summary.schema).await?;
    let references = put_references_off(&mut tx).await?;
    let mut reader = Reader::open(path).await?;
    fill(&mut tx, &mut reader).await?;
    if reader.header.summary(reader.sha256()) != summary {
        return Err(BackupError::Damaged("the file was changed while it was read".to_owned()));
    }
    check_counts(&mut tx, &summary).await?;
    settle(&mut tx, references).await?;
    migration::apply(&mut tx, newest).await?;
    setting::put(&mut tx, setting::HELD, b"1").await?;
    tx.commit_within(Duration::from_millis(RESTORE_COMMIT_TIMEOUT_MS_MAX)).await?;
    Ok(summary)
}

async fn fill(tx: &mut Tx, reader: &mut Reader) -> Result<(), BackupError> {
    let engine = tx.engine();
    let tables = table::all(tx).await?;
    let mut inserts = Vec::new();
    for saved in &reader.header.tables {
        let table = tables
            .iter()
            .find(|table| table.name == saved.name)
            .ok_or_else(|| BackupError::Damaged(format!("schema has no table {}", saved.name)))?;
        // Migrations leave first rows in some tables, and the backup has those too.
        tx.execute(&table.clear(), args![]).await?;
        inserts.push(table.insert(engine, &saved.columns)?);
    }
    let mut batch = Batch::default();
    while let Some((at, row)) = reader.row().await? {
        if batch.at != at || batch.is_full() {
            batch.send(tx, &inserts).await?;
            batch.at = at;
        }
        batch.add(&row);
    }
    batch.send(tx, &inserts).await?;
    Ok(())
}

/// Rows of one table that go into one statement.
#[derive(Default)]
struct Batch {
    at: usize,
    rows: usize,
    text: String,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS_MAX || self.text.len() >= BATCH_BYTES_MAX
    }

    fn add(&mut self, row: &Value) {
        self.text.push(if self.rows == 0 { '[' } else { ',' });
        self.text.push_str(&row.to_string());
        self.rows += 1;
    }

    async fn send(&mut self, tx: &mut Tx, inserts: &[Sql]) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        self.text.push(']');
        self.rows = 0;
        tx.execute(&inserts[self.at], args![std::mem::take(&mut self.text)]).await?;
        Ok(())
    }
}

async fn check_counts(tx: &mut Tx, summary: &Summary) -> Result<(), BackupError> {
    let found: Vec<(String, u64)> = table::all(tx)
        .await?
        .into_iter()
        .map(|Table { name, row_count, .. }| (name, row_count))
        .collect();
    for (name, count) in &summary.tables {
        if !found.iter().any(|(table, rows)| table == name && rows == count) {
            return Err(StoreError::Corrupt(format!("{name} lost rows on the way")).into());
        }
    }
    Ok(())
}

/// Takes the references away and returns the statements that put them back.
async fn put_references_off(tx: &mut Tx) -> Result<Vec<Sql>> {
    if tx.engine() == Engine::Sqlite {
        tx.execute(&REFERENCES_LATER, args![]).await?;
        return Ok(vec![]);
    }
    let mut later = Vec::new();
    for (table, name, definition) in
        tx.fetch_all::<(String, String, String)>(&REFERENCES, args![]).await?
    {
        let drop = format!("ALTER TABLE {table} DROP CONSTRAINT {name}");
        tx.execute(&Sql::built(drop), args![]).await?;
        let add = format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}");
        later.push(Sql::built(add));
    }
    Ok(later)
}

/// Puts the references back and sets the counters.
async fn settle(tx: &mut Tx, references: Vec<Sql>) -> Result<()> {
    for reference in &references {
        tx.execute(reference, args![]).await?;
    }
    if tx.engine() == Engine::Sqlite {
        return Ok(());
    }
    for (table, column, sequence) in
        tx.fetch_all::<(String, String, String)>(&COUNTERS, args![]).await?
    {
        let set = format!(
            "SELECT setval(?::text::regclass, COALESCE(MAX(\"{column}\"), 0) + 1, false)
             FROM \"{table}\""
        );
        tx.execute(&Sql::built(set), args![sequence]).await?;
    }
    Ok(())
}
