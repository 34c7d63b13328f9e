//! Stories of providers that stand in for each other, and of one that is left alone (`N3`).

use jiff::SignedDuration;
use muster_core::engine::breaker::{Breaker, FAILURES_TO_OPEN};
use muster_core::incident::restriction::Viewer;
use muster_store::incident::incident as store_incident;
use muster_store::oncall::delivery;
use muster_store::testing::on_both_engines;

use super::world::World;

pub(super) const FIRST: &str = "/2010-04-01/accounts/acfirst/messages.json";
pub(super) const SECOND: &str = "/2010-04-01/accounts/acsecond/messages.json";

/// Ana is paged by text message; her tablet follows after three minutes.
pub(super) fn with_phones(text: String, names: &[&str]) -> String {
    let port = text.split("http://127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next());
    let port = port.unwrap().to_owned();
    let provider = |name: &&str| {
        format!(
            "  - {{ name: {name}, type: twilio, account: AC{name}, token: secret, from: \"+4930123456\", url: \"http://127.0.0.1:{port}\" }}\n"
        )
    };
    let providers: String = names.iter().map(provider).collect();
    let phone = format!("{{ name: phone, type: webhook, url: \"http://127.0.0.1:{port}/ana\" }}");
    text.replace(&phone, "{ name: phone, type: sms, address: \"+4915112345678\" }")
        .replace("    inform: [ops@example.com]\n", "    grouping: none\n")
        .replace("      - { when: 'severity == \"info\"', informational: true }\n", "")
        .replace("catch_all:", &format!("providers:\n{providers}catch_all:"))
}

/// Who carried each attempt of the first delivery of the first incident, and how it went.
async fn attempts(world: &World) -> Vec<(Option<String>, String)> {
    let incident = world.incidents().await[0].id;
    let incident =
        store_incident::get(&world.app.db, &Viewer::Engine, incident).await.unwrap().unwrap();
    let delivery = delivery::of_incident(&world.app.db, incident.id).await.unwrap()[0].id;
    let attempts = delivery::attempts_of_incident(&world.app.db, incident.id).await.unwrap();
    attempts
        .into_iter()
        .filter(|attempt| attempt.delivery_id == delivery)
        .map(|attempt| (attempt.provider, attempt.outcome))
        .collect()
}

fn carried(by: &str, outcome: &str) -> (Option<String>, String) {
    (Some(by.to_owned()), outcome.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_provider_carries_what_the_preferred_one_fails_to() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| with_phones(text, &["first", "second"])).await;
        world.phones.set(FIRST, 503);
        world.event("checkout", "trigger", "disk", "critical").await;
        world.rest().await;
        world.pass(SignedDuration::from_secs(5)).await;
        assert_eq!((world.phones.at(FIRST).len(), world.phones.at(SECOND).len()), (1, 1));
        let expected = [carried("first", "temporary"), carried("second", "accepted")];
        assert_eq!(attempts(&world).await, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_again_and_again_is_left_alone_and_asked_again_later() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| with_phones(text, &["first", "second"])).await;
        let now = || world.app.now();
        for _ in 0..FAILURES_TO_OPEN {
            world.app.carriers.answered("first", true, now());
        }
        world.event("checkout", "trigger", "disk", "critical").await;
        world.rest().await;
        assert_eq!(attempts(&world).await, [carried("second", "accepted")]);
        assert!(world.phones.at(FIRST).is_empty());
        world.pass(SignedDuration::from_mins(2)).await;
        world.event("checkout", "trigger", "memory", "critical").await;
        world.rest().await;
        assert_eq!(world.phones.at(FIRST).len(), 1);
        assert_eq!(world.app.carriers.state("first"), Breaker::Working);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_only_provider_is_left_alone_the_next_method_starts_at_once() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| with_phones(text, &["first"])).await;
        for _ in 0..FAILURES_TO_OPEN {
            world.app.carriers.answered("first", true, world.app.now());
        }
        world.event("checkout", "trigger", "disk", "critical").await;
        world.rest().await;
        assert_eq!(world.phones.at("/ana-tablet").len(), 1, "three minutes early");
        assert!(world.phones.at(FIRST).is_empty(), "nobody asks a provider that rests");
        world.pass(SignedDuration::from_secs(30)).await;
        assert_eq!(world.phones.at(FIRST).len(), 1, "the message is not forgotten either");
    })
    .await;
}
