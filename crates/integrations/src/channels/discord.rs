//! Discord: messages of a bot in its conversation with a person or in a channel, edits, buttons and the command
//! `/muster`. What Discord sends is signed with Ed25519 over its time and its body. A nonce makes a
//! repeated attempt harmless.

use jiff::{SignedDuration, Timestamp};
use muster_core::org::provider::Provider;
use reqwest::Method;
use reqwest::header::USER_AGENT;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::call::{Answered, Api, from_hex, wait_of};
use super::callback::{AnswerTo, Ask, Callback, CallbackRequest, Choice, Refused, Reply};
use super::card::{Button, Card, Line, card, escaped, read_code};
use super::reply::read;
use super::{Envelope, Outcome};
use crate::outbound::Outbound;

/// Where Discord is, unless the provider says otherwise.
const URL: &str = "https://discord.com";
/// Discord turns away what does not name itself so.
const AGENT: &str =
    concat!("DiscordBot (https://muster.example.com, ", env!("CARGO_PKG_VERSION"), ")");
/// How old, or how far ahead, a signature may be.
const AGE_MAX: SignedDuration = SignedDuration::from_mins(5);
/// The text of a message, in characters.
const CONTENT_CHARS_MAX: usize = 2000;
/// The longest headline, in characters.
const HEADLINE_CHARS_MAX: usize = 500;
/// The longest address of a button, in characters.
const URL_CHARS_MAX: usize = 512;
/// The characters of a nonce.
const NONCE_CHARS: usize = 24;
/// A message without previews of its links.
const SUPPRESS_EMBEDS: u64 = 1 << 2;
/// An answer that only the asker sees.
const EPHEMERAL: u64 = 1 << 6;

/// The body of a message.
pub fn render(envelope: &Envelope) -> Value {
    let card = card(envelope);
    json!({
        "content": content(&card),
        "components": components(&card),
        "allowed_mentions": { "parse": [] },
        "flags": SUPPRESS_EMBEDS,
    })
}

fn content(card: &Card) -> String {
    let mut content = format!("**{}**", markdown(&card.headline, HEADLINE_CHARS_MAX));
    for line in &card.lines {
        let rest = CONTENT_CHARS_MAX - content.chars().count();
        let line = linked(line, rest.saturating_sub(1));
        if line.chars().count() + 1 > rest || line.is_empty() {
            break;
        }
        content.push('\n');
        content.push_str(&line);
    }
    content
}

fn components(card: &Card) -> Vec<Value> {
    let answer = |button: &Button| {
        let style = match button.choice {
            Choice::Acknowledge => 1,
            Choice::Resolve => 4,
            Choice::Escalate | Choice::Decline => 2,
        };
        json!({ "type": 2, "style": style, "label": button.label, "custom_id": button.code })
    };
    let links = card.links.iter().filter(|link| link.href.chars().count() <= URL_CHARS_MAX);
    let link = |link: &super::card::Link| json!({ "type": 2, "style": 5, "label": link.label, "url": link.href });
    let rows: [Vec<Value>; 2] =
        [card.buttons.iter().map(answer).collect(), links.map(link).take(5).collect()];
    let row = |row: Vec<Value>| json!({ "type": 1, "components": row });
    rows.into_iter().filter(|row| !row.is_empty()).map(row).collect()
}

fn linked(line: &Line, chars_max: usize) -> String {
    match &line.href {
        Some(href) if href.chars().count() + 20 < chars_max => {
            let href = href.replace('(', "%28").replace(')', "%29").replace('>', "%3E");
            let rest = chars_max - href.chars().count() - 6;
            format!("[{}](<{href}>)", markdown(&line.text, rest))
        }
        _ => markdown(&line.text, chars_max),
    }
}

/// A text that means itself. The colon ends the names of emoji and the schemes of addresses.
fn markdown(text: &str, chars_max: usize) -> String {
    escaped(text, chars_max, |c, out| {
        if r"\`*_~|<>[]()#-:@+".contains(c) {
            out.push('\\');
        }
        out.push(c);
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
    match posted(outbound, envelope, provider, address, now).await {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

async fn posted(
    outbound: &Outbound,
    envelope: &Envelope,
    provider: &Provider,
    address: &str,
    now: Timestamp,
) -> Result<Outcome, Outcome> {
    let mut body = render(envelope);
    let earlier = envelope.earlier.as_deref().and_then(|earlier| earlier.split_once('/'));
    if let Some((channel, message)) = earlier {
        let path = format!("channels/{channel}/messages/{message}");
        let answer = call(outbound, provider, Method::PATCH, &path, Some(&body), now).await?;
        let reference = envelope.earlier.clone();
        return Ok(Outcome::Accepted { status: answer.status, reference });
    }
    let channel = match envelope.is_for_a_room() {
        true if !address.is_empty() && address.bytes().all(|b| b.is_ascii_digit()) => {
            address.to_owned()
        }
        true => return Err(Outcome::permanent(format!("`{address}` is no channel id"))),
        false => {
            let recipient = json!({ "recipient_id": address });
            let path = "users/@me/channels";
            let opened =
                call(outbound, provider, Method::POST, path, Some(&recipient), now).await?;
            opened.text("id").to_owned()
        }
    };
    body["nonce"] = json!(nonce(envelope));
    body["enforce_nonce"] = json!(true);
    let path = format!("channels/{channel}/messages");
    let answer = call(outbound, provider, Method::POST, &path, Some(&body), now).await?;
    let message = answer.text("id");
    let reference = (!message.is_empty()).then(|| format!("{channel}/{message}"));
    Ok(Outcome::Accepted { status: answer.status, reference })
}

/// The same for every attempt that says the same, so that one that arrived makes no second message.
fn nonce(envelope: &Envelope) -> String {
    let digest = Sha256::digest(format!("{}\0{:?}", envelope.id, content(&card(envelope))));
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()[..NONCE_CHARS].to_owned()
}

/// Whether the token works, and for whom.
pub(super) async fn probe(
    outbound: &Outbound,
    provider: &Provider,
    now: Timestamp,
) -> Result<String, Outcome> {
    let me = call(outbound, provider, Method::GET, "users/@me", None, now).await?;
    Ok(format!("signed in as {}", me.text("username")))
}

async fn call(
    outbound: &Outbound,
    provider: &Provider,
    method: Method,
    path: &str,
    body: Option<&Value>,
    now: Timestamp,
) -> Result<Answered, Outcome> {
    let token = format!("Bot {}", provider.setting("token"));
    let api = Api::new(outbound, Some(&token), now)?.with(USER_AGENT, AGENT);
    let base = match provider.setting("url") {
        "" => URL,
        url => url.trim_end_matches('/'),
    };
    let answer = api.call(method, &format!("{base}/api/v10/{path}"), body).await?;
    if answer.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
}

fn refusal(answer: &Answered) -> Outcome {
    let said = answer.text("message");
    match (answer.status, answer.body["code"].as_i64()) {
        (429, _) => Outcome::Temporary {
            status: Some(429),
            detail: "answered 429: too many messages".to_owned(),
            retry_after: answer.body["retry_after"]
                .as_f64()
                .and_then(wait_of)
                .or(answer.retry_after),
        },
        // Nobody there, or somebody who takes no messages from this bot.
        (_, Some(10_003 | 10_013 | 50_007 | 50_033)) => answer.gone(said),
        _ => answer.refusal(said),
    }
}

/// Reads what Discord sends: trials, pressed buttons and the command.
///
/// # Errors
/// When the signature does not fit, or is older than five minutes, or nothing is asked.
pub fn read_callback(
    provider: &Provider,
    request: &CallbackRequest,
    now: Timestamp,
) -> Result<Callback, Refused> {
    verify(provider.setting("public_key"), request, now)?;
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| Refused::Unreadable("the body is no JSON".to_owned()))?;
    // In a server the person is a member, in a conversation a user.
    let user = body["member"]["user"]["id"].as_str().or_else(|| body["user"]["id"].as_str());
    let callback = |asks, answer| Callback {
        from: user.map(str::to_owned),
        channel: "discord",
        reference: body["id"].as_str().map(str::to_owned),
        asks,
        answer,
    };
    let unknown = || Refused::Unreadable("nothing that is known is asked".to_owned());
    match body["type"].as_i64() {
        Some(1) => {
            let pong = AnswerTo::Fixed(Reply::json(&json!({ "type": 1 })));
            Ok(Callback { from: None, reference: None, ..callback(vec![Ask::Nothing], pong) })
        }
        Some(2) => {
            let options = body["data"]["options"].as_array().into_iter().flatten();
            let words = options.filter_map(|option| option["value"].as_str());
            let words = words.collect::<Vec<_>>().join(" ");
            Ok(callback(read(&words), AnswerTo::Reply))
        }
        Some(3) => {
            let code = body["data"]["custom_id"].as_str().and_then(read_code);
            let (choice, about) = code.ok_or_else(unknown)?;
            let original = body["message"]["content"].as_str().unwrap_or_default().to_owned();
            Ok(callback(vec![Ask::Answer { choice, about }], AnswerTo::Edit { original }))
        }
        _ => Err(unknown()),
    }
}

/// Checks the signature over time and body, and that the time is now.
fn verify(public_key: &str, request: &CallbackRequest, now: Timestamp) -> Result<(), Refused> {
    let forged = |why: &str| Refused::Forged(why.to_owned());
    let key = from_hex(public_key).filter(|key| key.len() == 32);
    let key = key.ok_or_else(|| forged("the public key is not one"))?;
    let signature = request
        .header("x-signature-ed25519")
        .and_then(from_hex)
        .ok_or_else(|| forged("there is no signature"))?;
    let timestamp =
        request.header("x-signature-timestamp").ok_or_else(|| forged("there is no time"))?;
    let message = [timestamp.as_bytes(), &request.body].concat();
    UnparsedPublicKey::new(&ED25519, key)
        .verify(&message, &signature)
        .map_err(|_| forged("it does not fit"))?;
    let at = timestamp.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
    let at = at.ok_or_else(|| forged("the time cannot be read"))?;
    if at.duration_since(now).abs() > AGE_MAX {
        return Err(forged("it is older than five minutes"));
    }
    Ok(())
}

/// The answer to a call: the message loses its buttons and says what became of it; a command is
/// answered in words that only the asker sees.
pub(super) fn reply(callback: &Callback, words: &str) -> Reply {
    let body = match &callback.answer {
        AnswerTo::Edit { original } => {
            let words = markdown(words, CONTENT_CHARS_MAX / 2);
            let mut content = original.clone();
            let room = CONTENT_CHARS_MAX.saturating_sub(words.chars().count() + 2);
            muster_core::alerting::signal::cut(&mut content, room);
            let content = format!("{content}\n\n{words}");
            json!({ "type": 7, "data": {
                "content": content, "components": [], "allowed_mentions": { "parse": [] },
                "flags": SUPPRESS_EMBEDS
            } })
        }
        _ => json!({ "type": 4, "data": {
            "content": if words.is_empty() { "Done.".to_owned() } else { markdown(words, CONTENT_CHARS_MAX) },
            "allowed_mentions": { "parse": [] }, "flags": EPHEMERAL | SUPPRESS_EMBEDS
        } }),
    };
    Reply::json(&body)
}
