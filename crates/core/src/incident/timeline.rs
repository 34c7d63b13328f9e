//! The timeline (`L1`): what happened to an incident, in order, by whom. Entries are only ever
//! added. Each carries a sentence for people and data for programs, so that a reader in ten years
//! needs neither today's configuration nor today's code to understand it.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::id::{EntryId, UserId};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person, with the name they had then.
    User {
        /// Stays the same when the person is renamed.
        id: UserId,
        /// The name they had then.
        name: String,
    },
    /// A monitoring system, by the integration's label.
    Integration {
        /// Such as `checkout/alertmanager`.
        label: String,
    },
    /// An API token that belongs to no person.
    Token {
        /// The token's name.
        name: String,
    },
    /// A workflow of the organisation (`T7`).
    Workflow {
        /// Its name.
        name: String,
    },
    /// Muster itself.
    System,
}

impl Actor {
    /// The kind's name in store and API.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Integration { .. } => "integration",
            Self::Token { .. } => "token",
            Self::Workflow { .. } => "workflow",
            Self::System => "system",
        }
    }

    /// What to call them.
    pub fn name(&self) -> &str {
        match self {
            Self::User { name, .. } | Self::Token { name } | Self::Workflow { name } => name,
            Self::Integration { label } => label,
            Self::System => "Muster",
        }
    }

    /// The person, if it is one.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            _ => None,
        }
    }
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A person declared the incident.
    Declared,
    /// An alert opened it.
    Opened,
    /// Alerts joined it.
    AlertJoined,
    /// Alerts recovered.
    AlertResolved,
    /// It moved from one status to another.
    StatusChanged,
    /// Somebody has it.
    Acknowledged,
    /// Somebody gave it back, or the acknowledgement ran out.
    Unacknowledged,
    /// Somebody asked for the next step.
    Escalated,
    /// An escalation step began.
    StepEntered,
    /// An escalation step reached nobody.
    NoTarget,
    /// A person was asked.
    Paged,
    /// A provider accepted a page.
    PageAccepted,
    /// A delivery failed for good.
    PageFailed,
    /// Pages were answered or withdrawn.
    PageSuperseded,
    /// A person declined.
    PageDeclined,
    /// Every step of every round was gone through.
    Exhausted,
    /// Quiet for a while.
    Snoozed,
    /// Quiet no longer.
    Unsnoozed,
    /// Tested and signed off, or every alert recovered.
    Resolved,
    /// Open again.
    Reopened,
    /// Merged with another incident.
    Merged,
    /// The severity changed.
    SeverityChanged,
    /// Somebody is responsible now.
    Assigned,
    /// Somebody is there (`I5`).
    CheckedIn,
    /// Somebody who was paged was not there in time (`I5`).
    EngagedLate,
    /// Nothing moved in time, so somebody else got it (`I3`).
    Rotated,
    /// The management chain asked somebody (`I2`).
    ManagementAsked,
    /// A place that belongs to no person was told.
    Told,
    /// An escalation step was left out, because its condition does not hold.
    StepSkipped,
    /// Another policy took over, because the incident is not over after long (`I4`).
    SecondSetBegan,
    /// Somebody asked for help (`O7`).
    HelpAsked,
    /// An engagement group was engaged (`E1`).
    GroupEngaged,
    /// Somebody volunteered (`E6`).
    Volunteered,
    /// A helper was asked to do something (`E6`).
    HelperDirected,
    /// A helper was released with thanks (`E6`).
    HelperReleased,
    /// The release of a helper was taken back (`E6`).
    HelperRecalled,
    /// Somebody said for which team they are there (`J1`).
    TeamChosen,
    /// Somebody said how services are (`J2`).
    HealthChecked,
    /// Somebody who was there was let go (`J3`).
    Released,
    /// People meet there (`J6`).
    BridgeOpened,
    /// People meet there no longer (`J6`).
    BridgeClosed,
    /// A notification list was told on purpose (`E5`).
    NoticeSent,
    /// Its room in a chat was opened (`E7`).
    RoomOpened,
    /// Its room was put away (`E7`).
    RoomArchived,
    /// There is no room, and why (`E7`).
    RoomFailed,
    /// Somebody said when it may be over (`E3`).
    EstimateChanged,
    /// What is known of the impact changed (`I6`).
    ImpactChanged,
    /// A loss was added to what it costs (`I9`).
    LossAdded,
    /// A loss was struck from what it costs (`I9`).
    LossStruck,
    /// Somebody was asked to come as something (`R4`).
    RoleEngaged,
    /// Somebody holds a role now (`R1`).
    RoleAssigned,
    /// Somebody holds a role no longer (`R1`).
    RoleLeft,
    /// Somebody is asked to take a role over, with a brief (`R5`).
    HandOverOffered,
    /// A hand-over was declined or taken back (`R5`).
    HandOverDeclined,
    /// Somebody crosses a boundary between roles (`R2`).
    RoleWarning,
    /// A gate was passed (`J4`).
    GatePassed,
    /// A gate was waived, with a reason (`J4`).
    GateWaived,
    /// A gate that was passed is closed again (`J4`).
    GateClosed,
    /// An audience was told how it stands (`U1`).
    UpdateSent,
    /// An update waits to be looked at.
    UpdateDrafted,
    /// Somebody looked at an update and let it out.
    UpdateApproved,
    /// Somebody looked at an update and gave it back.
    UpdateRejected,
    /// Somebody was reminded that an audience must hear (`U2`).
    UpdateDue,
    /// An audience was not told when it was promised to be (`U3`).
    PromiseMissed,
    /// An audience heard nothing for too long (`U2`).
    AudienceSilent,
    /// Nobody wrote anything down for too long, and somebody was asked for news (`L5`).
    NewsAsked,
    /// An item of a checklist was ticked (`C1`).
    ChecklistTicked,
    /// The tick of an item was taken back (`C1`).
    ChecklistUnticked,
    /// It is for named people alone now (`T4`).
    Restricted,
    /// It is for everybody again (`T4`).
    Unrestricted,
    /// Others see it now (`T4`).
    AccessChanged,
    /// An administrator let themselves in (`T4`).
    AccessTaken,
    /// It has to do with another incident (`T3`).
    Related,
    /// It has nothing to do with another incident after all (`T3`).
    Unrelated,
    /// A link to a page elsewhere was added (`T2`).
    LinkAdded,
    /// A link to a page elsewhere was taken off (`T2`).
    LinkRemoved,
    /// A part of the work goes on as an incident of its own (`J5`).
    Split,
    /// It is a child effort of another incident now, or one joined it (`J5`).
    Attached,
    /// It stands by itself again, or a child effort left it (`J5`).
    Detached,
    /// A child effort came back with what it found (`J5`).
    Rejoined,
    /// Another incident of the family changes something, or means to (`J5`).
    FamilyAction,
    /// A workflow did what it is there for (`T7`).
    WorkflowRan,
    /// It bears more tags (`T2`).
    Tagged,
    /// It bears a tag no longer (`T2`).
    Untagged,
    /// A custom field has another value, or none any more (`T2`).
    FieldSet,
    /// Somebody wrote something down.
    Note,
    /// Something was decided (`L1`).
    Decision,
    /// A customer was in touch (`L8`).
    Contact,
    /// A picture or a link that shows something (`L8`).
    Evidence,
    /// Something is to be done once it is over (`L8`).
    ActionItem,
    /// Somebody supposes what it might be (`L3`).
    Hypothesis,
    /// A hypothesis was assigned, explored, abandoned, confirmed or taken up again (`L3`).
    HypothesisMoved,
    /// Somebody means to change something, or changes it (`L2`).
    Action,
    /// An action was begun, finished, undone or dropped (`L2`).
    ActionMoved,
    /// What somebody wrote was corrected; the original stays (`L1`).
    Corrected,
    /// An entry was pinned (`L1`).
    Pinned,
    /// An entry was unpinned (`L1`).
    Unpinned,
    /// The time of something was corrected (`T5`).
    TimeCorrected,
}

names!(Kind {
    Declared = "declared",
    Opened = "opened",
    AlertJoined = "alert_joined",
    AlertResolved = "alert_resolved",
    StatusChanged = "status_changed",
    Acknowledged = "acknowledged",
    Unacknowledged = "unacknowledged",
    Escalated = "escalated",
    StepEntered = "step_entered",
    NoTarget = "no_target",
    Paged = "paged",
    PageAccepted = "page_accepted",
    PageFailed = "page_failed",
    PageSuperseded = "page_superseded",
    PageDeclined = "page_declined",
    Exhausted = "exhausted",
    Snoozed = "snoozed",
    Unsnoozed = "unsnoozed",
    Resolved = "resolved",
    Reopened = "reopened",
    Merged = "merged",
    SeverityChanged = "severity_changed",
    Assigned = "assigned",
    CheckedIn = "checked_in",
    EngagedLate = "engaged_late",
    Rotated = "rotated",
    ManagementAsked = "management_asked",
    Told = "told",
    StepSkipped = "step_skipped",
    SecondSetBegan = "second_set_began",
    HelpAsked = "help_asked",
    GroupEngaged = "group_engaged",
    Volunteered = "volunteered",
    HelperDirected = "helper_directed",
    HelperReleased = "helper_released",
    HelperRecalled = "helper_recalled",
    TeamChosen = "team_chosen",
    HealthChecked = "health_checked",
    Released = "released",
    BridgeOpened = "bridge_opened",
    BridgeClosed = "bridge_closed",
    NoticeSent = "notice_sent",
    RoomOpened = "room_opened",
    RoomArchived = "room_archived",
    RoomFailed = "room_failed",
    EstimateChanged = "estimate_changed",
    ImpactChanged = "impact_changed",
    LossAdded = "loss_added",
    LossStruck = "loss_struck",
    RoleEngaged = "role_engaged",
    RoleAssigned = "role_assigned",
    RoleLeft = "role_left",
    HandOverOffered = "hand_over_offered",
    HandOverDeclined = "hand_over_declined",
    RoleWarning = "role_warning",
    GatePassed = "gate_passed",
    GateWaived = "gate_waived",
    GateClosed = "gate_closed",
    UpdateSent = "update_sent",
    UpdateDrafted = "update_drafted",
    UpdateApproved = "update_approved",
    UpdateRejected = "update_rejected",
    UpdateDue = "update_due",
    PromiseMissed = "promise_missed",
    AudienceSilent = "audience_silent",
    NewsAsked = "news_asked",
    ChecklistTicked = "checklist_ticked",
    ChecklistUnticked = "checklist_unticked",
    Restricted = "restricted",
    Unrestricted = "unrestricted",
    AccessChanged = "access_changed",
    AccessTaken = "access_taken",
    Related = "related",
    Unrelated = "unrelated",
    LinkAdded = "link_added",
    LinkRemoved = "link_removed",
    Split = "split",
    Attached = "attached",
    Detached = "detached",
    Rejoined = "rejoined",
    FamilyAction = "family_action",
    WorkflowRan = "workflow_ran",
    Tagged = "tagged",
    Untagged = "untagged",
    FieldSet = "field_set",
    Note = "note",
    Decision = "decision",
    Contact = "contact",
    Evidence = "evidence",
    ActionItem = "action_item",
    Hypothesis = "hypothesis",
    HypothesisMoved = "hypothesis_moved",
    Action = "action",
    ActionMoved = "action_moved",
    Corrected = "corrected",
    Pinned = "pinned",
    Unpinned = "unpinned",
    TimeCorrected = "time_corrected",
});

impl Kind {
    /// What people write themselves and may therefore correct.
    pub const WRITTEN: [Self; 9] = [
        Self::Note,
        Self::Decision,
        Self::Contact,
        Self::Evidence,
        Self::ActionItem,
        Self::Hypothesis,
        Self::HypothesisMoved,
        Self::Action,
        Self::ActionMoved,
    ];
    /// What says something about another entry, or what other entries say something about: all that
    /// a [`crate::incident::writing::Book`] is read from.
    pub const BOUND: [Self; 7] = [
        Self::Hypothesis,
        Self::HypothesisMoved,
        Self::Action,
        Self::ActionMoved,
        Self::Corrected,
        Self::Pinned,
        Self::Unpinned,
    ];

    /// Whether people write it themselves.
    pub fn is_written(self) -> bool {
        Self::WRITTEN.contains(&self)
    }
}

/// The longest text of an entry, in characters.
pub const TEXT_CHARS_MAX: usize = 25_000;

/// One thing that happened, before it has its place in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its id, where whoever asked for it must know it; any new one otherwise.
    pub id: Option<EntryId>,
    /// When it happened.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: Kind,
    /// By whom.
    pub actor: Actor,
    /// A sentence for people.
    pub text: String,
    /// For programs.
    pub data: Map<String, Value>,
}

impl Entry {
    /// An entry without data.
    pub fn new(at: Timestamp, kind: Kind, actor: Actor, text: impl Into<String>) -> Self {
        Self { id: None, at, kind, actor, text: text.into(), data: Map::new() }
    }

    /// The same with one more datum.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }
}
