//! Actions with intent (`L2`): why something is changed, what is expected of it, what came of it, and
//! how to take it back. An action is its first entry and those that move it. One major change at a
//! time: another one is no wrong move, but whoever begins it is warned, and everybody sees it.

use jiff::Timestamp;

use super::book::{Book, Stored, flag, words};
use super::{Refusal, Scribe, Told, excerpt, with_words};
use crate::id::EntryId;
use crate::incident::timeline::{Actor, Entry, Kind};

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Somebody means to do it.
    Planned,
    /// Somebody does it.
    UnderWay,
    /// It was done.
    Done,
    /// It was done and taken back.
    Undone,
    /// It was not done after all.
    Dropped,
}

names!(State {
    Planned = "planned",
    UnderWay = "under_way",
    Done = "done",
    Undone = "undone",
    Dropped = "dropped",
});

/// Why something is changed and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intent {
    /// Why.
    pub why: Option<String>,
    /// What should come of it.
    pub expected: Option<String>,
    /// How to take it back.
    pub undo: Option<String>,
    /// Whether it cannot be taken back.
    pub irreversible: bool,
    /// Whether it is a change of which only one should be under way.
    pub major: bool,
    /// Whether it is only meant to be done.
    pub planned: bool,
}

/// How somebody goes on with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is being done.
    Begin,
    /// It was done.
    Finish,
    /// It was taken back.
    Undo,
    /// It is not done after all.
    Drop,
}

names!(Step { Begin = "begin", Finish = "finish", Undo = "undo", Drop = "drop" });

/// An action as its entries tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Its first entry.
    pub id: EntryId,
    /// Where it stands.
    pub state: State,
    /// Who does it.
    pub by: Actor,
    /// Why and how.
    pub intent: Intent,
    /// What came of it.
    pub actual: Option<String>,
    /// When it was begun.
    pub begun_at: Option<Timestamp>,
    /// When it was done or taken back.
    pub ended_at: Option<Timestamp>,
}

impl Action {
    /// Whether it is one of which only one should be under way, and is.
    pub fn is_major_under_way(&self) -> bool {
        self.intent.major && self.state == State::UnderWay
    }
}

pub(super) fn act(
    scribe: Scribe<'_>,
    book: &Book,
    intent: &Intent,
    told: &Told,
) -> Result<Entry, Refusal> {
    let has = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    if intent.irreversible && has(&intent.undo) {
        return Err(Refusal::UndoneAndIrreversible);
    }
    let mut entry = scribe.told(Kind::Action, told)?;
    entry = with_words(entry, "why", intent.why.as_deref())?;
    entry = with_words(entry, "expected", intent.expected.as_deref())?;
    entry = with_words(entry, "undo", intent.undo.as_deref())?;
    for (name, is) in [
        ("irreversible", intent.irreversible),
        ("major", intent.major),
        ("planned", intent.planned),
    ] {
        if is {
            entry = entry.with(name, true);
        }
    }
    let mut warnings = Vec::new();
    if intent.major && !intent.planned {
        warnings.extend(overlaps(book, None));
        if book.has_family() {
            warnings.push(
                "others work on the same trouble: plan a major change first, so that they read of it \
                 before it is made"
                    .to_owned(),
            );
        }
    }
    if !has(&intent.why) {
        warnings.push("say why it is done".to_owned());
    }
    if !has(&intent.expected) {
        warnings.push("say what you expect of it".to_owned());
    }
    if !has(&intent.undo) && !intent.irreversible {
        warnings.push("say how to undo it, or that it is irreversible".to_owned());
    }
    Ok(with_warnings(entry, warnings))
}

pub(super) fn proceed(
    scribe: Scribe<'_>,
    book: &Book,
    id: EntryId,
    step: Step,
    told: &Told,
) -> Result<Option<Entry>, Refusal> {
    let action = book.action(id).ok_or(Refusal::NoSuchEntry)?;
    let (wanted, allowed): (State, &[State]) = match step {
        Step::Begin => (State::UnderWay, &[State::Planned]),
        Step::Finish => (State::Done, &[State::Planned, State::UnderWay]),
        Step::Undo => (State::Undone, &[State::UnderWay, State::Done]),
        Step::Drop => (State::Dropped, &[State::Planned]),
    };
    let words = told.text.trim();
    if action.state == wanted && words.is_empty() {
        return Ok(None);
    }
    if step == Step::Undo && action.intent.irreversible {
        return Err(Refusal::Irreversible);
    }
    // What came of it may show later: an action that is done may be finished again, in other words.
    if action.state != wanted && !allowed.contains(&action.state) {
        let wanted = match step {
            Step::Begin => "begun",
            Step::Finish => "finished",
            Step::Undo => "undone",
            Step::Drop => "dropped",
        };
        return Err(Refusal::ActionIs { is: in_words(action.state), wanted });
    }
    let verb = match step {
        Step::Begin => "Began",
        Step::Finish => "Done",
        Step::Undo => "Undone",
        Step::Drop => "Dropped",
    };
    let mut entry = scribe
        .perhaps_told(Kind::ActionMoved, told)?
        .with("of", id.to_string())
        .with("step", step.name())
        .with("state", wanted.name());
    entry.text = format!("{verb}: “{}”", excerpt(book.text(id)));
    let mut warnings = Vec::new();
    if !words.is_empty() {
        entry.text = format!("{}: {words}", entry.text);
        entry = entry.with("actual", words);
    } else if step == Step::Finish {
        warnings.push("say what came of it".to_owned());
    }
    if step == Step::Begin && action.intent.major {
        warnings.extend(overlaps(book, Some(id)));
    }
    Ok(Some(with_warnings(entry, warnings)))
}

/// What is warned about when a major change begins while others are under way, in this incident or
/// in another one of its family.
fn overlaps(book: &Book, besides: Option<EntryId>) -> Option<String> {
    let others = book.actions().filter(|one| one.is_major_under_way() && Some(one.id) != besides);
    let here = others.map(|one| format!("“{}” by {}", excerpt(book.text(one.id)), one.by.name()));
    let others: Vec<_> = here.chain(book.elsewhere().iter().cloned()).collect();
    (!others.is_empty())
        .then(|| format!("another major change is under way: {}", others.join(", ")))
}

fn with_warnings(entry: Entry, warnings: Vec<String>) -> Entry {
    if warnings.is_empty() { entry } else { entry.with("warnings", warnings) }
}

fn in_words(state: State) -> &'static str {
    match state {
        State::UnderWay => "under way",
        other => other.name(),
    }
}

pub(super) fn opened(stored: &Stored) -> Action {
    let entry = &stored.entry;
    let planned = flag(entry, "planned");
    Action {
        id: stored.id,
        state: if planned { State::Planned } else { State::UnderWay },
        by: entry.actor.clone(),
        intent: Intent {
            why: words(entry, "why"),
            expected: words(entry, "expected"),
            undo: words(entry, "undo"),
            irreversible: flag(entry, "irreversible"),
            major: flag(entry, "major"),
            planned,
        },
        actual: None,
        begun_at: (!planned).then_some(entry.at),
        ended_at: None,
    }
}

pub(super) fn moved(action: &mut Action, stored: &Stored) {
    let entry = &stored.entry;
    let Some(state) = words(entry, "state").and_then(|state| State::from_name(&state)) else {
        return;
    };
    match state {
        State::UnderWay => {
            action.begun_at = action.begun_at.or(Some(entry.at));
            action.by = entry.actor.clone();
        }
        State::Done | State::Undone => {
            action.begun_at = action.begun_at.or(Some(entry.at));
            action.ended_at = Some(entry.at);
        }
        State::Planned | State::Dropped => {}
    }
    action.state = state;
    action.actual = words(entry, "actual").or(action.actual.take());
}
