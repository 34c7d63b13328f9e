//! `muster incident access`: who alone sees an incident.

use serde_json::json;

use super::{One, Verb};

/// Say who alone sees an incident
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Access {
    /// Restrict it to you, those you name and those who are engaged
    Restrict {
        #[command(flatten)]
        incident: One,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        named: Named,
    },
    /// Make it everybody's again
    Lift {
        #[command(flatten)]
        incident: One,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Let more people in
    Add {
        #[command(flatten)]
        incident: One,
        #[command(flatten)]
        named: Named,
    },
    /// Take people off; whoever is engaged goes on seeing it
    Remove {
        #[command(flatten)]
        incident: One,
        #[command(flatten)]
        named: Named,
    },
    /// Let yourself in, as an administrator who is not on it; this is on record
    Enter {
        #[command(flatten)]
        incident: One,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// People and groups.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// Somebody; once each
    #[arg(long = "user", value_name = "NAME")]
    users: Vec<String>,
    /// An engagement group; once each
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
}

impl Access {
    pub(super) async fn run(self, verb: Verb<'_>) -> anyhow::Result<()> {
        match self {
            Self::Restrict { incident, reason, named: Named { users, groups } } => {
                let body = json!({ "reason": reason, "users": users, "groups": groups });
                verb.on(&incident, "restrict", body).await
            }
            Self::Lift { incident, reason } => {
                verb.on(&incident, "unrestrict", json!({ "reason": reason })).await
            }
            Self::Add { incident, named: Named { users, groups } } => {
                let body = json!({ "add_users": users, "add_groups": groups });
                verb.on(&incident, "access", body).await
            }
            Self::Remove { incident, named: Named { users, groups } } => {
                let body = json!({ "remove_users": users, "remove_groups": groups });
                verb.on(&incident, "access", body).await
            }
            Self::Enter { incident, reason } => {
                verb.on(&incident, "enter", json!({ "reason": reason })).await
            }
        }
    }
}
