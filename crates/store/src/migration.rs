//! Bringing a database to the shape this program expects. Migrations are embedded, applied in one
//! transaction, and never changed once applied. A database that is ahead of the program is
//! accepted: every migration is safe beside the previous version, so that old and new nodes can run
//! together during an upgrade.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::migrate::{Migration, Migrator};

use crate::args;
use crate::db::{Db, Engine, Lane, Result, Sql, StoreError, Tx};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How long the commit of a migration may take, in milliseconds.
const MIGRATION_COMMIT_TIMEOUT_MS_MAX: u64 = 30_000;

/// Nodes that start together take turns by this lock of PostgreSQL.
const TAKE_TURNS: Sql = Sql::same("SELECT pg_advisory_xact_lock(?)");
const TAKE_TURNS_KEY: i64 = 0x6d75_7374_6572;

const CREATE: Sql = Sql::differs(
    "CREATE TABLE IF NOT EXISTS migration (
        version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL
    ) STRICT",
    "CREATE TABLE IF NOT EXISTS migration (
        version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum BYTEA NOT NULL
    )",
);
const APPLIED: Sql = Sql::same("SELECT version, checksum FROM migration ORDER BY version");
const RECORD: Sql = Sql::same("INSERT INTO migration (version, name, checksum) VALUES (?, ?, ?)");

/// The version of the last migration that this program brings along.
pub fn version_newest() -> i64 {
    SQLITE.iter().map(|migration| migration.version).max().unwrap_or(0)
}

impl Db {
    /// Applies every migration that the database lacks, all or none, and returns how many those
    /// were. Several nodes may do this at the same time.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] where a migration was changed after it had been applied.
    pub async fn migrate(&self) -> Result<usize> {
        let mut tx = self.begin(Lane::Cleanup).await?;
        take_turns(&mut tx).await?;
        let count = apply(&mut tx, version_newest()).await?;
        tx.commit_within(Duration::from_millis(MIGRATION_COMMIT_TIMEOUT_MS_MAX)).await?;
        Ok(count)
    }
}

/// A name for exactly this set of migrations.
#[cfg(feature = "testing")]
pub(crate) fn fingerprint() -> String {
    use sha2::{Digest, Sha256};
    let hasher = POSTGRES.iter().fold(Sha256::new(), |hasher, migration| {
        hasher.chain_update(migration.version.to_be_bytes()).chain_update(&migration.checksum)
    });
    crate::db::hex(&hasher.finalize()[..8]).to_lowercase()
}

/// Waits until no other node changes the shape of the database, and keeps it so until the
/// transaction ends.
pub(crate) async fn take_turns(tx: &mut Tx) -> Result<()> {
    if tx.engine() == Engine::Postgres {
        // Waiting for another node's migration may take as long as that one does; waiting for the
        // locks of tables that are in use may not.
        tx.execute(&Sql::same("SET LOCAL statement_timeout = 0"), args![]).await?;
        tx.execute(&Sql::same("SET LOCAL lock_timeout = 0"), args![]).await?;
        tx.execute(&TAKE_TURNS, args![TAKE_TURNS_KEY]).await?;
        tx.execute(&Sql::same("SET LOCAL lock_timeout = '10s'"), args![]).await?;
    }
    Ok(())
}

/// Applies every migration up to `version` that the database lacks.
pub(crate) async fn apply(tx: &mut Tx, version: i64) -> Result<usize> {
    tx.execute(&CREATE, args![]).await?;
    let applied: HashMap<i64, Vec<u8>> =
        tx.fetch_all::<(i64, Vec<u8>)>(&APPLIED, args![]).await?.into_iter().collect();
    let migrations = match tx.engine() {
        Engine::Sqlite => &SQLITE,
        Engine::Postgres => &POSTGRES,
    };
    let mut count = 0;
    for migration in migrations.iter().filter(|migration| migration.version <= version) {
        match applied.get(&migration.version) {
            Some(checksum) if *checksum == *migration.checksum => {}
            Some(_) => {
                return Err(StoreError::Unsupported(format!(
                    "migration {} was changed after this database had applied it",
                    name(migration)
                )));
            }
            None => {
                tx.execute_script(migration.sql.clone()).await?;
                let values = args![migration.version, name(migration), &*migration.checksum];
                tx.execute(&RECORD, values).await?;
                tracing::info!(migration = name(migration), "applied a migration");
                count += 1;
            }
        }
    }
    Ok(count)
}

fn name(migration: &Migration) -> String {
    format!("{:04}_{}", migration.version, migration.description.replace(' ', "_"))
}
