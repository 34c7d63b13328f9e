//! One alert that pages many people at once, by a provider that takes its time to answer: how long it
//! takes until the last of them is called. It is measured twice over, on a server that has just
//! started and on one that has done it before; a third time most people would get a digest.

use std::time::Duration;

use serde::Serialize;

use super::accept::prepare;
use super::figures::{Times, ms};
use super::load::Order;
use super::process::{Generator, Real};
use super::{Store, organization};
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table};

/// The longest that it may take from 202 to the call of the last person, in milliseconds.
const GOAL_MS: f64 = 5_000.0;

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Behind the server.
    pub store: Store,
    /// How many people are paged.
    pub people: u64,
    /// How long the provider takes to answer each call.
    pub answer_ms: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    benchmark: &'static str,
    store: &'static str,
    syncs: bool,
    cores: usize,
    people: u64,
    answer_ms: u64,
    refused: u64,
    uncalled: u64,
    first: Times,
    second: Times,
    goal_ms: f64,
}

/// Measures and prints.
///
/// # Errors
/// When a process cannot be started or does not do its part.
pub async fn run(plan: Plan, settings: &Settings) -> anyhow::Result<()> {
    let lodging = plan.store.lodging(settings)?;
    let mut generator = Generator::start().await?;
    let text = organization::together(plan.people, generator.hooks);
    let syncs = prepare(&lodging.place, &text).await?;
    let server = Real::start(&lodging.place).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let order = Order {
        address: server.address,
        connections: 1,
        seconds: 1,
        first: 0,
        keys: 1,
        rate: Some(1),
        calls: plan.people,
        answer_ms: plan.answer_ms,
    };
    let first = generator.run(&order).await?;
    let second = generator.run(&Order { first: first.next, ..order }).await?;
    let report = Report {
        benchmark: "page-many",
        store: plan.store.name(),
        syncs,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        people: plan.people,
        answer_ms: plan.answer_ms,
        refused: first.refused + second.refused,
        uncalled: first.uncalled + second.uncalled,
        first: first.called,
        second: second.called,
        goal_ms: GOAL_MS,
    };
    if settings.json() { show::json(&serde_json::to_value(&report)?) } else { report.show() }
}

impl Report {
    fn show(&self) -> anyhow::Result<()> {
        let mut table = Table::new([
            Column::new("202 TO PROVIDER CALLED"),
            Column::number("P50"),
            Column::number("P99"),
            Column::number("LAST"),
        ]);
        for (name, times) in [("first alert", &self.first), ("second alert", &self.second)] {
            let Times { p50_ms, p99_ms, max_ms, .. } = *times;
            table.row([name.into(), ms(p50_ms).into(), ms(p99_ms).into(), ms(max_ms).into()]);
        }
        show::put(&table.render(Screen::of_stdout()))?;
        let is_whole = self.uncalled == 0 && self.refused == 0 && self.first.count > 0;
        let last_ms = self.first.max_ms.max(self.second.max_ms);
        show::line(format!(
            "\n{} people, a provider that answers in {} ms, {} behind it, {} cores; {} people not \
             called. Goal: the last within {}, {}.",
            self.people,
            self.answer_ms,
            self.store,
            self.cores,
            self.uncalled,
            ms(self.goal_ms),
            if is_whole && last_ms < self.goal_ms { "met" } else { "missed" },
        ))
    }
}
