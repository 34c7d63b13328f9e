//! `muster incident role`: who leads, who writes, who tests; taking, giving, leaving, handing over.

use serde_json::{Value, json};

use super::{One, said};
use crate::api::Api;
use crate::settings::Settings;
use crate::show;

/// Hold, give and hand over the roles of an incident
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Role {
    /// Show who holds what, and what each should do next
    List(One),
    /// Take a role, or give it to somebody
    Assign {
        #[command(flatten)]
        which: Which,
        /// Somebody else who is to have it
        #[arg(long)]
        user: Option<String>,
    },
    /// Leave a role, or take somebody out of it
    Leave {
        #[command(flatten)]
        which: Which,
        /// Somebody else who holds it
        #[arg(long)]
        user: Option<String>,
    },
    /// Ask somebody to take a role over; it stays where it is until they accept
    HandOver {
        #[command(flatten)]
        which: Which,
        /// Who is to have it
        to: String,
        /// What they must know
        #[arg(long)]
        brief: String,
        /// Who hands it over, where several hold it
        #[arg(long)]
        from: Option<String>,
    },
    /// Take over what was offered to you
    Accept {
        #[command(flatten)]
        which: Which,
        /// The receiver, where the token belongs to nobody
        #[arg(long)]
        user: Option<String>,
    },
    /// Refuse what was offered to you, or take an offer back
    Decline {
        #[command(flatten)]
        which: Which,
        /// The receiver, if it is not you
        #[arg(long)]
        user: Option<String>,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
}

/// A role of an incident.
#[derive(Debug, clap::Args)]
pub struct Which {
    #[command(flatten)]
    incident: One,
    /// The role, such as incident-lead
    role: String,
}

impl Role {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the server fails or refuses.
    pub async fn run(self, settings: &Settings, api: &Api) -> anyhow::Result<()> {
        let (which, verb, body) = match self {
            Self::List(one) => {
                let roles = api.get(&["incidents", &one.incident, "roles"], &[]).await?;
                return tell(settings, &roles);
            }
            Self::Assign { which, user } => (which, None, said([("user", user.map(Value::from))])),
            Self::Leave { which, user } => {
                (which, Some("leave"), said([("user", user.map(Value::from))]))
            }
            Self::HandOver { which, to, brief, from } => {
                let mut body = json!({ "to": to, "brief": brief });
                if let Some(from) = from {
                    body["from"] = from.into();
                }
                (which, Some("hand-over"), body)
            }
            Self::Accept { which, user } => {
                (which, Some("accept"), said([("user", user.map(Value::from))]))
            }
            Self::Decline { which, user, reason } => {
                let body =
                    said([("user", user.map(Value::from)), ("reason", reason.map(Value::from))]);
                (which, Some("decline"), body)
            }
        };
        let mut path = vec!["incidents", &which.incident.incident, "roles", &which.role];
        path.extend(verb);
        let roles = api.post(&path, &body).await?;
        tell(settings, &roles)
    }
}

/// The roles that are wanted or held, a line each, and what is warned of.
fn tell(settings: &Settings, roles: &Value) -> anyhow::Result<()> {
    if settings.json() {
        return show::json(roles);
    }
    let list = |value: &Value, field: &str| -> Vec<String> {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().map(|item| show::text(&item[field]).to_string()).collect()
    };
    let mut text = String::new();
    for role in roles["roles"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let (holders, engaged) = (list(&role["holders"], "user"), list(&role["engaged"], "user"));
        let offers = list(&role["offers"], "to");
        if role["wanted"] != true && holders.is_empty() {
            continue;
        }
        let mut who = match (holders.is_empty(), role["required"] == true) {
            (false, _) => holders.join(", "),
            (true, true) => "nobody, and somebody must".to_owned(),
            (true, false) => "nobody".to_owned(),
        };
        if !engaged.is_empty() {
            who = format!("{who}; asked: {}", engaged.join(", "));
        }
        if !offers.is_empty() {
            who = format!("{who}; offered to {}", offers.join(", "));
        }
        text += &format!("{:<30} {who}\n", show::text(&role["role"]));
        if !holders.is_empty() {
            text += &format!("{:<30} next: {}\n", "", show::text(&role["next_action"]));
        }
    }
    if text.is_empty() {
        text = "This severity wants no roles, and nobody holds one.\n".to_owned();
    }
    for warning in roles["warnings"].as_array().map(Vec::as_slice).unwrap_or_default() {
        text += &format!("warning: {}\n", show::text(&warning["text"]));
    }
    show::put(&text)
}
