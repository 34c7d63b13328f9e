use jiff::SignedDuration;
use muster_core::incident::lifecycle::{Command, Status};
use muster_store::Lane;
use muster_store::oncall::delivery;
use muster_store::testing::on_both_engines;
use muster_store::timer::{self, Kind};

use super::world::World;

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_pages_the_first_step_and_the_next_one_if_nobody_answers() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let pages = world.phones.at("/ana");
        assert_eq!(pages.len(), 1);
        assert_eq!(pages[0]["type"], "page");
        assert_eq!(pages[0]["page"]["reason"], "step 1 of payments");
        assert_eq!(pages[0]["page"]["possible_repeat"], false);
        assert_eq!(pages[0]["incident"]["severity"], 1);
        assert!(world.phones.at("/bo").is_empty());
        world.pass(minutes(3)).await;
        assert_eq!(world.phones.at("/ana-tablet").len(), 1);
        world.pass(minutes(2)).await;
        assert_eq!(world.phones.at("/bo").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_stops_every_page_and_tells_the_others() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.pass(minutes(5)).await;
        let id = world.incident().await.id;
        world.does("bo", id, Command::Acknowledge).await;
        let told = world.phones.at("/ana");
        assert_eq!(told.last().unwrap()["type"], "page.superseded");
        // Whoever acted needs no news of it.
        assert_eq!(world.phones.at("/bo").len(), 1);
        world.pass(minutes(600)).await;
        assert_eq!(world.phones.at("/bo").len(), 1);
        assert_eq!(world.incident().await.status, Status::Acknowledged);
        for (state, _) in world.ledger(id).await {
            assert_eq!(state, "superseded");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_page_goes_to_the_next_method_and_then_to_the_next_step_at_once() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.phones.set("/ana", 404);
        world.phones.set("/ana-tablet", 410);
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        assert_eq!(world.phones.at("/ana").len(), 1);
        assert_eq!(world.phones.at("/ana-tablet").len(), 1);
        assert_eq!(world.phones.at("/bo").len(), 1);
        let id = world.incident().await.id;
        let ledger = world.ledger(id).await;
        assert_eq!(ledger[0], ("exhausted".into(), vec!["failed".into(), "failed".into()]));
        assert_eq!(ledger[1].0, "accepted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_provider_is_tried_again_while_the_next_method_starts() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.phones.set("/ana", 500);
        world.event("checkout", "trigger", "a", "critical").await;
        world.pass(SignedDuration::from_secs(20)).await;
        // Two failures, and the tablet rings long before its three minutes are over.
        assert!(world.phones.at("/ana").len() >= 2);
        assert_eq!(world.phones.at("/ana-tablet").len(), 1);
        world.phones.set("/ana", 200);
        world.pass(minutes(2)).await;
        let id = world.incident().await.id;
        assert_eq!(world.ledger(id).await[0].1, ["accepted", "accepted"]);
        let tried = delivery::attempts_of_incident(&world.app.db, id).await.unwrap();
        assert!(tried.iter().any(|attempt| attempt.outcome == "temporary"));
        assert!(tried.iter().all(|attempt| attempt.finished_at.is_some()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_attempt_is_made_again_and_marked_as_a_possible_repeat() {
    on_both_engines(async |db| {
        let mut world = World::new(db).await;
        // The node dies between writing the attempt down and hearing the answer.
        world.halt();
        world.event("checkout", "trigger", "a", "critical").await;
        world.triage().await;
        let now = world.app.now();
        let mut tx = world.app.db.begin(Lane::Outbox).await.unwrap();
        let claimed = timer::claim(&mut tx, Kind::Delivery, now, 1).await.unwrap();
        delivery::begin_attempt(&mut tx, claimed[0].id, now).await.unwrap();
        tx.commit().await.unwrap();
        world.go_on();
        world.app.clock.advance(SignedDuration::from_secs(31));
        world.rest().await;
        let pages = world.phones.at("/ana");
        assert_eq!(pages.len(), 1);
        assert_eq!(pages[0]["page"]["possible_repeat"], true);
        assert_eq!(pages[0]["page"]["attempt"], 2);
        // The dead node's claim changes nothing any more.
        let mut tx = world.app.db.begin(Lane::Outbox).await.unwrap();
        assert!(!timer::finish(&mut tx, Kind::Delivery, &claimed[0], None).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_reaches_nobody_pages_the_catch_all() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("forgotten", "trigger", "a", "critical").await;
        world.rest().await;
        let pages = world.phones.at("/ana");
        assert_eq!(pages.len(), 1);
        assert_eq!(pages[0]["page"]["reason"], "the catch-all");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_deleted_in_mid_escalation_is_passed_over() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let without_bo =
            |text: String| text.replace("targets: [ { user: bo } ]", "targets: [ { user: ana } ]");
        world.reconfigure(without_bo).await;
        world.pass(minutes(5)).await;
        assert!(world.phones.at("/bo").is_empty());
        assert_eq!(world.phones.at("/ana").len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn snoozed_means_quiet_until_then_and_loud_again_afterwards() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let id = world.incident().await.id;
        let until = world.app.now() + minutes(30);
        world.does("ana", id, Command::Snooze { until }).await;
        world.pass(minutes(29)).await;
        assert_eq!(world.phones.at("/ana").len(), 1);
        world.pass(minutes(1)).await;
        assert_eq!(world.phones.at("/ana").len(), 2);
    })
    .await;
}
