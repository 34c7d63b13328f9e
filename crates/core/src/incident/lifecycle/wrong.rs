//! Why what somebody asks of an incident is refused, in words that say what to do instead.

use super::{bridge, checklist, family, notice, role, roster};

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongMove {
    /// The incident is over.
    #[error("incident {number} is already {status}; reopen it first")]
    NotOpen {
        /// The incident.
        number: i64,
        /// Its status.
        status: &'static str,
    },
    /// The incident is not over.
    #[error("incident {number} is {status}; only a resolved one can be {wanted}")]
    StillOpen {
        /// The incident.
        number: i64,
        /// Its status.
        status: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// Nobody has acknowledged it.
    #[error("incident {number} is not acknowledged")]
    NotAcknowledged {
        /// The incident.
        number: i64,
    },
    /// A snooze that ends in the past or too far ahead.
    #[error("a snooze must end after now and within 7 days")]
    SnoozeOutOfRange,
    /// Neither has it a room in a chat nor does its process name one.
    #[error("incident {number} has no room, and the process of its severity names none")]
    NoRoom {
        /// The incident.
        number: i64,
    },
    /// It is not snoozed.
    #[error("incident {number} is not snoozed")]
    NotSnoozed {
        /// The incident.
        number: i64,
    },
    /// An incident cannot take its own place.
    #[error("incident {number} cannot be merged into itself")]
    IntoItself {
        /// The incident.
        number: i64,
    },
    /// It was merged and lives on elsewhere.
    #[error("incident {number} was merged into another one; work on that instead")]
    WasMerged {
        /// The incident.
        number: i64,
    },
    /// The text is empty.
    #[error("the text is empty")]
    Empty,
    /// Somebody who does not help was to be directed or released.
    #[error("{name} does not help with incident {number}")]
    NotHelping {
        /// The person.
        name: String,
        /// The incident.
        number: i64,
    },
    /// Somebody who was not released was to be called back.
    #[error("{name} was not released from incident {number}")]
    NotReleased {
        /// The person.
        name: String,
        /// The incident.
        number: i64,
    },
    /// A loss was to be struck that is not listed.
    #[error("incident {number} lists no such loss")]
    NoSuchLoss {
        /// The incident.
        number: i64,
    },
    /// There are enough losses.
    #[error("incident {number} has as many losses as it can list; add several as one")]
    EnoughLosses {
        /// The incident.
        number: i64,
    },
    /// An audience that is not configured.
    #[error("there is no audience `{name}`")]
    NoSuchAudience {
        /// What was asked for.
        name: String,
    },
    /// An audience heard too recently (`U2`).
    #[error("{audience} heard less than {closest} ago; wait {wait}, or say why it cannot wait")]
    UpdateTooSoon {
        /// Which.
        audience: String,
        /// The shortest time between two updates.
        closest: String,
        /// Until it may hear again.
        wait: String,
    },
    /// A promise that the pace does not allow (`U2`).
    #[error("the next update for {audience} comes between {closest} and {silent_max}")]
    NextOutOfRange {
        /// Which.
        audience: String,
        /// The shortest time between two updates.
        closest: String,
        /// The longest silence.
        silent_max: String,
    },
    /// No update waits to be looked at.
    #[error("no update for {audience} waits to be looked at in incident {number}")]
    NothingInReview {
        /// Which.
        audience: String,
        /// The incident.
        number: i64,
    },
    /// Somebody looked at what they wrote themselves.
    #[error("{by} wrote it; somebody else has to look at it")]
    OwnUpdate {
        /// Who.
        by: String,
    },
    /// Somebody validates or signs off what customers still miss (`J4`).
    #[error("incident {number} is {status}; say first that customers are well again")]
    NotRestored {
        /// The incident.
        number: i64,
        /// Its status.
        status: &'static str,
    },
    /// A gate is closed (`J4`).
    #[error(
        "incident {number} is not over yet: {missing}; waive a gate with a reason if it must be"
    )]
    GatesClosed {
        /// The incident.
        number: i64,
        /// Whose word is missing.
        missing: String,
    },
    /// It is for everybody already.
    #[error("incident {number} is not restricted")]
    NotRestricted {
        /// The incident.
        number: i64,
    },
    /// A restricted incident that nobody may see.
    #[error("name at least one person or group who sees it")]
    SeenByNobody,
    /// A restricted incident that names too many.
    #[error(
        "an incident names at most {} people and groups",
        crate::incident::restriction::NAMED_MAX
    )]
    SeenByTooMany,
    /// Of two that are to become one, only one is restricted.
    #[error("one of the two is restricted and the other is not; restrict both or neither first")]
    RestrictedApart,
    /// An incident has nothing to do with itself.
    #[error("incident {number} is not linked to itself")]
    ToItself {
        /// The incident.
        number: i64,
    },
    /// There are enough links.
    #[error("incident {number} is linked to as many others as it can be")]
    EnoughRelations {
        /// The incident.
        number: i64,
    },
    /// There are enough links to pages elsewhere.
    #[error("incident {number} has as many links as it can have; take one off first")]
    EnoughLinks {
        /// The incident.
        number: i64,
    },
    /// There are enough tags.
    #[error("incident {number} bears as many tags as it can; take one off first")]
    EnoughTags {
        /// The incident.
        number: i64,
    },
    /// A field that the next status needs has no value.
    #[error("incident {number} cannot be {status} before {missing} {is_are} set")]
    FieldsMissing {
        /// The incident.
        number: i64,
        /// The status that was asked for.
        status: &'static str,
        /// The names of the fields.
        missing: String,
        /// `is` or `are`.
        is_are: &'static str,
    },
    /// There are enough helpers.
    #[error("incident {number} has as many helpers as it can list")]
    EnoughHelpers {
        /// The incident.
        number: i64,
    },
    /// Checklists do not allow it.
    #[error(transparent)]
    Checklist(#[from] checklist::Wrong),
    /// The list does not allow it.
    #[error(transparent)]
    Notice(#[from] notice::Wrong),
    /// The roster does not allow it.
    #[error(transparent)]
    Roster(#[from] roster::Wrong),
    /// The bridge does not allow it.
    #[error(transparent)]
    Bridge(#[from] bridge::Wrong),
    /// Families do not allow it.
    #[error(transparent)]
    Family(#[from] family::Wrong),
    /// Roles do not allow it.
    #[error(transparent)]
    Role(#[from] role::Wrong),
}
