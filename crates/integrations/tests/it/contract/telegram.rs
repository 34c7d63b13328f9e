//! Telegram's Bot API as its reference describes it: messages with entities and inline keyboards,
//! edits, answers to callback queries, and updates with their secret token.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::judge::{Answer, Broken, Request, Rules};

pub const TOKEN: &str = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11";
pub const SECRET: &str = "only_telegram_knows_this";
pub const ANA: i64 = 1_111_111;
/// Somebody who has blocked the bot.
pub const BLOCKED: i64 = 2_222_222;

#[derive(Default)]
pub struct Telegram {
    /// The body of each message by chat and id.
    pub messages: BTreeMap<(i64, i64), Value>,
    /// The callback queries that wait for an answer.
    pub queries: Vec<String>,
}

fn broken(status: u16, description: &str) -> Broken {
    let body = json!({"ok": false, "error_code": status, "description": description});
    Broken { rule: description.to_owned(), answer: Answer::json(status, &body) }
}

fn bad(rule: &str) -> Broken {
    broken(400, &format!("Bad Request: {rule}"))
}

fn taken(result: &Value) -> Answer {
    Answer::json(200, &json!({"ok": true, "result": result}))
}

impl Rules for Telegram {
    fn judge(&mut self, request: &Request) -> Result<Answer, Broken> {
        let path = request.path().strip_prefix("/bot").ok_or_else(|| broken(404, "Not Found"))?;
        let (token, method) = path.split_once('/').ok_or_else(|| broken(404, "Not Found"))?;
        if token != TOKEN {
            return Err(broken(401, "Unauthorized"));
        }
        if method.eq_ignore_ascii_case("getme") {
            return Ok(taken(&json!({"id": 123_456, "is_bot": true, "username": "MusterBot"})));
        }
        if request.header("content-type") != Some("application/json") {
            return Err(bad("unsupported content type"));
        }
        let body: Value =
            serde_json::from_str(&request.body).map_err(|_| bad("can't parse JSON object"))?;
        self.call(method, &body)
    }
}

impl Telegram {
    /// One method, called by us or named in the answer to an update.
    pub fn call(&mut self, method: &str, body: &Value) -> Result<Answer, Broken> {
        match method {
            "sendMessage" => {
                let chat = chat(body)?;
                message(body)?;
                let id = i64::try_from(self.messages.len()).expect("few") + 501;
                self.messages.insert((chat, id), body.clone());
                Ok(taken(
                    &json!({"message_id": id, "chat": {"id": chat, "type": "private"}, "date": 0}),
                ))
            }
            "editMessageText" => {
                let key = (chat(body)?, body["message_id"].as_i64().unwrap_or_default());
                message(body)?;
                let Some(known) = self.messages.get(&key) else {
                    return Err(bad("message to edit not found"));
                };
                let same = |name: &str| known.get(name) == body.get(name);
                if same("text") && same("entities") && same("reply_markup") {
                    return Err(bad("message is not modified"));
                }
                self.messages.insert(key, body.clone());
                Ok(taken(&json!({"message_id": key.1, "chat": {"id": key.0}, "date": 0})))
            }
            "answerCallbackQuery" => {
                let id = body["callback_query_id"].as_str().unwrap_or_default();
                if body["text"].as_str().unwrap_or_default().chars().count() > 200 {
                    return Err(bad("MESSAGE_TOO_LONG"));
                }
                let Some(at) = self.queries.iter().position(|known| known == id) else {
                    return Err(bad(
                        "query is too old and response timeout expired or query ID is invalid",
                    ));
                };
                self.queries.remove(at);
                Ok(taken(&json!(true)))
            }
            _ => Err(broken(404, "Not Found")),
        }
    }
}

fn chat(body: &Value) -> Result<i64, Broken> {
    let id = match &body["chat_id"] {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => return Err(bad("chat_id is empty")),
    };
    match id {
        Some(ANA) => Ok(ANA),
        Some(BLOCKED) => Err(broken(403, "Forbidden: bot was blocked by the user")),
        _ => Err(bad("chat not found")),
    }
}

fn message(body: &Value) -> Result<(), Broken> {
    let text = body["text"].as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Err(bad("message text is empty"));
    }
    if text.chars().count() > 4096 {
        return Err(bad("message is too long"));
    }
    if let Some(mode) = body.get("parse_mode") {
        parsed(text, mode.as_str().unwrap_or_default())?;
    }
    let units = text.encode_utf16().count();
    for entity in body["entities"].as_array().into_iter().flatten() {
        entity_of(entity, text, units)?;
    }
    let Some(markup) = body.get("reply_markup") else { return Ok(()) };
    let rows = markup["inline_keyboard"].as_array();
    let rows = rows.ok_or_else(|| bad("object expected as reply markup"))?;
    if rows.iter().map(|row| row.as_array().map_or(0, Vec::len)).sum::<usize>() > 100 {
        return Err(bad("reply markup is too long"));
    }
    for button in rows.iter().flat_map(|row| row.as_array().into_iter().flatten()) {
        self::button(button)?;
    }
    Ok(())
}

fn entity_of(entity: &Value, text: &str, units: usize) -> Result<(), Broken> {
    let number = |name: &str| entity[name].as_u64().and_then(|n| usize::try_from(n).ok());
    let (Some(offset), Some(length)) = (number("offset"), number("length")) else {
        return Err(bad("can't parse entities: offset"));
    };
    if length == 0 || offset + length > units {
        return Err(bad("can't parse entities: outside of the text"));
    }
    // Offsets count UTF-16 units; one in the middle of a character is a sign of bytes or characters.
    let mut at = 0;
    let starts: Vec<_> = text
        .chars()
        .map(|c| {
            let start = at;
            at += c.len_utf16();
            start
        })
        .chain([units])
        .collect();
    if !starts.contains(&offset) || !starts.contains(&(offset + length)) {
        return Err(bad("can't parse entities: inside of a character"));
    }
    match entity["type"].as_str() {
        Some("bold" | "italic" | "underline" | "code" | "pre" | "strikethrough") => Ok(()),
        Some("text_link") => {
            let url = entity["url"].as_str().unwrap_or_default();
            let is_web = url.starts_with("https://") || url.starts_with("http://");
            if is_web { Ok(()) } else { Err(bad("can't parse entities: url")) }
        }
        _ => Err(bad("can't parse entities: type")),
    }
}

/// Formatted text must be escaped; a reserved character anywhere makes the message fail.
fn parsed(text: &str, mode: &str) -> Result<(), Broken> {
    match mode {
        "HTML" => {
            let mut rest = text;
            while let Some(at) = rest.find(['<', '&']) {
                let known = [
                    "<b>", "</b>", "<i>", "</i>", "<code>", "</code>", "</a>", "&lt;", "&gt;",
                    "&amp;", "&quot;",
                ];
                let from = &rest[at..];
                let fits = known.iter().find(|known| from.starts_with(**known));
                let link = from.starts_with("<a href=\"http").then(|| from.find('>')).flatten();
                let length = fits.map(|known| known.len()).or(link.map(|end| end + 1));
                rest =
                    &from[length.ok_or_else(|| bad("can't parse entities: unsupported tag"))?..];
            }
            Ok(())
        }
        "MarkdownV2" => {
            let mut escaped = false;
            for c in text.chars() {
                if !escaped && "_*[]()~`>#+-=|{}.!".contains(c) {
                    return Err(bad(
                        "can't parse entities: character is reserved and must be escaped",
                    ));
                }
                escaped = c == '\\' && !escaped;
            }
            Ok(())
        }
        _ => Err(bad("unsupported parse_mode")),
    }
}

fn button(button: &Value) -> Result<(), Broken> {
    if button["text"].as_str().is_none_or(str::is_empty) {
        return Err(bad("text buttons are unallowed in the inline keyboard"));
    }
    let url = button.get("url").map(|url| url.as_str().unwrap_or_default());
    let data = button.get("callback_data").map(|data| data.as_str().unwrap_or_default());
    match (url, data) {
        (Some(url), None) if url.starts_with("https://") || url.starts_with("http://") => Ok(()),
        (Some(_), None) => Err(bad("inline keyboard button URL is invalid")),
        (None, Some(data)) if (1..=64).contains(&data.len()) => Ok(()),
        (None, Some(_)) => Err(bad("BUTTON_DATA_INVALID")),
        _ => Err(bad("BUTTON_TYPE_INVALID")),
    }
}

/// An update that Telegram pushes.
pub fn pushed(target: &str, update: &Value) -> Request {
    Request::new("POST", target)
        .with("content-type", "application/json")
        .with("x-telegram-bot-api-secret-token", SECRET)
        .with_json(update)
}

pub fn pressed(update: i64, query: &str, user: i64, message: i64, data: &str) -> Value {
    json!({
        "update_id": update,
        "callback_query": {
            "id": query,
            "from": {"id": user, "is_bot": false, "first_name": "Ana", "language_code": "en"},
            "message": {"message_id": message, "date": 1_795_230_724, "text": "...",
                        "chat": {"id": user, "first_name": "Ana", "type": "private"}},
            "chat_instance": "-1234567890",
            "data": data
        }
    })
}

pub fn written(update: i64, user: i64, text: &str) -> Value {
    json!({
        "update_id": update,
        "message": {
            "message_id": 900 + update,
            "from": {"id": user, "is_bot": false, "first_name": "Ana"},
            "chat": {"id": user, "first_name": "Ana", "type": "private"},
            "date": 1_795_230_724,
            "text": text,
            "entities": [{"offset": 0, "length": 7, "type": "bot_command"}]
        }
    })
}
