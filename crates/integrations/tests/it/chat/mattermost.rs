//! Mattermost: the contract notices planted mistakes, and the adapter makes none.

use std::sync::Arc;

use jiff::SignedDuration;
use muster_core::org::channel::Channel;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_integrations::channels::callback::{About, AnswerTo, Ask, Choice, Refused};
use muster_integrations::channels::{self, Message, Outcome};
use serde_json::{Value, json};

use super::{
    a_notification, all_messages, answered, assert_forged, choices, disables, provider, read, send,
    superseded, to, to_room,
};
use crate::contract::judge::{Answer, Contract, Request};
use crate::contract::mattermost::{
    ANA, ANA_CHANNEL, COMMAND_TOKEN, Mattermost, TOKEN, TOWN_SQUARE, command, pressed,
};
use crate::support::{LIMITS, a_page, channels as all_channels, now};

mod mistakes;
mod room;

fn mattermost(url: &str) -> Arc<Provider> {
    let settings = [("token", TOKEN), ("command_token", COMMAND_TOKEN), ("url", url)];
    provider(ProviderKind::Mattermost, &settings)
}

async fn contract() -> Contract<Mattermost> {
    let home = "https://muster.example.com/callback/mattermost-test".to_owned();
    Contract::start(Mattermost { calls_back: Some(home), ..Mattermost::default() }).await
}

async fn sent(contract: &Contract<Mattermost>, address: &str, message: Message) -> Outcome {
    let via = mattermost(&contract.url());
    send(&to(Channel::Mattermost, address, Some(&via), message)).await
}

#[tokio::test]
async fn a_page_arrives_with_its_buttons_and_is_edited_when_somebody_has_it() {
    let contract = contract().await;
    let outcome = sent(&contract, "@ana", a_page("Disk *full* @channel")).await;
    let post = outcome.reference().expect("a reference").to_owned();
    let body = contract.rules(|server| server.posts[&post].clone());
    let attachment = &body["props"]["attachments"][0];
    assert_eq!(attachment["actions"].as_array().map(Vec::len), Some(4));
    assert!(attachment["title"].as_str().is_some_and(|title| title.contains(r"\*full\*")));

    let via = mattermost(&contract.url());
    let mut news = to(Channel::Mattermost, ANA, Some(&via), superseded("Disk full"));
    news.earlier = Some(post.clone());
    assert_eq!(send(&news).await.reference(), Some(post.as_str()));
    let body = contract.rules(|server| server.posts[&post].clone());
    assert!(body.to_string().contains("Acknowledged by Bo Lind"), "{body}");
    assert_eq!(body["props"]["attachments"][0]["actions"], json!([]));
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_channel_that_a_step_names_gets_the_post_and_no_person_does() {
    let contract = contract().await;
    let via = mattermost(&contract.url());
    for address in [TOWN_SQUARE, "shop/town-square", "shop/~town-square"] {
        let news = to_room(to(Channel::Mattermost, address, Some(&via), a_notification("Told")));
        let outcome = send(&news).await;
        let post = outcome.reference().expect("a reference").to_owned();
        let body = contract.rules(|server| server.posts[&post].clone());
        assert_eq!(body["channel_id"], TOWN_SQUARE, "{address}");
    }
    assert_eq!(contract.broken(), Vec::<String>::new());
    for address in ["shop/no-such", "no-such/town-square", "shop/../users", "/", "shop/"] {
        let news = to_room(to(Channel::Mattermost, address, Some(&via), a_notification("Told")));
        assert_eq!(send(&news).await.name(), "permanent", "{address}");
    }
    // A person who is named stays a person.
    let news = to_room(to(Channel::Mattermost, "@ana", Some(&via), a_notification("Told")));
    let post = send(&news).await.reference().expect("a reference").to_owned();
    let body = contract.rules(|server| server.posts[&post].clone());
    assert_eq!(body["channel_id"], ANA_CHANNEL);
}

#[tokio::test]
async fn whatever_an_alert_says_the_message_keeps_the_rules() {
    let contract = contract().await;
    for message in all_messages() {
        let outcome = sent(&contract, ANA, message).await;
        assert_eq!(outcome.name(), "accepted", "{outcome:?} {:?}", contract.broken());
    }
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let contract = contract().await;
    assert!(disables(&sent(&contract, "@nobody", a_page("x")).await));
    assert!(disables(&sent(&contract, &"x".repeat(26), a_page("x")).await));
    for (status, name) in [(401, "permanent"), (403, "permanent"), (500, "temporary")] {
        contract.plant(Answer::json(status, &json!({"id": "api.some.app_error"})));
        assert_eq!(sent(&contract, ANA, a_page("x")).await.name(), name, "{status}");
    }
    contract.plant(Answer::new(429, "limit exceeded").with("retry-after", "12"));
    let outcome = sent(&contract, ANA, a_page("x")).await;
    let Outcome::Temporary { retry_after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(retry_after, Some(SignedDuration::from_secs(12)));
}

#[tokio::test]
async fn the_token_is_tried_without_a_message() {
    let contract = contract().await;
    let channels = all_channels(None, LIMITS);
    let known = channels.probe(&mattermost(&contract.url()), now()).await.expect("a question");
    assert_eq!(known, Ok("signed in as muster".to_owned()));
}

/// What comes back when the first button of a page to Ana is pressed.
async fn press() -> Request {
    let contract = contract().await;
    sent(&contract, ANA, a_page("Disk full")).await;
    let posts = contract.rules(|server| server.posts.clone());
    let (id, body) = posts.first_key_value().expect("a post");
    let action = &body["props"]["attachments"][0]["actions"][0];
    pressed("/callback/mattermost-test", ANA, id, &action["integration"]["context"])
}

#[tokio::test]
async fn a_pressed_button_is_read_and_the_post_says_what_became_of_it() {
    let server = mattermost("");
    let callback = read(&server, &press().await).expect("believed");
    let about = About::PageToken("token".to_owned());
    assert_eq!(callback.asks, [Ask::Answer { choice: Choice::Acknowledge, about }]);
    assert_eq!(callback.from, Some(format!("{ANA} {ANA}")));
    let reply = channels::reply(&server, &callback, &answered("You have incident 42."));
    let reply: Value = serde_json::from_str(&reply.body).expect("JSON");
    let update = &reply["update"];
    assert!(update.to_string().contains("You have incident 42"), "{update}");
    assert!(update.to_string().contains("Disk full"), "{update}");
    assert!(update["props"]["attachments"][0].get("actions").is_none(), "{update}");
}

#[tokio::test]
async fn a_button_that_we_did_not_sign_is_not_believed() {
    let (server, request) = (mattermost(""), press().await);
    let forge = |change: fn(&mut Request)| assert_forged(&server, &request, change);
    forge(|r| r.edit(|b| b["context"] = Value::Null));
    forge(|r| r.edit(|b| b["context"]["signature"] = Value::Null));
    forge(|r| r.edit(|b| b["context"]["signature"] = json!("")));
    forge(|r| r.edit(|b| b["context"]["signature"] = json!("0".repeat(64))));
    forge(|r| r.edit(|b| b["context"]["ask"] = json!("r.t.token")));
    forge(|r| r.edit(|b| b["context"]["ask"] = json!("a.all")));
    forge(|r| r.edit(|b| b["context"]["about"] = json!("Another incident")));
    // The button of one person says nothing for another.
    forge(|r| r.edit(|b| b["user_id"] = json!("bo01bo01bo01bo01bo01bo01bo")));
    forge(|r| r.edit(|b| b["user_id"] = Value::Null));
    forge(|r| r.edit(|b| b["context"]["to"] = json!("@bo")));
    forge(|r| r.body = "{".to_owned());
    let other = provider(ProviderKind::Mattermost, &[("token", "other")]);
    assert!(matches!(read(&other, &request), Err(Refused::Forged(_))));
    let unset = provider(ProviderKind::Mattermost, &[]);
    assert!(matches!(read(&unset, &request), Err(Refused::Forged(_))));
}

#[test]
fn the_slash_command_is_believed_with_its_token_only() {
    let server = mattermost("");
    let request = command("/callback/mattermost-test", COMMAND_TOKEN, ANA, "ack 42");
    let callback = read(&server, &request).expect("believed");
    assert_eq!(choices(&callback), [Choice::Acknowledge]);
    assert_eq!(callback.from, Some(format!("{ANA} @ana")));
    assert_eq!(callback.answer, AnswerTo::Reply);
    let reply = channels::reply(&server, &callback, &answered("@channel is not woken"));
    assert!(!reply.body.contains("@channel"), "{}", reply.body);
    let forge = |change: fn(&mut Request)| assert_forged(&server, &request, change);
    forge(|r| r.set("authorization", "Token other"));
    forge(|r| {
        r.drop_header("authorization");
        r.body = r.body.replace(COMMAND_TOKEN, "other");
    });
    forge(|r| {
        r.drop_header("authorization");
        r.body.clear();
    });
    let unset = provider(ProviderKind::Mattermost, &[("token", TOKEN)]);
    assert!(matches!(read(&unset, &request), Err(Refused::Forged(_))));
}
