//! Links between incidents (`T2`, `T3`): said once, read from both sides, taken back, and never of what
//! a reader does not see.

use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

async fn with_incidents(world: &World, client: &Client<'_>, count: i64) {
    for number in 1..=count {
        let body =
            json!({ "title": format!("trouble {number}"), "service": "checkout", "severity": 4 });
        assert_eq!(client.post("/api/v1/incidents", body).await.json()["number"], number);
    }
    world.settle().await;
}

async fn sorts(client: &Client<'_>, number: i64) -> Vec<(String, i64)> {
    let list = client.read(&format!("/api/v1/incidents/{number}/relations")).await;
    let items = list["items"].as_array().unwrap().iter();
    let read =
        |one: &Value| (one["sort"].as_str().unwrap().to_owned(), one["number"].as_i64().unwrap());
    items.map(read).collect()
}

async fn said(client: &Client<'_>, number: i64, kind: &str) -> Vec<String> {
    let timeline = client.read(&format!("/api/v1/incidents/{number}/timeline?limit=500")).await;
    let entries = timeline["items"].as_array().unwrap().iter();
    let of_kind = entries.filter(|entry| entry["kind"] == kind);
    of_kind.map(|entry| entry["text"].as_str().unwrap().to_owned()).collect()
}

fn one(sort: &str, number: i64) -> Vec<(String, i64)> {
    vec![(sort.to_owned(), number)]
}

#[tokio::test]
async fn two_incidents_are_linked_from_both_sides_and_unlinked_again() {
    on_both_stores(async |world| {
        let responder = world.with_role("responder");
        with_incidents(world, &responder, 3).await;
        let relations = "/api/v1/incidents/2/relations";
        let body = json!({ "to": 1, "sort": "caused_by", "note": "the same deploy" });
        let answer = responder.post(relations, body.clone()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let relation = answer.json();
        assert_eq!(
            (&relation["title"], &relation["by"]),
            (&json!("trouble 1"), &json!("responder"))
        );
        assert_eq!(sorts(&responder, 2).await, one("caused_by", 1));
        assert_eq!(sorts(&responder, 1).await, one("causes", 2));
        assert_eq!(
            said(&responder, 2, "related").await,
            ["Caused by incident 1, trouble 1: the same deploy"]
        );
        assert_eq!(
            said(&responder, 1, "related").await,
            ["Causes incident 2, trouble 2: the same deploy"]
        );

        // Saying it again says nothing new; saying it otherwise, from either side, replaces it.
        assert_eq!(responder.post(relations, body).await.json()["id"], relation["id"]);
        assert_eq!(said(&responder, 2, "related").await.len(), 1);
        let body = json!({ "to": 2, "sort": "duplicate_of" });
        let answer = responder.post("/api/v1/incidents/1/relations", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(sorts(&responder, 2).await, one("duplicated_by", 1));
        let newer = answer.json()["id"].as_str().unwrap().to_owned();

        let removed = responder.delete(&format!("{relations}/{newer}")).await;
        assert_eq!(removed.status, 204, "{}", removed.text);
        assert!(sorts(&responder, 1).await.is_empty() && sorts(&responder, 2).await.is_empty());
        assert_eq!(said(&responder, 1, "unrelated").await.len(), 1);
        assert_eq!(responder.delete(&format!("{relations}/{newer}")).await.status, 404);
        let audit = world.admin().read("/api/v1/audit?limit=500").await.to_string();
        assert!(audit.contains("incident.related") && audit.contains("incident.unrelated"));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_linked_is_said_and_nobody_learns_of_what_they_do_not_see() {
    on_both_stores(async |world| {
        for name in ["ana", "bo"] {
            world.give_password(name).await;
        }
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        with_incidents(world, &ana, 3).await;
        let relations = "/api/v1/incidents/1/relations";
        let relate = |to: i64, sort: &str| json!({ "to": to, "sort": sort });
        assert!(ana.post(relations, relate(1, "related")).await.problem(409).contains("itself"));
        assert_eq!(ana.post(relations, relate(9, "related")).await.status, 404);
        assert_eq!(ana.post(relations, relate(2, "friends")).await.status, 400);
        let long = json!({ "to": 2, "sort": "related", "note": "n".repeat(501) });
        assert_eq!(ana.post(relations, long).await.status, 400);
        let looker = world.with_role("stakeholder");
        assert_eq!(looker.post(relations, relate(2, "related")).await.status, 403);

        assert_eq!(ana.post(relations, relate(2, "related")).await.status, 201);
        let restrict = json!({ "reason": "personal data" });
        let answer = ana.post("/api/v1/incidents/2/restrict", restrict.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(sorts(&ana, 1).await, one("related", 2));
        assert!(sorts(&bo, 1).await.is_empty(), "whoever does not see it sees no link to it");
        let apart = ana.post("/api/v1/incidents/3/relations", relate(2, "related")).await;
        assert!(apart.problem(409).contains("restrict both or neither"));
        assert_eq!(ana.post("/api/v1/incidents/3/restrict", restrict).await.status, 200);
        let both = ana.post("/api/v1/incidents/3/relations", relate(2, "related")).await;
        assert_eq!(both.status, 201, "{}", both.text);
    })
    .await;
}
