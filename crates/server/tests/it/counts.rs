//! What a search finds is counted by kind, no further than is of use, and for those who see it alone;
//! a timeline is read from its newest entry back.

use serde_json::{Value, json};

use crate::harness::{Client, on_both_stores};

async fn counts(client: &Client<'_>, text: &str) -> Vec<(String, i64, bool)> {
    let url = reqwest::Url::parse_with_params("http://x/", [("q", text)]).unwrap();
    let list = client.read(&format!("/api/v1/search/counts?{}", url.query().unwrap())).await;
    let items = list["items"].as_array().unwrap().iter();
    let count = |item: &Value| {
        let kind = item["kind"].as_str().unwrap().to_owned();
        (kind, item["count"].as_i64().unwrap(), item["more"].as_bool().unwrap())
    };
    items.map(count).collect()
}

#[tokio::test]
async fn what_is_found_is_counted_by_kind() {
    on_both_stores(async |world| {
        let client = world.admin();
        for title in ["Kitchen flooded", "Cellar flooded"] {
            let body = json!({ "title": title, "severity": 4, "service": "checkout" });
            client.post("/api/v1/incidents", body).await;
        }
        let note = json!({ "text": "the kitchen is dry again" });
        client.post("/api/v1/incidents/1/timeline", note).await;
        world.indexed().await;
        let kind = |name: &str, count| (name.to_owned(), count, false);
        let found = counts(&client, "kitchen").await;
        assert_eq!((&found[0], &found[1]), (&kind("incident", 1), &kind("alert", 0)));
        let entries = client.read("/api/v1/search?q=kitchen&kind=entry").await;
        let entries = i64::try_from(entries["items"].as_array().unwrap().len()).unwrap();
        assert!(entries >= 1);
        assert_eq!(found[2], kind("entry", entries));
        assert_eq!(counts(&client, "kind:note").await, [kind("entry", 1)]);
        assert_eq!(counts(&client, "incident:1 flooded").await[0], kind("incident", 1));
        assert_eq!(counts(&client, "incident:99 flooded").await[1], kind("alert", 0));
        client.get("/api/v1/search/counts?q=colour%3Ared").await.problem(400);
    })
    .await;
}

#[tokio::test]
async fn what_somebody_does_not_see_is_not_counted() {
    on_both_stores(async |world| {
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        let body = json!({
            "title": "Kryptonite", "severity": 4, "restricted": { "reason": "personal data" },
        });
        assert_eq!(ana.post("/api/v1/incidents", body).await.status, 201);
        world.indexed().await;
        let sum = |counts: Vec<(String, i64, bool)>| counts.iter().map(|it| it.1).sum::<i64>();
        assert!(sum(counts(&ana, "kryptonite").await) > 0);
        assert_eq!(sum(counts(&world.admin(), "kryptonite").await), 0);
    })
    .await;
}

#[tokio::test]
async fn a_timeline_is_read_from_its_newest_entry_back() {
    on_both_stores(async |world| {
        let client = world.admin();
        client.post("/api/v1/incidents", json!({ "title": "Slow", "severity": 4 })).await;
        for number in 0..7 {
            let body = json!({ "text": format!("note {number}") });
            client.post("/api/v1/incidents/1/timeline", body).await;
            world.advance(jiff::SignedDuration::from_secs(1)).await;
        }
        let whole = client.read("/api/v1/incidents/1/timeline?limit=500").await;
        let mut forwards: Vec<_> = whole["items"].as_array().unwrap().clone();
        forwards.reverse();
        let mut backwards: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/incidents/1/timeline?order=newest&limit=3{cursor}");
            let part = client.read(&path).await;
            backwards.extend(part["items"].as_array().unwrap().clone());
            let Some(next) = part["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(backwards[0]["text"], "note 6");
        assert_eq!(backwards, forwards);
    })
    .await;
}
