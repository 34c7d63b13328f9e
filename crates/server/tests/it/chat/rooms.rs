//! Rooms of incidents in Slack and Mattermost (`E7`), against the strict contracts of both: opened,
//! named, filled, kept in step, archived, with trouble that never holds an incident up.

use jiff::SignedDuration;
use muster_core::incident::lifecycle::Status;
use reqwest::Method;
use serde_json::{Value, json};

use super::contract::judge::{Answer, Contract, Rules};
use super::contract::mattermost::{ANA as ANA_THERE, Mattermost, TOKEN as MATTERMOST_TOKEN};
use super::contract::slack::{ANA, SIGNING_SECRET, Slack, TOKEN};
use super::{assert_status, organization};
use crate::harness::{World, on_both_stores};

async fn configure(world: &World, provider: &str, method: &str, room: &str) {
    let text = organization(world, provider, method);
    let text = format!(
        "{text}severities:\n  - {{ level: 1, name: Outage, urgency: high, process: {{ room: {room} }} }}\n  \
         - {{ level: 2, name: Diminished, urgency: high }}\n"
    );
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    world.give_password("ana").await;
}

async fn slack(world: &World) -> Contract<Slack> {
    let contract = Contract::start(Slack::default()).await;
    let url = contract.url();
    let provider = format!(
        "{{ name: slack-test, type: slack, token: {TOKEN}, signing_secret: {SIGNING_SECRET}, url: \"{url}\" }}"
    );
    let room = "{ provider: slack-test, name: \"Inc {{ number }}: {{ title }}\" }";
    configure(world, &provider, &format!("type: slack, address: {ANA}"), room).await;
    contract
}

async fn declare(world: &World, severity: u8) {
    let ana = world.browser("ana").await;
    let report = json!({ "title": "Nobody can pay", "service": "checkout", "severity": severity });
    assert_eq!(ana.post("/api/v1/incidents", report).await.status, 201);
    world.settle().await;
}

async fn act(world: &World, verb: &str, body: Value) {
    let ana = world.browser("ana").await;
    let answer = ana.post(&format!("/api/v1/incidents/1/{verb}"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    world.settle().await;
}

fn nothing_broken<R: Rules>(contract: &Contract<R>) {
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_opened_named_filled_kept_in_step_and_archived() {
    on_both_stores(async |world| {
        let contract = slack(world).await;
        declare(world, 1).await;
        let room = contract.rules(|slack| slack.rooms.values().next().cloned()).expect("a room");
        assert_eq!(room.name, "inc-1-nobody-can-pay");
        assert!(
            room.topic.starts_with("SEV1 Outage · triggered · nobody has it · checkout"),
            "{}",
            room.topic
        );
        assert_eq!(room.members, [ANA], "whoever was asked to come");
        assert!(room.posts[0].contains("Declared as severity 1 (Outage)"), "{:?}", room.posts);
        let incident = super::incident(world, 1).await;
        assert_eq!(incident["room"]["name"], "inc-1-nobody-can-pay");
        assert_eq!(incident["room"]["state"], "open");
        let link = format!("{}/app_redirect?channel=C0ROOM00001", contract.url());
        assert_eq!(incident["room"]["link"], link.as_str());
        assert_eq!(incident["bridge"]["link"], link.as_str(), "people meet there");

        act(world, "acknowledge", json!({})).await;
        act(world, "roles/incident-lead", json!({ "user": "ana" })).await;
        let room = contract.rules(|slack| slack.rooms.values().next().cloned()).expect("a room");
        assert!(room.topic.contains("acknowledged · Ana Ortiz leads"), "{}", room.topic);
        assert!(
            room.posts.iter().any(|text| text.contains("ana: Acknowledged")),
            "{:?}",
            room.posts
        );

        act(world, "restore", json!({})).await;
        for gate in ["validated", "signed_off"] {
            act(world, &format!("gates/{gate}/waive"), json!({ "reason": "a story" })).await;
        }
        act(world, "resolve", json!({})).await;
        let room = contract.rules(|slack| slack.rooms.values().next().cloned()).expect("a room");
        assert!(!room.is_archived, "people go on talking until it is closed");
        act(world, "close", json!({})).await;
        let room = contract.rules(|slack| slack.rooms.values().next().cloned()).expect("a room");
        assert!(room.is_archived);
        assert_eq!(super::incident(world, 1).await["room"]["state"], "archived");
        nothing_broken(&contract);

        // A bot of Slack brings nothing back from the archive; a new room takes its place.
        act(world, "reopen", json!({ "reason": "again" })).await;
        let names = contract.rules(|slack| {
            slack
                .rooms
                .values()
                .map(|room| (room.name.clone(), room.is_archived))
                .collect::<Vec<_>>()
        });
        let room = |name: &str, is_archived| (name.to_owned(), is_archived);
        assert_eq!(
            names,
            [room("inc-1-nobody-can-pay", true), room("inc-1-nobody-can-pay-2", false)]
        );
        assert_eq!(contract.broken(), ["not_in_channel", "name_taken"]);
        let incident = super::incident(world, 1).await;
        let link = format!("{}/app_redirect?channel=C0ROOM00002", contract.url());
        assert_eq!(incident["bridge"]["link"], link.as_str(), "and they meet in that one");
        let timeline = world.admin().get("/api/v1/incidents/1/timeline?limit=500").await.text;
        assert!(
            timeline.contains("Opened the room inc-1-nobody-can-pay in slack-test"),
            "{timeline}"
        );
        assert!(timeline.contains("Archived the room inc-1-nobody-can-pay"), "{timeline}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_severity_without_a_room_has_none_and_raising_it_opens_one() {
    on_both_stores(async |world| {
        let contract = slack(world).await;
        declare(world, 2).await;
        assert!(contract.rules(|slack| slack.rooms.is_empty()));
        act(world, "severity", json!({ "severity": 1, "reason": "everybody" })).await;
        assert_eq!(contract.rules(|slack| slack.rooms.len()), 1);
        nothing_broken(&contract);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_of_a_chat_holds_nothing_up_and_a_name_that_is_taken_gets_a_number() {
    on_both_stores(async |world| {
        let contract = slack(world).await;
        contract.rules(|slack| slack.names_taken.push("inc-1-nobody-can-pay".to_owned()));
        let busy = json!({ "ok": false, "error": "ratelimited" });
        // The page that Ana gets takes one of them; every call is told to wait.
        for _ in 0..3 {
            contract.plant(Answer::json(429, &busy).with("retry-after", "30"));
        }
        declare(world, 1).await;
        assert!(contract.rules(|slack| slack.rooms.is_empty()), "it is waited for");
        assert_status(world, 1, Status::Triggered, None).await;
        act(world, "acknowledge", json!({})).await;
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
        world.advance(SignedDuration::from_mins(4)).await;
        let room = contract.rules(|slack| slack.rooms.values().next().cloned()).expect("a room");
        assert_eq!(room.name, "inc-1-nobody-can-pay-2");
        assert!(room.posts.iter().any(|text| text.contains("Acknowledged")), "{:?}", room.posts);
        assert_eq!(contract.broken(), ["name_taken"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_have_one_place_to_meet_and_everything_points_to_it() {
    on_both_stores(async |world| {
        let contract = slack(world).await;
        declare(world, 1).await;
        let link = format!("{}/app_redirect?channel=C0ROOM00001", contract.url());
        let ana = world.browser("ana").await;
        let page = ana.get("/p/incident/1").await.text;
        let place = page.find("Join at").expect("the page says where");
        assert!(page[place..].contains(&link), "{page}");
        assert!(place < page.find("<dt>Alerts").expect("facts"), "before any other fact");

        act(world, "roles/incident-lead", json!({ "user": "ana" })).await;
        let updates = ana.read("/api/v1/incidents/1/updates").await;
        let audiences = updates["audiences"].as_array().expect("audiences").clone();
        let draft = |name: &str| {
            let mut found = audiences.iter().filter(|one| one["audience"] == name);
            found.next().expect("an audience")["draft"].as_str().expect("a draft").to_owned()
        };
        assert!(draft("internal").ends_with(&format!("Join at {link}")), "{}", draft("internal"));
        assert!(!draft("external").contains("Join at"), "customers do not join");

        // Somebody names another place; a room that is opened afterwards changes nothing about it.
        let other = json!({ "link": "https://meet.example.net/war" });
        assert_eq!(ana.put("/api/v1/incidents/1/bridge", other).await.status, 200);
        act(world, "restrict", json!({ "reason": "a leak" })).await;
        assert_eq!(contract.rules(|slack| slack.rooms.len()), 2);
        let incident = ana.read("/api/v1/incidents/1").await;
        assert_eq!(incident["bridge"]["link"], "https://meet.example.net/war");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bridge_of_the_process_comes_before_the_room() {
    on_both_stores(async |world| {
        let contract = Contract::start(Slack::default()).await;
        let url = contract.url();
        let provider = format!(
            "{{ name: slack-test, type: slack, token: {TOKEN}, signing_secret: {SIGNING_SECRET}, url: \"{url}\" }}"
        );
        let room = "{ provider: slack-test }, bridge: { template: \"https://meet.example.net/{{ number }}\", from: acknowledged }";
        configure(world, &provider, &format!("type: slack, address: {ANA}"), room).await;
        declare(world, 1).await;
        assert_eq!(contract.rules(|slack| slack.rooms.len()), 1);
        assert_eq!(super::incident(world, 1).await["bridge"], Value::Null, "it waits for somebody");
        act(world, "acknowledge", json!({})).await;
        let link = super::incident(world, 1).await["bridge"]["link"].clone();
        assert_eq!(link, "https://meet.example.net/1");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_is_posted_to_the_channels_of_its_audience_and_never_of_a_restricted_incident() {
    on_both_stores(async |world| {
        let contract = slack(world).await;
        let audience = |address: &str, provider: &str| {
            format!("audiences: [ {{ name: external, channels: [ {{ provider: {provider}, address: {address} }} ] }} ]\n")
        };
        let apply = async |text: String| {
            let exported = world.admin().get("/api/v1/config/export").await.text;
            world.admin().send(Method::POST, "/api/v1/config/apply", exported + &text).await
        };
        let refused = apply(audience("C0INCIDENTS", "nope")).await;
        assert!(refused.text.contains("there is no provider `nope`"), "{}", refused.text);
        let refused = apply(audience("\" \"", "slack-test")).await;
        assert!(refused.text.contains("no place to send to"), "{}", refused.text);
        let applied = apply(audience("C0INCIDENTS", "slack-test")).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        declare(world, 1).await;
        act(world, "roles/incident-lead", json!({ "user": "ana" })).await;
        let ana = world.browser("ana").await;
        let updates = "/api/v1/incidents/1/updates";
        let audiences = ana.read(updates).await["audiences"].clone();
        let external = audiences.as_array().expect("audiences").iter();
        let external = external.clone().find(|one| one["audience"] == "external").expect("customers");
        let channel = json!({ "provider": "slack-test", "address": "C0INCIDENTS" });
        assert_eq!(external["channels"], json!([channel]));

        let update = json!({ "audience": "external", "text": "We are looking for the cause." });
        assert!(ana.post(updates, update.clone()).await.status < 300);
        world.settle().await;
        let posted = || {
            contract.rules(|slack| {
                let channel = slack.messages.iter().filter(|((to, _), _)| to == "C0INCIDENTS");
                channel.map(|(_, body)| body.to_string()).collect::<Vec<_>>()
            })
        };
        assert_eq!(posted().len(), 1);
        assert!(posted()[0].contains("We are looking for the cause."), "{:?}", posted());
        let ledger = ana.read("/api/v1/incidents/1/ledger").await["items"].clone();
        let ledger = ledger.as_array().expect("messages");
        let sent = ledger.iter().filter(|one| one["channel"] == "slack" && one["state"] == "accepted");
        assert_eq!(sent.filter(|one| one["user"].is_null()).count(), 1, "{ledger:?}");

        act(world, "restrict", json!({ "reason": "a leak" })).await;
        let urgent = json!({ "audience": "external", "text": "Names.", "urgent": "it leaks" });
        let answer = ana.post(updates, urgent).await;
        assert!(answer.status < 300, "{}", answer.text);
        world.settle().await;
        assert_eq!(posted().len(), 1, "{:?}", posted());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_may_not_open_rooms_is_said_once_and_not_asked_again() {
    on_both_stores(async |world| {
        let contract = slack(world).await;
        contract.rules(|slack| slack.lacks_scope = true);
        declare(world, 1).await;
        act(world, "acknowledge", json!({})).await;
        world.advance(SignedDuration::from_mins(10)).await;
        assert_eq!(contract.broken(), ["missing_scope"]);
        let room = super::incident(world, 1).await["room"].clone();
        assert_eq!(room["state"], "failed");
        assert!(room["trouble"].as_str().unwrap().contains("missing_scope"), "{room}");
        let timeline = world.admin().get("/api/v1/incidents/1/timeline?limit=500").await.text;
        assert_eq!(timeline.matches("There is no room in slack-test").count(), 1);

        contract.rules(|slack| slack.lacks_scope = false);
        act(world, "room/try-again", json!({})).await;
        let room = super::incident(world, 1).await["room"].clone();
        assert_eq!((&room["state"], &room["trouble"]), (&json!("open"), &Value::Null), "{room}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_stays_away_is_said_once_and_nothing_that_was_said_is_lost() {
    on_both_stores(async |world| {
        let contract = slack(world).await;
        let broken = json!({ "ok": false, "error": "service_unavailable" });
        for _ in 0..12 {
            contract.plant(Answer::json(503, &broken));
        }
        declare(world, 1).await;
        act(world, "acknowledge", json!({})).await;
        world.advance(SignedDuration::from_mins(20)).await;
        let timeline = world.admin().get("/api/v1/incidents/1/timeline?limit=500").await.text;
        assert_eq!(timeline.matches("The room waits, and is tried again").count(), 1, "{timeline}");
        let room = contract.rules(|slack| slack.rooms.values().next().cloned()).expect("a room");
        assert!(room.posts[0].contains("Declared"), "{:?}", room.posts);
        assert!(room.posts.iter().any(|text| text.contains("Acknowledged")), "{:?}", room.posts);
        assert_eq!(super::incident(world, 1).await["room"]["trouble"], Value::Null);
        nothing_broken(&contract);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_of_a_restricted_incident_is_private_and_an_open_one_is_left_for_a_private_one() {
    on_both_stores(async |world| {
        let contract = slack(world).await;
        declare(world, 1).await;
        let open = contract.rules(|slack| slack.rooms.values().next().cloned()).expect("a room");
        assert!(!open.is_private);
        act(world, "restrict", json!({ "reason": "a leak" })).await;
        let ana = world.browser("ana").await;
        let note = json!({ "kind": "decision", "text": "Call the lawyers" });
        assert!(ana.post("/api/v1/incidents/1/timeline", note).await.status < 300);
        world.settle().await;
        let rooms: Vec<_> = contract.rules(|slack| slack.rooms.values().cloned().collect());
        assert_eq!(rooms.len(), 2, "{rooms:?}");
        assert!(rooms[0].is_archived && rooms[0].posts == open.posts, "{rooms:?}");
        assert!(rooms[1].is_private && !rooms[1].is_archived, "{rooms:?}");
        assert!(rooms[1].posts.iter().any(|text| text.contains("lawyers")), "{rooms:?}");
        assert_eq!(rooms[1].members, [ANA]);
        assert_eq!(contract.broken(), ["name_taken"]);

        let report = json!({
            "title": "Keys are public", "service": "checkout", "severity": 1,
            "restricted": { "reason": "a leak" },
        });
        assert_eq!(ana.post("/api/v1/incidents", report).await.status, 201);
        world.settle().await;
        let rooms: Vec<_> = contract.rules(|slack| slack.rooms.values().cloned().collect());
        assert!(rooms.len() == 3 && rooms[2].is_private, "{rooms:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_stays_for_a_while_after_the_end_and_is_kept_when_the_severity_names_none() {
    on_both_stores(async |world| {
        let contract = Contract::start(Slack::default()).await;
        let url = contract.url();
        let provider = format!(
            "{{ name: slack-test, type: slack, token: {TOKEN}, signing_secret: {SIGNING_SECRET}, url: \"{url}\" }}"
        );
        let room = "{ provider: slack-test, archive_after: 2h }";
        configure(world, &provider, &format!("type: slack, address: {ANA}"), room).await;
        declare(world, 1).await;
        act(world, "acknowledge", json!({})).await;
        act(world, "severity", json!({ "severity": 2, "reason": "better" })).await;
        let topic = || contract.rules(|slack| slack.rooms.values().next().cloned()).expect("a room").topic;
        assert!(topic().starts_with("SEV2 Diminished"), "{}", topic());
        act(world, "severity", json!({ "severity": 1, "reason": "worse" })).await;
        for gate in ["validated", "signed_off"] {
            act(world, &format!("gates/{gate}/waive"), json!({ "reason": "a story" })).await;
        }
        act(world, "resolve", json!({})).await;
        act(world, "close", json!({})).await;
        let is_archived =
            || contract.rules(|slack| slack.rooms.values().all(|room| room.is_archived));
        world.advance(SignedDuration::from_mins(119)).await;
        assert!(!is_archived() && topic().contains("closed"), "{}", topic());
        world.advance(SignedDuration::from_mins(2)).await;
        assert!(is_archived());
        nothing_broken(&contract);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mattermost_keeps_the_same_room_by_its_own_words() {
    on_both_stores(async |world| {
        let contract = Contract::start(Mattermost::default()).await;
        let url = contract.url();
        let provider = format!(
            "{{ name: mattermost-test, type: mattermost, token: {MATTERMOST_TOKEN}, url: \"{url}\" }}"
        );
        let room = "{ provider: mattermost-test, team: shop }";
        configure(world, &provider, "type: mattermost, address: \"@ana\"", room).await;
        declare(world, 1).await;
        act(world, "acknowledge", json!({})).await;
        let room = contract.rules(|server| server.rooms.values().next().cloned()).expect("a room");
        assert_eq!((room.name.as_str(), room.members.as_slice()), ("inc-1", &[ANA_THERE.to_owned()][..]));
        assert!(room.header.contains("Ana Ortiz has it"), "{}", room.header);
        assert!(room.posts.iter().any(|text| text.contains("Acknowledged")), "{:?}", room.posts);
        act(world, "resolve", json!({})).await;
        act(world, "close", json!({})).await;
        let room = contract.rules(|server| server.rooms.values().next().cloned()).expect("a room");
        assert!(room.is_archived);
        nothing_broken(&contract);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_no_chat_could_keep_is_refused_with_its_place() {
    on_both_stores(async |world| {
        for (room, why) in [
            ("{ provider: nope }", "there is no provider `nope`"),
            ("{ provider: phones }", "has no rooms"),
            ("{ provider: chat }", "a Mattermost room is in a `team`"),
            ("{ provider: phones, name: \"{{ nope }}\" }", "undefined"),
            ("{ provider: phones, archive_after: soon }", "archive_after"),
        ] {
            let text = format!(
                "providers:\n  - {{ name: phones, type: gotify, url: \"https://x.example.com\" }}\n  \
                 - {{ name: chat, type: mattermost, url: \"https://x.example.com\", token: abc }}\n\
                 severities: [ {{ level: 1, name: Outage, urgency: high, process: {{ room: {room} }} }} ]\n"
            );
            let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
            assert!(answer.status >= 400 && answer.text.contains(why), "{room}: {}", answer.text);
        }
    })
    .await;
}
