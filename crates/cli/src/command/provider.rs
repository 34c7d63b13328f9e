//! `muster provider`: who carries messages, how each does, and whether it knows us.

use serde_json::{Value, json};

use crate::failure::Told;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Look at providers.
#[derive(Debug, clap::Subcommand)]
pub enum Provider {
    /// List providers in the order of preference, with how each does
    List,
    /// Ask a provider whether it knows us; nobody gets a message
    Test {
        /// Its name
        name: String,
    },
}

impl Provider {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails, or the provider does not know us.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match &self {
            Self::List => {
                let answer = api.get(&["providers"], &[]).await?;
                if settings.json() {
                    return show::json(&answer);
                }
                show::put(&table(&answer).render(Screen::of_stdout()))
            }
            Self::Test { name } => {
                let answer = api.post(&["providers", name, "test"], &json!({})).await?;
                if settings.json() {
                    show::json(&answer)?;
                } else {
                    show::line(format!("{name}: {}", show::text(&answer["detail"])))?;
                }
                if answer["ok"] == true { Ok(()) } else { Err(Told.into()) }
            }
        })
        .await
    }
}

fn table(providers: &Value) -> Table {
    let mut table = Table::new([
        Column::new("NAME"),
        Column::new("TYPE"),
        Column::new("STATE"),
        Column::new("LAST ACCEPTED"),
        Column::new("LAST FAILED"),
        Column::text("FAILURE"),
    ]);
    for provider in show::items(providers) {
        let state = show::text(&provider["state"]);
        let style = match state.as_str() {
            "working" => Style::Fine,
            "resting" => Style::Wrong,
            _ => Style::Warning,
        };
        let second =
            |name: &str| time::instant(&provider[name]).map(time::second).unwrap_or_default();
        table.row([
            show::text(&provider["name"]).into(),
            show::text(&provider["type"]).into(),
            Cell::styled(state, style),
            second("last_accepted_at").into(),
            second("last_failed_at").into(),
            provider["last_failure"].as_str().unwrap_or_default().into(),
        ]);
    }
    table
}
