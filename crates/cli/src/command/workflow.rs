//! `muster workflow`: what is done by itself, what was done, and what would be.

use serde_json::{Value, json};

use crate::api::Api;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Look at workflows, which the configuration says.
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Workflow {
    /// List them with what they do
    List,
    /// Show what one did, the newest first
    Runs {
        /// The workflow
        name: String,
    },
    /// Say what one would do for an incident, and do nothing
    DryRun {
        /// The workflow
        name: String,
        /// The incident, by its number
        #[arg(long, value_name = "INCIDENT")]
        incident: i64,
    },
}

impl Workflow {
    /// Shows it.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let answer = self.ask(api).await?;
            if settings.json() {
                return show::json(&answer);
            }
            match &self {
                Self::List => list(&answer),
                Self::Runs { .. } => runs(&answer),
                Self::DryRun { .. } => dry_run(&answer),
            }
        })
        .await
    }

    async fn ask(&self, api: &Api) -> anyhow::Result<Value> {
        match self {
            Self::List => api.get(&["workflows"], &[]).await,
            Self::Runs { name } => api.get(&["workflows", name, "runs"], &[]).await,
            Self::DryRun { name, incident } => {
                api.post(&["workflows", name, "dry-run"], &json!({ "incident": incident })).await
            }
        }
    }
}

fn list(answer: &Value) -> anyhow::Result<()> {
    let items = show::items(answer);
    if items.is_empty() {
        return show::line("No workflow is configured.");
    }
    for item in items {
        let kinds: Vec<_> = item["on"].as_array().into_iter().flatten().map(show::text).collect();
        let off = if item["off"] == true { " (off)" } else { "" };
        show::line(format!("{}{off}: on {}", show::text(&item["name"]), kinds.join(", ")))?;
        if let Some(when) = item["when"].as_str() {
            show::line(format!("  when {when}"))?;
        }
        for step in item["steps"].as_array().into_iter().flatten() {
            show::line(format!("  - {}", show::text(step)))?;
        }
    }
    Ok(())
}

fn runs(answer: &Value) -> anyhow::Result<()> {
    let items = show::items(answer);
    if items.is_empty() {
        return show::line("It has not run.");
    }
    let mut table = Table::new([
        Column::new("WHEN"),
        Column::number("INCIDENT"),
        Column::new("STATE"),
        Column::text("WHAT"),
    ]);
    for item in items {
        let steps: Vec<_> = item["steps"].as_array().into_iter().flatten().map(in_words).collect();
        table.row([
            time::minute_of(&item["at"]).into(),
            show::text(&item["incident"]).into(),
            show::text(&item["state"]).into(),
            steps.join("; ").into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

fn dry_run(answer: &Value) -> anyhow::Result<()> {
    let entries = answer["entries"].as_array().map_or(&[][..], Vec::as_slice);
    if entries.is_empty() {
        show::line("Nothing that it hears of has happened to this incident.")?;
    } else {
        let mut table = Table::new([
            Column::new("WHEN"),
            Column::new("RUNS"),
            Column::text("WHAT HAPPENED"),
            Column::text("WHY NOT"),
        ]);
        for entry in entries {
            let runs = if entry["runs"] == true { "yes" } else { "no" };
            table.row([
                time::minute_of(&entry["at"]).into(),
                runs.into(),
                show::text(&entry["text"]).into(),
                Cell::styled(show::text(&entry["because"]), Style::Muted),
            ]);
        }
        show::put(&table.render(Screen::of_stdout()))?;
    }
    show::line("Each time it would:")?;
    for step in answer["steps"].as_array().into_iter().flatten() {
        show::line(format!("  - {}", in_words(step)))?;
    }
    Ok(())
}

/// A step with what kept it from being done.
fn in_words(step: &Value) -> String {
    match step["trouble"].as_str() {
        Some(trouble) => format!("not {} ({trouble})", show::text(&step["step"])),
        None => show::text(&step["step"]),
    }
}
