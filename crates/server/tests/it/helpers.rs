//! Helpers on an incident: volunteering from the app, from a link and from the page for people who
//! are signed in; being directed, released with thanks and called back; each listed once.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const FORM: &str = "application/x-www-form-urlencoded";
const HELPERS: &str = "/api/v1/incidents/1/helpers";

/// Eve and Max belong to no team and are asked about nothing.
async fn with_volunteers(world: &World) {
    let person = |name: &str| {
        let url = world.phone(name);
        format!(
            "- name: {name}\n  full_name: {name} Volunteer\n  email: {name}@example.com\n  \
             role: responder\n  contact_methods: [ {{ name: phone, type: webhook, url: \"{url}\" }} ]\n"
        )
    };
    let people = world.admin().get("/api/v1/config/export").await.text;
    let users = people.split("teams:").next().unwrap().trim_end();
    let text = format!("{users}\n{}{}", person("eve"), person("max"));
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for name in ["ana", "bo", "eve", "max", "sam"] {
        world.give_password(name).await;
    }
    assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
    world.settle().await;
}

async fn helpers(client: &Client<'_>) -> Vec<(String, Option<String>, bool)> {
    let incident = client.read("/api/v1/incidents/1").await;
    let describe = |one: &Value| {
        let task = one["task"].as_str().map(ToOwned::to_owned);
        (one["user"].as_str().unwrap().to_owned(), task, !one["released_at"].is_null())
    };
    incident["helpers"].as_array().unwrap().iter().map(describe).collect()
}

async fn said(client: &Client<'_>, kind: &str) -> Vec<String> {
    let timeline = client.read("/api/v1/incidents/1/timeline?limit=500").await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

fn told(world: &World, person: &str) -> Vec<String> {
    let messages = world.phones.of(person);
    let notices = messages.iter().filter(|message| message["type"] == "notification");
    notices.map(|message| message["notification"]["subject"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_volunteer_is_listed_once_directed_released_with_thanks_and_called_back() {
    on_both_stores(async |world| {
        with_volunteers(world).await;
        let (ana, eve) = (world.browser("ana").await, world.browser("eve").await);
        for _ in 0..2 {
            let answer = eve.post(HELPERS, json!({})).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        assert_eq!(helpers(&ana).await, [("eve".into(), None, false)]);
        assert_eq!(said(&ana, "volunteered").await, ["eve offers to help"]);

        let direct = format!("{HELPERS}/eve/direct");
        let asked = ana.post(&direct, json!({ "task": " Watch the error rate " })).await;
        assert_eq!(asked.json()["helpers"][0]["task"], "Watch the error rate", "{}", asked.text);
        world.settle().await;
        assert_eq!(told(world, "eve"), ["Incident 1: Watch the error rate"]);

        let release = format!("{HELPERS}/eve/release");
        let released = ana.post(&release, json!({ "note": "the rate is fine again" })).await;
        assert_eq!(released.status, 200, "{}", released.text);
        world.settle().await;
        assert_eq!(told(world, "eve")[1..], ["Incident 1: thank you, you are released"]);
        let last = world.phones.of("eve").last().unwrap().to_string();
        assert!(last.contains("the rate is fine again"), "{last}");
        let thanks = ["Released eve, with thanks: the rate is fine again"];
        assert_eq!(said(&ana, "helper_released").await, thanks);
        let again = ana.post(&release, json!({})).await;
        assert_eq!(again.problem(409), "eve does not help with incident 1");

        let recalled = ana.post(&format!("{HELPERS}/eve/recall"), json!({})).await;
        assert_eq!(recalled.status, 200, "{}", recalled.text);
        let with_task = ("eve".to_owned(), Some("Watch the error rate".to_owned()), false);
        assert_eq!(helpers(&ana).await, [with_task]);
        world.settle().await;
        assert_eq!(told(world, "eve")[2..], ["Incident 1: please stay"]);

        let stream = world.admin().read("/api/v1/audit?limit=500").await.to_string();
        for kind in ["volunteered", "helper_directed", "helper_released", "helper_recalled"] {
            assert!(stream.contains(kind), "{kind} is in the audit log");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_responds_already_is_not_listed_as_a_helper_as_well() {
    on_both_stores(async |world| {
        with_volunteers(world).await;
        let (ana, eve) = (world.browser("ana").await, world.browser("eve").await);
        // Ana was paged: that she helps means that she is there.
        assert_eq!(ana.post(HELPERS, json!({})).await.status, 200);
        assert_eq!(said(&ana, "checked_in").await.len(), 1);
        assert_eq!(ana.post(HELPERS, json!({})).await.status, 200);
        assert!(helpers(&ana).await.is_empty());

        // A helper who takes the incident responds from then on.
        assert_eq!(eve.post(HELPERS, json!({})).await.status, 200);
        assert_eq!(helpers(&ana).await.len(), 1);
        let taken = eve.post("/api/v1/incidents/1/acknowledge", json!({})).await;
        assert_eq!(taken.json()["assignee"], "eve", "{}", taken.text);
        assert!(helpers(&ana).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn two_who_are_asked_to_do_the_same_are_seen_before_they_both_do_it() {
    on_both_stores(async |world| {
        with_volunteers(world).await;
        let ana = world.browser("ana").await;
        for name in ["eve", "max"] {
            assert_eq!(ana.post(HELPERS, json!({ "user": name })).await.status, 200);
        }
        let task = |text: &str| json!({ "task": text });
        ana.post(&format!("{HELPERS}/eve/direct"), task("Restart the cache")).await;
        let second = ana.post(&format!("{HELPERS}/max/direct"), task("restart  the cache")).await;
        assert_eq!(second.json()["helpers"][1]["same_as"], json!(["eve"]), "{}", second.text);
        let directed = said(&ana, "helper_directed").await;
        assert_eq!(directed[1], "Asked max to: restart  the cache (as eve already does)");
        let long = ana.post(&format!("{HELPERS}/max/direct"), task(&"x".repeat(501))).await;
        assert!(long.text.contains("at most 500 characters"), "{}", long.text);
        let nobody = ana.post(&format!("{HELPERS}/zoe/direct"), task("x")).await;
        assert!(nobody.text.contains("there is no person `zoe`"), "{}", nobody.text);
        let looker = world.browser("sam").await;
        assert_eq!(looker.post(HELPERS, json!({})).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn the_end_of_an_incident_releases_everybody_who_still_helps() {
    on_both_stores(async |world| {
        with_volunteers(world).await;
        let (ana, eve) = (world.browser("ana").await, world.browser("eve").await);
        for client in [&eve, &world.browser("max").await] {
            assert_eq!(client.post(HELPERS, json!({})).await.status, 200);
        }
        assert_eq!(eve.post(&format!("{HELPERS}/eve/release"), json!({})).await.status, 200);
        world.settle().await;
        assert!(told(world, "eve").is_empty(), "whoever leaves knows it");
        assert_eq!(world.event("resolve", "disk", "critical").await.status, 202);
        world.settle().await;
        let released = said(&ana, "helper_released").await;
        assert_eq!(released, ["eve stopped helping", "Released max, with thanks: it is over"]);
        assert_eq!(told(world, "max"), ["Incident 1: thank you, you are released"]);
        assert!(told(world, "eve").is_empty(), "who had gone is not released twice");
        let late = eve.post(HELPERS, json!({})).await;
        assert!(late.problem(409).contains("reopen it first"));
    })
    .await;
}

/// The path of the link in the newest message on a person's phone that holds one.
fn link(world: &World, person: &str) -> String {
    let messages = world.phones.of(person);
    let url = messages.iter().rev().find_map(|message| message["page"]["ack_url"].as_str());
    url.expect("a link arrived").strip_prefix(world.base()).unwrap().to_owned()
}

async fn tap(client: &Client<'_>, path: &str, fields: &str) -> u16 {
    let client = client.clone().with("accept", "text/html").with("content-type", FORM);
    let answer = client.send(Method::POST, path, fields).await;
    assert!([303, 400, 403, 409].contains(&answer.status), "{}", answer.text);
    answer.status
}

#[tokio::test]
async fn from_a_link_one_checks_in_and_asks_for_help_without_signing_in() {
    on_both_stores(async |world| {
        with_volunteers(world).await;
        let (anybody, admin) = (world.anybody(), world.admin());
        let path = link(world, "ana");
        let page = anybody.clone().with("accept", "text/html").get(&path).await;
        for words in ["I am here", "Ask for help", "Ask now"] {
            assert!(page.text.contains(words), "{words} in {}", page.text);
        }
        assert!(!page.text.contains("I can help"), "she was asked: {}", page.text);
        assert_eq!(tap(&anybody, &path, "action=check-in").await, 303);
        let incident = admin.read("/api/v1/incidents/1").await;
        assert_eq!(incident["clocks"]["present"][0]["user"], "ana");
        assert_eq!(incident["status"], "triggered", "being there is not having it");

        let at = page.text.split("name=\"at\" value=\"").nth(1).unwrap();
        let at: String = at.chars().take_while(char::is_ascii_digit).collect();
        let fields = format!("action=help&want=manager&message=it+spreads&at={at}");
        for _ in 0..2 {
            assert_eq!(tap(&anybody, &path, &fields).await, 303);
        }
        world.settle().await;
        let asked = ["Asked for a manager's help: bo; it spreads"];
        assert_eq!(said(&admin, "help_asked").await, asked, "a form sent twice asks once");
        let page = world.phones.of("bo").last().unwrap().to_string();
        assert!(page.contains("ana asks for a manager's help: it spreads"), "{page}");
        assert_eq!(tap(&anybody, &path, "action=help&want=everybody").await, 400);
    })
    .await;
}

#[tokio::test]
async fn whose_page_was_answered_by_another_offers_help_by_the_same_link() {
    on_both_stores(async |world| {
        with_volunteers(world).await;
        let (anybody, admin) = (world.anybody(), world.admin());
        let path = link(world, "ana");
        let bo = world.browser("bo").await;
        assert_eq!(bo.post("/api/v1/incidents/1/acknowledge", json!({})).await.status, 200);
        let page = anybody.clone().with("accept", "text/html").get(&path).await;
        assert!(page.text.contains("You need not act") && page.text.contains("I can help"));
        assert_eq!(tap(&anybody, &path, "action=volunteer").await, 303);
        assert_eq!(helpers(&admin).await, [("ana".into(), None, false)]);
        let direct = format!("{HELPERS}/ana/direct");
        bo.post(&direct, json!({ "task": "Look at the queue" })).await;
        let page = anybody.clone().with("accept", "text/html").get(&path).await;
        assert!(page.text.contains("You are asked to: Look at the queue"), "{}", page.text);
        for _ in 0..2 {
            assert_eq!(tap(&anybody, &path, "action=leave").await, 303);
        }
        assert_eq!(said(&admin, "helper_released").await, ["ana stopped helping"]);
    })
    .await;
}

#[tokio::test]
async fn the_page_for_people_who_are_signed_in_takes_volunteers_and_no_foreign_forms() {
    on_both_stores(async |world| {
        with_volunteers(world).await;
        let eve = world.browser("eve").await;
        let path = "/p/incident/1";
        let page = eve.get(path).await;
        assert!(page.text.contains("I can help"), "{}", page.text);
        let foreign = eve.clone().without("origin").with("origin", "https://example.org");
        assert_eq!(tap(&foreign, path, "action=volunteer").await, 403);
        assert!(helpers(&world.admin()).await.is_empty());
        assert_eq!(tap(&eve, path, "action=volunteer").await, 303);
        assert_eq!(helpers(&world.admin()).await, [("eve".into(), None, false)]);
        let page = eve.get(path).await;
        assert!(page.text.contains("Whoever leads will say what to do"), "{}", page.text);
        let sam = world.browser("sam").await;
        assert!(!sam.get(path).await.text.contains("I can help"), "a stakeholder looks");
        assert_eq!(tap(&sam, path, "action=volunteer").await, 403);
    })
    .await;
}
