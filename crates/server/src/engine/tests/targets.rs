//! Whom the less common targets of a step lead to: the turn of one layer, an on-call role, and what
//! comes of an acknowledgement that nobody confirms (`O6`, `I4`).

use jiff::SignedDuration;
use muster_core::incident::lifecycle::{Command, Status};
use muster_core::incident::timeline::Kind;
use muster_store::Db;
use muster_store::incident::timeline;
use muster_store::testing::on_both_engines;

use super::world::World;

const STEPS: &str = "    steps:
      - { after: 0m, targets: [ { user: ana } ] }
      - { after: 5m, targets: [ { user: bo } ] }
";
const SCHEDULES: &str = "schedules:\n";

/// Two layers, of which the upper has the shift, and a schedule for leads of each of two teams.
const ROTA: &str = r#"schedules:
  - name: pager
    team: payments
    timezone: Europe/Berlin
    layers:
      - name: lower
        rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, participants: [ana] }
      - name: upper
        rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, participants: [bo] }
  - name: leads
    team: payments
    role: incident_lead
    timezone: Europe/Berlin
    layers:
      - name: always
        rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, participants: [bo] }
  - name: other-leads
    team: search
    role: incident_lead
    timezone: Europe/Berlin
    layers:
      - name: always
        rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, participants: [ana] }
"#;

async fn world(db: Db, steps: &str) -> World {
    World::with(db, |text| {
        assert!(text.contains(STEPS) && text.contains(SCHEDULES), "{text}");
        let teams = "teams:\n  - { name: search, manager: bo, members: [ana] }\n";
        text.replace(STEPS, steps).replace(SCHEDULES, ROTA).replace("teams:\n", teams)
    })
    .await
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn pages(world: &World, phone: &str) -> usize {
    // Whoever is on call as the lead is engaged besides, by the process of the severity.
    let by_a_step = |message: &&serde_json::Value| {
        message["type"] == "page"
            && message["page"]["reason"].as_str().is_some_and(|why| why.starts_with("step"))
    };
    world.phones.at(phone).iter().filter(by_a_step).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_asks_whoever_has_the_turn_in_its_layer_whatever_lies_over_it() {
    on_both_engines(async |db| {
        let world = world(
            db,
            "    steps:
      - { after: 0m, targets: [ { rotation: { schedule: pager, layer: lower } } ] }
      - { after: 5m, targets: [ { schedule: pager } ] }
",
        )
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        assert_eq!((pages(&world, "/ana"), pages(&world, "/bo")), (1, 0));
        world.pass(minutes(5)).await;
        assert_eq!((pages(&world, "/ana"), pages(&world, "/bo")), (1, 1));
        let reason = world.phones.at("/ana")[0]["page"]["reason"].clone();
        assert_eq!(reason, "step 1 of payments");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_asks_whoever_is_on_call_for_it_in_the_policys_team_or_in_the_one_it_names() {
    on_both_engines(async |db| {
        let world = world(
            db,
            "    steps:
      - { after: 0m, targets: [ { role: incident_lead } ] }
      - { after: 5m, targets: [ { role: incident_lead, team: search } ] }
",
        )
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        assert_eq!((pages(&world, "/ana"), pages(&world, "/bo")), (0, 1), "the policy's own team");
        world.pass(minutes(5)).await;
        assert_eq!((pages(&world, "/ana"), pages(&world, "/bo")), (1, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_names_a_role_nobody_has_is_left_at_once() {
    on_both_engines(async |db| {
        let world = world(
            db,
            "    steps:
      - { after: 0m, targets: [ { role: scribe } ] }
      - { after: 5m, targets: [ { user: ana } ] }
",
        )
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        assert_eq!(pages(&world, "/ana"), 1, "without waiting for the five minutes");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_is_asked_for_again_and_the_chain_restarts_unless_it_is_confirmed() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| {
            text.replace(
                "name: Outage, urgency: high,",
                "name: Outage, urgency: high, acknowledgement_expires_after: 30m,",
            )
        })
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let id = world.incident().await.id;
        world.does("ana", id, Command::Acknowledge).await;
        world.pass(minutes(29)).await;
        world.does("ana", id, Command::Acknowledge).await;
        world.pass(minutes(29)).await;
        assert_eq!(world.incident().await.status, Status::Acknowledged, "it was confirmed");
        assert_eq!(pages(&world, "/ana"), 1);
        world.pass(minutes(1)).await;
        let incident = world.incident().await;
        assert_eq!((incident.status, incident.assignee), (Status::Triggered, None));
        assert_eq!((pages(&world, "/ana"), pages(&world, "/bo")), (2, 0), "from the first step");
        world.pass(minutes(5)).await;
        assert_eq!(pages(&world, "/bo"), 1);
        let rows = timeline::list(&world.app.db, id, None, 500).await.unwrap();
        let said = rows.iter().filter(|row| row.kind == Kind::Unacknowledged.name());
        let said: Vec<_> = said.map(|row| row.text.as_str()).collect();
        let why = "The acknowledgement was not confirmed in time; the chain starts again";
        assert_eq!(said, [why]);
    })
    .await;
}
