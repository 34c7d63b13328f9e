//! Changes: what is in the way of one among ten thousand that stand in the calendar, and what changed
//! before an incident, out of a hundred thousand events of services that depend on each other.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use muster_core::change::conflict::{Around, Booked, Index, Subject, check};
use muster_core::change::event::{Kind, Progress, State as EventState, What};
use muster_core::change::notice::Notice;
use muster_core::change::plan::Plan as ChangePlan;
use muster_core::change::record::{By, State, draft};
use muster_core::id::{ChangeEventId, ChangeId, ServiceId, UserId};
use muster_core::incident::timeline::Actor;
use muster_core::oncall::cover::Span;
use muster_core::org::directory::Directory;
use muster_server::clock::Clock;
use muster_server::ids::Ids;
use muster_store::change::event::{NewReport, record as report_event};
use muster_store::change::record as store_change;
use muster_store::{Db, Lane};
use serde::Serialize;
use serde_json::json;

use super::Store;
use super::figures::{Times, ms};
use super::room::Room;
use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table};

/// How many services each service needs.
const NEEDS: u64 = 3;
/// How many people do changes.
const PEOPLE: u64 = 50;
/// Over how many days changes stand in the calendar, from tomorrow on.
const DAYS_AHEAD: i64 = 90;
/// Over how many days events happened.
const DAYS_BACK: i64 = 30;
/// How many rows are written in one transaction.
const PORTION: u64 = 1_000;
/// How often each thing is asked.
const ASKED: u64 = 200;
/// The longest that 99 of 100 checks may take, in milliseconds.
const GOAL_CHECK_MS: f64 = 50.0;
/// The longest that 99 of 100 answers to "what changed?" may take, in milliseconds.
const GOAL_SUSPECTS_MS: f64 = 100.0;

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Behind the server.
    pub store: Store,
    /// How many services there are.
    pub services: u64,
    /// How many changes stand in the calendar.
    pub changes: u64,
    /// How many events came in.
    pub events: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    benchmark: &'static str,
    store: &'static str,
    syncs: bool,
    cores: usize,
    services: u64,
    changes: u64,
    events: u64,
    /// What is in the way of one change, in core, the calendar in memory.
    core: Times,
    /// The same through the API, everything read anew.
    through_the_api: Times,
    /// The next free time for two hours of such a change within four weeks, through the API.
    free: Times,
    /// What changed in the day before an incident, through the API.
    suspects: Times,
    goal_check_ms: f64,
    goal_suspects_ms: f64,
}

/// Measures and prints.
///
/// # Errors
/// When the server cannot be started or does not answer.
pub async fn run(plan: Plan, settings: &Settings) -> anyhow::Result<()> {
    let text = organization(plan.services)?;
    let now = Clock::System.now();
    let mut core = None;
    let room = Room::of(plan.store, &text, settings, async |db| {
        let mut snapshot = db.snapshot().await?;
        let loaded = muster_store::org::directory::load(&mut snapshot, &|_| None).await?;
        drop(snapshot);
        let directory = loaded.directory;
        let booked = schedule(db, &directory, plan, now).await?;
        happen(db, &directory, plan, now).await?;
        core = Some(in_core(&directory, booked, now)?);
        Ok(())
    })
    .await?;
    let api = &room.api;
    let number = drafted(api, now).await?;
    let through_the_api = asked(api, &["changes", &number, "conflicts"], &[]).await?;
    let wanted = [("service", "shop"), ("takes", "2h")];
    let free = asked(api, &["changes", "next-slot"], &wanted).await?;
    let suspects = asked(api, &["incidents", "1", "changes"], &[]).await?;
    let report = Report {
        benchmark: "changes",
        store: plan.store.name(),
        syncs: room.syncs,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        services: plan.services,
        changes: plan.changes,
        events: plan.events,
        core: core.context("nothing was checked")?,
        through_the_api,
        free,
        suspects,
        goal_check_ms: GOAL_CHECK_MS,
        goal_suspects_ms: GOAL_SUSPECTS_MS,
    };
    if settings.json() { show::json(&serde_json::to_value(&report)?) } else { report.show() }
}

/// Services that need each other, far apart in the list, one of which is called `shop`.
fn organization(services: u64) -> anyhow::Result<String> {
    let mut text = "organization: { name: Bench, timezone: UTC }\nusers:\n".to_owned();
    for at in 0..PEOPLE {
        writeln!(
            text,
            "  - {{ name: person-{at}, email: person-{at}@example.com, contact_methods: \
             [ {{ name: mail, type: email, address: person-{at}@example.com }} ] }}"
        )?;
    }
    text.push_str(
        "escalation_policies: [ { name: all, steps: [ { after: 0m, targets: [ { user: person-0 } ] } ] } ]\n\
         catch_all: { escalation_policy: all }\nservices:\n",
    );
    for at in 0..services {
        // What is needed stands further down, so that nothing needs itself.
        let needs: Vec<_> = (1..=NEEDS)
            .map(|step| at + step * step * 7)
            .filter(|needed| *needed < services)
            .map(name)
            .collect();
        let (name, needs) = (name(at), needs.join(", "));
        writeln!(
            text,
            "  - {{ name: {name}, tier: 2, escalation_policy: all, depends_on: [ {needs} ] }}"
        )?;
    }
    Ok(text)
}

fn name(service: u64) -> String {
    if service == 0 { "shop".to_owned() } else { format!("service-{service}") }
}

fn service(directory: &Directory, at: u64) -> anyhow::Result<ServiceId> {
    Ok(directory.services.named(&name(at)).context("a service is gone")?.id)
}

fn person(directory: &Directory, at: u64) -> anyhow::Result<UserId> {
    let name = format!("person-{}", at % PEOPLE);
    Ok(directory.users.named(&name).context("somebody is gone")?.id)
}

/// Spreads a number over a range, the same in every run.
fn spread(at: u64, over: u64) -> u64 {
    at.wrapping_mul(0x9E37_79B9_7F4A_7C15) % over.max(1)
}

/// Writes scheduled changes of an hour each; says where they stand in the calendar.
async fn schedule(
    db: &Db,
    directory: &Directory,
    plan: Plan,
    now: Timestamp,
) -> anyhow::Result<Vec<Booked>> {
    let ids = Ids::default();
    let hour = SignedDuration::from_hours(1);
    let by = By { actor: Actor::System, is_admin: true };
    let mut booked = Vec::new();
    let mut at = 0;
    while at < plan.changes {
        let mut tx = db.begin(Lane::Command).await?;
        for at in at..plan.changes.min(at + PORTION) {
            let minutes = spread(at, u64::try_from(DAYS_AHEAD * 24 * 60)?);
            let start = now
                + SignedDuration::from_hours(24)
                + SignedDuration::from_mins(minutes.try_into()?);
            let service = service(directory, spread(at + 1, plan.services))?;
            let technician = person(directory, at)?;
            let mut written = ChangePlan::new(format!("Change {at}"), service, "deploy");
            (written.start, written.end) = (Some(start), Some(start + hour));
            written.technician = Some(technician);
            let id = ChangeId(ids.next(now));
            let (mut change, _) = draft(id, written, technician, &by, now);
            change.number = store_change::next_number(&mut tx).await?;
            change.state = State::Scheduled;
            store_change::insert(&mut tx, &change).await?;
            booked.push(Booked {
                number: change.number,
                title: change.plan.title,
                span: Span { from: start, to: start + hour },
                back_by: start + hour,
                services: vec![service],
                technician: Some(technician),
                tier: 2,
            });
        }
        tx.commit().await?;
        at += PORTION;
    }
    Ok(booked)
}

/// Writes events of the days before now.
async fn happen(db: &Db, directory: &Directory, plan: Plan, now: Timestamp) -> anyhow::Result<()> {
    let ids = Ids::default();
    let mut at = 0;
    while at < plan.events {
        let mut tx = db.begin(Lane::Command).await?;
        for at in at..plan.events.min(at + PORTION) {
            let seconds = spread(at, u64::try_from(DAYS_BACK * 24 * 3_600)?);
            let started_at = now - SignedDuration::from_secs(seconds.try_into()?);
            let event = NewReport {
                id: ChangeEventId(ids.next(now)),
                service: service(directory, spread(at + 1, plan.services))?,
                integration: None,
                source: "manual",
                key: format!("event-{at}"),
                progress: Progress {
                    state: EventState::Succeeded,
                    started_at,
                    ended_at: Some(started_at + SignedDuration::from_mins(2)),
                },
                what: What::new(Kind::Deploy, format!("Version {at}")),
            };
            report_event(&mut tx, &event, now).await?;
        }
        tx.commit().await?;
        at += PORTION;
    }
    Ok(())
}

fn in_core(directory: &Directory, booked: Vec<Booked>, now: Timestamp) -> anyhow::Result<Times> {
    let index = Index::new(booked);
    let mut micros = Vec::new();
    for at in 0..ASKED {
        let subject = Subject {
            number: None,
            services: vec![service(directory, at)?],
            class: "deploy".to_owned(),
            tier: 2,
            takes: SignedDuration::from_hours(2),
            back_takes: SignedDuration::from_mins(30),
            technician: Some(person(directory, at)?),
            approvers: Vec::new(),
            resolver: String::new(),
            needs_window: false,
            notice: Notice::Free,
        };
        let around = Around {
            directory,
            bounds: &directory.change_policy.bounds,
            booked: &index,
            absences: &[],
            troubles: &[],
            now,
        };
        let start = now + SignedDuration::from_hours(48 + i64::try_from(at)?);
        let begun = Instant::now();
        black_box(check(black_box(&subject), around, start));
        micros.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(Times::of(micros))
}

/// The number of a draft to the shop, which nobody has agreed to.
async fn drafted(api: &Api, now: Timestamp) -> anyhow::Result<String> {
    let start = now + SignedDuration::from_hours(30 * 24);
    let plan = json!({
        "title": "Move the shop", "service": "shop", "class": "deploy", "technician": "person-1",
        "start": start.to_string(), "end": (start + SignedDuration::from_hours(2)).to_string(),
    });
    let body = json!({ "plan": plan, "submitter": "person-0" });
    let change = api.post(&["changes"], &body).await?;
    Ok(show::text(&change["number"]))
}

async fn asked(api: &Api, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Times> {
    let mut micros = Vec::new();
    for _ in 0..ASKED {
        let begun = Instant::now();
        api.get(path, query).await?;
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
        let rows = [
            ("in the way, in core", &self.core, Some(self.goal_check_ms)),
            ("in the way, API", &self.through_the_api, Some(self.goal_check_ms)),
            ("next free time, API", &self.free, None),
            ("what changed, API", &self.suspects, Some(self.goal_suspects_ms)),
        ];
        for (name, times, goal) in rows {
            let Times { p50_ms, p95_ms, p99_ms, .. } = *times;
            let verdict = |goal: f64| if p99_ms <= goal { "met" } else { "missed" };
            let goal = goal.map(|goal| format!("p99 {}: {}", ms(goal), verdict(goal)));
            table.row([
                name.into(),
                ms(p50_ms).into(),
                ms(p95_ms).into(),
                ms(p99_ms).into(),
                goal.unwrap_or_default().into(),
            ]);
        }
        show::put(&table.render(Screen::of_stdout()))?;
        show::line(format!(
            "\n{} services, {} scheduled changes, {} events, {} behind it, {} cores.",
            self.services, self.changes, self.events, self.store, self.cores
        ))
    }
}

#[cfg(test)]
mod tests {
    use muster_server::app::org::config;

    #[test]
    fn the_organisation_can_be_applied() {
        config::check(&super::organization(30).unwrap(), None).unwrap();
    }
}
