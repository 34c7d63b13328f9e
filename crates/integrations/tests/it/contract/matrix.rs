//! A Matrix homeserver as the specification describes it: sending with transaction ids, edits,
//! account data, rooms, limits of rate, and the transactions that it pushes to an application
//! service.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::judge::{Answer, Broken, Request, Rules};

pub const TOKEN: &str = "as_token_of_the_application_service";
pub const HOMESERVER_TOKEN: &str = "hs_token_of_the_homeserver";
pub const BOT: &str = "@muster:example.org";
pub const ANA: &str = "@ana:example.org";
pub const ROOM: &str = "!incidents:example.org";
/// A room that the bot is invited to and not in yet.
pub const INVITED: &str = "!invited:example.org";

#[derive(Default)]
pub struct Matrix {
    /// The content of each event by room and event.
    pub events: BTreeMap<(String, String), Value>,
    /// What each transaction of a room made, and from which content.
    transactions: BTreeMap<(String, String), (String, Value)>,
    /// Rooms that were made, by their alias.
    pub rooms: BTreeMap<String, String>,
    /// What the invited person did with each room: `invite`, `join`, `leave`.
    pub membership: BTreeMap<String, String>,
}

fn broken(status: u16, code: &str, rule: &str) -> Broken {
    let body = json!({"errcode": code, "error": rule});
    Broken { rule: rule.to_owned(), answer: Answer::json(status, &body) }
}

/// Percent signs undone; the plus sign stands for itself in a path.
fn decoded(part: &str) -> String {
    let escaped = part.replace('+', "%2B");
    form_urlencoded::parse(escaped.as_bytes())
        .next()
        .map_or(String::new(), |(name, _)| name.into_owned())
}

impl Rules for Matrix {
    fn judge(&mut self, request: &Request) -> Result<Answer, Broken> {
        let unrecognized = || broken(404, "M_UNRECOGNIZED", "no such endpoint");
        let path = request.path().strip_prefix("/_matrix/client/v3/").ok_or_else(unrecognized)?;
        let Some(bearer) = request.header("authorization") else {
            return Err(broken(401, "M_MISSING_TOKEN", "no token"));
        };
        if request.query().contains("access_token") {
            return Err(broken(401, "M_MISSING_TOKEN", "a token in the query"));
        }
        if bearer != format!("Bearer {TOKEN}") {
            return Err(broken(401, "M_UNKNOWN_TOKEN", "another token"));
        }
        if path.contains([':', '@', '!']) && path.split('/').any(|part| part.contains(['#', '?'])) {
            return Err(broken(400, "M_INVALID_PARAM", "a path that is not encoded"));
        }
        let parts: Vec<_> = path.split('/').map(decoded).collect();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["account", "whoami"]) => Ok(Answer::json(200, &json!({"user_id": BOT}))),
            ("GET", ["directory", "room", alias]) => {
                if !alias.starts_with('#') {
                    return Err(broken(400, "M_INVALID_PARAM", "not an alias"));
                }
                match self.rooms.get(*alias) {
                    Some(room) => {
                        let body = json!({"room_id": room, "servers": ["example.org"]});
                        Ok(Answer::json(200, &body))
                    }
                    // Expected before the first message, so no rule is broken.
                    None => {
                        Ok(Answer::json(404, &json!({"errcode": "M_NOT_FOUND", "error": "none"})))
                    }
                }
            }
            ("GET", ["rooms", room, "state", "m.room.member", person]) => {
                if *person != ANA {
                    return Err(broken(404, "M_NOT_FOUND", "the state of somebody else"));
                }
                let membership = self.membership.get(*room);
                let membership =
                    membership.ok_or_else(|| broken(403, "M_FORBIDDEN", "not in that room"))?;
                Ok(Answer::json(200, &json!({"membership": membership})))
            }
            ("POST", ["rooms", room, "invite"]) => {
                let body = body(request)?;
                if body["user_id"] != ANA {
                    return Err(broken(403, "M_FORBIDDEN", "nobody of that name"));
                }
                if self.membership.get(*room).is_none_or(|known| known != "leave") {
                    return Err(broken(403, "M_FORBIDDEN", "already in the room"));
                }
                self.membership.insert((*room).to_owned(), "invite".to_owned());
                Ok(Answer::json(200, &json!({})))
            }
            ("POST", ["join", room]) => {
                if *room != INVITED {
                    return Err(broken(403, "M_FORBIDDEN", "not invited"));
                }
                self.membership.insert((*room).to_owned(), "leave".to_owned());
                Ok(Answer::json(200, &json!({"room_id": room})))
            }
            ("POST", ["createRoom"]) => self.create(&body(request)?),
            (method, ["rooms", room, "send", kind, transaction]) => {
                if method != "PUT" {
                    return Err(broken(405, "M_UNRECOGNIZED", "only PUT is idempotent"));
                }
                if *kind != "m.room.message" {
                    return Err(broken(400, "M_INVALID_PARAM", "another type of event"));
                }
                self.send(room, transaction, &body(request)?)
            }
            _ => Err(unrecognized()),
        }
    }
}

fn body(request: &Request) -> Result<Value, Broken> {
    if request.body.len() > 65_536 {
        return Err(broken(413, "M_TOO_LARGE", "event too large"));
    }
    let body: Value =
        serde_json::from_str(&request.body).map_err(|_| broken(400, "M_NOT_JSON", "not JSON"))?;
    if body.is_object() { Ok(body) } else { Err(broken(400, "M_BAD_JSON", "not an object")) }
}

impl Matrix {
    fn create(&mut self, body: &Value) -> Result<Answer, Broken> {
        let presets = ["private_chat", "trusted_private_chat", "public_chat"];
        if !presets.contains(&body["preset"].as_str().unwrap_or_default()) {
            return Err(broken(400, "M_BAD_JSON", "no such preset"));
        }
        if body["preset"] == "public_chat" {
            return Err(broken(403, "M_FORBIDDEN", "a conversation that everybody reads"));
        }
        if body["is_direct"] != true {
            return Err(broken(400, "M_BAD_JSON", "a conversation that is not marked direct"));
        }
        let invited = body["invite"][0].as_str().unwrap_or_default();
        if invited != ANA {
            return Err(broken(403, "M_FORBIDDEN", "nobody of that name"));
        }
        let local = body["room_alias_name"].as_str().unwrap_or_default();
        if local.is_empty() || local.contains(['#', ':']) {
            return Err(broken(
                400,
                "M_INVALID_PARAM",
                "an alias that is more than its local part",
            ));
        }
        let alias = format!("#{local}:example.org");
        if self.rooms.contains_key(&alias) {
            return Err(broken(400, "M_ROOM_IN_USE", "an alias that is taken"));
        }
        let room = format!("!direct{}:example.org", self.rooms.len());
        self.membership.insert(room.clone(), "invite".to_owned());
        self.rooms.insert(alias, room.clone());
        Ok(Answer::json(200, &json!({"room_id": room})))
    }

    fn send(&mut self, room: &str, transaction: &str, content: &Value) -> Result<Answer, Broken> {
        if !room.starts_with('!') {
            return Err(broken(400, "M_INVALID_PARAM", "not a room id"));
        }
        if room != ROOM && !self.membership.contains_key(room) {
            return Err(broken(403, "M_FORBIDDEN", "not in that room"));
        }
        if transaction.is_empty() || transaction.len() > 255 {
            return Err(broken(400, "M_INVALID_PARAM", "not a transaction id"));
        }
        self.content(room, content)?;
        let key = (room.to_owned(), transaction.to_owned());
        if let Some((event, known)) = self.transactions.get(&key) {
            // The same transaction makes no second event, so another text would be lost.
            if known["body"] != content["body"] {
                return Err(broken(
                    400,
                    "M_INVALID_PARAM",
                    "a transaction that was used for another text",
                ));
            }
            return Ok(Answer::json(200, &json!({"event_id": event})));
        }
        let event = format!("$event{}", self.events.len() + 1);
        self.transactions.insert(key, (event.clone(), content.clone()));
        self.events.insert((room.to_owned(), event.clone()), content.clone());
        Ok(Answer::json(200, &json!({"event_id": event})))
    }

    fn content(&self, room: &str, content: &Value) -> Result<(), Broken> {
        text(content)?;
        let Some(relation) = content.get("m.relates_to") else { return Ok(()) };
        if relation["rel_type"] == "m.replace" {
            let target = relation["event_id"].as_str().unwrap_or_default();
            if !self.events.contains_key(&(room.to_owned(), target.to_owned())) {
                return Err(broken(404, "M_NOT_FOUND", "an edit of an event that does not exist"));
            }
            let new = content.get("m.new_content").unwrap_or(&Value::Null);
            text(new).map_err(|_| broken(400, "M_BAD_JSON", "an edit without its new content"))?;
            // Clients that know no edits show the outer text, which says so by a star.
            if !content["body"].as_str().unwrap_or_default().starts_with("* ") {
                return Err(broken(400, "M_BAD_JSON", "an edit without a fallback"));
            }
            return Ok(());
        }
        if let Some(event) = relation["m.in_reply_to"]["event_id"].as_str() {
            let is_known = self.events.contains_key(&(room.to_owned(), event.to_owned()));
            return if is_known {
                Ok(())
            } else {
                Err(broken(404, "M_NOT_FOUND", "a reply to nothing"))
            };
        }
        Err(broken(400, "M_BAD_JSON", "a relation of no known type"))
    }
}

fn text(content: &Value) -> Result<(), Broken> {
    if !matches!(content["msgtype"].as_str(), Some("m.text" | "m.notice" | "m.emote")) {
        return Err(broken(400, "M_BAD_JSON", "a message of no known type"));
    }
    if content["body"].as_str().is_none_or(str::is_empty) {
        return Err(broken(400, "M_BAD_JSON", "a message without a body"));
    }
    let Some(html) = content.get("formatted_body") else { return Ok(()) };
    if content["format"] != "org.matrix.custom.html" {
        return Err(broken(400, "M_BAD_JSON", "a format that is not known"));
    }
    self::html(html.as_str().unwrap_or_default())
}

/// The tags that the specification suggests to let pass, as far as a page needs them, with links to
/// the web only.
fn html(text: &str) -> Result<(), Broken> {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let from = &rest[at..];
        if from.starts_with('&') {
            let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
            let entity = known.iter().find(|known| from.starts_with(**known));
            let entity = entity.ok_or_else(|| broken(400, "M_BAD_JSON", "a bare ampersand"))?;
            rest = &from[entity.len()..];
            continue;
        }
        let end = from.find('>').ok_or_else(|| broken(400, "M_BAD_JSON", "a bare bracket"))?;
        let tag = &from[1..end];
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        let known = [
            "b",
            "strong",
            "em",
            "i",
            "p",
            "br",
            "ul",
            "li",
            "code",
            "a",
            "h3",
            "h4",
            "blockquote",
        ];
        if !known.contains(&name) {
            return Err(broken(400, "M_BAD_JSON", "a tag that is not let pass"));
        }
        let attributes =
            tag.trim_start_matches('/')[name.len()..].trim().trim_end_matches('/').trim();
        let is_link = name == "a"
            && (attributes.is_empty()
                || attributes.starts_with("href=\"https://")
                || attributes.starts_with("href=\"http://"))
            && attributes.matches('"').count().is_multiple_of(2)
            && attributes.matches('=').count() >= usize::from(!attributes.is_empty());
        if !attributes.is_empty() && !is_link {
            return Err(broken(400, "M_BAD_JSON", "an attribute that is not let pass"));
        }
        rest = &from[end + 1..];
    }
    Ok(())
}

/// A transaction that the homeserver pushes to the application service.
pub fn pushed(prefix: &str, transaction: &str, events: &[Value]) -> Request {
    Request::new("PUT", &format!("{prefix}/_matrix/app/v1/transactions/{transaction}"))
        .with("content-type", "application/json")
        .with("authorization", &format!("Bearer {HOMESERVER_TOKEN}"))
        .with_json(&json!({"events": events}))
}

pub fn reaction(sender: &str, room: &str, event: &str, key: &str) -> Value {
    json!({
        "type": "m.reaction", "event_id": "$reaction1", "room_id": room, "sender": sender,
        "origin_server_ts": 1_795_230_730_000_i64,
        "content": {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": key}}
    })
}

pub fn written(sender: &str, room: &str, text: &str, in_reply_to: Option<&str>) -> Value {
    let mut content = json!({"msgtype": "m.text", "body": text});
    if let Some(event) = in_reply_to {
        content["m.relates_to"] = json!({"m.in_reply_to": {"event_id": event}});
    }
    json!({
        "type": "m.room.message", "event_id": "$written1", "room_id": room, "sender": sender,
        "origin_server_ts": 1_795_230_730_000_i64, "content": content
    })
}
