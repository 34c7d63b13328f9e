//! ntfy: a message published to a topic as JSON, which unlike headers takes every alphabet. A page
//! has the highest priority and a button that answers it without opening anything. The address is
//! the topic's; a provider adds the token of a server that asks who is there.

use jiff::Timestamp;
use muster_core::org::provider::Provider;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::notice::{Noise, Notice, within_bytes};
use super::{Envelope, Outcome};
use crate::outbound::Outbound;

/// How much of a message stands in its text, in bytes; a longer one becomes a file (limit 4,096).
const TEXT_BYTES_MAX: usize = 3_800;

/// Makes one attempt. `provider` is asked for a token only where the topic is on its own server.
pub(super) async fn send(
    outbound: &Outbound,
    envelope: &Envelope,
    provider: Option<&Provider>,
    address: &str,
    now: Timestamp,
) -> Outcome {
    let Some((server, topic)) = topic(address) else {
        return Outcome::permanent("the address is no topic: write https://ntfy.example.com/topic");
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let token = provider.filter(|provider| is_of(provider, &server)).map(|it| it.setting("token"));
    if let Some(token) = token.filter(|token| !token.is_empty()) {
        let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {token}")) else {
            return Outcome::permanent("the provider's token is no header");
        };
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let body = render(envelope, &topic).to_string().into_bytes();
    match outbound.post(server.as_str(), headers, body, now).await {
        Ok(answer) if (200..300).contains(&answer.status) => Outcome::Accepted {
            status: answer.status,
            reference: serde_json::from_str(&answer.body)
                .ok()
                .and_then(|body: Value| Some(body.get("id")?.as_str()?.to_owned())),
        },
        other => Outcome::of_http(other),
    }
}

/// The body of a message to a topic.
pub fn render(envelope: &Envelope, topic: &str) -> Value {
    let notice = Notice::new(envelope);
    let (priority, tag) = match notice.noise {
        Noise::Alarm => (5, "rotating_light"),
        Noise::Usual => (3, "information_source"),
        Noise::Quiet => (2, "white_check_mark"),
    };
    let mut actions = Vec::new();
    if let Some(url) = &notice.answer_url {
        actions.push(json!({
            "action": "http", "label": "Acknowledge", "url": url, "method": "POST", "clear": true,
        }));
    }
    if let Some(url) = &notice.link {
        actions.push(json!({ "action": "view", "label": "Open", "url": url }));
    }
    let mut body = json!({
        "topic": topic,
        "title": notice.title,
        "message": within_bytes(&notice.text, TEXT_BYTES_MAX),
        "priority": priority,
        "tags": [tag],
        "actions": actions,
    });
    if let Some(url) = notice.link {
        body["click"] = Value::from(url);
    }
    body
}

/// The server and the topic on it.
fn topic(address: &str) -> Option<(Url, String)> {
    let mut url = Url::parse(address).ok()?;
    let path = url.path().trim_end_matches('/').to_owned();
    let (before, topic) = path.rsplit_once('/')?;
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let is_topic = (1..=64).contains(&topic.len()) && topic.chars().all(is_safe);
    if !is_topic || url.query().is_some() {
        return None;
    }
    url.set_path(&format!("{before}/"));
    url.set_fragment(None);
    Some((url, topic.to_owned()))
}

/// Whether a provider is that server: a token must never reach another one.
fn is_of(provider: &Provider, server: &Url) -> bool {
    Url::parse(provider.setting("url")).is_ok_and(|own| own.origin() == server.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_the_last_part_of_an_address() {
        let taken =
            |address: &str| topic(address).map(|(server, topic)| format!("{server} {topic}"));
        for (address, expected) in [
            ("https://ntfy.sh/ana-7", "https://ntfy.sh/ ana-7"),
            ("http://127.0.0.1:80/ana/", "http://127.0.0.1/ ana"),
            ("https://example.com/ntfy/ana_7", "https://example.com/ntfy/ ana_7"),
        ] {
            assert_eq!(taken(address).as_deref(), Some(expected));
        }
        for wrong in [
            "https://ntfy.sh",
            "https://ntfy.sh/",
            "https://ntfy.sh/a b",
            "x",
            "https://ntfy.sh/a?x=1",
        ] {
            assert_eq!(taken(wrong), None, "{wrong}");
        }
    }
}
