//! `muster incident bridge`, `muster incident try-room-again` and `muster incident estimate`: where
//! people meet about an incident, and when they expect it to be over.

use jiff::SignedDuration;
use muster_server::clock::Clock;
use serde_json::json;

use super::{One, Verb, said};
use crate::show::time;

/// Say where people meet about it
#[derive(Debug, clap::Args)]
pub struct Bridge {
    #[command(flatten)]
    incident: One,
    /// An http, https, tel or sip link; the one that the severity names unless given
    link: Option<String>,
    /// People meet nowhere any more
    #[arg(long, conflicts_with = "link")]
    close: bool,
}

/// Ask the chat again at once for the room of an incident that has trouble with it
#[derive(Debug, clap::Args)]
pub struct TryRoomAgain {
    #[command(flatten)]
    incident: One,
}

/// Say when it may be over: an estimate, and no target
#[derive(Debug, clap::Args)]
pub struct Estimate {
    #[command(flatten)]
    incident: One,
    /// In how long it may be over, such as 45m
    #[arg(long = "in", value_name = "TIME", value_parser = time::read_length, required_unless_present = "unknown")]
    length: Option<SignedDuration>,
    /// Nobody can tell any more
    #[arg(long, conflicts_with = "length")]
    unknown: bool,
}

impl Bridge {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub(super) async fn run(self, verb: Verb<'_>) -> anyhow::Result<()> {
        let path = ["incidents", &self.incident.incident, "bridge"];
        if self.close {
            verb.api.delete(&path).await?;
            return verb.tell(&verb.api.get(&path[..2], &[]).await?);
        }
        let incident = verb.api.put(&path, &said([("link", self.link.map(Into::into))])).await?;
        verb.tell(&incident)
    }
}

impl TryRoomAgain {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub(super) async fn run(self, verb: Verb<'_>) -> anyhow::Result<()> {
        let path = ["incidents", &self.incident.incident, "room", "try-again"];
        verb.tell(&verb.api.post(&path, &json!({})).await?)
    }
}

impl Estimate {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub(super) async fn run(self, verb: Verb<'_>) -> anyhow::Result<()> {
        let path = ["incidents", &self.incident.incident, "estimate"];
        let Some(length) = self.length else {
            verb.api.delete(&path).await?;
            return verb.tell(&verb.api.get(&path[..2], &[]).await?);
        };
        let over_at = Clock::System.now().saturating_add(length)?;
        let incident = verb.api.put(&path, &json!({ "over_at": over_at.to_string() })).await?;
        verb.tell(&incident)
    }
}
