//! What a person, or a program that listens to events, receives. It is built once as data; each
//! channel renders it in its own way and adds nothing.

use jiff::Timestamp;
use muster_core::id::{IncidentId, PageId};
use muster_core::incident::lifecycle::{Status, Superseded};
use muster_core::incident::severity::{Level, Urgency};
use serde_json::{Map, Value};

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Somebody is asked to take an incident.
    Page {
        /// The asking.
        page: Page,
        /// What it is about.
        incident: Incident,
    },
    /// A page that was sent before needs no answer any more.
    PageSuperseded {
        /// The page that was sent.
        page: Page,
        /// How it ended and by whom.
        superseded: Superseded,
        /// What it was about.
        incident: Incident,
    },
    /// Several pages in one message, the most urgent first.
    Digest {
        /// Each asking with what it is about.
        pages: Vec<(Page, Incident)>,
        /// Where the person answers all of them at once (`N5`).
        answer_url: String,
        /// The mailbox that answers all of them at once, if mail comes in.
        reply_to: Option<String>,
    },
    /// Something to know; nobody is asked for anything.
    Notification {
        /// One line.
        subject: String,
        /// The rest, in plain text.
        text: String,
        /// What it is about, if it is about an incident.
        incident: Option<Incident>,
    },
    /// Shows that messages arrive.
    Test {
        /// Who asked for it, in words.
        requested_by: String,
    },
    /// Something happened, for programs.
    Event {
        /// Such as `incident.acknowledged`.
        kind: String,
        /// The incident that it happened to.
        incident: Option<Incident>,
        /// What else is known about it.
        data: Map<String, Value>,
    },
}

impl Message {
    /// The type that programs tell messages apart by.
    pub fn kind(&self) -> &str {
        match self {
            Self::Page { .. } => "page",
            Self::PageSuperseded { .. } => "page.superseded",
            Self::Digest { .. } => "digest",
            Self::Notification { .. } => "notification",
            Self::Test { .. } => "test",
            Self::Event { kind, .. } => kind,
        }
    }
}

/// One person being asked to take one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The page.
    pub id: PageId,
    /// Why this person: `step 1 of payments`.
    pub reason: String,
    /// Whether it wakes people or can wait.
    pub urgency: Urgency,
    /// Counts the attempts of this delivery from 1.
    pub attempt: u32,
    /// Whether an earlier attempt may have arrived although nobody can tell.
    pub possible_repeat: bool,
    /// Where the person answers.
    pub ack_url: String,
    /// The mailbox that an answer by mail goes to, where mail comes in.
    pub reply_to: Option<String>,
}

/// An incident as it stood when the message was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The incident.
    pub id: IncidentId,
    /// The number that people say.
    pub number: i64,
    /// How bad it is.
    pub severity: Level,
    /// Where it stands.
    pub status: Status,
    /// One line; from outside, so never to be trusted as markup.
    pub title: String,
    /// What is affected.
    pub service: String,
    /// The incident in one line, in the organisation's own words; empty for the usual ones.
    pub words: String,
    /// Alerts that ever joined.
    pub alert_count: i64,
    /// Its page in the app.
    pub url: String,
    /// When it began.
    pub created_at: Timestamp,
    /// What to do, as an http or https address.
    pub runbook: Option<String>,
    /// How bad it is, in a line; empty where nobody has said (`N6`).
    pub impact: String,
    /// Where people meet, as an http, https, tel or sip address (`J6`).
    pub bridge: Option<String>,
}

impl Incident {
    /// How people call it in one line: `[SEV1] checkout: Disk full`.
    pub fn headline(&self) -> String {
        if !self.words.is_empty() {
            return self.words.clone();
        }
        format!("[SEV{}] {}: {}", self.severity.number(), self.service, self.title)
    }
}
