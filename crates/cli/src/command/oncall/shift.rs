//! `muster oncall take`, `give`, `overrides` and `undo`: time on call that somebody has instead of
//! whoever the layers name.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::balance;
use crate::api::Api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table, time};

/// A change of who is on call, or the record of it.
#[derive(Debug, clap::Subcommand)]
pub enum Change {
    /// Read what one shift tells the next, add to it, accept it
    #[command(subcommand)]
    Handoff(super::handoff::Handoff),
    /// Say how heavy your shifts were
    #[command(subcommand)]
    Survey(super::survey::Survey),
    /// Print who was on call how long, by night, weekend and holiday, and how often they were called
    Record(super::record::Record),
    /// Be on call from now on, in one step
    Take(Take),
    /// Put somebody else on call
    Give(Give),
    /// List the overrides of a schedule
    Overrides {
        /// The schedule
        schedule: String,
    },
    /// Take an override back
    Undo {
        /// The schedule
        schedule: String,
        /// The override's id, as `muster oncall overrides` shows it
        id: String,
    },
}

/// Be on call from now on, in one step.
#[derive(Debug, clap::Args)]
pub struct Take {
    /// The schedule
    schedule: String,
    #[command(flatten)]
    when: When,
    /// Who takes it; you, unless your token belongs to no person
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

/// Put somebody else on call.
#[derive(Debug, clap::Args)]
pub struct Give {
    /// The schedule
    schedule: String,
    /// Who gets it
    user: String,
    #[command(flatten)]
    when: When,
    /// Cut the overrides that have some of that time
    #[arg(long)]
    split: bool,
    /// Say what it would change for whom, and leave everything as it is
    #[arg(long)]
    dry_run: bool,
}

/// Which time, and why.
#[derive(Debug, clap::Args)]
pub struct When {
    /// From when on; now by default
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    from: Option<Timestamp>,
    /// Until when
    #[arg(long, value_name = "TIME", value_parser = time::read, conflicts_with = "length")]
    to: Option<Timestamp>,
    /// For how long, such as 4h
    #[arg(long = "for", value_name = "LENGTH", id = "length", required_unless_present = "to")]
    length: Option<String>,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// Whose place, where several have the shift together
    #[arg(long, value_name = "NAME", conflicts_with = "everybody")]
    instead_of: Option<String>,
    /// Everybody gives way, where several have the shift together
    #[arg(long)]
    everybody: bool,
}

impl When {
    fn body(&self) -> Value {
        let mut body = json!({ "reason": self.reason });
        if let Some(user) = &self.instead_of {
            body["instead_of"] = user.as_str().into();
        }
        if self.everybody {
            body["everybody"] = true.into();
        }
        if let Some(from) = self.from {
            body["from"] = from.to_string().into();
        }
        if let Some(to) = self.to {
            body["to"] = to.to_string().into();
        }
        if let Some(length) = &self.length {
            body["for"] = length.as_str().into();
        }
        body
    }
}

impl Change {
    /// Makes the change.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(&self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        match self {
            Self::Handoff(handoff) => handoff.run(settings, api).await,
            Self::Survey(survey) => survey.run(settings, api).await,
            Self::Record(record) => record.run(settings, api).await,
            Self::Take(take) => {
                let mut body = take.when.body();
                if let Some(user) = &take.user {
                    body["user"] = user.as_str().into();
                }
                let made = api.post(&["schedules", &take.schedule, "take"], &body).await?;
                told(settings, &take.schedule, &made)
            }
            Self::Give(give) => {
                let mut body = give.when.body();
                body["user"] = give.user.as_str().into();
                body["split"] = give.split.into();
                if give.dry_run {
                    let path = ["schedules", &give.schedule, "overrides", "preview"];
                    return would(settings, &api.post(&path, &body).await?);
                }
                let made = api.post(&["schedules", &give.schedule, "overrides"], &body).await?;
                told(settings, &give.schedule, &made)
            }
            Self::Overrides { schedule } => list(settings, api, schedule).await,
            Self::Undo { schedule, id } => {
                api.delete(&["schedules", schedule, "overrides", id]).await?;
                show::line(format!("{schedule} goes on without it."))
            }
        }
    }
}

fn told(settings: &Settings, schedule: &str, made: &Value) -> anyhow::Result<()> {
    if settings.json() {
        return show::json(made);
    }
    let (user, until) = (show::text(&made["user"]), time::minute_of(&made["to"]));
    let from = time::minute_of(&made["from"]);
    show::line(format!("{user} is on call for {schedule} from {from} to {until}."))?;
    let id = show::text(&made["id"]);
    show::line(format!("To take it back: muster oncall undo {schedule} {id}"))
}

fn would(settings: &Settings, change: &Value) -> anyhow::Result<()> {
    if settings.json() {
        return show::json(change);
    }
    let shifts = change["shifts_changed"].as_u64().unwrap_or_default();
    let (from, to) = (time::minute_of(&change["from"]), time::minute_of(&change["to"]));
    let shifts = show::count(usize::try_from(shifts).unwrap_or(usize::MAX), "shift", "shifts");
    show::line(format!("{shifts} would change. From {from} to {to}:"))?;
    balance::tell(&change["people"])
}

async fn list(settings: &Settings, api: &Api, schedule: &str) -> anyhow::Result<()> {
    let answer = api.get(&["schedules", schedule, "overrides"], &[]).await?;
    if settings.json() {
        return show::json(&answer);
    }
    let items = show::items(&answer);
    if items.is_empty() {
        return show::line(format!("Nothing overrides the layers of {schedule}."));
    }
    let mut table = Table::new([
        Column::new("WHO"),
        Column::new("FROM"),
        Column::new("UNTIL"),
        Column::new("BY"),
        Column::text("REASON"),
        Column::new("ID"),
    ]);
    for item in items {
        let by = match show::text(&item["created_by"]) {
            by if by.is_empty() => "the file".to_owned(),
            by => by,
        };
        table.row([
            show::text(&item["user"]).into(),
            time::minute_of(&item["from"]).into(),
            time::minute_of(&item["to"]).into(),
            by.into(),
            show::text(&item["reason"]).into(),
            show::text(&item["id"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}
