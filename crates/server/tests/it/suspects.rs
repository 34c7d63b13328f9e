//! What changed before an incident, ranked, and marked by people.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{World, on_both_stores};

/// `checkout` cannot work without `ledger`, and nothing connects `search` to it.
async fn connect(world: &World) {
    let text = "services:\n\
        - { name: checkout, team: payments, tier: 1, escalation_policy: payments, \
            depends_on: [ledger], severity_map: [ { when: 'severity == \"critical\"', severity: 1 } ], \
            integrations: [ { name: events, type: pagerduty, key: checkout-events-key } ] }\n\
        - { name: ledger, escalation_policy: payments }\n\
        - { name: search, escalation_policy: payments }\n";
    let applied = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
}

async fn add(world: &World, service: &str, summary: &str, at: &str) -> String {
    let body = json!({ "service": service, "summary": summary, "ended_at": at });
    let answer = world.with_role("responder").post("/api/v1/change-events", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn suspects(world: &World, number: i64) -> Vec<Value> {
    let client = world.with_role("responder");
    let list = client.read(&format!("/api/v1/incidents/{number}/changes")).await;
    list["items"].as_array().unwrap().clone()
}

async fn incident(world: &World, key: &str) -> i64 {
    assert_eq!(world.event("trigger", key, "critical").await.status, 202);
    world.settle().await;
    let list = world.admin().read("/api/v1/incidents").await;
    list["items"][0]["number"].as_i64().unwrap()
}

#[tokio::test]
async fn the_change_that_caused_an_incident_stands_first_among_fifty() {
    on_both_stores(async |world| {
        connect(world).await;
        for number in 0..49 {
            let service = ["search", "ledger", "checkout"][number % 3];
            let (hour, minute) = (number % 20, number);
            let day = if hour < 2 { 21 } else { 20 };
            let at = format!(
                "2026-11-{day}T{:02}:{minute:02}:00Z",
                if day == 21 { hour } else { hour + 3 }
            );
            add(world, service, &format!("change {number}"), &at).await;
        }
        let cause = add(world, "checkout", "the seeded deploy", "2026-11-21T02:58:00Z").await;
        let number = incident(world, "d").await;
        let found = suspects(world, number).await;
        assert_eq!(found[0]["event"]["id"], json!(cause), "{:#?}", found[0]);
        assert_eq!(found[0]["reasons"][0], "it ended 2m before");
        assert_eq!(found[0]["reasons"][1], "it is on the service itself");
        assert!(found.iter().all(|one| one["service"] != "search"), "nothing connects it");
        let upstream = found.iter().find(|one| one["service"] == "ledger").unwrap();
        assert_eq!((&upstream["side"], &upstream["steps"]), (&json!("upstream"), &json!(1)));
        assert!(found.is_sorted_by_key(|one| std::cmp::Reverse(one["points"].as_u64())));
        let narrow = format!("/api/v1/incidents/{number}/changes?hours=1");
        let narrow = world.admin().read(&narrow).await;
        assert!(narrow["items"].as_array().unwrap().len() < found.len());
        let wrong = format!("/api/v1/incidents/{number}/changes?hours=1000");
        assert_eq!(world.admin().get(&wrong).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_mark_stands_in_the_timeline_links_both_ways_and_can_be_taken_back() {
    on_both_stores(async |world| {
        connect(world).await;
        let near = add(world, "checkout", "near", "2026-11-21T02:58:00Z").await;
        let far = add(world, "checkout", "far", "2026-11-21T01:00:00Z").await;
        let number = incident(world, "d").await;
        let path = |event: &str| format!("/api/v1/incidents/{number}/changes/{event}/mark");
        let responder = world.with_role("responder");
        let body = json!({ "mark": "cause", "reason": "the diff says so" });
        assert_eq!(responder.put(&path(&far), body.clone()).await.status, 204);
        assert_eq!(responder.put(&path(&near), json!({ "mark": "ruled_out" })).await.status, 204);
        let found = suspects(world, number).await;
        let order: Vec<_> = found.iter().map(|one| one["event"]["summary"].clone()).collect();
        assert_eq!(order, ["far", "near"], "what people found goes before what is guessed");
        assert_eq!(found[0]["mark"]["mark"], "cause");
        assert_eq!(found[0]["mark"]["reason"], "the diff says so");
        let event = world.admin().read(&format!("/api/v1/change-events/{far}")).await;
        assert_eq!(event["caused"][0]["number"], json!(number));
        let timeline = format!("/api/v1/incidents/{number}/timeline?limit=500");
        let timeline = world.admin().get(&timeline).await.text;
        assert!(timeline.contains("Marked as the cause: far\\nthe diff says so"), "{timeline}");

        assert_eq!(responder.delete(&path(&far)).await.status, 204);
        let found = suspects(world, number).await;
        assert_eq!(found[0]["event"]["summary"], "far", "ruled out stays last");
        assert_eq!(found[0]["mark"], Value::Null);
        let event = world.admin().read(&format!("/api/v1/change-events/{far}")).await;
        assert_eq!(event["caused"], json!([]));

        let looker = world.with_role("stakeholder");
        assert_eq!(looker.put(&path(&far), body.clone()).await.status, 403);
        assert_eq!(responder.put(&path("chg_nope"), body).await.status, 404);
        assert_eq!(responder.put(&path(&far), json!({ "mark": "guilty" })).await.status, 400);
    })
    .await;
}
