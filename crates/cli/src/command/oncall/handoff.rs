//! `muster oncall handoff`: what one shift tells the next (`O11`): to list, to read, to add to and to
//! accept.

use serde_json::{Value, json};

use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table, time};

/// Read what one shift tells the next, add to it, accept it.
#[derive(Debug, clap::Subcommand)]
pub enum Handoff {
    /// List handoffs that are upcoming or wait to be accepted
    List {
        /// Only of this schedule
        #[arg(long)]
        schedule: Option<String>,
        /// Those that are over as well
        #[arg(long)]
        all: bool,
    },
    /// Print one
    Show {
        /// The handoff
        id: String,
    },
    /// Write the notes, in place of those that stand there
    Note {
        /// The handoff
        id: String,
        /// The notes
        text: String,
    },
    /// Accept one
    Accept {
        /// The handoff
        id: String,
        /// For whom; yourself, unless your token belongs to no person
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
}

impl Handoff {
    /// Does it.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(&self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let answer = match self {
            Self::List { schedule, all } => {
                return list(settings, api, schedule.as_deref(), *all).await;
            }
            Self::Show { id } => {
                let handoff = api.get(&["handoffs", id], &[]).await?;
                if settings.json() {
                    return show::json(&handoff);
                }
                return told(&handoff);
            }
            Self::Note { id, text } => {
                let known = api.get(&["handoffs", id], &[]).await?;
                let body = json!({ "notes": text, "version": known["version"] });
                api.put(&["handoffs", id, "notes"], &body).await?
            }
            Self::Accept { id, user } => {
                let body = user.as_ref().map_or_else(|| json!({}), |user| json!({ "user": user }));
                api.post(&["handoffs", id, "accept"], &body).await?
            }
        };
        if settings.json() {
            return show::json(&answer);
        }
        show::line(format!("{} is {}.", show::text(&answer["id"]), show::text(&answer["state"])))
    }
}

fn names(people: &Value) -> String {
    let people = people.as_array().into_iter().flatten();
    people.map(show::text).collect::<Vec<_>>().join(", ")
}

async fn list(
    settings: &Settings,
    api: &Api,
    schedule: Option<&str>,
    all: bool,
) -> anyhow::Result<()> {
    let mut query = vec![("open", if all { "false" } else { "true" })];
    query.extend(schedule.map(|name| ("schedule", name)));
    let answer = api.get(&["handoffs"], &query).await?;
    if settings.json() {
        return show::json(&answer);
    }
    let items = show::items(&answer);
    if items.is_empty() {
        return show::line("No handoff waits. Schedules with `handoff: true` have them.");
    }
    let mut table = Table::new([
        Column::new("WHEN"),
        Column::new("SCHEDULE"),
        Column::text("FROM"),
        Column::text("TO"),
        Column::new("STATE"),
        Column::text("IN SHORT"),
        Column::new("ID"),
    ]);
    for item in items {
        table.row([
            time::minute_of(&item["at"]).into(),
            show::text(&item["schedule"]).into(),
            names(&item["outgoing"]).into(),
            names(&item["incoming"]).into(),
            show::text(&item["state"]).into(),
            show::text(&item["summary"]).into(),
            show::text(&item["id"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

fn told(handoff: &Value) -> anyhow::Result<()> {
    let text = |value: &Value| show::text(value);
    show::line(format!(
        "{}, {}: {} hands over to {} ({}).",
        text(&handoff["schedule"]),
        time::minute_of(&handoff["at"]),
        names(&handoff["outgoing"]),
        names(&handoff["incoming"]),
        text(&handoff["state"])
    ))?;
    show::line(text(&handoff["summary"]))?;
    let draft = &handoff["draft"];
    let each = |section: &str| draft[section].as_array().cloned().unwrap_or_default();
    for it in each("incidents") {
        let (number, level) = (text(&it["number"]), text(&it["severity"]));
        let (status, title) = (text(&it["status"]), text(&it["title"]));
        show::line(format!(
            "  #{number} sev{level} {status}: {title} [{}]",
            names(&it["responders"])
        ))?;
    }
    for it in each("noisy") {
        let (service, summary) = (text(&it["service"]), text(&it["summary"]));
        show::line(format!("  noisy: {service}: {summary}, pages: {}", text(&it["pages"])))?;
    }
    for it in each("heartbeats") {
        let since = time::minute_of(&it["since"]);
        show::line(format!("  heartbeat missing: {} since {since}", text(&it["name"])))?;
    }
    for it in each("maintenance") {
        let (from, to) = (time::minute_of(&it["from"]), time::minute_of(&it["to"]));
        show::line(format!("  maintenance {from} to {to}: {}", text(&it["reason"])))?;
    }
    for it in each("changes") {
        let (from, to) = (time::minute_of(&it["from"]), time::minute_of(&it["to"]));
        let (number, title) = (text(&it["number"]), text(&it["title"]));
        show::line(format!("  CHG-{number} {from} to {to}: {title} [{}]", names(&it["services"])))?;
    }
    for it in each("held") {
        let (service, summary) = (text(&it["service"]), text(&it["summary"]));
        show::line(format!("  held: {service}: {summary}, {}", text(&it["why"])))?;
    }
    match text(&handoff["notes"]) {
        notes if notes.is_empty() => Ok(()),
        notes => show::line(format!("Notes:\n{notes}")),
    }
}
