//! `muster incident changes`: what changed before an incident, the most suspicious first, and marking
//! one as suspect, ruled out or cause.

use serde_json::{Value, json};

use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// What changed before an incident.
#[derive(Debug, clap::Args)]
pub struct Changes {
    /// The incident, by its number or id
    incident: String,
    /// How many hours back
    #[arg(long, default_value_t = 24)]
    hours: u32,
    /// Mark this change event instead of listing
    #[arg(long, value_name = "EVENT")]
    mark: Option<String>,
    /// As suspect, ruled_out or cause; none takes the mark back
    #[arg(long = "as", value_name = "MARK", requires = "mark")]
    what: Option<String>,
    /// Why
    #[arg(long, requires = "mark")]
    reason: Option<String>,
}

impl Changes {
    /// Shows or marks.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(&self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let base = ["incidents", &self.incident, "changes"];
        let Some(event) = &self.mark else {
            let hours = self.hours.to_string();
            let answer = api.get(&base, &[("hours", &hours)]).await?;
            return if settings.json() { show::json(&answer) } else { list(&answer) };
        };
        let path = [base[0], base[1], base[2], event, "mark"];
        match &self.what {
            Some(what) => {
                let reason = self.reason.as_deref().unwrap_or_default();
                api.put(&path, &json!({ "mark": what, "reason": reason })).await?;
                show::line(format!("{event} is marked."))
            }
            None => {
                api.delete(&path).await?;
                show::line(format!("{event} is not marked."))
            }
        }
    }
}

fn list(answer: &Value) -> anyhow::Result<()> {
    let items = show::items(answer);
    if items.is_empty() {
        return show::line("Nothing is known to have changed on it or around it.");
    }
    let mut table = Table::new([
        Column::new("WHEN"),
        Column::new("MARK"),
        Column::text("SERVICE"),
        Column::text("WHAT"),
        Column::text("WHY"),
        Column::new("ID"),
    ]);
    for item in items {
        let (event, incident) = (&item["event"], &item["incident"]);
        let what = if incident.is_null() {
            show::text(&event["summary"])
        } else {
            let (number, title) = (show::text(&incident["number"]), show::text(&incident["title"]));
            format!("incident {number}: {title}")
        };
        let reasons: Vec<_> =
            item["reasons"].as_array().into_iter().flatten().map(show::text).collect();
        let when = time::instant(&event["started_at"]).map(time::second).unwrap_or_default();
        let mark = show::text(&item["mark"]["mark"]).replace('_', " ");
        table.row([
            when.into(),
            Cell::styled(mark, Style::Bold),
            show::text(&item["service"]).into(),
            what.into(),
            reasons.join("; ").into(),
            Cell::styled(show::text(&event["id"]), Style::Muted),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}
