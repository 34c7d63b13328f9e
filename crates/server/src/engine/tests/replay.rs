//! The simulator's inputs, played to the real server on both stores: it must come to the same end as
//! the model in memory. Faults are the simulator's own; what is compared here is that the model of
//! the store, the stages and the people is a true one.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use muster_core::id::{IncidentId, PageId, UserId};
use muster_core::incident::lifecycle::{self, Command};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::severity::Level;
use muster_core::incident::timeline::Actor;
use muster_core::oncall::page::PageState;
use muster_core::org::directory::{Directory, Table};
use muster_core::org::user::Address;
use muster_core::sim::{
    self, Asked, BEGINNING_SECOND, Edit, Edited, Input, PEOPLE, Scheduled, Sent, Settled,
    SettledIncident, Verb,
};
use muster_store::alerting::alert::{self, AlertRow};
use muster_store::alerting::maintenance;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::page as store_page;
use muster_store::testing::on_both_engines;
use serde_json::json;

use super::world::World;
use crate::app::Snapshot;
use crate::app::alerting::maintenance::Wanted;

/// Seeds that are played.
const SEEDS: [u64; 2] = [3, 11];
/// How many hours of each.
const HOURS: u32 = 2;
/// How long the simulator goes on after the last input.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(1);
/// More alerts than any of the seeds makes.
const ALERTS_MAX: i64 = 10_000;

/// The most seeds that are looked through for one in which everything happens.
const SEEDS_MAX: u64 = 5_000;
/// How many hours of such a seed.
const EVENTFUL_HOURS: u32 = 3;

/// The simulator's organisation with phones that exist.
fn directory(port: u16) -> Directory {
    with_phones(sim::directory(), port)
}

/// An organisation of the simulator with phones that exist. It is in no store, so that it counts as the
/// configuration before the first change.
fn with_phones(mut directory: Directory, port: u16) -> Directory {
    directory.revision = 0;
    let mut users: Vec<_> = directory.users.iter().cloned().collect();
    for user in &mut users {
        for method in &mut user.contact_methods {
            let url = format!("http://127.0.0.1:{port}/{}-{}", user.name, method.name);
            method.address = Address::Webhook { url, secret: None };
        }
    }
    directory.users = Table::new(users);
    directory
}

/// The first seed in whose hours people leave and come back or policies and rotas change, somebody goes
/// on leave, and a service is worked on, and in which that changes the end: its signals, people and edits, without what comes later.
fn eventful() -> (u64, Vec<Scheduled>) {
    let end = Timestamp::from_second(BEGINNING_SECOND).unwrap()
        + SignedDuration::from_hours(i64::from(EVENTFUL_HOURS));
    let of = |seed| {
        let mut inputs = sim::schedule(seed, EVENTFUL_HOURS);
        let is_played =
            |input: &Input| matches!(input, Input::Signal(_) | Input::Person(_) | Input::Edit(_));
        inputs.retain(|scheduled| is_played(&scheduled.input) && scheduled.at < end);
        inputs.sort_by_key(|scheduled| scheduled.at);
        inputs
    };
    let happens = |inputs: &[Scheduled], is: fn(Edit) -> bool| {
        inputs.iter().any(|one| matches!(one.input, Input::Edit(edit) if is(edit)))
    };
    let has_all = |inputs: &[Scheduled]| {
        happens(inputs, |edit| matches!(edit, Edit::Person { .. } | Edit::Policy { .. }))
            && happens(inputs, |edit| matches!(edit, Edit::Leave { .. }))
            && happens(inputs, |edit| matches!(edit, Edit::Maintenance { .. }))
    };
    // They matter: without them the same signals and people come to another end.
    let matters = |inputs: &[Scheduled]| {
        let is_quiet = |one: &&Scheduled| !matches!(one.input, Input::Edit(_));
        let quiet: Vec<_> = inputs.iter().filter(is_quiet).copied().collect();
        sim::settle(inputs) != sim::settle(&quiet)
    };
    let mut seeds = (1..=SEEDS_MAX).map(|seed| (seed, of(seed)));
    let found = seeds.find(|(_, inputs)| has_all(inputs) && matters(inputs));
    found.expect("a seed in which all of it happens")
}

/// Edits the running server: the organisation as it is read, and windows of maintenance as they are
/// planned.
async fn edit(world: &World, edited: &mut Edited, edit: Edit) {
    let (app, now) = (&world.app, world.app.now());
    match edit {
        Edit::Maintenance { service, minutes } => {
            let name = sim::INTEGRATIONS[service];
            let service = app.snapshot().directory.services.named(name).unwrap().id;
            let wanted = Wanted {
                reason: "new disks".to_owned(),
                public_title: None,
                services: vec![service],
                when: None,
                from: now,
                to: now + SignedDuration::from_mins(minutes.into()),
            };
            app.plan_maintenance(&wanted, &Actor::System).await.unwrap();
        }
        Edit::EndMaintenance => {
            let mut tx = app.db.snapshot().await.unwrap();
            let windows = maintenance::seen_in_force(&mut tx, now).await.unwrap();
            drop(tx);
            for window in windows.iter().filter(|window| window.is_in_force(now)) {
                app.end_maintenance(window.id, &Actor::System).await.unwrap();
            }
        }
        edit => {
            edited.edit(edit, now);
            let directory = with_phones(edited.directory(), world.port());
            app.install(Snapshot::new(Arc::new(directory), Vec::new()));
        }
    }
}

fn inputs(seed: u64) -> Vec<Scheduled> {
    let mut inputs: Vec<_> = sim::schedule(seed, HOURS)
        .into_iter()
        .filter(|scheduled| matches!(scheduled.input, Input::Signal(_) | Input::Person(_)))
        .collect();
    inputs.sort_by_key(|scheduled| scheduled.at);
    inputs
}

fn body(sent: &Sent) -> String {
    if sent.poison {
        return "{ nobody can read this".to_owned();
    }
    let signal = sim::signal(sent);
    json!({
        "summary": signal.summary,
        "dedup_key": signal.dedup_key,
        "action": signal.action.name(),
        "severity": signal.severity,
        "labels": signal.labels.iter().cloned().collect::<HashMap<_, _>>(),
    })
    .to_string()
}

/// The label of an integration by the simulator's number.
fn label(world: &World, number: usize) -> String {
    let snapshot = world.app.snapshot();
    let directory = &snapshot.directory;
    let integration = directory
        .all_integrations()
        .find(|integration| integration.name == sim::INTEGRATIONS[number])
        .expect("the organisation has it");
    directory.integration_label(integration)
}

async fn alerts(world: &World) -> Vec<AlertRow> {
    alert::list(&world.app.db, &Viewer::Engine, &alert::Filter::default(), ALERTS_MAX)
        .await
        .unwrap()
}

/// The incident of the newest alert of a trouble.
async fn incident_of(world: &World, integration: usize, key: u64) -> Option<IncidentId> {
    let label = label(world, integration);
    let id = world.app.snapshot().inlet_by_label(&label)?.integration.id;
    let filter = alert::Filter { dedup_key: Some(sim::dedup_key(key)), ..alert::Filter::default() };
    let rows = alert::list(&world.app.db, &Viewer::Engine, &filter, ALERTS_MAX).await.unwrap();
    let newest = rows.into_iter().find(|row| row.integration_id == id.0)?;
    newest.incident_id.map(IncidentId)
}

async fn ask(world: &World, asked: &Asked) {
    let Some(id) = incident_of(world, asked.integration, asked.key).await else { return };
    let snapshot = world.app.snapshot();
    let Some(user) = snapshot.directory.users.named(PEOPLE[asked.person]) else { return };
    let actor = Actor::User { id: user.id, name: user.name.clone() };
    let now = world.app.now();
    let command = match asked.verb {
        Verb::Decline => {
            if let Some(page) = live_page(world, id, user.id).await {
                let _ = world.app.decline(page, &actor).await;
            }
            return;
        }
        Verb::Merge { integration, key } => {
            let Some(into) = incident_of(world, integration, key).await else { return };
            let into =
                store_incident::get(&world.app.db, &Viewer::Engine, into).await.unwrap().unwrap();
            if !into.status.is_open() {
                return;
            }
            Command::Merge { into: into.id, into_number: into.number }
        }
        verb => match simple(world, verb, now) {
            Some(command) => command,
            None => return,
        },
    };
    // A wrong move is refused here as it is there.
    let _ = world.app.command(id, command, &actor).await;
}

fn simple(world: &World, verb: Verb, now: Timestamp) -> Option<Command> {
    Some(match verb {
        Verb::Acknowledge => Command::Acknowledge,
        Verb::Unacknowledge => Command::Unacknowledge,
        Verb::Escalate => Command::Escalate,
        Verb::Snooze(minutes) => {
            let length = SignedDuration::from_mins(minutes.into());
            Command::Snooze { until: lifecycle::snooze_until(length, now).ok()? }
        }
        Verb::Unsnooze => Command::Unsnooze,
        Verb::Research => Command::Research,
        Verb::Restore => Command::Restore,
        Verb::Resolve => Command::Resolve { note: None },
        Verb::Close => Command::Close,
        Verb::Reopen => Command::Reopen { reason: None },
        Verb::Page(person) => {
            let snapshot = world.app.snapshot();
            let user = snapshot.directory.users.named(PEOPLE[person])?;
            Command::PagePeople { users: vec![user.id], message: None }
        }
        Verb::Severity(level) => {
            Command::ChangeSeverity { level: Level::new(level)?, reason: None }
        }
        Verb::Decline | Verb::Merge { .. } => return None,
    })
}

async fn live_page(world: &World, incident: IncidentId, user: UserId) -> Option<PageId> {
    let pages = store_page::of_incident(&world.app.db, incident).await.unwrap();
    let live = [PageState::Pending.name(), PageState::Accepted.name()];
    pages
        .into_iter()
        .find(|page| page.user_id == user.0 && live.contains(&page.state.as_str()))
        .map(|page| PageId(page.id))
}

/// The trouble that opened an incident, which bears its words as a title.
fn opened_by(title: &str) -> u64 {
    title.strip_prefix("Trouble ").unwrap().parse().unwrap()
}

/// How every trouble ended, as the simulator tells it.
async fn settled(world: &World) -> Vec<Settled> {
    let alerts = alerts(world).await;
    let incidents: HashMap<_, _> =
        world.incidents().await.into_iter().map(|incident| (incident.id, incident)).collect();
    let number_of = |key: &str| key.strip_prefix("trouble-").unwrap().parse::<u64>().unwrap();
    let snapshot = world.app.snapshot();
    let mut newest = HashMap::new();
    // From the oldest to the newest, so that the newest of a key stays.
    for row in alerts.iter().rev() {
        let integration = snapshot
            .directory
            .all_integrations()
            .find(|integration| integration.id.0 == row.integration_id)
            .and_then(|it| sim::INTEGRATIONS.iter().position(|name| *name == it.name))
            .unwrap();
        let key = number_of(&row.dedup_key);
        newest.insert((integration, key), row);
    }
    let mut settled: Vec<_> = newest
        .into_iter()
        .map(|((integration, key), row)| Settled {
            integration,
            key,
            is_open: row.status == "open",
            count: row.count as u64,
            incident: row.incident_id.map(|id| {
                let incident = &incidents[&IncidentId(id)];
                SettledIncident {
                    first_key: opened_by(&incident.title),
                    status: incident.status,
                    severity: incident.severity,
                    alert_count: incident.alert_count,
                    open_alert_count: incident.open_alert_count,
                    reopened_count: incident.reopened_count,
                }
            }),
        })
        .collect();
    settled.sort_by_key(|settled| (settled.integration, settled.key));
    settled
}

/// Plays inputs to the real server on both stores and holds the end against the simulator's.
async fn play(seed: u64, inputs: &[Scheduled]) {
    let beginning = Timestamp::from_second(BEGINNING_SECOND).unwrap();
    let expected = sim::settle(inputs);
    assert!(expected.len() > 20);
    on_both_engines(async |db| {
        let world = World::of(db, beginning, directory).await;
        let mut edited = Edited::default();
        for scheduled in inputs {
            world.pass(scheduled.at.duration_since(world.app.now())).await;
            match &scheduled.input {
                Input::Signal(sent) => {
                    let label = label(&world, sent.integration);
                    world.message(&label, body(sent).as_bytes()).await;
                }
                Input::Person(asked) => ask(&world, asked).await,
                Input::Edit(asked) => edit(&world, &mut edited, *asked).await,
                _ => {}
            }
            world.rest().await;
        }
        world.pass(AFTERWARDS).await;
        let found = settled(&world).await;
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "seed {seed}");
        }
        assert_eq!(found.len(), expected.len(), "seed {seed}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_server_comes_to_the_same_end_as_the_simulator() {
    for seed in SEEDS {
        play(seed, &inputs(seed)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_leave_and_maintenance_lead_the_real_server_to_the_same_end() {
    let (seed, inputs) = eventful();
    play(seed, &inputs).await;
}
