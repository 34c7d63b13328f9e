//! Telegram: messages of a bot, edits, inline keyboards and written commands. Texts go out plain,
//! with entities beside them that count UTF-16 units, so nothing in an alert can be taken for
//! markup. What Telegram sends carries a secret that only it was told.

use jiff::Timestamp;
use muster_core::org::provider::Provider;
use reqwest::Method;
use serde_json::{Value, json};

use super::call::{Answered, Api, is_same, wait_of};
use super::callback::{AnswerTo, Ask, Callback, CallbackRequest, FollowUp, Refused, Reply};
use super::card::{Card, card, read_code};
use super::reply::read;
use super::{Envelope, Outcome};
use crate::outbound::Outbound;

/// Where Telegram is, unless the provider says otherwise.
const URL: &str = "https://api.telegram.org";
/// The text of a message, in characters.
const TEXT_CHARS_MAX: usize = 4096;
/// The text that pops up when a button was pressed, in characters.
const TOAST_CHARS_MAX: usize = 200;
/// How much of a message stays when what became of it is written below, in characters.
const ORIGINAL_CHARS_MAX: usize = 3000;

/// The body of a message, without the chat it goes to.
pub fn render(envelope: &Envelope) -> Value {
    let card = card(envelope);
    let mut text = Text::default();
    text.push(&card.headline, Some(json!({ "type": "bold" })));
    for line in &card.lines {
        text.push("\n", None);
        let link = line.href.as_ref().map(|href| json!({ "type": "text_link", "url": href }));
        text.push(&line.text, link);
    }
    json!({
        "text": text.words,
        "entities": text.entities,
        "link_preview_options": { "is_disabled": true },
        "reply_markup": { "inline_keyboard": keyboard(&card) },
    })
}

/// A text with its entities.
#[derive(Default)]
struct Text {
    words: String,
    entities: Vec<Value>,
}

impl Text {
    /// Adds words, and an entity over them, as long as they fit whole.
    fn push(&mut self, words: &str, entity: Option<Value>) {
        let units = |text: &str| text.encode_utf16().count();
        if self.words.chars().count() + words.chars().count() > TEXT_CHARS_MAX {
            return;
        }
        if let Some(mut entity) = entity.filter(|_| !words.is_empty()) {
            entity["offset"] = json!(units(&self.words));
            entity["length"] = json!(units(words));
            self.entities.push(entity);
        }
        self.words.push_str(words);
    }
}

fn keyboard(card: &Card) -> Vec<Vec<Value>> {
    let answers: Vec<_> = card
        .buttons
        .iter()
        .map(|button| json!({ "text": button.label, "callback_data": button.code }))
        .collect();
    let links = card.links.iter().map(|link| json!({ "text": link.label, "url": link.href }));
    // Two in a row can still be read on a phone.
    let mut rows: Vec<Vec<Value>> = answers.chunks(2).map(<[Value]>::to_vec).collect();
    let links: Vec<_> = links.collect();
    rows.extend(links.chunks(2).map(<[Value]>::to_vec));
    rows
}

/// Makes one attempt.
pub(super) async fn send(
    outbound: &Outbound,
    envelope: &Envelope,
    provider: &Provider,
    address: &str,
    now: Timestamp,
) -> Outcome {
    let mut body = render(envelope);
    let earlier = envelope.earlier.as_deref().and_then(|earlier| earlier.split_once('/'));
    let method = match earlier {
        Some((chat, message)) => {
            body["chat_id"] = json!(chat);
            body["message_id"] = json!(message.parse::<i64>().unwrap_or_default());
            "editMessageText"
        }
        None => {
            body["chat_id"] = json!(address);
            "sendMessage"
        }
    };
    match call(outbound, provider, method, &body, now).await {
        Ok(answer) => {
            let result = &answer.body["result"];
            let (chat, message) = (result["chat"]["id"].as_i64(), result["message_id"].as_i64());
            let reference = chat.zip(message).map(|(chat, message)| format!("{chat}/{message}"));
            Outcome::Accepted { status: answer.status, reference }
        }
        Err(outcome) => outcome,
    }
}

/// Whether the token works, and for whom (`getMe`).
pub(super) async fn probe(
    outbound: &Outbound,
    provider: &Provider,
    now: Timestamp,
) -> Result<String, Outcome> {
    let me = call(outbound, provider, "getMe", &json!({}), now).await?;
    Ok(format!("signed in as @{}", me.body["result"]["username"].as_str().unwrap_or_default()))
}

async fn call(
    outbound: &Outbound,
    provider: &Provider,
    method: &str,
    body: &Value,
    now: Timestamp,
) -> Result<Answered, Outcome> {
    let base = match provider.setting("url") {
        "" => URL,
        url => url.trim_end_matches('/'),
    };
    let url = format!("{base}/bot{}/{method}", provider.setting("token"));
    let answer = Api::new(outbound, None, now)?.call(Method::POST, &url, Some(body)).await?;
    if answer.is_success() && answer.body["ok"] == true {
        return Ok(answer);
    }
    let said = answer.text("description");
    Err(match answer.status {
        // Edited to what it says already: there is nothing left to do.
        400 if said.contains("message is not modified") => Outcome::accepted(200),
        // The person blocked the bot, never began with it, or is gone.
        403 => answer.gone(said),
        400 if said.contains("chat not found") || said.contains("user is deactivated") => {
            answer.gone(said)
        }
        429 => Outcome::Temporary {
            status: Some(429),
            detail: "answered 429: too many messages".to_owned(),
            retry_after: answer.body["parameters"]["retry_after"]
                .as_f64()
                .and_then(wait_of)
                .or(answer.retry_after),
        },
        _ => answer.refusal(said),
    })
}

/// Reads what Telegram sends: pressed buttons and written commands.
///
/// # Errors
/// When the secret does not fit or the body is no update.
pub fn read_callback(provider: &Provider, request: &CallbackRequest) -> Result<Callback, Refused> {
    let forged = |why: &str| Refused::Forged(why.to_owned());
    let secret = provider.setting("webhook_secret");
    let given = request.header("x-telegram-bot-api-secret-token");
    let given = given.ok_or_else(|| forged("there is no secret token"))?;
    if secret.is_empty() || !is_same(given, secret) {
        return Err(forged("the secret token does not fit"));
    }
    let update: Value = serde_json::from_slice(&request.body)
        .map_err(|_| Refused::Unreadable("the body is no JSON".to_owned()))?;
    let number = update["update_id"].as_i64();
    let number = number.ok_or_else(|| Refused::Unreadable("it is no update".to_owned()))?;
    let callback = |from: Option<i64>, asks, answer| Callback {
        from: from.map(|from| from.to_string()),
        channel: "telegram",
        reference: Some(number.to_string()),
        asks,
        answer,
    };
    let query = &update["callback_query"];
    if let Some(id) = query["id"].as_str() {
        let from = query["from"]["id"].as_i64();
        let code = query["data"].as_str().and_then(read_code);
        // A button of a message that is older than our words for it is still answered.
        let ask = code.map_or(Ask::Nothing, |(choice, about)| Ask::Answer { choice, about });
        let original = json!({ "query": id, "message": query["message"] });
        let follow_up = FollowUp { to: id.to_owned(), original };
        return Ok(callback(from, vec![ask], AnswerTo::Later(follow_up)));
    }
    let message = &update["message"];
    let words = message["text"].as_str().and_then(command);
    let is_bot = message["from"]["is_bot"] == true;
    let chat = message["chat"]["id"].as_i64();
    match (words.filter(|_| !is_bot), chat) {
        (Some(words), Some(chat)) => {
            let from = message["from"]["id"].as_i64();
            let answer = AnswerTo::Chat { chat: chat.to_string() };
            Ok(callback(from, read(&words), answer))
        }
        // Telegram repeats what is not answered with success.
        _ => Ok(callback(None, vec![Ask::Nothing], AnswerTo::Fixed(Reply::json(&json!({}))))),
    }
}

/// The words of a command: `/muster ack 42`, `/ack 42`, `/ack@MusterBot 42`.
fn command(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix('/')?;
    let (verb, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let verb = verb.split('@').next().unwrap_or_default();
    let words = match verb {
        "muster" => words.trim().to_owned(),
        "start" => "help".to_owned(),
        verb => format!("{verb} {}", words.trim()),
    };
    Some(words.trim().to_owned())
}

/// The answer to an update, which is a method that Telegram carries out at once: a pressed button
/// is always answered, or it would spin.
pub(super) fn reply(callback: &Callback, words: &str) -> Reply {
    let words = if words.is_empty() { "Done." } else { words };
    let mut toast = words.to_owned();
    muster_core::alerting::signal::cut(&mut toast, TOAST_CHARS_MAX);
    let mut whole = words.to_owned();
    muster_core::alerting::signal::cut(&mut whole, TEXT_CHARS_MAX);
    match &callback.answer {
        AnswerTo::Later(follow_up) => Reply::json(&json!({
            "method": "answerCallbackQuery", "callback_query_id": follow_up.to, "text": toast,
        })),
        AnswerTo::Chat { chat } => Reply::json(&json!({
            "method": "sendMessage", "chat_id": chat, "text": whole,
            "link_preview_options": { "is_disabled": true },
        })),
        _ => Reply::json(&json!({})),
    }
}

/// Writes what became of an answer below the message that it was given to, which loses its buttons.
pub(super) async fn follow_up(
    outbound: &Outbound,
    provider: &Provider,
    follow_up: &FollowUp,
    words: &str,
    now: Timestamp,
) -> Outcome {
    let message = &follow_up.original["message"];
    let mut text = message["text"].as_str().unwrap_or_default().to_owned();
    let is_whole = text.chars().count() <= ORIGINAL_CHARS_MAX;
    muster_core::alerting::signal::cut(&mut text, ORIGINAL_CHARS_MAX);
    let mut words = words.to_owned();
    muster_core::alerting::signal::cut(&mut words, TEXT_CHARS_MAX - ORIGINAL_CHARS_MAX - 2);
    let known = ["bold", "text_link"];
    let entities = message["entities"].as_array().into_iter().flatten();
    let entities: Vec<_> = entities
        .filter(|entity| is_whole && known.contains(&entity["type"].as_str().unwrap_or_default()))
        .cloned()
        .collect();
    let body = json!({
        "chat_id": message["chat"]["id"],
        "message_id": message["message_id"],
        "text": format!("{text}\n\n{words}"),
        "entities": entities,
        "link_preview_options": { "is_disabled": true },
    });
    match call(outbound, provider, "editMessageText", &body, now).await {
        Ok(answer) => Outcome::accepted(answer.status),
        Err(outcome) => outcome,
    }
}
