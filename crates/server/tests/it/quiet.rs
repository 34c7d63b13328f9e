//! Maintenance windows, shadow mode and its forecast over the API, and on every alert why nobody was
//! paged for it.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{World, on_both_stores};

async fn newest(world: &World) -> Value {
    world.with_role("responder").read("/api/v1/alerts?limit=1").await["items"][0].clone()
}

async fn plan(world: &World, window: Value) -> Value {
    let answer = world.with_role("responder").post("/api/v1/maintenance", window).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn a_window_mutes_what_begins_within_it_and_what_outlasts_it_pages() {
    on_both_stores(async |world| {
        let window = json!({ "reason": "new disks", "services": ["checkout"], "for": "2h" });
        let planned = plan(world, window).await;
        assert_eq!(
            (&planned["state"], &planned["to"]),
            (&json!("in_force"), &json!("2026-11-21T05:00:00Z"))
        );
        world.event("trigger", "short", "critical").await;
        world.event("trigger", "long", "critical").await;
        world.settle().await;
        assert!(world.phones.of("ana").is_empty());
        let alert = newest(world).await;
        assert_eq!(
            (&alert["status"], &alert["held"]),
            (&json!("suppressed"), &json!("maintenance"))
        );
        assert_eq!(
            alert["not_paged"],
            "suppressed by maintenance \"new disks\" until 2026-11-21T05:00:00Z"
        );
        assert_eq!(alert["maintenance"], planned["id"]);
        let id = planned["id"].as_str().unwrap();
        let shown = world.with_role("responder").read(&format!("/api/v1/maintenance/{id}")).await;
        assert_eq!(shown["muted"], 2);
        world.advance(SignedDuration::from_hours(1)).await;
        world.event("resolve", "short", "critical").await;
        world.event("trigger", "long", "critical").await;
        world.settle().await;
        assert_eq!(
            newest(world).await["count"],
            2,
            "what is suppressed is counted, not opened anew"
        );
        world.advance(SignedDuration::from_mins(60)).await;
        let pages = world.phones.of("ana");
        assert_eq!(pages.len(), 1);
        assert_eq!(pages[0]["incident"]["title"], "long is in trouble");
        let alert = newest(world).await;
        assert_eq!((&alert["status"], &alert["not_paged"]), (&json!("open"), &Value::Null));
        let short = world.with_role("responder").read("/api/v1/alerts?q=key:short").await;
        assert_eq!(short["items"][0]["status"], "resolved", "recorded, and never lost");
    })
    .await;
}

#[tokio::test]
async fn a_window_by_rule_can_be_extended_and_ended_early() {
    on_both_stores(async |world| {
        let window = json!({
            "reason": "moving", "when": "dedup_key.startsWith(\"db\")", "to": "2026-11-21T04:00:00Z",
        });
        let id = plan(world, window).await["id"].as_str().unwrap().to_owned();
        world.event("trigger", "db 1", "critical").await;
        world.event("trigger", "web 1", "critical").await;
        world.settle().await;
        assert_eq!(world.phones.of("ana").len(), 1);
        let client = world.with_role("responder");
        let path = format!("/api/v1/maintenance/{id}/extend");
        let extended = client.post(&path, json!({ "by": "1h" })).await;
        assert_eq!(extended.json()["to"], "2026-11-21T05:00:00Z");
        world.advance(SignedDuration::from_mins(90)).await;
        let muted = client.read("/api/v1/alerts?q=held:maintenance").await;
        let muted = &muted["items"][0];
        assert_eq!(muted["held_until"], "2026-11-21T05:00:00Z");
        assert!(muted["not_paged"].as_str().unwrap().ends_with("until 2026-11-21T05:00:00Z"));
        let before = world.phones.of("ana").len();
        let ended = client.post(&format!("/api/v1/maintenance/{id}/end"), json!({})).await;
        assert_eq!(ended.json()["state"], "over");
        world.settle().await;
        assert_eq!(world.phones.of("ana").len(), before + 1);
        let again = client.post(&format!("/api/v1/maintenance/{id}/end"), json!({})).await;
        assert!(again.problem(409).contains("is over"));
        assert_eq!(client.read("/api/v1/maintenance").await["items"], json!([]));
        let over = client.read("/api/v1/maintenance?over=true").await;
        assert_eq!(over["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_preview_shows_what_a_window_would_mute_and_nothing_happens() {
    on_both_stores(async |world| {
        world.event("trigger", "db 1", "critical").await;
        world.event("trigger", "db 2", "critical").await;
        world.event("resolve", "db 2", "critical").await;
        world.event("trigger", "web", "critical").await;
        world.settle().await;
        let client = world.with_role("responder");
        let wanted = json!({
            "reason": "later", "when": "dedup_key.startsWith(\"db\")", "for": "2h",
            "from": "2026-11-22T03:00:00Z",
        });
        let shown = client.post("/api/v1/maintenance/preview", wanted).await.json();
        assert_eq!((&shown["count"], &shown["firing"]), (&json!(2), &json!(1)));
        assert_eq!(shown["alerts"][0]["dedup_key"], "db 2");
        assert_eq!(client.read("/api/v1/maintenance").await["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_window_that_makes_no_sense_is_refused_with_the_reason() {
    on_both_stores(async |world| {
        let client = world.with_role("responder");
        let refused = async |window: Value| {
            let answer = client.post("/api/v1/maintenance", window).await;
            assert!((400..500).contains(&answer.status), "{}", answer.text);
            answer.text
        };
        for (window, why) in [
            (json!({ "reason": "x", "for": "2h" }), "name services"),
            (json!({ "reason": " ", "services": ["checkout"], "for": "2h" }), "say why"),
            (json!({ "reason": "x", "services": ["nothing"], "for": "2h" }), "nothing"),
            (json!({ "reason": "x", "services": ["checkout"] }), "either"),
            (json!({ "reason": "x", "services": ["checkout"], "for": "40d" }), "at most"),
            (json!({ "reason": "x", "when": "nonsense(", "for": "2h" }), "refused"),
            (
                json!({ "reason": "x", "services": ["checkout"], "to": "2026-11-21T02:00:00Z" }),
                "over already",
            ),
        ] {
            let text = refused(window).await;
            assert!(text.contains(why), "{why}: {text}");
        }
        let looker = world.with_role("stakeholder");
        assert_eq!(looker.post("/api/v1/maintenance", json!({})).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_forecast_counts_the_pages_of_a_configuration_that_is_not_in_force() {
    on_both_stores(async |world| {
        let admin = world.admin();
        for key in ["a", "b"] {
            world.event("trigger", key, "warning").await;
            world.advance(SignedDuration::from_mins(30)).await;
            world.event("resolve", key, "warning").await;
            world.settle().await;
        }
        let now = json!({ "service": "checkout" });
        let as_it_is = admin.post("/api/v1/forecast", now).await.json();
        assert_eq!((&as_it_is["alerts"], &as_it_is["incident_count"]), (&json!(2), &json!(2)));
        assert_eq!(as_it_is["people"][0]["user"], "ana");
        assert_eq!(as_it_is["page_count"], 2);
        let export = admin.get("/api/v1/config/export").await.text;
        let proposed = export.replace("severity == \"critical\"", "severity == \"warning\"");
        let guarded =
            proposed.replacen("severity: 1", "severity: 1\n    guard: { firing_for: 1h }", 1);
        assert_ne!(guarded, proposed);
        let later = json!({ "service": "checkout", "config": guarded });
        let guarded = admin.post("/api/v1/forecast", later).await.json();
        assert_eq!((&guarded["alerts"], &guarded["page_count"]), (&json!(2), &json!(0)));
        let wrong = json!({ "from": "2026-11-22T00:00:00Z", "to": "2026-11-21T00:00:00Z" });
        assert_eq!(admin.post("/api/v1/forecast", wrong).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn shadow_mode_is_switched_on_by_configuration_and_shows_whom_it_spared() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let export = admin.get("/api/v1/config/export").await.text;
        let shadowed =
            export.replacen("- name: checkout\n", "- name: checkout\n  shadow: true\n", 1);
        assert_ne!(export, shadowed);
        let applied = admin.request(reqwest::Method::POST, "/api/v1/config/apply").body(shadowed);
        assert_eq!(applied.send().await.unwrap().status(), 200);
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        assert!(world.phones.of("ana").is_empty());
        let shown = admin.read("/api/v1/services/checkout/shadow?to=2026-11-22T00:00:00Z").await;
        assert_eq!(shown["shadow"], true);
        let item = &shown["items"][0];
        assert_eq!((&item["severity"], &item["alerts"]), (&json!(1), &json!(1)));
        assert_eq!(item["pages"][0]["user"], "ana");
        assert_eq!(item["pages"][0]["at"], "2026-11-21T03:00:00Z");
        assert_eq!(shown["forecast"]["page_count"], 1);
        assert_eq!(newest(world).await["held"], "shadow");
    })
    .await;
}
