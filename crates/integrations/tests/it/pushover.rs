//! Pushover: the contract notices planted mistakes, and the adapter makes none.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::SignedDuration;
use muster_core::incident::lifecycle::{How, Superseded};
use muster_core::incident::severity::Urgency;
use muster_core::org::channel::Channel;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_core::org::user::Address;
use muster_integrations::channels::message::Page;
use muster_integrations::channels::{Channels, Envelope, Message, Outcome, Standing};
use serde_json::json;

use crate::contract::judge::{Answer, Contract, Request, Rules as _};
use crate::contract::pushover::{Emergency, Pushover, RECEIPT, TOKEN, USER};
use crate::support::{LIMITS, a_page, channels, envelope, incident, now, page};

/// An emergency as the documentation has it.
fn correct() -> Vec<(&'static str, String)> {
    [
        ("token", TOKEN),
        ("user", USER),
        ("title", "t"),
        ("message", "m"),
        ("priority", "2"),
        ("retry", "60"),
        ("expire", "3600"),
        ("url", "https://m.example.com"),
        ("url_title", "Open"),
        ("callback", "https://m.example.com/p/x"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn posted(path: &str, form: &[(&str, String)]) -> Request {
    let mut request =
        Request::new("POST", path).with("content-type", "application/x-www-form-urlencoded");
    request.body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    request
}

/// A service that has one emergency, and a clock that the test sets.
fn service() -> (Pushover, Arc<AtomicI64>) {
    let clock = Arc::new(AtomicI64::new(1_000));
    let seen = clock.clone();
    let emergencies = [(RECEIPT.to_owned(), Emergency::default())].into();
    let clock_of = Box::new(move || seen.load(Ordering::Relaxed));
    (Pushover { emergencies, clock: Some(clock_of), ..Pushover::default() }, clock)
}

/// The rule that a request breaks.
fn rule(request: &Request) -> Option<String> {
    service().0.judge(request).err().map(|broken| broken.rule)
}

#[test]
fn every_planted_mistake_is_noticed() {
    let messages = "/1/messages.json";
    let right = posted(messages, &correct());
    assert_eq!(rule(&right), None);
    let with = |name: &'static str, value: &str| {
        let mut form = correct();
        form.retain(|(known, _)| *known != name);
        form.push((name, value.to_owned()));
        posted(messages, &form)
    };
    let without = |name: &str| {
        let mut form = correct();
        form.retain(|(known, _)| *known != name);
        posted(messages, &form)
    };
    let mut twice = correct();
    twice.push(("message", "m".to_owned()));
    let by_get = Request { method: "GET".to_owned(), ..right.clone() };
    let cancel =
        |receipt: &str| posted(&format!("/1/receipts/{receipt}/cancel.json"), &correct()[..1]);
    assert_eq!(rule(&cancel(RECEIPT)), None);
    let stranger = "r".repeat(30);
    let ask = |rest: &str| Request::new("GET", &format!("/1/receipts/{rest}"));
    let asked = ask(&format!("{RECEIPT}.json?token={TOKEN}"));
    assert_eq!(rule(&asked), None);
    for (why, request) in [
        ("path", posted("/2/messages.json", &correct())),
        ("path", posted("/1/messages", &correct())),
        ("method", by_get),
        ("content type", right.clone().with("content-type", "application/xml")),
        ("token", without("token")),
        ("token", with("token", USER)),
        ("user", without("user")),
        ("user", with("user", "short")),
        ("message", without("message")),
        ("message", with("message", " ")),
        ("message", with("message", &"é".repeat(1_025))),
        ("title", with("title", &"t".repeat(251))),
        ("url", with("url", &format!("https://{}", "u".repeat(505)))),
        ("url", with("url", "javascript:alert(1)")),
        ("url_title", with("url_title", &"t".repeat(101))),
        ("priority", with("priority", "3")),
        ("priority", with("priority", "-3")),
        ("priority", with("priority", "high")),
        ("retry", without("retry")),
        ("retry", with("retry", "29")),
        ("expire", without("expire")),
        ("expire", with("expire", "10801")),
        ("expire", with("expire", "0")),
        ("callback", with("callback", "m.example.com")),
        ("retry", with("priority", "1")),
        ("unknown field", with("body", "m")),
        ("twice", posted(messages, &twice)),
        ("receipt", cancel(&stranger)),
        ("method", posted(&asked.target, &[])),
        ("a body", Request { body: "token=x".to_owned(), ..asked.clone() }),
        ("token", ask(&format!("{RECEIPT}.json"))),
        ("token", ask(&format!("{RECEIPT}.json?token={USER}"))),
        ("unknown field", ask(&format!("{RECEIPT}.json?token={TOKEN}&user={USER}"))),
        ("receipt", ask(&format!("{stranger}.json?token={TOKEN}"))),
        ("path", ask(&format!("{RECEIPT}?token={TOKEN}"))),
    ] {
        assert_eq!(rule(&request).as_deref(), Some(why), "{request:?}");
    }
    let (mut service, clock) = service();
    for (after, is_fine) in [(0, true), (4, false), (5, true), (4, false)] {
        clock.fetch_add(after, Ordering::Relaxed);
        assert_eq!(service.judge(&asked).is_ok(), is_fine, "after {after} seconds");
    }
}

async fn contract() -> Contract<Pushover> {
    Contract::start(Pushover::default()).await
}

fn provider(url: String) -> Provider {
    let settings = [("url".to_owned(), url), ("token".to_owned(), TOKEN.to_owned())].into();
    Provider { name: "app".to_owned(), kind: ProviderKind::Pushover, settings }
}

fn to(contract: &Contract<Pushover>, message: Message) -> Envelope {
    let address = Address::Direct { channel: Channel::Pushover, address: USER.to_owned() };
    Envelope { via: Some(provider(contract.url()).into()), ..envelope(address, message) }
}

#[tokio::test]
async fn an_urgent_page_is_an_emergency_that_is_answered_in_the_app() {
    let contract = contract().await;
    let outcome = channels(None, LIMITS).send(&to(&contract, a_page("Überlast & 🚨")), now()).await;
    let reference = Some(RECEIPT.to_owned());
    assert_eq!(outcome, Outcome::Accepted { status: 200, reference });
    let form = contract.rules(|service| service.messages[0].clone());
    assert_eq!((&*form["priority"], &*form["retry"], &*form["expire"]), ("2", "60", "3600"));
    assert_eq!(form["title"], "[SEV1] checkout: Überlast & 🚨");
    assert_eq!(form["callback"], page().ack_url, "answering in the app answers the page");
}

#[tokio::test]
async fn a_page_that_can_wait_is_no_emergency() {
    let contract = contract().await;
    let page = Page { urgency: Urgency::Low, ..page() };
    let message = Message::Page { page, incident: incident("x") };
    let outcome = channels(None, LIMITS).send(&to(&contract, message), now()).await;
    assert_eq!(outcome, Outcome::Accepted { status: 200, reference: None });
    let form = contract.rules(|service| service.messages[0].clone());
    assert_eq!(form["priority"], "0");
    assert!(!form.contains_key("retry"));
}

#[tokio::test]
async fn an_emergency_is_cancelled_when_somebody_else_was_faster() {
    let contract = contract().await;
    let channels = channels(None, LIMITS);
    channels.send(&to(&contract, a_page("x")), now()).await;
    let superseded = Superseded { how: How::Acked, by: "acknowledged by Bo Lind".to_owned() };
    let message = Message::PageSuperseded { page: page(), superseded, incident: incident("x") };
    let mut follow_up = to(&contract, message);
    for (earlier, calls) in [(Some(RECEIPT), 3), (Some("../../../1/users"), 4), (None, 5)] {
        follow_up.earlier = earlier.map(str::to_owned);
        let outcome = channels.send(&follow_up, now()).await;
        assert_eq!(outcome.name(), "accepted", "{outcome:?}");
        let seen = contract.seen();
        assert_eq!(seen.len(), calls);
        assert_eq!(seen[calls - 1].request.target, "/1/messages.json");
    }
    assert!(contract.rules(|service| service.emergencies[RECEIPT].is_cancelled));
    assert_eq!(contract.broken(), Vec::<String>::new());
}

async fn standing(channels: &Channels, contract: &Contract<Pushover>) -> Result<Standing, Outcome> {
    channels.standing(&provider(contract.url()), RECEIPT, now()).await
}

#[tokio::test]
async fn how_an_emergency_stands_is_asked_by_its_receipt() {
    let contract = contract().await;
    let all = channels(None, LIMITS);
    let app = provider(contract.url());
    assert!(Channels::can_be_asked(&app, RECEIPT));
    for other in ["", "../users/x", "rLqVuqTRh62UzxtmqiaLzQmVcPgi0?"] {
        assert!(!Channels::can_be_asked(&app, other), "{other}");
    }
    let gotify = Provider { kind: ProviderKind::Gotify, ..app };
    assert!(!Channels::can_be_asked(&gotify, RECEIPT));

    all.send(&to(&contract, a_page("x")), now()).await;
    assert_eq!(standing(&all, &contract).await, Ok(Standing::Waiting));
    let change = |emergency| {
        contract.rules(|service| service.emergencies.insert(RECEIPT.to_owned(), emergency));
    };
    change(Emergency { is_expired: true, ..Emergency::default() });
    assert_eq!(standing(&all, &contract).await, Ok(Standing::Over));
    let acknowledged_by = Some(USER.to_owned());
    // What was acknowledged before it ran out stays acknowledged.
    change(Emergency { acknowledged_by, is_expired: true, ..Emergency::default() });
    let by = Some(USER.to_owned());
    assert_eq!(standing(&all, &contract).await, Ok(Standing::Acknowledged { by }));
    assert_eq!(contract.broken(), Vec::<String>::new());

    contract.rules(|service| service.emergencies.clear());
    let gone = standing(&all, &contract).await.expect_err("it is not known");
    assert_eq!(gone.name(), "permanent", "{gone:?}");
    contract.plant(Answer::new(429, "{}").with("retry-after", "30"));
    let busy = standing(&all, &contract).await.expect_err("it has no time");
    let Outcome::Temporary { retry_after, .. } = busy else { panic!("{busy:?}") };
    assert_eq!(retry_after, Some(SignedDuration::from_secs(30)));
    contract.plant(Answer::json(200, &json!({ "status": 0 })));
    assert_eq!(standing(&all, &contract).await.expect_err("no yes").name(), "permanent");
    assert!(!format!("{gone:?}").contains(TOKEN), "a token stands in no explanation");
}

#[tokio::test]
async fn every_kind_of_message_keeps_to_the_rules_however_long() {
    let contract = contract().await;
    let long = "🚨".repeat(5_000);
    let far = Page { ack_url: format!("https://muster.example.com/{}", "x".repeat(600)), ..page() };
    let digest = Message::Digest {
        pages: (0..40).map(|_| (page(), incident(&long))).collect(),
        answer_url: "https://muster.example.com/p/all".to_owned(),
        reply_to: None,
    };
    for message in [
        a_page(&long),
        digest,
        Message::Page { page: far, incident: incident("x") },
        Message::Notification { subject: long.clone(), text: long.clone(), incident: None },
        Message::Test { requested_by: long.clone() },
    ] {
        let kind = message.kind().to_owned();
        let outcome = channels(None, LIMITS).send(&to(&contract, message), now()).await;
        assert_eq!(outcome.name(), "accepted", "{kind}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_wrong_user_is_disabled_and_a_limit_is_waited_for() {
    let contract = contract().await;
    let mut stranger = to(&contract, a_page("x"));
    let address = "u".repeat(30);
    stranger.to = Address::Direct { channel: Channel::Pushover, address };
    let outcome = channels(None, LIMITS).send(&stranger, now()).await;
    assert!(matches!(outcome, Outcome::Permanent { disable: true, .. }), "{outcome:?}");
    assert!(outcome.detail().unwrap().contains("user is invalid"));
    for (status, body, expected, wait) in [
        (429, "{}", "temporary", Some(5)),
        (500, "", "temporary", Some(5)),
        (200, "<html>a portal</html>", "permanent", None),
        (200, r#"{"status":0}"#, "permanent", None),
    ] {
        contract.plant(Answer::new(status, body));
        let outcome = channels(None, LIMITS).send(&to(&contract, a_page("x")), now()).await;
        assert_eq!(outcome.name(), expected, "{status} {body}");
        if let Outcome::Temporary { retry_after, .. } = outcome {
            assert_eq!(retry_after, wait.map(SignedDuration::from_secs));
        }
    }
}
