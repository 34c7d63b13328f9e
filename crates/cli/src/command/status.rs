//! `muster status`: what status pages show, and copies of them that another server can hand out while
//! this one is down. A file of a copy is whole at any instant: it is written beside and then takes
//! the place of the one before.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::incident::whole;
use crate::api::Api;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, time};

/// Status pages: what those outside are shown.
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Status {
    /// List the status pages
    List,
    /// Show what a page shows now
    Show {
        /// The page
        name: String,
    },
    /// Write pages as files, each into a directory of its own, to be served elsewhere
    Export(Export),
}

/// Where copies go.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// The directory; a page goes into DIR/SLUG
    dir: PathBuf,
    /// The pages; every public one unless given
    names: Vec<String>,
    /// Go on and write each page again whenever it has changed
    #[arg(long)]
    watch: bool,
    /// How often to look for changes, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

impl Status {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses, or a file cannot be written.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match self {
            Self::List => {
                let pages = whole(api, &["status-pages"], &[]).await?;
                if settings.json() {
                    return show::json(&json!({ "items": pages }));
                }
                if pages.is_empty() {
                    return show::line("There are no status pages.");
                }
                let line = |page: &Value| {
                    let of = |name: &str| show::text(&page[name]);
                    format!("{}: {}, {}, {}", of("name"), of("title"), of("visibility"), of("url"))
                };
                pages.iter().try_for_each(|page| show::line(line(page)))
            }
            Self::Show { name } => {
                let page = api.get(&["status-pages", &name, "summary"], &[]).await?;
                if settings.json() { show::json(&page) } else { show::put(&in_words(&page)) }
            }
            Self::Export(export) => export.run(api, settings).await,
        })
        .await
    }
}

fn in_words(page: &Value) -> String {
    let text = |value: &Value| show::text(value);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut lines = vec![format!("{}: {}", text(&page["title"]), text(&page["headline"]))];
    for one in list(&page["components"]) {
        let state = text(&one["state"]).replace('_', " ");
        lines.push(format!("  {}: {state}", text(&one["name"])));
    }
    for one in list(&page["incidents"]) {
        let updates = list(&one["updates"]);
        let at = updates.first().map(|update| time::minute_of(&update["at"])).unwrap_or_default();
        lines.push(format!("{at} {}: {}", text(&one["stage"]), text(&one["title"])));
        lines.extend(updates.first().map(|update| format!("  {}", text(&update["text"]))));
    }
    for one in list(&page["maintenance"]) {
        let (from, to) = (time::minute_of(&one["from"]), time::minute_of(&one["to"]));
        lines.push(format!("{from} to {to}: {}", text(&one["title"])));
    }
    lines.join("\n") + "\n"
}

impl Export {
    async fn run(self, api: &Api, settings: &Settings) -> anyhow::Result<()> {
        if !self.watch {
            let written = self.write(api).await?;
            if settings.json() {
                return show::json(&json!({ "written": written }));
            }
            return written.iter().try_for_each(show::line);
        }
        anyhow::ensure!(
            api.is_live(),
            "only a running server changes; say which with --server URL"
        );
        loop {
            // While the server is away the copies stay as they are: that is what they are for.
            match self.write(api).await {
                Ok(written) => written.iter().try_for_each(show::line)?,
                Err(error) => tracing::warn!("the copies stay as they are: {error:#}"),
            }
            tokio::time::sleep(Duration::from_secs(self.every)).await;
        }
    }

    /// Writes what has changed; says which files.
    async fn write(&self, api: &Api) -> anyhow::Result<Vec<String>> {
        let names = if self.names.is_empty() {
            let pages = whole(api, &["status-pages"], &[]).await?;
            let public = pages.iter().filter(|page| page["visibility"] == "public");
            public.map(|page| show::text(&page["name"])).collect()
        } else {
            self.names.clone()
        };
        let mut written = Vec::new();
        for name in names {
            let copy = api.get(&["status-pages", &name, "files"], &[]).await?;
            let slug = file_name(&copy["slug"])?;
            let dir = self.dir.join(slug);
            std::fs::create_dir_all(&dir)
                .with_context(|| format!("{} cannot be made", dir.display()))?;
            for file in copy["files"].as_array().into_iter().flatten() {
                let path = dir.join(file_name(&file["name"])?);
                if replace(&path, file["text"].as_str().unwrap_or_default())? {
                    written.push(path.display().to_string());
                }
            }
        }
        Ok(written)
    }
}

/// A name that stays within its directory, whatever a server says.
pub(super) fn file_name(value: &Value) -> anyhow::Result<&str> {
    let name = value.as_str().unwrap_or_default();
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    anyhow::ensure!(
        is_plain && !name.is_empty() && !name.starts_with('.'),
        "no file can be called `{name}`"
    );
    Ok(name)
}

/// Puts `text` into a file, whole or not at all; whether it was another before.
pub(super) fn replace(path: &Path, text: &str) -> anyhow::Result<bool> {
    if std::fs::read(path).is_ok_and(|before| before == text.as_bytes()) {
        return Ok(false);
    }
    let place = || format!("{} cannot be written", path.display());
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Another server hands it out.
        beside.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let mut beside = beside.prefix(".muster-").tempfile_in(dir).with_context(place)?;
    beside.write_all(text.as_bytes()).with_context(place)?;
    beside.as_file().sync_all().with_context(place)?;
    beside.persist(path).with_context(place)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_left_alone_where_nothing_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("index.html");
        assert!(replace(&path, "one").unwrap());
        assert!(!replace(&path, "one").unwrap());
        assert!(replace(&path, "two").unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing lies beside it");
    }

    #[test]
    fn no_server_can_name_a_file_outside_of_the_directory() {
        for name in ["", ".", "..", "../x", "/etc/passwd", "a/b", "a\\b", ".hidden"] {
            assert!(file_name(&json!(name)).is_err(), "{name}");
        }
        assert_eq!(file_name(&json!("shop-status")).unwrap(), "shop-status");
    }
}
