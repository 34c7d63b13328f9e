use jiff::SignedDuration;
use muster_core::incident::lifecycle::Command;
use muster_store::testing::on_both_engines;

use super::world::World;

/// Enough for several batches of triage.
const STORM_ALERTS: i64 = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_is_one_incident_and_one_page_that_says_how_many() {
    on_both_engines(async |db| {
        let world = std::sync::Arc::new(World::new(db).await);
        let mut senders = tokio::task::JoinSet::new();
        for at in 0..STORM_ALERTS {
            let world = std::sync::Arc::clone(&world);
            senders.spawn(async move {
                world.event("checkout", "trigger", &format!("alert {at}"), "critical").await;
            });
        }
        while let Some(sent) = senders.join_next().await {
            sent.unwrap();
        }
        world.rest().await;
        let incident = world.incident().await;
        assert_eq!((incident.alert_count, incident.open_alert_count), (STORM_ALERTS, STORM_ALERTS));
        assert_eq!(world.phones.at("/ana").len(), 1);
        world.pass(SignedDuration::from_mins(5)).await;
        let bo = world.phones.at("/bo");
        assert_eq!(bo.len(), 1);
        assert_eq!(bo[0]["incident"]["alert_count"], STORM_ALERTS);
        world.does("bo", incident.id, Command::Acknowledge).await;
        // Trouble after an acknowledgement pages again.
        world.event("checkout", "trigger", "something else", "critical").await;
        world.rest().await;
        assert_eq!(world.incidents().await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_third_page_within_a_minute_waits_for_a_digest() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        let apart = |text: String| {
            text.replace("    inform: [ops@example.com]\n", "    grouping: none\n")
                .replace("      - { when: 'severity == \"info\"', informational: true }\n", "")
        };
        world.reconfigure(apart).await;
        for key in ["a", "b", "c", "d", "e"] {
            world.event("checkout", "trigger", key, "critical").await;
            world.rest().await;
        }
        let kinds = |world: &World| -> Vec<String> {
            let received = world.phones.at("/ana");
            received.iter().map(|body| body["type"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(kinds(&world), ["page", "page"]);
        world.pass(SignedDuration::from_secs(60)).await;
        assert_eq!(kinds(&world), ["page", "page", "digest"]);
        let received = world.phones.at("/ana");
        assert_eq!(received[2]["incidents"].as_array().unwrap().len(), 3);
        for incident in world.incidents().await {
            assert_eq!(world.ledger(incident.id).await[0].0, "accepted");
        }
    })
    .await;
}
