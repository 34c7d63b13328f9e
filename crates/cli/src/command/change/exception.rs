//! Exceptions to the matrix: list, nominate, agree, reject, withdraw.

use serde_json::{Value, json};

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table, time};

/// Kinds of changes that are held to less than their row of the matrix asks for.
#[derive(Debug, clap::Subcommand)]
pub enum Exception {
    /// List them, the newest first, with what is earned of each
    List,
    /// Nominate a kind of change of a team
    Nominate {
        /// Whose services
        #[arg(long)]
        team: String,
        /// The kind of change
        #[arg(long)]
        class: String,
        /// Only this service of the team
        #[arg(long)]
        service: Option<String>,
        /// The row whose approvals and notice are to be asked for instead; none of either where it is
        /// left out
        #[arg(long)]
        row: Option<String>,
        /// Why, in three or four sentences
        #[arg(long)]
        justification: String,
    },
    /// Agree to one, as the team's manager or as whoever answers for the policy
    Agree {
        /// The exception, by its number
        exception: String,
    },
    /// Reject one that waits for you
    Reject {
        /// The exception, by its number
        exception: String,
        /// Why, in a sentence
        reason: String,
    },
    /// Withdraw one; what has not begun under it is asked about anew
    Withdraw {
        /// The exception, by its number
        exception: String,
        /// Why, in a sentence
        reason: String,
    },
}

impl Exception {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let all = ["changes", "exceptions"];
            let answer = match &self {
                Self::List => api.get(&all, &[]).await?,
                Self::Nominate { team, class, service, row, justification } => {
                    let body = json!({ "team": team, "class": class, "service": service, "row": row,
                                       "justification": justification });
                    api.post(&all, &body).await?
                }
                Self::Agree { exception } => {
                    api.post(&["changes", "exceptions", exception, "agree"], &json!({})).await?
                }
                Self::Reject { exception, reason } => {
                    let body = json!({ "reason": reason });
                    api.post(&["changes", "exceptions", exception, "reject"], &body).await?
                }
                Self::Withdraw { exception, reason } => {
                    let body = json!({ "reason": reason });
                    api.post(&["changes", "exceptions", exception, "withdraw"], &body).await?
                }
            };
            if settings.json() {
                return show::json(&answer);
            }
            match &self {
                Self::List => list(&answer),
                _ => tell(&answer),
            }
        })
        .await
    }
}

fn standing(one: &Value) -> String {
    let words = show::text(&one["standing"]).replace('_', " ");
    match words.as_str() {
        "asked" => {
            let open = one["agreements"].as_array().into_iter().flatten();
            let open = open.filter(|side| side["by"].is_null());
            let whom: Vec<_> = open.map(|side| show::names(&side["people"])).collect();
            format!("waits for {}", whom.join(" and "))
        }
        "earning" | "in force" => {
            format!("{words}, {} of {} clean runs", one["clean_runs"], one["clean_runs_needed"])
        }
        _ => words,
    }
}

fn list(answer: &Value) -> anyhow::Result<()> {
    let items = show::items(answer);
    if items.is_empty() {
        return show::line("No exception.");
    }
    let mut table = Table::new([
        Column::new("EXCEPTION"),
        Column::new("TEAM"),
        Column::new("CLASS"),
        Column::text("SERVICE"),
        Column::new("HELD TO"),
        Column::text("STANDS"),
    ]);
    for one in items {
        table.row([
            format!("EXC-{}", one["number"]).into(),
            show::text(&one["team"]).into(),
            show::text(&one["class"]).into(),
            show::text(&one["service"]).into(),
            show::text(&one["row"]).into(),
            standing(one).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

fn tell(one: &Value) -> anyhow::Result<()> {
    show::line(format!(
        "EXC-{}: {} of {}: {}.",
        one["number"],
        show::text(&one["class"]),
        show::text(if one["service"].is_null() { &one["team"] } else { &one["service"] }),
        standing(one)
    ))?;
    if !one["review_at"].is_null() {
        let until = time::minute_of(&one["review_at"]);
        show::line(format!("It is agreed to again by {until}."))?;
    }
    let end = &one["end"];
    if end.is_null() { Ok(()) } else { show::line(show::text(&end["reason"])) }
}
