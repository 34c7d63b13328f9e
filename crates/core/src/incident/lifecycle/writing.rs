//! Writing into the timeline within the life of an incident. What may be written is decided by
//! [`crate::incident::writing`]; here whoever writes is seen to work, which moves the clocks. The
//! entry alone never makes a new version of the incident.

use jiff::Timestamp;

use super::{Decision, Incident, Surroundings};
use crate::incident::timeline::{Actor, Kind};
use crate::incident::writing::{self, Ask, Book, Refusal};

/// Decides what writing something down does. It is allowed at any time, also long after the end.
///
/// # Errors
/// When it may not be written down; nothing has changed then.
pub fn write(
    incident: &Incident,
    ask: &Ask,
    book: &Book,
    actor: &Actor,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let mut decision = Decision::of(incident.clone());
    let Some(entry) = writing::entry(incident, ask, book, actor, now)? else {
        return Ok(decision);
    };
    let shows_work = !matches!(entry.kind, Kind::Pinned | Kind::Unpinned);
    let is_technical = entry.kind == Kind::Action;
    decision.note(entry);
    if is_technical {
        decision.works_on_the_cause(actor, around, now);
    }
    if shows_work {
        decision.worked(actor, around, now);
    }
    if decision.incident != *incident {
        decision.incident.version += 1;
    }
    Ok(decision)
}
