//! Guards, pauses, silences, hours, causes and shadow mode: what keeps an alert from paging, and how
//! it pages after all.

use jiff::SignedDuration;
use muster_core::incident::lifecycle::Status;
use muster_core::incident::restriction::Viewer;
use muster_store::alerting::alert::{self, AlertRow};
use muster_store::testing::on_both_engines;

use super::world::World;

const CRITICAL: &str = r#"      - { when: 'severity == "critical"', severity: 1 }"#;

/// The configuration with another line for what is critical.
fn critical(line: &'static str) -> impl Fn(String) -> String {
    move |text| {
        let changed = text.replace(CRITICAL, &format!("      - {line}"));
        assert_ne!(changed, text);
        changed
    }
}

/// The configuration with further fields of the service.
fn service(fields: &'static str) -> impl Fn(String) -> String {
    move |text| {
        let before = "    inform: [ops@example.com]\n";
        let changed = text.replace(before, &format!("{before}    {fields}\n"));
        assert_ne!(changed, text);
        changed
    }
}

async fn alerts(world: &World) -> Vec<AlertRow> {
    alert::list(&world.app.db, &Viewer::Engine, &Default::default(), 100).await.unwrap()
}

async fn newest(world: &World) -> AlertRow {
    alerts(world).await.remove(0)
}

fn why(row: &AlertRow) -> &str {
    row.not_paged.as_deref().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guard_pages_with_the_third_firing_and_says_why_it_did_not_before() {
    let line =
        r#"{ when: 'severity == "critical"', severity: 1, guard: { at_least: 3, within: 10m } }"#;
    on_both_engines(async |db| {
        let world = World::with(db, critical(line)).await;
        world.event("checkout", "trigger", "disk", "critical").await;
        world.pass(SignedDuration::from_mins(4)).await;
        assert_eq!(why(&newest(&world).await), "guard: 1 of 3 firings within 10m");
        // A recovery in between does not matter: what comes and goes fires again and again.
        world.event("checkout", "resolve", "disk", "critical").await;
        world.event("checkout", "trigger", "disk", "critical").await;
        world.rest().await;
        assert_eq!(why(&newest(&world).await), "guard: 2 of 3 firings within 10m");
        assert!(world.phones.at("/ana").is_empty() && world.incidents().await.is_empty());
        world.pass(SignedDuration::from_mins(4)).await;
        world.event("checkout", "trigger", "disk", "critical").await;
        world.rest().await;
        assert_eq!(world.phones.at("/ana").len(), 1);
        let alert = newest(&world).await;
        assert_eq!((alert.held, alert.not_paged, alert.count), (None, None, 2));
        world.event("checkout", "resolve", "disk", "critical").await;
        world.rest().await;
        assert_eq!(world.incident().await.status, Status::Resolved);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firings_that_are_too_far_apart_page_nobody() {
    let line =
        r#"{ when: 'severity == "critical"', severity: 1, guard: { at_least: 2, within: 5m } }"#;
    on_both_engines(async |db| {
        let world = World::with(db, critical(line)).await;
        for _ in 0..3 {
            world.event("checkout", "trigger", "disk", "critical").await;
            world.pass(SignedDuration::from_secs(301)).await;
        }
        assert!(world.incidents().await.is_empty());
        assert_eq!(newest(&world).await.count, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_pages_after_it_has_fired_for_a_while_and_not_if_it_clears_before() {
    let line = r#"{ when: 'severity == "critical"', severity: 1, guard: { firing_for: 5m } }"#;
    on_both_engines(async |db| {
        let world = World::with(db, critical(line)).await;
        world.event("checkout", "trigger", "clears", "critical").await;
        world.pass(SignedDuration::from_mins(4)).await;
        world.event("checkout", "resolve", "clears", "critical").await;
        world.event("checkout", "trigger", "stays", "critical").await;
        world.pass(SignedDuration::from_secs(299)).await;
        assert!(world.incidents().await.is_empty());
        assert_eq!(why(&newest(&world).await), "guard: it must fire for 5m");
        world.pass(SignedDuration::from_secs(1)).await;
        assert_eq!(world.phones.at("/ana").len(), 1);
        assert_eq!(world.incident().await.title, "stays is in trouble");
        let ended = alerts(&world).await.remove(1);
        assert_eq!(
            (ended.status.as_str(), why(&ended)),
            ("resolved", "guard: it must fire for 5m")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transient_alert_clears_within_the_pause_and_never_pages() {
    on_both_engines(async |db| {
        let world = World::with(db, service("pause: 60s")).await;
        world.event("checkout", "trigger", "blip", "critical").await;
        world.pass(SignedDuration::from_secs(59)).await;
        assert_eq!(why(&newest(&world).await), "waiting 1m, in case it clears by itself");
        world.event("checkout", "resolve", "blip", "critical").await;
        world.pass(SignedDuration::from_mins(10)).await;
        assert!(world.incidents().await.is_empty());
        world.event("checkout", "trigger", "lasts", "critical").await;
        world.pass(SignedDuration::from_secs(60)).await;
        assert_eq!(world.phones.at("/ana").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_that_waits_in_the_inbox_is_heard_before_the_pause_ends() {
    on_both_engines(async |db| {
        let mut world = World::with(db, service("pause: 60s")).await;
        world.event("checkout", "trigger", "blip", "critical").await;
        world.pass(SignedDuration::from_secs(30)).await;
        world.halt();
        world.event("checkout", "resolve", "blip", "critical").await;
        // The server was down for an hour after that.
        world.app.clock.advance(SignedDuration::from_hours(1));
        world.go_on();
        world.rest().await;
        assert!(world.incidents().await.is_empty());
        assert_eq!(newest(&world).await.status, "resolved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_nobody_speaks_of_any_more_resolves_and_every_word_puts_that_off() {
    on_both_engines(async |db| {
        let world = World::with(db, service("auto_resolve_after: 2h")).await;
        world.event("checkout", "trigger", "disk", "critical").await;
        world.pass(SignedDuration::from_mins(90)).await;
        world.event("checkout", "trigger", "disk", "critical").await;
        world.pass(SignedDuration::from_mins(119)).await;
        assert_eq!(newest(&world).await.status, "open");
        world.pass(SignedDuration::from_mins(1)).await;
        let alert = newest(&world).await;
        assert_eq!((alert.status.as_str(), alert.count), ("resolved", 2));
        assert!(alert.decision.ends_with("resolved by itself after 2h of silence"), "{alert:?}");
        assert_eq!(world.incident().await.status, Status::Resolved);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_comes_and_goes_is_flapping() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        for _ in 0..4 {
            world.event("checkout", "trigger", "disk", "info").await;
            world.event("checkout", "resolve", "disk", "info").await;
            world.pass(SignedDuration::from_mins(30)).await;
        }
        assert_eq!(newest(&world).await.flaps, 3);
        world.pass(SignedDuration::from_mins(31)).await;
        world.event("checkout", "trigger", "disk", "info").await;
        world.rest().await;
        assert_eq!(newest(&world).await.flaps, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thresholds_and_urgency_differ_by_the_hour_in_a_named_zone() {
    // The story begins at 04:00 in Berlin, on a Saturday, and at 12:00 in Tokyo.
    let by_night = r#"{ when: 'severity == "critical"', severity: 4, timezone: Europe/Berlin,
          during: [ { from: "22:00", to: "06:00" } ] }
      - { when: 'severity == "critical"', severity: 1, timezone: Asia/Tokyo,
          during: [ { days: [sat], from: "14:00", to: "15:00" } ] }"#;
    on_both_engines(async |db| {
        let world = World::with(db, critical(by_night)).await;
        world.event("checkout", "trigger", "by night", "critical").await;
        world.rest().await;
        assert_eq!(world.incident().await.severity.number(), 4);
        assert_eq!(why(&newest(&world).await), "severity 4 (Individual) pages nobody");
        world.pass(SignedDuration::from_hours(2)).await;
        world.event("checkout", "trigger", "in the morning", "critical").await;
        world.rest().await;
        assert_eq!(world.incidents().await[0].severity.number(), 1);
        assert_eq!(world.phones.at("/ana").len(), 1);
        world.pass(SignedDuration::from_hours(1)).await;
        world.event("checkout", "trigger", "later", "critical").await;
        world.rest().await;
        assert_eq!(world.incidents().await[0].severity.number(), 2, "no line applies");
    })
    .await;
}

fn router_mutes_hosts(text: String) -> String {
    text + "inhibit:\n  - { when: 'dedup_key.startsWith(\"router\")', mutes: 'dedup_key.startsWith(\"host\")', equal: [rack] }\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_that_fires_mutes_its_symptoms_and_what_outlasts_it_pages() {
    on_both_engines(async |db| {
        let world = World::with(db, router_mutes_hosts).await;
        world.event("checkout", "trigger", "router 1", "critical").await;
        world.event("checkout", "trigger", "host 1", "warning").await;
        world.event("checkout", "trigger", "host 2", "warning").await;
        world.rest().await;
        let host = newest(&world).await;
        assert_eq!((host.status.as_str(), host.incident_id), ("suppressed", None));
        let expected = "inhibited by the alert \"router 1 is in trouble\", which is its cause";
        assert_eq!(why(&host), expected);
        assert_eq!(world.incident().await.alert_count, 1);
        world.event("checkout", "resolve", "host 1", "warning").await;
        world.pass(SignedDuration::from_mins(30)).await;
        assert_eq!(why(&newest(&world).await), expected, "asked again, the answer is the same");
        world.event("checkout", "resolve", "router 1", "critical").await;
        world.rest().await;
        let incidents = world.incidents().await;
        assert_eq!(incidents.len(), 2);
        assert_eq!((&*incidents[0].title, incidents[0].alert_count), ("host 2 is in trouble", 1));
        assert_eq!(newest(&world).await.status, "open");
        assert_eq!(alerts(&world).await[1].status, "resolved", "host 1 cleared while muted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_resolves_the_cause_brings_its_symptoms_back() {
    on_both_engines(async |db| {
        let world = World::with(db, router_mutes_hosts).await;
        world.event("checkout", "trigger", "router 1", "critical").await;
        world.event("checkout", "trigger", "host 1", "warning").await;
        world.rest().await;
        let id = world.incident().await.id;
        let command = muster_core::incident::lifecycle::Command::Resolve { note: None };
        world.does("ana", id, command).await;
        assert_eq!(world.incidents().await[0].title, "host 1 is in trouble");
        // What began before its cause is not muted by it, so no circle ends in silence.
        world.event("checkout", "trigger", "router 1", "critical").await;
        world.rest().await;
        assert_eq!(newest(&world).await.status, "open");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shadow_mode_records_who_would_have_been_paged_and_pages_nobody() {
    on_both_engines(async |db| {
        let world = World::with(db, service("shadow: true")).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.event("checkout", "trigger", "b", "critical").await;
        world.rest().await;
        assert!(world.incidents().await.is_empty() && world.phones.at("/ana").is_empty());
        let [second, first] = &alerts(&world).await[..] else { panic!("two alerts") };
        assert_eq!(
            why(first),
            "shadow mode: ana would have been paged, then bo if nobody answered"
        );
        assert_eq!(why(second), "shadow mode: it would have joined others and paged nobody more");
        assert_eq!((first.held_by, second.held_by), (Some(first.id), Some(first.id)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tried_out_pages_while_the_worst_is_going_on() {
    let line = r#"{ when: 'severity == "error"', severity: 2, shadow: true }
      - { when: 'severity == "critical"', severity: 1 }"#;
    on_both_engines(async |db| {
        let world = World::with(db, critical(line)).await;
        world.event("checkout", "trigger", "tried out", "error").await;
        world.rest().await;
        assert!(world.incidents().await.is_empty());
        world.event("checkout", "trigger", "the worst", "critical").await;
        world.event("checkout", "trigger", "born of it", "error").await;
        world.rest().await;
        assert_eq!(world.incident().await.alert_count, 2);
        assert_eq!(
            why(&newest(&world).await),
            "grouped into incident 1, which pages for all of its alerts"
        );
    })
    .await;
}
