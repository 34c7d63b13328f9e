//! PostgreSQL: two pools, so that commands and pages never wait for a connection behind a storm,
//! and limits on every statement so that nothing hangs for ever. High availability is PostgreSQL's
//! own; here a connection that has become read-only or unreachable is an error to try again after.

use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgListener;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool, Postgres};

use super::{Lane, Result, StoreError};

/// The oldest PostgreSQL that is supported, as `server_version_num` counts.
const SERVER_VERSION_MIN: i32 = 150_000;
/// Connections for commands and pages.
const URGENT_CONNECTIONS_MAX: u32 = 6;
/// Connections for everything else, reads included.
const BULK_CONNECTIONS_MAX: u32 = 10;
/// Prepared statements kept per connection.
const STATEMENTS_MAX: usize = 512;
/// How long to wait for a connection, in milliseconds.
const ACQUIRE_TIMEOUT_MS_MAX: u64 = 5_000;

/// Set on every connection. The limit on statements stays above every deadline of a commit: a
/// commit that the server cancels while it waits for a standby would look like a success.
const SETTINGS: &str = "SET statement_timeout = '60s'; SET lock_timeout = '10s'; \
    SET idle_in_transaction_session_timeout = '60s'";

/// Connections to PostgreSQL.
#[derive(Debug, Clone)]
pub struct Cluster {
    urgent: PgPool,
    bulk: PgPool,
    /// Whose connections are read over.
    reads_for: Lane,
}

impl Cluster {
    pub(super) async fn open(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("muster")
            .statement_cache_capacity(STATEMENTS_MAX);
        // A connection of its own says at once what is wrong, where a pool would try again and
        // again until its time is up.
        let timeout = Duration::from_millis(ACQUIRE_TIMEOUT_MS_MAX);
        let mut first = tokio::time::timeout(timeout, options.connect())
            .await
            .map_err(|_| StoreError::unavailable("the server does not answer"))??;
        let (version,): (i32,) =
            sqlx::query_as("SELECT current_setting('server_version_num')::int")
                .fetch_one(&mut first)
                .await?;
        first.close().await?;
        if version < SERVER_VERSION_MIN {
            return Err(StoreError::Unsupported(format!(
                "PostgreSQL {}.{} is too old; muster needs 15 or later",
                version / 10_000,
                version % 10_000
            )));
        }
        Ok(Self {
            urgent: pool(URGENT_CONNECTIONS_MAX).connect_lazy_with(options.clone()),
            bulk: pool(BULK_CONNECTIONS_MAX).connect_lazy_with(options),
            reads_for: Lane::Cleanup,
        })
    }

    pub(super) fn urgent(&self) -> Self {
        Self { reads_for: Lane::Command, ..self.clone() }
    }

    pub(super) fn reading(&self) -> &PgPool {
        self.pool(self.reads_for)
    }

    pub(super) fn pool(&self, lane: Lane) -> &PgPool {
        match lane {
            Lane::Command | Lane::Outbox => &self.urgent,
            Lane::Accept | Lane::Triage | Lane::Cleanup => &self.bulk,
        }
    }

    pub(super) async fn begin(&self, lane: Lane) -> Result<PoolConnection<Postgres>> {
        begin(self.pool(lane), "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await
    }

    pub(super) async fn begin_snapshot(&self) -> Result<PoolConnection<Postgres>> {
        begin(self.reading(), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    pub(super) async fn close(&self) {
        self.urgent.close().await;
        self.bulk.close().await;
    }
}

async fn begin(pool: &PgPool, statement: &'static str) -> Result<PoolConnection<Postgres>> {
    let mut conn = Opening(Some(pool.acquire().await?));
    if let Some(open) = &mut conn.0 {
        sqlx::raw_sql(statement).execute(&mut **open).await?;
    }
    conn.0.take().ok_or(StoreError::Aborted)
}

/// A connection whose `BEGIN` has not been answered yet; given up on, it is closed, for nobody
/// knows whether it is inside a transaction.
struct Opening(Option<PoolConnection<Postgres>>);

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(conn) = self.0.take() {
            drop(conn.detach());
        }
    }
}

fn pool(connections_max: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_millis(ACQUIRE_TIMEOUT_MS_MAX))
        .after_connect(|conn, _| {
            Box::pin(async move {
                sqlx::raw_sql(SETTINGS).execute(conn).await?;
                Ok(())
            })
        })
}

/// The channel that nodes wake each other over.
const WAKE_CHANNEL: &str = "muster";

impl Cluster {
    /// Tells every node that something was committed.
    pub(super) async fn announce(&self) -> Result<()> {
        sqlx::query("SELECT pg_notify($1, '')").bind(WAKE_CHANNEL).execute(&self.bulk).await?;
        Ok(())
    }

    /// Listens for other nodes' commits.
    pub(super) async fn listen(&self) -> Result<PgListener> {
        let mut listener = PgListener::connect_with(&self.bulk).await?;
        listener.listen(WAKE_CHANNEL).await?;
        Ok(listener)
    }
}
