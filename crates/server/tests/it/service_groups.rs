//! Service groups (`T2`): configured, searched by, in lists and reports, covered by notification lists,
//! and as bad as the worst of what somebody sees in them.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const GROUPS: &str = r#"service_groups:
  - { name: shop, description: What customers see, services: [checkout, search] }
  - { name: money, services: [checkout] }
notification_lists: [ { name: buyers, service_groups: [shop], core: [ana] } ]
"#;

async fn apply(world: &World, text: &str) {
    let client = world.admin();
    let answer = client.send(Method::POST, "/api/v1/config/apply", text.to_owned()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn declare(client: &Client<'_>, service: &str, severity: u8) {
    let body = json!({ "title": "Slow", "service": service, "severity": severity });
    let answer = client.post("/api/v1/incidents", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

async fn found(client: &Client<'_>, text: &str) -> Vec<i64> {
    let url = reqwest::Url::parse_with_params("http://x/api/v1/incidents", [("q", text)]).unwrap();
    let list = client.read(&format!("{}?{}", url.path(), url.query().unwrap())).await;
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["number"].as_i64().unwrap()).collect()
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_group_is_as_bad_as_the_worst_of_its_services_and_narrows_lists() {
    on_both_stores(async |world| {
        apply(world, GROUPS).await;
        let client = world.admin();
        declare(&client, "checkout", 4).await;
        declare(&client, "search", 2).await;
        declare(&client, "catch-all", 1).await;
        world.settle().await;
        let groups = client.read("/api/v1/service-groups").await;
        assert_eq!(names(&groups), ["money", "shop"]);
        let shop = json!({
            "name": "shop", "description": "What customers see",
            "services": ["checkout", "search"], "open_incidents": 2, "worst_severity": 2,
        });
        assert_eq!(groups["items"][1], shop);
        assert_eq!(client.read("/api/v1/service-groups/shop").await, shop);
        assert_eq!(client.read("/api/v1/service-groups/money").await["worst_severity"], 4);
        client.get("/api/v1/service-groups/none").await.problem(404);

        assert_eq!(
            names(&client.read("/api/v1/services?group=shop").await),
            ["checkout", "search"]
        );
        assert_eq!(names(&client.read("/api/v1/services?group=money").await), ["checkout"]);
        client.get("/api/v1/services?group=none").await.problem(404);
        let checkout = client.read("/api/v1/services/checkout").await;
        assert_eq!(checkout["groups"], json!(["money", "shop"]));

        assert_eq!(found(&client, "group:shop").await, [2, 1]);
        assert_eq!(found(&client, "group:money,shop sev:4").await, [1]);
        assert_eq!(found(&client, "-group:shop").await, [3]);
        assert_eq!(found(&client, "group:shop -service:search").await, [1]);
        let why = client.get("/api/v1/search?q=group%3Anone").await.problem(400);
        assert!(why.contains("no such service group"), "{why}");
        let keys = client.read("/api/v1/search/keys").await;
        let keys = keys["items"].as_array().unwrap();
        let key = keys.iter().find(|key| key["key"] == "group").unwrap();
        assert_eq!(key["values"], json!(["money", "shop"]));
        assert_eq!(key["kinds"], json!(["incident", "alert", "entry", "change"]));
        let list = client.read("/api/v1/notification-lists/buyers").await;
        assert_eq!(list["services"], json!(["checkout", "search"]));
    })
    .await;
}

#[tokio::test]
async fn the_report_counts_incidents_by_group_and_narrows_to_one() {
    on_both_stores(async |world| {
        apply(world, GROUPS).await;
        let client = world.admin();
        declare(&client, "checkout", 1).await;
        declare(&client, "search", 1).await;
        world.advance(SignedDuration::from_mins(10)).await;
        for number in 1..=2 {
            let path = format!("/api/v1/incidents/{number}/restore");
            assert_eq!(client.post(&path, json!({})).await.status, 200);
        }
        let report = client.read("/api/v1/reports/incidents").await;
        let figures = json!([
            { "group": "money", "count": 1, "outage_seconds": 600 },
            { "group": "shop", "count": 2, "outage_seconds": 600 },
        ]);
        assert_eq!(report["by_group"], figures);
        let report = client.read("/api/v1/reports/incidents?group=money").await;
        assert_eq!(report["count"], 1);
        client.get("/api/v1/reports/incidents?group=none").await.problem(404);
    })
    .await;
}

#[tokio::test]
async fn a_restricted_incident_makes_a_group_worse_for_those_on_it_alone() {
    on_both_stores(async |world| {
        apply(world, GROUPS).await;
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        let body = json!({
            "title": "Secret", "service": "checkout", "severity": 1,
            "restricted": { "reason": "personal data" },
        });
        assert_eq!(ana.post("/api/v1/incidents", body).await.status, 201);
        world.advance(SignedDuration::from_mins(1)).await;
        let other = world.admin();
        for (client, sees) in [(&ana, true), (&other, false)] {
            let group = client.read("/api/v1/service-groups/money").await;
            assert_eq!(group["open_incidents"], i64::from(sees));
            assert_eq!(group["worst_severity"].as_i64(), sees.then_some(1));
            assert_eq!(found(client, "group:money").await.len(), usize::from(sees));
            let report = client.read("/api/v1/reports/incidents").await;
            assert_eq!(report["by_group"].as_array().unwrap().len(), 2 * usize::from(sees));
        }
    })
    .await;
}

#[tokio::test]
async fn a_group_of_nothing_or_of_what_is_not_there_is_refused_with_its_place() {
    on_both_stores(async |world| {
        let client = world.admin();
        for (text, path) in [
            ("service_groups: [ { name: a, services: [] } ]", "service_groups[0].services"),
            ("service_groups: [ { name: a, services: [nope] } ]", "service_groups[0].services[0]"),
            (
                "service_groups: [ { name: a, services: [checkout, checkout] } ]",
                "service_groups[0].services[1]",
            ),
            (
                "service_groups: [ { name: a, services: [checkout] }, { name: a, services: [search] } ]",
                "service_groups[1].name",
            ),
            (
                "notification_lists: [ { name: l, core: [ana], service_groups: [nope] } ]",
                "notification_lists[0].service_groups[0]",
            ),
        ] {
            let refused = client.send(Method::POST, "/api/v1/config/plan", text.to_owned()).await;
            assert_eq!(refused.status, 422, "{text}: {}", refused.text);
            assert_eq!(refused.json()["errors"][0]["path"], path, "{}", refused.text);
        }
        apply(world, GROUPS).await;
        let exported = client.get("/api/v1/config/export").await.text;
        assert!(exported.contains("service_groups:"), "{exported}");
        apply(world, &exported).await;
    })
    .await;
}
