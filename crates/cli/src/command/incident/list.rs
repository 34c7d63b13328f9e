//! The list of incidents.

use muster_server::clock::Clock;
use serde_json::Value;

use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// What is listed unless something else is asked for.
const QUERY_DEFAULT: &str = "state:open";

/// List incidents.
#[derive(Debug, clap::Args)]
pub struct List {
    /// What to look for: state:open sev:<=2 service:checkout assignee:ana and words of the title
    query: Vec<String>,
    /// Also those that are over
    #[arg(long, conflicts_with = "query")]
    all: bool,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

impl List {
    /// Lists them.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let asked = self.query.join(" ");
        let query = match (self.all, asked.as_str()) {
            (true, _) => "",
            (false, "") => QUERY_DEFAULT,
            (false, asked) => asked,
        };
        let limit = self.limit.to_string();
        let list = api.get(&["incidents"], &[("q", query), ("limit", &limit)]).await?;
        if settings.json() {
            return show::json(&list);
        }
        if show::items(&list).is_empty() {
            let what = if query == QUERY_DEFAULT { "open incidents" } else { "such incidents" };
            return show::line(format!("There are no {what}."));
        }
        let screen = Screen::of_stdout();
        show::put(&table(&list).render(screen))?;
        if list["next"].is_string() {
            show::line(screen.paint.muted("There are more: --limit, or a narrower query."))?;
        }
        Ok(())
    }
}

fn table(list: &Value) -> Table {
    let now = Clock::System.now();
    let mut table = Table::new([
        Column::number("#"),
        Column::number("SEV"),
        Column::new("STATUS"),
        Column::number("AGE"),
        Column::text("SERVICE"),
        Column::text("TAKEN BY"),
        Column::text("TITLE"),
    ]);
    for incident in show::items(list) {
        let level = incident["severity"].as_u64().unwrap_or(0);
        let status = show::text(&incident["status"]);
        let style = match status.as_str() {
            "triggered" => Style::Bold,
            "resolved" | "closed" => Style::Muted,
            _ => Style::Plain,
        };
        table.row([
            show::text(&incident["number"]).into(),
            Cell::styled(level.to_string(), Style::Severity(level)),
            Cell::styled(status, style),
            time::instant(&incident["created_at"])
                .map(|at| time::age(now, at))
                .unwrap_or_default()
                .into(),
            show::text(&incident["service"]).into(),
            show::text(&incident["assignee"]).into(),
            show::text(&incident["title"]).into(),
        ]);
    }
    table
}
