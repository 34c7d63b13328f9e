//! What people write into an incident's timeline (`L1`): notes, decisions, customer contacts and
//! evidence (`L8`), hypotheses (`L3`), actions with intent (`L2`), and what they say about entries
//! that are there already: corrections and pins. Nothing is ever changed: each of these is one more
//! entry, and where something stands is read from all of them ([`Book`]). This module owns the words
//! and their limits; how an entry moves the clocks is the lifecycle's business.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::alerting::signal::is_web_address;
use crate::id::{AttachmentId, EntryId, UserId};
use crate::incident::lifecycle::Incident;
use crate::incident::timeline::{Actor, Entry, Kind, TEXT_CHARS_MAX};

pub mod action;
mod book;
pub mod hypothesis;

pub use book::{Book, Correction, Stored};

/// How long before the trouble began an entry may lie (`L1`).
pub const BEFORE_THE_INCIDENT_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// An entry that is written down longer than this after it happened is a late addition.
pub const LATE_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// The longest text beside the main one, in characters: why, how to undo it, a customer's name.
pub const FIELD_CHARS_MAX: usize = 2_000;
/// The longest link, in characters.
pub const LINK_CHARS_MAX: usize = 2_000;
/// How much of an entry is repeated by another one, in characters.
const EXCERPT_CHARS_MAX: usize = 120;

/// What somebody says, and when they say it happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// In words.
    pub text: String,
    /// When it happened; now if `None`.
    pub at: Option<Timestamp>,
    /// Whether the instant is a guess.
    pub approximate: bool,
    /// Whether it happened outside of the team: at a provider, at a customer.
    pub external: bool,
}

/// What kind of thing somebody writes down once and for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Anything.
    Note,
    /// Something was decided.
    Decision,
    /// A customer was in touch.
    Contact {
        /// Who.
        customer: String,
        /// A ticket's number, or a link.
        reference: Option<String>,
    },
    /// Something shows it.
    Evidence {
        /// Where it can be seen.
        link: Option<String>,
        /// A file that was uploaded.
        attachment: Option<Attached>,
    },
    /// Something is to be done once it is over.
    ActionItem {
        /// Who sees to it, with the name they have now; nobody yet if `None`.
        owner: Option<(UserId, String)>,
    },
}

/// A file that was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// For programs.
    pub id: AttachmentId,
    /// What it is called, if it is no picture: a picture is shown, anything else is downloaded.
    pub file: Option<String>,
}

/// What is wrong with an earlier entry. What is `None` was right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// What it should have said.
    pub text: Option<String>,
    /// When it happened.
    pub at: Option<Timestamp>,
    /// Whether the instant is a guess.
    pub approximate: Option<bool>,
    /// Whether it happened outside of the team.
    pub external: Option<bool>,
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Write something down.
    Write {
        /// What kind of thing.
        what: What,
        /// In words.
        told: Told,
    },
    /// Say what an earlier entry should have said.
    Correct {
        /// Which; a correction stands for what it corrects.
        entry: EntryId,
        /// What was wrong.
        change: Change,
    },
    /// Keep an entry in sight.
    Pin {
        /// Which.
        entry: EntryId,
    },
    /// Keep it in sight no longer.
    Unpin {
        /// Which.
        entry: EntryId,
    },
    /// Suppose what it might be.
    Suppose {
        /// Who looks into it, with the name they have now.
        assignee: Option<(UserId, String)>,
        /// In words.
        told: Told,
    },
    /// Go on with a hypothesis.
    Pursue {
        /// Its first entry.
        hypothesis: EntryId,
        /// How.
        step: hypothesis::Step,
        /// What was found; may be empty.
        told: Told,
    },
    /// Change something, or mean to.
    Act {
        /// Why and how.
        intent: action::Intent,
        /// In words.
        told: Told,
    },
    /// Go on with an action.
    Proceed {
        /// Its first entry.
        action: EntryId,
        /// How.
        step: action::Step,
        /// What came of it; may be empty.
        told: Told,
    },
}

/// Why something cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was said.
    #[error("is empty")]
    Empty {
        /// What is missing.
        field: &'static str,
    },
    /// Too much was said.
    #[error("must be at most {chars_max} characters")]
    TooLong {
        /// What is too long.
        field: &'static str,
        /// The most.
        chars_max: usize,
    },
    /// It has not happened yet.
    #[error("lies in the future; write down what has happened")]
    Future,
    /// It happened long before the incident.
    #[error("lies more than 7 days before the incident began; correct when it occurred first")]
    LongBefore,
    /// The link would not open a page, or would run in a browser.
    #[error("must begin with http:// or https://")]
    NoLink,
    /// Evidence without anything to look at.
    #[error("needs a link or a file")]
    NothingToSee,
    /// An action cannot be both.
    #[error("cannot be said of an irreversible action")]
    UndoneAndIrreversible,
    /// A correction that says what the entry says.
    #[error("nothing is corrected: say what is wrong, the text or the time")]
    NothingWrong,
    /// There is no such entry.
    #[error("there is no such entry in the timeline of this incident")]
    NoSuchEntry,
    /// Muster wrote it.
    #[error("Muster wrote this itself; add a note beside it instead")]
    NotWritten,
    /// A hypothesis does not go there from where it is.
    #[error("the hypothesis is {is}; it cannot be {wanted}")]
    HypothesisIs {
        /// Where it stands.
        is: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// An action does not go there from where it is.
    #[error("the action is {is}; it cannot be {wanted}")]
    ActionIs {
        /// Where it stands.
        is: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// It cannot be taken back.
    #[error("the action is irreversible; begin another one instead")]
    Irreversible,
}

impl Refusal {
    /// The field that is wrong, if it is one that somebody filled in.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Empty { field } | Self::TooLong { field, .. } => Some(field),
            Self::Future | Self::LongBefore => Some("at"),
            Self::NoLink | Self::NothingToSee => Some("link"),
            Self::UndoneAndIrreversible => Some("undo"),
            Self::NothingWrong => Some("text"),
            Self::NoSuchEntry
            | Self::NotWritten
            | Self::HypothesisIs { .. }
            | Self::ActionIs { .. }
            | Self::Irreversible => None,
        }
    }
}

/// The entry that is added, or none where what is asked for is so already.
///
/// # Errors
/// When it may not be written down.
pub fn entry(
    incident: &Incident,
    ask: &Ask,
    book: &Book,
    actor: &Actor,
    now: Timestamp,
) -> Result<Option<Entry>, Refusal> {
    let scribe = Scribe { incident, actor, now };
    match ask {
        Ask::Write { what, told } => scribe.write(what, told).map(Some),
        Ask::Correct { entry, change } => scribe.correct(book, *entry, change).map(Some),
        Ask::Pin { entry } => scribe.pin(book, *entry, true),
        Ask::Unpin { entry } => scribe.pin(book, *entry, false),
        Ask::Suppose { assignee, told } => {
            hypothesis::suppose(scribe, assignee.as_ref(), told).map(Some)
        }
        Ask::Pursue { hypothesis, step, told } => {
            hypothesis::pursue(scribe, book, *hypothesis, step, told)
        }
        Ask::Act { intent, told } => action::act(scribe, book, intent, told).map(Some),
        Ask::Proceed { action, step, told } => action::proceed(scribe, book, *action, *step, told),
    }
}

/// Whoever writes, and where.
#[derive(Clone, Copy)]
struct Scribe<'a> {
    incident: &'a Incident,
    actor: &'a Actor,
    now: Timestamp,
}

impl Scribe<'_> {
    fn write(self, what: &What, told: &Told) -> Result<Entry, Refusal> {
        match what {
            What::Note => self.told(Kind::Note, told),
            What::Decision => self.told(Kind::Decision, told),
            What::ActionItem { owner } => {
                let entry = self.told(Kind::ActionItem, told)?;
                Ok(match owner {
                    Some((id, name)) => {
                        entry.with("owner", name.as_str()).with("owner_id", id.to_string())
                    }
                    None => entry,
                })
            }
            What::Contact { customer, reference } => {
                let customer = said("customer", customer, FIELD_CHARS_MAX)?;
                let entry = self.told(Kind::Contact, told)?.with("customer", customer);
                Ok(with_words(entry, "reference", reference.as_deref())?)
            }
            What::Evidence { link, attachment } => {
                if link.is_none() && attachment.is_none() {
                    return Err(Refusal::NothingToSee);
                }
                let mut entry = self.told(Kind::Evidence, told)?;
                if let Some(link) = link {
                    if !is_web_address(link) || link.contains(char::is_whitespace) {
                        return Err(Refusal::NoLink);
                    }
                    entry = entry.with("link", said("link", link, LINK_CHARS_MAX)?);
                }
                if let Some(attachment) = attachment {
                    entry = entry.with("attachment", attachment.id.to_string());
                    if let Some(file) = &attachment.file {
                        entry = entry.with("file", file.as_str());
                    }
                }
                Ok(entry)
            }
        }
    }

    fn correct(self, book: &Book, id: EntryId, change: &Change) -> Result<Entry, Refusal> {
        let wrong = book.meant(id).ok_or(Refusal::NoSuchEntry)?;
        if !wrong.entry.kind.is_written() {
            return Err(Refusal::NotWritten);
        }
        let text = change.text.as_deref();
        let text = text.map(|text| said("text", text, TEXT_CHARS_MAX)).transpose()?;
        if let Some(at) = change.at {
            self.instant(at)?;
        }
        let is = book.as_it_stands(wrong);
        let text = text.filter(|text| *text != is.text);
        let at = change.at.filter(|at| *at != is.at);
        let approximate = change.approximate.filter(|one| *one != is.approximate);
        let external = change.external.filter(|one| *one != is.external);
        if (text, at, approximate, external) == (None, None, None, None) {
            return Err(Refusal::NothingWrong);
        }
        let words = match (text, at) {
            (Some(text), _) => format!("Corrected “{}” to: {text}", excerpt(is.text)),
            (None, Some(_)) => format!("Corrected the time of “{}”", excerpt(is.text)),
            (None, None) => format!("Corrected what is said about “{}”", excerpt(is.text)),
        };
        let mut entry = Entry::new(self.now, Kind::Corrected, self.actor.clone(), words)
            .with("of", wrong.id.to_string());
        for (name, value) in [
            ("text", text.map(Value::from)),
            ("at", at.map(|at| at.to_string().into())),
            ("approximate", approximate.map(Value::from)),
            ("external", external.map(Value::from)),
        ] {
            if let Some(value) = value {
                entry = entry.with(name, value);
            }
        }
        Ok(entry)
    }

    fn pin(self, book: &Book, id: EntryId, pinned: bool) -> Result<Option<Entry>, Refusal> {
        let meant = book.meant(id).ok_or(Refusal::NoSuchEntry)?;
        if book.is_pinned(meant.id) == pinned {
            return Ok(None);
        }
        let (kind, verb) =
            if pinned { (Kind::Pinned, "Pinned") } else { (Kind::Unpinned, "Unpinned") };
        let text = format!("{verb} “{}”", excerpt(book.as_it_stands(meant).text));
        let entry = Entry::new(self.now, kind, self.actor.clone(), text);
        Ok(Some(entry.with("of", meant.id.to_string())))
    }

    /// An entry of what somebody says, which may not be nothing.
    fn told(self, kind: Kind, told: &Told) -> Result<Entry, Refusal> {
        said("text", &told.text, TEXT_CHARS_MAX)?;
        self.perhaps_told(kind, told)
    }

    fn perhaps_told(self, kind: Kind, told: &Told) -> Result<Entry, Refusal> {
        within("text", &told.text, TEXT_CHARS_MAX)?;
        let at = told.at.unwrap_or(self.now);
        self.instant(at)?;
        let mut entry = Entry::new(at, kind, self.actor.clone(), told.text.trim());
        if told.approximate {
            entry = entry.with("approximate", true);
        }
        if told.external {
            entry = entry.with("external", true);
        }
        Ok(entry)
    }

    /// Whether something can have happened then.
    fn instant(self, at: Timestamp) -> Result<(), Refusal> {
        if at > self.now {
            return Err(Refusal::Future);
        }
        let stamps = &self.incident.stamps;
        let began = [stamps.occurred_at, stamps.detected_at].into_iter().flatten().min();
        match began.map(|began| began.duration_since(at)) {
            Some(before) if before > BEFORE_THE_INCIDENT_MAX => Err(Refusal::LongBefore),
            _ => Ok(()),
        }
    }
}

/// Whether an entry was written down long after it happened.
pub fn is_late(kind: Kind, at: Timestamp, recorded_at: Timestamp) -> bool {
    kind.is_written() && recorded_at.duration_since(at) > LATE_AFTER
}

fn said<'a>(field: &'static str, text: &'a str, chars_max: usize) -> Result<&'a str, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::Empty { field });
    }
    within(field, text, chars_max)?;
    Ok(text)
}

fn within(field: &'static str, text: &str, chars_max: usize) -> Result<(), Refusal> {
    if text.len() > chars_max && text.chars().count() > chars_max {
        return Err(Refusal::TooLong { field, chars_max });
    }
    Ok(())
}

/// The entry with words under a name, if there are any.
fn with_words(entry: Entry, field: &'static str, text: Option<&str>) -> Result<Entry, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(entry) };
    within(field, text, FIELD_CHARS_MAX)?;
    Ok(entry.with(field, text))
}

/// The beginning of a text, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= EXCERPT_CHARS_MAX {
        return line;
    }
    let cut: String = line.chars().take(EXCERPT_CHARS_MAX - 1).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests;
