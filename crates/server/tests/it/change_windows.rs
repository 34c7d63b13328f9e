//! When changes may be made (`X9`): outage windows, freezes, how many of tier 1 at once, whether
//! somebody is on call for what is touched, and whether those who would support it are free.

use reqwest::Method;
use serde_json::{Value, json};

use crate::changes::{plan, staff};
use crate::harness::{World, on_both_stores};

async fn apply(world: &World, text: &str) {
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text.to_owned()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// A plan of Ana's.
fn planned(service: &str, class: &str, start: &str, end: &str) -> Value {
    let mut plan = plan(class, 0);
    for (field, value) in [("service", service), ("start", start), ("end", end)] {
        plan[field] = json!(value);
    }
    plan
}

/// The number of a draft by Ana.
async fn drafted(world: &World, plan: Value) -> i64 {
    let ana = world.browser("ana").await;
    let answer = ana.post("/api/v1/changes", json!({ "plan": plan })).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["number"].as_i64().unwrap()
}

/// Submits a plan and has those agree who must; says its number and where it stands then.
async fn agreed(world: &World, plan: Value, people: &[&str]) -> (i64, Value) {
    let ana = world.browser("ana").await;
    let answer = ana.post("/api/v1/changes", json!({ "plan": plan, "submit": true })).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let mut change = answer.json();
    let number = change["number"].as_i64().unwrap();
    for name in people {
        let path = format!("/api/v1/changes/{number}/approve");
        let answer = world.browser(name).await.post(&path, json!({ "revision": 1 })).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        change = answer.json();
    }
    (number, change["state"].clone())
}

async fn conflicts(world: &World, number: i64) -> Value {
    world.browser("ana").await.read(&format!("/api/v1/changes/{number}/conflicts")).await
}

/// The rules that find something, and whether it blocks.
fn rules(found: &Value) -> Vec<(&str, bool)> {
    let all = found["conflicts"].as_array().unwrap().iter();
    all.map(|one| (one["rule"].as_str().unwrap(), one["blocking"].as_bool().unwrap())).collect()
}

#[tokio::test]
async fn what_needs_an_outage_window_waits_for_one_with_its_way_back() {
    on_both_stores(async |world| {
        staff(world).await;
        apply(
            world,
            "change_policy:
  matrix: [ { name: nightly, classes: [network], approvals: [peer], notice: 48h, window: true } ]
  windows: [ { name: nights, classes: [network], hours: [ { days: [sat, sun], from: \"01:00\", to: \"05:00\" } ] } ]\n",
        )
        .await;
        // Saturday 5 December 2026; Berlin is an hour ahead of UTC. The way back takes 15 minutes.
        let at = |start, end| planned("checkout", "network", start, end);
        let outside = at("2026-12-04T10:00:00Z", "2026-12-04T12:00:00Z");
        let (number, state) = agreed(world, outside, &["kim"]).await;
        assert_eq!(state, "approved", "it is not scheduled");
        let found = conflicts(world, number).await;
        assert_eq!(rules(&found), [("window", true)]);
        assert_eq!(found["next_slot"]["start"], "2026-12-05T00:00:00Z", "one o'clock in Berlin");
        let past = at("2026-12-05T01:00:00Z", "2026-12-05T04:00:00.000001Z");
        assert_eq!(rules(&conflicts(world, drafted(world, past).await).await), [("window", true)]);
        let back = at("2026-12-05T01:45:00.000001Z", "2026-12-05T03:45:00.000001Z");
        let found = conflicts(world, drafted(world, back).await).await;
        assert_eq!(rules(&found), [("rollback_past_window", true)]);
        let fits = at("2026-12-05T01:45:00Z", "2026-12-05T03:45:00Z");
        assert_eq!(agreed(world, fits, &["kim"]).await.1, "scheduled", "up to its last minute");
        // A window of such changes says nothing of others.
        let other = planned("search", "deploy", "2026-12-04T10:00:00Z", "2026-12-04T12:00:00Z");
        assert_eq!(rules(&conflicts(world, drafted(world, other).await).await), []);
    })
    .await;
}

#[tokio::test]
async fn a_freeze_holds_what_it_is_for_up_to_its_end() {
    on_both_stores(async |world| {
        staff(world).await;
        apply(
            world,
            "change_policy:
  matrix: [ { name: all, approvals: [peer], notice: none } ]
  freezes:
    - name: sale
      from: 2026-11-25T00:00:00Z
      until: 2026-12-01T00:00:00Z
      tiers: [1]
      exempt_classes: [configuration]
      reason: The biggest week of the year\n",
        )
        .await;
        let during = ["2026-11-30T22:00:00Z", "2026-11-30T23:00:00Z"];
        let at = |service, class, [start, end]: [&str; 2]| planned(service, class, start, end);
        let (number, state) = agreed(world, at("checkout", "deploy", during), &["kim"]).await;
        assert_eq!(state, "approved");
        let found = conflicts(world, number).await;
        assert_eq!(rules(&found), [("freeze", true)]);
        let text = found["conflicts"][0]["text"].as_str().unwrap();
        assert_eq!(text, "checkout is frozen by sale: The biggest week of the year");
        assert_eq!(found["next_slot"]["start"], "2026-12-01T00:00:00Z", "its end is no part of it");
        let until = ["2026-11-24T22:00:00Z", "2026-11-25T00:00:00Z"];
        assert_eq!(agreed(world, at("checkout", "deploy", until), &["kim"]).await.1, "scheduled");
        let into = ["2026-11-24T22:00:00Z", "2026-11-25T00:00:00.000001Z"];
        let found = conflicts(world, drafted(world, at("checkout", "deploy", into)).await).await;
        assert!(rules(&found).contains(&("freeze", true)), "{found}");
        for (service, class) in [("search", "deploy"), ("checkout", "configuration")] {
            let free = drafted(world, at(service, class, during)).await;
            assert_eq!(rules(&conflicts(world, free).await), [], "{service} {class}");
        }
        // Somebody says why it goes on all the same, and the calendar shows what it goes on through.
        let ana = world.browser("ana").await;
        let reason = json!({ "reason": "The shop is closed that night anyway" });
        let on = ana.post(&format!("/api/v1/changes/{number}/override"), reason).await;
        assert_eq!(on.json()["state"], "scheduled", "{}", on.text);
        let calendar = "/api/v1/changes/calendar?from=2026-11-24T00:00:00Z&to=2026-12-02T00:00:00Z";
        assert_eq!(ana.read(calendar).await["freezes"][0]["name"], "sale");
    })
    .await;
}

#[tokio::test]
async fn no_more_of_tier_1_are_under_way_at_once_than_the_policy_allows() {
    on_both_stores(async |world| {
        staff(world).await;
        apply(
            world,
            "services:
  - { name: checkout, team: payments, tier: 1, escalation_policy: payments }
  - { name: vault, team: payments, tier: 1, escalation_policy: payments }
change_policy:
  matrix: [ { name: all, approvals: [peer], notice: none } ]
  tier_1_at_once: 1\n",
        )
        .await;
        let at = |service, start, end| planned(service, "deploy", start, end);
        let first = at("checkout", "2026-12-02T10:00:00Z", "2026-12-02T12:00:00Z");
        assert_eq!(agreed(world, first, &["kim"]).await, (1, json!("scheduled")));
        let mut second = at("vault", "2026-12-02T11:00:00Z", "2026-12-02T13:00:00Z");
        second["technician"] = json!("bo");
        let (number, state) = agreed(world, second.clone(), &["kim"]).await;
        assert_eq!(state, "approved");
        let found = conflicts(world, number).await;
        assert_eq!(rules(&found), [("tier_1_at_once", true)]);
        assert!(found["conflicts"][0]["text"].as_str().unwrap().contains("CHG-1"), "{found}");
        assert_eq!(found["next_slot"]["start"], "2026-12-02T12:00:00Z", "when the first one ends");
        second["start"] = json!("2026-12-02T12:00:00Z");
        second["end"] = json!("2026-12-02T14:00:00Z");
        assert_eq!(rules(&conflicts(world, drafted(world, second).await).await), []);
    })
    .await;
}

#[tokio::test]
async fn a_change_for_which_nobody_would_be_paged_waits() {
    on_both_stores(async |world| {
        staff(world).await;
        let text = "escalation_policies:
  - { name: payments, team: payments, steps: [ { after: 0m, targets: [ { user: ana } ] } ] }
  - { name: office, team: payments, repeat: 0, steps: [ { after: 0m, targets: [ { schedule: office } ] } ] }
schedules:
  - name: office
    team: payments
    timezone: Europe/Berlin
    layers:
      - name: hours
        rotation: { every: 1w, handoff: \"Mon 09:00\", start: 2026-01-05, participants: [ana, kim] }
        restrict: [ { from: \"09:00\", to: \"17:00\" } ]
services: [ { name: attic, team: payments, tier: 2, escalation_policy: office } ]
change_policy: { matrix: [ { name: all, approvals: [peer], notice: none } ] }\n";
        apply(world, text).await;
        let covered = planned("attic", "deploy", "2026-12-02T14:00:00Z", "2026-12-02T15:45:00Z");
        let (number, state) = agreed(world, covered, &["kim"]).await;
        assert_eq!(state, "scheduled");
        assert_eq!(rules(&conflicts(world, number).await), [], "taken back at five in Berlin");
        let late = planned("attic", "deploy", "2026-12-02T16:00:00Z", "2026-12-02T18:00:00Z");
        let (number, state) = agreed(world, late, &["kim"]).await;
        assert_eq!(state, "scheduled", "the catch-all would be paged");
        assert_eq!(rules(&conflicts(world, number).await), [("on_call_gap", false)]);
        apply(world, "catch_all: { escalation_policy: office }\n").await;
        let found = conflicts(world, number).await;
        assert_eq!(rules(&found), [("on_call_gap", true)]);
        assert_eq!(found["next_slot"]["start"], "2026-12-03T08:00:00Z", "nine in Berlin");
        let calendar = "/api/v1/changes/calendar?from=2026-12-02T00:00:00Z&to=2026-12-03T00:00:00Z";
        let calendar = world.browser("ana").await.read(calendar).await;
        assert_eq!(calendar["gaps"][0]["service"], "attic", "{calendar}");
    })
    .await;
}

#[tokio::test]
async fn whoever_would_support_it_is_not_in_a_bad_incident() {
    on_both_stores(async |world| {
        staff(world).await;
        apply(
            world,
            "services:
  - { name: checkout, team: payments, tier: 1, escalation_policy: payments }
  - { name: search, escalation_policy: payments }
  - { name: wiki, team: payments, tier: 3, escalation_policy: payments }\n",
        )
        .await;
        let ana = world.browser("ana").await;
        let incident = json!({ "title": "Search is gone", "service": "search", "severity": 1 });
        assert_eq!(ana.post("/api/v1/incidents", incident).await.status, 201);
        world.settle().await;
        let acknowledged = ana.post("/api/v1/incidents/1/acknowledge", json!({})).await;
        assert_eq!(acknowledged.status, 200, "{}", acknowledged.text);
        let at = |start, end| {
            let mut plan = planned("wiki", "deploy", start, end);
            plan["technician"] = json!("kim");
            plan["resolver"] = json!("page-checkout-primary");
            plan
        };
        let soon = drafted(world, at("2026-11-21T06:59:59Z", "2026-11-21T08:00:00Z")).await;
        let found = conflicts(world, soon).await;
        assert_eq!(rules(&found), [("resolver_busy", true)]);
        let text = found["conflicts"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("ana, who would support it, works on incident 1"), "{text}");
        let later = drafted(world, at("2026-11-21T07:00:00Z", "2026-11-21T08:00:00Z")).await;
        assert_eq!(rules(&conflicts(world, later).await), [("resolver_busy", false)], "in 4 hours");
    })
    .await;
}
