//! `muster calendar`: links that calendar programs read shifts by, and calendars that leave is read
//! from (`O13`).

use serde_json::{Value, json};

use crate::api::Api;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table, time};

/// Show shifts in a calendar program, and read leave from one.
#[derive(Debug, clap::Subcommand)]
pub enum Calendar {
    /// List your links
    Links,
    /// Make a link: your own shifts, or those of a schedule
    Link {
        /// A schedule
        #[arg(long)]
        schedule: Option<String>,
    },
    /// Revoke a link
    Revoke {
        /// The link
        id: String,
    },
    /// List the calendars that somebody's leave is read from
    Feeds {
        /// Who
        user: String,
    },
    /// Read somebody's leave from a calendar
    Feed {
        /// Who
        user: String,
        /// Where it is; a secret, so `-` reads it from standard input
        url: String,
        /// What to call it
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// A word that makes an event leave; every event of whole days is, unless one is given
        #[arg(long = "match", value_name = "WORD")]
        matches: Vec<String>,
    },
    /// Read a calendar now
    Read {
        /// Who
        user: String,
        /// The calendar
        id: String,
    },
    /// Take a calendar out, with the leave of it that lies ahead
    Remove {
        /// Who
        user: String,
        /// The calendar
        id: String,
    },
}

impl Calendar {
    /// Does it.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match &self {
            Self::Links => links(settings, api).await,
            Self::Link { schedule } => {
                let body =
                    schedule.as_ref().map_or_else(|| json!({}), |it| json!({ "schedule": it }));
                let made = api.post(&["calendar-links"], &body).await?;
                if settings.json() {
                    return show::json(&made);
                }
                show::line(show::text(&made["url"]))
            }
            Self::Revoke { id } => {
                api.delete(&["calendar-links", id]).await?;
                show::line("It opens nothing any more.")
            }
            Self::Feeds { user } => feeds(settings, api, user).await,
            Self::Feed { user, url, name, matches } => {
                let url = match url.as_str() {
                    "-" => std::io::read_to_string(std::io::stdin())?.trim().to_owned(),
                    url => url.to_owned(),
                };
                let body = json!({ "url": url, "name": name, "matches": matches });
                let made = api.post(&["users", user, "leave-feeds"], &body).await?;
                if settings.json() {
                    return show::json(&made);
                }
                show::line(format!("{} is read now and every hour.", show::text(&made["name"])))
            }
            Self::Read { user, id } => {
                api.post(&["users", user, "leave-feeds", id, "read"], &json!({})).await?;
                show::line("It is read soon.")
            }
            Self::Remove { user, id } => {
                api.delete(&["users", user, "leave-feeds", id]).await?;
                show::line("It is read no more.")
            }
        })
        .await
    }
}

async fn links(settings: &Settings, api: &Api) -> anyhow::Result<()> {
    let answer = api.get(&["calendar-links"], &[]).await?;
    if settings.json() {
        return show::json(&answer);
    }
    let mut table = Table::new([
        Column::new("SHOWS"),
        Column::new("MADE"),
        Column::text("LINK"),
        Column::new("ID"),
    ]);
    for item in show::items(&answer) {
        let shows = match &item["schedule"] {
            Value::Null => "your shifts".to_owned(),
            schedule => show::text(schedule),
        };
        table.row([
            shows.into(),
            time::minute_of(&item["created_at"]).into(),
            show::text(&item["url"]).into(),
            show::text(&item["id"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

async fn feeds(settings: &Settings, api: &Api, user: &str) -> anyhow::Result<()> {
    let answer = api.get(&["users", user, "leave-feeds"], &[]).await?;
    if settings.json() {
        return show::json(&answer);
    }
    let mut table = Table::new([
        Column::new("NAME"),
        Column::text("EVENTS"),
        Column::new("READ"),
        Column::text("TROUBLE"),
        Column::new("ID"),
    ]);
    for item in show::items(&answer) {
        let words: Vec<_> =
            item["matches"].as_array().into_iter().flatten().map(show::text).collect();
        let events = if words.is_empty() { "whole days".to_owned() } else { words.join(", ") };
        table.row([
            show::text(&item["name"]).into(),
            events.into(),
            time::minute_of(&item["read_at"]).into(),
            show::text(&item["error"]).into(),
            show::text(&item["id"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}
