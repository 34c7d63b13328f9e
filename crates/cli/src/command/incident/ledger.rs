//! `muster incident ledger` and `muster incident notice`: every message about an incident, and telling
//! a notification list on purpose.

use serde_json::{Value, json};

use super::One;
use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Show every message about an incident: to whom, when, by whom, how it went
#[derive(Debug, clap::Args)]
pub struct Ledger {
    #[command(flatten)]
    incident: One,
    /// Only to this person
    #[arg(long)]
    user: Option<String>,
    /// Only by this channel, such as sms or email
    #[arg(long)]
    channel: Option<String>,
    /// Only of this sort: page, page_ended, notice, update, message, event
    #[arg(long)]
    sort: Option<String>,
    /// Only what stands so, such as accepted or failed
    #[arg(long)]
    state: Option<String>,
    /// Only what this person sent
    #[arg(long)]
    by: Option<String>,
}

/// Tell a notification list: shows what it would be told, and sends it with --yes
#[derive(Debug, clap::Args)]
pub struct Notice {
    #[command(flatten)]
    incident: One,
    /// The notification list
    list: String,
    /// What it is told; the draft from the record unless given
    text: Option<String>,
    /// Send it: you have looked at the text and the people
    #[arg(long)]
    yes: bool,
}

impl Ledger {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let wanted = [
            ("user", &self.user),
            ("channel", &self.channel),
            ("sort", &self.sort),
            ("state", &self.state),
            ("by", &self.by),
        ];
        let wanted = wanted.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let query: Vec<_> = wanted.collect();
        let path = ["incidents", self.incident.incident.as_str(), "ledger"];
        let entries = super::whole(api, &path, &query).await?;
        if settings.json() {
            return show::json(&json!({ "items": entries, "next": null }));
        }
        if entries.is_empty() {
            return show::line("No message fits.");
        }
        show::put(&table(&entries).render(Screen::of_stdout()))
    }
}

impl Notice {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let path = ["incidents", self.incident.incident.as_str(), "notices", self.list.as_str()];
        let mut preview = api.get(&path, &[]).await?;
        if let Some(text) = self.text {
            preview["text"] = text.into();
        }
        if self.yes {
            let body = json!({ "text": preview["text"], "confirmed": true });
            api.post(&path, &body).await?;
        }
        if settings.json() {
            return show::json(&preview);
        }
        show::line(format!(
            "To {}: {}",
            show::text(&preview["list"]),
            show::names(&preview["people"])
        ))?;
        show::line(show::text(&preview["subject"]))?;
        show::line(show::clean(preview["text"].as_str().unwrap_or_default()))?;
        show::line(if self.yes { "It is on its way." } else { "Nothing was sent; --yes sends it." })
    }
}

fn table(entries: &[Value]) -> Table {
    let mut table = Table::new([
        Column::new("AT"),
        Column::text("TO"),
        Column::new("SORT"),
        Column::new("CHANNEL"),
        Column::text("BY"),
        Column::new("STATE"),
        Column::text("ABOUT"),
    ]);
    for entry in entries {
        let state = show::text(&entry["state"]);
        let style = match state.as_str() {
            "accepted" => Style::Fine,
            "failed" => Style::Wrong,
            "retrying" => Style::Warning,
            _ => Style::Plain,
        };
        table.row(vec![
            time::instant(&entry["at"]).map(time::clock).unwrap_or_default().into(),
            show::text(&entry["to"]).into(),
            show::text(&entry["sort"]).into(),
            show::text(&entry["channel"]).into(),
            show::text(&entry["by"]).into(),
            Cell::styled(&state, style),
            show::text(&entry["subject"]).into(),
        ]);
    }
    table
}
