//! The embedded database: one writer connection that is handed from turn to turn, and a pool of
//! readers that never wait for it. A data directory belongs to one process, which an exclusive lock
//! on a file beside the database ensures.

mod lanes;

use std::fs::{DirBuilder, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool};

use super::{Lane, Result, StoreError};
use lanes::{Lanes, Pass};

/// The name of the database inside a data directory.
pub const DATABASE_FILE: &str = "muster.db";
/// The name of the file whose lock says who owns the directory.
const LOCK_FILE: &str = "muster.lock";
/// The oldest SQLite that is supported: older ones can corrupt a WAL database.
const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);
/// Connections that only read.
const READERS_MAX: u32 = 8;
/// Prepared statements kept per connection.
const STATEMENTS_MAX: usize = 512;
/// How long SQLite itself waits for a lock, in milliseconds. Only a checkpoint or a backup tool
/// ever makes it wait.
const BUSY_TIMEOUT_MS_MAX: u64 = 5_000;
/// How long to wait for a reader, in milliseconds.
const ACQUIRE_TIMEOUT_MS_MAX: u64 = 5_000;
/// How large the write-ahead log may stay after a checkpoint, in bytes.
const WAL_BYTES_MAX: &str = "67108864";
/// Page cache per connection, in KiB, as SQLite writes it.
const CACHE_KIB: &str = "-16384";

/// The embedded database of one data directory.
#[derive(Debug, Clone)]
pub struct Embedded {
    writer: Arc<Writer>,
    readers: SqlitePool,
}

#[derive(Debug)]
struct Writer {
    lanes: Arc<Lanes<SqliteConnection>>,
    options: SqliteConnectOptions,
    dir: PathBuf,
    /// Held for the lock on it, which ends with the file.
    _lock: File,
}

impl Embedded {
    pub(super) async fn open(dir: &Path) -> Result<Self> {
        let lock = lock(dir)?;
        let options = SqliteConnectOptions::new()
            .filename(dir.join(DATABASE_FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS_MAX))
            .statement_cache_capacity(STATEMENTS_MAX)
            .pragma("temp_store", "MEMORY")
            .pragma("trusted_schema", "OFF")
            .pragma("journal_size_limit", WAL_BYTES_MAX)
            .pragma("cache_size", CACHE_KIB);
        let mut first = options.connect().await?;
        refuse_old_version(&mut first).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(Duration::from_millis(ACQUIRE_TIMEOUT_MS_MAX))
            .test_before_acquire(false)
            .connect_with(options.clone().create_if_missing(false).pragma("query_only", "ON"))
            .await?;
        let lanes = Lanes::new(Some(first));
        let writer = Writer { lanes, options, dir: dir.to_owned(), _lock: lock };
        Ok(Self { writer: Arc::new(writer), readers })
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        &self.writer.dir
    }

    pub(super) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    pub(super) async fn begin(&self, lane: Lane) -> Result<Turn> {
        let pass = self.writer.lanes.enter(lane).await?;
        let mut turn = Turn { pass, begun: false };
        if turn.pass.item().is_none() {
            *turn.pass.item() = Some(self.writer.options.connect().await?);
        }
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(turn.connection()?).await?;
        turn.begun = true;
        Ok(turn)
    }

    pub(super) async fn begin_snapshot(&self) -> Result<PoolConnection<Sqlite>> {
        let mut conn = Opening(Some(self.readers.acquire().await?));
        // A deferred transaction takes its snapshot with its first read, so one is made here.
        if let Some(open) = &mut conn.0 {
            sqlx::raw_sql("BEGIN; SELECT count(*) FROM sqlite_schema").execute(&mut **open).await?;
        }
        conn.0.take().ok_or(StoreError::Aborted)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        if let Ok(mut pass) = self.writer.lanes.enter(Lane::Cleanup).await
            && let Some(conn) = pass.item().take()
            && let Err(error) = conn.close().await
        {
            tracing::warn!(%error, "the writer of the embedded database did not close cleanly");
        }
    }
}

/// A reader whose `BEGIN` has not been answered yet. Given up on, it is closed: back among the
/// readers it would show whoever gets it next the past, for as long as it lives.
struct Opening(Option<PoolConnection<Sqlite>>);

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(conn) = self.0.take() {
            drop(conn.detach());
        }
    }
}

/// The writer connection, for as long as one transaction lasts.
pub(super) struct Turn {
    pass: Pass<SqliteConnection>,
    begun: bool,
}

impl Turn {
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.pass.item().as_mut().ok_or(StoreError::Aborted)
    }

    /// Closes the connection; whoever is next opens another.
    pub(super) fn abandon(mut self) {
        self.pass.item().take();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Given up on while `BEGIN` was under way: nobody knows whether a transaction is open.
        if !self.begun {
            self.pass.item().take();
        }
    }
}

fn lock(dir: &Path) -> Result<File> {
    let failed = |source| StoreError::Directory { path: dir.to_owned(), source };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(failed)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.join(LOCK_FILE))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::DirectoryInUse(dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

async fn refuse_old_version(conn: &mut SqliteConnection) -> Result<()> {
    let (version,): (String,) = sqlx::query_as("SELECT sqlite_version()").fetch_one(conn).await?;
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < SQLITE_VERSION_MIN {
        let (major, minor, patch) = SQLITE_VERSION_MIN;
        return Err(StoreError::Unsupported(format!(
            "SQLite {version} is too old; muster needs {major}.{minor}.{patch} or later"
        )));
    }
    Ok(())
}
