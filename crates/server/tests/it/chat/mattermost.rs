//! Mattermost from the alert to the button and back.

use muster_core::incident::lifecycle::Status;
use serde_json::{Value, json};

use super::contract::judge::{Contract, Request};
use super::contract::mattermost::{ANA, COMMAND_TOKEN, Mattermost, TOKEN, command, pressed};
use super::{alert, assert_refused, assert_status, bo_acknowledges, call, set_up};
use crate::harness::{World, on_both_stores};

const HOOK: &str = "/callback/mattermost-test";

async fn start(world: &World) -> Contract<Mattermost> {
    let calls_back = Some(format!("{}{HOOK}", world.base()));
    let contract = Contract::start(Mattermost { calls_back, ..Mattermost::default() }).await;
    let url = contract.url();
    let provider = format!(
        "{{ name: mattermost-test, type: mattermost, token: {TOKEN}, command_token: {COMMAND_TOKEN}, url: \"{url}\" }}"
    );
    set_up(world, &provider, "type: mattermost, address: \"@ana\"").await;
    alert(world, "a").await;
    contract
}

fn post(contract: &Contract<Mattermost>) -> (String, Value) {
    contract.rules(|server| server.posts.clone().into_iter().next()).expect("a post")
}

fn press(contract: &Contract<Mattermost>) -> Request {
    press_button(contract, "Acknowledge")
}

fn press_button(contract: &Contract<Mattermost>, name: &str) -> Request {
    let (id, body) = post(contract);
    let actions = body["props"]["attachments"][0]["actions"].as_array().expect("buttons");
    let action = actions.iter().find(|action| action["name"] == name).expect("the button");
    pressed(HOOK, ANA, &id, &action["integration"]["context"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_acknowledges_and_the_post_says_so() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let answer = call(world, &press(&contract)).await;
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
        let update = &answer.json()["update"];
        assert!(update.to_string().contains("checkout"), "{update}");
        assert!(!update.to_string().contains("\"actions\""), "{update}");
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captured_press_that_comes_again_acts_once_and_is_answered_as_before() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let captured = press_button(&contract, "Escalate");
        let first = call(world, &captured).await;
        let again = call(world, &captured).await;
        assert_eq!((first.status, &first.text), (200, &again.text));
        assert!(first.text.contains("The next person is asked"), "{}", first.text);
        assert_eq!(world.phones.of("bo").len(), 1, "the next person was asked once");
        // Another button of the same post is another press.
        call(world, &press(&contract)).await;
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_somebody_else_takes_it_the_post_is_edited() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        bo_acknowledges(world).await;
        let (_, body) = post(&contract);
        assert!(body.to_string().contains("cknowledged by bo"), "{body}");
        assert_eq!(body["props"]["attachments"][0]["actions"], json!([]));
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_that_was_changed_does_nothing_and_is_written_down() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let right = press(&contract);
        let mut resolves = right.clone();
        resolves.edit(|body| {
            let ask = body["context"]["ask"].as_str().expect("an ask").replacen('a', "r", 1);
            body["context"]["ask"] = json!(ask);
        });
        assert_refused(world, &resolves, 403).await;
        let mut of_another = right;
        of_another.edit(|body| body["user_id"] = json!("b".repeat(26)));
        assert_refused(world, &of_another, 403).await;
        assert_refused(world, &command(HOOK, "guessed", ANA, "ack 1"), 403).await;
        assert_status(world, 1, Status::Triggered, None).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slash_command_knows_people_by_their_configured_name() {
    on_both_stores(async |world| {
        let _contract = start(world).await;
        let answer = call(world, &command(HOOK, COMMAND_TOKEN, ANA, "who checkout")).await;
        let reply = answer.json();
        assert_eq!(reply["response_type"], "ephemeral");
        assert!(reply["text"].as_str().is_some_and(|text| text.contains("Ana Ortiz")), "{reply}");
    })
    .await;
}
