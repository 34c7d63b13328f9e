//! Rooms of incidents in chats (`E7`): the providers that processes name are there and have rooms.

use muster_core::org::provider::ProviderKind;
use muster_integrations::channels::room::has_rooms;
use muster_store::org::document::Kind;

use super::super::problem::{Path, suggestion};
use super::Whole;

pub fn check(whole: &Whole<'_>) {
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
