//! A bad night from the first alert to the closing record: slow application servers at 04:07, a
//! labouring database at 04:09, an emergency at 04:30, ten people, and who did what by which means. It
//! runs through the API and through real browsers while the story keeps the clock.

mod organization;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::browsers::Browsers;
use crate::harness::{Client, World, on_both_stores};
use organization::{PEOPLE, organization};

const INCIDENT: &str = "/api/v1/incidents/1";
const ROOM: &str = "/app/incidents/1";

/// Everybody of the night, each with a session of their own.
struct Night<'a> {
    world: &'a World,
    people: Vec<(&'static str, Client<'a>)>,
    browsers: Browsers,
}

impl<'a> Night<'a> {
    async fn begin(world: &'a World) -> Self {
        let text = organization(world);
        let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let mut people = Vec::new();
        for name in PEOPLE {
            world.give_password(name).await;
            people.push((name, world.browser(name).await));
        }
        Self { world, people, browsers: Browsers::open(world) }
    }

    fn of(&self, name: &str) -> &Client<'a> {
        &self.people.iter().find(|(known, _)| *known == name).expect(name).1
    }

    /// Lets the clock run to an instant of that morning in Berlin, such as `04:30`.
    async fn until(&self, clock: &str) {
        let at: Timestamp = format!("2026-11-21T{clock}:00+01:00").parse().unwrap();
        let left = at.duration_since(self.world.app.now());
        assert!(left >= SignedDuration::ZERO, "{clock} has passed");
        self.world.advance(left).await;
    }

    /// Somebody does something by the API, and all that follows from it at once.
    async fn does(&self, name: &str, path: &str, body: Value) -> Value {
        let answer = self.of(name).post(&format!("{INCIDENT}{path}"), body).await;
        assert!((200..300).contains(&answer.status), "{name} {path}: {}", answer.text);
        self.world.settle().await;
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }

    async fn note(&self, name: &str, kind: &str, text: &str) {
        self.does(name, "/timeline", json!({ "kind": kind, "text": text })).await;
    }

    /// Somebody does something in the window on their desk.
    async fn at_desk(&mut self, name: &str, steps: Value) {
        self.browsers.play(name, false, steps).await;
        self.world.settle().await;
    }

    /// Somebody does something on their phone.
    async fn on_phone(&mut self, name: &str, steps: Value) {
        self.browsers.play(name, true, steps).await;
        self.world.settle().await;
    }

    async fn alert(&self, service: &str, action: &str, what: &str) {
        let body = json!({
            "routing_key": format!("{service}-events"), "event_action": action, "dedup_key": what,
            "payload": { "summary": what, "source": "monitor", "severity": "error", "group": service },
        });
        let answer = self.world.anybody().post("/v2/enqueue", body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        self.world.settle().await;
    }

    /// The link on the newest page that arrived on somebody's phone.
    fn link(&self, name: &str) -> String {
        let messages = self.world.phones.of(name);
        let url = messages.iter().rev().find_map(|one| one["page"]["ack_url"].as_str());
        url.unwrap_or_else(|| panic!("{name} was not paged")).to_owned()
    }

    /// Why somebody was paged, each time.
    fn reasons(&self, name: &str) -> Vec<String> {
        let messages = self.world.phones.of(name);
        let pages = messages.iter().filter(|one| one["type"] == "page");
        pages.map(|one| one["page"]["reason"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_bad_night_is_led_from_the_first_alert_to_the_closing_record() {
    on_both_stores(async |world: &World| {
        let mut night = Night::begin(world).await;
        first_alerts(&mut night).await;
        emergency(&mut night).await;
        inquiry(&mut night).await;
        recovery(&mut night).await;
        record(&night).await;
    })
    .await;
}

/// 04:07 to 04:23: each team sees its own half of it.
async fn first_alerts(night: &mut Night<'_>) {
    for (clock, service, what) in [
        ("04:07", "application", "Slow answers on app-1"),
        ("04:09", "database", "High CPU and disk I/O on db-1"),
        ("04:11", "application", "Slow answers on app-2"),
        ("04:15", "application", "Slow answers on app-3"),
        ("04:23", "database", "High CPU and memory on app-2"),
    ] {
        night.until(clock).await;
        night.alert(service, "trigger", what).await;
        if what.ends_with("app-3") {
            let link = night.link("pia");
            let steps = json!([
                ["follow", link],
                ["see", "Slow answers on app-1"],
                ["click", "button", "Acknowledge"],
                ["see", "You have it"]
            ]);
            night.on_phone("pia", steps).await;
        }
        if clock == "04:23" {
            let answer = night.of("olga").post("/api/v1/incidents/2/acknowledge", json!({})).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    }
    let incident = night.of("pia").read(INCIDENT).await;
    assert_eq!((&incident["alert_count"], &incident["assignee"]), (&json!(3), &json!("pia")));
    for asleep in ["quinn", "sky", "bea", "dan", "ned", "tess"] {
        assert!(night.reasons(asleep).is_empty(), "{asleep} sleeps: {:?}", night.reasons(asleep));
    }
}

/// 04:30 to 04:35: both declare an emergency; lead and scribe come and get up to speed.
async fn emergency(night: &mut Night<'_>) {
    night.until("04:30").await;
    let into = night.of("olga").post("/api/v1/incidents/2/merge", json!({ "into": "1" })).await;
    assert_eq!(into.status, 200, "{}", into.text);
    let worse = json!({ "severity": 1, "reason": "application and database at once" });
    night.does("pia", "/severity", worse).await;
    assert_eq!(night.reasons("quinn"), ["incident lead on call"]);
    assert_eq!(night.reasons("sky"), ["scribe on call"]);

    night.until("04:31").await;
    let link = night.link("quinn");
    night
        .on_phone(
            "quinn",
            json!([
                ["follow", link],
                ["click", "button", "Acknowledge"],
                ["see", "You are incident lead"]
            ]),
        )
        .await;
    night.until("04:33").await;
    let open = json!([
        ["open", ROOM],
        ["see", "Slow answers on app-1"],
        ["click", "button", "I am here"],
        ["see", "sky is scribe now"]
    ]);
    night.at_desk("sky", open).await;
    let roles = night.of("quinn").read(&format!("{INCIDENT}/roles")).await;
    let holder = |role: &str| {
        let roles = roles["roles"].as_array().unwrap().iter();
        roles.filter(|one| one["role"] == role).map(|one| one["holders"][0]["user"].clone()).next()
    };
    assert_eq!(holder("incident-lead"), Some(json!("quinn")));
    assert_eq!(holder("scribe"), Some(json!("sky")));
    night.at_desk("quinn", json!([["open", ROOM], ["see", "Outage"]])).await;
    night.does("pia", "/roles/technical-lead", json!({})).await;
    night.does("pia", "/research", json!({})).await;
}

/// 04:35 to 04:45: experts are asked for, lines of inquiry are opened and closed, everybody is told.
async fn inquiry(night: &mut Night<'_>) {
    night.until("04:35").await;
    for (expert, why) in
        [("bea", "which operations burn the CPU"), ("dan", "is the database healthy")]
    {
        night.does("sky", "/page", json!({ "to": expert, "message": why })).await;
        assert_eq!(night.reasons(expert).len(), 1, "{expert}");
    }
    // The scribe writes by keyboard; the lead sees it without loading anything again.
    night
        .at_desk(
            "sky",
            json!([
                ["press", "h"],
                ["type", "An expensive query"],
                ["press", "Control+Enter"],
                ["see", "An expensive query"],
                ["press", "Escape"],
                ["press", "h"],
                ["type", "The database itself is ill"],
                ["press", "Control+Enter"],
                ["see", "The database itself is ill"],
                ["press", "Escape"],
            ]),
        )
        .await;
    night.at_desk("quinn", json!([["see", "The database itself is ill"], ["shot", "lead"]])).await;

    night.until("04:37").await;
    for role in ["communication-lead-external", "communication-lead-internal"] {
        night.does("sky", &format!("/roles/{role}"), json!({})).await;
    }
    let told = json!({ "audience": "external", "text": "Pages load slowly. We are on it." });
    night.does("sky", "/updates", told).await;
    night
        .does(
            "sky",
            "/updates",
            json!({ "audience": "internal", "text": "Five people are on it." }),
        )
        .await;
    assert!(
        night
            .world
            .phones
            .of("cuno")
            .iter()
            .any(|one| one.to_string().contains("Pages load slowly"))
    );

    night.until("04:40").await;
    night.does("bea", "/check-in", json!({})).await;
    let lines = night.of("bea").read(&format!("{INCIDENT}/hypotheses")).await;
    let line = |words: &str| {
        let lines = lines["items"].as_array().unwrap().iter();
        let found = lines.filter(|one| one["text"].as_str().unwrap().contains(words));
        found.map(|one| one["id"].as_str().unwrap().to_owned()).next().expect("it was opened")
    };
    let (query, ill) = (line("expensive"), line("ill"));
    night.does("quinn", &format!("/hypotheses/{query}/assign"), json!({ "assignee": "bea" })).await;
    night.does("bea", &format!("/hypotheses/{query}/explore"), json!({})).await;
    // Dan was paged at 04:35 and comes a second after his quarter of an hour.
    night.until("04:50").await;
    night.world.advance(SignedDuration::from_secs(1)).await;
    night.does("dan", "/check-in", json!({})).await;
    let healthy = json!({ "text": "healthy; many expensive queries from the application" });
    night.does("dan", &format!("/hypotheses/{ill}/abandon"), healthy).await;
    let found = json!({ "text": "three URL patterns, all from one crawler" });
    night.does("bea", &format!("/hypotheses/{query}/confirm"), found).await;
    night
        .does("quinn", "/page", json!({ "to": "ned", "message": "can traffic be rerouted?" }))
        .await;
    night.until("04:52").await;
    night.does("ned", "/acknowledge", json!({})).await;
    let synopsis = night.of("ned").read(&format!("{INCIDENT}/synopsis")).await;
    assert_eq!(synopsis["closed_hypotheses"].as_array().unwrap().len(), 2, "{synopsis}");
    assert_eq!(synopsis["cause"], "An expensive query: three URL patterns, all from one crawler");
    night.note("quinn", "decision", "We block the crawler at the edge first").await;
}

/// 04:55 to 05:40: one major change, updates at their pace, and the gates.
async fn recovery(night: &mut Night<'_>) {
    night.until("04:55").await;
    let block = json!({
        "text": "Block the crawler at the edge", "major": true, "why": "it causes the queries",
        "expected": "CPU falls within five minutes", "undo": "remove rule 77",
    });
    let block = night.does("ned", "/actions", block).await;
    let id = block["id"].as_str().or(block["entry"].as_str()).expect("an entry").to_owned();
    night.until("05:06").await;
    let again = json!({ "audience": "external", "text": "We found the cause." });
    let early = night.of("sky").post(&format!("{INCIDENT}/updates"), again.clone()).await;
    assert_eq!(early.status, 409, "29 minutes are too few: {}", early.text);
    night.until("05:07").await;
    night.does("sky", "/updates", again).await;
    night
        .does("ned", &format!("/actions/{id}/finish"), json!({ "text": "CPU is down to 20 %" }))
        .await;
    for what in ["Slow answers on app-1", "Slow answers on app-2", "Slow answers on app-3"] {
        night.alert("application", "resolve", what).await;
    }
    night.until("05:10").await;
    night.does("quinn", "/restore", json!({})).await;
    night.does("quinn", "/roles/tester", json!({ "user": "tess" })).await;
    let early = night.of("quinn").post(&format!("{INCIDENT}/resolve"), json!({})).await;
    assert_eq!(early.status, 409, "the gates are closed: {}", early.text);
    night
        .on_phone(
            "tess",
            json!([
                ["open", format!("{ROOM}?tab=gates")],
                ["click", "button", "Validate"],
                ["see", "said so"],
                ["sound"],
                ["shot", "tester"],
            ]),
        )
        .await;
    night
        .at_desk(
            "quinn",
            json!([["open", format!("{ROOM}?people=gates")], ["sound"], ["shot", "gates"]]),
        )
        .await;
    night.does("quinn", "/gates/signed_off/pass", json!({})).await;
    night.until("05:20").await;
    night.does("quinn", "/resolve", json!({ "note": "the crawler is blocked" })).await;
    night
        .does(
            "sky",
            "/updates",
            json!({ "audience": "external", "text": "It is over.", "urgent": "it is over" }),
        )
        .await;
    night.at_desk("quinn", json!([["see", "Resolved"], ["shot", "over"]])).await;
}

/// The record says what happened, and nothing else.
async fn record(night: &Night<'_>) {
    let record = night.of("vera").read(&format!("{INCIDENT}/record")).await;
    let statistics = &record["statistics"];
    assert_eq!(statistics["occurred_to_resolved_seconds"], 73 * 60, "04:07 to 05:20");
    let took = |name: &str| {
        let all = statistics["page_to_check_in"].as_array().unwrap().iter();
        let one = all
            .filter(|one| one["user"] == name)
            .map(|one| (one["seconds"].as_i64().unwrap(), one["late"] == true));
        one.collect::<Vec<_>>()
    };
    assert_eq!(took("pia"), [(23 * 60, true)], "she acknowledged at 04:15 and was there at 04:30");
    assert_eq!(took("quinn"), [(60, false)]);
    assert_eq!(took("sky"), [(180, false)]);
    assert_eq!(took("bea"), [(300, false)]);
    assert_eq!(took("dan"), [(901, true)], "a second late");
    let texts = |list: &str| {
        let lines = record[list].as_array().unwrap().iter();
        lines.map(|line| line["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let summary = texts("summary").join("\n");
    let turns = [
        "application and database at once",
        "three URL patterns",
        "We block the crawler at the edge first",
        "Block the crawler at the edge",
        "CPU is down to 20 %",
        "the crawler is blocked",
    ];
    let places: Vec<_> = turns
        .iter()
        .map(|turn| summary.find(turn).unwrap_or_else(|| panic!("{turn}: {summary}")))
        .collect();
    assert!(places.is_sorted(), "{places:?}: {summary}");
    let updates: Vec<_> = record["communications"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["kind"] == "update_sent")
        .map(|line| {
            (
                line["at"].as_str().unwrap()[11..16].to_owned(),
                line["actor"]["name"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let times: Vec<_> = updates.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(times, ["03:37", "03:37", "04:07", "04:20"], "{updates:?}");
    assert!(updates.iter().all(|(_, by)| by == "sky"), "{updates:?}");
    let full = record["full"].as_array().unwrap();
    let at = |line: &Value| line["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!(full.windows(2).all(|pair| at(&pair[0]) <= at(&pair[1])));
    let missed = full.iter().filter(|line| line["kind"] == "promise_missed").count();
    assert_eq!(missed, 0, "every promise was kept");
}
