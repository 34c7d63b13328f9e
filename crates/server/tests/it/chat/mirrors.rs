//! User groups and topics that follow a schedule in Slack and Mattermost (`E7`), against the strict
//! contracts of both.

use std::time::Duration;

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::contract::judge::{Answer, Contract};
use super::contract::mattermost::room::Room as MattermostRoom;
use super::contract::mattermost::{ANA as ANA_THERE, Mattermost, TOKEN as MATTERMOST_TOKEN};
use super::contract::slack::room::Room;
use super::contract::slack::{ANA, BO, SIGNING_SECRET, Slack, TOKEN};
use super::organization;
use crate::harness::{World, on_both_stores};

const GROUP: &str = "S0ONCALL1";
const CHANNEL: &str = "C0ONCALL1";

/// Ana and Bo take turns of a day, from 09:00 in Berlin; stories begin five hours before.
fn text(world: &World, provider: &str, (ana, bo): (&str, &str), chat: &str) -> String {
    let text = organization(world, provider, ana);
    let text = text.replace("participants: [bo]", "participants: [ana, bo]");
    let text = text.replace("every: 1w, handoff: \"Mon 09:00\"", "every: 1d, handoff: \"09:00\"");
    let text = text.replace(
        "contact_methods: [ { name: phone,",
        &format!("contact_methods: [ {{ name: chat, {bo} }}, {{ name: phone,"),
    );
    text.replace("    layers:\n", &format!("    chat: {chat}\n    layers:\n"))
}

async fn apply(world: &World, text: String) {
    let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn chat(world: &World) -> Value {
    world.admin().read("/api/v1/schedules/payments-primary").await["chat"].clone()
}

/// Waits until the engine has followed a change of plan, which is no timer.
async fn until(world: &World, holds: impl Fn(&Value) -> bool) {
    let followed = async {
        loop {
            let progress = world.app.wake.progress.notified();
            tokio::pin!(progress);
            progress.as_mut().enable();
            if holds(&chat(world).await) {
                return;
            }
            progress.await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), followed).await.expect("it is followed");
    world.settle().await;
}

fn in_step(chat: &Value) -> bool {
    chat["in_step"] == true
}

fn in_trouble(chat: &Value) -> bool {
    chat["trouble"].as_array().is_some_and(|trouble| !trouble.is_empty())
}

fn slack_provider(url: &str) -> String {
    format!(
        "{{ name: slack-test, type: slack, token: {TOKEN}, signing_secret: {SIGNING_SECRET}, url: \"{url}\" }}"
    )
}

fn slack_people() -> (String, String) {
    (format!("type: slack, address: {ANA}"), format!("type: slack, address: {BO}"))
}

fn workspace() -> Slack {
    let channel = Room { name: "payments".to_owned(), ..Room::default() };
    Slack {
        groups: [(GROUP.to_owned(), vec![ANA.to_owned(), BO.to_owned()])].into(),
        rooms: [(CHANNEL.to_owned(), channel)].into(),
        ..Slack::default()
    }
}

async fn start(world: &World) -> Contract<Slack> {
    let contract = Contract::start(workspace()).await;
    let (ana, bo) = slack_people();
    let chat = format!("{{ provider: slack-test, group: {GROUP}, channel: {CHANNEL} }}");
    apply(world, text(world, &slack_provider(&contract.url()), (&ana, &bo), &chat)).await;
    until(world, in_step).await;
    contract
}

fn stands(contract: &Contract<Slack>) -> (Vec<String>, String) {
    contract.rules(|slack| (slack.groups[GROUP].clone(), slack.rooms[CHANNEL].topic.clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_and_a_topic_follow_the_shifts() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let (first, topic) = stands(&contract);
        assert_eq!(first.len(), 1, "{first:?}");
        assert!(topic.starts_with("On call for payments-primary: "), "{topic}");
        assert!(topic.contains(" until ") && topic.contains("09:00 CE"), "{topic}");
        world.advance(SignedDuration::from_hours(6)).await;
        let (second, changed) = stands(&contract);
        assert!(second.len() == 1 && second != first, "{first:?} {second:?}");
        assert_ne!(topic, changed);
        world.advance(SignedDuration::from_hours(24)).await;
        assert_eq!(stands(&contract).0, first, "they take turns");
        assert_eq!(contract.broken(), Vec::<String>::new());
        let schedule = world.admin().read("/api/v1/schedules/payments-primary").await;
        let chat = json!({
            "provider": "slack-test", "group": GROUP, "channel": CHANNEL, "in_step": true,
            "missing": [], "trouble": [],
        });
        assert_eq!(schedule["chat"], chat);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_plan_is_followed_at_once_and_a_busy_chat_is_tried_again() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let (first, _) = stands(&contract);
        let other = if first == [ANA] { "bo" } else { "ana" };
        let busy = json!({ "ok": false, "error": "ratelimited" });
        contract.plant(Answer::json(429, &busy).with("retry-after", "30"));
        let instead = json!({ "user": other, "for": "1h" });
        let path = "/api/v1/schedules/payments-primary/overrides";
        let answer = world.admin().post(path, instead).await;
        assert!(answer.status < 300, "{}", answer.text);
        until(world, in_trouble).await;
        assert_eq!(stands(&contract).0, first, "it is waited for");
        world.advance(SignedDuration::from_mins(2)).await;
        assert_ne!(stands(&contract).0, first);
        world.advance(SignedDuration::from_hours(1)).await;
        assert_eq!(stands(&contract).0, first, "the override is over");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_chat_refuses_stands_on_the_schedule() {
    on_both_stores(async |world| {
        let contract = Contract::start(Slack { lacks_scope: true, ..workspace() }).await;
        let (ana, bo) = slack_people();
        let chat = format!("{{ provider: slack-test, group: {GROUP} }}");
        apply(world, text(world, &slack_provider(&contract.url()), (&ana, &bo), &chat)).await;
        until(world, in_trouble).await;
        assert_eq!(contract.broken(), ["missing_scope"]);
        let path = "/api/v1/schedules/payments-primary";
        let chat = world.admin().read(path).await["chat"].clone();
        assert_eq!(chat["in_step"], false);
        let trouble = chat["trouble"][0]["why"].as_str().expect("what went wrong");
        assert!(trouble.contains("missing_scope"), "{trouble}");
        world.settle().await;
        assert_eq!(contract.broken().len(), 1, "it is let be");
        contract.rules(|slack| slack.lacks_scope = false);
        let again = format!("{path}/chat/try-again");
        let answer = world.admin().post(&again, json!({})).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        world.settle().await;
        let chat = world.admin().read(path).await["chat"].clone();
        assert_eq!((&chat["in_step"], &chat["trouble"]), (&json!(true), &json!([])));
        let none = "/api/v1/schedules/daily/chat/try-again";
        assert!(world.admin().post(none, json!({})).await.status >= 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_asked_for_again_an_hour_later() {
    on_both_stores(async |world| {
        let contract = Contract::start(Slack { lacks_scope: true, ..workspace() }).await;
        let (ana, bo) = slack_people();
        let chat = format!("{{ provider: slack-test, group: {GROUP} }}");
        apply(world, text(world, &slack_provider(&contract.url()), (&ana, &bo), &chat)).await;
        until(world, in_trouble).await;
        contract.rules(|slack| slack.lacks_scope = false);
        world.advance(SignedDuration::from_mins(58)).await;
        assert_eq!(stands(&contract).0.len(), 2, "it is let be");
        world.advance(SignedDuration::from_mins(3)).await;
        assert_eq!(stands(&contract).0.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_on_call_without_an_address_is_named_and_the_group_stays() {
    on_both_stores(async |world| {
        let contract = Contract::start(workspace()).await;
        let phone = "type: webhook, url: \"https://x.example.com\"";
        let chat = format!("{{ provider: slack-test, group: {GROUP}, channel: {CHANNEL} }}");
        apply(world, text(world, &slack_provider(&contract.url()), (phone, phone), &chat)).await;
        until(world, in_step).await;
        let (people, topic) = stands(&contract);
        assert_eq!(people, [ANA, BO], "nobody is taken out of a group for nobody");
        assert!(topic.starts_with("On call for payments-primary: "), "{topic}");
        let chat = world.admin().read("/api/v1/schedules/payments-primary").await["chat"].clone();
        assert_eq!(chat["missing"].as_array().map(Vec::len), Some(1), "{chat}");
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_longer_follows_is_let_be() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let before = stands(&contract);
        let (ana, bo) = slack_people();
        let chat = format!("{{ provider: slack-test, group: {GROUP}, channel: {CHANNEL} }}");
        let provider = slack_provider(&contract.url());
        let with = text(world, &provider, (&ana, &bo), &chat);
        apply(world, with.replace(&format!("    chat: {chat}\n"), "")).await;
        world.advance(SignedDuration::from_hours(6)).await;
        assert_eq!(stands(&contract), before);
        let schedule = world.admin().read("/api/v1/schedules/payments-primary").await;
        assert_eq!(schedule["chat"], json!(null));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_group_and_a_header_of_mattermost_follow_too() {
    on_both_stores(async |world| {
        let (group, channel) = ("group1group1group1group1gr", "room1room1room1room1room19");
        let other = "other1other1other1other1ot".to_owned();
        let contract = Contract::start(Mattermost {
            groups: [(group.to_owned(), vec![other.clone()])].into(),
            rooms: [(channel.to_owned(), MattermostRoom::default())].into(),
            ..Mattermost::default()
        })
        .await;
        let url = contract.url();
        let provider = format!(
            "{{ name: mattermost-test, type: mattermost, token: {MATTERMOST_TOKEN}, url: \"{url}\" }}"
        );
        let chat = format!("{{ provider: mattermost-test, group: {group}, channel: {channel} }}");
        let bo = "bobobobobobobobobobobobobo";
        let people =
            ("type: mattermost, address: \"@ana\"", format!("type: mattermost, address: {bo}"));
        apply(world, text(world, &provider, (people.0, &people.1), &chat)).await;
        until(world, in_step).await;
        let members = || contract.rules(|server| server.groups[group].clone());
        let first = members();
        assert!(first.len() == 2 && first[0] == other, "{first:?}");
        world.advance(SignedDuration::from_hours(6)).await;
        let second = members();
        assert!(second.len() == 2 && second[0] == other && second[1] != first[1], "{second:?}");
        let both = [first[1].as_str(), second[1].as_str()];
        assert!(both.contains(&ANA_THERE) && both.contains(&bo), "{both:?}");
        let header = contract.rules(|server| server.rooms[channel].header.clone());
        assert!(header.starts_with("On call for payments-primary"), "{header}");
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_follow_a_schedule_is_refused_with_its_place() {
    on_both_stores(async |world| {
        let gotify = "{ name: slack-test, type: gotify, url: \"https://x.example.com\" }";
        for (provider, chat, why) in [
            ("", "{ provider: nope, group: S1 }", "there is no provider `nope`"),
            (gotify, "{ provider: slack-test, group: S1 }", "has no groups"),
            (gotify, "{ provider: slack-test }", "name a `group`, a `channel` or both"),
            (gotify, "{ provider: slack-test, group: \"a/b\" }", "no id of a group"),
        ] {
            let phone = "type: webhook, url: \"https://x.example.com\"";
            let text = text(world, provider, (phone, phone), chat);
            let answer = world.admin().send(Method::POST, "/api/v1/config/apply", text).await;
            assert!(answer.status >= 400 && answer.text.contains(why), "{chat}: {}", answer.text);
        }
    })
    .await;
}
