//! Problems: whatever is wrong is said in the same form, with the place where that is known.

use reqwest::Method;
use serde_json::json;

use crate::harness::on_both_stores;

#[tokio::test]
async fn every_mistake_has_the_same_form() {
    on_both_stores(async |world| {
        let client = world.admin();
        assert!(client.get("/api/v1/nothing").await.problem(404).contains("/api/v1/nothing"));
        client.get("/nothing/at/all").await.problem(404);
        client.put("/api/v1/incidents", json!({})).await.problem(405);
        client.get("/api/v1/incidents/999").await.problem(404);
        client.get("/api/v1/incidents/inc_x").await.problem(404);
        client.get("/api/v1/alerts/nope").await.problem(404);
        client.get("/api/v1/messages/nope").await.problem(404);

        let post = async |body: &str| {
            client.send(Method::POST, "/api/v1/incidents", body).await.problem(400)
        };
        assert!(post("{").await.contains("the body"));
        assert!(post("").await.contains("the body"));
        assert!(post(r#"{"titel":"x"}"#).await.contains("titel"));
        assert!(post(r#"{"title":7}"#).await.contains("string"));
        assert!(post(r#"{"title":" "}"#).await.contains("title"));
        assert!(post(r#"{"title":"x","service":"y"}"#).await.contains("service"));
        assert!(post(r#"{"title":"x","severity":9}"#).await.contains("1, 2, 3, 4"));
        assert!(post(&"[".repeat(10_000)).await.contains("the body"));
    })
    .await;
}

#[tokio::test]
async fn a_field_that_is_wrong_is_named() {
    on_both_stores(async |world| {
        let answer = world.admin().get("/api/v1/incidents?limit=501").await;
        answer.problem(400);
        assert_eq!(answer.json()["errors"][0]["path"], "limit");
        let answer = world.admin().get("/api/v1/incidents?cursor=!!").await;
        answer.problem(400);
        assert_eq!(answer.json()["errors"][0]["path"], "cursor");
        let answer = world.admin().get("/api/v1/incidents?q=state:open%20svc:x").await;
        let detail = answer.problem(400);
        assert!(detail.contains("position 12") && detail.contains("service"), "{detail}");
        world.admin().get("/api/v1/incidents?querry=x").await.problem(400);
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    on_both_stores(async |world| {
        let title = "x".repeat(600 * 1024);
        let answer = world.admin().post("/api/v1/incidents", json!({ "title": title })).await;
        assert!(answer.problem(413).contains("512 KiB"));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_move_says_why() {
    on_both_stores(async |world| {
        let client = world.admin();
        client.post("/api/v1/incidents", json!({ "title": "Smoke" })).await;
        let verb = async |verb: &str| {
            client.send(Method::POST, &format!("/api/v1/incidents/1/{verb}"), "").await
        };
        assert!(verb("close").await.problem(409).contains("only a resolved one"));
        assert!(verb("reopen").await.problem(409).contains("reopened"));
        assert!(verb("unsnooze").await.problem(409).contains("not snoozed"));
        assert_eq!(verb("resolve").await.status, 200);
        assert!(verb("acknowledge").await.problem(409).contains("already resolved"));
        let snooze = client.post("/api/v1/incidents/1/snooze", json!({ "for": "soon" })).await;
        assert!(snooze.problem(400).contains("duration"));
    })
    .await;
}
