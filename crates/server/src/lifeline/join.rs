//! Joining an incident from a page that needs no script: saying that one is there (`J1`), volunteering
//! (`E6`) and asking for help (`O7`). What a page offers and what its forms ask for; the commands are
//! the same as everywhere else.

use jiff::Timestamp;
use muster_core::id::{ServiceId, UserId};
use muster_core::incident::lifecycle::roster::Ask;
use muster_core::incident::lifecycle::{Command, Incident};
use muster_core::incident::roster::{self, Health, NOTE_CHARS_MAX};
use muster_core::incident::timeline::{Actor, Kind};
use muster_core::oncall::help::Want;
use muster_core::org::directory::Directory;
use muster_store::incident::timeline;

use super::refusal::Refusal;
use super::words;
use crate::app::App;
use crate::app::incident::help::Unheard;

/// The longest message of a call for help, in characters.
const MESSAGE_CHARS_MAX: usize = 500;
/// Among how many of the newest entries a call for help is looked for that was sent twice.
const TWICE_AMONG: i64 = 50;

/// What a page offers its reader.
#[derive(Debug, Default)]
pub(super) struct Offers {
    /// To say that they are there.
    pub check_in: bool,
    /// The teams that they may be there for, where they have to say.
    pub teams: Vec<String>,
    /// Whose health they are asked for, once they are there; nobody's before.
    pub health: Vec<String>,
    /// Whether they have said how any of it is.
    pub is_checked: bool,
    /// To leave.
    pub release: bool,
    /// To volunteer.
    pub volunteer: bool,
    /// What they are asked to do as a helper; empty until somebody directs them.
    pub task: Option<String>,
    /// To ask for help.
    pub help: bool,
    /// When the page was made, so that a form sent twice asks once; microseconds UTC.
    pub at: i64,
}

impl Offers {
    /// What an incident offers a person.
    pub(super) fn to(
        directory: &Directory,
        incident: &Incident,
        user: UserId,
        now: Timestamp,
    ) -> Self {
        if !incident.status.is_open() || incident.merged_into.is_some() {
            return Self::default();
        }
        let engage = &incident.clocks.engage;
        let is_present = engage.is_present(user);
        let responds = is_present
            || incident.assignee == Some(user)
            || engage.awaited.iter().any(|one| one.user == user);
        let stay = engage.stay(user);
        let teams = match (is_present, roster::usual_team(directory, incident.service, user)) {
            (false, None) => roster::teams_of(directory, user),
            _ => Vec::new(),
        };
        let teams = teams.into_iter().filter_map(|id| directory.teams.get(id));
        let asked = stay.map(|stay| roster::asked(directory, incident.service, stay.team));
        let asked = asked.into_iter().flatten().filter_map(|id| directory.services.get(id));
        let helper = incident.helpers.helping().find(|helper| helper.user == user);
        Self {
            check_in: !is_present && helper.is_none(),
            teams: teams.map(|team| team.name.clone()).collect(),
            health: asked.map(|service| service.name.clone()).collect(),
            is_checked: stay.is_some_and(|stay| !stay.checks.is_empty()),
            release: is_present,
            volunteer: !responds && helper.is_none(),
            task: helper.map(|helper| helper.task.clone().unwrap_or_default()),
            help: true,
            at: now.as_microsecond(),
        }
    }

    /// Whether there is anything to offer.
    pub(super) fn any(&self) -> bool {
        self.check_in || self.volunteer || self.help || self.release || self.task.is_some()
    }
}

/// What somebody asks for by a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Join {
    /// "I am here."
    CheckIn {
        /// For which team, by name.
        team: Option<String>,
    },
    /// "My services are so."
    Health {
        /// Which, by name; all that are asked for where none is named.
        service: Option<String>,
        /// How they are.
        health: Health,
        /// What else was seen.
        note: Option<String>,
    },
    /// "I am done here."
    Release {
        /// Why no health check is needed.
        waived: Option<String>,
    },
    /// "I can help."
    Volunteer,
    /// "I have to go."
    Leave,
    /// "I need help."
    Help {
        /// What kind.
        want: Want,
        /// In words.
        message: Option<String>,
        /// When the page was made whose form this is, microseconds UTC.
        since: Option<i64>,
    },
}

impl Join {
    /// What the fields of a form ask for; none where they ask for something else.
    pub(super) fn read(action: &str, field: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let line = |name: &str| {
            let text = field(name).map(|text| words::cut(text.trim(), NOTE_CHARS_MAX));
            text.filter(|text| !text.is_empty())
        };
        let (want, message, at) = (field("want"), field("message"), field("at"));
        match action {
            "check-in" => Some(Self::CheckIn { team: line("team") }),
            "health" => Some(Self::Health {
                service: line("service"),
                health: Health::from_name(&field("health")?)?,
                note: line("note"),
            }),
            "release" => Some(Self::Release { waived: line("waive") }),
            "volunteer" => Some(Self::Volunteer),
            "leave" => Some(Self::Leave),
            "help" => {
                let message = message.as_deref().map(str::trim);
                let message = message.filter(|message| !message.is_empty());
                Some(Self::Help {
                    want: want.as_deref().map_or(Some(Want::Person), Want::from_name)?,
                    message: message.map(|message| words::cut(message, MESSAGE_CHARS_MAX)),
                    since: at.and_then(|at| at.parse().ok()),
                })
            }
            _ => None,
        }
    }

    /// Does it in the name of a person.
    pub(super) async fn by(
        self,
        app: &App,
        incident: &Incident,
        user: UserId,
        actor: &Actor,
    ) -> Result<Incident, Refusal> {
        let command = match self {
            Self::CheckIn { team } => {
                let snapshot = app.snapshot();
                let team = team.and_then(|team| snapshot.directory.teams.named(&team));
                let theirs = team.filter(|team| team.members.contains(&user));
                Command::CheckIn { user, team: theirs.map(|team| team.id) }
            }
            Self::Health { service, health, note } => {
                let snapshot = app.snapshot();
                let services = asked(&snapshot.directory, incident, user, service.as_deref());
                Command::Roster(Ask::Health { user, services, health, note })
            }
            Self::Release { waived } => {
                // Whoever sends it twice has gone already.
                if !incident.clocks.engage.is_present(user) {
                    return Ok(incident.clone());
                }
                Command::Roster(Ask::Release { user, waived })
            }
            Self::Volunteer => Command::Volunteer { user },
            Self::Leave => {
                // Whoever sends it twice has gone already.
                if !incident.helpers.helping().any(|helper| helper.user == user) {
                    return Ok(incident.clone());
                }
                Command::Release { user, note: None }
            }
            Self::Help { want, message, since } => {
                return ask(app, incident, want, message, since, actor).await;
            }
        };
        Ok(app.command(incident.id, command, actor).await?)
    }
}

/// The service that somebody names, or all that they are asked for.
fn asked(
    directory: &Directory,
    incident: &Incident,
    user: UserId,
    service: Option<&str>,
) -> Vec<ServiceId> {
    let usual = || roster::usual_team(directory, incident.service, user);
    let team = incident.clocks.engage.stay(user).map_or_else(usual, |stay| stay.team);
    let mut asked = roster::asked(directory, incident.service, team);
    if let Some(named) = service.and_then(|name| directory.services.named(name)) {
        asked = vec![named.id];
    }
    asked
}

async fn ask(
    app: &App,
    incident: &Incident,
    want: Want,
    message: Option<String>,
    since: Option<i64>,
    actor: &Actor,
) -> Result<Incident, Refusal> {
    let newest = timeline::newest(&app.db, incident.id, TWICE_AMONG).await?;
    let was_asked = newest.iter().any(|entry| {
        entry.kind == Kind::HelpAsked.name()
            && since.is_some_and(|since| entry.at >= since)
            && entry.actor_name == actor.name()
    });
    if was_asked {
        return Ok(incident.clone());
    }
    match app.ask_for_help(incident, want, None, message, actor).await {
        Ok(incident) => Ok(incident),
        Err(Unheard::Nobody(why)) => Err(Refusal::WrongMove(why.to_string())),
        Err(Unheard::Refused(refused)) => Err(refused.into()),
    }
}
