//! Doing changes step by step: who did which step and when stands in the record, against when it was
//! planned, and what is taken back goes on with the steps of the rollback.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::changes::{plan, staff};
use crate::harness::{Client, World, on_both_stores};

/// A change of Ana's that is under way.
async fn begun(world: &World) -> Value {
    staff(world).await;
    let ana = world.browser("ana").await;
    let drafted = ana.post("/api/v1/changes", json!({ "plan": plan("deploy", 10) })).await;
    assert_eq!(drafted.status, 201, "{}", drafted.text);
    let number = drafted.json()["number"].clone();
    act(&ana, &number, "start", json!({ "excuse": "Nobody can pay" })).await
}

async fn act(client: &Client<'_>, number: &Value, what: &str, body: Value) -> Value {
    let answer = client.post(&format!("/api/v1/changes/{number}/{what}"), body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    answer.json()
}

fn texts(change: &Value, kind: &str) -> Vec<String> {
    let entries = change["history"].as_array().unwrap().iter();
    let of_kind = entries.filter(|one| one["kind"] == kind);
    of_kind.map(|one| one["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_step_says_who_did_it_and_when_against_when_it_was_planned() {
    on_both_stores(async |world| {
        let change = begun(world).await;
        let (number, began) = (change["number"].clone(), change["started_at"].clone());
        let [ana, kim, sam] =
            [world.browser("ana").await, world.browser("kim").await, world.browser("sam").await];
        assert_eq!(change["steps_done"], json!([]));
        act(&ana, &number, "steps", json!({ "step": 1, "run": "timeline" })).await;
        world.advance(SignedDuration::from_mins(13)).await;
        // Somebody else of the team sees to the second, three minutes late.
        let now = act(&kim, &number, "steps", json!({ "step": 2 })).await;
        let ticks = now["steps_done"].as_array().unwrap();
        assert_eq!(ticks.len(), 2);
        assert_eq!((&ticks[0]["step"], &ticks[0]["by"]), (&json!(1), &json!("ana")));
        assert_eq!((&ticks[0]["at"], &ticks[0]["planned_at"]), (&began, &began));
        assert_eq!((&ticks[1]["by"], &ticks[1]["run"]), (&json!("kim"), &json!("timeline")));
        let later = began.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        let planned = later + SignedDuration::from_mins(10);
        assert_eq!(ticks[1]["planned_at"], json!(planned.to_string()));
        assert_eq!(
            texts(&now, "stepped"),
            [
                "Step 1, T+00:00: Look at the dashboard: done, on time",
                "Step 2, T+00:10: Switch over: done, 3 min late"
            ]
        );
        // The same again is no news, and a tick can be taken back.
        let again = act(&ana, &number, "steps", json!({ "step": 2 })).await;
        assert_eq!(again["steps_done"][1]["by"], "kim");
        assert_eq!(texts(&again, "stepped").len(), 2);
        let undone = act(&ana, &number, "steps", json!({ "step": 2, "done": false })).await;
        assert_eq!(undone["steps_done"].as_array().unwrap().len(), 1);
        assert_eq!(
            texts(&undone, "stepped").last().unwrap(),
            "Step 2, T+00:10: Switch over: not done after all"
        );
        assert_eq!(sam.read("/api/v1/changes/1").await["steps_done"][0]["by"], "ana");
        // Who is no party ticks nothing, and what is no step is refused.
        let path = "/api/v1/changes/1/steps";
        sam.post(path, json!({ "step": 3 })).await.problem(403);
        let wrong = ana.post(path, json!({ "step": 5 })).await;
        assert!(wrong.problem(400).contains("has 4 steps, and no step 5"), "{}", wrong.text);
        ana.post(path, json!({ "step": 0 })).await.problem(400);
        ana.post(path, json!({ "step": 1, "run": "rollback" })).await.problem(409);
    })
    .await;
}

#[tokio::test]
async fn what_is_taken_back_goes_on_with_the_steps_of_the_rollback() {
    on_both_stores(async |world| {
        let change = begun(world).await;
        let number = change["number"].clone();
        let ana = world.browser("ana").await;
        act(&ana, &number, "steps", json!({ "step": 1 })).await;
        world.advance(SignedDuration::from_mins(30)).await;
        let back = act(&ana, &number, "abort", json!({ "reason": "Packets are lost" })).await;
        let aborted: jiff::Timestamp = back["aborted_at"].as_str().unwrap().parse().unwrap();
        let path = "/api/v1/changes/1/steps";
        ana.post(path, json!({ "step": 2, "run": "timeline" })).await.problem(409);
        world.advance(SignedDuration::from_mins(2)).await;
        act(&ana, &number, "steps", json!({ "step": 1 })).await;
        let now = act(&ana, &number, "steps", json!({ "step": 2, "run": "rollback" })).await;
        let ticks: Vec<_> = now["steps_done"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["run"].as_str().unwrap(), one["step"].as_i64().unwrap()))
            .collect();
        assert_eq!(ticks, [("timeline", 1), ("rollback", 1), ("rollback", 2)]);
        let planned = aborted + SignedDuration::from_mins(10);
        assert_eq!(now["steps_done"][2]["planned_at"], json!(planned.to_string()));
        let told = texts(&now, "stepped");
        assert_eq!(told[1], "Rollback step 1, T+00:00: Switch over: done, 2 min late");
        assert_eq!(told[2], "Rollback step 2, T+00:10: Look at the dashboard: done, 8 min early");
        let done = act(&ana, &number, "finish", json!({ "outcome": "rolled_back" })).await;
        assert_eq!(done["steps_done"].as_array().unwrap().len(), 3, "the record keeps them");
        ana.post(path, json!({ "step": 1, "done": false })).await.problem(409);
    })
    .await;
}
