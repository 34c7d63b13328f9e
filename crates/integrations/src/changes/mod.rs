//! Where change events come from (`X16`): one file per kind of tool, each a pure function from a
//! request to reports of changes. Where the tool signs what it sends, the signature is checked
//! before anything else is read. A source neither stores anything nor knows which services it is
//! about; it says what the tool calls the thing that was changed.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use muster_core::change::event::Report;
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use crate::sources::{Refusal, Reply, Request};

pub mod argocd;
pub mod flux;
pub mod generic;
pub mod github;
pub mod gitlab;
pub mod jenkins;
pub mod pagerduty;
mod payload;
pub mod terraform;

pub use generic::{CompiledMapping, MAPPED};

/// Every source that has a type of integration of its own. PagerDuty's change events come in by the
/// key of an integration that takes its alerts.
pub const SOURCES: &[Source] = &[
    github::SOURCE,
    gitlab::SOURCE,
    argocd::SOURCE,
    jenkins::SOURCE,
    flux::SOURCE,
    terraform::SOURCE,
    generic::SOURCE,
];

/// The source of that name.
pub fn named(name: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.name == name)
}

/// The most changes that one request reports.
pub const REPORTS_MAX: usize = 100;
/// The longest number of a delivery that is kept, in characters.
const DELIVERY_CHARS_MAX: usize = 255;

/// One kind of tool.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The name in configuration and paths.
    pub name: &'static str,
    /// How it proves who sent a request; none where the tool has no way to.
    pub signature: Option<Signature>,
    /// The header in which the tool numbers what it sends, in lower case; the same again when it
    /// sends it again.
    pub delivery: Option<&'static str>,
    /// Reads a request. Nothing of it may be answered before the reports are committed.
    pub parse: fn(&Request<'_>, &Arrival<'_>) -> Result<Parsed, Refusal>,
}

/// How a tool proves that it was the tool that sent a request.
#[derive(Debug, Clone, Copy)]
pub enum Signature {
    /// `sha256=` and the hex of HMAC-SHA256 over the body, in this header.
    Sha256(&'static str),
    /// The hex of HMAC-SHA512 over the body, in this header.
    Sha512(&'static str),
    /// The secret itself, in this header.
    Token(&'static str),
}

/// When a request arrived, and what else its source needs to read it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The instant of receipt.
    pub now: Timestamp,
    /// Random bytes of this request alone, for changes that the tool gives no name.
    pub chance: [u8; 10],
    /// The integration's mapping; only the generic source reads it.
    pub mapping: &'a CompiledMapping,
}

/// What a request says.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// Fit to be stored; none where the request is about no change.
    pub reports: Vec<Report>,
    /// What the client is answered once the reports are committed.
    pub reply: Reply,
}

impl Parsed {
    /// These reports; those that are dated later than now are dated now, and all are cut to size.
    fn of(reports: Vec<Report>, now: Timestamp) -> Self {
        let reports: Vec<_> =
            reports.into_iter().take(REPORTS_MAX).map(|report| fitting(report, now)).collect();
        let reply = Reply::json(202, &json!({ "status": "accepted", "changes": reports.len() }));
        Self { reports, reply }
    }

    /// Nothing, and why.
    fn nothing(why: &str) -> Self {
        let reply = Reply::json(202, &json!({ "status": "ignored", "reason": why }));
        Self { reports: Vec::new(), reply }
    }

    /// Nothing: the tool only asks whether anybody listens.
    fn greeting() -> Self {
        Self { reports: Vec::new(), reply: Reply::json(200, &json!({ "status": "ok" })) }
    }
}

fn fitting(report: Report, now: Timestamp) -> Report {
    let key = crate::sources::reading::bounded_key(&report.key.replace('\0', "\u{fffd}"));
    let started_at = report.started_at.map(|at| at.min(now));
    let at = report.at.min(now);
    Report { key, at, started_at, what: report.what.within_limits(), ..report }
}

/// Why a request is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Forged(pub &'static str);

impl Source {
    /// Checks that a request was sent by who knows the secret, in constant time.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn verify(&self, secret: &str, request: &Request<'_>) -> Result<(), Forged> {
        let Some(signature) = self.signature else { return Ok(()) };
        let (Signature::Sha256(name) | Signature::Sha512(name) | Signature::Token(name)) =
            signature;
        let given = header(request, name).ok_or(Forged("the request is not signed"))?;
        let wrong = Forged("the signature does not fit");
        let fits = match signature {
            Signature::Sha256(_) => {
                let hex = given.strip_prefix("sha256=").ok_or(Forged("it is not sha256="))?;
                let given = unhex(hex)?;
                let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
                mac.map(|mac| mac.chain_update(request.body).verify_slice(&given).is_ok())
            }
            Signature::Sha512(_) => {
                let given = unhex(given)?;
                let mac = Hmac::<Sha512>::new_from_slice(secret.as_bytes());
                mac.map(|mac| mac.chain_update(request.body).verify_slice(&given).is_ok())
            }
            Signature::Token(_) => Ok(crate::channels::call::is_same(given, secret)),
        };
        if fits.unwrap_or(false) { Ok(()) } else { Err(wrong) }
    }

    /// The number that the tool gave this delivery.
    pub fn delivery_of(&self, request: &Request<'_>) -> Option<String> {
        let number = header(request, self.delivery?)?.trim();
        let cut = number.chars().filter(|c| *c != '\0').take(DELIVERY_CHARS_MAX);
        Some(cut.collect()).filter(|number: &String| !number.is_empty())
    }
}

/// What a client is answered when nothing was accepted.
pub fn refused(refusal: &Refusal) -> Reply {
    (crate::sources::generic::SOURCE.refused)(refusal)
}

/// What a client is answered that is not believed.
pub fn not_believed(forged: &Forged) -> Reply {
    Reply::json(401, &json!({ "status": "error", "errors": [forged.to_string()] }))
}

fn header<'a>(request: &Request<'a>, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

fn unhex(text: &str) -> Result<Vec<u8>, Forged> {
    crate::channels::call::from_hex(text.trim()).ok_or(Forged("the signature is no hexadecimal"))
}

/// The body as JSON; one that came as a form holds it in the field `payload`.
fn body(request: &Request<'_>) -> Result<Value, Refusal> {
    let is_form = request.content_type.starts_with("application/x-www-form-urlencoded");
    if is_form {
        let fields = crate::sources::form::urlencoded(request.body);
        let payload = fields.into_iter().find(|(name, _)| name == "payload");
        let (_, text) = payload.ok_or_else(|| Refusal::malformed("the form has no `payload`"))?;
        return crate::sources::json::parse(text.as_bytes());
    }
    crate::sources::json::parse_object(request.body).map(Value::Object)
}
