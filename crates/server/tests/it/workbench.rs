//! The workbench: everything is shown, nothing happens.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{World, on_both_stores};

fn event(severity: &str) -> String {
    json!({
        "routing_key": "checkout-events-key", "event_action": "trigger", "dedup_key": "disk",
        "payload": { "summary": "Disk almost full", "source": "db1", "severity": severity },
    })
    .to_string()
}

async fn try_out(world: &World, trial: Value) -> Value {
    let answer = world.with_role("responder").post("/api/v1/workbench", trial).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["signals"][0].clone()
}

#[tokio::test]
async fn a_pasted_message_shows_route_severity_people_and_texts() {
    on_both_stores(async |world| {
        let trial = json!({ "integration": "checkout/events", "body": event("critical") });
        let signal = try_out(world, trial).await;
        assert_eq!((&signal["service"], &signal["severity"]), (&json!("checkout"), &json!(1)));
        assert!(signal["routed_by"].as_str().unwrap().contains("belongs to checkout"));
        assert!(signal["severity_by"].as_str().unwrap().contains("severity == \"critical\""));
        assert_eq!(signal["decision"], "it is a new alert");
        assert!(signal["grouping"].as_str().unwrap().starts_with("it opens an incident"));
        assert_eq!(signal["pages"][0]["user"], "ana");
        assert_eq!(signal["pages"][1]["at"], "2026-11-21T03:05:00Z");
        let webhook = &signal["texts"]["webhook"];
        assert_eq!((&webhook["type"], &webhook["recipient"]), (&json!("page"), &json!("ana")));
        assert_eq!(webhook["incident"]["title"], "Disk almost full");
        assert_eq!(webhook["page"]["reason"], "step 1 of payments");
        let email = &signal["texts"]["email"];
        assert_eq!(email["subject"], "[SEV1] checkout: Disk almost full");
        assert!(email["text"].as_str().unwrap().contains("step 1 of payments"));
    })
    .await;
}

#[tokio::test]
async fn what_would_hold_it_back_is_shown_under_a_proposal_and_in_maintenance() {
    on_both_stores(async |world| {
        let trial = json!({ "integration": "checkout/events", "body": event("critical") });
        let signal = try_out(world, trial.clone()).await;
        assert_eq!((&signal["held"], &signal["not_paged"]), (&json!(null), &json!(null)));
        let texts = &signal["texts"];
        assert!(texts["sms"].as_str().unwrap().contains("Disk almost full"), "{texts}");
        assert!(texts["voice"].as_str().unwrap().starts_with("<?xml"), "{texts}");
        for chat in ["slack", "teams", "discord", "telegram", "matrix"] {
            assert!(texts["chat"][chat].to_string().contains("Disk almost full"), "{chat}");
        }
        let export = world.admin().get("/api/v1/config/export").await.text;
        let guard = "severity: 1\n    guard: { at_least: 3, within: 10m }";
        let proposed = export.replacen("severity: 1", guard, 1);
        assert_ne!(export, proposed);
        let mut with_config = trial.clone();
        with_config["config"] = json!(proposed);
        let signal = try_out(world, with_config).await;
        assert_eq!(signal["held"], "guard");
        assert_eq!(signal["not_paged"], "guard: 1 of 3 firings within 10m");
        let window = json!({ "reason": "new disks", "services": ["checkout"], "for": "2h" });
        let planned = world.with_role("responder").post("/api/v1/maintenance", window).await;
        assert_eq!(planned.status, 201);
        let signal = try_out(world, trial).await;
        assert_eq!(
            (&signal["held"], &signal["held_until"]),
            (&json!("maintenance"), &json!("2026-11-21T05:00:00Z"))
        );
        assert_eq!(world.with_role("responder").read("/api/v1/alerts").await["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn what_is_paged_reads_as_the_workbench_said() {
    on_both_stores(async |world| {
        let trial = json!({ "integration": "checkout/events", "body": event("critical") });
        let mut said = try_out(world, trial).await["texts"]["webhook"].clone();
        let sent = world.anybody().send(Method::POST, "/v2/enqueue", event("critical")).await;
        assert_eq!(sent.status, 202);
        world.settle().await;
        let mut got = world.phones.of("ana")[0].clone();
        for message in [&mut said, &mut got] {
            message["page"]["id"].take();
            message["page"]["ack_url"].take();
            message["incident"]["id"].take();
        }
        assert_eq!(said, got);
    })
    .await;
}

#[tokio::test]
async fn every_channel_is_shown_in_the_organisations_own_words() {
    on_both_stores(async |world| {
        let own = "organization:\n  name: Shop\n  timezone: Europe/Berlin\n  templates:\n    \
                   headline: \"{{ severity_name }} at {{ team }}: {{ title }}\"\n";
        let applied = world.admin().send(Method::POST, "/api/v1/config/apply", own).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        let trial = json!({ "integration": "checkout/events", "body": event("critical") });
        let texts = try_out(world, trial).await["texts"].clone();
        let words = "at payments: Disk almost full";
        let plain = |text: &Value| text.to_string().replace('\\', "");
        for channel in [
            "slack",
            "teams",
            "discord",
            "telegram",
            "matrix",
            "mattermost",
            "ntfy",
            "pushover",
            "gotify",
            "web_push",
        ] {
            assert!(plain(&texts["chat"][channel]).contains(words), "{channel}: {texts}");
        }
        assert!(plain(&texts["email"]).contains(words), "{texts}");
        let pushover = &texts["chat"]["pushover"];
        assert_eq!((&pushover["priority"], &pushover["token"]), (&json!("2"), &json!(null)));
        assert_eq!(texts["chat"]["ntfy"]["priority"], 5);
        let actions = &texts["chat"]["mattermost"]["props"]["attachments"][0]["actions"];
        assert_eq!(actions[0]["integration"]["context"]["signature"], "", "nobody can use it");
    })
    .await;
}

#[tokio::test]
async fn a_proposed_configuration_is_tried_before_it_is_saved() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let export = admin.get("/api/v1/config/export").await.text;
        let proposed = export.replace("severity == \"critical\"", "severity == \"warning\"");
        assert_ne!(export, proposed);
        let body = event("warning");
        let trial = json!({ "integration": "checkout/events", "body": body });
        assert_eq!(try_out(world, trial.clone()).await["severity"], 2);
        let mut with_config = trial;
        with_config["config"] = json!(proposed);
        assert_eq!(try_out(world, with_config.clone()).await["severity"], 1);
        assert_eq!(admin.get("/api/v1/config/export").await.text, export, "nothing was saved");
        with_config["config"] = json!("services: [ { name: x } ]");
        let wrong = admin.post("/api/v1/workbench", with_config).await;
        assert!(wrong.json()["errors"][0]["line"].is_u64(), "{}", wrong.problem(422));
    })
    .await;
}

#[tokio::test]
async fn trying_a_stored_message_changes_nothing() {
    on_both_stores(async |world| {
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        let client = world.with_role("responder");
        let messages = client.read("/api/v1/messages").await;
        let id = &messages["items"][0]["id"];
        let everything = async || {
            let mut all = Vec::new();
            for path in
                ["messages", "alerts", "incidents", "incidents/1/timeline", "incidents/1/pages"]
            {
                all.push(client.read(&format!("/api/v1/{path}")).await);
            }
            all
        };
        let before = everything().await;
        for _ in 0..3 {
            let signal = try_out(world, json!({ "message": id })).await;
            assert!(signal["decision"].as_str().unwrap().contains("repeats an alert"), "{signal}");
            assert_eq!(signal["pages"][0]["user"], "ana", "as if it were new");
        }
        world.settle().await;
        assert_eq!(everything().await, before);
        assert_eq!(world.phones.of("ana").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_tried_is_said_clearly() {
    on_both_stores(async |world| {
        let client = world.with_role("responder");
        let refused = async |trial: Value| client.post("/api/v1/workbench", trial).await;
        let garbage = json!({ "integration": "checkout/events", "body": "no json" });
        assert!(refused(garbage).await.problem(422).contains("not understood"));
        let nowhere = json!({ "integration": "checkout/none", "body": "{}" });
        assert_eq!(refused(nowhere).await.status, 404);
        assert_eq!(refused(json!({ "message": "msg_1" })).await.status, 404);
        assert_eq!(refused(json!({ "integration": "checkout/events" })).await.status, 400);
        assert_eq!(refused(json!({})).await.status, 400);
        let looker = world.with_role("stakeholder");
        assert_eq!(looker.post("/api/v1/workbench", json!({})).await.status, 403);
    })
    .await;
}
