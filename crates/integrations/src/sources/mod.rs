//! Sources: one file per kind of client, each a pure function from a request to signals, and the
//! answers in the client's own dialect. A source neither stores anything nor knows whose key it
//! was sent to. Adding one is a file here and a line in [`SOURCES`].

use std::borrow::Cow;

use jiff::Timestamp;
use muster_core::alerting::signal::Signal;

pub mod alertmanager;
pub mod email;
pub(crate) mod form;
pub mod generic;
pub(crate) mod json;
mod labelled;
pub mod pagerduty;
pub mod prometheus;
pub(crate) mod reading;

pub use generic::{CompiledMapping, InvalidMapping};

/// Every source.
pub const SOURCES: &[Source] =
    &[pagerduty::SOURCE, alertmanager::SOURCE, prometheus::SOURCE, generic::SOURCE, email::SOURCE];

/// The source of that name.
pub fn named(name: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.name == name)
}

/// One kind of client.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The name in configuration and paths.
    pub name: &'static str,
    /// Reads a request. Nothing of it may be answered before the signals are committed.
    pub parse: fn(&Request<'_>, &Arrival<'_>) -> Result<Parsed, Refusal>,
    /// What the client is answered when nothing was accepted.
    pub refused: fn(&Refusal) -> Reply,
}

/// What a client sent.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The query without its question mark; may be empty.
    pub query: &'a str,
    /// The headers by lower-case name.
    pub headers: &'a [(String, String)],
    /// The media type that the client claims; may be empty or wrong.
    pub content_type: &'a str,
    /// The body as it came.
    pub body: &'a [u8],
}

/// When a request arrived, and what else its source needs to read it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The instant of receipt.
    pub now: Timestamp,
    /// Random bytes of this request alone, for keys that the client left out.
    pub chance: [u8; 10],
    /// The integration's mapping; only the generic source reads it.
    pub mapping: &'a CompiledMapping,
}

/// What a request says.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// In the client's order, within the limits; may be empty.
    pub signals: Vec<Signal>,
    /// What the client is answered once the signals are committed. For a client that may send good
    /// and bad ones together, this names the bad ones.
    pub reply: Reply,
}

/// Why nothing of a request is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No integration has the key.
    UnknownKey,
    /// The body is not what the client's protocol says; each reason names a field.
    Malformed(Vec<String>),
    /// The body is over the limit.
    TooLarge,
    /// It could not be committed in time; the client should send it again.
    Overloaded {
        /// How long the client is asked to wait.
        retry_after_seconds: u32,
    },
}

impl Refusal {
    /// A malformed request for one reason.
    pub fn malformed(reason: impl Into<String>) -> Self {
        Self::Malformed(vec![reason.into()])
    }

    /// The reasons as one line.
    pub fn reason(&self) -> Cow<'static, str> {
        match self {
            Self::UnknownKey => "no integration has this key".into(),
            Self::Malformed(reasons) => reasons.join("; ").into(),
            Self::TooLarge => "the body is larger than 512 KiB".into(),
            Self::Overloaded { .. } => "it could not be stored in time; send it again".into(),
        }
    }
}

/// An answer to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers by lower-case name.
    pub headers: Vec<(&'static str, String)>,
    /// The body; may be empty.
    pub body: String,
}

impl Reply {
    /// An answer in JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let content_type = ("content-type", "application/json".to_owned());
        Self { status, headers: vec![content_type], body: body.to_string() }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// The answer with `Retry-After` if the refusal asks the client to wait.
    pub(crate) fn with_retry_after(mut self, refusal: &Refusal) -> Self {
        if let Refusal::Overloaded { retry_after_seconds } = refusal {
            self.headers.push(("retry-after", retry_after_seconds.to_string()));
        }
        self
    }
}
