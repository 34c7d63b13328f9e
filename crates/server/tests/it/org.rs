//! The organisation over the API: who is on call, what is configured, and tests that are real.

use jiff::SignedDuration;
use muster_core::incident::timeline::Actor;
use muster_server::app::incident::declare::Report;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, on_both_stores};

/// Ana and Bo take turns every day at nine in Berlin.
const ROTA: &str = r#"
schedules:
  - name: daily
    team: payments
    timezone: Europe/Berlin
    layers:
      - name: days
        rotation: { every: 1d, handoff: "09:00", start: 2026-11-01, participants: [ana, bo] }
escalation_policies:
  - name: payments
    team: payments
    repeat: 0
    steps:
      - { after: 0m, targets: [ { schedule: daily } ] }
      - { after: 5m, targets: [ { user: bo } ] }
"#;

async fn apply(client: &Client<'_>, text: &str) -> Value {
    let answer = client.send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn on_call_preview_and_alias_agree_at_every_instant() {
    on_both_stores(async |world| {
        apply(&world.admin(), ROTA).await;
        let client = world.with_role("stakeholder");
        for at in ["2026-11-21T07:59:59Z", "2026-11-21T08:00:00Z", "2026-11-22T08:00:00%2B00:00"] {
            let on_call = client.read(&format!("/api/v1/schedules/daily/on-call?at={at}")).await;
            let user = &on_call["on_call"][0]["user"];
            let alias =
                client.read(&format!("/api/v1/aliases/page-checkout-primary?at={at}")).await;
            assert_eq!(&alias["users"], &json!([user]), "{at}");
            let path = format!("/api/v1/escalation-policies/payments/preview?at={at}&severity=1");
            let preview = client.read(&path).await;
            assert_eq!(&preview["pages"][0]["user"], user, "{at}");
            assert_eq!(preview["pages"][0]["method"], "phone");
        }
        let now = client.read("/api/v1/on-call").await;
        assert_eq!(now["at"], "2026-11-21T03:00:00Z");
        let daily = &now["items"][0];
        assert_eq!(
            (&daily["schedule"], &daily["timezone"]),
            (&json!("daily"), &json!("Europe/Berlin"))
        );
        assert_eq!(daily["on_call"][0]["to"], "2026-11-21T08:00:00Z");
        assert_eq!(daily["next"][0]["from"], "2026-11-21T08:00:00Z");

        let shifts =
            "/api/v1/schedules/daily/shifts?from=2026-11-21T00:00:00Z&to=2026-11-23T00:00:00Z";
        let shifts = client.read(shifts).await;
        let users: Vec<_> =
            shifts["items"].as_array().unwrap().iter().map(|s| &s["user"]).collect();
        assert_eq!(users.len(), 3);
        assert!(users[0] != users[1] && users[0] == users[2], "{users:?}");
        let wrong = client.get("/api/v1/schedules/daily/on-call?at=yesterday").await;
        assert!(wrong.problem(400).contains("RFC 3339"));
        assert_eq!(client.get("/api/v1/schedules/none/on-call").await.status, 404);
        assert_eq!(client.get("/api/v1/aliases/page-none-primary").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_configuration_is_planned_applied_exported_and_then_changes_nothing() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let before = admin.read("/api/v1/services/checkout").await;
        let export = admin.get("/api/v1/config/export").await;
        assert!(export.header("content-type").starts_with("text/yaml"));
        let changed = export.text.replace("tier: 1", "tier: 2");
        let planned = admin.send(Method::POST, "/api/v1/config/plan", changed.as_str()).await.json();
        let change = json!({ "action": "update", "kind": "service", "name": "checkout", "fields": ["tier"] });
        assert_eq!((&planned["changes"], &planned["applied"]), (&json!([change]), &json!(false)));
        assert_eq!(admin.read("/api/v1/services/checkout").await, before, "a plan changes nothing");

        let applied = apply(&admin, &changed).await;
        assert_eq!((&applied["changes"], &applied["applied"]), (&json!([change]), &json!(true)));
        assert_eq!(admin.read("/api/v1/services/checkout").await["tier"], 2);
        let again = apply(&admin, &changed).await;
        assert_eq!(again["changes"], json!([]));
        let export = admin.get("/api/v1/config/export").await.text;
        assert_eq!(apply(&admin, &export).await["changes"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_whole_and_says_where() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let before = admin.get("/api/v1/config/export").await.text;
        let wrong = before.replace("escalation_policy: payments", "escalation_policy: nowhere");
        let answer = admin.send(Method::POST, "/api/v1/config/apply", wrong).await;
        assert!(answer.problem(422).contains("nothing was changed"));
        let error = &answer.json()["errors"][0];
        assert!(error["line"].is_u64() && error["column"].is_u64(), "{error}");
        assert!(error["path"].as_str().unwrap().contains("escalation_policy"), "{error}");
        assert_eq!(admin.get("/api/v1/config/export").await.text, before);
        for role in ["manager", "responder", "stakeholder"] {
            let client = world.with_role(role);
            assert_eq!(client.get("/api/v1/config/export").await.status, 403, "{role}");
            assert_eq!(client.send(Method::POST, "/api/v1/config/apply", ROTA).await.status, 403);
        }
    })
    .await;
}

#[tokio::test]
async fn addresses_and_keys_are_shown_to_those_who_need_them() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let own = world.browser("ana").await;
        let address = async |client: &Client<'_>, user: &str| {
            let user = client.read(&format!("/api/v1/users/{user}")).await;
            user["contact_methods"][0]["address"].as_str().unwrap_or("hidden").to_owned()
        };
        assert!(address(&own, "ana").await.ends_with("/ana"));
        assert!(address(&world.admin(), "ana").await.ends_with("/ana"));
        assert!(address(&own, "bo").await.ends_with("/…"));
        assert_eq!(address(&world.with_role("stakeholder"), "bo").await, "hidden");
        let key = async |role: &str| {
            let service = world.with_role(role).read("/api/v1/services/checkout").await;
            service["integrations"][0]["key"].as_str().unwrap().to_owned()
        };
        assert_eq!(key("responder").await, "checkout-events-key");
        assert_eq!(key("stakeholder").await, "…");
        let users = world.with_role("stakeholder").read("/api/v1/users?limit=2").await;
        assert_eq!(users["items"].as_array().unwrap().len(), 2);
        assert!(users["next"].is_string());
    })
    .await;
}

#[tokio::test]
async fn a_test_alert_goes_the_whole_way_in_every_dialect() {
    on_both_stores(async |world| {
        let client = world.with_role("responder");
        let service = client.read("/api/v1/services/checkout").await;
        for integration in service["integrations"].as_array().unwrap() {
            let name = integration["name"].as_str().unwrap();
            let path = format!("/api/v1/services/checkout/integrations/{name}/test");
            let sent = client.post(&path, json!({ "severity": 1 })).await;
            assert_eq!(sent.status, 202, "{name}: {}", sent.text);
            world.settle().await;
            let message = sent.json()["message"].as_str().unwrap().to_owned();
            let message = client.read(&format!("/api/v1/messages/{message}")).await;
            assert_eq!(message["state"], "done", "{name}");
            assert_eq!(message["outcome"][0]["dedup_key"], sent.json()["dedup_key"], "{name}");
            let number = &message["outcome"][0]["incident"];
            assert!(number.is_i64(), "{name}: {message}");
            let ended = client.post(&path, json!({ "resolve": true })).await;
            assert_eq!(ended.json()["dedup_key"], sent.json()["dedup_key"], "{name}");
            world.advance(SignedDuration::from_mins(6)).await;
            let incident = client.read(&format!("/api/v1/incidents/{number}")).await;
            assert_eq!(
                (&incident["status"], &incident["severity"]),
                (&json!("resolved"), &json!(1))
            );
        }
        assert!(world.phones.of("ana").iter().any(|message| message["type"] == "page"));
        let path = "/api/v1/services/checkout/integrations/events/test";
        let impossible = client.post(path, json!({ "severity": 4 })).await;
        assert!(impossible.problem(422).contains("severity map of checkout"));
        let looker = world.with_role("stakeholder");
        assert_eq!(looker.post(path, json!({})).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_contact_method_is_tested_by_a_message_to_it() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        let sent = ana.post("/api/v1/users/ana/contact-methods/phone/test", json!({})).await;
        assert_eq!(sent.status, 202, "{}", sent.text);
        world.settle().await;
        let message = &world.phones.of("ana")[0];
        assert_eq!(
            (&message["type"], &message["test"]["requested_by"]),
            (&json!("test"), &json!("ana"))
        );
        let other = ana.post("/api/v1/users/bo/contact-methods/phone/test", json!({})).await;
        assert_eq!(other.status, 403);
        let none = ana.post("/api/v1/users/ana/contact-methods/fax/test", json!({})).await;
        assert_eq!(none.status, 404);
        assert_eq!(world.phones.of("bo").len(), 0);
    })
    .await;
}

#[tokio::test]
async fn the_report_counts_what_happened_and_leaves_exercises_out() {
    on_both_stores(async |world| {
        let client = world.with_role("responder");
        let priced = world.admin().get("/api/v1/config/export").await.text;
        let priced = priced.replace("tier: 1", "tier: 1\n  cost_per_minute: {amount: 1200, currency: EUR}");
        apply(&world.admin(), &priced).await;
        world.event("trigger", "disk", "critical").await;
        world.advance(SignedDuration::from_mins(2)).await;
        client.post("/api/v1/incidents/1/acknowledge", json!({})).await;
        world.advance(SignedDuration::from_mins(8)).await;
        client.post("/api/v1/incidents/1/resolve", json!({})).await;
        world.advance(SignedDuration::from_mins(50)).await;
        world.event("trigger", "net", "critical").await;
        let exercise =
            Report { title: "an exercise".to_owned(), practice: true, ..Report::default() };
        world.app.declare(exercise, &Actor::System).await.unwrap();
        world.advance(SignedDuration::from_mins(1)).await;

        let report = client.read("/api/v1/reports/incidents").await;
        assert_eq!((&report["count"], &report["open"]), (&json!(2), &json!(1)));
        assert_eq!(report["time_to_acknowledge"]["p95_seconds"], 120);
        assert_eq!(report["time_to_resolve"], json!({
            "count": 1, "mean_seconds": 600, "p50_seconds": 600, "p90_seconds": 600, "p95_seconds": 600,
        }));
        assert_eq!(report["mean_time_between_failures_seconds"], 3_600);
        let service = json!({
            "service": "checkout", "count": 2, "outage_seconds": 660,
            "cost": { "amount": 13_200, "currency": "EUR" },
        });
        assert_eq!(report["by_service"], json!([service]));
        assert_eq!(report["by_severity"], json!([{ "severity": 1, "count": 2 }]));
        let other = client.read("/api/v1/reports/incidents?service=search").await;
        assert_eq!((&other["count"], &other["time_to_resolve"]["mean_seconds"]), (&json!(0), &Value::Null));
        let team = client.read("/api/v1/reports/incidents?team=payments").await;
        assert_eq!(team["count"], 2);
        let earlier = "/api/v1/reports/incidents?from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z";
        assert_eq!(client.read(earlier).await["count"], 0);
        assert_eq!(client.get("/api/v1/reports/incidents?service=none").await.status, 404);
    })
    .await;
}
