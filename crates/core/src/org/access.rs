//! The one gate: who may do what to what. Every route and every command passes [`may`]; whatever no
//! line below allows is denied.

use crate::id::{IncidentId, TeamId, UserId};
use crate::org::directory::Directory;
use crate::org::user::Role;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Nobody is signed in.
    Anonymous,
    /// A person, by session or by a token of their own.
    Person {
        /// Who.
        id: UserId,
        /// What they may do in general.
        role: Role,
    },
    /// A token that belongs to no person.
    Token {
        /// What it may do in general.
        role: Role,
    },
    /// Whoever holds the link of one page.
    PageLink {
        /// The person who was paged.
        user: UserId,
        /// The incident they were paged for.
        incident: IncidentId,
    },
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Look.
    Read,
    /// Acknowledge, escalate, resolve, note, page and so on.
    Respond,
    /// Make something new.
    Create,
    /// Change how Muster is set up.
    Configure,
    /// Change a secret or a personal setting.
    Manage,
    /// Back up, release, replay: work on the installation itself.
    Operate,
}

/// What it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// Health, readiness, the sign-in page, static files.
    Door,
    /// Who is on call, schedules, policies, services, teams, people's names.
    Organization,
    /// Incidents in general.
    Incidents,
    /// One incident.
    Incident(IncidentId),
    /// Who is on call when, in general.
    Shifts,
    /// What being on call cost a person: for the person and those who lead them.
    Load {
        /// The person.
        of: UserId,
        /// Whoever manages a team of theirs.
        led_by: Option<UserId>,
    },
    /// A person's time on call in one schedule (`O3`).
    Shift {
        /// Whose time it is or becomes.
        of: UserId,
        /// Whether that person takes part in the schedule or belongs to its team.
        belongs: bool,
        /// Who manages the schedule's team.
        led_by: Option<UserId>,
    },
    /// Changes: what was done to services.
    Changes,
    /// What others ask somebody to agree to: whether they are asked, the change itself says.
    Approval,
    /// Alerts and raw messages.
    Alerts,
    /// A person's own settings.
    User(UserId),
    /// One schedule or escalation policy, as a document that can be changed.
    Rota {
        /// Whether it belongs to a team that the caller plans for, as [`plans_for`] says.
        of_own_team: bool,
    },
    /// One engagement group, as a document that can be changed (`E1`).
    EngagementGroup {
        /// Whether the caller keeps it.
        is_kept: bool,
    },
    /// The configuration as a whole, with its secrets.
    Configuration,
    /// API tokens.
    Tokens,
    /// The audit log.
    Audit,
    /// The installation.
    System,
    /// Figures.
    Reports,
    /// The live event stream.
    Stream,
}

/// The refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody is signed in and the object is not for everybody.
    #[error("sign in first")]
    SignInFirst,
    /// Somebody is signed in whose role does not allow it.
    #[error("your role does not allow this; ask an administrator")]
    NotAllowed,
}

/// Decides whether `caller` may do `action` to `object`. Deny by default.
///
/// # Errors
/// [`Denied`] says whether signing in could help.
pub fn may(caller: Caller, action: Action, object: Object) -> Result<(), Denied> {
    if (action, object) == (Action::Read, Object::Door) {
        return Ok(());
    }
    let allowed = match caller {
        Caller::Anonymous => return Err(Denied::SignInFirst),
        Caller::PageLink { user, incident } => by_link(user, incident, action, object),
        Caller::Person { id, role } => {
            by_role(role, action, object)
                || (object == Object::User(id) && is_personal(action))
                || (role >= Role::Responder && plans(id, action, object))
        }
        Caller::Token { role } => by_role(role, action, object),
    };
    if allowed { Ok(()) } else { Err(Denied::NotAllowed) }
}

fn is_personal(action: Action) -> bool {
    matches!(action, Action::Read | Action::Manage)
}

/// People plan for themselves where they belong, and whoever manages the team for everybody in it.
fn plans(id: UserId, action: Action, object: Object) -> bool {
    match object {
        Object::Shift { of, belongs, led_by } => {
            action == Action::Manage && (led_by == Some(id) || (of == id && belongs))
        }
        Object::Load { of, led_by } => action == Action::Read && (of == id || led_by == Some(id)),
        _ => false,
    }
}

/// A page's link reads and answers its incident, and shows its person who is on call.
fn by_link(_user: UserId, incident: IncidentId, action: Action, object: Object) -> bool {
    match object {
        Object::Incident(asked) => {
            asked == incident && matches!(action, Action::Read | Action::Respond)
        }
        _ => false,
    }
}

/// Whether a person plans for a team: its manager and its members do, within what their role allows.
/// What belongs to no team, administrators alone plan.
pub fn plans_for(directory: &Directory, caller: Caller, team: Option<TeamId>) -> bool {
    let Caller::Person { id, .. } = caller else { return false };
    let team = team.and_then(|team| directory.teams.get(team));
    team.is_some_and(|team| team.manager == Some(id) || team.members.contains(&id))
}

fn by_role(role: Role, action: Action, object: Object) -> bool {
    let needs = match (action, object) {
        (Action::Read, Object::Organization | Object::Incidents | Object::Incident(_)) => {
            Role::Stakeholder
        }
        // Whoever is asked to agree may be nobody who answers incidents.
        (Action::Respond, Object::Approval) => Role::Stakeholder,
        (Action::Read, Object::Reports | Object::Stream | Object::Changes) => Role::Stakeholder,
        (Action::Create | Action::Respond, Object::Changes) => Role::Responder,
        // Anybody may say that something is wrong (`D4`).
        (Action::Create, Object::Incidents) => Role::Stakeholder,
        (Action::Read, Object::Alerts | Object::User(_)) => Role::Responder,
        (Action::Respond, Object::Incident(_) | Object::Incidents | Object::Alerts) => {
            Role::Responder
        }
        (Action::Operate, Object::Alerts) => Role::Responder,
        (Action::Read, Object::Shifts | Object::Shift { .. }) => Role::Stakeholder,
        // Whether it is their own shift is asked once the shift is known.
        (Action::Respond, Object::Shifts) => Role::Responder,
        (Action::Manage, Object::Shift { .. }) => Role::Manager,
        (Action::Read, Object::Load { .. }) => Role::Manager,
        (Action::Read, Object::System) => Role::Manager,
        (Action::Read | Action::Configure, Object::Rota { of_own_team: true }) => Role::Manager,
        (Action::Read | Action::Configure, Object::EngagementGroup { is_kept: true }) => {
            Role::Responder
        }
        _ => Role::Admin,
    };
    role >= needs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::directory::Table;
    use crate::org::team::Team;
    use uuid::Uuid;

    const ME: UserId = UserId(Uuid::from_u128(1));
    const OTHER: UserId = UserId(Uuid::from_u128(2));
    const INCIDENT: IncidentId = IncidentId(Uuid::from_u128(3));
    const ACTIONS: [Action; 6] = [
        Action::Read,
        Action::Respond,
        Action::Create,
        Action::Configure,
        Action::Manage,
        Action::Operate,
    ];

    #[test]
    fn nobody_who_is_not_signed_in_gets_further_than_the_door() {
        for action in ACTIONS {
            let at_door = may(Caller::Anonymous, action, Object::Door);
            assert_eq!(at_door.is_ok(), action == Action::Read);
            let inside = may(Caller::Anonymous, action, Object::Incident(INCIDENT));
            assert_eq!(inside, Err(Denied::SignInFirst));
        }
    }

    #[test]
    fn a_page_link_opens_its_own_incident_and_nothing_else() {
        let link = Caller::PageLink { user: ME, incident: INCIDENT };
        assert!(may(link, Action::Respond, Object::Incident(INCIDENT)).is_ok());
        let another = Object::Incident(IncidentId(Uuid::from_u128(4)));
        for object in [another, Object::Incidents, Object::User(ME), Object::Configuration] {
            for action in ACTIONS {
                assert!(may(link, action, object).is_err(), "{action:?} {object:?}");
            }
        }
    }

    #[test]
    fn people_manage_themselves_and_administrators_everybody() {
        let me = Caller::Person { id: ME, role: Role::Responder };
        assert!(may(me, Action::Manage, Object::User(ME)).is_ok());
        assert!(may(me, Action::Manage, Object::User(OTHER)).is_err());
        let admin = Caller::Token { role: Role::Admin };
        assert!(may(admin, Action::Manage, Object::User(OTHER)).is_ok());
    }

    #[test]
    fn people_plan_for_themselves_and_whoever_leads_the_team_for_everybody_in_it() {
        let shift = |of, belongs, led_by| Object::Shift { of, belongs, led_by };
        let plans =
            |role, object| may(Caller::Person { id: ME, role }, Action::Manage, object).is_ok();
        assert!(plans(Role::Responder, shift(ME, true, None)));
        assert!(!plans(Role::Responder, shift(ME, false, None)), "a stranger to the schedule");
        assert!(!plans(Role::Responder, shift(OTHER, true, Some(OTHER))));
        assert!(plans(Role::Responder, shift(OTHER, true, Some(ME))));
        assert!(plans(Role::Manager, shift(OTHER, true, None)));
        assert!(!plans(Role::Stakeholder, shift(ME, true, Some(ME))));
        let looker = Caller::Person { id: ME, role: Role::Responder };
        assert!(may(looker, Action::Configure, shift(ME, true, Some(ME))).is_err());
        let load = |of, led_by| Object::Load { of, led_by };
        let sees =
            |role, object| may(Caller::Person { id: ME, role }, Action::Read, object).is_ok();
        assert!(
            sees(Role::Responder, load(ME, None)) && sees(Role::Responder, load(OTHER, Some(ME)))
        );
        assert!(!sees(Role::Responder, load(OTHER, Some(OTHER))));
        assert!(sees(Role::Manager, load(OTHER, None)));
    }

    #[test]
    fn managers_plan_for_their_own_teams_and_administrators_for_all() {
        let own = Object::Rota { of_own_team: true };
        let other = Object::Rota { of_own_team: false };
        let person = |role: Role| Caller::Person { id: ME, role };
        for action in [Action::Read, Action::Configure] {
            assert!(may(person(Role::Manager), action, own).is_ok());
            assert!(may(person(Role::Manager), action, other).is_err());
            assert!(may(person(Role::Responder), action, own).is_err());
            assert!(may(person(Role::Admin), action, other).is_ok());
            assert!(may(Caller::Token { role: Role::Manager }, action, other).is_err());
        }
        assert!(may(person(Role::Manager), Action::Operate, own).is_err());
        assert!(may(person(Role::Manager), Action::Configure, Object::Configuration).is_err());
    }

    #[test]
    fn a_group_is_changed_by_whoever_keeps_it_and_by_administrators() {
        let may_change = |role, is_kept| {
            let object = Object::EngagementGroup { is_kept };
            may(Caller::Person { id: ME, role }, Action::Configure, object).is_ok()
        };
        assert!(may_change(Role::Responder, true) && may_change(Role::Admin, false));
        assert!(!may_change(Role::Stakeholder, true));
        assert!(!may_change(Role::Responder, false) && !may_change(Role::Manager, false));
    }

    #[test]
    fn a_team_is_planned_for_by_its_manager_and_its_members_only() {
        let team = |number: u128, manager: Option<UserId>, members: Vec<UserId>| Team {
            id: TeamId(Uuid::from_u128(number)),
            name: format!("team {number}"),
            manager,
            members,
        };
        let teams = vec![
            team(10, Some(ME), vec![]),
            team(11, Some(OTHER), vec![ME]),
            team(12, Some(OTHER), vec![OTHER]),
        ];
        let directory = Directory { teams: Table::new(teams), ..Directory::default() };
        let me = Caller::Person { id: ME, role: Role::Manager };
        let own = |caller, number: u128| {
            plans_for(&directory, caller, Some(TeamId(Uuid::from_u128(number))))
        };
        assert!(own(me, 10) && own(me, 11));
        assert!(!own(me, 12) && !own(me, 99));
        assert!(!plans_for(&directory, me, None));
        assert!(!own(Caller::Token { role: Role::Manager }, 10) && !own(Caller::Anonymous, 10));
    }

    #[test]
    fn a_stakeholder_looks_and_reports_but_changes_nothing() {
        let caller = Caller::Token { role: Role::Stakeholder };
        assert!(may(caller, Action::Read, Object::Incidents).is_ok());
        assert!(may(caller, Action::Create, Object::Incidents).is_ok());
        assert!(may(caller, Action::Respond, Object::Incident(INCIDENT)).is_err());
        assert!(may(caller, Action::Configure, Object::Configuration).is_err());
    }
}
