//! `muster incident relate`, `relations`, `unrelate`: which incidents have to do with each other.

use serde_json::{Value, json};

use super::{One, reference};
use crate::api::Api;
use crate::settings::Settings;
use crate::show;

/// Links between incidents.
#[derive(Debug, clap::Subcommand)]
pub enum Related {
    /// Say that an incident has to do with another one
    Relate {
        #[command(flatten)]
        incident: One,
        /// The other one
        #[arg(long, value_name = "INCIDENT", value_parser = reference)]
        to: String,
        /// How it stands to the other one
        #[arg(long, default_value = "related",
            value_parser = ["related", "caused_by", "causes", "duplicate_of", "duplicated_by"])]
        sort: String,
        /// What is to be said besides
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Show which incidents one has to do with
    Relations(One),
    /// Take the link between two incidents back
    Unrelate {
        #[command(flatten)]
        incident: One,
        /// The other one
        #[arg(long, value_name = "INCIDENT", value_parser = reference)]
        to: String,
    },
}

impl Related {
    pub(super) async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::Relate { incident, to, sort, note } => {
                let path = ["incidents", &incident.incident, "relations"];
                let to = to.parse::<i64>().map_or_else(|_| to.into(), Value::from);
                let body = json!({ "to": to, "sort": sort, "note": note });
                let relation = api.post(&path, &body).await?;
                if settings.json() { show::json(&relation) } else { tell(&relation) }
            }
            Self::Relations(one) => {
                let path = ["incidents", &one.incident, "relations"];
                let list = api.get(&path, &[]).await?;
                if settings.json() {
                    return show::json(&list);
                }
                let items = show::items(&list);
                if items.is_empty() {
                    return show::line("It has nothing to do with any other incident.");
                }
                items.iter().try_for_each(tell)
            }
            Self::Unrelate { incident, to } => {
                let path = ["incidents", &incident.incident, "relations"];
                let list = api.get(&path, &[]).await?;
                let number = to.parse::<i64>().ok();
                let is_meant = |one: &&Value| number.is_some() && one["number"].as_i64() == number;
                let found = show::items(&list).iter().find(is_meant);
                let id = found.and_then(|one| one["id"].as_str());
                let id = id.ok_or_else(|| anyhow::anyhow!("the two are not linked"))?;
                api.delete(&["incidents", &incident.incident, "relations", id]).await?;
                show::line("They are no longer linked.")
            }
        }
    }
}

fn tell(relation: &Value) -> anyhow::Result<()> {
    let note = match relation["note"].as_str() {
        None | Some("") => String::new(),
        Some(note) => format!(": {note}"),
    };
    show::line(format!(
        "{} #{} {} ({}){note}",
        show::text(&relation["sort"]).replace('_', " "),
        show::text(&relation["number"]),
        show::text(&relation["title"]),
        show::text(&relation["status"]),
    ))
}
