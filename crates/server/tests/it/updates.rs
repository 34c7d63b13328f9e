//! Updates to the outside (`U1` to `U3`): never closer than half an hour, never silent for more than
//! one, each with a promise; reminders, then the lead; a promise that was not kept is told and counted.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const UPDATES: &str = "/api/v1/incidents/1/updates";
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Bo hears what customers are told; ana leads an incident of the worst severity and speaks to them.
async fn start(world: &World, more: &str) {
    let admin = world.admin();
    let text = admin.get("/api/v1/config/export").await.text;
    let audiences = format!(
        "notification_lists: [ {{ name: customers, services: [search], core: [bo] }} ]\n\
         audiences: [ {{ name: external, to: [customers]{more} }} ]\n"
    );
    let answer =
        admin.send(Method::POST, "/api/v1/config/apply", format!("{text}{audiences}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let report = json!({ "title": "Nobody can pay", "service": "checkout" });
    assert_eq!(admin.post("/api/v1/incidents", report).await.status, 201);
    assert_eq!(admin.post("/api/v1/incidents/1/acknowledge", json!({})).await.status, 200);
    for role in ["incident-lead", "communication-lead-external"] {
        let path = format!("/api/v1/incidents/1/roles/{role}");
        let answer = admin.post(&path, json!({ "user": "ana" })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    world.settle().await;
}

async fn external(client: &Client<'_>) -> Value {
    let updates = client.read(UPDATES).await;
    let mut audiences = updates["audiences"].as_array().unwrap().iter();
    audiences.find(|one| one["audience"] == "external").expect("customers are an audience").clone()
}

async fn send(client: &Client<'_>, text: &str) -> crate::harness::Answer {
    client.post(UPDATES, json!({ "audience": "external", "text": text })).await
}

async fn said(client: &Client<'_>, kind: &str) -> Vec<String> {
    let timeline = client.read("/api/v1/incidents/1/timeline?limit=500").await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

/// The subjects of what a person was told about updates.
fn told(world: &World, person: &str) -> Vec<String> {
    let messages = world.phones.of(person);
    let notices = messages.iter().filter(|message| message["type"] == "notification");
    let subjects = notices.map(|one| one["notification"]["subject"].as_str().unwrap().to_owned());
    subjects.filter(|subject| subject.contains("update") || subject.contains("hear")).collect()
}

async fn minutes(world: &World, minutes: i64) {
    world.advance(SignedDuration::from_mins(minutes)).await;
}

#[tokio::test]
async fn an_audience_hears_no_closer_than_half_an_hour_unless_it_cannot_wait() {
    on_both_stores(async |world: &World| {
        start(world, "").await;
        let admin = world.admin();
        let waiting = external(&admin).await;
        assert_eq!((&waiting["waits"], &waiting["people"]), (&json!(true), &json!(1)));
        assert_eq!(waiting["speakers"], json!(["ana"]));
        assert!(waiting["draft"].as_str().unwrap().starts_with("Something is wrong with checkout"));

        assert_eq!(send(&admin, "We look into it.").await.status, 200);
        world.settle().await;
        assert_eq!(told(world, "bo"), ["Incident 1, update 1: Nobody can pay"]);
        let last = world.phones.of("bo").last().unwrap().to_string();
        assert!(last.contains("We look into it."), "{last}");
        assert!(last.contains("The next update comes within 1h."), "{last}");

        world.advance(SignedDuration::from_mins(30) - SECOND).await;
        let refused = send(&admin, "Still.").await.problem(409);
        assert_eq!(
            refused,
            "external heard less than 30m ago; wait 1 minute, or say why it cannot wait"
        );
        let urgent =
            json!({ "audience": "external", "text": "It was wrong.", "urgent": "a wrong number" });
        assert_eq!(admin.post(UPDATES, urgent).await.status, 200);
        world.advance(SignedDuration::from_mins(30)).await;
        assert_eq!(send(&admin, "Still.").await.status, 200, "at half an hour it may hear");
        let external = external(&admin).await;
        assert_eq!((&external["count"], &external["missed"]), (&json!(3), &json!(0)));
        let sent = admin.read(UPDATES).await["sent"].clone();
        let texts: Vec<_> =
            sent.as_array().unwrap().iter().map(|one| one["text"].clone()).collect();
        assert_eq!(texts, ["Still.", "It was wrong.", "We look into it."]);
    })
    .await;
}

#[tokio::test]
async fn somebody_is_reminded_the_lead_is_asked_and_a_missed_promise_is_told() {
    on_both_stores(async |world: &World| {
        start(world, "").await;
        let admin = world.admin();
        assert_eq!(send(&admin, "We look into it.").await.status, 200);
        world.advance(SignedDuration::from_mins(50) - SECOND).await;
        assert_eq!(said(&admin, "update_due").await, [] as [&str; 0]);
        world.advance(SECOND).await;
        let due = said(&admin, "update_due").await;
        assert!(
            due.contains(&"An update for Customers is due in 10 minutes: reminded ana".to_owned()),
            "{due:?}"
        );
        assert!(
            told(world, "ana")
                .contains(&"Incident 1: Customers must hear within 10 minutes".to_owned())
        );

        world.advance(SignedDuration::from_mins(10) - SECOND).await;
        assert_eq!(said(&admin, "promise_missed").await, [] as [&str; 0]);
        world.advance(SECOND).await;
        assert_eq!(
            said(&admin, "promise_missed").await,
            ["The update that Customers was promised did not come; 1 missed so far"]
        );
        assert_eq!(told(world, "bo").last().unwrap(), "Incident 1: the update is late");
        let silent = said(&admin, "audience_silent").await;
        assert!(
            silent.contains(&"Customers heard nothing for 60 minutes".to_owned()),
            "{silent:?}"
        );
        let asked = "Incident 1: Customers heard nothing for 60 minutes".to_owned();
        assert!(told(world, "ana").contains(&asked));
        let external = external(&admin).await;
        assert_eq!((&external["missed"], &external["promised_at"]), (&json!(1), &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn somebody_else_looks_at_an_update_before_it_goes_out() {
    on_both_stores(async |world: &World| {
        start(world, ", reviewed: true").await;
        for name in ["ana", "bo"] {
            world.give_password(name).await;
        }
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        assert_eq!(send(&ana, "It is all Kim's fault.").await.status, 200);
        world.settle().await;
        assert_eq!(told(world, "bo"), [] as [&str; 0]);
        let approve = format!("{UPDATES}/external/approve");
        let own = ana.post(&approve, json!({})).await;
        assert_eq!(own.problem(409), "ana wrote it; somebody else has to look at it");
        let reject = format!("{UPDATES}/external/reject");
        assert_eq!(bo.post(&reject, json!({ "reason": "no names" })).await.status, 200);
        assert_eq!(bo.post(&approve, json!({})).await.status, 409, "nothing waits");
        assert_eq!(send(&ana, "We look into it.").await.status, 200);
        assert_eq!(external(&bo).await["in_review"]["by"], "ana");
        assert_eq!(bo.post(&approve, json!({})).await.status, 200);
        let sent = bo.read(UPDATES).await["sent"].clone();
        assert_eq!(sent.as_array().unwrap().len(), 1);
        assert_eq!(sent[0]["text"], "We look into it.");
        assert_eq!(
            said(&bo, "update_rejected").await,
            ["Gave the update for Customers back: no names"]
        );
    })
    .await;
}

#[tokio::test]
async fn after_the_end_nobody_waits_and_the_last_word_promises_nothing() {
    on_both_stores(async |world: &World| {
        start(world, "").await;
        let admin = world.admin();
        assert_eq!(send(&admin, "We look into it.").await.status, 200);
        minutes(world, 31).await;
        for gate in ["validated", "signed_off"] {
            let path = format!("/api/v1/incidents/1/gates/{gate}/waive");
            assert_eq!(admin.post(&path, json!({ "reason": "a story" })).await.status, 200);
        }
        assert_eq!(admin.post("/api/v1/incidents/1/resolve", json!({})).await.status, 200);
        assert_eq!(send(&admin, "It is over.").await.status, 200);
        world.settle().await;
        let heard = world.phones.of("bo");
        let last = heard.iter().map(ToString::to_string).find(|one| one.contains("It is over."));
        let last = last.expect("the last word");
        assert!(!last.contains("next update"), "{last}");
        let record = admin.read("/api/v1/incidents/1/record").await["communications"].to_string();
        let (first, last) = (record.find("We look into it."), record.find("It is over."));
        assert!(first.is_some() && first < last, "what was said stands in the record: {record}");
        let external = external(&admin).await;
        assert_eq!((&external["waits"], &external["promised_at"]), (&json!(false), &Value::Null));
        minutes(world, 120).await;
        assert_eq!(said(&admin, "update_due").await, [] as [&str; 0]);
        assert_eq!(said(&admin, "audience_silent").await, [] as [&str; 0]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_words() {
    on_both_stores(async |world: &World| {
        start(world, "").await;
        let admin = world.admin();
        let refused =
            async |body: Value, status: u16| admin.post(UPDATES, body).await.problem(status);
        let body = json!({ "audience": "martians", "text": "x" });
        assert_eq!(refused(body, 409).await, "there is no audience `martians`");
        let body = json!({ "audience": "external", "text": " " });
        assert_eq!(refused(body, 400).await, "text: must be 1 to 5000 characters");
        for next_in in ["29m", "61m"] {
            let body = json!({ "audience": "external", "text": "x", "next_in": next_in });
            assert_eq!(
                refused(body, 409).await,
                "the next update for external comes between 30m and 1h"
            );
        }
        let body = json!({ "audience": "external", "text": "x", "next_in": "soon" });
        assert!(refused(body, 400).await.starts_with("next_in: "));
        let text = admin.get("/api/v1/config/export").await.text;
        for (from, to, why) in [
            ("[customers]", "[customer]", "there is no notification list `customer`"),
            ("to: [customers]", "closest: 2h", "nobody could keep that pace"),
            ("to: [customers]", "wording: '{{ nothing }}'", "undefined"),
        ] {
            let flow = text.replace("to:\n  - customers", "to: [customers]");
            let wrong = flow.replace(from, to);
            assert_ne!(wrong, flow, "{from}: {flow}");
            let answer = admin.send(Method::POST, "/api/v1/config/apply", wrong).await;
            assert_eq!(answer.status, 422, "{to}: {}", answer.text);
            assert!(answer.text.contains(why), "{to}: {}", answer.text);
        }
    })
    .await;
}
