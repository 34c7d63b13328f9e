//! What is in the way of changes (`X9`) and their calendar (`X12`): what is agreed to and blocked waits
//! until it is moved or somebody says why it goes on, and is looked at again 48 hours before and at
//! its beginning.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::changes::{plan, staff};
use crate::harness::{Client, World, on_both_stores};

/// A day of the stories, at an hour.
fn at(days: i64, hours: i64) -> String {
    let begin: jiff::Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
    (begin + SignedDuration::from_hours(24 * days + hours)).to_string()
}

/// A plan for the checkout by somebody, from an hour of a day, for two hours.
fn planned(technician: &str, days: i64, hours: i64) -> Value {
    let mut plan = plan("deploy", days);
    plan["technician"] = json!(technician);
    plan["start"] = json!(at(days, hours));
    plan["end"] = json!(at(days, hours + 2));
    plan
}

async fn approve(world: &World, number: i64, revision: u32, people: &[&str]) -> Value {
    let mut last = Value::Null;
    for name in people {
        let path = format!("/api/v1/changes/{number}/approve");
        let client = world.browser(name).await;
        let answer = client.post(&path, json!({ "revision": revision })).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        last = answer.json();
    }
    last
}

/// Submits a change of somebody's and has everybody agree; says where it stands then.
async fn agreed(world: &World, technician: &str, plan: Value) -> (i64, Value) {
    let body = json!({ "plan": plan, "submit": true });
    let answer = world.browser(technician).await.post("/api/v1/changes", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let number = answer.json()["number"].as_i64().unwrap();
    let peer = if technician == "ana" { "kim" } else { "ana" };
    let last = approve(world, number, 1, &[peer, "bo", "sam"]).await;
    (number, last["state"].clone())
}

async fn act(client: &Client<'_>, number: i64, what: &str, body: Value) -> Value {
    let answer = client.post(&format!("/api/v1/changes/{number}/{what}"), body).await;
    assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    answer.json()
}

async fn state(client: &Client<'_>, number: i64) -> Value {
    client.read(&format!("/api/v1/changes/{number}")).await["state"].clone()
}

fn rules(conflicts: &Value) -> Vec<(&str, bool)> {
    let all = conflicts["conflicts"].as_array().unwrap().iter();
    all.map(|one| (one["rule"].as_str().unwrap(), one["blocking"].as_bool().unwrap())).collect()
}

#[tokio::test]
async fn a_second_change_of_the_service_waits_until_a_reason_stands_in_its_record() {
    on_both_stores(async |world| {
        staff(world).await;
        let kim = world.browser("kim").await;
        assert_eq!(agreed(world, "ana", planned("ana", 10, 0)).await, (1, json!("scheduled")));
        assert_eq!(agreed(world, "kim", planned("kim", 10, 1)).await, (2, json!("approved")));
        let found = kim.read("/api/v1/changes/2/conflicts").await;
        assert_eq!(rules(&found)[0], ("same_service", true), "{found}");
        assert_eq!(
            (&found["blocked"], &found["conflicts"][0]["change"]),
            (&json!(true), &json!(1))
        );
        assert_eq!(found["next_slot"]["start"], json!(at(10, 2)), "when the other one ends");
        let change = kim.read("/api/v1/changes/2").await;
        let told = change["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(told["kind"], "blocked");
        assert!(told["text"].as_str().unwrap().contains("CHG-1"), "{told}");

        let short = json!({ "reason": "why not" });
        kim.post("/api/v1/changes/2/override", short).await.problem(422);
        let strangers = world.browser("sam").await;
        let reason = json!({ "reason": "The other one only reads" });
        strangers.post("/api/v1/changes/2/override", reason.clone()).await.problem(403);
        let on = act(&kim, 2, "override", reason.clone()).await;
        assert_eq!(on["state"], "scheduled");
        let kinds: Vec<_> =
            on["history"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
        assert_eq!(kinds[kinds.len() - 2..], ["overridden", "scheduled"]);
        let found = kim.read("/api/v1/changes/2/conflicts").await;
        assert_eq!(found["blocked"], false);
        assert_eq!(found["conflicts"][0]["overridden"], true);
        assert_eq!(found["overrides"][0]["reason"], "The other one only reads");
        assert_eq!(found["overrides"][0]["by"], "kim");
        kim.post("/api/v1/changes/2/override", reason).await.problem(409);
    })
    .await;
}

#[tokio::test]
async fn what_begins_when_the_other_ends_is_in_nobodys_way_and_what_is_moved_there_is_free() {
    on_both_stores(async |world| {
        staff(world).await;
        let kim = world.browser("kim").await;
        agreed(world, "ana", planned("ana", 10, 0)).await;
        assert_eq!(agreed(world, "kim", planned("kim", 10, -2)).await, (2, json!("scheduled")));
        assert_eq!(rules(&kim.read("/api/v1/changes/2/conflicts").await), [("rollback", false)]);
        assert_eq!(agreed(world, "kim", planned("kim", 10, 1)).await, (3, json!("approved")));
        let slot = kim.read("/api/v1/changes/next-slot?change=3").await;
        let from = format!("/api/v1/changes/next-slot?change=3&from={}", at(10, -1));
        assert_eq!(slot["slot"]["start"], "2026-11-23T03:00:00Z", "48 hours from now");
        assert_eq!(kim.read(&from).await["slot"]["start"], json!(at(10, 2)));
        let body = json!({ "plan": planned("kim", 10, 2), "revision": 1 });
        let moved = kim.put("/api/v1/changes/3", body).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        // The peer agreed to no time.
        let last = approve(world, 3, 2, &["bo", "sam"]).await;
        assert_eq!(last["state"], "scheduled");
    })
    .await;
}

#[tokio::test]
async fn it_is_looked_at_again_48_hours_before_and_goes_on_by_itself_when_the_way_is_free() {
    on_both_stores(async |world| {
        staff(world).await;
        let ana = world.browser("ana").await;
        assert_eq!(agreed(world, "ana", planned("ana", 10, 0)).await, (1, json!("scheduled")));
        let leave = json!({ "from": at(10, 1), "to": at(11, 0), "reason": "a wedding" });
        let leave = ana.post("/api/v1/users/ana/absences", leave).await;
        assert_eq!(leave.status, 201, "{}", leave.text);
        world.advance(SignedDuration::from_hours(8 * 24 - 1)).await;
        assert_eq!(state(&ana, 1).await, "scheduled", "49 hours before");
        world.advance(SignedDuration::from_hours(1)).await;
        world.settle().await;
        assert_eq!(state(&ana, 1).await, "approved");
        let heard = world.phones.of("ana");
        let is_told = |one: &Value| {
            one["notification"]["subject"].as_str().is_some_and(|it| it.contains("held up"))
        };
        assert!(heard.iter().any(is_told), "{heard:?}");
        let found = ana.read("/api/v1/changes/1/conflicts").await;
        assert_eq!(rules(&found), [("technician_away", true)]);
        let id = leave.json()["absence"]["id"].as_str().unwrap().to_owned();
        assert_eq!(ana.delete(&format!("/api/v1/users/ana/absences/{id}")).await.status, 204);
        world.advance(SignedDuration::from_hours(1)).await;
        world.settle().await;
        assert_eq!(state(&ana, 1).await, "scheduled");
    })
    .await;
}

#[tokio::test]
async fn an_open_incident_nearby_refuses_the_start_but_never_a_fix_with_a_reason() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, kim] = [world.browser("ana").await, world.browser("kim").await];
        agreed(world, "ana", planned("ana", 10, 0)).await;
        world.advance(SignedDuration::from_hours(10 * 24)).await;
        let incident = json!({ "title": "Nobody can pay", "service": "checkout", "severity": 2 });
        assert_eq!(kim.post("/api/v1/incidents", incident).await.status, 201);
        let refused = ana.post("/api/v1/changes/1/start", json!({})).await;
        assert!(refused.problem(422).contains("incident 1"), "{}", refused.text);
        let excuse = json!({ "excuse": "It is what mends the incident" });
        assert_eq!(act(&ana, 1, "start", excuse).await["state"], "in_progress");
        let found = ana.read("/api/v1/changes/1/conflicts").await;
        assert_eq!(found["overrides"][0]["reason"], "It is what mends the incident");
        // What nobody has agreed to begins all the same, if it is a fix.
        let draft = json!({ "plan": planned("kim", 12, 0) });
        assert_eq!(kim.post("/api/v1/changes", draft).await.status, 201);
        let fix = json!({ "excuse": "Nobody can pay right now" });
        assert_eq!(act(&kim, 2, "start", fix).await["origin"], "fix_first");
    })
    .await;
}

#[tokio::test]
async fn a_restricted_incident_is_in_the_way_without_a_name() {
    on_both_stores(async |world| {
        staff(world).await;
        let [ana, kim] = [world.browser("ana").await, world.browser("kim").await];
        let body = json!({ "title": "Stolen keys", "service": "checkout", "severity": 1,
            "restricted": { "reason": "security", "users": ["kim"] } });
        let answer = kim.post("/api/v1/incidents", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let body = json!({ "plan": planned("ana", 0, 3) });
        assert_eq!(ana.post("/api/v1/changes", body).await.status, 201);
        let found = ana.read("/api/v1/changes/1/conflicts").await;
        assert_eq!(rules(&found), [("incident", true)]);
        assert_eq!(found["conflicts"][0]["incident"], Value::Null);
        let told = found.to_string();
        assert!(!told.contains("Stolen") && !told.contains("ncident 1"), "{told}");
        let calendar = format!("/api/v1/changes/calendar?from={}&to={}", at(-1, 0), at(1, 0));
        assert_eq!(world.browser("sam").await.read(&calendar).await["incidents"], json!([]));
        assert_eq!(kim.read(&calendar).await["incidents"][0]["title"], "Stolen keys");
        let copy = kim.read("/api/v1/changes/calendar/files").await.to_string();
        assert!(!copy.contains("Stolen"), "whoever asks for it: {copy}");
    })
    .await;
}

#[tokio::test]
async fn a_free_time_is_found_for_what_is_not_written_yet_and_bad_questions_are_refused() {
    on_both_stores(async |world| {
        staff(world).await;
        let ana = world.browser("ana").await;
        agreed(world, "ana", planned("ana", 10, 0)).await;
        let ask = |more: &str| {
            let from = at(10, -1);
            format!("/api/v1/changes/next-slot?service=checkout&takes=2h&from={from}{more}")
        };
        assert_eq!(ana.read(&ask("")).await["slot"]["start"], json!(at(10, 2)));
        let until = ask(&format!("&until={}", at(10, 2)));
        assert_eq!(ana.read(&until).await["slot"], Value::Null);
        for (wrong, words) in [
            ("service=checkout", "say how long"),
            ("service=nothing&takes=2h", "nothing"),
            ("takes=2h", "a change or a service"),
            ("change=99", "99"),
            ("service=checkout&takes=soon", "not a duration"),
            ("service=checkout&takes=2h&until=2029-01-01T00:00:00Z", "60 days"),
        ] {
            let answer = ana.get(&format!("/api/v1/changes/next-slot?{wrong}")).await;
            assert!((400..500).contains(&answer.status), "{wrong}: {}", answer.text);
            assert!(answer.text.contains(words), "{wrong}: {}", answer.text);
        }
    })
    .await;
}

#[tokio::test]
async fn the_calendar_shows_what_stands_in_a_time_and_a_link_shows_it_to_other_programs() {
    on_both_stores(async |world| {
        staff(world).await;
        let ana = world.browser("ana").await;
        agreed(world, "ana", planned("ana", 10, 0)).await;
        let cancelled = json!({ "plan": planned("kim", 10, 4), "submitter": "ana" });
        assert_eq!(world.admin().post("/api/v1/changes", cancelled).await.status, 201);
        let read = |from: i64, to: i64, more: &str| {
            format!("/api/v1/changes/calendar?from={}&to={}{more}", at(10, from), at(10, to))
        };
        let numbers = |calendar: &Value| -> Vec<i64> {
            let changes = calendar["changes"].as_array().unwrap().iter();
            changes.map(|one| one["number"].as_i64().unwrap()).collect()
        };
        assert_eq!(numbers(&ana.read(&read(-1, 8, "")).await), [1], "a draft stands in none");
        assert_eq!(numbers(&ana.read(&read(2, 8, "")).await), [] as [i64; 0], "it ended");
        assert_eq!(numbers(&ana.read(&read(-2, 0, "")).await), [] as [i64; 0], "not begun");
        assert_eq!(numbers(&ana.read(&read(-1, 8, "&service=search")).await), [] as [i64; 0]);
        assert_eq!(numbers(&ana.read(&read(-1, 8, "&service=checkout")).await), [1]);
        ana.get(&read(8, 2, "")).await.problem(400);
        ana.get(&read(8, 24 * 200, "")).await.problem(400);

        // Without script, and as files that stay where they are when the server is down.
        let page = ana.get("/change-calendar").await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("CHG-1 Replace the core switches"), "{}", page.text);
        assert!(page.text.contains("Tuesday, 1 December 2026") && !page.text.contains("<script"));
        assert!(!world.anybody().get("/change-calendar").await.text.contains("CHG-1"));
        let copy = ana.read("/api/v1/changes/calendar/files").await;
        assert_eq!(copy["files"][0]["name"], "index.html");
        let html = copy["files"][0]["text"].as_str().unwrap();
        assert!(html.contains("CHG-1 Replace") && html.contains("04:00 to 06:00"), "{html}");
        assert!(!html.contains("<link rel=\"stylesheet") && !html.contains("<script"), "{html}");
        assert!(copy["files"][1]["text"].as_str().unwrap().starts_with("BEGIN:VCALENDAR"));

        let body = json!({ "changes": true, "service": "checkout" });
        let link = ana.post("/api/v1/calendar-links", body).await;
        assert_eq!(link.status, 201, "{}", link.text);
        let link = link.json();
        assert_eq!((&link["changes"], &link["service"]), (&json!(true), &json!("checkout")));
        let path = link["url"].as_str().unwrap().split("/calendar/").nth(1).unwrap().to_owned();
        let feed = world.anybody().get(&format!("/calendar/{path}")).await;
        assert_eq!(feed.status, 200);
        assert!(feed.text.contains("SUMMARY:CHG-1 Replace the core switches (checkout)"));
        assert!(feed.text.contains("DTSTART:20261201T030000Z"), "{}", feed.text);
        assert_eq!(feed.text.matches("BEGIN:VEVENT").count(), 1);
        let wrong = json!({ "changes": true, "schedule": "nobody" });
        ana.post("/api/v1/calendar-links", wrong).await.problem(400);
        ana.post("/api/v1/calendar-links", json!({ "service": "checkout" })).await.problem(400);
        let id = link["id"].as_str().unwrap();
        ana.send(Method::DELETE, &format!("/api/v1/calendar-links/{id}"), "").await;
        assert_eq!(world.anybody().get(&format!("/calendar/{path}")).await.status, 404);
    })
    .await;
}
