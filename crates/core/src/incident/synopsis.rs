//! The synopsis (`L4`): what a joiner must know, on one screen, always as of now. A pure function of
//! the incident and what was written into it; nobody keeps it by hand. The one sentence that a lead
//! writes stands beside it and is a shared text ([`crate::text`]).

use jiff::Timestamp;
use serde_json::Value;

use crate::id::EntryId;
use crate::incident::lifecycle::{Incident, Status};
use crate::incident::timeline::{Actor, Kind};
use crate::incident::writing::{Book, action, hypothesis};

/// The most decisions, pins, contacts and closed lines that are told; the newest are.
const TOLD_MAX: usize = 10;

/// What a joiner must know.
#[derive(Debug, Clone, PartialEq)]
pub struct Synopsis {
    /// What is known of the cause, in words; `None` if nothing is.
    pub cause: Option<String>,
    /// Whether the cause is known.
    pub is_cause_known: bool,
    /// What it might be and is not decided, the oldest first.
    pub open: Vec<Line>,
    /// What it is or is not, the newest first.
    pub closed: Vec<Line>,
    /// What is being changed or will be, the oldest first.
    pub under_way: Vec<Line>,
    /// What was changed, the newest first.
    pub changed: Vec<Line>,
    /// What was decided, the newest first.
    pub decisions: Vec<Line>,
    /// What is kept in sight, the newest first.
    pub pins: Vec<Line>,
    /// Which customers were in touch, the newest first.
    pub contacts: Vec<Line>,
    /// What is to be done once it is over, the oldest first; each by whoever sees to it.
    pub action_items: Vec<Line>,
    /// What a person wrote down last.
    pub last: Option<Line>,
    /// When something happens by itself.
    pub next_at: Option<Timestamp>,
}

/// One thing, in a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The entry that it began with.
    pub entry: EntryId,
    /// When.
    pub at: Timestamp,
    /// Who: whoever looks into it, does it or wrote it.
    pub who: Option<String>,
    /// Where it stands, in a word.
    pub state: Option<&'static str>,
    /// In words.
    pub text: String,
    /// What came of it.
    pub outcome: Option<String>,
}

/// The synopsis of an incident with all of its entries.
pub fn of(incident: &Incident, book: &Book) -> Synopsis {
    let (open, mut closed): (Vec<_>, Vec<_>) =
        book.hypotheses().partition(|one| one.state.is_open());
    closed.reverse();
    let is_pending = |one: &&action::Action| {
        matches!(one.state, action::State::Planned | action::State::UnderWay)
    };
    let (under_way, mut changed): (Vec<_>, Vec<_>) = book.actions().partition(is_pending);
    changed.reverse();
    let (cause, is_cause_known) = cause(incident, book);
    Synopsis {
        cause,
        is_cause_known,
        open: open.into_iter().map(|one| inquiry(book, one)).collect(),
        closed: closed.into_iter().take(TOLD_MAX).map(|one| inquiry(book, one)).collect(),
        under_way: under_way.into_iter().map(|one| change(book, one)).collect(),
        changed: changed.into_iter().take(TOLD_MAX).map(|one| change(book, one)).collect(),
        decisions: newest(book, |_, kind| kind == Kind::Decision, TOLD_MAX),
        pins: newest(book, |id, _| book.is_pinned(id), TOLD_MAX),
        contacts: newest(book, |_, kind| kind == Kind::Contact, TOLD_MAX),
        action_items: action_items(book),
        last: newest(book, |_, kind| kind.is_written(), 1).pop(),
        next_at: incident.status.is_open().then(|| incident.next_at()).flatten(),
    }
}

/// What is known of the cause: a confirmed hypothesis, or what was said when it was identified.
fn cause(incident: &Incident, book: &Book) -> (Option<String>, bool) {
    let confirmed = book.hypotheses().filter(|one| one.state == hypothesis::State::Confirmed);
    if let Some(one) = confirmed.last() {
        let text = book.text(one.id);
        let found = one.found.as_ref().map(|found| format!("{text}: {found}"));
        return (Some(found.unwrap_or_else(|| text.to_owned())), true);
    }
    let said = |name: &str, stored: &crate::incident::writing::Stored| {
        stored.entry.data.get(name).and_then(Value::as_str).map(ToOwned::to_owned)
    };
    let identified = book.entries().filter(|stored| {
        stored.entry.kind == Kind::StatusChanged
            && said("to", stored).as_deref() == Some(Status::Identified.name())
    });
    let words = identified.filter_map(|stored| said("words", stored)).last();
    let is_known = words.is_some() || incident.stamps.identified_at.is_some();
    (words, is_known)
}

fn action_items(book: &Book) -> Vec<Line> {
    let mut items = newest(book, |_, kind| kind == Kind::ActionItem, usize::MAX);
    for item in &mut items {
        let owner = book.entry(item.entry).and_then(|stored| stored.entry.data.get("owner"));
        item.who = owner.and_then(Value::as_str).map(ToOwned::to_owned);
    }
    items.reverse();
    items
}

fn inquiry(book: &Book, one: &hypothesis::Hypothesis) -> Line {
    Line {
        entry: one.id,
        at: book.entry(one.id).map_or(Timestamp::UNIX_EPOCH, |stored| book.as_it_stands(stored).at),
        who: one.assignee.as_ref().map(|(_, name)| name.clone()),
        state: Some(one.state.name()),
        text: book.text(one.id).to_owned(),
        outcome: one.found.clone(),
    }
}

fn change(book: &Book, one: &action::Action) -> Line {
    Line {
        entry: one.id,
        at: book.entry(one.id).map_or(Timestamp::UNIX_EPOCH, |stored| book.as_it_stands(stored).at),
        who: Some(one.by.name().to_owned()),
        state: Some(one.state.name()),
        text: book.text(one.id).to_owned(),
        outcome: one.actual.clone(),
    }
}

/// The newest entries of some kind, by when they happened.
fn newest(book: &Book, wanted: impl Fn(EntryId, Kind) -> bool, most: usize) -> Vec<Line> {
    let wanted = book.entries().filter(|stored| wanted(stored.id, stored.entry.kind));
    let mut lines: Vec<_> = wanted
        .map(|stored| {
            let reading = book.as_it_stands(stored);
            let actor = &stored.entry.actor;
            Line {
                entry: stored.id,
                at: reading.at,
                who: (*actor != Actor::System).then(|| actor.name().to_owned()),
                state: None,
                text: reading.text.to_owned(),
                outcome: None,
            }
        })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.at, line.entry)));
    lines.truncate(most);
    lines
}
