//! `muster contacts`: how people are reached. What the configuration says is changed with
//! `muster apply`; here people see to their own.

use serde_json::{Value, json};

use crate::api::Api;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show::{self, Column, Screen, Table};

/// See and change how people are reached.
#[derive(Debug, clap::Subcommand)]
pub enum Contacts {
    /// Show how a person is reached
    Show {
        /// The person's name
        name: String,
    },
    /// Add a way to reach a person, and send a code to it
    Add {
        /// The person's name
        name: String,
        /// What to call it: phone
        method: String,
        /// sms, voice, email and so on
        #[arg(value_name = "TYPE")]
        kind: String,
        /// Where messages go: +4915112345678
        address: String,
    },
    /// Send another code
    Code {
        /// The person's name
        name: String,
        /// The method's name
        method: String,
    },
    /// Give the code that arrived
    Verify {
        /// The person's name
        name: String,
        /// The method's name
        method: String,
        /// Six digits
        code: String,
    },
    /// Send a test message
    Test {
        /// The person's name
        name: String,
        /// The method's name
        method: String,
    },
    /// Let a method that was disabled get messages again
    Enable {
        /// The person's name
        name: String,
        /// The method's name
        method: String,
    },
    /// Remove a method
    Remove {
        /// The person's name
        name: String,
        /// The method's name
        method: String,
    },
    /// Print everybody's contacts, to keep where this server is not
    Export,
}

impl Contacts {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| self.with(settings, api).await).await
    }

    async fn with(&self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let empty = json!({});
        match self {
            Self::Show { name } => {
                let contacts = api.get(&["users", name, "contacts"], &[]).await?;
                shown(settings, &contacts)
            }
            Self::Add { name, method, kind, address } => {
                let body = json!({ "name": method, "type": kind, "address": address });
                let contacts = api.post(&["users", name, "contact-methods"], &body).await?;
                shown(settings, &contacts)
            }
            Self::Code { name, method } => {
                let path = ["users", name, "contact-methods", method, "code"];
                shown(settings, &api.post(&path, &empty).await?)
            }
            Self::Verify { name, method, code } => {
                let path = ["users", name, "contact-methods", method, "verify"];
                shown(settings, &api.post(&path, &json!({ "code": code })).await?)
            }
            Self::Enable { name, method } => {
                let path = ["users", name, "contact-methods", method, "enable"];
                shown(settings, &api.post(&path, &empty).await?)
            }
            Self::Test { name, method } => {
                let path = ["users", name, "contact-methods", method, "test"];
                let sent = api.post(&path, &empty).await?;
                if settings.json() {
                    return show::json(&sent);
                }
                show::line("A test message is on its way.")
            }
            Self::Remove { name, method } => {
                api.delete(&["users", name, "contact-methods", method]).await?;
                if settings.json() {
                    return show::json(&json!({ "user": name, "removed": method }));
                }
                show::line(format!("{method} is gone."))
            }
            Self::Export => {
                let sheet = api.get(&["contacts"], &[]).await?;
                exported(settings, &sheet)
            }
        }
    }
}

fn shown(settings: &Settings, contacts: &Value) -> anyhow::Result<()> {
    if settings.json() {
        return show::json(contacts);
    }
    let mut table = Table::new([
        Column::new("METHOD"),
        Column::new("TYPE"),
        Column::text("ADDRESS"),
        Column::text("STATE"),
        Column::text("AT NIGHT"),
    ]);
    for method in contacts["methods"].as_array().into_iter().flatten() {
        let state = match (method["disabled"].as_str(), method["verified"].as_bool()) {
            (Some(why), _) => format!("disabled: {why}"),
            (None, Some(true)) => "verified".to_owned(),
            _ => "waits for its code".to_owned(),
        };
        table.row([
            show::text(&method["name"]).into(),
            show::text(&method["type"]).into(),
            show::text(&method["address"]).into(),
            state.into(),
            show::text(&method["at_night"]).into(),
        ]);
    }
    show::put(&table.render(Screen::of_stdout()))
}

fn exported(settings: &Settings, sheet: &Value) -> anyhow::Result<()> {
    if settings.json() {
        return show::json(sheet);
    }
    let mut table = Table::new([
        Column::new("NAME"),
        Column::text("FULL NAME"),
        Column::new("TYPE"),
        Column::text("ADDRESS"),
    ]);
    for person in sheet["people"].as_array().into_iter().flatten() {
        for method in person["methods"].as_array().into_iter().flatten() {
            table.row([
                show::text(&person["name"]).into(),
                show::text(&person["full_name"]).into(),
                show::text(&method["type"]).into(),
                show::text(&method["address"]).into(),
            ]);
        }
    }
    show::put(&table.render(Screen::of_stdout()))
}
