use muster_store::testing::on_both_engines;
use serde_json::json;

use super::world::World;

fn from_the_hub(team: &str) -> Vec<u8> {
    json!({ "summary": format!("trouble of {team}"), "dedup_key": team, "labels": { "team": team } })
        .to_string()
        .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_routing_rule_sends_the_signal_to_its_service_and_the_catch_all_takes_the_rest() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        let with_a_hub = |text: String| {
            text + r#"
integrations: [ { name: hub, type: generic, key: hub-of-everything } ]
routing:
  - { when: 'labels.team == "nobody"', service: forgotten }
  - { when: 'labels.team.startsWith("pay")', service: checkout }
"#
        };
        world.reconfigure(with_a_hub).await;
        world.message("hub", &from_the_hub("payments")).await;
        world.message("hub", &from_the_hub("gardening")).await;
        world.rest().await;
        let snapshot = world.app.snapshot();
        let mut services: Vec<_> = world
            .incidents()
            .await
            .into_iter()
            .map(|incident| snapshot.directory.services.get(incident.service).unwrap().name.clone())
            .collect();
        services.sort();
        assert_eq!(services, ["catch-all", "checkout"]);
        assert_eq!(world.phones.at("/ana").len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_webhook_hears_what_happens() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        let port = world.port();
        let with_a_listener = |text: String| {
            text + &format!(
                "webhooks: [ {{ name: board, url: \"http://127.0.0.1:{port}/board\", events: [\"incident.opened\", \"incident.resolved\"] }} ]\n"
            )
        };
        world.reconfigure(with_a_listener).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.event("checkout", "resolve", "a", "critical").await;
        world.rest().await;
        let told = world.phones.at("/board");
        let kinds: Vec<_> = told.iter().map(|body| body["type"].as_str().unwrap()).collect();
        assert_eq!(kinds.len(), 2, "{kinds:?}");
        assert!(kinds.contains(&"incident.opened") && kinds.contains(&"incident.resolved"));
        assert!(told.iter().all(|body| body["incident"]["number"] == 1));
    })
    .await;
}
