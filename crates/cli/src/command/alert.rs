//! `muster alert`: what monitoring said, and what was made of it.

use muster_server::clock::Clock;
use serde_json::Value;

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Look at alerts.
#[derive(Debug, clap::Subcommand)]
pub enum Alert {
    /// List alerts, the newest first
    List {
        /// What to look for: status:open service:checkout and words
        query: Vec<String>,
        /// How many at most
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
}

impl Alert {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let Self::List { query, limit } = self;
        let (query, limit) = (query.join(" "), limit.to_string());
        with_api(settings, async |api| {
            let query = [("q", query.as_str()), ("limit", limit.as_str())];
            let alerts = api.get(&["alerts"], &query).await?;
            if settings.json() {
                return show::json(&alerts);
            }
            show::put(&table(&alerts).render(Screen::of_stdout()))
        })
        .await
    }
}

/// Alerts as a table.
pub fn table(alerts: &Value) -> Table {
    let now = Clock::System.now();
    let mut table = Table::new([
        Column::new("STATUS"),
        Column::number("SEV"),
        Column::number("INC"),
        Column::number("COUNT"),
        Column::number("AGE"),
        Column::text("SERVICE"),
        Column::text("SUMMARY"),
    ]);
    for alert in show::items(alerts) {
        let status = show::text(&alert["status"]);
        let level = alert["severity"].as_u64();
        let style = if status == "open" { Style::Plain } else { Style::Muted };
        table.row([
            Cell::styled(status, style),
            level.map_or_else(Cell::default, |level| {
                Cell::styled(level.to_string(), Style::Severity(level))
            }),
            show::text(&alert["incident"]).into(),
            show::text(&alert["count"]).into(),
            time::instant(&alert["first_at"])
                .map(|at| time::age(now, at))
                .unwrap_or_default()
                .into(),
            show::text(&alert["service"]).into(),
            show::text(&alert["summary"]).into(),
        ]);
    }
    table
}
