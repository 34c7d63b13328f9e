//! What is in the way of a change, why it goes on all the same, and when nothing would be.

use serde_json::{Value, json};

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, time};

/// A change.
#[derive(Debug, clap::Args)]
pub struct Conflicts {
    /// Its number
    change: String,
}

/// A change and a reason.
#[derive(Debug, clap::Args)]
pub struct Override {
    /// Its number
    change: String,
    /// Why it goes on all the same, in a sentence; it stands in its record
    #[arg(long)]
    reason: String,
}

/// A change, or what one would be.
#[derive(Debug, clap::Args)]
pub struct NextSlot {
    /// Its number; a service and how long it takes where there is none yet
    change: Option<String>,
    /// What is changed
    #[arg(long, conflicts_with = "change", required_unless_present = "change")]
    service: Option<String>,
    /// How long it takes, such as 2h
    #[arg(long, conflicts_with = "change", required_unless_present = "change")]
    takes: Option<String>,
    /// How long the way back takes, such as 15m
    #[arg(long, conflicts_with = "change")]
    rollback_takes: Option<String>,
    /// Its class
    #[arg(long, conflicts_with = "change")]
    class: Option<String>,
    /// Who does it
    #[arg(long, conflicts_with = "change")]
    technician: Option<String>,
    /// Not before then, as 2026-11-21T03:00:00Z
    #[arg(long)]
    from: Option<String>,
    /// Before then
    #[arg(long)]
    until: Option<String>,
}

impl Conflicts {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let found = api.get(&["changes", &self.change, "conflicts"], &[]).await?;
            if settings.json() {
                return show::json(&found);
            }
            show::put(&in_words(&found))
        })
        .await
    }
}

impl Override {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let body = json!({ "reason": self.reason });
            let change = api.post(&["changes", &self.change, "override"], &body).await?;
            if settings.json() {
                return show::json(&change);
            }
            let state = show::text(&change["state"]).replace('_', " ");
            show::line(format!("CHG-{} is {state}.", change["number"]))
        })
        .await
    }
}

impl NextSlot {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let given = [
                ("change", &self.change),
                ("service", &self.service),
                ("takes", &self.takes),
                ("rollback_takes", &self.rollback_takes),
                ("class", &self.class),
                ("technician", &self.technician),
                ("from", &self.from),
                ("until", &self.until),
            ];
            let query: Vec<(&str, &str)> =
                given.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
            let found = api.get(&["changes", "next-slot"], &query).await?;
            if settings.json() {
                return show::json(&found);
            }
            let slot = &found["slot"];
            if slot.is_null() {
                return show::line("Something is in the way at every time.");
            }
            show::put(&slot_in_words(slot))
        })
        .await
    }
}

fn line(one: &Value) -> String {
    let weight = match (&one["overridden"], &one["blocking"]) {
        (Value::Bool(true), _) => "overridden",
        (_, Value::Bool(true)) => "blocks",
        _ => "warns",
    };
    let (from, to) = (time::minute_of(&one["from"]), time::minute_of(&one["to"]));
    format!("  {weight}: {} ({from} to {to})", show::text(&one["text"]))
}

fn slot_in_words(slot: &Value) -> String {
    let (from, to) = (time::minute_of(&slot["start"]), time::minute_of(&slot["end"]));
    let mut lines = vec![format!("Free from {from} to {to}.")];
    lines.extend(slot["warnings"].as_array().into_iter().flatten().map(line));
    lines.join("\n") + "\n"
}

fn in_words(found: &Value) -> String {
    let list = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    let conflicts = list("conflicts");
    let mut text = match (conflicts.is_empty(), &found["blocked"]) {
        (true, _) => "Nothing is in its way.\n".to_owned(),
        (_, Value::Bool(true)) => "It waits for what is in its way:\n".to_owned(),
        _ => "Nothing blocks it:\n".to_owned(),
    };
    for one in &conflicts {
        text.push_str(&line(one));
        text.push('\n');
    }
    for one in list("overrides") {
        let (by, reason) = (show::text(&one["by"]), show::text(&one["reason"]));
        text.push_str(&format!("{by} says why it goes on: {reason}\n"));
    }
    if !found["next_slot"].is_null() {
        text.push_str(&slot_in_words(&found["next_slot"]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_blocks_and_the_next_free_time_are_told() {
        let conflict = json!({ "blocking": true, "overridden": false, "text": "CHG-1 (Disks)",
            "from": "2026-12-01T03:00:00Z", "to": "2026-12-01T05:00:00Z" });
        let slot = json!({ "start": "2026-12-01T05:00:00Z", "end": "2026-12-01T07:00:00Z", "warnings": [] });
        let found =
            json!({ "conflicts": [conflict], "blocked": true, "overrides": [], "next_slot": slot });
        let told = in_words(&found);
        assert!(
            told.starts_with("It waits for what is in its way:\n  blocks: CHG-1 (Disks) ("),
            "{told}"
        );
        assert!(told.contains("Free from "), "{told}");
        let nothing =
            json!({ "conflicts": [], "blocked": false, "overrides": [], "next_slot": null });
        assert_eq!(in_words(&nothing), "Nothing is in its way.\n");
    }
}
