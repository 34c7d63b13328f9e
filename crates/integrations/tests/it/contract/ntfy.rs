//! ntfy's publishing of messages as JSON by its documentation: where to post, what a message is
//! made of, how many actions it may have, what is too long, and which error says so.

use jiff::SignedDuration;
use muster_core::org::channel::Channel;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_core::org::user::Address;
use muster_integrations::channels::message::{Incident, Page};
use muster_integrations::channels::{Envelope, Message, Outcome};
use serde_json::{Value, json};

use crate::support::http::{Answer, Received, Server};
use crate::support::{LIMITS, a_page, channels, envelope, incident, now, page};

const TOKEN: &str = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2";
const MESSAGE_BYTES_MAX: usize = 4_096;
const ACTIONS_MAX: usize = 3;
const FIELDS: [&str; 14] = [
    "topic", "message", "title", "tags", "priority", "click", "actions", "attach", "markdown",
    "icon", "filename", "delay", "email", "call",
];

/// The number of the error, or the answer to a message that was taken.
fn judge(request: &Received) -> Result<Value, u32> {
    let line = request.head.lines().next().unwrap_or_default();
    let [method, path, _] = line.split(' ').collect::<Vec<_>>()[..] else { return Err(400) };
    if !["POST", "PUT"].contains(&method) || path != "/" {
        return Err(40_401);
    }
    match request.header("authorization") {
        "" => return Err(40_301),
        sent if sent == format!("Bearer {TOKEN}") => {}
        _ => return Err(40_101),
    }
    let body: Value = serde_json::from_str(&request.body).map_err(|_| 40_024_u32)?;
    let fields = body.as_object().ok_or(40_024_u32)?;
    // Unknown fields are passed over in silence, which hides a slip of the pen.
    if fields.keys().any(|name| !FIELDS.contains(&name.as_str())) {
        return Err(40_024);
    }
    let text = |name: &str| match fields.get(name) {
        None => Ok(""),
        Some(value) => value.as_str().ok_or(40_024_u32),
    };
    let topic = text("topic")?;
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if topic.is_empty() || topic.len() > 64 || !topic.chars().all(is_safe) {
        return Err(40_009);
    }
    if text("message")?.len() > MESSAGE_BYTES_MAX {
        return Err(41_301);
    }
    text("title")?;
    is_priority(fields.get("priority"))?;
    if let Some(tags) = fields.get("tags") {
        let tags = tags.as_array().ok_or(40_024_u32)?;
        if !tags.iter().all(|tag| tag.as_str().is_some_and(|tag| !tag.contains(','))) {
            return Err(40_024);
        }
    }
    is_url(text("click")?)?;
    actions(fields.get("actions"))?;
    Ok(json!({ "id": "xE73Iyuabi", "time": 1, "event": "message", "topic": topic }))
}

fn is_priority(value: Option<&Value>) -> Result<(), u32> {
    match value {
        None => Ok(()),
        Some(value) => match value.as_u64().ok_or(40_024_u32)? {
            1..=5 => Ok(()),
            _ => Err(40_007),
        },
    }
}

fn is_url(text: &str) -> Result<(), u32> {
    let is_known = text.is_empty() || text.starts_with("http://") || text.starts_with("https://");
    if is_known { Ok(()) } else { Err(40_018) }
}

fn actions(value: Option<&Value>) -> Result<(), u32> {
    let Some(value) = value else { return Ok(()) };
    let actions = value.as_array().ok_or(40_024_u32)?;
    if actions.len() > ACTIONS_MAX {
        return Err(40_018);
    }
    for action in actions {
        let text = |name: &str| action[name].as_str().unwrap_or_default();
        let kind = text("action");
        let known: &[&str] = match kind {
            "view" => &["action", "label", "url", "clear"],
            "http" => &["action", "label", "url", "clear", "method", "headers", "body"],
            "broadcast" => &["action", "label", "clear", "intent", "extras"],
            _ => return Err(40_018),
        };
        let fields = action.as_object().ok_or(40_018_u32)?;
        if fields.keys().any(|name| !known.contains(&name.as_str())) || text("label").is_empty() {
            return Err(40_018);
        }
        if ["view", "http"].contains(&kind) && text("url").is_empty() {
            return Err(40_018);
        }
        is_url(text("url"))?;
        if fields.get("clear").is_some_and(|clear| !clear.is_boolean()) {
            return Err(40_018);
        }
        // "GET" has no place where something is changed; the app then sends no body at all.
        if kind == "http" && !["", "POST", "PUT", "DELETE"].contains(&text("method")) {
            return Err(40_018);
        }
    }
    Ok(())
}

fn answer(request: &Received) -> Answer {
    match judge(request) {
        Ok(body) => Answer::with(200, "content-type: application/json\r\n", &body.to_string()),
        Err(code) => {
            let status = u16::try_from(code / 100).unwrap_or(400);
            let body = json!({ "code": code, "http": status, "error": "refused" });
            Answer::with(status, "content-type: application/json\r\n", &body.to_string())
        }
    }
}

fn correct() -> (String, Value) {
    let head = format!("POST / HTTP/1.1\r\nauthorization: Bearer {TOKEN}");
    let body = json!({
        "topic": "ana-7", "title": "t", "message": "m", "priority": 5, "tags": ["a"],
        "click": "https://m.example.com",
        "actions": [
            { "action": "http", "label": "Acknowledge", "url": "https://m.example.com/p/x",
              "method": "POST", "clear": true },
            { "action": "view", "label": "Open", "url": "https://m.example.com/p/x" },
        ],
    });
    (head, body)
}

fn judged(head: &str, body: impl ToString) -> Result<Value, u32> {
    judge(&Received { head: head.to_owned(), body: body.to_string() })
}

#[test]
fn every_planted_mistake_is_noticed() {
    let (head, right) = correct();
    assert!(judged(&head, &right).is_ok());
    let changed = |path: &str, value: Value| {
        let mut body = right.clone();
        *body.pointer_mut(path).expect("it is there") = value;
        judged(&head, body)
    };
    let added = |name: &str, value: Value| {
        let mut body = right.clone();
        body[name] = value;
        judged(&head, body)
    };
    let many: Vec<_> = (0..4).map(|_| right["actions"][1].clone()).collect();
    let mistakes = [
        (40_401, judged(&head.replace("POST", "GET"), &right)),
        (40_401, judged(&head.replace(" / ", " /ana-7 "), &right)),
        (40_101, judged(&head.replace("Bearer", "Basic"), &right)),
        (40_101, judged(&head.replace(TOKEN, "tk_wrong"), &right)),
        (40_301, judged("POST / HTTP/1.1", &right)),
        (40_024, judged(&head, "no JSON")),
        (40_024, judged(&head, "[]")),
        (40_009, changed("/topic", json!(""))),
        (40_009, changed("/topic", json!("ana 7"))),
        (40_009, changed("/topic", json!("a".repeat(65)))),
        (40_024, changed("/topic", json!(7))),
        (41_301, changed("/message", json!("é".repeat(2_049)))),
        (40_024, changed("/message", json!(["m"]))),
        (40_007, changed("/priority", json!(0))),
        (40_007, changed("/priority", json!(6))),
        (40_024, changed("/priority", json!("high"))),
        (40_024, changed("/tags", json!("a,b"))),
        (40_024, changed("/tags/0", json!("a,b"))),
        (40_018, changed("/click", json!("javascript:alert(1)"))),
        (40_018, changed("/actions", json!(many))),
        (40_018, changed("/actions/0/action", json!("post"))),
        (40_018, changed("/actions/0/label", json!(""))),
        (40_018, changed("/actions/0/url", json!(""))),
        (40_018, changed("/actions/0/url", json!("muster/p/x"))),
        (40_018, changed("/actions/0/method", json!("GET"))),
        (40_018, changed("/actions/0/clear", json!("yes"))),
        (
            40_018,
            changed(
                "/actions/1",
                json!({ "action": "view", "label": "x", "url": "https://x", "method": "POST" }),
            ),
        ),
        (40_024, added("tag", json!("a"))),
        (40_024, added("Title", json!("t"))),
    ];
    for (at, (code, verdict)) in mistakes.into_iter().enumerate() {
        assert_eq!(verdict, Err(code), "mistake {at}");
    }
}

async fn server() -> Server {
    Server::judging(answer).await
}

fn to(server: &Server, message: Message, with_token: bool) -> Envelope {
    let address = format!("http://{}/ana-7", server.address);
    let mut envelope = envelope(Address::Direct { channel: Channel::Ntfy, address }, message);
    envelope.via = with_token.then(|| {
        let url = format!("http://{}", server.address);
        let settings = [("url".to_owned(), url), ("token".to_owned(), TOKEN.to_owned())];
        Provider { name: "ntfy".to_owned(), kind: ProviderKind::Ntfy, settings: settings.into() }
            .into()
    });
    envelope
}

#[tokio::test]
async fn a_page_is_taken_with_its_answer_and_its_link_in_any_alphabet() {
    let mut server = server().await;
    let message = a_page("Überlast 🚨 数据库\r\nX-Injected: 1");
    let outcome = channels(None, LIMITS).send(&to(&server, message, true), now()).await;
    assert_eq!(
        outcome,
        Outcome::Accepted { status: 200, reference: Some("xE73Iyuabi".to_owned()) }
    );
    let body: Value = serde_json::from_str(&server.received().await.body).unwrap();
    assert_eq!(body["title"], "[SEV1] checkout: Überlast 🚨 数据库 X-Injected: 1");
    assert_eq!(body["priority"], 5);
    assert_eq!(body["actions"][0]["url"], page().ack_url);
    assert_eq!(
        (&body["actions"][0]["action"], &body["actions"][0]["method"]),
        (&json!("http"), &json!("POST"))
    );
}

#[tokio::test]
async fn every_kind_of_message_keeps_to_the_rules_however_long() {
    let server = server().await;
    let long = "🚨".repeat(5_000);
    let digest = Message::Digest {
        pages: (0..40).map(|_| (page(), incident(&long))).collect(),
        answer_url: "https://muster.example.com/p/all".to_owned(),
        reply_to: None,
    };
    let hostile =
        Page { ack_url: "javascript:alert(1)".to_owned(), reason: long.clone(), ..page() };
    for message in [
        a_page(&long),
        digest,
        Message::Page {
            page: hostile,
            incident: Incident { url: "data:x".to_owned(), ..incident("x") },
        },
        Message::Notification { subject: long.clone(), text: long.clone(), incident: None },
        Message::Test { requested_by: long.clone() },
    ] {
        let kind = message.kind().to_owned();
        let outcome = channels(None, LIMITS).send(&to(&server, message, true), now()).await;
        assert_eq!(outcome.name(), "accepted", "{kind}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_token_goes_to_its_own_server_only() {
    let mut server = server().await;
    let mut astray = to(&server, a_page("x"), true);
    let settings = [("url", "https://ntfy.example.com"), ("token", TOKEN)];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let provider = Provider { name: "other".to_owned(), kind: ProviderKind::Ntfy, settings };
    astray.via = Some(provider.into());
    let outcome = channels(None, LIMITS).send(&astray, now()).await;
    assert_eq!((outcome.name(), outcome.status()), ("permanent", Some(403)));
    assert_eq!(server.received().await.header("authorization"), "");
}

#[tokio::test]
async fn refusals_are_final_and_limits_are_waited_for() {
    for (status, headers, expected) in [
        (429, "retry-after: 9\r\n", "temporary"),
        (500, "", "temporary"),
        (401, "", "permanent"),
        (413, "", "permanent"),
    ] {
        let server = Server::start(Answer::with(status, headers, "{}")).await;
        let outcome = channels(None, LIMITS).send(&to(&server, a_page("x"), false), now()).await;
        assert_eq!(outcome.name(), expected, "{status}");
        if let Outcome::Temporary { retry_after, .. } = outcome {
            assert_eq!(retry_after, (status == 429).then(|| SignedDuration::from_secs(9)));
        }
    }
}
