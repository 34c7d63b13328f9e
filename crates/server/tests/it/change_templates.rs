//! Templates of changes (`X11`): configured with a linter's help, filled with values, and submitted by a
//! pipeline in one call.

use reqwest::Method;
use serde_json::{Value, json};

use crate::changes::staff;
use crate::harness::{World, on_both_stores};

/// A release, with its way back.
const RELEASE: &str = r#"
change_policy:
  templates:
    - name: release
      description: A release of one service
      class: deploy
      title: "Deploy {{ service }} {{ version }}"
      takes: 30m
      impact: internal
      worst_case: "Nobody can pay until {{ previous }} is back, which takes a minute"
      confidence: high
      benefit: "What is new in {{ version }}"
      without: "The fixes of {{ version }} wait"
      automation: full
      rollback_takes: 5m
      rollback_tested: true
      timeline:
        - { at: "T+00:00", phase: before, monitoring: true, text: Look at the dashboard, environment: production }
        - { at: "T+00:05", text: Deploy, command: "deploy {{ service }}={{ version }}", hosts: ["{{ service }}1"], environment: production }
        - { at: "T+00:10", monitoring: true, text: Look at the dashboard, environment: production }
        - { at: "T+00:20", phase: after, monitoring: true, text: Look at the dashboard, environment: production }
      rollback:
        - { at: "T+00:00", text: Deploy the one before, command: "deploy {{ service }}={{ previous }}", hosts: [web1], environment: production }
        - { at: "T+00:03", phase: after, monitoring: true, text: Look at the dashboard, environment: production }
"#;

async fn apply(world: &World, text: &str) -> crate::harness::Answer {
    world.admin().send(Method::POST, "/api/v1/config/apply", text.to_owned()).await
}

async fn with_release(world: &World) {
    staff(world).await;
    let answer = apply(world, RELEASE).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn release() -> Value {
    json!({ "values": { "version": "1.2", "previous": "1.1" }, "service": "search" })
}

#[tokio::test]
async fn a_pipeline_submits_from_a_template_in_one_call() {
    on_both_stores(async |world| {
        with_release(world).await;
        let ana = world.browser("ana").await;
        let templates = ana.read("/api/v1/changes/templates").await;
        assert_eq!(templates["items"][0]["name"], "release");
        assert_eq!(templates["items"][0]["placeholders"], json!(["previous", "version"]));
        assert_eq!(templates["items"][0]["service"], Value::Null);
        let body = json!({
            "template": "release", "filling": release(), "submitter": "ana", "submit": true,
            "excuse": "A pipeline deploys at once",
        });
        let answer = world.admin().post("/api/v1/changes", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let change = answer.json();
        assert_eq!(change["state"], "submitted");
        let plan = &change["plan"];
        assert_eq!(plan["title"], "Deploy search 1.2");
        assert_eq!(plan["timeline"][1]["command"], "deploy search=1.2");
        assert_eq!(plan["timeline"][1]["hosts"], json!(["search1"]));
        assert_eq!(plan["rollback"][0]["command"], "deploy search=1.1");
        assert_eq!(plan["technician"], "ana");
        assert_eq!(plan["resolver"], "page-search-primary", "filled in");
        assert_eq!(plan["start"], "2026-11-21T03:00:00Z", "at once");
        assert_eq!(plan["end"], "2026-11-21T03:30:00Z", "when the template says");
    })
    .await;
}

#[tokio::test]
async fn a_draft_from_a_template_is_completed_by_hand_and_a_missing_value_is_named() {
    on_both_stores(async |world| {
        with_release(world).await;
        let ana = world.browser("ana").await;
        let draft = json!({ "template": "release", "filling": release() });
        let drafted = ana.post("/api/v1/changes", draft).await;
        assert_eq!(drafted.status, 201, "{}", drafted.text);
        assert_eq!(drafted.json()["plan"]["start"], Value::Null, "a draft has no time yet");

        let fill = "/api/v1/changes/templates/release/fill";
        let filled = ana.post(fill, release()).await;
        assert_eq!(filled.status, 200, "{}", filled.text);
        assert_eq!(
            filled.json()["worst_case"],
            "Nobody can pay until 1.1 is back, which takes a minute"
        );
        let missing =
            ana.post(fill, json!({ "values": { "version": "1.2" }, "service": "search" }));
        let missing = missing.await;
        assert!(missing.problem(422).contains("values.previous"), "{}", missing.text);
        let unknown = json!({ "values": { "version": "1", "previous": "0", "wersion": "2" },
            "service": "search" });
        let unknown = ana.post(fill, unknown).await;
        assert!(unknown.problem(422).contains("has no such place"), "{}", unknown.text);
        let open = json!({ "values": { "version": "1", "previous": "0" } });
        assert!(ana.post(fill, open).await.problem(400).contains("say what is changed"));
        // A value is put in as it is, and never read as a template itself.
        let sly = json!({ "values": { "version": "{{ service }}", "previous": "0" },
            "service": "search" });
        let sly = ana.post(fill, sly).await;
        assert_eq!(sly.json()["title"], "Deploy search {{ service }}");
        ana.post("/api/v1/changes/templates/nothing/fill", json!({})).await.problem(404);
        let both = json!({ "plan": drafted.json()["plan"], "template": "release" });
        ana.post("/api/v1/changes", both).await.problem(400);
    })
    .await;
}

#[tokio::test]
async fn a_template_is_linted_when_it_is_configured_and_exported_as_it_was_written() {
    on_both_stores(async |world| {
        with_release(world).await;
        for (from, to, place, says) in [
            ("deploy {{ service }}={{ previous }}", "all of it in reverse", "rollback", "is no rollback"),
            ("{{ service }} {{ version }}\"", "{{ service \"", "title", "syntax"),
            ("class: deploy", "class: magic", "class", "is no class"),
            ("phase: after, monitoring: true, text: Look at the dashboard, environment: production }\n      rollback",
                "phase: during, monitoring: true, text: Look, environment: production }\n      rollback",
                "timeline", "after the change"),
            ("command: \"deploy {{ service }}={{ version }}\", ", "", "timeline[1].command", "exact command"),
        ] {
            let wrong = RELEASE.replacen(from, to, 1);
            assert_ne!(wrong, RELEASE, "{from}");
            let answer = apply(world, &wrong).await;
            assert_eq!(answer.status, 422, "{to}: {}", answer.text);
            let path = format!("change_policy.templates[0].{place}");
            assert!(answer.text.contains(&path) && answer.text.contains(says), "{}", answer.text);
        }
        let export = world.admin().get("/api/v1/config/export").await.text;
        assert!(export.contains("deploy {{ service }}={{ version }}"), "{export}");
        let again = apply(world, RELEASE).await;
        assert_eq!((again.status, &again.json()["changes"]), (200, &json!([])), "{}", again.text);
    })
    .await;
}
