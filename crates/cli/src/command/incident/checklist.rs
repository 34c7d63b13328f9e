//! `muster incident checklist` and `muster incident prompts`: what must not be forgotten, and what
//! helps now.

use serde_json::{Value, json};

use super::One;
use crate::api::Api;
use crate::settings::Settings;
use crate::show;

/// Go through the checklists of an incident
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Checklist {
    /// Show the lists and how far each is
    Show(One),
    /// Tick an item
    Tick {
        #[command(flatten)]
        item: Item,
        /// What you write besides
        #[arg(long)]
        note: Option<String>,
    },
    /// Take the tick of an item back
    Untick(Item),
}

/// An item of a checklist.
#[derive(Debug, clap::Args)]
pub struct Item {
    #[command(flatten)]
    incident: One,
    /// The list and the item, such as incident-lead/scope
    #[arg(value_name = "LIST/ITEM", value_parser = in_two)]
    item: (String, String),
}

impl Checklist {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let (item, body) = match self {
            Self::Show(one) => {
                let lists = api.get(&["incidents", &one.incident, "checklist"], &[]).await?;
                return tell(settings, &lists);
            }
            Self::Tick { item, note } => (item, json!({ "done": true, "note": note })),
            Self::Untick(item) => (item, json!({ "done": false })),
        };
        let (list, id) = &item.item;
        let path = ["incidents", &item.incident.incident, "checklist", list, id];
        let lists = api.post(&path, &body).await?;
        tell(settings, &lists)
    }
}

/// Shows what helps now.
///
/// # Errors
/// When the server fails or there is no such incident.
pub async fn prompts(settings: &Settings, api: &Api, incident: &str) -> anyhow::Result<()> {
    let answer = api.get(&["incidents", incident, "prompts"], &[]).await?;
    if settings.json() {
        return show::json(&answer);
    }
    let prompts = all(&answer["prompts"]);
    if prompts.is_empty() {
        return show::line("Nothing to ask at this moment.");
    }
    prompts.iter().try_for_each(|prompt| show::line(show::text(&prompt["text"])))
}

fn tell(settings: &Settings, lists: &Value) -> anyhow::Result<()> {
    if settings.json() {
        return show::json(lists);
    }
    let lists = all(&lists["checklists"]);
    if lists.is_empty() {
        return show::line("This severity has no checklists.");
    }
    let mut text = String::new();
    for list in lists {
        let (items, name) = (all(&list["items"]), show::text(&list["name"]));
        let done = show::text(&list["done"]);
        text += &format!("{} ({done} of {})\n", show::text(&list["title"]), items.len());
        for item in items {
            let tick = &item["done"];
            let id = show::text(&item["id"]);
            let words = show::text(&item["text"]);
            text += &match tick.is_null() {
                true => format!("  [ ] {words}   {name}/{id}\n"),
                false => format!("  [x] {words}   {}\n", who(tick)),
            };
        }
    }
    show::put(&text)
}

fn who(tick: &Value) -> String {
    let mut words = format!("{} by {}", show::text(&tick["at"]), show::text(&tick["by"]));
    if tick["count"].as_u64().unwrap_or(1) > 1 {
        words = format!("{words}, {} times", show::text(&tick["count"]));
    }
    match tick["note"].as_str() {
        Some(note) => format!("{words}: {note}"),
        None => words,
    }
}

fn all(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn in_two(text: &str) -> Result<(String, String), String> {
    match text.split_once('/') {
        Some((list, item)) if !list.is_empty() && !item.is_empty() => {
            Ok((list.to_owned(), item.to_owned()))
        }
        _ => Err(format!(
            "`{text}` is not an item; write the list and the item, such as incident-lead/scope"
        )),
    }
}
