//! `muster shadow`: what shadow mode has recorded, and what switching it on would mean.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table, time};

/// Look at what is being tried out.
#[derive(Debug, clap::Subcommand)]
pub enum Shadow {
    /// Show what shadow mode has recorded of a service
    Show {
        /// The service
        service: String,
    },
    /// Forecast pages per shift from recorded alerts
    Forecast {
        /// Only the alerts of this service
        #[arg(long)]
        service: Option<String>,
        /// A configuration that is not in force yet
        #[arg(short, long)]
        file: Option<PathBuf>,
        /// From then on, as 2026-11-07T00:00:00Z; 14 days ago unless given
        #[arg(long)]
        from: Option<String>,
        /// Until then; now unless given
        #[arg(long)]
        to: Option<String>,
    },
}

impl Shadow {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses, or the file cannot be read.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match &self {
            Self::Show { service } => {
                let answer = api.get(&["services", service, "shadow"], &[]).await?;
                if settings.json() {
                    return show::json(&answer);
                }
                show::put(&recorded(&answer).render(Screen::of_stdout()))?;
                show::put(&in_words(&answer["forecast"]))
            }
            Self::Forecast { service, file, from, to } => {
                let mut body = json!({});
                for (name, value) in [("service", service), ("from", from), ("to", to)] {
                    if let Some(value) = value {
                        body[name] = json!(value);
                    }
                }
                if let Some(file) = file {
                    let text = std::fs::read_to_string(file)
                        .with_context(|| format!("reading {}", file.display()))?;
                    body["config"] = json!(text);
                }
                let answer = api.post(&["forecast"], &body).await?;
                if settings.json() {
                    return show::json(&answer);
                }
                show::put(&in_words(&answer))?;
                show::put(&shifts(&answer).render(Screen::of_stdout()))
            }
        })
        .await
    }
}

fn minute(value: &Value) -> String {
    time::instant(value).map(time::second).unwrap_or_default()
}

fn recorded(answer: &Value) -> Table {
    let mut table = Table::new([
        Column::new("AT"),
        Column::number("SEV"),
        Column::number("ALERTS"),
        Column::text("WOULD HAVE PAGED"),
    ]);
    for item in show::items(answer) {
        let mut people: Vec<String> = Vec::new();
        for page in item["pages"].as_array().into_iter().flatten() {
            let user = show::text(&page["user"]);
            if !people.contains(&user) {
                people.push(user);
            }
        }
        table.row([
            minute(&item["at"]).into(),
            show::text(&item["severity"]).into(),
            show::text(&item["alerts"]).into(),
            people.join(", then ").into(),
        ]);
    }
    table
}

fn in_words(forecast: &Value) -> String {
    let count = |name: &str| show::text(&forecast[name]);
    let per_shift = match forecast["pages_per_shift"].as_f64() {
        Some(average) => format!(", {average:.2} per shift over {} shifts", count("shift_count")),
        None => String::new(),
    };
    format!(
        "{} alerts would open {} incidents with {} pages{per_shift}.\n",
        count("alerts"),
        count("incident_count"),
        count("page_count")
    )
}

fn shifts(forecast: &Value) -> Table {
    let mut table = Table::new([
        Column::text("SCHEDULE"),
        Column::text("USER"),
        Column::new("FROM"),
        Column::new("TO"),
        Column::number("PAGES"),
    ]);
    for shift in forecast["shifts"].as_array().into_iter().flatten() {
        table.row([
            show::text(&shift["schedule"]).into(),
            show::text(&shift["user"]).into(),
            minute(&shift["from"]).into(),
            minute(&shift["to"]).into(),
            show::text(&shift["pages"]).into(),
        ]);
    }
    table
}
