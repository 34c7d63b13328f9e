//! Status pages with a real mail server and real files: mail is sent to nobody who has not confirmed,
//! every mail says how it ends, and a copy of the page outlives the server.

use muster_store::Engine;

use super::mail::Post;
use super::world::{World, request, wait_for};

fn organization(_phones: u16) -> String {
    r#"
organization: { name: Shop, timezone: UTC }
users:
  - { name: mia, email: mia@example.com, role: responder, contact_methods: [ { name: mail, type: email, address: mia@example.com } ], notification_rules: { high: [ { after: 0m, method: mail } ] } }
escalation_policies:
  - { name: mia, steps: [ { after: 0m, targets: [ { user: mia } ] } ] }
services:
  - { name: letters, escalation_policy: mia }
status_pages:
  - { name: shop, title: Shop status, components: [ { name: Mail, services: [letters] } ] }
catch_all: { escalation_policy: mia }
"#
    .to_owned()
}

fn post(world: &World, path: &str, body: &str) -> u16 {
    let (status, answer) =
        world.http("POST", &format!("/api/v1{path}"), Some(body)).expect("an answer");
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    status
}

/// A page of somebody without a session.
fn form(world: &World, method: &str, path: &str, body: &str) -> (u16, String) {
    request(world.port, method, path, "", Some(body)).expect("an answer")
}

fn told(world: &World, text: &str) {
    let update =
        format!(r#"{{"audience":"external","text":"{text}","urgent":"the story is short"}}"#);
    post(world, "/incidents/1/updates", &update);
}

fn mail_is_confirmed_twice(engine: Engine) {
    let office = Post::open();
    let smtp = format!("smtp://127.0.0.1:{}?tls=none", office.port);
    let world = World::start_with(engine, &["--smtp-url", &smtp], organization);
    post(&world, "/incidents", r#"{"title":"Queue 7 is stuck","service":"letters"}"#);
    let (status, page) = form(&world, "GET", "/status/shop", "");
    assert!(status == 200 && page.contains("Send me updates"), "{page}");
    let (status, _) = form(&world, "POST", "/status/shop/subscribe", "address=eve%40example.com");
    assert_eq!(status, 303);
    let link = wait_for("the link in the mail", || {
        let text = office.text();
        let token = text.split("/status/subscription/").nth(1)?;
        let end = token.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')?;
        Some(format!("/status/subscription/{}", &token[..end]))
    });
    assert!(office.text().contains("Subject: Confirm: updates of Shop status"));
    let (status, page) = form(&world, "GET", &link, "");
    assert!(status == 200 && page.contains("eve@example.com"), "{page}");
    told(&world, "First words.");
    assert_eq!(form(&world, "POST", &link, "").0, 303);
    told(&world, "Second words.");
    wait_for("the update by mail", || office.text().contains("Second words.").then_some(()));
    let text = office.text();
    assert!(!text.contains("First words."), "a link that was only looked at confirms nothing");
    assert!(text.contains("Subject: [Shop status] Investigating: Trouble with Mail"), "{text}");
    assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{text}");
    let header = text.lines().find(|line| line.starts_with("List-Unsubscribe: <http"));
    assert!(header.is_some(), "{text}");
    assert_eq!(form(&world, "POST", &link, "List-Unsubscribe=One-Click").0, 200);
    assert_eq!(world.all("/status-pages/shop/subscribers").len(), 0);
}

#[test]
fn mail_of_a_status_page_is_confirmed_first_and_ends_with_one_click_on_sqlite() {
    mail_is_confirmed_twice(Engine::Sqlite);
}

#[test]
fn mail_of_a_status_page_is_confirmed_first_and_ends_with_one_click_on_postgresql() {
    mail_is_confirmed_twice(Engine::Postgres);
}

#[test]
fn a_copy_of_a_status_page_follows_it_and_outlives_the_server() {
    let mut world = World::start(Engine::Sqlite, organization);
    post(&world, "/incidents", r#"{"title":"Queue 7 is stuck","service":"letters"}"#);
    let dir = world.path().join("public");
    let index = dir.join("shop/index.html");
    let _watch = world.keep_running(&[
        "status",
        "export",
        &dir.display().to_string(),
        "--watch",
        "--every",
        "1",
    ]);
    let read = |part: &str| {
        wait_for("the copy", || {
            std::fs::read_to_string(&index).ok().filter(|text| text.contains(part))
        })
    };
    read("Everything works");
    told(&world, "Letters are late.");
    let page = read("Letters are late.");
    assert!(
        page.contains("href=\"style.css\"") && page.contains("href=\"history.html\""),
        "{page}"
    );
    assert!(!page.contains("<form"), "a copy takes no forms");
    world.kill();
    for name in ["index.html", "history.html", "style.css", "feed.xml", "summary.json"] {
        let text = std::fs::read_to_string(dir.join("shop").join(name)).expect(name);
        assert!(!text.is_empty() && !text.contains("Queue 7"), "{name}");
    }
    let shown = world.muster(&["status", "show", "shop"]);
    assert!(shown.contains("Letters are late.") && shown.contains("Mail: major outage"), "{shown}");
}
