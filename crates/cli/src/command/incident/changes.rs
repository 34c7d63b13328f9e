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
    /// How many hours back; as the configuration says unless given
    #[arg(long)]
    hours: Option<u32>,
    /// Also what happened in environments that do not count
    #[arg(long)]
    everywhere: bool,
    /// Mark this change event, or CHG-7, instead of listing
    #[arg(long, value_name = "CHANGE")]
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
            let hours = self.hours.map(|hours| hours.to_string());
            let mut query: Vec<_> = hours.iter().map(|hours| ("hours", hours.as_str())).collect();
            query.extend(self.everywhere.then_some(("everywhere", "true")));
            let answer = api.get(&base, &query).await?;
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
        let (event, planned, incident) = (&item["event"], &item["planned"], &item["incident"]);
        let titled =
            |one: &Value| format!("{} {}", show::text(&one["number"]), show::text(&one["title"]));
        let (what, id) = if !incident.is_null() {
            (format!("incident {}", titled(incident)), String::new())
        } else if !planned.is_null() {
            (format!("CHG-{}", titled(planned)), format!("CHG-{}", planned["number"]))
        } else {
            (show::text(&event["summary"]), show::text(&event["id"]))
        };
        let reasons: Vec<_> =
            item["reasons"].as_array().into_iter().flatten().map(show::text).collect();
        let when = time::instant(&item["began_at"]).map(time::second).unwrap_or_default();
        let mark = show::text(&item["mark"]["mark"]).replace('_', " ");
        table.row([
            when.into(),
            Cell::styled(mark, Style::Bold),
            show::text(&item["service"]).into(),
            what.into(),
            reasons.join("; ").into(),
            Cell::styled(id, Style::Muted),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}
