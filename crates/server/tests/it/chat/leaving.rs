//! Who leaves the room of an incident (`E7`): whoever is released goes out of a private one, and out of an
//! open one where the process says so; whoever comes back is invited again.

use reqwest::Method;
use serde_json::{Value, json};

use super::contract::judge::{Answer, Contract};
use super::contract::mattermost::{ANA as ANA_THERE, Mattermost, TOKEN as MATTERMOST_TOKEN};
use super::contract::slack::{ANA, BO, SIGNING_SECRET, Slack, TOKEN};
use super::organization;
use crate::harness::{World, on_both_stores};

/// Both are in the chat; severity 1 has a room there.
async fn configure(world: &World, provider: &str, (ana, bo): (&str, &str), room: &str) {
    let text = organization(world, provider, ana).replace(
        "contact_methods: [ { name: phone,",
        &format!("contact_methods: [ {{ name: chat, {bo} }}, {{ name: phone,"),
    );
    let text = format!(
        "{text}severities:\n  - {{ level: 1, name: Outage, urgency: high, process: {{ room: {room} }} }}\n"
    );
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for who in ["ana", "bo"] {
        world.give_password(who).await;
    }
}

/// An incident with its room, in which both are.
async fn both_there(world: &World, room: &str) -> Contract<Slack> {
    let contract = Contract::start(Slack::default()).await;
    let url = contract.url();
    let provider = format!(
        "{{ name: slack-test, type: slack, token: {TOKEN}, signing_secret: {SIGNING_SECRET}, url: \"{url}\" }}"
    );
    let (ana, bo) = (format!("type: slack, address: {ANA}"), format!("type: slack, address: {BO}"));
    configure(world, &provider, (&ana, &bo), room).await;
    let report = json!({ "title": "Nobody can pay", "service": "checkout", "severity": 1 });
    ask(world, "bo", "", report).await;
    for who in ["ana", "bo"] {
        ask(world, who, "/1/check-in", json!({})).await;
    }
    contract
}

async fn ask(world: &World, who: &str, path: &str, body: Value) {
    let answer = world.browser(who).await.post(&format!("/api/v1/incidents{path}"), body).await;
    assert!(answer.status < 300, "{path}: {}", answer.text);
    world.settle().await;
}

async fn release_ana(world: &World) {
    ask(world, "bo", "/1/acknowledge", json!({})).await;
    ask(world, "bo", "/1/roster/ana/release", json!({ "waive": "she sleeps" })).await;
}

/// Who is in the newest room.
fn members(contract: &Contract<Slack>) -> Vec<String> {
    let mut members = contract.rules(|slack| {
        slack.rooms.values().next_back().map(|room| room.members.clone()).expect("a room")
    });
    members.sort_unstable();
    members
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_released_stays_in_an_open_room_unless_the_process_takes_them_out() {
    on_both_stores(async |world| {
        let contract = both_there(world, "{ provider: slack-test }").await;
        assert_eq!(members(&contract), [ANA, BO]);
        release_ana(world).await;
        assert_eq!(members(&contract), [ANA, BO], "people look in on what they worked on");
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
    on_both_stores(async |world| {
        let contract = both_there(world, "{ provider: slack-test, remove_released: true }").await;
        assert_eq!(members(&contract), [ANA, BO]);
        release_ana(world).await;
        assert_eq!(members(&contract), [BO]);
        ask(world, "ana", "/1/check-in", json!({})).await;
        assert_eq!(members(&contract), [ANA, BO], "whoever comes back is invited again");
        let exported = world.admin().get("/api/v1/config/export").await.text;
        assert!(exported.contains("remove_released: true"), "{exported}");
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_released_goes_out_of_a_private_room_before_anything_more_is_said() {
    on_both_stores(async |world| {
        let contract = both_there(world, "{ provider: slack-test }").await;
        ask(world, "bo", "/1/restrict", json!({ "reason": "a leak" })).await;
        assert_eq!(members(&contract), [ANA, BO]);
        let broken = contract.broken();
        let busy = json!({ "ok": false, "error": "ratelimited" });
        contract.plant(Answer::json(429, &busy).with("retry-after", "30"));
        release_ana(world).await;
        let note = json!({ "kind": "decision", "text": "Call the lawyers" });
        ask(world, "bo", "/1/timeline", note).await;
        world.advance(jiff::SignedDuration::from_mins(3)).await;
        let room = contract.rules(|slack| slack.rooms.values().next_back().cloned()).unwrap();
        assert!(room.is_private && room.members == [BO], "{room:?}");
        assert!(room.posts.iter().any(|text| text.contains("lawyers")), "{:?}", room.posts);
        assert_eq!(contract.broken(), broken);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_chat_does_not_let_go_is_said_once_and_tried_again_when_asked() {
    on_both_stores(async |world| {
        let contract = both_there(world, "{ provider: slack-test, remove_released: true }").await;
        ask(world, "bo", "/1/acknowledge", json!({})).await;
        contract.rules(|slack| slack.lacks_scope = true);
        ask(world, "bo", "/1/roster/ana/release", json!({ "waive": "she sleeps" })).await;
        contract.rules(|slack| slack.lacks_scope = false);
        ask(world, "bo", "/1/timeline", json!({ "text": "Go on" })).await;
        assert_eq!(members(&contract), [ANA, BO]);
        let timeline = world.admin().get("/api/v1/incidents/1/timeline?limit=500").await.text;
        assert_eq!(timeline.matches("The room is not as it should be").count(), 1, "{timeline}");
        ask(world, "bo", "/1/room/try-again", json!({})).await;
        assert_eq!(members(&contract), [BO]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mattermost_lets_go_by_its_own_words() {
    on_both_stores(async |world| {
        let contract = Contract::start(Mattermost::default()).await;
        let url = contract.url();
        let provider = format!(
            "{{ name: mattermost-test, type: mattermost, token: {MATTERMOST_TOKEN}, url: \"{url}\" }}"
        );
        let room = "{ provider: mattermost-test, team: shop, remove_released: true }";
        let phone = "type: webhook, url: \"https://x.example.com\"";
        configure(world, &provider, ("type: mattermost, address: \"@ana\"", phone), room).await;
        let report = json!({ "title": "Nobody can pay", "service": "checkout", "severity": 1 });
        ask(world, "bo", "", report).await;
        ask(world, "ana", "/1/check-in", json!({})).await;
        let members = || contract.rules(|server| server.rooms.values().next().cloned()).unwrap().members;
        assert_eq!(members(), [ANA_THERE]);
        release_ana(world).await;
        assert_eq!(members(), Vec::<String>::new());
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}
