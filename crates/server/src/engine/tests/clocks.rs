//! The clocks beside the escalation: the management chain, the rotation of the whole state and the
//! check-in of whoever was paged.

use jiff::SignedDuration;
use muster_core::incident::clocks::management;
use muster_core::incident::lifecycle::Command;
use muster_core::incident::timeline::Kind;
use muster_store::Db;
use muster_store::incident::timeline;
use muster_store::testing::on_both_engines;

use super::world::{NO_CLOCKS, World};

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// The usual organisation with the manager's manager cleo, and with these clocks for every severity
/// that pages loudly.
async fn world(db: Db, clocks: &str) -> World {
    World::with(db, |text| with_clocks(&text, clocks)).await
}

fn with_clocks(text: &str, clocks: &str) -> String {
    let port = text.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    let cleo = format!(
        r#"  - name: cleo
    full_name: Cleo Marsh
    email: cleo@example.com
    role: manager
    timezone: Europe/Berlin
    contact_methods: [ {{ name: phone, type: webhook, url: "http://127.0.0.1:{port}/cleo" }} ]
    notification_rules: {{ high: [ {{ after: 0m, method: phone }} ] }}
teams:
"#
    );
    text.replace(NO_CLOCKS, clocks)
        .replace("teams:\n", &cleo)
        .replace("email: bo@example.com\n", "email: bo@example.com\n    reports_to: cleo\n")
}

fn reasons(world: &World, phone: &str) -> Vec<String> {
    let pages = world.phones.at(phone).into_iter().filter(|message| message["type"] == "page");
    pages.map(|page| page["page"]["reason"].as_str().unwrap().to_owned()).collect()
}

async fn texts(world: &World, kind: Kind) -> Vec<String> {
    let id = world.incident().await.id;
    let rows = timeline::list(&world.app.db, id, None, 500).await.unwrap();
    rows.into_iter().filter(|row| row.kind == kind.name()).map(|row| row.text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_management_chain_begins_a_quarter_of_an_hour_after_submission_and_climbs() {
    on_both_engines(async |db| {
        let clocks =
            "management_chain: { after: 15m, every: 10m }, rotate_after: none, engage_within: none";
        let world = world(db, clocks).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let id = world.incident().await.id;
        world.does("ana", id, Command::Acknowledge).await;
        world.pass(minutes(14)).await;
        assert!(world.phones.at("/bo").is_empty());
        world.pass(minutes(1)).await;
        let first = "management chain, severity 1 (Outage) is open for 15m";
        assert_eq!(reasons(&world, "/bo"), [first]);
        world.pass(minutes(10)).await;
        assert_eq!(reasons(&world, "/cleo").len(), 1);
        world.pass(minutes(600)).await;
        assert_eq!((reasons(&world, "/bo").len(), reasons(&world, "/cleo").len()), (1, 1));
        assert_eq!(world.incident().await.clocks.management, management::State::Ended);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_asks_nobody_once_customers_are_well() {
    on_both_engines(async |db| {
        let clocks =
            "management_chain: { after: 15m, every: 10m }, rotate_after: none, engage_within: none";
        let world = world(db, clocks).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let id = world.incident().await.id;
        world.does("ana", id, Command::Restore).await;
        world.pass(minutes(600)).await;
        assert!(world.phones.at("/bo").is_empty());
        assert!(world.phones.at("/cleo").is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_alone_does_not_stop_the_rotation_and_work_does() {
    on_both_engines(async |db| {
        let clocks = "management_chain: none, rotate_after: 15m, engage_within: none";
        let world = world(db, clocks).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let id = world.incident().await.id;
        world.does("ana", id, Command::Acknowledge).await;
        world.pass(minutes(15)).await;
        // Bo is both the secondary and the manager, and is asked once.
        assert_eq!(
            reasons(&world, "/bo"),
            ["it is yours now, not moved to researching within 15m"]
        );
        let assignee = world.incident().await.assignee;
        assert_eq!(assignee, world.actor("bo").user());
        world.does("bo", id, Command::Research).await;
        world.pass(minutes(14)).await;
        world.does("bo", id, Command::Note { text: "it is the database".into() }).await;
        world.pass(minutes(14)).await;
        assert_eq!(texts(&world, Kind::Rotated).await.len(), 1);
        world.pass(minutes(1)).await;
        let rotated = texts(&world, Kind::Rotated).await;
        assert_eq!(rotated[1], "Reassigned to ana: no update within 15m");
        assert_eq!(reasons(&world, "/bo")[1], "no progress, no update within 15m");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_severity_has_a_clock_of_its_own() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| {
            let text = with_clocks(&text, NO_CLOCKS);
            text.replace(
                &format!("name: Diminished, urgency: high, {NO_CLOCKS}"),
                "name: Diminished, urgency: high, rotate_after: 40m, engage_within: none",
            )
        })
        .await;
        world.event("checkout", "trigger", "a", "warning").await;
        world.rest().await;
        let id = world.incident().await.id;
        world.does("ana", id, Command::Acknowledge).await;
        world.pass(minutes(39)).await;
        assert!(texts(&world, Kind::Rotated).await.is_empty());
        world.pass(minutes(1)).await;
        assert_eq!(texts(&world, Kind::Rotated).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_engagement_is_recorded_and_nobody_is_paged_for_it() {
    on_both_engines(async |db| {
        let clocks = "management_chain: none, rotate_after: none, engage_within: 15m";
        let world = world(db, clocks).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let id = world.incident().await.id;
        world.does("ana", id, Command::Acknowledge).await;
        let before = world.phones.at("/ana").len();
        world.pass(minutes(20)).await;
        let late = texts(&world, Kind::EngagedLate).await;
        assert_eq!(late, ["ana has not checked in within 15m of the page"]);
        assert_eq!(world.phones.at("/ana").len(), before);
        let ana = world.actor("ana").user().unwrap();
        world.does("ana", id, Command::CheckIn { user: ana, team: None }).await;
        let came = texts(&world, Kind::CheckedIn).await;
        assert!(came.len() == 1 && came[0].contains(" 20m after the page; asked how "), "{came:?}");
        let engage = world.incident().await.clocks.engage;
        assert!(engage.awaited.is_empty() && engage.present[0].is_late);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_whose_page_somebody_else_answered_is_waited_for() {
    on_both_engines(async |db| {
        let clocks = "management_chain: none, rotate_after: none, engage_within: 15m";
        let world = world(db, clocks).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.pass(minutes(5)).await;
        let id = world.incident().await.id;
        world.does("bo", id, Command::Acknowledge).await;
        world.pass(minutes(30)).await;
        let late = texts(&world, Kind::EngagedLate).await;
        assert_eq!(late, ["bo has not checked in within 15m of the page"]);
    })
    .await;
}
