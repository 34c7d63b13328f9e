//! Channels: one file per way to reach a person, each from a message to a provider's call and from
//! the provider's answer to an outcome. A channel neither retries nor chooses: the outbox does.
//! Adding one is a file here and a line in [`Channels::send`].

use jiff::{SignedDuration, Timestamp};
use muster_core::oncall::page::Answer;
use muster_core::org::user::Address;

use crate::outbound::{Guard, InvalidOutbound, Limits, Outbound};

pub mod email;
pub mod message;
pub mod webhook;

use email::Mailer;
pub use message::Message;

/// One message to one address.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The delivery: the same for every attempt, so that receivers can tell repeats.
    pub id: String,
    /// Where it goes.
    pub to: Address,
    /// The unique name of the person; empty for programs.
    pub recipient: String,
    /// When the message was made.
    pub at: Timestamp,
    /// What it says.
    pub message: Message,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took the message.
    Accepted {
        /// Its status.
        status: u16,
    },
    /// The provider did not take it and may do so later.
    Temporary {
        /// Its status, if it answered.
        status: Option<u16>,
        /// What went wrong, in one line.
        detail: String,
        /// How long it asks us to wait.
        retry_after: Option<SignedDuration>,
    },
    /// The provider will never take it.
    Permanent {
        /// Its status, if it was asked at all.
        status: Option<u16>,
        /// What went wrong, in one line.
        detail: String,
        /// Whether the address itself is gone and should be disabled.
        disable: bool,
    },
    /// The provider may or may not have taken it.
    Unknown {
        /// What went wrong, in one line.
        detail: String,
    },
}

impl Outcome {
    /// The outcome as far as decisions need it.
    pub fn answer(&self) -> Answer {
        match self {
            Self::Accepted { .. } => Answer::Accepted,
            Self::Temporary { retry_after, .. } => Answer::Temporary { retry_after: *retry_after },
            Self::Permanent { .. } => Answer::Permanent,
            Self::Unknown { .. } => Answer::Unknown,
        }
    }

    /// The name in store and API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Temporary { .. } => "temporary",
            Self::Permanent { .. } => "permanent",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// The provider's status, if it answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Accepted { status } => Some(*status),
            Self::Temporary { status, .. } | Self::Permanent { status, .. } => *status,
            Self::Unknown { .. } => None,
        }
    }

    /// What went wrong, in one line.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Accepted { .. } => None,
            Self::Temporary { detail, .. }
            | Self::Permanent { detail, .. }
            | Self::Unknown { detail } => Some(detail),
        }
    }

    fn permanent(detail: impl Into<String>) -> Self {
        Self::Permanent { status: None, detail: detail.into(), disable: false }
    }

    fn temporary(detail: impl Into<String>) -> Self {
        Self::Temporary { status: None, detail: detail.into(), retry_after: None }
    }
}

/// How the channels are set up.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Networks that may be reached although they are private, as addresses or in CIDR form.
    pub network_allow: Vec<String>,
    /// Waits and sizes.
    pub limits: Limits,
    /// The mail server, if there is one: see [`email`].
    pub smtp_url: Option<String>,
    /// The sender of mail: `Muster <muster@example.com>`.
    pub mail_from: String,
    /// Signs webhooks whose address has no secret of its own.
    pub signing_secret: String,
}

/// Why the channels cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum InvalidConfig {
    /// There is no way out.
    #[error(transparent)]
    Outbound(#[from] InvalidOutbound),
    /// The mail server's address or the sender is wrong.
    #[error("mail: {0}")]
    Mail(String),
}

/// All channels. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Channels {
    outbound: Outbound,
    mailer: Option<Mailer>,
    signing_secret: String,
}

impl Channels {
    /// Sets the channels up; nothing is connected yet.
    ///
    /// # Errors
    /// When the configuration is wrong.
    pub fn new(config: Config) -> Result<Self, InvalidConfig> {
        let guard = Guard::new(&config.network_allow)?;
        let outbound = Outbound::new(guard, config.limits)?;
        let mailer = config
            .smtp_url
            .map(|url| Mailer::new(&url, &config.mail_from))
            .transpose()
            .map_err(InvalidConfig::Mail)?;
        Ok(Self { outbound, mailer, signing_secret: config.signing_secret })
    }

    /// Makes one attempt.
    pub async fn send(&self, envelope: &Envelope, now: Timestamp) -> Outcome {
        match &envelope.to {
            Address::Webhook { url, secret } => {
                let secret = secret.as_deref().unwrap_or(&self.signing_secret);
                webhook::send(&self.outbound, envelope, url, secret, now).await
            }
            Address::Email { mailbox } => match &self.mailer {
                Some(mailer) => mailer.send(&self.outbound, envelope, mailbox, now).await,
                None => Outcome::permanent("no mail server is set up"),
            },
        }
    }
}
