use jiff::SignedDuration;
use muster_core::alerting::alert::AlertStatus;
use muster_core::id::MessageId;
use muster_core::incident::lifecycle::{Command, Status};
use muster_core::incident::restriction::Viewer;
use muster_core::incident::timeline::Actor;
use muster_store::alerting::alert;
use muster_store::inbox;
use muster_store::testing::on_both_engines;
use muster_store::{Lane, audit, search};

use super::super::index;
use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_counted_a_recovery_resolves_and_firing_again_is_a_new_occurrence() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        for _ in 0..3 {
            world.event("checkout", "trigger", "disk", "critical").await;
        }
        world.rest().await;
        let incident = world.incident().await;
        let alerts =
            alert::list(&world.app.db, &Viewer::Engine, &Default::default(), 10).await.unwrap();
        assert_eq!((alerts.len(), alerts[0].count, incident.alert_count), (1, 3, 1));
        world.event("checkout", "resolve", "disk", "critical").await;
        world.rest().await;
        let over = world.incident().await;
        assert_eq!((over.status, over.open_alert_count), (Status::Resolved, 0));
        assert_eq!(over.next_at(), None);
        world.event("checkout", "trigger", "disk", "critical").await;
        world.rest().await;
        let alerts =
            alert::list(&world.app.db, &Viewer::Engine, &Default::default(), 10).await.unwrap();
        assert_eq!(alerts.len(), 2);
        assert_eq!(alerts[0].previous_id, Some(alerts[1].id));
        assert_eq!(world.incidents().await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_map_does_not_name_is_severity_two_and_information_pages_nobody() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "odd", "warning").await;
        world.event("checkout", "trigger", "just so you know", "info").await;
        world.rest().await;
        let incident = world.incident().await;
        assert_eq!(incident.severity.number(), 2);
        assert_eq!(world.phones.at("/ana").len(), 1);
        while search::is_behind(&world.app.db).await.unwrap() {
            index::step(world.app.clone()).await.unwrap();
        }
        let filter = alert::Filter { words: vec!["JUST".into()], ..Default::default() };
        let alerts = alert::list(&world.app.db, &Viewer::Engine, &filter, 10).await.unwrap();
        assert_eq!(alerts.len(), 1);
        assert_eq!((alerts[0].severity, alerts[0].incident_id), (None, None));
        assert!(alerts[0].decision.contains("informational"), "{}", alerts[0].decision);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_digested_is_set_aside_and_can_be_replayed() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        let poison = world.raw("checkout", b"{ this is not JSON").await;
        let good = world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let state = async |id: MessageId| {
            inbox::get(&world.app.db, &Viewer::Engine, id).await.unwrap().unwrap().state
        };
        assert_eq!(state(poison).await, "failed");
        assert_eq!(state(good).await, "done");
        assert_eq!(world.phones.at("/ana").len(), 1);
        let row = inbox::get(&world.app.db, &Viewer::Engine, poison).await.unwrap().unwrap();
        assert!(row.error.is_some_and(|error| error.contains("JSON")));
        assert_eq!(row.body, b"{ this is not JSON");
        let mut tx = world.app.db.begin(Lane::Command).await.unwrap();
        assert!(inbox::replay(&mut tx, poison).await.unwrap());
        tx.commit().await.unwrap();
        world.app.wake.accepted();
        world.rest().await;
        let row = inbox::get(&world.app.db, &Viewer::Engine, poison).await.unwrap().unwrap();
        assert_eq!((row.state.as_str(), row.attempts), ("failed", 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitoring_system_may_acknowledge() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.event("checkout", "acknowledge", "a", "critical").await;
        world.event("checkout", "acknowledge", "unknown", "critical").await;
        world.rest().await;
        assert_eq!(world.incident().await.status, Status::Acknowledged);
        world.pass(SignedDuration::from_hours(2)).await;
        assert!(world.phones.at("/bo").is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_incidents_lose_no_alert_and_the_rest_of_the_trouble_ends_the_whole() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let first = world.incident().await;
        world.does("ana", first.id, Command::Acknowledge).await;
        world.event("checkout", "trigger", "b", "critical").await;
        world.rest().await;
        let second = world.incidents().await.remove(0);
        let command = Command::Merge { into: first.id, into_number: first.number };
        world.does("ana", second.id, command).await;
        let incidents = world.incidents().await;
        assert_eq!((incidents[1].alert_count, incidents[1].open_alert_count), (2, 2));
        assert_eq!(incidents[0].merged_into, Some(first.id));
        world.event("checkout", "resolve", "a", "critical").await;
        world.event("checkout", "resolve", "b", "critical").await;
        world.rest().await;
        assert_eq!(world.incidents().await[1].status, Status::Resolved);
        world.event("checkout", "trigger", "c", "critical").await;
        world.rest().await;
        // What is still open must not disappear in an incident that is over.
        let third = world.incidents().await.remove(0);
        let command = Command::Merge { into: first.id, into_number: first.number };
        let refused = world.app.command(third.id, command, &Actor::System).await;
        assert!(refused.unwrap_err().to_string().contains("already resolved"));
        world.event("checkout", "resolve", "c", "critical").await;
        world.rest().await;
        let open = alert::Filter { statuses: Some(vec![AlertStatus::Open]), ..Default::default() };
        assert!(alert::list(&world.app.db, &Viewer::Engine, &open, 10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transition_leaves_an_audit_record_and_the_chain_verifies() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let incident = world.incident().await;
        world.does("ana", incident.id, Command::Acknowledge).await;
        world.does("ana", incident.id, Command::Resolve { note: None }).await;
        audit::seal(&world.app.db).await.unwrap();
        let id = incident.id.to_string();
        let records = audit::of_object(&world.app.db, "incident", &id, None, 10).await.unwrap();
        assert_eq!(records.len(), 3);
        let verdict = audit::verify(&world.app.db, None).await.unwrap();
        assert!(matches!(verdict, audit::Verdict::Intact { unsealed: 0, .. }), "{verdict:?}");
    })
    .await;
}
