//! Slack: messages by `chat.postMessage`, edits by `chat.update`, answers by buttons of Block Kit
//! and by the slash command. An error is a 200 that says `ok: false`. Everything that Slack sends
//! is signed over its time and its body; what is older than five minutes is not believed.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use muster_core::incident::room::{self, Room, Step};
use muster_core::oncall::mirror;
use muster_core::org::provider::Provider;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use sha2::Sha256;

use super::call::{Answered, Api};
use super::callback::{AnswerTo, Ask, Callback, CallbackRequest, Choice, FollowUp, Refused, Reply};
use super::card::{Button, Card, Line, card, escaped, read_code};
use super::reply::read;
use super::{Envelope, Outcome};
use crate::outbound::Outbound;

/// Where Slack is, unless the provider says otherwise.
const URL: &str = "https://slack.com";
/// Where Slack lets follow-ups be sent.
const HOOKS: &str = "https://hooks.slack.com/";
/// How old, or how far ahead, a signature may be.
const AGE_MAX: SignedDuration = SignedDuration::from_mins(5);
/// The text of a section, in characters.
const SECTION_CHARS_MAX: usize = 3000;
/// The text of a header, in characters.
const HEADER_CHARS_MAX: usize = 150;
/// The longest address of a button, in characters.
const URL_CHARS_MAX: usize = 3000;
/// The block with the buttons, which goes when an answer has come.
const BUTTONS: &str = "answer";

/// The body of a message, without the conversation it goes to.
pub fn render(envelope: &Envelope) -> Value {
    let card = card(envelope);
    let text = mrkdwn(&card.headline, SECTION_CHARS_MAX);
    json!({ "text": text, "blocks": blocks(&card), "unfurl_links": false, "unfurl_media": false })
}

fn blocks(card: &Card) -> Vec<Value> {
    let mut headline = card.headline.clone();
    muster_core::alerting::signal::cut(&mut headline, HEADER_CHARS_MAX);
    let mut blocks = vec![json!({ "type": "header", "text": plain(&headline) })];
    let mut rest = SECTION_CHARS_MAX;
    let mut lines = Vec::new();
    for line in &card.lines {
        let text = linked(line, rest.saturating_sub(1));
        rest = rest.saturating_sub(text.chars().count() + 1);
        if text.is_empty() || rest == 0 {
            break;
        }
        lines.push(text);
    }
    if !lines.is_empty() {
        let text = json!({ "type": "mrkdwn", "text": lines.join("\n") });
        blocks.push(json!({ "type": "section", "text": text }));
    }
    if !card.buttons.is_empty() {
        let buttons: Vec<_> = card.buttons.iter().map(button).collect();
        blocks.push(json!({ "type": "actions", "block_id": BUTTONS, "elements": buttons }));
    }
    let links: Vec<_> = card
        .links
        .iter()
        .filter(|link| link.href.chars().count() < URL_CHARS_MAX / 2)
        .map(|link| link_to(link.label, &link.href))
        .collect();
    if !links.is_empty() {
        let text = json!({ "type": "mrkdwn", "text": links.join(" · ") });
        blocks.push(json!({ "type": "context", "elements": [text] }));
    }
    blocks
}

fn button(button: &Button) -> Value {
    let mut element = json!({
        "type": "button",
        "action_id": button.label.to_lowercase().replace(' ', "_"),
        "text": plain(button.label),
        "value": button.code,
    });
    match button.choice {
        Choice::Acknowledge => element["style"] = json!("primary"),
        // The one answer that cannot be taken back by the next person.
        Choice::Resolve => {
            element["confirm"] = json!({
                "title": plain("Resolve the incident?"),
                "text": plain("It ends for everybody, and nobody is paged any more."),
                "confirm": plain("Resolve"),
                "deny": plain("Cancel"),
            });
        }
        Choice::Escalate | Choice::Decline => {}
    }
    element
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text })
}

/// A text that means itself: Slack wants exactly these three characters escaped.
fn mrkdwn(text: &str, chars_max: usize) -> String {
    escaped(text, chars_max, |c, out| match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        c => out.push(c),
    })
}

fn linked(line: &Line, chars_max: usize) -> String {
    match &line.href {
        Some(href) if href.chars().count() * 2 < chars_max => link_to(&line.text, href),
        _ => mrkdwn(&line.text, chars_max),
    }
}

/// A link. A bar or a bracket would end the address too early, so they are percent-encoded.
fn link_to(label: &str, href: &str) -> String {
    let href = href.replace('|', "%7C").replace('>', "%3E").replace('<', "%3C");
    let label = mrkdwn(label, SECTION_CHARS_MAX).replace('|', "¦");
    format!("<{}|{label}>", href.replace('&', "&amp;"))
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
        Some((conversation, ts)) => {
            body["channel"] = json!(conversation);
            body["ts"] = json!(ts);
            "chat.update"
        }
        None => {
            body["channel"] = json!(address);
            "chat.postMessage"
        }
    };
    match call(outbound, provider, method, &body, now).await {
        Ok(answer) => {
            let (channel, ts) = (answer.text("channel"), answer.text("ts"));
            let reference = (!ts.is_empty()).then(|| format!("{channel}/{ts}"));
            Outcome::Accepted { status: answer.status, reference }
        }
        Err(outcome) => outcome,
    }
}

/// Takes one step in a room (`conversations.*`).
pub(super) async fn room(
    outbound: &Outbound,
    provider: &Provider,
    room: &Room,
    step: &Step,
    now: Timestamp,
) -> Result<room::Answer, Outcome> {
    let id = room.id.as_deref().unwrap_or_default();
    let (method, body) = match step {
        Step::Open { name, is_private } => {
            ("conversations.create", json!({ "name": name, "is_private": is_private }))
        }
        Step::Topic { text, link } => {
            let topic = mrkdwn(&format!("{text} · {link}"), room::TOPIC_CHARS_MAX);
            ("conversations.setTopic", json!({ "channel": id, "topic": topic }))
        }
        Step::Invite(people) => {
            // Whoever cannot be invited keeps nobody else out.
            let body = json!({ "channel": id, "users": people.join(","), "force": true });
            ("conversations.invite", body)
        }
        Step::Remove(user) => ("conversations.kick", json!({ "channel": id, "user": user })),
        Step::Post(_, text) => {
            let body = json!({
                "channel": id, "text": mrkdwn(text, SECTION_CHARS_MAX), "unfurl_links": false, "unfurl_media": false,
            });
            ("chat.postMessage", body)
        }
        Step::Archive => ("conversations.archive", json!({ "channel": id })),
        Step::Reopen => ("conversations.unarchive", json!({ "channel": id })),
    };
    let answer = ask(outbound, provider, method, &body, now).await?;
    if answer.is_success() && answer.body["ok"] == true {
        let id = answer.body["channel"]["id"].as_str().map(ToOwned::to_owned);
        return Ok(room::Answer::Done(id));
    }
    match answer.text("error") {
        "name_taken" => Ok(room::Answer::NameTaken),
        // It is as it was asked for already.
        "already_archived" | "not_archived" | "already_in_channel" => Ok(room::Answer::Done(None)),
        "not_in_channel" if matches!(step, Step::Remove(_)) => Ok(room::Answer::Done(None)),
        _ => Err(refusal(&answer)),
    }
}

/// Takes one step for what follows a schedule (`usergroups.users.update`, `conversations.setTopic`).
pub(super) async fn mirror(
    outbound: &Outbound,
    provider: &Provider,
    step: &mirror::Step,
    now: Timestamp,
) -> Result<(), Outcome> {
    let (method, body) = match step {
        mirror::Step::Fill { group, people } => {
            let body = json!({ "usergroup": group, "users": people.join(",") });
            ("usergroups.users.update", body)
        }
        mirror::Step::Name { channel, topic } => {
            let topic = mrkdwn(topic, room::TOPIC_CHARS_MAX);
            ("conversations.setTopic", json!({ "channel": channel, "topic": topic }))
        }
    };
    call(outbound, provider, method, &body, now).await.map(drop)
}

/// Whether the token works, and for whom (`auth.test`).
pub(super) async fn probe(
    outbound: &Outbound,
    provider: &Provider,
    now: Timestamp,
) -> Result<String, Outcome> {
    let answer = call(outbound, provider, "auth.test", &json!({}), now).await?;
    Ok(format!("signed in to the workspace {}", answer.text("team_id")))
}

async fn call(
    outbound: &Outbound,
    provider: &Provider,
    method: &str,
    body: &Value,
    now: Timestamp,
) -> Result<Answered, Outcome> {
    let answer = ask(outbound, provider, method, body, now).await?;
    if answer.is_success() && answer.body["ok"] == true {
        return Ok(answer);
    }
    Err(refusal(&answer))
}

/// Calls a method; what it says is read by whoever asks.
async fn ask(
    outbound: &Outbound,
    provider: &Provider,
    method: &str,
    body: &Value,
    now: Timestamp,
) -> Result<Answered, Outcome> {
    let token = format!("Bearer {}", provider.setting("token"));
    let api = Api::new(outbound, Some(&token), now)?
        .with(CONTENT_TYPE, "application/json; charset=utf-8");
    let base = base(provider);
    api.call(Method::POST, &format!("{base}/api/{method}"), Some(body)).await
}

pub(super) fn base(provider: &Provider) -> &str {
    match provider.setting("url") {
        "" => URL,
        url => url.trim_end_matches('/'),
    }
}

/// What an error of Slack means. Those that say nothing about the message may pass.
fn refusal(answer: &Answered) -> Outcome {
    let error = answer.text("error");
    let (status, detail) = (Some(answer.status), format!("Slack answered {error}"));
    match error {
        _ if !answer.is_success() => answer.refusal(error),
        // The message may have been posted before the error.
        "internal_error" | "fatal_error" => Outcome::Unknown { detail },
        "ratelimited"
        | "rate_limited"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "ekm_access_denied" => {
            Outcome::Temporary { status, detail, retry_after: answer.retry_after }
        }
        "channel_not_found"
        | "is_archived"
        | "user_not_found"
        | "user_disabled"
        | "messages_tab_disabled"
        | "cannot_dm_bot" => Outcome::Permanent { status, detail, disable: true },
        // The earlier message is gone or too old: nothing is left to edit, which is no failure.
        "message_not_found" | "cant_update_message" | "edit_window_closed" => {
            Outcome::Permanent { status, detail, disable: false }
        }
        "" => Outcome::Unknown { detail: "Slack's answer cannot be read".to_owned() },
        _ => Outcome::Permanent { status, detail, disable: false },
    }
}

/// Reads what Slack sends: pressed buttons and the slash command.
///
/// # Errors
/// When the signature does not fit, or is older than five minutes, or nothing is asked.
pub fn read_callback(
    provider: &Provider,
    request: &CallbackRequest,
    now: Timestamp,
) -> Result<Callback, Refused> {
    let signature = verify(provider.setting("signing_secret"), request, now)?;
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(&request.body).into_owned().collect();
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let callback = |from: &str, asks, answer| Callback {
        from: Some(from.to_owned()).filter(|from| !from.is_empty()),
        channel: "slack",
        reference: Some(signature.clone()),
        asks,
        answer,
    };
    if field("ssl_check") == "1" {
        return Ok(callback("", vec![Ask::Nothing], AnswerTo::Reply));
    }
    if !field("command").is_empty() {
        return Ok(callback(field("user_id"), read(field("text")), AnswerTo::Reply));
    }
    let payload: Value = serde_json::from_str(field("payload"))
        .map_err(|_| Refused::Unreadable("neither a command nor a payload".to_owned()))?;
    if payload["type"] != "block_actions" {
        return Ok(callback("", vec![Ask::Nothing], AnswerTo::Fixed(Reply::text(""))));
    }
    let from = payload["user"]["id"].as_str().unwrap_or_default();
    let pressed = payload["actions"].as_array().into_iter().flatten();
    let asks: Vec<_> = pressed
        .filter_map(|action| action["value"].as_str())
        .filter_map(read_code)
        .map(|(choice, about)| Ask::Answer { choice, about })
        .collect();
    if asks.is_empty() {
        // A button that is only a link reports that it was pressed.
        return Ok(callback(from, vec![Ask::Nothing], AnswerTo::Fixed(Reply::text(""))));
    }
    let url = payload["response_url"].as_str().unwrap_or_default();
    let is_known = url.starts_with(HOOKS) || url.starts_with(&format!("{}/", base(provider)));
    let answer = match is_known {
        true => {
            AnswerTo::Later(FollowUp { to: url.to_owned(), original: payload["message"].clone() })
        }
        false => AnswerTo::Fixed(Reply::text("")),
    };
    Ok(callback(from, asks, answer))
}

/// Checks `v0=` and the hex of HMAC-SHA256 over `v0:time:body`.
fn verify(secret: &str, request: &CallbackRequest, now: Timestamp) -> Result<String, Refused> {
    let forged = |why: &str| Refused::Forged(why.to_owned());
    let signature = request
        .header("x-slack-signature")
        .and_then(|text| text.strip_prefix("v0="))
        .ok_or_else(|| forged("there is no signature"))?;
    let timestamp =
        request.header("x-slack-request-timestamp").ok_or_else(|| forged("there is no time"))?;
    let at = timestamp.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
    let at = at.ok_or_else(|| forged("the time cannot be read"))?;
    if at.duration_since(now).abs() > AGE_MAX {
        return Err(forged("it is older than five minutes"));
    }
    if secret.is_empty() {
        return Err(forged("there is no secret to check it with"));
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|_| forged("the secret is no key"))?;
    for part in [b"v0:".as_slice(), timestamp.as_bytes(), b":", &request.body] {
        mac.update(part);
    }
    let given = super::call::from_hex(signature).ok_or_else(|| forged("it is not hexadecimal"))?;
    mac.verify_slice(&given).map_err(|_| forged("it does not fit"))?;
    Ok(format!("{timestamp}:{signature}"))
}

/// The answer to a call: a slash command is answered in words that only the asker sees.
pub(super) fn reply(callback: &Callback, words: &str) -> Reply {
    match callback.asks.as_slice() {
        [Ask::Nothing] => Reply::text(""),
        _ => Reply::json(&json!({ "response_type": "ephemeral", "text": spoken(words) })),
    }
}

/// Tells what became of a pressed button: the message that it stood in stays, without its buttons.
pub(super) async fn follow_up(
    outbound: &Outbound,
    follow_up: &FollowUp,
    words: &str,
    now: Timestamp,
) -> Outcome {
    let blocks = follow_up.original["blocks"].as_array().cloned().unwrap_or_default();
    let mut blocks: Vec<_> =
        blocks.into_iter().filter(|block| block["block_id"] != BUTTONS).take(40).collect();
    let text = spoken(words);
    let said = json!({ "type": "mrkdwn", "text": text });
    blocks.push(json!({ "type": "context", "elements": [said] }));
    let body = json!({ "replace_original": true, "text": text, "blocks": blocks });
    let api = match Api::new(outbound, None, now) {
        Ok(api) => api.with(CONTENT_TYPE, "application/json; charset=utf-8"),
        Err(outcome) => return outcome,
    };
    match api.call(Method::POST, &follow_up.to, Some(&body)).await {
        Ok(answer) if answer.is_success() => Outcome::accepted(answer.status),
        Ok(answer) => answer.refusal(""),
        Err(outcome) => outcome,
    }
}

/// Words for a person; never empty, because Slack takes no empty text.
fn spoken(words: &str) -> String {
    let text = mrkdwn(words, SECTION_CHARS_MAX);
    if text.is_empty() { "Done.".to_owned() } else { text }
}
