//! The search: how soon an entry is found after it is durable, alone and after a flood of them, and how
//! long looking takes once there is much to look through.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde::Serialize;

use super::Store;
use super::figures::{Times, ms, per_second, real};
use super::room::{Room, fill, note};
use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table};

/// Entries that are written one by one, each once the one before was found.
const ALONE: u64 = 50;
/// Of a flood, every entry at this distance is looked for.
const SAMPLED_EVERY: u64 = 100;
/// How often each query is asked.
const ASKED: u32 = 50;
/// Between two looks whether something is found yet.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// The longest that an entry may take to be found.
const FOUND_WITHIN: Duration = Duration::from_secs(120);

/// What is asked once everything is found, with what it stands for.
const QUERIES: [(&str, &str); 4] = [
    ("one entry among all", "\"note 60:\""),
    ("a word of every entry", "queue"),
    ("words in a row and keys", "\"still growing\" state:open service:shop"),
    ("what is not there", "neverthere"),
];

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Behind the server.
    pub store: Store,
    /// How many entries are looked through.
    pub entries: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    benchmark: &'static str,
    store: &'static str,
    syncs: bool,
    cores: usize,
    entries: u64,
    /// From durable to found, one entry at a time.
    found: Times,
    /// Entries durable per second while all of them were written.
    written_per_second: f64,
    /// From the last entry of the flood being durable to all of it being found.
    caught_up_ms: f64,
    /// Each query with its times.
    queries: Vec<(&'static str, Times)>,
    /// Counting what the commonest query finds of each kind.
    counts: Times,
}

/// Measures and prints.
///
/// # Errors
/// When the server cannot be started or does not answer, or an entry is not found.
pub async fn run(plan: Plan, settings: &Settings) -> anyhow::Result<()> {
    let room = Room::open(plan.store, settings).await?;
    let api = &room.api;
    let mut found = Vec::new();
    for number in 0..ALONE {
        note(api, number).await?;
        found.push(until_found(api, number).await?);
    }
    let flood = plan.entries.saturating_sub(ALONE);
    let begun = Instant::now();
    fill(api, ALONE, flood).await?;
    let written_per_second = real(flood) / begun.elapsed().as_secs_f64().max(f64::EPSILON);
    let written = Instant::now();
    for number in (ALONE..plan.entries).step_by(usize::try_from(SAMPLED_EVERY)?) {
        until_found(api, number).await?;
    }
    let caught_up_ms = written.elapsed().as_secs_f64() * 1_000.0;
    let mut queries = Vec::new();
    for (name, query) in QUERIES {
        queries.push((name, asked(api, &["search"], query).await?));
    }
    let report = Report {
        benchmark: "search",
        store: plan.store.name(),
        syncs: room.syncs,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        entries: plan.entries,
        found: Times::of(found),
        written_per_second,
        caught_up_ms,
        queries,
        counts: asked(api, &["search", "counts"], QUERIES[1].1).await?,
    };
    if settings.json() { show::json(&serde_json::to_value(&report)?) } else { report.show() }
}

/// How long until an entry is found, in microseconds.
async fn until_found(api: &Api, number: u64) -> anyhow::Result<u32> {
    let begun = Instant::now();
    let query = format!("\"note {number}:\"");
    while begun.elapsed() < FOUND_WITHIN {
        let list = api.get(&["search"], &[("q", &query), ("kind", "entry")]).await?;
        if !show::items(&list).is_empty() {
            return Ok(micros(begun.elapsed()));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    bail!("entry {number} was not found within {FOUND_WITHIN:?}")
}

async fn asked(api: &Api, path: &[&str], query: &str) -> anyhow::Result<Times> {
    let mut times = Vec::new();
    for _ in 0..ASKED {
        let begun = Instant::now();
        api.get(path, &[("q", query)]).await?;
        times.push(micros(begun.elapsed()));
    }
    Ok(Times::of(times))
}

fn micros(length: Duration) -> u32 {
    u32::try_from(length.as_micros()).unwrap_or(u32::MAX)
}

impl Report {
    fn show(&self) -> anyhow::Result<()> {
        let mut table = Table::new([
            Column::new("WHAT"),
            Column::number("P50"),
            Column::number("P95"),
            Column::number("P99"),
        ]);
        let found = [("an entry is found once it is durable", &self.found)];
        let queries = self.queries.iter().map(|(name, times)| (*name, times));
        let counts = [("counted by kind: a word of every entry", &self.counts)];
        for (name, times) in found.into_iter().chain(queries).chain(counts) {
            let Times { p50_ms, p95_ms, p99_ms, .. } = *times;
            table.row([name.into(), ms(p50_ms).into(), ms(p95_ms).into(), ms(p99_ms).into()]);
        }
        show::put(&table.render(Screen::of_stdout()))?;
        show::line(format!(
            "\nWritten at {}, and all of it found {} after the last. {} entries, {} behind it, {} cores.",
            per_second(self.written_per_second),
            ms(self.caught_up_ms),
            self.entries,
            self.store,
            self.cores
        ))
    }
}
