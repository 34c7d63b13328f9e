//! Durable accept beside the bare server: unique events over many integrations, in turns, so that
//! whatever else the machine does falls on both; triage runs behind it all the time.

use std::time::Duration;

use anyhow::Context as _;
use muster_server::app::org::config::{self, Surroundings};
use muster_server::clock::Clock;
use muster_store::db::Durability;
use serde::Serialize;

use super::figures::{Times, median, mib, ms, per_second, real};
use super::load::{Order, Outcome};
use super::process::{Bare, Generator, Real};
use super::{Store, organization};
use crate::failure::usage;
use crate::settings::{Place, Settings};
use crate::show::{self, Cell, Column, Screen, Table};
use crate::store::{self, Missing};

/// Services, each with an integration and its key.
const SERVICES: u64 = 100;
/// Connections of the load generator.
const CONNECTIONS: u64 = 64;
/// How long each server is warmed up, in seconds.
const WARM_UP_SECONDS: u64 = 2;
/// How long the server is left alone before its idle memory is read, in seconds.
const IDLE_SECONDS: u64 = 3;
/// Of the bare server's rate, what is asked of each store.
const GOAL_SQLITE: f64 = 0.5;
const GOAL_POSTGRES: f64 = 0.33;

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Behind the server.
    pub store: Store,
    /// For each server in each pair.
    pub seconds: u64,
    /// Bare and durable, one after the other.
    pub pairs: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    benchmark: &'static str,
    store: &'static str,
    syncs: bool,
    cores: usize,
    goal: f64,
    ratio: f64,
    pairs: Vec<Pair>,
    bare_per_second: f64,
    durable_per_second: f64,
    refused: u64,
    bare_times: Times,
    durable_times: Times,
    triaged_per_second_under_load: f64,
    triaged_per_second: f64,
    lag_seconds: f64,
    waiting: f64,
    drain_seconds: f64,
    rss_idle_bytes: u64,
    rss_peak_bytes: u64,
    bare_cpu_micros_per_event: f64,
    durable_cpu_micros_per_event: f64,
    bare_cpu_cores: f64,
    durable_cpu_cores: f64,
}

/// Bare and durable, one after the other.
#[derive(Debug, Serialize)]
struct Pair {
    bare_per_second: f64,
    durable_per_second: f64,
    ratio: f64,
    bare_times: Times,
    durable_times: Times,
    bare_cpu_seconds: f64,
    bare_events: u64,
    durable_cpu_seconds: f64,
    durable_cpu_seconds_with_drain: f64,
    durable_events: u64,
    durable_seconds: f64,
    bare_seconds: f64,
    refused: u64,
    triaged_under_load: f64,
    lag_seconds: f64,
    waiting: f64,
    drain_seconds: f64,
}

/// Measures and prints.
///
/// # Errors
/// When a process cannot be started or does not do its part.
pub async fn run(plan: Plan, settings: &Settings) -> anyhow::Result<()> {
    let lodging = plan.store.lodging(settings)?;
    let mut generator = Generator::start().await?;
    let syncs = prepare(&lodging.place, &organization::shared(SERVICES, generator.hooks)).await?;
    let bare = Bare::start().await?;
    let real = Real::start(&lodging.place).await?;
    tokio::time::sleep(Duration::from_secs(IDLE_SECONDS)).await;
    let idle = real.cost();

    let mut run = Run { generator: &mut generator, bare: &bare, real: &real, next: 0 };
    run.load(bare.address, WARM_UP_SECONDS).await?;
    run.load(real.address, WARM_UP_SECONDS).await?;
    real.drained().await?;
    let mut pairs = Vec::new();
    for at in 1..=plan.pairs {
        let pair = run.pair(plan.seconds).await?;
        eprintln!(
            "{at} of {}: bare {}, durable {}, ratio {:.2}",
            plan.pairs,
            per_second(pair.bare_per_second),
            per_second(pair.durable_per_second),
            pair.ratio
        );
        pairs.push(pair);
    }
    let report = Report::of(plan, syncs, pairs, idle.rss_bytes, real.cost().rss_peak_bytes);
    if settings.json() { show::json(&serde_json::to_value(&report)?) } else { report.show() }
}

/// Migrates an empty store and configures it; whether it keeps what it confirms when the power
/// fails.
pub(super) async fn prepare(place: &Place, organization: &str) -> anyhow::Result<bool> {
    let db = store::open(place, Missing::Create).await?;
    let mut tx = db.snapshot().await?;
    let revision = muster_store::org::directory::revision(&mut tx).await?;
    drop(tx);
    if revision != 0 {
        return Err(usage("this database is in use; a benchmark fills it, so name an empty one"));
    }
    let surroundings = Surroundings { now: Clock::System.now(), environment: &|_| None };
    let wanted = config::check(organization, None)
        .map_err(config::ConfigError::Invalid)
        .context("the organisation of the benchmark")?;
    config::apply(&db, &wanted, "benchmark", &surroundings).await?;
    let durability = db.durability().await?;
    if durability == Durability::UntilPowerFails {
        eprintln!(
            "this database does not sync its commits: its figures are not those of a durable one"
        );
    }
    db.close().await;
    Ok(durability == Durability::Full)
}

struct Run<'a> {
    generator: &'a mut Generator,
    bare: &'a Bare,
    real: &'a Real,
    next: u64,
}

impl Run<'_> {
    async fn load(
        &mut self,
        address: std::net::SocketAddr,
        seconds: u64,
    ) -> anyhow::Result<Outcome> {
        let order = Order {
            address,
            connections: CONNECTIONS,
            seconds,
            first: self.next,
            keys: SERVICES,
            rate: None,
            calls: 0,
            answer_ms: 0,
        };
        let outcome = self.generator.run(&order).await?;
        self.next = outcome.next;
        Ok(outcome)
    }

    async fn pair(&mut self, seconds: u64) -> anyhow::Result<Pair> {
        let before = self.bare.cost().cpu_seconds;
        let bare = self.load(self.bare.address, seconds).await?;
        let bare_cpu_seconds = self.bare.cost().cpu_seconds - before;

        let triaged_before = self.real.progress().await?.triaged;
        let before = self.real.cost().cpu_seconds;
        let durable = self.load(self.real.address, seconds).await?;
        let durable_cpu_seconds = self.real.cost().cpu_seconds - before;
        let progress = self.real.progress().await?;
        let drain_seconds = self.real.drained().await?;
        let durable_cpu_seconds_with_drain = self.real.cost().cpu_seconds - before;

        let rate = |outcome: &Outcome| real(outcome.accepted) / outcome.seconds.max(0.001);
        let (bare_per_second, durable_per_second) = (rate(&bare), rate(&durable));
        Ok(Pair {
            bare_per_second,
            durable_per_second,
            ratio: durable_per_second / bare_per_second.max(1.0),
            bare_times: bare.answered,
            durable_times: durable.answered,
            bare_cpu_seconds,
            bare_events: bare.accepted,
            durable_cpu_seconds,
            durable_cpu_seconds_with_drain,
            durable_events: durable.accepted,
            durable_seconds: durable.seconds,
            bare_seconds: bare.seconds,
            refused: bare.refused + durable.refused,
            triaged_under_load: progress.triaged - triaged_before,
            lag_seconds: progress.lag_seconds,
            waiting: progress.waiting,
            drain_seconds,
        })
    }
}

impl Report {
    fn of(plan: Plan, syncs: bool, pairs: Vec<Pair>, idle: u64, peak: u64) -> Self {
        let of = |figure: fn(&Pair) -> f64| median(pairs.iter().map(figure));
        let times = |figure: fn(&Pair) -> Times| {
            Times::median(&pairs.iter().map(figure).collect::<Vec<_>>())
        };
        Self {
            benchmark: "accept",
            store: plan.store.name(),
            syncs,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            goal: match plan.store {
                Store::Sqlite => GOAL_SQLITE,
                Store::Postgres => GOAL_POSTGRES,
            },
            ratio: of(|pair| pair.ratio),
            bare_per_second: of(|pair| pair.bare_per_second),
            durable_per_second: of(|pair| pair.durable_per_second),
            refused: pairs.iter().map(|pair| pair.refused).sum(),
            bare_times: times(|pair| pair.bare_times),
            durable_times: times(|pair| pair.durable_times),
            triaged_per_second_under_load: of(|pair| {
                pair.triaged_under_load / pair.durable_seconds
            }),
            triaged_per_second: of(|pair| {
                real(pair.durable_events) / (pair.durable_seconds + pair.drain_seconds)
            }),
            lag_seconds: of(|pair| pair.lag_seconds),
            waiting: of(|pair| pair.waiting),
            drain_seconds: of(|pair| pair.drain_seconds),
            rss_idle_bytes: idle,
            rss_peak_bytes: peak,
            bare_cpu_micros_per_event: of(|pair| {
                pair.bare_cpu_seconds * 1e6 / real(pair.bare_events).max(1.0)
            }),
            durable_cpu_micros_per_event: of(|pair| {
                pair.durable_cpu_seconds_with_drain * 1e6 / real(pair.durable_events).max(1.0)
            }),
            bare_cpu_cores: of(|pair| pair.bare_cpu_seconds / pair.bare_seconds),
            durable_cpu_cores: of(|pair| pair.durable_cpu_seconds / pair.durable_seconds),
            pairs,
        }
    }

    fn show(&self) -> anyhow::Result<()> {
        let ratio = |durable: f64, bare: f64| format!("{:.2}", durable / bare.max(0.001));
        let mut table = Table::new([
            Column::new("ACCEPT"),
            Column::number("BARE"),
            Column::number(self.store),
            Column::number("RATIO"),
        ]);
        let mut row = |name: &str, bare: String, durable: String, ratio: String| {
            let cells: [Cell; 4] = [name.into(), bare.into(), durable.into(), ratio.into()];
            table.row(cells);
        };
        let (bare, durable) = (&self.bare_times, &self.durable_times);
        let none = String::new;
        row(
            "requests",
            per_second(self.bare_per_second),
            per_second(self.durable_per_second),
            format!("{:.2}", self.ratio),
        );
        row("latency p50", ms(bare.p50_ms), ms(durable.p50_ms), none());
        row("latency p99", ms(bare.p99_ms), ms(durable.p99_ms), none());
        row(
            "processor under load",
            format!("{:.2} cores", self.bare_cpu_cores),
            format!("{:.2} cores", self.durable_cpu_cores),
            none(),
        );
        row(
            "processor per event",
            format!("{:.0} us", self.bare_cpu_micros_per_event),
            format!("{:.0} us", self.durable_cpu_micros_per_event),
            none(),
        );
        row(
            "triaged while accepting",
            none(),
            per_second(self.triaged_per_second_under_load),
            ratio(self.triaged_per_second_under_load, self.bare_per_second),
        );
        row(
            "accepted and triaged",
            none(),
            per_second(self.triaged_per_second),
            ratio(self.triaged_per_second, self.bare_per_second),
        );
        row("triage lag at the end", none(), format!("{:.1} s", self.lag_seconds), none());
        row("waiting at the end", none(), format!("{:.0}", self.waiting), none());
        row("triage done after", none(), format!("{:.1} s", self.drain_seconds), none());
        row("memory idle", none(), mib(self.rss_idle_bytes), none());
        row("memory peak", none(), mib(self.rss_peak_bytes), none());
        show::put(&table.render(Screen::of_stdout()))?;
        let verdict = if self.ratio >= self.goal { "met" } else { "missed" };
        show::line(format!(
            "\n{} pairs on {} cores, medians; {} refused. Goal: {:.2} of bare, {verdict}.",
            self.pairs.len(),
            self.cores,
            self.refused,
            self.goal
        ))
    }
}
