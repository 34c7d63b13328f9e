//! Stories of several nodes on one PostgreSQL database.

use jiff::SignedDuration;
use muster_core::incident::lifecycle::{Command, Status};
use muster_store::incident::incident as store_incident;
use muster_store::oncall::page;
use muster_store::testing::{Fresh, Place, fresh, until_blocked};
use muster_store::timer::{self, Kind};
use muster_store::{Db, Engine, Lane};

use super::proxy::Proxy;
use super::world::World;
use crate::app::incident::command::obey;
use crate::app::incident::declare::Report;
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
        let incident = store_incident::get(&fresh.db, id).await.unwrap().unwrap();
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
    let whole = store_incident::get(&fresh.db, first.id).await.unwrap().unwrap();
    assert_eq!((whole.alert_count, whole.open_alert_count), (2, 1));
}
