//! `muster incident field`, `fields`: what the organisation wants to know of every incident.

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::{One, Verb};
use crate::show;

/// Custom fields of incidents.
#[derive(Debug, clap::Subcommand)]
pub enum Fielded {
    /// Set custom fields of an incident
    Field {
        #[command(flatten)]
        incident: One,
        /// The values; nothing behind the equals sign takes a value away
        #[arg(required = true, value_name = "NAME=VALUE")]
        values: Vec<String>,
        /// Why, for the timeline
        #[arg(long)]
        reason: Option<String>,
    },
    /// Show the custom fields that there are
    Fields,
}

/// The body that values such as `cause=deploy` make.
pub(super) fn values_of(written: &[String]) -> anyhow::Result<Value> {
    let mut values = Map::new();
    for one in written {
        let (name, value) = one.split_once('=').with_context(|| {
            format!("write `{one}` as a name and a value, such as cause=deploy")
        })?;
        values.insert(name.to_owned(), value.into());
    }
    Ok(Value::Object(values))
}

impl Fielded {
    pub(super) async fn run(self, verb: Verb<'_>) -> anyhow::Result<()> {
        match self {
            Self::Field { incident, values, reason } => {
                let body = json!({ "values": values_of(&values)?, "reason": reason });
                verb.on(&incident, "fields", body).await
            }
            Self::Fields => {
                let list = verb.api.get(&["fields"], &[]).await?;
                if verb.settings.json() {
                    return show::json(&list);
                }
                let items = show::items(&list);
                if items.is_empty() {
                    return show::line("No fields are configured.");
                }
                items.iter().try_for_each(|field| show::line(in_words(field)))
            }
        }
    }
}

/// `cause: Cause (choice: deploy, config), required before closed`.
fn in_words(field: &Value) -> String {
    let text = |name: &str| show::text(&field[name]);
    let choices = field["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
    let choices: Vec<_> = choices.iter().map(show::text).collect();
    let choices = match text("kind").as_str() {
        "choice" => format!(": {}", choices.join(", ")),
        _ => String::new(),
    };
    let required = match field["required"].as_str() {
        Some(status) => format!(", required before {status}"),
        None => String::new(),
    };
    format!("{}: {} ({}{choices}){required}", text("name"), text("title"), text("kind"))
}
