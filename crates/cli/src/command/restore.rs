//! `muster restore`: a backup becomes an installation again, held until somebody releases it, so
//! that nobody is paged for what was long over.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use muster_store::backup::{self, BackupError};
use muster_store::{Lane, setting};
use serde_json::json;

use crate::settings::{Place, Settings};
use crate::show;
use crate::store::{self, Missing};

/// Restore a backup into an empty store.
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// Let the installation send at once, instead of holding it
    #[arg(long)]
    release: bool,
}

impl Restore {
    /// Restores the backup.
    ///
    /// # Errors
    /// When the store is in use or not empty, or the backup is damaged.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let place = settings.place()?;
        ensure!(self.file.is_file(), "there is no backup {}", self.file.display());
        if let Place::Dir(dir) = &place
            && store::holds_a_database(dir)
        {
            bail!("{} holds a Muster already; restore into a new directory", dir.display());
        }
        let db = store::open_unmigrated(&place, Missing::Create).await?;
        let restored = backup::restore(&db, &self.file).await;
        if restored.is_err()
            && let Place::Dir(dir) = &place
        {
            // Nothing was restored, and an empty database would be in the way of the next attempt.
            db.close().await;
            remove_database(dir);
        }
        let summary = restored.map_err(|error| match error {
            BackupError::NotEmpty => {
                anyhow::anyhow!("the database is not empty; restore into a new, empty one")
            }
            error => error.into(),
        })?;
        if self.release {
            let mut tx = db.begin(Lane::Command).await?;
            setting::remove(&mut tx, setting::HELD).await?;
            tx.commit().await?;
        }
        db.close().await;
        let rows: u64 = summary.tables.iter().map(|(_, rows)| rows).sum();
        if settings.json() {
            return show::json(&json!({
                "made_at": summary.made_at.to_string(), "rows": rows, "held": !self.release,
            }));
        }
        show::line(format!("Restored {rows} rows as of {}.", show::time::second(summary.made_at)))?;
        if self.release {
            return Ok(());
        }
        show::line(
            "It is held: it accepts alerts and sends nothing until `muster release`. Look first \
             at what is open.",
        )
    }
}

fn remove_database(dir: &std::path::Path) {
    for name in ["muster.db", "muster.db-wal", "muster.db-shm"] {
        let _ = std::fs::remove_file(dir.join(name));
    }
}
