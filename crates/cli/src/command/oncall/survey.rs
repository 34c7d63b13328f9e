//! `muster oncall survey`: how heavy a shift was (`O12`).

use serde_json::json;

use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table, time};

/// Say how heavy your shifts were.
#[derive(Debug, clap::Subcommand)]
pub enum Survey {
    /// List your shifts of the last two weeks, and what you said
    List,
    /// Say how heavy one was
    Answer {
        /// The survey, as `muster oncall survey list` shows it
        id: String,
        /// From 1, light, to 5, too much
        #[arg(value_parser = clap::value_parser!(u8).range(1..=5))]
        score: u8,
        /// More, in words
        #[arg(long)]
        comment: Option<String>,
    },
}

impl Survey {
    /// Does it.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(&self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::List => list(settings, api).await,
            Self::Answer { id, score, comment } => {
                let body = json!({ "score": score, "comment": comment });
                let said = api.post(&["load-surveys", id, "answer"], &body).await?;
                if settings.json() {
                    return show::json(&said);
                }
                show::line(format!("You said {score} of {}.", show::text(&said["schedule"])))
            }
        }
    }
}

async fn list(settings: &Settings, api: &Api) -> anyhow::Result<()> {
    let answer = api.get(&["load-surveys"], &[]).await?;
    if settings.json() {
        return show::json(&answer);
    }
    let mut table = Table::new([
        Column::new("SCHEDULE"),
        Column::new("FROM"),
        Column::new("UNTIL"),
        Column::number("SAID"),
        Column::text("COMMENT"),
        Column::new("ID"),
    ]);
    for item in show::items(&answer) {
        table.row([
            show::text(&item["schedule"]).into(),
            time::minute_of(&item["from"]).into(),
            time::minute_of(&item["to"]).into(),
            show::text(&item["score"]).into(),
            show::text(&item["comment"]).into(),
            show::text(&item["id"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}
