//! Who is on call: one instant in core, and ninety days through the API, of a schedule with five
//! layers, thirty people and two years of overrides.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use muster_core::oncall::schedule::{Schedule, on_call_at};
use muster_server::clock::Clock;
use serde::Serialize;

use super::Store;
use super::accept::prepare;
use super::figures::{Times, ms};
use super::process::Real;
use crate::api::Api;
use crate::operator;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table};
use crate::store::{self, Missing};

const PEOPLE: u64 = 30;
const OVERRIDES: i64 = 730;
const SCHEDULE: &str = "rota";
/// How often core is asked, each time about another instant of four years.
const INSTANTS: u64 = 20_000;
/// How often the API is asked for ninety days.
const EXPANSIONS: u64 = 200;
/// The longest that 99 of 100 answers of core may take, in milliseconds.
const GOAL_CORE_MS: f64 = 1.0;
/// The longest that 99 of 100 expansions may take, in milliseconds.
const GOAL_API_MS: f64 = 80.0;
/// The name of the token that asks.
const TOKEN: &str = "benchmark";

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    benchmark: &'static str,
    store: &'static str,
    cores: usize,
    people: u64,
    overrides: i64,
    shifts: usize,
    core: Times,
    core_goal_ms: f64,
    expanded: Times,
    expanded_goal_ms: f64,
}

/// Measures and prints.
///
/// # Errors
/// When the server cannot be started or does not answer.
pub async fn run(kind: Store, settings: &Settings) -> anyhow::Result<()> {
    let lodging = kind.lodging(settings)?;
    let now = Clock::System.now();
    prepare(&lodging.place, &organization(now)?).await?;
    let db = store::open(&lodging.place, Missing::Refuse).await?;
    let loaded = muster_store::org::directory::load(&mut db.snapshot().await?, &|_| None).await?;
    let token = operator::mint(&db, TOKEN, None, now).await?;
    db.close().await;
    // The directory is let go with it.
    drop(db);
    let schedule = loaded.directory.schedules.named(SCHEDULE).context("the schedule is gone")?;
    let core = in_core(schedule, now)?;
    let server = Real::start(&lodging.place).await?;
    let api = Api::new(&format!("http://{}", server.address), Some(token), true)?;
    let (shifts, expanded) = through_the_api(&api, now).await?;
    let report = Report {
        benchmark: "oncall",
        store: kind.name(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        people: PEOPLE,
        overrides: OVERRIDES,
        shifts,
        core,
        core_goal_ms: GOAL_CORE_MS,
        expanded,
        expanded_goal_ms: GOAL_API_MS,
    };
    if settings.json() { show::json(&serde_json::to_value(&report)?) } else { report.show() }
}

fn in_core(schedule: &Schedule, now: Timestamp) -> anyhow::Result<Times> {
    let mut micros = Vec::new();
    for step in 0..INSTANTS {
        // Every instant is far from the one before it.
        let seconds = i64::try_from(step * 7_919_993 % (4 * 366 * 86_400))?;
        let at = now.checked_add(SignedDuration::from_secs(seconds - 2 * 366 * 86_400))?;
        let begun = Instant::now();
        black_box(on_call_at(black_box(schedule), black_box(at)));
        micros.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(Times::of(micros))
}

async fn through_the_api(api: &Api, now: Timestamp) -> anyhow::Result<(usize, Times)> {
    let to = now.checked_add(SignedDuration::from_hours(90 * 24))?;
    let (from, to) = (now.to_string(), to.to_string());
    let query = [("from", from.as_str()), ("to", to.as_str())];
    let (mut micros, mut shifts) = (Vec::new(), 0);
    for _ in 0..EXPANSIONS {
        let begun = Instant::now();
        let answer = api.get(&["schedules", SCHEDULE, "shifts"], &query).await?;
        micros.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        shifts = show::items(&answer).len();
    }
    Ok((shifts, Times::of(micros)))
}

/// Five layers in three zones, of which two count in some hours only, and an override every day from
/// a year ago to a year ahead.
fn organization(now: Timestamp) -> anyhow::Result<String> {
    let mut text = "organization: { name: Bench, timezone: Europe/Berlin }\nusers:\n".to_owned();
    let name = |person: u64| format!("person-{person}");
    for person in 0..PEOPLE {
        let name = name(person);
        writeln!(
            text,
            "  - {{ name: {name}, email: {name}@example.com, contact_methods: \
             [ {{ name: mail, type: email, address: {name}@example.com }} ] }}"
        )?;
    }
    let everybody = (0..PEOPLE).map(name).collect::<Vec<_>>().join(", ");
    let office =
        "restrict: [ { days: [mon, tue, wed, thu, fri], from: \"09:00\", to: \"17:00\" } ]";
    writeln!(
        text,
        "schedules:
  - name: {SCHEDULE}
    layers:
      - {{ name: months, rotation: {{ every: 1mo, handoff: \"first Mon 09:00\", start: 2020-01-01, participants: [{everybody}] }} }}
      - {{ name: weeks, rotation: {{ every: 1w, handoff: \"Mon 09:00\", start: 2020-01-01, participants: [{everybody}] }} }}
      - {{ name: days-and-nights, rotation: {{ every: [12h, 12h], handoff: \"08:00\", start: 2020-01-01, participants: [{everybody}] }} }}
      - {{ name: york, timezone: America/New_York, {office}, rotation: {{ every: 1d, start: 2020-01-01, participants: [{everybody}] }} }}
      - {{ name: singapore, timezone: Asia/Singapore, {office}, rotation: {{ every: 1d, start: 2020-01-01, participants: [{everybody}] }} }}
    overrides:"
    )?;
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    for day in 0..OVERRIDES {
        let date = today.checked_add((day - OVERRIDES / 2).days())?;
        let user = name(u64::try_from(day)? % PEOPLE);
        writeln!(text, "      - {{ user: {user}, from: \"{date}T12:00\", to: \"{date}T16:00\" }}")?;
    }
    text.push_str(
        "escalation_policies:\n  - { name: rota, steps: [ { after: 0m, targets: [ { schedule: rota } ] } ] }\n\
         catch_all: { escalation_policy: rota }\n",
    );
    Ok(text)
}

impl Report {
    fn show(&self) -> anyhow::Result<()> {
        let mut table = Table::new([
            Column::new("ON CALL"),
            Column::number("P50"),
            Column::number("P99"),
            Column::number("LONGEST"),
            Column::number("GOAL"),
        ]);
        let micros = |ms: f64| format!("{:.0} us", ms * 1_000.0);
        let Times { p50_ms, p99_ms, max_ms, .. } = self.core;
        table.row([
            "one instant, in core".into(),
            micros(p50_ms).into(),
            micros(p99_ms).into(),
            micros(max_ms).into(),
            ms(self.core_goal_ms).into(),
        ]);
        let Times { p50_ms, p99_ms, max_ms, .. } = self.expanded;
        table.row([
            "90 days, through the API".into(),
            ms(p50_ms).into(),
            ms(p99_ms).into(),
            ms(max_ms).into(),
            ms(self.expanded_goal_ms).into(),
        ]);
        show::put(&table.render(Screen::of_stdout()))?;
        let is_met = self.core.p99_ms < self.core_goal_ms
            && self.expanded.p99_ms < self.expanded_goal_ms
            && self.shifts > 0;
        show::line(format!(
            "\n5 layers, {} people, {} overrides, {} shifts in 90 days, {} behind it, {} cores. Goal: {}.",
            self.people,
            self.overrides,
            self.shifts,
            self.store,
            self.cores,
            if is_met { "met" } else { "missed" },
        ))
    }
}

#[cfg(test)]
mod tests {
    use muster_server::app::org::config;

    #[test]
    fn the_organisation_can_be_applied() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        config::check(&super::organization(now).unwrap(), None).unwrap();
    }
}
