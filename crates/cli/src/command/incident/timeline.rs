//! The timeline: what happened, in order, and what happens while one looks.

use serde_json::{Value, json};

use super::{One, follow};
use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Screen, time};

/// Show what happened.
#[derive(Debug, clap::Args)]
pub struct Timeline {
    #[command(flatten)]
    incident: One,
    /// Go on showing what happens, until interrupted
    #[arg(short, long)]
    follow: bool,
}

impl Timeline {
    /// Shows it.
    ///
    /// # Errors
    /// When the server fails or there is no such incident.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let incident = self.incident.incident;
        let path = ["incidents", &incident, "timeline"];
        if !self.follow {
            let entries = super::whole(api, &path, &[]).await?;
            if settings.json() {
                return show::json(&json!({ "items": entries, "next": null }));
            }
            return entries.iter().try_for_each(|entry| put(settings, entry));
        }
        // The stream is open before the first look, so that nothing falls between the two.
        let mut events = follow::Events::open(api).await?;
        let number = api.get(&["incidents", &incident], &[]).await?["number"].clone();
        let mut shown = 0;
        loop {
            // What is written down late must not stand behind what was shown already.
            for entry in super::whole(api, &path, &[("order", "recorded")]).await? {
                let seq = entry["seq"].as_i64().unwrap_or(i64::MAX);
                if seq > shown {
                    put(settings, &entry)?;
                    shown = seq;
                }
            }
            events.next_of(api, &number).await?;
        }
    }
}

fn put(settings: &Settings, entry: &Value) -> anyhow::Result<()> {
    if settings.json() {
        return show::line(entry.to_string());
    }
    show::put(&in_one_line(entry, Screen::of_stdout()))
}

/// An entry in one line: `2026-11-21 04:12  #7 ana: rolling back`, as it stands with its corrections.
pub fn in_one_line(entry: &Value, screen: Screen) -> String {
    let stands = if entry["corrected"].is_null() { entry } else { &entry["corrected"] };
    let at = time::instant(&stands["at"]).map(time::minute).unwrap_or_default();
    let about = if stands["approximate"] == true { "~" } else { " " };
    let actor = match entry["actor"]["kind"].as_str() {
        Some("system") | None => String::new(),
        Some(_) => format!("{}: ", screen.paint.bold(&show::text(&entry["actor"]["name"]))),
    };
    let kind = match entry["kind"].as_str() {
        Some(kind @ ("decision" | "hypothesis" | "action" | "contact" | "evidence")) => {
            format!("{kind}: ")
        }
        Some("action_item") => "action item: ".to_owned(),
        _ => String::new(),
    };
    let state = ["hypothesis", "action"].iter().find_map(|name| entry[*name]["state"].as_str());
    let notes = [
        state.map(|state| state.replace('_', " ")),
        (entry["pinned"] == true).then(|| "pinned".to_owned()),
        (entry["late"] == true).then(|| "added later".to_owned()),
        (!entry["corrected"].is_null()).then(|| "corrected".to_owned()),
    ];
    let notes: Vec<_> = notes.into_iter().flatten().collect();
    let notes = match notes.len() {
        0 => String::new(),
        _ => format!(" ({})", notes.join(", ")),
    };
    format!(
        "{}{about} {} {actor}{kind}{}{}\n",
        screen.paint.muted(&at),
        screen.paint.muted(&format!("#{}", show::text(&entry["seq"]))),
        show::text(&stands["text"]),
        screen.paint.muted(&notes)
    )
}
