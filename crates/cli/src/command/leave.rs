//! `muster leave`: when people are away, and what of their shifts is offered to others.

use jiff::Timestamp;
use serde_json::json;

use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table, time};

/// Say when somebody is away.
#[derive(Debug, clap::Subcommand)]
pub enum Leave {
    /// Enter a leave
    Add {
        /// Who
        user: String,
        /// The beginning
        #[arg(long, value_name = "TIME", value_parser = time::read)]
        from: Timestamp,
        /// The end
        #[arg(long, value_name = "TIME", value_parser = time::read)]
        to: Timestamp,
        /// Why; for the person and those who lead them
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// List when a person is away
    List {
        /// Who
        user: String,
    },
    /// Take a leave back
    Remove {
        /// Who
        user: String,
        /// The leave's id, as `muster leave list` shows it
        id: String,
    },
}

impl Leave {
    /// Does it.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match &self {
            Self::Add { user, from, to, reason } => {
                let (from, to) = (from.to_string(), to.to_string());
                let body = json!({ "from": from, "to": to, "reason": reason });
                let entered = api.post(&["users", user, "absences"], &body).await?;
                if settings.json() {
                    return show::json(&entered);
                }
                let asked = entered["requests"].as_array().map_or(0, Vec::len);
                let shifts = show::count(asked, "shift is", "shifts are");
                show::line(format!("{user} is away then; {shifts} offered to others."))?;
                let uncovered = entered["uncovered"].as_array().into_iter().flatten();
                uncovered.map(show::text).try_for_each(|text| show::line(format!("Open: {text}")))
            }
            Self::List { user } => {
                let answer = api.get(&["users", user, "absences"], &[]).await?;
                if settings.json() {
                    return show::json(&answer);
                }
                let mut table = Table::new([
                    Column::new("FROM"),
                    Column::new("UNTIL"),
                    Column::text("REASON"),
                    Column::number("CONFLICTS"),
                    Column::new("ID"),
                ]);
                for item in show::items(&answer) {
                    let conflicts = item["conflicts"].as_array().map_or(0, Vec::len);
                    table.row([
                        time::minute_of(&item["from"]).into(),
                        time::minute_of(&item["to"]).into(),
                        show::text(&item["reason"]).into(),
                        conflicts.to_string().into(),
                        show::text(&item["id"]).into(),
                    ]);
                }
                show::put(&table.render(Screen::of_stdout()))
            }
            Self::Remove { user, id } => {
                api.delete(&["users", user, "absences", id]).await?;
                show::line(format!("{user} is not away then any more."))
            }
        })
        .await
    }
}
