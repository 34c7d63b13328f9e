//! Rooms of incidents in chats, and what follows schedules there (`E7`), by one small interface: a
//! chat takes one step at a time and says what became of it. Another chat is a file with a function
//! for each, and a line in [`Channels::room`] and [`Channels::mirror`].

use jiff::Timestamp;
use muster_core::incident::room::{Answer, Room, Step};
use muster_core::oncall::mirror::{self, Mirror};
use muster_core::org::provider::{Provider, ProviderKind};

use super::{Channels, Outcome, mattermost, slack};

/// Whether a kind of provider has rooms that Muster can keep.
pub fn has_rooms(kind: ProviderKind) -> bool {
    matches!(kind, ProviderKind::Slack | ProviderKind::Mattermost)
}

/// Where people open a room.
pub fn link(provider: &Provider, room: &Room) -> Option<String> {
    let id = room.id.as_deref()?;
    match provider.kind {
        ProviderKind::Slack => Some(format!("{}/app_redirect?channel={id}", slack::base(provider))),
        ProviderKind::Mattermost => {
            let base = provider.setting("url").trim_end_matches('/');
            Some(format!("{base}/{}/channels/{}", room.team.as_deref()?, room.name))
        }
        _ => None,
    }
}

impl Channels {
    /// Takes one step in a room.
    ///
    /// # Errors
    /// What the chat answered where the same may work later.
    pub async fn room(
        &self,
        provider: &Provider,
        room: &Room,
        step: &Step,
        now: Timestamp,
    ) -> Result<Answer, Outcome> {
        let answer = match provider.kind {
            ProviderKind::Slack => slack::room(&self.outbound, provider, room, step, now).await,
            ProviderKind::Mattermost => {
                mattermost::room(&self.outbound, provider, room, step, now).await
            }
            kind => Ok(Answer::Refused(format!("{} has no rooms", kind.name()))),
        };
        match answer {
            Err(Outcome::Permanent { detail, .. }) => Ok(Answer::Refused(detail)),
            answer => answer,
        }
    }

    /// Takes one step for what follows a schedule; `before` is how the chat stood.
    ///
    /// # Errors
    /// What the chat answered, where it did not do it.
    pub async fn mirror(
        &self,
        provider: &Provider,
        before: &Mirror,
        step: &mirror::Step,
        now: Timestamp,
    ) -> Result<(), Outcome> {
        match provider.kind {
            ProviderKind::Slack => slack::mirror(&self.outbound, provider, step, now).await,
            ProviderKind::Mattermost => {
                mattermost::mirror(&self.outbound, provider, before, step, now).await
            }
            kind => Err(Outcome::permanent(format!("{} has no groups", kind.name()))),
        }
    }
}
