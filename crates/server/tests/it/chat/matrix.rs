//! Matrix from the alert to the reaction and back.

use muster_core::incident::lifecycle::Status;
use serde_json::{Value, json};

use super::contract::judge::{Contract, Request};
use super::contract::matrix::{ANA, HOMESERVER_TOKEN, Matrix, TOKEN, pushed, reaction, written};
use super::{alert, assert_refused, assert_status, bo_acknowledges, call, set_up};
use crate::harness::{World, on_both_stores};

const HOOK: &str = "/callback/matrix-test";

async fn start(world: &World) -> Contract<Matrix> {
    let contract = Contract::start(Matrix::default()).await;
    let url = contract.url();
    let provider = format!(
        "{{ name: matrix-test, type: matrix, token: {TOKEN}, homeserver_token: {HOMESERVER_TOKEN}, url: \"{url}\" }}"
    );
    set_up(world, &provider, &format!("type: matrix, address: \"{ANA}\"")).await;
    alert(world, "a").await;
    contract
}

/// The room and the event of the page.
fn event(contract: &Contract<Matrix>) -> (String, String) {
    contract.rules(|matrix| matrix.events.keys().next().cloned()).expect("an event")
}

fn react(contract: &Contract<Matrix>, transaction: &str) -> Request {
    let (room, event) = event(contract);
    pushed(HOOK, transaction, &[reaction(ANA, &room, &event, "👍")])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_acknowledges_and_the_room_is_told() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let before = contract.seen().len();
        let answer = call(world, &react(&contract, "1")).await;
        assert_eq!((answer.status, answer.json()), (200, json!({})));
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
        let seen = contract.wait_for(before + 1).await;
        let told: Value = seen[before].request.json();
        assert_eq!(told["msgtype"], "m.notice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_in_words_is_about_the_message_it_replies_to() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let (room, event) = event(&contract);
        let words = written(ANA, &room, "> <@muster:example.org> Disk\n\nack", Some(&event));
        assert_eq!(call(world, &pushed(HOOK, "1", &[words])).await.status, 200);
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_says_changes_nothing() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let (room, event) = event(&contract);
        let stranger = "@mallory:example.org";
        let events =
            [reaction(stranger, &room, &event, "👍"), written(stranger, &room, "ack 1", None)];
        assert_eq!(call(world, &pushed(HOOK, "1", &events)).await.status, 200);
        assert_status(world, 1, Status::Triggered, None).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_somebody_else_takes_it_the_message_is_edited() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let (_, event) = event(&contract);
        bo_acknowledges(world).await;
        let last = contract.seen().last().expect("a request").request.json();
        assert_eq!(last["m.relates_to"], json!({"rel_type": "m.replace", "event_id": event}));
        assert!(last.to_string().contains("cknowledged by bo"), "{last}");
        assert_eq!(contract.broken(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_transaction_changes_nothing_and_is_written_down() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let mut unsigned = react(&contract, "1");
        unsigned.drop_header("authorization");
        assert_refused(world, &unsigned, 403).await;
        let guessed = react(&contract, "2").with("authorization", &format!("Bearer {TOKEN}"));
        assert_refused(world, &guessed, 403).await;
        assert_status(world, 1, Status::Triggered, None).await;
    })
    .await;
}
