//! How a database stands, for those who look after it.

use crate::args;
use crate::db::{Db, Engine, Result, Sql};

/// How a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The engine's own version.
    pub version: String,
    /// The version of the last migration that was applied.
    pub schema: i64,
    /// Standbys that commits are to wait for, where PostgreSQL is told to.
    pub synchronous: Option<Synchronous>,
}

/// What commits wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synchronous {
    /// What `synchronous_standby_names` says.
    pub wanted: String,
    /// How many such standbys are there.
    pub present: i64,
}

const VERSION: Sql =
    Sql::differs("SELECT sqlite_version()", "SELECT current_setting('server_version')");
const SCHEMA: Sql = Sql::same("SELECT COALESCE(MAX(version), 0) FROM migration");
const SYNCHRONOUS: Sql = Sql::same(
    "SELECT current_setting('synchronous_standby_names'),
            (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'))",
);

/// How a migrated database stands.
///
/// # Errors
/// When it does not answer.
pub async fn health(db: &Db) -> Result<Health> {
    let (version,): (String,) = db.fetch_one(&VERSION, args![]).await?;
    let (schema,): (i64,) = db.fetch_one(&SCHEMA, args![]).await?;
    let synchronous = match db.engine() {
        Engine::Sqlite => None,
        Engine::Postgres => {
            let (wanted, present): (String, i64) = db.fetch_one(&SYNCHRONOUS, args![]).await?;
            (!wanted.trim().is_empty()).then_some(Synchronous { wanted, present })
        }
    };
    Ok(Health { version, schema, synchronous })
}
