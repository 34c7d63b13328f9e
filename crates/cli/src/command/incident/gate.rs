//! `muster incident gate`: what has to be so before an incident is over.

use serde_json::{Value, json};

use super::One;
use crate::api::Api;
use crate::settings::Settings;
use crate::show;

/// Say what has to be so before an incident is over
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Gate {
    /// Show what is missing
    List(One),
    /// Say as a tester that it is well again
    Validate(One),
    /// Say as the lead that it is over
    SignOff(One),
    /// Waive a gate
    Waive {
        #[command(flatten)]
        incident: One,
        /// validated or signed_off
        gate: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take back what was said about a gate
    TakeBack {
        #[command(flatten)]
        incident: One,
        /// validated or signed_off
        gate: String,
    },
}

impl Gate {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let (incident, gate, verb, body) = match self {
            Self::List(one) => {
                let answer = api.get(&["incidents", &one.incident, "gates"], &[]).await?;
                return tell(settings, &answer);
            }
            Self::Validate(one) => (one, "validated".to_owned(), "pass", json!({})),
            Self::SignOff(one) => (one, "signed_off".to_owned(), "pass", json!({})),
            Self::Waive { incident, gate, reason } => {
                (incident, gate, "waive", json!({ "reason": reason }))
            }
            Self::TakeBack { incident, gate } => (incident, gate, "take-back", json!({})),
        };
        let path = ["incidents", &incident.incident, "gates", &gate, verb];
        tell(settings, &api.post(&path, &body).await?)
    }
}

fn tell(settings: &Settings, answer: &Value) -> anyhow::Result<()> {
    if settings.json() {
        return show::json(answer);
    }
    let gates = answer["gates"].as_array().map_or(&[][..], Vec::as_slice);
    if gates.is_empty() {
        return show::line("No gates: nobody holds a role, or the severity asks for none.");
    }
    for gate in gates {
        let state = if gate["open"] == true { "open" } else { "closed" };
        let missing = match show::names(&gate["missing"]).as_str() {
            "-" => String::new(),
            names => format!(", waits for {names}"),
        };
        show::line(format!("{}: {state}{missing}", show::text(&gate["gate"])))?;
    }
    Ok(())
}
