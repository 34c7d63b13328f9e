//! Providers: whoever carries messages for the organisation, such as a telephone company or a chat
//! server, with what they need to be told. Several may serve one channel; the first is preferred
//! and the others take over when it fails (`N3`).

use std::collections::BTreeMap;

use crate::org::channel::Channel;

/// What kind of provider it is: whose protocol it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderKind {
    /// Twilio, or whoever speaks its protocol.
    Twilio,
    /// A Slack app.
    Slack,
    /// A Mattermost server.
    Mattermost,
    /// A Discord app.
    Discord,
    /// A Telegram bot.
    Telegram,
    /// A Matrix homeserver.
    Matrix,
    /// An ntfy server that asks who is there.
    Ntfy,
    /// A Pushover application.
    Pushover,
    /// A Gotify server.
    Gotify,
    /// A mail server.
    Smtp,
}

names!(ProviderKind {
    Twilio = "twilio",
    Slack = "slack",
    Mattermost = "mattermost",
    Discord = "discord",
    Telegram = "telegram",
    Matrix = "matrix",
    Ntfy = "ntfy",
    Pushover = "pushover",
    Gotify = "gotify",
    Smtp = "smtp",
});

/// One thing that a provider needs to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The name in configuration.
    pub name: &'static str,
    /// Whether it works without.
    pub is_required: bool,
    /// Whether it is never shown.
    pub is_secret: bool,
}

const fn required(name: &'static str) -> Setting {
    Setting { name, is_required: true, is_secret: false }
}

const fn optional(name: &'static str) -> Setting {
    Setting { name, is_required: false, is_secret: false }
}

const fn secret(name: &'static str) -> Setting {
    Setting { name, is_required: true, is_secret: true }
}

const fn optional_secret(name: &'static str) -> Setting {
    Setting { name, is_required: false, is_secret: true }
}

impl ProviderKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Twilio,
        Self::Slack,
        Self::Mattermost,
        Self::Discord,
        Self::Telegram,
        Self::Matrix,
        Self::Ntfy,
        Self::Pushover,
        Self::Gotify,
        Self::Smtp,
    ];

    /// The channels that it can carry.
    pub fn channels(self) -> &'static [Channel] {
        match self {
            Self::Twilio => &[Channel::Sms, Channel::Voice],
            Self::Slack => &[Channel::Slack],
            Self::Mattermost => &[Channel::Mattermost],
            Self::Discord => &[Channel::Discord],
            Self::Telegram => &[Channel::Telegram],
            Self::Matrix => &[Channel::Matrix],
            Self::Ntfy => &[Channel::Ntfy],
            Self::Pushover => &[Channel::Pushover],
            Self::Gotify => &[Channel::Gotify],
            Self::Smtp => &[Channel::Email],
        }
    }

    /// What it needs to be told. A `url` that may be left out is the vendor's own.
    pub fn settings(self) -> &'static [Setting] {
        match self {
            Self::Twilio => {
                const { &[required("account"), secret("token"), required("from"), optional("url")] }
            }
            Self::Slack => const { &[secret("token"), secret("signing_secret"), optional("url")] },
            Self::Mattermost => {
                const { &[required("url"), secret("token"), optional_secret("command_token")] }
            }
            Self::Discord => const { &[secret("token"), required("public_key"), optional("url")] },
            Self::Telegram => {
                const { &[secret("token"), secret("webhook_secret"), optional("url")] }
            }
            Self::Matrix => {
                const { &[required("url"), secret("token"), optional_secret("homeserver_token")] }
            }
            Self::Ntfy => const { &[required("url"), optional_secret("token")] },
            Self::Pushover => const { &[secret("token"), optional("url")] },
            Self::Gotify => const { &[required("url")] },
            Self::Smtp => const { &[secret("url"), required("from")] },
        }
    }
}

/// A provider as it is configured.
#[derive(Clone, PartialEq, Eq)]
pub struct Provider {
    /// Unique; also part of the address that it calls back.
    pub name: String,
    /// Whose protocol it speaks.
    pub kind: ProviderKind,
    /// What it needs to be told, secrets included; see [`ProviderKind::settings`].
    pub settings: BTreeMap<String, String>,
}

impl Provider {
    /// A setting; empty where it is not given.
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }

    /// Whether it carries a channel.
    pub fn serves(&self, channel: Channel) -> bool {
        self.kind.channels().contains(&channel)
    }
}

/// Never prints a setting, because what is printed ends up in logs.
impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({} {})", self.kind.name(), self.name)
    }
}
