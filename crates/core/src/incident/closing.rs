//! The closing record (`L6`, `L7`, `U6`): statistics, a summary timeline of the turns that the
//! incident took, the full timeline, and who was told what when. Read from the incident and its
//! entries with all of their corrections; it is the same while the incident runs, as far as it has
//! come.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::id::EntryId;
use crate::incident::lifecycle::Incident;
use crate::incident::timeline::{Actor, Kind};
use crate::incident::writing::{Book, Stored, is_late};
use crate::learning::metric::Distances;

/// The record of an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// How long things took.
    pub distances: Distances,
    /// How long whoever was paged took to be there.
    pub engagements: Vec<Engagement>,
    /// The turns that it took, as they happened.
    pub summary: Vec<Line>,
    /// Everything, as it happened.
    pub full: Vec<Line>,
    /// Who was told what, as it happened.
    pub communications: Vec<Line>,
}

/// From a page to being there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engagement {
    /// Who.
    pub user: String,
    /// How long it took.
    pub took: SignedDuration,
    /// Whether it took longer than asked for.
    pub is_late: bool,
}

/// One entry as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The entry.
    pub entry: EntryId,
    /// What kind of thing.
    pub kind: Kind,
    /// When it happened.
    pub at: Timestamp,
    /// Whether the instant is a guess.
    pub is_approximate: bool,
    /// Whether it happened outside of the team.
    pub is_external: bool,
    /// Whether it was written down long after it happened.
    pub is_late: bool,
    /// By whom.
    pub actor: Actor,
    /// In words, with all corrections.
    pub text: String,
    /// What it said first, if it was corrected.
    pub original: Option<String>,
    /// Where it can be seen, of evidence.
    pub link: Option<String>,
}

/// The record of an incident with all of its entries.
pub fn of(incident: &Incident, book: &Book) -> Record {
    let mut all: Vec<_> = book.entries().map(|stored| (stored, line(book, stored))).collect();
    all.sort_by_key(|(stored, line)| (line.at, stored.id));
    let some = |wanted: &dyn Fn(&Stored) -> bool| {
        let wanted = all.iter().filter(|(stored, _)| wanted(stored));
        wanted.map(|(_, line)| line.clone()).collect::<Vec<_>>()
    };
    Record {
        distances: Distances::of(&incident.stamps),
        engagements: all.iter().filter_map(|(stored, _)| engagement(stored)).collect(),
        summary: some(&|stored| is_turn(book, stored)),
        // What says something about another entry is told with that one.
        full: some(&|stored| {
            !matches!(stored.entry.kind, Kind::Corrected | Kind::Pinned | Kind::Unpinned)
        }),
        communications: some(&|stored| is_communication(stored.entry.kind)),
    }
}

fn line(book: &Book, stored: &Stored) -> Line {
    let reading = book.as_it_stands(stored);
    let entry = &stored.entry;
    let mut text = reading.text.to_owned();
    if entry.kind == Kind::Contact
        && let Some(customer) = entry.data.get("customer").and_then(Value::as_str)
    {
        text = format!("{customer}: {text}");
    }
    if let Some(file) = entry.data.get("file").and_then(Value::as_str) {
        text = format!("{text} (file: {file})");
    }
    Line {
        entry: stored.id,
        kind: entry.kind,
        at: reading.at,
        is_approximate: reading.approximate,
        is_external: reading.external,
        is_late: is_late(entry.kind, reading.at, stored.recorded_at),
        actor: entry.actor.clone(),
        original: (reading.text != entry.text).then(|| entry.text.clone()),
        text,
        link: entry.data.get("link").and_then(Value::as_str).map(ToOwned::to_owned),
    }
}

fn engagement(stored: &Stored) -> Option<Engagement> {
    let data = &stored.entry.data;
    if stored.entry.kind != Kind::CheckedIn {
        return None;
    }
    Some(Engagement {
        user: data.get("user")?.as_str()?.to_owned(),
        took: SignedDuration::from_secs(data.get("seconds")?.as_i64()?),
        is_late: data.get("late").and_then(Value::as_bool).unwrap_or(false),
    })
}

/// Whether an entry is among the most important ones: a turn of the incident itself, a decision, what
/// was found, a major change, or what somebody kept in sight.
fn is_turn(book: &Book, stored: &Stored) -> bool {
    let data = &stored.entry.data;
    let of = || data.get("of").and_then(Value::as_str).and_then(|id| id.parse().ok());
    book.is_pinned(stored.id)
        || match stored.entry.kind {
            Kind::Declared
            | Kind::Opened
            | Kind::Acknowledged
            | Kind::StatusChanged
            | Kind::SeverityChanged
            | Kind::Rotated
            | Kind::Exhausted
            | Kind::Resolved
            | Kind::Reopened
            | Kind::Merged
            | Kind::Split
            | Kind::Attached
            | Kind::Detached
            | Kind::Rejoined
            | Kind::ImpactChanged
            | Kind::TimeCorrected
            | Kind::Decision => true,
            Kind::FamilyAction => data.contains_key("major"),
            Kind::HypothesisMoved => data.get("state").is_some_and(|state| state == "confirmed"),
            Kind::Action => book.action(stored.id).is_some_and(|one| one.intent.major),
            Kind::ActionMoved => {
                of().and_then(|id| book.action(id)).is_some_and(|one| one.intent.major)
            }
            _ => false,
        }
}

/// Whether an entry tells that somebody was told something, or told us.
fn is_communication(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Told
            | Kind::NoticeSent
            | Kind::Contact
            | Kind::HelpAsked
            | Kind::GroupEngaged
            | Kind::ManagementAsked
            | Kind::UpdateSent
            | Kind::PromiseMissed
    )
}

#[cfg(test)]
mod tests;
