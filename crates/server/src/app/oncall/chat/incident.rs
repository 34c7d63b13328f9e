//! Working on an incident from a chat (`E7`): the words do what the app does, by the same commands, in
//! the name of whoever wrote them. Without a number the only open incident that they were paged for or
//! have is meant.

use muster_core::incident::lifecycle::bridge::Ask as BridgeAsk;
use muster_core::incident::lifecycle::role::Ask as RoleAsk;
use muster_core::incident::lifecycle::roster::Ask as RosterAsk;
use muster_core::incident::lifecycle::{Command, Incident};
use muster_core::incident::roster::{self, Health, NOTE_CHARS_MAX};
use muster_core::incident::severity::Level;
use muster_core::incident::timeline::TEXT_CHARS_MAX;
use muster_core::org::directory::Directory;
use muster_core::org::user::User;
use muster_core::time::parse_duration;
use muster_store::StoreError;

use super::{actor, join};
use crate::app::App;

impl App {
    /// A line that begins with one of the verbs of an incident; `None` where the verb is another.
    pub(super) async fn incident_words(
        &self,
        directory: &Directory,
        user: &User,
        verb: &str,
        text: &str,
    ) -> Result<Option<String>, StoreError> {
        if !["note", "role", "severity", "sev", "health", "leave", "bridge", "eta"].contains(&verb)
        {
            return Ok(None);
        }
        let (incident, rest) = match self.meant(user, text).await? {
            Ok((incident, rest)) => (incident, rest.unwrap_or_default()),
            Err(words) => return Ok(Some(words)),
        };
        let number = incident.number;
        let asked = match verb {
            "note" => note(&rest).map(|command| (command, "Written down.".to_owned())),
            "role" => role(directory, user, &rest),
            "health" => health(directory, &incident, user, &rest),
            "leave" => {
                let waived = Some(rest).filter(|rest| !rest.is_empty());
                let ask = RosterAsk::Release { user: user.id, waived };
                Ok((Command::Roster(ask), format!("You left incident {number}.")))
            }
            "eta" => self.eta(&rest),
            "bridge" if rest.is_empty() && incident.bridge.is_some() => {
                let link = incident.bridge.map(|bridge| bridge.link).unwrap_or_default();
                return Ok(Some(format!("People meet at {link}")));
            }
            "bridge" => {
                let ask =
                    if rest.is_empty() { BridgeAsk::Open } else { BridgeAsk::Set { link: rest } };
                Ok((Command::Bridge(ask), String::new()))
            }
            _ => severity(directory, &rest),
        };
        let (command, done) = match asked {
            Ok(asked) => asked,
            Err(words) => return Ok(Some(words)),
        };
        let told = self.command(incident.id, command, &actor(user)).await.map(|incident| {
            match (done.is_empty(), incident.bridge) {
                (true, Some(bridge)) => format!("People meet at {}", bridge.link),
                _ => done,
            }
        });
        join::told(told).map(Some)
    }

    /// `eta [NUMBER] LENGTH`.
    fn eta(&self, text: &str) -> Result<(Command, String), String> {
        let length = parse_duration(text)
            .map_err(|_| "Say in how long it may be over: eta 42 45m".to_owned())?;
        let over_at = self.now().checked_add(length).ok();
        Ok((Command::Estimate { over_at }, "Written down, as your estimate.".to_owned()))
    }
}

fn note(text: &str) -> Result<Command, String> {
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
        return Err("Say what you see or did: note 42 rolled back to 1.4".to_owned());
    }
    Ok(Command::Note { text: text.to_owned() })
}

/// `role [NUMBER] ROLE [PERSON]`.
fn role(directory: &Directory, user: &User, text: &str) -> Result<(Command, String), String> {
    let (name, who) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let Some(role) = directory.role(name) else {
        let known: Vec<_> = directory.roles.iter().map(|role| role.name.as_str()).collect();
        return Err(format!("Say which role: {}.", known.join(", ")));
    };
    let who = who.trim().trim_start_matches('@');
    let holder = match who {
        "" => Some(user),
        who => directory.users.named(who),
    };
    let holder = holder.ok_or_else(|| format!("There is no person {who}."))?;
    let done = format!("{} is {} now.", holder.full_name, role.in_words());
    let ask = RoleAsk::Assign { role: role.name.clone(), user: holder.id };
    Ok((Command::Role(ask), done))
}

/// `health [NUMBER] healthy|degraded|unhealthy|unknown [TEXT]`, of all services that they are asked for.
fn health(
    directory: &Directory,
    incident: &Incident,
    user: &User,
    text: &str,
) -> Result<(Command, String), String> {
    let (word, note) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let Some(health) = Health::from_name(&word.to_lowercase()) else {
        let known: Vec<_> = Health::NAMES.iter().map(|(_, name)| *name).collect();
        return Err(format!("Say how your services are: {}.", known.join(", ")));
    };
    let usual = || roster::usual_team(directory, incident.service, user.id);
    let team = incident.clocks.engage.stay(user.id).map_or_else(usual, |stay| stay.team);
    let services = roster::asked(directory, incident.service, team);
    let names = services.iter().filter_map(|id| directory.services.get(*id));
    let names: Vec<_> = names.map(|service| service.name.as_str()).collect();
    let done = format!("Written down: {} {}.", names.join(", "), health.name());
    let note: String = note.trim().chars().take(NOTE_CHARS_MAX).collect();
    let note = Some(note).filter(|note| !note.is_empty());
    Ok((Command::Roster(RosterAsk::Health { user: user.id, services, health, note }), done))
}

/// `severity [NUMBER] LEVEL WHY`.
fn severity(directory: &Directory, text: &str) -> Result<(Command, String), String> {
    let (level, why) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let level = level.trim_start_matches("sev").parse().ok().and_then(Level::new);
    let known = |level: &Level| directory.severities.iter().any(|one| one.level == *level);
    let Some(level) = level.filter(known) else {
        return Err("Say which severity and why: severity 42 1 nobody can pay".to_owned());
    };
    if why.trim().is_empty() {
        return Err("Say why as well: severity 42 1 nobody can pay".to_owned());
    }
    let done = format!("It is severity {} now.", level.number());
    Ok((Command::ChangeSeverity { level, reason: Some(why.trim().to_owned()) }, done))
}
