//! `muster user`: people, and the passwords they sign in with. Who people are is configuration.

use std::io::{IsTerminal as _, Read as _};

use anyhow::Context as _;
use serde_json::json;

use crate::api::Api;
use crate::failure::usage;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table};

/// The longest input that is read for a password, in bytes.
const INPUT_BYTES_MAX: u64 = 4_096;

/// List people and set their passwords.
#[derive(Debug, clap::Subcommand)]
pub enum User {
    /// List people
    List,
    /// Set the password that a person signs in with
    Password {
        /// The person's name
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        stdin: bool,
    },
}

impl User {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::List => with_api(settings, async |api| list(settings, api).await).await,
            Self::Password { name, stdin } => {
                let password = if stdin { from_stdin()? } else { typed_twice(&name)? };
                with_api(settings, async |api| {
                    let body = json!({ "password": password });
                    api.put(&["users", &name, "password"], &body).await?;
                    if settings.json() {
                        return show::json(&json!({ "user": name, "changed": true }));
                    }
                    show::line(format!("{name} signs in with the new password from now on."))
                })
                .await
            }
        }
    }
}

async fn list(settings: &Settings, api: &Api) -> anyhow::Result<()> {
    let users = api.get(&["users"], &[("limit", "500")]).await?;
    if settings.json() {
        return show::json(&users);
    }
    let mut table = Table::new([
        Column::new("NAME"),
        Column::text("FULL NAME"),
        Column::new("ROLE"),
        Column::text("TEAMS"),
        Column::text("ON CALL"),
    ]);
    for user in show::items(&users) {
        table.row([
            show::text(&user["name"]).into(),
            show::text(&user["full_name"]).into(),
            show::text(&user["role"]).into(),
            show::names(&user["teams"]).into(),
            show::names(&user["on_call"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

fn from_stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(INPUT_BYTES_MAX)
        .read_to_string(&mut text)
        .context("standard input cannot be read as text")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn typed_twice(name: &str) -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        return Err(usage("there is no terminal to ask on; give the password with --stdin"));
    }
    let password = rpassword::prompt_password(format!("New password of {name}: "))?;
    let again = rpassword::prompt_password("The same again: ")?;
    if password != again {
        return Err(usage("the two are not the same; nothing was changed"));
    }
    Ok(password)
}
