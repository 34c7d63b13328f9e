//! Gates (`J4`): testers validate, the lead signs off, a waiver says why; restored, resolved and closed
//! are moves of their own. Where nobody holds a role there is nothing to pass.

use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const GATES: &str = "/api/v1/incidents/1/gates";
const RESOLVE: &str = "/api/v1/incidents/1/resolve";

async fn declared(world: &World, severity: u8) {
    let report = json!({ "title": "Nobody can pay", "service": "checkout", "severity": severity });
    assert_eq!(world.admin().post("/api/v1/incidents", report).await.status, 201);
    for name in ["ana", "bo"] {
        world.give_password(name).await;
    }
}

async fn give(client: &Client<'_>, role: &str, user: &str) {
    let path = format!("/api/v1/incidents/1/roles/{role}");
    let answer = client.post(&path, json!({ "user": user })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn pass(client: &Client<'_>, gate: &str) -> Value {
    let answer = client.post(&format!("{GATES}/{gate}/pass"), json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn said(client: &Client<'_>, kind: &str) -> Vec<String> {
    let timeline = client.read("/api/v1/incidents/1/timeline?limit=500").await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn it_is_over_when_the_testers_have_validated_and_the_lead_has_signed_off() {
    on_both_stores(async |world: &World| {
        declared(world, 1).await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        give(&ana, "incident-lead", "ana").await;
        give(&ana, "tester", "bo").await;
        let why = "incident 1 is not over yet: bo has not validated it and ana has not signed it \
                   off; waive a gate with a reason if it must be";
        assert_eq!(ana.post(RESOLVE, json!({})).await.problem(409), why);
        let early = bo.post(&format!("{GATES}/validated/pass"), json!({})).await;
        assert_eq!(
            early.problem(409),
            "incident 1 is triggered; say first that customers are well again"
        );

        assert_eq!(ana.post("/api/v1/incidents/1/restore", json!({})).await.status, 200);
        let gates = pass(&ana, "signed_off").await;
        assert_eq!(gates["gates"][0]["missing"], json!(["bo"]));
        assert_eq!(gates["gates"][1]["open"], true);
        let why = ana.post(RESOLVE, json!({})).await.problem(409);
        assert!(why.contains("bo has not validated it;"), "{why}");
        assert_eq!(pass(&bo, "validated").await["open"], true);
        assert_eq!(ana.post(RESOLVE, json!({})).await.status, 200);
        assert_eq!(said(&ana, "gate_passed").await.len(), 2);

        assert_eq!(ana.post("/api/v1/incidents/1/reopen", json!({})).await.status, 200);
        assert_eq!(ana.read(GATES).await["open"], false, "all of it is to be said anew");
    })
    .await;
}

#[tokio::test]
async fn a_gate_is_waived_with_a_reason_and_taken_back() {
    on_both_stores(async |world: &World| {
        declared(world, 1).await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        give(&ana, "incident-lead", "ana").await;
        let waive = format!("{GATES}/validated/waive");
        let silent = ana.post(&waive, json!({ "reason": " " })).await;
        assert_eq!(silent.problem(400), "reason: say why, in 1 to 500 characters");
        let waived = ana.post(&waive, json!({ "reason": "nobody else is awake" })).await;
        assert_eq!(waived.json()["gates"][0]["open"], true, "{}", waived.text);
        assert_eq!(
            said(&ana, "gate_waived").await,
            ["Waived the testers' validation: nobody else is awake"]
        );
        let back = ana.post(&format!("{GATES}/validated/take-back"), json!({})).await;
        assert_eq!(back.json()["gates"][0]["open"], false);

        assert_eq!(ana.post("/api/v1/incidents/1/restore", json!({})).await.status, 200);
        pass(&bo, "validated").await;
        pass(&bo, "signed_off").await;
        let gates = ana.read(GATES).await;
        assert_eq!(gates["gates"][0]["open"], true, "where nobody tests, anybody may");
        assert_eq!(gates["gates"][1]["missing"], json!(["ana"]), "the lead has the say");
        let wrong = ana.post(&format!("{GATES}/blessed/pass"), json!({})).await;
        assert_eq!(wrong.problem(400), "gate: must be one of validated, signed_off");
    })
    .await;
}

#[tokio::test]
async fn what_one_engineer_mends_has_no_gates_and_a_lesser_severity_has_fewer() {
    on_both_stores(async |world: &World| {
        declared(world, 1).await;
        let ana = world.browser("ana").await;
        assert_eq!(ana.post("/api/v1/incidents/1/acknowledge", json!({})).await.status, 200);
        assert_eq!(ana.read(GATES).await, json!({ "gates": [], "open": true }));
        assert_eq!(ana.post(RESOLVE, json!({})).await.status, 200);

        let report = json!({ "title": "Slow", "service": "checkout", "severity": 2 });
        assert_eq!(ana.post("/api/v1/incidents", report).await.status, 201);
        let lead = "/api/v1/incidents/2/roles/incident-lead";
        assert_eq!(ana.post(lead, json!({ "user": "ana" })).await.status, 200);
        let gates = ana.read("/api/v1/incidents/2/gates").await;
        let names: Vec<_> =
            gates["gates"].as_array().unwrap().iter().map(|one| one["gate"].clone()).collect();
        assert_eq!(names, ["signed_off"]);
    })
    .await;
}
