//! Webhooks to receivers that answer well, badly or not at all.

use jiff::SignedDuration;
use muster_core::incident::lifecycle::{How, Superseded};
use muster_core::org::user::Address;
use muster_integrations::channels::{Envelope, Message, Outcome, webhook as channel};
use muster_integrations::outbound::Limits;
use serde_json::{Map, Value, json};

use crate::support::http::{Answer, Server};
use crate::support::{LIMITS, SECRET, a_page, channels, envelope, incident, now, page, webhook};

/// What becomes of a page to a receiver that answers so.
async fn outcome(answer: Answer, limits: Limits) -> Outcome {
    let server = Server::start(answer).await;
    let envelope = envelope(webhook(server.address), a_page("Disk full"));
    channels(None, limits).send(&envelope, now()).await
}

fn example(message: Message) -> Envelope {
    envelope(Address::Webhook { url: String::new(), secret: None }, message)
}

#[tokio::test]
async fn a_page_arrives_signed_and_whole() {
    let mut server = Server::start(Answer::status(202)).await;
    let envelope = envelope(webhook(server.address), a_page("Disk full"));
    let sent = channels(None, LIMITS).send(&envelope, now()).await;
    assert_eq!(sent, Outcome::accepted(202));

    let request = server.received().await;
    assert!(request.head.starts_with("POST /ana HTTP/1.1\r\n"));
    assert_eq!(request.header("content-type"), "application/json");
    assert_eq!(request.header("webhook-id"), "dlv_0001");
    assert_eq!(request.header("webhook-timestamp"), now().as_second().to_string());
    let signature =
        channel::sign(SECRET, "dlv_0001", request.header("webhook-timestamp"), &request.body);
    assert_eq!(Ok(request.header("webhook-signature").to_owned()), signature);
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body,
        json!({
            "type": "page", "recipient": "ana", "at": "2026-11-21T03:12:04Z",
            "page": {
                "id": page().id.to_string(), "reason": "step 1 of payments", "attempt": 1,
                "possible_repeat": false, "ack_url": "https://muster.example.com/p/token"
            },
            "incident": {
                "id": incident("").id.to_string(), "number": 42, "severity": 1, "status": "triggered",
                "title": "Disk full", "service": "checkout", "alert_count": 1,
                "impact": "", "bridge": null,
                "url": "https://muster.example.com/app/incidents/42"
            }
        })
    );
}

#[tokio::test]
async fn an_address_with_a_secret_of_its_own_is_signed_with_it() {
    let mut server = Server::start(Answer::status(200)).await;
    let Address::Webhook { url, .. } = webhook(server.address) else { panic!("a webhook") };
    let own = Address::Webhook { url, secret: Some("just words".to_owned()) };
    channels(None, LIMITS).send(&envelope(own, a_page("x")), now()).await;
    let request = server.received().await;
    let timestamp = request.header("webhook-timestamp");
    let signature = channel::sign("just words", "dlv_0001", timestamp, &request.body);
    assert_eq!(Ok(request.header("webhook-signature").to_owned()), signature);
}

#[test]
fn every_type_of_message_has_its_body() {
    let superseded = Superseded { how: How::Acked, by: "acknowledged by Bo Lind".to_owned() };
    let bodies = [
        Message::PageSuperseded { page: page(), superseded, incident: incident("Disk full") },
        Message::Digest {
            pages: vec![(page(), incident("a")), (page(), incident("b"))],
            answer_url: "https://muster.example.com/p/all".to_owned(),
            reply_to: None,
        },
        Message::Notification { subject: "s".to_owned(), text: "t".to_owned(), incident: None },
        Message::Test { requested_by: "Ana Ortiz".to_owned() },
        Message::Event {
            kind: "incident.acknowledged".to_owned(),
            incident: Some(incident("Disk full")),
            data: Map::from_iter([("by".to_owned(), json!("ana"))]),
        },
    ]
    .map(|message| serde_json::to_string_pretty(&channel::body(&example(message))).unwrap());
    insta::assert_snapshot!(bodies.join("\n"));
}

#[tokio::test]
async fn any_2xx_is_acceptance_and_nothing_else_is() {
    for status in [200, 201, 202, 204, 299] {
        assert_eq!(outcome(Answer::status(status), LIMITS).await, Outcome::accepted(status));
    }
    for status in [408, 425, 429, 500, 502, 503, 599] {
        let outcome = outcome(Answer::status(status), LIMITS).await;
        assert_eq!((outcome.name(), outcome.status()), ("temporary", Some(status)));
    }
    for status in [300, 304, 400, 401, 403, 404, 405, 409, 422] {
        let outcome = outcome(Answer::status(status), LIMITS).await;
        assert_eq!((outcome.name(), outcome.status()), ("permanent", Some(status)));
        assert!(!matches!(outcome, Outcome::Permanent { disable: true, .. }));
    }
    let gone = outcome(Answer::status(410), LIMITS).await;
    assert!(matches!(gone, Outcome::Permanent { status: Some(410), disable: true, .. }));
}

#[tokio::test]
async fn a_receiver_that_asks_to_wait_is_heard() {
    let asked = outcome(Answer::with(429, "retry-after: 17\r\n", "slow\ndown"), LIMITS).await;
    assert_eq!(
        asked,
        Outcome::Temporary {
            status: Some(429),
            detail: "answered 429: slow down".to_owned(),
            retry_after: Some(SignedDuration::from_secs(17)),
        }
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut target = Server::start(Answer::status(200)).await;
    let location = format!("location: http://{}/\r\n", target.address);
    let outcome = outcome(Answer::with(302, &location, ""), LIMITS).await;
    assert_eq!((outcome.name(), outcome.status()), ("permanent", Some(302)));
    assert!(target.is_untouched());
}

#[tokio::test]
async fn silence_after_the_request_is_an_unknown_outcome() {
    let impatient = Limits { total_ms: 100, ..LIMITS };
    let silence = outcome(Answer::Silence, impatient).await;
    assert_eq!(silence, Outcome::Unknown { detail: "no answer in time".to_owned() });
    assert_eq!(outcome(Answer::Drop, LIMITS).await.name(), "unknown");
}

#[tokio::test]
async fn nobody_listening_is_temporary() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let envelope = envelope(webhook(address), a_page("x"));
    let outcome = channels(None, LIMITS).send(&envelope, now()).await;
    assert_eq!((outcome.name(), outcome.status()), ("temporary", None));
}

#[tokio::test]
async fn an_endless_answer_is_cut_short() {
    let accepted = outcome(Answer::Endless("x".repeat(4096)), LIMITS).await;
    assert_eq!(accepted, Outcome::accepted(200));
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_an_unknown_outcome() {
    let outcome = outcome(Answer::Bytes("SSH-2.0-OpenSSH\r\n".to_owned()), LIMITS).await;
    assert_eq!(outcome.name(), "unknown");
}
