//! An incident that many watch: how soon an entry is durable, how soon everybody who watches has heard
//! of it, and how long reading takes once the timeline is long. Whoever writes waits until all have
//! heard before the next entry, so that one time is not hidden behind another.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use muster_store::Db;
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::accept::prepare;
use super::figures::{Times, ms};
use super::process::Real;
use super::{Lodging, Store};
use crate::api::Api;
use crate::operator;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table};
use crate::store::{self, Missing};

/// How often entries are written while everybody watches.
const ENTRIES: u64 = 200;
/// How many clients fill the timeline at once.
const WRITERS: u64 = 8;
/// How often each page of a long timeline is read.
const READS: u64 = 50;
/// The longest that anybody may wait to hear of an entry.
const HEARD_WITHIN: Duration = Duration::from_secs(10);
/// What follows an entry at once (its other events) is let pass before the next is written.
const BETWEEN: Duration = Duration::from_millis(25);
/// Of 100 entries 99 are durable within this, in milliseconds.
const GOAL_DURABLE_MS: f64 = 30.0;
/// Of 100 times that somebody hears of an entry 95 are within this, in milliseconds.
const GOAL_HEARD_MS: f64 = 500.0;
/// The longest that opening a long timeline may take, in milliseconds.
const GOAL_OPENED_MS: f64 = 1_000.0;
/// The name of the token that writes and watches.
const TOKEN: &str = "benchmark";

const ORGANIZATION: &str = "organization: { name: Bench, timezone: UTC }
users: [ { name: ana, email: ana@example.com, contact_methods: [ { name: mail, type: email, address: ana@example.com } ] } ]
escalation_policies: [ { name: ana, steps: [ { after: 0m, targets: [ { user: ana } ] } ] } ]
services: [ { name: shop, escalation_policy: ana, grouping: none } ]
catch_all: { escalation_policy: ana }
";

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Behind the server.
    pub store: Store,
    /// How many watch.
    pub viewers: u64,
    /// How long the timeline becomes.
    pub entries: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    benchmark: &'static str,
    store: &'static str,
    syncs: bool,
    cores: usize,
    viewers: u64,
    entries: u64,
    durable: Times,
    heard: Times,
    newest: Times,
    synopsis: Times,
    record: Times,
    goal_durable_ms: f64,
    goal_heard_ms: f64,
    goal_opened_ms: f64,
}

/// Measures and prints.
///
/// # Errors
/// When the server cannot be started, does not answer, or somebody does not hear of an entry.
pub async fn run(plan: Plan, settings: &Settings) -> anyhow::Result<()> {
    let room = Room::open(plan.store, settings).await?;
    let (api, syncs) = (room.api.clone(), room.syncs);
    let (durable, heard) = watched(&api, plan.viewers).await?;
    fill(&api, ENTRIES, plan.entries.saturating_sub(ENTRIES)).await?;
    let newest = read(&api, &["incidents", "1", "timeline"]).await?;
    let synopsis = read(&api, &["incidents", "1", "synopsis"]).await?;
    let record = read(&api, &["incidents", "1", "record"]).await?;
    let report = Report {
        benchmark: "room",
        store: plan.store.name(),
        syncs,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        viewers: plan.viewers,
        entries: plan.entries,
        durable,
        heard,
        newest,
        synopsis,
        record,
        goal_durable_ms: GOAL_DURABLE_MS,
        goal_heard_ms: GOAL_HEARD_MS,
        goal_opened_ms: GOAL_OPENED_MS,
    };
    if settings.json() { show::json(&serde_json::to_value(&report)?) } else { report.show() }
}

/// A server of its own with one incident, for as long as it is held.
pub(super) struct Room {
    /// Speaks to the server.
    pub(super) api: Api,
    /// Whether the store waits for the disk.
    pub(super) syncs: bool,
    _server: Real,
    _lodging: Lodging,
}

impl Room {
    /// Starts the server and declares the incident, which has the number 1.
    ///
    /// # Errors
    /// When either cannot be done.
    pub(super) async fn open(store: Store, settings: &Settings) -> anyhow::Result<Self> {
        Self::of(store, ORGANIZATION, settings, async |_| Ok(())).await
    }

    /// As [`Room::open`], of an organisation with a service `shop`, whose store something was put
    /// into before the server starts.
    pub(super) async fn of(
        store: Store,
        organization: &str,
        settings: &Settings,
        before: impl AsyncFnOnce(&Db) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let lodging = store.lodging(settings)?;
        let syncs = prepare(&lodging.place, organization).await?;
        let db = store::open(&lodging.place, Missing::Refuse).await?;
        before(&db).await?;
        let now = muster_server::clock::Clock::System.now();
        let token = operator::mint(&db, TOKEN, None, now).await?;
        db.close().await;
        // The directory is let go with it.
        drop(db);
        let server = Real::start(&lodging.place).await?;
        let api = Api::new(&format!("http://{}", server.address), Some(token), true)?;
        let report = json!({ "title": "Nobody can pay", "service": "shop", "severity": 4 });
        api.post(&["incidents"], &report).await.context("the incident cannot be declared")?;
        Ok(Self { api, syncs, _server: server, _lodging: lodging })
    }
}

/// Writes an entry; `"note NUMBER:"` finds it alone.
pub(super) async fn note(api: &Api, number: u64) -> anyhow::Result<()> {
    let body = json!({ "text": format!("note {number}: the queue is still growing on all nodes") });
    api.post(&["incidents", "1", "timeline"], &body).await.map(drop)
}

/// Entries while everybody watches: until each is durable, and until each viewer has heard of it.
async fn watched(api: &Api, viewers: u64) -> anyhow::Result<(Times, Times)> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut watching = JoinSet::new();
    for viewer in 0..viewers {
        let mut stream = api.stream().await.context("a viewer cannot watch")?;
        let tell = tell.clone();
        watching.spawn(async move {
            while let Ok(Some(chunk)) = stream.chunk().await {
                let is_event = chunk.windows(6).any(|part| part == b"event:");
                if is_event && tell.send((viewer, Instant::now())).is_err() {
                    return;
                }
            }
        });
    }
    let mut durable = Vec::new();
    let mut heard = Vec::new();
    let micros = |length: Duration| u32::try_from(length.as_micros()).unwrap_or(u32::MAX);
    for number in 0..ENTRIES {
        tokio::time::sleep(BETWEEN).await;
        while told.try_recv().is_ok() {}
        let begun = Instant::now();
        note(api, number).await?;
        durable.push(micros(begun.elapsed()));
        let mut first = vec![None; usize::try_from(viewers)?];
        let mut left = first.len();
        while left > 0 {
            let next = tokio::time::timeout(HEARD_WITHIN, told.recv()).await;
            let Ok(Some((viewer, at))) = next else {
                bail!("{left} viewers did not hear of entry {number} within {HEARD_WITHIN:?}");
            };
            let place = &mut first[usize::try_from(viewer)?];
            if place.is_none() {
                *place = Some(at);
                left -= 1;
                heard.push(micros(at.duration_since(begun)));
            }
        }
    }
    Ok((Times::of(durable), Times::of(heard)))
}

/// Writes entries, the first with the number `from`.
pub(super) async fn fill(api: &Api, from: u64, entries: u64) -> anyhow::Result<()> {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let api = api.clone();
        let numbers = (writer..entries).step_by(usize::try_from(WRITERS)?);
        writers.spawn(async move {
            for number in numbers {
                note(&api, from + number).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    Ok(())
}

async fn read(api: &Api, path: &[&str]) -> anyhow::Result<Times> {
    let mut micros = Vec::new();
    for _ in 0..READS {
        let begun = Instant::now();
        api.get(path, &[]).await?;
        micros.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(Times::of(micros))
}

impl Report {
    fn show(&self) -> anyhow::Result<()> {
        let mut table = Table::new([
            Column::new("WHAT"),
            Column::number("P50"),
            Column::number("P95"),
            Column::number("P99"),
            Column::new("GOAL"),
        ]);
        let verdict = |is_met: bool| if is_met { "met" } else { "missed" };
        let rows = [
            (
                "an entry is durable",
                &self.durable,
                format!(
                    "p99 {}: {}",
                    ms(GOAL_DURABLE_MS),
                    verdict(self.durable.p99_ms <= GOAL_DURABLE_MS)
                ),
            ),
            (
                "a viewer has heard of it",
                &self.heard,
                format!(
                    "p95 {}: {}",
                    ms(GOAL_HEARD_MS),
                    verdict(self.heard.p95_ms <= GOAL_HEARD_MS)
                ),
            ),
            (
                "the newest page of the timeline",
                &self.newest,
                format!(
                    "part of {}: {}",
                    ms(GOAL_OPENED_MS),
                    verdict(self.newest.p99_ms <= GOAL_OPENED_MS)
                ),
            ),
            ("the synopsis", &self.synopsis, String::new()),
            ("the closing record", &self.record, String::new()),
        ];
        for (name, times, goal) in rows {
            let Times { p50_ms, p95_ms, p99_ms, .. } = *times;
            table.row([
                name.into(),
                ms(p50_ms).into(),
                ms(p95_ms).into(),
                ms(p99_ms).into(),
                goal.into(),
            ]);
        }
        show::put(&table.render(Screen::of_stdout()))?;
        show::line(format!(
            "\n{} watch, {} entries, {} behind it, {} cores.",
            self.viewers, self.entries, self.store, self.cores
        ))
    }
}
