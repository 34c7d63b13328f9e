//! Families of incidents (`J5`, `T3`): one that splits into child efforts, each an incident with its
//! own lead, roster and bridge. This file owns how a child stands to its parent and what it has from
//! it; how they split, come back and part is the lifecycle's business.
//!
//! The rule: a family is a parent and its children, and no deeper. The parent speaks for all of them
//! to audiences and lists, asks the management chain, and ends last.

use jiff::Timestamp;

use super::lifecycle::{Incident, Stamps, Status, TITLE_CHARS_MAX};
use super::restriction::{Named, Restriction};
use super::severity::Level;
use crate::alerting::signal::cut;
use crate::id::{IncidentId, ServiceId};
use crate::oncall::escalation;
use crate::org::directory::Directory;

/// The most open children that one incident has.
pub const CHILDREN_MAX: i64 = 30;

/// That an incident is a child effort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parentage {
    /// Its parent.
    pub parent: IncidentId,
    /// Whether it tells audiences and lists itself; otherwise the parent speaks for it.
    pub speaks: bool,
}

/// A part of the work that goes on by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effort {
    /// One line.
    pub title: String,
    /// More than a line.
    pub summary: Option<String>,
    /// What it is about; what the parent is about where nothing is said.
    pub service: Option<ServiceId>,
    /// How bad it is; as bad as the parent where nothing is said.
    pub severity: Option<Level>,
    /// Whether it tells audiences and lists itself.
    pub speaks: bool,
    /// Who alone sees it, and why, besides those who alone see a restricted parent.
    pub restricted: Option<(Named, String)>,
}

/// The incident that an effort begins as: what is not said otherwise it has from its parent. Whoever
/// alone sees the parent alone sees the child.
pub fn child(
    parent: &Incident,
    effort: &Effort,
    (id, number): (IncidentId, i64),
    directory: &Directory,
    now: Timestamp,
) -> Incident {
    let service = effort.service.and_then(|id| directory.services.get(id));
    let mut title = effort.title.trim().to_owned();
    cut(&mut title, TITLE_CHARS_MAX);
    let occurred_at = parent.stamps.occurred_at;
    Incident {
        id,
        number,
        title,
        summary: effort.summary.clone(),
        service: service.map_or(parent.service, |service| service.id),
        policy: service.map_or(parent.policy, |service| service.policy),
        severity: effort.severity.unwrap_or(parent.severity),
        status: Status::Triggered,
        assignee: None,
        stamps: Stamps { occurred_at, detected_at: Some(now), ..Stamps::default() },
        escalation: escalation::State::Idle,
        clocks: Default::default(),
        helpers: Default::default(),
        impact: Default::default(),
        gates: Default::default(),
        bridge: None,
        estimate: None,
        updates: Default::default(),
        roles: Default::default(),
        marks: Default::default(),
        alert_count: 0,
        open_alert_count: 0,
        reopened_count: 0,
        merged_into: None,
        parentage: Some(Parentage { parent: parent.id, speaks: effort.speaks }),
        open_children: 0,
        restriction: restriction(parent, effort, now),
        practice: parent.practice,
        version: 0,
    }
}

fn restriction(parent: &Incident, effort: &Effort, now: Timestamp) -> Option<Restriction> {
    let asked = effort.restricted.clone();
    match (parent.restriction.clone(), asked) {
        (Some(mut restriction), Some((named, _))) => {
            restriction.named.add(&named);
            Some(restriction)
        }
        (Some(restriction), None) => Some(restriction),
        (None, asked) => asked.map(|(named, reason)| Restriction { named, reason, since: now }),
    }
}

impl Incident {
    /// Whether a timeline may speak of another member of the family: never one that everybody reads of
    /// one that only some see.
    pub fn may_read_of(&self, other: &Self) -> bool {
        self.restriction.is_some() || other.restriction.is_none()
    }

    /// The parent of its family: its own, or itself.
    pub fn family(&self) -> IncidentId {
        self.parentage.map_or(self.id, |parentage| parentage.parent)
    }

    /// Whether another incident tells audiences and lists in its stead.
    pub fn is_spoken_for(&self) -> bool {
        self.parentage.is_some_and(|parentage| !parentage.speaks)
    }
}
