//! Lines of inquiry (`L3`): what it might be, who looks into it, what was found. A hypothesis is its
//! first entry and those that move it.

use super::book::{Book, Stored, words};
use super::{Refusal, Scribe, Told, excerpt};
use crate::id::{EntryId, UserId};
use crate::incident::timeline::{Entry, Kind};

/// Where a hypothesis stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has looked into it yet.
    Open,
    /// It is being looked into.
    Explored,
    /// It is not that.
    Abandoned,
    /// It is that.
    Confirmed,
}

names!(State {
    Open = "open",
    Explored = "explored",
    Abandoned = "abandoned",
    Confirmed = "confirmed",
});

impl State {
    /// Whether it may still turn out either way.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Explored)
    }
}

/// A hypothesis as its entries tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// Its first entry.
    pub id: EntryId,
    /// Where it stands.
    pub state: State,
    /// Who looks into it, with the name they had then.
    pub assignee: Option<(Option<UserId>, String)>,
    /// What was found last.
    pub found: Option<String>,
}

/// How somebody goes on with a hypothesis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Somebody is to look into it; nobody if `None`.
    Assign(Option<(UserId, String)>),
    /// It is another state now.
    Move(State),
}

pub(super) fn suppose(
    scribe: Scribe<'_>,
    assignee: Option<&(UserId, String)>,
    told: &Told,
) -> Result<Entry, Refusal> {
    Ok(with_assignee(scribe.told(Kind::Hypothesis, told)?, assignee))
}

/// What is so already is no news, unless something is said besides.
pub(super) fn pursue(
    scribe: Scribe<'_>,
    book: &Book,
    id: EntryId,
    step: &Step,
    told: &Told,
) -> Result<Option<Entry>, Refusal> {
    let hypothesis = book.hypothesis(id).ok_or(Refusal::NoSuchEntry)?;
    let found = told.text.trim();
    let supposed = excerpt(book.text(id));
    let mut entry = scribe.perhaps_told(Kind::HypothesisMoved, told)?.with("of", id.to_string());
    let text = match step {
        Step::Assign(assignee) => {
            let before = hypothesis.assignee.as_ref().and_then(|(id, _)| *id);
            if before == assignee.as_ref().map(|(id, _)| *id) && found.is_empty() {
                return Ok(None);
            }
            if !hypothesis.state.is_open() {
                let is = hypothesis.state.name();
                return Err(Refusal::HypothesisIs { is, wanted: "assigned" });
            }
            entry = with_assignee(entry, assignee.as_ref()).with("step", "assigned");
            match assignee {
                Some((_, name)) => format!("{name} looks into “{supposed}”"),
                None => format!("Nobody looks into “{supposed}” any more"),
            }
        }
        Step::Move(state) => {
            if *state == hypothesis.state && found.is_empty() {
                return Ok(None);
            }
            entry = entry.with("step", "moved").with("state", state.name());
            match state {
                State::Open => format!("Taken up again: “{supposed}”"),
                State::Explored => format!("Exploring “{supposed}”"),
                State::Abandoned => format!("Abandoned “{supposed}”"),
                State::Confirmed => format!("Confirmed “{supposed}”"),
            }
        }
    };
    if !found.is_empty() {
        entry = entry.with("found", found);
    }
    entry.text = if found.is_empty() { text } else { format!("{text}: {found}") };
    Ok(Some(entry))
}

fn with_assignee(entry: Entry, assignee: Option<&(UserId, String)>) -> Entry {
    match assignee {
        Some((id, name)) => {
            entry.with("assignee", name.as_str()).with("assignee_id", id.to_string())
        }
        None => entry,
    }
}

pub(super) fn opened(stored: &Stored) -> Hypothesis {
    let assignee = assignee(&stored.entry);
    Hypothesis { id: stored.id, state: State::Open, assignee, found: None }
}

pub(super) fn moved(hypothesis: &mut Hypothesis, stored: &Stored) {
    let entry = &stored.entry;
    if words(entry, "step").as_deref() == Some("assigned") {
        hypothesis.assignee = assignee(entry);
    }
    let state = words(entry, "state").and_then(|state| State::from_name(&state));
    hypothesis.state = state.unwrap_or(hypothesis.state);
    hypothesis.found = words(entry, "found").or(hypothesis.found.take());
}

fn assignee(entry: &Entry) -> Option<(Option<UserId>, String)> {
    let name = words(entry, "assignee")?;
    Some((words(entry, "assignee_id").and_then(|id| id.parse().ok()), name))
}
