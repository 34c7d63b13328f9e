//! Discord's API v10 as its reference describes it: the conversation with a person, messages with
//! components, edits, limits of rate with `retry_after`, and interactions signed with Ed25519.

use std::collections::{BTreeMap, BTreeSet};

use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::judge::{Answer, Broken, Request, Rules};

pub const TOKEN: &str = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.test";
pub const ANA: &str = "80351110224678912";
pub const ANA_CHANNEL: &str = "319674150115610528";
/// Somebody who takes no messages from apps.
pub const SHY: &str = "80351110224678999";
pub const SHY_CHANNEL: &str = "319674150115610999";
pub const INCIDENTS_CHANNEL: &str = "41771983423143937";

#[derive(Default)]
pub struct Discord {
    /// The body of each message by channel and id.
    pub messages: BTreeMap<(String, String), Value>,
    /// The message that each nonce made.
    nonces: BTreeMap<String, String>,
}

fn broken(status: u16, code: i64, rule: &str) -> Broken {
    let body = json!({"code": code, "message": rule});
    Broken { rule: rule.to_owned(), answer: Answer::json(status, &body) }
}

fn form(rule: &str) -> Broken {
    broken(400, 50_035, rule)
}

fn is_snowflake(text: &str) -> bool {
    (15..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

impl Rules for Discord {
    fn judge(&mut self, request: &Request) -> Result<Answer, Broken> {
        if !request.header("user-agent").unwrap_or_default().starts_with("DiscordBot (http") {
            return Err(broken(403, 40_333, "the user agent of no bot"));
        }
        let unknown = || broken(404, 0, "404: Not Found");
        let path = request.path();
        if path.starts_with("/interactions") || path.starts_with("/api/v10/webhooks/") {
            return Err(unknown());
        }
        let path = path.strip_prefix("/api/v10/").ok_or_else(unknown)?;
        if request.header("authorization") != Some(&format!("Bot {TOKEN}")) {
            return Err(broken(401, 0, "401: Unauthorized"));
        }
        let parts: Vec<_> = path.split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["users", "@me"]) => {
                Ok(Answer::json(200, &json!({"id": "198622483471925248", "bot": true})))
            }
            ("POST", ["users", "@me", "channels"]) => {
                let body = body(request)?;
                let recipient = body["recipient_id"].as_str().unwrap_or_default();
                let channel = match recipient {
                    ANA => ANA_CHANNEL,
                    SHY => SHY_CHANNEL,
                    other if is_snowflake(other) => {
                        return Err(broken(400, 50_033, "Invalid Recipient(s)"));
                    }
                    _ => return Err(form("NUMBER_TYPE_COERCE")),
                };
                Ok(Answer::json(200, &json!({"id": channel, "type": 1})))
            }
            ("POST", ["channels", channel, "messages"]) => {
                let body = body(request)?;
                known_channel(channel)?;
                message(&body)?;
                self.post(channel, body)
            }
            ("PATCH", ["channels", channel, "messages", id]) => {
                let body = body(request)?;
                known_channel(channel)?;
                let key = ((*channel).to_owned(), (*id).to_owned());
                if !self.messages.contains_key(&key) {
                    return Err(broken(404, 10_008, "Unknown Message"));
                }
                message(&body)?;
                self.messages.insert(key, body);
                Ok(Answer::json(200, &json!({"id": id, "channel_id": channel})))
            }
            _ => Err(unknown()),
        }
    }
}

impl Discord {
    fn post(&mut self, channel: &str, body: Value) -> Result<Answer, Broken> {
        let nonce = body["nonce"].as_str().unwrap_or_default().to_owned();
        let is_enforced = body["enforce_nonce"] == true && !nonce.is_empty();
        if is_enforced && let Some(id) = self.nonces.get(&nonce) {
            // A nonce that was seen makes no second message, so it must not stand for another text.
            let key = (channel.to_owned(), id.clone());
            if self.messages.get(&key).is_some_and(|known| known["content"] != body["content"]) {
                return Err(broken(200, 0, "a nonce that stands for another message"));
            }
            return Ok(Answer::json(200, &json!({"id": id, "channel_id": channel})));
        }
        let id = format!("33438590353749606{}", self.messages.len() + 1);
        if is_enforced {
            self.nonces.insert(nonce, id.clone());
        }
        self.messages.insert((channel.to_owned(), id.clone()), body);
        Ok(Answer::json(200, &json!({"id": id, "channel_id": channel})))
    }
}

fn body(request: &Request) -> Result<Value, Broken> {
    if request.header("content-type") != Some("application/json") {
        return Err(broken(400, 50_109, "a content type that is not JSON"));
    }
    serde_json::from_str(&request.body).map_err(|_| broken(400, 50_109, "invalid JSON"))
}

fn known_channel(channel: &str) -> Result<(), Broken> {
    match channel {
        ANA_CHANNEL | INCIDENTS_CHANNEL => Ok(()),
        SHY_CHANNEL => Err(broken(403, 50_007, "Cannot send messages to this user")),
        other if is_snowflake(other) => Err(broken(404, 10_003, "Unknown Channel")),
        _ => Err(form("NUMBER_TYPE_COERCE")),
    }
}

pub fn message(body: &Value) -> Result<(), Broken> {
    let content = body["content"].as_str().unwrap_or_default();
    if content.is_empty() {
        return Err(broken(400, 50_006, "Cannot send an empty message"));
    }
    if content.chars().count() > 2000 {
        return Err(form("content: BASE_TYPE_MAX_LENGTH"));
    }
    // Without this the name of anybody, or of everybody, in an alert would wake them.
    if body["allowed_mentions"] != json!({"parse": []}) {
        return Err(form("a text from outside may mention people"));
    }
    markdown(content)?;
    match body.get("nonce").map(|nonce| nonce.as_str().unwrap_or_default()) {
        Some("") => return Err(form("nonce: type")),
        Some(nonce) if nonce.chars().count() > 25 => return Err(form("nonce: too long")),
        _ => {}
    }
    let none = Vec::new();
    let rows = body["components"].as_array().unwrap_or(&none);
    if rows.len() > 5 {
        return Err(form("components: more than 5 rows"));
    }
    let mut ids = BTreeSet::new();
    for row in rows {
        let buttons = row["components"].as_array().unwrap_or(&none);
        if row["type"] != 1 {
            return Err(form("components: a button outside of a row"));
        }
        if buttons.is_empty() || buttons.len() > 5 {
            return Err(form("components: 1 to 5 in a row"));
        }
        for button in buttons {
            if let Some(id) = self::button(button)?
                && !ids.insert(id)
            {
                return Err(form("components: COMPONENT_CUSTOM_ID_DUPLICATED"));
            }
        }
    }
    Ok(())
}

fn button(button: &Value) -> Result<Option<String>, Broken> {
    if button["type"] != 2 {
        return Err(form("components: type"));
    }
    let label = button["label"].as_str().unwrap_or_default();
    if label.is_empty() || label.chars().count() > 80 {
        return Err(form("components: label"));
    }
    match button["style"].as_i64() {
        Some(1..=4) => {
            let id = button["custom_id"].as_str().unwrap_or_default();
            if id.is_empty() || id.chars().count() > 100 || button.get("url").is_some() {
                return Err(form("components: custom_id"));
            }
            Ok(Some(id.to_owned()))
        }
        Some(5) => {
            let url = button["url"].as_str().unwrap_or_default();
            let is_web = url.starts_with("https://") || url.starts_with("http://");
            if !is_web || url.chars().count() > 512 || button.get("custom_id").is_some() {
                return Err(form("components: url"));
            }
            Ok(None)
        }
        _ => Err(form("components: style")),
    }
}

/// A link in the text may only lead to the web, and no mention may stand in it.
fn markdown(text: &str) -> Result<(), Broken> {
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        let target = rest[at + 2..].trim_start_matches('<');
        let is_web = target.starts_with("https://") || target.starts_with("http://");
        if !rest[..at].ends_with('\\') && !is_web {
            return Err(form("content: a link that is not of the web"));
        }
        rest = &rest[at + 2..];
    }
    let mentions = ["<@", "<#", "<t:", "<:", "<a:"];
    let is_escaped = |at: usize| text[..at].ends_with('\\');
    let mentioned = mentions.iter().flat_map(|mention| text.match_indices(mention));
    if mentioned.into_iter().any(|(at, _)| !is_escaped(at)) {
        return Err(form("content: a mention"));
    }
    Ok(())
}

/// Discord's own key pair, for tests.
pub fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key")
}

/// The public key as the developer portal shows it.
pub fn public_key() -> String {
    hex(key().public_key().as_ref())
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A call that Discord makes, signed as Discord signs.
pub fn signed(target: &str, body: &Value, timestamp: i64) -> Request {
    let mut request = Request::new("POST", target).with("content-type", "application/json");
    request.body = body.to_string();
    let signature = key().sign(format!("{timestamp}{}", request.body).as_bytes());
    request
        .with("x-signature-ed25519", &hex(signature.as_ref()))
        .with("x-signature-timestamp", &timestamp.to_string())
}

/// A pressed button in the conversation with a person.
pub fn pressed(id: &str, user: &str, custom_id: &str, message: &str) -> Value {
    json!({
        "id": id, "application_id": "198622483471925248", "type": 3, "version": 1,
        "token": "unique_interaction_token", "channel_id": ANA_CHANNEL,
        "user": {"id": user, "username": "ana"},
        "message": {"id": message, "channel_id": ANA_CHANNEL, "content": "..."},
        "data": {"component_type": 2, "custom_id": custom_id}
    })
}

/// The command `/muster` with its words, written in a server.
pub fn command(id: &str, user: &str, words: &str) -> Value {
    json!({
        "id": id, "application_id": "198622483471925248", "type": 2, "version": 1,
        "token": "unique_interaction_token", "channel_id": INCIDENTS_CHANNEL,
        "guild_id": "290926798626357999",
        "member": {"user": {"id": user, "username": "ana"}, "roles": []},
        "data": {"id": "771825006014889984", "name": "muster", "type": 1,
                 "options": [{"name": "words", "type": 3, "value": words}]}
    })
}
