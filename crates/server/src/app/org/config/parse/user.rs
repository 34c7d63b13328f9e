//! People in a file.

use muster_core::org::channel::Channel;
use muster_store::org::document::secret::Secret;
use muster_store::org::document::text::{ChannelName, Length, LocalTime, short};
use muster_store::org::document::user::{
    Address, ContactMethod, NotificationRule, NotificationRules, QuietHours, User,
};

use super::super::read::{Cursor, Fields};
use super::{check_mailbox, check_web_address, secret};

/// The most contact methods of a person.
const METHODS_MAX: usize = 20;

pub fn user(cursor: Cursor<'_>) -> User {
    let fields = cursor.fields(&[
        "name",
        "full_name",
        "email",
        "role",
        "timezone",
        "language",
        "quiet_hours",
        "reports_to",
        "contact_methods",
        "notification_rules",
    ]);
    let name = fields.name("name");
    if name.contains('@') {
        fields.note_at(
            "name",
            "a user's name has no `@` in it, because people sign in by name or by mail address",
        );
    }
    let contact_methods = fields.list("contact_methods", contact_method);
    if contact_methods.len() > METHODS_MAX {
        fields.note_at(
            "contact_methods",
            format!("a person has at most {METHODS_MAX} contact methods"),
        );
    }
    User {
        name,
        full_name: fields.optional_text("full_name"),
        email: fields
            .required("email")
            .map(|email| email.checked(check_mailbox))
            .unwrap_or_default(),
        role: fields.parsed("role").unwrap_or_default(),
        reports_to: fields.optional_name("reports_to"),
        timezone: fields.parsed("timezone"),
        language: fields.parsed("language"),
        quiet_hours: fields.optional("quiet_hours").and_then(quiet_hours),
        contact_methods,
        notification_rules: fields.optional("notification_rules").map(rules).unwrap_or_default(),
    }
}

fn quiet_hours(cursor: Cursor<'_>) -> Option<QuietHours> {
    let fields = cursor.fields(&["from", "to"]);
    let time = |name| fields.required(name).and_then(|time| time.parsed::<LocalTime>());
    let (from, to) = (time("from")?, time("to")?);
    if from == to {
        fields.note_at("to", "quiet hours that end when they begin would be the whole day");
        return None;
    }
    Some(QuietHours { from, to })
}

fn contact_method(cursor: Cursor<'_>) -> ContactMethod {
    let fields = cursor.fields(&["name", "type", "url", "secret", "address"]);
    let name = fields.name("name");
    let address = match fields.text("type").as_str() {
        "webhook" => {
            refuse(&fields, "address", "a webhook has a `url`");
            let url = fields.required("url").map(|url| secret(url, check_web_address));
            Address::Webhook {
                url: url.unwrap_or(Secret::Plain(String::new())),
                secret: fields
                    .optional("secret")
                    .map(|cursor| secret(cursor, check_signing_secret)),
            }
        }
        "email" => {
            refuse(&fields, "url", "a mailbox has an `address`");
            refuse(&fields, "secret", "mail is not signed with a secret");
            let address = fields.required("address").map(|address| address.checked(check_mailbox));
            Address::Email { address: address.unwrap_or_default() }
        }
        other => match Channel::from_name(other) {
            Some(channel) => direct(&fields, channel),
            None => {
                if !other.is_empty() {
                    fields.required("type").and_then(|kind| kind.parsed::<ChannelName>());
                }
                Address::Email { address: String::new() }
            }
        },
    };
    ContactMethod { name, address }
}

/// An address that is one text in its channel.
fn direct(fields: &Fields<'_>, channel: Channel) -> Address {
    let name = channel.name();
    refuse(fields, "url", &format!("a contact method of type {name} has an `address`"));
    refuse(fields, "secret", &format!("a message by {name} is not signed with a secret"));
    if channel == Channel::Push {
        refuse(fields, "address", "browsers register themselves for notifications");
        return Address::Direct { channel, address: Secret::Plain(String::new()) };
    }
    let check = |text: &str| {
        let wrong = |hint| format!("`{}` is no address for {name}; {hint}", short(text));
        channel.check_address(text).map_err(wrong)
    };
    let address = fields.required("address").map(|address| secret(address, check));
    Address::Direct { channel, address: address.unwrap_or(Secret::Plain(String::new())) }
}

fn refuse(fields: &Fields<'_>, name: &str, why: &str) {
    if fields.optional(name).is_some() {
        fields.note_at(name, format!("`{name}` does not belong here: {why}"));
    }
}

fn rules(cursor: Cursor<'_>) -> NotificationRules {
    let fields = cursor.fields(&["high", "low"]);
    NotificationRules { high: fields.list("high", rule), low: fields.list("low", rule) }
}

fn rule(cursor: Cursor<'_>) -> NotificationRule {
    let fields = cursor.fields(&["after", "method"]);
    NotificationRule {
        after: fields.parsed::<Length>("after").unwrap_or_default(),
        method: fields.name("method"),
    }
}

/// Short secrets can be guessed from one signed message.
pub fn check_signing_secret(text: &str) -> Result<(), String> {
    const CHARS_MIN: usize = 8;
    if text.chars().count() >= CHARS_MIN {
        return Ok(());
    }
    Err(format!("a signing secret has at least {CHARS_MIN} characters"))
}
