//! Gotify: a message to an application of a Gotify server, whose token is the address. The app on
//! the phone opens the page's link when the notification is touched; it cannot answer by itself.

use jiff::Timestamp;
use muster_core::org::provider::Provider;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::notice::{Noise, Notice};
use super::{Envelope, Outcome};
use crate::outbound::Outbound;

const KEY: HeaderName = HeaderName::from_static("x-gotify-key");

/// Makes one attempt.
pub(super) async fn send(
    outbound: &Outbound,
    envelope: &Envelope,
    provider: &Provider,
    address: &str,
    now: Timestamp,
) -> Outcome {
    let url = format!("{}/message", provider.setting("url").trim_end_matches('/'));
    let Ok(mut key) = HeaderValue::from_str(address) else {
        return Outcome::permanent("the address is no token of an application");
    };
    key.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(KEY, key);
    let body = render(envelope).to_string().into_bytes();
    // The answer repeats the message; nothing of it is needed later.
    Outcome::of_http(outbound.post(&url, headers, body, now).await)
}

/// The body of a message.
pub fn render(envelope: &Envelope) -> Value {
    let notice = Notice::new(envelope);
    // From 8 on the app rings; at 0 it shows nothing.
    let priority = match notice.noise {
        Noise::Alarm => 10,
        Noise::Usual => 5,
        Noise::Quiet => 1,
    };
    let mut text = notice.text;
    let mut extras = json!({ "client::display": { "contentType": "text/plain" } });
    if let Some(url) = &notice.link {
        text = format!("{text}\n\n{url}");
        extras["client::notification"] = json!({ "click": { "url": url } });
    }
    json!({ "title": notice.title, "message": text, "priority": priority, "extras": extras })
}
