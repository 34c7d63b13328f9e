//! Stories of messages that are hard to digest: poison, giants, and a store that refuses.

use muster_core::incident::restriction::Viewer;
use muster_store::Sql;
use muster_store::alerting::alert;
use muster_store::inbox;
use muster_store::testing::on_both_engines;
use serde_json::{Value, json};

use super::world::World;
use crate::app::incident::declare::Report;
use crate::engine::{Found, triage};

/// Enough for several transactions.
const GIANT_SIGNALS: usize = 6_000;

fn alertmanager(group_key: &str, keys: impl Iterator<Item = String>) -> Vec<u8> {
    let alerts: Vec<_> = keys
        .map(|key| json!({ "status": "firing", "fingerprint": key, "labels": { "alertname": key, "severity": "critical" } }))
        .collect();
    json!({ "version": "4", "groupKey": group_key, "status": "firing", "alerts": alerts })
        .to_string()
        .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_where_others_pass_is_set_aside_alone() {
    on_both_engines(async |db| {
        let mut world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        world.halt();
        // What is stored about the first alert's incident can no longer be read.
        world.sql(Sql::same("UPDATE incident SET status = 'perhaps'")).await;
        let poison = world.event("checkout", "resolve", "a", "critical").await;
        // While it is alone, the store may be at fault as well, so it waits.
        assert!(triage::step(world.app.clone()).await.is_err());
        assert_eq!(world.state(poison).await, "pending");
        let before = world.event("forgotten", "trigger", "b", "critical").await;
        let again = world.event("checkout", "acknowledge", "a", "critical").await;
        let after = world.event("forgotten", "trigger", "c", "critical").await;
        world.triage().await;
        for (id, state) in
            [(poison, "failed"), (before, "done"), (again, "failed"), (after, "done")]
        {
            assert_eq!(world.state(id).await, state);
        }
        // Once the cause is gone it can be replayed.
        world
            .sql(Sql::same("UPDATE incident SET status = 'triggered' WHERE status = 'perhaps'"))
            .await;
        let mut tx = world.app.db.begin(muster_store::Lane::Command).await.unwrap();
        assert!(inbox::replay(&mut tx, poison).await.unwrap());
        tx.commit().await.unwrap();
        world.triage().await;
        assert_eq!(world.state(poison).await, "done");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refuses_everything_sets_no_message_aside() {
    on_both_engines(async |db| {
        let mut world = World::new(db).await;
        world.halt();
        world.sql(Sql::same("ALTER TABLE alert_message RENAME TO elsewhere")).await;
        let mut ids = Vec::new();
        for key in ["a", "b", "c"] {
            ids.push(world.event("checkout", "trigger", key, "critical").await);
        }
        assert!(triage::step(world.app.clone()).await.is_err());
        for id in &ids {
            assert_eq!(world.state(*id).await, "pending");
        }
        world.sql(Sql::same("ALTER TABLE elsewhere RENAME TO alert_message")).await;
        world.go_on();
        world.rest().await;
        assert_eq!(world.incident().await.alert_count, 3);
        assert_eq!(world.phones.at("/ana").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_no_database_keeps_costs_no_page() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        let odd = "a\0b";
        let event = json!({
            "event_action": "trigger", "dedup_key": odd, "client": odd, "client_url": odd,
            "links": [{ "href": "https://example.com/\0", "text": odd }],
            "payload": {
                "summary": odd, "source": odd, "severity": "critical", "component": odd,
                "group": odd, "class": odd, "custom_details": { odd: [odd, { odd: odd }] },
            },
        });
        let body = alertmanager(odd, [odd.to_owned(), "\u{1f}\u{7f}".to_owned()].into_iter());
        let first = world.message("checkout/alertmanager", &body).await;
        world.rest().await;
        let second = world.raw("checkout", event.to_string().as_bytes()).await;
        world.rest().await;
        let report = Report {
            title: odd.into(),
            summary: Some(odd.into()),
            only: true,
            ..Report::default()
        };
        world.app.declare(report, &world.actor("ana")).await.unwrap();
        for id in [first, second] {
            let row = inbox::get(&world.app.db, &Viewer::Engine, id).await.unwrap().unwrap();
            assert_eq!((row.state.as_str(), row.error), ("done", None));
        }
        assert_eq!(world.phones.at("/ana").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_giant_is_digested_piece_by_piece_and_every_signal_once() {
    on_both_engines(async |db| {
        let mut world = World::new(db).await;
        world.halt();
        let keys = (0..GIANT_SIGNALS).map(|at| format!("disk {at}"));
        let giant = world.message("checkout/alertmanager", &alertmanager("all", keys)).await;
        let behind = world.event("checkout", "trigger", "behind", "critical").await;
        let mut steps = 0;
        while triage::step(world.app.clone()).await.unwrap() == Found::Work {
            steps += 1;
        }
        assert!(steps >= GIANT_SIGNALS / 2_000, "{steps} transactions");
        assert_eq!(
            (world.state(giant).await.as_str(), world.state(behind).await.as_str()),
            ("done", "done")
        );
        let row = inbox::get(&world.app.db, &Viewer::Engine, giant).await.unwrap().unwrap();
        let outcomes: Vec<Value> = serde_json::from_str(&row.outcome.unwrap()).unwrap();
        assert_eq!(outcomes.len(), GIANT_SIGNALS);
        let incident = world.incident().await;
        assert_eq!(incident.alert_count, 6_001);
        let alerts =
            alert::list(&world.app.db, &Viewer::Engine, &Default::default(), 30_000).await.unwrap();
        assert_eq!(alerts.len(), GIANT_SIGNALS + 1);
        assert!(alerts.iter().all(|alert| alert.count == 1));
        world.go_on();
        world.rest().await;
        assert_eq!(world.phones.at("/ana").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_many_incidents_is_many_short_transactions() {
    on_both_engines(async |db| {
        let mut world = World::new(db).await;
        world.halt();
        world
            .reconfigure(|text| {
                text.replace("    inform: [ops@example.com]\n", "    grouping: none\n")
            })
            .await;
        let keys = (0..1_000).map(|at| format!("disk {at}"));
        world.message("checkout/alertmanager", &alertmanager("all", keys)).await;
        let mut steps = 0;
        while triage::step(world.app.clone()).await.unwrap() == Found::Work {
            steps += 1;
        }
        assert_eq!((steps, world.incidents().await.len()), (4, 1_000));
    })
    .await;
}
