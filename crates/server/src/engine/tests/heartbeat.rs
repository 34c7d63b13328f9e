//! Heartbeat monitors: silence is an alert that goes the way of every other.

use jiff::SignedDuration;
use muster_core::alerting::heartbeat::{Heartbeat, Ping};
use muster_core::incident::lifecycle::Status;
use muster_core::incident::restriction::Viewer;
use muster_store::alerting::{alert, heartbeat};
use muster_store::testing::on_both_engines;

use super::world::World;
use crate::app::alerting::heartbeat::Came;

fn backup(text: String) -> String {
    text + "heartbeats:\n  - { name: backup, service: checkout, every: 1h, grace: 5m, severity: 1 }\n"
}

fn monitor(world: &World) -> Heartbeat {
    world.app.snapshot().directory.heartbeats[0].clone()
}

async fn ping(world: &World, ping: Ping, run: Option<&str>) {
    let came = Came { run: run.map(str::to_owned), ..Came::default() };
    world.app.ping(&monitor(world), ping, &came).await.unwrap();
    world.rest().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_heartbeat_pages_once_and_the_next_one_resolves_it() {
    on_both_engines(async |db| {
        let world = World::with(db, backup).await;
        world.pass(SignedDuration::from_hours(5)).await;
        assert!(world.incidents().await.is_empty(), "what was never heard of is not missed");
        ping(&world, Ping::Success, None).await;
        world.pass(SignedDuration::from_mins(64)).await;
        assert!(world.incidents().await.is_empty());
        world.pass(SignedDuration::from_mins(1)).await;
        let incident = world.incident().await;
        assert_eq!(incident.severity.number(), 1);
        assert_eq!(incident.title, "backup was not heard of since 2026-11-21T08:00:00Z");
        assert_eq!(world.phones.at("/ana").len(), 1);
        world.pass(SignedDuration::from_hours(3)).await;
        assert_eq!(world.incidents().await.len(), 1, "one silence is one alert");
        ping(&world, Ping::Success, None).await;
        assert_eq!(world.incident().await.status, Status::Resolved);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_pages_at_once_and_a_run_is_measured() {
    on_both_engines(async |db| {
        let world = World::with(db, backup).await;
        ping(&world, Ping::Start, Some("a")).await;
        world.pass(SignedDuration::from_mins(20)).await;
        ping(&world, Ping::Success, Some("a")).await;
        let row = heartbeat::all(&world.app.db).await.unwrap().remove(0);
        assert_eq!(row.standing().unwrap().duration, Some(SignedDuration::from_mins(20)));
        assert!(world.incidents().await.is_empty());
        ping(&world, Ping::Fail, None).await;
        assert_eq!(world.incident().await.title, "backup says that it failed");
        let pings = heartbeat::pings(&world.app.db, monitor(&world).id).await.unwrap();
        let kinds: Vec<_> = pings.iter().map(|ping| ping.kind.as_str()).collect();
        assert_eq!(kinds, ["fail", "success", "start"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_last_hundred_pings_are_kept() {
    on_both_engines(async |db| {
        let world = World::with(db, backup).await;
        for _ in 0..103 {
            let came = Came::default();
            world.app.ping(&monitor(&world), Ping::Log, &came).await.unwrap();
        }
        let pings = heartbeat::pings(&world.app.db, monitor(&world).id).await.unwrap();
        assert_eq!(pings.len(), 100);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_falls_silent_is_an_alert_of_its_service() {
    let watched = |text: String| {
        let changed = text
            .replace("key: checkout-events-key }", "key: checkout-events-key, expect_every: 30m }");
        assert_ne!(changed, text);
        changed
    };
    on_both_engines(async |db| {
        let world = World::with(db, watched).await;
        let known = async || !heartbeat::all(&world.app.db).await.unwrap().is_empty();
        world.until(known).await;
        world.event("checkout", "trigger", "a", "info").await;
        world.pass(SignedDuration::from_mins(30)).await;
        assert!(world.incidents().await.is_empty());
        world.pass(SignedDuration::from_mins(1)).await;
        let incident = world.incident().await;
        assert!(
            incident.title.starts_with("checkout/events was not heard of"),
            "{}",
            incident.title
        );
        world.event("checkout", "trigger", "b", "info").await;
        world.rest().await;
        assert_eq!(world.incident().await.status, Status::Resolved);
        let alerts =
            alert::list(&world.app.db, &Viewer::Engine, &Default::default(), 10).await.unwrap();
        assert_eq!(alerts.iter().filter(|row| row.class == "heartbeat").count(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alert_of_a_silence_is_muted_by_maintenance_like_any_other() {
    on_both_engines(async |db| {
        let world = World::with(db, backup).await;
        ping(&world, Ping::Success, None).await;
        let wanted = crate::app::alerting::maintenance::Wanted {
            reason: "the tape robot is away".to_owned(),
            services: vec![],
            when: Some("class == \"heartbeat\"".to_owned()),
            from: world.app.now(),
            to: world.app.now() + SignedDuration::from_hours(4),
            public_title: None,
        };
        world.app.plan_maintenance(&wanted, &world.actor("ana")).await.unwrap();
        world.pass(SignedDuration::from_hours(3)).await;
        assert!(world.incidents().await.is_empty());
        world.pass(SignedDuration::from_hours(1)).await;
        assert_eq!(world.phones.at("/ana").len(), 1);
    })
    .await;
}
