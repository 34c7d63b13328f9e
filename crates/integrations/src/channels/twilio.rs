//! Text messages and calls through Twilio, or whoever speaks its protocol: forms over HTTP out,
//! signed forms in. A message that Twilio took is not yet one that arrived; what became of it comes
//! back as a receipt (`N2`), and never counts as an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use muster_core::org::channel::Channel;
use muster_core::org::provider::Provider;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;

use super::callback::{Answered, Ask, CallIn, Callback, CallbackRequest, Refused, Reply};
use super::{Envelope, Message, Outcome};
use crate::outbound::{Answer, Outbound, one_line};

mod gsm;
mod inbound;
mod speech;
mod text;
mod words;

pub use gsm::segments;
pub use speech::render as speech;
pub use text::{SEGMENTS_MAX, render as text};

/// Where Twilio's own API is.
const API: &str = "https://api.twilio.com";
/// How long a phone rings before the next method is tried, in seconds: less than most mailboxes
/// wait before they answer.
const RING_SECONDS: u32 = 25;
/// How long a voicemail may be, in seconds.
const VOICEMAIL_SECONDS_MAX: u32 = 180;

/// The person wrote STOP.
const UNSUBSCRIBED: u32 = 21610;
/// What is wrong with our account, not with the number: another provider may do better.
const ACCOUNT_IS_WRONG: [u32; 12] =
    [10001, 20003, 20005, 20404, 20429, 21210, 21212, 21213, 21408, 21603, 21606, 21611];

/// Makes one attempt.
pub(super) async fn send(
    outbound: &Outbound,
    envelope: &Envelope,
    provider: &Provider,
    (channel, number): (Channel, &str),
    public_url: &str,
    now: Timestamp,
) -> Outcome {
    let account = provider.setting("account");
    let base = match provider.setting("url") {
        "" => API,
        url => url.trim_end_matches('/'),
    };
    let callbacks = format!("{public_url}/callback/{}", provider.name);
    let (resource, form) = match channel {
        Channel::Voice => ("Calls", call(envelope, provider, number, &callbacks)),
        _ => ("Messages", message(envelope, provider, number, &callbacks)),
    };
    let url = format!("{base}/2010-04-01/Accounts/{account}/{resource}.json");
    let headers = match headers(account, provider.setting("token")) {
        Ok(headers) => headers,
        Err(why) => return Outcome::permanent(why),
    };
    match outbound.post(&url, headers, form.into_bytes(), now).await {
        Ok(answer) => outcome(answer),
        Err(failure) => Outcome::of_failure(failure),
    }
}

fn message(envelope: &Envelope, provider: &Provider, number: &str, callbacks: &str) -> String {
    let body = text::render(&envelope.message, envelope.language);
    form_urlencoded::Serializer::new(String::new())
        .append_pair("To", number)
        .append_pair("From", provider.setting("from"))
        .append_pair("Body", &body)
        .append_pair("StatusCallback", &format!("{callbacks}/status/{}", envelope.id))
        .finish()
}

fn call(envelope: &Envelope, provider: &Provider, number: &str, callbacks: &str) -> String {
    let about = match &envelope.message {
        Message::Page { incident, .. } => incident.number.to_string(),
        _ => "all".to_owned(),
    };
    let keys = format!("{callbacks}/keys?about={about}");
    let twiml = speech::render(&envelope.message, envelope.language, &keys);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", number)
        .append_pair("From", provider.setting("from"))
        .append_pair("Twiml", &twiml)
        .append_pair("Timeout", &RING_SECONDS.to_string())
        .append_pair("StatusCallback", &format!("{callbacks}/status/{}", envelope.id));
    for event in ["initiated", "ringing", "answered", "completed"] {
        form.append_pair("StatusCallbackEvent", event);
    }
    form.finish()
}

fn headers(account: &str, token: &str) -> Result<HeaderMap, String> {
    let credentials = format!("Basic {}", STANDARD.encode(format!("{account}:{token}")));
    let mut credentials = HeaderValue::from_str(&credentials)
        .map_err(|_| "account and token make no header".to_owned())?;
    credentials.set_sensitive(true);
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    Ok(HeaderMap::from_iter([(AUTHORIZATION, credentials), (CONTENT_TYPE, form)]))
}

/// What Twilio calls a message or a call that it took.
#[derive(Deserialize)]
struct Taken {
    sid: String,
}

/// Why it did not take one.
#[derive(Deserialize)]
struct Error {
    code: u32,
    #[serde(default)]
    message: String,
}

fn outcome(answer: Answer) -> Outcome {
    if (200..300).contains(&answer.status) {
        let taken = serde_json::from_str::<Taken>(&answer.body).ok();
        return Outcome::Accepted {
            status: answer.status,
            reference: taken.map(|taken| taken.sid),
        };
    }
    let Ok(error) = serde_json::from_str::<Error>(&answer.body) else {
        return Outcome::of_http(Ok(answer));
    };
    let status = Some(answer.status);
    let detail = format!("error {}: {}", error.code, one_line(&error.message));
    if error.code == UNSUBSCRIBED {
        let detail = format!("{detail} (the person wrote STOP)");
        return Outcome::Permanent { status, detail, disable: true };
    }
    let is_busy = matches!(answer.status, 408 | 425 | 429 | 500..);
    if is_busy || ACCOUNT_IS_WRONG.contains(&error.code) {
        return Outcome::Temporary { status, detail, retry_after: answer.retry_after };
    }
    Outcome::Permanent { status, detail, disable: false }
}

/// Reads what Twilio posts, once its signature fits.
///
/// # Errors
/// [`Refused`] says why it is not believed.
pub(super) fn read_callback(
    provider: &Provider,
    request: &CallbackRequest,
) -> Result<Callback, Refused> {
    inbound::read(provider, request)
}

/// TwiML that tells what became of a call or text, and asks for more where there is more to ask.
pub(super) fn reply(callback: &Callback, answered: &Answered) -> Reply {
    let Answered { words, language, incident, .. } = answered;
    let is_spoken = callback.channel == Channel::Voice.name();
    let body = match callback.asks.first() {
        _ if !is_spoken => speech::text_back(words),
        Some(Ask::CallIn(CallIn::Rings)) if answered.asks_back => {
            speech::ask(words, *language, "menu")
        }
        Some(Ask::CallIn(CallIn::Chose(_))) if answered.asks_back => {
            speech::ask(words, *language, "menu")
        }
        Some(Ask::CallIn(CallIn::Chose(_))) if incident.is_some() => {
            let incident = incident.unwrap_or_default();
            let recorded = format!("voicemail?incident={incident}");
            speech::record(words, *language, &recorded, VOICEMAIL_SECONDS_MAX)
        }
        Some(Ask::Words(_)) => match incident {
            Some(number) => speech::again(words, *language, &format!("keys?about={number}")),
            None => speech::again(words, *language, "keys?about=all"),
        },
        _ => speech::tell(words, *language),
    };
    inbound::document(body)
}
