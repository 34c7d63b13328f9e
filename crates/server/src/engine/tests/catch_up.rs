//! Stories of a server that was down for an hour and has everything to do at once.

use jiff::SignedDuration;
use muster_core::incident::lifecycle::Command;
use muster_store::testing::on_both_engines;
use serde_json::Value;

use super::world::World;

const SERVICES: usize = 50;
const ALERTS: usize = 300;

/// Services that all page ana, then bo.
fn services(text: String) -> String {
    let services: String = (0..SERVICES)
        .map(|at| {
            format!(
                "  - {{ name: service{at}, escalation_policy: payments, severity_map: [ {{ when: 'severity == \"critical\"', severity: 1 }} ], integrations: [ {{ name: events, type: pagerduty, key: service-events-key-{at} }} ] }}\n"
            )
        })
        .collect();
    text.replace("catch_all:", &format!("{services}catch_all:"))
}

async fn trouble(world: &World) {
    for at in 0..ALERTS {
        let severity = if at % 5 == 0 { "critical" } else { "warning" };
        let service = format!("service{}", at % SERVICES);
        world.event(&service, "trigger", &format!("alert {at}"), severity).await;
    }
}

/// The severity and number of every incident that somebody heard of, in order.
fn told(messages: &[Value]) -> Vec<(i64, i64)> {
    let of = |incident: &Value| {
        (incident["severity"].as_i64().unwrap(), incident["number"].as_i64().unwrap())
    };
    messages
        .iter()
        .flat_map(|message| match message["type"].as_str().unwrap() {
            "page" => vec![of(&message["incident"])],
            "digest" => message["incidents"].as_array().unwrap().iter().map(of).collect(),
            _ => Vec::new(),
        })
        .collect()
}

/// Each incident once, the most severe and newest first.
fn is_in_order(told: &mut [(i64, i64)]) {
    // The first two are on their way at the same time, and either may arrive first.
    told[..2].sort_by_key(|(severity, number)| (*severity, -number));
    let mut wanted = told.to_vec();
    wanted.sort_by_key(|(severity, number)| (*severity, -number));
    wanted.dedup();
    assert_eq!(told, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_of_an_hour_are_two_pages_and_a_digest() {
    on_both_engines(async |db| {
        let mut world = World::with(db, services).await;
        world.halt();
        trouble(&world).await;
        world.app.clock.advance(SignedDuration::from_hours(1));
        world.triage().await;
        world.go_on();
        world.pass(SignedDuration::from_mins(2)).await;
        let messages = world.phones.at("/ana");
        let types: Vec<_> = messages.iter().map(|m| m["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["page", "page", "digest"]);
        assert_eq!(messages[0]["page"]["reason"], "step 1 of payments, 1h late");
        let mut told = told(&messages);
        assert_eq!(told.len(), world.incidents().await.len());
        is_in_order(&mut told);
        // Nobody was asked yet who is asked five minutes later.
        assert!(world.phones.at("/bo").is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_steps_of_an_hour_reach_the_first_person_and_the_step_now_due() {
    on_both_engines(async |db| {
        let mut world = World::with(db, services).await;
        world.halt();
        trouble(&world).await;
        world.triage().await;
        world.app.clock.advance(SignedDuration::from_hours(1));
        // Somebody acknowledged one of them while nothing was sent.
        let answered = world.incidents().await.remove(7);
        let ana = world.actor("ana");
        world.app.command(answered.id, Command::Acknowledge, &ana).await.unwrap();
        world.go_on();
        world.pass(SignedDuration::from_mins(2)).await;
        for path in ["/ana", "/bo"] {
            let messages = world.phones.at(path);
            let types: Vec<_> = messages.iter().map(|m| m["type"].as_str().unwrap()).collect();
            assert_eq!(types, ["page", "page", "digest"], "{path}");
            let mut told = told(&messages);
            assert_eq!(told.len(), world.incidents().await.len() - 1, "{path}");
            assert!(told.iter().all(|(_, number)| *number != answered.number));
            is_in_order(&mut told);
        }
        assert_eq!(world.phones.at("/ana")[0]["page"]["reason"], "step 1 of payments, 1h late");
        assert_eq!(world.phones.at("/bo")[0]["page"]["reason"], "step 2 of payments, 55m late");
    })
    .await;
}
