//! `muster token`: tokens for programs, and for the first administrator.

use jiff::SignedDuration;
use muster_core::incident::timeline::Actor;
use muster_core::org::user::Role;
use muster_server::app::access::token;
use muster_server::clock::Clock;
use serde_json::{Value, json};

use crate::api::Api;
use crate::failure::usage;
use crate::session::{Reach, reach, with_api};
use crate::settings::Settings;
use crate::show::{self, Cell, Column, Screen, Style, Table, time};
use crate::store::Missing;

/// Make, list and revoke API tokens.
#[derive(Debug, clap::Subcommand)]
pub enum Token {
    /// Make a token and print it, this once
    Create {
        /// What it is called
        #[arg(long)]
        name: String,
        /// What it may do: stakeholder, responder, manager or admin
        #[arg(long, value_parser = role)]
        role: Role,
        /// After how long it opens nothing any more, such as 90d
        #[arg(long, value_name = "TIME", value_parser = time::read_length)]
        expires: Option<SignedDuration>,
    },
    /// List the tokens in force
    List,
    /// Make a token open nothing any more
    Revoke {
        /// Its name
        name: String,
    },
}

impl Token {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Create { name, role, expires } => create(settings, name, role, expires).await,
            Self::List => with_api(settings, async |api| list(settings, &all(api).await?)).await,
            Self::Revoke { name } => {
                with_api(settings, async |api| revoke(settings, api, &name).await).await
            }
        }
    }
}

async fn create(
    settings: &Settings,
    name: String,
    role: Role,
    expires: Option<SignedDuration>,
) -> anyhow::Result<()> {
    let now = Clock::System.now();
    let expires_at = expires.and_then(|length| now.checked_add(length).ok());
    let answer = match reach(settings, Missing::Create).await? {
        Reach::Store(db) => {
            let wanted = token::Wanted { name, role, user: None, expires_at };
            let (made, secret) = token::create(&db, wanted, &Actor::System, now).await?;
            db.close().await;
            json!({ "id": made.id.to_string(), "name": made.name, "role": made.role.name(),
                    "expires_at": expires_at.map(|at| at.to_string()), "token": secret })
        }
        Reach::Server(api) => {
            let mut body = json!({ "name": name, "role": role.name() });
            if let Some(at) = expires_at {
                body["expires_at"] = at.to_string().into();
            }
            api.post(&["tokens"], &body).await?
        }
    };
    if settings.json() {
        return show::json(&answer);
    }
    show::line(answer["token"].as_str().unwrap_or_default())
}

async fn all(api: &Api) -> anyhow::Result<Value> {
    api.get(&["tokens"], &[("limit", "500")]).await
}

fn list(settings: &Settings, tokens: &Value) -> anyhow::Result<()> {
    if settings.json() {
        return show::json(tokens);
    }
    let mut table = Table::new([
        Column::text("NAME"),
        Column::new("ROLE"),
        Column::new("MADE"),
        Column::new("LAST USED"),
        Column::new("EXPIRES"),
    ]);
    for token in show::items(tokens) {
        table.row([
            show::text(&token["name"]).into(),
            show::text(&token["role"]).into(),
            time::minute_of(&token["created_at"]).into(),
            time::minute_of(&token["last_used_at"]).into(),
            Cell::styled(time::minute_of(&token["expires_at"]), Style::Muted),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

async fn revoke(settings: &Settings, api: &Api, name: &str) -> anyhow::Result<()> {
    let tokens = all(api).await?;
    let found = show::items(&tokens).iter().find(|token| token["name"] == name);
    let Some(id) = found.and_then(|token| token["id"].as_str()) else {
        return Err(usage(format!("there is no token named `{name}`; see `muster token list`")));
    };
    api.delete(&["tokens", id]).await?;
    if settings.json() {
        return show::json(&json!({ "id": id, "name": name, "revoked": true }));
    }
    show::line(format!("{name} opens nothing any more."))
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text)
        .ok_or_else(|| "a role is stakeholder, responder, manager or admin".to_owned())
}
