//! Chat channels against the recorded contracts of their providers.

use std::sync::{Arc, LazyLock};

use muster_core::incident::lifecycle::{How, Superseded};
use muster_core::org::channel::Channel;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_core::org::user::Address;
use muster_integrations::channels::callback::{
    Answered, Ask, Callback, CallbackRequest, Choice, Refused,
};
use muster_integrations::channels::{self, Channels, Envelope, Message, Outcome};

use crate::contract::judge::Request;
use crate::support::{LIMITS, a_page, channels, envelope, incident, now, page};

mod discord;
mod matrix;
mod mattermost;
mod slack;
mod teams;
mod telegram;

/// Titles that try to be more than text in one of the chats.
const HOSTILE: [&str; 12] = [
    "Disk full",
    "<!channel> <@U0ANA12345> & <https://evil.example|login>",
    "@channel @here @all @everyone <@80351110224678912>",
    "[pay](https://evil.example) [x](javascript:alert(1))",
    "*bold* _it_ `code` ~no~ ||spoiler|| # head > quote",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{DATE(2026-11-21T08:00:00Z)}} {{{TIME(x)}}}",
    "🔥🔥 ünïcode \u{202e}desrever\u{202c} \u{7}\r\n\tnew line",
    "a|b>c<d\"e'f\\g",
    "!muster ack all",
    "& &amp; &lt;b&gt; <b",
    "",
];

fn provider(kind: ProviderKind, settings: &[(&str, &str)]) -> Arc<Provider> {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let settings = settings.iter().map(pair).collect();
    Arc::new(Provider { name: format!("{}-test", kind.name()), kind, settings })
}

fn to(channel: Channel, address: &str, via: Option<&Arc<Provider>>, message: Message) -> Envelope {
    let to = Address::Direct { channel, address: address.to_owned() };
    Envelope { via: via.cloned(), ..envelope(to, message) }
}

/// The same for a room that a step names.
fn to_room(envelope: Envelope) -> Envelope {
    Envelope { recipient: String::new(), ..envelope }
}

fn a_notification(text: &str) -> Message {
    Message::Notification { subject: text.to_owned(), text: text.to_owned(), incident: None }
}

/// One way out for all tests: reading the trusted certificates takes most of a test's time, and the
/// contracts close every connection, so that nothing is shared between runtimes.
static CHANNELS: LazyLock<Channels> = LazyLock::new(|| channels(None, LIMITS));

async fn send(envelope: &Envelope) -> Outcome {
    CHANNELS.send(envelope, now()).await
}

fn superseded(title: &str) -> Message {
    let superseded = Superseded { how: How::Acked, by: "acknowledged by Bo Lind".to_owned() };
    Message::PageSuperseded { page: page(), superseded, incident: incident(title) }
}

/// Every kind of message that a person can get, about something with this title.
fn every_kind(title: &str) -> Vec<Message> {
    let digest = (0..40).map(|_| (page(), incident(title))).collect();
    vec![
        a_page(title),
        superseded(title),
        Message::Digest {
            pages: digest,
            answer_url: "https://muster.example.com/p/digest".to_owned(),
            reply_to: None,
        },
        Message::Notification {
            subject: format!("News {title}"),
            text: format!("{title}\n\n{title}\nhttps://example.com/?a=1&b=2"),
            incident: Some(incident(title)),
        },
        Message::Test { requested_by: format!("Ana {title}") },
    ]
}

/// Every kind of message with every title, and with titles that are far too long.
fn all_messages() -> Vec<Message> {
    let long = HOSTILE.map(|title| format!("{title} ").repeat(400));
    let titles = HOSTILE.iter().map(|title| (*title).to_owned()).chain(long);
    titles.flat_map(|title| every_kind(&title)).collect()
}

/// A provider's call as it comes in at `/callback/{provider}/{rest}`.
fn called(request: &Request, rest: &str) -> CallbackRequest {
    let lower = |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
    CallbackRequest {
        method: request.method.clone(),
        url: format!("https://muster.example.com{}", request.target),
        rest: rest.to_owned(),
        query: request.query().to_owned(),
        headers: request.headers.iter().map(lower).collect(),
        body: request.body.clone().into_bytes(),
    }
}

fn read(provider: &Provider, request: &Request) -> Result<Callback, Refused> {
    channels::read_callback(provider, &called(request, ""), now())
}

/// What became of a call, in words.
fn answered(words: &str) -> Answered {
    words.to_owned().into()
}

/// Shows that a call is believed as it is and not with the change.
#[track_caller]
fn assert_forged(provider: &Provider, request: &Request, change: impl FnOnce(&mut Request)) {
    assert!(read(provider, request).is_ok(), "the call is not believed as it is");
    let mut forged = request.clone();
    change(&mut forged);
    let refused = read(provider, &forged);
    assert!(matches!(refused, Err(Refused::Forged(_))), "{refused:?}");
}

/// The choices of a callback, for short.
fn choices(callback: &Callback) -> Vec<Choice> {
    let choice = |ask: &Ask| match ask {
        Ask::Answer { choice, .. } => Some(*choice),
        _ => None,
    };
    callback.asks.iter().filter_map(choice).collect()
}

/// Whether an outcome is final and disables the address.
fn disables(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Permanent { disable: true, .. })
}
