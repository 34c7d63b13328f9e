//! Pushover's message API by its documentation: keys of 30 letters and digits, limits in
//! characters, emergencies with their retry and expiry, receipts and their cancelling, errors that
//! must not be repeated and limits that may.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use muster_core::incident::lifecycle::{How, Superseded};
use muster_core::incident::severity::Urgency;
use muster_core::org::channel::Channel;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_core::org::user::Address;
use muster_integrations::channels::message::Page;
use muster_integrations::channels::{Envelope, Message, Outcome};
use serde_json::{Value, json};

use crate::support::http::{Answer, Received, Server};
use crate::support::{LIMITS, a_page, channels, envelope, incident, now, page};

const TOKEN: &str = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";
const USER: &str = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG";
const RECEIPT: &str = "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy";
const FIELDS: [&str; 17] = [
    "token",
    "user",
    "message",
    "title",
    "url",
    "url_title",
    "priority",
    "retry",
    "expire",
    "callback",
    "timestamp",
    "sound",
    "device",
    "html",
    "monospace",
    "ttl",
    "tags",
];

type Verdict = Result<Value, String>;

fn wrong(why: &str) -> Verdict {
    Err(why.to_owned())
}

fn judge(request: &Received) -> Verdict {
    let line = request.head.lines().next().unwrap_or_default();
    let [method, path, _] = line.split(' ').collect::<Vec<_>>()[..] else {
        return wrong("request line");
    };
    let cancelled =
        path.strip_prefix("/1/receipts/").and_then(|rest| rest.strip_suffix("/cancel.json"));
    if path != "/1/messages.json" && cancelled.is_none() {
        return wrong("path");
    }
    if method != "POST" {
        return wrong("method");
    }
    if request.header("content-type") != "application/x-www-form-urlencoded" {
        return wrong("content type");
    }
    let mut form = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(request.body.as_bytes()) {
        if form.insert(name.into_owned(), value.into_owned()).is_some() {
            return wrong("twice");
        }
    }
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    if get("token") != TOKEN {
        return wrong("token");
    }
    if let Some(receipt) = cancelled {
        return if receipt == RECEIPT { Ok(json!({ "status": 1 })) } else { wrong("receipt") };
    }
    if form.keys().any(|name| !FIELDS.contains(&name.as_str())) {
        return wrong("unknown field");
    }
    if get("user") != USER {
        return wrong("user");
    }
    for (name, max) in [("message", 1_024), ("title", 250), ("url", 512), ("url_title", 100)] {
        if get(name).chars().count() > max || get(name).contains('\0') {
            return wrong(name);
        }
    }
    if get("message").trim().is_empty() {
        return wrong("message");
    }
    for name in ["url", "callback"] {
        if form.contains_key(name) && !get(name).starts_with("http") {
            return wrong(name);
        }
    }
    let number = |name: &str| get(name).parse::<i64>().map_err(|_| name.to_owned());
    let priority = if form.contains_key("priority") { number("priority")? } else { 0 };
    if !(-2..=2).contains(&priority) {
        return wrong("priority");
    }
    if priority == 2 {
        if number("retry")? < 30 {
            return wrong("retry");
        }
        if !(1..=10_800).contains(&number("expire")?) {
            return wrong("expire");
        }
        return Ok(json!({ "status": 1, "request": "r", "receipt": RECEIPT }));
    }
    if let Some(name) =
        ["retry", "expire", "callback"].iter().find(|name| form.contains_key(**name))
    {
        return wrong(name);
    }
    Ok(json!({ "status": 1, "request": "r" }))
}

fn answer(request: &Received) -> Answer {
    let (status, body) = match judge(request) {
        Ok(body) => (200, body),
        Err(why) => {
            let mut body = json!({ "status": 0, "errors": [format!("{why} is invalid")] });
            body[&why] = json!("invalid");
            (400, body)
        }
    };
    Answer::with(status, "content-type: application/json\r\n", &body.to_string())
}

const HEAD: &str =
    "POST /1/messages.json HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded";

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

fn judged(head: &str, form: &[(&str, String)]) -> Verdict {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(form);
    judge(&Received { head: head.to_owned(), body: body.finish() })
}

#[test]
fn every_planted_mistake_is_noticed() {
    assert!(judged(HEAD, &correct()).is_ok());
    let with = |name: &'static str, value: &str| {
        let mut form = correct();
        form.retain(|(known, _)| *known != name);
        form.push((name, value.to_owned()));
        judged(HEAD, &form)
    };
    let without = |name: &str| {
        let mut form = correct();
        form.retain(|(known, _)| *known != name);
        judged(HEAD, &form)
    };
    let mut twice = correct();
    twice.push(("message", "m".to_owned()));
    let cancel = |receipt: &str| {
        let head = HEAD.replace("messages.json", &format!("receipts/{receipt}/cancel.json"));
        judged(&head, &correct()[..1])
    };
    assert!(cancel(RECEIPT).is_ok());
    for (why, verdict) in [
        ("path", judged(&HEAD.replace("/1/", "/2/"), &correct())),
        ("path", judged(&HEAD.replace("messages.json", "messages"), &correct())),
        ("method", judged(&HEAD.replace("POST", "GET"), &correct())),
        ("content type", judged(&HEAD.replace("x-www-form-urlencoded", "xml"), &correct())),
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
        ("twice", judged(HEAD, &twice)),
        ("receipt", cancel("r0000000000000000000000000000")),
    ] {
        assert_eq!(verdict, wrong(why));
    }
}

fn to(server: &Server, message: Message) -> Envelope {
    let address = Address::Direct { channel: Channel::Pushover, address: USER.to_owned() };
    let mut envelope = envelope(address, message);
    let url = format!("http://{}", server.address);
    let settings = [("url".to_owned(), url), ("token".to_owned(), TOKEN.to_owned())].into();
    let provider = Provider { name: "app".to_owned(), kind: ProviderKind::Pushover, settings };
    envelope.via = Some(provider.into());
    envelope
}

fn form(request: &Received) -> BTreeMap<String, String> {
    form_urlencoded::parse(request.body.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn an_urgent_page_is_an_emergency_that_is_answered_in_the_app() {
    let mut server = Server::judging(answer).await;
    let outcome = channels(None, LIMITS).send(&to(&server, a_page("Überlast & 🚨")), now()).await;
    let reference = Some(RECEIPT.to_owned());
    assert_eq!(outcome, Outcome::Accepted { status: 200, reference });
    let form = form(&server.received().await);
    assert_eq!((&*form["priority"], &*form["retry"], &*form["expire"]), ("2", "60", "3600"));
    assert_eq!(form["title"], "[SEV1] checkout: Überlast & 🚨");
    assert_eq!(form["callback"], page().ack_url, "answering in the app answers the page");
}

#[tokio::test]
async fn a_page_that_can_wait_is_no_emergency() {
    let mut server = Server::judging(answer).await;
    let page = Page { urgency: Urgency::Low, ..page() };
    let message = Message::Page { page, incident: incident("x") };
    let outcome = channels(None, LIMITS).send(&to(&server, message), now()).await;
    assert_eq!(outcome, Outcome::Accepted { status: 200, reference: None });
    let form = form(&server.received().await);
    assert_eq!(form["priority"], "0");
    assert!(!form.contains_key("retry"));
}

#[tokio::test]
async fn an_emergency_is_cancelled_when_somebody_else_was_faster() {
    let mut server = Server::judging(answer).await;
    let superseded = Superseded { how: How::Acked, by: "acknowledged by Bo Lind".to_owned() };
    let message = Message::PageSuperseded { page: page(), superseded, incident: incident("x") };
    let mut follow_up = to(&server, message);
    for (earlier, calls) in [(Some(RECEIPT), 2), (Some("../../../1/users"), 1), (None, 1)] {
        follow_up.earlier = earlier.map(str::to_owned);
        let outcome = channels(None, LIMITS).send(&follow_up, now()).await;
        assert_eq!(outcome.name(), "accepted", "{outcome:?}");
        let mut lines = Vec::new();
        for _ in 0..calls {
            lines.push(server.received().await.head.lines().next().unwrap().to_owned());
        }
        assert!(server.is_untouched());
        assert!(lines[calls - 1].contains("/1/messages.json"));
        if calls == 2 {
            assert!(lines[0].contains(&format!("/1/receipts/{RECEIPT}/cancel.json")));
        }
    }
}

#[tokio::test]
async fn every_kind_of_message_keeps_to_the_rules_however_long() {
    let server = Server::judging(answer).await;
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
        let outcome = channels(None, LIMITS).send(&to(&server, message), now()).await;
        assert_eq!(outcome.name(), "accepted", "{kind}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_wrong_user_is_disabled_and_a_limit_is_waited_for() {
    let server = Server::judging(answer).await;
    let mut stranger = to(&server, a_page("x"));
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
        let server = Server::start(Answer::with(status, "", body)).await;
        let outcome = channels(None, LIMITS).send(&to(&server, a_page("x")), now()).await;
        assert_eq!(outcome.name(), expected, "{status} {body}");
        if let Outcome::Temporary { retry_after, .. } = outcome {
            assert_eq!(retry_after, wait.map(SignedDuration::from_secs));
        }
    }
}
