//! `muster incident link`, `links`, `unlink`: an incident's own links to pages elsewhere.

use serde_json::{Value, json};

use super::One;
use crate::api::Api;
use crate::settings::Settings;
use crate::show;

/// Links to pages elsewhere.
#[derive(Debug, clap::Subcommand)]
pub enum Linked {
    /// Add a link that people need at hand: a dashboard, a document, a ticket
    Link {
        #[command(flatten)]
        incident: One,
        /// What it is called
        label: String,
        /// An https address
        address: String,
    },
    /// Show an incident's own links
    Links(One),
    /// Take a link off
    Unlink {
        #[command(flatten)]
        incident: One,
        /// Its label
        label: String,
    },
}

impl Linked {
    pub(super) async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::Link { incident, label, address } => {
                let body = json!({ "label": label, "address": address });
                let link = api.post(&["incidents", &incident.incident, "links"], &body).await?;
                if settings.json() { show::json(&link) } else { tell(&link) }
            }
            Self::Links(one) => {
                let list = api.get(&["incidents", &one.incident, "links"], &[]).await?;
                if settings.json() {
                    return show::json(&list);
                }
                let items = show::items(&list);
                if items.is_empty() {
                    return show::line("It has no links.");
                }
                items.iter().try_for_each(tell)
            }
            Self::Unlink { incident, label } => {
                let list = api.get(&["incidents", &incident.incident, "links"], &[]).await?;
                let is_meant = |one: &&Value| one["label"].as_str() == Some(&label);
                let found = show::items(&list).iter().find(is_meant);
                let id = found.and_then(|one| one["id"].as_str());
                let id = id.ok_or_else(|| anyhow::anyhow!("it has no link called {label}"))?;
                api.delete(&["incidents", &incident.incident, "links", id]).await?;
                show::line("It is off.")
            }
        }
    }
}

fn tell(link: &Value) -> anyhow::Result<()> {
    show::line(format!("{}  {}", show::text(&link["label"]), show::text(&link["address"])))
}
