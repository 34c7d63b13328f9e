//! Web push (RFC 8030): a message to a browser through its vendor's push service, which can neither
//! read it (RFC 8291) nor take it from anybody but us (RFC 8292). One call for one browser; which
//! browsers a person has, and forgetting those that are gone, is decided elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use reqwest::Url;
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use web_push_native::Auth;
use web_push_native::p256::PublicKey;

use super::notice::{Noise, Notice, within_bytes};
use super::{Envelope, Message, Outcome};
use crate::outbound::Outbound;

/// How long a push service keeps a message for a browser that is not there, in seconds. A page that
/// comes later than that has long been escalated.
const TTL_SECONDS: &str = "3600";
/// How long our word for who we are holds; RFC 8292 allows 24 hours.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(12);
/// The largest message as it is sent, in bytes (RFC 8030, 7.2).
pub const SEALED_BYTES_MAX: usize = 4_096;
/// What sealing adds: header with our key, delimiter and tag, in bytes.
const SEAL_BYTES: usize = 86 + 1 + 16;
/// How much of a text is sent, in bytes.
const TEXT_BYTES_MAX: usize = 1_500;
/// The longest address within a message, in bytes.
const URL_BYTES_MAX: usize = 500;

const TTL: HeaderName = HeaderName::from_static("ttl");
const TOPIC: HeaderName = HeaderName::from_static("topic");
const URGENCY: HeaderName = HeaderName::from_static("urgency");

/// The key by which push services know this installation.
#[derive(Clone)]
pub struct Vapid {
    key: SigningKey,
    contact: String,
}

impl std::fmt::Debug for Vapid {
    /// The key stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vapid({})", self.public_key())
    }
}

impl Vapid {
    /// The key of that secret number; `contact` is how the operators of push services reach those
    /// of this installation, as a `mailto:` or `https:` address. None where the number is no key,
    /// which of random ones happens less than once in 2^32.
    pub fn new(secret: &[u8; 32], contact: &str) -> Option<Self> {
        let key = SigningKey::from_slice(secret).ok()?;
        Some(Self { key, contact: contact.to_owned() })
    }

    /// What browsers subscribe with.
    pub fn public_key(&self) -> String {
        let point = self.key.verifying_key().to_encoded_point(false);
        URL_SAFE_NO_PAD.encode(point.as_bytes())
    }

    /// Says to the push service at `origin` who we are (RFC 8292, 2).
    fn authorization(&self, origin: &str, now: Timestamp) -> String {
        let expires = now.saturating_add(TOKEN_LIFE).map_or(0, Timestamp::as_second);
        let header = json!({ "typ": "JWT", "alg": "ES256" });
        let claims = json!({ "aud": origin, "exp": expires, "sub": self.contact });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature: Signature = self.key.sign(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        format!("vapid t={signed}.{signature}, k={}", self.public_key())
    }
}

/// Where and how a browser is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    endpoint: Url,
    key: PublicKey,
    auth: [u8; 16],
}

impl std::fmt::Debug for Subscription {
    /// The address is as good as a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Subscription({})", self.endpoint.host_str().unwrap_or_default())
    }
}

impl Subscription {
    /// Reads what a browser was given.
    ///
    /// # Errors
    /// Says what is wrong with which part of it.
    pub fn new(endpoint: &str, key: &[u8], auth: &[u8]) -> Result<Self, (&'static str, String)> {
        let endpoint = Url::parse(endpoint).map_err(|error| ("endpoint", error.to_string()))?;
        // Vendors speak TLS only; on this machine, where tests do, there is nobody to listen in.
        let is_here =
            endpoint.host_str().is_some_and(|host| ["127.0.0.1", "[::1]"].contains(&host));
        if endpoint.scheme() != "https" && !(is_here && endpoint.scheme() == "http") {
            return Err(("endpoint", "must be an https address".to_owned()));
        }
        let key = PublicKey::from_sec1_bytes(key)
            .map_err(|_| ("keys.p256dh", "is no public key on the curve P-256".to_owned()))?;
        let auth = auth.try_into().map_err(|_| ("keys.auth", "must be 16 bytes".to_owned()))?;
        Ok(Self { endpoint, key, auth })
    }
}

/// Makes one attempt to reach one browser. A permanent refusal that disables means that the browser
/// has gone.
pub(super) async fn send(
    outbound: &Outbound,
    envelope: &Envelope,
    vapid: &Vapid,
    to: &Subscription,
    now: Timestamp,
) -> Outcome {
    let notice = Notice::new(envelope);
    let payload = payload(envelope, &notice).to_string().into_bytes();
    if payload.len() + SEAL_BYTES > SEALED_BYTES_MAX {
        return Outcome::permanent("the message does not fit into a push message");
    }
    let auth = Auth::from(to.auth);
    let Ok(sealed) = web_push_native::encrypt(payload, &to.key, &auth) else {
        return Outcome::permanent("the message could not be sealed for this browser");
    };
    let origin = to.endpoint.origin().ascii_serialization();
    let Ok(mut authorization) = HeaderValue::from_str(&vapid.authorization(&origin, now)) else {
        return Outcome::permanent("the key of this installation is unusable");
    };
    authorization.set_sensitive(true);
    let Ok(topic) = HeaderValue::from_str(&topic(&notice.thread)) else {
        return Outcome::permanent("the message has no topic");
    };
    let urgency = match notice.noise {
        Noise::Alarm => "high",
        Noise::Usual => "normal",
        Noise::Quiet => "low",
    };
    let headers = HeaderMap::from_iter([
        (AUTHORIZATION, authorization),
        (CONTENT_ENCODING, HeaderValue::from_static("aes128gcm")),
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (TTL, HeaderValue::from_static(TTL_SECONDS)),
        (URGENCY, HeaderValue::from_static(urgency)),
        (TOPIC, topic),
    ]);
    let outcome = Outcome::of_http(outbound.post(to.endpoint.as_str(), headers, sealed, now).await);
    match outcome {
        Outcome::Permanent { status: Some(status @ (404 | 410)), .. } => Outcome::Permanent {
            status: Some(status),
            detail: format!("answered {status}: the browser has gone"),
            disable: true,
        },
        other => other,
    }
}

/// What the service worker is given, before it is sealed.
pub fn render(envelope: &Envelope) -> Value {
    payload(envelope, &Notice::new(envelope))
}

fn payload(envelope: &Envelope, notice: &Notice) -> Value {
    let fits = |url: &Option<String>| url.clone().filter(|url| url.len() <= URL_BYTES_MAX);
    json!({
        "type": envelope.message.kind(),
        "title": notice.title,
        "body": within_bytes(&notice.text, TEXT_BYTES_MAX),
        "url": fits(&notice.link),
        "ack_url": fits(&notice.answer_url),
        "tag": notice.thread,
        "urgent": notice.noise == Noise::Alarm,
        "quiet": notice.noise == Noise::Quiet,
        "over": matches!(envelope.message, Message::PageSuperseded { .. }),
    })
}

/// A later message with the same topic takes the place of one that still waits at the push service;
/// at most 32 characters (RFC 8030, 5.4).
fn topic(thread: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(thread)[..24])
}
