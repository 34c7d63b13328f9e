//! Providers of messages in a file.

use muster_core::org::provider::ProviderKind;
use muster_store::org::document::provider::Provider;
use muster_store::org::document::text::{ProviderKindName, short};

use super::super::read::Cursor;
use super::{check_mailbox, check_web_address, secret};

/// Whatever any kind of provider may be told.
const FIELDS: &[&str] = &[
    "name",
    "type",
    "account",
    "command_token",
    "from",
    "homeserver_token",
    "public_key",
    "signing_secret",
    "token",
    "url",
    "webhook_secret",
];

pub fn provider(cursor: Cursor<'_>) -> Provider {
    let fields = cursor.fields(FIELDS);
    let name = fields.name("name");
    let kind = fields.required("type").and_then(|kind| kind.parsed::<ProviderKindName>());
    let Some(kind) = kind else {
        let kind = ProviderKindName(ProviderKind::Smtp);
        return Provider { name, kind, settings: Default::default() };
    };
    let known = kind.0.settings();
    for field in &FIELDS[2..] {
        if fields.optional(field).is_some() && !known.iter().any(|setting| setting.name == *field) {
            let names: Vec<_> = known.iter().map(|setting| setting.name).collect();
            let message = format!(
                "`{field}` does not belong here: a provider of type {kind} has {}",
                names.join(", ")
            );
            fields.note_at(field, message);
        }
    }
    let settings = known
        .iter()
        .filter_map(|setting| {
            let cursor = match setting.is_required {
                true => fields.required(setting.name),
                false => fields.optional(setting.name),
            }?;
            let value = secret(cursor, |text| check(kind.0, setting.name, text));
            Some((setting.name.to_owned(), value))
        })
        .collect();
    Provider { name, kind, settings }
}

/// What can be told from the form of a setting.
fn check(kind: ProviderKind, setting: &str, text: &str) -> Result<(), String> {
    match (kind, setting) {
        _ if text.trim().is_empty() => Err("this is empty".to_owned()),
        (ProviderKind::Smtp, "url") => {
            let is_smtp = text.starts_with("smtp://") || text.starts_with("smtps://");
            if is_smtp { Ok(()) } else { Err("write smtp://host:port or smtps://host".to_owned()) }
        }
        (ProviderKind::Smtp, "from") => {
            let mailbox =
                text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end_matches('>'));
            check_mailbox(mailbox)
        }
        (_, "url") => check_web_address(text),
        (ProviderKind::Discord, "public_key") => {
            let is_key = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            let refused = || format!("`{}` is not a key of 64 hexadecimal digits", short(text));
            if is_key { Ok(()) } else { Err(refused()) }
        }
        _ => Ok(()),
    }
}
