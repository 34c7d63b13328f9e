//! Escalation policies and the catch-all in a file.

use muster_core::oncall::escalation::{REPEAT_MAX, STEPS_MAX};
use muster_store::org::document::escalation::{CatchAll, EscalationPolicy, Step, Target};
use muster_store::org::document::text::Length;

use super::super::read::Cursor;

const TARGETS: [&str; 4] = ["user", "schedule", "team", "manager_of"];

pub fn policy(cursor: Cursor<'_>) -> EscalationPolicy {
    let fields = cursor.fields(&["name", "team", "repeat", "steps"]);
    let steps = fields.list("steps", step);
    if steps.len() > STEPS_MAX {
        fields.note_at("steps", format!("a policy has at most {STEPS_MAX} steps"));
    }
    let repeat =
        fields.optional("repeat").and_then(|repeat| repeat.number(0..=i64::from(REPEAT_MAX)));
    EscalationPolicy {
        name: fields.name("name"),
        team: fields.optional_name("team"),
        repeat: repeat.and_then(|repeat| u32::try_from(repeat).ok()).unwrap_or(0),
        steps,
    }
}

fn step(cursor: Cursor<'_>) -> Step {
    let fields = cursor.fields(&["after", "targets"]);
    let targets = fields.required("targets").map(|targets| targets.list(target));
    Step {
        after: fields.parsed::<Length>("after").unwrap_or_default(),
        targets: targets.unwrap_or_default(),
    }
}

fn target(cursor: Cursor<'_>) -> Target {
    let fields = cursor.fields(&TARGETS);
    let named: Vec<&str> =
        TARGETS.into_iter().filter(|name| fields.optional(name).is_some()).collect();
    match named[..] {
        ["user"] => Target::User(fields.name("user")),
        ["schedule"] => Target::Schedule(fields.name("schedule")),
        ["team"] => Target::Team(fields.name("team")),
        ["manager_of"] => Target::ManagerOf(fields.name("manager_of")),
        _ => {
            if cursor.is_map() {
                cursor.note("a target is one of `{ user: ... }`, `{ schedule: ... }`, `{ team: ... }` and `{ manager_of: ... }`");
            }
            Target::User(String::new())
        }
    }
}

pub fn catch_all(cursor: Cursor<'_>) -> CatchAll {
    let fields = cursor.fields(&["escalation_policy"]);
    CatchAll { escalation_policy: fields.name("escalation_policy") }
}
