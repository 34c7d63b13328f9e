//! Hearing of a status page (`U5`): nobody hears before they confirmed by a POST, everybody can end it,
//! and nobody can use it to find out who hears or to send much.

use jiff::SignedDuration;
use muster_core::id::SubscriberId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, World, on_both_stores};
use crate::status_pages::{configure, declare, tell};

const SUBSCRIBERS: &str = "/api/v1/status-pages/shop/subscribers";

async fn ask(client: &Client<'_>, address: &str) -> Answer {
    form(client, "/status/shop-status/subscribe", &[("address", address)]).await
}

async fn form(client: &Client<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (name, value) in fields {
        let value: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        body.push_str(&format!("{name}={value}&"));
    }
    let client = client.clone().with("content-type", "application/x-www-form-urlencoded");
    client.send(Method::POST, path, body).await
}

async fn known(world: &World) -> Vec<Value> {
    world.admin().read(SUBSCRIBERS).await["items"].as_array().unwrap().clone()
}

/// The path of a subscriber's link, as their messages carry it.
fn link(world: &World, subscriber: &Value) -> String {
    let id: SubscriberId = subscriber["id"].as_str().unwrap().parse().unwrap();
    let url = world.app.subscription_url(id);
    url.strip_prefix(world.base()).unwrap().to_owned()
}

fn requests(world: &World, kind: &str) -> Vec<Value> {
    world.phones.of("hook").into_iter().filter(|body| body["type"] == kind).collect()
}

#[tokio::test]
async fn a_webhook_hears_once_it_has_answered_the_challenge_and_until_it_ends() {
    on_both_stores(async |world: &World| {
        configure(world, "").await;
        declare(world).await;
        let (admin, anybody) = (world.admin(), world.anybody());
        let hook = world.phone("hook");
        let asked = ask(&anybody, &hook).await;
        assert_eq!(
            (asked.status, asked.header("location")),
            (303, "/status/shop-status/subscribed")
        );
        world.settle().await;
        let challenge = requests(world, "status_page.challenge");
        assert_eq!(challenge.len(), 1, "{challenge:?}");
        let data = &challenge[0]["data"];
        assert!(data["secret"].as_str().unwrap().starts_with("whsec_"));
        let confirm = data["confirm_url"].as_str().unwrap().strip_prefix(world.base()).unwrap();

        tell(&admin, json!({ "audience": "external", "text": "Nobody confirmed yet." })).await;
        assert_eq!(anybody.get(confirm).await.status, 200, "looking confirms nothing");
        world.advance(SignedDuration::from_mins(30)).await;
        tell(&admin, json!({ "audience": "external", "text": "Still nobody." })).await;
        world.settle().await;
        assert_eq!(requests(world, "status_page.update"), [] as [Value; 0]);
        assert_eq!(known(world).await[0]["confirmed_at"], Value::Null);

        assert_eq!(form(&anybody, confirm, &[]).await.status, 303);
        world.advance(SignedDuration::from_mins(30)).await;
        let named =
            json!({ "audience": "external", "text": "Cards <b>work</b>.", "stage": "monitoring" });
        tell(&admin, named).await;
        world.settle().await;
        let told = requests(world, "status_page.update");
        assert_eq!(told.len(), 1, "{told:?}");
        let data = &told[0]["data"];
        assert_eq!(
            data["update"]["text"], "Cards <b>work</b>.",
            "data for programs stays as it is"
        );
        assert_eq!(data["update"]["stage"], "monitoring");
        assert_eq!(data["incident"]["title"], "Trouble with Paying");
        for secret in ["Oracle", "inc_", "checkout", "/app/"] {
            assert!(!told[0].to_string().contains(secret), "{}", told[0]);
        }

        assert_eq!(form(&anybody, confirm, &[("action", "end")]).await.status, 200);
        assert_eq!(known(world).await, [] as [Value; 0]);
        assert_eq!(anybody.get(confirm).await.status, 404);
        world.advance(SignedDuration::from_mins(30)).await;
        tell(&admin, json!({ "audience": "external", "text": "All is well." })).await;
        world.settle().await;
        assert_eq!(requests(world, "status_page.update").len(), 1, "it is over");
    })
    .await;
}

#[tokio::test]
async fn a_mail_program_ends_it_with_one_click_and_asking_twice_is_no_fault() {
    on_both_stores(async |world: &World| {
        configure(world, "").await;
        let anybody = world.anybody();
        assert_eq!(ask(&anybody, "Eve@Example.com").await.status, 303);
        let one = known(world).await.remove(0);
        assert_eq!(one["address"], "Eve@example.com");
        let link = link(world, &one);
        let page = anybody.get(&link).await;
        assert!(
            page.text.contains("Do you want updates?") && page.text.contains("Eve@example.com")
        );
        assert_eq!(page.header("referrer-policy"), "no-referrer", "the address holds a token");
        assert_eq!(form(&anybody, &link, &[]).await.status, 303);
        assert_eq!(form(&anybody, &link, &[]).await.status, 303, "once more changes nothing");
        assert!(anybody.get(&link).await.text.contains("You get updates"));
        let click = [("List-Unsubscribe", "One-Click")];
        assert_eq!(form(&anybody, &link, &click).await.status, 200);
        assert_eq!(form(&anybody, &link, &click).await.status, 200);
        assert_eq!(known(world).await, [] as [Value; 0]);
        assert_eq!(form(&anybody, &link, &[]).await.status, 404, "what is ended is not confirmed");
    })
    .await;
}

#[tokio::test]
async fn asking_says_nothing_of_who_hears_and_is_limited_per_address_and_client() {
    on_both_stores(async |world: &World| {
        configure(world, "").await;
        let anybody = world.anybody();
        let hook = world.phone("hook");
        let mut answers = Vec::new();
        answers.push(ask(&anybody, &hook).await);
        world.settle().await;
        let first = known(world).await.remove(0);
        assert_eq!(form(&anybody, &link(world, &first), &[]).await.status, 303);
        answers.push(ask(&anybody, &hook).await);
        answers.push(ask(&anybody, &hook).await);
        world.settle().await;
        for answer in &answers {
            assert_eq!((answer.status, answer.text.as_str()), (303, answers[0].text.as_str()));
        }
        assert_eq!(requests(world, "status_page.challenge").len(), 1, "one message an hour");
        assert_eq!(known(world).await.len(), 1);

        world.advance(SignedDuration::from_hours(1)).await;
        assert_eq!(ask(&anybody, &hook).await.status, 303);
        world.settle().await;
        assert_eq!(requests(world, "status_page.challenge").len(), 2);

        for n in 0..9 {
            assert_eq!(ask(&anybody, &format!("p{n}@example.com")).await.status, 303, "{n}");
        }
        let refused = ask(&anybody, "one-more@example.com").await;
        assert_eq!(refused.status, 429);
        assert!(refused.text.contains("try again in an hour"), "{}", refused.text);
        let elsewhere = world.anybody().with("x-forwarded-for", "192.0.2.7");
        assert_eq!(ask(&elsewhere, "one-more@example.com").await.status, 303);
        let wrong = ask(&elsewhere, "\"><script>alert(1)</script>").await;
        assert_eq!(wrong.status, 422);
        assert!(!wrong.text.contains("<script"), "{}", wrong.text);
        let foreign = elsewhere.clone().with("origin", "https://evil.example.com");
        assert_eq!(ask(&foreign, "victim@example.com").await.status, 403);

        world.advance(SignedDuration::from_hours(24) + SignedDuration::from_secs(1)).await;
        muster_server::engine::janitor::round(&world.app).await.unwrap();
        let left = known(world).await;
        assert_eq!(left.len(), 1, "addresses that nobody confirmed are forgotten: {left:?}");
        assert_eq!(left[0]["address"], json!(hook));
    })
    .await;
}

#[tokio::test]
async fn whoever_configures_sees_the_subscribers_and_can_remove_one() {
    on_both_stores(async |world: &World| {
        configure(world, "").await;
        let (admin, anybody) = (world.admin(), world.anybody());
        let body = json!({ "address": "eve@example.com" });
        assert_eq!(anybody.post(SUBSCRIBERS, body.clone()).await.status, 202);
        let inside = "/api/v1/status-pages/inside/subscribers";
        assert_eq!(anybody.post(inside, body).await.status, 401, "not of a private page");
        let wrong = anybody.post(SUBSCRIBERS, json!({ "address": "eve" })).await;
        assert_eq!(wrong.status, 400);
        assert_eq!(world.with_role("manager").get(SUBSCRIBERS).await.status, 403);
        let id = known(world).await[0]["id"].as_str().unwrap().to_owned();
        let other = format!("{inside}/{id}");
        assert_eq!(admin.delete(&other).await.status, 404, "of another page");
        assert_eq!(admin.delete(&format!("{SUBSCRIBERS}/{id}")).await.status, 204);
        assert_eq!(admin.delete(&format!("{SUBSCRIBERS}/{id}")).await.status, 404);
        assert_eq!(known(world).await, [] as [Value; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_page_is_edited_with_a_preview_a_draft_and_an_undo() {
    on_both_stores(async |world: &World| {
        configure(world, "").await;
        let admin = world.admin();
        let read = admin.read("/api/v1/status-pages/shop/document").await;
        let mut document = read["document"].clone();
        document["title"] = json!("Our <i>shop</i>");
        let preview = json!({ "document": document });
        let shown = admin.post("/api/v1/status-pages/shop/preview", preview).await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        let html = shown.json()["html"].as_str().unwrap().to_owned();
        assert!(html.contains("Our ") && !html.contains("<i>shop"), "{html}");
        let saved = json!({ "document": document, "revision": read["revision"] });
        let answer = admin.put("/api/v1/status-pages/shop/draft", saved).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(world.anybody().get("/status/shop-status").await.text.contains("Shop &"));
        let answer = admin.post("/api/v1/status-pages/shop/draft/publish", json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let title = async || {
            world.anybody().read("/api/v1/status-pages/shop/summary").await["title"].clone()
        };
        assert_eq!(title().await, "Our <i>shop</i>");
        assert_eq!(admin.post("/api/v1/status-pages/shop/undo", json!({})).await.status, 200);
        assert_eq!(title().await, "Shop & friends");
        document["slug"] = json!("inside");
        let twice = json!({ "document": document });
        let refused = admin.post("/api/v1/status-pages/shop/preview", twice).await;
        assert!(refused.text.contains("is the address of the status page"), "{}", refused.text);
        document["slug"] = json!("a/../b");
        let wrong =
            admin.post("/api/v1/status-pages/shop/preview", json!({ "document": document })).await;
        assert_eq!(wrong.status, 422, "{}", wrong.text);
        let stranger = world.with_role("responder");
        let preview = json!({ "document": read["document"] });
        assert_eq!(stranger.post("/api/v1/status-pages/shop/preview", preview).await.status, 403);
    })
    .await;
}
