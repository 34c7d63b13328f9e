//! Slack: the contract notices planted mistakes, and the adapter makes none.

use std::sync::Arc;

use jiff::SignedDuration;
use muster_core::org::channel::Channel;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_integrations::channels::callback::{About, AnswerTo, Ask, Choice, Refused};
use muster_integrations::channels::{self, Message, Outcome};
use serde_json::{Value, json};

use super::{
    all_messages, answered, assert_forged, choices, disables, provider, read, send, superseded, to,
};
use crate::contract::judge::{Answer, Contract, Request};
use crate::contract::slack::{
    ANA, ANA_CONVERSATION, SIGNING_SECRET, Slack, TOKEN, command, pressed, signed,
};
use crate::support::{LIMITS, a_page, channels as all_channels, now};

mod mistakes;
mod room;

fn slack(url: &str) -> Arc<Provider> {
    let settings = [("token", TOKEN), ("signing_secret", SIGNING_SECRET), ("url", url)];
    provider(ProviderKind::Slack, &settings)
}

async fn sent(contract: &Contract<Slack>, address: &str, message: Message) -> Outcome {
    send(&to(Channel::Slack, address, Some(&slack(&contract.url())), message)).await
}

#[tokio::test]
async fn a_page_arrives_with_its_buttons_and_is_edited_when_somebody_has_it() {
    let contract = Contract::start(Slack::default()).await;
    let outcome = sent(&contract, ANA, a_page("Disk <full> & more")).await;
    let reference = outcome.reference().expect("a reference").to_owned();
    assert!(reference.starts_with(ANA_CONVERSATION), "{reference}");
    let body = contract.wait_for(1).await[0].request.json();
    assert_eq!(body["text"], "[SEV1] checkout: Disk &lt;full&gt; &amp; more");
    let labels: Vec<_> = body["blocks"][2]["elements"]
        .as_array()
        .expect("buttons")
        .iter()
        .map(|button| button["text"]["text"].as_str().expect("a label"))
        .collect();
    assert_eq!(labels, ["Acknowledge", "Escalate", "Decline", "Resolve"]);

    let mut news = to(Channel::Slack, ANA, Some(&slack(&contract.url())), superseded("Disk full"));
    news.earlier = Some(reference);
    assert_eq!(send(&news).await.name(), "accepted");
    let messages = contract.rules(|slack| slack.messages.values().cloned().collect::<Vec<_>>());
    let [message] = messages.as_slice() else { panic!("one message, edited") };
    assert!(message.to_string().contains("Acknowledged by Bo Lind"), "{message}");
    assert!(!message.to_string().contains("\"button\""), "{message}");
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn whatever_an_alert_says_the_message_keeps_the_rules() {
    let contract = Contract::start(Slack::default()).await;
    for message in all_messages() {
        let outcome = sent(&contract, ANA, message).await;
        assert_eq!(outcome.name(), "accepted", "{outcome:?}");
    }
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn errors_that_hide_in_a_200_are_told_apart() {
    let contract = Contract::start(Slack::default()).await;
    for (error, name, disable) in [
        ("ratelimited", "temporary", false),
        ("service_unavailable", "temporary", false),
        ("internal_error", "unknown", false),
        ("fatal_error", "unknown", false),
        ("channel_not_found", "permanent", true),
        ("is_archived", "permanent", true),
        ("invalid_auth", "permanent", false),
        ("missing_scope", "permanent", false),
        ("invalid_blocks", "permanent", false),
    ] {
        contract.plant(Answer::json(200, &json!({"ok": false, "error": error})));
        let outcome = sent(&contract, ANA, a_page("x")).await;
        assert_eq!((outcome.name(), disables(&outcome)), (name, disable), "{error}");
    }
    contract.plant(Answer::new(200, "<html>maintenance</html>"));
    assert_eq!(sent(&contract, ANA, a_page("x")).await.name(), "unknown");
    contract.plant(Answer::new(503, "upstream"));
    assert_eq!(sent(&contract, ANA, a_page("x")).await.name(), "temporary");
    assert!(disables(&sent(&contract, "U0NOBODY", a_page("x")).await));
}

#[tokio::test]
async fn the_limit_of_rate_is_heard() {
    let contract = Contract::start(Slack::default()).await;
    let limited = Answer::json(429, &json!({"ok": false, "error": "ratelimited"}));
    contract.plant(limited.with("retry-after", "30"));
    let outcome = sent(&contract, ANA, a_page("x")).await;
    let Outcome::Temporary { retry_after, status, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((status, retry_after), (Some(429), Some(SignedDuration::from_secs(30))));
}

#[tokio::test]
async fn the_token_is_tried_without_a_message() {
    let contract = Contract::start(Slack::default()).await;
    let channels = all_channels(None, LIMITS);
    let known = channels.probe(&slack(&contract.url()), now()).await.expect("a question");
    assert_eq!(known, Ok("signed in to the workspace T0001".to_owned()));
    let settings = [("token", "xoxb-old"), ("url", &*contract.url())];
    let other = provider(ProviderKind::Slack, &settings);
    assert!(channels.probe(&other, now()).await.expect("a question").is_err());
    assert!(contract.rules(|slack| slack.messages.is_empty()));
}

const HOOK: &str = "https://hooks.slack.com/actions/T0001/1/x";

fn press(value: &str, at: i64) -> Request {
    signed("/callback/slack-test", &pressed(ANA, value, ANA_CONVERSATION, "1.1", HOOK), at)
}

fn second() -> i64 {
    now().as_second()
}

#[test]
fn a_pressed_button_is_read_with_the_person_and_the_page() {
    let callback = read(&slack(""), &press("a.t.token", second())).expect("believed");
    let about = About::PageToken("token".to_owned());
    assert_eq!(callback.asks, [Ask::Answer { choice: Choice::Acknowledge, about }]);
    assert_eq!((callback.from.as_deref(), callback.channel), (Some(ANA), "slack"));
    assert!(matches!(&callback.answer, AnswerTo::Later(later) if later.to == HOOK));
    assert!(callback.reference.is_some(), "a replay can be told");
    assert_eq!(channels::reply(&slack(""), &callback, &answered("You have it.")).status, 200);
}

#[test]
fn the_slash_command_answers_or_asks_in_words() {
    let said = |text: &str| {
        let request = signed("/callback/slack-test", &command(ANA, text, HOOK), second());
        read(&slack(""), &request).expect("believed")
    };
    let ack = said("ack 42");
    let about = About::Number(42);
    assert_eq!(ack.asks, [Ask::Answer { choice: Choice::Acknowledge, about }]);
    assert_eq!(choices(&said("resolve 7")), [Choice::Resolve]);
    let words = Ask::Words("take payments-primary 4h".to_owned());
    assert_eq!(said("take payments-primary 4h").asks, [words]);
    let reply = channels::reply(&slack(""), &ack, &answered("You have <it> & more."));
    let reply: Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(reply["response_type"], "ephemeral");
    assert_eq!(reply["text"], "You have &lt;it&gt; &amp; more.");
}

#[test]
fn calls_that_slack_did_not_sign_are_not_believed() {
    let (slack, request) = (slack(""), press("a.t.token", second()));
    let forge = |change: fn(&mut Request)| assert_forged(&slack, &request, change);
    forge(|r| r.drop_header("x-slack-signature"));
    forge(|r| r.drop_header("x-slack-request-timestamp"));
    forge(|r| r.set("x-slack-signature", "v0="));
    forge(|r| r.set("x-slack-signature", "v0=zz"));
    forge(|r| r.set("x-slack-signature", &format!("v0={}", "0".repeat(64))));
    forge(|r| {
        let unversioned = r.header("x-slack-signature").expect("one")[3..].to_owned();
        r.set("x-slack-signature", &unversioned);
    });
    forge(|r| r.body = r.body.replace("a.t.token", "r.t.token"));
    forge(|r| r.body.push_str("&x=1"));
    forge(|r| r.set("x-slack-request-timestamp", &(second() - 1).to_string()));
    forge(|r| r.set("x-slack-request-timestamp", "now"));
    // Signed rightly, but replayed later or made for a future.
    forge(|r| *r = press("a.t.token", second() - 301));
    forge(|r| *r = press("a.t.token", second() + 301));
    let other = provider(ProviderKind::Slack, &[("signing_secret", "other")]);
    assert!(matches!(read(&other, &request), Err(Refused::Forged(_))));
    let unset = provider(ProviderKind::Slack, &[]);
    assert!(matches!(read(&unset, &request), Err(Refused::Forged(_))));
}

#[test]
fn a_signed_call_that_makes_no_sense_asks_for_nothing() {
    let slack = slack("");
    let nonsense = signed("/callback/slack-test", "payload=%7B", second());
    assert!(matches!(read(&slack, &nonsense), Err(Refused::Unreadable(_))));
    let unknown = read(&slack, &press("something else", second())).expect("believed");
    assert_eq!(unknown.asks, [Ask::Nothing]);
}

#[test]
fn words_are_sent_only_to_slack() {
    let body = pressed(ANA, "a.t.token", ANA_CONVERSATION, "1.1", "https://evil.example/hook");
    let callback = read(&slack(""), &signed("/", &body, second())).expect("believed");
    assert!(matches!(callback.answer, AnswerTo::Fixed(_)));
}

#[tokio::test]
async fn the_message_loses_its_buttons_and_says_what_became_of_it() {
    let contract = Contract::start(Slack::default()).await;
    let slack = slack(&contract.url());
    sent(&contract, ANA, a_page("Disk <full>")).await;
    let shown = contract.seen()[0].request.json();
    let hook = format!("{}/response/1", contract.url());
    let body = pressed(ANA, "a.t.token", ANA_CONVERSATION, "1.1", &hook);
    let callback = read(&slack, &signed("/", &body, second())).expect("believed");
    let AnswerTo::Later(mut later) = callback.answer else { panic!("later") };
    later.original = shown;
    let channels = all_channels(None, LIMITS);
    let outcome = channels.follow_up(&slack, &later, "You have <42>.", now()).await;
    assert_eq!(outcome.name(), "accepted");
    let told = contract.seen()[1].request.json();
    assert_eq!(told["replace_original"], true);
    assert!(told.to_string().contains("Disk <full>"), "{told}");
    assert!(told.to_string().contains("You have &lt;42&gt;."), "{told}");
    assert!(!told.to_string().contains("\"button\""), "{told}");
    assert_eq!(contract.broken(), Vec::<String>::new());
}
