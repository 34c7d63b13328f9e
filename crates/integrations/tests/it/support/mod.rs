//! Receivers that behave as badly as real ones, on real sockets, and messages to send them.

pub mod http;
pub mod smtp;

use std::net::SocketAddr;

use jiff::Timestamp;
use muster_core::id::{IncidentId, PageId};
use muster_core::incident::lifecycle::Status;
use muster_core::incident::severity::{Level, Urgency};
use muster_core::org::language::Language;
use muster_core::org::user::Address;
use muster_integrations::channels::message::{Incident, Page};
use muster_integrations::channels::{Channels, Config, Envelope, Message};
use muster_integrations::outbound::Limits;

/// The secret that the organisation signs with.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Waits that fail a test rather than stall it; only receivers that never answer use them up.
pub const LIMITS: Limits = Limits { connect_ms: 2_000, total_ms: 5_000, answer_bytes: 1024 };

pub fn now() -> Timestamp {
    "2026-11-21T03:12:04Z".parse().expect("an instant")
}

/// Channels that may reach this machine.
pub fn channels(smtp: Option<SocketAddr>, limits: Limits) -> Channels {
    Channels::new(Config {
        network_allow: vec!["127.0.0.0/8".to_owned()],
        limits,
        smtp_url: smtp.map(|address| format!("smtp://{address}?tls=none")),
        mail_from: "Muster <muster@example.com>".to_owned(),
        signing_secret: SECRET.to_owned(),
        loop_mark: "0123abcd".to_owned(),
        public_url: "https://muster.example.com".to_owned(),
    })
    .expect("channels")
}

pub fn incident(title: &str) -> Incident {
    Incident {
        id: IncidentId::new(now(), [1; 10]),
        number: 42,
        severity: Level::WORST,
        status: Status::Triggered,
        title: title.to_owned(),
        service: "checkout".to_owned(),
        alert_count: 1,
        url: "https://muster.example.com/app/incidents/42".to_owned(),
        words: String::new(),
        created_at: now(),
        runbook: Some("https://wiki.example.com/checkout".to_owned()),
        impact: String::new(),
        bridge: None,
    }
}

pub fn page() -> Page {
    Page {
        id: PageId::new(now(), [2; 10]),
        reason: "step 1 of payments".to_owned(),
        urgency: Urgency::High,
        attempt: 1,
        possible_repeat: false,
        ack_url: "https://muster.example.com/p/token".to_owned(),
        reply_to: None,
    }
}

pub fn envelope(to: Address, message: Message) -> Envelope {
    Envelope {
        id: "dlv_0001".to_owned(),
        to,
        recipient: "ana".to_owned(),
        at: now(),
        message,
        language: Language::English,
        via: None,
        earlier: None,
        unsubscribe: None,
    }
}

pub fn a_page(title: &str) -> Message {
    Message::Page { page: page(), incident: incident(title) }
}

pub fn webhook(address: SocketAddr) -> Address {
    Address::Webhook { url: format!("http://{address}/ana"), secret: None }
}

pub fn mailbox() -> Address {
    Address::Email { mailbox: "ana@example.com".to_owned() }
}
