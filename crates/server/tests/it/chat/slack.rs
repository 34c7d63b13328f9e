//! Slack from the alert to the button and back.

use muster_core::incident::lifecycle::Status;
use serde_json::Value;

use super::contract::judge::{Contract, Request};
use super::contract::slack::{
    ANA, ANA_CONVERSATION, BO, SIGNING_SECRET, Slack, TOKEN, command, pressed, signed,
};
use super::{
    alert, assert_refused, assert_status, bo_acknowledges, call, kinds_of, organization, set_up,
};
use crate::harness::{World, on_both_stores};

const HOOK: &str = "/callback/slack-test";

async fn start(world: &World) -> Contract<Slack> {
    let contract = Contract::start(Slack::default()).await;
    let url = contract.url();
    let provider = format!(
        "{{ name: slack-test, type: slack, token: {TOKEN}, signing_secret: {SIGNING_SECRET}, url: \"{url}\" }}"
    );
    set_up(world, &provider, &format!("type: slack, address: {ANA}")).await;
    alert(world, "a").await;
    contract
}

/// The message that Ana has.
fn message(contract: &Contract<Slack>) -> (String, Value) {
    let found = contract.rules(|slack| slack.messages.clone().into_iter().next());
    let ((_, ts), body) = found.expect("a message");
    (ts, body)
}

/// Ana presses the button of that label.
fn press(world: &World, contract: &Contract<Slack>, label: &str) -> Request {
    let (ts, body) = message(contract);
    let buttons = body["blocks"][2]["elements"].as_array().expect("buttons");
    let button = buttons.iter().find(|b| b["text"]["text"] == label).expect("the button");
    let value = button["value"].as_str().expect("a value");
    let response = format!("{}/response/1", contract.url());
    let body = pressed(ANA, value, ANA_CONVERSATION, &ts, &response);
    signed(HOOK, &body, world.app.now().as_second())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_acknowledges_and_the_message_says_so() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        assert_status(world, 1, Status::Triggered, None).await;
        let answer = call(world, &press(world, &contract, "Acknowledge")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_status(world, 1, Status::Acknowledged, Some("ana")).await;
        // The page, and the words to the address that Slack gave: Ana acted and needs no news.
        let seen = contract.wait_for(2).await;
        assert_eq!(seen.len(), 2);
        let told = seen[1].request.json();
        assert_eq!(told["replace_original"], true);
        assert!(told["text"].as_str().is_some_and(|text| text.contains('1')), "{told}");
        assert_eq!(contract.broken(), Vec::<String>::new());
        world.advance(jiff::SignedDuration::from_mins(10)).await;
        assert!(world.phones.of("bo").is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captured_press_that_comes_again_acts_once_and_is_answered_as_before() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let captured = press(world, &contract, "Escalate");
        for _ in 0..3 {
            let answer = call(world, &captured).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        assert_eq!(world.phones.of("bo").len(), 1, "the next person was asked once");
        let timeline = world.admin().read("/api/v1/incidents/1/timeline").await;
        let items = timeline["items"].as_array().expect("items");
        let escalated = items.iter().filter(|item| item["kind"] == "escalated").count();
        assert_eq!(escalated, 1, "{timeline}");
        // The page, and the same words to each of the three.
        let seen = contract.wait_for(4).await;
        let told: Vec<_> =
            seen[1..4].iter().map(|seen| seen.request.json()["text"].clone()).collect();
        assert!(
            told[0].as_str().is_some_and(|text| text.contains("The next person is asked")),
            "{told:?}"
        );
        assert!(told.iter().all(|text| *text == told[0]), "{told:?}");
        // Five minutes later it is not even believed.
        world.advance(jiff::SignedDuration::from_mins(6)).await;
        assert_refused(world, &captured, 403).await;
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
        assert!(!body.to_string().contains("\"button\""), "{body}");
        assert_eq!(contract.rules(|slack| slack.messages.len()), 1);
        assert_eq!(contract.broken(), Vec::<String>::new());
        assert_eq!(kinds_of(world, "bo"), ["page".to_owned()].into());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_page_goes_to_the_next_person_at_once() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        assert_eq!(call(world, &press(world, &contract, "Decline")).await.status, 200);
        assert_status(world, 1, Status::Triggered, None).await;
        assert_eq!(world.phones.of("bo").len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_or_replayed_button_changes_nothing_and_is_written_down() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let right = press(world, &contract, "Acknowledge");
        let mut unsigned = right.clone();
        unsigned.drop_header("x-slack-signature");
        assert_refused(world, &unsigned, 403).await;
        let mut changed = right.clone();
        changed.body = changed.body.replace("acknowledge", "resolve");
        assert_refused(world, &changed, 403).await;
        world.advance(jiff::SignedDuration::from_secs(301)).await;
        assert_refused(world, &right, 403).await;
        assert_status(world, 1, Status::Triggered, None).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slash_command_is_answered_in_words() {
    on_both_stores(async |world| {
        let contract = start(world).await;
        let say = async |user: &str, text: &str| {
            let response = format!("{}/response/1", contract.url());
            let now = world.app.now().as_second();
            let answer = call(world, &signed(HOOK, &command(user, text, &response), now)).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let reply = answer.json();
            assert_eq!(reply["response_type"], "ephemeral");
            reply["text"].as_str().expect("words").to_owned()
        };
        let who = say(ANA, "who checkout").await;
        assert!(who.contains("primary: Ana Ortiz"), "{who}");
        let stranger = say(BO, "who checkout").await;
        assert!(stranger.contains("does not know you"), "{stranger}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_tells_a_channel_and_asks_people_all_the_same() {
    on_both_stores(async |world| {
        let contract = Contract::start(Slack::default()).await;
        let url = contract.url();
        let provider = format!(
            "{{ name: slack-test, type: slack, token: {TOKEN}, signing_secret: {SIGNING_SECRET}, url: \"{url}\" }}"
        );
        let text = organization(world, &provider, &format!("type: slack, address: {ANA}"));
        let channel = "{ channel: { provider: slack-test, address: C0INCIDENTS } }";
        let text = text.replace(
            "targets: [ { user: ana } ]",
            &format!("targets: [ {channel}, {{ user: ana }} ]"),
        );
        let answer = world.admin().send(reqwest::Method::POST, "/api/v1/config/apply", text).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        alert(world, "a").await;
        contract.wait_for(2).await;
        let told = contract.rules(|slack| slack.messages.clone());
        let to = |place: &str| {
            let found = told.iter().find(|((channel, _), _)| channel == place);
            found.map(|(_, body)| body.to_string()).unwrap_or_default()
        };
        let (channel, ana) = (to("C0INCIDENTS"), to(ANA_CONVERSATION));
        assert!(channel.contains("step 1 of payments"), "{channel}");
        assert!(!channel.contains("\"button\""), "nobody is asked there: {channel}");
        assert!(ana.contains("\"button\""), "{ana}");
        assert_eq!(contract.broken(), Vec::<String>::new());
        let timeline = world.admin().read("/api/v1/incidents/1/timeline?limit=500").await;
        let entries = timeline["items"].as_array().expect("items");
        let entry = entries.iter().find(|entry| entry["kind"] == "told").expect("it is written down");
        assert_eq!(entry["text"], "Told C0INCIDENTS by slack-test: step 1 of payments");
    })
    .await;
}
