//! What people look for among changes: `class:network technician:ana emergent:yes`.

use muster_core::change::record::{Outcome, State};
use muster_core::query::{self, NotUnderstood};
use muster_store::change::search::Filter;
use muster_store::search::Kind;

use super::term::{Term, named, narrow, set};
use super::{Asker, Services, number, period, state, user, yes};
use crate::app::Snapshot;

/// Reads a query for changes.
///
/// # Errors
/// Where it cannot be understood.
pub fn changes(snapshot: &Snapshot, text: &str, asker: Asker) -> Result<Filter, NotUnderstood> {
    let directory = &*snapshot.directory;
    let mut filter = Filter::default();
    let mut services = Services::default();
    for part in query::parse(text)? {
        let Some(term) = Term::of(&part, &mut filter.words)? else { continue };
        match term.key {
            "state" => {
                let open = state(&term)? != term.negated;
                let all = State::NAMES.iter().map(|(state, _)| *state);
                narrow(&mut filter.states, all.filter(|one| one.is_over() != open).collect());
            }
            "status" => {
                let wanted = term.each(|name| named(name, State::NAMES))?;
                let all = State::NAMES.iter().map(|(state, _)| *state);
                let these = all.filter(|one| wanted.contains(one) != term.negated).collect();
                narrow(&mut filter.states, these);
            }
            "service" | "team" | "group" => services.take(directory, &term)?,
            "class" => {
                let classes = &directory.change_policy.classes;
                let known = |name: &str| match classes.iter().any(|class| class == name) {
                    true => Ok(name.to_owned()),
                    false => Err(format!("use one of {}", classes.join(", "))),
                };
                let wanted = term.each(known)?;
                match term.negated {
                    true => filter.not_classes.extend(wanted),
                    false => narrow(&mut filter.classes, wanted),
                }
            }
            "technician" => {
                term.plain()?;
                set(&mut filter.technician, &term, user(directory, &term, asker.me)?)?;
            }
            "by" => {
                term.plain()?;
                let submitter = user(directory, &term, asker.me)?;
                let submitter = submitter.ok_or_else(|| term.wrong("name somebody, or `me`"))?;
                set(&mut filter.submitter, &term, submitter)?;
            }
            "tier" => {
                term.plain()?;
                let tiers = term.each(|text| {
                    text.parse().map_err(|_| "use the numbers of tiers, such as `tier:1,2`".into())
                })?;
                narrow(&mut filter.tiers, tiers);
            }
            "emergent" => set(&mut filter.emergent, &term, yes(&term)? != term.negated)?,
            "outcome" => {
                term.plain()?;
                let wanted = term.each(|name| named(name, Outcome::NAMES))?;
                narrow(&mut filter.outcomes, wanted);
            }
            "incident" => {
                term.plain()?;
                set(&mut filter.incident, &term, number(&term)?)?;
            }
            "after" | "before" | "age" => {
                period(directory, (&mut filter.from, &mut filter.to), &term, asker.now)?;
            }
            _ => return Err(term.unknown(Kind::Change)),
        }
    }
    (filter.services, filter.not_services) = services.finish();
    Ok(filter)
}
