//! Digests: what a flood becomes for the person it asks, and the one link that answers it.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{World, on_both_stores};

async fn declare(world: &World, title: &str, service: &str) {
    let body = json!({ "title": title, "service": service, "severity": 1 });
    assert_eq!(world.admin().post("/api/v1/incidents", body).await.status, 201);
    world.settle().await;
}

fn kinds(world: &World) -> Vec<String> {
    let received = world.phones.of("ana");
    received.iter().map(|body| body["type"].as_str().unwrap_or_default().to_owned()).collect()
}

/// A flood of one service, and the digest that it ends in.
async fn flood(world: &World) -> Value {
    for title in ["a", "b", "c", "d"] {
        declare(world, title, "checkout").await;
    }
    assert_eq!(kinds(world), ["page", "page"]);
    world.advance(SignedDuration::from_mins(1)).await;
    assert_eq!(kinds(world), ["page", "page", "digest"]);
    world.phones.of("ana")[2].clone()
}

fn path_of(world: &World, digest: &Value) -> String {
    let url = digest["digest"]["answer_url"].as_str().unwrap();
    url.strip_prefix(&world.app.settings.public_url).unwrap().to_owned()
}

#[tokio::test]
async fn one_answer_takes_everything_that_a_digest_asked_for() {
    on_both_stores(async |world| {
        let digest = flood(world).await;
        assert_eq!(digest["digest"]["count"], 2);
        let path = path_of(world, &digest);
        // Looking changes nothing, and neither does a scanner that looks.
        let shown = world.anybody().get(&path).await;
        assert_eq!(shown.status, 200);
        assert!(shown.text.contains("Acknowledge all 2"), "{}", shown.text);
        assert_eq!(world.admin().read("/api/v1/incidents/3").await["status"], "triggered");
        let answered = world.anybody().post(&path, json!({})).await.json();
        assert_eq!(answered["acknowledged"], json!([4, 3]));
        for (number, status) in [(3, "acknowledged"), (4, "acknowledged"), (1, "triggered")] {
            let incident = world.admin().read(&format!("/api/v1/incidents/{number}")).await;
            assert_eq!(incident["status"], status, "{number}");
        }
        assert_eq!(world.admin().read("/api/v1/incidents/4").await["assignee"], "ana");
        let again = world.anybody().post(&path, json!({})).await.json();
        assert_eq!(again["acknowledged"], json!([]));
        assert!(world.anybody().get(&path).await.text.contains("There is nothing to do"));
    })
    .await;
}

#[tokio::test]
async fn a_link_that_was_not_sent_answers_nothing() {
    on_both_stores(async |world| {
        let digest = flood(world).await;
        let wrong = format!("{}x", path_of(world, &digest));
        assert_eq!(world.anybody().post(&wrong, json!({})).await.status, 404);
        assert_eq!(world.admin().read("/api/v1/incidents/3").await["status"], "triggered");
    })
    .await;
}

#[tokio::test]
async fn a_flood_does_not_hold_up_the_first_page_of_another_service() {
    on_both_stores(async |world| {
        for title in ["a", "b", "c"] {
            declare(world, title, "checkout").await;
        }
        declare(world, "elsewhere", "search").await;
        assert_eq!(kinds(world), ["page", "page", "page"]);
        assert_eq!(world.phones.of("ana")[2]["incident"]["title"], "elsewhere");
        declare(world, "there again", "search").await;
        world.advance(SignedDuration::from_mins(1)).await;
        let received = world.phones.of("ana");
        assert_eq!(received[3]["incidents"].as_array().unwrap().len(), 2);
    })
    .await;
}
