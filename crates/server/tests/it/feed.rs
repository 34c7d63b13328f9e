//! Leave from people's own calendars: events become leave and offer shifts, changes and deletions
//! follow, and a calendar that cannot be read changes nothing and says why.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{Client, World, on_both_stores};
use crate::overrides::{ROTA, apply_rota, on_call};

/// A calendar's server: what it answers, and how often it was asked and sent something whole.
#[derive(Clone, Default)]
struct Host {
    answer: Arc<Mutex<(u16, String)>>,
    asked: Arc<Mutex<(u32, u32)>>,
}

impl Host {
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = axum::Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://127.0.0.1:{port}/private-5ecret/ana.ics")
    }

    fn set(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    fn events(&self, events: &str) {
        let lines: Vec<_> = events.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
        let events = lines.join("\r\n");
        let head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n";
        self.set(200, &format!("{head}{events}\r\nEND:VCALENDAR\r\n"));
    }
}

async fn answer(State(host): State<Host>, headers: HeaderMap) -> Response {
    let (status, body) = host.answer.lock().unwrap().clone();
    host.asked.lock().unwrap().0 += 1;
    let etag = format!("\"{}-{}\"", body.len(), body.bytes().map(u64::from).sum::<u64>());
    if status == 200 && headers.get("if-none-match").is_some_and(|it| it == etag.as_str()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    host.asked.lock().unwrap().1 += 1;
    (StatusCode::from_u16(status).unwrap(), [("etag", etag)], body).into_response()
}

const TRIP: &str = "BEGIN:VEVENT
    UID:trip
    DTSTART;VALUE=DATE:20261201
    DTEND;VALUE=DATE:20261203
    SUMMARY:Lisbon
    END:VEVENT";
const DENTIST: &str = "BEGIN:VEVENT
    UID:dentist
    DTSTART;TZID=Europe/Berlin:20261207T100000
    DTEND;TZID=Europe/Berlin:20261207T110000
    SUMMARY:Dentist (away)
    CATEGORIES:Private
    END:VEVENT";

async fn feed(client: &Client<'_>) -> Value {
    client.read("/api/v1/users/ana/leave-feeds").await["items"][0].clone()
}

async fn leave(client: &Client<'_>) -> Vec<(String, String, bool)> {
    let absences = client.read("/api/v1/users/ana/absences").await;
    let items = absences["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items.map(|it| (text(&it["from"]), text(&it["to"]), it["from_calendar"] == true)).collect()
}

fn trip(from: &str, to: &str) -> (String, String, bool) {
    (from.to_owned(), to.to_owned(), true)
}

async fn start(world: &World, body: Value) -> (Host, Client<'_>) {
    apply_rota(world, ROTA).await;
    world.give_password("ana").await;
    let ana = world.browser("ana").await;
    let host = Host::default();
    host.events(&format!("{TRIP}\n{DENTIST}"));
    let mut feed = body;
    feed["url"] = host.listen().await.into();
    let made = ana.post("/api/v1/users/ana/leave-feeds", feed).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert!(!made.text.contains("5ecret"), "the address is never shown again");
    world.settle().await;
    (host, ana)
}

#[tokio::test]
async fn leave_follows_a_calendar_and_offers_the_shifts_it_meets() {
    on_both_stores(async |world| {
        let (host, ana) = start(world, json!({ "name": "holidays" })).await;
        let lisbon = trip("2026-11-30T23:00:00Z", "2026-12-02T23:00:00Z");
        assert_eq!(leave(&ana).await, [lisbon], "whole days in her zone, and no dentist");
        assert_eq!(on_call(&ana, "2026-12-01T12:00:00Z").await, "bo");
        assert_eq!(on_call(&ana, "2026-12-02T12:00:00Z").await, "bo");
        let requests = ana.read("/api/v1/cover-requests?open=true").await;
        let requests = requests["items"].as_array().unwrap().clone();
        assert!(!requests.is_empty() && requests.iter().all(|it| it["because_of_leave"] == true));
        let known = feed(&ana).await;
        assert_eq!((&known["name"], &known["error"]), (&json!("holidays"), &Value::Null));
        assert_eq!(known["read_at"], "2026-11-21T03:00:00Z");

        // What the server says is unchanged is not read again, and changes no plan.
        let revision = world.app.snapshot().directory.revision;
        world.advance(SignedDuration::from_mins(61)).await;
        assert_eq!(*host.asked.lock().unwrap(), (2, 1));
        assert_eq!(world.app.snapshot().directory.revision, revision);
        assert_eq!(feed(&ana).await["read_at"], "2026-11-21T04:00:00Z");

        // The trip moves, and then falls through.
        host.events(&TRIP.replace("20261201", "20261208").replace("20261203", "20261209"));
        world.advance(SignedDuration::from_hours(1)).await;
        let moved = trip("2026-12-07T23:00:00Z", "2026-12-08T23:00:00Z");
        assert_eq!(leave(&ana).await, [moved]);
        for request in &requests {
            let path = format!("/api/v1/cover-requests/{}", request["id"].as_str().unwrap());
            assert_eq!(ana.read(&path).await["state"], "withdrawn");
        }
        host.events("");
        world.advance(SignedDuration::from_hours(1)).await;
        assert_eq!(leave(&ana).await, []);
    })
    .await;
}

#[tokio::test]
async fn a_calendar_that_cannot_be_read_changes_nothing_and_says_why() {
    on_both_stores(async |world| {
        let (host, ana) = start(world, json!({})).await;
        let before = leave(&ana).await;
        assert_eq!(before.len(), 1);
        for (status, body, why) in [
            (404, "gone", "there is no calendar at its address any more"),
            (302, "", "it has moved; give the address it moved to"),
            (200, "<html>Sign in</html>", "what is there is no calendar in the iCalendar format"),
            (
                200,
                "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
                "what is there is no calendar in the iCalendar format",
            ),
            (503, "", "its server answered with 503"),
        ] {
            host.set(status, body);
            let id = feed(&ana).await["id"].as_str().unwrap().to_owned();
            let again = format!("/api/v1/users/ana/leave-feeds/{id}/read");
            assert_eq!(ana.post(&again, json!({})).await.status, 202);
            world.settle().await;
            let known = feed(&ana).await;
            assert_eq!(
                (&known["error"], &known["read_at"]),
                (&json!(why), &json!("2026-11-21T03:00:00Z"))
            );
            assert_eq!(leave(&ana).await, before);
        }
        // It is asked again by itself, and all is well.
        host.events(&format!("{TRIP}\n{DENTIST}"));
        world.advance(SignedDuration::from_hours(6)).await;
        assert_eq!(feed(&ana).await["error"], Value::Null);
        assert_eq!(leave(&ana).await, before);
        let audit = world.admin().get("/api/v1/audit?limit=200").await.text;
        assert!(!audit.contains("5ecret") && audit.contains("leave_feed.add"));
    })
    .await;
}

#[tokio::test]
async fn words_choose_events_and_taking_the_calendar_out_takes_its_leave_back() {
    on_both_stores(async |world| {
        let (_, ana) = start(world, json!({ "matches": ["AWAY", "private"] })).await;
        let dentist = trip("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z");
        assert_eq!(leave(&ana).await, [dentist]);
        let feeds = "/api/v1/users/ana/leave-feeds";
        let eve = world.with_role("responder");
        assert_eq!(eve.get(feeds).await.status, 403, "for her and those who lead her");
        let id = feed(&ana).await["id"].as_str().unwrap().to_owned();
        assert_eq!(world.admin().delete(&format!("{feeds}/{id}")).await.status, 204);
        assert_eq!(leave(&ana).await, []);
        assert_eq!(ana.read(feeds).await["items"], json!([]));
        assert_eq!(ana.delete(&format!("{feeds}/{id}")).await.status, 404);
        let wrong = ana.post(feeds, json!({ "url": "ftp://example.com/a.ics" })).await;
        assert!(wrong.problem(409).contains("https://"), "{}", wrong.text);
        world.advance(SignedDuration::from_hours(3)).await;
        assert_eq!(leave(&ana).await, []);
    })
    .await;
}
