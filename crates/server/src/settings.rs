//! How this process was started: addresses, limits and the way out. Everything about the
//! organisation is in the store instead.

use jiff::SignedDuration;
use muster_integrations::outbound::Limits;

/// The largest body of any request that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 512 * 1024;
/// How much of a body that is too large is read and thrown away before the answer, in bytes.
pub const DISCARD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long raw messages are kept.
pub const RAW_MESSAGES_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How long shadow mode's record is kept: longer than any forecast looks over.
pub const SHADOWS_KEPT: SignedDuration = SignedDuration::from_hours(366 * 24);
/// How long change events are kept that nobody marked in an incident: a year, and what the year
/// before is compared with.
pub const CHANGE_EVENTS_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);
/// How long the live stream can be resumed.
pub const EVENTS_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How this process was started.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address that people and providers reach this installation at, without a final slash.
    pub public_url: String,
    /// Networks that outgoing calls may reach although they are private, in CIDR form.
    pub network_allow: Vec<String>,
    /// How long outgoing calls may take and how much of an answer is read.
    pub outbound_limits: Limits,
    /// Where mail goes out: `smtp://user:password@host:port`, if mail is set up.
    pub smtp_url: Option<String>,
    /// The sender of mail.
    pub mail_from: String,
    /// How mail comes in.
    pub mail_in: MailIn,
    /// Whether this is a throw-away demonstration.
    pub demo: bool,
}

/// How mail comes in.
#[derive(Debug, Clone, Default)]
pub struct MailIn {
    /// The domains whose mail is taken, in lower case; the first stands in addresses that Muster
    /// makes. Without any, no mail comes in.
    pub domains: Vec<String>,
    /// The name under which our own mail server writes `Authentication-Results`.
    pub trusted: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            network_allow: Vec::new(),
            outbound_limits: Limits::default(),
            smtp_url: None,
            mail_from: "Muster <muster@localhost>".to_owned(),
            mail_in: MailIn::default(),
            demo: false,
        }
    }
}
