//! Stories of several nodes on one PostgreSQL database.

use std::collections::HashMap;

use jiff::SignedDuration;
use muster_core::incident::lifecycle::{Command, Status};
use muster_core::incident::restriction::Viewer;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::page;
use muster_store::testing::{Fresh, Place, cut_connections, fresh, until_blocked};
use muster_store::timer::{self, Kind};
use muster_store::{Db, Engine, Lane};

use super::proxy::Proxy;
use super::world::World;
use crate::app::incident::command::obey;
use crate::app::incident::declare::Report;
use crate::engine::outbox::Outbox;
use crate::engine::{Found, timers, triage};

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_fires_does_not_stand_in_the_way_of_an_acknowledgement() {
    let fresh = fresh(Engine::Postgres).await;
    let mut world = World::new(fresh.db.clone()).await;
    world.event("checkout", "trigger", "a", "critical").await;
    world.rest().await;
    world.halt();
    let id = world.incident().await.id;
    world.app.clock.advance(minutes(5));
    let now = world.app.now();
    // Somebody is about to acknowledge and holds the incident while its timer fires.
    let mut tx = world.app.db.begin(Lane::Command).await.unwrap();
    store_incident::lock(&mut tx, id).await.unwrap().unwrap();
    let firing = tokio::spawn(timers::step(world.app.clone()));
    until_blocked(&fresh.db, 1).await;
    timer::set(&mut tx, Kind::Incident, id.0, now + minutes(30), now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(firing.await.unwrap().unwrap(), Found::Work);
    // The timer's claim was lost, so nothing fired and nothing was put off.
    let due = timer::earliest(&fresh.db, Kind::Incident).await.unwrap();
    assert_eq!(due, Some(now + minutes(30)));
    assert!(world.phones.at("/bo").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_and_the_next_step_race_and_one_of_them_wins() {
    const RACES: usize = 200;
    let fresh = fresh(Engine::Postgres).await;
    let mut world = World::new(fresh.db.clone()).await;
    world.halt();
    world
        .reconfigure(|text| text.replace("    inform: [ops@example.com]\n", "    grouping: none\n"))
        .await;
    let ana = world.actor("ana");
    for race in 0..RACES {
        world.event("checkout", "trigger", &format!("race {race}"), "critical").await;
        world.triage().await;
        let id = world.incidents().await[0].id;
        world.app.clock.advance(minutes(5));
        let (acknowledged, fired) = tokio::join!(
            world.app.command(id, Command::Acknowledge, &ana),
            timers::step(world.app.clone()),
        );
        assert_eq!(acknowledged.unwrap().status, Status::Acknowledged, "race {race}");
        fired.unwrap();
        let incident = store_incident::get(&fresh.db, &Viewer::Engine, id).await.unwrap().unwrap();
        assert_eq!(incident.status, Status::Acknowledged);
        for (state, _) in world.ledger(id).await {
            assert_eq!(state, "superseded", "race {race}");
        }
        assert_eq!(timer::overdue(&fresh.db, Kind::Incident, world.app.now()).await.unwrap().0, 0);
    }
}

fn url(fresh: &Fresh) -> &str {
    match fresh.place() {
        Place::Url(url) => url,
        Place::Dir(dir) => panic!("{} is no cluster", dir.display()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_asked_for_happens_once_although_nobody_confirmed_it() {
    let fresh = fresh(Engine::Postgres).await;
    let (proxy, through) = Proxy::before(url(&fresh)).await;
    let mut world = World::new(Db::open_postgres(&through).await.unwrap()).await;
    world.halt();
    let ana = world.actor("ana");
    proxy.lose_the_next_answer();
    let report = Report { title: "The shop is down".into(), ..Report::default() };
    let declared = world.app.declare(report, &ana).await.unwrap();
    assert_eq!(world.incident().await, declared);
    proxy.lose_the_next_answer();
    let escalated = world.app.command(declared.id, Command::Escalate, &ana).await.unwrap();
    assert_eq!(world.incident().await, escalated);
    // One step further and not two.
    let pages = page::of_incident(&fresh.db, declared.id).await.unwrap();
    assert_eq!(pages.len(), 2);
    proxy.lose_the_next_answer();
    let ours = muster_core::id::PageId(pages[1].id);
    world.app.decline(ours, &world.actor("bo")).await.unwrap();
    let pages = page::of_incident(&fresh.db, declared.id).await.unwrap();
    // Bo was the last to ask, so the catch-all is asked, once.
    let reasons: Vec<_> = pages.iter().map(|page| page.reason.as_str()).collect();
    assert_eq!(reasons, ["step 1 of payments", "step 2 of payments", "the catch-all"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn declining_and_acknowledging_at_once_do_not_wait_for_each_other() {
    let fresh = fresh(Engine::Postgres).await;
    let mut world = World::new(fresh.db.clone()).await;
    world.halt();
    for _ in 0..50 {
        let declared = world.app.declare(Report::default(), &world.actor("ana")).await.unwrap();
        let pages = page::of_incident(&fresh.db, declared.id).await.unwrap();
        let ours = muster_core::id::PageId(pages[0].id);
        let (ana, bo) = (world.actor("ana"), world.actor("bo"));
        let (declined, acknowledged) = tokio::join!(
            world.app.decline(ours, &ana),
            world.app.command(declared.id, Command::Acknowledge, &bo),
        );
        declined.unwrap();
        acknowledged.unwrap();
        assert_eq!(world.incidents().await[0].status, Status::Acknowledged);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_does_not_join_an_incident_that_is_being_resolved() {
    let fresh = fresh(Engine::Postgres).await;
    let mut world = World::new(fresh.db.clone()).await;
    world.event("checkout", "trigger", "a", "critical").await;
    world.rest().await;
    world.halt();
    let first = world.incident().await.id;
    let (app, ana) = (&world.app, world.actor("ana"));
    let mut tx = app.db.begin(Lane::Command).await.unwrap();
    let resolve = Command::Resolve { note: None };
    obey(app, &mut tx, first, resolve, &ana, app.now()).await.unwrap();
    // Triage sees it triggered and waits for whoever is resolving it.
    world.event("checkout", "trigger", "b", "critical").await;
    let triaging = tokio::spawn(triage::step(app.clone()));
    until_blocked(&fresh.db, 1).await;
    tx.commit().await.unwrap();
    triaging.await.unwrap().unwrap();
    let incidents = world.incidents().await;
    let statuses: Vec<_> = incidents.iter().map(|incident| incident.status).collect();
    assert_eq!(statuses, [Status::Triggered, Status::Resolved]);
    assert_eq!(world.ledger(incidents[0].id).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_finds_the_incident_that_took_the_others_place() {
    let fresh = fresh(Engine::Postgres).await;
    let mut world = World::new(fresh.db.clone()).await;
    world.event("checkout", "trigger", "a", "critical").await;
    world.rest().await;
    let first = world.incident().await;
    world.does("ana", first.id, Command::Acknowledge).await;
    world.event("checkout", "trigger", "b", "critical").await;
    world.rest().await;
    let second = world.incidents().await.remove(0);
    world.halt();
    let (app, ana) = (&world.app, world.actor("ana"));
    let mut tx = app.db.begin(Lane::Command).await.unwrap();
    let merge = Command::Merge { into: first.id, into_number: first.number };
    obey(app, &mut tx, second.id, merge, &ana, app.now()).await.unwrap();
    world.event("checkout", "resolve", "b", "critical").await;
    let triaging = tokio::spawn(triage::step(app.clone()));
    until_blocked(&fresh.db, 1).await;
    tx.commit().await.unwrap();
    triaging.await.unwrap().unwrap();
    let whole = store_incident::get(&fresh.db, &Viewer::Engine, first.id).await.unwrap().unwrap();
    assert_eq!((whole.alert_count, whole.open_alert_count), (2, 1));
}

/// A person, a policy and a service for each number, so that every alert pages somebody else.
fn wide(count: usize) -> impl Fn(String) -> String {
    move |text| {
        let port = text.split("127.0.0.1:").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let (mut users, mut policies, mut services) = (String::new(), String::new(), String::new());
        for at in 0..count {
            users += &format!(
                "  - {{ name: user{at}, full_name: User {at}, email: user{at}@example.com, role: responder, timezone: UTC, contact_methods: [ {{ name: phone, type: webhook, url: \"http://127.0.0.1:{port}/user{at}\" }} ], notification_rules: {{ high: [ {{ after: 0m, method: phone }} ] }} }}\n"
            );
            policies += &format!(
                "  - {{ name: policy{at}, steps: [ {{ after: 0m, targets: [ {{ user: user{at} }} ] }} ] }}\n"
            );
            services += &format!(
                "  - {{ name: service{at}, escalation_policy: policy{at}, integrations: [ {{ name: events, type: pagerduty, key: wide-events-key-{at} }} ] }}\n"
            );
        }
        text.replace("teams:\n", &format!("{users}teams:\n"))
            .replace("services:\n", &format!("{policies}services:\n"))
            .replace("catch_all:", &format!("{services}catch_all:"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_send_every_page_once() {
    const ALERTS: usize = 60;
    let fresh = fresh(Engine::Postgres).await;
    let first = World::with(fresh.db.clone(), wide(ALERTS)).await;
    let second = first.another_node(fresh.open_again().await).await;
    for at in 0..ALERTS {
        let node = if at % 2 == 0 { &first } else { &second };
        node.event(&format!("service{at}"), "trigger", "a", "critical").await;
    }
    first.rest().await;
    first.app.clock.advance(SignedDuration::from_secs(1));
    first.rest().await;
    for at in 0..ALERTS {
        assert_eq!(first.phones.at(&format!("/user{at}")).len(), 1, "user{at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_put_every_incident_into_one_digest() {
    const ALERTS: usize = 100;
    let fresh = fresh(Engine::Postgres).await;
    let apart =
        |text: String| text.replace("    inform: [ops@example.com]\n", "    grouping: none\n");
    let mut first = World::with(fresh.db.clone(), apart).await;
    let mut second = first.another_node(fresh.open_again().await).await;
    first.halt();
    second.halt();
    for at in 0..ALERTS {
        first.event("checkout", "trigger", &format!("alert {at}"), "critical").await;
    }
    first.triage().await;
    first.go_on();
    second.go_on();
    first.pass(minutes(2)).await;
    let mut told = HashMap::new();
    for message in first.phones.at("/ana") {
        match message["type"].as_str().unwrap() {
            "page" => {
                *told.entry(message["incident"]["number"].as_i64().unwrap()).or_insert(0) += 1
            }
            "digest" => {
                for incident in message["incidents"].as_array().unwrap() {
                    *told.entry(incident["number"].as_i64().unwrap()).or_insert(0) += 1;
                }
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(told.len(), ALERTS);
    assert!(told.values().all(|times| *times == 1), "{told:?}");
    let messages = first.phones.at("/ana").len();
    assert!(messages <= 8, "{messages} messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_accepts_another_triages_and_takes_over_when_it_dies() {
    let fresh = fresh(Engine::Postgres).await;
    let mut first = World::new(fresh.db.clone()).await;
    let second = first.another_node(fresh.open_again().await).await;
    first.halt();
    first.event("checkout", "trigger", "a", "critical").await;
    second.until(async || second.phones.at("/ana").len() == 1).await;
    second.rest().await;
    // The first node claims the next step and dies with it.
    let clock = &first.app.clock;
    clock.advance(minutes(5) - SignedDuration::from_secs(1));
    second.rest().await;
    drop(second);
    let second = first.another_node(fresh.open_again().await).await;
    let mut tx = fresh.db.begin(Lane::Command).await.unwrap();
    let due = first.app.now() + SignedDuration::from_secs(1);
    let id = first.incident().await.id;
    timer::set(&mut tx, Kind::Incident, id.0, first.app.now(), first.app.now()).await.unwrap();
    let dead = timer::claim(&mut tx, Kind::Incident, first.app.now(), 1).await.unwrap();
    assert_eq!(dead.len(), 1);
    tx.commit().await.unwrap();
    clock.advance(due.duration_since(first.app.now()));
    assert!(second.phones.at("/bo").is_empty());
    clock.advance(SignedDuration::from_secs(30));
    second.rest().await;
    assert_eq!(second.phones.at("/bo").len(), 1);
    let mut tx = fresh.db.begin(Lane::Command).await.unwrap();
    assert!(!timer::finish(&mut tx, Kind::Incident, &dead[0], None).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_clock_is_wrong_claims_nothing() {
    let fresh = fresh(Engine::Postgres).await;
    let mut world = World::new(fresh.db.clone()).await;
    world.halt();
    let mut wrong = world.wrong_node(fresh.open_again().await, minutes(60)).await;
    wrong.halt();
    let idle = Found::Nothing(None);
    world.event("checkout", "trigger", "a", "critical").await;
    assert_eq!(triage::step(wrong.app.clone()).await.unwrap(), idle);
    world.triage().await;
    assert_eq!(Outbox::pages(wrong.app.clone()).step().await.unwrap(), idle);
    world.app.clock.advance(minutes(5));
    assert_eq!(timers::step(wrong.app.clone()).await.unwrap(), idle);
    assert!(world.phones.at("/ana").is_empty());
    world.go_on();
    world.rest().await;
    assert_eq!((world.phones.at("/ana").len(), world.phones.at("/bo").len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_connections_lose_nothing() {
    const ALERTS: i64 = 200;
    let fresh = fresh(Engine::Postgres).await;
    let world = World::new(fresh.db.clone()).await;
    let operator = fresh.open_again().await;
    for at in 0..ALERTS {
        if at % 20 == 10 {
            cut_connections(&operator).await;
        }
        // A client that hears no 2xx sends again.
        while !world.try_event(&format!("alert {at}")).await {}
    }
    world.until(async || world.app.is_idle().await.is_ok_and(|idle| idle)).await;
    // Where an attempt was cut off, the lease has to run out.
    world.pass(minutes(1)).await;
    let incident = world.incident().await;
    assert_eq!((incident.alert_count, incident.open_alert_count), (ALERTS, ALERTS));
    let pages = world.phones.at("/ana");
    assert!(!pages.is_empty());
    assert!(pages.iter().skip(1).all(|page| page["page"]["possible_repeat"] == true), "{pages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_out_while_every_other_connection_is_taken() {
    let fresh = fresh(Engine::Postgres).await;
    let mut world = World::new(fresh.db.clone()).await;
    world.halt();
    world.event("checkout", "trigger", "a", "critical").await;
    world.triage().await;
    let mut readers = Vec::new();
    while let Ok(Ok(reader)) =
        tokio::time::timeout(std::time::Duration::from_millis(200), fresh.db.snapshot()).await
    {
        readers.push(reader);
    }
    world.go_on();
    world.until(async || world.phones.at("/ana").len() == 1).await;
    drop(readers);
}
