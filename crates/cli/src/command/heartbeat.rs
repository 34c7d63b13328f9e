//! `muster heartbeat`: what must be heard of, and how it stands.

use muster_server::clock::Clock;
use serde_json::Value;

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Look at heartbeat monitors.
#[derive(Debug, clap::Subcommand)]
pub enum Heartbeat {
    /// List monitors, and the sources that must be heard of
    List,
    /// Show how the installation watches itself: its sign of life, and its canaries
    Own,
    /// Show a monitor, where it is pinged, and its last pings
    Show {
        /// Its name
        name: String,
    },
}

impl Heartbeat {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match &self {
            Self::List => {
                let answer = api.get(&["heartbeats"], &[("limit", "500")]).await?;
                if settings.json() {
                    return show::json(&answer);
                }
                show::put(&table(&answer).render(Screen::of_stdout()))
            }
            Self::Own => {
                let answer = api.get(&["watch"], &[]).await?;
                if settings.json() {
                    return show::json(&answer);
                }
                show::put(&own(&answer).render(Screen::of_stdout()))
            }
            Self::Show { name } => {
                let answer = api.get(&["heartbeats", name], &[]).await?;
                if settings.json() {
                    return show::json(&answer);
                }
                let monitor = &answer["heartbeat"];
                for (what, field) in [
                    ("state", "state"),
                    ("ping", "url"),
                    ("by name", "url_by_name"),
                    ("push", "push_url"),
                ] {
                    let value = show::text(&monitor[field]);
                    if !value.is_empty() {
                        show::line(format!("{what:<8} {value}"))?;
                    }
                }
                show::put(&pings(&answer).render(Screen::of_stdout()))
            }
        })
        .await
    }
}

fn age(value: &Value) -> String {
    let now = Clock::System.now();
    time::instant(value).map(|at| time::age(now, at)).unwrap_or_default()
}

fn table(monitors: &Value) -> Table {
    let mut table = Table::new([
        Column::new("STATE"),
        Column::number("HEARD"),
        Column::number("EVERY S"),
        Column::text("SERVICE"),
        Column::text("NAME"),
    ]);
    for monitor in show::items(monitors) {
        let state = show::text(&monitor["state"]);
        let style = match state.as_str() {
            "down" => Style::Wrong,
            "up" => Style::Plain,
            _ => Style::Muted,
        };
        table.row([
            Cell::styled(state, style),
            age(&monitor["last_at"]).into(),
            show::text(&monitor["every_seconds"]).into(),
            show::text(&monitor["service"]).into(),
            show::text(&monitor["name"]).into(),
        ]);
    }
    table
}

/// What the installation does to watch itself, in one table.
fn own(answer: &Value) -> Table {
    let mut table = Table::new([
        Column::new("STATE"),
        Column::number("LAST"),
        Column::number("WENT WELL"),
        Column::number("EVERY S"),
        Column::text("WHAT"),
        Column::text("TROUBLE"),
    ]);
    let mut row = |what: String, standing: &Value| {
        let trouble = show::text(&standing["trouble"]);
        let (state, style) = match (trouble.as_str(), &standing["last_at"]) {
            ("", Value::Null) => ("new", Style::Muted),
            ("", _) if standing["on_its_way"] == true => ("waiting", Style::Muted),
            ("", _) => ("up", Style::Plain),
            _ => ("down", Style::Wrong),
        };
        table.row([
            Cell::styled(state.to_owned(), style),
            age(&standing["last_at"]).into(),
            age(&standing["last_ok_at"]).into(),
            show::text(&standing["every_seconds"]).into(),
            what.into(),
            trouble.into(),
        ]);
    };
    if !answer["sign_of_life"].is_null() {
        row("sign of life".to_owned(), &answer["sign_of_life"]);
    }
    for canary in answer["canaries"].as_array().into_iter().flatten() {
        let (user, method) = (show::text(&canary["user"]), show::text(&canary["method"]));
        row(format!("canary {user}/{method}"), canary);
    }
    table
}

fn pings(answer: &Value) -> Table {
    let mut table = Table::new([
        Column::number("AGE"),
        Column::new("PING"),
        Column::new("RUN"),
        Column::number("SECONDS"),
        Column::text("NOTE"),
    ]);
    for ping in answer["pings"].as_array().into_iter().flatten() {
        table.row([
            age(&ping["at"]).into(),
            show::text(&ping["kind"]).into(),
            show::text(&ping["run"]).into(),
            show::text(&ping["duration_seconds"]).into(),
            show::text(&ping["note"]).into(),
        ]);
    }
    table
}
