//! An escalation policy, and the catch-all, as configuration writes them.

use serde::{Deserialize, Serialize};

use super::text::{Day, Length, LocalTime, Zone};

/// Whom to ask, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationPolicy {
    /// Unique.
    pub name: String,
    /// Who owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// How often the steps are gone through again after the first time.
    #[serde(default)]
    pub repeat: u32,
    /// In order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What takes over when an incident is not over after long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_set: Option<SecondSet>,
}

/// What takes over when an incident is not over after long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondSet {
    /// Counted from when the policy began.
    pub after: Length,
    /// A policy by name.
    pub escalation_policy: String,
}

/// One step of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Counted from the start of the step before it.
    #[serde(default)]
    pub after: Length,
    /// Everybody here is asked at once.
    pub targets: Vec<Target>,
    /// When the step counts; always where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// How many of those it asks must acknowledge.
    #[serde(default, skip_serializing_if = "Acknowledge::is_one")]
    pub acknowledge: Acknowledge,
}

/// How many must acknowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledge {
    /// Whoever is first.
    #[default]
    One,
    /// Everybody.
    All,
}

impl Acknowledge {
    /// Whether it is as usual.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
    pub fn is_one(&self) -> bool {
        *self == Self::One
    }
}

/// When a step counts; everything given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// One of these levels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severity: Vec<u8>,
    /// At these hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// A CEL expression over the incident's first alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// Only while more than so many alerts came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Flood>,
}

/// Hours of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The weekdays on which the window begins; none means every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// When the window begins.
    pub from: LocalTime,
    /// When it ends; not later than `from` means on the next day.
    pub to: LocalTime,
    /// The organisation's where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Zone>,
}

/// More than so many alerts within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flood {
    /// So many are not enough.
    pub more_than: u32,
    /// Counted back from the step.
    pub within: Length,
}

/// Who a step asks, or what it tells, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub enum Target {
    /// One person.
    User(String),
    /// Whoever is on call.
    Schedule(String),
    /// Whoever has the turn in one layer of a schedule.
    Rotation(Rotation),
    /// Every member of a team.
    Team(String),
    /// One member of a team, the next one each time.
    RoundRobin(String),
    /// The manager of a team.
    ManagerOf(String),
    /// Whoever is on call as that.
    Role(RoleOf),
    /// A place by a provider.
    Channel(Place),
    /// An outgoing event webhook.
    Webhook(String),
}

/// Whoever is on call as something, in every schedule of the role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleOf {
    /// As what.
    pub role: String,
    /// A team by name; the policy's own where none is given.
    pub team: Option<String>,
}

/// One layer of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// A schedule by name.
    pub schedule: String,
    /// A layer of it by name.
    pub layer: String,
}

/// A room, a number, a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// A provider by name.
    pub provider: String,
    /// Where, in the provider's own form.
    pub address: String,
}

/// A target as it is written: `{ team: payments, round_robin: true }`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation: Option<Rotation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    round_robin: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<String>,
}

impl From<Target> for Written {
    fn from(target: Target) -> Self {
        let none = Self::default();
        match target {
            Target::User(name) => Self { user: Some(name), ..none },
            Target::Schedule(name) => Self { schedule: Some(name), ..none },
            Target::Rotation(rotation) => Self { rotation: Some(rotation), ..none },
            Target::Team(name) => Self { team: Some(name), ..none },
            Target::RoundRobin(name) => Self { team: Some(name), round_robin: true, ..none },
            Target::ManagerOf(name) => Self { manager_of: Some(name), ..none },
            Target::Role(RoleOf { role, team }) => Self { role: Some(role), team, ..none },
            Target::Channel(place) => Self { channel: Some(place), ..none },
            Target::Webhook(name) => Self { webhook: Some(name), ..none },
        }
    }
}

impl TryFrom<Written> for Target {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written {
            user,
            schedule,
            rotation,
            team,
            round_robin,
            manager_of,
            role,
            channel,
            webhook,
        } = written;
        if let (Some(role), false) = (&role, round_robin) {
            let others = [&user, &schedule, &manager_of, &webhook].iter().any(|it| it.is_some());
            if others || rotation.is_some() || channel.is_some() {
                return Err("a target is exactly one thing");
            }
            return Ok(Self::Role(RoleOf { role: role.clone(), team }));
        }
        let team = team.map(if round_robin { Self::RoundRobin } else { Self::Team });
        let mut all = [
            user.map(Self::User),
            schedule.map(Self::Schedule),
            rotation.map(Self::Rotation),
            team,
            manager_of.map(Self::ManagerOf),
            channel.map(Self::Channel),
            webhook.map(Self::Webhook),
        ]
        .into_iter()
        .flatten();
        match (all.next(), all.next()) {
            (Some(target), None) => Ok(target),
            _ => Err("a target is exactly one thing"),
        }
    }
}

/// Who is paged when nobody else is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatchAll {
    /// A policy by name.
    pub escalation_policy: String,
}
