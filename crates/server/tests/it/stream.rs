//! The live stream: what changes arrives, and nothing is missed in between.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::{World, on_both_stores};

/// How long a story waits for an event before it fails.
const EVENT_WITHIN: Duration = Duration::from_secs(30);

/// A reader of a stream.
struct Reader {
    response: Response,
    text: String,
}

impl Reader {
    async fn open(world: &World, last_event_id: Option<i64>) -> Self {
        let mut client = world.with_role("stakeholder");
        if let Some(id) = last_event_id {
            client = client.with("last-event-id", &id.to_string());
        }
        let response = client.request(Method::GET, "/api/v1/stream").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut reader = Self { response, text: String::new() };
        assert!(reader.block().await.contains(": live"), "it says at once that it is there");
        reader
    }

    /// The next block of lines.
    async fn block(&mut self) -> String {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return block;
            }
            let chunk = tokio::time::timeout(EVENT_WITHIN, self.response.chunk()).await;
            let chunk = chunk.expect("something arrives").unwrap().expect("the stream goes on");
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event; its place stands in it twice.
    async fn event(&mut self) -> Value {
        loop {
            let block = self.block().await;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            let Some(data) = field("data: ") else { continue };
            assert_eq!(field("event: "), Some("change"));
            let event: Value = serde_json::from_str(data).unwrap();
            assert_eq!(field("id: ").unwrap(), event["seq"].to_string());
            return event;
        }
    }

    /// Every event up to the first of that type.
    async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            events.push(self.event().await);
            if events.last().is_some_and(|event| event["type"] == kind) {
                return events;
            }
        }
    }
}

fn seqs(events: &[Value]) -> Vec<i64> {
    events.iter().map(|event| event["seq"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn what_happens_arrives_as_it_happens() {
    on_both_stores(async |world| {
        let mut reader = Reader::open(world, None).await;
        world.event("trigger", "disk", "critical").await;
        let events = reader.until("incident.paged").await;
        assert!(events.iter().any(|event| event["type"] == "incident.opened"), "{events:?}");
        assert_eq!(events[0]["incident"], 1);
        assert!(events[0]["subject"].as_str().unwrap().starts_with("inc_"));
        world.admin().post("/api/v1/incidents/1/acknowledge", json!({})).await;
        let events = reader.until("incident.acknowledged").await;
        assert_eq!(events.last().unwrap()["incident"], 1);
    })
    .await;
}

#[tokio::test]
async fn an_alert_that_is_held_back_moves_the_stream_and_says_why_it_was_not_paged() {
    on_both_stores(async |world| {
        let window = json!({ "reason": "new disks", "services": ["checkout"], "for": "2h" });
        let planned = world.with_role("responder").post("/api/v1/maintenance", window).await;
        assert_eq!(planned.status, 201);
        let mut reader = Reader::open(world, None).await;
        world.event("trigger", "disk", "critical").await;
        let held = reader.until("alert.held").await.pop().unwrap();
        assert_eq!(held["incident"], json!(null));
        let path = format!("/api/v1/alerts/{}", held["subject"].as_str().unwrap());
        let alert = world.admin().read(&path).await;
        assert_eq!(
            (&alert["status"], &alert["held"]),
            (&json!("suppressed"), &json!("maintenance"))
        );
        assert!(alert["not_paged"].as_str().unwrap().contains("new disks"), "{alert}");
        // The window ends, and what it held back pages after all.
        world.advance(jiff::SignedDuration::from_hours(2)).await;
        let released = reader.until("alert.changed").await.pop().unwrap();
        assert_eq!(released["subject"], held["subject"]);
        assert_eq!(world.admin().read(&path).await["status"], "open");
    })
    .await;
}

#[tokio::test]
async fn who_comes_back_is_told_what_was_missed_and_nothing_twice() {
    on_both_stores(async |world| {
        let mut first = Reader::open(world, None).await;
        world.event("trigger", "disk", "critical").await;
        let seen = first.until("incident.opened").await;
        let last = *seqs(&seen).last().unwrap();
        drop(first);
        world.settle().await;
        world.admin().post("/api/v1/incidents/1/acknowledge", json!({})).await;

        let mut again = Reader::open(world, Some(last)).await;
        let mut events = again.until("incident.acknowledged").await;
        world.admin().post("/api/v1/incidents/1/resolve", json!({})).await;
        events.extend(again.until("incident.resolved").await);
        let seqs = seqs(&events);
        let mut unique = seqs.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), seqs.len(), "{seqs:?}");
        assert!(!seqs.contains(&last));
        assert!(events.iter().any(|event| event["type"] == "incident.paged"), "it was missed");
    })
    .await;
}

#[tokio::test]
async fn everybody_hears_the_same() {
    on_both_stores(async |world| {
        let mut readers = Vec::new();
        for _ in 0..20 {
            readers.push(Reader::open(world, None).await);
        }
        world.event("trigger", "disk", "critical").await;
        let expected = readers[0].until("incident.paged").await;
        for reader in &mut readers[1..] {
            assert_eq!(reader.until("incident.paged").await, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_place_that_never_was_begins_with_what_comes() {
    on_both_stores(async |world| {
        let mut reader = Reader::open(world, Some(987_654_321)).await;
        world.event("trigger", "disk", "critical").await;
        assert_eq!(reader.until("incident.opened").await.last().unwrap()["incident"], 1);
        let stranger = world.anybody().get("/api/v1/stream").await;
        assert_eq!(stranger.status, 401);
    })
    .await;
}
