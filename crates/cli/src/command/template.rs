//! `muster template`: the organisation's own words, and what they would say before they are in force.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::apply;
use crate::failure::Told;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table};

/// Look at templates, and try one that is being written.
#[derive(Debug, clap::Subcommand)]
pub enum Template {
    /// List the templates that are in force
    List,
    /// Say what a template would say; sends nothing, and fails where something is wrong with it
    Preview {
        /// What it is for
        #[arg(value_parser = ["headline", "notice", "update", "room", "bridge"])]
        kind: String,
        /// A file with the template; standard input for `-`
        #[arg(default_value = "-")]
        file: PathBuf,
        /// The incident that it speaks of, by its number; one that might be by default
        #[arg(long, value_name = "INCIDENT")]
        incident: Option<i64>,
        /// List what it may speak of as well
        #[arg(long)]
        values: bool,
    },
}

impl Template {
    /// Shows it.
    ///
    /// # Errors
    /// When the store or server fails, or something is wrong with the template.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match &self {
            Self::List => {
                let answer = api.get(&["templates"], &[]).await?;
                if settings.json() {
                    return show::json(&answer);
                }
                show::put(&list(&answer).render(Screen::of_stdout()))
            }
            Self::Preview { kind, file, incident, values } => {
                let (template, name) = apply::read(file)?;
                let mut body = json!({ "kind": kind, "template": template });
                if let Some(incident) = incident {
                    body["incident"] = (*incident).into();
                }
                let answer = api.post(&["templates", "preview"], &body).await?;
                if settings.json() {
                    show::json(&answer)?;
                } else {
                    tell(&answer, &name, *values)?;
                }
                if answer["mistake"].is_null() { Ok(()) } else { Err(Told.into()) }
            }
        })
        .await
    }
}

fn list(answer: &Value) -> Table {
    let mut table = Table::new([Column::new("FOR"), Column::new("OF"), Column::text("TEMPLATE")]);
    for one in show::items(answer) {
        let of = one["of"].as_str().unwrap_or("the organization");
        let built_in = if one["built_in"] == true { " (built in)" } else { "" };
        table.row([
            show::text(&one["kind"]).into(),
            format!("{of}{built_in}").into(),
            show::text(&one["template"]).into(),
        ]);
    }
    table
}

fn tell(answer: &Value, file: &str, has_values: bool) -> anyhow::Result<()> {
    if has_values {
        let mut table = Table::new([Column::new("NAME"), Column::text("VALUE")]);
        for one in answer["values"].as_array().into_iter().flatten() {
            table.row([show::text(&one["name"]).into(), show::text(&one["value"]).into()]);
        }
        show::put(&table.render(Screen::of_stdout()))?;
        show::line("")?;
    }
    let mistake = &answer["mistake"];
    if mistake.is_null() {
        return show::line(show::text(&answer["text"]));
    }
    let line = mistake["line"].as_u64().map_or_else(String::new, |line| format!(":{line}"));
    show::line(format!("{file}{line}: {}", show::text(&mistake["why"])))
}
