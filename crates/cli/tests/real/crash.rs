//! The server is killed with -9 at many points while alerts come in and pages go out. Nothing that
//! was accepted is lost, and everybody who was to be paged is.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use muster_store::Engine;

use super::world::{World, request, wait_for};

/// How often the server is killed.
const KILLS: u64 = 20;
/// How many services take turns in having trouble; each has somebody of its own to page.
const SERVICES: usize = 40;
const KEY_PREFIX: &str = "crash-key-0000";

fn organization(phones: u16) -> String {
    let mut text = "organization: { name: Shop, timezone: UTC }\nusers:\n".to_owned();
    for at in 0..SERVICES {
        text += &format!(
            "  - {{ name: p{at}, full_name: P, email: p{at}@example.com, role: responder, timezone: UTC, contact_methods: [ {{ name: hook, type: webhook, url: \"http://127.0.0.1:{phones}/p{at}\" }} ] }}\n"
        );
    }
    text += "escalation_policies:\n";
    for at in 0..SERVICES {
        text += &format!(
            "  - {{ name: e{at}, steps: [ {{ after: 0m, targets: [ {{ user: p{at} }} ] }} ] }}\n"
        );
    }
    text += "services:\n";
    for at in 0..SERVICES {
        text += &format!(
            "  - {{ name: s{at}, escalation_policy: e{at}, integrations: [ {{ name: in, type: pagerduty, key: {KEY_PREFIX}{at} }} ] }}\n"
        );
    }
    text + "catch_all: { escalation_policy: e0 }\n"
}

/// Sends alerts until told to stop and remembers those that got their 202.
fn send(port: u16, stop: &AtomicBool, accepted: &Mutex<BTreeSet<String>>, lane: usize) {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let key = format!("alert-{lane}-{count}");
        let body = format!(
            r#"{{"routing_key":"{KEY_PREFIX}{}","event_action":"trigger","dedup_key":"{key}","payload":{{"summary":"trouble","source":"crash","severity":"critical"}}}}"#,
            (count * 4 + lane) % SERVICES
        );
        // Like a real client: what gets no 2xx is sent again with the same key.
        match request(port, "POST", "/v2/enqueue", "", Some(&body)) {
            Ok((202, _)) => {
                accepted.lock().expect("not poisoned").insert(key);
                count += 1;
            }
            _ => thread::sleep(Duration::from_millis(5)),
        }
    }
}

fn nothing_is_lost(engine: Engine) {
    let mut world = World::start(engine, organization);
    let (stop, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::default()));
    let senders: Vec<_> = (0..4)
        .map(|lane| {
            let (port, stop, accepted) = (world.port, Arc::clone(&stop), Arc::clone(&accepted));
            thread::spawn(move || send(port, &stop, &accepted, lane))
        })
        .collect();
    for kill in 0..KILLS {
        // Each life ends at another point of its work: after more acceptances each time.
        let before = accepted.lock().expect("not poisoned").len() as u64;
        wait_for("alerts to be accepted", || {
            let now = accepted.lock().expect("not poisoned").len() as u64;
            (now >= before + 1 + kill * 3).then_some(())
        });
        world.kill();
        world.serve();
    }
    stop.store(true, Ordering::Relaxed);
    senders.into_iter().for_each(|sender| sender.join().expect("a sender ends"));

    let accepted = accepted.lock().expect("not poisoned").clone();
    wait_for("every accepted alert to be stored", || {
        let alerts = world.all("/alerts");
        let stored: BTreeSet<_> = alerts
            .iter()
            .filter_map(|alert| Some(alert["dedup_key"].as_str()?.to_owned()))
            .collect();
        accepted.is_subset(&stored).then_some(())
    });
    let failed = world.all("/messages?q=state:failed");
    assert!(failed.is_empty(), "set aside: {failed:?}");

    // Every incident that asks somebody has reached them: singly, or in a digest within a minute.
    let incidents = world.all("/incidents");
    assert!(incidents.len() >= SERVICES, "only {} incidents", incidents.len());
    wait_for("every incident's page to be accepted", || {
        let reached = incidents.iter().all(|incident| {
            let pages = world.all(&format!("/incidents/{}/pages", incident["number"]));
            pages.iter().any(|page| page["state"] == "accepted")
        });
        reached.then_some(())
    });
    let paged: BTreeSet<_> = world
        .phones
        .received()
        .into_iter()
        .filter_map(|received| received.body["incident"]["number"].as_i64())
        .collect();
    for incident in &incidents {
        let number = incident["number"].as_i64().expect("a number");
        assert!(paged.contains(&number), "nobody heard of incident {number}");
    }
}

#[test]
fn killing_the_server_loses_no_accepted_alert_and_no_page_on_sqlite() {
    nothing_is_lost(Engine::Sqlite);
}

#[test]
fn killing_the_server_loses_no_accepted_alert_and_no_page_on_postgresql() {
    nothing_is_lost(Engine::Postgres);
}
