//! `muster cover`: asking others to take a shift, and answering them (`O3`).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Api;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table, time};

/// Ask others to take a shift, and answer them.
#[derive(Debug, clap::Subcommand)]
pub enum Cover {
    /// List the requests that wait for an answer
    List {
        /// Those that are settled as well
        #[arg(long)]
        all: bool,
    },
    /// Ask others to take a shift
    Ask(Ask),
    /// Take the shift
    Accept(Answer),
    /// Say no
    Decline(Answer),
    /// Take a no back
    Reconsider(Answer),
    /// Take a request back that nobody has accepted
    Withdraw {
        /// The request
        id: String,
    },
    /// Put back what was accepted
    Undo {
        /// The request
        id: String,
    },
}

/// Ask others to take a shift.
#[derive(Debug, clap::Args)]
pub struct Ask {
    /// The schedule
    schedule: String,
    /// The beginning of the shift
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    from: Timestamp,
    /// The end of the shift
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    to: Timestamp,
    /// Whom to ask; everybody who takes part unless given
    #[arg(long = "ask", value_name = "NAME")]
    people: Vec<String>,
    /// The beginning of the shift to take in return
    #[arg(long, value_name = "TIME", value_parser = time::read, requires = "return_to")]
    return_from: Option<Timestamp>,
    /// The end of the shift to take in return
    #[arg(long, value_name = "TIME", value_parser = time::read, requires = "return_from")]
    return_to: Option<Timestamp>,
    /// Whose shift it is; yours, unless your token belongs to no person
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
}

/// An answer.
#[derive(Debug, clap::Args)]
pub struct Answer {
    /// The request
    id: String,
    /// For whom; yourself, unless your token belongs to no person
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

impl Cover {
    /// Does it.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let answer = match &self {
                Self::List { all } => return list(settings, api, *all).await,
                Self::Ask(ask) => ask.send(api).await?,
                Self::Accept(answer) => answer.send(api, "accept").await?,
                Self::Decline(answer) => answer.send(api, "decline").await?,
                Self::Reconsider(answer) => answer.send(api, "reconsider").await?,
                Self::Withdraw { id } => moved(api, id, "withdraw", &json!({})).await?,
                Self::Undo { id } => moved(api, id, "undo", &json!({})).await?,
            };
            if settings.json() {
                return show::json(&answer);
            }
            show::line(format!(
                "{} is {}.",
                show::text(&answer["id"]),
                show::text(&answer["state"])
            ))
        })
        .await
    }
}

impl Ask {
    async fn send(&self, api: &Api) -> anyhow::Result<Value> {
        let mut body = json!({
            "from": self.from.to_string(),
            "to": self.to.to_string(),
            "ask": self.people,
            "reason": self.reason,
        });
        if let Some(user) = &self.user {
            body["user"] = user.as_str().into();
        }
        if let (Some(from), Some(to)) = (self.return_from, self.return_to) {
            body["in_return"] = json!({ "from": from.to_string(), "to": to.to_string() });
        }
        api.post(&["schedules", &self.schedule, "cover-requests"], &body).await
    }
}

impl Answer {
    async fn send(&self, api: &Api, verb: &str) -> anyhow::Result<Value> {
        let body = self.user.as_ref().map_or_else(|| json!({}), |user| json!({ "user": user }));
        moved(api, &self.id, verb, &body).await
    }
}

async fn moved(api: &Api, id: &str, verb: &str, body: &Value) -> anyhow::Result<Value> {
    api.post(&["cover-requests", id, verb], body).await
}

async fn list(settings: &Settings, api: &Api, all: bool) -> anyhow::Result<()> {
    let open = if all { "false" } else { "true" };
    let answer = api.get(&["cover-requests"], &[("open", open)]).await?;
    if settings.json() {
        return show::json(&answer);
    }
    let items = show::items(&answer);
    if items.is_empty() {
        return show::line("Nobody asks for anything.");
    }
    let mut table = Table::new([
        Column::new("WHO"),
        Column::new("SCHEDULE"),
        Column::new("FROM"),
        Column::new("UNTIL"),
        Column::new("STATE"),
        Column::text("REASON"),
        Column::new("ID"),
    ]);
    for item in items {
        table.row([
            show::text(&item["requester"]).into(),
            show::text(&item["schedule"]).into(),
            time::minute_of(&item["from"]).into(),
            time::minute_of(&item["to"]).into(),
            show::text(&item["state"]).into(),
            show::text(&item["reason"]).into(),
            show::text(&item["id"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}
