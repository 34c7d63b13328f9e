//! The proof ahead over the API: coverage of the policies, the preview of a schedule that is not
//! saved, and the readiness board.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{World, on_both_stores};

/// Ana covers office hours, Bo the rest, but nobody has Saturdays; Sam has mail alone.
const ROTA: &str = r#"
schedules:
  - name: week
    team: payments
    timezone: Europe/Berlin
    layers:
      - name: nights
        rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-11-02, participants: [bo] }
        restrict: [ { days: [mon, tue, wed, thu, sun], from: "17:00", to: "09:00" } ]
      - name: office
        rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-11-02, participants: [ana] }
        restrict: [ { days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00" } ]
escalation_policies:
  - name: payments
    team: payments
    steps: [ { after: 0m, targets: [ { schedule: week } ] } ]
  - name: last
    steps: [ { after: 0m, targets: [ { user: bo } ] } ]
catch_all: { escalation_policy: last }
"#;

async fn apply(world: &World) {
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", ROTA).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn every_hour_without_anybody_is_found_weeks_ahead() {
    on_both_stores(async |world| {
        apply(world).await;
        let client = world.with_role("stakeholder");
        let coverage = client.read("/api/v1/coverage?weeks=2&policy=payments").await;
        assert_eq!(coverage["to"], "2026-12-05T03:00:00Z");
        let gaps: Vec<_> = coverage["items"].as_array().unwrap().iter().collect();
        let times = |gap: &Value| (gap["from"].clone(), gap["to"].clone());
        assert_eq!(
            gaps.iter().map(|gap| times(gap)).collect::<Vec<_>>(),
            [
                (json!("2026-11-21T03:00:00Z"), json!("2026-11-22T16:00:00Z")),
                (json!("2026-11-27T16:00:00Z"), json!("2026-11-29T16:00:00Z")),
                (json!("2026-12-04T16:00:00Z"), json!("2026-12-05T03:00:00Z")),
            ]
        );
        let gap = gaps[1];
        assert_eq!((&gap["trouble"], &gap["weight"]), (&json!("nobody"), &json!("gap")));
        assert_eq!(gap["urgencies"], json!(["high", "low"]));
        assert_eq!(gap["severities"], json!([1, 2, 3]));
        assert!(gap["words"].as_str().unwrap().contains("catch-all"), "{gap}");
        let score = &coverage["score"];
        let share = score["anybody_percent"].as_f64().unwrap();
        assert!((71.0..72.0).contains(&share), "five days of seven: {score}");

        // What the proof says is what happens: the incident that begins in a gap pages the catch-all.
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        assert_eq!(world.phones.of("ana").len(), 0);
        assert_eq!(world.phones.of("bo").len(), 1, "the catch-all is paged at once");
        let all = client.read("/api/v1/coverage").await;
        assert!(all["items"].as_array().unwrap().iter().all(|gap| gap["policy"] == "payments"));
        for wrong in ["weeks=0", "weeks=105", "weeks=soon", "week=1"] {
            assert_eq!(
                client.get(&format!("/api/v1/coverage?{wrong}")).await.status,
                400,
                "{wrong}"
            );
        }
        assert_eq!(client.get("/api/v1/coverage?policy=none").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_schedule_is_seen_before_it_is_saved() {
    on_both_stores(async |world| {
        apply(world).await;
        let admin = world.admin();
        let cover =
            json!({ "user": "ana", "from": "2026-11-28T08:00:00Z", "to": "2026-11-28T20:00:00Z" });
        let made = admin.post("/api/v1/schedules/week/overrides", cover).await;
        assert!(made.status < 300, "{}", made.text);
        let shown = admin.read("/api/v1/schedules/week/document").await;
        let mut document = shown["document"].clone();
        let period = json!({ "from": "2026-11-23T00:00:00Z", "to": "2026-11-30T00:00:00Z" });
        let ask = async |document: &Value| {
            let mut body = period.clone();
            body["document"] = document.clone();
            admin.post("/api/v1/schedules/week/preview", body).await
        };
        let same = ask(&document).await.json();
        assert_eq!(same["shifts_changed"], 0);
        for person in same["people"].as_array().unwrap() {
            assert_eq!(person["before"], person["after"], "{person}");
        }
        let lanes: Vec<_> =
            same["lanes"].as_array().unwrap().iter().map(|lane| &lane["name"]).collect();
        assert_eq!(lanes, ["final", "overrides", "office", "nights"]);
        let gaps = json!([
            { "from": "2026-11-27T16:00:00Z", "to": "2026-11-28T08:00:00Z" },
            { "from": "2026-11-28T20:00:00Z", "to": "2026-11-29T16:00:00Z" },
        ]);
        assert_eq!(same["gaps"], gaps, "what was planned meanwhile counts");

        document["layers"][0]["restrict"] = json!([]);
        let fuller = ask(&document).await.json();
        assert_eq!(fuller["gaps"], json!([]));
        let bo = fuller["people"].as_array().unwrap().iter().find(|one| one["user"] == "bo");
        let bo = |side: &str, figure: &str| bo.unwrap()[side][figure].as_i64().unwrap();
        let more = |figure: &str| bo("after", figure) - bo("before", figure);
        assert_eq!(more("on_call_seconds"), 36 * 3_600);
        assert_eq!(
            admin.read("/api/v1/schedules/week/document").await["document"],
            shown["document"]
        );

        document["layers"][0]["rotation"]["every"] = json!("90m90");
        let wrong = ask(&document).await;
        wrong.problem(422);
        assert_eq!(wrong.json()["errors"][0]["path"], "layers[0].rotation.every");
        let new = json!({ "document": { "layers": [] } });
        let empty = admin.post("/api/v1/schedules/new/preview", new).await.json();
        assert_eq!(empty["gaps"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_board_says_who_cannot_be_woken_and_what_is_not_covered() {
    on_both_stores(async |world| {
        apply(world).await;
        let export = world.admin().get("/api/v1/config/export").await.text;
        let mail = "contact_methods: [ { name: mail, type: email, address: cy@example.com } ]";
        let cy =
            format!("users:\n- {{ name: cy, email: cy@example.com, role: responder, {mail} }}\n");
        let export = export.replacen("users:\n", &cy, 1);
        let applied = world.admin().send(Method::POST, "/api/v1/config/apply", export).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        world.give_password("bo").await;
        let bo = world.browser("bo").await;
        let board = bo.read("/api/v1/readiness").await;
        let person = |board: &Value, name: &str| {
            let mut people = board["people"].as_array().unwrap().iter();
            people.find(|person| person["user"] == name).unwrap().clone()
        };
        let ana = person(&board, "ana");
        assert_eq!(ana["schedules"], json!(["week"]));
        assert_eq!(
            (&ana["has_critical_method"], &ana["heard_lately"]),
            (&json!(true), &json!(false))
        );
        assert!(ana["advice"][0].as_str().unwrap().contains("test"), "{ana}");
        let cy = person(&board, "cy");
        assert_eq!(cy["has_critical_method"], false);
        assert!(cy["advice"][0].as_str().unwrap().contains("wakes"), "{cy}");
        assert!(person(&board, "root")["advice"][0].as_str().unwrap().contains("nobody can page"));
        assert!(board["people"].as_array().unwrap().iter().all(|person| person["user"] != "sam"));
        let team = &board["teams"][0];
        assert_eq!(
            (&team["team"], &team["members"], &team["members_ready"]),
            (&json!("payments"), &json!(2), &json!(2))
        );
        assert_eq!(team["next_gap"], "2026-11-21T03:00:00Z");
        let service = &board["services"][0];
        assert_eq!((&service["service"], &service["gaps"]), (&json!("checkout"), &json!(9)));
        assert_eq!(board["clock_changes"], json!([]));
        let far = bo.read("/api/v1/readiness?weeks=26").await;
        let change = &far["clock_changes"][0];
        assert_eq!(
            (&change["schedule"], &change["at"]),
            (&json!("week"), &json!("2027-03-28T01:00:00Z"))
        );
        assert_eq!(change["offset_after_seconds"], 7_200);

        let tested =
            world.admin().post("/api/v1/users/ana/contact-methods/phone/test", json!({})).await;
        assert_eq!(tested.status, 202, "{}", tested.text);
        world.settle().await;
        let ana = person(&bo.read("/api/v1/readiness").await, "ana");
        assert_eq!((&ana["heard_lately"], &ana["advice"]), (&json!(true), &json!([])));
        assert_eq!(ana["methods"][0]["last_accepted_at"], "2026-11-21T03:00:00Z");
        world.advance(SignedDuration::from_hours(31 * 24)).await;
        let ana = person(&world.admin().read("/api/v1/readiness").await, "ana");
        assert_eq!(ana["heard_lately"], false);
    })
    .await;
}
