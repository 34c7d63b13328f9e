//! Schedules in a file. A rotation that no calendar can hold is refused here, with the place of what
//! is wrong with it.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use muster_core::oncall::schedule::{HandoffDay, TurnLength};
use muster_store::org::document::schedule::{
    Chat, Layer, OneOrMany, Override, Restriction, RosterChange, Rotation, Schedule, Shadow,
};
use muster_store::org::document::text::{
    Day, Handoff, LocalDate, LocalDateTime, LocalTime, Turn, short,
};

use super::super::read::{Cursor, Fields};

/// The most layers of a schedule.
const LAYERS_MAX: usize = 50;
/// The most turns that one round of a rotation has, and the most people of one turn.
const PARTICIPANTS_MAX: usize = 500;
/// The most lengths of turns that repeat.
const LENGTHS_MAX: usize = 50;
/// The most planned changes of a rotation.
const CHANGES_MAX: usize = 100;
/// The most shadows of a schedule.
const SHADOWS_MAX: usize = 500;

pub fn schedule(cursor: Cursor<'_>) -> Schedule {
    let fields = cursor.fields(&[
        "name",
        "team",
        "role",
        "timezone",
        "layers",
        "overrides",
        "shadows",
        "handoff",
        "chat",
    ]);
    Schedule {
        name: fields.name("name"),
        team: fields.optional_name("team"),
        role: fields.optional_name("role"),
        timezone: fields.parsed("timezone"),
        layers: at_most(&fields, "layers", LAYERS_MAX, "layers", layer),
        overrides: fields.list("overrides", r#override),
        handoff: fields.optional("handoff").and_then(|flag| flag.flag()).unwrap_or(false),
        shadows: at_most(&fields, "shadows", SHADOWS_MAX, "shadows", shadow),
        chat: fields.optional("chat").map(chat),
    }
}

/// The longest id of a group or a channel, in characters.
const CHAT_ID_CHARS_MAX: usize = 100;

fn chat(cursor: Cursor<'_>) -> Chat {
    let fields = cursor.fields(&["provider", "group", "channel"]);
    let id = |name| fields.optional(name).map(|id| id.checked(check_chat_id));
    let chat =
        Chat { provider: fields.name("provider"), group: id("group"), channel: id("channel") };
    if chat.group.is_none() && chat.channel.is_none() {
        cursor.note("name a `group`, a `channel` or both; nothing else follows a schedule");
    }
    chat
}

fn check_chat_id(text: &str) -> Result<(), String> {
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if text.is_empty() || text.len() > CHAT_ID_CHARS_MAX || !is_plain {
        return Err(format!("`{}` is no id of a group or a channel", short(text)));
    }
    Ok(())
}

fn at_most<'a, T>(
    fields: &Fields<'a>,
    name: &str,
    most: usize,
    noun: &str,
    read: impl Fn(Cursor<'a>) -> T,
) -> Vec<T> {
    let list = fields.list(name, read);
    if list.len() > most {
        fields.note_at(name, format!("there are at most {most} {noun} here"));
    }
    list
}

fn layer(cursor: Cursor<'_>) -> Layer {
    let fields = cursor.fields(&["name", "timezone", "adds", "rotation", "restrict"]);
    Layer {
        name: fields.name("name"),
        timezone: fields.parsed("timezone"),
        adds: fields.optional("adds").and_then(|adds| adds.flag()).unwrap_or_default(),
        rotation: fields.required("rotation").map_or_else(no_rotation, rotation),
        restrict: fields.list("restrict", restriction),
    }
}

fn rotation(cursor: Cursor<'_>) -> Rotation {
    let fields = cursor.fields(&["every", "handoff", "start", "participants", "changes"]);
    let every = fields.required("every").and_then(lengths);
    let handoff = fields.optional("handoff").map_or(Some(Handoff::default()), |it| it.parsed());
    if let (Some(every), Some(handoff)) = (&every, handoff) {
        check_handoff(&fields, every, handoff);
    }
    let start = fields.required("start").and_then(|start| start.parsed::<LocalDate>());
    let every = every.unwrap_or(OneOrMany::One(Turn(TurnLength::Days(1))));
    let handoff = handoff.unwrap_or_default();
    Rotation {
        changes: changes(&fields, start, &every, handoff),
        every,
        handoff,
        start: start.unwrap_or(LocalDate(Date::ZERO)),
        participants: participants(&fields),
    }
}

/// One length of turns, or a list of several that repeat.
fn lengths(cursor: Cursor<'_>) -> Option<OneOrMany<Turn>> {
    if !cursor.is_list() {
        return cursor.parsed().map(OneOrMany::One);
    }
    let read = cursor.list(|length| length.parsed::<Turn>());
    let lengths: Vec<Turn> = read.iter().copied().collect::<Option<_>>()?;
    if lengths.is_empty() || lengths.len() > LENGTHS_MAX {
        cursor.note(format!("a rotation repeats from 1 to {LENGTHS_MAX} lengths of turns"));
        return None;
    }
    let months = lengths.iter().filter(|length| is_months(length)).count();
    if months > 0 && months < lengths.len() {
        cursor.note("months have no fixed length, so they cannot be mixed with other turns");
        return None;
    }
    Some(OneOrMany::of(lengths))
}

fn is_months(length: &Turn) -> bool {
    matches!(length.0, TurnLength::Months(_))
}

/// The day of a handoff must be one that the turns can begin on.
fn check_handoff(fields: &Fields<'_>, every: &OneOrMany<Turn>, handoff: Handoff) {
    let every = every.as_slice();
    let at = LocalTime(handoff.0.at);
    let is_weeks = every.iter().any(|length| matches!(length.0, TurnLength::Weeks(_)));
    let problem = match handoff.0.on {
        HandoffDay::OfStart if is_weeks => {
            format!("turns of weeks change on a weekday; write for example `Mon {at}`")
        }
        HandoffDay::Weekday(_) if every.iter().any(is_months) => format!(
            "turns of months change on a day of the month; write for example `1 {at}` or `first {handoff}`"
        ),
        HandoffDay::OfMonth(_) | HandoffDay::Nth(..) if !every.iter().any(is_months) => format!(
            "only turns of months change on a day of the month; write `{at}` or a weekday, or `every: 1mo`"
        ),
        _ => return,
    };
    fields.note_at("handoff", problem);
}

fn participants(fields: &Fields<'_>) -> Vec<OneOrMany<String>> {
    at_most(fields, "participants", PARTICIPANTS_MAX, "participants", group)
}

/// One person, or several who have a turn together.
fn group(cursor: Cursor<'_>) -> OneOrMany<String> {
    if !cursor.is_list() {
        return OneOrMany::One(cursor.name());
    }
    let people = cursor.list(|name| name.name());
    let mut seen = BTreeSet::new();
    if people.is_empty() {
        cursor.note("this turn has nobody; name somebody, or leave it out");
    } else if people.len() > PARTICIPANTS_MAX {
        cursor.note(format!("a turn has at most {PARTICIPANTS_MAX} people"));
    } else if let Some(twice) = people.iter().find(|name| !name.is_empty() && !seen.insert(*name)) {
        cursor.note(format!("`{twice}` is on this turn twice"));
    }
    OneOrMany::of(people)
}

/// Planned changes come in the order of their dates, after the rotation has begun.
fn changes(
    fields: &Fields<'_>,
    start: Option<LocalDate>,
    every: &OneOrMany<Turn>,
    handoff: Handoff,
) -> Vec<RosterChange> {
    let read = at_most(fields, "changes", CHANGES_MAX, "changes", roster_change);
    let (mut before, mut every, mut handoff) = (start, every.clone(), handoff);
    let mut changes = Vec::with_capacity(read.len());
    for (place, change) in read {
        if let Some(before) = before.filter(|before| change.from.0 <= before.0)
            && change.from.0 != Date::ZERO
        {
            place.note_at(
                "from",
                format!("changes come in order, and this one is not after {before}"),
            );
        }
        before = Some(change.from);
        every = change.every.clone().unwrap_or(every);
        handoff = change.handoff.unwrap_or(handoff);
        if change.every.is_some() || change.handoff.is_some() {
            check_handoff(&place, &every, handoff);
        }
        changes.push(change);
    }
    changes
}

fn roster_change<'a>(cursor: Cursor<'a>) -> (Fields<'a>, RosterChange) {
    let fields = cursor.fields(&["from", "participants", "every", "handoff"]);
    let from = fields.required("from").and_then(|from| from.parsed::<LocalDate>());
    // There is no roster to go on with where nobody is named.
    let _ = fields.required("participants");
    let change = RosterChange {
        from: from.unwrap_or(LocalDate(Date::ZERO)),
        participants: participants(&fields),
        every: fields.optional("every").and_then(lengths),
        handoff: fields.parsed("handoff"),
    };
    (fields, change)
}

/// Stands in for a rotation that is missing.
fn no_rotation() -> Rotation {
    Rotation {
        every: OneOrMany::One(Turn(TurnLength::Days(1))),
        handoff: Handoff::default(),
        start: LocalDate(Date::ZERO),
        participants: Vec::new(),
        changes: Vec::new(),
    }
}

pub(super) fn restriction(cursor: Cursor<'_>) -> Restriction {
    let fields = cursor.fields(&["days", "from", "to"]);
    let days = fields.list("days", |day| day.parsed::<Day>());
    let time = |name: &str| {
        let time = fields.required(name).and_then(|time| time.parsed::<LocalTime>());
        time.unwrap_or(LocalTime(Time::midnight()))
    };
    Restriction { days: days.into_iter().flatten().collect(), from: time("from"), to: time("to") }
}

fn r#override(cursor: Cursor<'_>) -> Override {
    let fields = cursor.fields(&["user", "instead_of", "from", "to"]);
    let (from, to) = (local(&fields, "from"), local(&fields, "to"));
    check_order(&fields, from, to, "override");
    let nowhere = LocalDateTime(Date::ZERO.to_datetime(Time::midnight()));
    let (user, instead_of) = (fields.name("user"), fields.optional_name("instead_of"));
    if instead_of.as_ref() == Some(&user) {
        fields.note_at("instead_of", "nobody can stand in for themselves");
    }
    Override { user, instead_of, from: from.unwrap_or(nowhere), to: to.unwrap_or(nowhere) }
}

fn shadow(cursor: Cursor<'_>) -> Shadow {
    let fields = cursor.fields(&["user", "follows", "from", "to", "reverse"]);
    let (from, to) = (fields.parsed("from"), fields.parsed("to"));
    check_order(&fields, from, to, "shadow");
    let (user, follows) = (fields.name("user"), fields.name("follows"));
    if !user.is_empty() && user == follows {
        fields.note_at("follows", "nobody can follow themselves");
    }
    let reverse = fields.optional("reverse").and_then(|reverse| reverse.flag());
    Shadow { user, follows, from, to, reverse: reverse.unwrap_or_default() }
}

fn check_order(
    fields: &Fields<'_>,
    from: Option<LocalDateTime>,
    to: Option<LocalDateTime>,
    noun: &str,
) {
    if let (Some(from), Some(to)) = (from, to)
        && to.0 <= from.0
    {
        let end = short(&to.to_string());
        fields.note_at("to", format!("this {noun} ends at {end}, before it begins"));
    }
}

fn local(fields: &Fields<'_>, name: &str) -> Option<LocalDateTime> {
    fields.required(name).and_then(|time| time.parsed())
}
