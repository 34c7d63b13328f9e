//! The process of a severity: which roles it wants, which of them are engaged at once, and which
//! checklists are gone through. It starts
//! when an incident opens and, with the new level's, when the severity changes (`I8`).

use jiff::SignedDuration;

use super::bridge;
use super::gate::Gate;
use super::room;
use super::severity::Level;

/// The most roles that one process wants.
pub const ROLES_MAX: usize = 50;
/// The most checklists that one process has.
pub const CHECKLISTS_MAX: usize = 20;
/// How long whoever is asked to come as something has before somebody else is asked (`R4`), unless
/// configured.
pub const ASK_NEXT_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// How long whoever declared may lead before they are asked to hand over (`R2`), unless configured.
pub const HAND_OVER_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// How long nothing may be written down before somebody is asked for news (`L5`), unless configured.
pub const NUDGE_SCRIBE_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// What a severity asks for beside its clocks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Process {
    /// Which roles, in the order in which they are shown.
    pub roles: Vec<Wanted>,
    /// Which audiences hear how it stands (`U1`), once somebody holds a role.
    pub audiences: Vec<String>,
    /// Which checklists, by name, in the order in which they are shown.
    pub checklists: Vec<String>,
    /// What has to be so before it is over (`J4`), once somebody holds a role.
    pub gates: Vec<Gate>,
    /// How long whoever declared may lead; for ever if `None`.
    pub hand_over_after: Option<SignedDuration>,
    /// Where people meet (`J6`); nowhere if `None`.
    pub bridge: Option<bridge::Plan>,
    /// Which room of which chat it has (`E7`); none if `None`.
    pub room: Option<room::Plan>,
    /// How long people may write nothing down before somebody is asked for news (`L5`), once somebody
    /// holds a role; for ever if `None`.
    pub nudge_scribe_after: Option<SignedDuration>,
    /// How long whoever is asked to come as something has before somebody else is asked; nobody else
    /// is if `None`.
    pub ask_next_after: Option<SignedDuration>,
}

/// A role that a process wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The role's name.
    pub role: String,
    /// Whether an incident of this severity lacks something while nobody holds it.
    pub is_required: bool,
    /// Whether whoever is on call for it is paged at once.
    pub is_engaged: bool,
}

impl Process {
    /// The process of a level that configures none: the worst has everything, the next the same
    /// roles without waking anybody for them, and small ones have no roles.
    pub fn default_of(level: Level) -> Self {
        let wanted = |role: &str, is_required, is_engaged| Wanted {
            role: role.to_owned(),
            is_required,
            is_engaged,
        };
        let roles = match level.number() {
            1 => vec![
                wanted("incident-lead", true, true),
                wanted("technical-lead", true, false),
                wanted("technical-assist", false, false),
                wanted("scribe", true, true),
                wanted("communication-lead-internal", true, false),
                wanted("communication-lead-external", false, false),
                wanted("communication-lead-management", false, false),
                wanted("tester", true, false),
                wanted("front-line", false, false),
            ],
            2 => vec![
                wanted("incident-lead", true, false),
                wanted("technical-lead", true, false),
                wanted("technical-assist", false, false),
                wanted("scribe", false, false),
                wanted("communication-lead-internal", false, false),
                wanted("communication-lead-external", false, false),
                wanted("tester", false, false),
            ],
            _ => Vec::new(),
        };
        let audiences: &[&str] = match level.number() {
            1 => &["internal", "external", "management"],
            2 => &["internal"],
            _ => &[],
        };
        let audiences = audiences.iter().map(|name| (*name).to_owned()).collect();
        let checklists = match roles.is_empty() {
            true => Vec::new(),
            false => ["front-line", "incident-lead", "resolver"].map(str::to_owned).into(),
        };
        let gates = match level.number() {
            1 => vec![Gate::Validated, Gate::SignedOff],
            2 => vec![Gate::SignedOff],
            _ => Vec::new(),
        };
        let nudge_scribe_after = (level.number() <= 2).then_some(NUDGE_SCRIBE_AFTER);
        Self {
            roles,
            audiences,
            checklists,
            gates,
            hand_over_after: Some(HAND_OVER_AFTER),
            bridge: None,
            room: None,
            nudge_scribe_after,
            ask_next_after: Some(ASK_NEXT_AFTER),
        }
    }

    /// Whether a role is engaged at once.
    pub fn engages(&self, role: &str) -> bool {
        self.roles.iter().any(|wanted| wanted.is_engaged && wanted.role == role)
    }

    /// Whether somebody must hold a role.
    pub fn requires(&self, role: &str) -> bool {
        self.roles.iter().any(|wanted| wanted.is_required && wanted.role == role)
    }
}
