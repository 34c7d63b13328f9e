//! Schedules in a file.

use jiff::civil::{Date, Time};
use muster_core::oncall::schedule::TurnLength;
use muster_store::org::document::schedule::{Layer, Override, Restriction, Rotation, Schedule};
use muster_store::org::document::text::{Day, LocalDate, LocalDateTime, LocalTime, Turn, short};

use super::super::read::{Cursor, Fields};

/// The most layers of a schedule.
const LAYERS_MAX: usize = 50;
/// The most participants of a rotation.
const PARTICIPANTS_MAX: usize = 500;

pub fn schedule(cursor: Cursor<'_>) -> Schedule {
    let fields = cursor.fields(&["name", "team", "timezone", "layers", "overrides", "handoff"]);
    let layers = fields.list("layers", layer);
    if layers.len() > LAYERS_MAX {
        fields.note_at("layers", format!("a schedule has at most {LAYERS_MAX} layers"));
    }
    Schedule {
        name: fields.name("name"),
        team: fields.optional_name("team"),
        timezone: fields.parsed("timezone"),
        layers,
        overrides: fields.list("overrides", r#override),
        handoff: fields.optional("handoff").and_then(|flag| flag.flag()).unwrap_or(false),
    }
}

fn layer(cursor: Cursor<'_>) -> Layer {
    let fields = cursor.fields(&["name", "rotation", "restrict"]);
    Layer {
        name: fields.name("name"),
        rotation: fields.required("rotation").map_or_else(no_rotation, rotation),
        restrict: fields.list("restrict", restriction),
    }
}

fn rotation(cursor: Cursor<'_>) -> Rotation {
    let fields = cursor.fields(&["every", "handoff", "start", "participants"]);
    let every = fields.required("every").and_then(|every| every.parsed::<Turn>());
    let handoff = match fields.optional("handoff") {
        Some(handoff) => handoff.parsed(),
        None => Some(muster_store::org::document::text::Handoff::default()),
    };
    if let (Some(Turn(TurnLength::Weeks(_))), Some(handoff)) = (every, handoff)
        && handoff.weekday.is_none()
    {
        fields.note_at(
            "handoff",
            format!(
                "turns of weeks change on a weekday; write for example `Mon {}`",
                LocalTime(handoff.time)
            ),
        );
    }
    let participants = fields.list("participants", |name| name.name());
    if participants.len() > PARTICIPANTS_MAX {
        fields.note_at(
            "participants",
            format!("a rotation has at most {PARTICIPANTS_MAX} participants"),
        );
    }
    let start = fields.required("start").and_then(|start| start.parsed::<LocalDate>());
    Rotation {
        every: every.unwrap_or(Turn(TurnLength::Days(1))),
        handoff: handoff.unwrap_or_default(),
        start: start.unwrap_or(LocalDate(Date::ZERO)),
        participants,
    }
}

/// Stands in for a rotation that is missing.
fn no_rotation() -> Rotation {
    Rotation {
        every: Turn(TurnLength::Days(1)),
        handoff: Default::default(),
        start: LocalDate(Date::ZERO),
        participants: Vec::new(),
    }
}

fn restriction(cursor: Cursor<'_>) -> Restriction {
    let fields = cursor.fields(&["days", "from", "to"]);
    let days = fields.list("days", |day| day.parsed::<Day>());
    let time = |name: &str| {
        let time = fields.required(name).and_then(|time| time.parsed::<LocalTime>());
        time.unwrap_or(LocalTime(Time::midnight()))
    };
    Restriction { days: days.into_iter().flatten().collect(), from: time("from"), to: time("to") }
}

fn r#override(cursor: Cursor<'_>) -> Override {
    let fields = cursor.fields(&["user", "from", "to"]);
    let (from, to) = (local(&fields, "from"), local(&fields, "to"));
    if let (Some(from), Some(to)) = (from, to)
        && to.0 <= from.0
    {
        fields.note_at(
            "to",
            format!("this override ends at {}, before it begins", short(&to.to_string())),
        );
    }
    let nowhere = LocalDateTime(Date::ZERO.to_datetime(Time::midnight()));
    Override { user: fields.name("user"), from: from.unwrap_or(nowhere), to: to.unwrap_or(nowhere) }
}

fn local(fields: &Fields<'_>, name: &str) -> Option<LocalDateTime> {
    fields.required(name).and_then(|time| time.parsed())
}
