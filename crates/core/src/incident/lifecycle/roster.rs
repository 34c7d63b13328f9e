//! Working on an incident as one of many: for which team somebody is there (`J1`), how their own
//! services are (`J2`), and how they are let go (`J3`). Nobody is let go before they have said how
//! their services are, unless somebody says why that is not needed.

use jiff::Timestamp;

use super::{Decision, Surroundings, WrongMove};
use crate::id::{ServiceId, TeamId, UserId};
use crate::incident::roster::{CHECKS_MAX, Check, Health, Release, Stay};
use crate::incident::severity::Urgency;
use crate::incident::timeline::{Actor, Entry, Kind};

/// What people ask about the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Say for which team somebody is there.
    Team {
        /// Who.
        user: UserId,
        /// Which.
        team: TeamId,
    },
    /// Say how services are.
    Health {
        /// Who looked.
        user: UserId,
        /// Which; never empty.
        services: Vec<ServiceId>,
        /// How they are.
        health: Health,
        /// What else they saw.
        note: Option<String>,
    },
    /// Let somebody go.
    Release {
        /// Who.
        user: UserId,
        /// Why no health check is needed.
        waived: Option<String>,
    },
}

/// Why the roster does not allow it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Somebody is not there.
    #[error("{name} has not checked in at incident {number}")]
    NotThere {
        /// The person.
        name: String,
        /// The incident.
        number: i64,
    },
    /// Somebody is to be let go who has not said how their services are (`J3`).
    #[error(
        "{name} has not recorded a health check of {services} since joining; record one, or waive it with a reason"
    )]
    NotChecked {
        /// The person.
        name: String,
        /// What they are asked for.
        services: String,
    },
    /// Somebody is to be let go who holds a role.
    #[error("{name} is {role}; hand that over or leave it first")]
    HoldsRole {
        /// The person.
        name: String,
        /// What they hold.
        role: String,
    },
    /// There is no room for another health check.
    #[error("{name} has recorded as many health checks as one stay can hold")]
    EnoughChecks {
        /// The person.
        name: String,
    },
}

impl Decision {
    /// Whether anything changed: saying what is known already is no news.
    pub(super) fn ask_about_roster(
        &mut self,
        ask: Ask,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        self.require_open()?;
        match ask {
            Ask::Team { user, team } => self.choose_team(user, team, actor, around, now),
            Ask::Health { user, services, health, note } => {
                if services.is_empty() {
                    return Err(WrongMove::Empty);
                }
                self.record_health(user, &services, (health, note), actor, around, now)
            }
            Ask::Release { user, waived } => self.let_go(user, waived, actor, around, now),
        }
    }

    fn choose_team(
        &mut self,
        user: UserId,
        team: TeamId,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let stay = self.stay(user, around)?;
        if stay.team == Some(team) {
            return Ok(false);
        }
        stay.team = Some(team);
        let (name, team) = (around.person(user), around.team(team));
        let text = format!("{name} is there for {team}");
        let entry = Entry::new(now, Kind::TeamChosen, actor.clone(), text);
        self.note(entry.with("user", name).with("team", team));
        Ok(true)
    }

    fn record_health(
        &mut self,
        user: UserId,
        services: &[ServiceId],
        (health, note): (Health, Option<String>),
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        // Whoever says how their services are is there.
        if !self.incident.clocks.engage.is_present(user) {
            self.check_in(user, actor, around, now);
        }
        let name = around.person(user);
        let stay = self.stay(user, around)?;
        if stay.checks.len() + services.len() > CHECKS_MAX {
            return Err(Wrong::EnoughChecks { name }.into());
        }
        let check =
            |service: &ServiceId| Check { service: *service, health, note: note.clone(), at: now };
        stay.checks.extend(services.iter().map(check));
        let services: Vec<_> = services.iter().map(|service| around.service(*service)).collect();
        let mut text = format!("{name} checked {}: {}", services.join(", "), health.name());
        if let Some(note) = &note {
            text = format!("{text}; {note}");
        }
        let entry = Entry::new(now, Kind::HealthChecked, actor.clone(), text)
            .with("user", name)
            .with("services", services)
            .with("health", health.name());
        self.note(entry);
        self.worked(actor, around, now);
        Ok(true)
    }

    fn let_go(
        &mut self,
        user: UserId,
        waived: Option<String>,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let name = around.person(user);
        let held = self.incident.roles.held().find(|one| one.user == user);
        if let Some(held) = held {
            let role = around.directory.role_in_words(&held.role);
            self.stay(user, around)?;
            return Err(Wrong::HoldsRole { name, role }.into());
        }
        let services = self.asked_health(user, around);
        let stay = self.stay(user, around)?;
        let waived = waived.filter(|_| stay.checks.is_empty());
        if stay.checks.is_empty() && waived.is_none() {
            return Err(Wrong::NotChecked { name, services }.into());
        }
        stay.release =
            Some(Release { at: now, by: actor.name().to_owned(), waived: waived.clone() });
        let found: Vec<_> = stay.latest().iter().map(|one| (one.service, one.health)).collect();
        let mut text = match actor.user() {
            Some(actor) if actor == user => format!("{name} left"),
            _ => format!("Released {name}"),
        };
        let found = found.into_iter();
        let found: Vec<_> = found
            .map(|(service, health)| format!("{} {}", around.service(service), health.name()))
            .collect();
        match &waived {
            Some(why) => text = format!("{text} without a health check: {why}"),
            None => text = format!("{text}; {}", found.join(", ")),
        }
        let mut entry = Entry::new(now, Kind::Released, actor.clone(), text).with("user", name);
        if let Some(why) = waived {
            entry = entry.with("waived", why);
        }
        self.note(entry);
        let subject = format!("Incident {}: you are released, thank you", self.incident.number);
        self.inform(user, Urgency::Low, subject, "You need do nothing more.", actor);
        self.worked(actor, around, now);
        Ok(true)
    }

    /// Whose health somebody who is there is asked for, in words.
    pub(super) fn asked_health(&self, user: UserId, around: &Surroundings<'_>) -> String {
        let team = self.incident.clocks.engage.stay(user).and_then(|stay| stay.team);
        let asked = crate::incident::roster::asked(around.directory, self.incident.service, team);
        let asked: Vec<_> = asked.into_iter().map(|service| around.service(service)).collect();
        asked.join(", ")
    }

    fn stay(&mut self, user: UserId, around: &Surroundings<'_>) -> Result<&mut Stay, Wrong> {
        let number = self.incident.number;
        let stay = self.incident.clocks.engage.stay_mut(user);
        stay.ok_or_else(|| Wrong::NotThere { name: around.person(user), number })
    }
}
