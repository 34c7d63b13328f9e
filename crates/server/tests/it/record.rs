//! The synopsis with its lead's sentence, corrected times, and the closing record as data and as
//! Markdown, on both stores.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Client, World, on_both_stores};

const INCIDENT: &str = "/api/v1/incidents/1";

/// The alert came at 03:00; it is 03:10 and ana looks at it.
async fn with_incident(world: &World) -> Client<'_> {
    world.give_password("ana").await;
    world.give_password("bo").await;
    assert_eq!(world.event("trigger", "disk", "critical").await.status, 202);
    world.settle().await;
    world.advance(SignedDuration::from_mins(4)).await;
    let ana = world.browser("ana").await;
    post(&ana, "acknowledge", json!({}), 200).await;
    world.advance(SignedDuration::from_mins(6)).await;
    ana
}

async fn post(client: &Client<'_>, path: &str, body: Value, status: u16) -> Value {
    let answer = client.post(&format!("{INCIDENT}/{path}"), body).await;
    assert_eq!(answer.status, status, "{path}: {}", answer.text);
    answer.json()
}

fn texts(lines: &Value) -> Vec<&str> {
    lines.as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_synopsis_is_as_of_now() {
    on_both_stores(async |world| {
        let ana = with_incident(world).await;
        let synopsis = format!("{INCIDENT}/synopsis");
        let before = ana.read(&synopsis).await;
        assert_eq!((&before["cause_known"], &before["last"]), (&json!(false), &Value::Null));
        assert_eq!(before["incident"]["assignee"], "ana");

        let disk = post(&ana, "hypotheses", json!({ "text": "the disk is full" }), 201).await;
        let network = post(&ana, "hypotheses", json!({ "text": "the network" }), 201).await;
        let step =
            |one: &Value, step: &str| format!("hypotheses/{}/{step}", one["id"].as_str().unwrap());
        post(&ana, &step(&disk, "abandon"), json!({ "text": "40 % free" }), 200).await;
        post(&ana, "actions", json!({ "text": "fail over", "major": true }), 201).await;
        post(&ana, "timeline", json!({ "kind": "decision", "text": "wait" }), 201).await;
        let now = ana.read(&synopsis).await;
        assert_eq!(texts(&now["open_hypotheses"]), ["the network"]);
        assert_eq!(now["closed_hypotheses"][0]["outcome"], "40 % free");
        assert_eq!(now["actions_under_way"][0]["state"], "under way");
        assert_eq!(texts(&now["decisions"]), ["wait"]);
        assert_eq!(now["last"]["text"], "wait");
        post(&ana, &step(&network, "confirm"), json!({ "text": "a loop" }), 200).await;
        let known = ana.read(&synopsis).await;
        assert_eq!(
            (&known["cause"], &known["cause_known"]),
            (&json!("the network: a loop"), &json!(true))
        );
        let answer = world
            .with_role("stakeholder")
            .put(&synopsis, json!({ "text": "x", "revision": 0 }))
            .await;
        assert_eq!(answer.status, 403);
    })
    .await;
}

#[tokio::test]
async fn the_leads_sentence_is_merged_and_a_conflict_loses_neither_text() {
    on_both_stores(async |world| {
        let ana = with_incident(world).await;
        let bo = world.browser("bo").await;
        let synopsis = format!("{INCIDENT}/synopsis");
        let save = async |client: &Client<'_>, text: &str, revision: i64| {
            client.put(&synopsis, json!({ "text": text, "revision": revision })).await
        };
        let first = save(&ana, "what\n\nimpact\n\nnext", 0).await.json();
        assert_eq!((&first["lead"]["revision"], &first["lead"]["by"]), (&json!(1), &json!("ana")));
        save(&bo, "what, since 03:00\n\nimpact\n\nnext", 1).await;
        let merged = save(&ana, "what\n\nimpact\n\nnext at 03:30", 1).await.json();
        assert_eq!(merged["lead"]["text"], "what, since 03:00\n\nimpact\n\nnext at 03:30");
        assert_eq!(merged["lead"]["revision"], 3);

        let conflict = save(&bo, "what else\n\nimpact\n\nnext", 1).await;
        conflict.problem(409);
        let conflict = conflict.json();
        assert_eq!(conflict["revision"], 3);
        let both = &conflict["conflicts"][0];
        assert_eq!(both["mine"], "what else\n\nimpact\n\nnext");
        assert_eq!(both["theirs"], "what, since 03:00\n\nimpact\n\nnext at 03:30");
        assert_eq!(ana.read(&synopsis).await["lead"]["revision"], 3);
        assert_eq!(save(&bo, "x", 9).await.status, 400);
        let long = "x".repeat(25_001);
        assert_eq!(save(&bo, &long, 3).await.status, 400);
        let audit = world.admin().read("/api/v1/audit?limit=500").await.to_string();
        assert!(audit.contains("incident.synopsis_written"));
    })
    .await;
}

#[tokio::test]
async fn times_are_corrected_with_a_reason_and_everything_that_counts_follows() {
    on_both_stores(async |world| {
        let ana = with_incident(world).await;
        let occurred = "2026-11-21T02:30:00Z";
        let body = json!({ "occurred": occurred, "reason": "the graphs say so" });
        let incident = post(&ana, "times", body, 200).await;
        assert_eq!(incident["occurred_at"], occurred);
        assert_eq!(incident["statistics"]["occurred_to_detected_seconds"], 30 * 60);
        assert_eq!(incident["engaged_at"], "2026-11-21T03:04:00Z");
        let timeline = ana.read(&format!("{INCIDENT}/timeline?limit=500")).await;
        let entries = timeline["items"].as_array().unwrap().iter();
        let told: Vec<_> = entries.filter(|one| one["kind"] == "time_corrected").collect();
        assert_eq!(told.len(), 1);
        assert_eq!(
            (&told[0]["data"]["to"], &told[0]["data"]["reason"]),
            (&json!(occurred), &json!("the graphs say so"))
        );
        assert!(told[0]["data"]["from"].as_str().unwrap() > occurred);

        let wrong = async |body: Value| {
            let answer = ana.post(&format!("{INCIDENT}/times"), body).await;
            answer.problem(400);
            answer.json()["errors"][0]["message"].as_str().unwrap().to_owned()
        };
        let said = wrong(json!({ "detected": "2026-11-21T03:04:01Z", "reason": "x" })).await;
        assert_eq!(said, "would put `detected` after `engaged`; correct the other one first");
        let said = wrong(json!({ "occurred": "2026-11-21T03:10:01Z", "reason": "x" })).await;
        assert_eq!(said, "lies in the future");
        let said = wrong(json!({ "resolved": "2026-11-21T03:09:00Z", "reason": "x" })).await;
        assert_eq!(said, "the incident is not resolved yet; move it there first");
        let said = wrong(json!({ "occurred": occurred, "reason": " " })).await;
        assert_eq!(said, "is empty: say why");
        assert_eq!(
            ana.post(&format!("{INCIDENT}/times"), json!({ "reason": "x" })).await.status,
            400
        );

        // What is reported counts from the corrected instants.
        post(&ana, "resolve", json!({}), 200).await;
        let ended = "2026-11-21T03:09:00Z";
        let reason = "the clock was wrong";
        let body = json!({ "restored": ended, "resolved": ended, "reason": reason });
        post(&ana, "times", body, 200).await;
        let report = world
            .admin()
            .read("/api/v1/reports/incidents?from=2026-11-20T00:00:00Z&to=2026-11-22T00:00:00Z")
            .await;
        assert_eq!(report["time_to_detect"]["mean_seconds"], 30 * 60);
        let taken = report["time_to_resolve"]["mean_seconds"].as_i64().unwrap();
        assert!((9 * 60 - 2..=9 * 60).contains(&taken), "{taken}");
    })
    .await;
}

#[tokio::test]
async fn the_closing_record_matches_what_happened() {
    on_both_stores(async |world| {
        let ana = with_incident(world).await;
        post(&ana, "timeline", json!({ "text": "it was slow before", "at": "2026-11-21T02:55:00Z", "approximate": true }), 201).await;
        let wrong = post(&ana, "timeline", json!({ "kind": "decision", "text": "we <b>fial</b> over" }), 201).await;
        let correct = format!("timeline/{}/correct", wrong["id"].as_str().unwrap());
        post(&ana, &correct, json!({ "text": "we <b>fail</b> over" }), 200).await;
        let contact = json!({ "kind": "contact", "customer": "ACME", "text": "cannot pay" });
        post(&ana, "timeline", contact, 201).await;
        ana.put(&format!("{INCIDENT}/synopsis"), json!({ "text": "# Payments fail", "revision": 0 })).await;
        post(&ana, "resolve", json!({ "note": "failed over" }), 200).await;

        let record = ana.read(&format!("{INCIDENT}/record")).await;
        assert_eq!(record["statistics"]["occurred_to_resolved_seconds"], 10 * 60);
        assert_eq!(record["statistics"]["page_to_check_in"][0]["user"], "ana");
        let summary = texts(&record["summary"]);
        assert!(summary.contains(&"we <b>fail</b> over"), "{summary:?}");
        assert!(summary.last().unwrap().starts_with("Resolved"), "{summary:?}");
        assert_eq!(texts(&record["full"])[0], "it was slow before");
        assert_eq!(record["full"][0]["late"], true);
        assert_eq!(texts(&record["communications"]), ["ACME: cannot pay"]);
        let at = |line: &Value| line["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        let full = record["full"].as_array().unwrap();
        assert!(full.windows(2).all(|pair| at(&pair[0]) <= at(&pair[1])));

        let answer = ana.get(&format!("{INCIDENT}/record.md")).await;
        assert_eq!(answer.header("content-type"), "text/markdown; charset=utf-8");
        assert_eq!(answer.header("content-disposition"), "attachment; filename=\"incident-1.md\"");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let text = answer.text;
        for part in [
            "| Occurred to resolved | 10m 00s |",
            "## Summary timeline",
            "## Full timeline",
            "## Communications timeline",
            "- about 2026-11-21 02:55:00 UTC ana: it was slow before (added later)",
            "we \\<b\\>fail\\</b\\> over (originally: we \\<b\\>fial\\</b\\> over)",
            "\\# Payments fail",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("<b>"), "{text}");
    })
    .await;
}
