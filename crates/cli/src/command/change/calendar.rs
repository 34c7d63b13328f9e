//! The calendar of changes, and copies of it that outlive the server.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::super::status::{file_name, replace};
use crate::api::Api;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, time};

/// Which time.
#[derive(Debug, clap::Args)]
pub struct Calendar {
    /// From then, as 2026-11-21T03:00:00Z; now unless given
    #[arg(long)]
    from: Option<String>,
    /// Until then; a week later unless given
    #[arg(long)]
    to: Option<String>,
    /// Only of this service
    #[arg(long)]
    service: Option<String>,
}

/// Where the copy goes.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// The directory
    dir: PathBuf,
    /// Go on and write it again whenever it has changed
    #[arg(long)]
    watch: bool,
    /// How often to look for changes, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

impl Calendar {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let given = [("from", &self.from), ("to", &self.to), ("service", &self.service)];
            let query: Vec<(&str, &str)> =
                given.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
            let found = api.get(&["changes", "calendar"], &query).await?;
            if settings.json() {
                return show::json(&found);
            }
            show::put(&in_words(&found))
        })
        .await
    }
}

fn in_words(found: &Value) -> String {
    let text = |value: &Value| show::text(value);
    let list = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut add = |from: &Value, to: &Value, what: String| {
        let until = if to.is_null() { "now on".to_owned() } else { time::minute_of(to) };
        lines.push((text(from), format!("{} to {until}  {what}", time::minute_of(from))));
    };
    for one in list("freezes") {
        add(
            &one["from"],
            &one["until"],
            format!("FREEZE {}: {}", text(&one["name"]), text(&one["reason"])),
        );
    }
    for one in list("changes") {
        let state = text(&one["state"]).replace('_', " ");
        let what = format!(
            "CHG-{} {} ({}, {state})",
            one["number"],
            text(&one["title"]),
            text(&one["service"])
        );
        add(&one["start"], &one["end"], what);
    }
    for one in list("incidents") {
        let what = format!("SEV{} #{} {}", one["severity"], one["number"], text(&one["title"]));
        add(&one["from"], &one["to"], what);
    }
    for one in list("gaps") {
        let who = if one["caught"] == true { "only the catch-all" } else { "nobody" };
        add(&one["from"], &one["to"], format!("{who} is on call for {}", text(&one["service"])));
    }
    if lines.is_empty() {
        return "Nothing stands in the calendar then.\n".to_owned();
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line + "\n").collect()
}

impl Export {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
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
                // While the server is away the copy stays as it is: that is what it is for.
                match self.write(api).await {
                    Ok(written) => written.iter().try_for_each(show::line)?,
                    Err(error) => tracing::warn!("the copy stays as it is: {error:#}"),
                }
                tokio::time::sleep(Duration::from_secs(self.every)).await;
            }
        })
        .await
    }

    /// Writes what has changed; says which files.
    async fn write(&self, api: &Api) -> anyhow::Result<Vec<String>> {
        let copy = api.get(&["changes", "calendar", "files"], &[]).await?;
        let dir = &self.dir;
        std::fs::create_dir_all(dir)
            .with_context(|| format!("{} cannot be made", dir.display()))?;
        let mut written = Vec::new();
        for file in copy["files"].as_array().into_iter().flatten() {
            let path = dir.join(file_name(&file["name"])?);
            if replace(&path, file["text"].as_str().unwrap_or_default())? {
                written.push(path.display().to_string());
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_time_is_told_in_order() {
        let found = json!({
            "freezes": [ { "name": "launch", "reason": "Spain", "from": "2026-12-02T00:00:00Z",
                "until": "2026-12-03T00:00:00Z" } ],
            "changes": [ { "number": 7, "title": "Disks", "service": "ledger", "state": "in_review",
                "start": "2026-12-01T03:00:00Z", "end": "2026-12-01T05:00:00Z" } ],
            "incidents": [], "gaps": [],
        });
        let told = in_words(&found);
        let lines: Vec<_> = told.lines().collect();
        assert!(lines[0].ends_with("CHG-7 Disks (ledger, in review)"), "{told}");
        assert!(lines[1].ends_with("FREEZE launch: Spain"), "{told}");
        let nothing = json!({ "freezes": [], "changes": [], "incidents": [], "gaps": [] });
        assert_eq!(in_words(&nothing), "Nothing stands in the calendar then.\n");
    }
}
