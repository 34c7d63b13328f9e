//! Declaring (`D4`): a title is enough from everywhere, and what may be known already is named
//! before and after, without standing in the way.

use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

async fn declared(client: &Client<'_>, title: &str, service: Option<&str>) -> i64 {
    let mut body = json!({ "title": title });
    if let Some(service) = service {
        body["service"] = service.into();
    }
    let answer = client.post("/api/v1/incidents", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["number"].as_i64().unwrap()
}

async fn likely(client: &Client<'_>, query: &str) -> Vec<(i64, Vec<String>)> {
    let list = client.read(&format!("/api/v1/incidents/duplicates?{query}")).await;
    assert!(list["next"].is_null());
    let describe = |one: &Value| {
        let because = one["because"].as_array().unwrap().iter();
        let because = because.map(|why| why.as_str().unwrap().to_owned()).collect();
        (one["incident"]["number"].as_i64().unwrap(), because)
    };
    list["items"].as_array().unwrap().iter().map(describe).collect()
}

#[tokio::test]
async fn what_may_be_known_already_is_found_while_one_types() {
    on_both_stores(async |world: &World| {
        let admin = world.admin();
        let cards = declared(&admin, "Card payments fail in Spain", Some("checkout")).await;
        let slow = declared(&admin, "Search is slow", Some("search")).await;
        let practice = json!({ "title": "Card payments fail", "practice": true });
        assert_eq!(admin.post("/api/v1/incidents", practice).await.status, 201);

        let words = ["both say card, payments".to_owned()];
        assert_eq!(likely(&admin, "title=card%20payments").await, [(cards, words.to_vec())]);
        let same = ["same service".to_owned()];
        assert_eq!(likely(&admin, "service=search").await, [(slow, same.to_vec())]);
        assert_eq!(likely(&admin, "title=the%20office%20is%20cold").await, []);
        assert_eq!(likely(&admin, "title=").await, []);

        let path = format!("/api/v1/incidents/{cards}/resolve");
        assert_eq!(admin.post(&path, json!({})).await.status, 200);
        assert_eq!(likely(&admin, "title=card%20payments").await, [], "what is over is over");

        let wrong = admin.get("/api/v1/incidents/duplicates?service=chekout").await;
        assert_eq!(wrong.problem(400), "service: there is no service `chekout`");
    })
    .await;
}

#[tokio::test]
async fn the_worst_is_assumed_and_a_likely_duplicate_refuses_nothing() {
    on_both_stores(async |world: &World| {
        let admin = world.admin();
        let first = declared(&admin, "Nobody can pay", Some("checkout")).await;
        let second = declared(&admin, "Nobody can pay", Some("checkout")).await;
        assert_ne!(first, second);
        let incident = admin.read(&format!("/api/v1/incidents/{second}")).await;
        assert_eq!(incident["severity"], 1);
        assert_eq!(incident["paging"]["state"], "waiting");
        let newest_first: Vec<_> = likely(&admin, "title=nobody%20pay&service=checkout")
            .await
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        assert_eq!(newest_first, [second, first]);
    })
    .await;
}
