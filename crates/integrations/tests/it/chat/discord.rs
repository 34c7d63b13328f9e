//! Discord: the contract notices planted mistakes, and the adapter makes none.

use std::sync::Arc;

use jiff::SignedDuration;
use muster_core::org::channel::Channel;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_integrations::channels::callback::{About, AnswerTo, Ask, Choice, Refused};
use muster_integrations::channels::{self, Message, Outcome};
use serde_json::{Value, json};

use super::{
    a_notification, all_messages, answered, assert_forged, disables, provider, read, send,
    superseded, to, to_room,
};
use crate::contract::discord::{
    ANA, Discord, INCIDENTS_CHANNEL, SHY, TOKEN, command, message, pressed, public_key, signed,
};
use crate::contract::judge::{Answer, Contract, Request};
use crate::support::{LIMITS, a_page, channels as all_channels, now};

mod mistakes;

fn discord(url: &str) -> Arc<Provider> {
    let settings = [("token", TOKEN), ("public_key", &*public_key()), ("url", url)];
    provider(ProviderKind::Discord, &settings)
}

async fn sent(contract: &Contract<Discord>, address: &str, message: Message) -> Outcome {
    send(&to(Channel::Discord, address, Some(&discord(&contract.url())), message)).await
}

#[tokio::test]
async fn a_page_arrives_with_its_buttons_and_is_edited_when_somebody_has_it() {
    let contract = Contract::start(Discord::default()).await;
    let outcome = sent(&contract, ANA, a_page("Disk *full*")).await;
    let reference = outcome.reference().expect("a reference").to_owned();
    let mut news =
        to(Channel::Discord, ANA, Some(&discord(&contract.url())), superseded("Disk full"));
    news.earlier = Some(reference.clone());
    assert_eq!(send(&news).await.reference(), Some(reference.as_str()));
    let messages = contract.rules(|discord| discord.messages.values().cloned().collect::<Vec<_>>());
    let [message] = messages.as_slice() else { panic!("one message, edited") };
    let content = message["content"].as_str().expect("text");
    assert!(content.contains("Acknowledged by Bo Lind"), "{content}");
    assert!(!message.to_string().contains("custom_id"), "{message}");
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_channel_that_a_step_names_gets_the_message_and_no_person_does() {
    let contract = Contract::start(Discord::default()).await;
    let via = discord(&contract.url());
    let news = |address| to_room(to(Channel::Discord, address, Some(&via), a_notification("Told")));
    let outcome = send(&news(INCIDENTS_CHANNEL)).await;
    let reference = outcome.reference().expect("a reference");
    assert!(reference.starts_with(&format!("{INCIDENTS_CHANNEL}/")), "{reference}");
    assert_eq!(contract.broken(), Vec::<String>::new());
    assert_eq!(send(&news("../users/@me")).await.name(), "permanent");
}

#[tokio::test]
async fn a_repeated_attempt_makes_no_second_message() {
    let contract = Contract::start(Discord::default()).await;
    let first = sent(&contract, ANA, a_page("Disk full")).await;
    assert_eq!(sent(&contract, ANA, a_page("Disk full")).await, first);
    assert_eq!(contract.rules(|discord| discord.messages.len()), 1);
    // An attempt that says something else is a message of its own.
    assert_eq!(sent(&contract, ANA, a_page("Disk full, late")).await.name(), "accepted");
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn whatever_an_alert_says_the_message_keeps_the_rules() {
    let contract = Contract::start(Discord::default()).await;
    for message in all_messages() {
        let outcome = sent(&contract, ANA, message).await;
        assert_eq!(outcome.name(), "accepted", "{outcome:?}");
    }
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let contract = Contract::start(Discord::default()).await;
    assert!(disables(&sent(&contract, SHY, a_page("x")).await));
    assert!(disables(&sent(&contract, "10000000000000000", a_page("x")).await));
    contract.plant(Answer::json(401, &json!({"code": 0, "message": "401: Unauthorized"})));
    assert_eq!(sent(&contract, ANA, a_page("x")).await.name(), "permanent");
    contract.plant(Answer::new(502, "bad gateway"));
    assert_eq!(sent(&contract, ANA, a_page("x")).await.name(), "temporary");
    let limited =
        json!({"message": "You are being rate limited.", "retry_after": 2.5, "global": false});
    contract.plant(Answer::json(429, &limited).with("retry-after", "3"));
    let outcome = sent(&contract, ANA, a_page("x")).await;
    let Outcome::Temporary { retry_after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(retry_after, Some(SignedDuration::from_millis(2500)));
}

#[tokio::test]
async fn the_token_is_tried_without_a_message() {
    let contract = Contract::start(Discord::default()).await;
    let channels = all_channels(None, LIMITS);
    assert!(channels.probe(&discord(&contract.url()), now()).await.expect("a question").is_ok());
}

fn second() -> i64 {
    now().as_second()
}

fn press(at: i64) -> Request {
    signed("/callback/discord-test", &pressed("1001", ANA, "a.t.token", "3"), at)
}

#[test]
fn a_trial_of_the_address_is_answered() {
    let ping = json!({"id": "1", "application_id": "2", "type": 1, "token": "t", "version": 1});
    let callback = read(&discord(""), &signed("/", &ping, second())).expect("believed");
    let AnswerTo::Fixed(reply) = callback.answer else { panic!("a fixed answer") };
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"type":1}"#));
    assert_eq!(callback.asks, [Ask::Nothing]);
}

#[test]
fn a_pressed_button_is_read_and_the_message_says_what_became_of_it() {
    let callback = read(&discord(""), &press(second())).expect("believed");
    let about = About::PageToken("token".to_owned());
    assert_eq!(callback.asks, [Ask::Answer { choice: Choice::Acknowledge, about }]);
    assert_eq!(callback.from.as_deref(), Some(ANA));
    assert_eq!(callback.reference.as_deref(), Some("1001"));
    let reply = channels::reply(&discord(""), &callback, &answered("You have incident 42."));
    let reply: Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!((&reply["type"], &reply["data"]["components"]), (&json!(7), &json!([])));
    assert!(message(&reply["data"]).is_ok(), "{reply}");
}

#[test]
fn the_command_is_read_also_in_a_server() {
    let said = |words: &str| {
        let request = signed("/", &command("1002", ANA, words), second());
        read(&discord(""), &request).expect("believed")
    };
    let callback = said("who checkout");
    assert_eq!(callback.asks, [Ask::Words("who checkout".to_owned())]);
    assert_eq!(callback.from.as_deref(), Some(ANA));
    let reply = channels::reply(&discord(""), &callback, &answered("@everyone **Bo**"));
    let reply: Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!((&reply["type"], &reply["data"]["flags"]), (&json!(4), &json!(64 | 4)));
    assert!(message(&reply["data"]).is_ok(), "{reply}");
}

#[test]
fn calls_that_discord_did_not_sign_are_not_believed() {
    let (server, request) = (discord(""), press(second()));
    let forge = |change: fn(&mut Request)| assert_forged(&server, &request, change);
    forge(|r| r.drop_header("x-signature-ed25519"));
    forge(|r| r.drop_header("x-signature-timestamp"));
    forge(|r| r.set("x-signature-ed25519", ""));
    forge(|r| r.set("x-signature-ed25519", "zz"));
    forge(|r| r.set("x-signature-ed25519", &"0".repeat(128)));
    forge(|r| r.set("x-signature-timestamp", &(second() - 1).to_string()));
    forge(|r| r.body = r.body.replace("a.t.token", "r.t.token"));
    forge(|r| r.body.push(' '));
    forge(|r| *r = press(second() - 301));
    forge(|r| *r = press(second() + 301));
    for key in ["", "zz", &"1".repeat(64)] {
        let other = provider(ProviderKind::Discord, &[("public_key", key)]);
        assert!(matches!(read(&other, &request), Err(Refused::Forged(_))), "{key}");
    }
}
