//! Who would be paged by an escalation policy that is still being edited.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::on_both_stores;

const AT: &str = "2026-11-21T03:00:00Z";

/// Whom each page of the steps would go to, with its instant; the catch-all comes after them.
fn paged(preview: &Value) -> Vec<(&str, &str)> {
    let pages = preview["pages"].as_array().expect("pages");
    pages
        .iter()
        .filter(|page| !page["step"].is_null())
        .map(|page| (page["at"].as_str().unwrap(), page["user"].as_str().unwrap()))
        .collect()
}

fn steps(steps: &Value, severity: u8, env: &str) -> Value {
    json!({
        "document": { "team": "payments", "steps": steps },
        "at": AT,
        "severity": severity,
        "labels": { "env": env },
    })
}

#[tokio::test]
async fn an_unsaved_policy_says_who_would_be_paged_and_changes_nothing() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let path = "/api/v1/escalation-policies/payments/preview";
        let before = admin.read("/api/v1/escalation-policies/payments").await;
        let draft = json!([
            { "after": "2m", "targets": [{ "user": "bo" }] },
            { "after": "3m", "when": { "severity": [1], "matches": "labels.env == \"prod\"" }, "targets": [{ "user": "ana" }] },
        ]);
        let bad = admin.post(path, steps(&draft, 1, "prod")).await;
        assert_eq!(bad.status, 200, "{}", bad.text);
        assert_eq!(
            paged(&bad.json()),
            [("2026-11-21T03:02:00Z", "bo"), ("2026-11-21T03:05:00Z", "ana")]
        );
        let mild = admin.post(path, steps(&draft, 2, "prod")).await.json();
        assert_eq!(paged(&mild), [("2026-11-21T03:02:00Z", "bo")]);
        assert_eq!(mild["skipped"][0]["why"], "it is for other severities");
        let test = admin.post(path, steps(&draft, 1, "test")).await.json();
        assert_eq!(test["skipped"][0]["why"], "`labels.env == \"prod\"` does not hold");
        assert_eq!(admin.read("/api/v1/escalation-policies/payments").await, before);
        let new = "/api/v1/escalation-policies/brand-new";
        let preview = admin.post(&format!("{new}/preview"), steps(&draft, 1, "prod")).await.json();
        assert_eq!(paged(&preview).len(), 2, "{preview}");
        assert_eq!(admin.get(new).await.status, 404, "looking at it does not make it");
    })
    .await;
}

#[tokio::test]
async fn an_unsaved_policy_that_cannot_work_says_where_and_why() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let path = "/api/v1/escalation-policies/payments/preview";
        let draft = json!([
            { "after": "0m", "targets": [{ "user": "ana" }] },
            { "after": "soon", "targets": [{ "user": "nobody-here" }] },
        ]);
        let answer = admin.post(path, steps(&draft, 1, "prod")).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        let problem = answer.json();
        let places: Vec<_> = problem["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| error["path"].as_str().unwrap())
            .collect();
        assert_eq!(places, ["steps[1].after"], "{problem}");
        let unknown = json!([{ "targets": [{ "user": "nobody-here" }] }]);
        let answer = admin.post(path, steps(&unknown, 1, "prod")).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert_eq!(answer.json()["errors"][0]["path"], "steps[0].targets[0].user");
    })
    .await;
}

#[tokio::test]
async fn a_responder_does_not_look_at_drafts_of_a_policy() {
    on_both_stores(async |world| {
        let responder = world.with_role("responder");
        let path = "/api/v1/escalation-policies/payments/preview";
        let body = steps(&json!([{ "targets": [{ "user": "ana" }] }]), 1, "prod");
        let answer = responder.send(Method::POST, path, body.to_string()).await;
        assert_eq!(answer.status, 403, "{}", answer.text);
    })
    .await;
}

#[tokio::test]
async fn webhooks_that_a_step_can_tell_are_listed_without_their_addresses() {
    on_both_stores(async |world| {
        let hooks = "webhooks: [ { name: warehouse, url: \"https://example.com/hook/t0ken\", events: [\"incident.*\"] }, { name: audit, url: \"https://example.com/audit\" } ]\n";
        let file = format!("{}{hooks}", crate::overrides::ROTA);
        crate::overrides::apply_rota(world, &file).await;
        let listed = world.with_role("manager").get("/api/v1/webhooks").await;
        assert!(!listed.text.contains("t0ken"), "{}", listed.text);
        let names: Vec<_> = listed.json()["items"].as_array().unwrap().clone();
        assert_eq!(names, [
            json!({ "name": "audit", "events": [] }),
            json!({ "name": "warehouse", "events": ["incident.*"] }),
        ]);
        assert_eq!(world.with_role("responder").get("/api/v1/webhooks").await.status, 403);
    })
    .await;
}
