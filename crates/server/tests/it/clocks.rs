//! The clocks beside an escalation, as the API and the report tell of them.

use jiff::SignedDuration;
use serde_json::json;

use crate::harness::on_both_stores;

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
