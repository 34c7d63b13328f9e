//! Incident roles (`R1`): who leads, who works on the cause, who writes, who speaks to whom, who
//! tests. A role is configuration: its duties (`R3`), the part it plays in the rules, and the
//! rotation that engages it (`R4`). Who holds it in an incident is the business of [`assignment`];
//! which roles a severity wants is the business of [`super::process`].

use std::sync::LazyLock;

use jiff::Timestamp;

use super::severity::Urgency;
use crate::id::{ServiceId, UserId};
use crate::oncall::escalation::Target;
use crate::oncall::facts::Turns;
use crate::oncall::{reach, schedule};
use crate::org::directory::Directory;

pub mod assignment;
pub mod boundary;
pub mod duty;
pub mod relief;

/// The most duties of one role.
pub const DUTIES_MAX: usize = 30;
/// The longest title of a role and the longest duty, in characters.
pub const WORDS_CHARS_MAX: usize = 300;

/// The part that a role plays in the rules. One role plays one part, so that nobody is technical and
/// tests by the same role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Coordinates, decides and signs off; does not troubleshoot (`R2`).
    Lead,
    /// Looks for the cause and fixes it.
    Technical,
    /// Writes down what happens.
    Scribe,
    /// Tells an audience how it stands.
    Communication,
    /// Validates that it is over; holds no technical role beside it (`R2`).
    Tester,
    /// Anything else; no rule looks at it.
    Other,
}

names!(Part {
    Lead = "lead",
    Technical = "technical",
    Scribe = "scribe",
    Communication = "communication",
    Tester = "tester",
    Other = "other",
});

/// A role that people hold in incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Unique; what configuration, API and records call it.
    pub name: String,
    /// For people: `Incident lead`.
    pub title: String,
    /// What the rules make of it.
    pub part: Part,
    /// Its duty sheet (`R3`), in order.
    pub duties: Vec<String>,
    /// Whether several people may hold it at once.
    pub is_shared: bool,
    /// Who is engaged for it where a severity's process says so; nobody where there is none.
    pub rotation: Option<Target>,
}

static DEFAULTS: LazyLock<Vec<Role>> = LazyLock::new(|| {
    let role = |name: &str, title: &str, part, is_shared, duties: &[&str]| Role {
        name: name.to_owned(),
        title: title.to_owned(),
        part,
        duties: duties.iter().map(|duty| (*duty).to_owned()).collect(),
        is_shared,
        rotation: None,
    };
    let on_call = |role| Some(Target::Role { role, team: None });
    vec![
        Role {
            rotation: on_call(schedule::Role::IncidentLead),
            ..role(
                "incident-lead",
                "Incident lead",
                Part::Lead,
                false,
                &[
                    "Keep order and focus: restore the service first, analyse afterwards.",
                    "Assign the roles and see that they are held.",
                    "Engage the people it takes, and escalate where nothing moves.",
                    "Set the priorities and help to decide; do not troubleshoot yourself.",
                    "See that progress is written down and each audience hears of it.",
                    "Sign off the end, and see that what follows has owners.",
                ],
            )
        },
        role(
            "technical-lead",
            "Technical lead",
            Part::Technical,
            false,
            &[
                "Review the logs and graphs of the outage.",
                "Form the picture of the cause together with the technical assist.",
                "Give away what can be done beside you.",
                "Draft the fix and carry it out, one major change at a time.",
            ],
        ),
        role(
            "technical-assist",
            "Technical assist",
            Part::Technical,
            true,
            &[
                "Take what the technical lead asks for, or find who can.",
                "Try other routes without disturbing the technical lead's.",
                "Coordinate further engineers who help.",
                "Tell the scribe what happens, so that nobody asks the technical lead.",
            ],
        ),
        Role {
            rotation: on_call(schedule::Role::Scribe),
            ..role(
                "scribe",
                "Scribe",
                Part::Scribe,
                false,
                &[
                    "Keep the timeline: what happened when, roughly timed.",
                    "Ask the technical assist after 30 to 60 minutes without news.",
                    "Keep the communication leads up to date, also that nothing is new.",
                    "Draft the summary timeline and the statistics at the end.",
                ],
            )
        },
        communication("communication-lead-internal", "Communication lead, internal", "colleagues"),
        communication("communication-lead-external", "Communication lead, external", "customers"),
        communication(
            "communication-lead-management",
            "Communication lead, management",
            "upper management",
        ),
        role(
            "tester",
            "Tester",
            Part::Tester,
            true,
            &[
                "Test and give feedback when the technical roles ask for it.",
                "Validate with fresh eyes that it is truly over.",
                "Hold no technical role beside this one.",
            ],
        ),
        role(
            "front-line",
            "Front line",
            Part::Other,
            true,
            &[
                "Engage and notify, and write down who was engaged, joined and was released.",
                "Write down what customers and colleagues report.",
                "Watch for alerts and changes around the same time.",
                "Remind everybody, the lead too, that the service comes first.",
            ],
        ),
    ]
});

fn communication(name: &str, title: &str, audience: &str) -> Role {
    let duties = [
        format!("Answer the questions of {audience}."),
        "Send no update within 30 minutes of the last, and never none for 60.".to_owned(),
        "Ask the scribe for the latest before you write.".to_owned(),
        format!("Say it in the words of {audience}, not in those of the timeline."),
        "Note when, where and what was said.".to_owned(),
    ];
    Role {
        name: name.to_owned(),
        title: title.to_owned(),
        part: Part::Communication,
        duties: duties.into(),
        is_shared: false,
        rotation: None,
    }
}

impl Role {
    /// The roles that every organisation has (`R1`), in the order in which they are shown.
    pub fn defaults() -> Vec<Self> {
        DEFAULTS.clone()
    }

    /// What is left out of a configuration is as in the default role of the name.
    pub fn default_of(name: &str) -> Option<&'static Self> {
        DEFAULTS.iter().find(|role| role.name == name)
    }

    /// The title within a sentence: `incident lead`.
    pub fn in_words(&self) -> String {
        let mut chars = self.title.chars();
        let first = chars.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
        format!("{first}{}", chars.as_str())
    }
}

/// Who is on call for a role about a service. Where the rotation is an on-call role of no team, the
/// schedules of the service's team come first; those of all the others are asked only where that
/// team has none.
pub fn on_call(
    directory: &Directory,
    role: &Role,
    service: ServiceId,
    urgency: Urgency,
    at: Timestamp,
) -> Vec<UserId> {
    let target = rotation_for(directory, role, service);
    reach::reach(directory, target.as_slice(), urgency, &Turns::default(), at)
}

/// What a role's rotation means for a service.
fn rotation_for(directory: &Directory, role: &Role, service: ServiceId) -> Option<Target> {
    let team = directory.services.get(service).and_then(|service| service.team);
    let target = match role.rotation.as_ref()? {
        Target::Role { role, team: None } if team.is_some() => {
            let mut schedules = directory.schedules.iter();
            let has = schedules.any(|it| it.role.as_ref() == Some(role) && it.team == team);
            Target::Role { role: role.clone(), team: team.filter(|_| has) }
        }
        other => other.clone(),
    };
    Some(target)
}

/// Whether there is any schedule that a role could be engaged by.
pub fn has_rotation(directory: &Directory, role: &Role) -> bool {
    match &role.rotation {
        None => false,
        Some(Target::Role { role, team }) => {
            let mut schedules = directory.schedules.iter();
            schedules
                .any(|it| it.role.as_ref() == Some(role) && (team.is_none() || it.team == *team))
        }
        Some(_) => true,
    }
}
