//! Severities edited one level at a time: what is in force is read with its defaults, two people who
//! change two levels do not get in each other's way, what is wrong is said in its place, and undo.

use serde_json::json;

use crate::harness::{World, on_both_stores};

const PROCESS: &str = "/api/v1/process";
const DOCUMENT: &str = "/api/v1/severities/severities";

#[tokio::test]
async fn the_process_of_a_severity_is_edited_merged_and_put_back() {
    on_both_stores(async |world: &World| {
        let admin = world.admin();
        let before = admin.read(PROCESS).await;
        let worst = &before["severities"][0];
        assert_eq!(
            (&worst["level"], &worst["gates"]),
            (&json!(1), &json!(["validated", "signed_off"]))
        );
        assert_eq!(
            (&worst["ask_next_after"], &worst["hand_over_after"]),
            (&json!("5m"), &json!("15m"))
        );
        assert!(before["roles"].as_array().unwrap().iter().any(|role| role["name"] == "scribe"));

        let missing = admin.get(&format!("{DOCUMENT}/document")).await;
        assert_eq!(missing.status, 404, "nothing of its own yet: {}", missing.text);
        let document = json!({
            "1": { "name": "Outage", "urgency": "high" },
            "2": { "name": "Diminished", "urgency": "high" },
            "3": { "name": "Backlog", "urgency": "none" },
        });
        let saved = admin.put(DOCUMENT, json!({ "document": document })).await;
        assert_eq!(saved.status, 200, "{}", saved.text);
        let (first, document) =
            (saved.json()["revision"].clone(), saved.json()["document"].clone());
        assert_eq!(document["2"]["level"], 2, "{document}");
        let again = admin.read(PROCESS).await;
        assert_eq!(again["severities"][0]["gates"], worst["gates"], "what is not said holds");
        assert_eq!(again["severities"].as_array().unwrap().len(), 3);

        // Two people begin with the same revision and change two levels.
        let change = |level: &str, process: serde_json::Value| {
            let mut mine = document.clone();
            mine[level]["process"] = process;
            json!({ "document": mine, "revision": first })
        };
        let one = admin.put(DOCUMENT, change("1", json!({ "gates": [] }))).await;
        assert_eq!(one.status, 200, "{}", one.text);
        let two = admin.put(DOCUMENT, change("2", json!({ "ask_next_after": "none" }))).await;
        assert_eq!(two.json()["merged"], true, "{}", two.text);
        let both = admin.read(PROCESS).await;
        assert_eq!(both["severities"][0]["gates"], json!([]));
        assert_eq!(both["severities"][1]["ask_next_after"], json!(null), "{}", two.text);

        // What is wrong says where, and changes nothing.
        let wrong = change("2", json!({ "roles": [ { "role": "pilot" } ] }));
        let wrong = json!({ "document": wrong["document"], "revision": two.json()["revision"] });
        let refused = admin.put(DOCUMENT, wrong).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        let path = refused.json()["errors"][0]["path"].as_str().unwrap().to_owned();
        assert!(path.starts_with("2.process.roles[0]"), "{path}: {}", refused.text);

        let undone = admin.post(&format!("{DOCUMENT}/undo"), json!({})).await;
        assert_eq!(undone.status, 200, "{}", undone.text);
        assert_eq!(admin.read(PROCESS).await["severities"][1]["ask_next_after"], "5m");
        let history = admin.read(&format!("{DOCUMENT}/history")).await;
        assert_eq!(history["items"][0]["way"], "undo");
        assert_eq!(
            world.with_role("responder").put(DOCUMENT, json!({ "document": {} })).await.status,
            403
        );
    })
    .await;
}
