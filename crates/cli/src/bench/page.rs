//! From 202 to the provider's telephone: alerts at a steady rate, each of them an incident that
//! pages somebody. Nobody is paged more than twice, so that no digest hides a page.

use std::time::Duration;

use serde::Serialize;

use super::accept::prepare;
use super::figures::{Times, mib, ms, per_second, real};
use super::load::Order;
use super::process::{Generator, Real};
use super::{Store, organization};
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table};

/// Connections of the load generator.
const CONNECTIONS: u64 = 64;
/// How long the server is warmed up at the same rate, in seconds.
const WARM_UP_SECONDS: u64 = 4;
/// How often a person is paged, which is as often as goes out without a digest.
const PAGES_PER_PERSON: u64 = 2;
/// The longest that 99 of 100 pages may take from 202 to the call, in milliseconds.
const GOAL_MS: f64 = 250.0;

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Behind the server.
    pub store: Store,
    /// Alerts per second.
    pub rate: u64,
    /// For how long.
    pub seconds: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    benchmark: &'static str,
    store: &'static str,
    syncs: bool,
    cores: usize,
    people: u64,
    rate: u64,
    accepted_per_second: f64,
    refused: u64,
    uncalled: u64,
    answered: Times,
    called: Times,
    goal_ms: f64,
    rss_idle_bytes: u64,
    rss_peak_bytes: u64,
    cpu_cores: f64,
}

/// Measures and prints.
///
/// # Errors
/// When a process cannot be started or does not do its part.
pub async fn run(plan: Plan, settings: &Settings) -> anyhow::Result<()> {
    let lodging = plan.store.lodging(settings)?;
    let mut generator = Generator::start().await?;
    let people = (plan.rate * (plan.seconds + WARM_UP_SECONDS)).div_ceil(PAGES_PER_PERSON);
    let syncs = prepare(&lodging.place, &organization::alone(people, generator.hooks)).await?;
    let server = Real::start(&lodging.place).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = server.cost();
    let order = Order {
        address: server.address,
        connections: CONNECTIONS,
        seconds: WARM_UP_SECONDS,
        first: 0,
        keys: people,
        rate: Some(plan.rate),
        calls: 1,
        answer_ms: 0,
    };
    let warm = generator.run(&order).await?;
    let before = server.cost().cpu_seconds;
    let order = Order { seconds: plan.seconds, first: warm.next, ..order };
    let outcome = generator.run(&order).await?;
    let cost = server.cost();
    let report = Report {
        benchmark: "page",
        store: plan.store.name(),
        syncs,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        people,
        rate: plan.rate,
        accepted_per_second: real(outcome.accepted) / outcome.seconds.max(0.001),
        refused: outcome.refused,
        uncalled: outcome.uncalled,
        answered: outcome.answered,
        called: outcome.called,
        goal_ms: GOAL_MS,
        rss_idle_bytes: idle.rss_bytes,
        rss_peak_bytes: cost.rss_peak_bytes,
        cpu_cores: (cost.cpu_seconds - before) / outcome.seconds.max(0.001),
    };
    if settings.json() { show::json(&serde_json::to_value(&report)?) } else { report.show() }
}

impl Report {
    fn show(&self) -> anyhow::Result<()> {
        let mut table = Table::new([
            Column::new("PAGE"),
            Column::number("P50"),
            Column::number("P95"),
            Column::number("P99"),
            Column::number("LONGEST"),
        ]);
        for (name, times) in
            [("due to 202", &self.answered), ("202 to provider called", &self.called)]
        {
            table.row([
                name.into(),
                ms(times.p50_ms).into(),
                ms(times.p95_ms).into(),
                ms(times.p99_ms).into(),
                ms(times.max_ms).into(),
            ]);
        }
        show::put(&table.render(Screen::of_stdout()))?;
        show::line(format!(
            "\n{} with {} behind it on {} cores: {} accepted of {} asked for, {} refused, {} pages \
             not called in time; {:.2} cores; memory {} idle with {} people, {} peak.",
            "muster serve",
            self.store,
            self.cores,
            per_second(self.accepted_per_second),
            per_second(real(self.rate)),
            self.refused,
            self.uncalled,
            self.cpu_cores,
            mib(self.rss_idle_bytes),
            self.people,
            mib(self.rss_peak_bytes),
        ))?;
        let is_whole = self.uncalled == 0 && self.refused == 0 && self.called.count > 0;
        let is_met = is_whole && self.called.p99_ms < self.goal_ms;
        let verdict = if is_met { "met" } else { "missed" };
        show::line(format!("Goal: p99 under {}, {verdict}.", ms(self.goal_ms)))
    }
}
