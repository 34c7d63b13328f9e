//! `muster incident impact`, `loss`, `strike-loss`: how bad it is for whom, and what it costs.

use serde_json::{Map, Value, json};

use super::{One, Verb};
use crate::command::incident::reference;

/// Says how bad it is.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("said").required(true).multiple(true)
    .args(["users", "hosts", "services", "customers", "how_bad", "contact", "no_contact"])))]
pub struct Tell {
    #[command(flatten)]
    incident: One,
    /// How many users
    #[arg(long)]
    users: Option<u64>,
    /// How many hosts
    #[arg(long)]
    hosts: Option<u64>,
    /// A service besides the incident's own; all of them, once each
    #[arg(long = "service", value_name = "SERVICE")]
    services: Vec<String>,
    /// A customer; all of them, once each
    #[arg(long = "customer", value_name = "NAME")]
    customers: Vec<String>,
    /// How bad it is for them
    #[arg(long)]
    how_bad: Option<String>,
    /// Whom to ask at customer service
    #[arg(long, value_name = "NAME")]
    contact: Option<String>,
    /// How the contact is reached
    #[arg(long, value_name = "HOW", requires = "contact")]
    reach: Option<String>,
    /// There is nobody to ask at customer service
    #[arg(long, conflicts_with = "contact")]
    no_contact: bool,
}

impl Tell {
    /// Does it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn run(self, verb: Verb<'_>) -> anyhow::Result<()> {
        let mut body = Map::new();
        let mut say = |name: &str, value: Value| body.insert(name.to_owned(), value);
        for (name, count) in [("users", self.users), ("hosts", self.hosts)] {
            if let Some(count) = count {
                say(name, count.into());
            }
        }
        for (name, all) in [("services", self.services), ("customers", self.customers)] {
            if !all.is_empty() {
                say(name, all.into());
            }
        }
        if let Some(how_bad) = self.how_bad {
            say("how_bad", how_bad.into());
        }
        if let Some(contact) = self.contact {
            say("contact", json!({ "name": contact, "reach": self.reach }));
        }
        if self.no_contact {
            say("contact", Value::Null);
        }
        let path = ["incidents", &self.incident.incident, "impact"];
        let incident = verb.api.patch(&path, &Value::Object(body)).await?;
        verb.tell(&incident)
    }
}

/// Adds a loss.
#[derive(Debug, clap::Args)]
pub struct Loss {
    #[command(flatten)]
    incident: One,
    /// How much, in whole units
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    amount: i64,
    /// The currency, such as EUR
    currency: String,
    /// What was lost
    what: String,
}

impl Loss {
    /// Does it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn run(self, verb: Verb<'_>) -> anyhow::Result<()> {
        let currency = self.currency.to_uppercase();
        let body = json!({ "what": self.what, "amount": self.amount, "currency": currency });
        verb.on(&self.incident, "losses", body).await
    }
}

/// Strikes a loss.
#[derive(Debug, clap::Args)]
pub struct Strike {
    /// The incident, by its number
    #[arg(value_parser = reference)]
    incident: String,
    /// The number of the loss within the incident
    number: u32,
}

impl Strike {
    /// Does it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn run(self, verb: Verb<'_>) -> anyhow::Result<()> {
        let number = self.number.to_string();
        let path = ["incidents", &self.incident, "losses", &number, "strike"];
        let incident = verb.api.post(&path, &json!({})).await?;
        verb.tell(&incident)
    }
}
