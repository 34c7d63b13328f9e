//! One call of a provider's JSON interface: the body out, the body back, and what it means when
//! there is none.

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::Outcome;
use crate::outbound::{Outbound, RETRY_AFTER_MAX, one_line};

/// How much of a refusal is kept, in characters.
const REASON_CHARS_MAX: usize = 120;

/// A provider's JSON interface, with the headers of every call.
pub(super) struct Api<'a> {
    outbound: &'a Outbound,
    headers: HeaderMap,
    now: Timestamp,
}

/// What came back.
pub(super) struct Answered {
    /// The status.
    pub(super) status: u16,
    /// How long the provider asks us to wait, by its header.
    pub(super) retry_after: Option<SignedDuration>,
    /// The body; null where it is no JSON.
    pub(super) body: Value,
}

impl<'a> Api<'a> {
    /// An interface that wants this for authorisation, such as `Bearer x`; none where the address
    /// alone is the secret.
    pub(super) fn new(
        outbound: &'a Outbound,
        authorization: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Outcome> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(text) = authorization {
            let mut value = HeaderValue::from_str(text)
                .map_err(|_| Outcome::permanent("the provider's token is no header"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self { outbound, headers, now })
    }

    /// The same with another header in every call.
    pub(super) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// Makes a call.
    pub(super) async fn call(
        &self,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Answered, Outcome> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let answer = self.outbound.call(method, url, self.headers.clone(), bytes, self.now).await;
        let answer = answer.map_err(Outcome::of_failure)?;
        Ok(Answered {
            status: answer.status,
            retry_after: answer.retry_after,
            body: serde_json::from_str(&answer.body).unwrap_or(Value::Null),
        })
    }
}

impl Answered {
    /// Whether the provider did what was asked, as far as the status says.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What a refusal by status means, with the provider's own words for it.
    pub(super) fn refusal(&self, said: &str) -> Outcome {
        let said: String = one_line(said).chars().take(REASON_CHARS_MAX).collect();
        let mut detail = format!("answered {}", self.status);
        if !said.is_empty() {
            detail = format!("{detail}: {said}");
        }
        let status = Some(self.status);
        match self.status {
            408 | 425 | 429 | 500..=599 => {
                Outcome::Temporary { status, detail, retry_after: self.retry_after }
            }
            410 => Outcome::Permanent { status, detail, disable: true },
            _ => Outcome::Permanent { status, detail, disable: false },
        }
    }

    /// A refusal that blames the address: nothing sent there will ever arrive.
    pub(super) fn gone(&self, said: &str) -> Outcome {
        let detail = format!("answered {}: {}", self.status, one_line(said));
        Outcome::Permanent { status: Some(self.status), detail, disable: true }
    }

    /// A text of the body by its name.
    pub(super) fn text(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// A wait of so many seconds, bounded.
pub(super) fn wait_of(seconds: f64) -> Option<SignedDuration> {
    let wait = SignedDuration::try_from_secs_f64(seconds).ok()?;
    (!wait.is_negative()).then(|| wait.min(RETRY_AFTER_MAX))
}

/// The bytes that hexadecimal digits stand for.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = digits.chunks_exact(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub(crate) fn is_same(given: &str, secret: &str) -> bool {
    let difference = given.bytes().zip(secret.bytes()).fold(0, |found, (a, b)| found | (a ^ b));
    given.len() == secret.len() && difference == 0
}
