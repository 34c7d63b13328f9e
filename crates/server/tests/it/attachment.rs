//! Files as evidence: what is taken, what is refused, and that nothing in them runs, on both stores.

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
        assert!(refused.problem(400).contains("needs a link or a file"));
        let audit = world.admin().read("/api/v1/audit?limit=500").await.to_string();
        assert!(audit.contains("attachment.uploaded"));
    })
    .await;
}

#[tokio::test]
async fn what_is_of_no_known_kind_or_too_large_is_refused_in_words() {
    on_both_stores(async |world| {
        with_incident(world).await;
        let responder = world.with_role("responder");
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
        for body in [&b"<html><script>alert(1)</script>"[..], svg, b"MZ\x90\0", b"#!/bin/sh", b""] {
            let answer = responder.send(Method::POST, ATTACHMENTS, body).await;
            assert!(answer.problem(400).contains("none of the kinds"), "{}", answer.text);
        }
        let mut large = PNG.to_vec();
        large.resize(PICTURE_BYTES_MAX, 0);
        let answer = responder.send(Method::POST, ATTACHMENTS, large.clone()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        large.push(0);
        let answer = responder.send(Method::POST, ATTACHMENTS, large).await;
        assert_eq!(answer.problem(413), "the file is larger than 5 MiB");
        let stakeholder = world.with_role("stakeholder");
        assert_eq!(stakeholder.send(Method::POST, ATTACHMENTS, PNG).await.status, 403);
        for id in ["att_1", "att_00000000000000000000000000000000"] {
            assert_eq!(responder.get(&format!("/api/v1/attachments/{id}")).await.status, 404);
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_is_evidence_and_is_only_ever_downloaded() {
    on_both_stores(async |world| {
        with_incident(world).await;
        let responder = world.with_role("responder");
        let log = b"03:12 connection refused <script>alert(1)</script>\n";
        let path = format!("{ATTACHMENTS}?name=..%2Fapp%E2%80%AEtxt.exe");
        let answer = responder.send(Method::POST, &path, &log[..]).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let file = answer.json();
        assert_eq!(
            (&file["name"], &file["media_type"]),
            (&json!("apptxt.exe.txt"), &json!("text/plain"))
        );
        let served = responder.get(file["path"].as_str().unwrap()).await;
        assert_eq!(served.text.as_bytes(), log);
        for (name, value) in [
            ("content-type", "text/plain"),
            ("content-disposition", "attachment; filename=\"apptxt.exe.txt\""),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
        ] {
            assert_eq!(served.header(name), value, "{name}");
        }
        let evidence =
            json!({ "kind": "evidence", "text": "what it logged", "attachment": file["id"] });
        let entry = responder.post(TIMELINE, evidence).await.json();
        assert_eq!(
            (&entry["data"]["attachment"], &entry["data"]["file"]),
            (&file["id"], &json!("apptxt.exe.txt"))
        );
        let record = responder.get("/api/v1/incidents/1/record.md").await.text;
        assert!(record.contains("what it logged (file: apptxt.exe.txt)"), "{record}");
        let mut large = vec![b'a'; 2 * PICTURE_BYTES_MAX];
        let answer = responder.send(Method::POST, ATTACHMENTS, large.clone()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        large.push(b'a');
        let answer = responder.send(Method::POST, ATTACHMENTS, large).await;
        assert_eq!(answer.problem(413), "the file is larger than 10 MiB");
    })
    .await;
}

#[tokio::test]
async fn an_incident_has_links_of_its_own_that_stand_in_its_record() {
    on_both_stores(async |world| {
        with_incident(world).await;
        let responder = world.with_role("responder");
        let links = "/api/v1/incidents/1/links";
        let dashboard =
            json!({ "label": "Dashboard", "address": "https://grafana.example.com/d/1" });
        let added = responder.post(links, dashboard.clone()).await;
        assert_eq!(added.status, 201, "{}", added.text);
        let added = added.json();
        assert_eq!(responder.post(links, dashboard).await.json()["id"], added["id"], "once");
        assert_eq!(responder.read(links).await["items"], json!([added]));
        for (label, address, field) in [
            ("", "https://example.com", "label"),
            ("Notes", "http://example.com", "address"),
            ("Notes", "javascript:alert(1)", "address"),
        ] {
            let refused =
                responder.post(links, json!({ "label": label, "address": address })).await;
            assert!(refused.problem(400).starts_with(field), "{}", refused.text);
        }
        let stakeholder = world.with_role("stakeholder");
        let wiki = json!({ "label": "Notes", "address": "https://wiki.example.com" });
        assert_eq!(stakeholder.post(links, wiki).await.status, 403);
        let record = responder.read("/api/v1/incidents/1/record").await;
        assert_eq!(record["links"], json!([added]));
        let markdown = responder.get("/api/v1/incidents/1/record.md").await.text;
        assert!(markdown.contains("- Dashboard: <https://grafana.example.com/d/1>"), "{markdown}");

        let one = format!("{links}/{}", added["id"].as_str().unwrap());
        assert_eq!(responder.delete(&one.replace("/1/", "/2/")).await.status, 404);
        assert_eq!(responder.delete(&one).await.status, 204);
        assert_eq!(responder.delete(&one).await.status, 404);
        assert_eq!(responder.read(links).await["items"], json!([]));
        let timeline = responder.read(&format!("{TIMELINE}?limit=500")).await;
        let kinds = timeline["items"].as_array().unwrap().iter().map(|entry| &entry["kind"]);
        let kinds: Vec<_> =
            kinds.filter(|kind| kind.as_str().unwrap().starts_with("link")).collect();
        assert_eq!(kinds, ["link_added", "link_removed"]);
    })
    .await;
}
