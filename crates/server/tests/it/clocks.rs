//! The clocks beside an escalation, as the API and the report tell of them.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::{Answer, on_both_stores};

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

#[tokio::test]
async fn an_incident_tells_when_its_clocks_go_on_and_who_is_there() {
    on_both_stores(async |world| {
        let client = world.with_role("responder");
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        let clocks = client.read("/api/v1/incidents/1").await["clocks"].clone();
        assert_eq!(clocks["management"]["next_at"], "2026-11-21T03:15:00Z");
        assert_eq!(clocks["management"]["next_user"], "bo");
        assert_eq!(clocks["rotation"]["due_at"], "2026-11-21T03:15:00Z");
        assert_eq!(clocks["rotation"]["waits_for"], "research");
        assert_eq!(clocks["awaited"][0]["user"], "ana");
        assert_eq!(clocks["awaited"][0]["due_at"], "2026-11-21T03:15:00Z");
        world.advance(minutes(4)).await;
        let answer = client.post("/api/v1/incidents/1/check-in", json!({ "user": "ana" })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let clocks = answer.json()["clocks"].clone();
        assert_eq!(clocks["awaited"], json!([]));
        assert_eq!(clocks["present"][0]["user"], "ana");
        assert_eq!(clocks["present"][0]["late"], false);
        let nobody = client.post("/api/v1/incidents/1/check-in", json!({ "user": "zoe" })).await;
        assert_eq!(nobody.status, 400, "{}", nobody.text);
    })
    .await;
}

#[tokio::test]
async fn a_report_tells_of_late_engagement() {
    on_both_stores(async |world| {
        let client = world.with_role("responder");
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        world.advance(minutes(20)).await;
        let late = json!({ "user": "ana" });
        client.post("/api/v1/incidents/1/check-in", late).await;
        let report = client.read("/api/v1/reports/incidents?to=2026-11-22T00:00:00Z").await;
        assert_eq!(report["time_to_engage"]["count"], 1);
        assert_eq!(report["time_to_engage"]["p50_seconds"], 20 * 60);
        let entry = &report["late_engagements"][0];
        assert_eq!((&entry["incident"], &entry["user"]), (&json!(1), &json!("ana")));
        assert_eq!(entry["checked_in_at"], "2026-11-21T03:20:00Z");
    })
    .await;
}

/// Ana is asked; who is not done after two hours hands over to a policy that asks Bo.
const SECOND_SET: &str = r#"
severities:
  - level: 1
    name: Outage
    urgency: high
    management_chain: none
    rotate_after: none
    engage_within: none
escalation_policies:
  - name: payments
    team: payments
    second_set: { after: 2h, escalation_policy: managers }
    steps: [ { after: 0m, targets: [ { user: ana } ] } ]
  - name: managers
    team: payments
    steps: [ { after: 0m, targets: [ { user: bo } ] } ]
"#;

/// Every name of a field within a document.
fn fields(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                found.push(name.clone());
                fields(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn a_clock_for_what_is_long_unresolved_asks_others_and_is_no_target() {
    on_both_stores(async |world| {
        let admin = world.admin();
        let applied = admin.request(reqwest::Method::POST, "/api/v1/config/apply").body(SECOND_SET);
        let applied = Answer::to(applied).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        world.give_password("ana").await;
        let ana = world.browser("ana").await;
        world.event("trigger", "disk", "critical").await;
        world.settle().await;
        let path = "/api/v1/incidents/1";
        let clock = ana.read(path).await["clocks"]["second_set"].clone();
        assert_eq!(clock, json!({ "at": "2026-11-21T05:00:00Z", "policy": "managers" }));
        ana.post(&format!("{path}/acknowledge"), json!({})).await;
        world.advance(SignedDuration::from_secs(2 * 60 * 60 - 1)).await;
        let paged = |person: &str| {
            let messages = world.phones.of(person);
            messages.iter().filter(|message| message["type"] == "page").count()
        };
        assert_eq!(paged("bo"), 0);
        world.advance(SignedDuration::from_secs(1)).await;
        assert_eq!(paged("bo"), 1, "it asks others");
        let began = "Not over after 2h: managers takes over from payments";
        let timeline = ana.read(&format!("{path}/timeline?limit=500")).await;
        let entries = timeline["items"].as_array().unwrap();
        assert!(entries.iter().any(|entry| entry["text"] == began), "{timeline}");

        // Long after it: what is measured is how long it took, and nothing says that it was too long.
        world.advance(SignedDuration::from_hours(3)).await;
        assert_eq!(ana.post(&format!("{path}/resolve"), json!({})).await.status, 200);
        let shown = ana.read(path).await;
        assert_eq!(shown["clocks"]["second_set"], json!(null));
        assert_eq!(shown["statistics"]["detected_to_resolved_seconds"], 5 * 60 * 60);
        let mut names = Vec::new();
        fields(&shown, &mut names);
        fields(&world.admin().read(&format!("{path}/record")).await, &mut names);
        fields(&world.admin().read("/api/v1/reports/incidents").await, &mut names);
        for graded in ["target", "breach", "breached", "sla", "overdue", "grade"] {
            let is_it = |name: &&String| name.split('_').any(|part| part == graded);
            let found: Vec<_> = names.iter().filter(is_it).collect();
            assert!(found.is_empty(), "{found:?}");
        }
    })
    .await;
}
