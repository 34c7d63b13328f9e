//! The record: one entry for each transition and each send, chained so that a change is seen, and
//! the state that follows from the entries alone.

use std::collections::BTreeMap;

use super::rng::mix;
use crate::incident::lifecycle::Status;
use crate::incident::timeline::{Entry, Kind};

/// The newest entries that stay in memory.
const ENTRIES_KEPT: usize = 64;

/// One entry of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    /// What is recorded, digested.
    pub content: u64,
    /// The digest of everything before.
    pub before: u64,
    /// The digest of everything so far.
    pub hash: u64,
}

impl Link {
    pub(super) fn hash(content: u64, before: u64) -> u64 {
        mix(before.rotate_left(7) ^ content)
    }
}

/// The chain of all entries.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// Entries about transitions, by kind.
    pub told: BTreeMap<&'static str, u64>,
    pub head: u64,
    /// The newest entries.
    pub newest: Vec<Link>,
    /// Entries since the invariants last looked.
    pub fresh: usize,
}

impl Audit {
    pub(super) fn transition(&mut self, incident: u64, kind: Kind) {
        *self.told.entry(kind.name()).or_default() += 1;
        self.append(mix(incident) ^ kind as u64);
    }

    pub(super) fn send(&mut self, delivery: u64, attempt: u32) {
        self.append(mix(delivery) ^ u64::from(attempt) << 32);
    }

    fn append(&mut self, content: u64) {
        let link = Link { content, before: self.head, hash: Link::hash(content, self.head) };
        self.head = link.hash;
        if self.newest.len() >= 2 * ENTRIES_KEPT {
            self.newest.drain(..ENTRIES_KEPT);
        }
        self.newest.push(link);
        self.fresh += 1;
    }
}

/// An incident as its timeline alone tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Replay {
    pub status: Option<Status>,
    pub severity: u64,
    pub alerts_joined: i64,
    pub steps_entered: u32,
    pub steps_left: u32,
    /// People asked.
    pub paged: u32,
    pub exhausted: u32,
}

impl Replay {
    pub(super) fn new() -> Self {
        Self {
            status: None,
            severity: 0,
            alerts_joined: 0,
            steps_entered: 0,
            steps_left: 0,
            paged: 0,
            exhausted: 0,
        }
    }

    pub(super) fn fold(&mut self, entry: &Entry) {
        let number = |name: &str| entry.data.get(name).and_then(serde_json::Value::as_u64);
        match entry.kind {
            Kind::Opened | Kind::Declared => {
                self.status = Some(Status::Triggered);
                self.severity = number("severity").unwrap_or_default();
            }
            Kind::Unacknowledged | Kind::Reopened => self.status = Some(Status::Triggered),
            // Whoever asks for the next step gives an acknowledgement back.
            Kind::Escalated if self.status == Some(Status::Acknowledged) => {
                self.status = Some(Status::Triggered);
            }
            Kind::Acknowledged if self.status == Some(Status::Triggered) => {
                self.status = Some(Status::Acknowledged);
            }
            Kind::StatusChanged => {
                let to = entry.data.get("to").and_then(serde_json::Value::as_str);
                self.status = to.and_then(Status::from_name).or(self.status);
            }
            Kind::Merged => match number("alerts") {
                Some(taken_over) => self.alerts_joined += taken_over.cast_signed(),
                None => self.status = Some(Status::Resolved),
            },
            Kind::Resolved => self.status = Some(Status::Resolved),
            Kind::SeverityChanged => self.severity = number("to").unwrap_or(self.severity),
            Kind::AlertJoined => {
                let joined = entry.data.get("joined").and_then(serde_json::Value::as_i64);
                self.alerts_joined += joined.unwrap_or_default();
            }
            Kind::StepEntered => self.steps_entered += 1,
            Kind::NoTarget => self.steps_left += 1,
            Kind::Paged => self.paged += 1,
            Kind::Exhausted => self.exhausted += 1,
            Kind::Acknowledged
            | Kind::Escalated
            | Kind::AlertResolved
            | Kind::PageAccepted
            | Kind::PageFailed
            | Kind::PageSuperseded
            | Kind::PageDeclined
            | Kind::Snoozed
            | Kind::Unsnoozed
            | Kind::Assigned
            | Kind::CheckedIn
            | Kind::EngagedLate
            | Kind::Rotated
            | Kind::ManagementAsked
            | Kind::Told
            | Kind::StepSkipped
            | Kind::SecondSetBegan
            | Kind::HelpAsked
            | Kind::GroupEngaged
            | Kind::Volunteered
            | Kind::HelperDirected
            | Kind::HelperReleased
            | Kind::HelperRecalled
            | Kind::ImpactChanged
            | Kind::LossAdded
            | Kind::LossStruck
            | Kind::GatePassed
            | Kind::GateWaived
            | Kind::GateClosed
            | Kind::UpdateSent
            | Kind::UpdateDrafted
            | Kind::UpdateApproved
            | Kind::UpdateRejected
            | Kind::UpdateDue
            | Kind::PromiseMissed
            | Kind::AudienceSilent
            | Kind::RoleEngaged
            | Kind::RoleAssigned
            | Kind::RoleLeft
            | Kind::HandOverOffered
            | Kind::HandOverDeclined
            | Kind::RoleWarning
            | Kind::NewsAsked
            | Kind::ChecklistTicked
            | Kind::ChecklistUnticked
            | Kind::Restricted
            | Kind::Unrestricted
            | Kind::AccessChanged
            | Kind::AccessTaken
            | Kind::Related
            | Kind::Unrelated
            | Kind::LinkAdded
            | Kind::LinkRemoved
            | Kind::Tagged
            | Kind::Untagged
            | Kind::FieldSet
            | Kind::Split
            | Kind::Attached
            | Kind::Detached
            | Kind::Rejoined
            | Kind::FamilyAction
            | Kind::WorkflowRan
            | Kind::Note
            | Kind::Decision
            | Kind::Contact
            | Kind::Evidence
            | Kind::ActionItem
            | Kind::Hypothesis
            | Kind::HypothesisMoved
            | Kind::Action
            | Kind::ActionMoved
            | Kind::Corrected
            | Kind::Pinned
            | Kind::Unpinned
            | Kind::TeamChosen
            | Kind::HealthChecked
            | Kind::Released
            | Kind::BridgeOpened
            | Kind::BridgeClosed
            | Kind::NoticeSent
            | Kind::RoomOpened
            | Kind::RoomArchived
            | Kind::RoomFailed
            | Kind::EstimateChanged
            | Kind::TimeCorrected => {}
        }
    }
}
