//! `muster message`: raw messages, as they came in and what became of them.

use muster_server::clock::Clock;
use serde_json::{Value, json};

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Look at raw messages.
#[derive(Debug, clap::Subcommand)]
pub enum Message {
    /// List messages, the newest first
    List {
        /// What to look for: state:failed integration:checkout/alertmanager
        query: Vec<String>,
        /// How many at most
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
    /// Show a message with its body and what became of it
    Show {
        /// Its id
        id: String,
    },
    /// Take a message through triage again
    Replay {
        /// Its id
        id: String,
        /// Also where it went through already
        #[arg(long)]
        force: bool,
    },
}

impl Message {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match self {
            Self::List { query, limit } => {
                let (query, limit) = (query.join(" "), limit.to_string());
                let query = [("q", query.as_str()), ("limit", limit.as_str())];
                let messages = api.get(&["messages"], &query).await?;
                if settings.json() {
                    return show::json(&messages);
                }
                show::put(&table(&messages).render(Screen::of_stdout()))
            }
            Self::Show { id } => {
                let message = api.get(&["messages", &id], &[]).await?;
                if settings.json() {
                    return show::json(&message);
                }
                show::put(&in_full(&message, Screen::of_stdout()))
            }
            Self::Replay { id, force } => {
                let body = json!({ "force": force });
                let answer = api.post(&["messages", &id, "replay"], &body).await?;
                if settings.json() {
                    return show::json(&answer);
                }
                show::line(format!("{id} goes through triage again."))
            }
        })
        .await
    }
}

fn table(messages: &Value) -> Table {
    let now = Clock::System.now();
    let mut table = Table::new([
        Column::new("ID"),
        Column::number("AGE"),
        Column::new("STATE"),
        Column::text("INTEGRATION"),
        Column::text("OUTCOME"),
    ]);
    for message in show::items(messages) {
        let state = show::text(&message["state"]);
        let style = if state == "failed" { Style::Wrong } else { Style::Plain };
        let received = time::instant(&message["received_at"]);
        table.row([
            show::text(&message["id"]).into(),
            received.map(|at| time::age(now, at)).unwrap_or_default().into(),
            Cell::styled(state, style),
            show::text(&message["integration"]).into(),
            outcome(message).into(),
        ]);
    }
    table
}

fn outcome(message: &Value) -> String {
    if let Some(error) = message["error"].as_str() {
        return show::clean(error);
    }
    let signals = message["outcome"].as_array().map_or(&[][..], Vec::as_slice);
    let decisions: Vec<_> = signals.iter().map(|signal| show::text(&signal["decision"])).collect();
    decisions.join("; ")
}

fn in_full(message: &Value, screen: Screen) -> String {
    let mut text = String::new();
    let received = time::instant(&message["received_at"]).map(time::second).unwrap_or_default();
    for (name, value) in [
        ("id", show::text(&message["id"])),
        ("received", received),
        ("integration", show::text(&message["integration"])),
        ("state", show::text(&message["state"])),
        ("attempts", show::text(&message["attempts"])),
        ("type", show::text(&message["content_type"])),
        ("size", format!("{} bytes", show::text(&message["size"]))),
        ("outcome", outcome(message)),
    ] {
        if !value.is_empty() {
            text += &format!("{} {value}\n", screen.paint.muted(&format!("{name:<12}")));
        }
    }
    let body = message["body"].as_str().unwrap_or_default();
    let pretty = serde_json::from_str::<Value>(body).and_then(|v| serde_json::to_string_pretty(&v));
    text + "\n" + &show::clean(&pretty.unwrap_or_else(|_| body.to_owned())) + "\n"
}
