//! `muster check`: whether a file could be applied and its routing tests hold, for continuous
//! integration. It needs no store.

use std::path::PathBuf;

use muster_server::app::org::config::{self, Surroundings};
use muster_server::clock::Clock;
use serde_json::json;

use super::apply::{invalid, read, refused};
use crate::settings::Settings;
use crate::show;

/// Check a configuration file.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The file; `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
}

impl Check {
    /// Checks the file.
    ///
    /// # Errors
    /// When something is wrong with it.
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let (text, name) = read(&self.file)?;
        let wanted = config::check(&text, Some(&name)).map_err(|found| invalid(&name, &found))?;
        // Secrets are those of the machine that serves, so nobody misses them here.
        let around =
            Surroundings { now: Clock::System.now(), environment: &|_| Some(String::new()) };
        let plan = config::plan_alone(&wanted, &around).map_err(|error| refused(&name, error))?;
        let tests = wanted.assertions().len();
        if settings.json() {
            return show::json(&json!({ "routing_tests": tests, "warnings": plan.warnings }));
        }
        for warning in &plan.warnings {
            show::line(format!("warning: {warning}"))?;
        }
        let tests = match tests {
            0 => "it has no routing tests".to_owned(),
            tests => show::count(tests, "routing test holds", "routing tests hold"),
        };
        show::line(format!("{name} can be applied; {tests}"))
    }
}
