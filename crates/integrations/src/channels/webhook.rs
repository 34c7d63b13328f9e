//! Webhooks in the manner of Standard Webhooks: JSON, signed over id, time and body, with the same
//! id for every attempt of a delivery. Any 2xx is acceptance and nothing else is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use sha2::Sha256;

use super::message::{Incident, Page};
use super::{Envelope, Message, Outcome};
use crate::outbound::Outbound;

/// Marks a secret that is written in base64.
const SECRET_PREFIX: &str = "whsec_";

/// Makes one attempt.
pub(super) async fn send(
    outbound: &Outbound,
    envelope: &Envelope,
    url: &str,
    secret: &str,
    now: Timestamp,
) -> Outcome {
    let body = body(envelope).to_string();
    let headers = match headers(&envelope.id, secret, &body, now) {
        Ok(headers) => headers,
        Err(why) => return Outcome::permanent(why),
    };
    Outcome::of_http(outbound.post(url, headers, body.into_bytes(), now).await)
}

/// The body of a message.
pub fn body(envelope: &Envelope) -> Value {
    let mut body = match &envelope.message {
        Message::Page { page: asked, incident: about } => {
            json!({ "page": page(asked), "incident": incident(about) })
        }
        Message::PageSuperseded { page: asked, superseded, incident: about } => json!({
            "page": page(asked),
            "superseded": { "how": superseded.how.name(), "by": superseded.by },
            "incident": incident(about),
        }),
        Message::Digest { pages, answer_url, .. } => {
            let with_page = |(asked, about): &(Page, Incident)| {
                let mut entry = incident(about);
                entry["page"] = page(asked);
                entry
            };
            json!({
                "digest": { "count": pages.len(), "answer_url": answer_url },
                "incidents": pages.iter().map(with_page).collect::<Vec<_>>(),
            })
        }
        Message::Notification { subject, text, incident: about } => json!({
            "notification": { "subject": subject, "text": text },
            "incident": about.as_ref().map(incident),
        }),
        Message::Test { requested_by } => json!({ "test": { "requested_by": requested_by } }),
        Message::Event { incident: about, data, .. } => {
            json!({ "incident": about.as_ref().map(incident), "data": data })
        }
    };
    let mut whole = json!({ "type": envelope.message.kind() });
    if !matches!(envelope.message, Message::Event { .. }) {
        whole["recipient"] = Value::from(envelope.recipient.as_str());
    }
    whole["at"] = Value::from(envelope.at.to_string());
    if let (Some(whole), Some(body)) = (whole.as_object_mut(), body.as_object_mut()) {
        whole.append(body);
    }
    whole
}

fn page(page: &Page) -> Value {
    json!({
        "id": page.id.to_string(),
        "reason": page.reason,
        "attempt": page.attempt,
        "possible_repeat": page.possible_repeat,
        "ack_url": page.ack_url,
    })
}

fn incident(incident: &Incident) -> Value {
    json!({
        "id": incident.id.to_string(),
        "number": incident.number,
        "severity": incident.severity.number(),
        "status": incident.status.name(),
        "title": incident.title,
        "service": incident.service,
        "alert_count": incident.alert_count,
        "impact": incident.impact,
        "bridge": incident.bridge,
        "url": incident.url,
    })
}

/// The headers that let a receiver tell who sent a body, when, and whether it saw it before.
fn headers(id: &str, secret: &str, body: &str, now: Timestamp) -> Result<HeaderMap, String> {
    let timestamp = now.as_second().to_string();
    let signature = sign(secret, id, &timestamp, body)?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in [
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", signature.as_str()),
    ] {
        let value = HeaderValue::from_str(value).map_err(|_| format!("{name} is no header"))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

/// The signature of a body: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
///
/// # Errors
/// When the secret is empty: an unsigned page could be anybody's.
pub fn sign(secret: &str, id: &str, timestamp: &str, body: &str) -> Result<String, String> {
    let decoded = secret.strip_prefix(SECRET_PREFIX).and_then(|text| STANDARD.decode(text).ok());
    let key = decoded.unwrap_or_else(|| secret.as_bytes().to_vec());
    if key.is_empty() {
        return Err("the signing secret is empty".to_owned());
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| error.to_string())?;
    for part in [id, ".", timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_published_example() {
        // The example of the Standard Webhooks specification.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature = sign(secret, id, "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn a_secret_may_be_plain_text_but_not_empty() {
        assert!(sign("just words", "a", "1", "{}").is_ok());
        assert!(sign("whsec_not base64!", "a", "1", "{}").is_ok());
        assert!(sign("", "a", "1", "{}").is_err());
    }
}
