//! What pipelines and tools report to have changed: kept, told, and never paging anybody.

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Answer, World, on_both_stores};

const SECRET: &str = "signing-secret";
const GITHUB: &str = "/ingest/github/github-changes-key";

/// An organisation-wide GitHub that signs, and a generic source of its own for `search`.
async fn connect(world: &World) {
    let text = format!(
        "integrations:\n\
         - {{ name: github, type: github, key: github-changes-key, secret: {SECRET}, \
              services: {{ acme/shop: [checkout, search] }} }}\n\
         - {{ name: flags, type: generic-changes, key: flags-changes-key }}\n"
    );
    let applied = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
}

fn deployment(id: i64, repository: &str) -> Value {
    json!({
        "action": "created", "sender": { "login": "ana" },
        "deployment": {
            "id": id, "sha": "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678", "environment": "production",
            "created_at": "2026-11-21T02:50:00Z",
        },
        "repository": { "full_name": repository, "html_url": "https://github.com/acme/shop" },
    })
}

async fn github(world: &World, event: &str, delivery: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let mac = mac.chain_update(&body).finalize().into_bytes();
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    let client = world.anybody().with("x-github-event", event);
    let client = client.with("x-github-delivery", delivery);
    client
        .with("x-hub-signature-256", &format!("sha256={hex}"))
        .send(Method::POST, GITHUB, body)
        .await
}

async fn events(world: &World, query: &str) -> Vec<Value> {
    let list = world.with_role("stakeholder").read(&format!("/api/v1/change-events{query}")).await;
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_deploy_is_one_event_for_each_service_and_pages_nobody() {
    on_both_stores(async |world| {
        connect(world).await;
        let body = deployment(7, "acme/shop");
        let started = github(world, "deployment", "d1", &body).await;
        assert_eq!(started.status, 202, "{}", started.text);
        let mut status = body.clone();
        status["deployment_status"] =
            json!({ "state": "success", "updated_at": "2026-11-21T02:55:00Z" });
        assert_eq!(github(world, "deployment_status", "d2", &status).await.status, 202);
        let all = events(world, "").await;
        assert_eq!(all.len(), 2, "{all:#?}");
        for event in &all {
            assert_eq!((&event["state"], &event["kind"]), (&json!("succeeded"), &json!("deploy")));
            assert_eq!(event["started_at"], "2026-11-21T02:50:00Z");
            assert_eq!(event["ended_at"], "2026-11-21T02:55:00Z");
            assert_eq!((&event["author"], &event["source"]), (&json!("ana"), &json!("github")));
        }
        let services: Vec<_> = all.iter().map(|event| event["service"].clone()).collect();
        assert!(services.contains(&json!("checkout")) && services.contains(&json!("search")));

        // The same delivery again changes nothing, whatever it says.
        let mut forged_failure = status.clone();
        forged_failure["deployment_status"]["state"] = json!("failure");
        assert_eq!(github(world, "deployment_status", "d2", &forged_failure).await.status, 202);
        assert!(events(world, "").await.iter().all(|event| event["state"] == "succeeded"));
        world.settle().await;
        assert!(world.phones.of("ana").is_empty());
        let incidents = world.admin().read("/api/v1/incidents").await;
        assert_eq!(incidents["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn what_is_forged_or_belongs_to_nobody_is_refused_with_the_reason() {
    on_both_stores(async |world| {
        connect(world).await;
        let body = deployment(8, "acme/shop").to_string();
        let unsigned = world.anybody().with("x-github-event", "deployment");
        let unsigned = unsigned.send(Method::POST, GITHUB, body.clone()).await;
        assert_eq!(unsigned.status, 401);
        assert!(unsigned.text.contains("not signed"), "{}", unsigned.text);
        let forged = world.anybody().with("x-github-event", "deployment");
        let forged = forged.with("x-hub-signature-256", &format!("sha256={}", "0".repeat(64)));
        let forged = forged.send(Method::POST, GITHUB, body.clone()).await;
        assert_eq!(forged.status, 401);
        assert!(forged.text.contains("does not fit"), "{}", forged.text);
        let path = "/ingest/github/nobody-has-this-key";
        assert_eq!(world.anybody().send(Method::POST, path, body.clone()).await.status, 404);
        let path = "/ingest/github/checkout-events-key";
        let other = world.anybody().send(Method::POST, path, body).await;
        assert_eq!(other.status, 400);
        assert!(other.text.contains("type pagerduty"), "{}", other.text);
        assert!(events(world, "").await.is_empty());
        // What nothing claims goes where alerts go that nothing claims.
        let stray = github(world, "deployment", "d9", &deployment(9, "acme/unheard-of")).await;
        assert_eq!(stray.status, 202, "{}", stray.text);
        assert_eq!(events(world, "").await[0]["service"], "catch-all");
    })
    .await;
}

#[tokio::test]
async fn pagerduty_change_events_are_answered_as_pagerduty_does() {
    on_both_stores(async |world| {
        let send = async |body: String| {
            world.anybody().send(Method::POST, "/v2/change/enqueue", body).await
        };
        let event = |key: &str| {
            json!({ "routing_key": key, "payload": { "summary": "Build 12", "source": "ci" } })
        };
        let answer = send(event("checkout-events-key").to_string()).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let expected = json!({ "status": "success", "message": "Change event processed" });
        assert_eq!(answer.json(), expected);
        let unknown = send(event("nobody-has-this-key").to_string()).await;
        assert_eq!((unknown.status, &unknown.json()["status"]), (400, &json!("invalid event")));
        let empty = send(json!({ "routing_key": "checkout-events-key" }).to_string()).await;
        assert_eq!(empty.json()["errors"], json!(["payload is required"]));
        assert_eq!(send("{".to_owned()).await.status, 400);
        assert_eq!(send(" ".repeat(600 * 1024)).await.status, 413);
        assert_eq!(world.anybody().get("/v2/change/enqueue").await.status, 405);
        let all = events(world, "?service=checkout").await;
        assert_eq!((all.len(), &all[0]["summary"]), (1, &json!("Build 12")));
        let messages = world.admin().read("/api/v1/messages").await;
        assert_eq!(messages["items"], json!([]), "it is no alert");
    })
    .await;
}

#[tokio::test]
async fn events_are_written_down_and_found_by_service_kind_and_time() {
    on_both_stores(async |world| {
        connect(world).await;
        let add = async |role: &str, body: Value| {
            world.with_role(role).post("/api/v1/change-events", body).await
        };
        for (minute, kind) in ["deploy", "flag", "config"].iter().enumerate() {
            let at = format!("2026-11-21T02:0{minute}:00Z");
            let body = json!({
                "service": "checkout", "summary": format!("a {kind}"), "kind": kind, "ended_at": at,
            });
            assert_eq!(add("responder", body).await.status, 201);
        }
        let flag = json!({ "summary": "new cart on", "kind": "flag", "service": "search" });
        let sent = world.anybody().post("/ingest/generic-changes/flags-changes-key", flag).await;
        assert_eq!(sent.status, 202, "{}", sent.text);
        let told = |events: Vec<Value>| -> Vec<String> {
            events.iter().map(|event| event["summary"].as_str().unwrap().to_owned()).collect()
        };
        let all = told(events(world, "").await);
        assert_eq!(all, ["new cart on", "a config", "a flag", "a deploy"]);
        assert_eq!(told(events(world, "?kind=flag").await), ["new cart on", "a flag"]);
        let narrow = "?service=checkout&kind=flag,config&from=2026-11-21T02:01:00Z\
                      &to=2026-11-21T02:02:00Z";
        assert_eq!(told(events(world, narrow).await), ["a flag"]);
        let first = world.admin().read("/api/v1/change-events?limit=3").await;
        let next = format!("?limit=3&cursor={}", first["next"].as_str().unwrap());
        assert_eq!(told(events(world, &next).await), ["a deploy"]);
        let id = first["items"][0]["id"].as_str().unwrap();
        let one = world.admin().read(&format!("/api/v1/change-events/{id}")).await;
        assert_eq!(one["summary"], "new cart on");

        let wrong = [
            (json!({ "service": "nope", "summary": "x" }), "service"),
            (json!({ "service": "checkout", "summary": " " }), "summary"),
            (json!({ "service": "checkout", "summary": "x", "url": "javascript:1" }), "url"),
            (json!({ "service": "checkout", "summary": "x", "ended_at": "2030-01-01T00:00:00Z" }), "future"),
            (json!({ "service": "checkout", "summary": "x", "started_at": "2026-11-21T02:00:00Z",
                     "ended_at": "2026-11-21T01:00:00Z" }), "before"),
        ];
        for (body, word) in wrong {
            let refused = add("responder", body).await;
            assert!((400..=404).contains(&refused.status), "{}", refused.text);
            assert!(refused.text.contains(word), "{word}: {}", refused.text);
        }
        let body = json!({ "service": "checkout", "summary": "x" });
        assert_eq!(add("stakeholder", body).await.status, 403);
        assert_eq!(world.admin().get("/api/v1/change-events?kind=nope").await.status, 400);
        assert_eq!(world.anybody().get("/api/v1/change-events").await.status, 401);
    })
    .await;
}
