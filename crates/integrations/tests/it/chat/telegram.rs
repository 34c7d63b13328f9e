//! Telegram: the contract notices planted mistakes, and the adapter makes none.

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
use crate::contract::telegram::{ANA, BLOCKED, SECRET, TOKEN, Telegram, pressed, pushed, written};
use crate::support::{LIMITS, a_page, channels as all_channels, now};

mod mistakes;

fn telegram(url: &str) -> Arc<Provider> {
    let settings = [("token", TOKEN), ("webhook_secret", SECRET), ("url", url)];
    provider(ProviderKind::Telegram, &settings)
}

async fn sent(contract: &Contract<Telegram>, address: i64, message: Message) -> Outcome {
    let via = telegram(&contract.url());
    send(&to(Channel::Telegram, &address.to_string(), Some(&via), message)).await
}

#[tokio::test]
async fn a_page_arrives_with_its_buttons_and_is_edited_when_somebody_has_it() {
    let contract = Contract::start(Telegram::default()).await;
    let outcome = sent(&contract, ANA, a_page("🔥 Disk <full>")).await;
    let reference = outcome.reference().expect("a reference").to_owned();
    let body = contract.rules(|telegram| telegram.messages[&(ANA, 501)].clone());
    assert!(body["text"].as_str().is_some_and(|text| text.contains("🔥 Disk <full>")), "{body}");
    assert!(body.get("parse_mode").is_none());
    assert_eq!(body["reply_markup"]["inline_keyboard"][0][0]["callback_data"], "a.t.token");

    let via = telegram(&contract.url());
    let mut news = to(Channel::Telegram, &ANA.to_string(), Some(&via), superseded("Disk full"));
    news.earlier = Some(reference.clone());
    assert_eq!(send(&news).await.reference(), Some(reference.as_str()));
    let body = contract.rules(|telegram| telegram.messages[&(ANA, 501)].clone());
    assert!(body.to_string().contains("Acknowledged by Bo Lind"), "{body}");
    assert!(!body.to_string().contains("callback_data"), "{body}");
    assert_eq!(contract.broken(), Vec::<String>::new());
    // The same once more is refused as not modified, which means that it is done.
    assert_eq!(send(&news).await.name(), "accepted");
}

#[tokio::test]
async fn whatever_an_alert_says_the_message_keeps_the_rules() {
    let contract = Contract::start(Telegram::default()).await;
    for message in all_messages() {
        let outcome = sent(&contract, ANA, message).await;
        assert_eq!(outcome.name(), "accepted", "{outcome:?}");
    }
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let contract = Contract::start(Telegram::default()).await;
    assert!(disables(&sent(&contract, BLOCKED, a_page("x")).await));
    assert!(disables(&sent(&contract, 99, a_page("x")).await));
    contract.plant(Answer::json(401, &json!({"ok": false, "description": "Unauthorized"})));
    let outcome = sent(&contract, ANA, a_page("x")).await;
    assert_eq!((outcome.name(), disables(&outcome)), ("permanent", false));
    contract.plant(Answer::json(502, &json!({"ok": false, "description": "Bad Gateway"})));
    assert_eq!(sent(&contract, ANA, a_page("x")).await.name(), "temporary");
    let limited = json!({
        "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 5",
        "parameters": {"retry_after": 5}
    });
    contract.plant(Answer::json(429, &limited));
    let outcome = sent(&contract, ANA, a_page("x")).await;
    let Outcome::Temporary { retry_after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(retry_after, Some(SignedDuration::from_secs(5)));
}

#[tokio::test]
async fn the_token_is_tried_without_a_message_and_never_shown() {
    let contract = Contract::start(Telegram::default()).await;
    let channels = all_channels(None, LIMITS);
    let known = channels.probe(&telegram(&contract.url()), now()).await.expect("a question");
    assert_eq!(known, Ok("signed in as @MusterBot".to_owned()));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let outcome = channels.probe(&telegram(&url), now()).await.expect("a question");
    assert!(!format!("{outcome:?}").contains(TOKEN), "{outcome:?}");
}

fn press() -> Request {
    pushed("/callback/telegram-test", &pressed(7, "q1", ANA, 501, "a.t.token"))
}

#[tokio::test]
async fn a_pressed_button_is_always_answered_and_the_message_says_what_became_of_it() {
    let contract = Contract::start(Telegram::default()).await;
    sent(&contract, ANA, a_page("Disk full")).await;
    contract.rules(|telegram| telegram.queries.push("q1".to_owned()));
    let via = telegram(&contract.url());
    let callback = read(&via, &press()).expect("believed");
    let about = About::PageToken("token".to_owned());
    assert_eq!(callback.asks, [Ask::Answer { choice: Choice::Acknowledge, about }]);
    assert_eq!(callback.from, Some(ANA.to_string()));
    let words = "You have incident 42. ".repeat(20);
    let reply = channels::reply(&via, &callback, &answered(&words));
    let reply: Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(reply["method"], "answerCallbackQuery");
    let answered = contract.rules(|telegram| telegram.call("answerCallbackQuery", &reply));
    assert!(answered.is_ok(), "{answered:?}");

    let AnswerTo::Later(later) = callback.answer else { panic!("later") };
    let outcome = all_channels(None, LIMITS).follow_up(&via, &later, &words, now()).await;
    assert_eq!(outcome.name(), "accepted");
    let body = contract.rules(|telegram| telegram.messages[&(ANA, 501)].clone());
    assert!(body["text"].as_str().is_some_and(|text| text.contains("You have incident 42.")));
    assert!(body.get("reply_markup").is_none(), "{body}");
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[test]
fn written_commands_answer_or_ask_in_words() {
    let via = telegram("");
    let said = |text: &str| read(&via, &pushed("/", &written(8, ANA, text))).expect("believed");
    assert_eq!(choices(&said("/muster ack 42")), [Choice::Acknowledge]);
    assert_eq!(choices(&said("/resolve@MusterBot 42")), [Choice::Resolve]);
    assert_eq!(said("/who checkout").asks, [Ask::Words("who checkout".to_owned())]);
    assert_eq!(said("/start").asks, [Ask::Words("help".to_owned())]);
    let reply =
        channels::reply(&via, &said("/who checkout"), &answered(&"Ana *Ortiz* ".repeat(1000)));
    let reply: Value = serde_json::from_str(&reply.body).expect("JSON");
    assert_eq!(reply["method"], "sendMessage");
    let taken = Telegram::default().call("sendMessage", &reply);
    assert!(taken.is_ok(), "{taken:?}");
    assert_eq!(said("good morning").asks, [Ask::Nothing]);
}

#[test]
fn updates_without_the_secret_are_not_believed() {
    let via = telegram("");
    let name = "x-telegram-bot-api-secret-token";
    let forge = |change: &dyn Fn(&mut Request)| assert_forged(&via, &press(), change);
    forge(&|r| r.drop_header(name));
    forge(&|r| r.set(name, ""));
    forge(&|r| r.set(name, &SECRET[1..]));
    forge(&|r| r.set(name, &SECRET.to_uppercase()));
    forge(&|r| r.set(name, &format!("{SECRET}x")));
    let unset = provider(ProviderKind::Telegram, &[("token", TOKEN)]);
    assert!(matches!(read(&unset, &press()), Err(Refused::Forged(_))));
    for nonsense in ["", "[]", "{\"update_id\": \"x\"}"] {
        let mut request = press();
        request.body = nonsense.to_owned();
        assert!(matches!(read(&via, &request), Err(Refused::Unreadable(_))), "{nonsense}");
    }
}
