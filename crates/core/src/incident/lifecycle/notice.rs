//! Telling a notification list about an incident on purpose (`E1`, `E5`). Anybody who answers may tell
//! an open list; a restricted one is told by whoever leads, or by whom the list names. Whom a restricted
//! list consists of, and what it was told, is not in the timeline.

use jiff::Timestamp;

use super::{Decision, Effect, Incident, Surroundings, WrongMove};
use crate::id::{NotificationListId, UserId};
use crate::incident::audience;
use crate::incident::timeline::{Actor, Entry, Kind};
use crate::oncall::list::NotificationList;
use crate::org::directory::Directory;

/// Why a list is not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// There is no such list any more.
    #[error("there is no such notification list")]
    NoSuchList,
    /// It is not for everybody to tell (`E5`).
    #[error(
        "{list} is restricted: whoever leads incident {number}, or whom the list names, tells it"
    )]
    NotYours {
        /// The list.
        list: String,
        /// The incident.
        number: i64,
    },
    /// Nobody would hear of it.
    #[error("nobody is on {list}")]
    NobodyOnIt {
        /// The list.
        list: String,
    },
    /// An exercise.
    #[error("an exercise is told to nobody")]
    Exercise,
}

/// Whether somebody may tell a list about an incident, and so see who is on it.
pub fn may_tell(
    directory: &Directory,
    incident: &Incident,
    list: &NotificationList,
    user: Option<UserId>,
) -> bool {
    let leads = |user| audience::leads(directory, incident).contains(&user);
    list.restricted.is_none() || user.is_some_and(|user| list.trusts(user) || leads(user))
}

impl Decision {
    pub(super) fn tell_list(
        &mut self,
        list: NotificationListId,
        text: String,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let directory = around.directory;
        let list = directory.lists.get(list).ok_or(Wrong::NoSuchList)?;
        let (name, number) = (list.name.clone(), self.incident.number);
        if !may_tell(directory, &self.incident, list, actor.user()) {
            return Err(Wrong::NotYours { list: name, number }.into());
        }
        if self.incident.practice {
            return Err(Wrong::Exercise.into());
        }
        if text.trim().is_empty() {
            return Err(WrongMove::Empty);
        }
        let count = list.people().count();
        if count == 0 {
            return Err(Wrong::NobodyOnIt { list: name }.into());
        }
        let people = if count == 1 { "1 person".to_owned() } else { format!("{count} people") };
        let words = match list.restricted {
            Some(_) => format!("Told the restricted list {name}, {people}"),
            None => format!("Told the list {name}, {people}: {text}"),
        };
        let entry = Entry::new(now, Kind::NoticeSent, actor.clone(), words);
        self.note(entry.with("list", name).with("people", count));
        let subject = format!("Incident {number}: {}", self.incident.title);
        self.effects.push(Effect::Notify { list: list.id, subject, text });
        if self.incident.status.is_open() {
            self.worked(actor, around, now);
        }
        Ok(true)
    }
}
