//! Gotify's `POST /message` by its API description: the token of an application, the fields of a
//! message and their types, extras with their name spaces, and the errors.

use muster_core::org::channel::Channel;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_core::org::user::Address;
use muster_integrations::channels::{Envelope, Message, Outcome};
use serde_json::{Value, json};

use crate::support::http::{Answer, Received, Server};
use crate::support::{LIMITS, a_page, channels, envelope, incident, now, page};

const TOKEN: &str = "AWvTpbOqvEHWvzL";

fn judge(request: &Received) -> Result<Value, (u16, &'static str)> {
    let line = request.head.lines().next().unwrap_or_default();
    let [method, path, _] = line.split(' ').collect::<Vec<_>>()[..] else {
        return Err((400, "request line"));
    };
    if path != "/message" {
        return Err((404, "path"));
    }
    if method != "POST" {
        return Err((405, "method"));
    }
    if request.header("x-gotify-key") != TOKEN {
        return Err((401, "token"));
    }
    if request.header("content-type").split(';').next() != Some("application/json") {
        return Err((400, "content type"));
    }
    let body: Value = serde_json::from_str(&request.body).map_err(|_| (400, "JSON"))?;
    let fields = body.as_object().ok_or((400, "object"))?;
    if fields
        .keys()
        .any(|name| !["title", "message", "priority", "extras"].contains(&name.as_str()))
    {
        return Err((400, "unknown field"));
    }
    if fields.get("message").and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
        return Err((400, "message"));
    }
    if fields.get("title").is_some_and(|title| !title.is_string()) {
        return Err((400, "title"));
    }
    match fields.get("priority").map(Value::as_i64) {
        None | Some(Some(0..=10)) => {}
        Some(_) => return Err((400, "priority")),
    }
    if let Some(extras) = fields.get("extras") {
        extras_of(extras)?;
    }
    Ok(json!({ "id": 25, "appid": 5, "message": body["message"], "date": "2026-11-21T03:12:04Z" }))
}

fn extras_of(extras: &Value) -> Result<(), (u16, &'static str)> {
    let extras = extras.as_object().ok_or((400, "extras"))?;
    for (name, value) in extras {
        // `<top-namespace>::[<sub-namespace>::]<action>`
        if name.split("::").count() < 2 || name.split("::").any(str::is_empty) {
            return Err((400, "name space"));
        }
        let value = value.as_object().ok_or((400, "extra"))?;
        match name.as_str() {
            "client::display" => {
                let kind = value.get("contentType").and_then(Value::as_str).unwrap_or_default();
                if !["text/plain", "text/markdown"].contains(&kind) {
                    return Err((400, "content type of the display"));
                }
            }
            "client::notification" => {
                if value.keys().any(|name| !["click", "bigImageUrl"].contains(&name.as_str())) {
                    return Err((400, "notification"));
                }
                let url = value.get("click").and_then(|click| click["url"].as_str());
                let is_web = |url: &str| url.starts_with("http://") || url.starts_with("https://");
                if !url.is_some_and(is_web) {
                    return Err((400, "click"));
                }
            }
            _ => return Err((400, "unknown extra")),
        }
    }
    Ok(())
}

fn answer(request: &Received) -> Answer {
    let (status, body) = match judge(request) {
        Ok(body) => (200, body),
        Err((status, why)) => {
            (status, json!({ "error": "refused", "errorCode": status, "errorDescription": why }))
        }
    };
    Answer::with(status, "content-type: application/json\r\n", &body.to_string())
}

#[test]
fn every_planted_mistake_is_noticed() {
    let head = format!(
        "POST /message HTTP/1.1\r\nx-gotify-key: {TOKEN}\r\ncontent-type: application/json"
    );
    let right = json!({
        "title": "t", "message": "m", "priority": 10,
        "extras": {
            "client::display": { "contentType": "text/plain" },
            "client::notification": { "click": { "url": "https://m.example.com/p/x" } },
        },
    });
    let judged = |head: &str, body: String| {
        judge(&Received { head: head.to_owned(), body }).map_err(|(_, why)| why)
    };
    assert!(judged(&head, right.to_string()).is_ok());
    let headed = |from: &str, to: &str| judged(&head.replace(from, to), right.to_string());
    let changed = |path: &str, value: Value| {
        let mut body = right.clone();
        *body.pointer_mut(path).expect("it is there") = value;
        judged(&head, body.to_string())
    };
    let added = |path: &str, name: &str, value: Value| {
        let mut body = right.clone();
        body.pointer_mut(path).expect("it is there")[name] = value;
        judged(&head, body.to_string())
    };
    let click = "/extras/client::notification/click/url";
    for (why, verdict) in [
        ("path", headed("/message", "/messages")),
        ("path", headed("/message", "/message?token=x")),
        ("method", headed("POST", "PUT")),
        ("method", headed("POST", "GET")),
        ("token", headed(TOKEN, "AWvTpbOqvEHWvzM")),
        ("token", headed("x-gotify-key", "x-gotify-token")),
        ("content type", headed("application/json", "text/plain")),
        ("content type", headed("\r\ncontent-type: application/json", "")),
        ("JSON", judged(&head, "{".to_owned())),
        ("object", judged(&head, "[]".to_owned())),
        ("message", changed("/message", json!(""))),
        ("message", changed("/message", json!("  "))),
        ("message", changed("/message", json!(7))),
        ("title", changed("/title", json!(["t"]))),
        ("priority", changed("/priority", json!(11))),
        ("priority", changed("/priority", json!(-1))),
        ("priority", changed("/priority", json!("10"))),
        ("priority", changed("/priority", json!(9.5))),
        ("extras", changed("/extras", json!([]))),
        ("name space", added("/extras", "display", json!({}))),
        ("name space", added("/extras", "client::", json!({}))),
        ("unknown extra", added("/extras", "client::other", json!({}))),
        ("extra", changed("/extras/client::display", json!("text/plain"))),
        (
            "content type of the display",
            changed("/extras/client::display/contentType", json!("text/html")),
        ),
        ("click", changed(click, json!("javascript:alert(1)"))),
        ("click", changed("/extras/client::notification/click", json!({}))),
        ("notification", added("/extras/client::notification", "tap", json!({}))),
        ("unknown field", added("", "text", json!("m"))),
    ] {
        assert_eq!(verdict, Err(why));
    }
}

fn to(server: &Server, token: &str, message: Message) -> Envelope {
    let address = Address::Direct { channel: Channel::Gotify, address: token.to_owned() };
    let mut envelope = envelope(address, message);
    let settings = [("url".to_owned(), format!("http://{}/", server.address))].into();
    let provider = Provider { name: "own".to_owned(), kind: ProviderKind::Gotify, settings };
    envelope.via = Some(provider.into());
    envelope
}

#[tokio::test]
async fn every_kind_of_message_is_taken_and_a_page_rings() {
    let mut server = Server::judging(answer).await;
    let long = "🚨".repeat(5_000);
    let digest = Message::Digest {
        pages: vec![(page(), incident("a")), (page(), incident(&long))],
        answer_url: "https://muster.example.com/p/all".to_owned(),
        reply_to: None,
    };
    for (message, priority) in [
        (a_page("Disk **full** <b>"), 10),
        (digest, 10),
        (Message::Test { requested_by: long.clone() }, 5),
        (
            Message::Notification {
                subject: long.clone(),
                text: "\u{0}x".to_owned(),
                incident: None,
            },
            5,
        ),
    ] {
        let outcome = channels(None, LIMITS).send(&to(&server, TOKEN, message), now()).await;
        assert_eq!(outcome, Outcome::accepted(200));
        let body: Value = serde_json::from_str(&server.received().await.body).unwrap();
        assert_eq!(body["priority"], priority);
        assert_eq!(body["extras"]["client::display"]["contentType"], "text/plain");
    }
}

#[tokio::test]
async fn a_wrong_token_is_final_and_an_outage_is_waited_for() {
    let server = Server::judging(answer).await;
    let outcome = channels(None, LIMITS).send(&to(&server, "wrong", a_page("x")), now()).await;
    assert_eq!((outcome.name(), outcome.status()), ("permanent", Some(401)));
    let down = Server::start(Answer::status(502)).await;
    let outcome = channels(None, LIMITS).send(&to(&down, TOKEN, a_page("x")), now()).await;
    assert_eq!(outcome.name(), "temporary");
    let mut nobody = to(&server, TOKEN, a_page("x"));
    nobody.via = None;
    let outcome = channels(None, LIMITS).send(&nobody, now()).await;
    assert_eq!(outcome.detail(), Some("no provider for gotify is set up"));
}
