//! `muster group`: engagement groups, and whom they stand for.

use serde_json::Value;

use super::incident::whole;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show;

/// Engagement groups: whom to engage for a kind of trouble.
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Group {
    /// List the groups, and whom each would page now
    List,
    /// Show one group
    Show {
        /// The group
        name: String,
        /// At that instant, such as 2026-11-21T03:00:00Z
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
}

impl Group {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| match self {
            Self::List => {
                let groups = whole(api, &["engagement-groups"], &[]).await?;
                if settings.json() {
                    return show::json(&serde_json::json!({ "items": groups }));
                }
                if groups.is_empty() {
                    return show::line("There are no engagement groups.");
                }
                groups.iter().try_for_each(|group| show::line(in_one_line(group)))
            }
            Self::Show { name, at } => {
                let query: Vec<_> = at.iter().map(|at| ("at", at.as_str())).collect();
                let group = api.get(&["engagement-groups", &name], &query).await?;
                if settings.json() {
                    return show::json(&group);
                }
                show::line(in_one_line(&group))?;
                for member in group["members"].as_array().map_or(&[][..], Vec::as_slice) {
                    let who = or_nobody(&member["users"]);
                    show::line(format!("  {}: {who}", show::text(&member["name"])))?;
                }
                Ok(())
            }
        })
        .await
    }
}

fn in_one_line(group: &Value) -> String {
    format!("{}: {}", show::text(&group["name"]), or_nobody(&group["users"]))
}

fn or_nobody(users: &Value) -> String {
    match users.as_array() {
        Some(users) if users.is_empty() => "nobody".to_owned(),
        _ => show::names(users),
    }
}
