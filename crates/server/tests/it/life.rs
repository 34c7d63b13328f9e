//! An incident's whole life, through the API alone.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{on_both_stores, on_both_stores_held};

#[tokio::test]
async fn an_alert_pages_is_answered_and_closed_and_the_record_is_right() {
    on_both_stores(async |world| {
        let client = world.with_role("responder");
        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
        world.settle().await;
        let incident = client.read("/api/v1/incidents/1").await;
        assert_eq!(incident["status"], "triggered");
        assert_eq!(incident["severity"], 1);
        assert_eq!(incident["service"], "checkout");
        assert_eq!(incident["team"], "payments");
        assert_eq!(incident["runbook"], "https://wiki.example.com/checkout");
        assert_eq!(incident["alert_count"], 1);
        assert_eq!(incident["paging"]["state"], "waiting");
        assert_eq!(incident["paging"]["step"], 1);
        let plan =
            json!([{ "at": "2026-11-21T03:05:00Z", "policy": "payments", "step": 2, "round": 1, "users": ["bo"] }]);
        assert_eq!(incident["plan"][0], plan[0]);
        assert_eq!(world.phones.of("ana").len(), 1);

        world.advance(SignedDuration::from_mins(6)).await;
        assert_eq!(world.phones.of("bo").len(), 1, "nobody answered, so Bo is asked");
        let answer = client.post("/api/v1/incidents/1/acknowledge", json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["status"], "acknowledged");
        world.settle().await;
        assert_eq!(world.phones.of("ana")[1]["type"], "page.superseded");

        world.advance(SignedDuration::from_mins(10)).await;
        let identify = json!({ "cause": "a log that nobody rotates" });
        client.post("/api/v1/incidents/1/identify", identify).await;
        client.post("/api/v1/incidents/1/restore", json!({})).await;
        client.post("/api/v1/incidents/1/resolve", json!({ "note": "rotated" })).await;
        let closed = client.post("/api/v1/incidents/1/close", json!({})).await.json();
        assert_eq!(closed["status"], "closed");
        assert_eq!(closed["plan"], json!([]));
        let statistics = &closed["statistics"];
        assert_eq!(statistics["detected_to_acknowledged_seconds"], 360);
        assert_eq!(statistics["detected_to_resolved_seconds"], 960);
        world.settle().await;

        let alerts = client.read("/api/v1/incidents/1/alerts").await;
        assert_eq!(alerts["items"][0]["status"], "resolved");
        assert_eq!(alerts["items"][0]["incident"], 1);
        let timeline = client.read("/api/v1/incidents/1/timeline?limit=500").await;
        let kinds: Vec<_> = timeline["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["kind"].as_str().unwrap())
            .collect();
        for kind in ["opened", "paged", "page_accepted", "acknowledged", "resolved"] {
            assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_ledger_shows_every_attempt() {
    on_both_stores(async |world| {
        world.phones.set("ana", 500);
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        world.advance(SignedDuration::from_secs(1)).await;
        world.phones.set("ana", 200);
        world.advance(SignedDuration::from_mins(1)).await;
        let ledger = world.admin().read("/api/v1/incidents/1/pages").await;
        let page = &ledger["items"][0];
        assert_eq!(page["user"], "ana");
        assert_eq!(page["step"], 1);
        assert_eq!(page["state"], "accepted");
        let delivery = &page["deliveries"][0];
        assert_eq!((&delivery["method"], &delivery["type"]), (&json!("phone"), &json!("webhook")));
        let outcomes: Vec<_> = delivery["attempts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|attempt| attempt["outcome"].as_str().unwrap())
            .collect();
        assert!(outcomes.len() > 1, "{outcomes:?}");
        assert_eq!(outcomes.first(), Some(&"temporary"));
        assert_eq!(outcomes.last(), Some(&"accepted"));
        assert_eq!(delivery["attempts"][0]["status"], "500");
    })
    .await;
}

#[tokio::test]
async fn every_verb_does_what_it_says() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        let declared = ana.post("/api/v1/incidents", json!({ "title": "Smoke" })).await.json();
        assert_eq!(declared["severity"], 1, "the worst where nobody knows");
        let id = declared["id"].as_str().unwrap().to_owned();
        let verb = async |verb: &str, body: Value| {
            let answer = ana.post(&format!("/api/v1/incidents/{id}/{verb}"), body).await;
            assert_eq!(answer.status, 200, "{verb}: {}", answer.text);
            answer.json()
        };
        assert_eq!(verb("acknowledge", json!({})).await["assignee"], "ana");
        assert_eq!(verb("unacknowledge", json!({})).await["status"], "triggered");
        let snoozed = verb("snooze", json!({ "for": "1h" })).await;
        assert_eq!(snoozed["snoozed_until"], "2026-11-21T04:00:00Z");
        assert_eq!(verb("unsnooze", json!({})).await["paging"]["state"], "waiting");
        assert_eq!(verb("escalate", json!({})).await["paging"]["step"], 2);
        let milder = verb("severity", json!({ "severity": 3, "reason": "few notice" })).await;
        assert_eq!(milder["severity_name"], "Group");
        assert_eq!(verb("assign", json!({ "user": "bo" })).await["assignee"], "bo");
        verb("page", json!({ "to": "page-checkout-primary", "message": "help" })).await;
        assert_eq!(verb("research", json!({})).await["status"], "researching");
        assert_eq!(verb("resolve", json!({})).await["status"], "resolved");
        assert_eq!(verb("reopen", json!({ "reason": "it burns" })).await["reopened_count"], 1);
        let other = ana.post("/api/v1/incidents", json!({ "title": "Fire" })).await.json();
        let merged = verb("merge", json!({ "into": other["number"] })).await;
        assert_eq!(merged["merged_into"], other["number"]);
    })
    .await;
}

#[tokio::test]
async fn many_are_answered_at_once_and_each_has_its_own_outcome() {
    on_both_stores(async |world| {
        let client = world.admin();
        for title in ["one", "two"] {
            client.post("/api/v1/incidents", json!({ "title": title })).await;
        }
        client.post("/api/v1/incidents/1/resolve", json!({})).await;
        let body = json!({ "action": "acknowledge", "incidents": [1, "2", 99] });
        let items = client.post("/api/v1/incidents/bulk", body).await.json()["items"].clone();
        assert_eq!(items[0]["ok"], false);
        assert!(items[0]["detail"].as_str().unwrap().contains("resolved"));
        assert_eq!(items[1], json!({ "incident": "2", "ok": true, "detail": null }));
        assert!(items[2]["detail"].as_str().unwrap().contains("no incident"));
    })
    .await;
}

#[tokio::test]
async fn somebody_is_paged_about_something_that_has_no_incident() {
    on_both_stores(async |world| {
        let client = world.with_role("responder");
        let body = json!({ "to": "page-checkout-primary", "message": "the lights are out" });
        let answer = client.post("/api/v1/pages", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.json()["service"], "checkout");
        world.settle().await;
        assert_eq!(world.phones.of("ana").len(), 1);
        assert_eq!(world.phones.of("ana")[0]["incident"]["title"], "the lights are out");
        let nobody = json!({ "to": "page-nothing-primary", "message": "x" });
        client.post("/api/v1/pages", nobody).await.problem(400);
    })
    .await;
}

#[tokio::test]
async fn a_restored_installation_accepts_and_sends_nothing_until_it_is_released() {
    on_both_stores_held(async |world| {
        assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
        let system = world.admin().read("/api/v1/system").await;
        assert_eq!(system["held"], true);
        assert_eq!(system["inbox"]["count"], 1);
        assert_eq!(world.anybody().get("/readyz").await.status, 200);
        assert!(world.phones.of("ana").is_empty());
        let released = world.admin().post("/api/v1/system/release", json!({})).await;
        assert_eq!(released.json()["held"], false);
        world.settle().await;
        assert_eq!(world.phones.of("ana").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_backup_streams_while_serving() {
    on_both_stores(async |world| {
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        let backup = world.admin().post("/api/v1/backup", json!({})).await;
        assert_eq!(backup.status, 200);
        assert!(backup.header("content-disposition").contains("muster-20261121T030000Z.backup"));
        assert!(backup.text.lines().count() > 10 && backup.text.contains("disk is in trouble"));
        world.with_role("manager").post("/api/v1/backup", json!({})).await.problem(403);
    })
    .await;
}
