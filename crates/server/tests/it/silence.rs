//! Nothing is written down (`L5`): the technical assist is asked for news, and where there is none the
//! scribe; never the technical lead.

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Client, World, on_both_stores};
use crate::roles::{declare, said, told, with_rotations};

const ROLES: &str = "/api/v1/incidents/1/roles";
const ASKED: &str = "Incident 1: what is going on?";

async fn take(client: &Client<'_>, role: &str) {
    let taken = client.post(&format!("{ROLES}/{role}"), json!({})).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
}

async fn write(client: &Client<'_>) {
    let note = json!({ "kind": "note", "text": "Nothing is new." });
    let written = client.post("/api/v1/incidents/1/timeline", note).await;
    assert!(written.status < 300, "{}", written.text);
}

/// Up to the last second before somebody is asked, and that second.
async fn almost_half_an_hour(world: &World) {
    world.advance(SignedDuration::from_secs(30 * 60 - 1)).await;
}

async fn one_second(world: &World) {
    world.advance(SignedDuration::from_secs(1)).await;
}

fn asked(world: &World, person: &str) -> usize {
    told(world, person).iter().filter(|subject| *subject == ASKED).count()
}

#[tokio::test]
async fn after_half_an_hour_of_silence_the_technical_assist_is_asked_and_not_a_second_before() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        let (sky, tess) = (world.browser("sky").await, world.browser("tess").await);
        declare(&ana, world, 2).await;
        take(&bo, "technical-lead").await;
        take(&sky, "scribe").await;
        take(&tess, "technical-assist").await;
        let clock = ana.read("/api/v1/incidents/1").await["clocks"]["silence"].clone();
        assert_eq!(
            (&clock["user"], &clock["due_at"]),
            (&json!("tess"), &json!("2026-11-21T03:30:00Z"))
        );
        almost_half_an_hour(world).await;
        assert_eq!(said(&ana, "news_asked").await, [] as [&str; 0]);
        one_second(world).await;
        let first = "Nothing was written down for 30m: asked tess, technical assist";
        assert_eq!(said(&ana, "news_asked").await, [first]);
        assert_eq!(asked(world, "tess"), 1);

        // Once per silence, and again after as long.
        almost_half_an_hour(world).await;
        assert_eq!(said(&ana, "news_asked").await.len(), 1);
        one_second(world).await;
        let again = "Nothing was written down for 1h: asked tess, technical assist";
        assert_eq!(said(&ana, "news_asked").await, [first, again]);

        // Whoever writes gives half an hour again.
        world.advance(SignedDuration::from_mins(20)).await;
        write(&ana).await;
        almost_half_an_hour(world).await;
        assert_eq!(said(&ana, "news_asked").await.len(), 2);
        one_second(world).await;
        assert_eq!(said(&ana, "news_asked").await.len(), 3);
        assert_eq!(asked(world, "tess"), 3);
        assert_eq!([asked(world, "bo"), asked(world, "sky"), asked(world, "ana")], [0; 3]);
    })
    .await;
}

#[tokio::test]
async fn the_scribe_is_asked_where_nobody_assists_and_the_technical_lead_never() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let (ana, bo) = (world.browser("ana").await, world.browser("bo").await);
        let sky = world.browser("sky").await;
        declare(&ana, world, 2).await;
        // Bo leads, assists and writes: a small team.
        take(&bo, "technical-lead").await;
        take(&bo, "technical-assist").await;
        take(&bo, "scribe").await;
        let clock = ana.read("/api/v1/incidents/1").await["clocks"]["silence"].clone();
        assert_eq!(clock["user"], json!(null));
        world.advance(SignedDuration::from_mins(31)).await;
        assert_eq!(said(&ana, "news_asked").await, [] as [&str; 0]);
        take(&sky, "scribe").await;
        almost_half_an_hour(world).await;
        assert_eq!(asked(world, "sky"), 0);
        one_second(world).await;
        let asked_sky = "Nothing was written down for 30m: asked sky, scribe";
        assert_eq!(said(&ana, "news_asked").await, [asked_sky]);
        assert_eq!((asked(world, "sky"), asked(world, "bo")), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn nobody_is_asked_before_a_role_is_held_in_small_incidents_or_once_it_is_restored() {
    on_both_stores(async |world| {
        with_rotations(world, "").await;
        let (ana, sky) = (world.browser("ana").await, world.browser("sky").await);
        declare(&ana, world, 2).await;
        assert_eq!(ana.read("/api/v1/incidents/1").await["clocks"]["silence"], json!(null));
        world.advance(SignedDuration::from_mins(40)).await;
        take(&sky, "scribe").await;
        let restored = sky.post("/api/v1/incidents/1/restore", json!({})).await;
        assert_eq!(restored.status, 200, "{}", restored.text);
        world.advance(SignedDuration::from_hours(2)).await;
        assert_eq!(asked(world, "sky"), 0);
        for (step, body) in [
            ("gates/signed_off/pass", json!({})),
            ("resolve", json!({})),
            ("reopen", json!({ "reason": "again" })),
        ] {
            let moved = sky.post(&format!("/api/v1/incidents/1/{step}"), body).await;
            assert_eq!(moved.status, 200, "{step}: {}", moved.text);
        }
        almost_half_an_hour(world).await;
        assert_eq!(asked(world, "sky"), 0);
        one_second(world).await;
        assert_eq!(asked(world, "sky"), 1, "it is open again");
        // Of a small one nobody expects a record; of one that has become worse, from then on.
        let lesser = sky.post("/api/v1/incidents/1/severity", json!({ "severity": 3 })).await;
        assert_eq!(lesser.status, 200, "{}", lesser.text);
        world.advance(SignedDuration::from_hours(2)).await;
        assert_eq!(asked(world, "sky"), 1);
        let worse = sky.post("/api/v1/incidents/1/severity", json!({ "severity": 1 })).await;
        assert_eq!(worse.status, 200, "{}", worse.text);
        almost_half_an_hour(world).await;
        assert_eq!(asked(world, "sky"), 1);
        one_second(world).await;
        assert_eq!(asked(world, "sky"), 2);
        let snoozed = sky.post("/api/v1/incidents/1/snooze", json!({ "for": "2h" })).await;
        assert_eq!(snoozed.status, 200, "{}", snoozed.text);
        world.advance(SignedDuration::from_mins(149)).await;
        assert_eq!(asked(world, "sky"), 2, "a snooze holds it");
        world.advance(SignedDuration::from_mins(1)).await;
        assert_eq!(asked(world, "sky"), 3);
    })
    .await;
}

#[tokio::test]
async fn how_long_nobody_may_write_is_configuration() {
    on_both_stores(async |world| {
        let process = |after: &str| {
            format!(
                "severities:\n- {{ level: 1, name: Outage, urgency: high }}\n\
                 - level: 3\n  name: Small\n  urgency: low\n  process:\n    \
                 nudge_scribe_after: {after}\n"
            )
        };
        with_rotations(world, &process("5m")).await;
        let exported = world.admin().get("/api/v1/config/export").await.text;
        assert!(exported.contains("nudge_scribe_after: 5m"), "{exported}");
        let sky = world.browser("sky").await;
        declare(&sky, world, 3).await;
        take(&sky, "scribe").await;
        world.advance(SignedDuration::from_secs(5 * 60 - 1)).await;
        assert_eq!(asked(world, "sky"), 0);
        one_second(world).await;
        assert_eq!(asked(world, "sky"), 1);
        let apply = async |text: String| {
            world.admin().send(Method::POST, "/api/v1/config/apply", text).await
        };
        let wrong = apply(process("1m")).await;
        assert_eq!(wrong.status, 422, "{}", wrong.text);
        let place = &wrong.json()["errors"][0]["path"];
        assert_eq!(place, "severities[1].process.nudge_scribe_after");
        let stopped = apply(process("none")).await;
        assert_eq!(stopped.status, 200, "{}", stopped.text);
        world.advance(SignedDuration::from_hours(3)).await;
        assert_eq!(asked(world, "sky"), 1);
    })
    .await;
}
