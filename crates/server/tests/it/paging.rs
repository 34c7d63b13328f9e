//! Lists: walking them by the cursor, and what they are narrowed by.

use serde_json::{Value, json};

use crate::harness::{Client, on_both_stores};

/// Walks a list in parts of two.
async fn walk(client: &Client<'_>, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let list = client.read(&format!("{path}{join}limit=2{cursor}")).await;
        let part = list["items"].as_array().unwrap();
        assert!(part.len() <= 2);
        items.extend(part.iter().cloned());
        match list["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn texts(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn incidents_are_walked_newest_first_even_while_new_ones_come() {
    on_both_stores(async |world| {
        let client = world.admin();
        for n in 1..=5 {
            client.post("/api/v1/incidents", json!({ "title": format!("number {n}") })).await;
        }
        let first = client.read("/api/v1/incidents?limit=2").await;
        client.post("/api/v1/incidents", json!({ "title": "number 6" })).await;
        let cursor = first["next"].as_str().unwrap();
        let second = client.read(&format!("/api/v1/incidents?limit=2&cursor={cursor}")).await;
        let titles = texts(second["items"].as_array().unwrap(), "title");
        assert_eq!(titles, ["number 3", "number 2"]);
        assert_eq!(walk(&client, "/api/v1/incidents").await.len(), 6);
    })
    .await;
}

#[tokio::test]
async fn a_query_finds_the_same_on_both_stores() {
    on_both_stores(async |world| {
        let client = world.admin();
        let declare = async |title: &str, service: &str, severity: u8| {
            let body = json!({ "title": title, "service": service, "severity": severity });
            let answer = client.post("/api/v1/incidents", body).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
        };
        declare("Disk FULL on a", "checkout", 1).await;
        declare("disk is 100% full", "checkout", 3).await;
        declare("search is slow", "search", 2).await;
        client.post("/api/v1/incidents/3/acknowledge", json!({})).await;
        client.post("/api/v1/incidents/1/resolve", json!({})).await;
        let found = async |q: &str| {
            let url = reqwest::Url::parse_with_params("http://x/api/v1/incidents", [("q", q)]);
            let url = url.unwrap();
            let items = walk(&client, &format!("{}?{}", url.path(), url.query().unwrap())).await;
            items.iter().map(|item| item["number"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(found("").await, [3, 2, 1]);
        assert_eq!(found("state:open").await, [3, 2]);
        assert_eq!(found("-state:open").await, [1]);
        assert_eq!(found("sev:<=2").await, [3, 1]);
        assert_eq!(found("sev:2").await, [3]);
        assert_eq!(found("service:checkout").await, [2, 1]);
        assert_eq!(found("-service:checkout").await, [3]);
        assert_eq!(found("service:checkout,search state:open").await, [3, 2]);
        assert_eq!(found("team:payments").await, [2, 1]);
        assert_eq!(found("-team:payments").await, [3]);
        assert_eq!(found("status:acknowledged,resolved").await, [3, 1]);
        assert_eq!(found("disk full").await, [2, 1]);
        assert_eq!(found("\"disk full\"").await, [1]);
        assert_eq!(found("100%").await, [2]);
        assert_eq!(found("assignee:none").await, [3, 2, 1], "a token is nobody's assignee");
        assert_eq!(found("after:2026-11-21 before:2026-11-22").await, [3, 2, 1]);
        assert_eq!(found("before:2026-11-21").await, [] as [i64; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_timeline_is_walked_oldest_first_and_counted() {
    on_both_stores(async |world| {
        let client = world.admin();
        client.post("/api/v1/incidents", json!({ "title": "Smoke", "severity": 4 })).await;
        for n in 1..=4 {
            let body = json!({ "text": format!("note {n}") });
            let note = client.post("/api/v1/incidents/1/timeline", body).await;
            assert_eq!(note.status, 201, "{}", note.text);
            assert_eq!(note.json()["text"], format!("note {n}"));
        }
        let entries = walk(&client, "/api/v1/incidents/1/timeline").await;
        let seqs: Vec<_> = entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=entries.len() as u64).collect::<Vec<_>>());
        assert_eq!(entries[0]["kind"], "declared");
        let notes = texts(&entries[entries.len() - 4..], "text");
        assert_eq!(notes, ["note 1", "note 2", "note 3", "note 4"]);
        client.post("/api/v1/incidents/1/timeline", json!({ "text": " " })).await.problem(400);
    })
    .await;
}

#[tokio::test]
async fn tokens_audit_and_alerts_are_walked_too() {
    on_both_stores(async |world| {
        let client = world.admin();
        assert_eq!(walk(&client, "/api/v1/tokens").await.len(), 4);
        for key in ["a", "b", "c"] {
            assert_eq!(world.event("trigger", key, "critical").await.status, 202);
        }
        world.settle().await;
        assert_eq!(walk(&client, "/api/v1/alerts?q=status:open").await.len(), 3);
        assert_eq!(walk(&client, "/api/v1/alerts?q=key:b").await.len(), 1);
        assert_eq!(walk(&client, "/api/v1/messages").await.len(), 3);
        assert_eq!(walk(&client, "/api/v1/messages?q=state:failed").await.len(), 0);
        assert!(walk(&client, "/api/v1/audit").await.len() >= 5);
    })
    .await;
}
