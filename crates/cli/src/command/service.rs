//! `muster service`: services and the groups that they are in, with what is open on them.

use serde_json::{Value, json};

use super::incident::whole;
use crate::session::with_api;
use crate::settings::Settings;
use crate::show;

/// Services, and the groups that they are in.
#[derive(Debug, clap::Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum Service {
    /// List the services, with what is open on each
    List {
        /// Only those of this group
        #[arg(long)]
        group: Option<String>,
    },
    /// List the service groups, with the worst that is open in each
    Groups,
}

impl Service {
    /// Does what was asked.
    ///
    /// # Errors
    /// When the store or server fails or refuses.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        with_api(settings, async |api| {
            let (items, none) = match &self {
                Self::List { group } => {
                    let query: Vec<_> =
                        group.iter().map(|group| ("group", group.as_str())).collect();
                    (whole(api, &["services"], &query).await?, "There are no services.")
                }
                Self::Groups => {
                    (whole(api, &["service-groups"], &[]).await?, "There are no service groups.")
                }
            };
            if settings.json() {
                return show::json(&json!({ "items": items }));
            }
            if items.is_empty() {
                return show::line(none);
            }
            items.iter().try_for_each(|item| show::line(in_one_line(item)))
        })
        .await
    }
}

/// `shop: checkout, search; 2 open, the worst of severity 1`.
fn in_one_line(item: &Value) -> String {
    let names = |field: &str| {
        let names = item[field].as_array().map_or(&[][..], Vec::as_slice).iter();
        names.map(show::text).collect::<Vec<_>>().join(", ")
    };
    let within = match (item.get("services"), names("groups")) {
        (Some(_), _) => format!(": {}", names("services")),
        (None, groups) if groups.is_empty() => String::new(),
        (None, groups) => format!(" ({groups})"),
    };
    let open = match item["worst_severity"].as_i64() {
        Some(worst) => {
            format!("{} open, the worst of severity {worst}", show::text(&item["open_incidents"]))
        }
        None => "nothing open".to_owned(),
    };
    format!("{}{within}; {open}", show::text(&item["name"]))
}
