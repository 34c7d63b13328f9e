//! What steps ask and when they count: conditions, turns, places, second sets, everybody's
//! acknowledgement, calls for help.

use jiff::SignedDuration;
use muster_core::incident::lifecycle::{Command, Status};
use muster_core::incident::timeline::Kind;
use muster_core::oncall::help::Want;
use muster_store::Db;
use muster_store::incident::timeline;
use muster_store::testing::on_both_engines;
use serde_json::json;

use super::world::World;

const STEPS: &str = "    steps:
      - { after: 0m, targets: [ { user: ana } ] }
      - { after: 5m, targets: [ { user: bo } ] }
";

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// The usual organisation with other steps in the policy `payments`.
async fn world(db: Db, steps: &str) -> World {
    World::with(db, |text| {
        assert!(text.contains(STEPS), "{text}");
        text.replace(STEPS, steps)
    })
    .await
}

async fn texts(world: &World, kind: Kind) -> Vec<String> {
    let id = world.incident().await.id;
    let rows = timeline::list(&world.app.db, id, None, 500).await.unwrap();
    rows.into_iter().filter(|row| row.kind == kind.name()).map(|row| row.text).collect()
}

fn pages(world: &World, phone: &str) -> usize {
    world.phones.at(phone).iter().filter(|message| message["type"] == "page").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_condition_does_not_hold_is_left_at_once_and_says_why() {
    on_both_engines(async |db| {
        // It is 03:00 UTC on a Saturday, 04:00 in Berlin.
        let world = world(
            db,
            "    steps:
      - { after: 0m, when: { hours: { days: [mon, tue, wed, thu, fri], from: '09:00', to: '17:00' } }, targets: [ { user: ana } ] }
      - { after: 5m, when: { severity: [1] }, targets: [ { user: bo } ] }
",
        )
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        assert_eq!((pages(&world, "/ana"), pages(&world, "/bo")), (0, 1));
        let why = texts(&world, Kind::StepSkipped).await;
        assert_eq!(why, ["Step 1 of payments was left out: it counts from 09:00 to 17:00 on mon, tue, wed, thu, fri in Europe/Berlin"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_may_be_for_certain_labels_and_is_still_so_after_the_first_decision() {
    on_both_engines(async |db| {
        let world = world(
            db,
            r#"    steps:
      - { after: 0m, when: { matches: 'labels.tier == "gold"' }, targets: [ { user: ana } ] }
      - { after: 5m, when: { matches: 'labels.tier == "tin"' }, targets: [ { user: ana } ] }
      - { after: 5m, when: { matches: 'source == "story"' }, targets: [ { user: bo } ] }
"#,
        )
        .await;
        let body = json!({
            "routing_key": "unused", "event_action": "trigger", "dedup_key": "a",
            "payload": { "summary": "a", "source": "story", "severity": "critical",
                "custom_details": {} },
            "labels": {},
        });
        world.raw("checkout", body.to_string().as_bytes()).await;
        world.rest().await;
        assert_eq!((pages(&world, "/ana"), pages(&world, "/bo")), (0, 1));
        // The next round asks the same of the alert as it is kept.
        let id = world.incident().await.id;
        world.does("ana", id, Command::Acknowledge).await;
        world.does("ana", id, Command::Unacknowledge).await;
        assert_eq!((pages(&world, "/ana"), pages(&world, "/bo")), (0, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_for_a_flood_waits_for_none_and_comes_when_there_is_one() {
    on_both_engines(async |db| {
        let world = world(
            db,
            "    steps:
      - { after: 0m, targets: [ { user: ana } ] }
      - { after: 5m, when: { alerts: { more_than: 2, within: 10m } }, targets: [ { user: bo } ] }
",
        )
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        world.event("checkout", "trigger", "b", "critical").await;
        world.event("checkout", "trigger", "c", "critical").await;
        world.rest().await;
        assert_eq!(world.incident().await.alert_count, 3);
        world.pass(minutes(5)).await;
        assert_eq!(pages(&world, "/bo"), 1, "three alerts in ten minutes are a flood");
        assert!(texts(&world, Kind::StepSkipped).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_team_take_turns_over_incidents() {
    on_both_engines(async |db| {
        let world = world(
            db,
            "    steps:
      - { after: 0m, targets: [ { team: payments, round_robin: true } ] }
",
        )
        .await;
        for (key, expected) in [("a", (1, 0)), ("b", (1, 1)), ("c", (2, 1))] {
            world.event("checkout", "trigger", key, "critical").await;
            world.rest().await;
            let newest = world.incidents().await.remove(0);
            assert_eq!((pages(&world, "/ana"), pages(&world, "/bo")), expected, "{key}");
            world.does("ana", newest.id, Command::Acknowledge).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_of_a_step_is_asked_until_the_last_one_has_it() {
    on_both_engines(async |db| {
        let world = world(
            db,
            "    steps:
      - { after: 0m, acknowledge: all, targets: [ { team: payments } ] }
",
        )
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let id = world.incident().await.id;
        world.does("ana", id, Command::Acknowledge).await;
        let states: Vec<_> = world.ledger(id).await.into_iter().map(|(state, _)| state).collect();
        assert_eq!(states, ["superseded", "accepted"], "Bo is still asked");
        assert_eq!(texts(&world, Kind::Acknowledged).await, ["Acknowledged; still asked: bo"]);
        world.does("bo", id, Command::Acknowledge).await;
        let states: Vec<_> = world.ledger(id).await.into_iter().map(|(state, _)| state).collect();
        assert_eq!(states, ["superseded", "superseded"]);
        assert_eq!(world.incident().await.next_at(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_hears_of_the_step_that_names_it_and_people_are_asked_all_the_same() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| {
            let port = text.split("127.0.0.1:").nth(1).and_then(|it| it.split('/').next()).unwrap();
            let webhooks = format!(
                "webhooks: [ {{ name: board, url: \"http://127.0.0.1:{port}/board\", events: [config.applied] }} ]\n"
            );
            let steps = "    steps:
      - { after: 0m, targets: [ { webhook: board }, { user: ana } ] }
";
            format!("{}{webhooks}", text.replace(STEPS, steps))
        })
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let told = world.phones.at("/board");
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["type"], "incident.told");
        assert_eq!(told[0]["incident"]["severity"], 1);
        assert_eq!(pages(&world, "/ana"), 1);
        let said = texts(&world, Kind::Told).await;
        assert_eq!(said, ["Told the webhook board: step 1 of payments"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_that_is_not_over_after_long_goes_to_the_second_set() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| {
            text.replace(
                "    repeat: 0\n",
                "    second_set: { after: 2h, escalation_policy: managers }\n",
            )
            .replace(
                "  - name: empty\n",
                "  - name: managers\n    steps: [ { after: 0m, targets: [ { manager_of: payments } ] } ]\n  - name: empty\n",
            )
        })
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let id = world.incident().await.id;
        world.does("ana", id, Command::Research).await;
        world.pass(minutes(119)).await;
        assert_eq!(pages(&world, "/bo"), 0);
        world.pass(minutes(1)).await;
        assert_eq!(pages(&world, "/bo"), 1);
        let said = texts(&world, Kind::SecondSetBegan).await;
        assert_eq!(said, ["Not over after 2h: managers takes over from payments"]);
        assert_eq!(world.incident().await.status, Status::Researching);
        // An acknowledgement is one of the second set too.
        world.does("bo", id, Command::Acknowledge).await;
        world.pass(minutes(600)).await;
        assert_eq!(pages(&world, "/bo"), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_word_asks_for_help_and_whoever_fits_is_paged() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let incident = world.incident().await;
        let ana = world.actor("ana");
        let message = Some("the ledger does not answer".to_owned());
        world.app.ask_for_help(&incident, Want::Person, None, message, &ana).await.unwrap();
        world.rest().await;
        let asked = world.phones.at("/bo");
        let reason = "ana asks for another pair of hands: the ledger does not answer";
        assert_eq!(asked[0]["page"]["reason"], reason);
        let nobody =
            world.app.ask_for_help(&incident, Want::Team, Some("no-such"), None, &ana).await;
        assert_eq!(nobody.unwrap_err().to_string(), "there is no team `no-such`");
        let said = texts(&world, Kind::HelpAsked).await;
        assert_eq!(said, ["Asked for another pair of hands: bo; the ledger does not answer"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manager_is_paged_when_nobody_took_it_and_when_the_cause_lies_with_their_team() {
    on_both_engines(async |db| {
        let world = world(
            db,
            "    steps:
      - { after: 0m, targets: [ { user: ana } ] }
",
        )
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        // The only round is over; the catch-all, the same policy, asks Ana once more.
        world.pass(minutes(2)).await;
        assert_eq!(pages(&world, "/bo"), 1);
        let id = world.incident().await.id;
        let snapshot = world.app.snapshot();
        let team = snapshot.directory.teams.named("payments").unwrap().id;
        let cause = Some("a bad deploy".to_owned());
        world.does("ana", id, Command::Identify { cause, team: Some(team) }).await;
        let reasons: Vec<_> = world
            .phones
            .at("/bo")
            .iter()
            .filter(|message| message["type"] == "page")
            .map(|page| page["page"]["reason"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            reasons,
            ["every round is over and nobody took it", "the cause lies with payments"]
        );
    })
    .await;
}
