//! `muster incident roster`: who is there and why, how their services are, and letting them go.

use serde_json::{Value, json};

use super::{One, said};
use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, time};

/// See who is there and why, say how services are, let people go
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Roster {
    /// Show who is there, for which team, why, and how their services are
    List(One),
    /// Say how somebody's services are
    Health {
        #[command(flatten)]
        incident: One,
        /// Who looked
        user: String,
        /// healthy, degraded, unhealthy or unknown
        #[arg(value_parser = ["healthy", "degraded", "unhealthy", "unknown"])]
        health: String,
        /// Which service; all of their team's unless given
        #[arg(long)]
        service: Vec<String>,
        /// What else they saw
        #[arg(long)]
        note: Option<String>,
    },
    /// Let somebody go who has said how their services are
    Release {
        #[command(flatten)]
        incident: One,
        /// Who
        user: String,
        /// Why no health check is needed
        #[arg(long, value_name = "REASON")]
        waive: Option<String>,
    },
}

impl Roster {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let answer = match self {
            Self::List(one) => api.get(&["incidents", &one.incident, "roster"], &[]).await?,
            Self::Health { incident, user, health, service, note } => {
                let mut body = json!({ "health": health, "services": service });
                if let Some(note) = note {
                    body["note"] = note.into();
                }
                let path = ["incidents", &incident.incident, "roster", &user, "health"];
                api.post(&path, &body).await?
            }
            Self::Release { incident, user, waive } => {
                let path = ["incidents", &incident.incident, "roster", &user, "release"];
                api.post(&path, &said([("waive", waive.map(Value::from))])).await?
            }
        };
        tell(settings, &answer)
    }
}

fn tell(settings: &Settings, answer: &Value) -> anyhow::Result<()> {
    if settings.json() {
        return show::json(answer);
    }
    let of = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    if ["here", "awaited", "released"].iter().all(|name| of(name).is_empty()) {
        return show::line("Nobody was asked, and nobody has come.");
    }
    for one in of("here") {
        show::line(format!("{} {}{}", here(&one), checks(&one), late(&one)))?;
    }
    for one in of("awaited") {
        let due = time::instant(&one["due_at"]).map(time::clock).unwrap_or_default();
        let who = show::text(&one["user"]);
        show::line(format!("{who} is awaited by {due}{}{}", why(&one), late(&one)))?;
    }
    for one in of("released") {
        let at = time::instant(&one["released_at"]).map(time::clock).unwrap_or_default();
        let waived = one["waived"].as_str().map(show::clean);
        let waived = waived.map_or_else(|| checks(&one), |waived| format!("waived: {waived}"));
        show::line(format!("{} released {at}; {waived}", show::text(&one["user"])))?;
    }
    Ok(())
}

/// `ana, payments, Incident lead, since 03:15: step 1 of payments;`.
fn here(one: &Value) -> String {
    let mut words = vec![show::text(&one["user"])];
    words.extend(one["team"].as_str().map(show::clean));
    words.extend(
        one["roles"]
            .as_array()
            .filter(|roles| !roles.is_empty())
            .map(|_| show::names(&one["roles"])),
    );
    let since = time::instant(&one["since"]).map(time::clock).unwrap_or_default();
    format!("{}, since {since}{};", words.join(", "), why(one))
}

fn why(one: &Value) -> String {
    one["why"].as_str().map_or_else(String::new, |why| format!(" ({})", show::clean(why)))
}

fn late(one: &Value) -> &'static str {
    if one["late"] == true { ", late" } else { "" }
}

/// `checkout healthy, ledger degraded (slow)`.
fn checks(one: &Value) -> String {
    let checks = one["checks"].as_array().cloned().unwrap_or_default();
    if checks.is_empty() {
        return format!("asked how {} is", show::names(&one["asked"]));
    }
    let check = |check: &Value| {
        let note = check["note"].as_str().map(show::clean);
        let note = note.map_or_else(String::new, |note| format!(" ({note})"));
        format!("{} {}{note}", show::text(&check["service"]), show::text(&check["health"]))
    };
    checks.iter().map(check).collect::<Vec<_>>().join(", ")
}
