//! `muster change event`: what pipelines and tools report to have changed, and telling of a change
//! from a script.

use serde_json::{Value, json};

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Change events.
#[derive(Debug, clap::Subcommand)]
pub enum Event {
    /// List them, the last begun first
    List {
        /// Of this service; of several with commas between
        #[arg(long)]
        service: Option<String>,
        /// deploy, flag, config, infrastructure or other; several with commas between
        #[arg(long)]
        kind: Option<String>,
        /// Begun then or later, as 2026-11-21T03:00:00Z
        #[arg(long)]
        from: Option<String>,
        /// Begun before then
        #[arg(long)]
        to: Option<String>,
        /// How many at most
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one with the incidents that it caused
    Show {
        /// The event, by its id
        event: String,
    },
    /// Write one down; it pages nobody
    Add(Box<New>),
}

/// A change.
#[derive(Debug, clap::Args)]
pub struct New {
    /// What was changed, in words
    summary: String,
    /// Which service it is about
    #[arg(long)]
    service: String,
    /// deploy, flag, config, infrastructure or other; deploy unless given
    #[arg(long)]
    kind: Option<String>,
    /// started, succeeded, failed or rolled_back; succeeded unless given
    #[arg(long)]
    state: Option<String>,
    /// When it began
    #[arg(long)]
    started_at: Option<String>,
    /// When it ended; now unless given
    #[arg(long)]
    ended_at: Option<String>,
    /// Where, such as production
    #[arg(long)]
    environment: Option<String>,
    /// The version or commit
    #[arg(long = "version-of", value_name = "VERSION")]
    version: Option<String>,
    /// Who; you unless given
    #[arg(long)]
    author: Option<String>,
    /// A page about it
    #[arg(long)]
    url: Option<String>,
    /// A page that shows what was changed
    #[arg(long)]
    diff: Option<String>,
}

impl New {
    fn body(&self) -> Value {
        let mut body = json!({ "summary": self.summary, "service": self.service });
        let given = [
            ("kind", &self.kind),
            ("state", &self.state),
            ("started_at", &self.started_at),
            ("ended_at", &self.ended_at),
            ("environment", &self.environment),
            ("version", &self.version),
            ("author", &self.author),
            ("url", &self.url),
            ("diff_url", &self.diff),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        body
    }
}

impl Event {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let answer = match &self {
                Self::List { service, kind, from, to, limit } => {
                    let limit = limit.to_string();
                    let mut query = vec![("limit", limit.as_str())];
                    let given = [("service", service), ("kind", kind), ("from", from), ("to", to)];
                    let given =
                        given.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
                    query.extend(given);
                    api.get(&["change-events"], &query).await?
                }
                Self::Show { event } => api.get(&["change-events", event], &[]).await?,
                Self::Add(new) => api.post(&["change-events"], &new.body()).await?,
            };
            if settings.json() {
                return show::json(&answer);
            }
            match &self {
                Self::List { .. } => list(&answer),
                Self::Show { .. } => tell(&answer),
                Self::Add(_) => show::line(format!("{} is noted.", show::text(&answer["id"]))),
            }
        })
        .await
    }
}

fn tell(event: &Value) -> anyhow::Result<()> {
    show::line(show::text(&event["summary"]))?;
    show::line(format!(
        "{} of {}, {}, {} to {}",
        show::text(&event["kind"]),
        show::text(&event["service"]),
        show::text(&event["state"]).replace('_', " "),
        time::minute_of(&event["started_at"]),
        time::minute_of(&event["ended_at"]),
    ))?;
    for (name, field) in [
        ("What", "subject"),
        ("Where", "environment"),
        ("Version", "version"),
        ("By", "author"),
        ("See", "url"),
        ("Difference", "diff_url"),
    ] {
        let text = show::text(&event[field]);
        if !text.is_empty() {
            show::line(format!("{name}: {text}"))?;
        }
    }
    caused(event)
}

/// The incidents that a change caused, and how long its services were out by that.
pub(super) fn caused(change: &Value) -> anyhow::Result<()> {
    for one in change["caused"].as_array().into_iter().flatten() {
        let outage = match one["outage_minutes"].as_i64() {
            Some(minutes) => format!("{minutes} min of outage"),
            None => "no outage".to_owned(),
        };
        let reason = show::text(&one["reason"]);
        let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        let (number, title) = (show::text(&one["number"]), show::text(&one["title"]));
        let by = show::text(&one["by"]);
        show::line(format!("Caused incident {number} {title} ({outage}), says {by}{because}"))?;
    }
    Ok(())
}

fn list(answer: &Value) -> anyhow::Result<()> {
    let events = show::items(answer);
    if events.is_empty() {
        return show::line("Nothing was changed.");
    }
    let mut table = Table::new([
        Column::new("STARTED"),
        Column::new("STATE"),
        Column::new("KIND"),
        Column::text("SERVICE"),
        Column::text("WHAT"),
        Column::text("BY"),
        Column::new("ID"),
    ]);
    for event in events {
        let state = show::text(&event["state"]);
        let style = match state.as_str() {
            "failed" | "rolled_back" => Style::Warning,
            _ => Style::Plain,
        };
        let started = time::instant(&event["started_at"]).map(time::second).unwrap_or_default();
        table.row([
            started.into(),
            Cell::styled(state.replace('_', " "), style),
            show::text(&event["kind"]).into(),
            show::text(&event["service"]).into(),
            show::text(&event["summary"]).into(),
            show::text(&event["author"]).into(),
            show::text(&event["id"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}
