//! Typed identifiers. Each kind of object has its own type over a UUIDv7, so that an incident's id
//! cannot stand where an alert's is meant. On the wire an id carries its kind as a prefix
//! (`inc_...`). This module makes no ids of its own accord: instant and chance are arguments.

use jiff::Timestamp;
use uuid::Uuid;

/// Why a text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of the form {prefix}_ followed by 32 hexadecimal digits")]
pub struct InvalidId {
    text: String,
    prefix: &'static str,
}

/// A UUIDv7 of the instant `now` whose random part is `chance`.
pub fn uuid_v7(now: Timestamp, chance: [u8; 10]) -> Uuid {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &chance).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The prefix of the wire form, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// An id of the instant `now`; ids of later instants sort after earlier ones.
            pub fn new(now: Timestamp, chance: [u8; 10]) -> Self {
                Self(uuid_v7(now, chance))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.as_simple())
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let invalid = || InvalidId { text: text.chars().take(64).collect(), prefix: $prefix };
                let rest = text
                    .strip_prefix($prefix)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .ok_or_else(invalid)?;
                Uuid::try_parse(rest).map(Self).map_err(|_| invalid())
            }
        }
    )*};
}

ids! {
    /// A time in which a person is away.
    AbsenceId = "abs";
    /// An alert: one trouble of one integration, between its first signal and its recovery.
    AlertId = "alt";
    /// A file that was uploaded to an incident.
    AttachmentId = "att";
    /// A link to a calendar that other programs read.
    CalendarLinkId = "cal";
    /// Something that a pipeline or a tool reports to have changed.
    ChangeEventId = "chg";
    /// A change that somebody plans, does or did.
    ChangeId = "cr";
    /// A contact method of a person.
    ContactMethodId = "cm";
    /// One contact method's part in a page, with all of its attempts.
    DeliveryId = "dlv";
    /// Several pages in one message.
    DigestId = "dig";
    /// An engagement group.
    EngagementGroupId = "grp";
    /// A timeline or stream entry.
    EntryId = "ent";
    /// A kind of change that is held to less.
    ExceptionId = "exc";
    /// A calendar that a person's leave is read from.
    FeedId = "feed";
    /// What one shift tells the next.
    HandoffId = "hof";
    /// Somebody on call instead of whoever the layers name.
    OverrideId = "ovr";
    /// An escalation policy.
    PolicyId = "pol";
    /// An incident.
    IncidentId = "inc";
    /// An integration of a service.
    IntegrationId = "int";
    /// A heartbeat monitor.
    HeartbeatId = "hb";
    /// A maintenance window.
    MaintenanceId = "mnt";
    /// A raw message in the inbox.
    MessageId = "msg";
    /// A notification list.
    NotificationListId = "lst";
    /// One person being asked to take one incident.
    PageId = "pag";
    /// A link of an incident to a page elsewhere.
    IncidentLinkId = "lnk";
    /// A link between two incidents.
    RelationId = "rel";
    /// One run of a workflow.
    WorkflowRunId = "run";
    /// A request to cover or swap a shift.
    RequestId = "req";
    /// A browser that a person wants to be notified by.
    PushDeviceId = "dev";
    /// A schedule.
    ScheduleId = "sch";
    /// A service.
    ServiceId = "svc";
    /// A sign-in session.
    SessionId = "ses";
    /// A status page.
    StatusPageId = "stp";
    /// An incident as a status page shows it.
    StatusPostId = "pst";
    /// Somebody outside who hears of what a status page shows.
    SubscriberId = "sub";
    /// A question how heavy a shift was.
    SurveyId = "srv";
    /// A team.
    TeamId = "team";
    /// An API token.
    TokenId = "tok";
    /// A person.
    UserId = "usr";
    /// An outgoing event webhook.
    WebhookId = "whk";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_wire_and_refuses_another_kind() {
        let now: Timestamp = "2026-03-29T01:00:00Z".parse().unwrap();
        let id = IncidentId::new(now, [7; 10]);
        assert_eq!(id.to_string().parse::<IncidentId>(), Ok(id));
        assert!(id.to_string().parse::<AlertId>().is_err());
        assert!("inc_".parse::<IncidentId>().is_err());
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let early = IncidentId::new("2026-01-01T00:00:00Z".parse().unwrap(), [255; 10]);
        let late = IncidentId::new("2026-01-01T00:00:00.001Z".parse().unwrap(), [0; 10]);
        assert!(early < late);
    }
}
