//! `muster schedule list`, `show` and `shifts`: how schedules are put together, and who has which
//! shift.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Api;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Look at schedules.
#[derive(Debug, clap::Subcommand)]
pub enum Look {
    /// List the schedules
    List,
    /// Show how a schedule is put together, and the changes of the clocks ahead
    Show {
        /// The schedule
        name: String,
    },
    /// List what follows schedules in chats, and what keeps it from following
    Chats {
        /// Ask the chat of this schedule again at once, where it did not do what it was asked
        #[arg(long, value_name = "SCHEDULE")]
        try_again: Option<String>,
    },
    /// Show the shifts of a schedule
    Shifts {
        /// The schedule
        name: String,
        /// From when on; now by default
        #[arg(long, value_name = "TIME", value_parser = time::read)]
        from: Option<Timestamp>,
        /// Up to when; 14 days after the beginning by default
        #[arg(long, value_name = "TIME", value_parser = time::read)]
        to: Option<Timestamp>,
    },
}

impl Look {
    /// Shows it.
    ///
    /// # Errors
    /// When the store or server fails, or there is no such schedule.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| self.show(settings, api).await).await
    }

    async fn show(&self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        if let Self::Chats { try_again: Some(name) } = self {
            api.post(&["schedules", name, "chat", "try-again"], &json!({})).await?;
        }
        let answer = match self {
            Self::List | Self::Chats { .. } => api.get(&["schedules"], &[("limit", "500")]).await?,
            Self::Show { name } => api.get(&["schedules", name], &[]).await?,
            Self::Shifts { name, from, to } => {
                let (from, to) = (from.map(|at| at.to_string()), to.map(|at| at.to_string()));
                let times = [("from", &from), ("to", &to)];
                let given = times.iter().filter_map(|(key, at)| Some((*key, at.as_deref()?)));
                api.get(&["schedules", name, "shifts"], &given.collect::<Vec<_>>()).await?
            }
        };
        if settings.json() {
            return show::json(&answer);
        }
        let screen = Screen::of_stdout();
        match self {
            Self::List => show::put(&list(&answer).render(screen)),
            Self::Chats { .. } => show::put(&chats(&answer).render(screen)),
            Self::Shifts { .. } => show::put(&shifts(show::items(&answer)).render(screen)),
            Self::Show { .. } => {
                show::put(&layers(&answer).render(screen))?;
                in_step(&answer).iter().try_for_each(show::line)?;
                clock_changes(&answer).iter().try_for_each(show::line)
            }
        }
    }
}

fn list(answer: &Value) -> Table {
    let mut table = Table::new([
        Column::new("SCHEDULE"),
        Column::new("ROLE"),
        Column::new("TEAM"),
        Column::new("TIME ZONE"),
        Column::text("LAYERS"),
    ]);
    for schedule in show::items(answer) {
        table.row([
            show::text(&schedule["name"]).into(),
            show::text(&schedule["role"]).into(),
            show::text(&schedule["team"]).into(),
            show::text(&schedule["timezone"]).into(),
            names(&schedule["layers"], "name", ", ").into(),
        ]);
    }
    table
}

fn chats(answer: &Value) -> Table {
    let mut table = Table::new([
        Column::new("SCHEDULE"),
        Column::new("CHAT"),
        Column::new("GROUP"),
        Column::new("CHANNEL"),
        Column::text("STATE"),
    ]);
    for schedule in show::items(answer).iter().filter(|it| it["chat"].is_object()) {
        let chat = &schedule["chat"];
        let (style, state) = match (chat["in_step"] == true, notes(chat)) {
            (true, notes) if notes.is_empty() => (Style::Fine, "in step".to_owned()),
            (true, notes) => (Style::Warning, notes.join("; ")),
            (false, notes) if notes.is_empty() => (Style::Muted, "follows soon".to_owned()),
            (false, notes) => (Style::Wrong, notes.join("; ")),
        };
        table.row([
            show::text(&schedule["name"]).into(),
            show::text(&chat["provider"]).into(),
            show::text(&chat["group"]).into(),
            show::text(&chat["channel"]).into(),
            Cell::styled(state, style),
        ]);
    }
    table
}

/// What keeps a chat from following.
fn notes(chat: &Value) -> Vec<String> {
    let trouble = list_of(&chat["trouble"]).iter().map(|trouble| {
        let (why, at) = (show::text(&trouble["why"]), time::minute_of(&trouble["retry_at"]));
        format!("{why}, asked again at {at}")
    });
    let missing = list_of(&chat["missing"])
        .iter()
        .map(|user| format!("{} has no verified address there", show::text(user)));
    trouble.chain(missing).collect()
}

/// What follows a schedule in a chat, in sentences.
fn in_step(schedule: &Value) -> Vec<String> {
    let chat = &schedule["chat"];
    if !chat.is_object() {
        return Vec::new();
    }
    let parts = [("group", "the group"), ("channel", "the topic of")];
    let parts =
        parts.iter().filter_map(|(key, noun)| Some(format!("{noun} {}", chat[*key].as_str()?)));
    let parts: Vec<_> = parts.collect();
    let verb = if parts.len() > 1 { "follow" } else { "follows" };
    let head = format!("\nIn {} {} {verb}.", show::text(&chat["provider"]), parts.join(" and "));
    let notes = notes(chat).into_iter().map(|note| format!("  {note}"));
    std::iter::once(head).chain(notes).collect()
}

fn layers(schedule: &Value) -> Table {
    let mut table = Table::new([
        Column::new("LAYER"),
        Column::new("EVERY"),
        Column::new("HANDOFF"),
        Column::new("TIME ZONE"),
        Column::text("TURNS"),
        Column::text("PLANNED"),
    ]);
    // The layer that counts most stands first, as on the screen.
    for layer in list_of(&schedule["layers"]).iter().rev() {
        let name = show::text(&layer["name"]);
        let adds = if layer["adds"] == true { " (joins)" } else { "" };
        let planned = list_of(&layer["changes"]).iter().map(|change| {
            format!("from {}: {}", show::text(&change["from"]), turns(&change["turns"]))
        });
        table.row([
            format!("{name}{adds}").into(),
            words(&layer["every"], ", ").into(),
            show::text(&layer["handoff"]).into(),
            show::text(&layer["timezone"]).into(),
            turns(&layer["turns"]).into(),
            planned.collect::<Vec<_>>().join("; ").into(),
        ]);
    }
    table
}

/// What will be another hour than people expect, in sentences.
fn clock_changes(schedule: &Value) -> Vec<String> {
    let change = |change: &Value| {
        let minutes = change["forward_minutes"].as_i64().unwrap_or_default();
        let way = if minutes > 0 { "forward" } else { "back" };
        let shifts = list_of(&change["shifts"]).iter().map(|shift| {
            format!("{} ({})", show::text(&shift["user"]), show::text(&shift["layer"]))
        });
        let shifts: Vec<_> = shifts.collect();
        let whose = if shifts.is_empty() { "nobody's shift".to_owned() } else { shifts.join(", ") };
        format!(
            "\nClocks in {} go {way} by {} minutes at {}, in the shift of {whose}.",
            show::text(&change["timezone"]),
            minutes.abs(),
            time::minute_of(&change["at"]),
        )
    };
    list_of(&schedule["clock_changes"]).iter().map(change).collect()
}

fn shifts(items: &[Value]) -> Table {
    let mut table = Table::new([
        Column::new("FROM"),
        Column::new("UNTIL"),
        Column::text("ON CALL"),
        Column::text("LAYER"),
        Column::text("NOTE"),
    ]);
    for shift in items {
        let mut notes = Vec::new();
        if let Some(of) = shift["shadow"].as_str() {
            notes.push(format!("goes along with {of}"));
        }
        if let Some(mentor) = shift["mentor"].as_str() {
            notes.push(format!("in training, behind them {mentor}"));
        }
        match shift["longer_by_minutes"].as_i64() {
            Some(minutes) if minutes > 0 => notes.push(format!("{minutes} minutes longer")),
            Some(minutes) if minutes < 0 => notes.push(format!("{} minutes shorter", -minutes)),
            _ => {}
        }
        let is_beside = shift["shadow"].is_string();
        let user = show::text(&shift["user"]);
        table.row([
            time::minute_of(&shift["from"]).into(),
            time::minute_of(&shift["to"]).into(),
            if is_beside { Cell::styled(user, Style::Muted) } else { user.into() },
            show::text(&shift["layer"]).into(),
            Cell::styled(notes.join("; "), Style::Muted),
        ]);
    }
    table
}

fn turns(turns: &Value) -> String {
    let groups = list_of(turns).iter().map(|people| words(people, " + "));
    groups.collect::<Vec<_>>().join(", ")
}

fn words(list: &Value, between: &str) -> String {
    let words = list_of(list).iter().map(show::text);
    words.map(|word| word.to_string()).collect::<Vec<_>>().join(between)
}

fn names(list: &Value, field: &str, between: &str) -> String {
    let names = list_of(list).iter().map(|item| show::text(&item[field]));
    names.map(|name| name.to_string()).collect::<Vec<_>>().join(between)
}

fn list_of(value: &Value) -> &[Value] {
    value.as_array().map_or(&[][..], Vec::as_slice)
}
