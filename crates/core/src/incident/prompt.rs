//! Prompts (`C3`): the questions of a call leader and the rules of troubleshooting, offered at the
//! moment at which they help: by the state of the incident and by how long it has lasted. A pure
//! function of both; it writes nothing down and disturbs nobody.

use jiff::{SignedDuration, Timestamp};

use super::lifecycle::{Incident, Status};
use super::process::Process;
use crate::id::UserId;

/// What kind of prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// For whoever leads, to ask the others.
    Question,
    /// For whoever looks for the cause.
    Rule,
}

names!(Sort { Question = "question", Rule = "rule" });

/// Something that helps at a certain moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prompt {
    /// Stays the same for ever.
    pub id: &'static str,
    /// What kind.
    pub sort: Sort,
    /// In words.
    pub text: &'static str,
    /// The first and last status in which it helps.
    statuses: (Status, Status),
    /// How long the incident has lasted by then, in minutes.
    after_minutes: i64,
}

const fn question(
    id: &'static str,
    text: &'static str,
    statuses: (Status, Status),
    after_minutes: i64,
) -> Prompt {
    Prompt { id, sort: Sort::Question, text, statuses, after_minutes }
}

const fn rule(
    id: &'static str,
    text: &'static str,
    statuses: (Status, Status),
    after_minutes: i64,
) -> Prompt {
    Prompt { id, sort: Sort::Rule, text, statuses, after_minutes }
}

const UNTIL_CAUSE: (Status, Status) = (Status::Triggered, Status::Researching);
const UNTIL_RESTORED: (Status, Status) = (Status::Triggered, Status::Identified);
const WITH_CAUSE: (Status, Status) = (Status::Identified, Status::Restored);
const RESEARCH: (Status, Status) = (Status::Acknowledged, Status::Researching);
const CHANGES: (Status, Status) = (Status::Researching, Status::Identified);

/// Every prompt, in the order in which they help.
pub const ALL: [Prompt; 17] = [
    question("scope", "What is the scope and the impact?", UNTIL_CAUSE, 0),
    question("changes", "What has changed over the past hours and days?", UNTIL_CAUSE, 5),
    question(
        "dependencies",
        "How well are the services up and down the stream of this one?",
        UNTIL_CAUSE,
        5,
    ),
    question("rollback", "Is a rollback worth considering?", UNTIL_RESTORED, 10),
    question("complexity", "How complex is it? Are we close to the cause?", UNTIL_CAUSE, 15),
    question("people", "Do we have everybody here whom we need?", UNTIL_RESTORED, 15),
    question("progress", "Is enough progress being made?", UNTIL_RESTORED, 30),
    question("verify", "How do we verify that the cause is dealt with?", WITH_CAUSE, 0),
    rule("impact-first", "Find out the impact before you diagnose.", UNTIL_CAUSE, 0),
    rule("obvious", "Check the obvious.", UNTIL_CAUSE, 0),
    rule("lowest-level", "Start at the lowest level that fits the symptoms.", RESEARCH, 0),
    rule(
        "assume-change",
        "Assume that something changed until it is proven otherwise.",
        RESEARCH,
        0,
    ),
    rule("one-change", "Make no more than one major change at a time.", CHANGES, 0),
    rule("track-changes", "Keep track of the changes that you make.", CHANGES, 0),
    rule("verify-changes", "Verify every change that you make.", WITH_CAUSE, 0),
    rule("ready-to-undo", "Be ready to take back any change that you make.", CHANGES, 0),
    rule("if-then", "Ask: if this were so, then what would we see?", RESEARCH, 15),
];

/// What helps now, without what `user` does not want to see. Small incidents, in which the process
/// wants no roles and nobody holds one, are left in peace.
pub fn offered(
    incident: &Incident,
    process: &Process,
    user: Option<UserId>,
    now: Timestamp,
) -> Vec<Prompt> {
    if process.roles.is_empty() && !incident.roles.is_held() {
        return Vec::new();
    }
    let since = incident.stamps.detected_at.unwrap_or(now);
    let lasted = now.duration_since(since);
    let dismissed = |prompt: &Prompt| {
        let dismissed = &incident.marks.dismissed;
        user.is_some_and(|user| dismissed.iter().any(|(id, by)| *by == user && id == prompt.id))
    };
    let helps = |prompt: &&Prompt| {
        let (first, last) = prompt.statuses;
        (first..=last).contains(&incident.status)
            && lasted >= SignedDuration::from_mins(prompt.after_minutes)
            && !dismissed(prompt)
    };
    ALL.iter().filter(helps).copied().collect()
}
