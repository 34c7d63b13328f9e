//! Discord from the alert to the button and back.

use muster_core::incident::lifecycle::Status;
use serde_json::{Value, json};

use super::contract::discord::{
    ANA, Discord, TOKEN, message as check, pressed, public_key, signed,
};
use super::contract::judge::{Contract, Request};
use super::{alert, assert_refused, assert_status, bo_acknowledges, call, set_up};
use crate::harness::{World, on_both_stores};

const HOOK: &str = "/callback/discord-test";

async fn start(world: &World) -> Contract<Discord> {
    let contract = Contract::start(Discord::default()).await;
    let (url, key) = (contract.url(), public_key());
    let provider = format!(
        "{{ name: discord-test, type: discord, token: {TOKEN}, public_key: \"{key}\", url: \"{url}\" }}"
    );
    set_up(world, &provider, &format!("type: discord, address: \"{ANA}\"")).await;
    alert(world, "a").await;
    contract
}

fn message(contract: &Contract<Discord>) -> (String, Value) {
    let found = contract.rules(|discord| discord.messages.clone().into_iter().next());
    let ((_, id), body) = found.expect("a message");
    (id, body)
}

fn press(world: &World, contract: &Contract<Discord>) -> Request {
    let (id, body) = message(contract);
    let code = body["components"][0]["components"][0]["custom_id"].as_str().expect("an id");
    let mut interaction = pressed("1001", ANA, code, &id);
    interaction["message"]["content"] = body["content"].clone();
    signed(HOOK, &interaction, world.app.now().as_second())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_acknowledges_and_the_message_says_so() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let answer = call(world, &press(world, &contract)).await;
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
        let reply = answer.json();
        assert_eq!((&reply["type"], &reply["data"]["components"]), (&json!(7), &json!([])));
        assert!(check(&reply["data"]).is_ok(), "{reply}");
        assert!(reply["data"]["content"].as_str().is_some_and(|text| text.contains("checkout")));
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_somebody_else_takes_it_the_message_is_edited() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        bo_acknowledges(world).await;
        let (_, body) = message(&contract);
        assert!(body.to_string().contains("cknowledged by bo"), "{body}");
        assert!(!body.to_string().contains("custom_id"), "{body}");
        assert_eq!(contract.rules(|discord| discord.messages.len()), 1);
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_tried_is_answered_as_discord_wants_it() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let ping = json!({"id": "1", "type": 1, "token": "t", "version": 1});
        let right = signed(HOOK, &ping, world.app.now().as_second());
        let answer = call(world, &right).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"type": 1})));
        let forged = right.with("x-signature-ed25519", &"0".repeat(128));
        assert_refused(world, &forged, 401).await;
        let mut changed = press(world, &contract);
        changed.body.push(' ');
        assert_refused(world, &changed, 401).await;
        let old = press(world, &contract);
        world.advance(jiff::SignedDuration::from_secs(301)).await;
        assert_refused(world, &old, 401).await;
        assert_status(world, 1, Status::Triggered, None).await;
    })
    .await;
}
