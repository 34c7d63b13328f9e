//! How incidents split into child efforts, come together and part (`J5`, `T3`). Both timelines say
//! so. Nobody is woken for an effort but its lead: whoever is on call is at work on the parent.

use jiff::Timestamp;
use serde_json::Value;

use super::{Decision, Incident, Status, Surroundings, WrongMove};
use crate::alerting::signal::cut;
use crate::id::UserId;
use crate::incident::audience;
use crate::incident::clocks::{management, second_set};
use crate::incident::family::{CHILDREN_MAX, Parentage};
use crate::incident::role::assignment;
use crate::incident::severity::Urgency;
use crate::incident::timeline::{Actor, Entry, Kind, TEXT_CHARS_MAX};
use crate::incident::writing::action::State;
use crate::org::directory::Directory;

/// Why families do not allow it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Families have two generations.
    #[error("incident {number} is a child effort itself; split or attach to its parent instead")]
    IsChild {
        /// The incident.
        number: i64,
    },
    /// Families have two generations.
    #[error("incident {number} has child efforts of its own; detach them first")]
    HasChildren {
        /// The incident.
        number: i64,
    },
    /// It belongs to none.
    #[error("incident {number} is no child effort of another one")]
    IsNoChild {
        /// The incident.
        number: i64,
    },
    /// Nothing is its own parent.
    #[error("incident {number} cannot be its own child effort")]
    OfItself {
        /// The incident.
        number: i64,
    },
    /// There are enough.
    #[error("incident {number} has {CHILDREN_MAX} open child efforts; end or rejoin one first")]
    Enough {
        /// The incident.
        number: i64,
    },
    /// The parent ends last.
    #[error(
        "incident {number} has {open} open child efforts; resolve, rejoin or detach them first, or \
         end them with it"
    )]
    OpenChildren {
        /// The incident.
        number: i64,
        /// How many.
        open: i64,
    },
    /// A parent cannot end in its own child.
    #[error("incident {number} has incident {into} as a child effort; rejoin that one instead")]
    IntoChild {
        /// The incident.
        number: i64,
        /// Its child.
        into: i64,
    },
    /// Whoever does not see the parent would read of it.
    #[error("incident {number} is a child effort of a restricted incident; detach it first")]
    ParentRestricted {
        /// The incident.
        number: i64,
    },
    /// The parent speaks.
    #[error(
        "incident {number} is a child effort and its parent speaks for it: send the update from \
         the parent, or let this one speak for itself first"
    )]
    IsSpokenFor {
        /// The incident.
        number: i64,
    },
}

/// Whether an incident can have one more child.
///
/// # Errors
/// Says why not.
pub fn may_have_child(parent: &Incident) -> Result<(), WrongMove> {
    let Incident { number, status, .. } = *parent;
    if !status.is_open() {
        return Err(WrongMove::NotOpen { number, status: status.name() });
    }
    if parent.parentage.is_some() {
        return Err(Wrong::IsChild { number }.into());
    }
    if parent.open_children >= CHILDREN_MAX {
        return Err(Wrong::Enough { number }.into());
    }
    Ok(())
}

/// A child effort begins, with its lead if one is named. A lead who is at work on the parent already,
/// or who splits it off for themselves, has it at once; anybody else is asked to come.
pub fn begin_effort(
    child: Incident,
    parent: &Incident,
    lead: Option<UserId>,
    actor: &Actor,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Decision {
    let mut decision = Decision::of(child);
    let level = decision.incident.severity.number();
    let text = format!(
        "Split from incident {}, {}, as {}",
        parent.number,
        parent.title,
        around.severity_words()
    );
    decision.note(
        Entry::new(now, Kind::Declared, actor.clone(), text)
            .with("severity", level)
            .with("title", decision.incident.title.clone())
            .with("incident", parent.number),
    );
    decision.incident.roles.declared_by = actor.user();
    decision.begin_restricted(actor, around, now);
    if let Some(lead) = lead {
        decision.give_to_lead(lead, parent, actor, around, now);
    }
    decision.open_bridge(around, now);
    decision.incident.version += 1;
    decision
}

/// What the parent's timeline says of an effort that began.
pub fn split_off(child: &Incident, lead: Option<&str>, actor: &Actor, now: Timestamp) -> Entry {
    let led = lead.map_or_else(String::new, |lead| format!(", led by {lead}"));
    let text = format!("Split off incident {}, {}{led}", child.number, child.title);
    Entry::new(now, Kind::Split, actor.clone(), text).with("incident", child.number)
}

/// An incident becomes the child of another one, or speaks otherwise than before.
///
/// # Errors
/// When families do not allow it.
pub fn attach(
    child: &Incident,
    parent: &Incident,
    speaks: bool,
    actor: &Actor,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Decision, WrongMove> {
    let mut decision = Decision::of(child.clone());
    let number = child.number;
    if child.id == parent.id {
        return Err(Wrong::OfItself { number }.into());
    }
    decision.require_open()?;
    let wanted = Parentage { parent: parent.id, speaks };
    let known = child.parentage;
    if known == Some(wanted) {
        return Ok(decision);
    }
    if known.is_none_or(|known| known.parent != parent.id) {
        if known.is_some() {
            return Err(Wrong::IsChild { number }.into());
        }
        if child.open_children > 0 {
            return Err(Wrong::HasChildren { number }.into());
        }
        may_have_child(parent)?;
    }
    decision.incident.parentage = Some(wanted);
    decision.incident.version += 1;
    let who = if speaks { "speaks for itself" } else { "its parent speaks for it" };
    let text = match known {
        None => format!("Is a child effort of incident {}, {} now", parent.number, parent.title),
        Some(_) => format!("From now on {who}"),
    };
    decision
        .note(Entry::new(now, Kind::Attached, actor.clone(), text).with("incident", parent.number));
    if speaks {
        decision.restart_updates(around, now);
        decision.start_updates(around, now);
    } else {
        decision.incident.updates.stop();
    }
    decision.parent_asks_managers(around, now);
    Ok(decision)
}

/// A child effort goes to another parent, because another incident took its parent's place.
pub fn adopt(
    child: &Incident,
    (from, to): (i64, &Incident),
    actor: &Actor,
    now: Timestamp,
) -> Decision {
    let mut decision = Decision::of(child.clone());
    let speaks = child.parentage.is_some_and(|parentage| parentage.speaks);
    decision.incident.parentage = Some(Parentage { parent: to.family(), speaks });
    decision.incident.version += 1;
    let text = format!("Incident {from}, its parent, was merged into incident {}", to.number);
    let entry = Entry::new(now, Kind::Attached, actor.clone(), text);
    decision.note(entry.with("incident", to.number));
    decision
}

/// An incident stands by itself again.
///
/// # Errors
/// When it belongs to none.
pub fn detach(
    child: &Incident,
    parent: &Incident,
    actor: &Actor,
    around: &Surroundings<'_>,
    now: Timestamp,
) -> Result<Decision, WrongMove> {
    let mut decision = Decision::of(child.clone());
    if decision.incident.parentage.take().is_none() {
        return Err(Wrong::IsNoChild { number: child.number }.into());
    }
    decision.incident.version += 1;
    let text = format!("No longer a child effort of incident {}", parent.number);
    decision
        .note(Entry::new(now, Kind::Detached, actor.clone(), text).with("incident", parent.number));
    if child.status.is_open() {
        decision.restart_updates(around, now);
        decision.start_updates(around, now);
    }
    if child.status < Status::Restored {
        decision.start_clocks(around, now, now);
    }
    Ok(decision)
}

/// What the others of the family read of an action before and while it is made: its entry, as it
/// stands in the timeline of `of`. Anything else is nothing to them.
pub fn told_of_action(
    of: &Incident,
    entry: &Entry,
    is_major: bool,
    now: Timestamp,
) -> Option<Entry> {
    let words = |name: &str| entry.data.get(name).and_then(Value::as_str);
    let flag = |name: &str| entry.data.get(name).and_then(Value::as_bool).unwrap_or(false);
    let state = match entry.kind {
        Kind::Action if flag("planned") => State::Planned.name(),
        Kind::Action => State::UnderWay.name(),
        Kind::ActionMoved => words("state")?,
        _ => return None,
    };
    let verb = match entry.kind {
        Kind::Action if flag("planned") => "proposes: ",
        Kind::Action => "begins: ",
        _ => "",
    };
    let mut text = format!("Incident {}, {}, {verb}{}", of.number, of.title, entry.text);
    for (name, begins) in [("why", "why"), ("expected", "expected"), ("undo", "to undo it")] {
        if let Some(said) = words(name) {
            text = format!("{text}; {begins}: {said}");
        }
    }
    if flag("irreversible") {
        text.push_str("; it cannot be undone");
    }
    cut(&mut text, TEXT_CHARS_MAX);
    let mut told = Entry::new(now, Kind::FamilyAction, entry.actor.clone(), text)
        .with("incident", of.number)
        .with("state", state);
    if let Some(id) = entry.id {
        told = told.with("entry", id.to_string());
    }
    Some(if is_major { told.with("major", true) } else { told })
}

/// What another member's timeline gets of an action, and its leads hear of where it is a major one.
/// Whoever makes it knows.
pub fn hear_of_action(member: &Incident, told: &Entry, directory: &Directory) -> Decision {
    let mut decision = Decision::of(member.clone());
    if told.data.contains_key("major") {
        let subject = format!("Incident {}: a major change nearby", member.number);
        let leads = audience::leads(directory, member);
        for lead in leads.into_iter().filter(|lead| told.actor.user() != Some(*lead)) {
            decision.inform(lead, Urgency::High, subject.clone(), &told.text, &told.actor);
        }
    }
    decision.note(told.clone());
    decision
}

impl Decision {
    fn give_to_lead(
        &mut self,
        lead: UserId,
        parent: &Incident,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) {
        let role = around.lead_role();
        if let Some(role) = role {
            let takes = actor.user() == Some(lead);
            let how = if takes { assignment::How::Taken } else { assignment::How::Given };
            self.put_into(role, lead, how, actor, around, now);
        }
        self.incident.assignee = Some(lead);
        let is_at_work = actor.user() == Some(lead)
            || parent.assignee == Some(lead)
            || parent.roles.held().any(|one| one.user == lead)
            || parent.clocks.engage.is_present(lead);
        if is_at_work {
            self.move_to(Status::Acknowledged, actor, now);
            return;
        }
        let title = &self.incident.title;
        let reason = format!("{} asks you to lead: {title}", actor.name());
        self.page(around, lead, None, 1, &reason, now);
    }

    /// The management chain and the second set are the parent's.
    fn parent_asks_managers(&mut self, around: &Surroundings<'_>, now: Timestamp) {
        self.climb(around, management::Event::Stopped, now);
        self.second_set(around, second_set::Event::Stopped, now);
    }

    /// The parent ends last.
    pub(super) fn require_no_open_children(&self) -> Result<(), WrongMove> {
        let Incident { number, open_children: open, .. } = self.incident;
        if open == 0 {
            return Ok(());
        }
        Err(Wrong::OpenChildren { number, open }.into())
    }
}
