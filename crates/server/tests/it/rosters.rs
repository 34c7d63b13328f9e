//! Rotations of every kind through the API: applied, exported, and asked who is on call.

use serde_json::json;

use crate::harness::on_both_stores;
use crate::overrides::apply_rota;

/// Pairs by the month, somebody who joins them by the day, a planned change, a trainee.
const ROTA: &str = r#"
schedules:
  - name: daily
    team: payments
    role: incident_lead
    timezone: Europe/Berlin
    layers:
      - name: months
        rotation:
          every: 1mo
          handoff: "last 09:00"
          start: 2026-01-01
          participants: [[ana, bo], eve]
          changes: [ { from: 2026-06-01, participants: [eve] } ]
      - name: join
        adds: true
        timezone: America/New_York
        rotation: { every: [12h, 12h], handoff: "08:00", start: 2026-01-01, participants: [eve, bo] }
    shadows:
      - { user: eve, follows: ana, from: "2026-02-02T09:00", to: "2026-02-09T09:00" }
escalation_policies:
  - name: payments
    team: payments
    repeat: 0
    steps:
      - { after: 0m, targets: [ { schedule: daily } ] }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn several_people_shadows_and_short_days_are_told() {
    on_both_stores(async |world| {
        apply_rota(world, ROTA).await;
        let admin = world.admin();
        let at = "/api/v1/schedules/daily/on-call?at=2026-02-03T15:00:00Z";
        let answer = admin.read(at).await;
        let users: Vec<_> = answer["on_call"]
            .as_array()
            .unwrap()
            .iter()
            .map(|shift| (shift["user"].as_str().unwrap(), shift["layer"].as_str().unwrap()))
            .collect();
        assert_eq!(users, [("ana", "months"), ("bo", "months"), ("eve", "join")]);
        assert_eq!(answer["on_call"][0]["from"], "2026-01-31T08:00:00Z");
        assert_eq!(answer["on_call"][0]["to"], "2026-02-28T08:00:00Z");
        assert_eq!(answer["shadows"][0]["user"], "eve");
        assert_eq!(answer["shadows"][0]["of"], "ana");

        let from_to = "from=2026-03-28T00:00:00Z&to=2026-03-31T12:00:00Z";
        let shifts = admin.read(&format!("/api/v1/schedules/daily/shifts?{from_to}")).await;
        let month = &shifts["items"][0];
        assert_eq!((&month["user"], &month["role"]), (&json!("eve"), &json!("incident_lead")));
        // The month ends after the clocks went forward.
        assert_eq!(month["longer_by_minutes"], -60);
        assert_eq!(month["shadow"], json!(null));

        let schedule = admin.read("/api/v1/schedules/daily").await;
        assert_eq!(schedule["role"], "incident_lead");
        assert_eq!(schedule["layers"][0]["turns"], json!([["ana", "bo"], ["eve"]]));
        assert_eq!(schedule["layers"][0]["handoff"], "last 09:00");
        assert_eq!(schedule["layers"][1]["every"], json!(["12h", "12h"]));
        assert_eq!(schedule["layers"][1]["timezone"], "America/New_York");
        let june = "/api/v1/schedules/daily/on-call?at=2026-06-30T07:00:00Z";
        assert_eq!(admin.read(june).await["on_call"][0]["user"], "eve");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_applied_comes_back_in_the_export_and_changes_nothing_again() {
    on_both_stores(async |world| {
        apply_rota(world, ROTA).await;
        let exported = world.admin().get("/api/v1/config/export").await.text;
        for line in ["1mo", "last 09:00", "adds: true", "incident_lead", "follows: ana"] {
            assert!(exported.contains(line), "{line} is missing:\n{exported}");
        }
        let again = world
            .admin()
            .send(reqwest::Method::POST, "/api/v1/config/apply", exported)
            .await
            .json();
        assert_eq!(again["changes"], json!([]));
    })
    .await;
}
