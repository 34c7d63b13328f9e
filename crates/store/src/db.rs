//! The two engines behind one small facade. A statement is a [`Sql`] with `?` for its arguments, an
//! argument is a [`Value`], a row is anything that derives `sqlx::FromRow`, and a change is a
//! [`Tx`] that rolls back unless it is committed. This module knows connections, transactions and
//! errors; it knows no table.

mod error;
mod postgres;
pub(crate) mod rows;
mod sql;
mod sqlite;
mod value;

use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use sqlx::postgres::{PgListener, PgRow};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Postgres, SqlStr, Sqlite};

pub use error::{Result, StoreError};
pub use postgres::Cluster;
pub use sql::Sql;
pub use sqlite::Embedded;
pub use value::Value;
pub(crate) use value::hex;

/// How long a commit may take before its outcome counts as unknown, in milliseconds.
pub const COMMIT_TIMEOUT_MS_MAX: u64 = 3_000;
/// How long [`Db::begin`] waits for its turn or for a connection, in milliseconds.
pub const BEGIN_TIMEOUT_MS_MAX: u64 = 30_000;
/// How long the rollback of an abandoned transaction may take before its connection is closed, in
/// milliseconds.
const ROLLBACK_TIMEOUT_MS_MAX: u64 = 5_000;

/// Which database stands behind a [`Db`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// The embedded database, inside the data directory of the only process that uses it.
    Sqlite,
    /// PostgreSQL, shared by several nodes.
    Postgres,
}

/// What becomes of a confirmed commit when the power fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is there.
    Full,
    /// It may be gone: PostgreSQL was told not to wait for its disk.
    UntilPowerFails,
}

/// What a write is for. The embedded database has one writer, and those who wait for it are served
/// in this order; PostgreSQL keeps a separate pool for the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// A person's command: an acknowledgement never queues behind a storm.
    Command,
    /// Claiming pages and recording what became of them.
    Outbox,
    /// Committing received messages.
    Accept,
    /// Turning received messages into alerts and incidents.
    Triage,
    /// Everything that may wait.
    Cleanup,
}

impl Lane {
    /// Every lane, the most urgent first.
    pub const ALL: [Self; 5] =
        [Self::Command, Self::Outbox, Self::Accept, Self::Triage, Self::Cleanup];
}

/// A row that can be read from both engines; every type that derives `sqlx::FromRow` over columns
/// both engines know is one.
pub trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

impl<T> Row for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin + 'static
{
}

/// A database. Cloning is cheap, and all clones share their connections.
#[derive(Debug, Clone)]
pub enum Db {
    /// SQLite in a data directory.
    Sqlite(Embedded),
    /// PostgreSQL behind a URL.
    Postgres(Cluster),
}

impl Db {
    /// Opens, and if need be creates, the database in the data directory `dir`, which this process
    /// then holds alone until the last clone is gone.
    pub async fn open_sqlite(dir: &Path) -> Result<Self> {
        Embedded::open(dir).await.map(Self::Sqlite)
    }

    /// Connects to the database that `url` names (`postgres://...`).
    pub async fn open_postgres(url: &str) -> Result<Self> {
        Cluster::open(url).await.map(Self::Postgres)
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// The same database for those whose reading must not wait behind a storm: on PostgreSQL they
    /// read over the connections that are kept for commands and pages.
    pub fn urgent(&self) -> Self {
        match self {
            Self::Sqlite(db) => Self::Sqlite(db.clone()),
            Self::Postgres(db) => Self::Postgres(db.urgent()),
        }
    }

    /// Every row of a query, outside of any transaction.
    pub async fn fetch_all<T: Row>(&self, sql: &Sql, args: Vec<Value>) -> Result<Vec<T>> {
        match self {
            Self::Sqlite(db) => {
                let query = sqlx::query_as_with(sql.sqlite(), value::sqlite_arguments(args)?);
                Ok(query.fetch_all(db.readers()).await?)
            }
            Self::Postgres(db) => {
                let query = sqlx::query_as_with(sql.postgres(), value::postgres_arguments(args)?);
                Ok(query.fetch_all(db.reading()).await?)
            }
        }
    }

    /// The first row of a query, if it has one.
    pub async fn fetch_optional<T: Row>(&self, sql: &Sql, args: Vec<Value>) -> Result<Option<T>> {
        match self {
            Self::Sqlite(db) => {
                let query = sqlx::query_as_with(sql.sqlite(), value::sqlite_arguments(args)?);
                Ok(query.fetch_optional(db.readers()).await?)
            }
            Self::Postgres(db) => {
                let query = sqlx::query_as_with(sql.postgres(), value::postgres_arguments(args)?);
                Ok(query.fetch_optional(db.reading()).await?)
            }
        }
    }

    /// The first row of a query; [`StoreError::Missing`] where it has none.
    pub async fn fetch_one<T: Row>(&self, sql: &Sql, args: Vec<Value>) -> Result<T> {
        self.fetch_optional(sql, args).await?.ok_or(StoreError::Missing)
    }

    /// Begins a transaction that may write. On the embedded database this waits for the only
    /// writer, in the order of the lanes.
    pub async fn begin(&self, lane: Lane) -> Result<Tx> {
        let open = async {
            match self {
                Self::Sqlite(db) => db.begin(lane).await.map(Session::Writer),
                Self::Postgres(db) => db.begin(lane).await.map(Session::Postgres),
            }
        };
        let timeout = Duration::from_millis(BEGIN_TIMEOUT_MS_MAX);
        match tokio::time::timeout(timeout, open).await {
            Ok(session) => Ok(Tx { session: Some(session?), failed: false }),
            Err(_) => Err(StoreError::unavailable("no connection to write with in time")),
        }
    }

    /// Begins a transaction that only reads and sees the database as it is at this moment,
    /// however long it lasts.
    pub async fn snapshot(&self) -> Result<Tx> {
        let session = match self {
            Self::Sqlite(db) => Session::Reader(db.begin_snapshot().await?),
            Self::Postgres(db) => Session::Postgres(db.begin_snapshot().await?),
        };
        Ok(Tx { session: Some(session), failed: false })
    }

    /// How far the database's clock is ahead of `now`. The embedded database has no clock of its
    /// own, so there it is zero; on PostgreSQL it includes half of the time that asking takes.
    pub async fn now_skew(&self, now: Timestamp) -> Result<SignedDuration> {
        let Self::Postgres(_) = self else { return Ok(SignedDuration::ZERO) };
        let sql =
            Sql::same("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)");
        let (theirs,): (i64,) = self.fetch_one(&sql, vec![]).await?;
        Ok(SignedDuration::from_micros(theirs.saturating_sub(now.as_microsecond())))
    }

    /// Tells the other nodes that something was committed. It only wakes; whoever misses it finds
    /// the work by looking.
    pub async fn announce(&self) -> Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(db) => db.announce().await,
        }
    }

    /// Listens for what other nodes announce; `None` for the embedded database, which has no other
    /// nodes.
    pub async fn listen(&self) -> Result<Option<Announcements>> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(db) => Ok(Some(Announcements(db.listen().await?))),
        }
    }

    /// What becomes of a confirmed commit when the power fails.
    pub async fn durability(&self) -> Result<Durability> {
        let Self::Postgres(_) = self else { return Ok(Durability::Full) };
        let sql = Sql::same(
            "SELECT current_setting('fsync') = 'on'
                 AND current_setting('synchronous_commit') <> 'off'",
        );
        let (syncs,): (bool,) = self.fetch_one(&sql, vec![]).await?;
        Ok(if syncs { Durability::Full } else { Durability::UntilPowerFails })
    }

    /// Closes every connection that is idle and refuses new ones.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(db) => db.close().await,
            Self::Postgres(db) => db.close().await,
        }
    }
}

/// The instant that a column of microseconds holds.
///
/// # Errors
/// [`StoreError::Corrupt`] where no instant has that number.
pub fn instant(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// What other nodes announce.
pub struct Announcements(PgListener);

impl Announcements {
    /// Waits for the next one; an error means that some may have been missed.
    pub async fn next(&mut self) -> Result<()> {
        self.0.recv().await?;
        Ok(())
    }
}

/// The connection a transaction stands on.
enum Session {
    Writer(sqlite::Turn),
    Reader(sqlx::pool::PoolConnection<Sqlite>),
    Postgres(sqlx::pool::PoolConnection<Postgres>),
}

/// A transaction. Dropped without [`Tx::commit`] it rolls back. After an error of the database it
/// can only roll back: PostgreSQL would refuse every further statement, and the embedded database
/// is held to the same rule.
pub struct Tx {
    session: Option<Session>,
    failed: bool,
}

impl Tx {
    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        match self.session {
            Some(Session::Postgres(_)) => Engine::Postgres,
            _ => Engine::Sqlite,
        }
    }

    /// Every row of a query.
    pub async fn fetch_all<T: Row>(&mut self, sql: &Sql, args: Vec<Value>) -> Result<Vec<T>> {
        let result = match self.session()? {
            Session::Postgres(conn) => {
                let query = sqlx::query_as_with(sql.postgres(), value::postgres_arguments(args)?);
                query.fetch_all(&mut **conn).await
            }
            session => {
                let query = sqlx::query_as_with(sql.sqlite(), value::sqlite_arguments(args)?);
                query.fetch_all(session.sqlite()?).await
            }
        };
        self.checked(result)
    }

    /// The first row of a query, if it has one.
    pub async fn fetch_optional<T: Row>(
        &mut self,
        sql: &Sql,
        args: Vec<Value>,
    ) -> Result<Option<T>> {
        let result = match self.session()? {
            Session::Postgres(conn) => {
                let query = sqlx::query_as_with(sql.postgres(), value::postgres_arguments(args)?);
                query.fetch_optional(&mut **conn).await
            }
            session => {
                let query = sqlx::query_as_with(sql.sqlite(), value::sqlite_arguments(args)?);
                query.fetch_optional(session.sqlite()?).await
            }
        };
        self.checked(result)
    }

    /// The first row of a query; [`StoreError::Missing`] where it has none, after which the
    /// transaction still stands.
    pub async fn fetch_one<T: Row>(&mut self, sql: &Sql, args: Vec<Value>) -> Result<T> {
        self.fetch_optional(sql, args).await?.ok_or(StoreError::Missing)
    }

    /// Runs a statement and says how many rows it touched.
    pub async fn execute(&mut self, sql: &Sql, args: Vec<Value>) -> Result<u64> {
        let result = match self.session()? {
            Session::Postgres(conn) => {
                let query = sqlx::query_with(sql.postgres(), value::postgres_arguments(args)?);
                query.execute(&mut **conn).await.map(|done| done.rows_affected())
            }
            session => {
                let query = sqlx::query_with(sql.sqlite(), value::sqlite_arguments(args)?);
                query.execute(session.sqlite()?).await.map(|done| done.rows_affected())
            }
        };
        self.checked(result)
    }

    /// Hands every row of a query to `each` without holding more than a few at a time.
    pub(crate) async fn fetch_each<T: Row, E: From<StoreError>>(
        &mut self,
        sql: &Sql,
        args: Vec<Value>,
        mut each: impl AsyncFnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = {
            let mut rows = match self.session()? {
                Session::Postgres(conn) => {
                    let arguments = value::postgres_arguments(args)?;
                    sqlx::query_as_with(sql.postgres(), arguments).fetch(&mut **conn)
                }
                session => {
                    let arguments = value::sqlite_arguments(args)?;
                    sqlx::query_as_with(sql.sqlite(), arguments).fetch(session.sqlite()?)
                }
            };
            loop {
                match rows.next().await {
                    None => return Ok(()),
                    Some(Ok(row)) => each(row).await?,
                    Some(Err(error)) => break error,
                }
            }
        };
        self.checked(Err(failed)).map_err(E::from)
    }

    /// Runs several statements that take no arguments, as a migration holds them.
    pub(crate) async fn execute_script(&mut self, script: SqlStr) -> Result<()> {
        let result = match self.session()? {
            Session::Postgres(conn) => sqlx::raw_sql(script).execute(&mut **conn).await.map(|_| ()),
            session => sqlx::raw_sql(script).execute(session.sqlite()?).await.map(|_| ()),
        };
        self.checked(result)
    }

    /// Makes everything in this transaction durable, within [`COMMIT_TIMEOUT_MS_MAX`]. Past that
    /// the connection is closed and the outcome is [`StoreError::CommitUnknown`].
    pub async fn commit(self) -> Result<()> {
        self.commit_within(Duration::from_millis(COMMIT_TIMEOUT_MS_MAX)).await
    }

    /// As [`Tx::commit`], with a deadline of its own.
    pub async fn commit_within(mut self, timeout: Duration) -> Result<()> {
        if self.failed {
            return Err(StoreError::Aborted);
        }
        let mut session = self.session.take().ok_or(StoreError::Aborted)?;
        // The commit runs on even if the caller goes away, so that it is never cut in half and
        // nobody else gets the connection in the meantime.
        let commit = tokio::spawn(async move {
            let outcome = tokio::time::timeout(timeout, session.run("COMMIT")).await;
            match &outcome {
                Ok(Ok(())) => {}
                Ok(Err(_)) => session.roll_back().await,
                Err(_) => session.abandon(),
            }
            outcome
        });
        match commit.await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(StoreError::from_commit(error)),
            Ok(Err(_)) | Err(_) => Err(StoreError::CommitUnknown),
        }
    }

    fn session(&mut self) -> Result<&mut Session> {
        match &mut self.session {
            Some(session) if !self.failed => Ok(session),
            _ => Err(StoreError::Aborted),
        }
    }

    fn checked<T>(&mut self, result: std::result::Result<T, sqlx::Error>) -> Result<T> {
        result.map_err(|error| {
            let error = StoreError::from(error);
            self.failed |= !matches!(error, StoreError::Missing);
            error
        })
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(session.roll_back())),
            Err(_) => session.abandon(),
        }
    }
}

impl Session {
    fn sqlite(&mut self) -> Result<&mut sqlx::SqliteConnection> {
        match self {
            Self::Writer(turn) => turn.connection(),
            Self::Reader(conn) => Ok(&mut **conn),
            Self::Postgres(_) => Err(StoreError::Aborted),
        }
    }

    async fn run(&mut self, statement: &'static str) -> std::result::Result<(), sqlx::Error> {
        match self {
            Self::Writer(turn) => {
                let conn = turn.connection().map_err(|_| sqlx::Error::WorkerCrashed)?;
                sqlx::raw_sql(statement).execute(conn).await?;
            }
            Self::Reader(conn) => {
                sqlx::raw_sql(statement).execute(&mut **conn).await?;
            }
            Self::Postgres(conn) => {
                sqlx::raw_sql(statement).execute(&mut **conn).await?;
            }
        }
        Ok(())
    }

    /// Rolls back and hands the connection on; one that does not answer is closed.
    async fn roll_back(mut self) {
        let timeout = Duration::from_millis(ROLLBACK_TIMEOUT_MS_MAX);
        match tokio::time::timeout(timeout, self.run("ROLLBACK")).await {
            Ok(Ok(())) => {}
            _ => self.abandon(),
        }
    }

    /// Closes the connection without a word, whatever it is doing.
    fn abandon(self) {
        match self {
            Self::Writer(turn) => turn.abandon(),
            Self::Reader(conn) => drop(conn.detach()),
            Self::Postgres(conn) => drop(conn.detach()),
        }
    }
}
