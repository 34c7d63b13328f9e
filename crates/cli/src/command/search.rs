//! `muster search`: incidents, alerts, timelines and changes in one list, the newest first.

use muster_server::clock::Clock;
use serde_json::Value;

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Search incidents, alerts, timelines and changes
#[derive(Debug, clap::Args)]
pub struct Search {
    /// What to look for: state:open sev:<=2 service:checkout label:env=prod -team:payments and words
    query: Vec<String>,
    /// Only things of this kind
    #[arg(long, value_parser = ["incident", "alert", "entry", "change"])]
    kind: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Show what can be searched by
    #[arg(long, conflicts_with_all = ["query", "kind"])]
    keys: bool,
}

impl Search {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            if self.keys {
                let keys = api.get(&["search", "keys"], &[]).await?;
                if settings.json() {
                    return show::json(&keys);
                }
                return show::put(&key_table(&keys).render(Screen::of_stdout()));
            }
            let (query, limit) = (self.query.join(" "), self.limit.to_string());
            let mut asked = vec![("q", query.as_str()), ("limit", limit.as_str())];
            asked.extend(self.kind.as_deref().map(|kind| ("kind", kind)));
            let hits = api.get(&["search"], &asked).await?;
            if settings.json() {
                return show::json(&hits);
            }
            if show::items(&hits).is_empty() {
                return show::line(
                    "Nothing was found. What can be searched by: muster search --keys",
                );
            }
            let screen = Screen::of_stdout();
            show::put(&table(&hits).render(screen))?;
            if hits["next"].is_string() {
                show::line(screen.paint.muted("There are more: --limit, or a narrower query."))?;
            }
            Ok(())
        })
        .await
    }
}

fn table(hits: &Value) -> Table {
    let now = Clock::System.now();
    let mut table = Table::new([
        Column::new("KIND"),
        Column::number("NUMBER"),
        Column::number("SEV"),
        Column::new("STATUS"),
        Column::number("AGE"),
        Column::text("SERVICE"),
        Column::text("WHAT"),
    ]);
    for hit in show::items(hits) {
        let level = hit["severity"].as_u64();
        let kind = match hit["entry_kind"].as_str() {
            Some(kind) => kind.to_owned(),
            None => show::text(&hit["kind"]),
        };
        let status = match hit["kind"].as_str() {
            Some("alert") => &hit["alert_status"],
            Some("change") => &hit["change_state"],
            _ => &hit["status"],
        };
        let number = match hit["change"].as_i64() {
            Some(number) => format!("CHG-{number}"),
            None => show::text(&hit["incident"]),
        };
        table.row([
            kind.into(),
            number.into(),
            level.map_or_else(Cell::default, |level| {
                Cell::styled(level.to_string(), Style::Severity(level))
            }),
            show::text(status).into(),
            time::instant(&hit["at"]).map(|at| time::age(now, at)).unwrap_or_default().into(),
            show::text(&hit["service"]).into(),
            what(hit).into(),
        ]);
    }
    table
}

/// What a hit says: the place that was looked for, where that is not its title.
fn what(hit: &Value) -> String {
    let title = show::text(&hit["title"]);
    let title = title.lines().next().unwrap_or_default().to_owned();
    let matched = &hit["matched"][0];
    let field = show::text(&matched["field"]);
    if matched.is_null() || matches!(field.as_str(), "title" | "text") {
        return title;
    }
    let pieces = matched["pieces"].as_array().map(Vec::as_slice).unwrap_or_default();
    let said: String = pieces.iter().map(|piece| show::text(&piece["text"])).collect();
    if said == title { title } else { format!("{title} ({field}: {said})") }
}

fn key_table(keys: &Value) -> Table {
    let mut table = Table::new([
        Column::new("KEY"),
        Column::text("MEANS"),
        Column::text("OF"),
        Column::text("FOR EXAMPLE"),
    ]);
    for key in show::items(keys) {
        let kinds = key["kinds"].as_array().map(Vec::as_slice).unwrap_or_default();
        let kinds: Vec<_> = kinds.iter().map(show::text).collect();
        table.row([
            show::text(&key["key"]).into(),
            show::text(&key["says"]).into(),
            kinds.join(", ").into(),
            show::text(&key["example"]).into(),
        ]);
    }
    table
}
