//! `muster incident tag`, `untag`, `tags`: free words by which incidents are found again.

use serde_json::json;

use super::{One, Verb};
use crate::show;

/// Tags of incidents.
#[derive(Debug, clap::Subcommand)]
pub enum Tagged {
    /// Put tags on an incident
    Tag {
        #[command(flatten)]
        incident: One,
        /// The words
        #[arg(required = true)]
        tags: Vec<String>,
    },
    /// Take a tag off an incident
    Untag {
        #[command(flatten)]
        incident: One,
        /// The word
        tag: String,
    },
    /// Show the tags in use, the most used first
    Tags,
}

impl Tagged {
    pub(super) async fn run(self, verb: Verb<'_>) -> anyhow::Result<()> {
        match self {
            Self::Tag { incident, tags } => {
                verb.on(&incident, "tags", json!({ "tags": tags })).await
            }
            Self::Untag { incident, tag } => {
                let tag = tag.strip_prefix('#').unwrap_or(&tag);
                let path = ["incidents", &incident.incident, "tags", tag];
                verb.api.delete(&path).await?;
                show::line(format!("#{} is no longer tagged {tag}.", incident.incident))
            }
            Self::Tags => {
                let list = verb.api.get(&["tags"], &[]).await?;
                if verb.settings.json() {
                    return show::json(&list);
                }
                let items = show::items(&list);
                if items.is_empty() {
                    return show::line("No incident bears a tag.");
                }
                items.iter().try_for_each(|one| {
                    show::line(format!(
                        "{} ({})",
                        show::text(&one["tag"]),
                        show::text(&one["count"])
                    ))
                })
            }
        }
    }
}
