//! Pushover: an urgent page is an emergency that repeats until it is answered. Answering it in the
//! app makes Pushover call the page's own link, which acknowledges; where Pushover cannot reach the
//! installation, it is asked by the receipt of the emergency instead. When somebody else was faster,
//! the emergency is cancelled. The address is the person's key, the provider the application.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use muster_core::alerting::signal::cut;
use muster_core::org::provider::Provider;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value;

use super::notice::{Noise, Notice};
use super::{Envelope, Message, Outcome, Standing};
use crate::outbound::{Answer, Outbound, one_line};

/// Where Pushover is unless the provider says otherwise.
const VENDOR: &str = "https://api.pushover.net";
/// How often an emergency repeats (at least 30) and for how long (at most 10,800), in seconds.
const RETRY_SECONDS: &str = "60";
const EXPIRE_SECONDS: &str = "3600";
/// The longest text, in characters.
const TEXT_CHARS_MAX: usize = 1_024;
/// The longest address of a link, in characters.
const URL_CHARS_MAX: usize = 512;
/// How long to wait where Pushover does not say (its own rule asks for at least 5), in seconds.
const WAIT_SECONDS: i64 = 5;

type Form = BTreeMap<&'static str, String>;

/// Makes one attempt. What follows up an emergency cancels it first.
pub(super) async fn send(
    outbound: &Outbound,
    envelope: &Envelope,
    provider: &Provider,
    address: &str,
    now: Timestamp,
) -> Outcome {
    let base = base(provider);
    let token = provider.setting("token");
    if let (Message::PageSuperseded { .. }, Some(receipt)) = (&envelope.message, &envelope.earlier)
        && is_receipt(receipt)
    {
        let url = format!("{base}/1/receipts/{receipt}/cancel.json");
        let form = Form::from([("token", token.to_owned())]);
        let outcome = call(outbound, &url, &form, now).await;
        // An emergency that has run out or was answered needs no cancelling.
        if !matches!(outcome, Outcome::Accepted { .. } | Outcome::Permanent { .. }) {
            return outcome;
        }
    }
    let mut form = render(envelope);
    form.insert("token", token.to_owned());
    form.insert("user", address.to_owned());
    call(outbound, &format!("{base}/1/messages.json"), &form, now).await
}

/// How an emergency stands, by its receipt, which [`is_receipt`].
///
/// # Errors
/// What Pushover answered instead.
pub(super) async fn standing(
    outbound: &Outbound,
    provider: &Provider,
    receipt: &str,
    now: Timestamp,
) -> Result<Standing, Outcome> {
    let token = [("token", provider.setting("token"))];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(token).finish();
    let url = format!("{}/1/receipts/{receipt}.json?{query}", base(provider));
    let answer = outbound.call(Method::GET, &url, HeaderMap::new(), Vec::new(), now).await;
    let answer = answer.map_err(Outcome::of_failure)?;
    let said: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
    if !(200..300).contains(&answer.status) || said["status"] != 1 {
        return Err(refusal(&answer, &said));
    }
    if said["acknowledged"] == 1 {
        let by = said["acknowledged_by"].as_str().filter(|key| !key.is_empty());
        return Ok(Standing::Acknowledged { by: by.map(str::to_owned) });
    }
    Ok(if said["expired"] == 1 { Standing::Over } else { Standing::Waiting })
}

fn base(provider: &Provider) -> &str {
    match provider.setting("url") {
        "" => VENDOR,
        url => url.trim_end_matches('/'),
    }
}

/// The form of a message, without the keys.
pub fn render(envelope: &Envelope) -> Form {
    let notice = Notice::new(envelope);
    let mut text = notice.text;
    cut(&mut text, TEXT_CHARS_MAX);
    let mut form = Form::from([("title", notice.title), ("message", text)]);
    let fits = |url: &String| url.chars().count() <= URL_CHARS_MAX;
    if let Some(url) = notice.link.filter(fits) {
        form.insert("url", url);
        form.insert("url_title", "Open".to_owned());
    }
    let priority = match notice.noise {
        Noise::Alarm => "2",
        Noise::Usual => "0",
        Noise::Quiet => "-1",
    };
    form.insert("priority", priority.to_owned());
    if notice.noise == Noise::Alarm {
        form.insert("retry", RETRY_SECONDS.to_owned());
        form.insert("expire", EXPIRE_SECONDS.to_owned());
        if let Some(url) = notice.answer_url.filter(fits) {
            form.insert("callback", url);
        }
    }
    form
}

async fn call(outbound: &Outbound, url: &str, form: &Form, now: Timestamp) -> Outcome {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(CONTENT_TYPE, kind);
    let answer = match outbound.post(url, headers, body.into_bytes(), now).await {
        Ok(answer) => answer,
        Err(failure) => return Outcome::of_failure(failure),
    };
    let said: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
    match answer.status {
        200..=299 if said["status"] == 1 => Outcome::Accepted {
            status: answer.status,
            reference: said["receipt"].as_str().map(str::to_owned),
        },
        _ => refusal(&answer, &said),
    }
}

/// What it means that the answer is not Pushover's own word for yes.
fn refusal(answer: &Answer, said: &Value) -> Outcome {
    let status = Some(answer.status);
    let reasons: Vec<_> =
        said["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let detail = one_line(&format!("answered {}: {}", answer.status, reasons.join("; ")));
    match answer.status {
        // Whatever answers 200 without Pushover's own word for yes is not Pushover.
        200..=299 => Outcome::Permanent { status, detail, disable: false },
        429 | 500..=599 => Outcome::Temporary {
            status,
            detail,
            retry_after: answer.retry_after.or(Some(SignedDuration::from_secs(WAIT_SECONDS))),
        },
        _ => Outcome::Permanent { status, detail, disable: said["user"] == "invalid" },
    }
}

/// Whether a reference is the receipt of an emergency.
pub(super) fn is_receipt(text: &str) -> bool {
    text.len() == 30 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
