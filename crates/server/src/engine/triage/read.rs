//! Reading a stored message again: the same adapter, the same instant, the same chance as when it
//! was accepted, so that it says the same.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use muster_core::alerting::signal::Signal;
use muster_core::id::MessageId;
use muster_integrations::sources::{self, Arrival, Parsed, Refusal};
use serde::{Deserialize, Serialize};

use crate::app::snapshot::Inlet;

/// What of a request, besides its body and media type, a source may read.
#[derive(Debug, Clone, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Request {
    /// The query without its question mark.
    #[serde(default)]
    pub query: String,
    /// The headers by lower-case name.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The stored form; nothing where there is nothing.
    pub fn to_json(&self) -> Option<String> {
        if self.query.is_empty() && self.headers.is_empty() {
            return None;
        }
        serde_json::to_string(self).ok()
    }

    /// From the stored form.
    pub fn from_json(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

/// A message to read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The message; its id also stands in for chance.
    pub id: MessageId,
    /// When it was received.
    pub received_at: Timestamp,
    /// The media type that the client claims.
    pub content_type: &'a str,
    /// What else the client sent.
    pub request: &'a Request,
    /// As it came.
    pub body: &'a [u8],
}

/// Reads a message. A panic inside an adapter is a bug of ours and costs that message only.
///
/// # Errors
/// When the source refuses it.
pub fn read(inlet: &Inlet, reading: &Reading<'_>) -> Result<Parsed, Refusal> {
    let mut chance = [0; 10];
    chance.copy_from_slice(&reading.id.0.as_bytes()[6..]);
    let request = sources::Request {
        query: &reading.request.query,
        headers: &reading.request.headers,
        content_type: reading.content_type,
        body: reading.body,
    };
    let arrival = Arrival { now: reading.received_at, chance, mapping: &inlet.mapping };
    catch_unwind(AssertUnwindSafe(|| (inlet.source.parse)(&request, &arrival)))
        .unwrap_or_else(|_| Err(Refusal::malformed("the source adapter failed on this message")))
}

/// The signals of a message that was accepted before.
///
/// # Errors
/// In words, when it cannot be read any more.
pub fn signals(inlet: &Inlet, reading: &Reading<'_>) -> Result<Vec<Signal>, String> {
    read(inlet, reading)
        .map(|parsed| parsed.signals)
        .map_err(|refusal| refusal.reason().into_owned())
}
