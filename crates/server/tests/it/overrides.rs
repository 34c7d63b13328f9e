//! Overrides made while the server runs: taking, giving, taking back, and who may.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

/// A responder of another team.
const EVE: &str = r#"
- name: eve
  full_name: Eve Holt
  email: eve@example.com
  role: responder
  contact_methods: [ { name: mail, type: email, address: eve@example.com } ]
"#;

/// Ana and Bo take turns every day at nine in Berlin; Bo has an override at Christmas.
pub const ROTA: &str = r#"
schedules:
  - name: daily
    team: payments
    timezone: Europe/Berlin
    layers:
      - name: days
        rotation: { every: 1d, handoff: "09:00", start: 2026-11-01, participants: [ana, bo] }
    overrides:
      - { user: bo, from: "2026-12-24T09:00", to: "2026-12-26T09:00" }
escalation_policies:
  - name: payments
    team: payments
    repeat: 0
    steps:
      - { after: 0m, targets: [ { schedule: daily } ] }
"#;

/// Everybody of the harness and Eve, with the rota of these stories.
pub async fn apply_rota(world: &World, rota: &str) {
    let people = world.admin().get("/api/v1/config/export").await.text;
    let users = people.split("teams:").next().unwrap().trim_end();
    let text = format!("{users}{EVE}{rota}");
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

pub async fn on_call(client: &Client<'_>, at: &str) -> String {
    let path = format!("/api/v1/schedules/daily/on-call?at={at}");
    let answer = client.read(&path).await;
    answer["on_call"][0]["user"].as_str().unwrap_or("nobody").to_owned()
}

async fn people(world: &World) -> [Client<'_>; 2] {
    apply_rota(world, ROTA).await;
    world.give_password("ana").await;
    world.give_password("bo").await;
    [world.browser("ana").await, world.browser("bo").await]
}

const OVERRIDES: &str = "/api/v1/schedules/daily/overrides";

#[tokio::test]
async fn somebody_checks_in_as_on_call_in_one_step_and_is_paged_from_then_on() {
    on_both_stores(async |world| {
        let [ana, bo] = people(world).await;
        let has_it = on_call(&ana, "2026-11-21T03:00:00Z").await;
        let (taker, other) = if has_it == "ana" { (&bo, "bo") } else { (&ana, "ana") };
        let taken = taker.post("/api/v1/schedules/daily/take", json!({ "for": "4h" })).await;
        assert_eq!(taken.status, 201, "{}", taken.text);
        let taken = taken.json();
        assert_eq!(
            (&taken["user"], &taken["from"]),
            (&json!(other), &json!("2026-11-21T03:00:00Z"))
        );
        assert_eq!(taken["to"], "2026-11-21T07:00:00Z");
        assert_eq!(on_call(&ana, "2026-11-21T06:59:59Z").await, other);
        assert_eq!(on_call(&ana, "2026-11-21T07:00:00Z").await, has_it);
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        assert_eq!(world.phones.of(other).len(), 1);
        assert_eq!(world.phones.of(&has_it).len(), 0);

        let audit = world.admin().read("/api/v1/audit?limit=20").await;
        let entry =
            audit["items"].as_array().unwrap().iter().find(|e| e["action"] == "override.add");
        assert_eq!(entry.expect("it stands in the audit log")["actor"], other);
    })
    .await;
}

#[tokio::test]
async fn taking_back_puts_things_as_they_were_from_now_on() {
    on_both_stores(async |world| {
        let [ana, bo] = people(world).await;
        let add = |from: &str, to: &str, split: bool| {
            json!({ "from": from, "to": to, "split": split, "reason": "dentist" })
        };
        let first = add("2026-11-25T00:00:00Z", "2026-11-27T00:00:00Z", false);
        let first = ana.post(OVERRIDES, first).await.json();
        let clash = bo.post(OVERRIDES, add("2026-11-26T00:00:00Z", "2026-11-28T00:00:00Z", false)).await;
        let problem = clash.problem(409);
        assert!(problem.contains("ana has an override from 2026-11-25T00:00:00Z"), "{problem}");
        assert_eq!(clash.json()["errors"][0]["path"], "from");

        let second = bo.post(OVERRIDES, add("2026-11-26T00:00:00Z", "2026-11-28T00:00:00Z", true)).await;
        let second = second.json();
        assert_eq!(on_call(&ana, "2026-11-25T23:59:59Z").await, "ana");
        assert_eq!(on_call(&ana, "2026-11-26T00:00:00Z").await, "bo");
        world.advance(SignedDuration::from_hours(24 * 5 + 2)).await;
        // In the middle of it: what has been stays, and the rest is ana's again.
        let id = second["id"].as_str().unwrap();
        assert_eq!(bo.delete(&format!("{OVERRIDES}/{id}")).await.status, 204);
        assert_eq!(on_call(&ana, "2026-11-26T04:00:00Z").await, "bo");
        assert_eq!(on_call(&ana, "2026-11-26T05:00:00Z").await, "ana");
        let gone = bo.delete(&format!("{OVERRIDES}/{id}")).await;
        assert!(gone.problem(409).contains("over"));
        let over = ana.delete(&format!("{OVERRIDES}/{}", first["id"].as_str().unwrap())).await;
        assert!(over.problem(409).contains("what has been stays"));
        let list = ana.read(OVERRIDES).await;
        let users: Vec<_> = list["items"].as_array().unwrap().iter().map(|o| &o["user"]).collect();
        assert_eq!(users, ["ana", "bo", "ana", "bo"], "{list}");
        assert_eq!(list["items"][3]["id"], Value::Null, "that of the file");
    })
    .await;
}

#[tokio::test]
async fn people_plan_for_themselves_and_managers_for_the_team() {
    on_both_stores(async |world| {
        let [ana, bo] = people(world).await;
        let give =
            |user: &str| json!({ "user": user, "from": "2026-11-25T00:00:00Z", "for": "2h" });
        let other = ana.post(OVERRIDES, give("bo")).await;
        assert!(other.problem(403).contains("their own time"));
        let given = bo.post(OVERRIDES, give("ana")).await;
        assert_eq!(given.status, 201, "{}", given.text);
        let id = given.json()["id"].as_str().unwrap().to_owned();
        world.give_password("eve").await;
        let eve = world.browser("eve").await;
        let stranger = eve.post("/api/v1/schedules/daily/take", json!({ "for": "1h" })).await;
        assert_eq!(stranger.status, 403, "somebody who takes no part in it");
        assert_eq!(eve.delete(&format!("{OVERRIDES}/{id}")).await.status, 403);
        assert_eq!(ana.delete(&format!("{OVERRIDES}/{id}")).await.status, 204, "it is her time");
        let nobody =
            world.admin().post("/api/v1/schedules/daily/take", json!({ "for": "1h" })).await;
        assert!(nobody.problem(400).contains("belongs to no person"));
        assert_eq!(world.with_role("responder").post(OVERRIDES, give("ana")).await.status, 403);
        assert_eq!(world.with_role("manager").post(OVERRIDES, give("ana")).await.status, 201);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_place() {
    on_both_stores(async |world| {
        let [ana, bo] = people(world).await;
        let refused = async |body: Value, status: u16, path: &str, words: &str| {
            let answer = bo.post(OVERRIDES, body).await;
            let problem = answer.problem(status);
            assert!(problem.contains(words), "{problem}");
            assert_eq!(answer.json()["errors"][0]["path"], path, "{problem}");
        };
        refused(json!({ "from": "2026-11-20T00:00:00Z", "for": "2h" }), 409, "from", "has passed")
            .await;
        refused(
            json!({ "from": "2026-11-25T00:00:00Z", "to": "2026-11-24T00:00:00Z" }),
            409,
            "to",
            "after",
        )
        .await;
        refused(json!({ "for": "400d" }), 409, "to", "366 days").await;
        refused(json!({ "for": "soon" }), 400, "for", "duration").await;
        refused(json!({}), 400, "to", "until when").await;
        refused(json!({ "user": "zoe", "for": "1h" }), 400, "user", "zoe").await;
        let holiday = json!({ "from": "2026-12-25T00:00:00Z", "for": "2h", "user": "ana" });
        refused(holiday, 409, "from", "in the configuration file").await;
        let gone = ana.delete(&format!("{OVERRIDES}/ovr_00000000000000000000000000000000")).await;
        assert_eq!(gone.status, 404);
        let none = ana.post("/api/v1/schedules/none/take", json!({ "for": "1h" })).await;
        assert_eq!(none.status, 404);
        assert_eq!(
            ana.read(OVERRIDES).await["items"].as_array().unwrap().len(),
            1,
            "nothing changed"
        );
    })
    .await;
}

#[tokio::test]
async fn what_an_override_does_to_the_balance_is_seen_before_it_is_made() {
    on_both_stores(async |world| {
        let [ana, bo] = people(world).await;
        // Saturday 28 November 09:00 to Sunday 09:00 in Berlin is one turn, and so is a weekday.
        let weekend = json!({ "from": "2026-11-28T08:00:00Z", "to": "2026-11-29T08:00:00Z" });
        let (taker, giver, client) = match on_call(&ana, "2026-11-28T12:00:00Z").await.as_str() {
            "ana" => ("bo", "ana", &bo),
            _ => ("ana", "bo", &ana),
        };
        let change = client.post(&format!("{OVERRIDES}/preview"), weekend.clone()).await.json();
        assert_eq!(
            (&change["from"], &change["to"]),
            (&json!("2026-11-21T03:00:00Z"), &json!("2026-12-19T03:00:00Z"))
        );
        assert!(change["shifts_changed"].as_u64().unwrap() > 0, "{change}");
        let people = change["people"].as_array().unwrap();
        let figure = |who: &str, side: &str, figure: &str| {
            let person = people.iter().find(|one| one["user"] == who).unwrap();
            person[side][figure].as_i64().unwrap()
        };
        let more = |who: &str, of: &str| figure(who, "after", of) - figure(who, "before", of);
        for (who, sign) in [(taker, 1), (giver, -1)] {
            assert_eq!(more(who, "on_call_seconds"), sign * 86_400, "{change}");
            assert_eq!(more(who, "night_seconds"), sign * 8 * 3_600, "{change}");
            // For one of them the turn ends in the middle of a night, by their own clocks.
            assert_eq!(more(who, "nights").signum(), sign, "{change}");
            assert_eq!(more(who, "weekend_seconds"), sign * 86_400, "{change}");
        }
        let list = client.read(OVERRIDES).await;
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "nothing was made: {list}");

        // What is shown is what comes true, and what could not be made says why.
        assert_eq!(client.post(OVERRIDES, weekend.clone()).await.status, 201);
        assert_eq!(on_call(&ana, "2026-11-28T12:00:00Z").await, taker);
        let none = client.post(&format!("{OVERRIDES}/preview"), weekend.clone()).await;
        assert!(none.problem(409).contains("has an override from"), "{}", none.text);
        let eve = json!({ "user": giver, "from": weekend["from"], "to": weekend["to"] });
        let foreign = client.post(&format!("{OVERRIDES}/preview"), eve).await;
        assert_eq!(foreign.status, 403, "{}", foreign.text);
    })
    .await;
}
