//! One incident, in a line or in full.

use muster_server::clock::Clock;
use serde_json::Value;

use super::{field, timeline};
use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Screen, Style, time};

/// How much of the timeline is shown with the incident, in entries.
const ENTRIES_SHOWN: usize = 10;

/// Shows an incident in full.
///
/// # Errors
/// When the server fails or there is no such incident.
pub async fn show(settings: &Settings, api: &Api, incident: &str) -> anyhow::Result<()> {
    let answer = api.get(&["incidents", incident], &[]).await?;
    if settings.json() {
        return show::json(&answer);
    }
    field(&answer, "number")?;
    let screen = Screen::of_stdout();
    let mut text = in_full(&answer, screen);
    let entries = super::whole(api, &["incidents", incident, "timeline"], &[]).await?;
    let skipped = entries.len().saturating_sub(ENTRIES_SHOWN);
    text += "\n";
    if skipped > 0 {
        let earlier = show::count(skipped, "earlier entry", "earlier entries");
        text += &screen.paint.muted(&format!("{earlier}: muster incident timeline {incident}"));
        text += "\n";
    }
    for entry in &entries[skipped..] {
        text += &timeline::in_one_line(entry, screen);
    }
    show::put(&text)
}

/// An incident in one line: `#42 SEV1 acknowledged by ana: checkout is slow`.
pub fn in_one_line(incident: &Value, screen: Screen) -> String {
    let level = incident["severity"].as_u64().unwrap_or(0);
    let severity = screen.paint.apply(Style::Severity(level), &format!("SEV{level}"));
    let taken = match incident["assignee"].as_str() {
        Some(assignee) if incident["status"] == "acknowledged" => format!(" by {assignee}"),
        _ => String::new(),
    };
    format!(
        "#{} {severity} {}{taken}: {}\n",
        show::text(&incident["number"]),
        show::text(&incident["status"]),
        show::text(&incident["title"])
    )
}

fn in_full(incident: &Value, screen: Screen) -> String {
    let paint = screen.paint;
    let mut text = in_one_line(incident, screen);
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            text += &format!("  {} {value}\n", paint.muted(&format!("{name:<10}")));
        }
    };
    let now = Clock::System.now();
    let of = |name: &str| show::text(&incident[name]);
    row(
        "severity",
        format!("{} {}, urgency {}", of("severity"), of("severity_name"), of("urgency")),
    );
    row("service", with_team(incident));
    row("taken by", of("assignee"));
    let tags = incident["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    row("tags", tags.iter().map(show::text).collect::<Vec<_>>().join(", "));
    let fields = incident["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
    for field in fields {
        row(&show::text(&field["title"]), show::text(&field["value"]));
    }
    row("alerts", format!("{}, {} open", of("alert_count"), of("open_alert_count")));
    for (name, stamp) in [
        ("opened", "created_at"),
        ("taken", "acknowledged_at"),
        ("restored", "restored_at"),
        ("resolved", "resolved_at"),
        ("closed", "closed_at"),
        ("snoozed to", "snoozed_until"),
    ] {
        let Some(at) = time::instant(&incident[stamp]) else { continue };
        let ago = if at < now { format!(" ({} ago)", time::age(now, at)) } else { String::new() };
        row(name, format!("{}{ago}", time::second(at)));
    }
    row(
        "merged",
        incident["merged_into"].as_i64().map_or_else(String::new, |n| format!("into #{n}")),
    );
    row("parent", incident["parent"].as_i64().map_or_else(String::new, |n| format!("#{n}")));
    let efforts = incident["open_child_count"].as_i64().filter(|open| *open > 0);
    row("efforts", efforts.map_or_else(String::new, |open| format!("{open} open")));
    row("bridge", show::clean(incident["bridge"]["link"].as_str().unwrap_or_default()));
    row("room", room(&incident["room"]));
    row("estimate", estimate(&incident["estimate"]));
    row("runbook", of("runbook"));
    row("figures", figures(&incident["statistics"]));
    row("next", next(incident));
    let clocks = &incident["clocks"];
    row("managers", management(clocks));
    row("rotation", rotation(clocks));
    row("long open", second_set(clocks));
    row("news", silence(clocks));
    row("there", people(&clocks["present"], "at"));
    row("awaited", people(&clocks["awaited"], "due_at"));
    row("helpers", helpers(&incident["helpers"]));
    row("at", of("url"));
    if let Some(summary) = incident["summary"].as_str() {
        text += &format!("\n{}\n", show::clean(summary));
    }
    text
}

/// `inc-42 in chat (open)`, with what went wrong.
fn room(room: &Value) -> String {
    if room.is_null() {
        return String::new();
    }
    let trouble = room["trouble"].as_str().map(show::clean);
    let trouble = trouble.map_or_else(String::new, |trouble| format!(": {trouble}"));
    let of = |name: &str| show::text(&room[name]);
    format!("{} in {} ({}){trouble}", of("name"), of("provider"), of("state"))
}

/// When somebody expects it to be over.
fn estimate(estimate: &Value) -> String {
    let Some(at) = time::instant(&estimate["over_at"]) else { return String::new() };
    format!("may be over {} (says {})", time::second(at), show::text(&estimate["by"]))
}

fn with_team(incident: &Value) -> String {
    let service = show::text(&incident["service"]);
    match incident["team"].as_str() {
        Some(team) => format!("{service} (team {team})"),
        None => service,
    }
}

fn figures(statistics: &Value) -> String {
    let figures: Vec<_> = [
        ("detected after", "occurred_to_detected_seconds"),
        ("taken after", "detected_to_acknowledged_seconds"),
        ("restored after", "detected_to_restored_seconds"),
        ("resolved after", "detected_to_resolved_seconds"),
    ]
    .iter()
    .filter_map(|(name, field)| {
        let seconds = &statistics[*field];
        #[expect(clippy::cast_possible_truncation, reason = "seconds of an incident")]
        let seconds = seconds.as_i64().or_else(|| seconds.as_f64().map(|s| s as i64))?;
        Some(format!("{name} {}", time::length(seconds)))
    })
    .collect();
    figures.join(", ")
}

/// When the next manager is asked.
fn management(clocks: &Value) -> String {
    let clock = &clocks["management"];
    let Some(at) = time::instant(&clock["next_at"]) else { return String::new() };
    format!("{} {} is asked next", time::clock(at), show::text(&clock["next_user"]))
}

/// When somebody else gets it, and what would keep it where it is.
fn rotation(clocks: &Value) -> String {
    let clock = &clocks["rotation"];
    let Some(at) = time::instant(&clock["due_at"]) else { return String::new() };
    let unless = match clock["waits_for"].as_str() {
        Some("research") => "unless it is moved to researching",
        _ => "unless somebody works on it",
    };
    format!("{} it goes to somebody else, {unless}", time::clock(at))
}

/// When another policy takes over because it is not over: a clock, and no target.
fn second_set(clocks: &Value) -> String {
    let clock = &clocks["second_set"];
    let Some(at) = time::instant(&clock["at"]) else { return String::new() };
    let policy = clock["policy"].as_str().unwrap_or("another policy");
    format!("{} {policy} takes over, where it is not over by then", time::clock(at))
}

/// When somebody is asked for news, unless something is written down.
fn silence(clocks: &Value) -> String {
    let clock = &clocks["silence"];
    let Some(at) = time::instant(&clock["due_at"]) else { return String::new() };
    let user = clock["user"].as_str().unwrap_or("nobody");
    format!("{} {user} is asked for news, unless something is written down", time::clock(at))
}

/// `ana 03:15, bo 03:20 (late)`.
fn people(list: &Value, field: &str) -> String {
    let one = |one: &Value| {
        let at = time::instant(&one[field]).map(time::clock).unwrap_or_default();
        let late = if one["late"] == true { " (late)" } else { "" };
        format!("{} {at}{late}", show::text(&one["user"]))
    };
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let here = list.iter().filter(|one| one["released_at"].is_null());
    here.map(one).collect::<Vec<_>>().join(", ")
}

/// `eve: watch the queue (as max does), max`.
fn helpers(list: &Value) -> String {
    let helping = list.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let one = |one: &Value| {
        let task = one["task"]
            .as_str()
            .map_or_else(String::new, |task| format!(": {}", show::clean(task)));
        let same = match one["same_as"].as_array() {
            Some(same) if !same.is_empty() => {
                format!(" (as {} does)", show::names(&one["same_as"]))
            }
            _ => String::new(),
        };
        format!("{}{task}{same}", show::text(&one["user"]))
    };
    let helping = helping.filter(|one| one["released_at"].is_null());
    helping.map(one).collect::<Vec<_>>().join("; ")
}

/// Who is asked next if nobody answers.
fn next(incident: &Value) -> String {
    let Some(next) = incident["plan"].as_array().and_then(|plan| plan.first()) else {
        return match incident["paging"]["state"].as_str() {
            Some("exhausted") => "everybody was asked and nobody answered".to_owned(),
            _ => String::new(),
        };
    };
    let at = time::instant(&next["at"]).map(time::clock).unwrap_or_default();
    format!("{at} step {} pages {}", show::text(&next["step"]), show::names(&next["users"]))
}
