//! What people look for in timelines, and which kinds of things a query is about.

use muster_core::incident::timeline::Kind as EntryKind;
use muster_core::query::{self, NotUnderstood, Says};
use muster_store::incident::timeline;
use muster_store::search::Kind;

use super::term::{Term, named, narrow, set};
use super::{Asker, Services, key, of_incident, period, user};
use crate::app::Snapshot;

/// Reads a query for timeline entries.
///
/// # Errors
/// Where it cannot be understood.
pub fn entries(
    snapshot: &Snapshot,
    text: &str,
    asker: Asker,
) -> Result<timeline::Filter, NotUnderstood> {
    let directory = &*snapshot.directory;
    let mut filter = timeline::Filter::default();
    let mut services = Services::default();
    for part in query::parse(text)? {
        let Some(term) = Term::of(&part, &mut filter.words)? else { continue };
        match term.key {
            "kind" => {
                let wanted = term.each(|name| named(name, EntryKind::NAMES))?;
                let all = EntryKind::NAMES.iter().map(|(kind, _)| *kind);
                let these = all.filter(|kind| wanted.contains(kind) != term.negated).collect();
                narrow(&mut filter.kinds, these);
            }
            "by" => {
                term.plain()?;
                let author = user(directory, &term, asker.me)?;
                let author = author.ok_or_else(|| term.wrong("name somebody, or `me`"))?;
                set(&mut filter.author, &term, author)?;
            }
            "after" | "before" | "age" => {
                period(directory, (&mut filter.from, &mut filter.to), &term, asker.now)?;
            }
            // What is said of alerts is asked of alerts.
            "label" => return Err(term.unknown(Kind::Entry)),
            _ => {
                let incident = &mut filter.incident;
                if !of_incident(directory, incident, &mut services, &term, asker)? {
                    return Err(term.unknown(Kind::Entry));
                }
            }
        }
    }
    (filter.incident.services, filter.incident.not_services) = services.finish();
    Ok(filter)
}

/// The kinds of things that every key of a query narrows.
///
/// # Errors
/// Where a key is unknown, or no kind knows all of them.
pub fn kinds(text: &str) -> Result<Vec<Kind>, NotUnderstood> {
    let mut kinds = Kind::ALL.to_vec();
    for part in query::parse(text)? {
        let Says::Term { key: name, .. } = &part.says else { continue };
        let Some(key) = key::named(name) else {
            let known: Vec<_> = key::KEYS.iter().map(|key| key.name).collect();
            let message = format!("`{name}` is nothing to search by; use {}", known.join(", "));
            return Err(NotUnderstood::at(part.position, message));
        };
        kinds.retain(|kind| key.kinds.contains(kind));
        if kinds.is_empty() {
            let message = format!(
                "`{name}` narrows {}, and what stands before it narrows something else",
                key.kinds_in_words()
            );
            return Err(NotUnderstood::at(part.position, message));
        }
    }
    Ok(kinds)
}
