//! Stories of what breaks around a page: providers, answers, clocks, rows, configuration.

use jiff::SignedDuration;
use muster_core::incident::lifecycle::{Command, Status};
use muster_store::oncall::delivery;
use muster_store::testing::{fresh, on_both_engines};
use muster_store::timer::{self, Kind};
use muster_store::{Engine, Lane, Sql, setting};

use super::world::{HANGS_UP, World};
use crate::app::App;

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

/// Every alert opens an incident of its own.
fn apart(text: String) -> String {
    text.replace("    inform: [ops@example.com]\n", "    grouping: none\n")
        .replace("      - { when: 'severity == \"info\"', informational: true }\n", "")
}

fn kinds(world: &World, path: &str) -> Vec<String> {
    let received = world.phones.at(path);
    received.iter().map(|body| body["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_up_may_have_taken_the_page() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.phones.set("/ana", HANGS_UP);
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        world.phones.set("/ana", 200);
        world.pass(minutes(1)).await;
        let pages = world.phones.at("/ana");
        let repeats: Vec<_> =
            pages.iter().map(|page| page["page"]["possible_repeat"].as_bool().unwrap()).collect();
        assert_eq!(repeats, [false, true]);
        assert_eq!(pages[0]["page"]["id"], pages[1]["page"]["id"]);
        let id = world.incident().await.id;
        let tried = delivery::attempts_of_incident(&world.app.db, id).await.unwrap();
        let outcomes: Vec<_> = tried.iter().map(|attempt| attempt.outcome.as_str()).collect();
        assert_eq!(outcomes, ["unknown", "accepted"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_after_its_lease_changes_nothing() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.phones.set("/ana", 404);
        world.phones.hold("/ana");
        world.event("checkout", "trigger", "a", "critical").await;
        world.until(async || world.phones.at("/ana").len() == 1).await;
        // The lease runs out, the page is sent again and taken.
        world.phones.set("/ana", 200);
        world.app.clock.advance(seconds(31));
        world.until(async || world.phones.at("/ana").len() == 2).await;
        world.phones.let_go("/ana");
        world.rest().await;
        let id = world.incident().await.id;
        world.until(async || world.ledger(id).await[0].1[0] == "accepted").await;
        let tried = delivery::attempts_of_incident(&world.app.db, id).await.unwrap();
        let outcomes: Vec<_> = tried.iter().map(|attempt| attempt.outcome.as_str()).collect();
        assert_eq!(outcomes, ["unknown", "accepted"]);
        assert_eq!(world.ledger(id).await[0].0, "accepted");
        assert!(world.phones.at("/bo").is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_just_being_paged_hears_that_somebody_was_faster() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.phones.hold("/ana");
        world.event("checkout", "trigger", "a", "critical").await;
        world.until(async || world.phones.at("/ana").len() == 1).await;
        let id = world.incident().await.id;
        world.app.command(id, Command::Acknowledge, &world.actor("bo")).await.unwrap();
        world.phones.let_go("/ana");
        world.rest().await;
        assert_eq!(kinds(&world, "/ana"), ["page"]);
        world.pass(seconds(2)).await;
        assert_eq!(kinds(&world, "/ana"), ["page", "page.superseded"]);
        assert_eq!(
            world.ledger(id).await,
            [("superseded".into(), vec!["accepted".into(), "cancelled".into()])]
        );
        world.pass(minutes(60)).await;
        assert_eq!(kinds(&world, "/ana").len(), 2);
        assert!(world.phones.at("/bo").is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_have_got_the_page_hears_that_it_is_over() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.phones.set("/ana", HANGS_UP);
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        world.phones.set("/ana", 200);
        let id = world.incident().await.id;
        world.does("bo", id, Command::Acknowledge).await;
        assert_eq!(kinds(&world, "/ana"), ["page", "page.superseded"]);
        assert_eq!(world.ledger(id).await[0].1, ["cancelled", "cancelled"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_to_somebody_who_has_left_goes_to_the_next_step() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.phones.set("/ana", 503);
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        world
            .reconfigure(|text| {
                text.replace("ana\n", "cleo\n")
                    .replace("ana }", "cleo }")
                    .replace("[ana,", "[cleo,")
                    .replace("ana@", "cleo@")
            })
            .await;
        world.phones.set("/ana", 200);
        world.pass(seconds(20)).await;
        let id = world.incident().await.id;
        let ledger = world.ledger(id).await;
        assert_eq!(ledger[0], ("exhausted".into(), vec!["failed".into(), "failed".into()]));
        assert_eq!(kinds(&world, "/bo"), ["page"]);
        assert_eq!(kinds(&world, "/ana").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_webhook_that_hangs_delays_no_page() {
    on_both_engines(async |db| {
        let mut world = World::with(db, |text| {
            let port = text.split("127.0.0.1:").nth(1).unwrap().split('/').next().unwrap().to_owned();
            apart(text)
                + &format!("webhooks:\n  - {{ name: warehouse, url: \"http://127.0.0.1:{port}/warehouse\" }}\n")
        })
        .await;
        world.phones.hold("/warehouse");
        world.halt();
        for at in 0..80 {
            world.event("checkout", "trigger", &format!("alert {at}"), "critical").await;
        }
        world.triage().await;
        world.go_on();
        // Every place for events is taken, and more of them wait.
        world.until(async || world.phones.at("/warehouse").len() >= 32).await;
        world.until(async || world.phones.at("/ana").len() == 2).await;
        assert_eq!(world.phones.at("/warehouse").len(), 32);
        world.event("forgotten", "trigger", "later", "critical").await;
        world.until(async || world.incidents().await.len() == 81).await;
        world.phones.let_go("/warehouse");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_cannot_be_made_out_holds_up_no_other() {
    on_both_engines(async |db| {
        let mut world = World::with(db, apart).await;
        world.halt();
        world.event("checkout", "trigger", "broken", "critical").await;
        world.triage().await;
        world.sql(Sql::same("UPDATE delivery SET kind = 'telegram'")).await;
        world.event("checkout", "trigger", "whole", "critical").await;
        world.triage().await;
        world.go_on();
        world.until(async || world.phones.at("/ana").len() == 1).await;
        assert_eq!(world.phones.at("/ana")[0]["incident"]["title"], "whole is in trouble");
        // It is tried again and goes out once it can be read.
        world.sql(Sql::same("UPDATE delivery SET kind = 'page' WHERE kind = 'telegram'")).await;
        world.pass(seconds(10)).await;
        assert_eq!(world.phones.at("/ana").len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_fails_is_tried_again_as_a_digest() {
    on_both_engines(async |db| {
        let world = World::with(db, apart).await;
        for at in 0..12 {
            world.event("checkout", "trigger", &format!("alert {at}"), "critical").await;
            world.rest().await;
        }
        world.phones.set("/ana", 503);
        world.pass(seconds(60)).await;
        assert_eq!(kinds(&world, "/ana"), ["page", "page", "digest"]);
        world.phones.set("/ana", 200);
        world.pass(seconds(60)).await;
        assert_eq!(kinds(&world, "/ana"), ["page", "page", "digest", "digest"]);
        let digests = world.phones.at("/ana");
        assert_eq!(digests[3]["incidents"].as_array().unwrap().len(), 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_was_cut_off_is_sent_again_as_a_digest() {
    on_both_engines(async |db| {
        let mut world = World::with(db, apart).await;
        for at in 0..12 {
            world.event("checkout", "trigger", &format!("alert {at}"), "critical").await;
            world.rest().await;
        }
        world.halt();
        world.app.clock.advance(seconds(60));
        // The node claims the digest and dies before it is sent.
        let now = world.app.now();
        let mut tx = world.app.db.begin(Lane::Outbox).await.unwrap();
        for claimed in timer::claim(&mut tx, Kind::Delivery, now, 64).await.unwrap() {
            delivery::begin_attempt(&mut tx, claimed.id, now).await.unwrap();
        }
        tx.commit().await.unwrap();
        world.go_on();
        world.app.clock.advance(seconds(31));
        world.rest().await;
        assert_eq!(kinds(&world, "/ana"), ["page", "page", "digest"]);
        let digest = &world.phones.at("/ana")[2];
        assert_eq!(digest["incidents"].as_array().unwrap().len(), 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_begins_anew_is_left_at_once_when_nobody_is_reached() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let id = world.incident().await.id;
        world.does("ana", id, Command::Acknowledge).await;
        world.phones.set("/ana", 410);
        world.phones.set("/ana-tablet", 410);
        world.does("ana", id, Command::Unacknowledge).await;
        assert_eq!(kinds(&world, "/bo"), ["page"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catch_all_that_reaches_nobody_raises_an_alarm_and_the_rounds_go_on() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| {
            text.replace("catch_all: { escalation_policy: payments }", "catch_all: { escalation_policy: last }")
                .replace("  - name: empty\n", "  - name: last\n    steps: [ { after: 0m, targets: [ { user: bo } ] } ]\n  - name: empty\n    repeat: 1\n")
        })
        .await;
        world.phones.set("/bo", 404);
        world.event("forgotten", "trigger", "a", "critical").await;
        world.rest().await;
        let id = world.incident().await.id;
        assert_eq!(world.ledger(id).await, [("exhausted".into(), vec!["failed".into()])]);
        world.phones.set("/bo", 200);
        world.pass(minutes(1)).await;
        assert_eq!(world.ledger(id).await[1].0, "accepted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_store_sends_nothing_until_it_is_released() {
    on_both_engines(async |db| {
        let mut world = World::new(db).await;
        world.halt();
        let mut tx = world.app.db.begin(Lane::Command).await.unwrap();
        setting::put(&mut tx, setting::HELD, b"1").await.unwrap();
        tx.commit().await.unwrap();
        world.event("checkout", "trigger", "a", "critical").await;
        let nothing = crate::engine::Found::Nothing(None);
        assert_eq!(crate::engine::triage::step(world.app.clone()).await.unwrap(), nothing);
        world.go_on();
        world.app.clock.advance(minutes(60));
        world.app.wake.all();
        assert!(world.incidents().await.is_empty());
        assert!(world.phones.at("/ana").is_empty());
        world.app.release(&world.actor("bo")).await.unwrap();
        world.rest().await;
        let pages = world.phones.at("/ana");
        assert_eq!(pages.len(), 1);
        assert_eq!(pages[0]["page"]["reason"], "step 1 of payments, 1h late");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_neither_skips_nor_doubles_a_page() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        world.app.clock.advance(minutes(60));
        world.rest().await;
        world.app.clock.advance(minutes(-60));
        world.rest().await;
        assert_eq!((kinds(&world, "/ana").len(), kinds(&world, "/bo").len()), (1, 1));
        // What resolved before the clock was set back fires again afterwards, and pages.
        world.app.clock.advance(minutes(60));
        world.event("checkout", "resolve", "a", "critical").await;
        world.rest().await;
        world.app.clock.advance(minutes(-60));
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        assert_eq!(world.incidents().await[0].status, Status::Triggered);
        assert_eq!(kinds(&world, "/ana").last().unwrap(), "page");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_from_before_the_clock_was_set_back_holds_nothing_up() {
    on_both_engines(async |db| {
        let mut world = World::new(db).await;
        world.halt();
        world.event("checkout", "trigger", "a", "critical").await;
        world.triage().await;
        let now = world.app.now();
        let mut tx = world.app.db.begin(Lane::Outbox).await.unwrap();
        let dead = timer::claim(&mut tx, Kind::Delivery, now, 1).await.unwrap();
        assert_eq!(dead.len(), 1);
        timer::set(&mut tx, Kind::Delivery, dead[0].id, now - minutes(60), now).await.unwrap();
        assert_eq!(timer::claim(&mut tx, Kind::Delivery, now, 1).await.unwrap().len(), 1);
        tx.commit().await.unwrap();
        world.app.clock.advance(minutes(-60));
        world.go_on();
        world.rest().await;
        assert_eq!(kinds(&world, "/ana"), ["page"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_server_that_starts_again_waits_for_no_lease() {
    let fresh = fresh(Engine::Sqlite).await;
    let mut world = World::new(fresh.db.clone()).await;
    world.halt();
    world.event("checkout", "trigger", "a", "critical").await;
    world.triage().await;
    let now = world.app.now();
    let mut tx = world.app.db.begin(Lane::Outbox).await.unwrap();
    let claimed = timer::claim(&mut tx, Kind::Delivery, now, 1).await.unwrap();
    delivery::begin_attempt(&mut tx, claimed[0].id, now).await.unwrap();
    tx.commit().await.unwrap();
    world.app = App::start(fresh.db.clone(), world.app.clock.clone(), world.app.settings.clone())
        .await
        .unwrap();
    world.go_on();
    world.rest().await;
    assert_eq!(world.phones.at("/ana")[0]["page"]["possible_repeat"], true);
}
