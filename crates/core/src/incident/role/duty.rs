//! The duty sheet's live half (`R3`): what whoever holds a role should do next, read off the incident
//! as it stands. It reminds; it decides nothing.

use super::assignment::Roles;
use super::{Part, Role};
use crate::incident::lifecycle::{Incident, Status};
use crate::incident::process::Process;
use crate::org::directory::Directory;

/// The next action of a role, in a sentence.
pub fn next_action(role: &Role, incident: &Incident, directory: &Directory) -> String {
    let process = &directory.severity(incident.severity).process;
    let status = incident.status;
    if !status.is_open() {
        return match role.part {
            Part::Lead => "See that what follows has owners, then close it.",
            Part::Scribe => "Draft the summary timeline and the statistics.",
            Part::Communication => "Tell your audience that it is over, and note what was said.",
            _ => "Nothing: it is over. Thank you.",
        }
        .to_owned();
    }
    let restored = status == Status::Restored;
    match role.part {
        Part::Lead => match vacant(&incident.roles, process, directory) {
            _ if restored => "Have the testers validate it, then sign it off.".to_owned(),
            titles if !titles.is_empty() => format!("Find somebody for: {}.", titles.join(", ")),
            _ if status == Status::Triggered => {
                "See that somebody works on the cause: nobody has taken it yet.".to_owned()
            }
            _ => first_duty(role),
        },
        Part::Technical => match status {
            Status::Triggered | Status::Acknowledged => "Look for the cause, and say that you do.",
            Status::Researching => "Find the cause, and say when it is known.",
            Status::Identified => "Carry out the fix: one major change at a time.",
            _ => "Stay until the testers have validated it.",
        }
        .to_owned(),
        Part::Tester if restored => "Validate that it is truly over.".to_owned(),
        Part::Tester => "Stand by until the technical roles ask for a test.".to_owned(),
        Part::Communication if restored => {
            "Tell your audience that the service is restored.".to_owned()
        }
        Part::Scribe | Part::Communication | Part::Other => first_duty(role),
    }
}

/// The titles of the roles that somebody must hold and nobody does.
pub fn vacant(roles: &Roles, process: &Process, directory: &Directory) -> Vec<String> {
    let required = process.roles.iter().filter(|wanted| wanted.is_required);
    let vacant = required.filter(|wanted| roles.is_vacant(&wanted.role));
    vacant.map(|wanted| directory.role_in_words(&wanted.role)).collect()
}

fn first_duty(role: &Role) -> String {
    role.duties.first().cloned().unwrap_or_else(|| "Nothing is written down.".to_owned())
}
