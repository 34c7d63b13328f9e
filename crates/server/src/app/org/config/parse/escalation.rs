//! Escalation policies and the catch-all in a file.

use jiff::civil::Time;
use muster_core::incident::severity::Level;
use muster_core::oncall::condition::ALERTS_MAX;
use muster_core::oncall::escalation::{REPEAT_MAX, STEPS_MAX};
use muster_store::org::document::escalation::{
    Acknowledge, CatchAll, EscalationPolicy, Flood, Hours, Place, RoleOf, Rotation, SecondSet,
    Step, Target, When,
};
use muster_store::org::document::text::{Day, Length, LocalTime, short};

use super::super::read::Cursor;
use super::service;

const TARGETS: [&str; 9] = [
    "user",
    "schedule",
    "rotation",
    "team",
    "round_robin",
    "manager_of",
    "role",
    "channel",
    "webhook",
];

pub fn policy(cursor: Cursor<'_>) -> EscalationPolicy {
    let fields = cursor.fields(&["name", "team", "repeat", "steps", "second_set"]);
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
        second_set: fields.optional("second_set").map(second_set),
    }
}

fn second_set(cursor: Cursor<'_>) -> SecondSet {
    let fields = cursor.fields(&["after", "escalation_policy"]);
    let after = fields.required("after").and_then(|after| after.parsed::<Length>());
    if after.is_some_and(|after| after.0.is_zero()) {
        fields.note_at("after", "a set that begins at once would leave no time for the first");
    }
    SecondSet {
        after: after.unwrap_or_default(),
        escalation_policy: fields.name("escalation_policy"),
    }
}

fn step(cursor: Cursor<'_>) -> Step {
    let fields = cursor.fields(&["after", "targets", "when", "acknowledge"]);
    let targets = fields.required("targets").map(|targets| targets.list(target));
    let acknowledge = match fields.optional("acknowledge") {
        None => Acknowledge::One,
        Some(written) if written.is_word("one") => Acknowledge::One,
        Some(written) if written.is_word("all") => Acknowledge::All,
        Some(written) => {
            written.note("`one` or `all` is expected here: how many must acknowledge");
            Acknowledge::One
        }
    };
    Step {
        after: fields.parsed::<Length>("after").unwrap_or_default(),
        targets: targets.unwrap_or_default(),
        when: fields.optional("when").map(when),
        acknowledge,
    }
}

fn when(cursor: Cursor<'_>) -> When {
    let fields = cursor.fields(&["severity", "hours", "matches", "alerts"]);
    let levels = fields.list("severity", |level| level.number(1..=i64::from(Level::NUMBER_MAX)));
    let matches = fields.optional("matches").map(|written| {
        written.checked(|text| {
            service::check_rule(text)?;
            if speaks_of_severity(text) {
                return Err(
                    "the client's own word for the severity is not kept; write `severity: [1, 2]` beside `matches`"
                        .to_owned(),
                );
            }
            Ok(())
        })
    });
    let levels = levels.into_iter().flatten().filter_map(|level| u8::try_from(level).ok());
    When {
        severity: levels.collect(),
        hours: fields.optional("hours").map(hours),
        matches: matches.filter(|text| !text.is_empty()),
        alerts: fields.optional("alerts").map(flood),
    }
}

/// Whether an expression reads the variable `severity`, outside of quotes and not as somebody's
/// field.
fn speaks_of_severity(text: &str) -> bool {
    const WORD: &str = "severity";
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let quotes = |before: &str, quote: char| before.matches(quote).count() % 2 == 1;
    text.match_indices(WORD).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + WORD.len()..]);
        let stands_alone =
            !before.ends_with(|c: char| is_part(c) || c == '.') && !after.starts_with(is_part);
        stands_alone && !quotes(before, '"') && !quotes(before, '\'')
    })
}

fn hours(cursor: Cursor<'_>) -> Hours {
    let fields = cursor.fields(&["days", "from", "to", "timezone"]);
    let days = fields.list("days", |day| day.parsed::<Day>());
    let time = |name: &str| {
        let time = fields.required(name).and_then(|time| time.parsed::<LocalTime>());
        time.unwrap_or(LocalTime(Time::midnight()))
    };
    Hours {
        days: days.into_iter().flatten().collect(),
        from: time("from"),
        to: time("to"),
        timezone: fields.parsed("timezone"),
    }
}

fn flood(cursor: Cursor<'_>) -> Flood {
    let fields = cursor.fields(&["more_than", "within"]);
    let more_than =
        fields.required("more_than").and_then(|it| it.number(1..=i64::from(ALERTS_MAX)));
    let within = fields.required("within").and_then(|within| within.parsed::<Length>());
    if within.is_some_and(|within| within.0.is_zero()) {
        fields.note_at("within", "no alert comes within no time");
    }
    Flood {
        more_than: more_than.and_then(|it| u32::try_from(it).ok()).unwrap_or(1),
        within: within.unwrap_or_default(),
    }
}

fn target(cursor: Cursor<'_>) -> Target {
    let fields = cursor.fields(&TARGETS);
    let named: Vec<&str> =
        TARGETS.into_iter().filter(|name| fields.optional(name).is_some()).collect();
    match named[..] {
        ["user"] => Target::User(fields.name("user")),
        ["schedule"] => Target::Schedule(fields.name("schedule")),
        ["rotation"] => fields.optional("rotation").map_or_else(nobody, rotation),
        ["team"] => Target::Team(fields.name("team")),
        ["team", "round_robin"] => {
            let takes_turns = fields.optional("round_robin").and_then(|written| written.flag());
            match takes_turns {
                Some(false) => Target::Team(fields.name("team")),
                _ => Target::RoundRobin(fields.name("team")),
            }
        }
        ["manager_of"] => Target::ManagerOf(fields.name("manager_of")),
        ["role"] | ["team", "role"] => {
            Target::Role(RoleOf { role: fields.name("role"), team: fields.optional_name("team") })
        }
        ["channel"] => {
            fields.optional("channel").map_or_else(nobody, |it| Target::Channel(place(it)))
        }
        ["webhook"] => Target::Webhook(fields.name("webhook")),
        _ => {
            if cursor.is_map() {
                cursor.note("a target is one of `user`, `schedule`, `rotation`, `team` (with `round_robin: true` for taking turns), `manager_of`, `role`, `channel` and `webhook`");
            }
            nobody()
        }
    }
}

/// Stands in for a target that cannot be read.
fn nobody() -> Target {
    Target::User(String::new())
}

fn rotation(cursor: Cursor<'_>) -> Target {
    let fields = cursor.fields(&["schedule", "layer"]);
    Target::Rotation(Rotation { schedule: fields.name("schedule"), layer: fields.name("layer") })
}

/// A room, a number, a topic by a provider.
pub fn place(cursor: Cursor<'_>) -> Place {
    const CHARS_MAX: usize = 500;
    let fields = cursor.fields(&["provider", "address"]);
    let address = fields.required("address").map(|written| {
        written.checked(|text| {
            if text.trim().is_empty() || text.chars().count() > CHARS_MAX {
                return Err(format!("`{}` is no place to send to", short(text)));
            }
            Ok(())
        })
    });
    Place { provider: fields.name("provider"), address: address.unwrap_or_default() }
}

pub fn catch_all(cursor: Cursor<'_>) -> CatchAll {
    let fields = cursor.fields(&["escalation_policy"]);
    CatchAll { escalation_policy: fields.name("escalation_policy") }
}
