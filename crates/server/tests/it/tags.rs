//! Tags (`T2`): set when an incident is declared, added and taken off, found, and told to nobody who
//! does not see the incident.

use serde_json::{Value, json};

use crate::harness::{Client, on_both_stores};

fn tags(incident: &Value) -> Vec<&str> {
    incident["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect()
}

async fn found(client: &Client<'_>, text: &str) -> Vec<i64> {
    let url = reqwest::Url::parse_with_params("http://x/api/v1/incidents", [("q", text)]).unwrap();
    let list = client.read(&format!("{}?{}", url.path(), url.query().unwrap())).await;
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["number"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn incidents_are_tagged_found_by_tags_and_untagged() {
    on_both_stores(async |world| {
        let client = world.admin();
        let body =
            json!({ "title": "Slow", "severity": 4, "tags": ["#Größe", "db/eu-west", "größe"] });
        let one = client.post("/api/v1/incidents", body).await;
        assert_eq!(one.status, 201, "{}", one.text);
        assert_eq!(tags(&one.json()), ["db/eu-west", "größe"]);
        client.post("/api/v1/incidents", json!({ "title": "Other", "severity": 4 })).await;
        let more = json!({ "tags": ["network", "GRÖSSE", "Größe"] });
        let two = client.post("/api/v1/incidents/2/tags", more).await.json();
        assert_eq!(tags(&two), ["grösse", "größe", "network"]);

        assert_eq!(found(&client, "tag:größe").await, [2, 1]);
        assert_eq!(found(&client, "tag:GRÖßE tag:network").await, [2]);
        assert_eq!(found(&client, "tag:network,db/eu-west").await, [2, 1]);
        assert_eq!(found(&client, "-tag:network").await, [1]);
        let listed = client.read("/api/v1/incidents?q=tag:network").await;
        assert_eq!(tags(&listed["items"][0]), ["grösse", "größe", "network"]);
        let in_use = client.read("/api/v1/tags").await;
        assert_eq!(in_use["items"][0], json!({ "tag": "größe", "count": 2 }));
        let keys = client.read("/api/v1/search/keys").await;
        let key = keys["items"].as_array().unwrap().iter().find(|key| key["key"] == "tag").unwrap();
        assert_eq!(key["values"][0], "größe");

        let two = client.delete("/api/v1/incidents/2/tags/Gr%C3%B6%C3%9Fe").await.json();
        assert_eq!(tags(&two), ["grösse", "network"]);
        let version = two["version"].clone();
        let again = client.delete("/api/v1/incidents/2/tags/gr%C3%B6%C3%9Fe").await.json();
        assert_eq!((tags(&again), &again["version"]), (vec!["grösse", "network"], &version));
        assert_eq!(found(&client, "tag:größe").await, [1]);
        let timeline = client.read("/api/v1/incidents/2/timeline").await;
        let said: Vec<_> = timeline["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["kind"].as_str().unwrap().ends_with("tagged"))
            .map(|entry| entry["text"].as_str().unwrap())
            .collect();
        assert_eq!(said, ["Tagged grösse, größe, network", "No longer tagged größe"]);
        let record = client.get("/api/v1/incidents/2/record.md").await.text;
        assert!(record.contains("- Tags: grösse, network"), "{record}");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_tag_and_too_many_of_them_are_refused() {
    on_both_stores(async |world| {
        let client = world.admin();
        let declared = json!({ "title": "Slow", "severity": 4, "tags": ["two words"] });
        let why = client.post("/api/v1/incidents", declared).await.problem(400);
        assert!(why.contains("two words"), "{why}");
        client.post("/api/v1/incidents", json!({ "title": "Slow", "severity": 4 })).await;
        let many: Vec<_> = (0..20).map(|n| format!("t{n}")).collect();
        let path = "/api/v1/incidents/1/tags";
        assert_eq!(client.post(path, json!({ "tags": many })).await.status, 200);
        client.post(path, json!({ "tags": ["one-more"] })).await.problem(409);
        let many: Vec<_> = (0..21).map(|n| format!("u{n}")).collect();
        client.post(path, json!({ "tags": many })).await.problem(400);
        let looker = world.with_role("stakeholder");
        looker.post(path, json!({ "tags": ["mine"] })).await.problem(403);
        client.get("/api/v1/incidents?q=tag:a%26b").await.problem(400);
    })
    .await;
}

#[tokio::test]
async fn the_tags_of_a_restricted_incident_are_in_use_for_those_on_it_alone() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        let body = json!({
            "title": "Secret", "severity": 4, "tags": ["kryptonite"],
            "restricted": { "reason": "personal data" },
        });
        assert_eq!(ana.post("/api/v1/incidents", body).await.status, 201);
        let in_use = |list: Value| list["items"].as_array().unwrap().len();
        assert_eq!(in_use(ana.read("/api/v1/tags").await), 1);
        assert_eq!(found(&ana, "tag:kryptonite").await, [1]);
        let other = world.admin();
        assert_eq!(in_use(other.read("/api/v1/tags").await), 0);
        assert_eq!(found(&other, "tag:kryptonite").await, [] as [i64; 0]);
        assert!(!other.get("/api/v1/search/keys").await.text.contains("kryptonite"));
        other.post("/api/v1/incidents/1/tags", json!({ "tags": ["x"] })).await.problem(404);
    })
    .await;
}
