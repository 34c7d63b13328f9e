//! `muster incident split`, `family`, `attach`, `detach`, `rejoin`: an incident and its child efforts.

use serde_json::{Value, json};

use super::{One, Verb, reference, said};
use crate::show;

/// Child efforts.
#[derive(Debug, clap::Subcommand)]
pub enum Efforts {
    /// Split an effort off: an incident of its own, with its own lead, roster and bridge
    Split {
        #[command(flatten)]
        incident: One,
        /// What it is about, in a line
        title: String,
        /// Who leads it; paged unless they are at work on the incident already
        #[arg(long)]
        lead: Option<String>,
        /// What it is about; the same as its parent unless given
        #[arg(long)]
        service: Option<String>,
        /// How bad it is; as bad as its parent unless given
        #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=9))]
        severity: Option<u8>,
        /// More than a line
        #[arg(long)]
        summary: Option<String>,
        /// It tells audiences and lists itself, instead of its parent
        #[arg(long)]
        speaks: bool,
    },
    /// Show an incident's family: who leads each effort, how it stands, what was written down last
    Family(One),
    /// Make an incident a child effort of another one
    Attach {
        #[command(flatten)]
        incident: One,
        /// The parent
        #[arg(long, value_name = "INCIDENT", value_parser = reference)]
        to: String,
        /// It tells audiences and lists itself, instead of its parent
        #[arg(long)]
        speaks: bool,
    },
    /// Let a child effort stand by itself
    Detach(One),
    /// Take a child effort back into its parent
    Rejoin {
        #[command(flatten)]
        incident: One,
        /// What it found
        #[arg(long)]
        note: Option<String>,
    },
}

impl Efforts {
    pub(super) async fn run(self, verb: Verb<'_>) -> anyhow::Result<()> {
        match self {
            Self::Split { incident, title, lead, service, severity, summary, speaks } => {
                let body = said([
                    ("title", Some(title.into())),
                    ("lead", lead.map(Value::from)),
                    ("service", service.map(Value::from)),
                    ("severity", severity.map(Value::from)),
                    ("summary", summary.map(Value::from)),
                    ("speaks", Some(speaks.into())),
                ]);
                verb.on(&incident, "children", body).await
            }
            Self::Family(one) => {
                let list = verb.api.get(&["incidents", &one.incident, "family"], &[]).await?;
                if verb.settings.json() {
                    return show::json(&list);
                }
                let items = show::items(&list);
                if items.is_empty() {
                    return show::line("It has no child efforts and belongs to no other incident.");
                }
                items.iter().try_for_each(tell)
            }
            Self::Attach { incident, to, speaks } => {
                let to = to.parse::<i64>().map_or_else(|_| to.into(), Value::from);
                let body = json!({ "to": to, "speaks": speaks });
                let path = ["incidents", &incident.incident, "parent"];
                verb.tell(&verb.api.put(&path, &body).await?)
            }
            Self::Detach(one) => {
                verb.api.delete(&["incidents", &one.incident, "parent"]).await?;
                verb.tell(&verb.api.get(&["incidents", &one.incident], &[]).await?)
            }
            Self::Rejoin { incident, note } => {
                verb.on(&incident, "rejoin", said([("note", note.map(Value::from))])).await
            }
        }
    }
}

fn tell(relative: &Value) -> anyhow::Result<()> {
    let of = |name: &str| show::text(&relative[name]);
    let indent = if relative["place"] == "parent" { "" } else { "  " };
    let leads = relative["leads"].as_array().into_iter().flatten();
    let leads: Vec<_> = leads.map(show::text).collect();
    let led = match leads.is_empty() {
        true => "nobody leads it".to_owned(),
        false => format!("led by {}", leads.join(", ")),
    };
    show::line(format!("{indent}#{} {} ({}), {led}", of("number"), of("title"), of("status")))?;
    match relative["last_entry"]["text"].as_str() {
        Some(last) => show::line(format!("{indent}   {}", show::clean(last))),
        None => Ok(()),
    }
}
