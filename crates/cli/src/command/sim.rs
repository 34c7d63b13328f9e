//! `muster sim`: the engine's decisions in a seeded world full of faults, with every invariant
//! checked after every step.

use muster_core::sim::{self, Options, Report, Sabotage};
use serde_json::json;

use crate::failure::Told;
use crate::settings::Settings;
use crate::show;

/// Run the simulator.
#[derive(Debug, clap::Args)]
pub struct Sim {
    /// Everything that happens follows from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many virtual hours
    #[arg(long, default_value_t = 1_000)]
    hours: u32,
    /// A bug to plant, which must be caught
    #[arg(long, value_name = "NAME", value_parser = sabotage)]
    sabotage: Option<Sabotage>,
}

impl Sim {
    /// Runs it to the end, or to the first broken invariant.
    ///
    /// # Errors
    /// When an invariant broke.
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let report =
            sim::run(Options { seed: self.seed, hours: self.hours, sabotage: self.sabotage });
        if settings.json() {
            show::json(&in_json(&report))?;
        } else {
            show::put(&in_words(&report))?;
        }
        match &report.broken {
            None => Ok(()),
            Some(broken) => {
                eprint!("{broken}");
                Err(Told.into())
            }
        }
    }
}

fn in_json(report: &Report) -> serde_json::Value {
    let broken = report.broken.as_ref().map(|broken| {
        json!({
            "number": broken.number, "name": broken.name, "detail": broken.detail,
            "at": broken.at.to_string(), "step": broken.step, "events": broken.events,
        })
    });
    let mut value = json!({ "seed": report.seed, "hours": report.hours });
    for (name, number) in figures(report) {
        value[name] = number.into();
    }
    value["digest"] = format!("{:016x}", report.digest).into();
    value["broken"] = broken.into();
    value
}

fn figures(report: &Report) -> [(&'static str, u64); 10] {
    [
        ("steps", report.steps),
        ("signals", report.signals),
        ("alerts", report.alerts),
        ("incidents", report.incidents),
        ("commands", report.commands),
        ("faults", report.faults),
        ("pages", report.pages),
        ("sends", report.sends),
        ("stale", report.stale),
        ("reclaimed", report.reclaimed),
    ]
}

fn in_words(report: &Report) -> String {
    let mut text = format!("seed {}, {} virtual hours\n", report.seed, report.hours);
    for (name, number) in figures(report) {
        text += &format!("  {name:<10} {number:>12}\n");
    }
    text += &format!("  {:<10} {:016x}\n", "digest", report.digest);
    if report.broken.is_none() {
        let invariants = sim::INVARIANTS.len();
        text += &format!("All {invariants} invariants held after every step.\n");
    }
    text
}

/// A planted bug by the name of its variant, however it is written: `forget-timer`.
fn sabotage(text: &str) -> Result<Sabotage, String> {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_'], "");
    let named = |bug: &Sabotage| format!("{bug:?}");
    let all: Vec<_> = Sabotage::ALL.iter().map(|(bug, _)| *bug).collect();
    let found = all.iter().find(|bug| plain(&named(bug)) == plain(text)).copied();
    found.ok_or_else(|| {
        format!(
            "there is no such bug; there are {}",
            all.iter().map(named).collect::<Vec<_>>().join(", ")
        )
    })
}
