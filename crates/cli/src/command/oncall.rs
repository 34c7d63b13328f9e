//! `muster oncall`: who is on call, now or at another time, and changing it.

use jiff::Timestamp;
use serde_json::Value;

use crate::api::Api;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

pub mod balance;
mod handoff;
mod record;
mod shift;
mod survey;

/// Show who is on call, or change it.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Oncall {
    #[command(subcommand)]
    change: Option<shift::Change>,
    /// A schedule; all of them unless one is named
    schedule: Option<String>,
    /// When; now by default
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    at: Option<Timestamp>,
}

impl Oncall {
    /// Shows it.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match &self.change {
            Some(change) => change.run(settings, api).await,
            None => self.show(settings, api).await,
        })
        .await
    }

    async fn show(&self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let at = self.at.map(|at| at.to_string());
        let query: Vec<_> = at.iter().map(|at| ("at", at.as_str())).collect();
        let answer = match &self.schedule {
            Some(name) => api.get(&["schedules", name, "on-call"], &query).await?,
            None => api.get(&["on-call"], &query).await?,
        };
        if settings.json() {
            return show::json(&answer);
        }
        let text = match &self.schedule {
            Some(name) => one(name, &answer),
            None => all(&answer),
        };
        show::put(&text.render(Screen::of_stdout()))
    }
}

fn all(answer: &Value) -> Table {
    let mut table = Table::new([
        Column::new("SCHEDULE"),
        Column::text("ON CALL"),
        Column::new("UNTIL"),
        Column::text("NEXT"),
    ]);
    for item in show::items(answer) {
        let shifts = item["on_call"].as_array().map_or(&[][..], Vec::as_slice);
        let until = shifts.iter().filter_map(|shift| time::instant(&shift["to"])).min();
        let next: Vec<_> = item["next"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|next| show::text(&next["user"]))
            .collect();
        table.row([
            show::text(&item["schedule"]).into(),
            people(shifts),
            until.map(time::minute).unwrap_or_default().into(),
            Cell::styled(next.join(", "), Style::Muted),
        ]);
    }
    table
}

fn people(shifts: &[Value]) -> Cell {
    let people: Vec<_> = shifts
        .iter()
        .map(|shift| match show::text(&shift["full_name"]) {
            name if name.is_empty() => show::text(&shift["user"]),
            name => format!("{} ({name})", show::text(&shift["user"])),
        })
        .collect();
    if people.is_empty() {
        return Cell::styled("nobody", Style::Warning);
    }
    people.join(", ").into()
}

fn one(name: &str, answer: &Value) -> Table {
    let mut table = Table::new([
        Column::new("SCHEDULE"),
        Column::text("ON CALL"),
        Column::text("LAYER"),
        Column::new("FROM"),
        Column::new("UNTIL"),
    ]);
    let shifts = answer["on_call"].as_array().map_or(&[][..], Vec::as_slice);
    if shifts.is_empty() {
        table.row([name.into(), people(shifts)]);
    }
    for shift in shifts {
        table.row([
            name.into(),
            people(std::slice::from_ref(shift)),
            show::text(&shift["layer"]).into(),
            time::minute_of(&shift["from"]).into(),
            time::minute_of(&shift["to"]).into(),
        ]);
    }
    table
}
