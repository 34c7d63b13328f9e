//! Where monitoring systems send to: each hears what its own protocol says, also when it is wrong.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, World, on_both_stores};

const LARGE: usize = 600 * 1024;

async fn post(world: &World, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    world.anybody().send(Method::POST, path, body).await
}

async fn stored(world: &World) -> usize {
    let list = world.admin().read("/api/v1/messages").await;
    list["items"].as_array().unwrap().len()
}

fn trigger(key: &str) -> Value {
    json!({
        "routing_key": key, "event_action": "trigger", "dedup_key": "d",
        "payload": { "summary": "s", "source": "x", "severity": "critical" },
    })
}

#[tokio::test]
async fn pagerduty_clients_are_answered_as_pagerduty_does() {
    on_both_stores(async |world| {
        for path in ["/v2/enqueue", "/v2/enqueue/"] {
            let answer = post(world, path, trigger("checkout-events-key").to_string()).await;
            assert_eq!(answer.status, 202, "{}", answer.text);
            assert_eq!(answer.json()["status"], "success");
            assert_eq!(answer.json()["dedup_key"], "d");
        }
        let refused = post(world, "/v2/enqueue", trigger("nobody-has-this-key").to_string()).await;
        assert_eq!(refused.status, 400);
        assert!(refused.json()["errors"].is_array());
        let without = post(world, "/v2/enqueue", r#"{"event_action":"trigger"}"#).await;
        assert_eq!(without.status, 400);
        assert!(without.text.contains("routing_key"));
        assert_eq!(post(world, "/v2/enqueue", "{").await.status, 400);
        assert_eq!(world.anybody().get("/v2/enqueue").await.status, 405);
        let wrong_kind = post(world, "/v2/enqueue", trigger("checkout-generic-key").to_string());
        assert!(wrong_kind.await.text.contains("type generic"));
        assert_eq!(stored(world).await, 2, "nothing that was refused is stored");
    })
    .await;
}

fn alertmanager() -> String {
    json!({
        "version": "4", "groupKey": "g", "status": "firing", "receiver": "muster",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://am", "truncatedAlerts": 0,
        "alerts": [{
            "status": "firing", "fingerprint": "f1", "labels": { "alertname": "Down" },
            "annotations": {}, "startsAt": "2026-11-21T02:59:00Z",
            "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prom",
        }],
    })
    .to_string()
}

#[tokio::test]
async fn alertmanager_brings_its_key_in_the_path_or_in_a_header() {
    on_both_stores(async |world| {
        let key = "checkout-alertmanager-key";
        for path in [format!("/ingest/alertmanager/{key}"), format!("/ingest/alertmanager/{key}/")]
        {
            let answer = post(world, &path, alertmanager()).await;
            assert_eq!(answer.status, 202, "{}", answer.text);
        }
        let basic = |text: &str| {
            use base64::Engine as _;
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
        };
        for header in
            [format!("Bearer {key}"), basic(&format!("muster:{key}")), basic(&format!("{key}:"))]
        {
            let client = world.anybody().with("authorization", &header);
            let answer = client.send(Method::POST, "/ingest/alertmanager", alertmanager()).await;
            assert_eq!(answer.status, 202, "{header}: {}", answer.text);
        }
        assert_eq!(post(world, "/ingest/alertmanager", alertmanager()).await.status, 404);
        assert_eq!(post(world, "/ingest/alertmanager/wrong-key", alertmanager()).await.status, 404);
        assert_eq!(stored(world).await, 5);
    })
    .await;
}

#[tokio::test]
async fn prometheus_sends_directly_and_asks_for_the_status_first() {
    on_both_stores(async |world| {
        let prefix = "/ingest/prometheus/checkout-prometheus-key";
        let status = world.anybody().get(&format!("{prefix}/api/v2/status")).await;
        assert_eq!(status.status, 200);
        assert_eq!(status.json()["cluster"]["status"], "disabled");
        let unknown = world.anybody().get("/ingest/prometheus/wrong-key/api/v2/status").await;
        assert_eq!(unknown.status, 404);

        let good = json!({ "labels": { "alertname": "Down" }, "annotations": {} });
        let bad = json!({ "labels": {}, "annotations": {} });
        let path = format!("{prefix}/api/v2/alerts");
        let answer = post(world, &path, json!([good]).to_string()).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        let mixed = post(world, &path, json!([good, bad]).to_string()).await;
        assert_eq!(mixed.status, 400, "the bad one is named");
        assert_eq!(stored(world).await, 2, "and the good one is stored");
        assert_eq!(world.anybody().get(&path).await.status, 405, "a key cannot read");
    })
    .await;
}

#[tokio::test]
async fn anything_that_can_make_a_request_is_understood() {
    on_both_stores(async |world| {
        let path = "/ingest/generic/checkout-generic-key";
        let json = json!({ "summary": "Disk full", "dedup": "disk" }).to_string();
        assert!(post(world, path, json.clone()).await.status < 300);
        assert!(world.anybody().send(Method::PUT, path, json).await.status < 300);
        let query = world.anybody().get(&format!("{path}?summary=Hot&dedup=heat")).await;
        assert!(query.status < 300, "{}", query.text);
        world.settle().await;
        let alerts = world.admin().read("/api/v1/alerts?q=key:heat").await;
        assert_eq!(alerts["items"][0]["summary"], "Hot", "the query is kept for triage");
        assert_eq!(world.anybody().delete(path).await.status, 405);
        assert_eq!(post(world, "/ingest/nagios/checkout-generic-key", "x").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn bodies_too_large_or_too_deep_are_refused_and_not_stored() {
    on_both_stores(async |world| {
        let paths = [
            "/v2/enqueue",
            "/ingest/alertmanager/checkout-alertmanager-key",
            "/ingest/prometheus/checkout-prometheus-key/api/v2/alerts",
            "/ingest/generic/checkout-generic-key",
        ];
        for path in paths {
            let large = post(world, path, vec![b' '; LARGE]).await;
            assert_eq!(large.status, 413, "{path}: {}", large.text);
            let mut deep = br#"{"routing_key":"checkout-events-key","payload":"#.to_vec();
            deep.extend(std::iter::repeat_n(b'[', 100_000));
            let deep = post(world, path, deep).await;
            assert_eq!(deep.status, 400, "{path}: {}", deep.text);
            let nothing = post(world, path, "").await;
            assert_eq!(nothing.status, 400, "{path}: {}", nothing.text);
        }
        assert_eq!(stored(world).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_stranger_is_refused_whatever_is_sent_and_counted() {
    on_both_stores(async |world| {
        let path = "/ingest/alertmanager/nobody-has-this-key";
        let answer = post(world, path, vec![b' '; LARGE]).await;
        assert_eq!(answer.status, 404);
        let figures = world.anybody().get("/metrics").await.text;
        assert!(figures.contains("muster_unknown_keys_total"), "{figures}");
    })
    .await;
}

#[tokio::test]
async fn a_message_that_cannot_be_digested_is_set_aside_and_replayed() {
    on_both_stores(async |world| {
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        let client = world.admin();
        let list = client.read("/api/v1/messages").await;
        let message = &list["items"][0];
        assert_eq!(message["state"], "done");
        assert_eq!(message["integration"], "checkout/events");
        assert_eq!(message["outcome"][0]["incident"], 1);
        let body: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["dedup_key"], "disk", "kept word for word");
        let path = format!("/api/v1/messages/{}", message["id"].as_str().unwrap());
        let replay = format!("{path}/replay");
        assert!(client.post(&replay, json!({})).await.problem(409).contains("force"));
        let forced = client.post(&replay, json!({ "force": true })).await;
        assert_eq!(forced.status, 202, "{}", forced.text);
        world.settle().await;
        let alert = &client.read("/api/v1/alerts").await["items"][0];
        assert_eq!(alert["count"], 2, "its signal is counted once more");
        let messages = format!("/api/v1/alerts/{}/messages", alert["id"].as_str().unwrap());
        assert_eq!(client.read(&messages).await["items"][0]["id"], message["id"]);
    })
    .await;
}
