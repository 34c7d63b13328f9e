//! `muster maintenance`: planned work, during which alerts are recorded and page nobody.

use serde_json::{Value, json};

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};

/// Plan maintenance.
#[derive(Debug, clap::Subcommand)]
pub enum Maintenance {
    /// List windows, the latest planned first
    List {
        /// Those that are over, too
        #[arg(long)]
        over: bool,
    },
    /// Plan a window
    Plan(Window),
    /// Show what a window would mute, by the alerts of the last seven days
    Preview(Window),
    /// End a window now; what still fires pages at once
    End {
        /// Its id
        id: String,
    },
    /// Give a window another end
    Extend {
        /// Its id
        id: String,
        /// How much longer, such as 1h
        #[arg(long, conflicts_with = "to", required_unless_present = "to")]
        by: Option<String>,
        /// Until then, as 2026-11-21T05:00:00Z
        #[arg(long)]
        to: Option<String>,
    },
}

/// A window.
#[derive(Debug, clap::Args)]
pub struct Window {
    /// Why
    reason: String,
    /// Alerts of this service; may be given several times
    #[arg(long = "service")]
    services: Vec<String>,
    /// Only those that match this rule, such as 'labels.cluster == "eu-1"'
    #[arg(long)]
    when: Option<String>,
    /// Show it on status pages under this title
    #[arg(long, value_name = "TITLE")]
    public: Option<String>,
    /// From then on, as 2026-11-21T03:00:00Z; from now on unless given
    #[arg(long)]
    from: Option<String>,
    /// Until then
    #[arg(long)]
    to: Option<String>,
    /// How long, such as 2h
    #[arg(long = "for", conflicts_with = "to", required_unless_present = "to")]
    length: Option<String>,
}

impl Window {
    fn body(&self) -> Value {
        let mut body = json!({ "reason": self.reason, "services": self.services });
        let given = [
            ("when", &self.when),
            ("public_title", &self.public),
            ("from", &self.from),
            ("to", &self.to),
            ("for", &self.length),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        body
    }
}

impl Maintenance {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let answer = match &self {
                Self::List { over } => {
                    let over = over.to_string();
                    let query = [("over", over.as_str()), ("limit", "500")];
                    api.get(&["maintenance"], &query).await?
                }
                Self::Plan(window) => api.post(&["maintenance"], &window.body()).await?,
                Self::Preview(window) => {
                    api.post(&["maintenance", "preview"], &window.body()).await?
                }
                Self::End { id } => api.post(&["maintenance", id, "end"], &json!({})).await?,
                Self::Extend { id, by, to } => {
                    let mut body = json!({});
                    for (name, value) in [("by", by), ("to", to)] {
                        if let Some(value) = value {
                            body[name] = json!(value);
                        }
                    }
                    api.post(&["maintenance", id, "extend"], &body).await?
                }
            };
            if settings.json() {
                return show::json(&answer);
            }
            match &self {
                Self::List { .. } => show::put(&table(&answer).render(Screen::of_stdout())),
                Self::Preview(_) => show::put(&preview(&answer)),
                Self::Plan(_) => show::line(format!("{} is planned.", show::text(&answer["id"]))),
                Self::End { .. } => show::line("The window is over."),
                Self::Extend { .. } => {
                    show::line(format!("The window ends at {}.", show::text(&answer["to"])))
                }
            }
        })
        .await
    }
}

fn table(windows: &Value) -> Table {
    let mut table = Table::new([
        Column::new("ID"),
        Column::new("STATE"),
        Column::new("FROM"),
        Column::new("TO"),
        Column::number("MUTED"),
        Column::text("SERVICES"),
        Column::text("REASON"),
    ]);
    for window in show::items(windows) {
        let state = show::text(&window["state"]);
        let style = if state == "in_force" { Style::Plain } else { Style::Muted };
        let minute =
            |name: &str| time::instant(&window[name]).map(time::second).unwrap_or_default();
        let services: Vec<_> =
            window["services"].as_array().into_iter().flatten().map(show::text).collect();
        table.row([
            show::text(&window["id"]).into(),
            Cell::styled(state.replace('_', " "), style),
            minute("from").into(),
            minute("to").into(),
            show::text(&window["muted"]).into(),
            services.join(", ").into(),
            show::text(&window["reason"]).into(),
        ]);
    }
    table
}

fn preview(answer: &Value) -> String {
    let (count, firing) = (show::text(&answer["count"]), show::text(&answer["firing"]));
    let head = format!(
        "{count} alerts since {} would have been muted; {firing} of them still fire.\n",
        show::text(&answer["since"])
    );
    let lines = answer["alerts"].as_array().into_iter().flatten().map(|alert| {
        format!("  {:<12} {}\n", show::text(&alert["service"]), show::text(&alert["summary"]))
    });
    head + &lines.collect::<String>()
}
