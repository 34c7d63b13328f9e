//! Covering and swapping shifts, leave, and calendars: asked over the API, answered by a link that
//! works without a script.

use std::process::{Command, Stdio};

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};
use crate::overrides::{ROTA, apply_rota, on_call};

/// A person's shift on the first of December: 09:00 to 09:00 in Berlin.
const FROM: &str = "2026-12-01T08:00:00Z";
const TO: &str = "2026-12-02T08:00:00Z";
const ASK: &str = "/api/v1/schedules/daily/cover-requests";

struct People<'a> {
    /// Whoever has the shift.
    holder: (&'static str, Client<'a>),
    other: (&'static str, Client<'a>),
}

async fn people(world: &World) -> People<'_> {
    apply_rota(world, ROTA).await;
    for name in ["ana", "bo", "eve"] {
        world.give_password(name).await;
    }
    let (ana, bo) = (("ana", world.browser("ana").await), ("bo", world.browser("bo").await));
    if on_call(&ana.1, FROM).await == "ana" {
        People { holder: ana, other: bo }
    } else {
        People { holder: bo, other: ana }
    }
}

async fn ask(client: &Client<'_>, more: Value) -> Value {
    let mut body = json!({ "from": FROM, "to": TO, "reason": "a wedding" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let asked = client.post(ASK, body).await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    asked.json()
}

/// The link in the last message on somebody's phone.
fn link(world: &World, person: &str) -> String {
    let messages = world.phones.of(person);
    let last = messages.last().expect("a message arrived").to_string();
    let at = last.find("/p/request/").unwrap_or_else(|| panic!("{last}"));
    let token: String = last[at + 11..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    format!("/p/request/{token}")
}

async fn state(client: &Client<'_>, request: &Value) -> String {
    let path = format!("/api/v1/cover-requests/{}", request["id"].as_str().unwrap());
    client.read(&path).await["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_shift_is_taken_by_a_link_without_a_script_and_put_back() {
    on_both_stores(async |world| {
        let People { holder: (holder, asks), other: (other, answers) } = people(world).await;
        let request = ask(&asks, json!({})).await;
        assert_eq!(request["asked"], json!([{ "user": other, "declined": false }]));
        world.settle().await;
        let path = link(world, other);
        let anybody = world.anybody();
        let page = anybody.get(&path).await;
        assert!(
            page.text.contains("Take the shift") && page.text.contains("a wedding"),
            "{}",
            page.text
        );
        assert!(!page.text.contains("<script"));
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(state(&asks, &request).await, "requested", "a GET changes nothing");
        assert_eq!(on_call(&asks, FROM).await, holder);

        let taken = anybody.send(Method::POST, &path, "action=accept").await;
        assert_eq!(taken.status, 303, "{}", taken.text);
        assert_eq!(state(&asks, &request).await, "accepted");
        assert_eq!(on_call(&asks, FROM).await, other);
        assert_eq!(on_call(&asks, TO).await, other, "whose own turn follows");
        world.settle().await;
        let told = world.phones.of(holder).last().unwrap().to_string();
        assert!(told.contains(" takes daily, "), "{told}");
        let again = anybody.send(Method::POST, &path, "action=decline").await;
        assert_eq!(again.status, 409, "{}", again.text);
        assert!(anybody.get(&path).await.text.contains("The shift is yours"));

        let id = request["id"].as_str().unwrap();
        let undone = answers.post(&format!("/api/v1/cover-requests/{id}/undo"), json!({})).await;
        assert_eq!(undone.json()["state"], "undone", "{}", undone.text);
        assert_eq!(on_call(&asks, FROM).await, holder);
        let store = world.anybody().get("/p/request/none-of-ours").await;
        assert_eq!(store.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_swap_moves_both_shifts_or_neither() {
    on_both_stores(async |world| {
        let People { holder: (holder, asks), other: (other, answers) } = people(world).await;
        let back = json!({ "from": "2026-12-04T08:00:00Z", "to": "2026-12-05T08:00:00Z" });
        let request = ask(&asks, json!({ "in_return": back })).await;
        let id = request["id"].as_str().unwrap().to_owned();
        let accept = format!("/api/v1/cover-requests/{id}/accept");
        // The other has given the second shift away meanwhile: nothing moves.
        let boss = world.with_role("manager");
        let moved = json!({ "user": "eve", "from": "2026-12-04T10:00:00Z", "for": "1h" });
        let moved = boss.post("/api/v1/schedules/daily/overrides", moved).await.json();
        let stale = answers.post(&accept, json!({})).await;
        assert!(stale.problem(409).contains("the plan has changed since"), "{}", stale.text);
        assert_eq!(on_call(&asks, FROM).await, holder);
        let path = format!("/api/v1/schedules/daily/overrides/{}", moved["id"].as_str().unwrap());
        assert_eq!(boss.delete(&path).await.status, 204);

        let accepted = answers.post(&accept, json!({})).await;
        assert_eq!(accepted.json()["accepted_by"], other, "{}", accepted.text);
        assert_eq!(on_call(&asks, FROM).await, other);
        assert_eq!(on_call(&asks, "2026-12-04T08:00:00Z").await, holder);
        let undo = format!("/api/v1/cover-requests/{id}/undo");
        assert_eq!(asks.post(&undo, json!({})).await.status, 200);
        assert_eq!(on_call(&asks, FROM).await, holder);
        assert_eq!(on_call(&asks, "2026-12-04T08:00:00Z").await, other);
    })
    .await;
}

#[tokio::test]
async fn nobody_asks_for_or_takes_what_is_not_theirs() {
    on_both_stores(async |world| {
        let People { holder: (holder, asks), other: (_, answers) } = people(world).await;
        let eve = world.browser("eve").await;
        let body = json!({ "from": FROM, "to": TO });
        let foreign = answers.post(ASK, body.clone()).await;
        assert!(foreign.problem(409).contains("is not on call for all of"), "{}", foreign.text);
        let stranger = json!({ "from": FROM, "to": TO, "user": holder });
        assert_eq!(eve.post(ASK, stranger).await.status, 403);
        let request = ask(&asks, json!({})).await;
        let twice = asks.post(ASK, body).await;
        assert!(twice.problem(409).contains("already"));
        let path = format!("/api/v1/cover-requests/{}", request["id"].as_str().unwrap());
        assert_eq!(eve.post(&format!("{path}/accept"), json!({})).await.status, 403);
        let own = asks.post(&format!("{path}/accept"), json!({})).await;
        assert!(own.problem(409).contains("who was asked"));
        let early = asks.post(&format!("{path}/undo"), json!({})).await;
        assert!(early.problem(409).contains("nothing to undo"));
        let declined = answers.post(&format!("{path}/decline"), json!({})).await.json();
        assert_eq!(declined["state"], "declined", "everybody said no");
        let back = answers.post(&format!("{path}/reconsider"), json!({})).await.json();
        assert_eq!(back["state"], "requested", "a no can be taken back");
        assert_eq!(back["asked"][0]["declined"], false);
        let again = answers.post(&format!("{path}/reconsider"), json!({})).await;
        assert!(again.problem(409).contains("no answer of theirs"), "{}", again.text);
        answers.post(&format!("{path}/decline"), json!({})).await;
        let second = ask(&asks, json!({})).await;
        let late = answers.post(&format!("{path}/reconsider"), json!({})).await;
        assert!(late.problem(409).contains("asked for this time since"), "{}", late.text);
        let second = format!("/api/v1/cover-requests/{}", second["id"].as_str().unwrap());
        answers.post(&format!("{second}/decline"), json!({})).await;
        assert_eq!(on_call(&asks, FROM).await, holder);
        let open = asks.read("/api/v1/cover-requests?open=true").await;
        assert_eq!(open["items"], json!([]));
        assert_eq!(asks.read("/api/v1/cover-requests").await["items"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_leave_offers_the_shifts_it_meets_with_reminders_and_rotations_pass_over_it() {
    on_both_stores(async |world| {
        let People { holder: (holder, asks), other: (other, _) } = people(world).await;
        let path = format!("/api/v1/users/{holder}/absences");
        let leave = json!({ "from": "2026-12-01T00:00:00Z", "for": "3d", "reason": "surgery" });
        let entered = asks.post(&path, leave).await;
        assert_eq!(entered.status, 201, "{}", entered.text);
        let requests = entered.json()["requests"].as_array().unwrap().clone();
        assert!(!requests.is_empty(), "{}", entered.text);
        assert!(
            requests.iter().all(|r| r["because_of_leave"] == true && r["reason"] == "away then")
        );
        assert_eq!(on_call(&asks, FROM).await, other, "the rotation passes over the leave");
        world.settle().await;
        let first = world.phones.of(other).len();
        assert!(first >= requests.len());
        world.advance(SignedDuration::from_hours(25)).await;
        let reminded = world.phones.of(other);
        assert!(reminded.len() > first, "nobody has answered, so they are reminded");
        assert!(reminded.last().unwrap().to_string().contains("Still open"), "{reminded:?}");

        let eve = world.browser("eve").await;
        let seen = eve.read(&path).await;
        assert_eq!(seen["items"][0]["reason"], Value::Null, "why is for those who lead");
        assert_eq!(world.admin().read(&path).await["items"][0]["reason"], "surgery");
        assert_eq!(seen["items"][0]["conflicts"], json!([]));
        assert_eq!(eve.post(&path, json!({ "from": FROM, "to": TO })).await.status, 403);
        let id = seen["items"][0]["id"].as_str().unwrap();
        assert_eq!(asks.delete(&format!("{path}/{id}")).await.status, 204);
        assert_eq!(on_call(&asks, FROM).await, holder);
        for request in &requests {
            assert_eq!(state(&asks, request).await, "withdrawn");
        }
        let past = asks.post(&path, json!({ "from": "2020-01-01T00:00:00Z", "for": "1d" })).await;
        assert_eq!(past.problem(409), "the end must be after the beginning, and ahead");
    })
    .await;
}

#[tokio::test]
async fn a_link_to_a_calendar_ends_when_whoever_made_it_leaves() {
    on_both_stores(async |world| {
        let people = world.admin().get("/api/v1/config/export").await.text;
        let users = people.split("teams:").next().unwrap().trim_end().to_owned();
        apply_rota(world, ROTA).await;
        world.give_password("eve").await;
        let eve = world.browser("eve").await;
        let made = eve.post("/api/v1/calendar-links", json!({ "schedule": "daily" })).await.json();
        let path = made["url"].as_str().unwrap().strip_prefix(world.base()).unwrap().to_owned();
        assert_eq!(world.anybody().get(&path).await.status, 200);
        let applied = world.admin().send(Method::POST, "/api/v1/config/apply", users.clone()).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        assert_eq!(world.anybody().get(&path).await.status, 404);
    })
    .await;
}

/// What Debian's python3-icalendar makes of a calendar: one line per event.
fn parsed(text: &str) -> Vec<Value> {
    use std::io::Write as _;
    const READ: &str = "import sys, json, icalendar\n\
        cal = icalendar.Calendar.from_ical(sys.stdin.buffer.read())\n\
        print(json.dumps([{'uid': str(e['UID']), 'from': e.decoded('DTSTART').isoformat(),\n\
          'to': e.decoded('DTEND').isoformat(), 'summary': str(e['SUMMARY']),\n\
          'sequence': int(e['SEQUENCE'])} for e in cal.walk('VEVENT')]))";
    let mut python = Command::new("/usr/bin/python3")
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "python3-icalendar reads it: {text}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn a_calendar_is_read_by_other_programs_until_its_link_is_revoked() {
    on_both_stores(async |world| {
        let People { holder: (holder, asks), other: (_, answers) } = people(world).await;
        let made = asks.post("/api/v1/calendar-links", json!({})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let made = made.json();
        let url = made["url"].as_str().unwrap().strip_prefix(world.base()).unwrap().to_owned();
        let feed = world.anybody().get(&url).await;
        assert_eq!(feed.header("content-type"), "text/calendar; charset=utf-8");
        let events = parsed(&feed.text);
        let at = |events: &[Value]| {
            let found = events.iter().find(|event| event["from"] == "2026-12-01T08:00:00+00:00");
            found.cloned().unwrap_or(Value::Null)
        };
        let before = at(&events);
        assert_eq!(
            (&before["to"], &before["summary"]),
            (&json!("2026-12-02T08:00:00+00:00"), &json!("On call: daily"))
        );

        // The second half goes to the other: the same event, shorter, with a higher number.
        let half = json!({ "from": "2026-12-01T20:00:00Z", "to": TO });
        assert_eq!(answers.post("/api/v1/schedules/daily/overrides", half).await.status, 201);
        let after = at(&parsed(&world.anybody().get(&url).await.text));
        assert_eq!(
            (&after["uid"], &after["to"]),
            (&before["uid"], &json!("2026-12-01T20:00:00+00:00"))
        );
        assert!(after["sequence"].as_i64() > before["sequence"].as_i64());

        let all = asks.post("/api/v1/calendar-links", json!({ "schedule": "daily" })).await.json();
        let all = all["url"].as_str().unwrap().strip_prefix(world.base()).unwrap().to_owned();
        let everybody = parsed(&world.anybody().get(&all).await.text);
        assert!(everybody.len() > events.len(), "everybody's shifts");
        let ids: std::collections::HashSet<_> =
            everybody.iter().map(|e| e["uid"].to_string()).collect();
        assert_eq!(ids.len(), everybody.len());

        let id = made["id"].as_str().unwrap();
        let path = format!("/api/v1/calendar-links/{id}");
        assert_eq!(answers.delete(&path).await.status, 404, "somebody else's link, {holder}'s");
        assert_eq!(asks.delete(&path).await.status, 204);
        assert_eq!(world.anybody().get(&url).await.status, 404);
        assert_eq!(asks.read("/api/v1/calendar-links").await["items"].as_array().unwrap().len(), 1);
    })
    .await;
}
