//! What stands around a service with how it is, and what else was open while an incident lasted: as far
//! as the reader sees it, and as it is in the record.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

/// The basket cannot work without the web, nor the web without checkout; search stands alone.
const SHOP: &str = r#"
services:
  - { name: checkout, team: payments, escalation_policy: payments }
  - { name: web, team: payments, escalation_policy: payments, tier: 1, depends_on: [checkout] }
  - { name: basket, escalation_policy: payments, depends_on: [web] }
  - { name: search, escalation_policy: payments }
"#;

async fn apply(world: &World) {
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", SHOP).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn declare(client: &Client<'_>, title: &str, service: &str, severity: u8) -> i64 {
    let body = json!({ "title": title, "service": service, "severity": severity });
    let answer = client.post("/api/v1/incidents", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["number"].as_i64().unwrap()
}

/// Which services stand around one: name, side, steps, via, worst severity.
async fn around(client: &Client<'_>, path: &str) -> Vec<(String, String, i64, String, Value)> {
    let list = client.read(path).await;
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    let read = |one: &Value| {
        (
            text(one, "service"),
            text(one, "side"),
            one["steps"].as_i64().unwrap(),
            text(one, "via"),
            one["worst_severity"].clone(),
        )
    };
    list["items"].as_array().unwrap().iter().map(read).collect()
}

async fn concurrent(client: &Client<'_>, number: i64) -> Vec<(i64, String, Value)> {
    let list = client.read(&format!("/api/v1/incidents/{number}/concurrent")).await;
    let read = |one: &Value| {
        let nearness = one["nearness"].as_str().unwrap().to_owned();
        (one["number"].as_i64().unwrap(), nearness, one["steps"].clone())
    };
    list["items"].as_array().unwrap().iter().map(read).collect()
}

#[tokio::test]
async fn what_stands_around_a_service_is_told_with_how_it_is() {
    on_both_stores(async |world| {
        apply(world).await;
        let reader = world.with_role("stakeholder");
        let responder = world.with_role("responder");
        let one = |name: &str, side: &str, steps, via: &str, worst: Value| {
            (name.to_owned(), side.to_owned(), steps, via.to_owned(), worst)
        };
        let web = "/api/v1/services/web/dependencies";
        assert_eq!(
            around(&reader, web).await,
            [
                one("basket", "downstream", 1, "web", Value::Null),
                one("checkout", "upstream", 1, "web", Value::Null),
            ]
        );
        declare(&responder, "Cards are refused", "checkout", 2).await;
        declare(&responder, "Slow too", "checkout", 4).await;
        world.settle().await;
        let checkout = around(&reader, web).await.pop().unwrap();
        assert_eq!(checkout.4, 2, "the worst of the two");
        assert_eq!(
            around(&reader, "/api/v1/services/checkout/dependencies?steps=1").await,
            [one("web", "downstream", 1, "checkout", Value::Null)]
        );
        let far = around(&reader, "/api/v1/services/checkout/dependencies").await;
        assert_eq!(far[1], one("basket", "downstream", 2, "web", Value::Null));
        assert_eq!(around(&reader, "/api/v1/services/search/dependencies").await, []);
        for (path, status) in [
            ("/api/v1/services/web/dependencies?steps=0", 400),
            ("/api/v1/services/web/dependencies?steps=6", 400),
            ("/api/v1/services/none/dependencies", 404),
        ] {
            assert_eq!(reader.get(path).await.status, status, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_else_was_open_is_told_the_nearest_first_and_stands_in_the_record() {
    on_both_stores(async |world| {
        apply(world).await;
        let responder = world.with_role("responder");
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        let minutes = async |minutes| {
            world.settle().await;
            world.advance(SignedDuration::from_mins(minutes)).await;
        };
        let over = declare(&responder, "Over before", "web", 4).await;
        let resolve = async |number: i64| {
            let path = format!("/api/v1/incidents/{number}/resolve");
            let answer = responder.post(&path, json!({})).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        };
        minutes(1).await;
        resolve(over).await;
        minutes(5).await;
        let ended = declare(&responder, "Search <b>is</b> slow", "search", 4).await;
        let secret = declare(&responder, "Somebody read our mail", "web", 4).await;
        let path = format!("/api/v1/incidents/{secret}/restrict");
        let restricted = ana.post(&path, json!({ "reason": "legal" })).await;
        assert_eq!(restricted.status, 200, "{}", restricted.text);
        minutes(1).await;
        let ours = declare(&responder, "Cards are refused", "web", 4).await;
        minutes(1).await;
        resolve(ended).await;
        let below = declare(&responder, "Ledger is late", "checkout", 4).await;
        let same = declare(&responder, "Blank page", "web", 4).await;
        minutes(1).await;
        resolve(ours).await;
        minutes(5).await;
        declare(&responder, "Begun after", "web", 4).await;
        world.settle().await;

        let expected = vec![
            (same, "same".to_owned(), json!(0)),
            (below, "upstream".to_owned(), json!(1)),
            (ended, "elsewhere".to_owned(), Value::Null),
        ];
        let reader = world.with_role("stakeholder");
        assert_eq!(concurrent(&reader, ours).await, expected, "what is restricted is not told");
        let record = reader.read(&format!("/api/v1/incidents/{ours}/record")).await;
        let numbers: Vec<_> = record["concurrent"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["number"].as_i64())
            .collect();
        assert_eq!(numbers, [Some(same), Some(below), Some(ended)]);
        let text = reader.get(&format!("/api/v1/incidents/{ours}/record.md")).await.text;
        assert!(text.contains("## At the same time"), "{text}");
        assert!(text.contains(r"SEV4, resolved: Search \<b\>is\</b\> slow"), "{text}");
        assert!(!text.contains("read our mail"), "{text}");
        // From the other one it is the same distance the other way.
        let back = concurrent(&reader, below).await;
        assert!(back.contains(&(ours, "downstream".to_owned(), json!(1))), "{back:?}");
    })
    .await;
}
