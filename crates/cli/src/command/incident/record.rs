//! The synopsis of an incident, its closing record and the times that people correct.

use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{One, single};
use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Screen, time};

/// The verbs of the record.
#[derive(Debug, clap::Subcommand)]
pub enum Recorded {
    /// Show what a joiner must know, or write the lead's sentence
    Synopsis {
        #[command(flatten)]
        incident: One,
        /// Write what the lead says; empty takes it away
        #[arg(long, value_name = "TEXT")]
        write: Option<String>,
    },
    /// Print the closing record as Markdown: statistics, summary, full and communications timelines
    Record {
        #[command(flatten)]
        incident: One,
        /// Write it as a PDF to a new file
        #[arg(long, value_name = "FILE")]
        pdf: Option<PathBuf>,
    },
    /// Correct when things happened; the timeline keeps the original
    Times {
        #[command(flatten)]
        incident: One,
        /// When the trouble began
        #[arg(long, value_name = "INSTANT", value_parser = time::read)]
        occurred: Option<Timestamp>,
        /// When it was noticed
        #[arg(long, value_name = "INSTANT", value_parser = time::read)]
        detected: Option<Timestamp>,
        /// When the first person was there
        #[arg(long, value_name = "INSTANT", value_parser = time::read)]
        engaged: Option<Timestamp>,
        /// When customers were well again
        #[arg(long, value_name = "INSTANT", value_parser = time::read)]
        restored: Option<Timestamp>,
        /// When it was over
        #[arg(long, value_name = "INSTANT", value_parser = time::read)]
        resolved: Option<Timestamp>,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

impl Recorded {
    /// Shows or changes it.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::Synopsis { incident, write } => {
                let path = ["incidents", &incident.incident, "synopsis"];
                let mut synopsis = api.get(&path, &[]).await?;
                if let Some(text) = write {
                    let revision = &synopsis["lead"]["revision"];
                    let body = json!({ "text": text, "revision": revision });
                    synopsis = api.put(&path, &body).await?;
                }
                if settings.json() {
                    return show::json(&synopsis);
                }
                show::put(&in_full(&synopsis, Screen::of_stdout()))
            }
            Self::Record { incident, pdf: Some(file) } => {
                let path = ["incidents", &incident.incident, "record.pdf"];
                api.fetch(&path, &file).await?;
                show::line(format!("Written to {}", file.display()))
            }
            Self::Record { incident, pdf: None } => {
                if settings.json() {
                    let path = ["incidents", &incident.incident, "record"];
                    return show::json(&api.get(&path, &[]).await?);
                }
                let text = api.text(&["incidents", &incident.incident, "record.md"]).await?;
                text.lines().try_for_each(|line| show::line(show::clean(line)))
            }
            Self::Times { incident, occurred, detected, engaged, restored, resolved, reason } => {
                let times = [
                    ("occurred", occurred),
                    ("detected", detected),
                    ("engaged", engaged),
                    ("restored", restored),
                    ("resolved", resolved),
                ];
                let times = times.into_iter().filter_map(|(name, at)| Some((name, at?)));
                let mut body: Map<String, Value> =
                    times.map(|(name, at)| (name.to_owned(), at.to_string().into())).collect();
                body.insert("reason".to_owned(), reason.into());
                let path = ["incidents", &incident.incident, "times"];
                let changed = api.post(&path, &Value::Object(body)).await?;
                if settings.json() {
                    return show::json(&changed);
                }
                show::put(&single::in_one_line(&changed, Screen::of_stdout()))
                    .context("the answer cannot be shown")
            }
        }
    }
}

fn in_full(synopsis: &Value, screen: Screen) -> String {
    let mut text = single::in_one_line(&synopsis["incident"], screen);
    if let Some(lead) = synopsis["lead"]["text"].as_str().filter(|lead| !lead.is_empty()) {
        text += &format!("\n{}\n", show::clean(lead));
    }
    if let Some(impact) = synopsis["impact"].as_str().filter(|impact| !impact.is_empty()) {
        text += &format!("\n{} {}\n", screen.paint.bold("Impact"), show::clean(impact));
    }
    let cause = match synopsis["cause"].as_str() {
        Some(cause) => show::clean(cause),
        None if synopsis["cause_known"] == true => "known".to_owned(),
        None => "not known".to_owned(),
    };
    text += &format!("\n{} {cause}\n", screen.paint.bold("Cause"));
    for (title, list) in [
        ("What it might be", "open_hypotheses"),
        ("Under way", "actions_under_way"),
        ("Tried", "actions_done"),
        ("Looked into", "closed_hypotheses"),
        ("Decided", "decisions"),
        ("In sight", "pins"),
        ("Customers", "contacts"),
    ] {
        let lines = synopsis[list].as_array().map(Vec::as_slice).unwrap_or_default();
        if lines.is_empty() {
            continue;
        }
        text += &format!("\n{}\n", screen.paint.bold(title));
        for line in lines {
            text += &in_one_line(line, screen);
        }
    }
    if !synopsis["last"].is_null() {
        text += &format!("\n{}\n", screen.paint.bold("Last"));
        text += &in_one_line(&synopsis["last"], screen);
    }
    if let Some(at) = time::instant(&synopsis["next_at"]) {
        text += &format!("\n{} {}\n", screen.paint.bold("Next"), time::second(at));
    }
    text
}

fn in_one_line(line: &Value, screen: Screen) -> String {
    let at = time::instant(&line["at"]).map(time::clock).unwrap_or_default();
    let part = |name: &str, before: &str| {
        line[name]
            .as_str()
            .map_or_else(String::new, |part| format!("{before}{}", show::clean(part)))
    };
    format!(
        "  {} {}{}{}{}\n",
        screen.paint.muted(&at),
        show::text(&line["text"]),
        part("outcome", ": "),
        part("state", ", "),
        part("who", ", ")
    )
}
