//! A person as configuration writes them.

use serde::{Deserialize, Serialize};

use muster_core::org::channel::Channel;

use super::secret::Secret;
use super::text::{ChannelName, LanguageName, Length, LocalTime, RoleName, Zone};

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Unique.
    pub name: String,
    /// For people to read; the name where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// Unique; also a name to sign in with.
    pub email: String,
    /// What the person may do in general.
    #[serde(default)]
    pub role: RoleName,
    /// The next person up the management chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reports_to: Option<String>,
    /// The organisation's where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Zone>,
    /// What text messages and calls are written and spoken in; English where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<LanguageName>,
    /// When pages that can wait do wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// The ways to reach the person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contact_methods: Vec<ContactMethod>,
    /// Which of them is tried when.
    #[serde(default, skip_serializing_if = "NotificationRules::is_empty")]
    pub notification_rules: NotificationRules,
}

/// A time of day, in the person's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// When it begins.
    pub from: LocalTime,
    /// When it ends; earlier than `from` means on the next day.
    pub to: LocalTime,
}

/// One way to reach a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenContactMethod", into = "WrittenContactMethod")]
pub struct ContactMethod {
    /// Unique per person.
    pub name: String,
    /// Where messages go.
    pub address: Address,
}

/// Where a channel delivers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A signed HTTP call.
    Webhook {
        /// An http or https address; it may be a secret, because many carry a token.
        url: Secret,
        /// The signing secret; the organisation's own where none is given.
        secret: Option<Secret>,
    },
    /// Mail.
    Email {
        /// A mailbox.
        address: String,
    },
    /// Any other channel.
    Direct {
        /// The channel.
        channel: Channel,
        /// The address in that channel; a secret where it lets whoever knows it send.
        address: Secret,
    },
}

/// Which contact method is tried when, by urgency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotificationRules {
    /// For pages that wake people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub high: Vec<NotificationRule>,
    /// For pages that can wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub low: Vec<NotificationRule>,
}

impl NotificationRules {
    /// Whether no rule is written.
    pub fn is_empty(&self) -> bool {
        self.high.is_empty() && self.low.is_empty()
    }
}

/// This method, that long after the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotificationRule {
    /// Counted from the page.
    pub after: Length,
    /// A contact method of the same person.
    pub method: String,
}

/// A contact method as it is written: one mapping whose other fields depend on its type.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenContactMethod {
    name: String,
    #[serde(rename = "type")]
    channel: ChannelName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Secret>,
}

impl TryFrom<WrittenContactMethod> for ContactMethod {
    type Error = &'static str;

    fn try_from(written: WrittenContactMethod) -> Result<Self, &'static str> {
        let address = match (written.channel.0, written.url, written.secret, written.address) {
            (Channel::Webhook, Some(url), secret, None) => Address::Webhook { url, secret },
            (Channel::Email, None, None, Some(Secret::Plain(address))) => {
                Address::Email { address }
            }
            (Channel::Webhook, ..) => return Err("a webhook has a `url` and maybe a `secret`"),
            (Channel::Email, ..) => return Err("a mailbox has an `address` and nothing else"),
            (channel @ Channel::Push, None, None, None) => {
                Address::Direct { channel, address: Secret::Plain(String::new()) }
            }
            (channel, None, None, Some(address)) => Address::Direct { channel, address },
            _ => return Err("a contact method of this type has an `address` and nothing else"),
        };
        Ok(Self { name: written.name, address })
    }
}

impl From<ContactMethod> for WrittenContactMethod {
    fn from(method: ContactMethod) -> Self {
        let name = method.name;
        match method.address {
            Address::Webhook { url, secret } => {
                let channel = ChannelName(Channel::Webhook);
                Self { name, channel, url: Some(url), secret, address: None }
            }
            Address::Email { address } => Self {
                name,
                channel: ChannelName(Channel::Email),
                url: None,
                secret: None,
                address: Some(Secret::Plain(address)),
            },
            Address::Direct { channel, address } => Self {
                name,
                channel: ChannelName(channel),
                url: None,
                secret: None,
                address: Some(address).filter(|address| address.plain() != Some("")),
            },
        }
    }
}
