//! Telegram from the alert to the button and back.

use muster_core::incident::lifecycle::Status;
use serde_json::Value;

use super::contract::judge::{Contract, Request};
use super::contract::telegram::{ANA, SECRET, TOKEN, Telegram, pressed, pushed};
use super::{alert, assert_refused, assert_status, bo_acknowledges, call, set_up};
use crate::harness::{World, on_both_stores};

async fn start(world: &World) -> Contract<Telegram> {
    let contract = Contract::start(Telegram::default()).await;
    let url = contract.url();
    let provider = format!(
        "{{ name: telegram-test, type: telegram, token: \"{TOKEN}\", webhook_secret: {SECRET}, url: \"{url}\" }}"
    );
    set_up(world, &provider, &format!("type: telegram, address: \"{ANA}\"")).await;
    alert(world, "a").await;
    contract
}

fn message(contract: &Contract<Telegram>) -> Value {
    contract.rules(|telegram| telegram.messages[&(ANA, 501)].clone())
}

fn press(contract: &Contract<Telegram>) -> Request {
    let body = message(contract);
    let data = body["reply_markup"]["inline_keyboard"][0][0]["callback_data"].clone();
    contract.rules(|telegram| telegram.queries.push("q1".to_owned()));
    let mut update = pressed(7, "q1", ANA, 501, data.as_str().expect("data"));
    update["callback_query"]["message"]["text"] = body["text"].clone();
    pushed("/callback/telegram-test", &update)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_acknowledges_and_the_message_says_so() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let answer = call(world, &press(&contract)).await;
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
        let reply = answer.json();
        assert_eq!(reply["method"], "answerCallbackQuery");
        assert!(contract.rules(|telegram| telegram.call("answerCallbackQuery", &reply)).is_ok());
        assert_eq!(contract.wait_for(2).await.len(), 2);
        let body = message(&contract);
        assert!(
            body["text"].as_str().is_some_and(|text| text.contains("[SEV1] checkout")),
            "{body}"
        );
        assert!(!body.to_string().contains("callback_data"), "{body}");
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_somebody_else_takes_it_the_message_is_edited() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        bo_acknowledges(world).await;
        let body = message(&contract);
        assert!(body.to_string().contains("cknowledged by bo"), "{body}");
        assert!(!body.to_string().contains("callback_data"), "{body}");
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_update_changes_nothing_and_is_written_down() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let right = press(&contract);
        let name = "x-telegram-bot-api-secret-token";
        let mut unsigned = right.clone();
        unsigned.drop_header(name);
        assert_refused(world, &unsigned, 403).await;
        assert_refused(world, &right.with(name, "guessed"), 403).await;
        assert_status(world, 1, Status::Triggered, None).await;
    })
    .await;
}
