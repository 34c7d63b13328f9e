//! Checklists within the life of an incident (`C1`): ticking an item, and taking the tick back. Both
//! stay possible after the end, which lists have items about.

use jiff::Timestamp;

use super::{Decision, Surroundings, WrongMove};
use crate::incident::checklist::{Item, Mark};
use crate::incident::timeline::{Actor, Entry, Kind};

/// What people ask about checklists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// An item is done, or not any more.
    Mark {
        /// The list's name.
        list: String,
        /// The item.
        item: String,
        /// Whether it is done.
        is_done: bool,
        /// In words.
        note: Option<String>,
    },
    /// A person does not want to see a prompt (`C3`).
    Dismiss {
        /// The prompt.
        prompt: String,
    },
}

/// Why checklists do not allow it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// There is no such item.
    #[error("there is no item `{item}` in a checklist `{list}`")]
    NoSuchItem {
        /// The list that was asked for.
        list: String,
        /// The item that was asked for.
        item: String,
    },
    /// A token that belongs to nobody has nothing to dismiss.
    #[error("prompts are dismissed by the person who sees them, and this token belongs to nobody")]
    NobodySees,
}

impl Decision {
    /// Whether anything changed.
    pub(super) fn ask_about_checklist(
        &mut self,
        ask: Ask,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        match ask {
            Ask::Mark { list, item, is_done, note } => {
                self.mark((list, item), is_done, note, actor, around, now)
            }
            Ask::Dismiss { prompt } => {
                let user = actor.user().ok_or(Wrong::NobodySees)?;
                let dismissed = &mut self.incident.marks.dismissed;
                let is_news = !dismissed.contains(&(prompt.clone(), user));
                if is_news {
                    dismissed.push((prompt, user));
                }
                Ok(is_news)
            }
        }
    }

    fn mark(
        &mut self,
        (list, item): (String, String),
        is_done: bool,
        note: Option<String>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let found = around.directory.checklist(&list);
        let found =
            found.and_then(|found| Some((found, found.items.iter().find(|one| one.id == item)?)));
        let Some((checklist, Item { text, .. })) = found else {
            return Err(Wrong::NoSuchItem { list, item }.into());
        };
        let (kind, verb) = match is_done {
            true => (Kind::ChecklistTicked, "ticked"),
            false => (Kind::ChecklistUnticked, "took back"),
        };
        let mut words = format!("{}: {verb} “{text}”", checklist.title);
        if let Some(note) = &note {
            words = format!("{words}: {note}");
        }
        self.note(
            Entry::new(now, kind, actor.clone(), words)
                .with("checklist", list.clone())
                .with("item", item.clone()),
        );
        let name = actor.name().to_owned();
        self.incident.marks.add(Mark {
            list,
            item,
            at: now,
            user: actor.user(),
            name,
            is_done,
            note,
        });
        self.worked(actor, around, now);
        Ok(true)
    }
}
