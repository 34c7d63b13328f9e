//! Opening stores, with errors that say what to do.

use std::path::Path;

use anyhow::anyhow;
use muster_store::db::StoreError;
use muster_store::{Db, Engine};

use crate::failure::usage;
use crate::settings::Place;

/// The database inside a data directory.
const DATABASE_FILE: &str = "muster.db";

/// What to do about a data directory that has no database yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Make one.
    Create,
    /// Say so: it is probably a slip of the pen.
    Refuse,
}

/// Opens a store and brings it to the shape that this program expects.
///
/// # Errors
/// When it cannot be opened; [`is_in_use`] tells whether another process has it.
pub async fn open(place: &Place, missing: Missing) -> anyhow::Result<Db> {
    let db = open_unmigrated(place, missing).await?;
    db.migrate().await?;
    Ok(db)
}

/// Opens a store as it is.
///
/// # Errors
/// When it cannot be opened; [`is_in_use`] tells whether another process has it.
pub async fn open_unmigrated(place: &Place, missing: Missing) -> anyhow::Result<Db> {
    match place {
        Place::Dir(dir) => {
            if missing == Missing::Refuse && !holds_a_database(dir) {
                return Err(usage(format!(
                    "there is no Muster in {}; begin with `muster apply` or `muster serve`",
                    dir.display()
                )));
            }
            Ok(Db::open_sqlite(dir).await?)
        }
        Place::Url(url) => Db::open_postgres(url).await.map_err(|error| match error {
            StoreError::Unavailable { detail } => anyhow!(
                "PostgreSQL cannot be reached ({detail}); check the address, the name and the \
                 password in the database URL"
            ),
            error => error.into(),
        }),
    }
}

/// Whether a data directory has been used before.
pub fn holds_a_database(dir: &Path) -> bool {
    dir.join(DATABASE_FILE).exists()
}

/// Whether a store was not opened because another process has it.
pub fn is_in_use(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StoreError::DirectoryInUse(_)))
}

/// An engine's name for people.
pub fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    }
}
