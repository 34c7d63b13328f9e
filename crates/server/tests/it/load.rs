//! What being on call cost whom, and the record that later changes do not rewrite.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, on_both_stores};
use crate::overrides::{ROTA, apply_rota};

const HOUR: i64 = 3_600;

async fn people(client: &Client<'_>, query: &str) -> Vec<Value> {
    let report = client.read(&format!("/api/v1/reports/on-call?{query}")).await;
    report["people"].as_array().unwrap().clone()
}

fn of<'a>(people: &'a [Value], user: &str) -> &'a Value {
    people.iter().find(|person| person["user"] == user).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn figures_of_one_person_are_for_that_person_and_those_who_lead_them() {
    on_both_stores(async |world| {
        apply_rota(world, ROTA).await;
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        // Saturday 09:00 to Monday 09:00 in Berlin: ana and bo have a day each.
        let query = "from=2026-11-28T08:00:00Z&to=2026-11-30T08:00:00Z";
        let report = ana.read(&format!("/api/v1/reports/on-call?{query}")).await;
        assert_eq!((&report["people_count"], &report["others_hidden"]), (&json!(2), &json!(true)));
        assert_eq!(report["people"].as_array().unwrap().len(), 1);
        assert_eq!(report["people"][0]["user"], "ana");
        assert_eq!(report["people"][0]["on_call_seconds"], 24 * HOUR);
        assert_eq!(report["people"][0]["nights"], 1);
        assert_eq!(report["total"]["on_call_seconds"], 48 * HOUR);

        let all = people(&world.with_role("manager"), query).await;
        assert_eq!(all.len(), 2);
        // Bo lives in New York, where the shift from 03:00 to 03:00 has three and two hours of night.
        let weekend: i64 = all.iter().map(|p| p["weekend_seconds"].as_i64().unwrap()).sum();
        assert!(weekend > 24 * HOUR, "{all:?}");
        assert_eq!(people(&world.with_role("stakeholder"), query).await.len(), 0);
        let team = people(&world.admin(), &format!("{query}&team=payments&schedule=daily")).await;
        assert_eq!(team, all);
        let none = ana.get("/api/v1/reports/on-call?schedule=none").await;
        assert_eq!(none.status, 404);
        let long = ana
            .get("/api/v1/reports/on-call?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z")
            .await;
        assert_eq!(long.status, 400, "{}", long.text);
    })
    .await;
}

#[tokio::test]
async fn holidays_and_call_outs_are_in_the_record() {
    on_both_stores(async |world| {
        let rota = format!("organization: {{ name: Shop, timezone: Europe/Berlin, holidays: [2026-11-22] }}\n{ROTA}");
        let rota = rota.replace("organization: {", "organization:\n  {");
        let export = world.admin().get("/api/v1/config/export").await.text;
        assert!(!export.contains("holidays"));
        apply_rota(world, ROTA).await;
        let organization = rota.split("schedules:").next().unwrap().to_owned();
        let answer = world.admin().send(Method::POST, "/api/v1/config/apply", organization).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let exported = world.admin().get("/api/v1/config/export").await.text;
        assert!(exported.contains("2026-11-22"), "{exported}");

        for key in ["disk", "net"] {
            world.event("trigger", key, "critical").await;
            world.settle().await;
            world.event("resolve", key, "critical").await;
            world.advance(SignedDuration::from_hours(1)).await;
        }
        world.advance(SignedDuration::from_hours(48)).await;
        let manager = world.with_role("manager");
        let query = "from=2026-11-21T03:00:00Z&to=2026-11-23T03:00:00Z";
        let all = people(&manager, query).await;
        let calls: i64 = all.iter().map(|p| p["call_outs"].as_i64().unwrap()).sum();
        assert_eq!(calls, 2, "{all:?}");
        let holiday: i64 = all.iter().map(|p| p["holiday_seconds"].as_i64().unwrap()).sum();
        assert!(holiday >= 22 * HOUR, "{all:?}");
    })
    .await;
}

#[tokio::test]
async fn a_later_change_of_the_rotation_does_not_rewrite_who_was_on_call() {
    on_both_stores(async |world| {
        apply_rota(world, ROTA).await;
        world.settle().await;
        let manager = world.with_role("manager");
        world.advance(SignedDuration::from_hours(48)).await;
        let query = "from=2026-11-21T03:00:00Z&to=2026-11-23T03:00:00Z";
        let before = people(&manager, query).await;
        assert_eq!(before.len(), 2, "{before:?}");
        let bos = of(&before, "bo")["on_call_seconds"].clone();
        let changed = ROTA.replace("participants: [ana, bo]", "participants: [ana]");
        let applied = world.admin().send(Method::POST, "/api/v1/config/apply", changed).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        world.advance(SignedDuration::from_hours(24)).await;
        let after = people(&manager, query).await;
        assert_eq!(after, before, "the past is as it was");
        assert_eq!(of(&after, "bo")["on_call_seconds"], bos);
        let later = people(&manager, "from=2026-11-23T03:00:00Z&to=2026-11-30T03:00:00Z").await;
        assert_eq!(later.len(), 1, "{later:?}");
        assert_eq!(of(&later, "ana")["on_call_seconds"], 7 * 24 * HOUR);
    })
    .await;
}
