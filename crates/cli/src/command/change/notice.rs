//! Whom a change was told and why, and how somebody hears of changes to what their services depend on.

use serde_json::{Value, json};

use crate::command::incident::whole;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, time};

/// A change.
#[derive(Debug, clap::Args)]
pub struct Notices {
    /// Its number
    change: String,
}

/// Somebody.
#[derive(Debug, clap::Args)]
pub struct Digest {
    /// Who
    user: String,
    /// Nothing, once a day and at once what begins within 24 hours, or each at once
    #[arg(long, value_parser = ["off", "digest", "at_once"])]
    set: Option<String>,
}

impl Notices {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let found = whole(api, &["changes", &self.change, "notices"], &[]).await?;
            if settings.json() {
                return show::json(&json!({ "items": found }));
            }
            if found.is_empty() {
                return show::line("Nobody was told of it.");
            }
            found.iter().try_for_each(|one| show::line(in_one_line(one)))
        })
        .await
    }
}

impl Digest {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let path = ["users", &self.user, "change-digest"];
            let reading = match &self.set {
                Some(wish) => api.put(&path, &json!({ "wish": wish })).await?,
                None => api.get(&path, &[]).await?,
            };
            if settings.json() {
                return show::json(&reading);
            }
            show::line(reading_in_words(&self.user, &reading))
        })
        .await
    }
}

fn in_one_line(one: &Value) -> String {
    let (user, news) = (show::text(&one["user"]), show::text(&one["news"]));
    let because = show::text(&one["because"]);
    let how = match (&one["told_at"], &one["state"]) {
        (Value::Null, _) => format!("waits for the digest of {}", time::minute_of(&one["due_at"])),
        (at, Value::Null) => format!("{}, by no message that is kept", time::minute_of(at)),
        (at, state) => {
            let channel = show::text(&one["channel"]);
            format!("{}, {channel}, {}", time::minute_of(at), show::text(state))
        }
    };
    format!("{user}: {news} ({how}); {because}")
}

fn reading_in_words(user: &str, reading: &Value) -> String {
    let how = match reading["wish"].as_str() {
        Some("off") => "hears nothing of changes to what their services depend on",
        Some("at_once") => "hears at once of changes to what their services depend on",
        _ => {
            "hears once a day of changes to what their services depend on, and at once of what begins \
             within 24 hours"
        }
    };
    match (&reading["waiting"], &reading["next_at"]) {
        (_, Value::Null) => format!("{user} {how}."),
        (waiting, next) => {
            format!("{user} {how}; {waiting} wait for {}.", time::minute_of(next))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_for_a_digest_is_told_apart_from_whoever_was_told() {
        let waits = json!({ "user": "ana", "news": "scheduled", "because": "payments owns shop",
            "way": "digest", "due_at": "2026-12-01T07:00:00Z", "told_at": null, "channel": null,
            "state": null });
        let line = in_one_line(&waits);
        assert!(line.starts_with("ana: scheduled (waits for the digest of "), "{line}");
        assert!(line.ends_with("; payments owns shop"), "{line}");
        let told = json!({ "user": "bo", "news": "moved", "because": "you do it", "way": "own",
            "due_at": null, "told_at": "2026-12-01T07:00:00Z", "channel": "email",
            "state": "accepted" });
        assert!(in_one_line(&told).contains(", email, accepted); you do it"));
        let off = json!({ "wish": "off", "waiting": 0, "next_at": null, "last_at": null });
        assert_eq!(
            reading_in_words("ana", &off),
            "ana hears nothing of changes to what their services depend on."
        );
    }
}
