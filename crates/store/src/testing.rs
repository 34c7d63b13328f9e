//! Throw-away databases for tests, on both engines: SQLite in a temporary directory, PostgreSQL as
//! a new database of a cluster. The cluster is the one that `MUSTER_TEST_POSTGRES_URL` names, or
//! else one that this process starts for itself and that goes away with it. A machine without
//! PostgreSQL fails these tests; they are never skipped.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use tempfile::TempDir;

use crate::db::{Db, Engine, Lane, Sql, Value};
use crate::migration;

/// The variable that names the cluster to use.
pub const CLUSTER_VARIABLE: &str = "MUSTER_TEST_POSTGRES_URL";
/// Starts a cluster, runs a command beside it, and cleans up.
const CLUSTER_SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/with-postgres.sh");

/// How long [`until_blocked`] waits before the test fails.
const BLOCKED_WITHIN: Duration = Duration::from_secs(20);

/// Where a database is, for those who open it themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A data directory.
    Dir(PathBuf),
    /// A PostgreSQL URL.
    Url(String),
}

/// A database that is gone when this is dropped.
pub struct Fresh {
    /// The open database. Other clones of it fail once this is dropped.
    pub db: Db,
    place: Place,
    _dir: Option<TempDir>,
}

/// Tells a story twice, each time on a new, migrated, empty database.
pub async fn on_both_engines(story: impl AsyncFn(Db)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let fresh = fresh(engine).await;
        story(fresh.db.clone()).await;
        fresh.db.close().await;
    }
}

/// A new, migrated, empty database.
pub async fn fresh(engine: Engine) -> Fresh {
    match engine {
        Engine::Sqlite => {
            let fresh = fresh_unmigrated(engine).await;
            fresh.db.migrate().await.expect("the new database can be migrated");
            fresh
        }
        Engine::Postgres => fresh_postgres(&template().await).await,
    }
}

/// A new database without any table.
pub async fn fresh_unmigrated(engine: Engine) -> Fresh {
    match engine {
        Engine::Sqlite => {
            let dir = temporary_directory();
            let db = Db::open_sqlite(dir.path()).await.expect("a new data directory opens");
            Fresh { db, place: Place::Dir(dir.path().to_owned()), _dir: Some(dir) }
        }
        Engine::Postgres => fresh_postgres("template0").await,
    }
}

/// Cuts every other connection to the database of `db`, as a server does that is killed and comes
/// back; says how many those were.
pub async fn cut_connections(db: &Db) -> i64 {
    const CUT: Sql = Sql::same(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let (cut,): (i64,) = db.fetch_one(&CUT, vec![]).await.expect("the cluster lists connections");
    cut
}

/// How the engine would go about a statement, step by step. PostgreSQL reads whole tables only where
/// it knows no other way, however few rows they have.
pub async fn plan(db: &Db, statement: (Sql, Vec<Value>)) -> Vec<String> {
    let (sql, values) = statement;
    let (sqlite, postgres) = sql.explained();
    match db.engine() {
        Engine::Sqlite => {
            let rows: Vec<(i64, i64, i64, String)> =
                db.fetch_all(&sqlite, values).await.expect("SQLite plans it");
            rows.into_iter().map(|(_, _, _, step)| step).collect()
        }
        Engine::Postgres => {
            const NO_SCANS: Sql = Sql::same("SET LOCAL enable_seqscan = off");
            let mut tx = db.begin(Lane::Command).await.expect("a transaction begins");
            tx.execute(&NO_SCANS, vec![]).await.expect("a setting of the transaction");
            let rows: Vec<(String,)> =
                tx.fetch_all(&postgres, values).await.expect("PostgreSQL plans it");
            rows.into_iter().map(|(step,)| step).collect()
        }
    }
}

/// Waits until so many connections to the database of `db` wait for a lock.
pub async fn until_blocked(db: &Db, connections: i64) {
    const WAITING: Sql = Sql::same(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    let waits = async {
        loop {
            let (waiting,): (i64,) =
                db.fetch_one(&WAITING, vec![]).await.expect("the cluster lists connections");
            if waiting >= connections {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(BLOCKED_WITHIN, waits).await.expect("somebody waits for a lock");
}

impl Fresh {
    /// Where the database is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Another set of connections to the same database, as another node has them. The embedded
    /// database has only one node, which has to be closed before.
    pub async fn open_again(&self) -> Db {
        let opened = match &self.place {
            Place::Dir(dir) => Db::open_sqlite(dir).await,
            Place::Url(url) => Db::open_postgres(url).await,
        };
        opened.expect("the database opens again")
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let Place::Url(url) = &self.place else { return };
        let Ok(options) = PgConnectOptions::from_str(url) else { return };
        let name = options.get_database().unwrap_or_default().to_owned();
        // Dropping cannot wait, and the runtime of the test may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                if let Ok(mut admin) = cluster().connect().await {
                    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                    let _ = sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut admin).await;
                }
            });
        });
        let _ = dropping.join();
    }
}

/// A temporary directory, in memory where the system has such a place: a test is no less true when
/// nothing waits for a disk.
fn temporary_directory() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a temporary directory can be made")
}

async fn fresh_postgres(template: &str) -> Fresh {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("muster_test_{}_{count}", std::process::id());
    let mut admin = admin().await;
    run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    let url = url_of(&name);
    let db = Db::open_postgres(&url).await.expect("the new database opens");
    Fresh { db, place: Place::Url(url), _dir: None }
}

/// The name of a migrated database to copy from. It is named after the migrations, so that all
/// processes that use the cluster share it, and appears under that name only when it is complete.
async fn template() -> String {
    let name = format!("muster_template_{}", migration::fingerprint());
    let mut admin = admin().await;
    run(&mut admin, "SELECT pg_advisory_lock(1836413812)".to_owned()).await;
    let exists: Option<(i32,)> = sqlx::query_as("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(&name)
        .fetch_optional(&mut admin)
        .await
        .expect("the cluster lists its databases");
    if exists.is_none() {
        run(&mut admin, "DROP DATABASE IF EXISTS muster_template WITH (FORCE)".to_owned()).await;
        run(&mut admin, "CREATE DATABASE muster_template TEMPLATE template0".to_owned()).await;
        let db = Db::open_postgres(&url_of("muster_template")).await.expect("the template opens");
        db.migrate().await.expect("the template can be migrated");
        db.close().await;
        run(&mut admin, format!("ALTER DATABASE muster_template RENAME TO {name}")).await;
    }
    run(&mut admin, "SELECT pg_advisory_unlock(1836413812)".to_owned()).await;
    name
}

async fn admin() -> PgConnection {
    cluster().connect().await.expect("the test cluster answers")
}

async fn run(admin: &mut PgConnection, statement: String) {
    let outcome = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(admin).await;
    outcome.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

fn url_of(database: &str) -> String {
    let options = cluster().clone().database(database);
    options.to_url_lossy().to_string()
}

/// How to reach the cluster for tests, which this starts if need be.
#[expect(clippy::disallowed_methods, reason = "a test has no command line of its own")]
fn cluster() -> &'static PgConnectOptions {
    static CLUSTER: OnceLock<(PgConnectOptions, Option<Child>)> = OnceLock::new();
    let (options, _) = CLUSTER.get_or_init(|| {
        let (url, child) = match std::env::var(CLUSTER_VARIABLE) {
            Ok(url) => (url, None),
            Err(_) => {
                let (url, child) = start_cluster();
                (url, Some(child))
            }
        };
        (PgConnectOptions::from_str(&url).expect("the cluster's URL can be read"), child)
    });
    options
}

/// Starts a cluster that lives until this process ends: its guardian waits for the end of a pipe
/// that only this process holds open.
fn start_cluster() -> (String, Child) {
    let mut guardian = Command::new(CLUSTER_SCRIPT)
        .args(["sh", "-c", "echo \"$MUSTER_TEST_POSTGRES_URL\"; exec cat >/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{CLUSTER_SCRIPT} does not run: {error}"));
    let mut url = String::new();
    if let Some(output) = guardian.stdout.take() {
        BufReader::new(output).read_line(&mut url).expect("the cluster's URL can be read");
    }
    assert!(
        !url.trim().is_empty(),
        "no PostgreSQL for tests: install PostgreSQL 15 or later, or set {CLUSTER_VARIABLE}"
    );
    (url.trim().to_owned(), guardian)
}
