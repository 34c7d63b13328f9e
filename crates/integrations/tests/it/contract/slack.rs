//! Slack's Web API as its reference describes it: `chat.postMessage` and `chat.update`, the limits
//! of Block Kit, the escapes of mrkdwn, and the signature of what Slack sends. An error is a 200
//! with `ok: false`; only the limit of rate has a status of its own.

use std::collections::{BTreeMap, BTreeSet};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::judge::{Answer, Broken, Request, Rules};

pub mod room;

use room::Room;

pub const TOKEN: &str = "xoxb-0123456789-test";
pub const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// Somebody whom the app can write to, and the conversation with them.
pub const ANA: &str = "U0ANA12345";
pub const ANA_CONVERSATION: &str = "D0ANA12345";
pub const BO: &str = "U0BO123456";

/// A workspace with its people and messages.
#[derive(Default)]
pub struct Slack {
    /// The body of each message by conversation and time stamp.
    pub messages: BTreeMap<(String, String), Value>,
    /// The channels that the app made, by id.
    pub rooms: BTreeMap<String, Room>,
    /// The people of user groups.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Names of channels that others have.
    pub names_taken: Vec<String>,
    /// Whether the app was installed without the scope for channels.
    pub lacks_scope: bool,
}

fn broken(rule: &str) -> Broken {
    Broken {
        rule: rule.to_owned(),
        answer: Answer::json(200, &json!({"ok": false, "error": rule})),
    }
}

impl Rules for Slack {
    fn judge(&mut self, request: &Request) -> Result<Answer, Broken> {
        if request.path().starts_with("/response/") {
            return self.follow_up(request);
        }
        let method =
            request.path().strip_prefix("/api/").ok_or_else(|| broken("unknown_method"))?;
        let is_room = matches!(
            method,
            "conversations.create"
                | "conversations.setTopic"
                | "conversations.invite"
                | "conversations.kick"
                | "conversations.archive"
                | "conversations.unarchive"
        );
        if !is_room
            && !matches!(
                method,
                "usergroups.users.update" | "chat.postMessage" | "chat.update" | "auth.test"
            )
        {
            return Err(broken("unknown_method"));
        }
        if request.method != "POST" {
            return Err(broken("invalid_post_type"));
        }
        let bearer = request.header("authorization").ok_or_else(|| broken("not_authed"))?;
        if bearer != format!("Bearer {TOKEN}") {
            return Err(broken("invalid_auth"));
        }
        if method == "auth.test" {
            let body =
                json!({"ok": true, "team_id": "T0001", "user_id": "U0BOT", "bot_id": "B0BOT"});
            return Ok(Answer::json(200, &body));
        }
        let body = json_body(request)?;
        if method == "usergroups.users.update" {
            return self.group(&body);
        }
        if is_room {
            return self.room(method, &body);
        }
        message(&body)?;
        let channel = body["channel"].as_str().unwrap_or_default();
        if method == "chat.postMessage"
            && let Some(room) = self.rooms.get_mut(channel)
        {
            if room.is_archived {
                return Err(broken("is_archived"));
            }
            room.posts.push(body["text"].as_str().unwrap_or_default().to_owned());
            let ts = format!("1795230725.{:06}", room.posts.len());
            return Ok(Answer::json(200, &json!({"ok": true, "channel": channel, "ts": ts})));
        }
        if method == "chat.update" {
            let ts = body["ts"].as_str().ok_or_else(|| broken("invalid_arguments"))?;
            let key = (channel.to_owned(), ts.to_owned());
            if !self.messages.contains_key(&key) {
                let known = self.messages.keys().any(|(known, _)| known == channel);
                return Err(broken(if known { "message_not_found" } else { "channel_not_found" }));
            }
            self.messages.insert(key, body.clone());
            return Ok(Answer::json(200, &json!({"ok": true, "channel": channel, "ts": ts})));
        }
        let conversation = match channel {
            ANA | ANA_CONVERSATION => ANA_CONVERSATION,
            BO => "D0BO123456",
            "" => return Err(broken("channel_not_found")),
            "C0ARCHIVED" => return Err(broken("is_archived")),
            "C0INCIDENTS" => "C0INCIDENTS",
            _ => return Err(broken("channel_not_found")),
        };
        let ts = format!("1795230724.{:06}", self.messages.len() + 1);
        self.messages.insert((conversation.to_owned(), ts.clone()), body);
        Ok(Answer::json(200, &json!({"ok": true, "channel": conversation, "ts": ts})))
    }
}

impl Slack {
    /// What is posted to the `response_url` of an interaction: no token, the same rules for text.
    fn follow_up(&mut self, request: &Request) -> Result<Answer, Broken> {
        let body = json_body(request)?;
        if let Some(kind) = body.get("response_type")
            && !matches!(kind.as_str(), Some("ephemeral" | "in_channel"))
        {
            return Err(broken("invalid_response_type"));
        }
        message(&body)?;
        Ok(Answer::json(200, &json!({"ok": true})))
    }
}

fn json_body(request: &Request) -> Result<Value, Broken> {
    let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if !kind.starts_with("application/json") {
        return Err(broken("invalid_post_type"));
    }
    if kind.replace(' ', "") != "application/json;charset=utf-8" {
        return Err(broken("missing_charset"));
    }
    let body: Value = serde_json::from_str(&request.body).map_err(|_| broken("invalid_json"))?;
    if !body.is_object() {
        return Err(broken("json_not_object"));
    }
    // A token may stand in a form, and never in JSON.
    if body.get("token").is_some() {
        return Err(broken("invalid_auth"));
    }
    Ok(body)
}

fn message(body: &Value) -> Result<(), Broken> {
    let text = body.get("text").and_then(Value::as_str).unwrap_or_default();
    // Blocks alone would notify with nothing to read.
    if text.is_empty() {
        return Err(broken("no_text"));
    }
    if text.chars().count() > 40_000 {
        return Err(broken("msg_too_long"));
    }
    mrkdwn(text)?;
    let Some(blocks) = body.get("blocks") else { return Ok(()) };
    let blocks = blocks.as_array().ok_or_else(|| broken("invalid_blocks_format"))?;
    if blocks.len() > 50 {
        return Err(broken("invalid_blocks: more than 50"));
    }
    let mut ids = BTreeSet::new();
    for block in blocks {
        if let Some(id) = block.get("block_id").and_then(Value::as_str) {
            length("block_id", id, 1, 255)?;
            if !ids.insert(id.to_owned()) {
                return Err(broken("invalid_blocks: block_id twice"));
            }
        }
        self::block(block)?;
    }
    Ok(())
}

fn block(block: &Value) -> Result<(), Broken> {
    match block["type"].as_str() {
        Some("header") => {
            text_object(&block["text"], 150)?;
            kind_is(&block["text"], "plain_text")
        }
        Some("section") => {
            let fields = block.get("fields").and_then(Value::as_array);
            if block.get("text").is_none() && fields.is_none() {
                return Err(broken("invalid_blocks: a section without text"));
            }
            if block.get("text").is_some() {
                text_object(&block["text"], 3000)?;
            }
            if fields.is_some_and(|fields| fields.len() > 10) {
                return Err(broken("invalid_blocks: more than 10 fields"));
            }
            fields.into_iter().flatten().try_for_each(|field| text_object(field, 2000))
        }
        Some("context") => {
            let elements = list(&block["elements"], 10)?;
            elements.iter().try_for_each(|element| text_object(element, 3000))
        }
        Some("divider") => Ok(()),
        Some("actions") => {
            let mut ids = BTreeSet::new();
            for element in list(&block["elements"], 25)? {
                button(element)?;
                let id = element["action_id"].as_str().unwrap_or_default().to_owned();
                if !id.is_empty() && !ids.insert(id) {
                    return Err(broken("invalid_blocks: action_id twice"));
                }
            }
            Ok(())
        }
        _ => Err(broken("invalid_blocks: unsupported type")),
    }
}

fn button(button: &Value) -> Result<(), Broken> {
    if button["type"] != "button" {
        return Err(broken("invalid_blocks: unsupported type"));
    }
    text_object(&button["text"], 75)?;
    kind_is(&button["text"], "plain_text")?;
    if let Some(id) = button.get("action_id") {
        length("action_id", id.as_str().unwrap_or_default(), 1, 255)?;
    }
    if let Some(value) = button.get("value") {
        length("value", value.as_str().unwrap_or_default(), 1, 2000)?;
    }
    if let Some(url) = button.get("url").map(|url| url.as_str().unwrap_or_default()) {
        length("url", url, 1, 3000)?;
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(broken("invalid_blocks: url"));
        }
    }
    match button.get("style").map(Value::as_str) {
        None | Some(Some("primary" | "danger")) => {}
        Some(_) => return Err(broken("invalid_blocks: style")),
    }
    let Some(confirm) = button.get("confirm") else { return Ok(()) };
    for (name, chars_max) in [("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)] {
        text_object(&confirm[name], chars_max)?;
    }
    Ok(())
}

fn list(value: &Value, count_max: usize) -> Result<&Vec<Value>, Broken> {
    let items = value.as_array().ok_or_else(|| broken("invalid_blocks: elements"))?;
    if items.is_empty() || items.len() > count_max {
        return Err(broken("invalid_blocks: elements"));
    }
    Ok(items)
}

fn kind_is(object: &Value, kind: &str) -> Result<(), Broken> {
    if object["type"] == kind { Ok(()) } else { Err(broken("invalid_blocks: kind of text")) }
}

fn text_object(object: &Value, chars_max: usize) -> Result<(), Broken> {
    let text = object["text"].as_str().ok_or_else(|| broken("invalid_blocks: text"))?;
    length("text", text, 1, chars_max)?;
    match object["type"].as_str() {
        Some("plain_text") => Ok(()),
        Some("mrkdwn") => mrkdwn(text),
        _ => Err(broken("invalid_blocks: kind of text")),
    }
}

fn length(what: &str, text: &str, min: usize, max: usize) -> Result<(), Broken> {
    let chars = text.chars().count();
    if chars < min || chars > max {
        Err(broken(&format!("invalid_blocks: {what}")))
    } else {
        Ok(())
    }
}

/// The three characters that must be escaped, and the only construct that may use them: a link.
/// `<!channel>` and `<@U...>` would wake people, and a message from outside must not do that.
fn mrkdwn(text: &str) -> Result<(), Broken> {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&']) {
        let from = &rest[at..];
        if from.starts_with('>') {
            return Err(broken("unescaped: >"));
        }
        if from.starts_with('&') {
            let entity =
                ["&amp;", "&lt;", "&gt;"].into_iter().find(|known| from.starts_with(known));
            rest = &from[entity.ok_or_else(|| broken("unescaped: &"))?.len()..];
            continue;
        }
        let is_link = from.starts_with("<https://") || from.starts_with("<http://");
        let end = from.find('>').filter(|_| is_link).ok_or_else(|| broken("unescaped: <"))?;
        let inside = &from[1..end];
        if inside.contains(['<', '\n']) || inside.matches('|').count() > 1 {
            return Err(broken("unescaped: <"));
        }
        rest = &from[end + 1..];
    }
    Ok(())
}

/// A call that Slack makes, signed as Slack signs.
pub fn signed(target: &str, body: &str, timestamp: i64) -> Request {
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes()).expect("a key");
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    let digest = mac.finalize().into_bytes();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut request = Request::new("POST", target)
        .with("content-type", "application/x-www-form-urlencoded")
        .with("x-slack-request-timestamp", &timestamp.to_string())
        .with("x-slack-signature", &format!("v0={hex}"));
    request.body = body.to_owned();
    request
}

/// The body of a pressed button.
pub fn pressed(user: &str, value: &str, channel: &str, ts: &str, response_url: &str) -> String {
    let payload = json!({
        "type": "block_actions",
        "user": {"id": user, "username": "ana", "name": "ana", "team_id": "T0001"},
        "api_app_id": "A0001",
        "token": "deprecated",
        "container": {
            "type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false
        },
        "trigger_id": "12466734323.1395872398",
        "team": {"id": "T0001", "domain": "example"},
        "channel": {"id": channel, "name": "directmessage"},
        "message": {"type": "message", "ts": ts, "bot_id": "B0BOT", "text": "..."},
        "response_url": response_url,
        "actions": [{
            "action_id": "acknowledge", "block_id": "answer", "type": "button", "value": value,
            "text": {"type": "plain_text", "text": "Acknowledge", "emoji": true},
            "action_ts": "1795230730.000001"
        }]
    });
    form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish()
}

/// The body of a slash command.
pub fn command(user: &str, text: &str, response_url: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("token", "deprecated"),
            ("team_id", "T0001"),
            ("team_domain", "example"),
            ("channel_id", ANA_CONVERSATION),
            ("channel_name", "directmessage"),
            ("user_id", user),
            ("user_name", "ana"),
            ("command", "/muster"),
            ("text", text),
            ("api_app_id", "A0001"),
            ("response_url", response_url),
            ("trigger_id", "13345224609.738474920.8088930838d88f008e0"),
        ])
        .finish()
}
