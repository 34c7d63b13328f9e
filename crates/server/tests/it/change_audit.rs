//! The weekly audit of changes (`X14`, `M2`, `X8`): by week and team, with what a sev2 excused and why that
//! may be doubted, and without a trace of incidents that whoever looks does not see.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::changes::{plan, staff};
use crate::harness::{Client, World, on_both_stores};

async fn act(client: &Client<'_>, path: &str, body: Value) -> Value {
    let answer = client.post(&format!("/api/v1/changes{path}"), body).await;
    assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.text);
    answer.json()
}

/// A change that was agreed to in time, began ten minutes late and took half an hour.
async fn in_time(world: &World, client: &Client<'_>) {
    let change = act(client, "", json!({ "plan": plan("deploy", 10), "submit": true })).await;
    let path = |what: &str| format!("/{}/{what}", change["number"]);
    for name in ["kim", "bo", "sam"] {
        let approver = world.browser(name).await;
        act(&approver, &path("approve"), json!({ "revision": 1 })).await;
    }
    world.advance(SignedDuration::from_mins(10 * 24 * 60 + 10)).await;
    act(client, &path("start"), json!({})).await;
    world.advance(SignedDuration::from_mins(30)).await;
    act(client, &path("finish"), json!({ "outcome": "success" })).await;
    act(client, &path("close"), json!({})).await;
}

/// A fix that could not wait for anybody, for that incident.
async fn fix_for(client: &Client<'_>, incident: &Value) -> Value {
    let mut fix = plan("deploy", 20);
    fix["incident"] = incident.clone();
    let number = act(client, "", json!({ "plan": fix })).await["number"].clone();
    act(client, &format!("/{number}/start"), json!({ "excuse": "Nobody can pay" })).await
}

async fn declare(client: &Client<'_>, title: &str) -> Value {
    let body = json!({ "title": title, "service": "checkout", "severity": 2 });
    let answer = client.post("/api/v1/incidents", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["number"].clone()
}

async fn audit(client: &Client<'_>, query: &str) -> Value {
    client.read(&format!("/api/v1/reports/changes{query}")).await
}

#[tokio::test]
async fn a_week_of_a_team_is_summed_up_and_leads_to_its_changes() {
    on_both_stores(async |world| {
        staff(world).await;
        let ana = world.browser("ana").await;
        act(&ana, "", json!({ "plan": plan("deploy", 30) })).await;
        let empty = audit(&ana, "").await;
        assert_eq!((&empty["total"]["changes"], &empty["weeks"]), (&json!(0), &json!([])));
        act(&ana, "/1/cancel", json!({})).await;
        // The draft was number 1; it never counts.
        in_time(world, &ana).await;

        let found = audit(&ana, "?changes=true").await;
        assert_eq!(found["weeks"].as_array().unwrap().len(), 1, "{found:#}");
        let week = &found["weeks"][0];
        // It began on Tuesday, the first of December.
        assert_eq!((&week["week"], &week["team"]), (&json!("2026-11-30"), &json!("payments")));
        let figures = &week["figures"];
        assert_eq!(figures, &found["total"]);
        assert_eq!((&figures["changes"], &figures["planned"]), (&json!(1), &json!(1)));
        for share in ["notice", "customers_told", "customers_agreed", "schedule", "succeeded"] {
            assert_eq!(figures[share], json!({ "asked": 1, "kept": 1 }), "{share}");
        }
        assert_eq!(figures["points_most"], 16);
        assert_eq!(figures["time"]["mean_seconds"], 1_800);
        let one = &found["changes"][0];
        assert_eq!((&one["number"], &one["slip_seconds"]), (&json!(2), &json!(600)));
        assert_eq!(one["points"], figures["points"]);

        assert_eq!(audit(&ana, "?team=games").await["total"]["changes"], 0);
        assert_eq!(audit(&ana, "").await["changes"], Value::Null, "only where asked for");
        assert_eq!(ana.get("/api/v1/reports/changes?team=nobody").await.status, 404);
        let long = "/api/v1/reports/changes?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z";
        assert_eq!(ana.get(long).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_sev2_that_excuses_too_much_is_shown_and_a_restricted_one_to_nobody_else() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, kim] = [world.browser("ana").await, world.browser("kim").await];
        in_time(world, &ana).await;
        let good = declare(&ana, "Nobody can pay").await;
        world.advance(SignedDuration::from_mins(5)).await;
        let fix = fix_for(&ana, &good).await;
        assert_eq!(fix["sev2"], json!({ "incident": good, "doubts": [], "because": [] }));
        assert_eq!(fix["origin"], "fix_first");

        // What is milder by now, and was declared for another change that was written before.
        let late = plan("deploy", 25);
        let number = act(&ana, "", json!({ "plan": late.clone() })).await["number"].clone();
        world.advance(SignedDuration::from_mins(5)).await;
        let excuse = declare(&ana, "Slow today").await;
        let mut named = late;
        named["incident"] = excuse.clone();
        let edit = ana.put(&format!("/api/v1/changes/{number}"), json!({ "plan": named })).await;
        assert_eq!(edit.status, 200, "{}", edit.text);
        act(&ana, &format!("/{number}/start"), json!({ "excuse": "It is slow" })).await;
        let milder = json!({ "severity": 3, "reason": "one customer" });
        let path = format!("/api/v1/incidents/{excuse}/severity");
        assert_eq!(ana.post(&path, milder).await.status, 200);
        let doubted = ana.read(&format!("/api/v1/changes/{number}")).await;
        assert_eq!(doubted["sev2"]["doubts"], json!(["milder", "later"]));

        world.advance(SignedDuration::from_mins(1)).await;
        let found = audit(&kim, "?changes=true").await;
        let total = &found["total"];
        assert_eq!((&total["changes"], &total["fix_first"]), (&json!(3), &json!(2)));
        assert_eq!((&total["sev2_excused"], &total["sev2_doubted"]), (&json!(2), &json!(1)));
        let because = found["changes"][0]["excuse"]["because"].to_string();
        assert!(because.contains("milder than a sev2"), "{because}");

        let restrict = json!({ "reason": "personal data" });
        let path = format!("/api/v1/incidents/{good}/restrict");
        assert_eq!(ana.post(&path, restrict).await.status, 200);
        let seen = audit(&ana, "").await;
        assert_eq!(seen["total"]["sev2_excused"], 2, "who restricted it still sees it");
        let outside = audit(&kim, "?changes=true").await;
        assert_eq!(outside["total"]["sev2_excused"], 1);
        assert_eq!(outside["changes"][1]["excuse"], Value::Null);
        assert_eq!(kim.read("/api/v1/changes/2").await["sev2"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_draft_of_the_policy_is_held_against_past_changes_and_changes_nothing() {
    on_both_stores(async |world| {
        staff(world).await;
        let ana = world.browser("ana").await;
        in_time(world, &ana).await;
        let replay = async |config: &str| {
            let body = json!({ "config": config });
            let answer = ana.post("/api/v1/changes/replay", body).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.json()
        };
        let same = replay("change_policy:\n  vps: [vera]\n").await;
        assert_eq!((&same["summary"]["changes"], &same["changes"]), (&json!(1), &json!([])));
        let strict = "change_policy:
  matrix:
    - { name: strict, approvals: [peer, manager, customer, vp, ops], notice: 15bd }
  vps: [vera]
  freezes:
    - { name: sale, from: \"2026-11-25T00:00:00Z\", until: \"2026-12-02T00:00:00Z\", reason: The sale }
";
        let before = ana.read("/api/v1/changes/policy").await;
        let found = replay(strict).await;
        let one = &found["changes"][0];
        assert_eq!(one["number"], 1);
        assert_eq!(one["parts"], json!(["row", "approvals", "notice", "time"]));
        assert_eq!((&one["was"]["row"], &one["would"]["row"]), (&json!("tier-1"), &json!("strict")));
        assert_eq!(one["was"]["announced"], true);
        assert_eq!(one["would"]["announced"], false);
        assert_eq!(one["was"]["blocked"], json!([]));
        assert!(one["would"]["blocked"][0].as_str().unwrap().contains("sale"), "{one:#}");
        let summary = &found["summary"];
        assert_eq!((&summary["approvals_were"], &summary["approvals_would"]), (&json!(3), &json!(5)));
        assert_eq!((&summary["late"], &summary["blocked"]), (&json!(1), &json!(1)));
        assert_eq!(summary["nobodys"], 1, "nobody runs production");
        assert_eq!(ana.read("/api/v1/changes/policy").await, before, "nothing was written");

        let wrong = json!({ "config": "change_policy:\n  vps: [nobody]\n" });
        let refused = ana.post("/api/v1/changes/replay", wrong).await;
        assert!(matches!(refused.status, 400 | 422), "{}", refused.text);
        assert!(refused.text.contains("nobody"), "{}", refused.text);
        let none = json!({ "config": strict, "to": "2026-11-01T00:00:00Z" });
        let none = ana.post("/api/v1/changes/replay", none).await.json();
        assert_eq!(none["summary"]["changes"], 0);
    })
    .await;
}
