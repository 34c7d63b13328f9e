//! Matrix: messages of an application service, in a direct room with the person that is found by an
//! alias of ours, or in a room that is named by its id. A transaction id makes a repeated attempt
//! harmless. Answers come back as transactions of the homeserver: reactions to a message, replies
//! and written commands.

use jiff::Timestamp;
use muster_core::org::provider::Provider;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::call::{Answered, Api, is_same, wait_of};
use super::callback::{
    About, AnswerTo, Ask, Callback, CallbackRequest, Choice, FollowUp, Refused, Reply,
};
use super::card::{Card, Line, card, escaped};
use super::reply::read;
use super::{Envelope, Outcome};
use crate::outbound::Outbound;

/// The longest text, in characters; an event may weigh 64 KiB with everything in it.
const TEXT_CHARS_MAX: usize = 6000;
/// The most events of a transaction that are looked at.
const EVENTS_MAX: usize = 100;
/// What the aliases of our direct rooms begin with.
const ALIAS_PREFIX: &str = "muster-";
/// How a message can be answered.
const HOW: &str = "React with 👍 to acknowledge, ⏫ to escalate, 👎 to decline, or reply in words: \
                   ack, escalate, decline, resolve.";

/// The content of a message.
pub fn render(envelope: &Envelope) -> Value {
    let card = card(envelope);
    let (mut text, mut html) = (card.headline.clone(), String::new());
    html.push_str("<strong>");
    html.push_str(&escape(&card.headline));
    html.push_str("</strong>");
    for line in &card.lines {
        text.push('\n');
        text.push_str(&line.text);
        html.push_str("<br/>");
        html.push_str(&linked(line));
    }
    for link in &card.links {
        text.push_str(&format!("\n{}: {}", link.label, link.href));
    }
    let links: Vec<_> = card.links.iter().map(|link| anchor(link.label, &link.href)).collect();
    if !links.is_empty() {
        html.push_str(&format!("<br/>{}", links.join(" · ")));
    }
    if !card.buttons.is_empty() {
        let how = how(&card);
        text.push_str(&format!("\n{how}"));
        html.push_str(&format!("<br/><em>{}</em>", escape(how)));
    }
    content(&text, Some(&html))
}

/// A digest has one answer for everything in it.
fn how(card: &Card) -> &'static str {
    match card.buttons.first().map(|button| button.code.ends_with(".all")) {
        Some(true) => "Write `ack all` to acknowledge all of them, or `ack` and a number.",
        _ => HOW,
    }
}

fn content(text: &str, html: Option<&str>) -> Value {
    let mut content = json!({ "msgtype": "m.text", "body": text });
    if let Some(html) = html {
        content["format"] = json!("org.matrix.custom.html");
        content["formatted_body"] = json!(html);
    }
    content
}

/// An edit of an earlier event; clients that know no edits show its outer text.
fn edit(new: Value, event: &str) -> Value {
    let body = format!("* {}", new["body"].as_str().unwrap_or_default());
    let mut outer = content(&body, None);
    outer["m.new_content"] = new;
    outer["m.relates_to"] = json!({ "rel_type": "m.replace", "event_id": event });
    outer
}

fn linked(line: &Line) -> String {
    line.href.as_ref().map_or_else(|| escape(&line.text), |href| anchor(&line.text, href))
}

fn anchor(label: &str, href: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escape(href), escape(label))
}

fn escape(text: &str) -> String {
    escaped(text, TEXT_CHARS_MAX, |c, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        c => out.push(c),
    })
}

/// Makes one attempt.
pub(super) async fn send(
    outbound: &Outbound,
    envelope: &Envelope,
    provider: &Provider,
    address: &str,
    now: Timestamp,
) -> Outcome {
    match sent(outbound, envelope, provider, address, now).await {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

async fn sent(
    outbound: &Outbound,
    envelope: &Envelope,
    provider: &Provider,
    address: &str,
    now: Timestamp,
) -> Result<Outcome, Outcome> {
    let server = Server::new(outbound, provider, now)?;
    let mut content = render(envelope);
    // The room is part of the reference, because an event is found in its room only.
    let earlier = envelope.earlier.as_deref().and_then(|earlier| earlier.split_once(' '));
    let room = match earlier {
        Some((room, event)) => {
            content = edit(content, event);
            room.to_owned()
        }
        None if address.starts_with('!') => address.to_owned(),
        None => server.conversation(address).await?,
    };
    let answer = server.say(&room, &transaction(envelope, &content), &content).await?;
    let event = answer.text("event_id");
    let reference = (!event.is_empty()).then(|| format!("{room} {event}"));
    Ok(Outcome::Accepted { status: answer.status, reference })
}

/// The same for every attempt that says the same: the homeserver makes one event of them.
fn transaction(envelope: &Envelope, content: &Value) -> String {
    let digest = Sha256::digest(format!("{}\0{content}", envelope.id));
    hex(&digest[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the token works, and for whom.
pub(super) async fn probe(
    outbound: &Outbound,
    provider: &Provider,
    now: Timestamp,
) -> Result<String, Outcome> {
    Ok(format!("signed in as {}", Server::new(outbound, provider, now)?.whoami().await?))
}

/// A homeserver, signed in as the application service.
struct Server<'a> {
    api: Api<'a>,
    base: Url,
}

impl<'a> Server<'a> {
    fn new(outbound: &'a Outbound, provider: &Provider, now: Timestamp) -> Result<Self, Outcome> {
        let token = format!("Bearer {}", provider.setting("token"));
        let base = Url::parse(provider.setting("url"))
            .ok()
            .filter(|url| !url.cannot_be_a_base())
            .ok_or_else(|| Outcome::permanent("the homeserver's address is wrong"))?;
        Ok(Self { api: Api::new(outbound, Some(&token), now)?, base })
    }

    /// An address of the client interface, with each part encoded.
    fn url(&self, parts: &[&str]) -> String {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["_matrix", "client", "v3"]).extend(parts);
        }
        url.into()
    }

    async fn ask(
        &self,
        method: Method,
        parts: &[&str],
        body: Option<&Value>,
    ) -> Result<Answered, Outcome> {
        self.api.call(method, &self.url(parts), body).await
    }

    async fn whoami(&self) -> Result<String, Outcome> {
        let answer = success(self.ask(Method::GET, &["account", "whoami"], None).await?)?;
        Ok(answer.text("user_id").to_owned())
    }

    /// Sends a message, and enters the room where it was only invited so far.
    async fn say(
        &self,
        room: &str,
        transaction: &str,
        content: &Value,
    ) -> Result<Answered, Outcome> {
        let parts = ["rooms", room, "send", "m.room.message", transaction];
        let answer = self.ask(Method::PUT, &parts, Some(content)).await?;
        if answer.status != 403 {
            return success(answer);
        }
        success(self.ask(Method::POST, &["join", room], Some(&json!({}))).await?)?;
        success(self.ask(Method::PUT, &parts, Some(content)).await?)
    }

    /// The direct room with a person, who is in it or invited. It is found by its alias, which only
    /// one room can have, so two nodes make one room.
    async fn conversation(&self, person: &str) -> Result<String, Outcome> {
        let me = self.whoami().await?;
        let home = me.split_once(':').map_or("", |(_, home)| home);
        let local = format!("{ALIAS_PREFIX}{}", hex(&Sha256::digest(person)[..12]));
        let alias = format!("#{local}:{home}");
        if let Some(room) = self.room_of(&alias).await? {
            self.invite(&room, person).await?;
            return Ok(room);
        }
        let body = json!({
            "preset": "trusted_private_chat", "is_direct": true, "invite": [person],
            "room_alias_name": local, "name": "Muster",
        });
        let made = self.ask(Method::POST, &["createRoom"], Some(&body)).await?;
        if made.text("errcode") == "M_ROOM_IN_USE" {
            let room = self.room_of(&alias).await?;
            return room.ok_or_else(|| Outcome::temporary("the direct room is being made"));
        }
        Ok(success(made)?.text("room_id").to_owned())
    }

    async fn room_of(&self, alias: &str) -> Result<Option<String>, Outcome> {
        let answer = self.ask(Method::GET, &["directory", "room", alias], None).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        Ok(Some(success(answer)?.text("room_id").to_owned()))
    }

    /// Invites a person who has left, because nobody would read the message.
    async fn invite(&self, room: &str, person: &str) -> Result<(), Outcome> {
        let parts = ["rooms", room, "state", "m.room.member", person];
        let state = self.ask(Method::GET, &parts, None).await?;
        if matches!(state.text("membership"), "join" | "invite") {
            return Ok(());
        }
        let body = json!({ "user_id": person });
        let invited = self.ask(Method::POST, &["rooms", room, "invite"], Some(&body)).await?;
        match invited.status {
            403 | 404 => Err(invited.gone("the person has left and cannot be invited")),
            _ => success(invited).map(|_| ()),
        }
    }
}

fn success(answer: Answered) -> Result<Answered, Outcome> {
    if answer.is_success() {
        return Ok(answer);
    }
    let said = format!("{} {}", answer.text("errcode"), answer.text("error"));
    Err(match answer.text("errcode") {
        "M_LIMIT_EXCEEDED" => Outcome::Temporary {
            status: Some(answer.status),
            detail: "answered 429: too many messages".to_owned(),
            retry_after: answer.body["retry_after_ms"]
                .as_f64()
                .and_then(|ms| wait_of(ms / 1000.0))
                .or(answer.retry_after),
        },
        _ => answer.refusal(said.trim()),
    })
}

/// Reads what a homeserver sends: a transaction with events, each of which may be an answer. The
/// homeserver repeats a transaction until it is answered with success.
///
/// # Errors
/// When the homeserver's token does not fit or it is no transaction.
pub fn read_callbacks(
    provider: &Provider,
    request: &CallbackRequest,
) -> Result<Vec<Callback>, Refused> {
    let forged = |why: &str| Refused::Forged(why.to_owned());
    let secret = provider.setting("homeserver_token");
    let query = form_urlencoded::parse(request.query.as_bytes());
    let in_query = query.into_owned().find(|(name, _)| name == "access_token");
    let given = request
        .header("authorization")
        .and_then(|text| text.strip_prefix("Bearer "))
        .map(str::to_owned)
        .or(in_query.map(|(_, token)| token));
    let given = given.ok_or_else(|| forged("there is no token"))?;
    if secret.is_empty() || !is_same(&given, secret) {
        return Err(forged("the token does not fit"));
    }
    let path = request.rest.trim_start_matches("_matrix/app/v1/");
    match (request.method.as_str(), path.split_once('/').unwrap_or((path, ""))) {
        ("PUT", ("transactions", _)) => transaction_of(request),
        ("POST", ("ping", _)) => Ok(vec![fixed(200, &json!({}))]),
        // Nobody and nothing is made because somebody asks for it.
        ("GET", ("users" | "rooms", _)) => {
            Ok(vec![fixed(404, &json!({ "errcode": "M_NOT_FOUND", "error": "not here" }))])
        }
        _ => Ok(vec![fixed(404, &json!({ "errcode": "M_UNRECOGNIZED", "error": "not here" }))]),
    }
}

fn fixed(status: u16, body: &Value) -> Callback {
    Callback {
        from: None,
        channel: "matrix",
        reference: None,
        asks: vec![Ask::Nothing],
        answer: AnswerTo::Fixed(Reply { status, ..Reply::json(body) }),
    }
}

fn transaction_of(request: &CallbackRequest) -> Result<Vec<Callback>, Refused> {
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| Refused::Unreadable("the body is no JSON".to_owned()))?;
    let events = body["events"].as_array();
    let events = events.ok_or_else(|| Refused::Unreadable("there are no events".to_owned()))?;
    let mut callbacks: Vec<_> = events.iter().take(EVENTS_MAX).filter_map(answer_of).collect();
    if callbacks.is_empty() {
        callbacks.push(fixed(200, &json!({})));
    }
    Ok(callbacks)
}

/// The answer that an event is, if it is one.
fn answer_of(event: &Value) -> Option<Callback> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (room, sender, id) =
        (text(&event["room_id"])?, text(&event["sender"])?, text(&event["event_id"])?);
    let content = &event["content"];
    let relation = &content["m.relates_to"];
    let message = |event: &str| About::Message(format!("{room} {event}"));
    let asks = match event["type"].as_str()? {
        "m.reaction" if relation["rel_type"] == "m.annotation" => {
            let choice = choice_of(relation["key"].as_str()?)?;
            vec![Ask::Answer { choice, about: message(relation["event_id"].as_str()?) }]
        }
        "m.room.message" if content["msgtype"] == "m.text" && relation["rel_type"].is_null() => {
            let replied = relation["m.in_reply_to"]["event_id"].as_str();
            let mut asks = read(&spoken(content["body"].as_str()?, replied.is_some())?);
            for ask in &mut asks {
                // A reply is about the message that it replies to, unless it names a number.
                if let (Ask::Answer { about: about @ About::OnlyOne, .. }, Some(event)) =
                    (ask, replied)
                {
                    *about = message(event);
                }
            }
            asks
        }
        _ => return None,
    };
    let follow_up = FollowUp { to: room, original: json!({ "event": id }) };
    Some(Callback {
        from: Some(sender),
        channel: "matrix",
        reference: Some(id),
        asks,
        answer: AnswerTo::Later(follow_up),
    })
}

fn choice_of(key: &str) -> Option<Choice> {
    // Pictures may carry a variation or a tone of skin.
    match key.chars().next()? {
        '👍' | '✅' | '✔' | '👀' => Some(Choice::Acknowledge),
        '👎' | '❌' => Some(Choice::Decline),
        '⏫' | '🔼' | '⬆' => Some(Choice::Escalate),
        '🏁' | '🎉' => Some(Choice::Resolve),
        _ => None,
    }
}

/// What a person wrote, without the text that it replies to. In a room that others talk in, only
/// what is meant for us: replies, `!muster ...`, and single words that answer.
fn spoken(body: &str, is_reply: bool) -> Option<String> {
    let mut lines = body
        .lines()
        .skip_while(|line| is_reply && line.starts_with("> "))
        .skip_while(|line| line.is_empty());
    let first = lines.next()?.trim();
    let words = first.strip_prefix("!muster").or_else(|| first.strip_prefix("/muster"));
    match words {
        Some(words) => Some(words.trim().to_owned()),
        None if is_reply => Some(first.to_owned()),
        None => {
            let asks = read(first);
            let answers = asks.iter().all(|ask| matches!(ask, Ask::Answer { .. }));
            answers.then(|| first.to_owned())
        }
    }
}

/// The answer to a transaction.
pub(super) fn reply() -> Reply {
    Reply::json(&json!({}))
}

/// Tells what became of an answer, in the room that it came from.
pub(super) async fn follow_up(
    outbound: &Outbound,
    provider: &Provider,
    follow_up: &FollowUp,
    words: &str,
    now: Timestamp,
) -> Outcome {
    if words.is_empty() {
        return Outcome::accepted(200);
    }
    let event = follow_up.original["event"].as_str().unwrap_or_default();
    // A notice is never answered by another program.
    let mut content = content(words, None);
    content["msgtype"] = json!("m.notice");
    content["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": event } });
    let transaction = hex(&Sha256::digest(format!("{event}\0{words}"))[..16]);
    let server = match Server::new(outbound, provider, now) {
        Ok(server) => server,
        Err(outcome) => return outcome,
    };
    match server.say(&follow_up.to, &transaction, &content).await {
        Ok(answer) => Outcome::accepted(answer.status),
        Err(outcome) => outcome,
    }
}
