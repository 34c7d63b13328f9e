//! `muster change gate`: what a pipeline puts around a deployment. It has a change approved, waits for
//! that and for its beginning, starts it, runs the command, and says how it went.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use muster_server::clock::Clock;
use serde_json::{Value, json};

use super::record::{brief, submit};
use crate::api::Api;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, time};

/// How often it is looked whether everybody has agreed.
const EVERY: Duration = Duration::from_secs(3);

/// Have a change approved, begin it, run a command, and say how it went.
#[derive(Debug, clap::Args)]
pub struct Gate {
    /// A change that is there already, by its number
    #[arg(long, value_name = "CHANGE", required_unless_present = "file")]
    change: Option<String>,
    /// A plan as YAML or JSON to submit; `-` for standard input
    #[arg(short, long, conflicts_with = "change")]
    file: Option<PathBuf>,
    /// Whose it is, where a token of nobody submits it
    #[arg(long)]
    submitter: Option<String>,
    /// Why it is announced later than the policy asks for
    #[arg(long, default_value = "")]
    excuse: String,
    /// How long to wait for those who must agree and for the beginning
    #[arg(long, default_value = "4h", value_parser = time::read_length)]
    wait: SignedDuration,
    /// What to run once it may begin; nothing but the beginning is told where no command is given
    #[arg(last = true)]
    command: Vec<String>,
}

impl Gate {
    /// Waits, starts, runs and tells.
    ///
    /// # Errors
    /// When the server fails or refuses, the change is rejected or the wait is over, or the command
    /// fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let change = match (&self.change, &self.file) {
                (Some(number), _) => api.get(&["changes", number], &[]).await?,
                (None, Some(file)) => {
                    submit(api, file, self.submitter.as_deref(), &self.excuse).await?
                }
                (None, None) => bail!("name a change, or a plan with --file"),
            };
            if !settings.json() {
                brief(&change)?;
            }
            let number = change["number"].to_string();
            self.await_start(api, &number).await?;
            let started = act(api, &number, "start", json!({})).await?;
            if self.command.is_empty() {
                return told(settings, &started);
            }
            let ran = run(&self.command, &number).await;
            let (outcome, note) = match &ran {
                Ok(status) if status.success() => ("success", String::new()),
                Ok(status) => ("failed", format!("the command ended with {status}")),
                Err(error) => ("failed", format!("{error:#}")),
            };
            let body = json!({ "outcome": outcome, "note": note });
            let done = act(api, &number, "finish", body).await?;
            told(settings, &done)?;
            match ran {
                Ok(status) if status.success() => Ok(()),
                _ => bail!("{note}; CHG-{number} is marked as failed"),
            }
        })
        .await
    }

    /// Waits until everybody has agreed and the time has come.
    async fn await_start(&self, api: &Api, number: &str) -> anyhow::Result<()> {
        let begun = std::time::Instant::now();
        let wait = Duration::try_from(self.wait).unwrap_or_default();
        loop {
            let change = api.get(&["changes", number], &[]).await?;
            let state = show::text(&change["state"]);
            match state.as_str() {
                "scheduled" if is_time(&change) => return Ok(()),
                "scheduled" | "submitted" | "in_review" | "approved" => {}
                "rejected" => bail!("CHG-{number} was rejected: {}", last_words(&change)),
                other => bail!("CHG-{number} is {}", other.replace('_', " ")),
            }
            if begun.elapsed() >= wait {
                let state = state.replace('_', " ");
                bail!("CHG-{number} is still {state} after the wait that was allowed");
            }
            tokio::time::sleep(EVERY.min(wait.saturating_sub(begun.elapsed()))).await;
        }
    }
}

/// Whether the planned beginning has come, by this machine's clock.
fn is_time(change: &Value) -> bool {
    let start = time::instant(&change["plan"]["start"]);
    start.is_none_or(|start| start <= Clock::System.now())
}

fn last_words(change: &Value) -> String {
    let mut entries = change["history"].as_array().into_iter().flatten();
    let last = entries.rfind(|one| one["kind"] == "rejected");
    last.map(|one| show::text(&one["text"])).unwrap_or_default()
}

async fn act(api: &Api, number: &str, what: &str, body: Value) -> anyhow::Result<Value> {
    api.post(&["changes", number, what], &body).await
}

fn told(settings: &Settings, change: &Value) -> anyhow::Result<()> {
    if settings.json() { show::json(change) } else { brief(change) }
}

/// Runs the command with the number of the change in its environment.
async fn run(command: &[String], number: &str) -> anyhow::Result<ExitStatus> {
    let (program, arguments) = command.split_first().context("no command was given")?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .env("MUSTER_CHANGE", number)
        .spawn()
        .with_context(|| format!("cannot run `{program}`"))?;
    Ok(child.wait().await?)
}
