//! What whoever is engaged is told (`N6`): the number, the impact, the bridge, what is wrong, and who
//! asks for them; the same in every channel.

use muster_core::org::language::Language;
use muster_core::org::user::Address;
use muster_integrations::channels::message::Page;
use muster_integrations::channels::{Message, email, gotify, slack, telegram, twilio, webhook};

use crate::support::{envelope, incident, page};

const MEET: &str = "https://meet.example.net/muster-42";

fn message(bridge: &str) -> Message {
    let mut incident = incident("nobody can pay");
    incident.impact = "1,200 users".to_owned();
    incident.bridge = Some(bridge.to_owned());
    let reason = "Ana requests you: the ledger".to_owned();
    Message::Page { page: Page { reason, ..page() }, incident }
}

fn every_channel(message: &Message) -> Vec<(&'static str, String)> {
    let to = Address::Email { mailbox: "ana@example.com".to_owned() };
    let envelope = envelope(to, message.clone());
    vec![
        ("mail", email::render(&envelope).text),
        ("slack", slack::render(&envelope).to_string()),
        ("telegram", telegram::render(&envelope).to_string()),
        ("gotify", gotify::render(&envelope).to_string()),
        ("webhook", webhook::body(&envelope).to_string()),
        ("sms", twilio::text(message, Language::English)),
    ]
}

#[test]
fn every_channel_says_what_where_and_who_asks() {
    for (channel, text) in every_channel(&message(MEET)) {
        for words in ["42", "nobody can pay", MEET] {
            assert!(text.contains(words), "{channel}: {words} in {text}");
        }
        let asks = if channel == "sms" { "(Ana requests you)" } else { "Ana requests you" };
        assert!(text.contains(asks), "{channel}: {text}");
        // A text message has no room for the impact; its headline may name it.
        assert!(channel == "sms" || text.contains("1,200 users"), "{channel}: {text}");
    }
}

#[test]
fn a_number_to_call_is_said_and_is_no_link() {
    for (channel, text) in every_channel(&message("tel:+4930123,,42#")) {
        assert!(text.contains("tel:+4930123,,42"), "{channel}: {text}");
        assert!(!text.contains("<tel:"), "{channel}: {text}");
    }
}

#[test]
fn a_text_message_with_a_long_title_still_has_its_bridge_and_its_link() {
    let mut long = message(MEET);
    if let Message::Page { incident, .. } = &mut long {
        incident.title = "x".repeat(500);
    }
    let text = twilio::text(&long, Language::German);
    assert!(text.contains(&format!("Konferenz: {MEET}")), "{text}");
    assert!(text.contains("https://muster.example.com/p/token"), "{text}");
}
