//! The ways to reach a person, what each can and cannot do at night (`N7`), and what an address of
//! each looks like. How a message is sent is the business of the channels themselves.

/// A way to reach a person (`N1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// A signed HTTP call.
    Webhook,
    /// Mail.
    Email,
    /// A text message to a phone.
    Sms,
    /// A phone call.
    Voice,
    /// A notification of the person's own browsers.
    Push,
    /// A Slack message.
    Slack,
    /// A Mattermost message.
    Mattermost,
    /// A Microsoft Teams message.
    Teams,
    /// A Discord message.
    Discord,
    /// A Telegram message.
    Telegram,
    /// A Matrix message.
    Matrix,
    /// An ntfy notification.
    Ntfy,
    /// A Pushover notification.
    Pushover,
    /// A Gotify notification.
    Gotify,
}

names!(Channel {
    Webhook = "webhook",
    Email = "email",
    Sms = "sms",
    Voice = "voice",
    Push = "push",
    Slack = "slack",
    Mattermost = "mattermost",
    Teams = "teams",
    Discord = "discord",
    Telegram = "telegram",
    Matrix = "matrix",
    Ntfy = "ntfy",
    Pushover = "pushover",
    Gotify = "gotify",
});

/// The longest address, in characters.
pub const ADDRESS_CHARS_MAX: usize = 500;

impl Channel {
    /// Every channel, in the order in which they are offered.
    pub const ALL: [Self; 14] = [
        Self::Webhook,
        Self::Email,
        Self::Sms,
        Self::Voice,
        Self::Push,
        Self::Slack,
        Self::Mattermost,
        Self::Teams,
        Self::Discord,
        Self::Telegram,
        Self::Matrix,
        Self::Ntfy,
        Self::Pushover,
        Self::Gotify,
    ];

    /// Whether a page that wakes people may rely on it alone (`O9`): text messages, calls, and
    /// notifications that a phone lets through when it is silent. Mail, chat and the browser are
    /// screens that nobody watches at night.
    pub fn is_critical(self) -> bool {
        matches!(
            self,
            Self::Webhook | Self::Sms | Self::Voice | Self::Ntfy | Self::Pushover | Self::Gotify
        )
    }

    /// Whether a phone can be answered by it with a number or a key.
    pub fn is_phone(self) -> bool {
        matches!(self, Self::Sms | Self::Voice)
    }

    /// Whether a message can only go out through a provider that is configured. The others reach
    /// what their address names, or something that belongs to the installation.
    pub fn needs_provider(self) -> bool {
        !matches!(self, Self::Webhook | Self::Email | Self::Push | Self::Teams | Self::Ntfy)
    }

    /// What it can and cannot do at night, told when it is chosen (`N7`).
    pub fn at_night(self) -> &'static str {
        match self {
            Self::Webhook => "wakes you only if what receives it does",
            Self::Email => "wakes nobody: phones fetch mail late and show it silently",
            Self::Sms => {
                "rings once; a silent phone stays silent unless the number is an emergency contact"
            }
            Self::Voice => {
                "rings until you answer; let the number through do-not-disturb as an emergency \
                 contact, and through focus modes as an allowed person"
            }
            Self::Push => {
                "a silent phone or a closed browser shows nothing; never the only way for urgent pages"
            }
            Self::Slack | Self::Mattermost | Self::Teams | Self::Discord => {
                "keeps quiet in its own do-not-disturb hours and in focus modes; never the only way \
                 for urgent pages"
            }
            Self::Telegram | Self::Matrix => {
                "a silent phone stays silent; never the only way for urgent pages"
            }
            Self::Ntfy => {
                "urgent pages have the highest priority; let the app break through do-not-disturb \
                 in its settings, which an iPhone does not offer"
            }
            Self::Pushover => {
                "urgent pages are emergencies that repeat until answered; allow critical alerts in \
                 the app"
            }
            Self::Gotify => {
                "rings on Android if the app may break through do-not-disturb; there is no app for \
                 an iPhone"
            }
        }
    }

    /// Checks the form of an address; whether it exists, only a message can tell.
    ///
    /// # Errors
    /// Says what an address of this channel looks like.
    pub fn check_address(self, text: &str) -> Result<(), String> {
        if text.chars().count() > ADDRESS_CHARS_MAX {
            return Err(format!("an address has at most {ADDRESS_CHARS_MAX} characters"));
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("an address has no blanks in it".to_owned());
        }
        let (is_right, like) = match self {
            Self::Webhook | Self::Teams | Self::Ntfy => {
                (is_web_address(text), "an http or https address")
            }
            Self::Gotify => (is_word(text, 1, 64, "._-"), "the token of an application in Gotify"),
            Self::Email => (text.contains('@'), "a mailbox: ana@example.com"),
            Self::Sms | Self::Voice => {
                (is_phone_number(text), "a phone number with its country: +4915112345678")
            }
            Self::Push => (text.is_empty(), "nothing: browsers register themselves"),
            Self::Slack => (is_word(text, 2, 32, ""), "a member id: U012AB3CD"),
            Self::Mattermost => (is_word(text, 1, 64, "@._-"), "a user id or @name"),
            Self::Discord => (is_number(text), "a user id, which is a number"),
            Self::Telegram => {
                (is_number(text.strip_prefix('-').unwrap_or(text)), "a chat id, which is a number")
            }
            Self::Matrix => (
                text.starts_with(['@', '!']) && text.contains(':'),
                "a user or room id: @ana:example.com",
            ),
            Self::Pushover => (is_word(text, 30, 30, ""), "a user key of 30 characters"),
        };
        if is_right { Ok(()) } else { Err(format!("write {like}")) }
    }
}

fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']))
}

/// E.164: a plus, the country, at most 15 digits in all.
fn is_phone_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && is_number(digits) && !digits.starts_with('0')
    })
}

fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(text: &str, chars_min: usize, chars_max: usize, besides: &str) -> bool {
    (chars_min..=chars_max).contains(&text.chars().count())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || besides.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screens_are_no_critical_channels() {
        for screen in [Channel::Email, Channel::Push, Channel::Slack, Channel::Matrix] {
            assert!(!screen.is_critical(), "{}", screen.name());
        }
        assert!(Channel::Sms.is_critical() && Channel::Voice.is_critical());
    }

    #[test]
    fn addresses_are_checked_by_channel() {
        let right = [
            (Channel::Sms, "+4915112345678"),
            (Channel::Voice, "+12025550123"),
            (Channel::Push, ""),
            (Channel::Slack, "U012AB3CD"),
            (Channel::Mattermost, "@ana"),
            (Channel::Teams, "https://example.com/hook"),
            (Channel::Discord, "80351110224678912"),
            (Channel::Telegram, "-1001234567"),
            (Channel::Matrix, "@ana:example.com"),
            (Channel::Ntfy, "https://ntfy.example.com/ana"),
            (Channel::Pushover, "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"),
            (Channel::Gotify, "AWvTpbOqvEHWvzL"),
        ];
        for (channel, address) in right {
            assert_eq!(channel.check_address(address), Ok(()), "{} {address}", channel.name());
        }
        let wrong = [
            (Channel::Sms, "0151 12345678"),
            (Channel::Sms, "+0151123456789"),
            (Channel::Voice, "+1"),
            (Channel::Push, "x"),
            (Channel::Slack, "@ana"),
            (Channel::Teams, "javascript:alert(1)"),
            (Channel::Discord, "ana"),
            (Channel::Telegram, "@ana"),
            (Channel::Matrix, "ana"),
            (Channel::Ntfy, "https://"),
            (Channel::Pushover, "short"),
            (Channel::Gotify, "a b"),
        ];
        for (channel, address) in wrong {
            assert!(channel.check_address(address).is_err(), "{} {address}", channel.name());
        }
    }
}
