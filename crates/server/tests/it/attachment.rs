//! Pictures as evidence: what is taken, what is refused, and that nothing in them runs, on both stores.

use reqwest::Method;
use serde_json::json;

use crate::harness::{World, on_both_stores};

const ATTACHMENTS: &str = "/api/v1/incidents/1/attachments";
const TIMELINE: &str = "/api/v1/incidents/1/timeline";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
const PICTURE_BYTES_MAX: usize = 5 * 1024 * 1024;

async fn with_incident(world: &World) {
    assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
    world.settle().await;
    let other = world.admin().post("/api/v1/incidents", json!({ "title": "another" })).await;
    assert_eq!(other.json()["number"], 2, "{}", other.text);
}

#[tokio::test]
async fn a_picture_is_evidence_and_is_served_so_that_nothing_in_it_runs() {
    on_both_stores(async |world| {
        with_incident(world).await;
        let responder = world.with_role("responder");
        let path = format!("{ATTACHMENTS}?name=../a%22b.png");
        let answer = responder.send(Method::POST, &path, PNG).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let picture = answer.json();
        assert_eq!(picture["name"], "ab.png");
        assert_eq!(
            (&picture["media_type"], &picture["size"]),
            (&json!("image/png"), &json!(PNG.len()))
        );
        let sha256 = picture["sha256"].as_str().unwrap();
        assert_eq!(sha256.len(), 64);

        let served = responder.get(picture["path"].as_str().unwrap()).await;
        assert_eq!(served.status, 200);
        assert_eq!(served.header("content-type"), "image/png");
        assert_eq!(served.header("x-content-type-options"), "nosniff");
        assert_eq!(served.header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(served.header("content-disposition"), "inline; filename=\"ab.png\"");
        assert_eq!(served.header("cache-control"), "private, max-age=86400, immutable");
        assert_eq!(world.anybody().get(picture["path"].as_str().unwrap()).await.status, 401);

        let evidence =
            json!({ "kind": "evidence", "text": "the error rate", "attachment": picture["id"] });
        let entry = responder.post(TIMELINE, evidence.clone()).await;
        assert_eq!(entry.json()["data"]["attachment"], picture["id"], "{}", entry.text);
        let elsewhere = responder.post("/api/v1/incidents/2/timeline", evidence).await;
        assert_eq!(elsewhere.status, 400, "{}", elsewhere.text);
        let list = responder.read(ATTACHMENTS).await;
        assert_eq!(list["items"], json!([picture]));
        let nothing = json!({ "kind": "evidence", "text": "the error rate" });
        let refused = responder.post(TIMELINE, nothing).await;
        assert!(refused.problem(400).contains("needs a link or a picture"));
        let audit = world.admin().read("/api/v1/audit?limit=500").await.to_string();
        assert!(audit.contains("attachment.uploaded"));
    })
    .await;
}

#[tokio::test]
async fn what_is_no_picture_or_too_large_is_refused_in_words() {
    on_both_stores(async |world| {
        with_incident(world).await;
        let responder = world.with_role("responder");
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
        for body in [&b"<html><script>alert(1)</script>"[..], svg, b"%PDF-1.7", b""] {
            let answer = responder.send(Method::POST, ATTACHMENTS, body).await;
            assert!(answer.problem(400).contains("is no picture"), "{}", answer.text);
        }
        let mut large = PNG.to_vec();
        large.resize(PICTURE_BYTES_MAX, 0);
        let answer = responder.send(Method::POST, ATTACHMENTS, large.clone()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        large.push(0);
        let answer = responder.send(Method::POST, ATTACHMENTS, large).await;
        assert_eq!(answer.problem(413), "the picture is larger than 5 MiB");
        let stakeholder = world.with_role("stakeholder");
        assert_eq!(stakeholder.send(Method::POST, ATTACHMENTS, PNG).await.status, 403);
        for id in ["att_1", "att_00000000000000000000000000000000"] {
            assert_eq!(responder.get(&format!("/api/v1/attachments/{id}")).await.status, 404);
        }
    })
    .await;
}
