//! The pages that work without a script: answering from a link, signing in, looking.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Client, PASSWORD, World, on_both_stores};

const FORM: &str = "application/x-www-form-urlencoded";
const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
/// What a page and its style sheet may weigh together, compressed, in bytes.
pub const WEIGHT_BYTES_MAX: usize = 14 * 1024;

/// The path of the link in the newest message on a person's phone that holds one.
pub fn link(world: &World, person: &str) -> String {
    let messages = world.phones.of(person);
    let url = messages.iter().rev().find_map(|message| message["page"]["ack_url"].as_str());
    url.expect("a link arrived").strip_prefix(world.base()).unwrap().to_owned()
}

/// An incident that pages Ana.
async fn trouble(world: &World) -> String {
    assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
    world.settle().await;
    link(world, "ana")
}

/// A phone's browser, without any cookie.
pub fn phone(world: &World) -> Client<'_> {
    world.anybody().with("accept", HTML)
}

async fn tap(world: &World, path: &str, fields: &str) -> Answer {
    let client = phone(world).with("content-type", FORM);
    client.send(Method::POST, path, fields).await
}

async fn status(world: &World) -> String {
    let incident = world.admin().read("/api/v1/incidents/1").await;
    incident["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn one_tap_acknowledges_without_signing_in() {
    on_both_stores(async |world| {
        let path = trouble(world).await;
        let page = phone(world).get(&path).await;
        assert_eq!(page.status, 200);
        for words in ["disk is in trouble", "Severity 1: Outage", "checkout", "Acknowledge"] {
            assert!(page.text.contains(words), "{words} in {}", page.text);
        }
        assert!(page.text.contains("Bo Lind will be paged"), "{}", page.text);
        assert!(page.text.contains("04:05 CET"), "in Ana's own zone: {}", page.text);
        assert!(page.text.contains("https://wiki.example.com/checkout"));
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(!page.text.contains("<script"));

        let tapped = tap(world, &path, "action=acknowledge").await;
        assert_eq!((tapped.status, tapped.header("location")), (303, path.as_str()));
        let page = phone(world).get(&path).await;
        assert!(page.text.contains("You have it"), "{}", page.text);
        assert!(!page.text.contains(">Acknowledge<"));
        let incident = world.admin().read("/api/v1/incidents/1").await;
        assert_eq!(
            (&incident["status"], &incident["assignee"]),
            (&json!("acknowledged"), &json!("ana"))
        );
        world.advance(SignedDuration::from_mins(14)).await;
        assert_eq!(world.phones.of("bo").len(), 0, "nobody else is paged");
    })
    .await;
}

#[tokio::test]
async fn an_empty_post_is_all_that_a_program_needs() {
    on_both_stores(async |world| {
        let path = trouble(world).await;
        for _ in 0..2 {
            let answer = world.anybody().send(Method::POST, &path, "").await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.json()["status"], "acknowledged");
            assert_eq!(answer.json()["incident"]["number"], 1);
        }
        let timeline = world.admin().read("/api/v1/incidents/1/timeline?limit=500").await;
        let kinds = timeline["items"].as_array().unwrap().iter().map(|entry| &entry["kind"]);
        assert_eq!(kinds.filter(|kind| **kind == "acknowledged").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn looking_never_acts_however_often_and_by_whomever() {
    on_both_stores(async |world| {
        let path = trouble(world).await;
        let before = world.admin().read("/api/v1/incidents/1").await;
        let scanner =
            phone(world).with("user-agent", "LinkScanner/1.0").with("sec-purpose", "prefetch");
        for _ in 0..100 {
            assert_eq!(scanner.get(&path).await.status, 200);
        }
        for tail in ["?action=acknowledge", "?ask=resolve&confirm=yes"] {
            assert_eq!(scanner.get(&format!("{path}{tail}")).await.status, 200);
        }
        assert_eq!(scanner.status("HEAD", &path).await, 200);
        assert_eq!(scanner.status("OPTIONS", &path).await, 405);
        assert_eq!(world.admin().read("/api/v1/incidents/1").await, before);
    })
    .await;
}

#[tokio::test]
async fn resolving_asks_once_more() {
    on_both_stores(async |world| {
        let path = trouble(world).await;
        let asked = tap(world, &path, "action=resolve").await;
        assert_eq!(asked.status, 200);
        assert!(asked.text.contains("Nothing has happened yet"), "{}", asked.text);
        assert_eq!(status(world).await, "triggered");
        let program = world.anybody().send(Method::POST, &path, r#"{"action":"resolve"}"#).await;
        assert!(program.problem(409).contains("confirm=yes"));
        assert_eq!(status(world).await, "triggered");

        let confirmed = tap(world, &path, "action=resolve&confirm=yes").await;
        assert_eq!(confirmed.status, 303);
        assert_eq!(status(world).await, "resolved");
        let page = phone(world).get(&path).await;
        assert!(page.text.contains("It is over: resolved by ana"), "{}", page.text);
        let late = world.anybody().send(Method::POST, &path, "").await;
        assert_eq!((late.status, &late.json()["status"]), (200, &json!("resolved")));
    })
    .await;
}

#[tokio::test]
async fn declining_asks_the_next_person_at_once() {
    on_both_stores(async |world| {
        let path = trouble(world).await;
        assert_eq!(tap(world, &path, "action=decline").await.status, 303);
        world.settle().await;
        assert_eq!(world.phones.of("bo").len(), 1, "Bo is asked without waiting");
        let page = phone(world).get(&path).await;
        assert!(page.text.contains("You declined"), "{}", page.text);
        assert_eq!(tap(world, &path, "action=decline").await.status, 303);
        world.settle().await;
        assert_eq!(world.phones.of("bo").len(), 1, "declining twice asks nobody twice");
        assert_eq!(tap(world, &path, "action=acknowledge").await.status, 303);
        assert_eq!(status(world).await, "acknowledged");
    })
    .await;
}

#[tokio::test]
async fn an_escalation_sent_twice_escalates_once() {
    on_both_stores(async |world| {
        let path = trouble(world).await;
        let page = phone(world).get(&path).await;
        let stage = page.text.split("name=\"stage\" value=\"").nth(1).unwrap();
        let fields = format!("action=escalate&stage={}", stage.split('"').next().unwrap());
        for _ in 0..2 {
            assert_eq!(tap(world, &path, &fields).await.status, 303);
            world.settle().await;
        }
        assert_eq!(world.phones.of("bo").len(), 1);
        let timeline = world.admin().read("/api/v1/incidents/1/timeline?limit=500").await;
        let kinds = timeline["items"].as_array().unwrap().iter().map(|entry| &entry["kind"]);
        assert_eq!(kinds.filter(|kind| **kind == "escalated").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_link_says_who_has_it_and_ends_with_its_incident() {
    on_both_stores(async |world| {
        let ana = trouble(world).await;
        world.advance(SignedDuration::from_mins(6)).await;
        let bo = link(world, "bo");
        assert_ne!(ana, bo, "every person has a link of their own");
        assert_eq!(world.anybody().send(Method::POST, &bo, "").await.status, 200);
        let page = phone(world).get(&ana).await;
        assert!(page.text.contains("Bo Lind has it"), "{}", page.text);
        let late = world.anybody().send(Method::POST, &ana, "").await;
        assert_eq!((late.status, &late.json()["status"]), (200, &json!("acknowledged")));
        let incident = world.admin().read("/api/v1/incidents/1").await;
        assert_eq!(incident["assignee"], "bo", "a late answer takes nothing away");

        for verb in ["resolve", "close"] {
            let path = format!("/api/v1/incidents/1/{verb}");
            assert_eq!(world.admin().post(&path, json!({})).await.status, 200);
        }
        assert_eq!(phone(world).get(&ana).await.status, 410);
        assert_eq!(world.anybody().send(Method::POST, &ana, "").await.status, 410);
    })
    .await;
}

#[tokio::test]
async fn a_link_that_is_not_one_opens_nothing() {
    on_both_stores(async |world| {
        let path = trouble(world).await;
        let (rest, last) = path.split_at(path.len() - 1);
        let other = if last == "A" { "B" } else { "A" };
        for wrong in [format!("{rest}{other}"), "/p/x".into(), format!("/p/{}", "x".repeat(500))] {
            let page = phone(world).get(&wrong).await;
            assert_eq!(page.status, 404, "{wrong}");
            assert!(page.header("content-type").starts_with("text/html"));
            assert_eq!(world.anybody().send(Method::POST, &wrong, "").await.status, 404);
        }
        let unknown = world.anybody().send(Method::POST, &path, "action=close").await;
        assert!(unknown.problem(400).contains("cannot be done here"));
        assert_eq!(status(world).await, "triggered");
    })
    .await;
}

#[tokio::test]
async fn what_came_from_outside_is_text_and_nothing_else() {
    on_both_stores(async |world| {
        let body = json!({
            "routing_key": "checkout-events-key", "event_action": "trigger", "dedup_key": "x",
            "payload": {
                "summary": "<script>alert(1)</script><img src=x onerror=alert(2)>\" onclick=\"x",
                "source": "story", "severity": "critical",
            },
        });
        assert_eq!(world.anybody().post("/v2/enqueue", body).await.status, 202);
        world.settle().await;
        let path = link(world, "ana");
        let note = json!({ "text": "</li><b>bold</b> javascript:alert(3)" });
        world.admin().post("/api/v1/incidents/1/timeline", note).await;
        world.give_password("ana").await;
        let browser = world.browser("ana").await;
        let asked = tap(world, &path, "action=resolve").await;
        for page in [phone(world).get(&path).await, browser.get("/p/incident/1").await, asked] {
            assert_eq!(page.status, 200);
            assert!(page.text.contains("&#60;script&#62;"), "{}", page.text);
            for live in ["<script", "<img", "<b>", " onclick=\"x\"", "href=\"javascript"] {
                assert!(!page.text.contains(live), "{live} in {}", page.text);
            }
            assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        }
    })
    .await;
}

#[tokio::test]
async fn signing_in_with_a_form_leads_back_to_where_one_was_headed() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let stranger = phone(world).get("/on-call").await;
        assert_eq!(
            (stranger.status, stranger.header("location")),
            (303, "/sign-in?next=%2Fon-call")
        );
        let form = phone(world).get("/sign-in?next=%2Fon-call").await;
        assert!(form.text.contains("name=\"next\" value=\"/on-call\""), "{}", form.text);
        assert_eq!(form.header("referrer-policy"), "same-origin", "or the form has no origin");

        let client = phone(world).with("content-type", FORM).with("origin", world.base());
        let wrong = client.send(Method::POST, "/sign-in", "name=ana&password=no").await;
        assert_eq!(wrong.status, 401);
        assert!(wrong.text.contains("the name or the password is wrong"));
        let fields = format!("name=ana&password={}&next=%2Fon-call", PASSWORD.replace(' ', "+"));
        let signed_in = client.send(Method::POST, "/sign-in", fields.as_str()).await;
        assert_eq!((signed_in.status, signed_in.header("location")), (303, "/on-call"));
        let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
        let browser = client.clone().with("cookie", &cookie);
        let page = browser.get("/on-call").await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("Sign out Ana Ortiz") && page.text.contains("Nobody"));

        let elsewhere = browser.clone().without("origin").with("origin", "https://example.com");
        assert_eq!(elsewhere.send(Method::POST, "/sign-out", "").await.status, 403);
        assert_eq!(browser.get("/on-call").await.status, 200);
        let signed_out = browser.send(Method::POST, "/sign-out", "").await;
        assert_eq!((signed_out.status, signed_out.header("location")), (303, "/sign-in"));
        assert_eq!(browser.get("/on-call").await.status, 303);
        let away = fields.replace("%2Fon-call", "https%3A%2F%2Fexample.com");
        let home = client.send(Method::POST, "/sign-in", away.as_str()).await;
        assert_eq!(home.header("location"), "/app/");
        let foreign = client.without("origin").with("origin", "https://example.com");
        assert_eq!(foreign.send(Method::POST, "/sign-in", fields.as_str()).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn an_incident_can_be_read_with_its_ledger() {
    on_both_stores(async |world| {
        world.phones.set("ana", 500);
        trouble(world).await;
        assert_eq!(phone(world).get("/p/incident/1").await.status, 303);
        world.give_password("sam").await;
        let browser = world.browser("sam").await;
        let page = browser.get("/p/incident/1").await;
        assert_eq!(page.status, 200);
        for words in ["disk is in trouble", "What was sent", "Ana Ortiz", "500"] {
            assert!(page.text.contains(words), "{words} in {}", page.text);
        }
        assert_eq!(browser.get("/p/incident/2").await.status, 404);
        assert_eq!(browser.get("/p/incident/x").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn every_page_and_the_style_sheet_together_are_light() {
    on_both_stores(async |world| {
        let path = trouble(world).await;
        for n in 0..60 {
            let text = format!("note {n} that says what was looked at and what was found there");
            world.admin().post("/api/v1/incidents/1/timeline", json!({ "text": text })).await;
        }
        world.give_password("ana").await;
        let browser = world.browser("ana").await;
        let style = style_of(&phone(world).get(&path).await);
        let sheet = phone(world).get(&style).await;
        assert_eq!((sheet.status, sheet.header("content-type")), (200, "text/css; charset=utf-8"));
        assert!(sheet.header("cache-control").contains("immutable"));
        let style = weight(&browser, &style).await;
        for page in [path.as_str(), "/p/incident/1", "/on-call", "/sign-in", "/p/unknown"] {
            let together = weight(&browser, page).await + style;
            assert!(together < WEIGHT_BYTES_MAX, "{page} weighs {together} bytes");
        }
    })
    .await;
}

pub fn style_of(page: &Answer) -> String {
    let href = page.text.split("rel=\"stylesheet\" href=\"").nth(1).expect("a style sheet");
    href.split('"').next().unwrap().to_owned()
}

/// The bytes of a compressed answer.
pub async fn weight(client: &Client<'_>, path: &str) -> usize {
    let request = client.request(Method::GET, path).header("accept-encoding", "gzip");
    let response = request.send().await.unwrap();
    response.bytes().await.unwrap().len()
}
