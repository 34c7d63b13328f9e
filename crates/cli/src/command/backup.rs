//! `muster backup`: everything that an installation holds, in one file, also while it serves.

use std::path::PathBuf;

use anyhow::bail;
use muster_server::clock::Clock;
use muster_store::backup;
use serde_json::json;

use crate::session::{Reach, reach};
use crate::settings::Settings;
use crate::show;
use crate::store::Missing;

/// Write a backup.
#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The file to write; it holds secrets, and it must not exist yet
    file: PathBuf,
}

impl Backup {
    /// Writes the backup.
    ///
    /// # Errors
    /// When the store or server fails, or the file cannot be written.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let file = &self.file;
        if file.exists() {
            bail!("{} exists already; choose another name", file.display());
        }
        let summary = match reach(settings, Missing::Refuse).await? {
            Reach::Store(db) => backup::write(&db, file, Clock::System.now()).await?,
            Reach::Server(api) => {
                api.download(&["backup"], file).await?;
                // What came over a network is read from end to end before it is called a backup.
                match backup::verify(file).await {
                    Ok(summary) => summary,
                    Err(error) => {
                        let _ = std::fs::remove_file(file);
                        return Err(error.into());
                    }
                }
            }
        };
        let rows: u64 = summary.tables.iter().map(|(_, rows)| rows).sum();
        if settings.json() {
            return show::json(&json!({
                "file": file.display().to_string(), "made_at": summary.made_at.to_string(),
                "schema": summary.schema, "rows": rows, "sha256": summary.sha256,
            }));
        }
        show::line(format!("{}: {rows} rows, sha256 {}", file.display(), summary.sha256))
    }
}
