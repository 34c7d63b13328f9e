//! What caused an incident (`X15`): planned changes among the suspects, where and how far back is looked,
//! the cause that links both ways with the minutes it cost, and restricted incidents, of whose marks
//! nobody learns who is not on them.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::changes::{plan, staff};
use crate::harness::{Client, World, on_both_stores};
use crate::restricted::Stream;

async fn add(world: &World, body: Value) -> String {
    let answer = world.with_role("responder").post("/api/v1/change-events", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn done(client: &Client<'_>, path: &str, body: Value) -> Value {
    let answer = client.post(path, body).await;
    assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
    answer.json()
}

/// A plan of that day by somebody, drafted; says its number.
async fn drafted(client: &Client<'_>, technician: &str, days: i64) -> i64 {
    let mut plan = plan("deploy", days);
    plan["technician"] = json!(technician);
    done(client, "/api/v1/changes", json!({ "plan": plan })).await["number"].as_i64().unwrap()
}

async fn incident(world: &World, key: &str) -> i64 {
    assert_eq!(world.event("trigger", key, "critical").await.status, 202);
    world.settle().await;
    let list = world.admin().read("/api/v1/incidents").await;
    list["items"][0]["number"].as_i64().unwrap()
}

async fn suspects(client: &Client<'_>, number: i64, query: &str) -> Vec<Value> {
    let list = client.read(&format!("/api/v1/incidents/{number}/changes{query}")).await;
    list["items"].as_array().unwrap().clone()
}

fn told(suspects: &[Value]) -> Vec<String> {
    let of = |one: &Value| match one["planned"]["number"].as_i64() {
        Some(number) => format!("CHG-{number}"),
        None => one["event"]["summary"].as_str().unwrap_or_default().to_owned(),
    };
    suspects.iter().map(of).collect()
}

fn mark(number: i64, change: &str) -> String {
    format!("/api/v1/incidents/{number}/changes/{change}/mark")
}

#[tokio::test]
async fn a_planned_change_is_a_suspect_and_as_the_cause_shows_what_it_cost() {
    on_both_stores(async |world| {
        staff(world).await;
        let (ana, kim) = (world.browser("ana").await, world.browser("kim").await);
        // One that everybody agreed to and nobody began, and one that could not wait and is under way.
        assert_eq!(drafted(&ana, "ana", 3).await, 1);
        done(&ana, "/api/v1/changes/1/submit", json!({})).await;
        for name in ["kim", "bo", "sam"] {
            let client = world.browser(name).await;
            done(&client, "/api/v1/changes/1/approve", json!({ "revision": 1 })).await;
        }
        world.advance(SignedDuration::from_mins(3 * 24 * 60 + 2)).await;
        assert_eq!(drafted(&kim, "kim", 20).await, 2);
        let sam = world.browser("sam").await;
        let mut stream = Stream::open(&sam).await;
        done(&kim, "/api/v1/changes/2/start", json!({ "excuse": "The disks fill up" })).await;
        let heard = stream.until("change.started").await;
        let began = heard.last().unwrap();
        assert_eq!(began["change"], 2, "{began}");
        assert!(began["subject"].as_str().unwrap().starts_with("cr_"), "{began}");
        world.advance(SignedDuration::from_mins(1)).await;
        let number = incident(world, "disk").await;

        let found = suspects(&sam, number, "").await;
        assert_eq!(told(&found), ["CHG-2", "CHG-1"], "{found:#?}");
        assert_eq!(found[0]["source"], "planned");
        assert_eq!(found[0]["planned"]["technician"], "kim");
        assert_eq!(found[0]["reasons"][0], "it was going on when the incident began");
        assert_eq!(found[0]["began_at"], "2026-11-24T03:02:00Z");
        let words = "it was planned for then, and nobody said that it began";
        assert_eq!(found[1]["reasons"][0], words);

        done(&ana, &format!("/api/v1/incidents/{number}/acknowledge"), json!({})).await;
        let body = json!({ "mark": "cause", "reason": "the disks say so" });
        assert_eq!(ana.put(&mark(number, "CHG-2"), body.clone()).await.status, 204);
        let heard = stream.until("change.marked").await;
        let marked = heard.last().unwrap();
        assert_eq!((&marked["change"], &marked["incident"]), (&json!(2), &json!(number)));
        let timeline = format!("/api/v1/incidents/{number}/timeline?limit=500");
        let timeline = sam.get(&timeline).await.text;
        let words = "Marked as the cause: CHG-2 Replace the core switches\\nthe disks say so";
        assert!(timeline.contains(words), "{timeline}");

        world.advance(SignedDuration::from_mins(30)).await;
        let goes_on = sam.read("/api/v1/changes/2").await;
        assert_eq!(goes_on["caused"][0]["outage_minutes"], 30, "until now");
        done(&ana, &format!("/api/v1/incidents/{number}/resolve"), json!({})).await;
        world.advance(SignedDuration::from_mins(30)).await;
        let change = sam.read("/api/v1/changes/2").await;
        let caused = &change["caused"][0];
        assert_eq!((&caused["number"], &caused["outage_minutes"]), (&json!(number), &json!(30)));
        assert_eq!((&caused["by"], &caused["reason"]), (&json!("ana"), &json!("the disks say so")));
        assert_eq!(sam.read("/api/v1/changes/1").await["caused"], json!([]));

        assert_eq!(ana.delete(&mark(number, "CHG-2")).await.status, 204);
        assert_eq!(sam.read("/api/v1/changes/2").await["caused"], json!([]));
        assert_eq!(suspects(&sam, number, "").await[0]["mark"], Value::Null);
        assert_eq!(ana.put(&mark(number, "CHG-99"), body.clone()).await.status, 404);
        assert_eq!(sam.put(&mark(number, "CHG-2"), body).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn what_is_marked_in_a_restricted_incident_is_known_to_those_on_it_alone() {
    on_both_stores(async |world| {
        staff(world).await;
        let (ana, kim) = (world.browser("ana").await, world.browser("kim").await);
        let body = json!({ "service": "checkout", "summary": "new cart on", "kind": "flag",
                           "ended_at": "2026-11-21T02:58:00Z" });
        let event = add(world, body).await;
        assert_eq!(drafted(&kim, "kim", 20).await, 1);
        done(&kim, "/api/v1/changes/1/start", json!({ "excuse": "The disks fill up" })).await;
        let body = json!({ "title": "kryptonite", "service": "checkout", "severity": 3 });
        let number = done(&ana, "/api/v1/incidents", body).await["number"].as_i64().unwrap();
        world.settle().await;
        let restrict = json!({ "reason": "personal data" });
        done(&ana, &format!("/api/v1/incidents/{number}/restrict"), restrict).await;
        let check = async || {
            let answer = kim.post("/api/v1/changes/check", plan("deploy", 20)).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.json()["assessment"].clone()
        };
        let places = ["/api/v1/changes", "/api/v1/changes/1", "/api/v1/change-events"];
        let looks = async || {
            let mut texts = Vec::new();
            for place in places {
                texts.push(kim.get(place).await.text);
            }
            texts
        };
        let (assessed, seen) = (check().await, looks().await);
        let (mut hers, mut others) = (Stream::open(&ana).await, Stream::open(&kim).await);
        for change in [event.as_str(), "CHG-1"] {
            let body = json!({ "mark": "cause", "reason": "kryptonite did it" });
            assert_eq!(ana.put(&mark(number, change), body).await.status, 204);
        }
        assert_eq!(check().await, assessed, "the risk tells nothing of it");
        assert_eq!(looks().await, seen, "and neither do records and lists");
        let of_event = format!("/api/v1/change-events/{event}");
        for path in ["/api/v1/changes/1", of_event.as_str()] {
            assert_eq!(ana.read(path).await["caused"][0]["number"], json!(number), "{path}");
            assert_eq!(kim.read(path).await["caused"], json!([]), "{path}");
            let tokens = world.admin().read(path).await;
            assert_eq!(tokens["caused"], json!([]), "no program is on it");
        }
        let body = json!({ "mark": "cause" });
        assert_eq!(kim.put(&mark(number, "CHG-1"), body).await.status, 404);
        assert_eq!(kim.delete(&mark(number, &event)).await.status, 404);

        // The next incident: who is on the first knows that the like of them was a cause before.
        let body = json!({ "title": "plain", "service": "checkout", "severity": 3 });
        let next = done(&kim, "/api/v1/incidents", body).await["number"].as_i64().unwrap();
        let words = "something like it was a cause once before";
        let reasons = |found: Vec<Value>| json!(found).to_string();
        assert_eq!(reasons(suspects(&ana, next, "").await).matches(words).count(), 2);
        let found = suspects(&kim, next, "").await;
        assert_eq!(told(&found), ["CHG-1", "new cart on"]);
        let text = reasons(found);
        assert!(!text.contains(words) && !text.contains("kryptonite"), "{text}");

        let heard = hers.until("incident.declared").await;
        let kinds: Vec<_> = heard.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"change.marked") && kinds.contains(&"change_event.marked"));
        let heard = others.until("incident.declared").await;
        let marked = |event: &Value| event["type"].as_str().unwrap().ends_with(".marked");
        assert!(!heard.iter().any(marked), "{heard:?}");
    })
    .await;
}

#[tokio::test]
async fn the_organisation_says_where_and_how_far_back_is_looked() {
    on_both_stores(async |world| {
        for (environment, at) in [
            ("production", "02:58"),
            ("", "02:57"),
            ("eu-staging-2", "02:56"),
            ("shop", "02:55"),
            ("staging", "00:30"),
        ] {
            let whither = if environment.is_empty() { "nowhere" } else { environment };
            let body = json!({ "service": "checkout", "environment": environment,
                               "summary": format!("to {whither}"),
                               "ended_at": format!("2026-11-21T{at}:00Z") });
            add(world, body).await;
        }
        let number = incident(world, "disk").await;
        let reader = world.with_role("stakeholder");
        let usual = told(&suspects(&reader, number, "").await);
        assert_eq!(usual, ["to production", "to nowhere", "to shop"]);
        let all = told(&suspects(&reader, number, "?everywhere=true").await);
        assert_eq!(
            all,
            ["to production", "to nowhere", "to eu-staging-2", "to shop", "to staging"]
        );

        let apply = async |text: &str| {
            world.admin().send(Method::POST, "/api/v1/config/apply", text.to_owned()).await
        };
        for (text, says) in [
            ("change_policy: { suspects: { back: 20d } }\n", "this is from 1h to 14d"),
            ("change_policy: { suspects: { environments: [] } }\n", "name at least one"),
            ("change_policy: { suspects: { hours: 3 } }\n", "there is no field `hours`"),
        ] {
            let refused = apply(text).await;
            assert_eq!(refused.status, 422, "{}", refused.text);
            assert!(refused.text.contains(says), "{says}: {}", refused.text);
        }
        let text = "change_policy: { suspects: { back: 1h, environments: [\"eu-*\", staging] } }\n";
        let applied = apply(text).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        let named = told(&suspects(&reader, number, "").await);
        assert_eq!(named, ["to nowhere", "to eu-staging-2"]);
        let further = told(&suspects(&reader, number, "?hours=3").await);
        assert_eq!(further, ["to nowhere", "to eu-staging-2", "to staging"]);
        let policy = reader.read("/api/v1/changes/policy").await;
        assert_eq!(policy["looks_back_hours"], 1);
        assert_eq!(policy["environments"][0], "eu-*");
        let export = world.admin().get("/api/v1/config/export").await.text;
        assert!(export.contains("back: 1h"), "{export}");
    })
    .await;
}

#[tokio::test]
async fn what_was_marked_stays_in_sight_however_narrowly_one_looks() {
    on_both_stores(async |world| {
        let event = async |service: &str, summary: &str, at: &str| {
            let at = format!("2026-11-{at}:00Z");
            let body = json!({ "service": service, "summary": summary, "ended_at": at });
            add(world, body).await
        };
        let early = event("checkout", "early", "20T08:00").await;
        let elsewhere = event("search", "elsewhere", "21T02:50").await;
        event("checkout", "near", "21T02:58").await;
        let number = incident(world, "disk").await;
        let responder = world.with_role("responder");
        for (change, as_what) in [(&early, "cause"), (&elsewhere, "ruled_out")] {
            let body = json!({ "mark": as_what });
            assert_eq!(responder.put(&mark(number, change), body).await.status, 204);
        }
        let found = suspects(&responder, number, "?hours=1").await;
        assert_eq!(told(&found), ["early", "near", "elsewhere"]);
        assert_eq!(found[0]["reasons"], json!(["somebody marked it"]));
        assert_eq!(responder.delete(&mark(number, &early)).await.status, 204);
        assert_eq!(told(&suspects(&responder, number, "?hours=1").await), ["near", "elsewhere"]);
    })
    .await;
}
