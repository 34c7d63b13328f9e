//! Stories of providers that are out: one that hangs, one that asks to be left alone for a while,
//! and a channel none of whose providers works (`N3`).

use jiff::SignedDuration;
use muster_core::engine::breaker::Breaker;
use muster_core::incident::lifecycle::Command;
use muster_integrations::outbound::Limits;
use muster_store::oncall::delivery;
use muster_store::testing::on_both_engines;

use super::providers::{FIRST, SECOND, with_phones};
use super::world::World;

/// How long the story's installation waits for a provider, in real milliseconds: long enough for a
/// machine under load to answer, short enough to be waited for twice.
const CALL_MS_MAX: u64 = 2_000;

/// How many times ten seconds the longest story passes: all attempts of a page take less.
const SLICES_MAX: usize = 40;

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

/// How the attempts of the newest incident ended, the unfinished ones left out.
async fn outcomes(world: &World) -> Vec<String> {
    let id = world.incidents().await[0].id;
    let attempts = delivery::attempts_of_incident(&world.app.db, id).await.unwrap();
    attempts
        .into_iter()
        .filter(|attempt| attempt.finished_at.is_some())
        .map(|attempt| attempt.outcome)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_provider_hangs_the_next_method_rings_after_half_a_minute() {
    on_both_engines(async |db| {
        let limits = Limits { total_ms: CALL_MS_MAX, ..Limits::default() };
        let world = World::waiting(db, limits, |text| text).await;
        world.phones.hold("/ana");
        world.event("checkout", "trigger", "disk", "critical").await;
        world.until(async || world.phones.at("/ana").len() == 1).await;
        world.app.clock.advance(seconds(15));
        world.until(async || outcomes(&world).await == ["unknown"]).await;
        assert!(world.phones.at("/ana-tablet").is_empty(), "one call may well get lost");
        world.app.clock.advance(seconds(2));
        world.until(async || world.phones.at("/ana").len() == 2).await;
        world.app.clock.advance(seconds(15));
        // Half a minute without an answer, and two minutes and a half before its own time.
        world.until(async || world.phones.at("/ana-tablet").len() == 1).await;
        world.phones.let_go("/ana");
        world.pass(minutes(1)).await;
        let pages = world.phones.at("/ana");
        let repeats: Vec<_> = pages.iter().map(|page| &page["page"]["possible_repeat"]).collect();
        assert_eq!(repeats, [false, true, true], "the provider may have taken what it held");
        let id = world.incident().await.id;
        let ledger = world.ledger(id).await;
        assert_eq!(ledger, [("accepted".into(), vec!["accepted".into(), "accepted".into()])]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_asks_for_a_wait_gets_it_and_the_next_method_does_not_wait_for_it() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.phones.set("/ana", 429);
        world.phones.ask_to_wait("/ana", Some(120));
        world.event("checkout", "trigger", "disk", "critical").await;
        world.rest().await;
        assert_eq!(world.phones.at("/ana-tablet").len(), 1, "two minutes are too long to wait");
        world.pass(seconds(119)).await;
        assert_eq!(world.phones.at("/ana").len(), 1, "it is left alone as long as it asked");
        world.phones.set("/ana", 200);
        world.phones.ask_to_wait("/ana", None);
        world.pass(seconds(1)).await;
        assert_eq!(world.phones.at("/ana").len(), 2);
        let id = world.incident().await.id;
        let ledger = world.ledger(id).await;
        assert_eq!(ledger, [("accepted".into(), vec!["accepted".into(), "accepted".into()])]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_wait_that_a_provider_asks_for_starts_no_other_method() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.phones.set("/ana", 429);
        world.phones.ask_to_wait("/ana", Some(10));
        world.event("checkout", "trigger", "disk", "critical").await;
        world.pass(seconds(9)).await;
        assert_eq!(world.phones.at("/ana").len(), 1);
        world.phones.set("/ana", 200);
        world.pass(seconds(1)).await;
        assert_eq!(world.phones.at("/ana").len(), 2);
        assert!(world.phones.at("/ana-tablet").is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_without_a_working_provider_falls_to_the_next_method_and_the_next_step() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| with_phones(text, &["first", "second"])).await;
        for path in [FIRST, SECOND] {
            world.phones.set(path, 503);
        }
        world.phones.set("/ana-tablet", 410);
        for key in ["disk", "memory"] {
            world.event("checkout", "trigger", key, "critical").await;
            world.rest().await;
        }
        let mut opened = false;
        for _ in 0..SLICES_MAX {
            world.pass(seconds(10)).await;
            let state = world.app.carriers.state("first");
            opened |= matches!(state, Breaker::Resting { .. } | Breaker::Trying { .. });
        }
        assert!(opened, "a provider that fails again and again is left alone");
        assert!(!world.phones.at("/ana-tablet").is_empty(), "first the next method");
        for incident in world.incidents().await {
            let ledger = world.ledger(incident.id).await;
            assert_eq!(ledger[0], ("exhausted".into(), vec!["failed".into(), "failed".into()]));
            assert_eq!(ledger[1], ("accepted".into(), vec!["accepted".into()]), "then the step");
            world.does("bo", incident.id, Command::Acknowledge).await;
        }
        world.pass(minutes(3)).await;
        let calls = world.phones.at(FIRST).len() + world.phones.at(SECOND).len();
        // Both are well again: each is tried with one message and works from then on.
        for path in [FIRST, SECOND] {
            world.phones.set(path, 200);
        }
        world.event("checkout", "trigger", "network", "critical").await;
        world.pass(minutes(3)).await;
        let now = world.phones.at(FIRST).len() + world.phones.at(SECOND).len();
        assert_eq!(now, calls + 1);
        assert_eq!(outcomes(&world).await.last().map(String::as_str), Some("accepted"));
    })
    .await;
}
