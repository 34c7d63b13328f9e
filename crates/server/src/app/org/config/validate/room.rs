//! Chats that rooms of incidents (`E7`) and updates (`U1`) go to: the providers that processes and
//! audiences name are there, and have rooms where they are to have them.

use muster_core::org::provider::ProviderKind;
use muster_integrations::channels::room::has_rooms;
use muster_store::org::document::Kind;

use super::super::problem::{Path, suggestion};
use super::Whole;

pub fn check(whole: &Whole<'_>) {
    rooms(whole);
    channels(whole);
    mirrors(whole);
}

/// What follows schedules is in chats that have groups.
fn mirrors(whole: &Whole<'_>) {
    let documents = whole.documents;
    for (at, schedule) in documents.schedules.iter().flatten().enumerate() {
        let Some(chat) = schedule.chat.as_ref().filter(|chat| !chat.provider.is_empty()) else {
            continue;
        };
        let path = whole.path(Kind::Schedule, at, &schedule.name).field("chat").field("provider");
        let known = documents.providers.iter().flatten();
        let kind = known.clone().find(|it| it.name == chat.provider).map(|it| it.kind.0);
        let message = match kind {
            Some(kind) if has_rooms(kind) => continue,
            Some(kind) => {
                format!("`{}` is of type {} and has no groups", chat.provider, kind.name())
            }
            None if documents.providers.is_some() || whole.is_complete => {
                let hint = suggestion(&chat.provider, known.map(|it| it.name.as_str()));
                format!("there is no provider `{}`{hint}", chat.provider)
            }
            None => continue,
        };
        whole.note(Kind::Schedule, &path, message);
    }
}

/// The chats that updates are posted to are providers.
fn channels(whole: &Whole<'_>) {
    let documents = whole.documents;
    for (at, audience) in documents.audiences.iter().flatten().enumerate() {
        let path = whole.path(Kind::Audience, at, &audience.name).field("channels");
        for (at, place) in audience.channels.iter().flatten().enumerate() {
            let known = documents.providers.iter().flatten().map(|it| it.name.as_str());
            let is_judged = documents.providers.is_some() || whole.is_complete;
            let is_known =
                place.provider.is_empty() || known.clone().any(|it| it == place.provider);
            if is_judged && !is_known {
                let hint = suggestion(&place.provider, known);
                let message = format!("there is no provider `{}`{hint}", place.provider);
                whole.note(Kind::Audience, &path.index(at).field("provider"), message);
            }
        }
    }
}

fn rooms(whole: &Whole<'_>) {
    let documents = whole.documents;
    for (at, severity) in documents.severities.iter().flatten().enumerate() {
        let room = severity.process.as_ref().and_then(|process| process.room.as_ref());
        let Some(room) = room.filter(|room| !room.provider.is_empty()) else { continue };
        let path = Path::top(Kind::Severities.field()).index(at).field("process").field("room");
        let note = |field: &str, message: String| {
            whole.note(Kind::Severities, &path.field(field), message);
        };
        let known = documents.providers.iter().flatten();
        let named = known.clone().find(|provider| provider.name == room.provider);
        match named.map(|provider| provider.kind.0) {
            Some(kind) if !has_rooms(kind) => {
                let kind = kind.name();
                note("provider", format!("`{}` is of type {kind} and has no rooms", room.provider));
            }
            Some(ProviderKind::Mattermost) if room.team.is_none() => {
                note("team", "a Mattermost room is in a `team`; name it".to_owned());
            }
            Some(_) => {}
            None if documents.providers.is_some() || whole.is_complete => {
                let hint = suggestion(&room.provider, known.map(|provider| provider.name.as_str()));
                note("provider", format!("there is no provider `{}`{hint}", room.provider));
            }
            None => {}
        }
    }
}
