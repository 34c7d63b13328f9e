//! The proof of coverage: a hundred policies with schedules of their own, over weeks ahead, and the
//! score of the next year. It measures the core by itself, as a request does it.

use std::time::Instant;

use jiff::Timestamp;
use muster_core::incident::severity::Urgency;
use muster_core::oncall::coverage::{prove, score};
use muster_server::app::oncall::proof::{SCORE_WEEKS, weeks_from};
use muster_server::app::org::config::{self, Surroundings};
use serde::Serialize;

use super::figures::Times;
use super::organization;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table};

/// The longest that the proof of 100 policies over 8 weeks may take, in milliseconds.
const GOAL_MS: f64 = 2_000.0;
/// A Monday a few days before the clocks change, so that the measured weeks have all there is.
const BEGIN: &str = "2026-10-19T00:00:00Z";

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Escalation policies, each with two schedules.
    pub policies: u64,
    /// Weeks ahead.
    pub weeks: i64,
    /// How often it is measured.
    pub runs: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    benchmark: &'static str,
    policies: u64,
    weeks: i64,
    findings: usize,
    proof: Times,
    score: Times,
    goal_ms: f64,
}

/// Measures and prints.
///
/// # Errors
/// When the organisation cannot be made.
pub fn run(plan: Plan, settings: &Settings) -> anyhow::Result<()> {
    let now: Timestamp = BEGIN.parse()?;
    let text = organization::rotas(plan.policies);
    let wanted = config::check(&text, None).map_err(|found| {
        anyhow::anyhow!("the organisation has {} problems: {:?}", found.len(), found.first())
    })?;
    let surroundings = Surroundings { now, environment: &|_| None };
    let directory = config::plan_alone(&wanted, &surroundings)?.directory;
    let (mut proofs, mut scores, mut findings) = (Vec::new(), Vec::new(), 0);
    for _ in 0..plan.runs {
        let span = weeks_from(now, plan.weeks);
        let (took, proved) =
            timed(|| prove(&directory, directory.policies.iter(), Urgency::High, span));
        proofs.push(took);
        findings = proved.iter().map(|(_, coverage)| coverage.findings.len()).sum();
        scores.push(timed(|| score(&directory, weeks_from(now, SCORE_WEEKS))).0);
    }
    let report = Report {
        benchmark: "coverage",
        policies: plan.policies,
        weeks: plan.weeks,
        findings,
        proof: Times::of(proofs),
        score: Times::of(scores),
        goal_ms: GOAL_MS,
    };
    if settings.json() {
        return show::json(&serde_json::to_value(&report)?);
    }
    let mut table = Table::new([
        Column::text("WHAT"),
        Column::number("MEDIAN MS"),
        Column::number("LONGEST MS"),
        Column::number("GOAL MS"),
    ]);
    let proof = format!("{} policies, {} weeks", plan.policies, plan.weeks);
    for (what, times, goal) in [
        (proof, report.proof, GOAL_MS.to_string()),
        ("the year's score".to_owned(), report.score, String::new()),
    ] {
        let ms = |ms: f64| format!("{ms:.1}");
        table.row([what.into(), ms(times.p50_ms).into(), ms(times.max_ms).into(), goal.into()]);
    }
    show::put(&table.render(Screen::of_stdout()))?;
    show::line(format!("{findings} findings"))
}

/// How long it took, in microseconds, and what came of it.
fn timed<T>(work: impl FnOnce() -> T) -> (u32, T) {
    let began = Instant::now();
    let outcome = work();
    (u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX), outcome)
}
