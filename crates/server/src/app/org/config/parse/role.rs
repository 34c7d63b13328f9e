//! Incident roles and the processes of severities in a file.

use jiff::SignedDuration;
use muster_core::incident::bridge::From;
use muster_core::incident::gate::Gate;
use muster_core::incident::process::{CHECKLISTS_MAX, ROLES_MAX};
use muster_core::incident::role::{DUTIES_MAX, Part, WORDS_CHARS_MAX};
use muster_store::org::document::organization::Clock;
use muster_store::org::document::role::{Bridge, Process, Role, Room, Rotation, Wanted};
use muster_store::org::document::text::short;

use super::super::read::Cursor;
use super::organization::clock;
use crate::app::incident::{bridge as app_bridge, room as app_room};

/// The shortest time in which whoever declared may be asked to hand over.
const HAND_OVER_AFTER_MIN: SignedDuration = SignedDuration::from_mins(1);
/// The shortest time after which somebody else may be asked for a role.
const ASK_NEXT_AFTER_MIN: SignedDuration = SignedDuration::from_mins(1);

/// The shortest silence after which somebody may be asked for news.
const NUDGE_SCRIBE_AFTER_MIN: SignedDuration = SignedDuration::from_mins(5);

pub fn role(cursor: Cursor<'_>) -> Role {
    let fields = cursor.fields(&["name", "title", "part", "duties", "shared", "rotation"]);
    Role {
        name: fields.name("name"),
        title: fields.optional("title").map(|title| title.checked(check_words)),
        part: fields.optional("part").map(|part| part.checked(check_part)),
        duties: fields.optional("duties").map(|duties| {
            let read = duties.list(|duty| duty.checked(check_words));
            if read.len() > DUTIES_MAX {
                duties.note(format!("a role has at most {DUTIES_MAX} duties"));
            }
            read
        }),
        shared: fields.optional("shared").and_then(|shared| shared.flag()),
        rotation: fields.optional("rotation").map(rotation),
    }
}

/// Who is engaged for it, or `none` for nobody.
fn rotation(cursor: Cursor<'_>) -> Clock<Rotation> {
    if cursor.is_word("none") {
        return Clock::NONE;
    }
    let fields = cursor.fields(&["schedule", "role", "team"]);
    let rotation = Rotation {
        schedule: fields.optional_name("schedule"),
        role: fields.optional_name("role"),
        team: fields.optional_name("team"),
    };
    let is_one = rotation.schedule.is_some() != rotation.role.is_some();
    if cursor.is_map() && (!is_one || (rotation.schedule.is_some() && rotation.team.is_some())) {
        cursor.note("a rotation is a `schedule`, or an on-call `role` with or without a `team`; write `none` for a role that nobody is on call for");
    }
    Clock::Runs(rotation)
}

pub fn process(cursor: Cursor<'_>) -> Process {
    let fields = cursor.fields(&[
        "roles",
        "audiences",
        "checklists",
        "gates",
        "bridge",
        "room",
        "hand_over_after",
        "ask_next_after",
        "nudge_scribe_after",
    ]);
    Process {
        roles: fields.optional("roles").map(|roles| {
            let read = roles.list(wanted);
            if read.len() > ROLES_MAX {
                roles.note(format!("a process wants at most {ROLES_MAX} roles"));
            }
            read
        }),
        audiences: fields.optional("audiences").map(|names| names.list(|name| name.name())),
        checklists: fields.optional("checklists").map(|lists| {
            let read = lists.list(|list| list.name());
            if read.len() > CHECKLISTS_MAX {
                lists.note(format!("a process has at most {CHECKLISTS_MAX} checklists"));
            }
            read
        }),
        gates: fields.optional("gates").map(|gates| gates.list(|gate| gate.checked(check_gate))),
        bridge: fields.optional("bridge").map(bridge),
        room: fields.optional("room").map(room),
        hand_over_after: fields
            .optional("hand_over_after")
            .map(|it| clock(it, HAND_OVER_AFTER_MIN)),
        nudge_scribe_after: fields
            .optional("nudge_scribe_after")
            .map(|it| clock(it, NUDGE_SCRIBE_AFTER_MIN)),
        ask_next_after: fields.optional("ask_next_after").map(|it| clock(it, ASK_NEXT_AFTER_MIN)),
    }
}

fn bridge(cursor: Cursor<'_>) -> Bridge {
    let fields = cursor.fields(&["template", "from"]);
    let template = fields.required("template");
    Bridge {
        template: template.map(|it| it.checked(app_bridge::check)).unwrap_or_default(),
        from: fields.optional("from").map(|from| from.checked(check_from)),
    }
}

fn room(cursor: Cursor<'_>) -> Room {
    let fields = cursor.fields(&["provider", "team", "name", "archive_after", "remove_released"]);
    let flag = fields.optional("remove_released").and_then(|flag| flag.flag());
    Room {
        provider: fields.name("provider"),
        team: fields.optional_name("team"),
        name: fields.optional("name").map(|name| name.checked(app_room::check)),
        archive_after: fields.parsed("archive_after"),
        remove_released: flag.unwrap_or(false),
    }
}

fn check_from(text: &str) -> Result<(), String> {
    if From::from_name(text).is_some() {
        return Ok(());
    }
    let known: Vec<_> = From::NAMES.iter().map(|(_, name)| format!("`{name}`")).collect();
    Err(format!("`{}` is not a beginning; a bridge opens from {}", short(text), known.join(", ")))
}

fn wanted(cursor: Cursor<'_>) -> Wanted {
    let fields = cursor.fields(&["role", "required", "engage"]);
    let flag = |name| fields.optional(name).and_then(|flag| flag.flag()).unwrap_or(false);
    Wanted { role: fields.name("role"), required: flag("required"), engage: flag("engage") }
}

fn check_gate(text: &str) -> Result<(), String> {
    if Gate::from_name(text).is_some() {
        return Ok(());
    }
    let gates: Vec<_> = Gate::NAMES.iter().map(|(_, name)| format!("`{name}`")).collect();
    Err(format!("`{}` is not a gate; the gates are {}", short(text), gates.join(", ")))
}

fn check_part(text: &str) -> Result<(), String> {
    if Part::from_name(text).is_some() {
        return Ok(());
    }
    let parts: Vec<_> = Part::NAMES.iter().map(|(_, name)| format!("`{name}`")).collect();
    Err(format!("`{}` is not a part; the parts are {}", short(text), parts.join(", ")))
}

fn check_words(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("this is blank".to_owned());
    }
    if text.chars().count() > WORDS_CHARS_MAX {
        return Err(format!("this is longer than {WORDS_CHARS_MAX} characters"));
    }
    Ok(())
}
