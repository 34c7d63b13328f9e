//! The adapter against the provider: everything that it sends is taken, whatever an alert is called,
//! and every answer of the provider means what it says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::SignedDuration;
use muster_core::incident::lifecycle::{How, Superseded};
use muster_core::org::channel::Channel;
use muster_core::org::language::Language;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_core::org::user::Address;
use muster_integrations::channels::message::{Incident, Page};
use muster_integrations::channels::{Envelope, Message, Outcome, twilio};
use proptest::prelude::*;

use super::{ACCOUNT, ANA, OURS, STOPPED, TOKEN, Verdict, judge, request, serve, twiml, unescaped};
use crate::support::http::{Answer, Server};
use crate::support::{LIMITS, a_page, channels, envelope, incident, now, page};

pub fn provider(address: Option<SocketAddr>) -> Provider {
    let mut settings = BTreeMap::from([
        ("account".to_owned(), ACCOUNT.to_owned()),
        ("token".to_owned(), TOKEN.to_owned()),
        ("from".to_owned(), OURS.to_owned()),
    ]);
    if let Some(address) = address {
        settings.insert("url".to_owned(), format!("http://{address}"));
    }
    Provider { name: "phones".to_owned(), kind: ProviderKind::Twilio, settings }
}

fn to(channel: Channel, number: &str, message: Message, provider: Provider) -> Envelope {
    let address = Address::Direct { channel, address: number.to_owned() };
    Envelope { via: Some(Arc::new(provider)), ..envelope(address, message) }
}

/// What becomes of a page on that channel when the provider is `server`.
async fn outcome(server: &Server, channel: Channel, number: &str, message: Message) -> Outcome {
    let envelope = to(channel, number, message, provider(Some(server.address)));
    channels(None, LIMITS).send(&envelope, now()).await
}

/// A parameter of the last request, as it stood before it was written into the form.
fn parameter(body: &str, name: &str) -> String {
    let pair = body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    unescaped(pair.expect("the parameter")).expect("a form")
}

#[tokio::test]
async fn a_text_message_is_short_and_says_how_to_answer() {
    let mut server = serve().await;
    let sent = outcome(&server, Channel::Sms, ANA, a_page("Disk full")).await;
    let reference = Some(format!("SM{:0>32}", 1));
    assert_eq!(sent, Outcome::Accepted { status: 201, reference });
    let body = server.received().await.body;
    assert_eq!(
        parameter(&body, "Body"),
        "#42 SEV1 checkout: Disk full\nReply 1 ack, 2 resolve, 3 escalate\n\
         https://muster.example.com/p/token"
    );
    assert_eq!(parameter(&body, "To"), ANA);
    assert_eq!(
        parameter(&body, "StatusCallback"),
        "https://muster.example.com/callback/phones/status/dlv_0001"
    );
}

#[tokio::test]
async fn whoever_is_asked_out_of_band_reads_by_whom() {
    let mut server = serve().await;
    let reason = "Bo Lind requests you: the ledger is stuck".to_owned();
    let asked = Message::Page { page: Page { reason, ..page() }, incident: incident("Disk full") };
    outcome(&server, Channel::Sms, ANA, asked).await;
    let body = parameter(&server.received().await.body, "Body");
    assert!(body.contains("\n(Bo Lind requests you): the ledger is stuck\n"), "{body}");
}

#[tokio::test]
async fn a_call_speaks_and_waits_for_a_key() {
    let mut server = serve().await;
    let sent = outcome(&server, Channel::Voice, ANA, a_page("Disk <full> & \"hot\"")).await;
    assert_eq!(sent.name(), "accepted");
    let document = parameter(&server.received().await.body, "Twiml");
    let said =
        "say en-GB This is Muster. Severity 1. Incident 42, checkout: Disk <full> & \"hot\".";
    let keys = "say en-GB Press 1 to acknowledge, 2 to resolve, 3 to escalate, 4 to hear it again.";
    assert_eq!(
        twiml::judge(&document).expect("TwiML"),
        [
            "gather https://muster.example.com/callback/phones/keys?about=42",
            said,
            keys,
            said,
            keys,
            "say en-GB No key was pressed. Nothing is acknowledged.",
            "hangup"
        ]
    );
}

#[tokio::test]
async fn people_read_and_hear_their_own_language() {
    let mut server = serve().await;
    for (language, read, heard) in [
        (Language::English, "Reply 1 ack", "say en-GB This is Muster. Severity 1."),
        (Language::German, "Antwort: 1 übernehmen", "say de-DE Hier ist Muster. Schweregrad 1."),
        (Language::French, "Répondez 1 prendre", "say fr-FR Ici Muster. Gravité 1."),
        (Language::Spanish, "Responde 1 asumir", "say es-ES Aquí Muster. Gravedad 1."),
    ] {
        for channel in [Channel::Sms, Channel::Voice] {
            let provider = provider(Some(server.address));
            let envelope = Envelope { language, ..to(channel, ANA, a_page("Disk full"), provider) };
            assert_eq!(channels(None, LIMITS).send(&envelope, now()).await.name(), "accepted");
        }
        let body = parameter(&server.received().await.body, "Body");
        assert!(body.contains(read), "{body}");
        assert_eq!(twilio::segments(&body), 1, "{body}");
        let document = parameter(&server.received().await.body, "Twiml");
        let done = twiml::judge(&document).expect("TwiML");
        assert!(done[1].starts_with(heard), "{done:?}");
    }
}

#[test]
fn several_incidents_are_one_text_with_one_answer_for_all() {
    let pages: Vec<_> = (0..7).map(|_| (page(), incident("Disk full"))).collect();
    let answer_url = "https://muster.example.com/p/all".to_owned();
    let digest = Message::Digest { pages, answer_url, reply_to: None };
    let text = twilio::text(&digest, Language::English);
    assert_eq!(
        text,
        "7 incidents ask for you\n#42 SEV1 checkout: Disk full\n#42 SEV1 checkout: Disk full\n\
         #42 SEV1 checkout: Disk full\nand 4 more\nReply 1 all to ack all, or 1 42 for one\nhttps://muster.example.com/p/all"
    );
    let keys = "https://muster.example.com/callback/phones/keys?about=all";
    let spoken = twilio::speech(&digest, Language::English, keys);
    let done = twiml::judge(&spoken).expect("TwiML");
    assert!(done[1].contains("7 incidents ask for you"), "{done:?}");
    assert!(done[2].contains("Press 1 to acknowledge all of them"), "{done:?}");
}

#[test]
fn a_text_and_a_call_say_the_incident_in_the_organisations_own_words() {
    let words = "Outage at payments: “Disk full”".to_owned();
    let own = Incident { words, ..incident("Disk full") };
    let page = Message::Page { page: page(), incident: own };
    let text = twilio::text(&page, Language::English);
    assert!(text.starts_with("#42 Outage at payments: \"Disk full\"\n"), "{text}");
    let keys = "https://muster.example.com/callback/phones/keys?about=42";
    let done = twiml::judge(&twilio::speech(&page, Language::English, keys)).expect("TwiML");
    assert!(
        done[1].contains("Severity 1. Incident 42, Outage at payments: “Disk full”."),
        "{done:?}"
    );
    assert!(text.contains("Reply 1 ack"), "{text}");
}

#[test]
fn news_of_an_answer_names_who_gave_it() {
    let superseded = Superseded { how: How::Acked, by: "acknowledged by Bo Lind".to_owned() };
    let news =
        Message::PageSuperseded { page: page(), superseded, incident: incident("Disk full") };
    assert_eq!(
        twilio::text(&news, Language::German),
        "#42 ist übernommen von Bo Lind: SEV1 checkout: Disk full"
    );
}

#[tokio::test]
async fn a_refusal_means_what_its_code_says() {
    let server = serve().await;
    let stopped = outcome(&server, Channel::Sms, STOPPED, a_page("Disk full")).await;
    assert!(
        matches!(stopped, Outcome::Permanent { status: Some(400), disable: true, .. }),
        "{stopped:?}"
    );
    let wrong = outcome(&server, Channel::Sms, "+4911", a_page("Disk full")).await;
    assert!(
        matches!(wrong, Outcome::Permanent { status: Some(400), disable: false, .. }),
        "{wrong:?}"
    );
    // What is wrong with our account is nothing that the person's number could help.
    let mut other = provider(Some(server.address));
    other.settings.insert("token".to_owned(), "another".to_owned());
    let envelope = to(Channel::Sms, ANA, a_page("Disk full"), other);
    let outcome = channels(None, LIMITS).send(&envelope, now()).await;
    assert!(matches!(outcome, Outcome::Temporary { status: Some(401), .. }), "{outcome:?}");
    assert!(outcome.blames_provider());
    assert!(!outcome.detail().unwrap_or_default().contains("another"));
}

#[tokio::test]
async fn a_provider_that_is_busy_is_given_the_time_it_asks_for() {
    let busy = Verdict::Refused { status: 429, code: 20429 };
    let server = Server::start(busy.answer()).await;
    for channel in [Channel::Sms, Channel::Voice] {
        let outcome = outcome(&server, channel, ANA, a_page("Disk full")).await;
        let Outcome::Temporary { status, retry_after, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!((status, retry_after), (Some(429), Some(SignedDuration::from_secs(7))));
    }
}

#[tokio::test]
async fn silence_is_an_unknown_outcome() {
    let server = Server::start(Answer::Drop).await;
    assert_eq!(outcome(&server, Channel::Sms, ANA, a_page("x")).await.name(), "unknown");
}

proptest! {
    /// Whatever stands in an alert, Twilio takes what is made of it, at a bounded length.
    #[test]
    fn no_title_breaks_a_text_or_a_call(title in any::<String>(), service in "\\PC{0,60}") {
        let mut about = incident(&title);
        about.service = service;
        let messages = [
            Message::Page { page: page(), incident: about.clone() },
            Message::Digest {
                pages: vec![(page(), about.clone()), (page(), about)],
                answer_url: page().ack_url,
                reply_to: None,
            },
            Message::Notification { subject: title.clone(), text: title.clone(), incident: None },
            Message::Test { requested_by: title },
        ];
        for message in messages {
            for language in Language::ALL {
                let text = twilio::text(&message, language);
                prop_assert!(twilio::segments(&text) <= twilio::SEGMENTS_MAX, "{text}");
                let form = [("To", ANA), ("From", OURS), ("Body", text.as_str())];
                if !text.trim().is_empty() {
                    let verdict = judge(&request("Messages", &form));
                    prop_assert!(matches!(verdict, Verdict::Created { .. }), "{verdict:?} {text}");
                }
                let keys = "https://muster.example.com/callback/phones/keys?about=42";
                let spoken = twilio::speech(&message, language, keys);
                let form = [("To", ANA), ("From", OURS), ("Twiml", spoken.as_str())];
                let verdict = judge(&request("Calls", &form));
                prop_assert!(matches!(verdict, Verdict::Created { .. }), "{verdict:?} {spoken}");
            }
        }
    }
}
