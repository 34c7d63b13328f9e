//! What the janitor forgets, and what it leaves.

use jiff::SignedDuration;
use muster_core::change::event::{Kind, Progress, State, What};
use muster_core::change::suspect::Mark;
use muster_core::id::IntegrationId;
use muster_store::change::event as change;
use muster_store::testing::on_both_engines;
use muster_store::{Lane, Sql, inbox};

use super::world::World;
use crate::app::change::suspect::Marked;
use crate::engine::janitor;

async fn count(world: &World, table: &str) -> i64 {
    let count = Sql::built(format!("SELECT count(*) FROM {table}"));
    let (count,): (i64,) = world.app.db.fetch_one(&count, vec![]).await.unwrap();
    count
}

/// So many days later, with the janitor having been round.
async fn days_later(world: &World, days: i64) {
    world.pass(SignedDuration::from_hours(24 * days)).await;
    janitor::round(&world.app).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_is_forgotten_once_it_is_over_and_mutes_until_then() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| {
            text + "inhibit:\n  - { when: 'dedup_key.startsWith(\"router\")', \
                    mutes: 'dedup_key.startsWith(\"host\")' }\n"
        })
        .await;
        world.event("checkout", "trigger", "router", "critical").await;
        world.rest().await;
        janitor::round(&world.app).await.unwrap();
        assert_eq!(count(&world, "alert_cause").await, 1, "it fires still");
        world.event("checkout", "trigger", "host", "critical").await;
        world.rest().await;
        assert_eq!(world.phones.at("/ana").len(), 1, "the host is muted");

        for round in 0..3 {
            world.event("checkout", "resolve", "router", "critical").await;
            world.event("checkout", "resolve", "host", "critical").await;
            world.rest().await;
            janitor::round(&world.app).await.unwrap();
            assert_eq!(count(&world, "alert_cause").await, 0, "round {round}");
            world.event("checkout", "trigger", "router", "critical").await;
            world.rest().await;
        }
        janitor::round(&world.app).await.unwrap();
        assert_eq!(count(&world, "alert_cause").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_messages_go_with_their_notes_and_the_integration_was_heard_of_all_the_same() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        let integration = {
            let snapshot = world.app.snapshot();
            IntegrationId(snapshot.inlet_by_label("checkout/events").unwrap().integration.id.0)
        };
        let heard = async || inbox::last_received(&world.app.db, integration).await.unwrap();
        assert_eq!(heard().await, None);
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let first = world.app.now().as_microsecond();
        assert_eq!(heard().await, Some(first));
        let broken = world.raw("checkout", b"{").await;
        world.rest().await;
        days_later(&world, 89).await;
        assert_eq!((count(&world, "inbox").await, count(&world, "alert_message").await), (2, 1));
        days_later(&world, 2).await;
        assert_eq!(count(&world, "alert_message").await, 0);
        assert_eq!(world.state(broken).await, "failed", "nobody has looked at it yet");
        world.sql(Sql::same("DELETE FROM inbox")).await;
        assert_eq!(heard().await, Some(first), "its alert says so");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_about_no_incident_is_forgotten_and_the_ledger_of_incidents_is_kept() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        world
            .reconfigure(|text| {
                text + "watch: { canaries: [ { user: bo, method: phone, every: 24h, within: 2m } ] }\n"
            })
            .await;
        world.until(async || !world.phones.at("/bo").is_empty()).await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let of_incidents = "delivery WHERE incident_id IS NOT NULL";
        let loose = "delivery WHERE incident_id IS NULL";
        world.pass(SignedDuration::from_hours(24 * 100)).await;
        let (kept, before) = (count(&world, of_incidents).await, count(&world, loose).await);
        assert!(kept > 0 && before > 90, "{kept} of incidents, {before} canaries");
        let attempts = "delivery_attempt WHERE delivery_id NOT IN (SELECT id FROM delivery)";
        janitor::round(&world.app).await.unwrap();
        let after = count(&world, loose).await;
        assert!(after < before && after >= 89, "{after} of {before} are left");
        assert_eq!(count(&world, attempts).await, 0, "attempts go with their delivery");
        assert_eq!(count(&world, of_incidents).await, kept);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_shadow_mode_is_kept_for_a_year() {
    on_both_engines(async |db| {
        let world = World::with(db, |text| {
            let name = "  - name: checkout\n";
            text.replace(name, &format!("{name}    shadow: true\n"))
        })
        .await;
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        days_later(&world, 365).await;
        assert_eq!(count(&world, "shadow_incident").await, 1);
        days_later(&world, 2).await;
        assert_eq!(count(&world, "shadow_incident").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_providers_are_told_is_sealed_also_what_an_earlier_version_stored() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        let provider = |token: &str| {
            let token = token.to_owned();
            move |text: String| {
                format!(
                    "{text}providers:\n  - {{ name: chat, type: slack, token: {token}, \
                     signing_secret: shh-very-secret }}\n"
                )
            }
        };
        let plain = "config_object WHERE document LIKE '%very-secret%'";
        let knows = |token: &str| {
            let directory = world.app.snapshot().directory.clone();
            directory.providers.iter().any(|provider| provider.setting("token") == token)
        };
        // As an earlier version stores it, and as it stands while one may still run.
        world.sql(Sql::same("DELETE FROM setting WHERE name = 'documents_sealed'")).await;
        world.reconfigure(provider("one-very-secret")).await;
        assert_eq!(count(&world, plain).await, 1);
        assert!(knows("one-very-secret"));
        // The janitor seals it, and what follows is written so.
        assert!(world.app.seal_stored_documents().await.unwrap() > 1);
        assert_eq!(world.app.seal_stored_documents().await.unwrap(), 0);
        assert_eq!(count(&world, plain).await, 0);
        world.app.reload().await.unwrap();
        assert!(knows("one-very-secret"));
        world.reconfigure(provider("two-very-secret")).await;
        assert_eq!(count(&world, plain).await, 0);
        assert!(knows("two-very-secret"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_change_events_are_forgotten_unless_somebody_marked_them_in_an_incident() {
    on_both_engines(async |db| {
        let world = World::new(db).await;
        let (now, ana) = (world.app.now(), world.actor("ana"));
        let service = world.app.snapshot().directory.services.named("checkout").unwrap().id;
        let happened = async |state, ended_at| {
            let progress = Progress { state, started_at: now, ended_at };
            let what = What::new(Kind::Deploy, "a deploy");
            world.app.write_change_event(service, progress, what, &ana).await.unwrap()
        };
        happened(State::Succeeded, Some(now)).await;
        happened(State::Started, None).await;
        let marked = happened(State::Failed, Some(now)).await;
        let integration = {
            let snapshot = world.app.snapshot();
            IntegrationId(snapshot.inlet_by_label("checkout/events").unwrap().integration.id.0)
        };
        let mut tx = world.app.db.begin(Lane::Command).await.unwrap();
        assert!(change::note_delivery(&mut tx, integration, "d1", now).await.unwrap());
        tx.commit().await.unwrap();
        world.event("checkout", "trigger", "a", "critical").await;
        world.rest().await;
        let incident = world.incident().await;
        let row = change::get(&world.app.db, marked).await.unwrap().unwrap();
        let row = Marked::Event(Box::new(row));
        world.app.mark_change(incident.id, &row, Some(Mark::Cause), "", &ana).await.unwrap();
        world.event("checkout", "resolve", "a", "critical").await;
        world.rest().await;

        days_later(&world, 8).await;
        let left =
            async || (count(&world, "change_event").await, count(&world, "change_delivery").await);
        assert_eq!(left().await, (3, 0), "a delivery is not sent again after so long");
        days_later(&world, 391).await;
        assert_eq!(left().await, (3, 0));
        days_later(&world, 2).await;
        assert_eq!(left().await, (1, 0), "also what never ended");
        assert!(change::get(&world.app.db, marked).await.unwrap().is_some(), "it is of the record");
        world.app.mark_change(incident.id, &row, None, "", &ana).await.unwrap();
        janitor::round(&world.app).await.unwrap();
        assert_eq!(left().await, (0, 0));
    })
    .await;
}
