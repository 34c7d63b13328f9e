//! Matrix: the contract notices planted mistakes, and the adapter makes none.

use std::sync::Arc;

use jiff::SignedDuration;
use muster_core::org::channel::Channel;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_integrations::channels::callback::{
    About, AnswerTo, Ask, Callback, Choice, FollowUp, Refused,
};
use muster_integrations::channels::{self, Message, Outcome};
use serde_json::{Value, json};

use super::{all_messages, called, choices, disables, provider, send, superseded, to};
use crate::contract::judge::{Answer, Contract, Request};
use crate::contract::matrix::{
    ANA, HOMESERVER_TOKEN, INVITED, Matrix, ROOM, TOKEN, pushed, reaction, written,
};
use crate::support::{LIMITS, a_page, channels as all_channels, now};

mod mistakes;

fn matrix(url: &str) -> Arc<Provider> {
    let settings = [("token", TOKEN), ("homeserver_token", HOMESERVER_TOKEN), ("url", url)];
    provider(ProviderKind::Matrix, &settings)
}

async fn sent(contract: &Contract<Matrix>, address: &str, message: Message) -> Outcome {
    send(&to(Channel::Matrix, address, Some(&matrix(&contract.url())), message)).await
}

#[tokio::test]
async fn a_page_arrives_in_a_direct_room_and_is_edited_when_somebody_has_it() {
    let contract = Contract::start(Matrix::default()).await;
    let outcome = sent(&contract, ANA, a_page("Disk <full> & more")).await;
    let reference = outcome.reference().expect("a reference").to_owned();
    let (room, event) = reference.split_once(' ').expect("room and event");
    let key = (room.to_owned(), event.to_owned());
    let content = contract.rules(|matrix| matrix.events[&key].clone());
    assert!(content["body"].as_str().is_some_and(|text| text.contains("Disk <full> & more")));

    let mut news =
        to(Channel::Matrix, ANA, Some(&matrix(&contract.url())), superseded("Disk full"));
    news.earlier = Some(reference.clone());
    assert_eq!(send(&news).await.name(), "accepted");
    let last = contract.seen().last().expect("a request").request.json();
    assert_eq!(last["m.relates_to"], json!({"rel_type": "m.replace", "event_id": event}));
    assert!(
        last["m.new_content"]["body"].as_str().is_some_and(|t| t.contains("Bo Lind")),
        "{last}"
    );

    // The second page finds the room that the first one made.
    assert_eq!(sent(&contract, ANA, a_page("Another")).await.name(), "accepted");
    assert_eq!(contract.rules(|matrix| matrix.rooms.len()), 1);
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn somebody_who_left_the_room_is_invited_again() {
    let contract = Contract::start(Matrix::default()).await;
    sent(&contract, ANA, a_page("Disk full")).await;
    let room = contract.rules(|matrix| {
        let room = matrix.rooms.values().next().expect("a room").clone();
        matrix.membership.insert(room.clone(), "leave".to_owned());
        room
    });
    assert_eq!(sent(&contract, ANA, a_page("Another")).await.name(), "accepted");
    assert_eq!(contract.rules(|matrix| matrix.membership[&room].clone()), "invite");
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn a_room_that_is_named_is_entered_when_it_invites() {
    let contract = Contract::start(Matrix::default()).await;
    assert_eq!(sent(&contract, ROOM, a_page("Disk full")).await.name(), "accepted");
    assert_eq!(sent(&contract, INVITED, a_page("Disk full")).await.name(), "accepted");
    assert_eq!(sent(&contract, "!closed:example.org", a_page("x")).await.name(), "permanent");
}

#[tokio::test]
async fn a_repeated_attempt_makes_no_second_message() {
    let contract = Contract::start(Matrix::default()).await;
    let first = sent(&contract, ROOM, a_page("Disk full")).await;
    assert_eq!(sent(&contract, ROOM, a_page("Disk full")).await, first);
    assert_eq!(contract.rules(|matrix| matrix.events.len()), 1);
    assert_eq!(sent(&contract, ROOM, a_page("Disk full, late")).await.name(), "accepted");
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn whatever_an_alert_says_the_message_keeps_the_rules() {
    let contract = Contract::start(Matrix::default()).await;
    for message in all_messages() {
        let outcome = sent(&contract, ANA, message).await;
        assert_eq!(outcome.name(), "accepted", "{outcome:?} {:?}", contract.broken());
    }
    assert_eq!(contract.broken(), Vec::<String>::new());
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let contract = Contract::start(Matrix::default()).await;
    assert_eq!(sent(&contract, "@nobody:example.org", a_page("x")).await.name(), "permanent");
    let limited =
        json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many", "retry_after_ms": 2000});
    contract.plant(Answer::json(429, &limited));
    let outcome = sent(&contract, ROOM, a_page("x")).await;
    let Outcome::Temporary { retry_after, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(retry_after, Some(SignedDuration::from_secs(2)));
    contract.plant(Answer::json(401, &json!({"errcode": "M_UNKNOWN_TOKEN", "error": "no"})));
    let outcome = sent(&contract, ROOM, a_page("x")).await;
    assert_eq!((outcome.name(), disables(&outcome)), ("permanent", false));
    let nowhere = provider(ProviderKind::Matrix, &[("url", "nowhere"), ("token", "x")]);
    let outcome = send(&to(Channel::Matrix, ROOM, Some(&nowhere), a_page("x"))).await;
    assert_eq!(outcome.name(), "permanent");
}

#[tokio::test]
async fn the_token_is_tried_without_a_message() {
    let contract = Contract::start(Matrix::default()).await;
    let channels = all_channels(None, LIMITS);
    let known = channels.probe(&matrix(&contract.url()), now()).await.expect("a question");
    assert_eq!(known, Ok("signed in as @muster:example.org".to_owned()));
}

const HOME: &str = "/callback/matrix-test";

fn read(request: &Request) -> Result<Vec<Callback>, Refused> {
    let rest = request.path().strip_prefix(HOME).expect("ours").trim_start_matches('/').to_owned();
    channels::read_callbacks(&matrix(""), &called(request, &rest), now())
}

fn answers(events: &[Value]) -> Vec<Callback> {
    read(&pushed(HOME, "1", events)).expect("believed")
}

#[test]
fn reactions_and_replies_are_about_the_message_that_they_belong_to() {
    let message = || About::Message(format!("{ROOM} $page"));
    let callbacks = answers(&[
        reaction(ANA, ROOM, "$page", "👍🏽"),
        reaction(ANA, ROOM, "$page", "👎"),
        reaction(ANA, ROOM, "$page", "🍕"),
        written(ANA, ROOM, "> <@muster:example.org> Disk full\n\nack", Some("$page")),
        written(ANA, ROOM, "resolve 42", Some("$page")),
    ]);
    let asks: Vec<_> = callbacks.iter().flat_map(|callback| callback.asks.clone()).collect();
    assert_eq!(
        asks,
        [
            Ask::Answer { choice: Choice::Acknowledge, about: message() },
            Ask::Answer { choice: Choice::Decline, about: message() },
            Ask::Answer { choice: Choice::Acknowledge, about: message() },
            Ask::Answer { choice: Choice::Resolve, about: About::Number(42) },
        ]
    );
    assert!(callbacks.iter().all(|callback| callback.from.as_deref() == Some(ANA)));
}

#[test]
fn only_what_is_meant_for_us_is_read() {
    let said = |text: &str| answers(&[written(ANA, ROOM, text, None)]).remove(0);
    assert_eq!(choices(&said("ack 42")), [Choice::Acknowledge]);
    assert_eq!(said("!muster who checkout").asks, [Ask::Words("who checkout".to_owned())]);
    assert_eq!(said("let us have lunch").asks, [Ask::Nothing]);
    assert_eq!(said("").asks, [Ask::Nothing]);
    let mut notice = written("@bot:example.org", ROOM, "ack 42", None);
    notice["content"]["msgtype"] = json!("m.notice");
    assert_eq!(answers(&[notice])[0].asks, [Ask::Nothing]);
    let mut edited = written(ANA, ROOM, "* ack 42", None);
    edited["content"]["m.relates_to"] = json!({"rel_type": "m.replace", "event_id": "$x"});
    assert_eq!(answers(&[edited])[0].asks, [Ask::Nothing]);
}

#[test]
fn a_transaction_without_the_token_is_not_believed() {
    let request = pushed(HOME, "1", &[reaction(ANA, ROOM, "$page", "👍")]);
    assert!(read(&request).is_ok());
    let forged = |change: &dyn Fn(&mut Request)| {
        let mut request = request.clone();
        change(&mut request);
        assert!(matches!(read(&request), Err(Refused::Forged(_))), "{request:?}");
    };
    forged(&|r| r.drop_header("authorization"));
    forged(&|r| r.set("authorization", "Bearer"));
    forged(&|r| r.set("authorization", &format!("Bearer {}", &HOMESERVER_TOKEN[1..])));
    forged(&|r| r.set("authorization", HOMESERVER_TOKEN));
    forged(&|r| r.set("authorization", &format!("Bearer {TOKEN}")));
    forged(&|r| {
        r.drop_header("authorization");
        r.target.push_str("?access_token=other");
    });
    let unset = provider(ProviderKind::Matrix, &[("url", "https://m.example.org")]);
    let refused =
        channels::read_callbacks(&unset, &called(&request, "_matrix/app/v1/transactions/1"), now());
    assert!(matches!(refused, Err(Refused::Forged(_))));
    // Homeservers of an older specification send the token in the query.
    let mut older = request.clone();
    older.drop_header("authorization");
    older.target.push_str(&format!("?access_token={HOMESERVER_TOKEN}"));
    assert!(read(&older).is_ok());
    let mut nonsense = request.clone();
    nonsense.body = "{}".to_owned();
    assert!(matches!(read(&nonsense), Err(Refused::Unreadable(_))));
}

#[test]
fn a_homeserver_that_asks_who_is_here_is_answered() {
    for (method, path, status) in [
        ("POST", "ping", 200),
        ("GET", "users/%40muster_x%3Aexample.org", 404),
        ("GET", "rooms/%23muster-x%3Aexample.org", 404),
        ("GET", "thirdparty/protocol/x", 404),
    ] {
        let request = Request::new(method, &format!("{HOME}/_matrix/app/v1/{path}"))
            .with("authorization", &format!("Bearer {HOMESERVER_TOKEN}"));
        let callback = read(&request).expect("believed").remove(0);
        let AnswerTo::Fixed(reply) = callback.answer else { panic!("a fixed answer") };
        assert_eq!(reply.status, status, "{path}");
    }
}

#[tokio::test]
async fn what_became_of_an_answer_is_told_in_the_room() {
    let contract = Contract::start(Matrix::default()).await;
    let reference = sent(&contract, ROOM, a_page("Disk full")).await;
    let event =
        reference.reference().and_then(|r| r.split_once(' ')).expect("an event").1.to_owned();
    let later = FollowUp { to: ROOM.to_owned(), original: json!({"event": event}) };
    let channels = all_channels(None, LIMITS);
    let told = channels.follow_up(&matrix(&contract.url()), &later, "You have <42>.", now()).await;
    assert_eq!(told.name(), "accepted");
    let last = contract.seen().last().expect("a request").request.json();
    assert_eq!((&last["msgtype"], &last["body"]), (&json!("m.notice"), &json!("You have <42>.")));
    assert_eq!(contract.broken(), Vec::<String>::new());
}
