//! Every row of the matrix that ships (`X6`), walked through its people on both stores, with the edges
//! of its notice: 48 hours and five business days over the weekend on which clocks change.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::changes::{plan, staff};
use crate::harness::{Client, World, on_both_stores};

/// Services of every tier.
const SERVICES: &str = "services:
  - { name: checkout, team: payments, tier: 1, escalation_policy: payments }
  - { name: ledger, team: payments, tier: 2, escalation_policy: payments }
  - { name: wiki, team: payments, tier: 3, escalation_policy: payments }
";

async fn apply(world: &World, text: &str) {
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text.to_owned()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn organization(world: &World) {
    staff(world).await;
    apply(world, SERVICES).await;
}

/// A plan of two hours.
fn planned(service: &str, class: &str, start: &str) -> Value {
    let mut plan = plan(class, 0);
    let begin: Timestamp = start.parse().unwrap();
    plan["service"] = json!(service);
    plan["start"] = json!(start);
    plan["end"] = json!((begin + jiff::SignedDuration::from_hours(2)).to_string());
    plan
}

fn with(mut plan: Value, changes: Value) -> Value {
    plan.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    plan
}

async fn advance_to(world: &World, instant: &str) {
    let at: Timestamp = instant.parse().unwrap();
    world.advance(at.duration_since(world.app.now())).await;
    assert_eq!(world.app.now(), at);
}

async fn check(client: &Client<'_>, plan: &Value) -> Value {
    client.post("/api/v1/changes/check", plan.clone()).await.json()["assessment"].clone()
}

fn approvers(change: &Value) -> Vec<&str> {
    let all = change["approvals"].as_array().unwrap().iter();
    all.map(|one| one["approver"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_row_of_the_matrix_is_agreed_to_by_its_people_in_order() {
    const RISKY: &str = r#"{ "impact": "customer_wide", "confidence": "low" }"#;
    const CALM: &str =
        r#"{ "impact": "none", "confidence": "high", "automation": "full", "customers": [] }"#;
    const WIDE: &str = r#"{ "company_wide": true, "customers": [] }"#;
    // Who agrees is Kim, the peer; Bo, the manager; Sam, the customer; Vera, the VP.
    let rows = [
        ("checkout", "network", "{}", "tier-1-network", &["peer", "manager", "vp"][..]),
        ("checkout", "network", WIDE, "tier-1-network", &["peer", "manager", "vp"]),
        ("checkout", "deploy", CALM, "tier-1", &["peer", "manager"]),
        ("checkout", "deploy", "{}", "tier-1", &["peer", "manager", "customer"]),
        ("checkout", "deploy", RISKY, "tier-1", &["peer", "manager", "customer", "vp"]),
        ("ledger", "network", "{}", "tier-2", &["peer", "manager"]),
        ("ledger", "deploy", RISKY, "tier-2", &["peer", "manager"]),
        ("wiki", "deploy", CALM, "internal-low-risk", &["peer"]),
        ("wiki", "deploy", RISKY, "otherwise", &["peer", "manager"]),
    ];
    on_both_stores(async |world| {
        organization(world).await;
        let ana = world.browser("ana").await;
        for (day, (service, class, more, row, people)) in rows.iter().enumerate() {
            // One after the other, so that none is in another's way.
            let start = format!("2026-12-{:02}T10:00:00Z", day + 8);
            let plan = with(planned(service, class, &start), serde_json::from_str(more).unwrap());
            let answer = ana.post("/api/v1/changes", json!({ "plan": plan, "submit": true })).await;
            assert_eq!(answer.status, 201, "{row}: {}", answer.text);
            let change = answer.json();
            assert_eq!(change["assessment"]["row"], *row, "{service} {class} {more}");
            assert_eq!(approvers(&change), *people, "{service} {class} {more}");
            let because = change["assessment"]["because"].to_string();
            assert!(because.contains(row), "the record says why: {because}");
            let number = change["number"].as_i64().unwrap();
            for (position, approver) in people.iter().enumerate() {
                let name = match *approver {
                    "peer" => "kim",
                    "manager" => "bo",
                    "customer" => "sam",
                    _ => "vera",
                };
                let path = format!("/api/v1/changes/{number}/approve");
                let answer = world.browser(name).await.post(&path, json!({ "revision": 1 })).await;
                assert_eq!(answer.status, 200, "{row} {name}: {}", answer.text);
                let is_last = position + 1 == people.len();
                let state = if is_last { "scheduled" } else { "in_review" };
                assert_eq!(answer.json()["state"], state, "{row} after {name}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn notice_is_kept_to_the_second_over_the_weekend_on_which_clocks_change() {
    on_both_stores(async |world| {
        organization(world).await;
        let ana = world.browser("ana").await;
        // Months pass: whoever was signed in signs in again.
        let submit = async |plan: Value| {
            let body = json!({ "plan": plan, "submit": true });
            world.browser("ana").await.post("/api/v1/changes", body).await
        };
        // In Berlin it is winter until 28 March 2027: this Monday, nine o'clock is at seven of UTC.
        const START: &str = "2027-03-29T07:00:00Z";
        let network = planned("checkout", "network", START);
        let asked = check(&ana, &network).await;
        assert_eq!(asked["notice"], "5 business days");
        assert_eq!(asked["notice_until"], "2027-03-22T08:00:00Z", "nine o'clock, in winter");
        advance_to(world, "2027-03-22T08:00:00Z").await;
        let kept = submit(network.clone()).await;
        assert_eq!(kept.status, 201, "{}", kept.text);
        world.advance(jiff::SignedDuration::from_secs(1)).await;
        let late = submit(network.clone()).await.problem(422);
        assert!(late.contains("5 business days") && late.contains("tier-1-network"), "{late}");

        // Forty-eight hours are hours: at eight in winter for nine in summer.
        let ana = world.browser("ana").await;
        let ledger = planned("ledger", "deploy", START);
        let asked = check(&ana, &ledger).await;
        assert_eq!(asked["notice_until"], "2027-03-27T07:00:00Z");
        let early = submit(planned("ledger", "deploy", "2027-03-29T11:00:00Z")).await;
        assert_eq!(early.status, 201, "{}", early.text);
        advance_to(world, "2027-03-27T07:00:00Z").await;
        let kept = submit(ledger.clone()).await;
        assert_eq!(kept.status, 201, "{}", kept.text);
        let path = format!("/api/v1/changes/{}", kept.json()["number"]);
        assert_eq!(ana.read(&path).await["assessment"]["emergent"], false, "48 hours before");
        world.advance(jiff::SignedDuration::from_secs(1)).await;
        let late = submit(ledger).await.problem(422);
        assert!(late.contains("48") && late.contains("tier-2"), "{late}");
        let emergent = ana.read(&path).await;
        assert_eq!(emergent["assessment"]["emergent"], true, "nobody has agreed to it yet");
        assert_eq!(approvers(&emergent), ["peer", "manager", "vp"]);
    })
    .await;
}

#[tokio::test]
async fn holidays_are_no_business_days_on_either_store() {
    on_both_stores(async |world| {
        organization(world).await;
        let ana = world.browser("ana").await;
        let network = planned("checkout", "network", "2027-03-30T07:00:00Z");
        let until = async || check(&ana, &network).await["notice_until"].clone();
        assert_eq!(until().await, "2027-03-23T08:00:00Z");
        // Good Friday and Easter Monday.
        apply(
            world,
            "organization: { name: Shop, timezone: Europe/Berlin, \
             holidays: [2027-03-26, 2027-03-29] }\n",
        )
        .await;
        assert_eq!(until().await, "2027-03-19T08:00:00Z");
    })
    .await;
}

#[tokio::test]
async fn a_step_on_a_host_that_no_service_has_is_refused_with_its_place() {
    on_both_stores(async |world| {
        staff(world).await;
        apply(
            world,
            "services: [ { name: checkout, team: payments, tier: 1, escalation_policy: payments, \
             hosts: [ \"sw[1-2]\", \"web-*\" ] } ]\n",
        )
        .await;
        let ana = world.browser("ana").await;
        let mut wanted = planned("checkout", "deploy", "2026-12-08T10:00:00Z");
        wanted["rollback"][0]["hosts"] = json!(["sw2", "ws2"]);
        let body = json!({ "plan": wanted, "submit": true });
        let refused = ana.post("/api/v1/changes", body).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        let errors = &refused.json()["errors"];
        assert_eq!(errors.as_array().unwrap().len(), 1, "{errors}");
        assert_eq!(errors[0]["path"], "plan.rollback[0].hosts");
        assert!(errors[0]["message"].as_str().unwrap().contains("`ws2`"), "{errors}");
        wanted["rollback"][0]["hosts"] = json!(["sw2", "web-2"]);
        let taken = ana.post("/api/v1/changes", json!({ "plan": wanted, "submit": true })).await;
        assert_eq!(taken.status, 201, "{}", taken.text);
        let wrong =
            "services: [ { name: checkout, escalation_policy: payments, hosts: [ \"a[\" ] } ]\n";
        let answer = world.admin().send(Method::POST, "/api/v1/config/apply", wrong).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.contains("`a[` is no pattern"), "{}", answer.text);
        let export = world.admin().get("/api/v1/config/export").await.text;
        assert!(export.contains("web-*"), "{export}");
    })
    .await;
}
