//! The bridge of an incident (`J6`) and the estimate of its end (`E3`): opened by the process of the
//! severity, at once when that is raised (`I8`), changed by hand, told to whoever is paged (`N6`).

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const BRIDGE: &str = "/api/v1/incidents/1/bridge";
const ESTIMATE: &str = "/api/v1/incidents/1/estimate";

fn severities(bridge: &str) -> String {
    format!(
        "severities:\n  - {{ level: 1, name: Outage, urgency: high, process: {{ bridge: {bridge} }} }}\n  \
         - {{ level: 2, name: Diminished, urgency: high }}\n  - {{ level: 3, name: Group, urgency: low }}\n"
    )
}

async fn configure(world: &World, bridge: &str) -> (u16, String) {
    let text = world.admin().get("/api/v1/config/export").await.text;
    let text = text.split("\nseverities:").next().unwrap().to_owned();
    let text = format!("{text}\n{}", severities(bridge));
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    (answer.status, answer.text)
}

async fn declare(client: &Client<'_>, severity: u8) -> Value {
    let report = json!({ "title": "Nobody can pay", "service": "checkout", "severity": severity });
    let answer = client.post("/api/v1/incidents", report).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

async fn said(client: &Client<'_>, kind: &str) -> Vec<String> {
    let timeline = client.read("/api/v1/incidents/1/timeline?limit=500").await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn raising_the_severity_opens_the_bridge_at_once_and_whoever_is_paged_hears_where() {
    on_both_stores(async |world: &World| {
        let bridge = "{ template: \"https://meet.example.net/muster-{{ number }}\" }";
        let (status, text) = configure(world, bridge).await;
        assert_eq!(status, 200, "{text}");
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        assert_eq!(declare(&ana, 2).await["bridge"], Value::Null);

        let worse = json!({ "severity": 1, "reason": "everybody" });
        let raised = ana.post("/api/v1/incidents/1/severity", worse).await.json();
        assert_eq!(raised["bridge"]["link"], "https://meet.example.net/muster-1");
        assert_eq!(raised["bridge"]["by"], "Muster");
        assert_eq!(
            said(&ana, "bridge_opened").await,
            ["Opened the bridge https://meet.example.net/muster-1"]
        );

        let impact = json!({ "users": 1200 });
        assert_eq!(ana.patch("/api/v1/incidents/1/impact", impact).await.status, 200);
        let ask = json!({ "to": "bo", "message": "the ledger" });
        assert_eq!(ana.post("/api/v1/incidents/1/page", ask).await.status, 200);
        world.settle().await;
        let told = world.phones.of("bo");
        let asked =
            told.iter().rfind(|one| one["page"]["reason"] == "ana requests you: the ledger");
        let asked = &asked.expect("he is requested by name")["incident"];
        assert_eq!(asked["number"], 1);
        assert_eq!(asked["impact"], "1,200 users");
        assert_eq!(asked["bridge"], "https://meet.example.net/muster-1");

        let lower = json!({ "severity": 2, "reason": "better" });
        let lowered = ana.post("/api/v1/incidents/1/severity", lower).await.json();
        assert_eq!(lowered["bridge"]["link"], "https://meet.example.net/muster-1", "it stays open");
    })
    .await;
}

#[tokio::test]
async fn people_open_move_and_close_a_bridge_and_nothing_that_runs_in_a_browser_is_one() {
    on_both_stores(async |world: &World| {
        let (status, text) =
            configure(world, "{ template: \"tel:+4930123,,{{ incident.number }}\", from: asked }")
                .await;
        assert_eq!(status, 200, "{text}");
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        assert_eq!(declare(&ana, 1).await["bridge"], Value::Null, "it waits to be asked for");
        let opened = ana.put(BRIDGE, json!({})).await.json();
        assert_eq!(opened["bridge"]["link"], "tel:+4930123,,1");
        assert_eq!(opened["bridge"]["by"], "ana");

        for bad in ["javascript:alert(1)", "meet.example.net", "https://a b", "data:text/html,x"] {
            let refused = ana.put(BRIDGE, json!({ "link": bad })).await.problem(409);
            assert_eq!(refused, "a bridge is an http, https, tel or sip link without blanks");
        }
        let moved = ana.put(BRIDGE, json!({ "link": "https://chat.example.net/#war" })).await;
        assert_eq!(moved.json()["bridge"]["link"], "https://chat.example.net/#war");
        assert_eq!(ana.delete(BRIDGE).await.json()["bridge"], Value::Null);
        assert_eq!(
            said(&ana, "bridge_opened").await,
            [
                "Opened the bridge tel:+4930123,,1",
                "Moved the bridge from tel:+4930123,,1 to https://chat.example.net/#war"
            ]
        );
        assert_eq!(
            said(&ana, "bridge_closed").await,
            ["Closed the bridge https://chat.example.net/#war"]
        );

        // A severity whose process names none says so, and a link by hand serves there too.
        let other = json!({ "title": "Slow", "service": "checkout", "severity": 3 });
        assert_eq!(ana.post("/api/v1/incidents", other).await.status, 201);
        let refused = ana.put("/api/v1/incidents/2/bridge", json!({})).await.problem(409);
        assert!(refused.contains("severity 3 (Group) names no bridge"), "{refused}");
    })
    .await;
}

#[tokio::test]
async fn a_bridge_that_makes_no_link_is_refused_with_its_place_and_a_good_one_is_exported() {
    on_both_stores(async |world: &World| {
        for (bridge, why) in [
            ("{ template: \"javascript:{{ number }}\" }", "it makes `javascript:42`, which is not"),
            ("{ template: \"https://x/{{ nubmer }}\" }", "undefined"),
            ("{ template: \"https://x\", from: never }", "`never` is not a beginning"),
            ("{ from: declared }", "template"),
        ] {
            let (status, text) = configure(world, bridge).await;
            assert!(status == 422 || status == 400, "{status} {text}");
            assert!(text.contains("severities[0].process.bridge") && text.contains(why), "{text}");
        }
        let (status, text) =
            configure(world, "{ template: \"https://meet/{{ number }}\", from: acknowledged }")
                .await;
        assert_eq!(status, 200, "{text}");
        let text = world.admin().get("/api/v1/config/export").await.text;
        assert!(text.contains("https://meet/{{ number }}"), "{text}");
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        assert_eq!(declare(&ana, 1).await["bridge"], Value::Null);
        let taken = ana.post("/api/v1/incidents/1/acknowledge", json!({})).await.json();
        assert_eq!(taken["bridge"]["link"], "https://meet/1");
    })
    .await;
}

#[tokio::test]
async fn an_estimate_says_who_made_it_and_is_in_what_people_are_told() {
    on_both_stores(async |world: &World| {
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        declare(&ana, 1).await;
        let now = world.app.now();
        let at = |minutes: i64| (now + jiff::SignedDuration::from_mins(minutes)).to_string();
        let wrong = ana.put(ESTIMATE, json!({ "over_at": "soon" })).await.problem(400);
        assert_eq!(wrong, "over_at: must be an instant such as 2026-11-21T05:30:00Z");
        for late in [-1, 31 * 24 * 60] {
            let refused = ana.put(ESTIMATE, json!({ "over_at": at(late) })).await.problem(409);
            assert_eq!(refused, "an estimate lies after now and within 30 days");
        }
        let set = ana.put(ESTIMATE, json!({ "over_at": at(80) })).await.json();
        assert_eq!(
            (&set["estimate"]["by"], &set["estimate"]["over_at"]),
            (&"ana".into(), &at(80).into())
        );
        let draft = ana.read("/api/v1/incidents/1/updates").await.to_string();
        assert!(draft.contains("It may be over at about"), "{draft}");
        world.advance(jiff::SignedDuration::from_mins(81)).await;
        let draft = ana.read("/api/v1/incidents/1/updates").await.to_string();
        assert!(!draft.contains("It may be over at about"), "what has passed is not repeated");
        assert_eq!(ana.delete(ESTIMATE).await.json()["estimate"], Value::Null);
        assert_eq!(said(&ana, "estimate_changed").await.len(), 2);
    })
    .await;
}
