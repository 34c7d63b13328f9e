//! What a template would say while somebody edits it (`E3`): for an incident that might be or for a chosen
//! one, with the line of what is wrong; nothing is sent, and nobody reads of what they may not see.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, on_both_stores};

async fn preview(client: &Client<'_>, kind: &str, template: &str) -> Value {
    let body = json!({ "kind": kind, "template": template });
    let answer = client.post("/api/v1/templates/preview", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn a_template_says_what_it_would_or_what_is_wrong_in_which_line() {
    on_both_stores(async |world| {
        let client = world.admin();
        for (kind, template, text) in [
            ("headline", "SEV{{ severity }}: {{ title }}", "SEV1: Disk full"),
            ("notice", "{{ state }}\n{{ cause }}", "The cause is known\nThe cause is known."),
            ("update", "{{ service }} since {{ began }}", "checkout since 04:07 UTC"),
            ("room", "Inc {{ number }}: {{ title }}", "inc-42-nobody-can-pay"),
            ("bridge", "https://meet.example.net/{{ number }}", "https://meet.example.net/42"),
        ] {
            let said = preview(&client, kind, template).await;
            assert_eq!((&said["text"], &said["mistake"]), (&json!(text), &Value::Null), "{kind}");
        }
        for (kind, template, why, line) in [
            ("notice", "{{ state }}\n{{ nobody }}", "undefined", json!(2)),
            ("headline", "one\ntwo\n{{ number", "syntax", json!(3)),
            ("update", "{% if lead %}{% endif %}", "says nothing", json!(null)),
            ("bridge", "javascript:alert(1)", "not an http", json!(null)),
            ("room", "!!!", "makes no name", json!(null)),
        ] {
            let said = preview(&client, kind, template).await;
            let mistake = &said["mistake"];
            assert!(mistake["why"].as_str().unwrap().contains(why), "{kind}: {said}");
            assert_eq!((&mistake["line"], &said["text"]), (&line, &Value::Null), "{kind}: {said}");
            let values = said["values"].as_array().unwrap();
            assert!(values.iter().any(|one| one["name"] == "number"), "{kind}: {said}");
        }
        let body = json!({ "kind": "poem", "template": "x" });
        assert_eq!(client.post("/api/v1/templates/preview", body).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_template_is_tried_on_a_chosen_incident_and_nobody_is_told() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        let report = json!({
            "title": "{{ 7 * 7 }} lost", "service": "checkout", "severity": 2,
            "restricted": { "reason": "a leak" },
        });
        let declared = ana.post("/api/v1/incidents", report).await;
        assert_eq!(declared.status, 201, "{}", declared.text);
        world.settle().await;
        let told = ana.read("/api/v1/incidents/1/ledger").await;
        let version = ana.read("/api/v1/incidents/1").await["version"].clone();
        let body = json!({
            "kind": "notice", "template": "{{ title }}, SEV{{ severity }}, {{ status }}", "incident": 1,
        });
        let said = ana.post("/api/v1/templates/preview", body.clone()).await.json();
        assert_eq!(said["text"], "{{ 7 * 7 }} lost, SEV2, triggered", "{said}");
        world.settle().await;
        assert_eq!(ana.read("/api/v1/incidents/1/ledger").await, told);
        assert_eq!(ana.read("/api/v1/incidents/1").await["version"], version);

        world.give_password("bo").await;
        let bo = world.browser("bo").await;
        let hidden = bo.post("/api/v1/templates/preview", body).await;
        assert_eq!(hidden.status, 404, "{}", hidden.text);
        let unknown = json!({ "kind": "notice", "template": "{{ title }}", "incident": 99 });
        assert_eq!(ana.post("/api/v1/templates/preview", unknown).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_templates_that_are_in_force_are_listed_and_each_can_be_tried() {
    on_both_stores(async |world| {
        let text = "notification_lists: [ { name: sales, services: [checkout], wording: \"{{ title }} again\" } ]\n\
                    severities:\n  - { level: 1, name: Outage, urgency: high, process: { bridge: { template: \"https://meet.example.net/{{ number }}\" } } }\n";
        let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text.to_owned()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let all = world.admin().read("/api/v1/templates").await;
        let all = all["items"].as_array().unwrap().clone();
        let of = |kind: &str, of: Value| {
            let found = all.iter().find(|one| one["kind"] == kind && one["of"] == of);
            found.cloned().unwrap_or_else(|| panic!("{kind} of {of}"))
        };
        assert_eq!(of("notice", json!("sales"))["template"], "{{ title }} again");
        assert_eq!(of("notice", json!(null))["built_in"], true);
        assert_eq!(of("bridge", json!("Outage"))["built_in"], false);
        for one in all.iter().filter(|one| one["template"] != "") {
            let (kind, template) = (one["kind"].as_str().unwrap(), one["template"].as_str().unwrap());
            let said = preview(&world.admin(), kind, template).await;
            assert_eq!(said["mistake"], Value::Null, "{one}");
        }
        let looker = world.with_role("stakeholder");
        let seen = looker.read("/api/v1/templates").await;
        let seen = seen["items"].as_array().unwrap();
        assert!(seen.iter().all(|one| one["kind"] != "bridge"), "{seen:?}");
    })
    .await;
}
