//! The installation watches itself: its sign of life stops while anything is overdue, and canaries
//! show that the way to a person is open.

use jiff::SignedDuration;
use muster_core::incident::lifecycle::Status;
use muster_store::alerting::self_watch;
use muster_store::testing::on_both_engines;

use super::world::World;
use crate::engine::watch;

async fn signs(world: &World) -> usize {
    world.phones.at("/alive").len()
}

async fn with_sign_of_life(db: muster_store::Db) -> World {
    let world = World::new(db).await;
    let port = world.port();
    world
        .reconfigure(move |text| {
            format!("{text}watch: {{ url: \"http://127.0.0.1:{port}/alive\", every: 1m }}\n")
        })
        .await;
    let begun = async || signs(&world).await > 0;
    world.until(begun).await;
    world.rest().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sign_of_life_goes_out_while_nothing_is_overdue() {
    on_both_engines(async |db| {
        let world = with_sign_of_life(db).await;
        world.pass(SignedDuration::from_mins(3)).await;
        assert_eq!(signs(&world).await, 4);
        let row = self_watch::all(&world.app.db).await.unwrap().remove(0);
        assert_eq!((row.trouble, row.last_ok_at), (None, Some(world.app.now().as_microsecond())));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_triages_stops_the_sign_of_life() {
    on_both_engines(async |db| {
        let mut world = with_sign_of_life(db).await;
        world.halt();
        world.event("checkout", "trigger", "a", "critical").await;
        world.app.clock.advance(SignedDuration::from_secs(60));
        let before = signs(&world).await;
        watch::step(world.app.clone()).await.unwrap();
        assert_eq!(signs(&world).await, before);
        let row = self_watch::all(&world.app.db).await.unwrap().remove(0);
        assert_eq!(row.trouble.as_deref(), Some("not sent: a received message is overdue by 1m"));
        // Once it is triaged, the page waits: nothing sends it while the engine stands.
        world.triage().await;
        world.app.clock.advance(SignedDuration::from_secs(60));
        watch::step(world.app.clone()).await.unwrap();
        assert_eq!(signs(&world).await, before);
        world.go_on();
        world.rest().await;
        world.pass(SignedDuration::from_mins(1)).await;
        assert!(signs(&world).await > before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_is_not_accepted_in_time_pages_the_catch_all_and_the_next_one_ends_it() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.phones.set("/bo", 503);
        world
            .reconfigure(|text| {
                text + "watch: { canaries: [ { user: bo, method: phone, every: 1h, within: 2m } ] }\n"
            })
            .await;
        let begun = async || !world.phones.at("/bo").is_empty();
        world.until(begun).await;
        assert_eq!(world.phones.at("/bo")[0]["type"], "test");
        world.pass(SignedDuration::from_mins(2)).await;
        let incident = world.incident().await;
        assert_eq!(incident.title, "canary bo/phone says that it failed");
        assert_eq!(world.phones.at("/ana").len(), 1);
        world.phones.set("/bo", 200);
        world.pass(SignedDuration::from_mins(61)).await;
        assert_eq!(world.incident().await.status, Status::Resolved);
    })
    .await;
}
