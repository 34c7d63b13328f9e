//! A person, how they can be reached, and which of those ways is tried when.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::id::{ContactMethodId, UserId};
use crate::incident::severity::Urgency;
use crate::oncall::page;
use crate::org::channel::Channel;
use crate::org::language::Language;
use crate::org::provider::Provider;
use crate::org::quiet::QuietHours;

/// What a person may do in general; [`crate::org::access::may`] decides each case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees incidents and who is on call; changes nothing.
    Stakeholder,
    /// Answers pages and works on incidents.
    Responder,
    /// A responder who also plans rotas and acts for the team.
    Manager,
    /// Configures everything.
    Admin,
}

impl Role {
    /// Every role with its name in configuration and API.
    pub const NAMES: [(Self, &'static str); 4] = [
        (Self::Stakeholder, "stakeholder"),
        (Self::Responder, "responder"),
        (Self::Manager, "manager"),
        (Self::Admin, "admin"),
    ];

    /// The role's name in configuration and API.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(role, _)| *role == self).map_or("responder", |(_, name)| name)
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(role, _)| *role)
    }
}

/// A person.
#[derive(Debug, Clone)]
pub struct User {
    /// Stays the same when the person is renamed.
    pub id: UserId,
    /// Unique, short, used in configuration, commands and pages.
    pub name: String,
    /// For people to read.
    pub full_name: String,
    /// Also a name to sign in with.
    pub email: String,
    /// What the person may do in general.
    pub role: Role,
    /// The zone that times are shown in.
    pub timezone: TimeZone,
    /// What text messages and calls to the person are written and spoken in.
    pub language: Language,
    /// When pages that can wait do wait.
    pub quiet_hours: Option<QuietHours>,
    /// The next person up the management chain.
    pub reports_to: Option<UserId>,
    /// The ways to reach the person.
    pub contact_methods: Vec<ContactMethod>,
    /// Rules for urgent pages, by growing delay.
    pub rules_high: Vec<NotificationRule>,
    /// Rules for pages that can wait, by growing delay.
    pub rules_low: Vec<NotificationRule>,
}

/// One way to reach a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactMethod {
    /// Stays the same when the method is renamed.
    pub id: ContactMethodId,
    /// Unique per person.
    pub name: String,
    /// Where messages go.
    pub address: Address,
    /// Whether the person has shown that messages arrive, or an administrator vouched for it.
    pub verified: bool,
    /// Why nothing is sent to it although it is verified: the person wrote STOP, the address is
    /// gone.
    pub disabled: Option<String>,
    /// Whether the person manages it, rather than the configuration.
    pub is_own: bool,
}

impl ContactMethod {
    /// Whether pages go to it.
    pub fn is_usable(&self) -> bool {
        self.verified && self.disabled.is_none()
    }
}

/// Where a channel delivers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A signed HTTP call in the manner of Standard Webhooks.
    Webhook {
        /// An http or https address.
        url: String,
        /// The signing secret; the organisation's own where none is given.
        secret: Option<String>,
    },
    /// Mail over SMTP.
    Email {
        /// An RFC 5321 mailbox.
        mailbox: String,
    },
    /// Any other channel, whose addresses are one text each.
    Direct {
        /// The channel.
        channel: Channel,
        /// What [`Channel::check_address`] has nothing against.
        address: String,
    },
}

impl Address {
    /// The channel that delivers to it.
    pub fn kind(&self) -> Channel {
        match self {
            Self::Webhook { .. } => Channel::Webhook,
            Self::Email { .. } => Channel::Email,
            Self::Direct { channel, .. } => *channel,
        }
    }

    /// The channel's name in configuration and API.
    pub fn channel(&self) -> &'static str {
        self.kind().name()
    }

    /// Whether a critical page may rely on this alone (`O9`).
    pub fn is_critical(&self) -> bool {
        self.kind().is_critical()
    }

    /// The address as one text.
    pub fn text(&self) -> &str {
        match self {
            Self::Webhook { url, .. } => url,
            Self::Email { mailbox } => mailbox,
            Self::Direct { address, .. } => address,
        }
    }
}

/// One line of a person's rules: this method, that long after the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotificationRule {
    /// Counted from the page.
    pub after: SignedDuration,
    /// A method of the same person.
    pub method: ContactMethodId,
}

impl User {
    /// Where a provider finds the person: the address of the first verified method that it serves.
    pub fn address_at(&self, provider: &Provider) -> Option<&str> {
        let verified = self.contact_methods.iter().filter(|method| method.verified);
        let mut addresses = verified.filter_map(|method| match &method.address {
            Address::Direct { channel, address } if provider.serves(*channel) => Some(address),
            _ => None,
        });
        addresses.next().map(String::as_str)
    }

    /// The contact method of that id, if the person still has it.
    pub fn contact_method(&self, id: ContactMethodId) -> Option<&ContactMethod> {
        self.contact_methods.iter().find(|method| method.id == id)
    }

    /// The channels that urgent pages go out by, in words: `email and slack`.
    pub fn urgent_channels(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for rule in self.rules(Urgency::High) {
            let name = self.contact_method(rule.method).map(|method| method.address.kind().name());
            names.extend(name.filter(|name| !names.contains(name)));
        }
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }

    /// The rules that hold for an urgency, in order of delay. Somebody who has methods but wrote no
    /// rule is still reached: by every verified method at once when it is urgent, and by mail where
    /// there is one when it can wait, so that an empty list never turns into silence (`O5`).
    pub fn rules(&self, urgency: Urgency) -> Vec<NotificationRule> {
        let written = match urgency {
            Urgency::High => &self.rules_high,
            Urgency::Low => &self.rules_low,
            Urgency::None => return Vec::new(),
        };
        let usable: Vec<_> =
            written.iter().filter(|rule| self.is_usable(rule.method)).copied().collect();
        if !usable.is_empty() {
            return usable;
        }
        let now = |method: &ContactMethod| NotificationRule {
            after: SignedDuration::ZERO,
            method: method.id,
        };
        let usable = || self.contact_methods.iter().filter(|method| method.is_usable());
        let quiet: Vec<_> =
            usable().filter(|method| !method.address.is_critical()).map(now).collect();
        if urgency == Urgency::Low && !quiet.is_empty() {
            return quiet;
        }
        usable().map(now).collect()
    }

    /// Which method of a page of this urgency is due when. What can wait waits for the end of the
    /// person's quiet hours (`O8`).
    pub fn plan(&self, urgency: Urgency, now: Timestamp) -> Vec<(ContactMethodId, Timestamp)> {
        let mut plan = page::plan(&self.rules(urgency), now);
        if let (Urgency::Low, Some(quiet)) = (urgency, self.quiet_hours) {
            for (_, at) in &mut plan {
                *at = quiet.defer(&self.timezone, *at);
            }
        }
        plan
    }

    /// Whether a page of this urgency can reach the person at all.
    pub fn is_reachable(&self, urgency: Urgency) -> bool {
        !self.rules(urgency).is_empty()
    }

    fn is_usable(&self, method: ContactMethodId) -> bool {
        self.contact_method(method).is_some_and(ContactMethod::is_usable)
    }
}
