//! What all entries together say: which are pinned, how they were corrected, where hypotheses and
//! actions stand. A fold over entries in the order in which they were written down; it reads entries
//! of ten years ago, so whatever it cannot make sense of it passes by.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::action::{self, Action};
use super::excerpt;
use super::hypothesis::{self, Hypothesis};
use crate::id::EntryId;
use crate::incident::timeline::{Actor, Entry, Kind};

/// An entry that has its place in the timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Later entries sort after earlier ones, whenever they say that it happened.
    pub id: EntryId,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// What it says.
    pub entry: Entry,
}

/// What was wrong with an entry, and what is right.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// The entry that corrects.
    pub id: EntryId,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// The right text, if it was wrong.
    pub text: Option<String>,
    /// The right instant, if it was wrong.
    pub at: Option<Timestamp>,
    /// Whether the instant is a guess, if that was wrong.
    pub approximate: Option<bool>,
    /// Whether it happened outside of the team, if that was wrong.
    pub external: Option<bool>,
}

/// What an entry says with all of its corrections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading<'a> {
    /// In words.
    pub text: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// Whether the instant is a guess.
    pub approximate: bool,
    /// Whether it happened outside of the team.
    pub external: bool,
}

/// What the entries of an incident say about each other.
#[derive(Debug, Clone, Default)]
pub struct Book {
    entries: BTreeMap<EntryId, Stored>,
    pinned: BTreeSet<EntryId>,
    corrections: BTreeMap<EntryId, Vec<Correction>>,
    hypotheses: BTreeMap<EntryId, Hypothesis>,
    actions: BTreeMap<EntryId, Action>,
    /// Major changes under way in other incidents of the family, in words.
    elsewhere: Vec<String>,
    has_family: bool,
}

impl Book {
    /// Reads entries, in any order.
    pub fn of(entries: impl IntoIterator<Item = Stored>) -> Self {
        let entries: BTreeMap<_, _> =
            entries.into_iter().map(|stored| (stored.id, stored)).collect();
        let mut book = Self::default();
        for stored in entries.values() {
            book.read(stored);
        }
        book.entries = entries;
        book
    }

    /// The same, knowing of the major changes that are under way in another incident of the family,
    /// by its number.
    #[must_use]
    pub fn besides(mut self, number: i64, other: &Self) -> Self {
        self.has_family = true;
        let under_way = other.actions().filter(|action| action.is_major_under_way());
        self.elsewhere.extend(under_way.map(|action| {
            let what = excerpt(other.text(action.id));
            format!("“{what}” by {} in incident {number}", action.by.name())
        }));
        self
    }

    /// Major changes under way in other incidents of the family, in words.
    pub(super) fn elsewhere(&self) -> &[String] {
        &self.elsewhere
    }

    /// Whether others work on the same trouble in incidents of their own.
    pub(super) fn has_family(&self) -> bool {
        self.has_family
    }

    fn read(&mut self, stored: &Stored) {
        let of = entry_named(&stored.entry, "of");
        match (stored.entry.kind, of) {
            (Kind::Pinned, Some(of)) => {
                self.pinned.insert(of);
            }
            (Kind::Unpinned, Some(of)) => {
                self.pinned.remove(&of);
            }
            (Kind::Corrected, Some(of)) => {
                self.corrections.entry(of).or_default().push(correction(stored));
            }
            (Kind::Hypothesis, _) => {
                self.hypotheses.insert(stored.id, hypothesis::opened(stored));
            }
            (Kind::HypothesisMoved, Some(of)) => {
                if let Some(one) = self.hypotheses.get_mut(&of) {
                    hypothesis::moved(one, stored);
                }
            }
            (Kind::Action, _) => {
                self.actions.insert(stored.id, action::opened(stored));
            }
            (Kind::ActionMoved, Some(of)) => {
                if let Some(one) = self.actions.get_mut(&of) {
                    action::moved(one, stored);
                }
            }
            _ => {}
        }
    }

    /// An entry.
    pub fn entry(&self, id: EntryId) -> Option<&Stored> {
        self.entries.get(&id)
    }

    /// Every entry, in the order in which they were written down.
    pub fn entries(&self) -> impl Iterator<Item = &Stored> {
        self.entries.values()
    }

    /// The entry that somebody means: that which a correction or a pin is about, else itself.
    pub fn meant(&self, id: EntryId) -> Option<&Stored> {
        let entry = self.entry(id)?;
        match entry.entry.kind {
            Kind::Corrected | Kind::Pinned | Kind::Unpinned => {
                self.entry(entry_named(&entry.entry, "of")?)
            }
            _ => Some(entry),
        }
    }

    /// Whether an entry is kept in sight.
    pub fn is_pinned(&self, id: EntryId) -> bool {
        self.pinned.contains(&id)
    }

    /// What corrects an entry, the last one last.
    pub fn corrections(&self, id: EntryId) -> &[Correction] {
        self.corrections.get(&id).map_or(&[], Vec::as_slice)
    }

    /// An entry with its corrections.
    pub fn as_it_stands<'a>(&'a self, stored: &'a Stored) -> Reading<'a> {
        let mut reading = Reading {
            text: &stored.entry.text,
            at: stored.entry.at,
            approximate: flag(&stored.entry, "approximate"),
            external: flag(&stored.entry, "external"),
        };
        for correction in self.corrections(stored.id) {
            reading.text = correction.text.as_deref().unwrap_or(reading.text);
            reading.at = correction.at.unwrap_or(reading.at);
            reading.approximate = correction.approximate.unwrap_or(reading.approximate);
            reading.external = correction.external.unwrap_or(reading.external);
        }
        reading
    }

    /// What a first entry of a hypothesis or an action says with its corrections.
    pub fn text(&self, id: EntryId) -> &str {
        self.entry(id).map_or("", |stored| self.as_it_stands(stored).text)
    }

    /// The hypothesis that began with an entry.
    pub fn hypothesis(&self, id: EntryId) -> Option<&Hypothesis> {
        self.hypotheses.get(&id)
    }

    /// Every hypothesis, the oldest first.
    pub fn hypotheses(&self) -> impl Iterator<Item = &Hypothesis> {
        self.hypotheses.values()
    }

    /// The action that began with an entry.
    pub fn action(&self, id: EntryId) -> Option<&Action> {
        self.actions.get(&id)
    }

    /// Every action, the oldest first.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.actions.values()
    }
}

fn correction(stored: &Stored) -> Correction {
    let entry = &stored.entry;
    Correction {
        id: stored.id,
        recorded_at: stored.recorded_at,
        actor: entry.actor.clone(),
        text: words(entry, "text"),
        at: words(entry, "at").and_then(|at| at.parse().ok()),
        approximate: entry.data.get("approximate").and_then(Value::as_bool),
        external: entry.data.get("external").and_then(Value::as_bool),
    }
}

pub(super) fn flag(entry: &Entry, name: &str) -> bool {
    entry.data.get(name).and_then(Value::as_bool).unwrap_or(false)
}

pub(super) fn words(entry: &Entry, name: &str) -> Option<String> {
    entry.data.get(name).and_then(Value::as_str).map(ToOwned::to_owned)
}

fn entry_named(entry: &Entry, name: &str) -> Option<EntryId> {
    entry.data.get(name).and_then(Value::as_str).and_then(|id| id.parse().ok())
}
