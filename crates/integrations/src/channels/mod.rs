//! Channels: one file per way to reach a person, each from a message to a provider's call and from
//! the provider's answer to an outcome. A channel neither retries nor chooses: the outbox does.
//! Adding one is a file here and a line in [`Channels::send`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use muster_core::oncall::page;
use muster_core::org::channel::Channel;
use muster_core::org::language::Language;
use muster_core::org::provider::{Provider, ProviderKind};
use muster_core::org::user::Address;

use crate::outbound::{Answer, Failure, Guard, InvalidOutbound, Limits, Outbound, one_line};

pub(crate) mod call;
pub mod callback;
pub mod card;
pub mod discord;
pub mod email;
pub mod gotify;
pub mod matrix;
pub mod mattermost;
pub mod message;
pub mod notice;
pub mod ntfy;
pub mod push;
pub mod pushover;
pub mod reply;
pub mod room;
pub mod slack;
pub mod teams;
pub mod telegram;
pub mod twilio;
pub mod webhook;

use callback::{Answered, Callback, CallbackRequest, FollowUp, Refused, Reply};
use email::Mailer;
pub use message::Message;

/// How much of a refusing answer's body is kept, in characters.
const ANSWER_CHARS_MAX: usize = 120;

/// One message to one address.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The delivery: the same for every attempt, so that receivers can tell repeats.
    pub id: String,
    /// Where it goes.
    pub to: Address,
    /// The unique name of the person; empty for programs and rooms.
    pub recipient: String,
    /// When the message was made.
    pub at: Timestamp,
    /// What it says.
    pub message: Message,
    /// What a text message or call says it in.
    pub language: Language,
    /// Who carries it, where the channel has providers.
    pub via: Option<Arc<Provider>>,
    /// The provider's reference of the message that this one edits or follows up.
    pub earlier: Option<String>,
    /// Where whoever receives it ends what they receive, for those who are nobody's colleagues.
    pub unsubscribe: Option<String>,
}

impl Envelope {
    /// Whether it goes to a room, which is nobody's own, rather than to a person.
    pub fn is_for_a_room(&self) -> bool {
        self.recipient.is_empty()
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took the message.
    Accepted {
        /// Its status.
        status: u16,
        /// Its reference of the message, by which it is edited or spoken of later.
        reference: Option<String>,
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
    pub fn answer(&self) -> page::Answer {
        match self {
            Self::Accepted { .. } => page::Answer::Accepted,
            Self::Temporary { retry_after, .. } => {
                page::Answer::Temporary { retry_after: *retry_after }
            }
            Self::Permanent { .. } => page::Answer::Permanent,
            Self::Unknown { .. } => page::Answer::Unknown,
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
            Self::Accepted { status, .. } => Some(*status),
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

    /// Taken, without a reference of the provider.
    pub fn accepted(status: u16) -> Self {
        Self::Accepted { status, reference: None }
    }

    /// The provider's reference of the message.
    pub fn reference(&self) -> Option<&str> {
        match self {
            Self::Accepted { reference, .. } => reference.as_deref(),
            _ => None,
        }
    }

    /// Whether the provider, rather than the address, is at fault.
    pub fn blames_provider(&self) -> bool {
        matches!(self, Self::Temporary { .. } | Self::Unknown { .. })
    }

    /// What an HTTP answer means where any 2xx is acceptance, 408, 425, 429 and 5xx ask for
    /// patience, and anything else is a refusal for good; or what its absence means.
    fn of_http(result: Result<Answer, Failure>) -> Self {
        let answer = match result {
            Ok(answer) => answer,
            Err(failure) => return Self::of_failure(failure),
        };
        let status = Some(answer.status);
        let said: String = one_line(&answer.body).chars().take(ANSWER_CHARS_MAX).collect();
        let mut detail = match answer.status {
            300..=399 => format!("answered {}; redirects are not followed", answer.status),
            410 => "answered 410: the address is gone".to_owned(),
            other => format!("answered {other}"),
        };
        if !said.is_empty() {
            detail = format!("{detail}: {said}");
        }
        match answer.status {
            200..=299 => Self::accepted(answer.status),
            408 | 425 | 429 | 500..=599 => {
                Self::Temporary { status, detail, retry_after: answer.retry_after }
            }
            410 => Self::Permanent { status, detail, disable: true },
            _ => Self::Permanent { status, detail, disable: false },
        }
    }

    /// What it means that there is no answer.
    fn of_failure(failure: Failure) -> Self {
        match failure {
            Failure::Refused(detail) => Self::permanent(detail),
            Failure::NotSent(detail) => Self::temporary(detail),
            Failure::Unknown(detail) => Self::Unknown { detail },
        }
    }

    fn permanent(detail: impl Into<String>) -> Self {
        Self::Permanent { status: None, detail: detail.into(), disable: false }
    }

    fn temporary(detail: impl Into<String>) -> Self {
        Self::Temporary { status: None, detail: detail.into(), retry_after: None }
    }
}

/// How a message stands that its provider repeats until somebody answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has answered yet.
    Waiting,
    /// Somebody acknowledged it with the provider.
    Acknowledged {
        /// The provider's name of that person, if it says who.
        by: Option<String>,
    },
    /// It is not repeated any more.
    Over,
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
    /// What mail carries so that it is known if it comes back.
    pub loop_mark: String,
    /// Where providers call back, without a slash at the end: `https://muster.example.com`.
    pub public_url: String,
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
    /// Mail servers of providers, by address and sender.
    mailers: Arc<Mutex<HashMap<(String, String), Mailer>>>,
    signing_secret: String,
    loop_mark: String,
    public_url: String,
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
            .map(|url| Mailer::new(&url, &config.mail_from, &config.loop_mark))
            .transpose()
            .map_err(InvalidConfig::Mail)?;
        let mailers = Arc::default();
        let Config { signing_secret, loop_mark, public_url, .. } = config;
        Ok(Self { outbound, mailer, mailers, signing_secret, loop_mark, public_url })
    }

    /// Makes one attempt to reach one browser.
    pub async fn push(
        &self,
        envelope: &Envelope,
        vapid: &push::Vapid,
        to: &push::Subscription,
        now: Timestamp,
    ) -> Outcome {
        push::send(&self.outbound, envelope, vapid, to, now).await
    }

    /// Makes one attempt.
    pub async fn send(&self, envelope: &Envelope, now: Timestamp) -> Outcome {
        match &envelope.to {
            Address::Webhook { url, secret } => {
                let secret = secret.as_deref().unwrap_or(&self.signing_secret);
                webhook::send(&self.outbound, envelope, url, secret, now).await
            }
            Address::Email { mailbox } => match self.mailer(envelope.via.as_deref()) {
                Ok(Some(mailer)) => mailer.send(&self.outbound, envelope, mailbox, now).await,
                Ok(None) => Outcome::permanent("no mail server is set up"),
                Err(why) => Outcome::permanent(why),
            },
            Address::Direct { channel, address } => {
                self.send_direct(*channel, address, envelope, now).await
            }
        }
    }

    /// Whether a message's provider can be asked how it stands.
    pub fn can_be_asked(provider: &Provider, reference: &str) -> bool {
        provider.kind == ProviderKind::Pushover && pushover::is_receipt(reference)
    }

    /// Asks a provider how a message stands, which [can be asked](Self::can_be_asked).
    ///
    /// # Errors
    /// What the provider answered instead.
    pub async fn standing(
        &self,
        provider: &Provider,
        reference: &str,
        now: Timestamp,
    ) -> Result<Standing, Outcome> {
        pushover::standing(&self.outbound, provider, reference, now).await
    }

    /// Whether a channel works without a provider that is configured, as this process was started.
    pub fn is_set_up(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.mailer.is_some(),
            other => !other.needs_provider(),
        }
    }

    /// The way out, for what is no message.
    pub fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    async fn send_direct(
        &self,
        channel: Channel,
        address: &str,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Outcome {
        let out = &self.outbound;
        if channel == Channel::Teams {
            return teams::send(out, envelope, address, now).await;
        }
        let name = channel.name();
        if channel == Channel::Ntfy {
            return ntfy::send(out, envelope, envelope.via.as_deref(), address, now).await;
        }
        let Some(provider) = envelope.via.as_deref() else {
            return Outcome::permanent(format!("no provider for {name} is set up"));
        };
        match provider.kind {
            ProviderKind::Twilio => {
                let to = (channel, address);
                twilio::send(out, envelope, provider, to, &self.public_url, now).await
            }
            ProviderKind::Slack => slack::send(out, envelope, provider, address, now).await,
            ProviderKind::Mattermost => {
                let home = &self.public_url;
                mattermost::send(out, envelope, provider, address, home, now).await
            }
            ProviderKind::Discord => discord::send(out, envelope, provider, address, now).await,
            ProviderKind::Telegram => telegram::send(out, envelope, provider, address, now).await,
            ProviderKind::Matrix => matrix::send(out, envelope, provider, address, now).await,
            ProviderKind::Gotify => gotify::send(out, envelope, provider, address, now).await,
            ProviderKind::Pushover => pushover::send(out, envelope, provider, address, now).await,
            kind => {
                let kind = kind.name();
                Outcome::permanent(format!("a provider of type {kind} does not carry {name}"))
            }
        }
    }

    /// Asks a provider whether it knows us, and says as whom: nothing is sent to anybody. `None`
    /// where the provider has no such question.
    ///
    /// # Errors
    /// What the provider answered instead.
    pub async fn probe(
        &self,
        provider: &Provider,
        now: Timestamp,
    ) -> Option<Result<String, Outcome>> {
        let out = &self.outbound;
        match provider.kind {
            ProviderKind::Slack => Some(slack::probe(out, provider, now).await),
            ProviderKind::Mattermost => Some(mattermost::probe(out, provider, now).await),
            ProviderKind::Discord => Some(discord::probe(out, provider, now).await),
            ProviderKind::Telegram => Some(telegram::probe(out, provider, now).await),
            ProviderKind::Matrix => Some(matrix::probe(out, provider, now).await),
            ProviderKind::Twilio
            | ProviderKind::Ntfy
            | ProviderKind::Pushover
            | ProviderKind::Gotify
            | ProviderKind::Smtp => None,
        }
    }

    /// Tells what became of a provider's call by a call of our own, where the answer to the call
    /// cannot say it.
    pub async fn follow_up(
        &self,
        provider: &Provider,
        follow_up: &FollowUp,
        words: &str,
        now: Timestamp,
    ) -> Outcome {
        let out = &self.outbound;
        match provider.kind {
            ProviderKind::Slack => slack::follow_up(out, follow_up, words, now).await,
            ProviderKind::Telegram => {
                telegram::follow_up(out, provider, follow_up, words, now).await
            }
            ProviderKind::Matrix => matrix::follow_up(out, provider, follow_up, words, now).await,
            kind => Outcome::permanent(format!("{} takes no follow-ups", kind.name())),
        }
    }

    /// The mail server of a provider, or the one that this process was started with.
    fn mailer(&self, via: Option<&Provider>) -> Result<Option<Mailer>, String> {
        let Some(provider) = via else { return Ok(self.mailer.clone()) };
        let key = (provider.setting("url").to_owned(), provider.setting("from").to_owned());
        let mut mailers = self.mailers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mailer) = mailers.get(&key) {
            return Ok(Some(mailer.clone()));
        }
        let mailer = Mailer::new(&key.0, &key.1, &self.loop_mark)?;
        mailers.insert(key, mailer.clone());
        Ok(Some(mailer))
    }
}

/// Reads a provider's call, if the provider signed it.
///
/// # Errors
/// [`Refused`] says why it is not believed.
pub fn read_callback(
    provider: &Provider,
    request: &CallbackRequest,
    now: Timestamp,
) -> Result<Callback, Refused> {
    match provider.kind {
        // One line for each kind of provider that calls back.
        ProviderKind::Twilio => twilio::read_callback(provider, request),
        ProviderKind::Slack => slack::read_callback(provider, request, now),
        ProviderKind::Mattermost => mattermost::read_callback(provider, request),
        ProviderKind::Discord => discord::read_callback(provider, request, now),
        ProviderKind::Telegram => telegram::read_callback(provider, request),
        kind => Err(Refused::NotExpected(kind.name())),
    }
}

/// Reads a provider's call as [`read_callback`] does. A homeserver of Matrix puts the answers of
/// several people into one call; there is always at least one.
///
/// # Errors
/// [`Refused`] says why it is not believed.
pub fn read_callbacks(
    provider: &Provider,
    request: &CallbackRequest,
    now: Timestamp,
) -> Result<Vec<Callback>, Refused> {
    match provider.kind {
        ProviderKind::Matrix => matrix::read_callbacks(provider, request),
        _ => read_callback(provider, request, now).map(|callback| vec![callback]),
    }
}

/// The answer to a provider's call that was read, with the words that tell what became of it.
pub fn reply(provider: &Provider, callback: &Callback, answered: &Answered) -> Reply {
    let words = answered.words.as_str();
    match provider.kind {
        // One line for each kind of provider that wants more than plain words.
        ProviderKind::Twilio => twilio::reply(callback, answered),
        ProviderKind::Slack => slack::reply(callback, words),
        ProviderKind::Mattermost => mattermost::reply(callback, words),
        ProviderKind::Discord => discord::reply(callback, words),
        ProviderKind::Telegram => telegram::reply(callback, words),
        ProviderKind::Matrix => matrix::reply(),
        ProviderKind::Ntfy | ProviderKind::Pushover | ProviderKind::Gotify | ProviderKind::Smtp => {
            Reply::text(words)
        }
    }
}
