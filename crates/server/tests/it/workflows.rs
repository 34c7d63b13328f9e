//! Workflows (`T7`): on an event that matches, do this; each time once, in the record, tried without
//! doing, and never in circles.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

/// What the workflows of these stories speak of.
fn lists(world: &World) -> String {
    format!(
        "engagement_groups: [ {{ name: database, members: [bo] }} ]
notification_lists: [ {{ name: everything, core: [ana] }} ]
webhooks: [ {{ name: tickets, url: \"{}\", events: [config.applied] }} ]\n",
        world.phone("tickets")
    )
}

async fn apply(world: &World, workflows: &str) {
    let text = format!("{}{workflows}", lists(world));
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn declare(client: &Client<'_>, title: &str, severity: u8) {
    let body = json!({ "title": title, "service": "checkout", "severity": severity });
    let answer = client.post("/api/v1/incidents", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

async fn runs(client: &Client<'_>, name: &str) -> Vec<Value> {
    let list = client.read(&format!("/api/v1/workflows/{name}/runs")).await;
    list["items"].as_array().unwrap().clone()
}

/// What the timeline of an incident tells of one kind, with who did it.
async fn told(client: &Client<'_>, number: i64, kind: &str) -> Vec<(String, String)> {
    let path = format!("/api/v1/incidents/{number}/timeline?limit=500");
    let timeline = client.read(&path).await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| (text(&entry["actor"]["name"]), text(&entry["text"]))).collect()
}

const OUTAGE: &str = r#"workflows:
  - name: outage
    description: What we always do
    on: [declared, severity_changed]
    when: severity <= 2 && service == "checkout"
    do:
      - { set: { severity: 1 } }
      - { engage: database, message: "{{ title }} on {{ service }}" }
      - { post: "Engaged the database people for SEV{{ severity }}" }
      - { open_bridge: process }
      - { open_bridge: "https://meet.example.com/outage" }
      - { tell: everything, text: "We look into {{ title }}" }
      - { webhook: tickets }
"#;

#[tokio::test]
async fn on_an_event_that_matches_each_step_is_done_once_and_told() {
    on_both_stores(async |world| {
        apply(world, OUTAGE).await;
        let responder = world.with_role("responder");
        declare(&responder, "A little slow", 3).await;
        world.settle().await;
        assert_eq!(runs(&responder, "outage").await, Vec::<Value>::new(), "it does not match");
        declare(&responder, "Nobody can pay", 2).await;
        world.settle().await;

        let run = runs(&responder, "outage").await.pop().expect("it ran");
        assert_eq!((&run["incident"], &run["state"]), (&json!(2), &json!("done")));
        let steps: Vec<_> = run["steps"].as_array().unwrap().iter().collect();
        assert_eq!(steps[1]["step"], "engage database (bo)");
        let trouble: Vec<_> = steps.iter().map(|step| step["trouble"].is_null()).collect();
        // The process of the severity names no bridge, which keeps nothing else from being done.
        assert_eq!(trouble, [true, true, true, false, true, true, true], "{run}");
        assert!(steps[3]["trouble"].as_str().unwrap().contains("names no bridge"), "{run}");

        let incident = responder.read("/api/v1/incidents/2").await;
        assert_eq!(incident["severity"], 1);
        assert_eq!(incident["bridge"]["link"], "https://meet.example.com/outage", "{incident}");
        let page = world.phones.of("bo");
        let page = page
            .iter()
            .find(|one| one["type"] == "page")
            .unwrap_or_else(|| panic!("bo is engaged: {page:#?} {run}"));
        assert_eq!(page["incident"]["number"], 2);
        let notes = told(&responder, 2, "note").await;
        assert_eq!(
            notes,
            [("outage".to_owned(), "Engaged the database people for SEV1".to_owned())]
        );
        let calls = world.phones.of("tickets");
        assert_eq!(calls.len(), 1, "called once, although it asked for no such event: {calls:#?}");
        assert_eq!(
            (&calls[0]["type"], &calls[0]["data"]["workflow"]),
            (&json!("workflow.run"), &json!("outage"))
        );
        assert_eq!(calls[0]["incident"]["number"], 2);
        let ran = told(&responder, 2, "workflow_ran").await;
        assert_eq!(ran.len(), 1);
        assert!(
            ran[0]
                .1
                .starts_with("Workflow outage: set the severity to 1; engage database (bo); post"),
            "{ran:?}"
        );
        assert!(ran[0].1.contains("could not open the bridge of the process"), "{ran:?}");
        // It set the severity, of which it hears, and that set off nothing.
        assert_eq!(told(&responder, 2, "severity_changed").await.len(), 1);
        assert_eq!(runs(&responder, "outage").await.len(), 1);

        // What people do sets it off again.
        for level in [3, 2] {
            let path = "/api/v1/incidents/2/severity";
            let body = json!({ "severity": level, "reason": "looked again" });
            let answer = responder.post(path, body).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            world.settle().await;
        }
        assert_eq!(runs(&responder, "outage").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_says_why_and_does_nothing() {
    on_both_stores(async |world| {
        let responder = world.with_role("responder");
        apply(world, "workflows: []\n").await;
        declare(&responder, "Nobody can pay", 2).await;
        let body = json!({ "severity": 3, "reason": "not that bad" });
        responder.post("/api/v1/incidents/1/severity", body).await;
        world.settle().await;
        let more = r#"  - { name: odd, on: [note], when: "data.nothing == 1", off: true, do: [ { page: [ana] } ] }
"#;
        apply(world, &format!("{OUTAGE}{more}")).await;
        let before = responder.read("/api/v1/incidents/1").await["version"].clone();
        let dry = async |name: &str| {
            let path = format!("/api/v1/workflows/{name}/dry-run");
            responder.post(&path, json!({ "incident": 1 })).await
        };
        assert_eq!(dry("odd").await.json()["entries"], json!([]), "nothing it listens for yet");
        let answer = dry("outage").await.json();
        let judged: Vec<_> = answer["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["kind"].as_str().unwrap(), entry["because"].as_str().unwrap_or("")))
            .collect();
        let no = "its condition does not hold";
        assert_eq!(judged, [("declared", no), ("severity_changed", no)], "as it is now: {answer}");
        assert_eq!(answer["steps"][1]["step"], "engage database (bo)");
        let sev2 = json!({ "severity": 2, "reason": "it is" });
        responder.post("/api/v1/incidents/1/severity", sev2).await;
        let answer = dry("outage").await.json();
        let all = answer["entries"].as_array().unwrap();
        assert!(all.len() == 3 && all.iter().all(|entry| entry["runs"] == true), "{answer}");
        assert_eq!(dry("none").await.status, 404);
        let list = responder.read("/api/v1/workflows").await;
        let outage = list["items"].as_array().unwrap().iter().find(|one| one["name"] == "outage");
        let outage = outage.unwrap().clone();
        assert_eq!((&outage["name"], &outage["at_most"]), (&json!("outage"), &json!(10)));
        assert_eq!(outage["when"], "severity <= 2 && service == \"checkout\"");
        world.settle().await;
        let after = responder.read("/api/v1/incidents/1").await["version"].clone();
        assert_ne!(before, after, "the change of severity itself");
        assert_eq!(runs(&responder, "outage").await.len(), 1, "that one, and no dry run");
    })
    .await;
}

#[tokio::test]
async fn it_runs_so_often_within_an_hour_and_never_in_practice_or_in_secret() {
    on_both_stores(async |world| {
        let workflow = "workflows:
  - { name: twice, on: [note], at_most: 2, do: [ { post: \"Heard\" } ] }
  - { name: resting, on: [note], off: true, do: [ { post: \"Never\" } ] }\n";
        apply(world, workflow).await;
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        let note = async |number: i64| {
            let path = format!("/api/v1/incidents/{number}/timeline");
            assert_eq!(ana.post(&path, json!({ "text": "look" })).await.status, 201);
            world.settle().await;
        };
        declare(&ana, "Slow", 4).await;
        for _ in 0..3 {
            note(1).await;
        }
        let states = async || {
            let runs = runs(&ana, "twice").await;
            runs.iter().map(|run| run["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(states().await, ["held", "done", "done"]);
        let held = runs(&ana, "twice").await[0]["steps"][0]["trouble"].clone();
        assert!(held.as_str().unwrap().contains("ran 2 times for this incident within an hour"));
        // At the edge: an hour after the first of them there is room for one.
        world.advance(SignedDuration::from_hours(1)).await;
        note(1).await;
        assert_eq!(states().await[0], "done");
        assert_eq!(runs(&ana, "resting").await, Vec::<Value>::new());

        // Another incident has a count of its own; a restricted one is left alone and not told of.
        declare(&ana, "Somebody read our mail", 4).await;
        note(2).await;
        assert_eq!(states().await.len(), 5);
        let restrict = json!({ "reason": "legal" });
        assert_eq!(ana.post("/api/v1/incidents/2/restrict", restrict).await.status, 200);
        note(2).await;
        assert_eq!(states().await.len(), 5, "no run since");
        let stakeholder = world.with_role("stakeholder");
        assert_eq!(runs(&stakeholder, "twice").await.len(), 4, "not those of what it does not see");
        let path = "/api/v1/workflows/twice/dry-run";
        assert_eq!(stakeholder.post(path, json!({ "incident": 1 })).await.status, 403);
        let responder = world.with_role("responder");
        assert_eq!(responder.post(path, json!({ "incident": 2 })).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_workflow_that_cannot_be_is_refused_with_its_place() {
    on_both_stores(async |world| {
        let refused = async |workflow: &str| {
            let text = format!("{}workflows: [ {workflow} ]\n", lists(world));
            let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
            assert_eq!(answer.status, 422, "{workflow}: {}", answer.text);
            let fault = answer.json()["errors"][0].clone();
            format!("{}: {}", fault["path"].as_str().unwrap(), fault["message"].as_str().unwrap())
        };
        for (workflow, expected) in [
            ("{ name: a, on: [], do: [ { post: x } ] }", "workflows[0].on: name at least one"),
            (
                "{ name: a, on: [boom], do: [ { post: x } ] }",
                "workflows[0].on[0]: `boom` is no kind",
            ),
            (
                "{ name: a, on: [workflow_ran], do: [ { post: x } ] }",
                "workflows set off no workflow",
            ),
            ("{ name: a, on: [note], do: [] }", "workflows[0].do: a workflow has 1 to 20 steps"),
            (
                "{ name: a, on: [note], do: [ {} ] }",
                "workflows[0].do[0]: a step does exactly one of",
            ),
            (
                "{ name: a, on: [note], do: [ { post: x, webhook: tickets } ] }",
                "a step does exactly one of",
            ),
            (
                "{ name: a, on: [note], do: [ { post: x, message: y } ] }",
                "do[0].message: this belongs to engage and page",
            ),
            ("{ name: a, on: [note], do: [ { tell: everything } ] }", "say what the list is told"),
            ("{ name: a, on: [note], do: [ { post: \"{{ nothing }}\" } ] }", "do[0].post: "),
            (
                "{ name: a, on: [note], do: [ { engage: none } ] }",
                "there is no engagement group `none`",
            ),
            ("{ name: a, on: [note], do: [ { page: [none] } ] }", "there is no user `none`"),
            (
                "{ name: a, on: [note], do: [ { tell: none, text: x } ] }",
                "notification list `none`",
            ),
            ("{ name: a, on: [note], do: [ { webhook: none } ] }", "there is no webhook `none`"),
            ("{ name: a, on: [note], do: [ { set: { severity: 10 } } ] }", "do[0].set.severity: "),
            ("{ name: a, on: [note], do: [ { open_bridge: here } ] }", "write `process` or"),
            (
                "{ name: a, on: [note], when: \"nothing > 1\", do: [ { post: x } ] }",
                "`nothing` is not a variable",
            ),
            ("{ name: a, on: [note], at_most: 101, do: [ { post: x } ] }", "at_most: "),
        ] {
            let said = refused(workflow).await;
            assert!(said.contains(expected), "{workflow}: {said}");
        }
    })
    .await;
}
