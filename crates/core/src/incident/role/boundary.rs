//! The boundaries between roles (`R2`). They are warnings and never walls: a team of two must be able
//! to do everything. This file finds what is crossed; who is told, and when, is decided elsewhere.

use jiff::{SignedDuration, Timestamp};

use super::assignment::{Assignment, Roles};
use super::{Part, Role};
use crate::id::UserId;

/// A boundary that somebody crosses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// Whoever declared still leads after a set time.
    DeclarerLeads,
    /// The lead holds a technical role as well.
    LeadIsTechnical,
    /// The lead did technical work.
    LeadTroubleshoots,
    /// A tester holds a technical role as well.
    TesterIsTechnical,
}

names!(Boundary {
    DeclarerLeads = "declarer_leads",
    LeadIsTechnical = "lead_is_technical",
    LeadTroubleshoots = "lead_troubleshoots",
    TesterIsTechnical = "tester_is_technical",
});

impl Boundary {
    /// What to do about it, after the person's name: `ana leads and ...`.
    pub fn advice(self) -> &'static str {
        match self {
            Self::DeclarerLeads => {
                "declared the incident and still leads it: hand the lead over, so that somebody keeps the overview"
            }
            Self::LeadIsTechnical => {
                "leads and holds a technical role: give one of the two to somebody else"
            }
            Self::LeadTroubleshoots => {
                "leads and troubleshoots: leave the cause to the technical roles"
            }
            Self::TesterIsTechnical => {
                "tests and holds a technical role: somebody with fresh eyes should validate"
            }
        }
    }
}

/// Whether somebody holds a role of that part.
pub fn plays(roles: &Roles, known: &[Role], user: UserId, part: Part) -> bool {
    roles.held().any(|one| one.user == user && part_of(known, one) == Some(part))
}

fn part_of(known: &[Role], one: &Assignment) -> Option<Part> {
    known.iter().find(|role| role.name == one.role).map(|role| role.part)
}

/// Whoever declared and leads, with the instant since when.
pub fn declarer_leads(roles: &Roles, known: &[Role]) -> Option<(UserId, Timestamp)> {
    let declarer = roles.declared_by?;
    let leads = |one: &&Assignment| one.user == declarer && part_of(known, one) == Some(Part::Lead);
    roles.held().find(leads).map(|one| (declarer, one.since))
}

/// What is crossed now, by whom, in the order of the assignments.
pub fn crossed(
    roles: &Roles,
    known: &[Role],
    hand_over_after: Option<SignedDuration>,
    now: Timestamp,
) -> Vec<(Boundary, UserId)> {
    let mut found: Vec<(Boundary, UserId)> = Vec::new();
    let mut add = |boundary, user| {
        if !found.contains(&(boundary, user)) {
            found.push((boundary, user));
        }
    };
    let overdue = declarer_leads(roles, known).filter(|(_, since)| {
        hand_over_after.is_some_and(|after| now.duration_since(*since) >= after)
    });
    if let Some((user, _)) = overdue {
        add(Boundary::DeclarerLeads, user);
    }
    for one in roles.held() {
        let technical = plays(roles, known, one.user, Part::Technical);
        match part_of(known, one) {
            Some(Part::Lead) if technical => add(Boundary::LeadIsTechnical, one.user),
            Some(Part::Tester) if technical => add(Boundary::TesterIsTechnical, one.user),
            _ => {}
        }
        let worked = roles.warned.contains(&(Boundary::LeadTroubleshoots, one.user));
        if worked && part_of(known, one) == Some(Part::Lead) {
            add(Boundary::LeadTroubleshoots, one.user);
        }
    }
    found
}
